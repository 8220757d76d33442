"""Measured points beside two models: a roofline with the paper's curve, and the curve and times fitted to them."""

import math
from dataclasses import dataclass
from functools import cache

from tests.reference.equations import metrics, power
from tests.reference.expect.chain import GIGA, MICRO, MILLI, TERA
from tests.reference.expect.planning_hardware import expert_share, routed_parameters, touched
from tests.reference.quantities import Inputs

OFF, WITHIN = "large error", "small error"
TOLERATED = 0.25


@dataclass(frozen=True, slots=True)
class Curve:
    """Power of a GPU by sequences in flight: W, W, per doubling, log2 of sequences."""

    p_idle: float
    p_nominal: float
    k: float
    x0: float

    def watts(self, batch: float) -> float:
        """Return W of a GPU."""
        return float(power.logistic_power(batch, self.p_idle, self.p_nominal, self.k, self.x0))


@dataclass(frozen=True, slots=True)
class Times:
    """Step times, ms: without sequences, and of one more."""

    w: float
    h: float

    def speed(self, batch: float) -> float:
        """Return the tokens/s of an instance."""
        return batch / ((self.w + self.h * batch) * MILLI)


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


@dataclass(frozen=True, slots=True)
class Roofline:
    """What a roofline makes of a point: byte/s, parameters, ms."""

    weight_bytes: float
    bandwidth: float
    routed: float
    touched: float
    streamed: float
    sharing: float
    times: Times


@cache
def roofline(i: Inputs, item: Point) -> Roofline:
    """Return the roofline of a point: what a step streams, the latencies of its layers, and the KV cache it reads."""
    series = f"measured_series.{item.series}"
    model, gpu = i.text(f"{series}.model"), i.text(f"{series}.gpu")
    width = 1.0 if i.text(f"{series}.precision") == "fp8" else 2.0
    bandwidth = i[f"hardware.{gpu}.hbm_bandwidth"] * TERA * i["roofline.bandwidth_share"]
    routed = routed_parameters(i, model)
    share = touched(expert_share(i, model), item.batch) if routed else 0.0
    streamed = i[f"models.{model}.total_parameters"] * GIGA - routed * (1.0 - share)
    waiting = (i["roofline.layer_time"] + i["roofline.reduce_time"]) * MICRO * i[f"models.{model}.layers"]
    sharing = min(item.tp, i[f"models.{model}.kv_shards_max"])
    reading = i[f"models.{model}.kv_bytes_per_token"] * i["roofline.context"] / sharing / bandwidth
    times = Times((streamed * width / item.tp / bandwidth + waiting) / MILLI, reading / MILLI)
    return Roofline(width, bandwidth, routed, share, streamed, sharing, times)


def is_hopper(i: Inputs, series: str) -> bool:
    """Tell whether a series takes the paper's curve of H100; all others take that of B200."""
    return i.text(f"measured_series.{series}.gpu") == "h100_sxm"


def fit_curve(i: Inputs, fit: str) -> Curve:
    """Return a fitted curve."""
    return Curve(*(i[f"power_fits.{fit}.{field}"] for field in ("p_idle", "p_nominal", "k", "x0")))


def paper_curve(i: Inputs, series: str) -> Curve:
    """Return the curve before the fit, with the steepness of the paper, 1."""
    found = fit_curve(i, "h100_paper" if is_hopper(i, series) else "b200_paper")
    return Curve(found.p_idle, found.p_nominal, 1.0, found.x0)


def is_fitted(i: Inputs, series: str) -> bool:
    """Tell whether a series has a fit."""
    return f"power_fits.{series}.k" in i


def after(i: Inputs, item: Point) -> tuple[Curve, Times]:
    """Return the models after the fit; those before it where there is none."""
    if not is_fitted(i, item.series):
        return paper_curve(i, item.series), roofline(i, item).times
    return fit_curve(i, item.series), Times(*(i[f"power_fits.{item.series}.{field}"] for field in ("w", "h")))


def errors(i: Inputs, item: Point) -> tuple[float, float]:
    """Return how far J/token is off (before the fit, after it)."""
    curve, times = after(i, item)
    pairs = ((paper_curve(i, item.series), roofline(i, item).times), (curve, times))
    before, fitted = (item.error(watts.watts(item.batch), speed.speed(item.batch)) for watts, speed in pairs)
    return before, fitted


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
