"""Names in expressions to quantities of the model."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.errors import suggest
from workbook.expr.functions import AGGREGATES, FUNCTIONS
from workbook.expr.nodes import Bound, Call, Cell, Find, Fixed, Lookup, Name, Neighbour, Number, Over, Pick, Span, Text, Total, Tree, walk
from workbook.expr.parse import NEIGHBOURS, TURNED, ExpressionError
from workbook.model.each_row import MEMBER

if TYPE_CHECKING:
    from workbook.model.graph import Key, Model, Table

_NONE = -1  # no row


class Resolver:
    """Resolves the trees of one table's columns."""

    def __init__(self, model: Model, table: Table) -> None:
        """``table`` is the one whose rows the expression is written for."""
        self.model, self.table = model, table
        self.rows: tuple[int, ...] = ()  # those at hand
        self.picked: dict[str, str] = {}  # the members of row keys that choose columns, in the rows at hand
        self.siblings = {quantity.name: quantity.id for quantity in model.quantities.values() if quantity.table == table.name}
        self.beside: dict[tuple[str | Tree, ...], int | tuple[int, ...] | None] = {}  # by table and keys, wherever they are written
        self.written: dict[tuple[str, ...], tuple[int, ...]] = {}  # the same for keys whose members are written

    def by_picks(self, tree: Tree, rows: tuple[int, ...]) -> list[tuple[Resolver, tuple[int, ...]]]:
        """Return who resolves an expression for which rows: others for each member of the row keys that choose columns in it.

        Raises ExpressionError where what chooses a column is not a row key.
        """
        known = [key.name for key in self.table.keys]
        keys = {node.by.name: node.by for node in walk(tree) if isinstance(node, Pick)}
        for by in keys.values():
            if by.name not in known:
                raise ExpressionError(
                    by.at, f"'{by.name}' is not a row key of this table, and only such choose columns", suggest(by.name, known)
                )
        if not keys:
            return [(self, rows)]
        positions = [known.index(name) for name in keys]
        found: dict[tuple[str, ...], list[int]] = {}
        for row in rows:
            found.setdefault(tuple(self.table.rows[row][position] for position in positions), []).append(row)
        resolvers = [copy(self) for _ in found]
        for resolver, members in zip(resolvers, found, strict=True):
            resolver.picked = dict(zip(keys, members, strict=True))
        return [(resolver, tuple(part)) for resolver, part in zip(resolvers, found.values(), strict=True)]

    def resolve_for(self, rows: tuple[int, ...], tree: Tree) -> Tree:
        """Return the tree of an expression for some rows with every name replaced; raises ExpressionError."""
        self.rows = rows
        return self.resolve(tree)

    def resolve(self, tree: Tree) -> Tree:
        """Return a part of the tree with every name replaced; raises ExpressionError."""
        match tree:
            case Name():
                return self._name(tree)
            case Find():
                return self._find(tree)
            case Pick(table=table, keys=keys, by=by, at=at):
                return self._find(Find(table, keys, self.picked[by.name], at))
            case Over():
                return self._span(tree)
            case Call(function=function, arguments=(Over() as over,), at=at) if function in AGGREGATES:
                return self._total(function, over, at)
            case Call(function=function, arguments=(Name() as name,), at=at) if function in NEIGHBOURS:
                cell = self._name(name)
                if not isinstance(cell, Cell) or self.model.quantities[cell.quantity].table != self.table.name:
                    raise ExpressionError(name.at, f"'{name.name}' is not a column of this table")
                return Neighbour(cell.quantity, NEIGHBOURS[function], at)
            case Call(function=function, arguments=arguments, at=at):
                resolved = tuple(self.resolve(argument) for argument in arguments)
                if FUNCTIONS[function].of_one_way:
                    self._check_same_way(function, resolved, at)
                if function in {"equal", "not_equal"}:
                    resolved = self._shown_keys(resolved)
                return Call(function, resolved, at)
            case _:
                return tree

    def _check_same_way(self, function: str, arguments: tuple[Tree, ...], at: int) -> None:
        """A line is fitted through two ranges that both run down or both across: engines refuse others."""
        tables = [self.model.tables[self.model.quantities[a.quantity].table] for a in arguments if isinstance(a, Span)]
        if len({table.across for table in tables}) > 1:
            down, across = sorted(tables, key=lambda table: table.across)
            message = f"'{function}' needs ranges that run the same way: '{across.name}' runs across, '{down.name}' down"
            raise ExpressionError(at, message, "take both from one table")

    def _name(self, tree: Name) -> Tree:
        if tree.name in self.siblings:
            return Cell(self.siblings[tree.name], tree.at)
        owner, _, item = tree.name.partition(".")
        group = self.model.tables.get(owner)
        if item and group and group.kind == "list":
            row = group.index.get((item,))
            if row is not None:
                return Fixed(f"{owner}.value", row, tree.at)
        elif item and group and not group.keys:
            if tree.name in self.model.quantities:
                return Cell(tree.name, tree.at)
            known = [name.partition(".")[2] for name in group.columns]
            raise ExpressionError(tree.at, f"unknown name '{tree.name}'", suggest(item, known))
        elif item and group:
            raise ExpressionError(tree.at, f"'{owner}' has rows: write {owner}[key].{item}")
        known = [*self.siblings, *(name for name in self.model.quantities if not self.model.tables[name.partition(".")[0]].keys)]
        raise ExpressionError(tree.at, f"unknown name '{tree.name}'", suggest(tree.name, known))

    def _find(self, tree: Find) -> Tree:
        table = self.model.tables.get(tree.table)
        if table is None or not table.keys:
            with_rows = [name for name, item in self.model.tables.items() if item.keys]
            raise ExpressionError(tree.at, f"unknown table '{tree.table}'", suggest(tree.table, with_rows))
        table = self._with_column(table, tree.column)
        quantity = self._column(table, tree.column, tree.at)
        if len(tree.keys) != len(table.keys):
            names = ", ".join(key.name for key in table.keys)
            raise ExpressionError(tree.at, f"'{tree.table}' is looked up by {len(table.keys)} keys ({names}), not {len(tree.keys)}")
        if all(isinstance(key, Text) for key in tree.keys):
            members = tuple(key.value for key in tree.keys if isinstance(key, Text))
            if any(MEMBER.fullmatch(member) for member in members):
                return Lookup(quantity, self._written_keys(members), tree.at, self._written_rows(table, members, tree))
            return Fixed(quantity, self._written_row(table, members, tree), tree.at)
        keys = tuple(self._key(key, node) for key, node in zip(table.keys, tree.keys, strict=True))
        return self._lookup(table, quantity, keys, tree)

    def _written_row(self, table: Table, members: tuple[str, ...], tree: Find) -> int:
        """Return the row of a table with these members."""
        row = table.index.get(members)
        if row is None:
            for key, member, node in zip(table.keys, members, tree.keys, strict=True):
                self._member(key, member, node.at)
            raise ExpressionError(tree.at, f"'{tree.table}' has no row [{', '.join(members)}]")
        return row

    def _written_rows(self, table: Table, members: tuple[str, ...], tree: Find) -> tuple[int, ...]:
        """Return for each of our rows that of another table; ``{key}`` stands for our row's member of that key."""
        if (table.name, *members) not in self.written:
            every = range(len(self.table.rows))
            self.written[table.name, *members] = tuple(table.index.get(self._own(members, row), _NONE) for row in every)
        rows = self.written[table.name, *members]
        for row in self.rows:
            if rows[row] == _NONE:
                self._written_row(table, self._own(members, row), tree)
        return rows

    def _own(self, members: tuple[str, ...], row: int) -> tuple[str, ...]:
        given = {f"{{{key.name}}}": member for key, member in zip(self.table.keys, self.table.rows[row], strict=True)}
        return tuple(given.get(member, member) for member in members)

    def _written_keys(self, members: tuple[str, ...]) -> tuple[Tree, ...]:
        """Return keys for people to read: of which rows the values are is known."""
        own = {f"{{{key.name}}}": Cell(key.quantity) for key in self.table.keys if key.quantity}
        return tuple(own.get(member, Text(member)) for member in members)

    def _lookup(self, table: Table, quantity: str, keys: tuple[Tree, ...], tree: Find) -> Tree:
        """Look up in the sheet-spanning or contiguous form of a table, whichever the keys allow."""
        static = all(
            isinstance(key, Text | Fixed) or (isinstance(key, Cell) and key.quantity in {k.quantity for k in self.table.keys})
            for key in keys
        )
        collected = self.model.collected.get(table.name)
        on_own_sheet = static and self.table.split == table.name and table.split == table.name
        if table.kind == "cards" and not on_own_sheet and not (static and self.table.name == table.name):
            if collected is None:
                raise ExpressionError(
                    tree.at, f"catalogue '{table.name}' is not collected on any sheet", f"add a table with 'collect: {table.name}'"
                )
            name = f"{collected}.{tree.column}"
            if name not in self.model.quantities:
                raise ExpressionError(
                    tree.at, f"'{tree.column}' is optional in '{table.name}': some cards lack it, so it cannot be looked up"
                )
            return Lookup(name, keys, tree.at)
        beside = self._beside(table, keys) if static else None
        if beside is not None:
            return Lookup(quantity, keys, tree.at, beside)
        if len(keys) > 1 and self.model.quantities[quantity].is_text and not table.split:
            raise ExpressionError(tree.at, f"'{tree.table}.{tree.column}' is a text: texts are looked up by one key")
        if table.split and not static:
            raise ExpressionError(tree.at, f"'{tree.table}' is spread over sheets: look it up by row keys of this table or written keys")
        return Lookup(quantity, keys, tree.at)

    def _beside(self, table: Table, keys: tuple[Tree, ...]) -> int | tuple[int, ...] | None:
        same = (table.name, *(replace(key, at=0) for key in keys))
        if same not in self.beside:
            self.beside[same] = self.model.beside(self.table, table, keys)
        return self.beside[same]

    def _with_column(self, table: Table, column: str) -> Table:
        """Return a catalogue, or the table of its cards side by side where that works out the column."""
        collected = self.model.collected.get(table.name, "")
        beside = f"{collected}.{column}" in self.model.quantities and f"{table.name}.{column}" not in self.model.quantities
        return self.model.tables[collected] if table.kind == "cards" and beside else table

    def _column(self, table: Table, column: str, at: int) -> str:
        quantity = f"{table.name}.{column}"
        if quantity in self.model.quantities:
            return quantity
        known = [name.partition(".")[2] for name in table.columns]
        raise ExpressionError(at, f"'{table.name}' has no column '{column}'", suggest(column, known))

    def _member(self, key: Key, member: str, at: int) -> None:
        if member not in key.shown:
            raise ExpressionError(at, f"'{member}' is not one of the keys '{key.name}'", suggest(member, key.shown))

    def _key(self, key: Key, node: Tree) -> Tree:
        """Resolve a lookup key; a written one names a member."""
        if not isinstance(node, Text):
            return self.resolve(node)
        self._member(key, node.value, node.at)
        if node.value in key.cells:
            return Fixed(*key.cells[node.value], node.at)
        shown = key.shown[node.value]
        return Text(shown, node.at) if isinstance(shown, str) else Number(shown, node.at)

    def _shown_keys(self, sides: tuple[Tree, ...]) -> tuple[Tree, ...]:
        """In ``gpu == 'h100_sxm'`` the written key stands for the text that the cell shows."""
        for cell, other in (sides, sides[::-1]):
            if isinstance(cell, Cell) and isinstance(other, Text):
                for table in self.model.tables.values():
                    for key in (*table.keys, *table.parts):
                        if key.quantity == cell.quantity:
                            named = self._key(key, other)
                            return (cell, named) if sides[0] is cell else (named, cell)
        return sides

    def _over_table(self, over: Over) -> Table:
        table = self.model.tables.get(over.table)
        if table is None or not table.keys:
            raise ExpressionError(
                over.at,
                f"unknown table '{over.table}'",
                suggest(over.table, [name for name, item in self.model.tables.items() if item.keys]),
            )
        if table.kind == "cards":
            collected = self.model.collected.get(table.name)
            if collected is None:
                raise ExpressionError(over.at, f"catalogue '{table.name}' is not collected on any sheet")
            table = self.model.tables[collected]
        if table.split:
            raise ExpressionError(
                over.at, f"'{over.table}' is spread over sheets and cannot be aggregated", "collect it into one table first"
            )
        return table

    def _conditions(self, over: Over, table: Table) -> tuple[tuple[tuple[str, Tree], ...], tuple[Bound, ...]]:
        """Return the equalities and the bounds among the conditions, each with the other table's column on the left."""
        equalities, bounds = [], []
        for test in over.conditions:
            own, value = test.arguments
            relation = test.function
            if not (isinstance(own, Name) and own.name.startswith(f"{over.alias}.")):
                own, value, relation = value, own, TURNED.get(relation, relation)
            if not (isinstance(own, Name) and own.name.startswith(f"{over.alias}.")):
                raise ExpressionError(test.at, f"one side of the condition is '{over.alias}.column'")
            quantity = self._column(table, own.name.partition(".")[2], own.at)
            key = next((key for key in (*table.keys, *table.parts) if key.quantity == quantity), None)
            resolved = self._key(key, value) if key else self.resolve(value)
            if relation == "equal":
                equalities.append((quantity, resolved))
            else:
                bounds.append(Bound(quantity, relation, resolved))
        return tuple(equalities), tuple(bounds)

    def _span(self, over: Over) -> Span:
        table = self._over_table(over)
        if not isinstance(over.element, Name) or not over.element.name.startswith(f"{over.alias}."):
            raise ExpressionError(
                over.at, f"a range is one column: [{over.alias}.column for {over.alias} in {over.table}]", "compute the column first"
            )
        for test in over.conditions:
            if test.function in TURNED:  # a block of cells is known when the workbook is built, which a comparison of sizes never is
                wanted = "a range picks its rows by equality only, 'row.key == value'"
                raise ExpressionError(test.at, wanted, f"{', '.join(AGGREGATES)} take bounds")
        conditions, _ = self._conditions(over, table)
        together = self._stand_together(table, conditions)
        if together is None:
            raise ExpressionError(over.at, "the conditions of a range compare row keys with row keys of this table or written keys")
        if not together:
            raise ExpressionError(
                over.at, "the rows of a range must stand together", "put the compared keys first in the rows of the table"
            )
        return Span(self._column(table, over.element.name.partition(".")[2], over.element.at), conditions, over.at)

    def _stand_together(self, table: Table, conditions: tuple[tuple[str, Tree], ...]) -> bool | None:
        """Tell whether the rows that meet conditions are one block of cells; None where only the spreadsheet knows which they are."""
        for row in range(len(self.table.rows)):
            rows = self.model.static_rows(table, conditions, self.table, row)
            if rows is None:
                return None
            if not rows or rows[-1] - rows[0] != len(rows) - 1:
                return False
        return True

    def _total(self, function: str, over: Over, at: int) -> Total:
        table = self._over_table(over)
        inner = _RowResolver(self, table, over.alias)
        conditions, bounds = self._conditions(over, table)
        in_block = not bounds and not AGGREGATES[function].conditional and bool(self._stand_together(table, conditions))
        return Total(function, table.name, inner.resolve(over.element), conditions, bounds, at, in_block)


class _RowResolver(Resolver):
    """Resolves the element of an aggregate, where the alias stands for a row of the other table."""

    def __init__(self, outer: Resolver, table: Table, alias: str) -> None:
        super().__init__(outer.model, table)
        self.alias = alias

    def _name(self, tree: Name) -> Tree:
        if tree.name.startswith(f"{self.alias}."):
            return Cell(self._column(self.table, tree.name.partition(".")[2], tree.at), tree.at)
        owner = tree.name.partition(".")[0]
        if owner in self.model.tables and not self.model.tables[owner].keys:
            return super()._name(tree)
        raise ExpressionError(tree.at, f"unknown name '{tree.name}'", f"columns are written {self.alias}.column here")
