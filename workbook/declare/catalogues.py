"""Cards, their fields and figures, as templates declare them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from workbook.declare.yaml import Node
    from workbook.errors import Place

EVIDENCE = ("measured", "calibrated", "vendor", "published", "derived", "projected", "assumed")
CONFIDENCE = ("high", "medium", "low")
BASES = ("paper", "corrected")
NONE = "none"  # in place of a word of evidence: not that of the defaults
ALWAYS = "true"  # an input that is for reference in the workbooks of each basis
ORDERS = ("increasing", "non_decreasing")
_BORROWED = re.compile(r"\w+\['(\w+)'\]\.\w+")  # a figure that is that of another card


@dataclass(frozen=True, slots=True)
class Grade:
    """Where a figure that is shared by many cells comes from."""

    source: str = ""
    date: str = ""
    confidence: str = ""
    evidence: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """The text of an expression and where it starts; ``pattern`` is what a row's own text was made from, if anything."""

    text: str
    place: Place
    pattern: str = ""

    @property
    def declared(self) -> str:
        """Return the text as the templates have it."""
        return self.pattern or self.text


@dataclass(frozen=True, slots=True)
class Figure:
    """One input: a number or text with its provenance."""

    value: float | str
    unit: str
    place: Place
    raw: str = ""
    low: float | None = None
    high: float | None = None
    source: str = ""
    date: str = ""
    confidence: str = ""
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A card's field: a figure (perhaps with the figure of the other basis), or an expression with its evidence.

    A figure that is ``computed`` from the card's other fields is no input.
    """

    figure: Figure | None
    formula: Formula | None
    place: Place
    alternate: Figure | None = None
    alternate_basis: str = ""
    computed: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One member of a catalogue, in all workbooks or in those of one ``basis``; ``points`` holds the rows of its curve, if any."""

    key: str
    name: str
    about: str
    entries: dict[str, Entry]
    place: Place
    points: tuple[dict[str, Entry], ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an input may be: limits, a list of choices, the names of a catalogue, or with ``names`` a name for a member of its table."""

    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    key: str = ""
    whole: bool = False
    names: bool = False


UNBOUNDED = Bounds()


@dataclass(frozen=True, slots=True)
class Field:
    """A field that every card of a catalogue has (unless optional), in all workbooks or in those of one ``basis``.

    A field with ``worst_of`` is computed: the worst evidence among the card's points and the fields that it names.
    ``reference`` names the workbooks in which no result depends on it ("true", or a basis); between the two numbers of
    ``usual`` lie figures in the right multiple of the unit. With ``takes`` an expression stands for figures that cards lack, in cells
    that may be typed over.
    """

    name: str
    label: str
    unit: str
    place: Place
    doc: str = ""
    format: str = ""
    optional: bool = False
    bounds: Bounds = UNBOUNDED
    order: str = ""
    ends_at: float | None = None
    basis: str = ""
    worst_of: tuple[str, ...] = ()
    reference: str = ""
    usual: tuple[float, ...] = ()
    takes: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """The curve that every card of a catalogue gives as rows of numbers, such as the knots of a distribution.

    ``usual`` holds the defaults of its last fields, as YAML has them: points may leave these numbers out.
    """

    key: str
    label: str
    count: int
    fields: dict[str, Field]
    usual: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A kind of card: fields and members."""

    name: str
    title: str
    label: str
    fields: dict[str, Field]
    cards: dict[str, Card]
    place: Place
    points: Points | None = None

    def text(self, card: str, field: str) -> str:
        """Return the text of a card's figure, or of the card that it is borrowed from; an empty text where there is none."""
        asked: set[str] = set()
        while card in self.cards and card not in asked:
            asked.add(card)
            entry = self.cards[card].entries.get(field)
            if entry is None or entry.formula is None:
                return str(entry.figure.value) if entry and entry.figure else ""
            link = _BORROWED.fullmatch(entry.formula.text)
            card = link[1] if link else ""
        return ""

    def without(self, left_out: Collection[str]) -> Catalogue:
        """Return the catalogue without some of its fields."""
        cards = {
            key: replace(card, entries={name: entry for name, entry in card.entries.items() if name not in left_out})
            for key, card in self.cards.items()
        }
        return replace(self, fields={name: field for name, field in self.fields.items() if name not in left_out}, cards=cards)
