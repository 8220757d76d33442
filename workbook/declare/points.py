"""The keywords of the curves of cards: rows of numbers, or expressions for them, such as the knots of a distribution."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from workbook.declare import catalogues
from workbook.declare.catalogues import Entry, Formula
from workbook.declare.figures import CardFields, CardFigure, Sourced, figure_of, sourced
from workbook.declare.keywords import AT_KEY, ITSELF, Anything, Entries, Expression, Keywords, Number, Parts, Text, Written
from workbook.declare.limits import check_bounds
from workbook.declare.mistakes import read_as
from workbook.declare.yaml import Scalar, Sequence, number_of
from workbook.errors import suggest

if TYPE_CHECKING:
    from workbook.declare.catalogues import Points
    from workbook.errors import Place, Problems

Curve = tuple[dict[str, Entry], ...]


class CurvePoints(Keywords):
    """The curve that every card of a catalogue gives as rows of numbers."""

    called: ClassVar[str] = "points"
    key: Text = Field("point", description="The row key of a point in tables over the curves.")
    label: Text = Field("Point", description="What people call a point.")
    count: Number = Field(None, description="How many points every card has.")
    fields: CardFields = Field({}, description="The numbers of a point, in their order.")

    def declared(self) -> Points:
        """Return the declaration of the curve."""
        places = self.key_places("fields")
        fields = {key: field.declared(key, places[key]) for key, field in self.fields.items()}
        usual = {key: field.default for key, field in self.fields.items() if field.has("default")}
        return self.into(catalogues.Points, count=int(self.count or 0), fields=fields, usual=usual)


class CardPoints(Sourced):
    """The points of a card's curve, with their source and evidence."""

    called: ClassVar[str] = "points of '{owner}'"
    rows: Annotated[Parts[Anything], Written("list of lists of numbers")] = Field(
        (), description="The points: each a list with a number for each field of the catalogue's points; those with a default may lack."
    )
    each_row: Annotated[Entries[str, Expression], Written("mapping of fields to expressions")] = Field(
        {}, description="Instead of 'rows': an expression for each field, in which {KEY} stands for the point: {knot} for p1, p2 ..."
    )

    def check(self, problems: Problems) -> None:
        """Record points that are given twice, or not at all."""
        if bool(self.rows) == bool(self.each_row):
            problems.add(AT_KEY, f"{ITSELF} needs either 'rows' or 'each_row'")


def curve(points: CardPoints | None, spec: Points | None, card: str, place: Place, problems: Problems) -> Curve:
    """Return the curve of a card: by field, the figure or the expression of each point. ``place`` is that of the card."""
    if points is None or spec is None:
        if points is not None:
            problems.add(points.place, f"card '{card}' has 'points', which its catalogue does not know")
        elif spec is not None:
            problems.add(place, f"card '{card}' lacks 'points'")
        return ()
    return _expressions(points, spec, card, problems) if points.each_row else _figures(points, spec, card, problems)


def _expressions(points: CardPoints, spec: Points, card: str, problems: Problems) -> Curve:
    """Return the points that are worked out in the workbook."""
    places = points.key_places("each_row")
    for name in points.each_row.keys() - spec.fields.keys():
        problems.add(places[name], f"'{name}' is not a number of the points of '{card}'", suggest(name, spec.fields))
    for name in spec.fields.keys() - points.each_row.keys() - spec.usual.keys():
        problems.add(points.place, f"the points of '{card}' lack an expression for '{name}'")
    given = [(spec.fields[name], text) for name, text in points.each_row.items() if name in spec.fields and text]
    usual = _usual(points, spec, problems)
    return tuple(
        usual | {field.name: _expression(points, field.unit, text, f"{{{spec.key}}}", f"p{number}") for field, text in given}
        for number in range(1, spec.count + 1)
    )


def _expression(points: CardPoints, unit: str, text: Formula, key: str, point: str) -> Entry:
    written = text.text.replace(key, point)
    nothing = Scalar(None, "", text.place)
    return Entry(figure_of("", unit, nothing, points.grade()), Formula(written, text.place, text.text), text.place)


def _figures(points: CardPoints, spec: Points, card: str, problems: Problems) -> Curve:
    """Return the points that are given as numbers."""
    grade = points.grade()
    usual = _usual(points, spec, problems)
    rows: list[dict[str, Entry]] = []
    for number, row in enumerate(points.rows, start=1):
        cells = row.items if isinstance(row, Sequence) else ()
        if not len(spec.fields) - len(spec.usual) <= len(cells) <= len(spec.fields):
            fewer = "".join(f", without '{name}' where nothing is known of it" for name in spec.usual)
            problems.add(row.place, f"point {number} of '{card}' needs {len(spec.fields)} numbers: {', '.join(spec.fields)}{fewer}")
            continue
        found = dict(usual)
        for field, cell in zip(spec.fields.values(), cells, strict=False):
            what = f"'{field.name}' of point {number} of '{card}'"
            value = number_of(cell, what, problems)
            if value is not None:
                check_bounds(value, field.bounds, cell.place, what, problems)
                found[field.name] = Entry(sourced(figure_of(value, field.unit, cell, grade)), None, cell.place)
        if len(found) == len(spec.fields):
            rows.append(found)
    if len(rows) != spec.count:
        problems.add(points.place, f"'{card}' has {len(rows)} usable points; {spec.count} are needed", "repeat the end of the curve")
    _check_order(rows, spec, card, problems)
    return tuple(rows)


def _usual(points: CardPoints, spec: Points, problems: Problems) -> dict[str, Entry]:
    """Return the numbers of points that leave them out, with the evidence of the others where the catalogue states none."""
    found = {}
    for name, node in spec.usual.items():
        what = f"the default of '{name}'"
        written = read_as(CardFigure, node, what, problems)
        figure = written.figure(spec.fields[name].unit, what, problems) if written else None
        if figure:
            behind = {part: getattr(figure, part) or getattr(points, part) for part in Sourced.model_fields}
            found[name] = Entry(sourced(replace(figure, **behind)), None, points.place)
    return found


def _check_order(rows: list[dict[str, Entry]], spec: Points, card: str, problems: Problems) -> None:
    for field in spec.fields.values():
        figures = [figure for row in rows if (figure := row[field.name].figure)]
        for earlier, later in pairwise(figures):
            step = float(later.value) - float(earlier.value)
            if field.order and (step < 0 or (step == 0 and field.order == "increasing")):
                wanted = field.order.replace("_", " ")
                problems.add(later.place, f"'{field.name}' of '{card}' goes from {earlier.raw} to {later.raw}; it must be {wanted}")
        if field.ends_at is not None and figures and figures[-1].value != field.ends_at:
            message = f"'{field.name}' of '{card}' ends at {figures[-1].raw}; it must end at {field.ends_at:g}"
            problems.add(figures[-1].place, message)
