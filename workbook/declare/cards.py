"""The keywords of catalogues, of their cards and of sources, and how these are read into declarations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from pydantic import Field

from workbook.declare.catalogues import BASES, EVIDENCE, Card, Catalogue, Entry, Figure, Points
from workbook.declare.evidence import completed
from workbook.declare.figures import Basis, CardExpression, CardField, CardFields, CardFigure, Sourced, figure_of, sourced
from workbook.declare.groups import Lenders, borrowed_fields, written_out
from workbook.declare.keywords import Anything, Entries, Keywords, Text, Texts, Written, WrittenOut
from workbook.declare.limits import check_bounds
from workbook.declare.mistakes import read_as
from workbook.declare.names import check_name
from workbook.declare.nodes import named
from workbook.declare.patterns import filled, members
from workbook.declare.points import CardPoints, CurvePoints, curve
from workbook.declare.schema import Source
from workbook.declare.yaml import Mapping, Node, Scalar, is_file, read
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from workbook.declare import catalogues

LONGEST_NAME = 28  # names of sheets end at 31; a card of a pattern, which is no sheet, has its card's name in its own
FORBIDDEN_IN_NAMES = set("*?~\"'[]:/\\")


class CatalogueFile(Keywords):
    """A kind of card: the figures that each card has. NAME.yaml in catalogues/; the cards are the files in NAME/."""

    title: Text = Field("", description="What people call the cards.")
    label: Text = Field("", description="What people call one card.")
    order: Texts = Field((), description="The keys of the cards in the order in which they are shown; others follow by key.")
    fields: CardFields = Field({}, description="The figures of a card.")
    points: CurvePoints | None = Field(None, description="The curve that each card gives as rows of numbers, such as a distribution.")


class CardDefaults(Sourced):
    """The source and evidence of every figure of a card that does not state its own: a figure may then be a bare value."""


class CardFile(Keywords):
    """A card: one member of a catalogue, such as a GPU. KEY.yaml in the folder of its catalogue."""

    key: Text = Field("", description="The name of the card in expressions and ids; its file is called the same.")
    name: Text = Field("", description="What people read and choose.")
    about: Text = Field("", description="What the card describes, in a sentence or two.")
    basis: Basis = Field("", description="The basis of the only workbooks that have the card; all have it, if left out.")
    defaults: CardDefaults | None = Field(None, description="The source and evidence of every figure that does not state its own.")
    fields: Annotated[Entries[str, Anything], Written("mapping of fields to figures, or a list of groups of figures")] = Field(
        {},
        description="The figures: a value, with 'defaults'; {value, source ...}; {expr, ...}; or one for 'paper' and one for 'corrected'. "
        "In a group stand those that share source, evidence or basis, or are borrowed from another card.",
    )
    each: Annotated[WrittenOut, Written("{NAME: {of: CATALOGUE, without: [...]}}")] = Field(
        None, description="Write a card for each card of another catalogue: {NAME} in this one is its key, {NAME.name} its name."
    )
    points: CardPoints | None = Field(None, description="The points of its curve, where the catalogue has one.")

    def check(self, problems: Problems) -> None:
        """Record a key or a name that cannot be used."""
        check_name(self.key, self.place_of("key"), "card key", problems)


class SourceEntry(Keywords):
    """Where figures are from. An entry of sources.yaml, under the key that figures name it by."""

    called: ClassVar[str] = "source '{key}'"
    title: Text = Field("", description="The title of what was published, or what was measured.")
    publisher: Text = Field("", description="Who published or measured it.")
    date: Text = Field("", description="The day, month or year when it was published.")
    reference: Text = Field("", description="Where to find it: address, section, table.")
    licence: Text = Field("", description="The licence of data that was taken from it.")
    basis: Basis = Field("", description="The basis of the only workbooks that list the source; all do, if left out.")


class _Kind(NamedTuple):
    """What the cards of a catalogue have, and the basis of the workbook."""

    fields: dict[str, catalogues.Field]
    points: Points | None
    basis: str
    written: dict[str, CardField]


def catalogue(
    root: Path,
    name: str,
    basis: str,
    place: Place,
    problems: Problems,
    known: dict[str, Catalogue] | None = None,
    own: Iterable[Mapping] = (),
) -> Catalogue | None:
    """Read a catalogue's fields (catalogues/NAME.yaml) and its cards (NAME/*.yaml); those of ``own`` come in place of any with their keys.

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
    written = read_as(CatalogueFile, node, f"catalogue '{name}'", problems)
    if written is None:
        return None
    places = written.key_places("fields")
    fields = {key: field.declared(key, places[key]) for key, field in written.fields.items()}
    spec = written.points.declared() if written.points else None
    given = {_key_of(node): node for node in own}
    nodes = [item for item in _nodes(root / name, known or {}, problems) if _key_of(item[1]) not in given] + list(given.items())
    borrowed = {key for _, node in nodes if isinstance(node, Mapping) for key in borrowed_fields(node, basis)}
    nodes = _ungrouped(nodes, Lenders(name, _names(nodes), {key: field.basis for key, field in fields.items()}), problems)
    fields = {key: replace(field, takes=field.takes or key in borrowed) for key, field in fields.items()}
    cards = _cards(root / name, nodes, written.placed("order"), _Kind(fields, spec, basis, written.fields), written.place, problems)
    for key, node in given.items():
        if key not in cards and not problems.found:
            problems.add(node.place, f"card '{key}' is of another basis than this workbook, which is '{basis}'", "leave the card out")
    here = {key: field for key, field in fields.items() if field.basis in {"", basis}}
    title, label = written.title or name, written.label or name
    return written.into(Catalogue, name=name, title=title, label=label, fields=here, cards=cards, points=spec)


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


