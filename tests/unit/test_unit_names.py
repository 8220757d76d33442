"""Units themselves: how they are read, shown, and related to each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support import shipped, shipped_file
from workbook.declare.packaged import directory
from workbook.expr.units import Units, UnknownUnitError, show
from workbook.xlsx.saved import VISIBLE, read_saved

if TYPE_CHECKING:
    from pathlib import Path


UNITS = directory(None) / "units.txt"


@pytest.fixture(scope="module")
def units() -> Units:
    """Read the units of the templates."""
    return Units(UNITS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1", "1"),
        ("", "1"),
        ("W/gpu", "W/gpu"),
        ("tok/s/instance", "tok/instance/s"),
        ("1/s", "1/s"),
        ("byte*s", "byte*s"),
        ("s**2", "s^2"),
        ("1/s**2", "1/s^2"),
        ("kW", "kW"),
        ("Mtok/USD", "Mtok/USD"),
        ("tok*gpu/J/instance", "gpu*tok/J/instance"),
    ],
)
def test_units_are_read_and_shown(units: Units, text: str, shown: str) -> None:
    assert show(units.parse(text)) == shown
    assert units.same(units.parse(shown.replace("^", "**")), units.parse(text))


@pytest.mark.parametrize(
    "text",
    ["volt", "W/gpus", "m", "mW", "W//s", "W/", "*", "2*W", "W gpu)", "W+s", "W^2", "tokens per second", "W**2**3", "11", "1/", "%", "£"],
)
def test_unknown_units_are_refused_by_name(units: Units, text: str) -> None:
    with pytest.raises(UnknownUnitError, match="unknown unit"):
        units.parse(text)


@pytest.mark.parametrize(
    ("left", "right", "factor"),
    [
        ("ms", "s", 1e-3),
        ("s", "us", 1e6),
        ("h", "s", 3600.0),
        ("kW", "W", 1000.0),
        ("J/s", "W", 1.0),
        ("GiB", "byte", 2.0**30),
        ("TB/s", "GB/s", 1000.0),
        ("Mtok/h", "tok/s", 1e6 / 3600),
        ("W/gpu", "W/node", None),
        ("W", "J", None),
        ("tok", "seq", None),
        ("gpu", "1", None),
    ],
)
def test_factors_between_units(units: Units, left: str, right: str, factor: float | None) -> None:
    found = units.factor(units.parse(left), units.parse(right))
    assert found == (factor if factor is None else pytest.approx(factor, rel=1e-15))


def test_one_unit_has_one_scale(units: Units) -> None:
    assert units.same(units.parse("J/s"), units.parse("W"))
    assert not units.same(units.parse("ms"), units.parse("s"))
    assert not units.same(units.parse("gpu"), units.parse("1"))


@pytest.mark.parametrize("text", ["second", "= s"])
def test_a_broken_list_of_units_is_a_value_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "units.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"\S"):
        Units(path)


def test_a_missing_list_of_units_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Units(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("name", ["planning", "paper"])
def test_no_sheet_shows_a_unit_as_templates_write_it(name: str) -> None:
    shown_as = shipped(name).model.declared.shown_units
    written = {unit for unit, text in shown_as.items() if unit != text and re.search("[*/]", unit)}
    unlisted = {quantity.unit for quantity in shipped(name).model.quantities.values()} - set(shown_as)
    written |= {
        unit
        for unit in unlisted
        if re.search(r"(?:^|[*/])(?:tok|seq|req|gpu|node|instance|fleet|layer|head|expert|param|byte|USD)\b", unit)
    }
    cells = [
        cell for sheet in read_saved(shipped_file(name).path).sheets.values() if sheet.state == VISIBLE for cell in sheet.cells.values()
    ]
    words = {word.strip("()[]|;,") for cell in cells if isinstance(cell.value, str) for word in cell.value.split()}
    assert words & written <= {"tok/J"}  # as the field writes it
