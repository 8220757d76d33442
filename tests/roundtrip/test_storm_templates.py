"""Hundreds of edited files that are built again with templates that changed too: each edit is kept, a conflict, or told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.storm import COUNTS, Made, Structure, Templates, storms, templates_read_once
from tests.roundtrip.storm_checks import check_built, check_pulled
from tests.roundtrip.storm_templates import ADDED, BOOKS
from workbook.roundtrip.pull import pull

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20_272

pytestmark = pytest.mark.usefixtures("templates_read_once")
__all__ = ["templates_read_once"]  # a fixture


@pytest.mark.parametrize(("name", "count"), storms("templates"))
def test_no_edit_is_lost_when_templates_change(name: str, count: int, tmp_path: Path) -> None:
    root, plants = BOOKS[name]
    made = Made(name.partition(" ")[0], root, tmp_path, *(ADDED if "with" in name else ()))
    templates = Templates(made, plants)
    dice, done, refused, outcomes = random.Random(f"{SEED} {name}"), 0, 0, set[str]()  # noqa: S311 tests need the same numbers each time
    for number in range(count):
        changes = made.draw(dice, 10)
        path = made.saved(changes, tmp_path / "edited.xlsx")
        found = pull(path)
        check_pulled(made, changes, Structure(), found)
        result = check_built(made, path, found, templates.draw(dice), dice.choice(["theirs", "theirs", "ours"]), twice=number % 3 == 0)
        refused += result is None
        if result is not None:
            merge = result.merge
            each = {
                "kept": merge.kept,
                "conflict": merge.conflicts,
                "removed": merge.removed,
                "updated": merge.updated,
                "left": result.left,
            }
            outcomes |= {kind for kind, items in each.items() if items}
        done += 1
    assert (done, refused <= count // 3) == (count, True), refused
    assert outcomes >= ({"kept", "conflict", "removed", "updated", "left"} if count == COUNTS["templates"] else {"kept", "updated"})
