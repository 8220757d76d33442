"""Limits of step times and power in planning.xlsx are those that measured points are judged by, and hold as many as counted."""

import csv

import pytest

from tests.support import shipped
from workbook.declare.packaged import packaged
from workbook.validation.points import read_points

ERRORS = list(csv.DictReader((packaged() / "evidence" / "errors.csv").read_text(encoding="utf-8").splitlines()))
ENDS = ("speed_low", "speed_high", "power_low", "power_high")

KINDS = {"transferred_dense": "dense", "transferred_experts": "experts", "modelled_experts": "experts"}
"""Limits of cases that are those which points are judged by, by kind."""


@pytest.mark.parametrize(("case", "points"), KINDS.items())
def test_limits_of_cases_are_those_that_points_are_judged_by(case: str, points: str) -> None:
    """A step takes the inverse of the throughput; limits are stated to two digits."""
    limits = read_points().model
    judged = {name: float(limits.quantities[f"intervals.{name}"].inputs[limits.tables["intervals"].index[points,]].value) for name in ENDS}
    book = shipped("planning")
    row = book.model.tables["interval_kinds"].index[case,]
    stated = {name: float(book.values[f"interval_kinds.{name}"][row]) for name in ("time_low", "time_high", "power_low", "power_high")}
    assert stated == {
        "time_low": round(1 / judged["speed_high"], 2),
        "time_high": round(1 / judged["speed_low"], 2),
        "power_low": judged["power_low"],
        "power_high": judged["power_high"],
    }


@pytest.mark.parametrize("kind", ["dense", "experts"])
def test_the_share_that_limits_held_is_that_of_served_points_of_models_left_out(kind: str) -> None:
    book = shipped("planning")
    held = float(book.values["interval_kinds.held"][book.model.tables["interval_kinds"].index[f"transferred_{kind}",]])
    (found,) = [
        line
        for line in ERRORS
        if (line["points_of"], line["result"], line["by"], line["group"]) == ("served requests", "tok/s", "kind", kind)
    ]
    assert held == round(float(found["inside"]), 2)
