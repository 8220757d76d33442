"""Nodes put together from others: entries added, left out or laid over, with the places they were written at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.yaml import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from collections.abc import Mapping as Entries

    from workbook.errors import Place

Entry = tuple[str, Node, "Place"]  # a key, its node, and the place of the key


def mapping(entries: Iterator[Entry] | list[Entry], place: Place) -> Mapping:
    """Return a mapping of entries; of two with one key the later stands in the place of the earlier."""
    listed = list(entries)
    return Mapping({key: node for key, node, _ in listed}, {key: at for key, _, at in listed}, place)


def entries(node: Mapping) -> Iterator[Entry]:
    """Yield the entries of a mapping with the places of their keys."""
    for key, child in node:
        yield key, child, node.keys[key]


def laid_over(base: Mapping, top: Mapping) -> Mapping:
    """Return a mapping with the entries of ``base`` but where ``top`` has its own."""
    return Mapping({**base.items, **top.items}, {**base.keys, **top.keys}, top.place)


def without(node: Mapping, left_out: Container[str]) -> Mapping:
    """Return a mapping without some of its entries."""
    return mapping((entry for entry in entries(node) if entry[0] not in left_out), node.place)


def only(node: Mapping, kept: Container[str]) -> Mapping:
    """Return a mapping with some of its entries."""
    return mapping((entry for entry in entries(node) if entry[0] in kept), node.place)


def text_node(text: str, place: Place) -> Scalar:
    """Return a text as a node."""
    return Scalar(text, text, place)


def changed(node: Mapping, change: Callable[[str, Node], Node]) -> Mapping:
    """Return a mapping with the node of each key as ``change`` returns it."""
    return mapping([(key, change(key, child), at) for key, child, at in entries(node)], node.place)


def columns_of(table: Mapping) -> dict[str, Mapping]:
    """Return the columns of a table by name, those of groups among them."""
    given = table.items.get("columns")
    return dict(_columns(given)) if isinstance(given, Mapping) else {}


def _columns(given: Mapping) -> Iterator[tuple[str, Mapping]]:
    for name, node in given:
        if not isinstance(node, Mapping):
            continue
        inner = node.items.get("columns")
        if isinstance(inner, Mapping):
            yield from _columns(inner)
        else:
            yield name, node


def changed_columns(given: Mapping, change: Callable[[str, Mapping], Node]) -> Mapping:
    """Return the columns of a table with each that is a mapping, those of groups among them, as ``change`` returns it."""

    def column(name: str, node: Node) -> Node:
        if not isinstance(node, Mapping):
            return node
        inner = node.items.get("columns")
        if isinstance(inner, Mapping):
            return replaced(node, {"columns": changed_columns(inner, change)})
        return change(name, node)

    return changed(given, column)


def replaced(node: Mapping, others: Entries[str, Node]) -> Mapping:
    """Return a mapping with other nodes at some of its keys; a new key stands at the place of its node."""
    return Mapping({**node.items, **others}, {**{key: other.place for key, other in others.items()}, **node.keys}, node.place)


def named(node: Node | None) -> str:
    """Return the text of a scalar, '' for anything else."""
    return node.text if isinstance(node, Scalar) else ""


def listed(node: Node | None) -> tuple[str, ...]:
    """Return the texts of a list of scalars, that of a scalar alone, none for anything else."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(item.text for item in items if isinstance(item, Scalar))
