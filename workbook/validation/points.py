"""Measured points with the model evaluated on them: the template ``validation``, in Python."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from workbook.declare.overlay import cards_of
from workbook.declare.packaged import directory
from workbook.declare.sheets import declarations
from workbook.errors import Problems
from workbook.model.compile import compile_model
from workbook.model.evaluate import Values, evaluate, reevaluate
from workbook.validation.mistakes import without_mistakes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workbook.declare.overlay_files import Files
    from workbook.errors import Place
    from workbook.expr.values import Array
    from workbook.model.graph import CellRef, Model

TEMPLATE, TABLE, STEPS = "validation", "points", "point_steps"
RESULTS = ("step", "speed", "tpot", "ttft", "gpu_power", "energy", "speed_inside", "ttft_inside", "power_inside", "energy_inside")
MEASURED = ("throughput", "ttft", "tpot", "watts", "joules")


@dataclass(frozen=True)
class Points:
    """Points, and the values of the model on them; ``origin`` is for each point the file that it is from."""

    model: Model
    values: Values = field(repr=False)
    origin: Array

    def of(self, name: str) -> Array:
        """Return a column: of the points, or of what the model makes of them."""
        return self.values[f"{STEPS}.{name}" if f"{STEPS}.{name}" in self.values else f"{TABLE}.{name}"]

    def given(self, name: str) -> Array:
        """Return a column of the points that the model calculates under the same name, such as the measured ``tpot``."""
        return self.values[f"{TABLE}.{name}"]

    def changed(self, edits: Mapping[CellRef, float | str], wanted: tuple[str, ...] = RESULTS) -> Points:
        """Return the points with other constants: only what follows from them is calculated."""
        names = [f"{STEPS}.{name}" for name in wanted]
        return replace(self, values=reevaluate(self.model, self.values, edits, names))


def read_points(data: Path | None = None, templates: Path | str | None = None, overlay: Files = None) -> Points:
    """Read the points of the templates, or those of a file of one's own, and evaluate the model on them.

    ``overlay`` gives cards in files, such as that of a GPU, beside those of the templates.

    Raises:
        WorkbookError: with every mistake of the file: its names, its cells, and points that the model cannot be asked for.

    """

    def read(path: Path | None) -> Points:
        given = {TABLE: path} if path else None
        root = directory(templates)
        model = compile_model(cards_of(overlay, lambda cards: declarations(root, TEMPLATE, given, cards)))
        origin = np.array([keys[0].rpartition("_")[0] for keys in model.tables[TABLE].rows], dtype=object)
        points = Points(model, evaluate(model), origin)
        _check(points)
        return points

    return without_mistakes(data, read) if data else read(None)


def _check(points: Points) -> None:
    """Raise WorkbookError for points that measure nothing, that no instance can be, or that the model has no answer for."""
    problems = Problems()
    places = [figure.place for figure in points.model.quantities[f"{TABLE}.model"].inputs.values()]
    wrong = np.zeros(len(places), dtype=bool)

    def note(rows: Array, message: Callable[[int], str], fix: str) -> None:
        for row in np.flatnonzero(rows).tolist():
            problems.add(_start(places[row]), message(row), fix)
        wrong[rows] = True

    nothing = np.all([points.given(name) == 0 for name in MEASURED], axis=0)
    note(nothing, lambda _: "nothing is measured on this point", f"give one of: {', '.join(MEASURED)}")
    weights, gpu, gpus, replicas = (points.of(name) for name in ("weights", "gpu", "gpus", "replicas"))
    note(
        points.of("offered") == 0,
        lambda row: f"'{weights[row]}' has no kernels on '{gpu[row]}'",
        "give the precision that is served: kernels of others are not offered on the GPU",
    )
    note(
        gpus % replicas != 0,
        lambda row: f"{gpus[row]:g} GPUs cannot be {replicas[row]:g} equal replicas",
        "replicas divide the GPUs of an instance; 1 for plain tensor parallelism",
    )
    unanswered = ~np.isfinite(points.of("energy").astype(float)) & ~wrong
    note(unanswered, lambda _: "the model has no answer on this point", "check its numbers")
    problems.raise_if_any()


def _start(place: Place) -> Place:
    """Return the start of the line of a place."""
    return replace(place, column=1)
