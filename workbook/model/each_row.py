"""Expressions in which ``{key}`` stands for the row's member of that key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.expr.nodes import Find, Over, Text, Tree, children, walk
from workbook.expr.parse import ExpressionError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workbook.model.graph import Table

MEMBER = re.compile(r"\{(\w+)\}")
_IN_QUOTES = re.compile(r"'\{\w+\}'")


def rows_by_text(text: str, table: Table, rows: Iterable[int]) -> dict[str, list[int]]:
    """Return the expressions that an expression stands for, each with its rows.

    A look-up by such members is left as it is written, and stands for all rows: of which row each takes its value is found when it
    is resolved. ``cases['{case}'].pue`` is one expression, ``cases[case].share_{level}`` one for each level.
    """
    names = [key.name for key in table.keys]
    bare = set(MEMBER.findall(_IN_QUOTES.sub("", text)))
    parts: dict[str, dict[int, dict[str, str]]] = {}
    for row in rows:
        members = dict(zip(names, table.rows[row], strict=True))
        written = _with_members(text, {name: members[name] for name in bare & members.keys()}) if bare else text
        parts.setdefault(written, {})[row] = members
    found: dict[str, list[int]] = {}
    for written, each in parts.items():
        looks_up = _only_looks_up(written)
        for row, members in each.items():
            found.setdefault(written if looks_up else _with_members(written, members), []).append(row)
    return found


def _with_members(text: str, members: Mapping[str, str]) -> str:
    return MEMBER.sub(lambda braces: members.get(braces[1], braces[0]), text)


def _only_looks_up(text: str) -> bool:
    """Tell whether every written member chooses a row of another table, outside of aggregates, which take no such look-ups."""
    try:
        tree = parse(text)
    except ExpressionError:
        return False
    keys = {id(key) for find in _looked_up(tree) for key in find.keys}
    return all(id(node) in keys for node in walk(tree) if isinstance(node, Text) and MEMBER.fullmatch(node.value))


def _looked_up(tree: Tree) -> Iterator[Find]:
    """Yield the look-ups of a tree whose keys are all written, but for those in aggregates."""
    if isinstance(tree, Find) and all(isinstance(key, Text) for key in tree.keys):
        yield tree
    elif not isinstance(tree, Over):
        for child in children(tree):
            yield from _looked_up(child)
