"""Both ends of what every input of the planning workbook may be, and values just inside, typed into LibreOffice: no error cell anywhere."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.engines.admitted import rounds, scene
from tests.engines.storm import place, undo
from workbook import api
from workbook.names import ERRORS_CELL, FIRST_ERROR_CELL, RECORD_SHEET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engines.storm import Edits
    from workbook.verification.engines.libreoffice import LibreOfficeSession

SAMPLE, SEED = 3, 20261128
ASKED = {RECORD_SHEET: [cell.replace("$", "") for cell in (ERRORS_CELL, FIRST_ERROR_CELL)]}


def type_in(session: LibreOfficeSession, folder: Path, chosen: list[tuple[str, Edits]]) -> list[str]:
    """Type the edits of each round into the open workbook, and tell where errors show; undo each."""
    book = api.load("planning")
    session.open(api.build("planning", folder / "planning.xlsx").path)
    session.set_values({place(book.layout, at): value for at, value in scene(book).items()})
    wrong = []
    for family, edits in chosen:
        session.set_values({place(book.layout, at): value for at, value in edits.items()})
        session.recalculate()
        blocks, first = session.read(ASKED)[RECORD_SHEET].values()
        if blocks:
            wrong.append(f"{blocks} blocks with errors, first {first}, after {family} {[book.model.cell_id(*at) for at in edits]}")
        undo(session, book, edits)
        session.set_values({place(book.layout, at): value for at, value in scene(book).items()})
    return wrong


def test_ends_of_some_inputs_leave_no_error(session: LibreOfficeSession, tmp_path: Path) -> None:
    every = list(rounds(api.load("planning")))
    chosen = random.Random(SEED).sample(every, SAMPLE)  # noqa: S311 tests need the same rounds each time
    assert not type_in(session, tmp_path, chosen)


@pytest.mark.storm
def test_ends_of_every_input_leave_no_error(session: LibreOfficeSession, tmp_path: Path) -> None:
    assert not type_in(session, tmp_path, list(rounds(api.load("planning"))))
