"""The random workbook, built once, and the engines, started once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.property.random_book import RandomBook, build
from tests.support import require
from workbook.verify.engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbook.verify.engines.base import CellValue, Engine

SEED = 20260318


@pytest.fixture(scope="session")
def engines() -> Iterator[Callable[[str], Engine]]:
    """Give engines by name, each started at its first use and closed at the end."""
    started: dict[str, Engine] = {}

    def find(name: str) -> Engine:
        if name not in started:
            started[name] = require(ENGINES[name]())
        return started[name]

    yield find
    for engine in started.values():
        engine.close()


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> RandomBook:
    """Build the random workbook."""
    return build(tmp_path_factory.mktemp("random"), SEED)


@pytest.fixture(scope="session")
def computed(book: RandomBook, engines: Callable[[str], Engine]) -> Callable[[str], dict[tuple[str, int], CellValue]]:
    """Give what an engine computes for every formula of the random workbook, by (quantity, row)."""
    found: dict[str, dict[tuple[str, int], CellValue]] = {}

    def compute(name: str) -> dict[tuple[str, int], CellValue]:
        engine = engines(name)
        if name not in found:
            cells = book.cells
            found[name] = dict(zip(cells, book.computed(engine, cells), strict=True))
        return found[name]

    return compute
