"""Logs of power: watts by sequences in flight, fitted by the logistic curve, as a card of ``power_curves`` or ``power_fits``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.importers.card import Card, Value, key_of, name_of
from workbook.importers.power_logs import WARM_UP, read_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from workbook.importers.power_logs import Readings

    Numbers = NDArray[np.float64]

FEWEST, FEW = 4, 6  # batches: below the first a curve of four constants is refused, below the second graded low
LOWEST = (0.0, 0.0, 0.05, -10.0)  # of p_idle, the rise to p_nominal, k and x0
HIGHEST = (1e4, 1e4, 15.0, 20.0)
_NAMES = ("p_idle", "rise", "k", "x0")


@dataclass(frozen=True)
class Instance:
    """What was measured, as keys of cards: with all of it and a column of throughput a file gives a card of ``power_fits``."""

    gpu: str
    model: str
    series: str
    context: float
    tensor_parallel: int = 1
    precision: str = "bf16"


@dataclass(frozen=True)
class Fit:
    """A logistic curve of power over log2 of the sequences in flight (Eq. 1 of arXiv 2603.17280), with 95% intervals.

    Args:
        constants: p_idle and p_nominal (W/gpu), k, and x0 (log2 of sequences).
        low: lower ends of their intervals.
        high: upper ends.
        rmse: root mean square error at the batches (W/gpu).
        bounded: names of constants that ran into a bound.

    """

    constants: Numbers
    low: Numbers
    high: Numbers
    rmse: float
    bounded: tuple[str, ...]


def logistic(batch: Numbers, idle: float, rise: float, k: float, x0: float) -> Numbers:
    """Return watts of a GPU at sequences in flight: Eq. 1 of the paper."""
    with np.errstate(over="ignore"):  # far below the middle the curve is idle: 1 over infinity
        return np.asarray(idle + rise / (1 + np.exp(-k * (np.log2(batch) - x0))))


def fit(batch: Numbers, watts: Numbers) -> Fit:
    """Fit the curve by least squares, each batch with one vote; intervals follow from the curvature at the best fit (Student's t)."""
    from scipy.optimize import least_squares  # noqa: PLC0415 half a second that only this needs
    from scipy.stats import t  # noqa: PLC0415 as above

    logs, spread = np.log2(batch), float(np.ptp(watts)) or 1.0
    starts = [(float(watts.min()), spread, k, middle) for k in (0.5, 1.5) for middle in np.quantile(logs, (0.25, 0.5, 0.75))]
    limits = (np.array(LOWEST), np.array(HIGHEST))
    scale = (spread, spread, 1.0, 1.0)

    def off(constants: Numbers) -> Numbers:
        return logistic(batch, *constants) - watts

    runs = [least_squares(off, np.clip(start, limits[0] + 1e-9, limits[1] - 1e-9), bounds=limits, x_scale=scale) for start in starts]
    best = min(runs, key=lambda run: run.cost)
    free = len(batch) - len(LOWEST)
    to_nominal = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=float)
    half = np.full(len(LOWEST), np.inf)
    if free > 0:
        covariance = np.linalg.pinv(best.jac.T @ best.jac) * 2 * best.cost / free
        half = t.ppf(0.975, free) * np.sqrt(np.diag(to_nominal @ covariance @ to_nominal.T))
    near = 1e-3 * (limits[1] - limits[0])
    at_bound = (best.x - limits[0] < near) | (limits[1] - best.x < near)
    at_bound[1] = limits[1][1] - best.x[1] < near[1]
    found = to_nominal @ best.x
    bounded = tuple(name for name, stuck in zip(_NAMES, at_bound, strict=True) if stuck)
    return Fit(found, found - half, found + half, float(np.sqrt(2 * best.cost / len(batch))), bounded)


