"""Every engine recomputes every cell of a poisoned workbook, and fails in one clear sentence where it can not."""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import workbook.verify.engines.gnumeric as gnumeric_module
import workbook.verify.engines.ironcalc as ironcalc_module
import workbook.verify.engines.libreoffice as libreoffice_module
from workbook.verify.engines import ENGINES, find
from workbook.verify.engines.base import CellError, CellValue, Engine, EngineFailure
from workbook.verify.engines.libreoffice_worker import bounding_ranges
from workbook.verify.poison import POISON_NUMBER, POISON_TEXT, is_poison
from workbook.xlsx.cells import Cell, read_cells

if TYPE_CHECKING:
    from tests.engines.conftest import Book
    from workbook.verify.engines.libreoffice import LibreOfficeSession

RELATIVE_TOLERANCE = 1e-12


def same(computed: CellValue, expected: CellValue) -> bool:
    """Numbers within tolerance, and all else equal; LibreOffice writes True as 1.0."""
    if isinstance(expected, float) and isinstance(computed, float):
        return math.isclose(computed, expected, rel_tol=RELATIVE_TOLERANCE)
    return computed == expected


def test_every_cell_is_recomputed(engine: Engine, book: Book) -> None:
    computed = engine.recalculate(book.poisoned, {book.sheet: list(book.expected)})[book.sheet]
    wrong = {cell: (computed[cell], value) for cell, value in book.expected.items() if not same(computed[cell], value)}
    assert not wrong
    assert not any(is_poison(value) for value in computed.values())


def test_only_the_asked_cells_come_back_and_empty_ones_are_none(engine: Engine, book: Book) -> None:
    asked = {"Data": ["XFD1048576", "C1", "A1"], book.sheet: ["B40"]}
    computed = engine.recalculate(book.poisoned, asked)
    assert computed == {"Data": {"XFD1048576": None, "C1": "a", "A1": 1.0}, book.sheet: {"B40": None}}


def test_versions_are_numbers(engine: Engine) -> None:
    assert engine.version()[0].isdigit()


def test_a_missing_sheet_is_a_failure(engine: Engine, book: Book) -> None:
    with pytest.raises(EngineFailure, match="no sheet named 'Nowhere'"):
        engine.recalculate(book.poisoned, {"Nowhere": ["A1"]})


