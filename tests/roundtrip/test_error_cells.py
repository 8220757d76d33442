"""An error cell anywhere makes the master check fail, and no check becomes an error itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import TINY, require
from workbook import api
from workbook.record.read import baseline, read
from workbook.verify.engines import ENGINES
from workbook.verify.poison import poison
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.verify.engines.base import CellValue

HOLDS, FAILS = "All checks pass", "CHECK FAILS: see sheet Checks"
CHECKS = ("checks.error_blocks", "checks.first_error", "checks.failures", "checks.status", "banner.inputs")

CHECK = "checks.printed"

# What is typed into a cell of the workbook 'tiny', and the block in which the first error shows then.
CHANGES: dict[str, tuple[str, str, str]] = {
    "nothing": ("", "", ""),
    "an input": ("run.parallel", "=1/0", "Inputs: GPUs of an instance"),
    "a text in place of a check": (CHECK, "none", ""),
    "an error in place of a check": (CHECK, "=NA()", "Checks: Printed figures"),
}


def asked(book: api.Book) -> dict[str, list[str]]:
    """Give the cells of the checks by sheet."""
    found: dict[str, list[str]] = {}
    for sheet, address in (place(book, name) for name in CHECKS):
        found.setdefault(sheet, []).append(address)
    return found


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make all changes in LibreOffice, each in a file of its own."""
    folder = tmp_path_factory.mktemp("errors")
    built = api.build("tiny", folder / "tiny.xlsx", templates=TINY).path
    book, changes = api.load("tiny", TINY), []
    for name, (cell, text, _) in CHANGES.items():
        kind = "formula" if text.startswith("=") else "value"
        steps: list[list[Any]] = [[kind, *place(book, cell), text]] if cell else []
        changes.append((built, folder / f"{name}.xlsx", steps))
    in_libreoffice(changes)
    return {name: folder / f"{name}.xlsx" for name in CHANGES}


def holds(told: list[CellValue], name: str) -> bool:
    """Tell whether the check for errors, its place, the number of failures and the master check are as they must be."""
    blocks, first, failures, *status = told
    _, text, where = CHANGES[name]
    assert isinstance(blocks, float)
    assert isinstance(failures, float)
    assert str(first).partition(", ")[0] == where
    return (blocks > 0) == bool(where) and failures >= blocks and status == [FAILS if text else HOLDS] * 2


@pytest.mark.parametrize("name", CHANGES)
def test_every_program_counts_blocks_with_errors(name: str, saved: dict[str, Path], tmp_path: Path) -> None:
    book = api.load("tiny", TINY)
    cells = read_cells(saved[name])
    assert holds([cells[sheet][address].value for sheet, address in (place(book, check) for check in CHECKS)], name)
    poison(saved[name], tmp_path / "copy.xlsx")
    for engine in ("gnumeric", "ironcalc"):
        program = require(ENGINES[engine]())
        found = program.recalculate(tmp_path / "copy.xlsx", asked(book))
        program.close()
        assert holds([found[sheet][address] for sheet, address in (place(book, check) for check in CHECKS)], name), engine


def test_a_record_without_these_counts_is_read(tmp_path: Path) -> None:
    """Files of earlier versions have no such column."""
    built = api.build("tiny", tmp_path / "tiny.xlsx", templates=TINY).path
    contents = read(built)
    record = contents["_workbook"]
    for address in [address for address in record if address.startswith("L")]:
        del record[address]
    assert baseline(built, contents).blocks == baseline(built, read(built)).blocks
