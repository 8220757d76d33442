"""Expectations of sheets Architecture (Table 2) and Routing (Table 4)."""

from functools import cache

from tests.reference.equations import metrics, rounding
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import H100, H100_CALIBRATED, LLAMA_8B, MILLI
from tests.reference.quantities import PAPER, Inputs, expect, expect_rows, number


class Full:
    """A GPU full at the window of Table 2; attributes as columns of `architecture`: sequences, parameters, ms, tokens/s."""

    def __init__(self, i: Inputs, gpu: str, model: str) -> None:
        profile, item = chain.computed(i, gpu, model), chain.served(i, model)
        self.n_max = profile.n_max
        self.length_ratio = chain.mean_length(i, i["decode.window"]) / i["decode.calibration_length"]
        self.feasible = "fits" if profile.free > 0 else "does not fit"
        self.active_per_gpu = item.active / item.tp
        self.kv_time = chain.full_kv_time(i, gpu, model) / MILLI
        self.base_step_time = profile.w_throughput / MILLI + self.kv_time
        self.step_time = self.base_step_time + (i["moe_model.dispatch"] if item.mixture else 0.0)
        self.throughput = chain.throughput(i, self.n_max, self.step_time * MILLI)


full = cache(Full)
PAPER.fields("architecture", full, Full)


def loaded(i: Inputs, gpu: str, model: str) -> watts.Loaded:
    """Return the GPU full at that window."""
    return watts.of_model(i, gpu, model, full(i, gpu, model).n_max, chain.mean_length(i, i["decode.window"]))


watts.expect_watts("architecture", loaded)


@expect("architecture.tok_per_w")
def tok_per_w(i: Inputs, gpu: str, model: str) -> object:
    return metrics.paper_tok_per_watt(full(i, gpu, model).throughput, number(i, "architecture.power", gpu, model))


@expect("architecture.tok_per_j")
def tok_per_j(i: Inputs, gpu: str, model: str) -> object:
    return metrics.tok_per_joule(full(i, gpu, model).throughput, number(i, "architecture.power", gpu, model), chain.served(i, model).tp)


# Table 4

SMALL = "small_8b"
POOL_WINDOWS = {"short_70b": "8k", "long_70b": "64k", "large_70b": "64k"}


class Pool:
    """A pool of Table 4: the 8B model by its computed profile, the others by the calibrated one; sequences, ms, tokens/s.

    ``h`` is at the mean length of the pool's window.
    """

    def __init__(self, i: Inputs, key: str) -> None:
        if key == SMALL:
            profile = chain.computed(i, H100, LLAMA_8B)
            self.tp, self.n_max, self.w = chain.served(i, LLAMA_8B).tp, profile.n_max, profile.w_own / MILLI
            self.h = chain.kv_time(i, profile, 1.0, chain.mean_length(i, i["decode.window"])) / MILLI
        else:
            item, length = chain.calibrated(i, H100_CALIBRATED), chain.mean_length(i, i[f"windows.{POOL_WINDOWS[key]}"])
            self.tp, self.w = item.tp, item.w / MILLI
            self.n_max = number(i, "sweep.n_max", H100_CALIBRATED, POOL_WINDOWS[key])
            self.h = item.h * length / item.calibration_length / MILLI
        in_use = i["operation.utilisation"] * self.n_max
        self.n_active, self.n_rounded = float(rounding.trunc(in_use)), float(rounding.nearest(in_use))
        self.kv_time = self.h * self.n_active
        self.step_time = self.w + self.kv_time
        self.throughput = chain.throughput(i, self.n_active, self.step_time * MILLI)


pool_of = cache(Pool)
PAPER.fields("routing", pool_of, Pool, "tp", "n_max", "w")


def small(i: Inputs, _pool: str = SMALL) -> watts.Loaded:
    """Return the GPU of the 8B pool."""
    return watts.of_model(i, H100, LLAMA_8B, pool_of(i, SMALL).n_active, chain.mean_length(i, i["decode.window"]))


watts.expect_watts("small_pool", small)


expect("small_pool.active_per_gpu")(lambda i, _: chain.served(i, LLAMA_8B).active / chain.served(i, LLAMA_8B).tp)


@expect("routing.p_range")
def pool_p_range(i: Inputs, pool: str) -> float | None:
    curve = chain.profile_curve(i, H100_CALIBRATED)
    return None if pool == SMALL else curve.p_nominal - curve.p_idle


@expect("routing.power")
def pool_watts(i: Inputs, pool: str) -> float:
    if pool == SMALL:
        return small(i).watts(i, small(i).reading)
    return chain.profile_curve(i, H100_CALIBRATED).watts(pool_of(i, pool).n_active)


expect_rows(
    "routing",
    {
        "tok_per_w": lambda i, pool: metrics.paper_tok_per_watt(pool_of(i, pool).throughput, pool_watts(i, pool)),
        "tok_per_j": lambda i, pool: metrics.tok_per_joule(pool_of(i, pool).throughput, pool_watts(i, pool), pool_of(i, pool).tp),
    },
)
