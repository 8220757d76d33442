"""What cards and catalogues say once: the evidence of a card's figures, and the fields that most cards have alike.

``defaults`` on a card gives the source, date, confidence, evidence and note of every figure that does not state its own, so that
a field is written ``layers: 80``. ``source: none`` leaves a figure without a source; a date goes with its source. ``default`` on a
catalogue's field is what cards without the field have: a value, or an expression of the card's other fields, which a card or a
person may overwrite. ``defaults`` on a block does for its inputs, and for the values of a table's columns, what it does on a card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.catalogues import BASES, NONE
from workbook.declare.nodes import changed, changed_columns, laid_over, mapping, named, only, replaced, text_node, without
from workbook.declare.records import EVIDENCE
from workbook.declare.yaml import Mapping, Node, Scalar
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping as Fields

    from workbook.declare.cards import CardFile
    from workbook.declare.figures import CardField
    from workbook.errors import Problems

DEFAULTS = "defaults"


def completed(card: CardFile, fields: Fields[str, CardField]) -> dict[str, Node]:
    """Return the figures of a card, those that it leaves to its catalogue among them, each with what is behind it.

    Args:
        card: The card as it is written.
        fields: What its catalogue says of each figure.

    """
    evidence, bare = _evidence(card), card.defaults is not None
    apart = set(BASES) - {card.basis} if card.basis else set()
    left = {name: field.default for name, field in fields.items() if field.default and name not in card.fields and field.basis not in apart}
    stated = {name: _graded(node, evidence, bare=bare) for name, node in card.fields.items()}
    return stated | {name: _graded(node, evidence, bare=True) for name, node in left.items()}


def _evidence(card: CardFile) -> Mapping:
    """Return what a card says of all its figures."""
    given = card.defaults
    words = [word for word in EVIDENCE if given and given.has(word)]
    return mapping(
        [(word, text_node(getattr(given, word), given.place_of(word)), given.place_of(word)) for word in words if given], card.place
    )


def _graded(node: Node, evidence: Mapping, *, bare: bool) -> Node:
    """Return a figure with the evidence of its card where it states none; a bare value is one where the card has defaults."""
    if isinstance(node, Scalar) and bare:
        node = mapping([("value", node, node.place)], node.place)
    if not isinstance(node, Mapping):
        return node
    if node.items.keys() & set(BASES):
        return changed(node, lambda name, figure: _graded(figure, evidence, bare=bare) if name in BASES else figure)
    return _with_evidence(node, evidence)


def with_words(figure: Mapping, evidence: Mapping) -> Mapping:
    """Return a figure with the words of evidence that it does not state; the date of one source is not that of another."""
    other = {"date"} if "source" in figure.items else set()
    return laid_over(without(evidence, other), figure)


def _with_evidence(node: Mapping, evidence: Mapping) -> Mapping:
    whole = with_words(node, evidence)
    return without(whole, {word for word in EVIDENCE if named(whole.items.get(word)) == NONE})


def with_evidence_of_block(block: Mapping, problems: Problems, *, has_records: bool) -> Mapping:
    """Return a table, or a block of inputs, with what it says of all values in each column or input that does not say otherwise."""
    given = block.items.get(DEFAULTS)
    if given is None:
        return block
    evidence = only(given, EVIDENCE) if isinstance(given, Mapping) else Mapping({}, {}, given.place)
    if not isinstance(given, Mapping):
        problems.add(given.place, "'defaults' of a block must be a mapping", "defaults: {confidence: low, evidence: assumed}")
    for word, place in given.keys.items() if isinstance(given, Mapping) and not has_records else ():
        if word not in EVIDENCE:
            problems.add(place, f"'defaults' of a block without records cannot have '{word}'", suggest(word, EVIDENCE))

    def column(_: str, node: Node) -> Node:
        has_values = isinstance(node, Mapping) and "values" in node.items
        return _with_evidence(node, evidence) if has_values and isinstance(node, Mapping) else node

    others: dict[str, Node] = {}
    columns, items = block.items.get("columns"), block.items.get("items")
    if isinstance(columns, Mapping):
        others["columns"] = changed_columns(columns, column)
    if "inputs" in block.items and isinstance(items, Mapping):
        others["items"] = changed(items, lambda _, node: _with_evidence(node, evidence) if isinstance(node, Mapping) else node)
    return replaced(without(block, {DEFAULTS}), others)
