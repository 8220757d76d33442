"""What people add to a file besides entries: a build that leaves it behind counts it by kind, and sheet Changes lists it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from tests.roundtrip.edits import change_part, in_libreoffice
from tests.support import ACROSS, command
from workbook import api
from workbook.changes.differences import Loss, counted
from workbook.record.located import locate
from workbook.roundtrip.looked import look_at
from workbook.roundtrip.regenerate import regenerate
from workbook.roundtrip.uncarried import uncarried
from workbook.xlsx.a1 import RECORD_SHEET
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OUTSIDE = 'WEBSERVICE("https://example.org/")="1"'  # what no build takes along on sheets of the model
YELLOW, ROW = PatternFill("solid", "FFFFFF00"), 12  # a row of inputs on sheet Cases: H12 is cases.paper.count


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small workbook."""
    target = tmp_path_factory.mktemp("uncarried") / "built.xlsx"
    api.build("across", target, templates=ACROSS)
    return target


def found(path: Path) -> list[Loss]:
    located = locate(path)
    return uncarried(path, located, look_at(path, located))


def changed(built: Path, target: Path, change: Callable[[Any], object]) -> Path:
    """Save a file with something added, as openpyxl does."""
    opened = openpyxl.load_workbook(built)
    change(opened)
    opened.save(target)
    return target


def comment(book: Any) -> None:
    book["Cases"]["H12"].comment = Comment("as agreed", "me")


def fills(book: Any) -> None:
    for row in range(ROW, ROW + 3):
        book["Cases"][f"H{row}"].fill = YELLOW


def fill_of_nobodys_cell(book: Any) -> None:
    book["Cases"]["Z40"].fill = YELLOW


def chart(book: Any) -> None:
    drawn = BarChart()
    drawn.add_data(Reference(book["Cases"], min_col=8, min_row=12, max_row=14))
    book["Cases"].add_chart(drawn, "M3")


def rule(book: Any) -> None:
    allowed = DataValidation(type="list", formula1='"yes,no"')
    allowed.add("Z2")
    book["Cases"].add_data_validation(allowed)


def conditional(book: Any) -> None:
    book["Cases"].conditional_formatting.add("H12", Rule(type="expression", formula=[OUTSIDE]))


def unnamed(book: Any) -> None:
    book["Cases"].defined_names["our_count"] = DefinedName("our_count", attr_text="Cases!$H$12")


ADDED: dict[str, tuple[Callable[[Any], object], Loss]] = {
    "a comment": (comment, Loss("comment", "Cases!H12", "as agreed")),
    "fills": (fills, Loss("cell fill", "Cases!H12:H14", "FFFF00", 3)),
    "a fill beside": (fill_of_nobodys_cell, Loss("cell fill", "Cases!Z40", "FFFF00")),
    "a number format": (lambda book: setattr(book["Cases"]["H12"], "number_format", "0.000"), Loss("number format", "Cases!H12", "0.000")),
    "bold": (
        lambda book: setattr(book["Cases"]["H12"], "font", Font(bold=True, color="FF0B4FBF")),
        Loss("font weight", "Cases!H12", "bold"),
    ),
    "a colour": (lambda book: setattr(book["Cases"]["H12"], "font", Font(color="FFFF0000")), Loss("font colour", "Cases!H12", "FF0000")),
    "a width": (
        lambda book: setattr(book["Cases"].column_dimensions["B"], "width", 40.0),
        Loss("column width", "Cases!B:B", "280 pixels, built with 110"),
    ),
    "a hidden column": (
        lambda book: setattr(book["Cases"].column_dimensions["C"], "hidden", True),
        Loss("hidden column", "Cases!C:C", ""),
    ),
    "a height": (
        lambda book: setattr(book["Cases"].row_dimensions[14], "height", 50.0),
        Loss("row height", "Cases!14:14", "50 points, built with 15"),
    ),
    "a border": (
        lambda book: setattr(book["Cases"]["H13"], "border", Border(top=Side("thick"))),
        Loss("border", "Cases!H13", "top thick 000000"),
    ),
    "an alignment": (
        lambda book: setattr(book["Cases"]["H13"], "alignment", Alignment("right", wrap_text=True)),
        Loss("alignment", "Cases!H13", "right, wrapped"),
    ),
    "a zoom": (
        lambda book: setattr(book["Cases"].sheet_view, "zoomScale", 140),
        Loss("zoom", "sheet 'Cases'", "140%, built with 90%"),
    ),
    "frozen panes": (
        lambda book: setattr(book["Cases"], "freeze_panes", "C9"),
        Loss("frozen panes", "sheet 'Cases'", "above and left of C9"),
    ),
    "a filter": (lambda book: setattr(book["Cases"].auto_filter, "ref", "A9:H12"), Loss("filter", "Cases!A9:H12", "")),
    "no protection": (
        lambda book: setattr(book["Cases"].protection, "sheet", False),
        Loss("sheet protection", "sheet 'Cases'", "none"),
    ),
    "a hidden row": (lambda book: setattr(book["Cases"].row_dimensions[9], "hidden", True), Loss("hidden row", "Cases!9:9", "")),
    "a print area": (lambda book: setattr(book["Cases"], "print_area", "A1:C9"), Loss("print area", "Cases!A1:C9", "")),
    "a chart": (chart, Loss("chart", "sheet 'Cases'", "number 1, where 0 were built")),
    "a rule": (rule, Loss("validation rule", "Cases!Z2", 'list "yes,no"')),
    "a conditional format": (conditional, Loss("conditional format", "Cases!H12", f"expression {OUTSIDE}")),
    "a name": (unnamed, Loss("defined name", "sheet 'Cases'", "our_count = Cases!$H$12")),
    "a password": (
        lambda book: setattr(book["Cases"].protection, "password", "secret"),
        Loss("password", "sheet 'Cases'", "protects the sheet"),
    ),
    "a link": (
        lambda book: setattr(book["Cases"]["H14"], "hyperlink", "https://example.org/"),
        Loss("external link", "Cases!H14", "https://example.org/"),
    ),
}


