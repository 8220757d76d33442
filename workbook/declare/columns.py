"""Reading columns: expressions, inputs, printed constants, and columns repeated with a number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare.figures import bounds, check_name, formula, grade, reference, shared_figure, value_range
from workbook.declare.limits import check_bounds
from workbook.declare.schema import Column
from workbook.declare.yaml import Mapping, Node, Reader, Scalar, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.catalogues import Bounds, Figure, Grade
    from workbook.errors import Place, Problems


def columns(reader: Reader, key: str, owner: str) -> tuple[Column, ...]:
    """Read the columns of a table or the items of a block of values."""
    return tuple(_listed(reader.mapping(key), owner, reader.problems))


def _listed(given: Mapping, owner: str, problems: Problems) -> Iterator[Column]:
    for name, node in given:
        if isinstance(node, Mapping) and "repeat" in node.items:
            yield from _repeated(node, owner, problems)
        elif isinstance(node, Mapping) and set(node.items) == {"columns"}:
            shared = node.items["columns"]
            if isinstance(shared, Mapping):
                yield from _listed(shared, owner, problems)
            else:
                problems.add(shared.place, "'columns' must be a mapping of names to columns")
        else:
            yield _column(name, node, given.keys[name], owner, problems)


def _repeated(node: Mapping, owner: str, problems: Problems) -> list[Column]:
    """Columns written once and repeated with a number: ``{n}`` is the number, ``{before}`` the one before it."""
    reader = Reader(node, problems, f"repeated columns of '{owner}'")
    span, given = reader.texts("repeat"), reader.mapping("columns")
    reader.finish()
    if len(span) != 2 or not all(part.isdigit() for part in span):  # noqa: PLR2004 first and last
        problems.add(node.place, "'repeat' gives the first and the last number: repeat: [1, 12]")
        return []
    return [
        _column(_numbered(name, n), _numbered_node(part, n), given.keys[name], owner, problems)
        for n in range(int(span[0]), int(span[1]) + 1)
        for name, part in given
    ]


def _numbered(text: str, n: int) -> str:
    return text.replace("{n}", str(n)).replace("{before}", str(n - 1))


def _numbered_node(node: Node, n: int) -> Node:
    if isinstance(node, Mapping):
        return Mapping({key: _numbered_node(child, n) for key, child in node}, node.keys, node.place)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        text = _numbered(node.text, n)
        return Scalar(text, text, node.place)
    return node


def _column(name: str, node: Node, place: Place, owner: str, problems: Problems) -> Column:
    check_name(name, place, "column", problems)
    reader = Reader(node, problems, f"'{owner}.{name}'")
    unit, limits = reader.text("unit", "1"), bounds(reader)
    behind = _behind(reader, unit)
    first = reader.take("first")
    blank = isinstance(first, Scalar) and first.value is None
    printed = reader.take("printed")
    values = reader.take("values") or printed
    figures: dict[tuple[str, ...], Figure] = {}
    if values is not None:
        _nested(values, (), unit, behind, reader.what, limits, figures, problems)
    column = Column(
        name=name,
        label=reader.text("label", name),
        unit=unit,
        place=place,
        expr=formula(reader.take("expr"), reader.what, problems),
        by=reader.text("by"),
        cases={key: text for key, value in reader.mapping("cases") if (text := formula(value, f"case '{key}'", problems))},
        each_row=formula(reader.take("each_row"), f"'each_row' of {reader.what}", problems),
        first=None if blank else formula(first, "'first'", problems),
        starts_blank=blank,
        figures=figures,
        printed=printed is not None,
        decimals_of=reader.text("decimals_of"),
        doc=reader.text("doc"),
        source=behind.source,
        format=reader.text("format"),
        headline=reader.flag("headline"),
        bounds=limits,
        section=reader.text("section"),
        takes=formula(reader.take("takes"), f"'takes' of {reader.what}", problems),
        reference=reference(reader),
    )
    reader.finish()
    if values is None and column.takes is None:
        _refuse_evidence(reader)
    if sum(map(bool, (column.expr, column.cases, column.each_row, values or column.takes, column.decimals_of))) != 1:
        problems.add(reader.place, f"{reader.what} needs exactly one of expr, by + cases, each_row, values, printed, decimals_of, takes")
    elif column.takes and (printed or first):
        other = "printed" if printed else "first"
        problems.add(column.takes.place, f"{reader.what} has 'takes' and '{other}'", "beside 'takes' stand 'values' at most")
    if bool(column.by) != bool(column.cases):
        problems.add(reader.place, f"{reader.what}: 'by' and 'cases' go together")
    return column


def _behind(reader: Reader, unit: str) -> Grade:
    """Read what is behind the values of a column: they may lie outside of low and high, which hold for the doubtful ones."""
    low, high = value_range(reader, unit)
    if low is not None and high is not None and low > high:
        reader.problems.add(reader.node.keys["low"], f"{reader.what}: low <= high does not hold ({low:g}, {high:g})")
    return replace(grade(reader), low=low, high=high)


def _refuse_evidence(reader: Reader) -> None:
    """What a formula gives has no evidence of its own; its source is told with the result."""
    for word in ("date", "confidence", "evidence", "note", "low", "high"):
        if word in reader.node.items:
            message = f"{reader.what} has '{word}', but no values of its own"
            reader.problems.add(reader.node.keys[word], message, "leave it out; 'doc' describes a formula")


def _nested(
    node: Node,
    path: tuple[str, ...],
    unit: str,
    behind: Grade,
    what: str,
    limits: Bounds,
    into: dict[tuple[str, ...], Figure],
    problems: Problems,
) -> None:
    """Read values nested by row keys down to single figures."""
    if isinstance(node, Mapping):
        for key, child in node:
            _nested(child, (*path, key), unit, behind, what, limits, into, problems)
        return
    where = f"{what} at {' '.join(path) or 'its only row'}"
    value = node.text if unit == "text" and isinstance(node, Scalar) else number_of(node, where, problems)
    if value is not None:
        check_bounds(value, limits, node.place, where, problems)
        into[path] = shared_figure(value, unit, node, behind)
