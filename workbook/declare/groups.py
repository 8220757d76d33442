"""Figures of a card in groups: what several have in common is written once.

A list under ``fields`` holds groups. Each says the source, evidence or basis that its ``figures`` share; where it is ``borrowed``
from another card, the figures are links to the cells of that card, assumed unless the group says otherwise. Groups are written
out as a mapping of fields to figures before the card is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from workbook.declare.catalogues import BASES, NONE
from workbook.declare.evidence import with_words
from workbook.declare.figures import Basis, Sourced
from workbook.declare.keywords import Anything, Text, Written
from workbook.declare.mistakes import read_as
from workbook.declare.nodes import Entry, entries, laid_over, mapping, named, only, replaced, text_node
from workbook.declare.records import EVIDENCE
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Entries

    from workbook.errors import Place, Problems


class CardGroup(Sourced):
    """Figures of a card that share their source, evidence or basis, or that are those of another card."""

    basis: Basis = Field("", description="The basis of the workbooks that use these figures; another group holds those of the other.")
    borrowed: Text = Field(
        "",
        description="The key of the card whose figures these are: links to its cells, which may be overwritten; assumed unless stated.",
    )
    figures: Annotated[Anything, Written("mapping of fields to figures; a list of fields where borrowed")] = Field(
        description="The figures, as in a card without groups."
    )


class Lenders(NamedTuple):
    """The cards of a catalogue that others may borrow from: its name, and the name that people read for each key."""

    catalogue: str
    names: Entries[str, str]
    bases: Entries[str, str]


def written_out(card: Mapping, lenders: Lenders, problems: Problems) -> Mapping:
    """Return a card with its groups of figures as a mapping of fields to figures; one without groups as it is.

    Args:
        card: The card as it is written.
        lenders: The cards of its catalogue, and the basis of each of its fields.
        problems: Where mistakes are recorded.

    """
    given = card.items.get("fields")
    if not isinstance(given, Sequence):
        return card
    called = f"a group of card '{named(card.items.get('key'))}'"
    found: dict[str, Entry] = {}
    for item in given.items:
        group = read_as(CardGroup, item, called, problems)
        if group is None or not isinstance(item, Mapping):
            continue
        for name, node, place in _borrowed(group, lenders, called, problems) if group.borrowed else _own(group, item, called, problems):
            graded = _of_basis(node, group.basis, place) if group.basis and lenders.bases.get(name, "") != group.basis else node
            before = found.get(name)
            both = _both(before[1], graded) if before else graded
            if both is None:
                message = f"'{name}' stands in two groups of card '{named(card.items.get('key'))}'"
                problems.add(place, message, "keep one; figures of the paper and corrected ones stand in groups of their basis")
            else:
                found[name] = (name, both, before[2] if before else place)
    return replaced(card, {"fields": mapping(list(found.values()), given.place)})


def borrowed_fields(card: Mapping, basis: str) -> Iterator[str]:
    """Yield the fields that a card, as it is written, borrows in workbooks of a basis."""
    given = card.items.get("fields")
    used = named(card.items.get("basis")) in {"", basis}
    for group in given.items if used and isinstance(given, Sequence) else ():
        if isinstance(group, Mapping) and "borrowed" in group.items and isinstance(listed := group.items.get("figures"), Sequence):
            yield from map(named, listed.items)


def _own(group: CardGroup, item: Mapping, called: str, problems: Problems) -> Iterator[Entry]:
    """Yield the figures of a group, each with what the group says of all."""
    if not isinstance(group.figures, Mapping):
        problems.add(group.place_of("figures"), f"'figures' of {called} must be a mapping", "figures: {tdp: 700, scale_up_domain: 8}")
        return
    shared = only(item, EVIDENCE)
    for name, node, place in entries(group.figures):
        yield name, _graded(node, shared), place


def _graded(node: Node, shared: Mapping) -> Node:
    if isinstance(node, Scalar) and shared.items:
        node = mapping([("value", node, node.place)], node.place)
    if not isinstance(node, Mapping):
        return node
    if node.items.keys() & set(BASES):
        return mapping([(key, _graded(child, shared), place) for key, child, place in entries(node)], node.place)
    return with_words(node, shared)


def _borrowed(group: CardGroup, lenders: Lenders, called: str, problems: Problems) -> Iterator[Entry]:
    """Yield links to the figures of another card."""
    if group.borrowed not in lenders.names:
        message = f"{called} is borrowed from '{group.borrowed}', which is not a card of '{lenders.catalogue}'"
        problems.add(group.place_of("borrowed"), message, suggest(group.borrowed, lenders.names))
        return
    if not isinstance(group.figures, Sequence):
        problems.add(group.place_of("figures"), f"'figures' of {called} must be a list of fields", "figures: [curve, server]")
        return
    said = {"source": NONE, "confidence": "low", "evidence": "assumed", "note": f"that of the {lenders.names[group.borrowed]}"}
    said |= {word: getattr(group, word) for word in EVIDENCE if group.has(word)}
    for field in group.figures.items:
        expression = f"{lenders.catalogue}['{group.borrowed}'].{named(field)}"
        words = {"expr": expression, **said}
        yield (
            named(field),
            mapping([(key, text_node(text, field.place), field.place) for key, text in words.items()], field.place),
            field.place,
        )


def _of_basis(node: Node, basis: str, place: Place) -> Mapping:
    return mapping([(basis, node, place)], place)


def _both(one: Node, other: Node) -> Mapping | None:
    """Return the figure of the paper and the corrected one together; None where these are two figures of one workbook."""
    given = (one, other)
    if all(isinstance(node, Mapping) and node.items.keys() <= set(BASES) for node in given):
        first, second = (node for node in given if isinstance(node, Mapping))
        if not first.items.keys() & second.items.keys():
            return laid_over(second, first)
    return None
