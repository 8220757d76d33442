"""Columns like another table's: ``{like: TABLE, from: EXPRESSION}`` among the columns of a table stands for all of that table's.

Each has the label, unit and format of the column it is like, and its limits where it is of inputs. In the expression ``{column}``
is its name and ``{unit}`` its unit. ``only`` or ``without`` pick columns, ``columns`` says what is different in some, and ``recorded``
is the expression of those that hold a ``record``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from workbook.declare.keywords import Anything, Entries, Keywords, Text, Texts, Written
from workbook.declare.mistakes import read_as
from workbook.declare.nodes import columns_of, entries, laid_over, mapping, named, only, replaced, text_node
from workbook.declare.records import RECORD
from workbook.declare.yaml import Mapping, Node, Scalar
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.nodes import Entry
    from workbook.errors import Place, Problems

LIKE = "like"


class LikeColumns(Keywords):
    """Columns like another table's, among the columns of a table: each has the label, unit and format of the one that it is like."""

    like: Text = Field(description="The table whose columns these are like.")
    pattern: Annotated[Anything, Written("expression")] = Field(
        None, alias="from", description="The expression of each: {column} in it is the name, and {unit} the unit, of the one it is like."
    )
    recorded: Annotated[Anything, Written("expression")] = Field(
        None, description="The expression of those that hold a 'record', in place of 'from'."
    )
    only: Texts = Field((), description="The columns that these are like; all, if left out.")
    without: Texts = Field((), description="The columns that these leave out; a new one is not.")
    columns: Annotated[Entries[str, Anything], Written("mapping of names to what differs")] = Field(
        {}, description="What is different in some of them, by name: any keyword of a column, such as 'expr' or 'label'."
    )


BROUGHT = ("label", "unit", "format")
ENTERED = (*BROUGHT, "doc", "minimum", "above", "maximum", "choices", "key", "whole")
"""What is brought to a column of inputs: what the one that it is like accepts, too."""
INPUTS = {"values", "default"}
GIVEN = {"expr", "switch", "case", "each_row", "values", "constants", "decimals_of", "default"}  # what makes another expression of a column


def with_columns_like(table: Mapping, tables: dict[str, Mapping], problems: Problems) -> Mapping:
    """Return a table in which every group of columns like another table's is written out."""
    given = table.items.get("columns")
    if not isinstance(given, Mapping) or not _has_like(given):
        return table
    return replaced(table, {"columns": _written_out(given, tables, problems)})


def _has_like(given: Mapping) -> bool:
    return any(isinstance(node, Mapping) and LIKE in node.items for _, node in given)


def _written_out(given: Mapping, tables: dict[str, Mapping], problems: Problems) -> Mapping:
    found: list[Entry] = []
    for name, node, at in entries(given):
        if isinstance(node, Mapping) and LIKE in node.items:
            found.extend(_like(name, node, tables, problems))
        else:
            found.append((name, node, at))
    return mapping(found, given.place)


def _like(group: str, node: Mapping, tables: dict[str, Mapping], problems: Problems) -> Iterator[Entry]:
    """Yield the columns that a group stands for."""
    what = f"columns '{group}'"
    written = read_as(LikeColumns, node, what, problems)
    if written is None:
        return
    source, kept, left_out = written.like, written.placed("only"), written.placed("without")
    if source not in tables:
        problems.add(written.place_of(LIKE), f"there is no table '{source}' to be like", suggest(source, tables))
        return
    own = written.key_places("columns")
    columns = columns_of(tables[source])
    for name, place in [*kept, *left_out, *own.items()]:
        if name not in columns:
            problems.add(place, f"'{source}' has no column '{name}'", suggest(name, columns))
    apart = {name for name, _ in left_out}
    for name, place in kept or [(name, node.place) for name in columns if name not in apart]:
        if name not in columns:
            continue
        difference = written.columns.get(name)
        text = written.recorded if written.recorded and RECORD in columns[name].items else written.pattern
        top = difference if isinstance(difference, Mapping) else Mapping({}, {}, place)
        if text is None and not GIVEN & top.items.keys():
            problems.add(place, f"'{name}' of {what} has no expression", "give 'from' for all, or its own under 'columns'")
        else:
            yield name, _column(name, columns[name], top, text, place), place


def _column(name: str, model: Mapping, top: Mapping, pattern: Node | None, place: Place) -> Mapping:
    """Return a column as its model is, with the expression that the pattern gives it and what is different in it."""
    base = only(model, ENTERED if INPUTS & top.items.keys() else BROUGHT)
    base = Mapping(base.items, base.keys, place)
    if isinstance(pattern, Scalar) and not GIVEN & top.items.keys():
        unit = named(model.items.get("unit")) or "1"
        text = pattern.text.replace("{column}", name).replace("{unit}", unit)
        base = replaced(base, {"expr": text_node(text, pattern.place)})
    return laid_over(base, top)
