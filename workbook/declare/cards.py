"""Reading catalogues, their cards, and sources into declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.catalogues import EVIDENCE, Card, Catalogue, Entry, Field, Figure, Points
from workbook.declare.figures import BASES, check_name, figure, formula, grade, one_basis, read_field, shared_figure, sourced
from workbook.declare.limits import check_bounds
from workbook.declare.patterns import filled, members
from workbook.declare.points import points_spec, read_points
from workbook.declare.schema import Source
from workbook.declare.yaml import Mapping, Node, Reader, Scalar, is_file, read
from workbook.errors import Diagnostic, Place, WorkbookError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from workbook.errors import Problems

LONGEST_NAME = 28  # names of sheets end at 31; a card of a pattern, which is no sheet, has its card's name in its own
FORBIDDEN_IN_NAMES = set("*?~\"'[]:/\\")


def catalogue(
    root: Path, name: str, basis: str, place: Place, problems: Problems, known: dict[str, Catalogue] | None = None
) -> Catalogue | None:
    """Read a catalogue's fields (catalogues/NAME.yaml) and its cards (NAME/*.yaml).

    A file with ``each: {gpu: {of: hardware}}`` is a card for every card of a catalogue in ``known``; see ``patterns``.
    """
    path = root / "catalogues" / f"{name}.yaml"
    if not is_file(path):
        stems = [item.stem for item in (root / "catalogues").glob("*.yaml")]
        problems.add(place, f"there is no catalogue '{name}'", suggest(name, stems))
        return None
    node = _read(path, f"catalogues/{name}.yaml", problems)
    if node is None:
        return None
    reader = Reader(node, problems, f"catalogue '{name}'")
    title, label = reader.text("title", name), reader.text("label", name)
    order = reader.placed_texts("order")
    fields = {key: read_field(key, value, reader.mapping("fields").keys[key], problems) for key, value in reader.mapping("fields")}
    points = points_spec(reader, problems)
    reader.finish()
    nodes = _nodes(root / name, known or {}, problems)
    cards = _cards(root / name, nodes, dict(order), fields, points, basis, reader.place, problems)
    here = {key: field for key, field in fields.items() if field.basis in {"", basis}}
    return Catalogue(name, title, label, here, cards, reader.place, points)


def _read(path: Path, shown_as: str, problems: Problems) -> Node | None:
    try:
        return read(path, shown_as)
    except WorkbookError as error:
        problems.found.extend(error.diagnostics)
        return None


def _nodes(folder: Path, known: dict[str, Catalogue], problems: Problems) -> Iterator[tuple[str, Node]]:
    """Give the node of every card of a folder, and the key that its file's name demands ('' for a card of a pattern)."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        shown = f"{folder.name}/{path.name}"
        if not path.name.endswith(".yaml") or path.name.startswith("."):
            _check_left_out(path, shown, problems)
            continue
        node = _read(path, shown, problems)
        if isinstance(node, Mapping) and "each" in node.items:
            for one in _written_out(node, known, problems):
                if not is_file(folder / f"{_key_of(one)}.yaml"):
                    yield "", one
        elif node is not None:
            yield path.stem, node


def _key_of(card: Mapping) -> str:
    key = card.items["key"]
    return key.text if isinstance(key, Scalar) else ""


def _written_out(node: Mapping, known: dict[str, Catalogue], problems: Problems) -> Iterator[Mapping]:
    """Give a card for each that a pattern names; a card with a file of its own comes before one of a pattern."""
    reader = Reader(node, problems, "a card with 'each'")
    each, key = reader.mapping("each"), reader.need("key")
    if len(each.items) != 1 or not isinstance(key, Scalar):
        problems.add(
            reader.place_of("each"), "a card with 'each' names one catalogue there, and has a 'key'", "each: {gpu: {of: hardware}}"
        )
        return
    ((name, of),) = each
    for member, shown in members(Reader(of, problems, "'each'"), known).items():
        one = filled(Mapping({key: child for key, child in node if key != "each"}, node.keys, node.place), name, member, shown)
        if isinstance(one, Mapping):
            yield one


