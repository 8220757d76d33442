"""What is wrong in a template, in words: the errors of pydantic as messages with a place and a likely fix. The only place that has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from workbook.declare.keywords import AT_KEY, ITSELF, Keywords
from workbook.declare.names import NAMES_ARE
from workbook.declare.nodes import replaced, without
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence, meant_by, number_of
from workbook.errors import Place, Problems, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping as Known

K = TypeVar("K", bound=Keywords)

WORDS = {
    "mapping of keys": ("{what} must be a mapping of keys to values", ""),
    "text": ("'{key}' of {what} must be a text", ""),
    "flag": ("'{key}' of {what} must be true or false", ""),
    "list of texts": ("'{key}' of {what} must be a list of texts", ""),
    "mapping": ("'{key}' of {what} must be a mapping", ""),
    "list": ("'{key}' of {what} must be a list", ""),
    "expression": ("'{key}' of {what} must be an expression in quotes", ""),
    "member": ("member '{key}' must be a text or a number", ""),
    "parent": ("the parent of '{key}' must be a member", "write member: parent"),
}


def read_as(kind: type[K], node: Node, what: str, problems: Problems) -> K | None:
    """Read a mapping, and record all that is wrong with it.

    Args:
        kind: The keywords that it may have.
        node: The mapping, as YAML has it.
        what: What messages call it, such as "card 'h100_sxm'".
        problems: Where mistakes are recorded.

    Returns:
        What is left without that which is wrong, so that mistakes elsewhere are found, too; None where nothing can be read.

    """
    known: dict[int, type[Keywords]] = {}
    try:
        return kind.model_validate(node, context=known)
    except ValidationError as error:
        found = error.errors(include_url=False)
    for item in found:
        _record(item, _spot(node, item["loc"], what, known), problems)
    for item in found:
        node = _without(node, item["loc"])
    try:
        return kind.model_validate(node, context={})
    except ValidationError:
        return None


def _without(node: Node, location: tuple[int | str, ...]) -> Node:
    """Return a node without what an error is about."""
    for depth, step in enumerate(location):
        if isinstance(node, Mapping) and step in node.items:
            key, rest = str(step), location[depth + 1 :]
            inner = node.items[key]
            left = _without(inner, rest)
            return replaced(node, {key: left}) if left is not inner else without(node, {key})
        if isinstance(node, Sequence) and isinstance(step, int):
            left = _without(node.items[step], location[depth + 1 :])
            return Sequence((*node.items[:step], left, *node.items[step + 1 :]), node.place)
    return node


@dataclass(slots=True)
class _Spot:
    """Where an error is: the node, its key and that one's place, what messages call the mapping around it, and its keywords."""

    node: Node
    key: str
    key_place: Place
    what: str
    owner: str = ""
    kind: type[Keywords] | None = None


def _spot(root: Node, location: tuple[int | str, ...], what: str, known: Known[int, type[Keywords]]) -> _Spot:
    """Follow the location of an error down the nodes; what is not there, such as a missing keyword, is but its key."""
    spot = _Spot(root, "", root.place, what, _name(root), known.get(id(root)))
    for step in location:
        if isinstance(spot.node, Mapping) and step in spot.node.items:
            spot.key, spot.key_place, spot.node = str(step), spot.node.keys.get(str(step), spot.node.place), spot.node.items[str(step)]
        elif isinstance(spot.node, Sequence) and isinstance(step, int):
            spot.node = spot.node.items[step]
            spot.key_place = spot.node.place
        elif step != "[key]":
            spot.key = str(step)
            continue
        kind = known.get(id(spot.node))
        if kind:
            first = next(iter(spot.node.items), "") if isinstance(spot.node, Mapping) else ""
            name = _name(spot.node)
            spot.what = kind.called.format(key=spot.key, kind=first, name=name, owner=spot.owner, outer=spot.what)
            spot.owner, spot.kind = name or spot.owner, kind
    return spot


def _name(node: Node) -> str:
    """Return the text of a mapping's first keyword, which names blocks, sheets and cards."""
    first = next(iter(node.items.values()), None) if isinstance(node, Mapping) else None
    return first.text if isinstance(first, Scalar) else ""


def _record(error: Any, at: _Spot, problems: Problems) -> None:
    """Put one error into words."""
    more: dict[str, Any] = error.get("ctx", {})
    place = at.node.place
    match more.get("kind", error["type"]):
        case "right together":
            for found in more["found"]:
                where = at.key_place if found.place is AT_KEY else found.place
                problems.add(where, found.message.replace(ITSELF, at.what), found.fix.replace(ITSELF, at.what))
        case "number":
            number_of(at.node, f"'{at.key}' of {at.what}", problems)
        case "choice":
            text = at.node.text if isinstance(at.node, Scalar) else ""
            place = at.key_place if more["at_key"] else place
            problems.add(place, f"{at.key} of {at.what} cannot be '{text}'", suggest(text, more["words"]))
        case "date":
            text = at.node.text if isinstance(at.node, Scalar) else ""
            problems.add(at.key_place, f"date of {at.what} is '{text}'", "write YYYY-MM-DD, YYYY-MM or YYYY")
        case "name":
            problems.add(at.key_place, f"{more['what']} '{more['name']}' is not a usable name", NAMES_ARE)
        case "missing":
            problems.add(place, f"{at.what} lacks '{at.key}'", _add(at))
        case "here":
            problems.add(at.key_place, f"'{at.key}' cannot stand in {at.what}", f"see: workbook language {at.key}")
        case "extra_forbidden":
            _record_unknown(at, problems)
        case "block":
            problems.add(place, "a block starts with one of: " + ", ".join(more["words"]), suggest(more["first"], more["words"]))
        case kind:
            message, fix = WORDS[kind]
            problems.add(place, message.format(key=at.key, what=at.what), fix)


def _record_unknown(at: _Spot, problems: Problems) -> None:
    """Say which keyword was meant by one that there is not; a key alone is what follows a comma."""
    known = [field.alias or name for name, field in at.kind.model_fields.items()] if at.kind else ()
    problems.add(at.key_place, f"unknown key '{at.key}' in {at.what}", meant_by(at.key, at.node, known))


def _add(at: _Spot) -> str:
    """Say what a required keyword is, in the words of its documentation."""
    fields = at.kind.model_fields.items() if at.kind else ()
    meaning = next((field.description or "" for name, field in fields if (field.alias or name) == at.key), "")
    return f"add '{at.key}': {meaning[:1].lower()}{meaning[1:].rstrip('.')}" if meaning else ""
