"""Formulas of a team's own sheets that refer to sheets of the model: each reference follows the cell that it names into the new book."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workbook.expr.values import shown
from workbook.record.fingerprints import GONE, Spot, pieces, references
from workbook.record.read import cell_ids
from workbook.roundtrip.beside import Beside
from workbook.roundtrip.whole_lines import WholeLines
from workbook.xlsx.a1 import RECORD_SHEET, column_letters, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.layout.book import Book
    from workbook.record.fingerprints import Reference
    from workbook.record.located import Located

MOST_LINKS = 4  # from a key to the cell that holds what it shows
_SHEET = r"'(?:[^']|'')+'|[^\s'\"!+\-*/^&=<>(),:;{}%$#]+"
_CUT = re.compile(  # what ``pieces`` takes for something else: texts, errors, and whole columns and rows with their sheet
    rf"""(?P<text>"(?:[^"]|"")*")|(?P<gone>(?:(?:{_SHEET})!)?#REF!)"""
    rf"""|(?P<of>{_SHEET})!(?P<lines>\$?[A-Z]{{1,3}}:\$?[A-Z]{{1,3}}(?![A-Z0-9])|\$?[0-9]+:\$?[0-9]+)"""
    r"""|(?<![A-Za-z0-9_.!$:'])(?P<bare>\$?[A-Z]{1,3}:\$?[A-Z]{1,3}(?![A-Za-z0-9_(.])|\$?[0-9]+:\$?[0-9]+(?![A-Za-z0-9_.]))"""
    r"""|(?P<quoted>'(?:[^']|'')+'!)"""
)


class Followed(NamedTuple):
    """A formula as it reads in the new book, and what it referred to that is not there any more: addresses and ids."""

    text: str
    gone: tuple[str, ...] = ()


