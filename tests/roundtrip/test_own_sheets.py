"""Sheets of a team's own in a file that is built again: all that is on them is there, and their formulas follow the cells they read."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from struct import pack
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import ACROSS, command, copy_of, plant
from workbook import api
from workbook.record.read import read
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import read_cells
from workbook.xlsx.extras import read_extras
from workbook.xlsx.saved import read_saved

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.roundtrip.regenerate import Regeneration

NAME = "Budget of ours"
LEVEL, COUNT, TOTAL = "chosen.level", "cases.mine.count", "cases.mine.total"
BY_KEYS = "nested.mine.h6.energy"  # in a table of two keys, whose rows move when a case is added
MORE = ("mine: My own", "extra: One more, mine: My own")
"""A case that the templates have now, in front of the one that the sheets refer to."""


GONE = {"mine: My own, ": "", "mine: corrected, ": "", ", mine: 16": ", other: 16", ", mine: 22": ""}
"""What to take out of the templates for that case to be gone."""

PICTURE = (
    '<oneCellAnchor xmlns="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><from><col>4</col><colOff>0</colOff><row>20</row><rowOff>0</rowOff></from>'
    '<ext cx="95250" cy="95250"/><pic><nvPicPr><cNvPr id="9" name="Dot"/><cNvPicPr/></nvPicPr><blipFill><a:blip '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:embed="rId9"/>'
    "<a:stretch><a:fillRect/></a:stretch></blipFill>"
    '<spPr><a:prstGeom prst="rect"/></spPr></pic><clientData/></oneCellAnchor>'
)
"""A picture in a drawing, as programs write it."""


def with_picture(path: Path, drawing: str) -> None:
    """Add a picture of one pixel to a drawing of a file: the library that writes the rest needs another for pictures."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00")) + chunk(b"IEND", b"")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    links = f"xl/drawings/_rels/{drawing}.rels"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    link = f'<Relationship Id="rId9" Type="{kind}" Target="/xl/media/dot.png"/>'
    parts[links] = parts[links].replace(b"</Relationships>", link.encode() + b"</Relationships>")
    name = f"xl/drawings/{drawing}"
    end = parts[name].rindex(b"</")
    parts[name] = parts[name][:end] + PICTURE.encode() + parts[name][end:]
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"<Override", b'<Default Extension="png" ContentType="image/png"/><Override', 1
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for part, data in {**parts, "xl/media/dot.png": png}.items():
            file.writestr(part, data)


