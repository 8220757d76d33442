"""Cards in files of one's own: overlays give them beside the cards of the templates, or in place of one with the same key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.nodes import named
from workbook.declare.origin import noted_files
from workbook.declare.yaml import Mapping, Sequence, read
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from workbook.declare.overlay_files import Opened
    from workbook.declare.schema import Declarations
    from workbook.declare.yaml import Node
    from workbook.errors import Problems

KEY, FIELDS = "key", "fields"
_SIGNS = {KEY, FIELDS, "points"}  # a file with one of them at its top is meant as a card


def is_card(node: Node) -> bool:
    """Tell whether a file holds a card, not cases and inputs."""
    return isinstance(node, Mapping) and not _SIGNS.isdisjoint(node.items)


def by_catalogue(root: Path, cards: Iterable[Node], here: Collection[str], problems: Problems) -> dict[str, list[Mapping]]:
    """Return cards by the catalogue that they are of: the one that knows most of their fields.

    Where several do it is one that lacks nothing; else one that the workbook has (``here``), and of these that with most fields: what is
    lacking is reported, and a GPU without a price is meant to be planned with.
    """
    with noted_files():  # what is read to find its catalogue alone is none of a workbook's templates
        known = _fields_known(root, problems) if cards else {}
    found: dict[str, list[Mapping]] = {}
    for card in cards:
        if not isinstance(card, Mapping):
            continue
        own = _fields_of(card)
        best = max(known, key=lambda name: _rank(own, known[name], name in here), default="")
        if best and own & known[best].keys():
            found.setdefault(best, []).append(card)
        else:
            fix = "copy a card of templates/hardware, models or traces, and change its figures"
            problems.add(card.place, "is a card with fields of no catalogue", fix)
    return found


def replaced(declared: Declarations, opened: Iterable[Opened], problems: Problems) -> set[str]:
    """Return the files of carried cards whose place a given one took; of two that were given with one key, the first is recorded.

    A card takes the place of one of the templates, and of one that a built file carries; of two that are given none comes first.
    """
    held = {card.place.file: card.key for found in declared.catalogues.values() for card in found.cards.values()}
    cards = [found for found in opened if is_card(found.node)]
    given, left = {found.item.shown_as for found in cards if not found.was_carried}, set()
    for item, node, was_carried in cards:
        key = node.items.get(KEY) if isinstance(node, Mapping) else None
        other = next((file for file, name in held.items() if file in given and name == named(key)), "")
        if item.shown_as in held or key is None or not other:
            continue
        if was_carried:
            left.add(item.shown_as)
        else:
            problems.add(
                key.place, f"card '{named(key)}' is also given by {other}", "leave one out, or give it a key and a name of its own"
            )
    return left


def _fields_known(root: Path, problems: Problems) -> dict[str, dict[str, Node]]:
    """Return the fields of each catalogue of some templates, by its name."""
    found = {}
    for path in sorted((root / "catalogues").glob("*.yaml")):
        try:
            node = read(path, f"catalogues/{path.name}")
        except WorkbookError as error:
            problems.found.extend(error.diagnostics)
            continue
        fields = node.items.get(FIELDS) if isinstance(node, Mapping) else None
        found[path.stem] = dict(fields.items) if isinstance(fields, Mapping) else {}
    return found


def _rank(own: set[str], fields: dict[str, Node], is_here: bool) -> tuple[int, bool, bool, int]:  # noqa: FBT001 of one caller
    return len(own & fields.keys()), _needed(fields) <= own, is_here, len(fields)


def _needed(fields: dict[str, Node]) -> set[str]:
    return {name for name, node in fields.items() if not (isinstance(node, Mapping) and {"default", "worst_of"} & node.items.keys())}


def _fields_of(card: Mapping) -> set[str]:
    """Return the names of the figures of a card, one by one or in groups."""
    fields = card.items.get(FIELDS)
    if isinstance(fields, Mapping):
        return set(fields.items)
    groups = fields.items if isinstance(fields, Sequence) else ()
    figures = [group.items.get("figures") for group in groups if isinstance(group, Mapping)]
    names = [
        item.items if isinstance(item, Mapping) else map(named, item.items) for item in figures if isinstance(item, Mapping | Sequence)
    ]
    return {name for group in names for name in group}
