"""Reading catalogues, cards, figures and sources into declarations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, WorkbookError, suggest
from workbook.schema import CONFIDENCE, EVIDENCE, Bounds, Card, Catalogue, Entry, Field, Figure, Formula, Source
from workbook.source import Mapping, Node, Reader, Scalar, is_file, number_of, read

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.errors import Problems

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?$")
BASES = ("paper", "corrected")
FORBIDDEN_IN_NAMES = set("*?~\"'[]:/\\")
RESERVED = {"and", "or", "not", "if", "else", "for", "in", "is", "lambda", "previous", "next", "true", "false"}


def check_name(name: str, place: Place, what: str, problems: Problems) -> None:
    """Record a name that cannot stand in an expression or an identifier."""
    if not NAME.match(name) or name in RESERVED:
        problems.add(place, f"{what} '{name}' is not a usable name", "lower-case letters, digits and _, starting with a letter")


def formula(node: Node | None, what: str, problems: Problems) -> Formula | None:
    """Read an expression's text."""
    if node is None:
        return None
    if not isinstance(node, Scalar) or node.value is None:
        problems.add(node.place, f"{what} must be an expression in quotes")
        return None
    return Formula(node.text, node.place)


def bounds(reader: Reader) -> Bounds:
    """Read the limits of an input from a field, a column or an item."""
    return Bounds(
        reader.number("minimum"),
        reader.number("above"),
        reader.number("maximum"),
        reader.texts("choices"),
        reader.text("key"),
        reader.flag("whole"),
    )


def figure(node: Node, what: str, unit: str, problems: Problems, reader: Reader | None = None) -> Figure | None:
    """Read one figure: value, unit, low, high and provenance.

    ``unit`` is the unit the figure must have. With ``reader`` the caller goes on to read further keys and finishes it.
    """
    own = reader is None
    reader = reader or Reader(node, problems, what)
    value = _value(reader.need("value"), what, unit, problems)
    given = reader.text("unit", unit)
    if given != unit:
        place = reader.node.keys.get("unit", reader.place)
        problems.add(place, f"{what} is given in '{given}' but '{unit}' is needed", f"convert the figure to {unit}")
    source, date = reader.text("source"), reader.text("date")
    confidence, evidence = reader.text("confidence"), reader.text("evidence")
    for word, known, name in ((confidence, CONFIDENCE, "confidence"), (evidence, EVIDENCE, "evidence")):
        if word and word not in known:
            problems.add(reader.node.keys[name], f"{name} of {what} cannot be '{word}'", suggest(word, known))
    if date and not DATE.match(date):
        problems.add(reader.node.keys["date"], f"date of {what} is '{date}'", "write YYYY-MM-DD, YYYY-MM or YYYY")
    low, high = reader.number("low"), reader.number("high")
    note = reader.text("note")
    if own:
        reader.finish()
    if value is None:
        return None
    if isinstance(value, float) and not (low if low is not None else value) <= value <= (high if high is not None else value):
        problems.add(reader.place, f"{what}: low <= value <= high does not hold ({low}, {value}, {high})")
    scalar = reader.node.items["value"]
    raw = scalar.text if isinstance(scalar, Scalar) else ""
    return Figure(value, unit, scalar.place, raw, low, high, source, date, confidence, evidence, note)


def _value(node: Node | None, what: str, unit: str, problems: Problems) -> float | str | None:
    if node is None:
        return None
    if unit == "text":
        if isinstance(node, Scalar) and node.text:
            return node.text
        problems.add(node.place, f"{what} must be a text")
        return None
    return number_of(node, what, problems)


def check_bounds(value: float | str, limits: Bounds, place: Place | None, what: str, problems: Problems) -> None:
    """Record a value outside its limits."""
    if isinstance(value, str):
        if limits.choices and value not in limits.choices:
            problems.add(place, f"{what} cannot be '{value}'", suggest(value, limits.choices))
        return
    if limits.choices and value not in map(float, limits.choices):
        problems.add(place, f"{what} is {value:g}", f"one of: {', '.join(limits.choices)}")
    if limits.above is not None and value <= limits.above:
        problems.add(place, f"{what} is {value:g}; it must be above {limits.above:g}")
    if limits.minimum is not None and value < limits.minimum:
        problems.add(place, f"{what} is {value:g}; it must be at least {limits.minimum:g}")
    if limits.maximum is not None and value > limits.maximum:
        problems.add(place, f"{what} is {value:g}; it must be at most {limits.maximum:g}")
    if limits.whole and value != int(value):
        problems.add(place, f"{what} is {value:g}; it must be a whole number")


