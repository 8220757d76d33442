"""What a rule of an audit is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbook.xlsx.saved import Area, address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workbook.audit.examined import Examined
    from workbook.record.fingerprints import Spot

CODE = 'ICAEW Financial Modelling Code, "{}"'.format
"""A heading of the code of 2018, https://www.icaew.com/technical/technology/excel-community/financial-modelling-code."""
FAST = "FAST Standard {}".format
"""A rule by its number, https://www.fast-standard.org/the-fast-standard/."""
PROJECT = "this project, {}".format
"""A page of the documentation."""


class Found(NamedTuple):
    """A finding: the sheet (empty for the whole file), its cells (None for the whole sheet), what is wrong, and the numbers that are."""

    sheet: str
    area: Area | None
    what: str
    numbers: frozenset[str] = frozenset()

    @property
    def cells(self) -> int:
        """Return how many cells it is about; one where it is about a sheet or the file."""
        area = self.area
        return (area.bottom - area.top + 1) * (area.right - area.left + 1) if area else 1

    @property
    def address(self) -> str:
        """Return its cells as people type them; empty where it is about a sheet or the file."""
        return address(self.area) if self.area else ""

    @property
    def where(self) -> str:
        """Return sheet and cells as people type them."""
        return "!".join(filter(None, (self.sheet, self.address))) or "the file"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its number, what it asks for, who asks for it, and what finds the places that do not comply."""

    number: str
    title: str
    source: str
    find: Callable[[Examined], Iterable[Found]]


def grouped(cells: Iterable[tuple[Spot, str]]) -> Iterator[Found]:
    """Yield findings on cells with those next to each other, of which the same is wrong, as one: down columns, then across."""
    down: dict[tuple[str, str, int, int], list[tuple[int, int]]] = {}
    for (sheet, column, what), rows in _by_column(cells).items():
        for top, bottom in _runs(rows):
            down.setdefault((sheet, what, top, bottom), []).append((column, column))
    for (sheet, what, top, bottom), columns in down.items():
        for left, right in _runs(sorted(column for column, _ in columns)):
            yield Found(sheet, Area(top, left, bottom, right), what)


def _by_column(cells: Iterable[tuple[Spot, str]]) -> dict[tuple[str, int, str], list[int]]:
    found: dict[tuple[str, int, str], list[int]] = {}
    for spot, what in cells:
        found.setdefault((spot.sheet, spot.column, what), []).append(spot.row)
    return {key: sorted(rows) for key, rows in found.items()}


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of numbers that follow each other."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number > last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
