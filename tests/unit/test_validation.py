"""Cells refuse exactly what files and commands refuse: the rules of built files, read back, against ``check_bounds``."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import cells_of, rules_by_cell, shipped, shipped_file
from workbook import api
from workbook.declare.catalogues import Bounds
from workbook.declare.limits import LARGEST, SMALLEST, check_bounds, limits_of, rule_text, validation
from workbook.errors import Problems, WorkbookError
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from workbook.model.graph import Quantity

NUMBER = re.compile(r"[A-Z]+[0-9]+")

# Bounds, what they admit and what they refuse, worked out by hand.
BOUNDS: dict[str, tuple[Bounds, tuple[float, ...], tuple[float, ...]]] = {
    "above 0 up to 1": (Bounds(above=0, maximum=1), (SMALLEST, 0.5, 1), (0, -1, 1e-300, 1.000001)),
    "above 0.5": (Bounds(above=0.5), (0.5000001, LARGEST), (0.5, 0.4999, 1e300)),
    "above 0.5 up to 1": (Bounds(above=0.5, maximum=1), (0.5000001, 1), (0.5, 1.0000001)),
    "from 0": (Bounds(minimum=0), (0, 1e-300, LARGEST), (-1e-300, 1e13)),
    "up to 9 only": (Bounds(maximum=9), (-LARGEST, 9), (9.01, -1e13)),
    "anything": (Bounds(), (-LARGEST, 0, LARGEST), (-1e300, 1e300)),
    "whole above 0": (Bounds(above=0, whole=True), (1, 2), (0, 0.5, 1.5, -1)),
    "whole above 2.5 to 8": (Bounds(above=2.5, maximum=8, whole=True), (3, 8), (2, 2.5, 9, 3.5)),
}


def accepts(rule: dict[str, Any], value: float, near: dict[str, float]) -> bool:
    """Apply a rule as a spreadsheet does: a range of numbers, or a formula of the few kinds that are written."""
    if rule["validate"] in {"decimal", "integer"}:
        assert rule["criteria"] == "between"
        whole = rule["validate"] == "decimal" or value == int(value)
        return whole and float(rule["minimum"]) <= value <= float(rule["maximum"])
    assert rule["validate"] == "custom"
    inside = re.fullmatch(r"=AND\((.*)\)", rule["value"])
    assert inside
    return all(_holds(part, value, near) for part in inside[1].split(","))


def _holds(part: str, value: float, near: dict[str, float]) -> bool:
    if part.startswith("ISNUMBER("):
        return True
    if part.endswith(")"):
        assert re.fullmatch(r"([A-Z]+[0-9]+)=INT\(\1\)", part)
        return value == int(value)
    left, sign, right = re.fullmatch(r"([A-Z]+[0-9]+)(>=|<=|>|<)(.+)", part).groups()  # type: ignore[union-attr] # else the test fails
    other = near[right] if NUMBER.fullmatch(right) else float(right)
    assert left not in near
    return {">=": value >= other, "<=": value <= other, ">": value > other, "<": value < other}[sign]


def admitted(value: float, bounds: Bounds) -> bool:
    """Tell whether files and commands take a value."""
    problems = Problems()
    check_bounds(value, bounds, None, "it", problems)
    return not problems.found


@pytest.mark.parametrize("name", BOUNDS)
def test_a_rule_admits_and_refuses_the_same_in_cells_and_commands(name: str) -> None:
    bounds, good, bad = BOUNDS[name]
    rule = validation(bounds, "B5")
    for value in good:
        assert admitted(value, bounds), value
        assert accepts(rule, value, {}), value
    for value in bad:
        assert not admitted(value, bounds), value
        assert not accepts(rule, value, {}), value


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (Bounds(above=0, maximum=1), "a number, above 0 and at most 1"),
        (Bounds(minimum=1), "a number, at least 1 and at most 1,000,000,000,000"),
        (Bounds(above=0, maximum=8191, whole=True), "a whole number, above 0 and at most 8,191"),
    ],
)
def test_a_rule_is_said_in_words(bounds: Bounds, text: str) -> None:
    assert rule_text(bounds, is_text=False) == text


@cache
def rules_of(name: str) -> dict[str, dict[str, tuple[dict[str, Any], str]]]:
    """Give the rule of each cell of a book by sheet, as XlsxWriter takes it, and its message."""
    opened = openpyxl.load_workbook(shipped_file(name).path)
    found: dict[str, dict[str, tuple[dict[str, Any], str]]] = {}
    for sheet in opened.worksheets:
        messages = {cell: rule.prompt or "" for rule in sheet.data_validations.dataValidation for cell in cells_of(rule)}
        found[sheet.title] = {cell: (_rule(*rule), messages[cell]) for cell, rule in rules_by_cell(sheet).items()}
    return found


def _rule(type_: str | None, operator: str | None, first: str | None, second: str | None) -> dict[str, Any]:
    kind = {"whole": "integer", "textLength": "length"}.get(str(type_), type_)
    return {"validate": kind, "criteria": operator or "between", "minimum": first, "maximum": second, "value": f"={first}"}


def near_ends(quantity: Quantity) -> list[float]:
    """Give numbers at, just inside and just outside of both ends, and some that are not whole."""
    low, high, _ = limits_of(quantity.bounds)
    steps = (1.0,) if quantity.bounds.whole else (1e-9 * max(abs(low), 1e-6), 1e-9 * max(abs(high), 1.0))
    around = [end + sign * step for end in (low, high) for step in steps for sign in (-1, 0, 1)]
    return [*around, 0.0, -1.0, 0.5, low + 0.5, 1e300, -1e300, 1e-300]


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_every_input_of_a_book_has_the_rule_of_the_command_line(name: str) -> None:
    book = shipped(name)
    rules = rules_of(name)
    for quantity in book.model.quantities.values():
        for row in range(quantity.size) if quantity.id in book.layout.segments else ():
            if not quantity.is_settable(row):
                continue
            sheet, r, c = book.layout.cell(quantity.id, row)
            (rule, message), what = rules[sheet][f"{column_letters(c)}{r + 1}"], book.model.cell_id(quantity.id, row)
            if quantity.bounds.choices or quantity.bounds.key:
                assert rule["validate"] == "list", what
            elif what.endswith(".name"):
                own = f"{column_letters(c)}{r + 1}"
                assert rule["value"].startswith(f"=AND(LEN(TRIM({own}))>0,LEN({own})<=60,COUNTIF("), what
                assert rule["value"].endswith(f",{own})=1)"), what
            elif quantity.is_text:
                assert (rule["validate"], rule["minimum"]) == ("length", "255"), what
            elif book.model.tables[quantity.table].kind != "list":
                for value in near_ends(quantity):
                    assert accepts(rule, value, {}) == admitted(value, quantity.bounds), (what, value)
            assert message.startswith(quantity.label), what


def test_values_of_a_list_stay_between_their_neighbours() -> None:
    book = shipped("paper")
    rules = rules_of("paper")
    quantity = book.model.quantities["windows.value"]
    sheet, r, c = book.layout.cell(quantity.id, 2)
    rule, _ = rules[sheet][f"{column_letters(c)}{r + 1}"]
    near = {f"{column_letters(c)}{r}": float(quantity.inputs[1].value), f"{column_letters(c)}{r + 2}": float(quantity.inputs[3].value)}
    low, high = near.values()
    for value, good in ((low, False), (low + 1, True), (high - 1, True), (high, False), (low + 0.5, False)):
        assert accepts(rule, value, near) is good, value
        sets = {book.model.cell_id(quantity.id, 2): value}
        if good:
            api.parse_sets(book.model, sets)
        else:
            with pytest.raises(WorkbookError):
                api.parse_sets(book.model, sets)


def test_a_text_is_held_to_what_excel_compares() -> None:
    problems = Problems()
    check_bounds("x" * 256, Bounds(), None, "--set a.b", problems)
    assert [item.message for item in problems.found] == ["--set a.b has 256 characters; it must have at most 255"]
    check_bounds("x" * 255, Bounds(), None, "--set a.b", problems)
    assert len(problems.found) == 1
