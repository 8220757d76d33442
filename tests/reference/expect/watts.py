"""Watts of one GPU of a computed profile: at which length its load is taken, and who takes the power curve instead.

The reference takes the load of a step whose sequences all have the calibration length (4,096 tokens) at any window
(`paper.computed_power`). The workbook shows beside it the load at the window's mean length, which the reference never
takes. Once the authors had measured the B200, its watts came from the logistic curve at the sequences that fit.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.reference.equations import power
from tests.reference.expect import chain
from tests.reference.expect.chain import MILLI
from tests.reference.expect.shared_columns import expect_columns
from tests.reference.quantities import Inputs

SHARES_OF_CURVE = ("b200_sxm", "gb200_nvl72")
"""GPUs whose curve is projected from shares of TDP, so that their computed profiles take the shares from the curve."""

BY_CURVE = "power curve"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A GPU with n sequences: W and H of the profile and the KV reading time at the mean length, s; operations of a sequence."""

    gpu: str
    w: float
    h: float
    n: float
    operations: float
    mean_reading: float

    def shares(self, i: Inputs, reading: float) -> tuple[float, float]:
        """Return the shares of a step with this KV reading time that reads and arithmetic take."""
        step_time = self.w + reading
        kv_share = power.kv_read_share(1.0, reading, step_time)
        return float(kv_share), float(power.arithmetic_share(self.n, self.operations, step_time, chain.gpu(i, self.gpu).flops))

    def load(self, i: Inputs, reading: float) -> float:
        """Return the load of such a step, 1 at most."""
        return min(1.0, sum(self.shares(i, reading)))

    def watts(self, i: Inputs, reading: float) -> float:
        """Return the power under the load of such a step, or by the power curve, W."""
        if takes_curve(i, self.gpu):
            return chain.gpu_curve(i, self.gpu).watts(self.n)
        tdp = chain.gpu(i, self.gpu).tdp
        return float(power.roofline_power(tdp, *self.shares(i, reading), *power_shares(i, self.gpu)))

    @property
    def reading(self) -> float:
        """KV reading time as the reference takes it: all sequences at the calibration length, s."""
        return self.h * self.n


def of_model(i: Inputs, gpu: str, model: str, n: float, length: float) -> Loaded:
    """Return a GPU with n sequences of a computed profile, whose mean length is given in tokens."""
    profile, operations = chain.computed(i, gpu, model), chain.step_operations(i, chain.served(i, model))
    return Loaded(gpu, profile.w_own, profile.h, n, operations, chain.kv_time(i, profile, n, length))


def takes_curve(i: Inputs, gpu: str) -> bool:
    """Tell whether a GPU's card takes the watts of computed profiles from its power curve."""
    return i.text(f"hardware.{gpu}.computed_power") == BY_CURVE


def power_shares(i: Inputs, gpu: str) -> tuple[float, float]:
    """Return (idle power, power range) of a GPU's computed profiles over its TDP: those of its projected curve, or of all GPUs."""
    if gpu not in SHARES_OF_CURVE:
        return i["power_model.idle_share"], i["power_model.dynamic_share"]
    item, tdp = chain.gpu_curve(i, gpu), chain.gpu(i, gpu).tdp
    return item.p_idle / tdp, (item.p_nominal - item.p_idle) / tdp


def saturation(i: Inputs, item: Loaded) -> float:
    """Return the part of the range of the GPU's power curve that n sequences draw."""
    curve = chain.gpu_curve(i, item.gpu)
    return float(power.logistic_power(item.n, 0.0, 1.0, curve.k, curve.x0))


def expect_watts(table: str, of: Callable[..., Loaded]) -> None:
    """Register the columns of computed_power.yaml in a table."""
    expect_columns(
        table,
        of,
        {
            "compute_time": lambda i, item: item.operations * item.n / chain.gpu(i, item.gpu).flops / MILLI,
            "stated_kv_time": lambda _, item: item.reading / MILLI,
            "load": lambda i, item: item.load(i, item.reading),
            "saturation": saturation,
            "power": lambda i, item: item.watts(i, item.reading),
            "mean_load": lambda i, item: item.load(i, item.mean_reading),
            "mean_power": lambda i, item: item.watts(i, item.mean_reading),
        },
    )