def add_budget(source: Path, target: Path) -> Path:
    """Save a file with a sheet that has one of everything."""
    book, opened = api.load("across", ACROSS), openpyxl.load_workbook(source)
    at = {name: "!".join((f"'{sheet}'", address)) for name in (LEVEL, COUNT, TOTAL, BY_KEYS) for sheet, address in [place(book, name)]}
    sheet = opened.create_sheet(NAME, 1)
    sheet["A1"], sheet["A2"], sheet["B2"] = "Our budget & plan", "kWh", f"={at[TOTAL]}*2"
    sheet["C2"] = f"={at[BY_KEYS]}"
    sheet["B3"], sheet["B4"], sheet["B5"] = f"={at[COUNT]}+{at[LEVEL]}", "=SUM(B2:B3)", 12.5
    sheet["A1"].font, sheet["A1"].fill = (
        Font(name="Georgia", size=15, bold=True, color="FF112233"),
        PatternFill("solid", fgColor="FFFFEE00"),
    )
    sheet["A1"].border, sheet["A1"].alignment = Border(bottom=Side("double")), Alignment(horizontal="center", wrap_text=True)
    sheet["B5"].number_format = '#,##0.00" EUR"'
    sheet.merge_cells("A1:C1")
    sheet.column_dimensions["A"].width, sheet.row_dimensions[1].height = 31.0, 40.0
    sheet.freeze_panes = "B2"
    red = DifferentialStyle(fill=PatternFill("solid", bgColor="FFFF0000"))
    sheet.conditional_formatting.add("B2:B5", Rule("cellIs", operator="greaterThan", formula=[at[LEVEL]], dxf=red))
    rule = DataValidation(type="whole", operator="between", formula1="1", formula2="99")
    rule.add("B5")
    sheet.add_data_validation(rule)
    sheet["B5"].comment = Comment("ask Berlin", "a colleague")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=2, max_row=5))
    sheet.add_chart(chart, "E2")
    sheet.page_setup.orientation, sheet.oddHeader.left.text = "landscape", "ours"
    opened.defined_names["our_total"] = DefinedName("our_total", attr_text=f"'{NAME}'!$B$4")
    opened.defined_names["our_count"] = DefinedName("our_count", attr_text=at[COUNT].replace("!", "!$", 1))
    opened.save(target)
    with_picture(target, "drawing1.xml")
    return target


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with such a sheet, as a library saves it."""
    folder = tmp_path_factory.mktemp("own")
    built = api.build("across", folder / "built.xlsx", templates=ACROSS).path
    return add_budget(built, folder / "edited.xlsx")


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Templates with one case more, in front of the others' columns."""
    root = copy_of(ACROSS, tmp_path_factory.mktemp("newer") / "templates")
    plant(root, "sheets/cases.yaml", *MORE)
    plant(root, "sheets/cases.yaml", "parents: {corrected: paper,", "parents: {corrected: paper, extra: paper,")
    return root


def again(file: Path, root: Path, out: Path) -> Regeneration:
    """Build a file again."""
    return regenerate(file, out, templates=root)


def what_is_there(path: Path) -> dict[str, Any]:
    """Give what a library finds on the sheet."""
    opened = openpyxl.load_workbook(path)
    sheet = opened[NAME]
    title = sheet["A1"]
    (rule,) = (rule for of in sheet.conditional_formatting for rule in of.rules)
    return {
        "texts": [title.value, sheet["A2"].value, sheet["B4"].value, sheet["B5"].value],
        "font": (title.font.name, title.font.sz, title.font.b, title.font.color.rgb),
        "fill": title.fill.fgColor.rgb,
        "border": title.border.bottom.style,
        "alignment": (title.alignment.horizontal, title.alignment.wrap_text),
        "number": sheet["B5"].number_format,
        "merged": [str(area) for area in sheet.merged_cells.ranges],
        "sizes": (sheet.column_dimensions["A"].width, sheet.row_dimensions[1].height),
        "frozen": sheet.freeze_panes,
        "rule": (rule.type, rule.operator, rule.dxf.fill.bgColor.rgb),
        "validation": [(str(item.sqref), item.formula1) for item in sheet.data_validations.dataValidation],
        "comment": sheet["B5"].comment.text,
        "chart": read_saved(path).sheets[NAME].charts[0].formulas,
        "picture": [(extra.address, extra.text) for extra in read_extras(path) if extra.sheet == NAME and extra.kind == "picture"],
        "page": (sheet.page_setup.orientation, read_saved(path).sheets[NAME].page.header),
        "place": opened.sheetnames.index(NAME),
        "name": opened.defined_names["our_total"].attr_text,
    }


def test_all_that_is_on_a_sheet_is_there_again_and_a_third_time(edited: Path, newer: Path, tmp_path: Path) -> None:
    before = what_is_there(edited)
    assert (len(before["chart"]), len(before["picture"])) == (1, 1)
    found = again(edited, newer, tmp_path / "new.xlsx")
    assert found.lost == []
    assert found.left == []
    assert what_is_there(tmp_path / "new.xlsx") == before
    again(tmp_path / "new.xlsx", newer, tmp_path / "third.xlsx")
    assert what_is_there(tmp_path / "third.xlsx") == before
    again(tmp_path / "third.xlsx", newer, tmp_path / "fourth.xlsx")
    assert (tmp_path / "fourth.xlsx").stat().st_size <= (tmp_path / "third.xlsx").stat().st_size + 50


