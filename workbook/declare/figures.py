"""Reading single figures, their limits and the declarations of fields."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare.catalogues import CONFIDENCE, EVIDENCE, Bounds, Field, Figure, Formula, Grade
from workbook.declare.yaml import Node, Reader, Scalar, Sequence, number_of
from workbook.errors import suggest

if TYPE_CHECKING:
    from workbook.errors import Place, Problems

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?$")
BASES = ("paper", "corrected")
ALWAYS = "true"
ORDERS = ("increasing", "non_decreasing")
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
    if isinstance(node, Scalar) and own:
        problems.add(node.place, f"{what} must say more than its value", f"write {{value: {node.text}, unit: {unit}}}")
        return None
    reader = reader or Reader(node, problems, what)
    value = _value(reader.need("value"), what, unit, problems)
    given = reader.text("unit", unit)
    if given != unit:
        place = reader.node.keys.get("unit", reader.place)
        problems.add(place, f"{what} is given in '{given}' but '{unit}' is needed", f"convert the figure to {unit}")
    behind = grade(reader)
    low, high = value_range(reader, unit)
    if own:
        reader.finish()
    if value is None:
        return None
    ends = (value if low is None else low, value, value if high is None else high)
    if given == unit and isinstance(value, float) and list(ends) != sorted(ends):
        problems.add(reader.place, f"{what}: low <= value <= high does not hold ({low}, {value}, {high})")
    scalar = reader.node.items["value"]
    return shared_figure(value, unit, scalar, replace(behind, low=low, high=high))


def grade(reader: Reader) -> Grade:
    """Read where figures come from: source, date, confidence, evidence and note."""
    result = Grade(reader.text("source"), reader.text("date"), reader.text("confidence"), reader.text("evidence"), reader.text("note"))
    for word, known, name in ((result.confidence, CONFIDENCE, "confidence"), (result.evidence, EVIDENCE, "evidence")):
        if word and word not in known:
            reader.problems.add(reader.node.keys[name], f"{name} of {reader.what} cannot be '{word}'", suggest(word, known))
    if result.date and not DATE.match(result.date):
        reader.problems.add(reader.node.keys["date"], f"date of {reader.what} is '{result.date}'", "write YYYY-MM-DD, YYYY-MM or YYYY")
    return result


def value_range(reader: Reader, unit: str) -> tuple[float | None, float | None]:
    """Read the low and the high of figures."""
    low, high = reader.number("low"), reader.number("high")
    if unit == "text" and (low, high) != (None, None):
        name = "high" if low is None else "low"
        reader.problems.add(reader.node.keys[name], f"{reader.what} is a text; it has no '{name}'", "leave it out")
    return low, high


def _value(node: Node | None, what: str, unit: str, problems: Problems) -> float | str | None:
    if node is None:
        return None
    if unit == "text":
        if isinstance(node, Scalar) and node.text:
            return node.text
        problems.add(node.place, f"{what} must be a text")
        return None
    return number_of(node, what, problems)


def one_basis(reader: Reader, name: str) -> str:
    """Read the basis of the only workbooks that have a field, a card or a source ('' for all workbooks)."""
    basis = reader.text("basis")
    if basis not in {"", *BASES}:
        reader.problems.add(reader.place_of("basis"), f"basis of '{name}' cannot be '{basis}'", suggest(basis, BASES))
    return basis


def read_field(name: str, node: Node, place: Place, problems: Problems) -> Field:
    """Read the declaration of a card's field."""
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
        reader.text("order"),
        reader.number("ends_at"),
        one_basis(reader, name),
        reader.texts("worst_of"),
        reference(reader),
        _usual(reader),
    )
    if result.order not in {"", *ORDERS}:
        problems.add(reader.place, f"order of '{name}' cannot be '{result.order}'", suggest(result.order, ORDERS))
    reader.finish()
    return result


def reference(reader: Reader) -> str:
    """Read in which workbooks an input is for reference only: in all (true), or in those of one basis."""
    given = reader.text("reference")
    if given not in {"", ALWAYS, *BASES}:
        reader.problems.add(
            reader.place_of("reference"), f"'reference' of {reader.what} cannot be '{given}'", f"true, {' or '.join(BASES)}"
        )
    return given


def _usual(reader: Reader) -> tuple[float, ...]:
    """Read between which numbers figures usually lie."""
    node = reader.take("usual")
    if node is None:
        return ()
    found = [number_of(item, f"'usual' of {reader.what}", reader.problems) for item in node.items] if isinstance(node, Sequence) else []
    ends = tuple(item for item in found if item is not None)
    if len(found) != 2 or (len(ends) == len(found) and not 0 <= ends[0] < ends[1]):  # noqa: PLR2004 low and high
        reader.problems.add(node.place, f"'usual' of {reader.what} gives the low and the high of usual figures", "usual: [50, 5000]")
        return ()
    return ends if len(ends) == len(found) else ()


def sourced(figure: Figure) -> Figure:
    """Return a card's figure as its source lets it count: a number without one is an assumption of low confidence."""
    return figure if figure.source or figure.unit == "text" else replace(figure, confidence="low", evidence="assumed")


def shared_figure(value: float | str, unit: str, node: Node, behind: Grade) -> Figure:
    """Return a figure whose provenance is stated once for many."""
    raw = node.text if isinstance(node, Scalar) else ""
    return Figure(
        value,
        unit,
        node.place,
        raw,
        behind.low,
        behind.high,
        behind.source,
        behind.date,
        behind.confidence,
        behind.evidence,
        behind.note,
    )
