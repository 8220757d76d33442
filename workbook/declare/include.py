"""Parts of templates that are written once and used in several places: ``{use: columns/search.yaml}``.

``{use: FILE, with: {NAME: OTHER}}`` puts another name, or any expression, in the place of one that the part uses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from workbook.declare.first_of import with_states
from workbook.declare.keywords import Entries, Keywords, Text, Written
from workbook.declare.mistakes import read_as
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence, read
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.errors import Problems

DEEPEST = 4  # a part may use other parts, but not itself


class Use(Keywords):
    """A part: what a file of the templates holds, in the place of this mapping."""

    use: Text = Field(description="The file, such as columns/queue.yaml.")
    others: Annotated[Entries[str, Text], Written("mapping of names to names or expressions")] = Field(
        {}, alias="with", description="What replaces names that the part uses: another name, or an expression."
    )


def with_shared_parts(root: Path, node: Node, problems: Problems, depth: int = 0) -> Node:
    """Return a node in which every ``{use: FILE}`` is replaced by what the file holds."""
    if isinstance(node, Sequence):
        return Sequence(tuple(with_shared_parts(root, item, problems, depth) for item in node.items), node.place)
    if not isinstance(node, Mapping):
        return node
    named = node.items.get("use")
    if set(node.items) <= {"use", "with"} and isinstance(named, Scalar):
        part, written = _shared(root, named, problems, depth), read_as(Use, node, "a part that is used", problems)
        return _replaced(part, written, problems) if written and written.others else part
    return Mapping({key: with_shared_parts(root, child, problems, depth) for key, child in node}, node.keys, node.place)


def _shared(root: Path, named: Scalar, problems: Problems, depth: int) -> Node:
    empty = Mapping({}, {}, named.place)
    path = root / named.text
    if depth >= DEEPEST or not path.resolve().is_relative_to(root.resolve()):
        problems.add(named.place, f"'{named.text}' cannot be used here", "name a file of the templates that does not use itself")
        return empty
    try:
        return with_shared_parts(root, with_states(read(path, named.text), problems), problems, depth + 1)
    except WorkbookError as error:
        problems.add(named.place, f"'{named.text}' is used here")
        problems.found.extend(error.diagnostics)
        return empty


def _replaced(part: Node, written: Use, problems: Problems) -> Node:
    """Return a part with names replaced, whole words only; texts in quotes stay."""
    others = written.others
    names = re.compile("|".join(["'[^']*'", *(rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in others)]))
    used: set[str] = set()

    def text(match: re.Match[str]) -> str:
        used.add(match.group())
        return others.get(match.group(), match.group())

    def node(item: Node) -> Node:
        if isinstance(item, Mapping):
            return Mapping({key: node(child) for key, child in item}, item.keys, item.place)
        if isinstance(item, Scalar) and isinstance(item.value, str):
            new = names.sub(text, item.text)
            return Scalar(new, new, item.place)
        return item

    result = node(part)
    for name in others.keys() - used:
        problems.add(written.key_places("with")[name], f"'{name}' does not occur in the part")
    return result
