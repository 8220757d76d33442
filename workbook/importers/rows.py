"""Rows of tables in files of any length, with the lines they stand on: CSV, JSON lines and Parquet, a chunk at a time."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from workbook.errors import Diagnostic, Place, WorkbookError, as_typed, suggest
from workbook.files import compression, unreadable
from workbook.importers.likely import other_command, plain_name
from workbook.importers.monitors import SEARCHED, column_names, columns_of, names_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK = 50_000  # rows: some tens of megabytes as Python values
SHOWN_NAMES = 24
_START = 4096  # bytes that show what a file is
SHOWN = 5  # bad rows that are shown; all are counted
MAXIMUM_BYTES = 64 * 1024**3
LONGEST_LINE = 4 * 1024 * 1024
LONGEST_CELL = 1024 * 1024
MAXIMUM_COLUMNS = 10_000
SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_FIRST_DATE, _LAST_DATE = 1e8, 1e12  # seconds from 1970: of 1973, and beyond any date
_JSON = {".json", ".jsonl", ".ndjson"}
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass
class Bad:
    """Rows that could not be used: how many, and the first of them."""

    file: str
    count: int = 0
    first: list[Diagnostic] = field(default_factory=list)
    likely: str = ""  # what else the file may be

    def add(self, line: int, message: str) -> None:
        """Count a row, and keep what is wrong with it if it is among the first."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(Diagnostic(Place(self.file, line, 1), message))


@dataclass(frozen=True)
class Chunk:
    """Some rows: the cells of each column that was asked for, and the line of each row."""

    lines: list[int]
    columns: dict[str, list[Any]]


