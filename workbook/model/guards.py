"""Look-ups that are guarded against rows that are not there, where it is known when the workbook is built which rows are there.

``otherwise(variants[case].base, case)`` looks a row up by a key of its own table: each row has either the one or the other formula, and
no error has to be caught in a cell. A look-up by what cells hold keeps its guard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.expr.functions import CATCHING
from workbook.expr.nodes import Call, Find, Name, Tree, walk

if TYPE_CHECKING:
    from workbook.model.graph import Key, Model, Table


def by_guards(model: Model, table: Table, tree: Tree, rows: tuple[int, ...]) -> list[tuple[Tree, tuple[int, ...]]]:
    """Return the formulas of an expression without guards whose answer is known, each with the rows that have it."""
    guards = [node for node in walk(tree) if _is_known(model, table, node)]
    if not guards:
        return [(tree, rows)]
    found: dict[tuple[bool, ...], list[int]] = {}
    for row in rows:
        found.setdefault(tuple(_is_there(model, table, guard, row) for guard in guards), []).append(row)
    return [(_answered(tree, dict(zip(map(id, guards), there, strict=True))), tuple(part)) for there, part in found.items()]


def _looked_up(node: Tree) -> Find | None:
    """Return the look-up that a node guards, None where it guards something else."""
    guarded = node.arguments[0] if isinstance(node, Call) and node.function in CATCHING else None
    return guarded if isinstance(guarded, Find) else None


def _is_known(model: Model, table: Table, node: Tree) -> bool:
    """Tell whether a node is a guarded look-up by row keys, whose members are called the same in both tables."""
    found, own = _looked_up(node), {key.name: key for key in table.keys}
    target = model.tables.get(found.table) if found else None
    if found is None or target is None or len(target.keys) != len(found.keys) or target.kind != "table":
        return False
    return all(isinstance(name, Name) and _alike(own.get(name.name), key) for name, key in zip(found.keys, target.keys, strict=True))


def _alike(own: Key | None, key: Key) -> bool:
    """Tell whether the members that two keys share are called the same."""
    return own is not None and all(own.shown.get(member, shown) == shown for member, shown in key.shown.items())


def _is_there(model: Model, table: Table, guard: Tree, row: int) -> bool:
    """Tell whether a guarded look-up finds a row."""
    found = _looked_up(guard)
    own = {key.name: member for key, member in zip(table.keys, table.rows[row], strict=True)}
    return found is not None and tuple(own[key.name] for key in found.keys if isinstance(key, Name)) in model.tables[found.table].index


def _answered(tree: Tree, there: dict[int, bool]) -> Tree:
    """Return a tree with what each guard comes to in its place."""
    if not isinstance(tree, Call):
        return tree
    if id(tree) in there:
        return _answered(tree.arguments[0 if there[id(tree)] else 1], there)
    return Call(tree.function, tuple(_answered(argument, there) for argument in tree.arguments), tree.at)