def _cards(
    folder: Path,
    nodes: Iterable[tuple[str, Node]],
    order: dict[str, Place],
    fields: dict[str, Field],
    points: Points | None,
    basis: str,
    place: Place,
    problems: Problems,
) -> dict[str, Card]:
    found: dict[str, Card] = {}
    for wanted, node in nodes:
        card = _card(node, fields, points, basis, problems, LONGEST_NAME if wanted else 2 * LONGEST_NAME)
        if wanted and card.key != wanted:
            message = f"the card's key is '{card.key}' but the file is called '{wanted}.yaml'"
            problems.add(card.place, message, f"call it {card.key}.yaml, or change the key")
        same = [other.key for other in found.values() if other.name.lower() == card.name.lower()]
        if same:
            at = node.items["name"].place if isinstance(node, Mapping) else card.place
            problems.add(at, f"the name '{card.name}' is also that of card '{same[0]}'", "names must differ, case aside")
        found[card.key] = card
    for key, at in order.items():
        if key not in found and not is_file(folder / f"{key}.yaml"):
            message = f"card '{key}' is missing from {folder.name}/"
            problems.add(at, message, suggest(key, found) or f"add {folder.name}/{key}.yaml")
    if not found:
        problems.add(place, f"no cards in {folder.name}/")
    here = {key: card for key, card in found.items() if card.basis in {"", basis}}
    if found and not here:
        problems.add(place, f"every card in {folder.name}/ is of another basis than this workbook, which is '{basis}'")
    listed = [key for key in order if key in here]
    return {key: here[key] for key in [*listed, *sorted(set(here) - set(listed))]}


def _check_left_out(path: Path, shown: str, problems: Problems) -> None:
    """Record a file that is meant to be a card but is not called like one; backups of editors are none."""
    if {".yaml", ".yml"} & set(map(str.lower, path.suffixes)) and not path.name.startswith(".") and not path.name.endswith("~"):
        problems.add(Place(shown), "is not read: the name of a card's file ends in .yaml", f"call it {path.name.partition('.')[0]}.yaml")


def _card(node: Node, fields: dict[str, Field], points: Points | None, basis: str, problems: Problems, longest: int) -> Card:
    reader = Reader(node, problems, "card")
    key, name, about = reader.text("key"), reader.text("name"), reader.text("about")
    reader.what = f"card '{key}'"
    check_name(key, reader.place_of("key"), "card key", problems)
    if not name or FORBIDDEN_IN_NAMES & set(name) or name[0] in "=+-@<>" or len(name) > longest:
        problems.add(
            reader.place_of("name"),
            f"card '{key}' has the name '{name}'",
            f"1 to {longest} characters, none of * ? ~ [ ] : / \\ or quotes, not starting with = + - @ < >",
        )
    own_basis = one_basis(reader, key)
    given = reader.mapping("fields")
    entries: dict[str, Entry] = {}
    for field_name, value in given:
        field = fields.get(field_name)
        if field is None:
            problems.add(given.keys[field_name], f"unknown field '{field_name}' in card '{key}'", suggest(field_name, fields))
        elif field.worst_of:
            message = f"'{key}.{field_name}' is computed: the worst evidence among the figures that cases use"
            problems.add(given.keys[field_name], message, "leave it out")
        elif _apart(field.basis, own_basis):
            message = f"'{key}.{field_name}' is of basis '{field.basis}', but its card is of '{own_basis}'"
            problems.add(given.keys[field_name], message, "leave it out: no workbook has both")
        else:
            entry = _entry(value, field, f"{key}.{field_name}", basis, problems)
            if entry and field.basis in {"", basis}:
                entries[field_name] = entry
    _check_complete(key, given, fields, own_basis, reader.place_of("fields"), problems)
    curve = read_points(reader, points, key, problems)
    reader.finish()
    for field in fields.values():
        if field.worst_of and field.basis in {"", basis}:
            entries[field.name] = _worst(field, entries, curve, reader.place)
    return Card(key, name, about, entries, reader.place, curve, own_basis)


