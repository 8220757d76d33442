"""Entries of templates that are written once for several cards.

Where a workbook names cards under ``patterns``, ``NAME: {of: CATALOGUE, without: [...]}``, a key or an item of a list in
its sheets that holds ``{NAME}`` stands for one entry for each of them. Within the entry ``{NAME}`` is the card's key and
``{NAME.name}`` its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.yaml import Mapping, Node, Reader, Scalar, Sequence
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Catalogues

    from workbook.declare.catalogues import Catalogue
    from workbook.errors import Place, Problems

Members = dict[str, str]  # the key of each card, and its name


def read_patterns(given: Mapping, catalogues: Catalogues[str, Catalogue], problems: Problems) -> dict[str, Members]:
    """Read which cards each name stands for."""
    return {name: members(Reader(node, problems, f"pattern '{name}'"), catalogues) for name, node in given}


def members(reader: Reader, catalogues: Catalogues[str, Catalogue]) -> Members:
    """Read the cards of a catalogue but those named under ``without``."""
    of, without = reader.text("of"), reader.placed_texts("without")
    reader.finish()
    if of not in catalogues:
        hint = suggest(of, catalogues) or "a catalogue that is read before this one"
        reader.problems.add(reader.place_of("of"), f"there is no catalogue '{of}' here", hint)
        return {}
    cards = catalogues[of].cards
    for key, place in without:
        if key not in cards:
            reader.problems.add(place, f"'{key}' is not a card of '{of}'", suggest(key, cards))
    left_out = {key for key, _ in without}
    return {key: card.name for key, card in cards.items() if key not in left_out}


def expanded(node: Node, patterns: dict[str, Members]) -> Node:
    """Return a node in which every entry with a pattern in its key, and every such item of a list, is written out."""
    if isinstance(node, Sequence):
        return Sequence(tuple(part for item in node.items for part in _items(item, patterns)), node.place)
    if not isinstance(node, Mapping):
        return node
    entries = [entry for key, child in node for entry in _entries(key, child, node.keys[key], patterns)]
    return Mapping({key: child for key, child, _ in entries}, {key: place for key, _, place in entries}, node.place)


def _entries(key: str, child: Node, place: Place, patterns: dict[str, Members]) -> Iterator[tuple[str, Node, Place]]:
    name = _named(key, patterns)
    if not name:
        yield key, expanded(child, patterns), place
    for card, shown in patterns.get(name, {}).items():
        yield written(key, name, card, shown), filled(child, name, card, shown), place


def _items(item: Node, patterns: dict[str, Members]) -> Iterator[Node]:
    name = _named(item.text, patterns) if isinstance(item, Scalar) else ""
    if not name:
        yield expanded(item, patterns)
    for card, shown in patterns.get(name, {}).items():
        yield filled(item, name, card, shown)


def _named(text: str, patterns: dict[str, Members]) -> str:
    return next((name for name in patterns if f"{{{name}}}" in text), "")


def filled(node: Node, name: str, key: str, shown: str) -> Node:
    """Return a node with one card in the place of a pattern."""
    if isinstance(node, Sequence):
        return Sequence(tuple(filled(item, name, key, shown) for item in node.items), node.place)
    if isinstance(node, Mapping):
        return Mapping({inner: filled(child, name, key, shown) for inner, child in node}, node.keys, node.place)
    if isinstance(node.value, str) and (text := written(node.text, name, key, shown)) != node.text:
        return Scalar(text, text, node.place)
    return node


def written(text: str, name: str, key: str, shown: str) -> str:
    """Return a text with one card in the place of a pattern."""
    return text.replace(f"{{{name}}}", key).replace(f"{{{name}.name}}", shown)
