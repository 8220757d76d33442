"""Files of benchmarks as records: JSON, JSON lines and CSV, with the places where each stands."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.importers.rows import Bad, Table, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024  # of a file of JSON that is held as a whole
MOST_RESULTS = 10_000
LONGEST_LIST = 1_000  # longer ones hold something of each request, which nothing here reads
LEANER = "write results without those of each request: without --save-detailed, --output-details and the like"
_POWER = "gpu_power_usage"
_STATISTICS = "metric"  # the first name of a table of AIPerf or GenAI-Perf


@dataclass(frozen=True)
class Results:
    """The results in a file, each with its place, and the rows that could not be read."""

    items: list[tuple[Place, dict[str, Any]]]
    bad: Bad


def read_results(path: Path) -> Results:
    """Return the results of benchmarks in a file of JSON, JSON lines, CSV or Parquet.

    Raises:
        WorkbookError: for a file that cannot be read, is too large, or holds no results.

    """
    if _is_json(path):
        found = _document(path)
        if found is not None:
            return Results([item for item in found if item[1]], Bad(str(path)))
    table = Table(path)
    if table.format == "csv" and table.names[0].lower() == _STATISTICS:
        return Results([(Place(str(path)), _statistics(path))], table.bad)
    items = []
    for line, record in table.objects():
        items.append((Place(str(path), line, 1), _short(record)))
        if len(items) > MOST_RESULTS:
            _refuse(
                path, f"has more than {MOST_RESULTS:,} results", "a result is a run, not a request: workbook import trace reads requests"
            )
    return Results(items, table.bad)


def _is_json(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return path.is_file() and stream.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}
    except OSError:
        return False  # Table says why


def _refuse(path: Path, message: str, fix: str = "", line: int = 0, column: int = 0) -> NoReturn:
    raise WorkbookError([Diagnostic(Place(str(path), line, column), message, fix)])


def _document(path: Path) -> list[tuple[Place, dict[str, Any]]] | None:
    """Return the results in a file that is one JSON document; None for one of JSON lines."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        if _parses(stream.readline(MOST_BYTES)) and stream.readline().strip():
            return None
    if path.stat().st_size > MOST_BYTES:
        _refuse(path, f"is {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} of JSON are read", LEANER)
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except json.JSONDecodeError as error:
        fix = "give each result on a line, or in a file, of its own" if error.msg.startswith("Extra data") else "write the file again"
        _refuse(path, f"is not JSON: {error.msg}", fix, error.lineno, error.colno)
    except (ValueError, RecursionError):
        _refuse(path, "is not JSON that can be read", LEANER)
    shared: dict[str, Any] = {}
    if isinstance(found, dict) and isinstance(found.get("benchmarks"), list):  # GuideLLM: what runs share stands above them
        shared, found = {key: value for key, value in found.items() if key != "benchmarks"}, found["benchmarks"]
    listed = found if isinstance(found, list) else [found]
    if len(listed) > MOST_RESULTS:
        _refuse(path, f"has more than {MOST_RESULTS:,} results", LEANER)
    named = len(listed) > 1
    return [
        (Place(f"{path}, result {number}" if named else str(path)), _with_power(shared | _short(item)))
        for number, item in enumerate(listed, 1)
        if isinstance(item, dict)
    ]


def _parses(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _short(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without what it says of each request."""
    return {key: value for key, value in record.items() if not (isinstance(value, list) and len(value) > LONGEST_LIST)}


def _with_power(record: dict[str, Any]) -> dict[str, Any]:
    """Return a result of AIPerf with the mean power of its GPUs, which it has by endpoint and GPU."""
    readings = [number_of(item["avg"]) for item in _named(record.get("telemetry_data"), _POWER) if "avg" in item]
    readings += [number_of(item["avg"]) for item in _each(_at(record, "telemetry_stats", _POWER)) if "avg" in item]
    return record | ({_POWER: {"avg": sum(readings) / len(readings)}} if readings else {})


def _at(node: Any, *keys: str) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _each(node: Any) -> list[dict[str, Any]]:
    return [item for item in node.values() if isinstance(item, dict)] if isinstance(node, dict) else []


def _named(node: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the mappings called ``name`` within a mapping of mappings."""
    for key, item in node.items() if isinstance(node, dict) else ():
        if key == name and isinstance(item, dict):
            yield item
        else:
            yield from _named(item, name)


def _statistics(path: Path) -> dict[str, Any]:
    """Return the one result of a table of AIPerf or GenAI-Perf, a metric a row, as the JSON of the same tool has it."""
    if path.stat().st_size > MOST_BYTES:
        _refuse(path, f"is {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} are read")
    record: dict[str, Any] = {}
    names: list[str] = []
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig", errors="replace").splitlines()))
    except csv.Error as error:
        _refuse(path, f"is not a CSV file: {error}", "save it as CSV")
    for row in rows:
        if row and row[0].strip().lower() == _STATISTICS:
            names = ["avg" if name.strip().lower() == "value" else name.strip().lower() for name in row]
        elif row and names:
            metric = re.sub(r"\s+", "_", row[0].partition("(")[0].strip().lower())
            record[metric] = {name: number_of(cell.replace(",", "")) for name, cell in zip(names[1:], row[1:], strict=False)}
    return record
