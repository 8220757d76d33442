"""Names of cases are inputs: what shows them follows, two of one name are reported, and a build from the file carries them."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, command, copy_of
from workbook import api
from workbook.errors import WorkbookError
from workbook.roundtrip.edits_file import text_of
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.verify.run import verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

RENAMABLE = ("rows: {case: {label: Case, members", "rows: {case: {label: Case, renamable: true, members")
CHART = ("          - {table: cases, x: case, y: power}\n", "          - {table: nested, x: hours, y: energy, per: case}\n")
NAMES = ["H7", "I7", "J7", "K7"]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Templates in which the cases may be renamed."""
    root = copy_of(ACROSS, tmp_path_factory.mktemp("named") / "templates")
    path = root / "sheets/cases.yaml"
    path.write_text(path.read_text("utf-8").replace(*RENAMABLE), "utf-8")
    results = root / "sheets/results.yaml"
    results.write_text(results.read_text("utf-8").replace(*CHART), "utf-8")
    return root


@pytest.fixture(scope="module")
def built(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook as built."""
    return api.build("across", tmp_path_factory.mktemp("built") / "built.xlsx", templates=templates).path


@pytest.fixture(scope="module")
def saved(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The workbook with names typed in LibreOffice: a new one, one that another case has, and none."""
    folder = tmp_path_factory.mktemp("saved")
    steps = {
        "renamed": [["value", "Cases", "J7", "Berlin, liquid cooled"]],
        "twice": [["value", "Cases", "J7", "corrected"]],
        "picked": [["value", "Results", "B7", "Another one"], ["value", "Cases", "K7", "Oslo"]],
        "empty": [["clear", "Cases", "J7"]],
    }
    in_libreoffice([(built, folder / f"{name}.xlsx", list(step)) for name, step in steps.items()])
    return {name: folder / f"{name}.xlsx" for name in steps}


def texts(path: Path) -> set[str]:
    """Give all that the cells of a file say, but for its record."""
    sheets = {name: cells for name, cells in read_cells(path).items() if name != "_workbook"}
    return {str(cell.value) for cells in sheets.values() for cell in cells.values()}


def errors(path: Path) -> list[str]:
    """Give the cells of a file that hold errors."""
    cells = [(sheet, at, cell.value) for sheet, found in read_cells(path).items() for at, cell in found.items()]
    return [f"{sheet}!{at}" for sheet, at, value in cells if str(value).startswith("#")]


def test_all_that_shows_a_renamed_case_follows(saved: dict[str, Path]) -> None:
    assert "My own" not in texts(saved["renamed"])
    assert not errors(saved["renamed"])
    assert read_cells(saved["renamed"])["Cases"]["B3"].value == "All checks pass"
    results = read_cells(saved["renamed"])["Results"]
    assert "Berlin, liquid cooled" in {cell.value for cell in results.values()}


def test_lines_of_a_chart_are_named_by_the_cells_of_their_cases(built: Path) -> None:
    with zipfile.ZipFile(built) as parts:
        chart = parts.read("xl/charts/chart2.xml").decode()
    named = re.findall(r"<c:ser>.*?<c:tx><c:strRef><c:f>Results!\$A\$(\d+)</c:f><c:strCache>.*?<c:v>(.*?)</c:v>", chart)
    cells = read_cells(built)["Results"]
    assert [name for _, name in named] == ["As printed", "Corrected", "My own", "Another one"]
    assert [cells[f"A{row}"].value for row, _ in named] == [name for _, name in named]


def test_a_name_that_a_chart_would_keep_is_refused(templates: Path, tmp_path: Path) -> None:
    root = copy_of(templates, tmp_path / "templates")
    results = root / "sheets/results.yaml"
    results.write_text(results.read_text("utf-8").replace("per: case}", 'per: case, name: "Energy of {case}"}'), "utf-8")
    with pytest.raises(WorkbookError, match="would keep the names that 'case' has when the workbook is built"):
        api.load("across", root)


@pytest.mark.parametrize(("what", "failing"), [("twice", 2), ("empty", 1)])
def test_a_name_that_is_not_its_own_fails_a_check_and_spoils_nothing(saved: dict[str, Path], what: str, failing: int) -> None:
    assert not errors(saved[what])
    checks = read_cells(saved[what])["Checks"]
    row = next(row for row in range(5, 20) if str(getattr(checks.get(f"A{row}"), "value", "")).startswith("Every case on sheet Cases has"))
    assert checks[f"B{row}"].value == failing
    assert "CHECK FAILS" in str(read_cells(saved[what])["Cases"]["B3"].value)
    assert "mine" in texts(saved[what])


def test_a_typed_name_is_pulled_and_carried(saved: dict[str, Path], templates: Path, tmp_path: Path) -> None:
    assert pull(saved["renamed"]).sets == {"cases.mine.name": "Berlin, liquid cooled"}
    regenerate(saved["renamed"], tmp_path / "new.xlsx", templates=templates)
    assert read_cells(tmp_path / "new.xlsx")["Cases"]["J7"].value == "Berlin, liquid cooled"
    assert "My own" not in texts(tmp_path / "new.xlsx")
    report = verify(saved["renamed"], ["libreoffice", "gnumeric", "ironcalc"], templates=templates)
    assert report.ok


def test_a_case_that_was_picked_and_then_renamed_stays_picked(saved: dict[str, Path], templates: Path, tmp_path: Path) -> None:
    found = pull(saved["picked"])
    remark = "Results!B7 (chosen.case) chooses 'Another one', which is now called 'Oslo'"
    assert [str(item) for item in found.remarks] == [f"{remark}: that was taken"]
    assert '  chosen.case: {value: "other", shown: "Another one"' in text_of(found)
    result = regenerate(saved["picked"], tmp_path / "new.xlsx", templates=templates)
    assert result.is_whole
    assert result.remarks == found.remarks
    assert read_cells(tmp_path / "new.xlsx")["Results"]["B7"].value == "Oslo"
    assert f"{remark}: pick it from the list" in verify(saved["picked"], [], templates=templates).changed


def test_a_choice_follows_the_name_of_the_case_it_chose(templates: Path) -> None:
    book = api.load("across", templates, {"cases.mine.name": "Berlin"})
    assert book.values["chosen.case"].tolist() == ["Berlin"]
    again = api.load("across", templates, {"chosen.case": "berlin", "cases.other.name": "Berlin"})
    assert again.values["chosen.case"].tolist() == ["Berlin"]
    assert api.load("across", templates, {"chosen.case": "other", "cases.other.name": "B"}).values["chosen.case"].tolist() == ["B"]


@pytest.mark.parametrize("name", ["", "Corrected", "other", "7", "=1+1", "a*", " b", "x" * 61])
def test_a_name_that_lookups_would_not_find_is_refused(templates: Path, name: str) -> None:
    with pytest.raises(WorkbookError, match=r"cases\.mine\.name"):
        api.load("across", templates, {"cases.mine.name": name})


def test_an_overlay_names_a_case(templates: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("cases:\n  mine: {name: Berlin}\n  oslo: {parent: mine, name: Oslo}\n", "utf-8")
    assert api.load("across", templates, overlay=overlay).values["cases.case"].tolist() == [
        *("As printed", "Corrected", "Berlin", "Another one", "Oslo")
    ]


def test_the_heading_of_a_case_is_an_input(built: Path) -> None:
    assert command("pull", built).output.count("sets: {}") == 1
    assert [read_cells(built)["Cases"][at].is_formula for at in NAMES] == [False] * len(NAMES)
