"""Reading the curves of cards: rows of numbers, such as the knots of a distribution."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Points
from workbook.declare.figures import grade, read_field, shared_figure, sourced
from workbook.declare.limits import check_bounds
from workbook.declare.yaml import Reader, Sequence, number_of

if TYPE_CHECKING:
    from workbook.declare.catalogues import Figure
    from workbook.errors import Problems


def points_spec(reader: Reader, problems: Problems) -> Points | None:
    """Read what a catalogue says of its cards' curves."""
    node = reader.take("points")
    if node is None:
        return None
    spec = Reader(node, problems, "points")
    given = spec.mapping("fields")
    fields = {key: read_field(key, value, given.keys[key], problems) for key, value in given}
    result = Points(spec.text("key", "point"), spec.text("label", "Point"), int(spec.number("count") or 0), fields)
    spec.finish()
    return result


def read_points(reader: Reader, spec: Points | None, card: str, problems: Problems) -> tuple[dict[str, Figure], ...]:
    """Read the curve of a card: rows of numbers in the order of the fields."""
    node = reader.take("points")
    if node is None or spec is None:
        if node is not None:
            problems.add(node.place, f"card '{card}' has 'points', which its catalogue does not know")
        elif spec is not None:
            problems.add(reader.place, f"card '{card}' lacks 'points'")
        return ()
    points = Reader(node, problems, f"points of '{card}'")
    behind = grade(points)
    listed = points.take("rows")
    points.finish()
    rows: list[dict[str, Figure]] = []
    for number, row in enumerate(listed.items if isinstance(listed, Sequence) else (), start=1):
        cells = row.items if isinstance(row, Sequence) else ()
        if len(cells) != len(spec.fields):
            problems.add(row.place, f"point {number} of '{card}' needs {len(spec.fields)} numbers: {', '.join(spec.fields)}")
            continue
        found = {}
        for field, cell in zip(spec.fields.values(), cells, strict=True):
            what = f"'{field.name}' of point {number} of '{card}'"
            value = number_of(cell, what, problems)
            if value is not None:
                check_bounds(value, field.bounds, cell.place, what, problems)
                found[field.name] = sourced(shared_figure(value, field.unit, cell, behind))
        if len(found) == len(spec.fields):
            rows.append(found)
    if len(rows) != spec.count:
        problems.add(node.place, f"'{card}' has {len(rows)} usable points; {spec.count} are needed", "repeat the end of the curve")
    _check_order(rows, spec, card, problems)
    return tuple(rows)


def _check_order(rows: list[dict[str, Figure]], spec: Points, card: str, problems: Problems) -> None:
    for field in spec.fields.values():
        figures = [row[field.name] for row in rows]
        for earlier, later in pairwise(figures):
            step = float(later.value) - float(earlier.value)
            if field.order and (step < 0 or (step == 0 and field.order == "increasing")):
                wanted = field.order.replace("_", " ")
                problems.add(later.place, f"'{field.name}' of '{card}' goes from {earlier.raw} to {later.raw}; it must be {wanted}")
        if field.ends_at is not None and figures and figures[-1].value != field.ends_at:
            message = f"'{field.name}' of '{card}' ends at {figures[-1].raw}; it must end at {field.ends_at:g}"
            problems.add(figures[-1].place, message)
