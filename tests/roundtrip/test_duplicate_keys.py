"""Two rows of one key: a check counts them, in Python and in LibreOffice, for every list and table of names that lookups go by."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import ACROSS, TINY, copy_of, plant, shipped
from workbook import api
from workbook.model.evaluate import evaluate
from workbook.model.graph import CellRef
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.model.evaluate import Values

LISTS = ("windows", "splits", "bands", "loads_tried", "levels", "cuts")
TYPED = {"tiny": ("lengths",), "paper": ("designs", *LISTS), "planning": ("cases",)}
FAILS = "CHECK FAILS: see sheet Checks"


# What is typed, and how many cases and hours are then counted.
NESTED: tuple[tuple[dict[str, str | float], tuple[int, int]], ...] = (
    ({}, (0, 0)),
    ({"cases.paper.name": "mine", "cases.mine.name": ""}, (2, 0)),
    ({"hours.h2": 1.0}, (0, 2)),
)


@cache
def book(name: str) -> api.Book:
    """Return a workbook at the inputs of its templates."""
    return api.load(name, TINY) if name == "tiny" else shipped(name)


@pytest.mark.parametrize("name", TYPED)
def test_keys_that_are_typed_and_looked_up_have_a_check_that_holds(name: str) -> None:
    checks = [check.removeprefix("checks.") for check in book(name).model.tables["checks"].columns]
    assert {check.removesuffix("_differ") for check in checks if check.endswith("_differ")} == set(TYPED[name])
    assert all(book(name).values[f"checks.{typed}_differ"].tolist() == [0] for typed in TYPED[name])


@cache
def twice() -> Values:
    """Return the paper's workbook with the second value of each list like the first."""
    return evaluate(book("paper").model, {CellRef(f"{name}.value", 1): float(book("paper").values[f"{name}.value"][0]) for name in LISTS})


@pytest.mark.parametrize("name", LISTS)
def test_a_value_twice_in_a_list_counts_for_both_rows(name: str) -> None:
    assert twice()[f"checks.{name}_differ"].tolist() == [2]
    assert twice()[f"{name}_keys.others"].tolist()[:3] == [1, 1, 0]
    assert twice()["checks.status"].tolist() == [FAILS]


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ({"mine_1": "This case, Arrival rate, high"}, 1),  # the name of a study that the same lookups find; that of a study cannot be typed
        ({"mine_1": "mine_2", "mine_2": ""}, 2),  # a case without a name goes by its key
        ({"mine_1": "Your case 2"}, 0),  # both go by their keys, and another check says so
    ],
)
def test_a_case_with_the_name_of_another_row_that_lookups_find_is_counted(names: dict[str, str], rows: int) -> None:
    model = book("planning").model
    values = evaluate(model, {model.find(f"cases.{case}.name") or CellRef("", 0): name for case, name in names.items()})
    assert values["checks.cases_differ"].tolist() == [rows]
    assert values["checks.status"].tolist() == [FAILS]


def test_a_table_of_two_keys_counts_duplicates_of_either(tmp_path: Path) -> None:
    """Looked up by case and hours: two cases of one name, and two lengths of one number, are each counted by a check of their own."""
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "rows: {case: {label: Case, members", "rows: {case: {label: Case, renamable: true, members")
    share = '      own: {label: Of the table of two keys, unit: kWh, expr: "nested[chosen.case, hours].energy"}\n'
    plant(root, "sheets/results.yaml", "      below: {label: Cases below", f"{share}      below: {{label: Cases below")
    model = api.load("across", root).model
    for edits, counts in NESTED:
        values = evaluate(model, {model.find(name) or CellRef("", 0): value for name, value in edits.items()})
        assert (values["checks.cases_differ"].tolist(), values["checks.hours_differ"].tolist()) == ([counts[0]], [counts[1]]), edits


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files in which a number of a list and a name were typed twice in LibreOffice."""
    folder = tmp_path_factory.mktemp("twice")
    root = copy_of(ACROSS, folder / "templates")
    plant(root, "sheets/cases.yaml", "rows: {case: {label: Case, members", "rows: {case: {label: Case, renamable: true, members")
    built = {"tiny": api.build("tiny", folder / "tiny.xlsx", templates=TINY).path}
    built["across"] = api.build("across", folder / "across.xlsx", templates=root).path
    named = api.load("across", root)
    steps: dict[str, list[list[Any]]] = {
        "tiny": [["value", *place(book("tiny"), "lengths.l2"), 1000]],
        "across": [["value", *place(named, "cases.paper.name"), "mine"], ["clear", *place(named, "cases.mine.name")]],
    }
    in_libreoffice([(path, folder / f"{name} saved.xlsx", steps[name]) for name, path in built.items()])
    return {name: folder / f"{name} saved.xlsx" for name in built}


@pytest.mark.parametrize(
    ("name", "label"), [("tiny", "Length (sheet Inputs): no duplicates"), ("across", "Case (sheet Cases): no duplicates")]
)
def test_what_is_typed_twice_in_libreoffice_fails_its_check_and_the_master_check(name: str, label: str, saved: dict[str, Path]) -> None:
    checks = read_cells(saved[name])["Checks"]
    row = next(row for row in range(5, 20) if (cell := checks.get(f"A{row}")) and cell.value == label)
    assert checks[f"B{row}"].value == 2
    assert checks["B3"].value == FAILS
