"""Which tables and columns a workbook has: the first step from declarations to a model."""

from __future__ import annotations

from itertools import product

from workbook.errors import Place, Problems, suggest
from workbook.expr.units import UnknownUnitError
from workbook.model import Key, Model, Quantity, Table
from workbook.names import sheet_key, sheet_names
from workbook.schema import Catalogue, Column, Formula, InputsBlock, ListBlock, Sheet, TableBlock, ValuesBlock, ViewBlock

CHECKS, BANNER = "checks", "banner"
MIXED = "mixed"  # a column whose rows have different units, such as the list of all printed numbers


class Tabulator:
    """Turns blocks and cards into tables of quantities; expressions are kept in ``pending`` for later."""

    def __init__(self, model: Model, problems: Problems) -> None:
        """Fill ``model``; record what is wrong in ``problems``."""
        self.model = model
        self.problems = problems
        self.pending: list[tuple[Quantity, Formula, tuple[int, ...]]] = []

    def run(self) -> None:
        """Fill the model's tables and quantities."""
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
        table = self._table(
            Table(
                catalogue.name,
                "cards",
                (Key("key", catalogue.name, "", shown),),
                [(key,) for key in shown],
                catalogue.place,
                split=catalogue.name,
            )
        )
        if table is None:
            return
        for field in catalogue.fields.values():
            quantity = self._add(
                Quantity(
                    catalogue.name,
                    field.name,
                    field.label,
                    field.unit,
                    len(shown),
                    field.place,
                    field.doc,
                    format=field.format,
                    bounds=field.bounds,
                )
            )
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
        table = self._table(
            Table(
                block.name,
                "list",
                (Key("key", block.name, "", {key: str(key) for key in block.members}),),
                [(key,) for key in block.members],
                block.place,
            )
        )
        if table:
            quantity = self._add(
                Quantity(
                    block.name,
                    "value",
                    block.label,
                    block.unit,
                    len(block.members),
                    block.place,
                    block.doc,
                    format=block.format,
                    bounds=block.bounds,
                )
            )
            quantity.inputs = dict(enumerate(block.members.values()))
            for figure in block.members.values():
                self._check_source(figure.source, figure.place)

    def _inputs(self, block: InputsBlock, sheet: Sheet) -> None:
        if sheet.each:
            self.problems.add(block.place, f"inputs '{block.name}' stand on a sheet that is repeated", "put them on a sheet of their own")
        if self._table(Table(block.name, "single", (), [()], block.place)):
            for column, figure in block.items:
                quantity = self._add(
                    Quantity(
                        block.name,
                        column.name,
                        column.label,
                        column.unit,
                        1,
                        column.place,
                        column.doc,
                        figure.source,
                        column.format,
                        bounds=column.bounds,
                    )
                )
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
            keys.append(Key(row.name, row.of, f"{block.name}.{row.name}", shown, row.label, row.unit))
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
        position = table.keys.index(key)
        source = self.model.tables.get(key.of)
        if source and source.kind == "list":
            values = self.model.quantities[f"{key.of}.value"]
            label = key.label or values.label
            quantity = self._add(Quantity(table.name, key.name, label, values.unit, len(table.rows), table.place, format=values.format))
            quantity.links = {number: (values.id, source.index[row[position],]) for number, row in enumerate(table.rows)}
            return
        catalogue = self.model.declared.catalogues.get(key.of)
        label = key.label or (catalogue.label if catalogue else key.name.capitalize())
        numeric = all(isinstance(value, float) for value in key.shown.values())
        unit = (key.unit or "1") if numeric and key.shown else "text"
        quantity = self._add(Quantity(table.name, key.name, label, unit, len(table.rows), table.place))
        quantity.constants = {number: key.shown[row[position]] for number, row in enumerate(table.rows)}

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
            quantity = self._add(
                Quantity(table.name, field.name, field.label, field.unit, len(table.rows), field.place, field.doc, format=field.format)
            )
            quantity.links = {number: (f"{catalogue.name}.{field.name}", source.index[row]) for number, row in enumerate(table.rows)}

    def _column(self, column: Column, table: Table) -> None:
        quantity = self._add(
            Quantity(
                table.name,
                column.name,
                column.label,
                column.unit,
                len(table.rows),
                column.place,
                column.doc,
                column.source,
                column.format,
                column.headline,
                column.bounds,
            )
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
            self.problems.add(
                column.place,
                f"unknown column '{column.decimals_of}'",
                suggest(column.decimals_of, [name.partition(".")[2] for name in table.columns]),
            )
            return
        quantity.constants = {row: float(len(figure.raw.partition(".")[2])) for row, figure in (printed.inputs | printed.evidence).items()}

    def _cases(self, column: Column, quantity: Quantity, table: Table) -> None:
        position = next((number for number, key in enumerate(table.keys) if key.name == column.by), None)
        if position is None:
            self.problems.add(
                column.place, f"'by: {column.by}' is not a row key of '{table.name}'", suggest(column.by, [key.name for key in table.keys])
            )
            return
        for member, text in column.cases.items():
            rows = tuple(number for number, row in enumerate(table.rows) if row[position] == member)
            if rows:
                self.pending.append((quantity, text, rows))
            else:
                self.problems.add(
                    text.place, f"'{member}' is not a member of '{column.by}' here", suggest(member, table.keys[position].shown)
                )

    def _view(self, block: ViewBlock, sheet: Sheet) -> None:
        """A long table's column as rows by columns: every cell a link."""
        source = self.model.tables.get(block.table)
        column = self.model.quantities.get(f"{block.table}.{block.column}")
        names = [key.name for key in source.keys] if source else []
        if source is None or column is None or sorted(names) != sorted([block.rows, block.columns]) or sheet.each:
            self.problems.add(
                block.place,
                f"view '{block.name}' needs 'of: table.column' of a table with the keys 'rows' and 'columns'",
                f"'{block.table}' has the keys {', '.join(names)}" if names else "",
            )
            return
        down, right = (source.keys[names.index(name)] for name in (block.rows, block.columns))
        table = self._table(
            Table(
                block.name,
                "table",
                (Key(down.name, down.of, f"{block.name}.{down.name}", down.shown),),
                self._members(source, down),
                block.place,
            )
        )
        if table is None:
            return
        self._key_column(table, table.keys[0])
        for (member,) in self._members(source, right):
            if block.only and member not in block.only:
                continue
            quantity = self._add(
                Quantity(
                    block.name,
                    member,
                    str(right.shown[member]),
                    column.unit,
                    len(table.rows),
                    block.place,
                    column.doc,
                    format=column.format,
                )
            )
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
        failures = self._add(
            Quantity(
                CHECKS,
                "failures",
                "Checks that do not hold",
                "1",
                1,
                checks.place,
                "Number of failures in all checks above.",
                format="0",
                headline=True,
            )
        )
        status = self._add(
            Quantity(CHECKS, "status", "Master check", "text", 1, checks.place, "What every sheet shows beside its title.", headline=True)
        )
        self.pending.append((failures, Formula(" + ".join(items), checks.place), (0,)))
        self.pending.append(
            (status, Formula("'All checks hold' if failures == 0 else 'CHECK FAILS: see sheet Checks'", checks.place), (0,))
        )
        self.model.tables[BANNER] = Table(BANNER, "single", (), [()], checks.place)
        for name, _, _ in sheet_names(self.model.declared):
            self._add(Quantity(BANNER, sheet_key(name), "Master check", "text", 1, checks.place)).links[0] = (status.id, 0)
