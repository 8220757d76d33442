"""Records in CSV files: a line of names, then a record a line; lines that begin with # are comments.

``records: {data: [FILE, ...]}`` in a table stands for a record of each line, whose key is the name of the file and the number of
the line: ``power_12``. An empty cell says nothing, so that the table's ``defaults`` hold. Mistakes point at the cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from workbook.declare.keywords import Entries, Keywords, Text, Texts, Written
from workbook.declare.mistakes import read_as
from workbook.declare.names import is_name
from workbook.declare.nodes import columns_of, mapping, named, only, replaced, text_node
from workbook.declare.records import DEFAULTS, FROM_RECORDS, LABEL, RECORDS
from workbook.declare.yaml import Mapping, Node, Sequence, plain_scalar, text_of
from workbook.errors import Place, WorkbookError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as MappingOf
    from pathlib import Path

    from workbook.declare.nodes import Entry
    from workbook.errors import Problems

DATA = "data"
_CELL = re.compile(r'("(?:[^"]|"")*"|[^,]*)(,|$)')
_FIELD = re.compile(r"{(\w+)}")
_COMMENT = "#"


class RecordsIn(Keywords):
    """The lines of CSV files as the rows of a table."""

    data: Texts = Field(description="The files: a line of names, then a record a line; # begins a comment.")
    only: Annotated[Entries[str, Text], Written("mapping of fields to texts")] = Field(
        {}, description="The lines that are rows: those whose cells say this."
    )
    label: Text = Field("", description="What a row is called: a text in which {FIELD} is the cell of its line.")


def with_lines_of_files(root: Path, sheet: Node, data: MappingOf[str, Path], problems: Problems) -> Node:
    """Return a sheet in whose tables the records of files are written out; ``data`` gives other files for some tables."""
    blocks = sheet.items.get("blocks") if isinstance(sheet, Mapping) else None
    if not isinstance(sheet, Mapping) or not isinstance(blocks, Sequence):
        return sheet
    read = {number: files for number, block in enumerate(blocks.items) if (files := _files(block, problems))}
    taken: dict[str, set[str]] = {}  # by file, whichever of the sheet's tables takes it
    for number, files in read.items():
        for name in files.data:
            taken.setdefault(name, set()).update(_fields(blocks.items[number])[0], files.only, _FIELD.findall(files.label))
    written = [_block(root, block, read[n], taken, data, problems) if n in read else block for n, block in enumerate(blocks.items)]
    return replaced(sheet, {"blocks": Sequence(tuple(written), blocks.place)})


def _files(block: Node, problems: Problems) -> RecordsIn | None:
    """Return the files that hold the records of a table, if any do."""
    given = block.items.get(RECORDS) if isinstance(block, Mapping) else None
    return read_as(RecordsIn, given, "'records'", problems) if isinstance(given, Mapping) and DATA in given.items else None


def _block(root: Path, block: Node, files: RecordsIn, taken: dict[str, set[str]], data: MappingOf[str, Path], problems: Problems) -> Node:
    """Return a table with the records of its files: those lines that it asks for, and the fields that its columns take."""
    fields, needed = _fields(block)
    if not isinstance(block, Mapping):
        return block
    other = data.get(named(block.items.get("table")))
    paths = [(other, str(other), fields)] if other else [(root / name, name, taken[name]) for name in files.data]
    lines = [entry for path, shown, known in paths for entry in _records(path, shown, known, needed, problems)]
    entries: list[Entry] = [(key, _record(node, files, fields), at) for key, node, at in lines if _is_one_of(node, files.only)]
    there = {name for _, record, _ in entries if isinstance(record, Mapping) for name in record.items}
    # What is in no record has been said: a table without records says nothing more.
    return replaced(block, {RECORDS: mapping(entries if needed <= there else [], block.keys[RECORDS])})


def _is_one_of(record: Node, only: dict[str, str]) -> bool:
    return isinstance(record, Mapping) and all(named(record.items.get(name)) == text for name, text in only.items())


def _record(line: Node, files: RecordsIn, fields: set[str]) -> Mapping:
    """Return what a table takes of a line, with the name of the row if a pattern gives one."""
    record = line if isinstance(line, Mapping) else Mapping({}, {}, line.place)
    text = files.label
    for name, node in record:
        text = text.replace(f"{{{name}}}", named(node))
    kept = only(record, fields)
    return replaced(kept, {LABEL: text_node(text, record.place)}) if text else kept


def _records(path: Path, shown_as: str, fields: set[str], needed: set[str], problems: Problems) -> Iterator[Entry]:
    """Yield the record of each line of a file; record what names and cells are missing or mean nothing."""
    try:
        lines = text_of(path, shown_as).splitlines()
    except WorkbookError as error:
        problems.found.extend(error.diagnostics)
        return
    placed = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith(_COMMENT)]
    if not placed[1:]:
        problems.add(Place(shown_as), "has no records", "a line of names, then a record a line")
        return
    names = list(_cells(shown_as, *placed[0]))
    if not _names_fit(names, fields, needed, problems):
        return
    prefix = path.stem if is_name(path.stem) else "line"
    for number, line in placed[1:]:
        cells = list(_cells(shown_as, number, line))
        if len(cells) != len(names):
            message = f"this line has {len(cells)} cells, the line of names {len(names)}"
            problems.add(Place(shown_as, number, 1, line), message, "put a text that holds a comma in quotes")
            continue
        entries: list[Entry] = [
            (name, plain_scalar(text, place), place) for (name, _), (text, place) in zip(names, cells, strict=True) if text
        ]
        for name in needed - {name for name, _, _ in entries}:
            at = next(place for (other, _), (_, place) in zip(names, cells, strict=True) if other == name)
            problems.add(at, f"'{name}' is empty", "every record needs it")
        here = Place(shown_as, number, 1, line)
        yield f"{prefix}_{number}", mapping(entries, here), here


def _fields(table: Node) -> tuple[set[str], set[str]]:
    """Return the fields that the columns of a table take from its records, and those of them that have no default."""
    found = {LABEL}
    if not isinstance(table, Mapping):
        return found, set()
    for name, column in columns_of(table).items():
        for word in FROM_RECORDS:
            text, _, other = named(column.items.get(word)).partition(".")
            if text == RECORDS:
                found.add(other or name)
    usual = table.items.get(DEFAULTS)
    return found, found - {LABEL} - (usual.items.keys() if isinstance(usual, Mapping) else set())


def _names_fit(names: list[tuple[str, Place]], fields: set[str], needed: set[str], problems: Problems) -> bool:
    """Record names that are unknown, repeated or missing; tell whether the lines below can be read."""
    before = len(problems.found)
    seen: set[str] = set()
    for name, place in names:
        if name in seen:
            problems.add(place, f"column '{name}' is there twice", "keep one")
        elif name not in fields:
            problems.add(place, f"there is no column '{name}'", suggest(name, fields) or f"one of: {', '.join(sorted(fields))}")
        seen.add(name)
    missing = needed - seen
    if missing:
        problems.add(names[0][1], f"the line of names lacks {', '.join(sorted(missing))}", "every record needs them")
    return len(problems.found) == before


def _cells(file: str, number: int, line: str) -> Iterator[tuple[str, Place]]:
    """Yield the text of each cell of a line, without quotes and blanks around it, and its place."""
    for match in _CELL.finditer(line):
        text = match[1].strip()
        quoted = len(text) > 1 and text[0] == text[-1] == '"'
        yield text[1:-1].replace('""', '"') if quoted else text, Place(file, number, match.start() + 1, line)
        if not match[2]:
            return
