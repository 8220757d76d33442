"""Compare the cells of both workbooks between two checkouts: ids, kinds, values and units must be the same; other words are listed.

Run: python tests/bench/cells_of_two_checkouts.py BEFORE AFTER, with the package's dependencies installed. Exit status 1 when a cell
appeared, disappeared, or has another kind, unit, value or formula result. A cell may stand elsewhere, and its label may say it otherwise.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

BOOKS = ("paper", "planning")
SAME = ("kind", "value", "unit")
SHOWN = 20


def cells(checkout: Path, book: str) -> dict[str, dict[str, str]]:
    """Return the cells of a checkout's workbook by id, as ``workbook cells`` lists them."""
    ask = [sys.executable, "-m", "workbook", "cells", book, "--format", "csv"]
    own = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(ask, cwd=checkout, env=own, capture_output=True, text=True, check=True)  # noqa: S603 our own package
    return {row["id"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def compared(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> tuple[list[str], list[str]]:
    """Return what differs and may not, and the labels that differ."""
    both = [name for name in before if name in after]
    wrong = [f"gone: {name}" for name in before if name not in after] + [f"new: {name}" for name in after if name not in before]
    wrong += [
        f"{name}: {field} {before[name][field]!r} -> {after[name][field]!r}"
        for name in both
        for field in SAME
        if before[name][field] != after[name][field]
    ]
    labels = dict.fromkeys((before[name]["label"], after[name]["label"]) for name in both)
    return wrong, [f"{old!r} -> {new!r}" for old, new in labels if old != new]


def main() -> int:
    """Compare and report."""
    first, second = (Path(each).resolve() for each in sys.argv[1:3])
    status = 0
    for book in BOOKS:
        before, after = cells(first, book), cells(second, book)
        wrong, labels = compared(before, after)
        print(f"{book}: {len(before):,} cells before, {len(after):,} after, {len(wrong):,} differ, {len(labels):,} labels say it otherwise")
        print("\n".join(f"  {text}" for text in [*wrong[:SHOWN], *labels]))
        status |= bool(wrong)
    return status


if __name__ == "__main__":
    sys.exit(main())
