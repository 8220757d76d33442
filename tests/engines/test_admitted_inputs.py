"""Both ends of what every input may be, values just inside and every choice, typed into LibreOffice: no error cell anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.admitted import rounds, staged
from tests.engines.storm import place
from tests.support import shipped, shipped_file
from workbook.api import parse_sets, save
from workbook.model.evaluate import evaluate
from workbook.model.graph import CellRef
from workbook.xlsx.a1 import ERRORS_CELL, FIRST_ERROR_CELL, RECORD_SHEET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.engines.storm import Edits, Sets
    from workbook.api import Book
    from workbook.verify.engines.libreoffice import LibreOfficeSession

BOOKS = ("paper", "planning")
SAMPLES = 4
UNKNOWN = "Nobody"
SAYS = "no case of this name; pick one from the list"
ASKED = {RECORD_SHEET: [cell.replace("$", "") for cell in (ERRORS_CELL, FIRST_ERROR_CELL)]}


def errors_after(session: LibreOfficeSession, book: Book, chosen: Iterable[tuple[str, Edits]]) -> list[str]:
    """Type the edits of each round into the open workbook, note where errors show, and undo them."""
    wrong = []
    for family, edits in chosen:
        session.set_values({place(book.layout, at): value for at, value in edits.items()})
        session.recalculate()
        blocks, first = session.read(ASKED)[RECORD_SHEET].values()
        if blocks:
            typed = {book.model.cell_id(*at): value for at, value in edits.items()}
            wrong.append(f"{blocks} blocks with errors, first {first}, after {family} {typed}")
        session.undo()
    return wrong


def opened(session: LibreOfficeSession, name: str, folder: Path) -> Book:
    """Open a workbook in which every card is used."""
    book = staged(name)
    session.open(save(book, folder / f"{name}.xlsx", 0.0).path)
    return book


@pytest.mark.parametrize("name", BOOKS)
def test_ends_of_some_inputs_leave_no_error(name: str, session: LibreOfficeSession, tmp_path: Path) -> None:
    book = opened(session, name, tmp_path)
    every = list(rounds(book))
    assert not errors_after(session, book, every[:: len(every) // SAMPLES])


MANY: Sets = {
    "cases.mine_1.workload": "lmsys_chat",
    "cases.mine_1.model": "mixtral_8x7b",
    "cases.mine_1.gpu_1": "b200_sxm",
    "cases.mine_1.tensor_parallel": 8,
    "cases.mine_1.pools": 1,
    "cases.mine_1.engine_cap": 100_000,
    "cases.mine_1.rate": 100_000,
    "load_profiles.varied.share_2": 1,
}
"""Two of eight experts a token, ten thousand sequences: the share untouched is a power too small for a number."""


def test_a_batch_that_leaves_no_expert_untouched_leaves_no_error(session: LibreOfficeSession, tmp_path: Path) -> None:
    book = opened(session, "planning", tmp_path)
    series = CellRef("measured_series.model", book.model.tables["measured_series"].index["b200_x8_llama_405b",])
    case = parse_sets(book.model, MANY)
    flight = evaluate(book.model.overridden(case), book.edits | case)["loads.n"]
    assert flight[book.model.tables["loads"].index["l2", "mine_1", "p1"]] > 3_000
    assert not errors_after(session, book, [("points", {series: "Mixtral-8x7B"}), ("a case", case)])


def test_a_name_that_no_case_has_is_said(session: LibreOfficeSession) -> None:
    """It is typed into every choice of a case: words say so, a check fails, and no cell shows an error."""
    book = shipped("planning")
    session.open(shipped_file("planning").path)
    picks = [quantity for quantity in book.model.quantities.values() if quantity.bounds.key == "cases"]
    session.set_values({place(book.layout, CellRef(quantity.id, row)): UNKNOWN for quantity in picks for row in quantity.links})
    session.recalculate()
    said = [place(book.layout, at) for name in ("compared", "lever_cases") for at in rows_of(book, f"{name}.state")]
    checks = [place(book.layout, CellRef("checks.cases_known", 0)), place(book.layout, CellRef("checks.status", 0))]
    found = session.read(ASKED | asked(said + checks))
    assert found[RECORD_SHEET] == {ASKED[RECORD_SHEET][0]: 0, ASKED[RECORD_SHEET][1]: ""}
    assert [found[sheet][address] for sheet, address in said] == [SAYS] * 8
    assert [found[sheet][address] for sheet, address in checks] == [8, "CHECK FAILS: see sheet Checks"]


def rows_of(book: Book, name: str) -> list[CellRef]:
    """Give the cells of a quantity."""
    return [CellRef(name, row) for row in range(book.model.quantities[name].size)]


def asked(places: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Give the addresses to read by sheet."""
    found: dict[str, list[str]] = {}
    for sheet, address in places:
        found.setdefault(sheet, []).append(address)
    return found


@pytest.mark.storm
@pytest.mark.parametrize("name", BOOKS)
def test_ends_of_every_input_leave_no_error(name: str, session: LibreOfficeSession, tmp_path: Path) -> None:
    book = opened(session, name, tmp_path)
    assert not errors_after(session, book, rounds(book))
