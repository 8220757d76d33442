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
UNKNOWN = "Nobody"
SAYS = "no case of this name; pick one from the list"
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
    check_unknown_cases(session)


def check_unknown_cases(session: LibreOfficeSession) -> None:
    """Type a name that no case has into every choice of a case: words say so, a check fails, and no cell shows an error."""
    book = api.load("planning")
    picks = [quantity for quantity in book.model.quantities.values() if quantity.bounds.key == "cases"]
    session.set_values({place(book.layout, (quantity.id, row)): UNKNOWN for quantity in picks for row in quantity.links})
    session.recalculate()
    said = [place(book.layout, at) for name in ("trust", "lever_cases") for at in rows_of(book, f"{name}.state")]
    checks = [place(book.layout, ("checks.cases_known", 0)), place(book.layout, ("checks.status", 0))]
    found = session.read(ASKED | asked(said + checks))
    assert found[RECORD_SHEET] == {ASKED[RECORD_SHEET][0]: 0, ASKED[RECORD_SHEET][1]: ""}
    assert [found[sheet][address] for sheet, address in said] == [SAYS] * 6
    assert [found[sheet][address] for sheet, address in checks] == [6, "CHECK FAILS: see sheet Checks"]


def rows_of(book: api.Book, name: str) -> list[tuple[str, int]]:
    """Give the cells of a quantity."""
    return [(name, row) for row in range(book.model.quantities[name].size)]


def asked(places: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Give the addresses to read by sheet."""
    found: dict[str, list[str]] = {}
    for sheet, address in places:
        found.setdefault(sheet, []).append(address)
    return found


@pytest.mark.storm
def test_ends_of_every_input_leave_no_error(session: LibreOfficeSession, tmp_path: Path) -> None:
    assert not type_in(session, tmp_path, list(rounds(api.load("planning"))))