def test_formulas_follow_the_cells_that_they_read(edited: Path, newer: Path, tmp_path: Path) -> None:
    again(edited, newer, tmp_path / "new.xlsx")
    book, cells = api.load("across", newer), read_cells(tmp_path / "new.xlsx")[NAME]
    at = {name: "!".join(place(book, name)) for name in (LEVEL, COUNT, TOTAL, BY_KEYS)}
    assert at[BY_KEYS] != "!".join(place(api.load("across", ACROSS), BY_KEYS))
    assert cells["C2"].formula == at[BY_KEYS]
    assert at[COUNT] != "!".join(place(api.load("across", ACROSS), COUNT))
    assert (cells["B2"].formula, cells["B3"].formula) == (f"{at[TOTAL]}*2", f"{at[COUNT]}+{at[LEVEL]}")
    assert cells["B2"].value is None  # worked out by the program that opens the file, and never an old number
    opened = openpyxl.load_workbook(tmp_path / "new.xlsx")
    assert opened.defined_names["our_count"].attr_text.replace("$", "") == at[COUNT]
    in_libreoffice([(tmp_path / "new.xlsx", tmp_path / "saved.xlsx", [])])
    saved = read_cells(tmp_path / "saved.xlsx")[NAME]
    total = book.values["cases.total"][book.model.find(TOTAL)[1]]  # type: ignore[index] # it is there
    assert saved["B2"].value == pytest.approx(2 * float(total))
    assert saved["B4"].value == pytest.approx(float(saved["B2"].value) + float(saved["B3"].value))  # type: ignore[arg-type] # numbers
    assert len(read_saved(tmp_path / "saved.xlsx").sheets[NAME].charts) == 1


