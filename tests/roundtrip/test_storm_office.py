"""Hundreds of edited files that LibreOffice saved, with rows, columns, sheets and cells moved: each edit is found where it went."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import in_libreoffice
from tests.roundtrip.storm import Made, Templates, storms, templates_read_once
from tests.roundtrip.storm_checks import check_built, check_pulled
from tests.roundtrip.storm_templates import ADDED, BOOKS
from workbook.roundtrip.pull import pull

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20_273
pytestmark = pytest.mark.usefixtures("templates_read_once")
__all__ = ["templates_read_once"]  # a fixture


@pytest.mark.parametrize(("name", "count"), storms("office"))
def test_no_edit_is_lost_in_libreoffice(name: str, count: int, tmp_path: Path) -> None:
    root, plants = BOOKS[name]
    made = Made(name.partition(" ")[0], root, tmp_path, *(ADDED if "with" in name else ()))
    templates, dice = Templates(made, plants), random.Random(f"{SEED} {name}")  # noqa: S311 tests need the same numbers each time
    drawn = []
    for number in range(count):
        changes = made.draw(dice, 6)
        drawn.append((changes, made.structure(dice), tmp_path / f"{number}.xlsx"))
    in_libreoffice([(made.path, target, made.steps(changes, structure)) for changes, structure, target in drawn])
    done, refused = 0, 0
    for number, (changes, structure, path) in enumerate(drawn):
        found = pull(path)
        check_pulled(made, changes, structure, found)
        refused += check_built(made, path, found, templates.draw(dice) if number % 2 else root, "theirs", twice=number % 3 == 0) is None
        done += 1
    assert (done, refused <= count // 3) == (count, True), refused
