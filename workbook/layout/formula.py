"""Trees and layout to Excel formula text: A1 references, portable functions, brackets where Excel needs them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from workbook.errors import Diagnostic, WorkbookError
from workbook.expr.functions import ADDING, AGGREGATES, ATOM, FUNCTIONS, MULTIPLYING, Function
from workbook.expr.nodes import Call, Cell, Fixed, Lookup, Neighbour, Number, Recorded, Span, Text, Total, Tree
from workbook.expr.typed import ID
from workbook.xlsx.a1 import RECORD_SHEET, column_letters, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbook.layout.plan import Layout, Segment
    from workbook.model.graph import CellRef, Quantity, Table

OWN, BEFORE = "\x01", "\x02"  # stand for the formula's own row number (column letters, in a table across) and the one before
PLACE = "\x03"  # on both sides of the number of a cell that each row looks up
MAXIMUM_LENGTH, MAXIMUM_NESTING = 8_192, 64  # Excel refuses a file with a formula beyond these
_BRACKET = re.compile(r"[()]")


class TooLongError(Exception):
    """A formula outgrew what Excel takes while it was being written."""


def number_text(value: float) -> str:
    """Return a number as Excel reads it, to the last digit."""
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 integers print without exponent up to here
        return str(int(value))
    return repr(value).upper()


def formulas(layout: Layout, quantity: Quantity) -> Iterator[tuple[int, str]]:
    """Yield (row, formula text without =) for every formula and link of a quantity.

    Raises WorkbookError for a formula that Excel would refuse.
    """
    for written in patterns(layout, quantity):
        yield written.row, written.text


class Written(NamedTuple):
    """The formula of a row.

    ``pattern`` is equal for formulas of a segment that say the same but for the cells that each row looks up, and empty where
    each row has a text of its own. ``opened`` is the text with those cells left open (see ``with_cells``), and ``cells`` what they are.
    """

    row: int
    text: str
    pattern: str = ""
    opened: str = ""
    cells: tuple[str, ...] = ()


def with_cells(opened: str, cells: Iterable[str]) -> str:
    """Return a text with cells in the places that were left open for them."""
    for number, cell in enumerate(cells):
        opened = opened.replace(f"{PLACE}{number}{PLACE}", cell)
    return opened


def patterns(layout: Layout, quantity: Quantity, most: int | None = None) -> Iterator[Written]:
    """Yield what ``formulas`` does, with what formulas have in common. What was typed into inputs comes last.

    With ``most`` it is so many of the links, and of each expression.
    """
    for row, target in islice(quantity.links.items(), most):
        yield Written(row, _link(layout, layout.segment(quantity.id, row), quantity.id, target))
    table = layout.model.tables[quantity.table]
    for variant in quantity.variants:
        try:
            for written in _variant(layout, table, quantity, variant.lowered, variant.rows[:most]):
                _check_size(written.text)
                yield written
        except TooLongError:
            message = f"'{quantity.id}': the formula has more than {MAXIMUM_LENGTH:,} characters or {MAXIMUM_NESTING} nested brackets"
            raise WorkbookError([Diagnostic(variant.formula.place, message, "split it into helper columns")]) from None
    for row, typed in quantity.typed.items():
        yield Written(row, typed_text(layout, layout.segment(quantity.id, row).sheet, typed.text))


def typed_text(layout: Layout, home: str, text: str) -> str:
    """Return a formula that was typed into an input, with references to where its cells stand in place of their ids."""

    def reference(match: re.Match[str]) -> str:
        at = layout.model.find(match["id"]) if match["id"] else None
        if at is None:
            return match[0]
        # The sheet stands before the first end of a range only.
        sheet = layout.segment(*at).sheet if text[: match.start()].endswith(":") else home
        return _address(layout, sheet, *at, fixed=(bool(match["row"]), bool(match["column"])))

    return ID.sub(reference, text)


def _check_size(text: str) -> None:
    """Raise TooLongError for a formula that is too long, or nested too deeply (brackets in texts aside)."""
    if len(text) >= MAXIMUM_LENGTH:
        raise TooLongError
    if text.count("(") <= MAXIMUM_NESTING:
        return
    depth = 0
    for bracket in _BRACKET.findall("".join(text.split('"')[::2])):
        depth += 1 if bracket == "(" else -1
        if depth > MAXIMUM_NESTING:
            raise TooLongError


def _variant(layout: Layout, table: Table, quantity: Quantity, tree: Tree, rows: tuple[int, ...]) -> Iterator[Written]:
    """One expression over its rows: written once a segment, with the row number or the column letters filled in."""
    segment, template, writer = None, "", _Writer(layout, table, "", 0)
    for row in rows:
        if segment is None or row not in segment.rows:
            segment, template = layout.segment(quantity.id, row), ""
        if not template:
            writer = _Writer(layout, table, segment.sheet, row)
            text, _ = writer.write(tree)
            if writer.fixed_to_row:
                yield Written(row, _filled(with_cells(text, writer.looked_up(row)), segment, row))
                continue
            template = text
        opened, cells = _filled(template, segment, row), writer.looked_up(row)
        yield Written(row, with_cells(opened, cells), template, opened, cells)


def _filled(template: str, segment: Segment, row: int) -> str:
    number, column = segment.cell(row)
    if segment.across:
        return template.replace(OWN, column_letters(column)).replace(BEFORE, column_letters(column - 1))
    return template.replace(OWN, str(number + 1)).replace(BEFORE, str(number))


def _reference(layout: Layout, home: str, quantity: str, row: int) -> str:
    """Return the reference to one cell, by name where it has one."""
    return layout.name_of(quantity, row) or _address(layout, home, quantity, row)


def _link(layout: Layout, segment: Segment, owner: str, target: CellRef) -> str:
    """Return the text of a cell of ``owner`` that shows another: a copy of it, or of its whole row, still shows that one.

    A member's link to its parent keeps to the parent and follows the quantity: of a member copied over another both take
    their values from the same parent.
    """
    fixed = (not segment.across, segment.across) if target.quantity == owner else (True, True)
    return _address(layout, segment.sheet, target.quantity, target.row, fixed)


def _address(layout: Layout, home: str, quantity: str, row: int, fixed: tuple[bool, bool] = (True, True)) -> str:
    """Return the A1 reference to one cell; ``fixed`` says whether its row and its column stay as they are in a copy."""
    sheet, r, c = layout.cell(quantity, row)
    cell = f"{'$' * fixed[1]}{column_letters(c)}{'$' * fixed[0]}{r + 1}"
    return cell if sheet == home else f"{quoted(sheet)}!{cell}"


class _Writer:
    """Writes one tree for the rows of a table on one sheet; returns text and how tightly it binds."""

    def __init__(self, layout: Layout, table: Table, home: str, row: int) -> None:
        self.layout, self.table, self.home, self.row = layout, table, home, row
        self.fixed_to_row = False
        self.beside: list[Lookup] = []  # by the number of their place in the text: cells that each row looks up

    def looked_up(self, row: int) -> tuple[str, ...]:
        """Return the references to the cells that a row looks up, in the order of their places."""
        return tuple(
            [
                _reference(self.layout, self.home, found.quantity, found.beside[row])
                for found in self.beside
                if isinstance(found.beside, tuple)
            ]
        )

    def write(self, tree: Tree) -> tuple[str, int]:
        match tree:
            case Number(value=value):
                return number_text(value), ADDING if value < 0 else ATOM
            case Text(value=text):
                return '"' + text.replace('"', '""') + '"', ATOM
            case Cell(quantity=quantity):
                return self._cell(quantity, OWN), ATOM
            case Neighbour(quantity=quantity):
                return self._cell(quantity, BEFORE), ATOM
            case Fixed(quantity=quantity, row=row):
                return _reference(self.layout, self.home, quantity, row), ATOM
            case Lookup():
                return self._lookup(tree), ATOM
            case Span(quantity=quantity, conditions=conditions):
                return self._range(quantity, conditions), ATOM
            case Total():
                return self._total(tree), ATOM
            case Recorded(address=address):
                return f"{quoted(RECORD_SHEET)}!{address}", ATOM
            case Call(function=function, arguments=arguments):
                return self._call(FUNCTIONS[function], arguments)
            case _:
                raise TypeError(f"{type(tree).__name__} has no formula")

    def _cell(self, quantity: str, marker: str) -> str:
        table = self.layout.model.tables[self.layout.model.quantities[quantity].table]
        if table.name == self.table.name and table.kind == "table":
            segment = self.layout.segment(quantity, self.row)
            return f"{marker}{segment.row + 1}" if segment.across else f"{column_letters(segment.column)}{marker}"
        if table.name == self.table.name:
            self.fixed_to_row = True
            return _reference(self.layout, self.home, quantity, self.row)
        return _reference(self.layout, self.home, quantity, 0)

    def _call(self, entry: Function, arguments: tuple[Tree, ...]) -> tuple[str, int]:
        operator = entry.operator
        if operator is None or not operator.symbol:
            parts = [self.write(argument)[0] for argument in arguments]
            form = entry.excel
            text = form.replace("{*}", ",".join(parts)) if "{*}" in form else form.format(*parts, **self._by_place(arguments, parts))
            if len(text) >= MAXIMUM_LENGTH:
                raise TooLongError
            return text, operator.level if operator else ATOM
        if len(arguments) == 1:
            return operator.symbol + self._bracketed(arguments[0], operator.left), operator.level
        left, right = self._bracketed(arguments[0], operator.left), self._bracketed(arguments[1], operator.right)
        return f"{left}{operator.symbol}{right}", operator.level

    def _by_place(self, arguments: tuple[Tree, ...], parts: list[str]) -> dict[str, str]:
        """Return the texts in which INDEX counts the cells of a range, their number, and the cell at the last argument's place.

        Engines differ in what INDEX(range, n) is in a range of one row, so that the row is given too.
        """
        found = {}
        for number, (argument, part) in enumerate(zip(arguments, parts, strict=True)):
            if isinstance(argument, Span):
                across = self._across(argument.quantity)
                found[f"cells{number}"] = f"{part},1" if across else part
                found[f"at{number}"] = _at(part, parts[-1], across=across)
                found[f"size{number}"] = f"{'COLUMNS' if across else 'ROWS'}({part})"
        return found

    def _across(self, quantity: str) -> bool:
        model = self.layout.model
        return model.tables[model.quantities[quantity].table].across

    def _bracketed(self, tree: Tree, need: int) -> str:
        text, level = self.write(tree)
        return text if level >= need else f"({text})"

    def _range(self, quantity: str, conditions: tuple[tuple[str, Tree], ...] = ()) -> str:
        """Return an absolute range: all cells of a quantity, or the block of rows that the keys select."""
        model = self.layout.model
        table = model.tables[model.quantities[quantity].table]
        rows: list[int] | range = range(len(table.rows))
        if conditions:
            self.fixed_to_row = True
            rows = model.static_rows(table, conditions, self.table, self.row) or []
        sheet, text = self.layout.area(quantity, rows[0], rows[-1])
        return text if sheet == self.home else f"{quoted(sheet)}!{text}"

    def _lookup(self, tree: Lookup) -> str:
        model = self.layout.model
        target = model.quantities[tree.quantity]
        table = model.tables[target.table]
        if isinstance(tree.beside, int):
            return self._in_row_below(tree.quantity, tree.beside)
        if tree.beside is not None:
            self.beside.append(tree)
            return f"{PLACE}{len(self.beside) - 1}{PLACE}"
        if table.split:
            self.fixed_to_row = True
            members = tuple(
                model.static_member(key, self.table, self.row, own) or "" for key, own in zip(tree.keys, table.keys, strict=True)
            )
            return _reference(self.layout, self.home, tree.quantity, table.index[members])
        values = self._range(tree.quantity)
        keys = [(self._range(own.quantity), self.write(key)[0]) for own, key in zip(table.keys, tree.keys, strict=True)]
        if len(keys) == 1:
            return _at(values, f"MATCH({keys[0][1]},{keys[0][0]},0)", across=table.across)
        return f"AVERAGEIFS({values},{','.join(f'{area},{key}' for area, key in keys)})"

    def _in_row_below(self, quantity: str, offset: int) -> str:
        """Return the formula for a quantity's cell in the row that is ``offset`` below our own, by the rows of the tables.

        By its place in the column, not by a relative reference: LibreOffice 7.4 computes columns of such formulas in groups, and
        took values from before the recalculation where two tables refer to each other.
        """
        keys = self.layout.segment(self.table.keys[0].quantity, self.row)
        column = column_letters(keys.column)
        return _at(self._beside(quantity, offset), f"ROWS({column}${keys.row + 1}:{column}{OWN})", across=False)

    def _beside(self, quantity: str, offset: int) -> str:
        """Return the range of a quantity's cells that belong to the rows of our own table."""
        sheet, text = self.layout.area(quantity, offset, offset + len(self.table.rows) - 1)
        return text if sheet == self.home else f"{quoted(sheet)}!{text}"

    def _total(self, tree: Total) -> str:
        entry = AGGREGATES[tree.function]
        element = tree.element.quantity if isinstance(tree.element, Cell) else ""
        simple = bool(element) and self.layout.model.quantities[element].table == tree.table
        tests = self._tests(tree)
        # A criterion with a sign is a text, in which spreadsheets keep 15 significant digits of the number.
        criteria = ",".join(f"{area},{value}" if sign == "=" else f'{area},"{sign}"&{value}' for area, sign, value in tests)
        if entry.counts:
            table = self.layout.model.tables[tree.table]
            size = "COLUMNS" if table.across else "ROWS"
            return f"COUNTIFS({criteria})" if tests else f"{size}({self._range(table.columns[0])})"
        if simple and (not tests or tree.in_block):
            return f"{entry.excel}({self._range(element, tree.conditions)})"
        factors = [f"({area}{sign}{value})" for area, sign, value in tests]
        if simple:
            return entry.with_conditions(self._range(element), "*".join(factors), criteria)
        ranges = _RangeWriter(self, tree.table)
        return f"SUMPRODUCT({'*'.join([*factors, f'({ranges.write(tree.element)[0]})'])})"

    def _tests(self, tree: Total) -> list[tuple[str, str, str]]:
        """Return the conditions and bounds of an aggregate: range, sign and value."""
        compared = [(quantity, "equal", value) for quantity, value in tree.conditions]
        compared += [(bound.quantity, bound.relation, bound.value) for bound in tree.bounds]
        tests = []
        for quantity, relation, value in compared:
            operator = FUNCTIONS[relation].operator
            tests.append((self._range(quantity), operator.symbol if operator else "", self._bracketed(value, MULTIPLYING)))
        return tests


def _at(cells: str, place: str, *, across: bool) -> str:
    """Return the formula for the cell at a place of a range; Gnumeric knows no INDEX of a range of one cell."""
    first, _, last = cells.rpartition("!")[2].partition(":")
    if first == last:
        return f"CHOOSE({place},{cells.removesuffix(f':{last}')})"
    return f"INDEX({cells},{'1,' if across else ''}{place})"


class _RangeWriter(_Writer):
    """Writes the element of an aggregate with whole columns in place of cells."""

    def __init__(self, outer: _Writer, table: str) -> None:
        super().__init__(outer.layout, outer.layout.model.tables[table], outer.home, outer.row)

    def _in_row_below(self, quantity: str, offset: int) -> str:
        return self._beside(quantity, offset)

    def _cell(self, quantity: str, marker: str) -> str:
        if self.layout.model.quantities[quantity].table == self.table.name:
            return self._range(quantity)
        return super()._cell(quantity, marker)