class References:
    """Where the cells of an edited file stand in a new book."""

    def __init__(self, located: Located, book: Book, own: Mapping[str, str]) -> None:
        """``own`` gives what own sheets are called in the new book; own cells that are not in it are to be added to ``lost``."""
        self.located, self.book, self.own = located, book, own
        self.lost: set[Spot] = set()
        self._known: dict[Spot, Spot | None] = {}
        self._home = "", ""
        self._keyed: dict[str, dict[tuple[object, ...], int]] = {}

    @cached_property
    def _ids(self) -> dict[Spot, str]:
        return cell_ids(self.located.baseline)

    @cached_property
    def _rows(self) -> dict[Spot, tuple[str, int]]:
        """Return by cell of the build the quantity and the row that it holds."""
        blocks = self.located.baseline.blocks
        numbered = ((block, enumerate(block.spots(), block.first_row)) for block in blocks)
        return {spot: (block.id, row) for block, cells in numbered for row, spot in cells}

    @cached_property
    def _sheets(self) -> dict[str, str]:
        """Return for the sheets of the model, by their names in the file, what they were built as."""
        return {now: built for built, now in self.located.sheets.items() if now}

    def follow(self, formula: str, home: str = "", home_now: str = "") -> Followed:
        """Return a formula, without =, with references to where its cells stand now.

        ``home`` is the sheet of the model on which the formula stands, if it does, and ``home_now`` the one that it goes to.
        """
        self._home = home, home_now
        parts: list[str] = []
        gone: list[str] = []
        at = 0
        for match in _CUT.finditer(formula):
            if match.lastgroup == "quoted":
                continue
            self._cells(formula[at : match.start()], parts, gone)
            at = match.end()
            if match["bare"] and not home:
                parts.append(match[0])
            elif lines := match["lines"] or match["bare"]:
                parts.append(self._lines_of(match["of"] or "", lines, gone))
            else:
                parts.append(GONE if match["gone"] else match[0])
        self._cells(formula[at:], parts, gone)
        return Followed("".join(parts), tuple(gone))

    def _lines_of(self, written: str, lines: str, gone: list[str]) -> str:
        """Return whole columns or rows: of a sheet of the model those that hold what they held."""
        home, home_now = self._home
        sheet = written[1:-1].replace("''", "'") if written.startswith("'") else written or home
        if sheet in self.own:
            return f"{quoted(self.own[sheet])}!{lines}"
        found = self._whole_lines.follow(sheet, lines) if sheet in self._sheets else None
        if found is None:
            gone.append(f"{quoted(sheet)}!{lines}")
            return GONE
        now, there = found
        return there if not written and now == home_now else f"{quoted(now)}!{there}"

    @cached_property
    def _whole_lines(self) -> WholeLines:
        return WholeLines(self.located, self.book, self._names, self.place)

    def _cells(self, formula: str, parts: list[str], gone: list[str]) -> None:
        """Add the pieces of a formula, or of a part of one, and what is gone; a range is gone with either of its ends."""
        before: Reference | None = None
        for kind, text, found in pieces(formula):
            home, home_now = self._home
            if found is None or not (found.sheet or home):
                parts.append(text)
                before = before if text == ":" else None
                continue
            of, is_bare = found.sheet or home, not found.sheet
            is_end = before is not None and parts[-1] == ":" and (before.sheet or home) == of
            now, what = self._place(found._replace(sheet=of))
            if now is None:
                gone.append(what)
            if is_end and GONE in {parts[-2], GONE if now is None else ""}:
                parts[-2:] = [GONE]
            elif now is None:
                parts.append(GONE)
            else:
                cell = f"{'$' * found.column_fixed}{column_letters(now.column)}{'$' * found.row_fixed}{now.row + 1}"
                parts.append(cell if is_end or (is_bare and now.sheet == home_now) else f"{quoted(now.sheet)}!{cell}")
            before = found if kind == "cell" else None

    def _place(self, found: Reference) -> tuple[Spot | None, str]:
        """Return where a cell stands in the new book, and else what it was."""
        address = f"{quoted(found.sheet)}!{column_letters(found.column)}{found.row + 1}"
        if found.sheet in self.own:
            return Spot(self.own[found.sheet], found.row, found.column), address
        if found.sheet not in self._sheets or found.sheet == RECORD_SHEET:
            return None, address
        spot = Spot(found.sheet, found.row, found.column)
        now = None if spot in self.lost else self.place(spot)
        built = self.located.origin(spot)
        name = self._ids.get(built, "") if built else ""
        return now, f"{address} ({name})" if name else address

    def built_as(self, sheet: str) -> str:
        """Return what a sheet of the file was built as; empty for one of people's own."""
        return self._sheets.get(sheet, "")

    def place(self, spot: Spot) -> Spot | None:
        """Return where a place on a sheet of the model stands in the new book; None for one that is gone."""
        if spot not in self._known:
            built = self.located.origin(spot)
            is_known = built is not None and (built in self._ids or built in self._rows)
            self._known[spot] = self.of_build(built) if built and is_known else self.beside.place(spot)
        return self._known[spot]

    @cached_property
    def beside(self) -> Beside:
        """Return where cells go that are neither inputs nor results."""
        return Beside(self.located, self.book, self._names, self.of_build)

    @cached_property
    def _names(self) -> dict[Spot, str]:
        """Return by cell of the build the quantity, or the input, that it holds."""
        return {**{spot: quantity for spot, (quantity, _) in self._rows.items()}, **self._ids}

    def of_build(self, built: Spot) -> Spot | None:
        """Return where an input or a result of the build that the file is from stands; None for one that is gone, and for other cells."""
        model, layout = self.book.model, self.book.layout
        if name := self._ids.get(built):
            at = model.find(name)
            return Spot(*layout.cell(*at)) if at and at[0] in layout.segments else None
        if built in self._rows:
            quantity, row = self._rows[built]
            now = self._row(quantity, row) if quantity in model.quantities and quantity in layout.segments else None
            return None if now is None else Spot(*layout.cell(quantity, now))
        return None

    def _row(self, quantity: str, row: int) -> int | None:
        """Return the row of a quantity whose keys show what those of a row showed; None where there is none.

        Where a file does not tell what keys show, rows are counted, if the table has as many.
        """
        table = self.book.model.quantities[quantity].table
        names = [key.quantity for key in self.book.model.tables[table].keys if key.quantity]
        keys = tuple(self._showed(name, row) for name in names)
        if names and None not in keys:
            return self._rows_by_keys(table, tuple(names)).get(keys)
        size = self.book.model.quantities[quantity].size
        return row if row < size and size == self._sizes.get(quantity) else None

    def _showed(self, key: str, row: int) -> object:
        """Return what the cell of a key shows in the edited file; without a result, what the cell holds that it shows."""
        built = self._spots.get((key, row))
        spot = self.located.place(built) if built else None
        for _ in range(MOST_LINKS):
            cell = self.located.cell(spot)
            if spot is None or cell is None or cell.value is not None or not cell.is_formula:
                break
            found = references(self.located.formula(spot))
            spot = Spot(found[0].sheet or spot.sheet, found[0].row, found[0].column) if len(found) == 1 else None
        cell = self.located.cell(spot)
        return cell.value if cell else None

    def _rows_by_keys(self, table: str, names: tuple[str, ...]) -> dict[tuple[object, ...], int]:
        if table not in self._keyed:
            columns = [shown(self.book.values[name]) for name in names]
            self._keyed[table] = {keys: row for row, keys in enumerate(zip(*columns, strict=True))}
        return self._keyed[table]

    @cached_property
    def _spots(self) -> dict[tuple[str, int], Spot]:
        return {at: spot for spot, at in self._rows.items()}

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """Return how many rows each quantity had."""
        return dict(Counter(block_id for block_id, _ in self._rows.values()))

    @cached_property
    def known(self) -> set[Spot]:
        """Return where inputs and results stood when the file was built."""
        return {*self._ids, *self._rows}

    def row(self, sheet: str, row: int, now: int) -> Spot | None:
        """Return where a row of the build, which stands at ``now``, is in the new book: that of its cells, or as far from those around it.

        None where its cells went different ways.
        """
        if at := self.line(sheet, row, across=True):
            return Spot(*at, 0)
        is_known = (sheet, row) in self._lines[0]
        at_start = None if is_known else self.place(Spot(self.located.sheets[sheet] or "", now, 0))
        return at_start._replace(column=0) if at_start else None

    def line(self, sheet: str, line: int, *, across: bool) -> tuple[str, int] | None:
        """Return the sheet and the row (``across``), or the column, where those inputs and results stand that stood in one of the build.

        None where there are none, and where they went different ways. A column of labels stays where it was if all columns of the
        sheet do.
        """
        rows, columns = self._lines
        found = self._ways(rows if across else columns, sheet, line, across=across)
        if len(found) != 1 and not across and not columns.get((sheet, line)) and sheet in self.book.layout.sheets:
            is_still = all(self._ways(columns, *at, across=False) <= {at} for at in columns if at[0] == sheet)
            return (sheet, line) if is_still else None
        return found.pop() if len(found) == 1 else None

    def _ways(self, lines: Mapping[tuple[str, int], list[Spot]], sheet: str, line: int, *, across: bool) -> set[tuple[str, int]]:
        found = (self.of_build(spot) for spot in lines.get((sheet, line), ()))
        return {(now.sheet, now.row if across else now.column) for now in found if now}

    @cached_property
    def _lines(self) -> tuple[dict[tuple[str, int], list[Spot]], dict[tuple[str, int], list[Spot]]]:
        rows: dict[tuple[str, int], list[Spot]] = {}
        columns: dict[tuple[str, int], list[Spot]] = {}
        for spot in {**self._rows, **self._ids}:
            rows.setdefault((spot.sheet, spot.row), []).append(spot)
            columns.setdefault((spot.sheet, spot.column), []).append(spot)
        return rows, columns
