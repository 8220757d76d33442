"""Tables that run across and values taken over: every engine agrees, with and without values of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import asked_of, typed
from tests.support import ACROSS, change_cells, recorded_formulas, require, require_all
from workbook import api
from workbook.verify.compare import AGREE, verdict
from workbook.verify.engines import ENGINES
from workbook.verify.poison import poison
from workbook.verify.run import SAVED, expectations, verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.verify.engines.libreoffice import LibreOfficeSession


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the workbook once."""
    return api.build("across", tmp_path_factory.mktemp("across") / "across.xlsx", templates=ACROSS).path


@pytest.mark.parametrize(
    "sets",
    [
        {},
        {"cases.mine.pue": 1.1, "cases.corrected.count": 9, "cases.mine.gpu": "large", "cases.other.cooling": "air"},
        {"cases.paper.pue": 2.25, "cases.paper.gpu": "large", "cases.paper.count": 3, "chosen.case": "corrected", "chosen.level": 9},
    ],
)
def test_every_engine_agrees_on_every_cell(tmp_path: Path, sets: dict[str, str | float]) -> None:
    engines = require_all()
    path = api.build("across", tmp_path / "across.xlsx", templates=ACROSS, sets=sets).path
    report = verify(path, engines, templates=ACROSS)
    assert report.ok, (report.frame, report.changed)
    assert {engine: report.count(engine, AGREE) for engine in report.engines} == dict.fromkeys([SAVED, *engines], report.cells)
    overridden = sum(cell in sets for cell in ("cases.mine.pue", "cases.corrected.count", "cases.mine.gpu", "cases.other.cooling"))
    assert report.cells == len(expectations(api.load("across", ACROSS))) - overridden


def test_poison_reaches_links_and_rows_of_cells(file: Path, tmp_path: Path) -> None:
    poisoned = tmp_path / "poisoned.xlsx"
    assert poison(file, poisoned) == len(expectations(api.load("across", ACROSS))) + recorded_formulas(file)
    cells = read_cells(poisoned)["Cases"]
    assert cells["J11"].value == cells["K17"].value != read_cells(file)["Cases"]["K17"].value


@pytest.mark.parametrize("engine", list(ENGINES))
def test_a_link_to_another_parent_is_found(file: Path, tmp_path: Path, engine: str) -> None:
    require(ENGINES[engine]())
    spoilt = tmp_path / "spoilt.xlsx"
    change_cells(file, spoilt, [("Cases", "J11")], lambda text: text.replace("<f>$I11</f>", "<f>$H11</f>"))
    report = verify(spoilt, [engine], templates=ACROSS)
    said = "1 cell inherits from another case than declared: 1 from cases.paper, as after one case was copied over another"
    assert report.changed == [f"Cases!J11 (cases.mine) {said}"]
    # Python follows the link, as engines do; results saved before it was made are those of the other.
    assert report.frame.loc[report.frame.engine == engine].empty
    assert {"cases.mine.power", "by_case.mine.energy"} <= set(report.frame.loc[report.frame.engine == SAVED, "id"])


def test_typing_over_a_link_moves_libreoffice_and_python_alike(file: Path, session: LibreOfficeSession) -> None:
    sets: dict[str, str | float] = {"cases.corrected.count": 11, "cases.mine.pue": 1.75, "cases.corrected.gpu": "Large GPU"}
    base, book = api.load("across", ACROSS), api.load("across", ACROSS, sets)
    assert {base.model.cell_id(*at): value for at, value in book.edits.items()} == sets
    session.open(file)
    got, wanted = typed(session, base, book.edits, asked_of(base)), expectations(book)
    session.close_document()
    assert [item.id for item in wanted if verdict(item.value, got[item.sheet][item.address]) != AGREE] == []
    assert len(wanted) == len(expectations(base)) - len(sets)
