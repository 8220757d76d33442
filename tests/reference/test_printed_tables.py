"""Every number the paper prints in Tables 1, 2, 4, 5 and A, to its last digit."""

import math
from collections.abc import Callable

import pytest

from tests.reference.equations import paper
from tests.reference.printed import PRINTED, deviation, half_unit

TABLES: dict[str, Callable[[], paper.Cells]] = {
    "1": paper.table_1,
    "2": paper.table_2,
    "4": paper.table_4,
    "5": paper.table_5,
    "A": paper.table_a,
}

CELLS = [
    pytest.param(table, key, text, id=f"table {table} | {key[0]} | {key[1]}")
    for table, cells in PRINTED.items()
    for key, text in cells.items()
]


@pytest.mark.parametrize("table", TABLES)
def test_the_same_cells_are_computed_and_printed(table: str) -> None:
    assert TABLES[table]().keys() == PRINTED[table].keys()


def test_every_printed_cell_is_compared() -> None:
    counts = {table: len(cells) for table, cells in PRINTED.items()}
    assert counts == {"1": 7 * 6, "2": 5 * 7, "4": 4 * 3, "5": 4 * 8, "A": 4 * 5}


@pytest.mark.parametrize(("table", "key", "text"), CELLS)
def test_cell_matches_its_printed_digits(table: str, key: tuple[str, str], text: str) -> None:
    value = TABLES[table]()[key]
    assert deviation(value, text) <= half_unit(text), f"computed {value!r}, printed {text}"


@pytest.mark.parametrize(("text", "half"), [("367", 0.5), ("8.97", 0.005), ("1.0", 0.05), ("-3", 0.5)])
def test_half_unit_of_the_last_digit(text: str, half: float) -> None:
    assert math.isclose(float(half_unit(text)), half)


@pytest.mark.parametrize("text", ["", "about 40", "nan", "Infinity", "1.2.3"])
def test_half_unit_refuses_what_is_not_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a printed number"):
        half_unit(text)


def test_a_value_beyond_half_a_unit_is_seen() -> None:
    assert deviation(8.976, "8.97") > half_unit("8.97")
    assert deviation(8.974, "8.97") < half_unit("8.97")