@pytest.mark.parametrize(("change", "loss"), ADDED.values(), ids=ADDED)
def test_what_was_added_is_found_with_its_place(change: Callable[[Any], object], loss: Loss, built: Path, tmp_path: Path) -> None:
    assert found(changed(built, tmp_path / "edited.xlsx", change)) == [loss]


def test_a_picture_and_a_thread_are_found(built: Path, tmp_path: Path) -> None:
    """Neither can be written by openpyxl without another library: parts are added by hand."""
    part = "xl/worksheets/_rels/sheet1.xml.rels"
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    drawn = changed(built, tmp_path / "drawn.xlsx", charted)
    assert [item.kind for item in found(drawn)] == ["chart", "comment"]
    picture = (
        '<from><col>3</col><row>6</row></from><to><col>5</col><row>9</row></to><pic><nvPicPr><cNvPr id="9" name="Logo"/></nvPicPr></pic>'
    )
    pictured = change_part(drawn, tmp_path / "pictured.xlsx", "xl/drawings/drawing1.xml", "<graphicFrame>", f"{picture}<graphicFrame>")
    assert Loss("picture", "Cases!D7", "Logo") in found(pictured)
    thread = f'<Relationship Id="t" Type="{kinds}/threadedComment" Target="/xl/threads.xml"/></Relationships>'
    threaded = change_part(pictured, tmp_path / "threaded.xlsx", part, "</Relationships>", thread)
    said = [f'<threadedComment ref="H12"><text>{text}</text></threadedComment>' for text in ("Is this right?", "It is.")]
    with_part(threaded, "xl/threads.xml", f'<t xmlns="x">{"".join(said)}</t>')
    told = [Loss("threaded comment", "Cases!H12", text) for text in ("Is this right?", "It is.")]
    assert [item for item in found(threaded) if "comment" in item.kind] == told
    lost = regenerate(threaded, tmp_path / "new.xlsx", templates=ACROSS).lost
    assert [item for item in lost if "comment" in item.kind] == []
    kept = openpyxl.load_workbook(tmp_path / "new.xlsx")["Cases"]["H12"].comment
    assert kept
    assert kept.text == "Thread, kept as a comment:\nIs this right?\nReply: It is."


def with_part(path: Path, name: str, text: str) -> None:
    import zipfile  # noqa: PLC0415 nothing else here needs it

    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, text)


def charted(book: Any) -> None:
    chart(book)
    comment(book)


def every(book: Any) -> None:
    for add in (comment, conditional, unnamed):
        add(book)


def test_a_build_counts_them_in_one_line_and_lists_them_on_changes(built: Path, tmp_path: Path) -> None:
    edited = changed(built, tmp_path / "edited.xlsx", every)
    result = command("build", "--from", edited, "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    line = "not carried: 1 conditional format, 1 defined name: see sheet Changes"
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, line)
    told = [str(cell.value) for cell in read_cells(tmp_path / "new.xlsx")["Changes"].values()]
    assert set(told) >= {f"expression {OUTSIDE}", "our_count = Cases!$H$12"}
    assert any("1 conditional format, 1 defined name." in text for text in told)


def test_what_was_listed_stays_listed_and_nothing_else_changes(built: Path, tmp_path: Path) -> None:
    edited = changed(built, tmp_path / "edited.xlsx", every)
    for source, target in ((edited, "new.xlsx"), (tmp_path / "new.xlsx", "second.xlsx")):
        result = command("build", "--from", source, "--templates", ACROSS, "--out", tmp_path / target)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()


def test_programs_that_save_a_file_add_nothing(built: Path, tmp_path: Path) -> None:
    changed(built, tmp_path / "openpyxl.xlsx", lambda _: None)
    in_libreoffice([(built, tmp_path / "libreoffice.xlsx", [])])
    converter = shutil.which("ssconvert")
    if converter:
        subprocess.run([converter, built, tmp_path / "gnumeric.xlsx"], check=True, capture_output=True, timeout=120)  # noqa: S603 a file of ours
    assert {path.name: found(path) for path in (built, *tmp_path.glob("*.xlsx"))} == {
        path.name: [] for path in (built, *tmp_path.glob("*.xlsx"))
    }


def test_rows_inserted_move_what_is_compared(built: Path, tmp_path: Path) -> None:
    in_libreoffice([(built, tmp_path / "moved.xlsx", [["insert rows", "Cases", 10, 2]])])
    assert [item.kind for item in found(tmp_path / "moved.xlsx")] == ["sheet protection"]  # taken off to insert them


def test_a_damaged_record_of_looks_stops_the_build(built: Path, tmp_path: Path) -> None:
    opened: Any = openpyxl.load_workbook(built)
    cells = [cell for row in opened[RECORD_SHEET].iter_rows() for cell in row if str(cell.value).startswith('{"looks"')]
    cells[0].value = cells[0].value.replace('"patterns"', '"pattern"')
    opened.save(tmp_path / "damaged.xlsx")
    result = command("build", "--from", tmp_path / "damaged.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, "what the record of the build says of formats is damaged" in result.stderr) == (2, True)


def test_counts_say_one_or_more() -> None:
    assert counted([Loss("comment", "A!A1", ""), Loss("cell fill", "A!A1:A14", "", 14), Loss("comment", "A!A2", "")]) == (
        "14 cell fills, 2 comments"
    )
    assert counted([]) == ""