def test_a_cell_that_is_gone_is_an_error_in_sight_and_is_told(edited: Path, tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    for old, new in GONE.items():
        plant(root, "sheets/cases.yaml", old, new)
    plant(root, "sheets/results.yaml", "value: mine,", "value: other,")
    opened = openpyxl.load_workbook(edited)
    opened[NAME]["F1"], opened[NAME]["F2"] = "=SUM(Cases!J:J)", "=SUM(Cases!H:K)"
    opened.save(tmp_path / "edited.xlsx")
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", root, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, "reference" in result.stderr) == (1, True), result.output
    cells = read(tmp_path / "new.xlsx")
    assert [cells[NAME][at].formula for at in ("B2", "F1", "F2")] == ["#REF!*2", "SUM(#REF!)", "SUM(Cases!H:J)"]
    told = [str(cell.value) for cell in cells["Changes"].values()]
    assert any("cases.mine.total" in text and "which is gone: #REF!" in text for text in told)


@pytest.mark.parametrize("option", [(), ("--keep-active",)])
def test_what_opens_or_links_is_told_first_and_kept_only_where_that_is_asked_for(
    edited: Path, newer: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    opened = openpyxl.load_workbook(edited)
    sheet = opened[NAME]
    called, linked = '=WEBSERVICE("http://example.org/"&B2)', "http://example.org/?a=1&b=2"
    sheet["D1"], sheet["D2"], sheet["D4"] = called, "=[1]Other!A1", '=CALL("a","b")'
    sheet["D3"].hyperlink = linked
    opened.save(tmp_path / "active.xlsx")
    result = command("build", "--from", tmp_path / "active.xlsx", *option, "--templates", newer, "--out", tmp_path / "new.xlsx")
    count = "2 active formulas" if option else "3 active formulas, 1 external link"
    assert (result.exit_code, f"not carried: {count}: see sheet Changes" in result.stderr) == (1, True), result.output
    cells = read(tmp_path / "new.xlsx")
    assert [cells[NAME][at].is_formula for at in ("D1", "D2", "D4")] == [bool(option), False, False]
    link = openpyxl.load_workbook(tmp_path / "new.xlsx")[NAME]["D3"].hyperlink
    assert (link and link.target) == (linked if option else None)
    told = {str(cell.value): address for address, cell in cells["Changes"].items()}
    kept = [address for text, address in told.items() if text == "kept, as asked"]
    assert (bool(kept), int(told["Active content"][1:]) < int(told["Headlines"][1:])) == (bool(option), True)
    if option:
        assert result.stderr.startswith("kept, and reaches outside: ")
        again = command("build", "--from", tmp_path / "new.xlsx", "--templates", newer, "--out", tmp_path / "without.xlsx")
        assert "not carried: 1 active formula, 1 external link: see sheet Changes" in again.stderr, again.stderr


def test_sheets_of_all_copies_are_carried_and_the_file_is_read_and_compared(edited: Path, newer: Path, tmp_path: Path) -> None:
    same = shutil.copy(edited, tmp_path / "same.xlsx")
    opened = openpyxl.load_workbook(edited)
    opened[NAME]["A2"] = "MWh"
    opened.save(tmp_path / "other.xlsx")
    regenerate([edited, same, tmp_path / "other.xlsx"], tmp_path / "new.xlsx", templates=newer)
    names = openpyxl.load_workbook(tmp_path / "new.xlsx").sheetnames
    assert names[1:3] == [NAME, f"{NAME} (2)"]
    assert not any(name.startswith(NAME) for name in names[3:])
    assert pull(tmp_path / "new.xlsx").left == []
    assert command("verify", tmp_path / "new.xlsx", "--saved", "--templates", newer).exit_code == 0
    result = command("diff", tmp_path / "new.xlsx", "across", "--templates", newer)
    assert NAME not in result.output


def test_errors_whole_columns_and_quoted_names_stay_what_they_say(edited: Path, newer: Path, tmp_path: Path) -> None:
    opened = openpyxl.load_workbook(edited)
    opened.create_sheet("It's ours")["A1"] = 7
    stay = ["#REF!", "SUM(B5,#REF!)", "SUM('It''s ours'!A:A)", "'It''s ours'!A1&\"#REF!\"", "SUM(B:B)"]
    stay += ["SUM(Cases!$A:I)", "SUM(Cases!12:14)", "SUM(Cases!A:XFD)"]
    move = {"SUM(Cases!$J:$J)": "SUM(Cases!$K:$K)", "SUM(Cases!J:Q,1:2)": "SUM(Cases!K:R,1:2)"}
    for row, formula in enumerate([*stay, *move], 1):
        opened[NAME][f"F{row}"] = f"={formula}"
    opened.save(tmp_path / "0.xlsx")
    assert again(tmp_path / "0.xlsx", newer, tmp_path / "1.xlsx").lost == []
    again(tmp_path / "1.xlsx", newer, tmp_path / "2.xlsx")
    cells = read_cells(tmp_path / "2.xlsx")[NAME]
    assert [cells[f"F{row}"].formula for row in range(1, 11)] == [*stay, *move.values()]


def test_a_drawing_that_leads_back_to_itself_ends(edited: Path, newer: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(edited) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    links = "xl/drawings/_rels/drawing1.xml.rels"
    back = '<Relationship Id="rId8" Type="http://a.example/relationships/drawing" Target="/xl/drawings/drawing1.xml"/>'
    parts[links] = parts[links].replace(b"</Relationships>", back.encode() + b"</Relationships>")
    with zipfile.ZipFile(tmp_path / "round.xlsx", "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    found = again(tmp_path / "round.xlsx", newer, tmp_path / "new.xlsx")
    assert [item.kind for item in found.lost] == ["drawing"]
    assert openpyxl.load_workbook(tmp_path / "new.xlsx")[NAME]["A2"].value == "kWh"