def _names(nodes: Iterable[tuple[str, Node]]) -> dict[str, str]:
    """Return the names of cards by their keys."""
    return {_key_of(node): named(node.items.get("name")) for _, node in nodes if isinstance(node, Mapping)}


def _ungrouped(nodes: Iterable[tuple[str, Node]], lenders: Lenders, problems: Problems) -> list[tuple[str, Node]]:
    return [(key, written_out(node, lenders, problems) if isinstance(node, Mapping) else node) for key, node in nodes]


def _key_of(card: Node) -> str:
    return named(card.items.get("key")) if isinstance(card, Mapping) else ""


def _written_out(node: Mapping, known: dict[str, Catalogue], problems: Problems) -> Iterator[Mapping]:
    """Give a card for each that a pattern names; a card with a file of its own comes before one of a pattern."""
    each = node.items["each"]
    if "key" not in node.items:
        problems.add(node.place, "a card with 'each' lacks 'key'", 'such as key: "{gpu}_lab"')
    if not isinstance(each, Mapping) or len(each.items) != 1:
        problems.add(each.place, "a card with 'each' names one catalogue there, and has a 'key'", "each: {gpu: {of: hardware}}")
        return
    ((name, of),) = each
    for member, shown in members(of, "'each'", known, problems).items():
        one = filled(Mapping({key: child for key, child in node if key != "each"}, node.keys, node.place), name, member, shown)
        if isinstance(one, Mapping):
            yield one


def _cards(
    folder: Path, nodes: Iterable[tuple[str, Node]], order: tuple[tuple[str, Place], ...], kind: _Kind, place: Place, problems: Problems
) -> dict[str, Card]:
    found: dict[str, Card] = {}
    for wanted, node in nodes:
        card = _card(node, kind, problems, LONGEST_NAME if wanted else 2 * LONGEST_NAME)
        if card is None:
            found[wanted] = Card(wanted, wanted, "", {}, node.place)
            continue
        if wanted and card.key != wanted:
            message = f"the card's key is '{card.key}' but the file is called '{wanted}.yaml'"
            problems.add(card.place, message, f"call it {card.key}.yaml, or change the key")
        same = [other.key for other in found.values() if other.name.lower() == card.name.lower()]
        if same:
            at = node.items["name"].place if isinstance(node, Mapping) else card.place
            problems.add(at, f"the name '{card.name}' is also that of card '{same[0]}'", "names must differ, case aside")
        found[card.key] = card
    for key, at in order:
        if key not in found and not is_file(folder / f"{key}.yaml"):
            message = f"card '{key}' is missing from {folder.name}/"
            problems.add(at, message, suggest(key, found) or f"add {folder.name}/{key}.yaml")
    if not found:
        problems.add(place, f"no cards in {folder.name}/")
    here = {key: card for key, card in found.items() if card.basis in {"", kind.basis}}
    if found and not here:
        problems.add(place, f"every card in {folder.name}/ is of another basis than this workbook, which is '{kind.basis}'")
    listed = [key for key, _ in order if key in here]
    return {key: here[key] for key in [*listed, *sorted(set(here) - set(listed))]}


def _check_left_out(path: Path, shown: str, problems: Problems) -> None:
    """Record a file that is meant to be a card but is not called like one; backups of editors are none."""
    if {".yaml", ".yml"} & set(map(str.lower, path.suffixes)) and not path.name.startswith(".") and not path.name.endswith("~"):
        problems.add(Place(shown), "is not read: the name of a card's file ends in .yaml", f"call it {path.name.partition('.')[0]}.yaml")


