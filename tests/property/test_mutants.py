"""The comparison with engines fails when brackets are left out: writers spoilt on purpose must not pass it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.property.conftest import SEED
from tests.property.random_book import build, disagrees
from workbook.expr.functions import ADDING, ATOM, COMPARING, FUNCTIONS, MULTIPLYING, RAISING, Operator
from workbook.verify.engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.property.random_book import RandomBook
    from workbook.verify.engines.base import Engine

MUTANTS = {
    "^ without brackets around its operands": ("power", Operator("^", RAISING, COMPARING, COMPARING)),
    "^ chained as in Python": ("power", Operator("^", RAISING, ATOM, RAISING)),
    "unary minus without brackets": ("negative", Operator("-", ATOM, COMPARING, COMPARING)),
    "unary minus of a power without brackets": ("negative", Operator("-", ADDING, RAISING, RAISING)),
    "a - (b - c) without brackets": ("subtract", Operator("-", ADDING, ADDING, ADDING)),
    "a / (b * c) without brackets": ("divide", Operator("/", MULTIPLYING, MULTIPLYING, MULTIPLYING)),
}


def differences(book: RandomBook, engine: Engine) -> int:
    """Count the comparable cells in which an engine and NumPy differ."""
    cells = book.comparable(engine.name)
    values = book.computed(engine, [(item.quantity, row) for item, row in cells])
    return sum(disagrees(book.expected(item.quantity, row), value) for (item, row), value in zip(cells, values, strict=True))


def any_differs(book: RandomBook, engines: Callable[[str], Engine]) -> bool:
    """Tell whether any engine finds a difference; the fastest is asked first."""
    return any(differences(book, engines(name)) for name in reversed(ENGINES))


@pytest.mark.parametrize("mutant", list(MUTANTS))
def test_a_spoilt_writer_is_caught(mutant: str, engines: Callable[[str], Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, operator = MUTANTS[mutant]
    monkeypatch.setitem(FUNCTIONS, name, replace(FUNCTIONS[name], operator=operator))
    assert any_differs(build(tmp_path, SEED, singles=600, texts=0, columns=20), engines)


def test_the_same_workbook_passes_unspoilt(engines: Callable[[str], Engine], tmp_path: Path) -> None:
    assert not any_differs(build(tmp_path, SEED, singles=600, texts=0, columns=20), engines)
