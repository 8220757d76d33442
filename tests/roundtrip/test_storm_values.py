"""Hundreds of files with random edits that openpyxl saved: all edits come back, and none is lost when they are built again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.storm import BOOKS as NAMES
from tests.roundtrip.storm import COUNTS, Made, Structure, storms, templates_read_once
from tests.roundtrip.storm_checks import check_built, check_pulled
from tests.roundtrip.storm_templates import ADDED
from tests.support import ACROSS, TAKES, TINY
from workbook.roundtrip.pull import pull

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20_271
BOOKS = {"tiny": TINY, "across": ACROSS, "takes": TAKES, "across with cases": ACROSS}

pytestmark = pytest.mark.usefixtures("templates_read_once")
__all__ = ["templates_read_once"]  # a fixture


def test_there_are_a_thousand_cases() -> None:
    """All of them on demand: each is one file, and every module counts its own."""
    assert tuple(BOOKS) == NAMES
    assert sum(COUNTS.values()) * len(NAMES) >= 1_000
    assert COUNTS["office"] * len(NAMES) >= 200


@pytest.mark.parametrize(("name", "count"), storms("values"))
def test_no_edit_is_lost(name: str, count: int, tmp_path: Path) -> None:
    made = Made(name.partition(" ")[0], BOOKS[name], tmp_path, *(ADDED if "with" in name else ()))
    dice, done, refused = random.Random(f"{SEED} {name}"), 0, 0  # noqa: S311 tests need the same numbers each time
    for number in range(count):
        changes = made.draw(dice, 8)
        path = made.saved(changes, tmp_path / "edited.xlsx", order=dice.randint(0, 3))
        found = pull(path)
        check_pulled(made, changes, Structure(), found)
        refused += check_built(made, path, found, made.root, "theirs", twice=number % 3 == 0) is None
        done += 1
    assert (done, refused <= count // 4) == (count, True), refused