def _card(node: Node, kind: _Kind, problems: Problems, longest: int) -> Card | None:
    called = f"card '{_key_of(node)}'"
    written = read_as(CardFile, node, called, problems)
    if written is None:
        return None
    key, name = written.key, written.name
    if not name or FORBIDDEN_IN_NAMES & set(name) or name[0] in "=+-@<>" or len(name) > longest:
        problems.add(
            written.place_of("name"),
            f"{called} has the name '{name}'",
            f"1 to {longest} characters, none of * ? ~ [ ] : / \\ or quotes, not starting with = + - @ < >",
        )
    figures = completed(written, kind.written)
    entries = _entries(written, figures, kind, problems)
    _check_complete(written, figures.keys(), kind.fields, problems)
    points = curve(written.points, kind.points, key, written.place, problems)
    for field in kind.fields.values():
        if field.worst_of and field.basis in {"", kind.basis}:
            entries[field.name] = _worst(field, entries, points, written.place)
    return written.into(Card, entries=entries, points=points)


def _entries(card: CardFile, figures: dict[str, Node], kind: _Kind, problems: Problems) -> dict[str, Entry]:
    """Return the figures of a card by their fields; those of workbooks of the other basis are checked, and left out."""
    entries: dict[str, Entry] = {}
    places = card.key_places("fields")
    for name, value in figures.items():
        field = kind.fields.get(name)
        if field is None:
            problems.add(places[name], f"unknown field '{name}' in card '{card.key}'", suggest(name, kind.fields))
        elif field.worst_of:
            message = f"'{card.key}.{name}' is computed: the worst evidence among the figures that cases use"
            problems.add(places[name], message, "leave it out")
        elif _apart(field.basis, card.basis):
            message = f"'{card.key}.{name}' is of basis '{field.basis}', but its card is of '{card.basis}'"
            problems.add(places[name], message, "leave it out: no workbook has both")
        else:
            entry = _entry(value, field, f"{card.key}.{name}", kind.basis, problems)
            if entry and field.basis in {"", kind.basis}:
                entries[name] = entry
    return entries


def _check_complete(card: CardFile, figures: Collection[str], fields: dict[str, catalogues.Field], problems: Problems) -> None:
    """Record the fields that a card lacks, but for those that it seems to have under a misspelt name."""
    misspelt = [suggest(name, fields) for name in card.fields if name not in fields]
    for field in fields.values():
        if field.name in figures or field.optional or field.worst_of or _apart(field.basis, card.basis):
            continue
        if f"did you mean '{field.name}'?" not in misspelt:
            message = f"card '{card.key}' lacks the field '{field.name}' ({field.label}, {field.unit})"
            fix = f"add, under 'fields', {field.name}: {{value: ..., unit: {field.unit}}}"
            problems.add(card.place_of("fields"), message, fix)


def _worst(field: catalogues.Field, entries: dict[str, Entry], curve: tuple[dict[str, Entry], ...], place: Place) -> Entry:
    """Return the worst evidence among the points and those fields of a card that its grade is made of."""
    fields = [entry for name in field.worst_of if (entry := entries.get(name))]
    given = [entry.figure for entry in (*fields, *(entry for point in curve for entry in point.values())) if entry.figure]
    found = [figure.evidence or "assumed" for figure in given]
    worst = max(found, key=EVIDENCE.index, default=EVIDENCE[-1])
    return Entry(Figure(worst, field.unit, place, evidence="derived", confidence="high"), None, place, computed=True)


def _apart(one: str, other: str) -> bool:
    """Tell whether no workbook has things of both bases ('' goes with either)."""
    return bool(one and other) and one != other


def _entry(node: Node, field: catalogues.Field, what: str, basis: str, problems: Problems) -> Entry | None:
    given = node.items if isinstance(node, Mapping) else {}
    if "expr" in given:
        written = read_as(CardExpression, node, what, problems)
        return Entry(figure_of("", field.unit, node, written.grade()), written.expr, node.place) if written else None
    other = None
    if given.keys() & set(BASES):
        if given.keys() != set(BASES):
            message = f"{what} must hold exactly one 'paper' and one 'corrected' figure"
            problems.add(node.place, message, "give both, or one figure for all workbooks")
        both = {name: _figure(child, f"{what} ({name})", field, problems) for name, child in given.items() if name in BASES}
        chosen = both.get(basis)
        other = next((value for name, value in both.items() if name != basis), None)
    else:
        chosen = _figure(node, what, field, problems)
    if chosen is None:
        return None
    check_bounds(chosen.value, field.bounds, chosen.place, what, problems)
    name = next((name for name in BASES if name != basis), "")
    return Entry(sourced(chosen), None, node.place, sourced(other) if other else None, name if other else "")


def _figure(node: Node, what: str, field: catalogues.Field, problems: Problems) -> Figure | None:
    if isinstance(node, Scalar):
        problems.add(
            node.place, f"{what} must say more than its value", f"write {{value: {node.text}, source: ...}}, or give the card 'defaults'"
        )
        return None
    written = read_as(CardFigure, node, what, problems)
    return written.figure(field.unit, what, problems) if written else None


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
        written = read_as(SourceEntry, value, f"source '{key}'", problems)
        if written:
            result[key] = written.into(Source, key=key)
    return result
