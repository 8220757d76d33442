"""Pages of a workbook: a PDF of all sheets or of one, and a picture a page by the name of its sheet."""

from __future__ import annotations

import shutil
import zlib
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from tests.support import command, require
from workbook.verify.engines.libreoffice import LibreOffice

if TYPE_CHECKING:
    from pathlib import Path

PNG = b"\x89PNG"


@pytest.fixture
def two_sheets(tmp_path: Path) -> Path:
    """Write a workbook of a sheet of two pages, one of one page, and a hidden one."""
    path = tmp_path / "small.xlsx"
    with xlsxwriter.Workbook(path) as book:
        first, second, hidden = (book.add_worksheet(name) for name in ("My plan", "Costs", "Record"))
        first.write("A1", "Watts")
        first.write("A200", "Joules")
        first.set_h_pagebreaks([100])
        first.print_area("A1:B200")  # a sheet with such an area is printed even where it is hidden
        second.write("A1", "Dollars")
        second.conditional_format("A1", {"type": "formula", "criteria": "=LEN(A1)=7", "format": book.add_format({"bg_color": "#FF0000"})})
        hidden.write("A1", "nothing")
        hidden.hide()
    return path


def _need_programs() -> None:
    require(LibreOffice())
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed")


def test_every_sheet_that_is_not_hidden_has_its_pages(two_sheets: Path, tmp_path: Path) -> None:
    _need_programs()
    result = command("render", two_sheets, "--pdf", tmp_path / "all.pdf", "--png", tmp_path / "pages", "--dpi", 30)
    assert result.exit_code == 0, result.output
    pictures = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert pictures[0] == "small_costs.png"
    assert pictures[1] == "small_my_plan.png"
    assert all(name.startswith("small_my_plan_") for name in pictures[2:])
    assert len(pictures) > 2
    assert all(path.read_bytes().startswith(PNG) for path in (tmp_path / "pages").iterdir())
    assert (tmp_path / "all.pdf").read_bytes().startswith(b"%PDF")


def test_cells_have_the_colours_that_rules_give_them(two_sheets: Path, tmp_path: Path) -> None:
    _need_programs()
    command("render", two_sheets, "--pdf", tmp_path / "one.pdf", "--sheet", "Costs")
    parts = [part.partition(b"\nendstream")[0] for part in (tmp_path / "one.pdf").read_bytes().split(b"stream\n")]
    drawn = [zlib.decompressobj().decompress(part) for part in parts if part.startswith(b"x\x9c")]
    assert any(b"1 0 0 rg" in part for part in drawn)


def test_one_sheet_is_printed_alone_and_one_that_is_not_there_is_refused(two_sheets: Path, tmp_path: Path) -> None:
    _need_programs()
    result = command("render", two_sheets, "--png", tmp_path / "pages", "--sheet", "Costs", "--dpi", 30)
    assert result.output.split() == [str(tmp_path / "pages" / "small_costs.png")]
    result = command("render", two_sheets, "--png", tmp_path / "pages", "--sheet", "Cost")
    assert result.exit_code == 2
    assert "has no visible sheet 'Cost'" in result.output
    assert "did you mean 'Costs'?" in result.output


def test_what_is_missing_is_named_with_what_to_install(two_sheets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.render.pages.missing_parts", lambda: None)
    monkeypatch.setattr("workbook.render.pages.shutil.which", lambda _: None)
    result = command("render", two_sheets, "--png", tmp_path / "pages")
    assert result.exit_code == 2
    assert "pdftoppm was not found; install the Debian package poppler-utils." in result.output
    monkeypatch.setattr("workbook.render.pages.missing_parts", lambda: "LibreOffice was not found; install it.")
    result = command("render", two_sheets, "--pdf", tmp_path / "all.pdf")
    assert result.exit_code == 2
    assert "LibreOffice was not found" in result.output


def test_a_command_without_a_target_says_what_to_give(two_sheets: Path) -> None:
    result = command("render", two_sheets)
    assert result.exit_code == 2
    assert "give --pdf FILE or --png DIR" in result.output
