"""CPU time of a whole build over that of writing the very same cells with XlsxWriter as documented.

Run: python tests/bench/build_against_xlsxwriter.py [repetitions]. Imports are not counted on either side. The build
reads templates, checks units, evaluates, places and writes; the other side replays recorded calls (the same texts,
numbers, formulas with values, formats, widths, merges, validations, charts) with `write_formula`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import xlsxwriter

from workbook import api
from workbook.model.evaluate import evaluate
from workbook.write import writer
from workbook.write.package import Book

Call = tuple[int, str, tuple[Any, ...], dict[str, Any], int | None]
KEPT = {"add_worksheet", "add_format", "add_chart"}  # calls whose result later calls refer to


class Recorder:
    """Stands for a workbook, sheet or chart; passes calls on and notes them down. Formats are known by what they are."""

    def __init__(self, real: Any, number: int, calls: list[Call], known: list[Any]) -> None:
        """``number`` is this object's place among the recorded ones."""
        self._real, self._number, self._calls, self._known = real, number, calls, known

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._real, name)
        if not callable(target):
            return target

        def call(*arguments: Any, **options: Any) -> Any:
            result = target(*map(_real, arguments), **_real(options))
            made = None
            if name in KEPT:
                made = len(self._known)
                if name != "add_format":
                    result = Recorder(result, made, self._calls, self._known)
                self._known.append(result)
            options.pop("worksheet_class", None)
            numbers = {id(item): number for number, item in enumerate(self._known)}
            self._calls.append((self._number, name, _frozen(arguments, numbers), _frozen(options, numbers), made))
            return result

        return call


def _real(item: Any) -> Any:
    if isinstance(item, Recorder):
        return item._real  # noqa: SLF001 its own class
    if isinstance(item, dict):
        return {key: _real(value) for key, value in item.items()}
    return item


def _frozen(item: Any, numbers: dict[int, int]) -> Any:
    """Copy arguments, with recorded objects by number: XlsxWriter changes some dictionaries that it is given."""
    if id(item) in numbers:
        return ("recorded", numbers[id(item)])
    if isinstance(item, dict):
        return {key: _frozen(value, numbers) for key, value in item.items()}
    if type(item) in {list, tuple}:
        return type(item)(_frozen(part, numbers) for part in item)
    return item


def record(path: Path) -> list[Call]:
    """Build once and return every call made to XlsxWriter."""
    calls: list[Call] = []
    known: list[Any] = []

    def book_recorder(*arguments: Any) -> Recorder:
        recorder = Recorder(Book(*arguments), 0, calls, known)
        known.append(recorder)
        return recorder

    with patch.object(writer, "Book", book_recorder):
        api.build("paper", path)
    return calls


def replay(calls: list[Call], path: Path) -> float:
    """Make the same calls on plain XlsxWriter, on its own worksheets; return CPU seconds."""
    prepared = [call for call in calls if call[1] != "share"]  # formulas that are filled down, which XlsxWriter stores one by one
    start = time.process_time()
    known: dict[int, Any] = {0: xlsxwriter.Workbook(str(path), {"strings_to_urls": False})}
    for number, name, arguments, options, made in prepared:
        result = getattr(known[number], name)(*(_given(item, known) for item in arguments), **_given(options, known))
        if made is not None:
            known[made] = result
    return time.process_time() - start


def _given(item: Any, known: dict[int, Any]) -> Any:
    if isinstance(item, tuple) and len(item) == 2 and item[0] == "recorded":
        return known[item[1]]
    if isinstance(item, dict):
        return {key: _given(value, known) for key, value in item.items()}
    return item


def main() -> None:
    """Print medians and the ratio."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "build.xlsx", Path(folder) / "bare.xlsx"
        calls = record(ours)
        ratios, builds, bares = [], [], []
        for _ in range(repetitions):
            start = time.process_time()
            report = api.build("paper", ours)
            builds.append(time.process_time() - start)
            bares.append(replay(calls, theirs))
            ratios.append(builds[-1] / bares[-1])
        print(f"{report.formulas:,} formulas, {len(calls):,} calls, {repetitions} pairs (median, smallest to largest)")
        for name, figures in (("build", builds), ("bare XlsxWriter", bares)):
            print(f"{name}: {statistics.median(figures):.3f} s CPU ({min(figures):.3f} to {max(figures):.3f})")
        print(f"build over bare: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        book = api.load("paper")
        start = time.process_time()
        for _ in range(10):
            evaluate(book.model)
        print(f"all values in NumPy: {(time.process_time() - start) * 100:.1f} ms CPU")


if __name__ == "__main__":
    main()
