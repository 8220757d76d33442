"""Whatever was done to the XML of a file, every command that reads it ends with a message or a result: soon, and in little memory."""

from __future__ import annotations

import random
import resource
import time
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.fuzz import mutant, parts_of
from tests.support import TINY, command
from workbook import api

if TYPE_CHECKING:
    from pathlib import Path

MOST_SECONDS, MOST_KIBIBYTES = 20.0, 500 * 2**10
READERS = (
    ("pull", "{file}"),
    ("diff", "{good}", "{file}", "--templates", TINY),
    ("pull", "{file}"),
    ("build", "--from", "{file}", "--templates", TINY, "--out", "{target}"),
    ("pull", "{file}"),
    ("verify", "{file}", "--saved", "--templates", TINY),
)


def run(count: int, seed: int, folder: Path) -> int:
    """Read so many mutants; give how many could not be read."""
    good, path, target = folder / "good.xlsx", folder / "bad.xlsx", folder / "new.xlsx"
    api.build("tiny", good, templates=TINY)
    parts, refused, before = parts_of(good), 0, sorted(folder.iterdir())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(seed, seed + count):
        said = mutant(parts, random.Random(number), path)  # noqa: S311 tests need the same numbers each time
        arguments = [str(item).format(file=path, good=good, target=target) for item in READERS[number % len(READERS)]]
        start = time.perf_counter()
        result = command(*arguments, catch_exceptions=True)
        took = time.perf_counter() - start
        assert isinstance(result.exception, SystemExit | None), f"mutant {number}, {arguments[0]} ({said}): {result.exception!r}"
        assert took < MOST_SECONDS, f"mutant {number}: {took:.1f} s ({said})"
        if result.exit_code == 2:
            refused += 1
            assert result.stderr.startswith(str(path)), f"mutant {number} ({said}): {result.stderr}"
            assert len(result.stderr) < 3_000, f"mutant {number} ({said}): {result.stderr}"
            assert not target.exists(), f"mutant {number} ({said})"
        target.unlink(missing_ok=True)
        path.unlink()
        assert sorted(folder.iterdir()) == before, f"mutant {number} ({said})"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MOST_KIBIBYTES
    return refused


def test_a_hundred_mutants_end_without_a_traceback(tmp_path: Path) -> None:
    assert run(100, 0, tmp_path) > 20


@pytest.mark.storm
def test_ten_thousand_mutants_end_without_a_traceback(tmp_path: Path) -> None:
    assert run(10_000, 1_000, tmp_path) > 2_000
