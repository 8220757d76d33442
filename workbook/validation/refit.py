"""Constants fitted again without the points that they are judged on, so that errors are those of prediction.

What a card calls ``calibrated`` was fitted to points: the times that engines add, for throughput and, apart, for the time per output
token, and three constants of power. A step is linear in the former and power before its limit in the latter, so that a few evaluations
of the model give all that a fit needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbook.model.graph import CellRef
from workbook.validation.points import RESULTS, STEPS, Points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbook.expr.values import Array

    Edits = dict[CellRef, float | str]
    Shape = Callable[[Array], tuple[Array, Array]]

FITTED = "calibrated"
TIMES = (
    *("layer_time", "sequence_time", "carry_time", "step_time"),
    *("expert_factor_16", "expert_factor_8", "expert_factor_mxfp4"),
)
PACES = ("tpot_layer_time", "tpot_sequence_time", "tpot_carry_time")
POWERS = ("per_work", "per_both", "per_experts")
SERVED = "served"  # points whose times per output token are means
OF_ENGINES = ("step", "speed", "tpot", "energy", "speed_inside", "energy_inside")  # results that take an engine's times
NEVER_FITTED = ("outside",)  # points that no constant was ever fitted to
ROUNDS = 40
CAP = 1.0  # logarithm of an error beyond which a point says nothing
SHARP = 1e-3  # errors below which a point pulls no harder


def held_out(points: Points, key: str) -> Points:
    """Return the points with results by constants that were fitted without all points of the same ``key`` (a column).

    Points of files that nothing was fitted to keep theirs. What an engine adds is unknown (NaN) where it has no other points.
    """
    found = {name: points.of(name).copy() for name in RESULTS}
    times_of, paces_of = _times(points, TIMES), _times(points, PACES)
    slopes = _slopes(points, [ref for refs in times_of.values() for ref in refs.values()], "step")
    slopes |= _slopes(points, [ref for refs in paces_of.values() for ref in refs.values()], "tpot")
    paces = np.where(points.origin == SERVED, points.given("tpot"), 0.0)
    values = points.of(key)
    judged = ~np.isin(points.origin, NEVER_FITTED)
    for member in dict.fromkeys(values[judged]):
        left = judged & (values != member)
        again = points.changed(_fitted_times(points, times_of, slopes, left, _steps_measured(points)))
        again = again.changed(_fitted_times(again, paces_of, slopes, left, ("tpot", paces)), ("tpot",))
        again = again.changed(_fitted_powers(again, left), ("raw", *RESULTS)) if np.any(points.of("watts")[left] > 0) else again
        here = judged & (values == member)
        for name in RESULTS:
            found[name][here] = again.of(name)[here]
        alone = here & ~np.isin(points.of("engine"), points.of("engine")[left])
        for name in OF_ENGINES:
            found[name][alone] = np.nan
    return Points(points.model, points.values | {f"{STEPS}.{name}": array for name, array in found.items()}, points.origin)


def _times(points: Points, names: Iterable[str]) -> dict[str, dict[str, CellRef]]:
    """Return those of an engine's times that were fitted, by its name as cells show it and by field."""
    model = points.model
    found: dict[str, dict[str, CellRef]] = {}
    for row, (card,) in enumerate(model.tables["engines"].rows):
        shown = str(model.tables["engines"].keys[0].shown[card])
        fields = {name: CellRef(f"engines.{name}", row) for name in names}
        found[shown] = {name: ref for name, ref in fields.items() if model.quantities[ref.quantity].inputs[row].evidence == FITTED}
    return found


def _slopes(points: Points, refs: Iterable[CellRef], result: str) -> dict[CellRef, Array]:
    """Return for each constant how a result that is linear in it changes with it."""
    now = points.of(result)
    return {ref: points.changed({ref: _value(points, ref) + 1}, (result,)).of(result) - now for ref in refs}


def _value(points: Points, ref: CellRef) -> float:
    return float(points.values[ref.quantity][ref.row])


def _steps_measured(points: Points) -> tuple[str, Array]:
    """Return the name of the model's steps, and the steps that go with the throughput measured, 0 where none was."""
    measured = points.of("tokens")
    none = np.zeros(len(measured))
    return "step", np.divide(points.of("step") * points.of("speed"), measured, where=measured > 0, out=none)