def test_a_file_that_is_no_workbook_is_a_failure(engine: Engine, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(EngineFailure):
        engine.recalculate(broken, {"Data": ["A1"]})


def test_a_missing_file_is_a_failure(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EngineFailure):
        engine.recalculate(tmp_path / "nothing.xlsx", {"Data": ["A1"]})


def test_an_engine_works_again_after_a_failure(engine: Engine, book: Book, tmp_path: Path) -> None:
    with pytest.raises(EngineFailure):
        engine.recalculate(tmp_path / "nothing.xlsx", {"Data": ["A1"]})
    assert engine.recalculate(book.poisoned, {book.sheet: ["A3"]}) == {book.sheet: {"A3": 210.0}}


def test_poison_reaches_every_formula_cell(book: Book) -> None:
    cells = read_cells(book.poisoned)[book.sheet]
    assert book.poisoned_cells == len(book.expected)
    assert {name for name, cell in cells.items() if cell.is_formula} == set(book.expected)
    assert all(is_poison(cells[name].value) for name in book.expected)
    assert {cells[name].value for name in book.expected} == {POISON_NUMBER, POISON_TEXT}


def test_an_engine_that_shows_cached_values_is_caught(session: LibreOfficeSession, book: Book) -> None:
    session.open(book.poisoned)
    shown = session.read({book.sheet: list(book.expected)})[book.sheet]
    # LibreOffice computes array formulas while it loads a file, and nothing else.
    assert {cell for cell, value in shown.items() if not is_poison(value)} == {"C1", "C2", "C3", "D1"}
    session.recalculate()
    computed = session.read({book.sheet: list(book.expected)})[book.sheet]
    assert not any(is_poison(value) for value in computed.values())


def test_fifty_edits_change_the_results(session: LibreOfficeSession, book: Book) -> None:
    session.open(book.poisoned)
    session.recalculate()
    for round_number in range(50):
        edits = {("Data", f"A{row}"): float(row * round_number) for row in range(1, 21)}
        session.set_values(edits)
        session.recalculate()
        assert session.read({book.sheet: ["A3"]}) == {book.sheet: {"A3": 210.0 * round_number}}


def test_what_was_typed_is_undone(session: LibreOfficeSession, book: Book) -> None:
    session.open(book.poisoned)
    cells = {"Data": ["A1", "C1", "Z9"], book.sheet: ["A1", "A3"]}
    session.recalculate()
    before = session.read(cells)
    for value in (7.0, "typed", None):
        session.set_values({(sheet, address): value for sheet, addresses in cells.items() for address in addresses})
        session.set_values({("Data", "A1"): 8.0})
        session.recalculate()
        assert session.read(cells) != before
        session.undo()
        session.recalculate()
        assert session.read(cells) == before
    session.set_values({("Data", "A2"): 100.0})
    session.recalculate()
    assert session.read({book.sheet: ["A3"]}) != {book.sheet: {"A3": before[book.sheet]["A3"]}}


def test_edits_of_every_type_survive_saving(session: LibreOfficeSession, book: Book, tmp_path: Path) -> None:
    session.open(book.poisoned)
    session.set_values({("Data", "A1"): 0.1, ("Data", "B1"): "007", ("Data", "C1"): True, ("Data", "C2"): None, (book.sheet, "A1"): -4.5})
    session.recalculate()
    saved = tmp_path / "saved.xlsx"
    session.save_as(saved)
    cells = read_cells(saved)
    assert [cells["Data"][name].value for name in ("A1", "B1", "C1")] == [0.1, "007", True]
    assert "C2" not in cells["Data"] or cells["Data"]["C2"].value is None
    assert cells[book.sheet]["A1"]._replace(style=0) == Cell(formula=None, value=-4.5, is_formula=False)
    assert cells[book.sheet]["A3"].value == pytest.approx(209.1, rel=RELATIVE_TOLERANCE)


def test_a_document_prints_to_pdf(session: LibreOfficeSession, book: Book, tmp_path: Path) -> None:
    session.open(book.poisoned)
    session.recalculate()
    session.to_pdf(tmp_path / "printed.pdf")
    assert (tmp_path / "printed.pdf").read_bytes().startswith(b"%PDF")


def test_a_request_without_a_document_is_refused(session: LibreOfficeSession, book: Book) -> None:
    session.close_document()
    with pytest.raises(EngineFailure, match="no document is open"):
        session.recalculate()
    session.open(book.poisoned)
    session.close_document()
    with pytest.raises(EngineFailure, match="no document is open"):
        session.read({book.sheet: ["A1"]})
    with pytest.raises(ValueError, match="can not be stored"):
        session.set_values({("Data", "A1"): math.nan})


@pytest.mark.parametrize("reference", ["", "A0", "1A", "XFE1", "A1048577", "A1:B2"])
def test_a_bad_reference_is_refused(session: LibreOfficeSession, book: Book, reference: str) -> None:
    session.open(book.poisoned)
    with pytest.raises(EngineFailure, match="is not a cell reference"):
        session.read({"Data": [reference]})


def processes_of_group(group: int) -> list[int]:
    """List the live processes of a process group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def all_gone(group: int) -> bool:
    """Wait a little for the processes of a group to end; a kill takes effect with some delay."""
    deadline = time.monotonic() + 5
    while processes_of_group(group) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes_of_group(group)


def test_closing_leaves_nothing_behind(own_session: LibreOfficeSession, book: Book) -> None:
    own_session.open(book.poisoned)
    process, folder = own_session._process, own_session._folder  # noqa: SLF001 - what must be gone is private
    assert process is not None
    assert folder is not None
    assert len(processes_of_group(process.pid)) > 1
    own_session.close()
    assert not own_session.alive
    assert all_gone(process.pid)
    assert not folder.exists()


def test_a_killed_helper_takes_the_office_with_it_and_is_replaced(own_session: LibreOfficeSession, book: Book) -> None:
    own_session.open(book.poisoned)
    process = own_session._process  # noqa: SLF001 - the test plays the crash
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(EngineFailure):
        own_session.recalculate()
    own_session.open(book.poisoned)
    own_session.recalculate()
    assert own_session.read({book.sheet: ["A3"]}) == {book.sheet: {"A3": 210.0}}
    assert all_gone(process.pid)


def test_a_silent_helper_is_stopped_in_time(own_session: LibreOfficeSession, book: Book) -> None:
    own_session.open(book.poisoned)
    process = own_session._process  # noqa: SLF001 - the test plays the hang
    assert process is not None
    own_session._timeout_seconds = 0.3  # noqa: SLF001 - long enough for the start above
    os.kill(process.pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(EngineFailure, match=r"did not answer 'recalculate' within 0\.3 s"):
        own_session.recalculate()
    assert time.monotonic() - began < 10
    assert all_gone(process.pid)


def test_gnumeric_is_stopped_in_time(book: Book) -> None:
    engine = gnumeric_module.Gnumeric(timeout_seconds=0.0001)
    if engine.unavailable() is not None:
        pytest.skip("without gnumeric there is nothing to stop")
    with pytest.raises(EngineFailure, match="was stopped after"):
        engine.recalculate(book.poisoned, {"Data": ["A1"]})


def test_missing_programs_are_named_with_the_way_to_install_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(libreoffice_module, "find_office", lambda: None)
    monkeypatch.setattr("workbook.verify.engines.gnumeric.shutil.which", lambda _: None)
    monkeypatch.setattr("workbook.verify.engines.ironcalc.importlib.util.find_spec", lambda _: None)
    hints = {"libreoffice": "python3-uno", "gnumeric": "package gnumeric", "ironcalc": "'workbook[engines]'"}
    for engine in find():
        reason = engine.unavailable()
        assert reason is not None
        assert hints[engine.name] in reason
        with pytest.raises(EngineFailure, match="was not found"):
            engine.version()
        with pytest.raises(EngineFailure, match="was not found"):
            engine.recalculate(tmp_path / "any.xlsx", {})


def test_an_office_without_a_python_for_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice_module, "find_office", lambda: "/nowhere/soffice")
    monkeypatch.setattr(libreoffice_module, "find_uno_python", lambda _: None)
    reason = libreoffice_module.LibreOffice().unavailable()
    assert reason is not None
    assert "python3-uno" in reason


def test_a_panic_of_the_rust_code_is_a_failure_without_its_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class PanicException(BaseException):
        """Stand-in for the binding's exception."""

    def panic(*_: object) -> None:
        os.write(2, b"thread '<unnamed>' panicked")
        raise PanicException

    engine = ironcalc_module.IronCalc()
    monkeypatch.setattr(engine, "unavailable", lambda: None)
    monkeypatch.setattr(engine, "_recalculate", panic)
    with pytest.raises(EngineFailure, match=r"ironcalc crashed on any\.xlsx"):
        engine.recalculate(tmp_path / "any.xlsx", {})
    assert capfd.readouterr() == ("", "")


def test_engines_are_found_by_name_in_order() -> None:
    assert list(ENGINES) == ["libreoffice", "gnumeric", "ironcalc"]
    assert [engine.name for engine in find()] == list(ENGINES)
    assert [engine.name for engine in find(["ironcalc", "gnumeric"])] == ["ironcalc", "gnumeric"]
    with pytest.raises(ValueError, match="no engine named 'excel'"):
        find(["excel"])


def test_errors_show_their_spreadsheet_name() -> None:
    assert str(CellError("#DIV/0!")) == "#DIV/0!"


def test_far_apart_cells_are_not_read_as_one_range() -> None:
    assert bounding_ranges([]) == []
    assert bounding_ranges([(0, 0), (3, 9)]) == [(0, 0, 3, 9)]
    far = bounding_ranges([(0, 0), (0, 5), (16383, 1048575)])
    assert far == [(0, 0, 0, 5), (16383, 1048575, 16383, 1048575)]
