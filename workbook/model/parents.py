"""Tables whose members descend from one another: which rows take over the values of which, and what may run across."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from workbook.errors import suggest
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from workbook.declare.schema import Parent, TableBlock
    from workbook.errors import Problems
    from workbook.model.graph import Quantity, Table

MOST_ACROSS = 16_000  # Excel has 16,384 columns


def check_width(block: TableBlock, table: Table, problems: Problems) -> None:
    """Record a table that is too wide to run across."""
    if table.across and len(table.rows) > MOST_ACROSS:
        problems.add(block.place, f"table '{table.name}' has {len(table.rows):,} rows, too many to run across", "leave out 'across'")


def parent_rows(block: TableBlock, table: Table, problems: Problems) -> dict[int, int]:
    """Return for each row with a parent the parent's row; record parents that cannot be."""
    rows = {keys[0]: number for number, keys in enumerate(table.rows)}
    for item in block.parents if rows else ():
        for name, place in ((item.member, item.place), (item.parent, item.parent_place)):
            if name not in rows:
                problems.add(place, f"'{name}' is not a row of '{table.name}'", suggest(name, rows))
    known = [item for item in block.parents if item.member in rows and item.parent in rows]
    ring = _ring(known)
    if ring:
        chain, place = " -> ".join([*ring, ring[0]]), next(item.parent_place for item in known if item.member == ring[0])
        problems.add(place, f"the parents of '{table.name}' form a circle: {chain}", "one of them must have no parent")
    return dict(sorted((rows[item.member], rows[item.parent]) for item in known if item.member not in ring))


def _ring(items: list[Parent]) -> list[str]:
    """Return the members of a circle of parents, from child to parent, or nothing."""
    parent_of = {item.member: item.parent for item in items}
    for start in parent_of:
        chain = [start]
        while (following := parent_of.get(chain[-1])) is not None and following not in chain:
            chain.append(following)
        if following is not None:
            return chain[chain.index(following) :]
    return []


def take_over(quantity: Quantity, table: Table, others: tuple[Parent, ...], problems: Problems) -> None:
    """Let members without a value of their own show their parent's, or that of another that the column names; the rest must have one."""
    parents = table.parents | _of_column(table, others, problems)
    for row, (member,) in enumerate(table.rows):
        if row in parents:
            quantity.parents[row] = parents[row]
            if row not in quantity.inputs:
                quantity.links[row] = CellRef(quantity.id, parents[row])
        elif row not in quantity.inputs:
            message = f"'{quantity.id}' has no value for '{member}', which has no parent to take one over from"
            problems.add(quantity.place, message, f"give it one: values: {{{member}: ...}}")


def _of_column(table: Table, others: tuple[Parent, ...], problems: Problems) -> dict[int, int]:
    """Return the parents that hold for one column, by row; record those that cannot be."""
    rows = {keys[0]: number for number, keys in enumerate(table.rows)}
    found: dict[int, int] = {}
    for item in others:
        matched = [row for name, row in rows.items() if fnmatchcase(name, item.member)]
        if not matched:
            problems.add(item.place, f"'{item.member}' is not a row of '{table.name}'", suggest(item.member, rows))
        if item.parent not in rows:
            problems.add(item.parent_place, f"'{item.parent}' is not a row of '{table.name}'", suggest(item.parent, rows))
        else:
            found = dict.fromkeys(matched, rows[item.parent]) | found  # an entry before it holds
    return found


def check_circles(quantity: Quantity, problems: Problems) -> None:
    """Record members that take a column from one another, and break the circle: what is entered elsewhere, or has a value, ends a chain."""
    for start in list(quantity.links):
        chain = [start]
        while (target := quantity.links.get(chain[-1])) is not None and target.quantity == quantity.id and target.row not in chain:
            chain.append(target.row)
        if target is not None and target.quantity == quantity.id:
            message = f"the parents of '{quantity.id}' form a circle"
            problems.add(quantity.place, message, "give one of its members a value, or another parent")
            quantity.links.clear()
            return
