"""Declarations to a resolved, unit-checked, ordered model."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest
from workbook.expr.check import Checker
from workbook.expr.parse import ExpressionError, parse
from workbook.expr.rules import TEXT, Type, UnitError
from workbook.expr.units import Units, UnknownUnitError, show
from workbook.model import Key, Model, Quantity, Table, Variant
from workbook.resolve import Resolver
from workbook.names import sheet_key, sheet_names
from workbook.schema import Column, Formula, InputsBlock, ListBlock, TableBlock, ValuesBlock, ViewBlock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbook.schema import Catalogue, Declarations, RowKey, Sheet

CHECKS, BANNER = "checks", "banner"
MIXED = "mixed"  # a column whose rows have different units, such as the list of all printed numbers


def compile_model(declared: Declarations) -> Model:
    """Build the model; raises WorkbookError with every problem found."""
    try:
        units = Units(Path(declared.units_file))
    except ValueError as error:
        raise WorkbookError([Diagnostic(Place("units.txt"), str(error))]) from None
    compiler = _Compiler(Model(declared, units, {}, {}, {}))
    compiler.declare()
    compiler.problems.raise_if_any()
    compiler.resolve()
    compiler.problems.raise_if_any()
    compiler.sort()
    compiler.problems.raise_if_any()
    return compiler.model


class _Compiler:
    """Three passes over the declarations: tables and columns, expressions, order."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.problems = Problems()
        self.pending: list[tuple[Quantity, Formula, tuple[int, ...]]] = []

    # First pass: which tables and columns there are.

    def declare(self) -> None:
        for catalogue in self.model.declared.catalogues.values():
            self._cards(catalogue)
        blocks = [(sheet, block) for sheet in self.model.declared.sheets for block in sheet.blocks]
        for sheet, block in blocks:
            if isinstance(block, ListBlock):
                self._list(block)
            elif isinstance(block, InputsBlock):
                self._inputs(block, sheet)
        for sheet, block in blocks:
            if isinstance(block, TableBlock | ValuesBlock):
                self._rows(block, sheet)
        for sheet, block in blocks:
            if isinstance(block, ViewBlock):
                self._view(block, sheet)
        self._banner()
        for quantity in self.model.quantities.values():
            self._check_declared_unit(quantity)

    def _table(self, table: Table) -> Table | None:
        if table.name in self.model.tables:
            first = self.model.tables[table.name].place
            self.problems.add(table.place, f"'{table.name}' is declared twice (first at {first})", "choose another name")
            return None
        self.model.tables[table.name] = table
        return table

    def _add(self, quantity: Quantity) -> Quantity:
        table = self.model.tables[quantity.table]
        if quantity.id in self.model.quantities:
            self.problems.add(quantity.place, f"'{quantity.id}' is declared twice", "choose another name")
        self.model.quantities[quantity.id] = quantity
        table.columns.append(quantity.id)
        return quantity

    def _check_declared_unit(self, quantity: Quantity) -> None:
        if quantity.unit in {"text", MIXED}:
            return
        try:
            self.model.units.parse(quantity.unit)
        except UnknownUnitError as error:
            self.problems.add(quantity.place, f"'{quantity.id}': {error}", suggest(quantity.unit, self.model.units.names()))

    def _cards(self, catalogue: Catalogue) -> None:
        shown: dict[str, str | float] = {card.key: card.name for card in catalogue.cards.values()}
        table = self._table(Table(catalogue.name, "cards", (Key("key", catalogue.name, "", shown),), [(key,) for key in shown], catalogue.place, split=catalogue.name))
        if table is None:
            return
        for field in catalogue.fields.values():
            quantity = self._add(Quantity(catalogue.name, field.name, field.label, field.unit, len(shown), field.place, field.doc, format=field.format, bounds=field.bounds))
            for row, card in enumerate(catalogue.cards.values()):
                entry = card.entries.get(field.name)
                if entry is None:
                    continue
                if entry.formula:
                    self.pending.append((quantity, entry.formula, (row,)))
                    if entry.figure:
                        quantity.evidence[row] = entry.figure
                elif entry.figure:
                    self._check_choice(quantity, str(entry.figure.value), entry.figure.place)
                    quantity.inputs[row] = entry.figure
                if entry.alternate:
                    quantity.alternates[row] = (entry.alternate_basis, entry.alternate)
                self._check_source(entry.figure.source if entry.figure else "", entry.place)

    def _check_choice(self, quantity: Quantity, value: str, place: Place) -> None:
        """A text input that names a card must name one that exists."""
        catalogue = self.model.declared.catalogues.get(quantity.bounds.key)
        if quantity.bounds.key and catalogue is None:
            self.problems.add(quantity.place, f"'{quantity.id}' is keyed by an unknown catalogue '{quantity.bounds.key}'")
        elif catalogue and value not in catalogue.cards:
            self.problems.add(place, f"'{value}' is not a card of '{catalogue.name}'", suggest(value, catalogue.cards))

    def _check_source(self, source: str, place: Place) -> None:
        if source and source not in self.model.declared.sources:
            self.problems.add(place, f"unknown source '{source}'", suggest(source, self.model.declared.sources))

    def _list(self, block: ListBlock) -> None:
        table = self._table(Table(block.name, "list", (Key("key", block.name, "", {key: str(key) for key in block.members}),), [(key,) for key in block.members], block.place))
        if table:
            quantity = self._add(Quantity(block.name, "value", block.label, block.unit, len(block.members), block.place, block.doc, format=block.format, bounds=block.bounds))
            quantity.inputs = dict(enumerate(block.members.values()))
            for figure in block.members.values():
                self._check_source(figure.source, figure.place)

    def _inputs(self, block: InputsBlock, sheet: Sheet) -> None:
        if sheet.each:
            self.problems.add(block.place, f"inputs '{block.name}' stand on a sheet that is repeated", "put them on a sheet of their own")
        if self._table(Table(block.name, "single", (), [()], block.place)):
            for column, figure in block.items:
                quantity = self._add(Quantity(block.name, column.name, column.label, column.unit, 1, column.place, column.doc, figure.source, column.format, bounds=column.bounds))
                quantity.inputs[0] = figure
                self._check_choice(quantity, str(figure.value), figure.place)
                self._check_source(figure.source, column.place)

    def _rows(self, block: TableBlock | ValuesBlock, sheet: Sheet) -> None:
        keys, members = self._keys(block, sheet)
        kind = "single" if isinstance(block, ValuesBlock) else "table"
        table = self._table(Table(block.name, kind, tuple(keys), list(product(*members)), block.place, split=sheet.each))
        if table is None:
            return
        for key in keys:
            self._key_column(table, key)
        if isinstance(block, TableBlock) and block.collect:
            self._collect(block, table)
        for column in block.columns if isinstance(block, TableBlock) else block.items:
            self._column(column, table)

    def _keys(self, block: TableBlock | ValuesBlock, sheet: Sheet) -> tuple[list[Key], list[list[str]]]:
        keys: list[Key] = []
        members: list[list[str]] = []
        if sheet.each:
            keys.append(Key(sheet.each_key, sheet.each, f"{block.name}.{sheet.each_key}", self._shown(sheet.each, sheet.place)))
            members.append(list(keys[0].shown))
        for row in block.rows if isinstance(block, TableBlock) else ():
            shown: dict[str, str | float] = dict(row.members) if row.members else self._shown(row.of, row.place)
            for member in row.only:
                if member not in shown:
                    self.problems.add(row.place, f"'{member}' is not a member of '{row.of}'", suggest(member, shown))
            keys.append(Key(row.name, row.of, f"{block.name}.{row.name}", shown))
            members.append([member for member in (row.only or shown) if member in shown])
        if isinstance(block, TableBlock) and not keys:
            self.problems.add(block.place, f"table '{block.name}' has no row keys")
        return keys, members

    def _shown(self, of: str, place: Place) -> dict[str, str | float]:
        if of in self.model.declared.catalogues:
            return {key: card.name for key, card in self.model.declared.catalogues[of].cards.items()}
        table = self.model.tables.get(of)
        if table and table.kind == "list":
            return {row[0]: row[0] for row in table.rows}
        known = [*self.model.declared.catalogues, *(name for name, item in self.model.tables.items() if item.kind == "list")]
        self.problems.add(place, f"'{of}' is neither a catalogue nor a list", suggest(of, known))
        return {}

    def _key_column(self, table: Table, key: Key) -> None:
        """A key's column shows names, or links to the cells of the list it runs over."""
        position = [item.name for item in table.keys].index(key.name)
        source = self.model.tables.get(key.of)
        catalogue = self.model.declared.catalogues.get(key.of)
        spec = self._row_key(table, key.name)
        label = (spec.label if spec else "") or (catalogue.label if catalogue else key.name.capitalize())
        if source and source.kind == "list":
            values = self.model.quantities[f"{key.of}.value"]
            quantity = self._add(Quantity(table.name, key.name, (spec.label if spec else "") or values.label, values.unit, len(table.rows), table.place, format=values.format))
            quantity.links = {number: (values.id, source.index[(row[position],)]) for number, row in enumerate(table.rows)}
            return
        numeric = all(isinstance(value, float) for value in key.shown.values())
        unit = ((spec.unit if spec else "") or "1") if numeric and key.shown else "text"
        quantity = self._add(Quantity(table.name, key.name, label, unit, len(table.rows), table.place))
        quantity.constants = {number: key.shown[row[position]] for number, row in enumerate(table.rows)}

    def _row_key(self, table: Table, name: str) -> RowKey | None:
        for sheet in self.model.declared.sheets:
            for block in sheet.blocks:
                if isinstance(block, TableBlock) and block.name == table.name:
                    return next((row for row in block.rows if row.name == name), None)
        return None

    def _collect(self, block: TableBlock, table: Table) -> None:
        catalogue = self.model.declared.catalogues.get(block.collect)
        if catalogue is None or [key.of for key in table.keys] != [block.collect]:
            self.problems.add(block.place, f"'collect: {block.collect}' needs a catalogue, and rows with that one key")
            return
        self.model.collected[block.collect] = table.name
        source = self.model.tables[block.collect]
        for field in catalogue.fields.values():
            if field.optional:
                continue
            quantity = self._add(Quantity(table.name, field.name, field.label, field.unit, len(table.rows), field.place, field.doc, format=field.format))
            quantity.links = {number: (f"{catalogue.name}.{field.name}", source.index[row]) for number, row in enumerate(table.rows)}

    def _column(self, column: Column, table: Table) -> None:
        quantity = self._add(
            Quantity(table.name, column.name, column.label, column.unit, len(table.rows), column.place, column.doc, column.source, column.format, column.headline, column.bounds)
        )
        self._check_source(column.source, column.place)
        firsts = {group.start for group in table.groups()} if column.first or column.starts_blank else set()
        rest = tuple(row for row in range(len(table.rows)) if row not in firsts)
        if column.first:
            self.pending.append((quantity, column.first, tuple(sorted(firsts))))
        if column.expr:
            self.pending.append((quantity, column.expr, rest))
        elif column.cases:
            self._cases(column, quantity, table)
        elif column.decimals_of:
            self._decimals(column, quantity, table)
        else:
            self._figures(column, quantity, table)

    def _figures(self, column: Column, quantity: Quantity, table: Table) -> None:
        """Inputs or printed constants, nested by row keys; the last key alone serves all rows that have it."""
        for path, figure in column.figures.items():
            rows = [number for number, row in enumerate(table.rows) if path in (row, row[-1:])]
            if not rows:
                self.problems.add(figure.place, f"'{' '.join(path)}' is not a row of '{table.name}'")
            for row in rows:
                if column.printed:
                    quantity.constants[row] = figure.value
                    quantity.evidence[row] = figure
                else:
                    quantity.inputs[row] = figure
            self._check_choice(quantity, str(figure.value), figure.place)

    def _decimals(self, column: Column, quantity: Quantity, table: Table) -> None:
        """The number of decimals that a figure is printed with, from its text."""
        printed = self.model.quantities.get(f"{table.name}.{column.decimals_of}")
        if printed is None:
            self.problems.add(column.place, f"unknown column '{column.decimals_of}'", suggest(column.decimals_of, [name.partition(".")[2] for name in table.columns]))
            return
        quantity.constants = {row: float(len(figure.raw.partition(".")[2])) for row, figure in (printed.inputs | printed.evidence).items()}

    def _cases(self, column: Column, quantity: Quantity, table: Table) -> None:
        position = next((number for number, key in enumerate(table.keys) if key.name == column.by), None)
        if position is None:
            self.problems.add(column.place, f"'by: {column.by}' is not a row key of '{table.name}'", suggest(column.by, [key.name for key in table.keys]))
            return
        for member, text in column.cases.items():
            rows = tuple(number for number, row in enumerate(table.rows) if row[position] == member)
            if rows:
                self.pending.append((quantity, text, rows))
            else:
                self.problems.add(text.place, f"'{member}' is not a member of '{column.by}' here", suggest(member, table.keys[position].shown))

    def _view(self, block: ViewBlock, sheet: Sheet) -> None:
        """A long table's column as rows by columns: every cell a link."""
        source = self.model.tables.get(block.table)
        column = self.model.quantities.get(f"{block.table}.{block.column}")
        names = [key.name for key in source.keys] if source else []
        if source is None or column is None or sorted(names) != sorted([block.rows, block.columns]) or sheet.each:
            self.problems.add(block.place, f"view '{block.name}' needs 'of: table.column' of a table with the keys 'rows' and 'columns'", f"'{block.table}' has the keys {', '.join(names)}" if names else "")
            return
        down, right = (source.keys[names.index(name)] for name in (block.rows, block.columns))
        table = self._table(Table(block.name, "table", (Key(down.name, down.of, f"{block.name}.{down.name}", down.shown),), self._members(source, down), block.place))
        if table is None:
            return
        self._key_column(table, table.keys[0])
        for (member,) in self._members(source, right):
            if block.only and member not in block.only:
                continue
            quantity = self._add(Quantity(block.name, member, str(right.shown[member]), column.unit, len(table.rows), block.place, column.doc, format=column.format))
            for row, (key,) in enumerate(table.rows):
                found = source.index.get((key, member) if names[0] == block.rows else (member, key))
                if found is not None:
                    quantity.links[row] = (column.id, found)

    @staticmethod
    def _members(table: Table, key: Key) -> list[tuple[str, ...]]:
        """Return the members of a key in the order of a table's rows."""
        position = table.keys.index(key)
        return [(member,) for member in dict.fromkeys(keys[position] for keys in table.rows)]

    def _banner(self) -> None:
        """The number of failed checks, in words on the Checks sheet and on every sheet."""
        checks = next((table for table in self.model.tables.values() if table.name == CHECKS), None)
        if checks is None:
            return
        items = [name.partition(".")[2] for name in checks.columns]
        failures = self._add(Quantity(CHECKS, "failures", "Checks that do not hold", "1", 1, checks.place, "Number of failures in all checks above.", format="0", headline=True))
        status = self._add(Quantity(CHECKS, "status", "Master check", "text", 1, checks.place, "What every sheet shows beside its title.", headline=True))
        self.pending.append((failures, Formula(" + ".join(items), checks.place), (0,)))
        self.pending.append((status, Formula("'All checks hold' if failures == 0 else 'CHECK FAILS: see sheet Checks'", checks.place), (0,)))
        self.model.tables[BANNER] = Table(BANNER, "single", (), [()], checks.place)
        for name, _, _ in sheet_names(self.model.declared):
            self._add(Quantity(BANNER, sheet_key(name), "Master check", "text", 1, checks.place)).links[0] = (status.id, 0)

    # Second pass: what the expressions mean.

    def resolve(self) -> None:
        checker = Checker(self.model.units, self._type_of)
        resolvers: dict[str, Resolver] = {}
        for quantity, text, rows in self.pending:
            resolver = resolvers.setdefault(quantity.table, Resolver(self.model, self.model.tables[quantity.table]))
            try:
                tree = resolver.resolve(parse(text.text))
                found, lowered = checker.check(tree)
                self._check_unit(quantity, found)
            except (ExpressionError, UnitError) as error:
                self.problems.add(text.place.shifted(error.at), f"'{quantity.id}': {error.message}", error.fix)
                continue
            quantity.variants.append(Variant(tree, lowered, rows, text))

    def _type_of(self, name: str) -> Type:
        unit = self.model.quantities[name].unit
        if unit == "text":
            return TEXT
        return Type("number", None if unit == MIXED else self.model.units.parse(unit))

    def _check_unit(self, quantity: Quantity, found: Type) -> None:
        if quantity.is_text != (found.kind == "text") or found.kind == "boolean":
            raise UnitError(0, f"the expression gives a {found.kind} but the unit is '{quantity.unit}'", "indicator(...) turns a comparison into 1 or 0")
        if quantity.is_text or quantity.unit == MIXED:
            return
        declared = self.model.units.parse(quantity.unit)
        given = self.model.units.one if found.unit is None else found.unit
        if not self.model.units.same(given, declared):
            raise UnitError(0, f"the expression is in '{show(given)}' but '{quantity.unit}' is declared", self.model.units.missing(declared, given))

    # Third pass: the order of calculation.

    def sort(self) -> None:
        needs = {name: self.model.needs(quantity) for name, quantity in self.model.quantities.items()}
        state: dict[str, int] = {}
        for name in needs:
            self._visit(name, needs, state)

    def _visit(self, start: str, needs: dict[str, list[str]], state: dict[str, int]) -> None:
        """Depth first, without recursion: chains can be longer than Python's stack."""
        if state.get(start):
            return
        stack = [(start, iter(needs[start]))]
        state[start] = 1
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[name] = 2
                self.model.order.append(name)
                stack.pop()
            elif state.get(following) == 1:
                chain = [item for item, _ in stack]
                self._cycle([*chain[chain.index(following) :], following])
                return
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(needs[following])))

    def _cycle(self, chain: Iterable[str]) -> None:
        names = list(chain)
        self.problems.add(self.model.quantities[names[0]].place, "a cycle: " + " -> ".join(names), "one of these must not depend on the others")
