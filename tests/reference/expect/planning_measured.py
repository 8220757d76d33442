"""Measured points against two models: by kernels, and with the power curve and times fitted to them."""

import math
from dataclasses import dataclass
from functools import cache

from tests.reference.equations import metrics
from tests.reference.equations import step_time as eq
from tests.reference.equations.step_time import Served, Work
from tests.reference.expect.chain import MILLI, Curve
from tests.reference.expect.planning_steps import constants, instance_of, model_of
from tests.reference.quantities import Inputs

OFF, WITHIN = "large error", "small error"
TOLERATED = 0.25


@dataclass(frozen=True, slots=True)
class Point:
    """A measured point (sequences of an instance, W of a GPU, tokens/s of an instance), and its series."""

    series: str
    batch: float
    watts: float
    throughput: float
    counted: float
    tp: float

    def joules(self, watts: float, speed: float) -> float:
        """Return joules of all GPUs over output tokens."""
        return watts * self.tp / speed

    def error(self, watts: float, speed: float) -> float:
        """Return how far a model is off, over the measured J/token."""
        return self.joules(watts, speed) / self.joules(self.watts, self.throughput) - 1.0


def point(i: Inputs, series: str, number: str) -> Point:
    """Return a measured point."""
    cell = f"measured.{series}.{number}"
    return Point(
        series=series,
        batch=i[f"{cell}.batch"],
        watts=i[f"{cell}.watts"],
        throughput=i[f"{cell}.throughput"],
        counted=i[f"{cell}.counted"],
        tp=i[f"measured_series.{series}.tensor_parallel"],
    )


@cache
def served(i: Inputs, series: str) -> Served:
    """Return what was served when a series was measured: 16-bit caches, prompts of an assumed length, no replicas."""
    card = f"measured_series.{series}"
    precision, gpus = i.text(f"{card}.precision"), i[f"{card}.tensor_parallel"]
    asked = model_of(i, i.text(f"{card}.model"), precision)
    instance = instance_of(i, i.text(f"{card}.gpu"), i.text(f"{card}.engine"), asked, precision, gpus, 1.0, 2.0)
    prompt, output = i["measured_work.prompt"], i[f"{card}.mean_output"]
    return Served(asked, instance, Work(prompt, prompt**2, prompt + output / 2.0, output), constants(i))


def fit_curve(i: Inputs, fit: str) -> Curve:
    """Return a fitted curve."""
    return Curve(*(i[f"power_fits.{fit}.{field}"] for field in ("p_idle", "p_nominal", "k", "x0")))


def is_fitted(i: Inputs, series: str) -> bool:
    """Tell whether a series has a fit."""
    return f"power_fits.{series}.k" in i


def fitted(i: Inputs, item: Point) -> tuple[Curve, float, float]:
    """Return the power curve, W and H (ms) fitted to a series; a curve at the power of the kernels, and their step, where there is none."""
    if not is_fitted(i, item.series):
        watts = eq.watts(served(i, item.series), item.batch)
        return Curve(watts, watts, 1.0, 1.0), eq.step_decode(served(i, item.series), item.batch) / MILLI, 0.0
    return fit_curve(i, item.series), i[f"power_fits.{item.series}.w"], i[f"power_fits.{item.series}.h"]


def models_of(i: Inputs, item: Point) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (W of a GPU, tokens/s) of a point by kernels, and as fitted: the fitted step and the prefill of others, by kernels."""
    what = served(i, item.series)
    curve, w, h = fitted(i, item)
    step = (w + h * item.batch) * MILLI + item.batch / eq.steps(what.work) * eq.prefill(what)
    return (eq.watts(what, item.batch), eq.rate(what, item.batch)), (curve.watts(item.batch), item.batch / step)


def errors(i: Inputs, item: Point) -> tuple[float, float]:
    """Return how far J/token is off (by kernels, fitted)."""
    first, second = (item.error(*found) for found in models_of(i, item))
    return first, second


@cache
def miss_of(i: Inputs, series: str, *, fitted: bool) -> float:
    """Return the mean absolute error of a series' J/token over the points that count, 0 where none does."""
    points = [point(i, series, number) for number in i.members(f"measured.{series}")]
    off = [abs(errors(i, item)[fitted]) for item in points if item.counted]
    return math.fsum(off) / len(off) if off else 0.0


def sweep(i: Inputs, card: str) -> list[tuple[float, float, float]]:
    """Return (window, W of a GPU, tokens/s of an instance) of a context sweep."""
    points = i.members(f"window_sweep.{card}")
    return [tuple(i[f"window_sweep.{card}.{p}.{field}"] for field in ("window", "watts", "throughput")) for p in points]  # type: ignore[misc]


def sweep_exponent(i: Inputs, card: str, count: int | None = None) -> float:
    """Return the exponent of tok/W over the window: least squares, or between the first and the last of ``count`` points."""
    windows, watts, speeds = zip(*sweep(i, card)[:count], strict=True)
    per_watt = [speed / power_of for speed, power_of in zip(speeds, watts, strict=True)]
    if count:
        return math.log(per_watt[-1] / per_watt[0]) / math.log(windows[-1] / windows[0])
    return metrics.log_log_exponent(windows, per_watt)