def _check_complete(key: str, given: Mapping, fields: dict[str, Field], own_basis: str, place: Place, problems: Problems) -> None:
    """Record the fields that a card lacks, but for those that it seems to have under a misspelt name."""
    misspelt = [suggest(name, fields) for name in given.items if name not in fields]
    for field in fields.values():
        if field.name in given.items or field.optional or field.worst_of or _apart(field.basis, own_basis):
            continue
        if f"did you mean '{field.name}'?" not in misspelt:
            message = f"card '{key}' lacks the field '{field.name}' ({field.label}, {field.unit})"
            problems.add(place, message, f"add, under 'fields', {field.name}: {{value: ..., unit: {field.unit}}}")


def _worst(field: Field, entries: dict[str, Entry], curve: tuple[dict[str, Figure], ...], place: Place) -> Entry:
    """Return the worst evidence among the points and those fields of a card that its grade is made of."""
    figures = [entry.figure for name in field.worst_of if (entry := entries.get(name)) and entry.figure]
    found = [figure.evidence or "assumed" for figure in [*figures, *(figure for point in curve for figure in point.values())]]
    worst = max(found, key=EVIDENCE.index, default=EVIDENCE[-1])
    return Entry(Figure(worst, field.unit, place, evidence="derived", confidence="high"), None, place, computed=True)


def _apart(one: str, other: str) -> bool:
    """Tell whether no workbook has things of both bases ('' goes with either)."""
    return bool(one and other) and one != other


def _entry(node: Node, field: Field, what: str, basis: str, problems: Problems) -> Entry | None:
    if isinstance(node, Mapping) and "expr" in node.items:
        reader = Reader(node, problems, what)
        text = formula(reader.take("expr"), what, problems)
        note = shared_figure("", field.unit, node, grade(reader))
        reader.text("unit")
        reader.finish()
        return Entry(note, text, node.place)
    alternates = {name: child for name, child in node.items.items() if name in BASES} if isinstance(node, Mapping) else {}
    if not alternates:
        chosen = figure(node, what, field.unit, problems)
        other = None
    else:
        both = {name: figure(child, f"{what} ({name})", field.unit, problems) for name, child in alternates.items()}
        if len(both) < len(BASES) or (isinstance(node, Mapping) and set(node.items) - set(BASES)):
            message = f"{what} must hold exactly one 'paper' and one 'corrected' figure"
            problems.add(node.place, message, "give both, or one figure for all workbooks")
        chosen = both.get(basis)
        other = next((value for name, value in both.items() if name != basis), None)
    if chosen is None:
        return None
    check_bounds(chosen.value, field.bounds, chosen.place, what, problems)
    name = next((name for name in BASES if name != basis), "")
    return Entry(sourced(chosen), None, node.place, sourced(other) if other else None, name if other else "")


def sources(root: Path, problems: Problems) -> dict[str, Source]:
    """Read sources.yaml."""
    path = root / "sources.yaml"
    if not path.is_file():
        raise WorkbookError([Diagnostic(Place("sources.yaml"), "is missing")])
    node = _read(path, "sources.yaml", problems)
    result: dict[str, Source] = {}
    if not isinstance(node, Mapping):
        if node is not None:
            problems.add(node.place, "sources.yaml must be a mapping of keys to sources")
        return result
    for key, value in node:
        check_name(key, node.keys[key], "source", problems)
        reader = Reader(value, problems, f"source '{key}'")
        result[key] = Source(
            key,
            reader.text("title"),
            reader.text("publisher"),
            reader.text("date"),
            reader.text("reference"),
            reader.text("licence"),
            one_basis(reader, key),
        )
        reader.finish()
    return result
