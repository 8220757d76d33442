"""Entries of templates that are written once for several cards.

Where a workbook names cards under ``patterns``, ``NAME: {of: CATALOGUE, without: [...]}``, a key or an item of a list in
its sheets that holds ``{NAME}`` stands for one entry for each of them. Within the entry ``{NAME}`` is the card's key and
``{NAME.name}`` its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from workbook.declare.keywords import Keywords, Text, Texts
from workbook.declare.mistakes import read_as
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Catalogues

    from workbook.declare.catalogues import Catalogue
    from workbook.errors import Place, Problems

Members = dict[str, str]  # the key of each card, and its name


class Pattern(Keywords):
    """The cards that an entry is written for: those of a catalogue, but for some."""

    of: Text = Field(description="The catalogue for whose cards the entry is written.")
    without: Texts = Field((), description="The keys of the cards that are left out; a new card is not.")


def read_patterns(given: Catalogues[str, Node], catalogues: Catalogues[str, Catalogue], problems: Problems) -> dict[str, Members]:
    """Read which cards each name stands for."""
    return {name: members(node, f"pattern '{name}'", catalogues, problems) for name, node in given.items()}


def members(node: Node, what: str, catalogues: Catalogues[str, Catalogue], problems: Problems) -> Members:
    """Read the cards of a catalogue but those named under ``without``."""
    written = read_as(Pattern, node, what, problems)
    if written is None:
        return {}
    if written.of not in catalogues:
        hint = suggest(written.of, catalogues) or "a catalogue that is read before this one"
        problems.add(written.place_of("of"), f"there is no catalogue '{written.of}' here", hint)
        return {}
    cards = catalogues[written.of].cards
    for key, place in written.placed("without"):
        if key not in cards:
            problems.add(place, f"'{key}' is not a card of '{written.of}'", suggest(key, cards))
    return {key: card.name for key, card in cards.items() if key not in written.without}


def expanded(node: Node, patterns: dict[str, Members]) -> Node:
    """Return a node in which every entry with a pattern in its key, and every such item of a list, is written out."""
    if not patterns:
        return node
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
