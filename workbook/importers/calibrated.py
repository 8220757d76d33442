"""A calibrated card from measured points: W and H of the step time, and the power curve where watts were measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbook.importers.card import Card, Value, key_of, name_of
from workbook.importers.power import FEWEST as FEWEST_WATTS
from workbook.importers.power import constants_of, fit
from workbook.importers.step_times import FEWEST, fit_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbook.declare.catalogues import Catalogue
    from workbook.importers.benchmark import Setup
    from workbook.importers.benchmark_runs import Run
    from workbook.importers.step_times import Line, Numbers

FEW = 6  # numbers of sequences in flight below which a fit is graded low
ALIKE = 0.1  # lengths that differ by less hold for one another
CURVE = ("p_idle", "p_nominal", "k", "x0", "rmse")
CURVES = "power_fits"


def calibrated(points: Sequence[tuple[Run, Setup]], catalogues: Mapping[str, Catalogue], origin: Path) -> tuple[Card | None, str]:
    """Return a card of ``power_fits`` with W and H fitted to the points, or None and what they lack for it."""
    runs, setups = [run for run, _ in points], {setup for _, setup in points}
    lacking = _lacking(runs, setups)
    if lacking:
        return None, lacking
    setup = setups.pop()
    by_gaps = all(run.itl for run in runs)
    sequences, times = np.array([run.in_flight for run in runs]), np.array([run.itl if by_gaps else run.tpot for run in runs])
    line = fit_line(sequences, times)
    if not (line.constants > 0).all():
        return None, "step times do not rise with the sequences in flight: W and H cannot be fitted"
    lent = catalogues["hardware"].text(setup.gpu, "curve")
    if lent not in catalogues[CURVES].cards:
        return None, f"the card of '{setup.gpu}' names no power curve, whose measured series a fit is compared with"
    power, rmse = _power(runs, lent)
    few = len(set(sequences)) < FEW or bool((line.low <= 0).any())
    fields = {
        **{name: Value(text) for name, text in (("gpu", setup.gpu), ("model", setup.model), ("precision", setup.weights))},
        "tensor_parallel": Value(setup.gpus),
        "series": Value(catalogues[CURVES].text(lent, "series"), "of the GPU's card: its own are in the points", "low", "assumed"),
        "evidence": Value("measured" if rmse else "projected"),
        **power,
        "batch_low": Value(round(float(sequences.min()), 4), evidence="measured"),
        "batch_high": Value(round(float(sequences.max()), 4), evidence="measured"),
        **_steps(line, "the median time between tokens" if by_gaps else "the time per output token after the first"),
        "context": Value(
            round(float(np.mean([run.context for run in runs])), 1), "mean input and half the mean output", evidence="derived"
        ),
    }
    shown = "; ".join(
        f"{name.upper()} {value.value} ms ({value.low} to {value.high})" for name, value in fields.items() if name in {"w", "h"}
    )
    return (
        Card(
            *(CURVES, key_of(f"{origin.stem}_fit"), name_of(f"{origin.stem} fit")),
            f"Step times fitted to {len(runs)} measured points; median error {line.error:.1%} at these points (in sample).",
            *(origin, fields),
            confidence="low" if few else "medium",
            evidence="calibrated",
            warnings=["a fit to few numbers of sequences in flight, or with an interval down to 0: graded low"] if few else [],
            verdict=f"{shown}, median error {line.error:.1%} in sample",
        ),
        "",
    )


def _lacking(runs: Sequence[Run], setups: set[Setup]) -> str:
    """Return what the points lack for a fit; an empty text for nothing."""
    if len(setups) > 1:
        return "the points are of several models, GPUs, engines or precisions: read one at a time for a fit of W and H"
    if not all(run.tpot for run in runs):
        return "some points have no time per output token: W and H are fitted to it"
    loads = len({run.in_flight for run in runs})
    if loads < FEWEST:
        return f"a fit of W and H needs {FEWEST} numbers of sequences in flight; there are {loads}"
    lengths = [run.context for run in runs]
    if max(lengths) > min(lengths) * (1 + ALIKE):
        span = f"{min(lengths):,.0f} to {max(lengths):,.0f} tokens in flight"
        return f"requests are of several lengths ({span}): W and H hold at one; read one at a time"
    return ""


def _power(runs: Sequence[Run], lent: str) -> tuple[dict[str, Value], float]:
    """Return the power curve: fitted to the watts that were measured, or that of another card; and its error, 0 for the other's."""
    read = [run for run in runs if run.watts]
    batch: Numbers = np.array([run.in_flight for run in read])
    if len(set(batch)) >= FEWEST_WATTS:
        order = np.argsort(batch)
        found = fit(batch[order], np.array([run.watts for run in read])[order])
        return constants_of(found) | {"rmse": Value(round(found.rmse, 4), evidence="derived")}, found.rmse
    note = f"no watts at {FEWEST_WATTS} numbers of sequences or more: that of the GPU's card"
    return {name: Value("", note, "low", "assumed", expr=f"{CURVES}['{lent}'].{name}", source="none") for name in CURVE}, 0.0


def _steps(line: Line, what: str) -> dict[str, Value]:
    digits = {"w": 4, "h": 5}
    note = f"fitted to {what} by least squares of relative errors; 95% interval"
    return {
        name: Value(round(float(value), places), note, low=round(float(low), places), high=round(float(high), places))
        for (name, places), value, low, high in zip(digits.items(), line.constants, line.low, line.high, strict=True)
    }
