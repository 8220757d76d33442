"""Random trees: NumPy's value of each against three engines that compute the formulas we write, none from its cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.language import same_shape
from tests.property.grammar import SCALAR, functions_used
from tests.property.random_book import disagrees
from tests.property.stability import EVENTS_OF, GAPS
from workbook.expr.parse import parse
from workbook.layout.formula import formulas
from workbook.verify.engines import ENGINES
from workbook.verify.poison import is_poison

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.property.random_book import Drawn, RandomBook
    from workbook.verify.engines.base import CellValue

    Computed = Callable[[str], dict[tuple[str, int], CellValue]]

FEWEST_TREES, FEWEST_ERRORS, FEWEST_OF_A_FUNCTION = 1_000, 100, 20


@pytest.mark.parametrize("engine", list(ENGINES))
def test_engines_compute_what_numpy_does(engine: str, book: RandomBook, computed: Computed) -> None:
    values = computed(engine)
    wrong = [
        _described(book, item, row, engine, values[item.quantity, row])
        for item, row in book.comparable(engine)
        if disagrees(book.expected(item.quantity, row), values[item.quantity, row])
    ]
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(sorted(wrong, key=len)[:10])


def _described(book: RandomBook, item: Drawn, row: int, engine: str, value: CellValue) -> str:
    formula = dict(formulas(book.layout, book.layout.model.quantities[item.quantity]))[row]
    return f"{item.text}\n  ={formula}\n  numpy {book.expected(item.quantity, row)!r}, {engine} {value!r}"


@pytest.mark.parametrize("engine", list(ENGINES))
def test_enough_is_compared(engine: str, book: RandomBook) -> None:
    cells = book.comparable(engine)
    trees = {item.quantity: item.tree for item, _ in cells}
    assert len(trees) >= FEWEST_TREES
    assert sum(book.expected(item.quantity, row) is None for item, row in cells) >= FEWEST_ERRORS
    used = functions_used(trees.values())
    assert {name for name in SCALAR if used[name] < FEWEST_OF_A_FUNCTION} == set()


@pytest.mark.parametrize("engine", list(ENGINES))
def test_no_engine_shows_a_cached_value(engine: str, computed: Computed) -> None:
    assert [cell for cell, value in computed(engine).items() if is_poison(value)] == []


def test_most_results_are_stable(book: RandomBook) -> None:
    # The rest sits on an edge that engines may fall off on either side.
    assert len(book.judged) >= 0.97 * len(book.cells)


def test_python_text_is_parsed_to_the_tree_that_was_drawn(book: RandomBook) -> None:
    wrong = [item.text for item in book.drawn if not same_shape(parse(item.text), item.tree)]
    assert wrong == []


def _expected_failure(number: int) -> object:
    gap = GAPS[number]
    mark = pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"{gap.engine}, {gap.function}: {gap.reason}")
    return pytest.param(number, marks=mark, id=f"{gap.engine}-{gap.event}-{gap.function}")


@pytest.mark.parametrize("number", [_expected_failure(number) for number in range(len(GAPS))])
def test_engines_compute_what_they_are_known_to_do_otherwise(number: int, book: RandomBook, computed: Computed) -> None:
    quantity = f"gaps.t{number}"
    assert not disagrees(book.expected(quantity, 0), computed(GAPS[number].engine)[quantity, 0])


@pytest.mark.parametrize("number", range(len(GAPS)), ids=[f"{gap.event}-{gap.function}-{number}" for number, gap in enumerate(GAPS)])
def test_some_engine_agrees_where_another_has_a_gap(number: int, book: RandomBook, computed: Computed) -> None:
    gap, quantity = GAPS[number], f"gaps.t{number}"
    without = [engine for engine in ENGINES if gap.event not in EVENTS_OF[engine]]
    assert without
    for engine in without:
        assert not disagrees(book.expected(quantity, 0), computed(engine)[quantity, 0]), engine
