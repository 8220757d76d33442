"""Which tables and columns a workbook has: the first step from declarations to a model."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from workbook.declare.catalogues import ALWAYS, Catalogue, Entry, Formula
from workbook.declare.limits import check_bounds
from workbook.declare.schema import Column, InputsBlock, ListBlock, Sheet, TableBlock, ValuesBlock, ViewBlock
from workbook.declare.shown_units import UNIT, shown_unit
from workbook.errors import Place, suggest
from workbook.expr.units import UnknownUnitError
from workbook.model.builder import Maker
from workbook.model.each_row import rows_by_text
from workbook.model.entered import link_entered
from workbook.model.graph import CellRef, Key, Quantity, Table
from workbook.model.parents import check_circles, check_width, parent_rows, take_over
from workbook.model.rows import RowKeys, in_order_of_rows
from workbook.model.shows import show_cells
from workbook.model.views import add_banner, add_view

if TYPE_CHECKING:
    from collections.abc import Iterable

MIXED = "mixed"  # a column whose rows have different units, such as the list of all printed numbers


class Tabulator(Maker):
    """Turns blocks and cards into tables of quantities; expressions are kept in ``pending`` for later."""

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
        rows = [(block, sheet) for sheet, block in blocks if isinstance(block, TableBlock | ValuesBlock)]
        for block, sheet in in_order_of_rows(rows, {*self.model.tables, *self.model.declared.catalogues}, self.problems):
            self._rows(block, sheet)
        for sheet, block in blocks:
            if isinstance(block, ViewBlock):
                add_view(self, block, sheet)
        for block, _ in rows:
            if isinstance(block, TableBlock) and block.entered_in:
                link_entered(self, block)
        add_banner(self)
        show_cells(self, self.showing)
        for quantity in self.model.quantities.values():
            check_circles(quantity, self.problems)
            self._check_declared_unit(quantity)
            self._check_choices(quantity)
            self._check_limits(quantity)
            self._follow_names(quantity)

    def is_reference(self, declared: str) -> bool:
        """Tell whether inputs that are for reference in some workbooks are so in this one."""
        return declared in {ALWAYS, self.model.declared.basis}

    def _check_declared_unit(self, quantity: Quantity) -> None:
        if quantity.unit in {"text", MIXED}:
            return
        try:
            self.model.units.parse(quantity.unit)
        except UnknownUnitError as error:
            self.problems.add(quantity.place, f"'{quantity.id}': {error}", suggest(quantity.unit, self.model.units.names()))

    def _cards(self, catalogue: Catalogue) -> None:
        shown: dict[str, str | float] = {card.key: card.name for card in catalogue.cards.values()}
        table = self.add_table(
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
            quantity = self.add(
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
                    reference=self.is_reference(field.reference),
                    takes=field.takes,
                )
            )
            given = [(row, entry) for row, card in enumerate(catalogue.cards.values()) if (entry := card.entries.get(field.name))]
            self._fill(quantity, given)
            for _, entry in given:
                self._check_source(entry.figure.source if entry.figure else "", entry.place)

    def _fill(self, quantity: Quantity, entries: Iterable[tuple[int, Entry]]) -> None:
        """Give a quantity, by row, the figures and expressions of cards."""
        for row, entry in entries:
            if entry.formula:
                self.pending.append((quantity, entry.formula, (row,)))
                if entry.figure:
                    quantity.evidence[row] = entry.figure
            elif entry.figure and entry.computed:
                quantity.constants[row] = entry.figure.value
                quantity.evidence[row] = entry.figure
            elif entry.figure:
                quantity.inputs[row] = entry.figure
            if entry.alternate:
                quantity.alternates[row] = (entry.alternate_basis, entry.alternate)

    def _check_choices(self, quantity: Quantity) -> None:
        """A text input that names a card, or a row of a table, must name one that exists."""
        if not quantity.bounds.key:
            return
        choices = self.model.choices(quantity.bounds)
        if not choices:
            message = f"'{quantity.id}' is keyed by '{quantity.bounds.key}', no catalogue and no table with one key"
            self.problems.add(quantity.place, message)
            return
        what = "card" if quantity.bounds.key in self.model.declared.catalogues else "row"
        for figure in quantity.inputs.values():
            if figure.value not in choices:
                message = f"'{figure.value}' is not a {what} of '{quantity.bounds.key}'"
                fix = suggest(str(figure.value), choices) or ("give a card of your own with --overlay" if what == "card" else "")
                self.problems.add(figure.place, message, fix)

    def _check_limits(self, quantity: Quantity) -> None:
        """Inputs lie within the limits of their unit, too, which their declarations do not know."""
        for row, figure in quantity.inputs.items() if quantity.unit in self.model.declared.limits else ():
            check_bounds(figure.value, quantity.bounds, figure.place, self.model.cell_id(quantity.id, row), self.problems)

    def _follow_names(self, quantity: Quantity) -> None:
        """A choice among members that may be renamed is a link to the name of the one chosen, until another is chosen."""
        table = self.model.tables.get(quantity.bounds.key)
        cells = table.keys[0].cells if table and len(table.keys) == 1 else {}
        for row, figure in [*quantity.inputs.items()]:
            if figure.value in cells:
                quantity.links[row] = cells[str(figure.value)]
                quantity.evidence[row] = quantity.inputs.pop(row)

    def _check_source(self, source: str, place: Place) -> None:
        declared = self.model.declared
        if source and source not in declared.sources:
            hint = f"{suggest(source, declared.sources)} or add it to sources.yaml".removeprefix(" or ")
            self.problems.add(place, f"unknown source '{source}'", hint)
        elif source and declared.sources[source].basis not in {"", declared.basis}:
            message = f"source '{source}' is of basis '{declared.sources[source].basis}', but this workbook is of '{declared.basis}'"
            self.problems.add(place, message, "leave out the source's 'basis'")

    def _list(self, block: ListBlock) -> None:
        table = self.add_table(
            Table(
                block.name,
                "list",
                (Key("key", block.name, "", {key: str(key) for key in block.members}),),
                [(key,) for key in block.members],
                block.place,
            )
        )
        if table:
            quantity = self.add(
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
        if self.add_table(Table(block.name, "single", (), [()], block.place)):
            for column, figure in block.items:
                quantity = self.add(
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
                        width=column.width,
                        reference=self.is_reference(column.reference),
                    )
                )
                quantity.inputs[0] = figure
                self._check_source(figure.source, column.place)

    def _rows(self, block: TableBlock | ValuesBlock, sheet: Sheet) -> None:
        found = RowKeys(self.model, self.problems, block, sheet)
        keys, rows = found.keys, found.rows
        kind = "single" if isinstance(block, ValuesBlock) else "table"
        across = isinstance(block, TableBlock) and block.across
        parts = tuple(part.key for part in found.parts)
        table = self.add_table(Table(block.name, kind, tuple(keys), rows, block.place, split=sheet.each, across=across, parts=parts))
        if table is None:
            return
        if isinstance(block, TableBlock):
            check_width(block, table, self.problems)
            table.parents = parent_rows(block, table, self.problems)
        for key in keys:
            self.key_column(table, key)
        for part in found.parts:
            self.part_column(table, part)
        if isinstance(block, TableBlock) and block.collect:
            self._collect(block, table)
        if isinstance(block, TableBlock) and block.points and keys:
            self._points_columns(block, table)
        for data in block.data if isinstance(block, TableBlock) else ():
            if len(data.values) != len(table.rows):
                self.problems.add(data.place, f"'{data.name}' has {len(data.values)} values; '{table.name}' has {len(table.rows)} rows")
            quantity = self.add(Quantity(table.name, data.name, data.name.replace("_", " "), "1", len(table.rows), data.place, format="0"))
            quantity.constants = dict(enumerate(data.values))
        for column in block.columns if isinstance(block, TableBlock) else block.items:
            self._column(column, table)

    def _points_columns(self, block: TableBlock, table: Table) -> None:
        catalogue = self.model.declared.catalogues[block.points]
        fields = catalogue.points.fields.values() if catalogue.points else ()
        for field in fields:
            quantity = self.add(
                Quantity(
                    table.name,
                    field.name,
                    field.label,
                    field.unit,
                    len(table.rows),
                    field.place,
                    field.doc,
                    format=field.format,
                    bounds=field.bounds,
                    reference=self.is_reference(field.reference),
                )
            )
            entries = [point[field.name] for card in catalogue.cards.values() for point in card.points]
            self._fill(quantity, enumerate(entries))
            for first in (card.points[0][field.name] for card in catalogue.cards.values() if card.points):
                self._check_source(first.figure.source if first.figure else "", first.place)

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
            quantity = self.add(
                Quantity(table.name, field.name, field.label, field.unit, len(table.rows), field.place, field.doc, format=field.format)
            )
            quantity.links = {number: CellRef(f"{catalogue.name}.{field.name}", source.index[row]) for number, row in enumerate(table.rows)}

    def _column(self, column: Column, table: Table) -> None:
        quantity = self.add(
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
                section=column.section,
                width=column.width,
                reference=self.is_reference(column.reference),
            )
        )
        self._formats(column, quantity, table)
        if column.shows or column.beside or column.leads:
            self.showing.append((column, quantity))
        self._check_source(column.source, column.place)
        firsts = {group.start for group in table.groups()} if column.first or column.starts_blank else set()
        rest = tuple(row for row in range(len(table.rows)) if row not in firsts)
        if column.first:
            self.pending.append((quantity, column.first, tuple(sorted(firsts))))
        if column.expr:
            self.pending.append((quantity, column.expr, rest))
        elif column.case:
            self._cases(column, quantity, table)
        elif column.each_row:
            self._each_row(column.each_row, quantity, table, range(len(table.rows)))
        elif column.decimals_of:
            self._decimals(column, quantity, table)
        else:
            self._figures(column, quantity, table)
            if column.default:
                quantity.takes = True
                self.pending.append((quantity, column.default, tuple(row for row in range(quantity.size) if row not in quantity.inputs)))
            elif table.parents and not column.constants:
                take_over(quantity, table, column.parents, self.problems)

    def _formats(self, column: Column, quantity: Quantity, table: Table) -> None:
        """The number formats of single rows, by their last key."""
        members = [keys[-1] for keys in table.rows if keys]
        quantity.formats = {row: column.formats[member] for row, member in enumerate(members) if member in column.formats}
        for member in column.formats.keys() - set(members):
            message = f"'{quantity.id}' has a format for '{member}', which is not a row of '{table.name}'"
            self.problems.add(column.place, message, suggest(member, members))

    def _figures(self, column: Column, quantity: Quantity, table: Table) -> None:
        """Inputs or printed constants, nested by row keys; the last key alone serves all rows that have it, no key all rows."""
        rows_of: dict[tuple[str, ...], list[int]] = {}
        for number, keys in enumerate(table.rows):
            for path in {keys, keys[-1:], ()}:
                rows_of.setdefault(path, []).append(number)
        for path, figure in column.figures.items():
            rows = rows_of.get(path, [])
            if not rows:
                self.problems.add(figure.place, f"'{' '.join(path)}' is not a row of '{table.name}'")
            for row in rows:
                if column.constants:
                    is_unit = column.format == UNIT and isinstance(figure.value, str)
                    quantity.constants[row] = shown_unit(self.model.declared.shown_units, str(figure.value)) if is_unit else figure.value
                    quantity.evidence[row] = figure
                else:
                    quantity.inputs[row] = figure

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

    def _each_row(self, text: Formula, quantity: Quantity, table: Table, rows: Iterable[int]) -> None:
        for written, same in rows_by_text(text.text, table, rows).items():
            self.pending.append((quantity, Formula(written, text.place, text.text), tuple(same)))

    def _cases(self, column: Column, quantity: Quantity, table: Table) -> None:
        """An expression for each member of a key, or for all that a pattern such as ``*_h100`` matches and none before it does."""
        position = next((number for number, key in enumerate(table.keys) if key.name == column.switch), None)
        if position is None:
            self.problems.add(
                column.place,
                f"'switch: {column.switch}' is not a row key of '{table.name}'",
                suggest(column.switch, [key.name for key in table.keys]),
            )
            return
        left = dict.fromkeys(range(len(table.rows)))  # an ordered set
        for pattern, text in column.case.items():
            rows = [number for number in left if fnmatchcase(table.rows[number][position], pattern)]
            self._each_row(text, quantity, table, rows)
            left = {number: None for number in left if number not in set(rows)}
            if not rows:
                members = [row[position] for row in table.rows]
                taken = any(fnmatchcase(member, pattern) for member in members)
                message = "has members only that entries before it have" if taken else f"is not a member of '{column.switch}' here"
                fix = "put it before them, or leave it out" if taken else suggest(pattern, members)
                self.problems.add(text.place, f"'{pattern}' {message}", fix)