def catalogue(root: Path, name: str, basis: str, place: Place, problems: Problems) -> Catalogue | None:
    """Read a catalogue's fields (catalogues/NAME.yaml) and its cards (NAME/*.yaml)."""
    path = root / "catalogues" / f"{name}.yaml"
    if not is_file(path):
        known = [item.stem for item in (root / "catalogues").glob("*.yaml")]
        problems.add(place, f"there is no catalogue '{name}'", suggest(name, known))
        return None
    node = _read(path, f"catalogues/{name}.yaml", problems)
    if node is None:
        return None
    reader = Reader(node, problems, f"catalogue '{name}'")
    title, label = reader.text("title", name), reader.text("label", name)
    order = reader.placed_texts("order")
    fields = {key: _field(key, value, reader.mapping("fields").keys[key], problems) for key, value in reader.mapping("fields")}
    reader.finish()
    cards = _cards(root, name, dict(order), fields, basis, reader.place, problems)
    return Catalogue(name, title, label, fields, cards, reader.place)


def _field(name: str, node: Node, place: Place, problems: Problems) -> Field:
    check_name(name, place, "field", problems)
    reader = Reader(node, problems, f"field '{name}'")
    result = Field(
        name,
        reader.text("label", name),
        reader.text("unit", "1"),
        place,
        reader.text("doc"),
        reader.text("format"),
        reader.flag("optional"),
        bounds(reader),
    )
    reader.finish()
    return result


def _read(path: Path, shown_as: str, problems: Problems) -> Node | None:
    try:
        return read(path, shown_as)
    except WorkbookError as error:
        problems.found.extend(error.diagnostics)
        return None


def _cards(
    root: Path, name: str, order: dict[str, Place], fields: dict[str, Field], basis: str, place: Place, problems: Problems
) -> dict[str, Card]:
    found: dict[str, Card] = {}
    for path in sorted((root / name).glob("*.yaml")):
        shown = f"{name}/{path.name}"
        node = _read(path, shown, problems)
        if node is None:
            continue
        card = _card(node, fields, basis, problems)
        if card.key != path.stem:
            problems.add(card.place, f"the card's key is '{card.key}' but the file is called '{path.name}'", "make them the same")
        same = [other.key for other in found.values() if other.name.lower() == card.name.lower()]
        if same:
            problems.add(card.place, f"the name '{card.name}' is also that of card '{same[0]}'", "names must differ, case aside")
        found[card.key] = card
    for key, at in order.items():
        if key not in found and not is_file(root / name / f"{key}.yaml"):
            problems.add(at, f"card '{key}' is missing from {name}/", suggest(key, found) or f"add {name}/{key}.yaml")
    if not found:
        problems.add(place, f"no cards in {name}/")
    listed = [key for key in order if key in found]
    return {key: found[key] for key in [*listed, *sorted(set(found) - set(listed))]}


def _card(node: Node, fields: dict[str, Field], basis: str, problems: Problems) -> Card:
    reader = Reader(node, problems, "card")
    key, name, about = reader.text("key"), reader.text("name"), reader.text("about")
    reader.what = f"card '{key}'"
    check_name(key, reader.place, "card key", problems)
    if not name or FORBIDDEN_IN_NAMES & set(name) or name[0] in "=+-@<>" or len(name) > 28:  # noqa: PLR2004 sheet names end at 31
        problems.add(
            reader.place,
            f"card '{key}' has the name '{name}'",
            "1 to 28 characters, none of * ? ~ [ ] : / \\ or quotes, not starting with = + - @ < >",
        )
    given = reader.mapping("fields")
    entries: dict[str, Entry] = {}
    for field_name, value in given:
        if field_name not in fields:
            problems.add(given.keys[field_name], f"unknown field '{field_name}' in card '{key}'", suggest(field_name, fields))
            continue
        entry = _entry(value, fields[field_name], f"{key}.{field_name}", basis, problems)
        if entry:
            entries[field_name] = entry
    for field in fields.values():
        if field.name not in given.items and not field.optional:
            problems.add(reader.place, f"card '{key}' lacks the field '{field.name}' ({field.label}, {field.unit})")
    reader.finish()
    return Card(key, name, about, entries, reader.place)


def _entry(node: Node, field: Field, what: str, basis: str, problems: Problems) -> Entry | None:
    if isinstance(node, Mapping) and "expr" in node.items:
        reader = Reader(node, problems, what)
        text = formula(reader.take("expr"), what, problems)
        note = Figure(
            "",
            field.unit,
            node.place,
            "",
            None,
            None,
            reader.text("source"),
            reader.text("date"),
            reader.text("confidence"),
            reader.text("evidence"),
            reader.text("note"),
        )
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
            problems.add(node.place, f"{what} must hold exactly one 'paper' and one 'corrected' figure")
        chosen = both.get(basis)
        other = next((value for name, value in both.items() if name != basis), None)
    if chosen is None:
        return None
    check_bounds(chosen.value, field.bounds, chosen.place, what, problems)
    name = next((name for name in BASES if name != basis), "")
    return Entry(chosen, None, node.place, other, name if other else "")


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
            key, reader.text("title"), reader.text("publisher"), reader.text("date"), reader.text("reference"), reader.text("licence")
        )
        reader.finish()
    return result