def import_power(
    files: Path | Sequence[Path],
    columns: Mapping[str, str] | None = None,
    *,
    batches: Sequence[float] = (),
    instance: Instance | None = None,
    warm_up: float = WARM_UP,
    progress: Callable[[int, int], None] | None = None,
) -> Card:
    """Read a log of power, or a table of it by batch, into a card of ``power_curves``, or of ``power_fits`` with ``instance``.

    Args:
        files: what nvidia-smi, DCGM, rocm-smi or amd-smi wrote, or a table of one's own, with a column of sequences in flight; or
            several, one for each of ``batches``.
        columns: names of the columns ``batch``, ``watts`` (of a GPU), ``throughput`` (tok/s) and ``time``, where they are others.
        batches: sequences in flight of each file, where no column has them.
        instance: what was measured.
        warm_up: seconds at the start of every batch that are left out, where the file has times and several rows a batch.
        progress: called with the characters read since the last call, and the bytes of the file.

    Raises:
        WorkbookError: for files without such columns, with fewer than four batches, or whose watts do not rise.

    """
    origins = [files] if isinstance(files, Path) else list(files)
    needed = ("throughput",) if instance else ()
    readings = read_logs(origins, columns or {}, batches=batches, needed=needed, warm_up=warm_up, progress=progress)
    batch, watts, speed = readings.means()
    place = Place(str(origins[0]))
    if len(batch) < FEWEST:
        message = f"has {len(batch)} batches with usable rows; a curve of four constants needs {FEWEST}"
        fix = "measure more batches, or shorten --warm-up; with a log for each, name all and give --batch for each"
        raise WorkbookError([*readings.bad, Diagnostic(place, message, fix)])
    if watts[-1] <= watts[0]:
        message = f"power does not rise: {watts[0]:.1f} W at batch {batch[0]:g}, {watts[-1]:.1f} W at {batch[-1]:g}"
        raise WorkbookError([Diagnostic(place, message, "the columns of batch and watts may be others")])
    return _card(origins, readings, (batch, speed), fit(batch, watts), instance)


def _card(files: Sequence[Path], readings: Readings, points: tuple[Numbers, Numbers], found: Fit, instance: Instance | None) -> Card:
    file, (batch, speed), warnings = files[0], points, list(readings.warnings)
    low = bool(found.bounded) or len(batch) < FEW
    if found.bounded:
        warnings.append(f"the fit ran into a bound ({', '.join(found.bounded)}): it means nothing outside the batches measured; graded low")
    if len(batch) < FEW:
        warnings.append(f"{len(batch)} batches hardly determine four constants: graded low")
    fields = constants_of(found)
    if instance:
        fields = _of_instance(instance) | fields | _steps(batch, speed, found.rmse, instance.context)
    ends = ", ".join(_shown(name, value) for name, value in constants_of(found).items())
    span = f"{len(batch)} batches from {batch[0]:g} to {batch[-1]:g}"
    verdict = f"{span}, {readings.dropped:,} rows of warm-up left out; {ends}; RMSE {found.rmse:.1f} W"
    return Card(
        *("power_fits" if instance else "power_curves", key_of(file.stem), name_of(file.stem)),
        f"Logistic curve fitted to {len(batch)} batches of a log of power; RMSE {found.rmse:.1f} W.",
        *(file, fields),
        confidence="low" if low else "medium",
        evidence="calibrated",
        remarks=[f"read from {', '.join(path.name for path in files)}"] if len(files) > 1 else [],
        warnings=warnings,
        verdict=verdict,
    )


def _shown(name: str, value: Value) -> str:
    return f"{name} {value.value:g}" + (f" ({value.low:g} to {value.high:g})" if value.low is not None and value.high is not None else "")


def constants_of(found: Fit) -> dict[str, Value]:
    """Return the constants of a curve as figures of a card, with their 95% intervals where there are any."""
    fields = {}
    for name, value, low, high in zip(("p_idle", "p_nominal", "k", "x0"), found.constants, found.low, found.high, strict=True):
        known = bool(np.isfinite(low) and np.isfinite(high))
        floor = -np.inf if name == "x0" else 0.0
        note = "fitted by least squares; 95% interval" if known else "fitted; no interval"
        ends = (round(max(floor, float(low)), 4), round(float(high), 4)) if known else (None, None)
        fields[name] = Value(round(float(value), 4), note, low=ends[0], high=ends[1])
    return fields


def _of_instance(instance: Instance) -> dict[str, Value]:
    """Return what was measured, as it was given."""
    names = ("gpu", "model", "tensor_parallel", "precision", "series")
    return {name: Value(getattr(instance, name)) for name in names} | {"evidence": Value("measured")}


def _steps(batch: Numbers, speed: Numbers, rmse: float, context: float) -> dict[str, Value]:
    """Return W and H: the step time batch / (tok/s) over the batch, by least squares; it holds prefill, where there was any."""
    used = speed > 0
    slope, start = np.polyfit(batch[used], batch[used] / speed[used] * 1000, 1) if used.sum() > 1 else (np.nan, np.nan)
    if not (slope > 0 and start > 0):
        raise WorkbookError([Diagnostic(None, "step times (batch over tok/s) do not rise with the batch: W and H cannot be fitted")])
    note = "fitted to batch over tok/s, which holds prefill"
    return {
        "rmse": Value(round(rmse, 4), evidence="derived"),
        "batch_low": Value(float(batch[0]), evidence="measured"),
        "batch_high": Value(float(batch[-1]), evidence="measured"),
        "w": Value(round(float(start), 4), note),
        "h": Value(round(float(slope), 5), note),
        "context": Value(context, "as given when the file was read", confidence="low", evidence="assumed"),
    }
