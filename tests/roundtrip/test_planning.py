"""One run on the planning workbook: its size, and edits that come back from a program."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import differing, draw, in_libreoffice, place
from tests.roundtrip.storm import Change, Made, Structure
from tests.roundtrip.storm_checks import check_built, check_pulled
from tests.support import shipped, shipped_file
from workbook import api
from workbook.declare.packaged import packaged
from workbook.roundtrip.pull import pull

if TYPE_CHECKING:
    from pathlib import Path

OWN = {"planning": {"cases.mine_1.pue": 1.15, "cases.mine_2.rate": 2_500.0, "plan.growth": 0.4}, "paper": {}}  # spare cases, filled


def added_knot(book: api.Book, trace: str, upper: float, cumulative: float) -> dict[str, float]:
    """Return the edits that put one knot more into a trace whose curve ends before its last row: what follows moves one row down."""
    uppers, shares = (book.values[f"trace_knots.{name}"].tolist() for name in ("upper", "cumulative"))
    rows = [row for row, (card, _) in enumerate(book.model.tables["trace_knots"].rows) if card == trace]
    knots = [(uppers[row], shares[row]) for row in rows]
    assert knots[-2][1] == 1.0
    longer = sorted([*knots[:-1], (upper, cumulative)])
    found = {}
    for row, old, new in zip(rows, knots, longer, strict=True):
        for name, was, now in zip(("upper", "cumulative"), old, new, strict=True):
            if was != now:
                found[book.model.cell_id(f"trace_knots.{name}", row)] = now
    return found


def test_edits_of_the_planning_workbook_come_back(tmp_path: Path) -> None:
    """A knot more among them."""
    path, target = tmp_path / "planning.xlsx", tmp_path / "saved.xlsx"
    shutil.copy(shipped_file("planning").path, path)
    assert path.stat().st_size < 4 * 2**20
    book, dice = shipped("planning"), random.Random(3)  # noqa: S311 tests need the same numbers each time
    knot = added_knot(book, "azure_conversation", 5000.0, 0.92)
    edits = {**draw(book, dice, 40), **knot}
    assert len(edits) > 20
    in_libreoffice([(path, target, [["value", *place(book, cell_id), value] for cell_id, value in edits.items()])])
    found = pull(target)
    wanted = differing(book, edits)
    # LibreOffice keeps 15 digits, and rounds a half its own way.
    assert found.sets == {name: value if isinstance(value, str) else pytest.approx(value, rel=1e-14) for name, value in wanted.items()}
    assert found.left == []
    assert api.load("planning", sets=knot).values["trace_list.state"].tolist() == [
        "no requests" if card.startswith("own") else "ok" for (card,) in book.model.tables["trace_list"].rows
    ]


LARGE = [("planning", 1), *(pytest.param(name, 5, marks=pytest.mark.storm) for name in ("planning", "paper"))]


@pytest.mark.parametrize(("name", "count"), LARGE)
def test_no_edit_of_a_large_file_is_lost(name: str, count: int, tmp_path: Path) -> None:
    made, dice, built = Made(name, packaged(), tmp_path), random.Random(f"large {name}"), 0  # noqa: S311 as above
    inputs = made.known.inputs
    own = [Change("value", inputs[key].spot.sheet, inputs[key].spot.address, value, key) for key, value in OWN[name].items()]
    for _ in range(count):
        changes = [*own, *(item for item in made.draw(dice, 30) if item.id not in OWN[name])]
        path = made.saved(changes, tmp_path / "edited.xlsx")
        found = pull(path)
        check_pulled(made, changes, Structure(), found)
        built += check_built(made, path, found, made.root, "theirs", twice=count > 1) is not None
    assert built