class Table:
    """A table in a file: its names of columns at once, its rows when they are asked for.

    Raises:
        WorkbookError: for a file that cannot be read, is too large, or holds no table.

    """

    def __init__(self, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
        """Read the names of columns; ``progress`` is called with the bytes read so far and those of the file."""
        self.path, self.progress, self.bad = path, progress, Bad(str(path))
        try:
            self.size = path.stat().st_size
            if not path.is_file():
                self._refuse("is not a regular file", "name a file")
            if self.size > MAXIMUM_BYTES:
                self._refuse(f"is {self.size:,} bytes; at most {MAXIMUM_BYTES:,} are read", "split it")
            with path.open("rb") as stream:
                start = stream.read(_START)
        except OSError as error:
            raise WorkbookError([unreadable(path, error)]) from None
        if packed := compression(start):
            self._refuse(
                f"is compressed ({packed})",
                "unpack it first" if packed != "zip" else "unpack it first; of a workbook (.xlsx) save the sheet as CSV",
            )
        self._encoding = "utf-16" if start[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        if b"\0" in start and self._encoding != "utf-16" and start[:4] != b"PAR1":
            self._refuse("is no text", "give CSV, JSON lines or Parquet")
        start = start.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \r\n\t")[:4]
        if start[:1] == b"[" and path.suffix.lower() in _JSON:
            self._refuse("is one JSON array", f"write an object a line: jq -c '.[]' {path.name} > {path.stem}.jsonl")
        self._heading: list[str] = []
        self.format = "parquet" if start == b"PAR1" else "jsonl" if start[:1] == b"{" else "csv"
        self.names = self._names()

    def _refuse(self, message: str, fix: str = "", line: int = 0) -> NoReturn:
        raise WorkbookError([Diagnostic(Place(str(self.path), line, 1 if line else 0), message, fix)])

    def _names(self) -> list[str]:
        if self.format == "parquet":
            return list(self._parquet().schema_arrow.names)
        if self.format == "csv":
            names = self._header()
            if not any(names) or len(names) > MAXIMUM_COLUMNS:
                self._refuse("has no line of column names", "the first line names the columns")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                self._refuse(f"names the column {as_typed(twice)} twice", "rename one", 1)
            return names
        first = next(self._records(), None)
        if first is None:
            self._refuse("holds no JSON object on a line of its own", self._of_one_object() or "write one object a line", 1)
        return list(_flat(first[1]))

    def _of_one_object(self) -> str:
        """Return which import reads a file that is one JSON object over several lines; an empty text for none that is known."""
        with self._text() as stream:
            try:
                whole = json.loads(stream.read(LONGEST_LINE))
            except (ValueError, RecursionError):
                return ""
        return other_command(whole, "") if isinstance(whole, dict) else ""

    def _header(self) -> list[str]:
        """Return the names of columns in the first line that has several, as cells or, in what monitors print, as words."""
        with self._text() as stream:
            lines = islice(_bounded(stream), SEARCHED)
            try:
                for line in lines:
                    if names_columns(line):
                        self.format = "columns"
                        return column_names(line)
                    found = next(csv.reader([line]), [])
                    self._heading = self._heading or found
                    if len(found) > 1:
                        self._heading = found
                        break
            except (csv.Error, ValueError) as error:
                self._refuse(f"is not a CSV file: {error}", "save it as CSV, JSON lines or Parquet", 1)
        return [name.strip().lstrip("# ") for name in self._heading]

    def find(
        self, command: str, known: Mapping[str, tuple[str, ...]], given: Mapping[str, str], needed: tuple[str, ...], other: str = ""
    ) -> dict[str, str]:
        """Return the names of columns by what they hold.

        Args:
            command: the import that asks: ``trace`` or ``power``.
            known: names that are understood, by what they hold.
            given: names that the user gave, which count before those.
            needed: what must be there.
            other: what helps, beside the name of a column, where the first of them is not.

        Raises:
            WorkbookError: with every column that is not there.

        """
        found, wrong = {}, []
        likely = "" if given else other_command(self.names, command)
        called = {plain_name(name): name for name in reversed(self.names)}
        for role, names in known.items():
            if role in given:
                found[role] = given[role]
                if given[role] not in self.names:
                    message = f"has no column {as_typed(given[role])}"
                    wrong.append(Diagnostic(Place(str(self.path), 1, 1), message, suggest(given[role], self.names)))
                continue
            name = next((called[plain_name(name)] for name in names if plain_name(name) in called), None)
            if name is not None:
                found[role] = name
            elif role in needed:
                has = ", ".join(as_typed(name) for name in self.names[:SHOWN_NAMES])
                message = f"has no column that is known to hold {role}; its columns are {has}"
                fix = f"name it with --{role}-column{other if role == needed[0] else ''}"
                wrong.append(Diagnostic(Place(str(self.path), 1, 1), message, likely or fix))
        if wrong and not likely and (unnamed := self._unnamed()):
            raise WorkbookError([Diagnostic(Place(str(self.path), 1, 1), *unnamed)])
        if wrong:
            raise WorkbookError(wrong[:1] if likely else wrong)
        return found

    def _unnamed(self) -> tuple[str, str] | None:
        """Return why the names of columns are none, and what to do, where cells are separated otherwise or no line has names."""
        heading = ",".join(self._heading)
        sign = next((name for sign, name in ((";", "semicolons"), ("\t", "tabs")) if sign in heading), "")
        if sign:
            return f"separates its cells by {sign}", "save it as CSV with commas between cells, and points in numbers"
        if any(np.isfinite(number_of(name)) for name in self._heading):
            return (
                f"has no names of columns: its first line is {as_typed(heading)}",
                "begin with a line of names (nvidia-smi: without noheader)",
            )
        if self.format == "csv" and len(self.names) == 1:
            return f"is no table: its first line is {as_typed(heading)}", "give CSV, JSON lines or Parquet"
        return None

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self.path.open("rb"), encoding=self._encoding, errors="replace", newline="")

    def chunks(self, names: list[str]) -> Iterator[Chunk]:
        """Yield the rows, a chunk at a time, of the named columns; rows that cannot be read are counted in ``bad``."""
        self.bad = Bad(str(self.path))
        csv.field_size_limit(LONGEST_CELL)
        if self.format == "parquet":
            yield from self._batches(names)
            return
        rows = self._objects(names) if self.format == "jsonl" else self._rows(names)
        while part := list(islice(rows, CHUNK)):
            lines = [line for line, _ in part]
            cells = list(zip(*(row for _, row in part), strict=True))
            yield Chunk(lines, {name: list(column) for name, column in zip(names, cells, strict=True)})

    def objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the rows with all their names, which lines of JSON need not share; those that cannot be read are counted in ``bad``."""
        if self.format == "jsonl":
            self.bad = Bad(str(self.path))
            yield from self._records()
            return
        for chunk in self.chunks(self.names):
            for row, line in enumerate(chunk.lines):
                yield line, {name: cells[row] for name, cells in chunk.columns.items()}

    def _rows(self, names: list[str]) -> Iterator[tuple[int, list[Any]]]:
        wanted = [self.names.index(name) for name in names]
        for line, row in self._printed() if self.format == "columns" else self._cells():
            if len(row) == len(self.names):
                yield line, [row[index] for index in wanted]
            elif row:
                self.bad.add(line, f"has {len(row)} cells; there are names for {len(self.names)} columns")

    def _printed(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of what a monitor printed in columns."""
        with self._text() as stream:
            named = False
            for number, line in enumerate(_bounded(stream, self._advance), 1):
                named = named or names_columns(line)
                if named and (row := columns_of(line, self.names)):
                    yield number, row

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of CSV after the names of its columns, which monitors write once more after some rows."""
        with self._text() as stream:
            reader, named, unit = csv.reader(_bounded(stream, self._advance)), False, self._heading[0].startswith("#")
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    self.bad.add(reader.line_num, f"is not a row of a CSV file: {error}")
                    continue
                except ValueError as error:
                    self._refuse(str(error), line=reader.line_num + 1)
                if row == self._heading:
                    named = True
                elif named and not (unit and row and row[0].startswith("#")):
                    yield reader.line_num, row

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        with self._text() as stream:
            for number, line in enumerate(_bounded(stream, self._advance), 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    self.bad.add(number, "is not JSON")
                    continue
                if isinstance(record, dict):
                    yield number, record
                else:
                    self.bad.add(number, "is not a JSON object")

    def _objects(self, names: list[str]) -> Iterator[tuple[int, list[Any]]]:
        inner = any("." in name for name in names)
        for number, record in self._records():
            flat = _flat(record) if inner else record
            yield number, [flat.get(name) for name in names]

    def _advance(self, characters: int) -> None:
        if self.progress:
            self.progress(characters, self.size)

    def _parquet(self) -> Any:
        try:
            from pyarrow import parquet  # noqa: PLC0415 an extra
        except ImportError:
            self._refuse("is a Parquet file, and pyarrow is not installed", "pip install 'inference-workbook[importers]'")
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, ValueError) as error:
            self._refuse(f"is not a Parquet file that can be read: {str(error).splitlines()[0]}")

    def _batches(self, names: list[str]) -> Iterator[Chunk]:
        done, file = 1, self._parquet()
        for batch in file.iter_batches(batch_size=CHUNK, columns=names):
            yield Chunk(list(range(done, done + batch.num_rows)), {name: batch.column(name).to_pylist() for name in names})
            done += batch.num_rows
            self._advance(self.size * batch.num_rows // max(1, file.metadata.num_rows))


def _bounded(stream: io.TextIOWrapper, advance: Callable[[int], None] | None = None) -> Iterator[str]:
    """Yield lines; raises ValueError for one that is longer than memory should hold."""
    passed = 0
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            message = f"has a line of more than {LONGEST_LINE:,} characters"
            raise ValueError(message)
        passed += len(line)
        if advance and passed > LONGEST_LINE:
            advance(passed)
            passed = 0
        yield line


def numbers_of(cells: list[Any]) -> NDArray[np.float64]:
    """Return cells as numbers, NaN for what is none."""
    try:
        return np.array(cells, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return np.array([number_of(cell) for cell in cells], dtype=float)


def number_of(cell: Any) -> float:
    """Return a cell as a number, NaN for what is none; thousands may be separated by commas."""
    try:
        if isinstance(cell, str) and "," in cell and _GROUPED.fullmatch(cell.strip()):
            return float(cell.replace(",", ""))
        return float(cell) if isinstance(cell, int | float | str) and not isinstance(cell, bool) else float("nan")
    except (ValueError, OverflowError):
        return float("nan")


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with what its objects hold, under names with a dot."""
    parts = {f"{key}.{name}": cell for key, item in record.items() if isinstance(item, dict) for name, cell in item.items()}
    return {**parts, **record}


def time_unit(cells: list[Any]) -> str:
    """Return the unit of times that are numbers, by their size where they count from 1970; s otherwise, and nothing for dates."""
    numbers = numbers_of(cells)
    if not np.isfinite(numbers).any():
        return ""
    most = float(np.nanmax(np.where(np.isfinite(numbers), numbers, np.nan)))
    return next((unit for unit, scale in reversed(SCALES.items()) if most * scale > _FIRST_DATE), "s")


def seconds_of(cells: list[Any], scale: float) -> NDArray[np.float64]:
    """Return times in seconds: numbers times ``scale``, or dates of ISO 8601; NaN for what is neither."""
    numbers = numbers_of(cells) * scale
    if np.isfinite(numbers).any():
        return np.where(np.abs(numbers) < _LAST_DATE, numbers, np.nan)
    dates = pd.to_datetime(pd.Series(cells, dtype=object), errors="coerce", utc=True, format="ISO8601").to_numpy("datetime64[ns]")
    return np.where(np.isnat(dates), np.nan, dates.astype("int64") / 1e9)
