"""Errors of the model on measured points by group, as a table: in sample, with models left out, with GPUs left out."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.validation.points import Points, read_points
from workbook.validation.refit import held_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from workbook.declare.overlay_files import Files
    from workbook.expr.values import Array


class Result(NamedTuple):
    """A result: the model's column, the measured one (of the points, or worked out), its interval and the paper's own model."""

    model: str
    measured: str
    inside: str
    paper: str


RESULTS = {
    "tok/s": Result("speed", "tokens", "speed_inside", "paper_speed"),
    "TPOT": Result("tpot", "tpot", "", ""),
    "TTFT": Result("ttft", "ttft", "ttft_inside", ""),
    "W": Result("gpu_power", "watts", "power_inside", "paper_power"),
    "J/token": Result("energy", "joules", "energy_inside", "paper_energy"),
}
FILES = {
    "power": ("ML.ENERGY", ("tok/s", "W", "J/token")),
    "served": ("served requests", ("tok/s", "TPOT", "TTFT")),
    "outside": ("published by others", ("tok/s",)),
}
"""What the points of the package's files are called, and the results compared: the times between tokens of ``power`` are medians."""

GROUPS = {"gpu": "gpu", "kind": "kind", "precision": "weights", "engine": "engine", "model": "model", "published": "by", "load": "load"}
ALL = "all"
CLOSE = 0.25
NAMES = {
    "points_of": "whose points",
    "result": "result",
    "by": "grouped by",
    "group": "group",
    "points": "number of points",
    "in_sample": "median error, constants as on the cards",
    "held_out": "median error, constants fitted without the point's model",
    "p90": "90th percentile of it",
    "signed": "signed median of it (above 0: the model is high)",
    "within_25": "share of points within 25%",
    "inside": "share of points within the interval of the result",
    "gpu_out": "median error, constants fitted without the point's GPU",
    "paper": "median error of the paper's own profile and power curve",
}
"""What the columns of the table say."""


def validate(data: Path | None = None, by: Sequence[str] = (), templates: Path | str | None = None, overlay: Files = None) -> pd.DataFrame:
    """Return the errors of the model by group: of the package's measured points, or of those of a file of one's own.

    Args:
        data: a CSV file of points; see docs/howto/use_my_measurements.md. Nothing is fitted to it, so that its errors are
            those of prediction.
        by: columns to group by, together: gpu, model, precision, engine, kind, load, published. By default each alone, and all points.
        templates: a directory of templates of one's own.
        overlay: files of cards beside those of the templates, such as one of a GPU that is not among them.

    Returns:
        A row for each group with the columns of ``NAMES``; shares and errors are over 1, NaN where there is none.

    Raises:
        WorkbookError: for mistakes in the file or the templates, and for groups that do not exist.

    """
    unknown = [name for name in by if name not in GROUPS]
    if unknown:
        raise WorkbookError([Diagnostic(None, f"points cannot be grouped by '{name}'", _known(name)) for name in unknown])
    points = read_points(data, templates, overlay)
    own = data is not None
    models, gpus = (points, points) if own else (held_out(points, "model"), held_out(points, "gpu"))
    rows = []
    for origin in dict.fromkeys(points.origin):
        called, compared = (origin, RESULTS) if own else FILES[origin]
        for result in compared:
            among = (points.origin == origin) & (_measured(points, result) > 0)
            for name, group, here in _groups(points, among, by):
                rows.append(
                    {"points_of": called, "result": result, "by": name, "group": group, **_errors(points, models, gpus, result, here)}
                )
    frame = pd.DataFrame(rows, columns=list(NAMES))
    return frame.drop(columns=["held_out", "gpu_out"]) if own else frame


def _known(name: str) -> str:
    return suggest(name, GROUPS) or f"one of: {', '.join(GROUPS)}"


def _measured(points: Points, result: str) -> Array:
    name = RESULTS[result].measured
    return points.of(name) if name == "tokens" else points.given(name)


def _column(points: Points, name: str) -> Array:
    """Return a column of texts to group by; dense and sparse models are the kinds, few and many sequences in flight the loads."""
    if name == "kind":
        return np.where(points.given("experts") > 0, "experts", "dense").astype(object)
    return points.of(name) if name == "load" else points.given(GROUPS[name])


def _groups(points: Points, among: Array, by: Sequence[str]) -> Iterator[tuple[str, str, Array]]:
    """Yield (what is grouped by, the group, its points): groups by several columns together, or by each alone."""
    if not among.any():
        return
    if not by:
        yield ALL, ALL, among
    seen: set[frozenset[bytes]] = set()
    for names in [tuple(by)] if by else [(name,) for name in GROUPS]:
        columns = [_column(points, name) for name in names]
        members = [sorted({str(item) for item in column[among]}) for column in columns]
        found = {
            group: among & np.all([column == member for column, member in zip(columns, group, strict=True)], axis=0)
            for group in product(*members)
        }
        parts = frozenset(here.tobytes() for here in found.values() if here.any())
        if parts not in seen and (by or len(parts) > 1):  # the engines of ML.ENERGY are its GPUs again
            yield from ((", ".join(names), ", ".join(group), here) for group, here in found.items() if here.any())
        seen.add(parts)


def _errors(points: Points, models: Points, gpus: Points, result: str, here: Array) -> dict[str, float]:
    """Return the errors of a result on some points."""
    which = RESULTS[result]
    measured = _measured(points, result)[here]

    def ratios(of: Points, name: str = which.model) -> Array:
        return np.asarray(of.of(name)[here] / measured, dtype=float)

    own = ratios(models)
    paper = ratios(points, which.paper) if which.paper else np.zeros(0)
    return {
        "points": int(here.sum()),
        "in_sample": _median_error(ratios(points)),
        "held_out": _median_error(own),
        "p90": float(np.quantile(np.abs(own - 1), 0.9)),
        "signed": float(np.median(own)) - 1,
        "within_25": float(np.mean(np.abs(own - 1) < CLOSE)),
        "inside": float(np.mean(models.of(which.inside)[here])) if which.inside else float("nan"),
        "gpu_out": _median_error(ratios(gpus)),
        "paper": _median_error(paper[paper > 0]),
    }


def _median_error(ratios: Array) -> float:
    return float(np.median(np.abs(ratios - 1))) if len(ratios) else float("nan")
