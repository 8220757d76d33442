"""How a team made sheets of the model look: formats of cells by id, and widths and hiding of columns and rows, as a new file has them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workbook.changes.sheets import is_account_sheet
from workbook.record.fingerprints import Spot
from workbook.roundtrip.beside import taken_cells
from workbook.roundtrip.looked import (
    CONDITION,
    HEIGHT,
    HIDDEN_COLUMN,
    HIDDEN_ROW,
    KINDS,
    MERGED,
    RULE,
    WIDTH,
    changed_formats,
    is_within,
    own_conditions,
    own_merges,
    own_rules,
    raised,
    resized,
    set_up,
)
from workbook.roundtrip.own_rules import Rules, apart
from workbook.roundtrip.own_views import Views
from workbook.xlsx.package import Package
from workbook.xlsx.saved import area_of
from workbook.xlsx.sheet_formats import ForeignFormat, OwnCondition, SheetFormats
from workbook.xlsx.trees import read_formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from workbook.roundtrip.copies import Copy
    from workbook.roundtrip.followed import References
    from workbook.xlsx.saved import SavedSheet

Taken = set[tuple[str, Spot]]


def carried_formats(
    copies: Sequence[Copy], followed: Sequence[References], formats: Mapping[str, SheetFormats]
) -> tuple[dict[str, SheetFormats], list[Taken]]:
    """Return how sheets of a new book are to look otherwise than built, and for each copy what of it that is, by kind and cell.

    ``followed`` finds by copy where its cells are in the new book, ``formats`` has what is to be set into sheets besides.
    What differs from how a copy was built to look is its people's: how today's templates look does not matter. Of what copies made
    of one cell or column otherwise the first is taken. What is on a cell without an id, on one that is gone or on a sheet of
    an account is not among it. Raises WorkbookError for a file that is damaged.
    """
    formats = dict(formats)
    said: dict[tuple[object, ...], object] = {}
    asked: dict[tuple[object, ...], set[object]] = {}
    taken: list[Taken] = []
    for copy, references in zip(copies, followed, strict=True):
        reader = _Reader(copy, references)
        taken.append(set())
        mine: dict[tuple[object, ...], set[object]] = {}
        for kind, spot, now, told in reader.found():
            if isinstance(told, OwnCondition):
                # A cell may have several conditional formats, in one copy even of one condition.
                condition, shown = apart(told)
                is_new = (now.sheet, condition) not in asked
                is_kept = is_new or shown in asked[now.sheet, condition]
                mine.setdefault((now.sheet, condition), set()).add(shown)
            else:
                is_kept = is_new = said.setdefault((kind, now), told) == told
            if is_kept:
                taken[-1].add((kind, spot))
            if is_new and reader.is_other(kind, spot):
                reader.put(formats.setdefault(now.sheet, SheetFormats()), kind, spot, now, told)
        asked = mine | asked
    return formats, taken


class _Reader:
    """Takes what one copy's people made of how it looks."""

    def __init__(self, copy: Copy, references: References) -> None:
        self.copy, self.references, self.looked = copy, references, copy.looked
        self.views = Views(copy.path, self.references)
        self.own = Rules(copy.path, self.references, self.views)

    def found(self) -> Iterator[tuple[str, Spot, Spot, object]]:
        """Yield the kind, where it is in the file and in the new book, and what it is."""
        located = self.copy.located
        for name, now in located.sheets.items():
            if now and now in self.looked.saved.sheets and name in self.looked.built and not is_account_sheet(name):
                sheet = self.looked.saved.sheets[now]
                for kind, text, spot in self.looked.reformatted[name]:
                    if spot[1:] in located.written[now] and (built := self.built(spot)) and (at := self.references.of_build(built)):
                        yield kind, spot, at, text
                yield from self.columns(sheet, name)
                yield from self.rows(sheet, name)
                yield from self.rules(sheet, name)
                yield from self.merges(sheet, name)
                for kind, where, text in set_up(self.looked, located, name):
                    if name in self.references.book.layout.sheets and self.views.follows(kind, sheet):
                        yield kind, Spot(now, 0, 0), Spot(name, 0, 0), (where, text)

    def built(self, spot: Spot) -> Spot | None:
        """Return where the input or result that stands here stood when the file was built, also in tables that were sorted."""
        if self.copy.located.is_unmoved:
            return spot if spot in self.references.known else None
        return self._moved.get(spot)

    @cached_property
    def _moved(self) -> dict[Spot, Spot]:
        return {now: built for built in self.references.known if (now := self.copy.located.place(built))}

    def columns(self, sheet: SavedSheet, name: str) -> Iterator[tuple[str, Spot, Spot, object]]:
        """Yield columns of another width, and hidden ones."""
        located = self.copy.located
        found = {(WIDTH, column): (now, wide) for column, now, _, wide in resized(sheet, self.looked.built[name], located, name)}
        for column in range(len(self.looked.built[name].widths)):
            now = located.columns[name].now(column)
            if now is not None and any(run.hidden and run.first <= now <= run.last for run in sheet.columns):
                found[HIDDEN_COLUMN, column] = now, 0
        for (kind, column), (now, told) in found.items():
            at = self.references.line(name, column, across=False)
            if at and at[1] <= self.references.book.layout.sheets[at[0]].last_column:
                yield kind, Spot(sheet.name, 0, now), Spot(at[0], 0, at[1]), told

    def rows(self, sheet: SavedSheet, name: str) -> Iterator[tuple[str, Spot, Spot, object]]:
        """Yield hidden rows, and rows of another height."""
        located = self.copy.located
        found: list[tuple[str, int, int, object]] = []
        hidden = {row for row, held in sheet.rows.items() if held.hidden}
        for row in self.looked.built[name].cells if hidden else ():
            now = located.line(name, row)
            if now in hidden and now is not None:
                found.append((HIDDEN_ROW, row, now, ""))
        found += [(HEIGHT, row, now, text) for row, now, text in raised(sheet, self.looked.built[name], located, name)]
        for kind, row, now, told in found:
            if at := self.references.row(name, row, now):
                yield kind, Spot(sheet.name, now, 0), at, told

    def rules(self, sheet: SavedSheet, name: str) -> Iterator[tuple[str, Spot, Spot, object]]:
        """Yield rules on what may be typed into cells, and conditional formats."""
        if name not in self.references.book.layout.sheets:
            return
        for number in own_rules(sheet, self.copy.located):
            if (rule := self.own.validation(sheet, number)) is not None:
                yield RULE, Spot(sheet.name, number, 0), Spot(name, *_first(rule.get("sqref", ""))), ET.tostring(rule, "unicode")
        mine = own_conditions(sheet, self.looked.built[name], self.copy.located, name)
        lowest = min((rule.rank for number, rule in enumerate(sheet.conditions) if number not in mine), default=0)
        for number in sorted(mine, key=lambda number: mine[number].rank):
            if (found := self.own.condition(sheet, number, lowest)) is not None:
                yield CONDITION, Spot(sheet.name, number, 0), Spot(name, *_first(found.areas)), found

    def merges(self, sheet: SavedSheet, name: str) -> Iterator[tuple[str, Spot, Spot, object]]:
        """Yield merged cells that go where the new book writes nothing."""
        for area in own_merges(sheet, self.copy.located):
            first, last = (Spot(sheet.name, *corner) for corner in (area[:2], area[2:]))
            now = self.views.area(sheet, f"{first.address}:{last.address}") if name in self.references.book.layout.sheets else None
            if now and not any(is_within(cell, area_of(now)) for cell in self.used[name]):
                yield MERGED, first, Spot(name, *area_of(now)[:2]), now

    @cached_property
    def used(self) -> dict[str, set[tuple[int, int]]]:
        """Return by sheet of the new book the cells that are not free."""
        return taken_cells(self.references.book)

    def put(self, formats: SheetFormats, kind: str, spot: Spot, now: Spot, told: object) -> None:
        """Set one of these into the formats of a new sheet."""
        sheet = self.looked.saved.sheets[spot.sheet]
        if kind == WIDTH:
            formats.widths[now.column] = sheet.width(spot.column)
        elif kind == HIDDEN_COLUMN:
            formats.hidden_columns.add(now.column)
        elif kind == HIDDEN_ROW:
            formats.hidden_rows.add(now.row)
        elif kind == HEIGHT:
            held = sheet.rows.get(spot.row)
            formats.heights[now.row] = held.height if held else None
        elif kind == MERGED:
            formats.merged.add(str(told))
        elif kind == RULE:
            formats.rules[now.address] = str(told)
        elif isinstance(told, OwnCondition):
            formats.conditions.append(told)
        elif kind not in KINDS:
            self.views.put(formats, kind, sheet)
        else:
            own = ForeignFormat(self.styles, sheet.cells[spot.row, spot.column].style)
            formats.cells.setdefault(now.address, {}).setdefault(kind, own)

    def is_other(self, kind: str, spot: Spot) -> bool:
        """Whether a line, or a cell, looks otherwise than it was built itself: a moved cell may only do so beside what stood there."""
        if kind not in KINDS:
            return True
        built, held = self.built(spot), self.looked.saved.sheets[spot.sheet].cells[spot.row, spot.column]
        look = self.looked.built[built.sheet].cells.get(built.row, {}).get(built.column) if built else None
        return kind in dict(changed_formats(self.looked.saved.format_of(held), look))

    @cached_property
    def styles(self) -> Element:
        """Return the tree of the copy's formats."""
        with Package(self.copy.path) as package:
            return read_formats(package)


def _first(areas: str) -> tuple[int, int]:
    """Return the first cell of areas, by row and column from 0."""
    return area_of(areas.split(maxsplit=1)[0])[:2]
