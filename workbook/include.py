"""Parts of templates that are written once and used in several places: ``{use: columns/search.yaml}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.errors import WorkbookError
from workbook.source import Mapping, Node, Scalar, Sequence, read

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.errors import Problems

DEEPEST = 4  # a part may use other parts, but not itself


def with_shared_parts(root: Path, node: Node, problems: Problems, depth: int = 0) -> Node:
    """Return a node in which every ``{use: FILE}`` is replaced by what the file holds."""
    if isinstance(node, Sequence):
        return Sequence(tuple(with_shared_parts(root, item, problems, depth) for item in node.items), node.place)
    if not isinstance(node, Mapping):
        return node
    named = node.items.get("use")
    if set(node.items) == {"use"} and isinstance(named, Scalar):
        return _shared(root, named, problems, depth)
    return Mapping({key: with_shared_parts(root, child, problems, depth) for key, child in node}, node.keys, node.place)


def _shared(root: Path, named: Scalar, problems: Problems, depth: int) -> Node:
    empty = Mapping({}, {}, named.place)
    path = root / named.text
    if depth >= DEEPEST or not path.resolve().is_relative_to(root.resolve()):
        problems.add(named.place, f"'{named.text}' cannot be used here", "name a file of the templates that does not use itself")
        return empty
    try:
        return with_shared_parts(root, read(path, named.text), problems, depth + 1)
    except WorkbookError as error:
        problems.add(named.place, f"'{named.text}' is used here")
        problems.found.extend(error.diagnostics)
        return empty
