"""Reading the blocks of a sheet from YAML: inputs, lists, tables, views, charts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare.charts import ROLES, check_roles
from workbook.declare.columns import columns
from workbook.declare.data import data_columns
from workbook.declare.figures import bounds, check_name, figure, grade, reference, shared_figure
from workbook.declare.limits import check_bounds
from workbook.declare.schema import (
    Axis,
    Block,
    CardBlock,
    Chart,
    ChartsBlock,
    Column,
    InputsBlock,
    ListBlock,
    Parent,
    RowKey,
    Series,
    SpecialBlock,
    TableBlock,
    TextBlock,
    ValuesBlock,
    ViewBlock,
)
from workbook.declare.yaml import Mapping, Node, Reader, Scalar, Sequence, number_of
from workbook.errors import Place, Problems, suggest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbook.declare.catalogues import Figure


SPECIALS = ("contents", "equations", "sources", "colours", "alternates")
CHART_KINDS = ("line", "scatter", "column", "stacked", "bar", *ROLES)


def read_block(node: Node, problems: Problems) -> Block | None:
    """Read a block, whose first word says its kind; None where it is of no kind."""
    kind = next(iter(node.items), "") if isinstance(node, Mapping) else ""
    build = _BLOCKS.get(kind)
    if build is None:
        problems.add(node.place, "a block starts with one of: " + ", ".join(_BLOCKS), suggest(kind, _BLOCKS))
        return None
    reader = Reader(node, problems, f"block '{kind}'")
    block = build(reader)
    reader.finish()
    return block


def with_data(root: Path, block: Block, problems: Problems) -> Block:
    """Read the file of constants that a table names."""
    if isinstance(block, TableBlock) and block.data_file:
        return replace(block, data=data_columns(root / block.data_file, block.data_file, problems))
    return block


def _name(reader: Reader, key: str) -> str:
    name = reader.text(key)
    check_name(name, reader.node.keys.get(key, reader.place), key, reader.problems)
    reader.what = f"{key} '{name}'"
    return name


def _text(reader: Reader) -> Block:
    return TextBlock(reader.text("title"), reader.texts("text"), reader.place)


def _inputs(reader: Reader) -> Block:
    name = _name(reader, "inputs")
    items: list[tuple[Column, Figure]] = []
    given = reader.mapping("items")
    for key, node in given:
        check_name(key, given.keys[key], "input", reader.problems)
        item = Reader(node, reader.problems, f"input '{name}.{key}'")
        unit = item.text("unit", "1")
        column = Column(
            key,
            item.text("label", key),
            unit,
            given.keys[key],
            doc=item.text("doc"),
            format=item.text("format"),
            bounds=bounds(item),
            reference=reference(item),
        )
        value = figure(node, item.what, unit, reader.problems, item)
        item.finish()
        if value:
            check_bounds(value.value, column.bounds, value.place, item.what, reader.problems)
            items.append((column, value))
    return InputsBlock(name, reader.text("title"), tuple(items), reader.place)


def _list(reader: Reader) -> Block:
    name = _name(reader, "list")
    unit, limits = reader.text("unit", "1"), bounds(reader)
    behind = grade(reader)
    members: dict[str, Figure] = {}
    for key, node in reader.mapping("values"):
        value = number_of(node, f"'{key}' of list '{name}'", reader.problems)
        if value is not None:
            check_bounds(value, limits, node.place, f"'{key}' of list '{name}'", reader.problems)
            members[key] = shared_figure(value, unit, node, behind)
    for earlier, later in zip(list(members.values()), list(members.values())[1:], strict=False):
        if not earlier.value < later.value:  # type: ignore[operator] # a list holds numbers only
            reader.problems.add(later.place, f"the values of list '{name}' must increase")
    return ListBlock(
        name,
        reader.text("title"),
        reader.text("label", name),
        unit,
        members,
        reader.place,
        reader.text("format"),
        limits,
        reader.text("doc"),
    )


def _cards(reader: Reader) -> Block:
    return CardBlock(reader.text("cards"), reader.text("title"), reader.place)


def _values(reader: Reader) -> Block:
    checks = "checks" in reader.node.items
    name = _name(reader, "checks" if checks else "values")
    items = columns(reader, "items", name)
    _refuse_sections(items, reader.problems)
    return ValuesBlock(name, reader.text("title"), items, reader.place, checks)


def _table(reader: Reader) -> Block:
    name = _name(reader, "table")
    given = reader.mapping("rows")
    rows = tuple(_row_key(key, node, given.keys[key], reader.problems) for key, node in given)
    table = TableBlock(
        name,
        reader.text("title"),
        rows,
        columns(reader, "columns", name),
        reader.place,
        reader.text("doc"),
        reader.text("collect"),
        reader.text("points"),
        data_file=reader.text("data"),
        across=reader.flag("across"),
        parents=_parents(reader),
    )
    one_key = len(rows) == 1 and not table.points
    for word, given_too, what in (("across", table.across, "that runs across"), ("parents", table.parents, "whose members have parents")):
        if given_too and not one_key:
            count = 2 if table.points else len(rows) or "no"
            message = f"table '{name}' has {count} row keys; a table {what} has one"
            reader.problems.add(reader.node.keys[word], message, f"leave out '{word}', or give it one key under 'rows'")
    if not table.across:
        _refuse_sections(table.columns, reader.problems)
    return table


def _parents(reader: Reader) -> tuple[Parent, ...]:
    given = reader.mapping("parents")
    found = []
    for member, node in given:
        if isinstance(node, Scalar) and node.value is not None:
            found.append(Parent(member, node.text, given.keys[member], node.place))
        else:
            reader.problems.add(node.place, f"the parent of '{member}' must be a member", "write member: parent")
    return tuple(found)


def _refuse_sections(items: tuple[Column, ...], problems: Problems) -> None:
    """A heading between quantities needs quantities that stand one below the other."""
    for column in items:
        if column.section:
            problems.add(column.place, f"'{column.name}' has a 'section', but its table does not run across", "add 'across: true'")


def refuse_takes(block: Block | None, each_of: str, problems: Problems) -> None:
    """Values taken over from an expression belong to the members of one key."""
    if isinstance(block, TableBlock) and len(block.rows) == 1 and not block.points and not each_of:
        return
    given = block.columns if isinstance(block, TableBlock) else block.items if isinstance(block, ValuesBlock) else ()
    for column in given:
        if column.takes:
            message = f"'{column.name}' has 'takes', which needs a table with one row key on a sheet that is not repeated"
            problems.add(column.takes.place, message, "write 'expr', or put it into such a table")


def _row_key(name: str, node: Node, place: Place, problems: Problems) -> RowKey:
    check_name(name, place, "row key", problems)
    if isinstance(node, Scalar):
        return RowKey(name, "", (node.text,), (), {}, place)
    reader = Reader(node, problems, f"row key '{name}'")
    count = int(reader.number("count") or 0)
    members: dict[str, str | float] = {f"{name}{number}": float(number) for number in range(1, count + 1)}
    for key, value in reader.mapping("members"):
        if isinstance(value, Scalar) and isinstance(value.value, str | float):
            members[key] = value.value
        else:
            problems.add(value.place, f"member '{key}' must be a text or a number")
    parts = tuple(_row_key(key, part, place, problems) for key, part in reader.mapping("parts"))
    of, only, unit, without = reader.texts("of"), reader.texts("only"), reader.text("unit"), reader.texts("without")
    row_key = RowKey(name, reader.text("label"), of, only, members, place, unit, parts, without, reader.flag("renamable"))
    reader.finish()
    if sum(map(bool, (row_key.of, row_key.members, row_key.parts))) != 1:
        problems.add(place, f"row key '{name}' needs either 'of' (a catalogue, list or tables), 'members', 'count' or 'parts'")
    return row_key


def _view(reader: Reader) -> Block:
    name = _name(reader, "view")
    table, _, column = reader.text("of").partition(".")
    return ViewBlock(
        name, reader.text("title"), table, column, reader.text("rows"), reader.text("columns"), reader.place, reader.texts("only")
    )


def _charts(reader: Reader) -> Block:
    node = reader.take("charts")
    parts = node.items if isinstance(node, Sequence) else ()
    charts = []
    for part in parts:
        item = Reader(part, reader.problems, "chart")
        kind = item.text("kind", "line")
        if kind not in CHART_KINDS:
            reader.problems.add(item.place, f"a chart cannot be '{kind}'", suggest(kind, CHART_KINDS))
        series_node = item.take("series")
        series = tuple(_series(one, reader.problems) for one in (series_node.items if isinstance(series_node, Sequence) else ()))
        if not series:
            reader.problems.add(item.place, "a chart needs 'series'")
        charts.append(Chart(item.text("title"), kind, _axis(item, "x"), _axis(item, "y"), series, item.place))
        if kind in CHART_KINDS:
            check_roles(charts[-1], reader.problems)
        item.finish()
    if not 1 <= len(charts) <= 2:  # noqa: PLR2004 more would not be readable side by side
        reader.problems.add(reader.place, "one or two charts stand side by side")
    return ChartsBlock(tuple(charts), reader.place)


def _axis(reader: Reader, key: str) -> Axis:
    node = reader.take(key)
    if node is None:
        reader.problems.add(reader.place, f"a chart needs '{key}' with a title that names the unit")
        return Axis("")
    axis = Reader(node, reader.problems, f"axis '{key}'")
    result = Axis(axis.text("title"), axis.number("log"), axis.number("minimum"), axis.number("maximum"), axis.text("format"))
    axis.finish()
    return result


def _series(node: Node, problems: Problems) -> Series:
    reader = Reader(node, problems, "series")
    series = Series(
        reader.text("table"),
        reader.text("x"),
        reader.text("y"),
        reader.text("name"),
        reader.text("per"),
        reader.texts("only"),
        reader.place,
        reader.text("role"),
        reader.texts("without"),
    )
    reader.finish()
    return series


def _special(reader: Reader) -> Block:
    kind = reader.text("show")
    if kind not in SPECIALS:
        reader.problems.add(reader.place, f"nothing called '{kind}' can be shown", suggest(kind, SPECIALS))
    return SpecialBlock(kind, reader.text("title"), reader.place)


_BLOCKS: dict[str, Callable[[Reader], Block]] = {
    "text": _text,
    "inputs": _inputs,
    "list": _list,
    "cards": _cards,
    "values": _values,
    "checks": _values,
    "table": _table,
    "view": _view,
    "charts": _charts,
    "show": _special,
}
