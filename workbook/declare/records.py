"""Rows as records: all that is said of a row stands in one place.

``records`` of a table holds a record for each member of a key, ``{KEY: {label: ..., FIELD: ...}}``; ``values: records`` in a
column (or ``constants: records``) takes the field of the column's name from each of them, ``records.FIELD`` another one. ``null``
leaves a cell blank; ``label`` is what the row is called, ``parent`` the member whose values it inherits. A table
whose rows are columns of another has ``records: {of: TABLE.columns}``: a column there that holds a ``record`` is a row, with
the column's own label, unit and limits among its fields. ``defaults`` holds what records do not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field

from workbook.declare.keywords import Keywords, Text, Texts
from workbook.declare.mistakes import read_as
from workbook.declare.nodes import (
    changed_columns,
    columns_of,
    entries,
    laid_over,
    listed,
    mapping,
    named,
    only,
    replaced,
    text_node,
    without,
)
from workbook.declare.yaml import Mapping, Node, Scalar
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.errors import Problems

RECORD, RECORDS, DEFAULTS = "record", "records", "defaults"
LABEL, PARENT = "label", "parent"
BROUGHT = (LABEL, "unit", "minimum", "maximum")  # what a column says of itself that is part of its record
NO_UNIT = "1"
EVIDENCE = ("source", "date", "confidence", "evidence", "note")
MEMBERS = {"of", "members", "parts", "count"}  # what gives a key its members
FROM_RECORDS = ("values", "constants")


class RecordsOf(Keywords):
    """The columns of another table as the rows of this one: those that hold a 'record'."""

    of: Text = Field(description="The table whose columns are the rows here, as TABLE.columns.")
    order: Texts = Field((), description="The columns that come first; others follow in the order of their table.")


@dataclass(slots=True)
class Records:
    """The records of a table by member, complete, for the columns of table ``of`` if of any.

    ``own`` holds what each record states itself, ``used`` the fields that something reads.
    """

    of: str = ""
    rows: dict[str, Mapping] = field(default_factory=dict)
    own: dict[str, Mapping] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def members_with(self, words: Mapping) -> list[str]:
        """Return the members whose records have these fields with these values, or with one of those listed."""
        self.used |= words.items.keys()
        return [key for key, row in self.rows.items() if all(named(row.items.get(word)) in listed(node) for word, node in words)]

    def check_used(self, table: str, problems: Problems) -> None:
        """Record the fields of records that nothing reads."""
        for key, own in self.own.items():
            for word, place in own.keys.items():
                if word not in self.used:
                    problems.add(place, f"no column of '{table}' reads '{word}' of the record of '{key}'", suggest(word, self.used))


def read_records(table: Mapping, tables: dict[str, Mapping], problems: Problems) -> Records | None:
    """Read the records of a table, those of another's columns among them; None where it has none."""
    given = table.items.get(RECORDS)
    if not isinstance(given, Mapping):
        if given is not None:
            problems.add(given.place, "'records' must be a mapping of members to records", "records: {KEY: {label: ..., FIELD: ...}}")
        return None
    defaults = table.items.get(DEFAULTS)
    usual = without(defaults, EVIDENCE) if isinstance(defaults, Mapping) else Mapping({}, {}, table.place)
    found = Records(named(given.items.get("of")).partition(".")[0], used={*BROUGHT, PARENT})
    brought = _of_columns(given, tables, problems) if isinstance(given.items.get("of"), Scalar) else _listed(given, problems)
    for key, base, own in brought:
        found.rows[key] = laid_over(laid_over(usual, base), own)
        found.own[key] = own
    return found


def _listed(given: Mapping, problems: Problems) -> Iterator[tuple[str, Mapping, Mapping]]:
    for key, node in given:
        if isinstance(node, Mapping):
            yield key, Mapping({}, {}, node.place), node
        else:
            problems.add(node.place, f"the record of '{key}' must be a mapping of fields to values", "{label: ..., FIELD: ...}")


def _of_columns(given: Mapping, tables: dict[str, Mapping], problems: Problems) -> Iterator[tuple[str, Mapping, Mapping]]:
    """Give the columns of another table that hold a record: those under ``order`` first, others in the table's order."""
    written = read_as(RecordsOf, given, "'records'", problems)
    if written is None:
        return
    name, _, rest = written.of.partition(".")
    if name not in tables or rest != "columns":
        hint = suggest(name, tables) if rest == "columns" else "records: {of: TABLE.columns}"
        problems.add(written.place_of("of"), f"'{written.of}' does not name the columns of a table", hint)
        return
    order = written.placed("order")
    columns = {key: node for key, node in columns_of(tables[name]).items() if RECORD in node.items}
    for key, place in order:
        if key not in columns:
            problems.add(place, f"column '{key}' of '{name}' has no 'record'", suggest(key, columns))
    listed = [key for key, _ in order if key in columns]
    for key in [*listed, *(key for key in columns if key not in listed)]:
        own = columns[key].items[RECORD]
        if isinstance(own, Mapping):
            unit = mapping([("unit", text_node(NO_UNIT, own.place), own.place)], own.place)
            yield key, laid_over(unit, only(columns[key], BROUGHT)), own
        else:
            problems.add(own.place, f"the record of '{key}' must be a mapping of fields to values", "record: {FIELD: ...}")


def with_records(table: Mapping, records: Records, problems: Problems) -> Mapping:
    """Return a table with its records written out as members of its key and as values of its columns."""
    if not records.rows:  # said before; what follows from it is not
        nothing = Mapping({}, {}, table.place)
        return replaced(without(table, {RECORDS, DEFAULTS}), {"rows": nothing, "columns": nothing})
    others: dict[str, Node] = {}
    rows, columns = table.items.get("rows"), table.items.get("columns")
    if isinstance(rows, Mapping):
        others["rows"] = mapping([(key, _with_members(node, records), at) for key, node, at in entries(rows)], rows.place)
    parents = [(key, row.items[PARENT], row.place) for key, row in records.rows.items() if PARENT in row.items]
    if parents:
        others["parents"] = mapping(parents, table.keys[RECORDS])
    if isinstance(columns, Mapping):
        others["columns"] = changed_columns(columns, lambda name, column: _filled(name, column, records, problems))
    return replaced(without(table, {RECORDS}), others)


def _with_members(node: Node, records: Records) -> Node:
    if not isinstance(node, Mapping) or MEMBERS & node.items.keys():
        return node
    labels = [(key, row.items.get(LABEL, text_node(key, row.place)), row.place) for key, row in records.rows.items()]
    return replaced(node, {"members": mapping(labels, node.place)})


def _filled(name: str, column: Mapping, records: Records, problems: Problems) -> Mapping:
    """Return a column with the values that its records give it."""
    for word in FROM_RECORDS:
        text, _, other = named(column.items.get(word)).partition(".")
        if text != RECORDS:
            continue
        wanted, place = other or name, column.items[word].place
        records.used.add(wanted)
        given = {key: row.items[wanted] for key, row in records.rows.items() if wanted in row.items}
        values = [(key, node, place) for key, node in given.items() if not (isinstance(node, Scalar) and node.value is None)]
        if not given:
            problems.add(place, f"no record has '{wanted}'", suggest(wanted, {word for row in records.rows.values() for word in row.items}))
        return replaced(column, {word: mapping(values, place)})
    return column
