"""Values taken over from expressions: every engine agrees, and what is typed over them in LibreOffice is an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import asked_of, typed
from tests.support import TAKES, require, require_all
from workbook import api
from workbook.record.located import locate
from workbook.verify.built import book_of
from workbook.verify.compare import AGREE, verdict
from workbook.verify.engines import ENGINES
from workbook.verify.run import SAVED, expectations, verify

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.verify.engines.libreoffice import LibreOfficeSession

Sets = dict[str, str | float]
TYPED: Sets = {"cases.mine.pue": 1.1, "cases.warm.machine": "Small machine", "cases.mine.cooling": "air", "cases.mine.load": 12.5}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the workbook once."""
    return api.build("takes", tmp_path_factory.mktemp("takes") / "takes.xlsx", templates=TAKES).path


@pytest.mark.parametrize("sets", [{}, TYPED, {"cases.warm.site": "north", "sites.north.pue": 1.75, "halls.a.load": 3}])
def test_every_engine_agrees_on_every_cell(tmp_path: Path, sets: Sets) -> None:
    engines = require_all()
    path = api.build("takes", tmp_path / "takes.xlsx", templates=TAKES, sets=sets).path
    report = verify(path, engines, templates=TAKES)
    assert report.ok, (report.frame, report.changed)
    assert {engine: report.count(engine, AGREE) for engine in report.engines} == dict.fromkeys([SAVED, *engines], report.cells)
    formulas = {item.id for item in expectations(api.load("takes", TAKES))}
    assert report.cells == len(formulas - set(sets))


def test_what_is_typed_over_in_libreoffice_is_an_input(file: Path, tmp_path: Path, session: LibreOfficeSession) -> None:
    base, book = api.load("takes", TAKES), api.load("takes", TAKES, TYPED)
    saved = tmp_path / "typed.xlsx"
    session.open(file)
    got, wanted = typed(session, base, book.edits, asked_of(base)), expectations(book)
    session.save_as(saved)
    session.close_document()
    assert [item.id for item in wanted if verdict(item.value, got[item.sheet][item.address]) != AGREE] == []
    assert len(wanted) == len(expectations(base)) - len(TYPED)
    back = book_of(saved, locate(saved), TAKES)
    assert {back.model.cell_id(*at): value for at, value in back.edits.items()} == TYPED
    engine = require(ENGINES["libreoffice"]()).name
    report = verify(saved, [engine], templates=TAKES)
    assert report.ok, (report.frame, report.changed)