def _fitted_times(
    points: Points, times: dict[str, dict[str, CellRef]], slopes: dict[CellRef, Array], left: Array, of: tuple[str, Array]
) -> Edits:
    """Return the times of engines fitted to the points that are left.

    ``of`` names a result that is linear in them, and gives what it has to be, 0 where nothing was measured. Where no point of an engine
    has such experts, their multiplier is the median of other engines', that of kernels where none has; other constants are 0.
    """
    result, wanted = of
    found: dict[str, dict[str, float]] = {}
    untold: list[tuple[str, CellRef]] = []
    for engine, refs in times.items():
        rows = left & (wanted > 0) & (points.of("engine") == engine)
        if not refs or not rows.any():
            continue
        table = np.column_stack([slopes[ref] for ref in refs.values()])
        now = np.array([_value(points, ref) for ref in refs.values()])
        base = points.of(result) - table @ now
        told = np.abs(table[rows]).max(axis=0) > 0
        fit = robust_fit(base[rows], table[rows][:, told], wanted[rows], _votes(points, rows), now[told])
        found[engine] = dict(zip(np.array(list(refs))[told].tolist(), map(float, fit), strict=True))
        untold += [(name, ref) for name, ref in refs.items() if name not in found[engine]]
    edits: Edits = {times[engine][name]: value for engine, fitted in found.items() for name, value in fitted.items()}
    for name, ref in untold:
        elsewhere = [fitted[name] for fitted in found.values() if name in fitted]
        edits[ref] = float(np.median(elsewhere or [1.0])) if name.startswith("expert") else 0.0
    return edits


def _fitted_powers(points: Points, left: Array) -> Edits:
    """Return the constants of power fitted to the points that are left. How power bends into its limit is read off the model."""
    refs = {name: CellRef(f"step_constants.{name}", 0) for name in POWERS}
    rows = left & (points.of("watts") > 0)
    slopes = _slopes(points, refs.values(), "raw")
    table = np.column_stack([slopes[ref] for ref in refs.values()])
    now = np.array([_value(points, ref) for ref in refs.values()])
    base = points.of("raw") - table @ now
    order = np.argsort(points.of("raw"))
    raw, share = points.of("raw")[order], (points.of("gpu_power") / points.of("tdp"))[order]
    raw, first = np.unique(raw, return_index=True)
    share = share[first]
    rise = np.gradient(share, raw)

    def bent(before: Array) -> tuple[Array, Array]:
        return np.interp(before, raw, share), np.interp(before, raw, rise)

    wanted = (points.of("watts") / points.of("tdp"))[rows]
    found = robust_fit(base[rows], table[rows], wanted, _votes(points, rows), now, bent)
    return dict(zip(refs.values(), map(float, found), strict=True))


def _votes(points: Points, rows: Array) -> Array:
    """Return the weights of points of which each model has the same in all."""
    _, which, counts = np.unique(points.of("model")[rows].astype(str), return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[which])


def _as_it_is(value: Array) -> tuple[Array, Array]:
    return value, np.ones_like(value)


def robust_fit(base: Array, slopes: Array, wanted: Array, votes: Array, start: Array, shape: Shape = _as_it_is) -> Array:
    """Return the constants, none below 0, with the least mean absolute logarithm of shape(base + slopes @ constants) over ``wanted``.

    Least squares with weights that turn squares into absolute values, again and again from ``start``; a point that is off by more than
    a factor of e pulls no more.
    """
    found = start
    for _ in range(ROUNDS):
        value, rise = shape(base + slopes @ found)
        error = value / wanted - 1
        off = np.abs(np.log(np.maximum(value / wanted, 1e-9)))
        pull = np.sqrt(votes * np.where(off < CAP, off, 0) / np.maximum(np.abs(error), SHARP) ** 2)
        table = (pull * rise / wanted)[:, None] * slopes
        found = _least_squares(table, table @ found - pull * error)
    return found


def _least_squares(table: Array, right: Array) -> Array:
    """Return the solution of least squares in which constants that would be below 0 are 0."""
    found = np.zeros(table.shape[1])
    free = np.ones(table.shape[1], dtype=bool)
    while free.any():
        scale = np.linalg.norm(table[:, free], axis=0)
        solution = np.linalg.lstsq(table[:, free] / scale, right, rcond=None)[0] / scale
        if np.all(solution >= 0):
            found[free] = solution
            break
        free[np.flatnonzero(free)[int(np.argmin(solution * scale))]] = False
    return found
