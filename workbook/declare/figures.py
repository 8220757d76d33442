"""The keywords of figures: their values, limits, source and evidence, and the fields of cards that they fill."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from workbook.declare import catalogues
from workbook.declare.catalogues import ALWAYS, BASES, CONFIDENCE, EVIDENCE, NONE, ORDERS, Bounds, Figure, Grade
from workbook.declare.keywords import (
    ITSELF,
    Anything,
    Choice,
    Entries,
    Expression,
    Flag,
    Keywords,
    Name,
    Number,
    Parts,
    Text,
    Texts,
    Written,
    mistake,
    words,
)
from workbook.declare.yaml import Mapping, Node, Scalar, number_of

if TYPE_CHECKING:
    from workbook.errors import Place, Problems

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?$")


def _date(node: Any) -> str:
    if isinstance(node, Scalar) and _DATE.match(node.text):
        return node.text
    raise mistake("date")


Date = Annotated[str, BeforeValidator(_date), WithJsonSchema({"type": ["string", "number"]}), Written("date: YYYY-MM-DD, YYYY-MM or YYYY")]
Basis = Annotated[str, BeforeValidator(Choice(BASES)), words(BASES), Written("paper or corrected")]
Reference = Annotated[str, BeforeValidator(Choice((ALWAYS, *BASES))), words((ALWAYS, *BASES)), Written("true, paper or corrected")]
Confidence = Annotated[str, BeforeValidator(Choice(CONFIDENCE, at_key=True)), words((*CONFIDENCE, NONE)), Written("high, medium or low")]
Evidence = Annotated[
    str, BeforeValidator(Choice(EVIDENCE, at_key=True)), words((*EVIDENCE, NONE)), Written("one of: " + ", ".join(EVIDENCE))
]


class Sourced(Keywords):
    """Where figures come from."""

    source: Text = Field("", description="The key in sources.yaml of where the figures are from.")
    date: Date = Field("", description="When they were published or measured, or from when on they hold.")
    confidence: Confidence = Field("", description="How far they can be relied on.")
    evidence: Evidence = Field(
        "", description="What kind of evidence they are, best first; on a card a number without a source counts as assumed."
    )
    note: Text = Field("", description="What else to know about them; shown next to the cell, where users may add to it.")

    def grade(self) -> Grade:
        """Return where the figures come from."""
        return self.into(Grade)


class Ranged(Sourced):
    """Where figures come from, and between which numbers they may reasonably lie."""

    low: Number = Field(None, description="The lowest that the figure may reasonably be, in its own unit.")
    high: Number = Field(None, description="The highest that the figure may reasonably be, in its own unit.")

    def check_range(self, unit: str, problems: Problems) -> None:
        """Record a range of what is no number."""
        for name in ("low", "high"):
            if unit == "text" and self.has(name):
                problems.add(self.key_place(name), f"{ITSELF} is a text; it has no '{name}'", "leave it out")
                return


class Bounded(Keywords):
    """What an input may be. Templates, files, commands and cells refuse the same."""

    minimum: Number = Field(None, description="The lowest number that is accepted.")
    above: Number = Field(None, description="The number that an accepted one must be above, such as 0.")
    maximum: Number = Field(None, description="The highest number that is accepted.")
    choices: Texts = Field((), description="The texts, or the numbers, that are accepted; the cell offers them as a list.")
    key: Text = Field("", description="The catalogue or table whose members are accepted; the cell offers their names as a list.")
    whole: Flag = Field(default=False, description="Only whole numbers are accepted; the cell refuses others.")

    def bounds(self) -> Bounds:
        """Return the limits of an input."""
        return self.into(Bounds)


class Valued(Ranged):
    """A figure: its value, source and evidence."""

    value: Anything = Field(description="The number, or with unit 'text' the text, in the unit that is given or declared.")

    def figure(self, unit: str, what: str, problems: Problems) -> Figure | None:
        """Return the figure in the unit that it must have; None, and what is wrong, where it cannot be read."""
        self.check_range(unit, problems)
        value = _value(self.value, what, unit, problems)
        given = str(getattr(self, "unit", "")) or unit
        if given != unit:
            message = f"{what} is given in '{given}' but '{unit}' is needed"
            problems.add(self.key_place("unit"), message, f"convert the figure to {unit}")
        if value is None:
            return None
        ends = (value if self.low is None else self.low, value, value if self.high is None else self.high)
        if given == unit and isinstance(value, float) and list(ends) != sorted(ends):
            problems.add(self.place, f"{what}: low <= value <= high does not hold ({self.low}, {value}, {self.high})")
        return figure_of(value, unit, self.value, self.into(Grade))


class CardFigure(Valued):
    """A figure of a card."""

    unit: Text = Field("", description="Its unit, which must be that of the field: it guards against figures in another multiple.")


class CardExpression(Sourced):
    """A figure of a card that follows from others of the workbook."""

    expr: Expression = Field(description="The expression that gives the figure.")
    unit: Text = Field("", description="The unit of the result, for readers; it is checked against that of the field.")


class CardFigures(Keywords):
    """A figure of a card that differs between workbooks of the paper and corrected ones; both are shown."""

    paper: CardFigure = Field(description="The figure as the paper prints or uses it.")
    corrected: CardFigure = Field(description="The figure as it should be.")


class CardField(Bounded):
    """A figure that every card of a catalogue has."""

    called: ClassVar[str] = "field '{key}'"
    label: Text = Field("", description="What people read next to the figure; its name, if left out.")
    unit: Text = Field("1", description="The unit that cards must give the figure in; 'text' for a text, '1' for none.")
    doc: Text = Field("", description="What the figure is, in a sentence or two; shown with the input.")
    format: Text = Field("", description="Excel's number format of the cell.")
    optional: Flag = Field(default=False, description="Cards may lack the figure.")
    order: Annotated[str, BeforeValidator(Choice(ORDERS)), words(ORDERS), Written("increasing or non_decreasing")] = Field(
        "", description="How the figure must go from point to point of a card's curve."
    )
    ends_at: Number = Field(None, description="What the figure must be at the last point of a card's curve.")
    basis: Basis = Field("", description="The basis of the only workbooks that have the field; all have it, if left out.")
    default: Annotated[Anything, Written("value, or {expr: EXPRESSION}")] = Field(
        None, description="What cards have that leave it out: a value, or {expr, ...} of their other figures, which may be overwritten."
    )
    worst_of: Texts = Field((), description="The fields whose evidence is compared: the figure is the worst of it, computed for each card.")
    reference: Reference = Field("", description="No result depends on the figure (in any workbook, or in those of one basis): it is grey.")
    usual: Annotated[Parts[Anything], Written("list of two numbers")] = Field(
        (), description="The lowest and the highest usual figure; one outside is reported, with the slip of unit that is likely."
    )

    def check(self, problems: Problems) -> None:
        """Record what is no range of usual figures."""
        ends = [number_of(item, f"'usual' of {ITSELF}", problems) for item in self.usual]
        low_and_high = 2
        if self.has("usual") and not problems.found and (len(ends) != low_and_high or not 0 <= (ends[0] or 0) < (ends[1] or 0)):
            message = f"'usual' of {ITSELF} gives the low and the high of usual figures"
            problems.add(self.place_of("usual"), message, "usual: [50, 5000]")

    def declared(self, name: str, place: Place) -> catalogues.Field:
        """Return the declaration of the field that stands at a key."""
        usual = tuple(float(item.value) for item in self.usual)
        takes = isinstance(self.default, Mapping) and "expr" in self.default.items
        label, limits = self.label or name, self.bounds()
        return self.into(catalogues.Field, name=name, label=label, place=place, bounds=limits, usual=usual, takes=takes)


FieldName = Annotated[str, BeforeValidator(Name("field"))]
CardFields = Annotated[Entries[FieldName, CardField], Written("mapping of names to fields")]


def _value(node: Node, what: str, unit: str, problems: Problems) -> float | str | None:
    if unit != "text":
        return number_of(node, what, problems)
    if isinstance(node, Scalar) and node.text:
        return node.text
    problems.add(node.place, f"{what} must be a text")
    return None


def figure_of(value: float | str, unit: str, node: Node, grade: Grade) -> Figure:
    """Return a figure with where it comes from, which may be stated once for many."""
    raw = node.text if isinstance(node, Scalar) else ""
    return Figure(value, unit, node.place, raw, **{name: getattr(grade, name) for name in Grade.__dataclass_fields__})


def sourced(figure: Figure) -> Figure:
    """Return a card's figure as its source lets it count: a number without one is an assumption of low confidence."""
    return figure if figure.source or figure.unit == "text" else replace(figure, confidence="low", evidence="assumed")
