"""Expectations of sheet Evidence: errors of what the file of runs states."""

import csv
from functools import cache
from pathlib import Path

from tests.reference.expect.planning_columns import expect_rows
from tests.reference.quantities import Inputs
from workbook.declare.packaged import packaged

RUNS = Path(packaged()) / "evidence" / "apart.csv"


@cache
def runs() -> dict[str, dict[str, float]]:
    """Return the figures of each line by its row's key: the file and the line."""
    lines = RUNS.read_text("utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    names = ("prefill_joules", "joules_model", "prefill_share", "share_model")
    found = enumerate(csv.DictReader(lines[first:]), first + 2)
    return {f"apart_{number}": {name: float(run[name]) for name in names} for number, run in found}


def joules_error(_: Inputs, run: str) -> float:
    """Return by how much the model's joules of an input token are off."""
    return runs()[run]["joules_model"] / runs()[run]["prefill_joules"] - 1.0


def share_error(_: Inputs, run: str) -> float:
    """Return by how much the model's share of watts in prefill is off."""
    return runs()[run]["share_model"] - runs()[run]["prefill_share"]


expect_rows("evidence_apart", {"joules_error": joules_error, "share_error": share_error})
