"""The reader and the poisoner on hand-made files: every cell type, and every hostile file refused in one sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

import workbook.xlsx.cells as xlsx_module
import workbook.xlsx.package as package_module
from workbook.verify.poison import POISON_NUMBER, POISON_TEXT, is_poison, poison
from workbook.xlsx.cells import Cell, CellError, UnreadableWorkbook, cell_position, cell_reference, read_cells

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
ROOT_PART = "_rels/.rels"
WORKBOOK_PART = "xl/workbook.xml"
LINKS_PART = "xl/_rels/workbook.xml.rels"
SHEET_PART = "xl/worksheets/first.xml"
STRINGS_PART = "xl/sharedStrings.xml"


def relationships(*entries: tuple[str, str, str]) -> str:
    lines = [f'<Relationship Id="{name}" Type="{TYPES}/{kind}" Target="{to}"/>' for name, kind, to in entries]
    return f'<Relationships xmlns="{RELATIONSHIPS}">{"".join(lines)}</Relationships>'


def sheet(rows: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def parts(rows: str = '<row r="1"><c r="A1"><v>1</v></c></row>') -> dict[str, str]:
    return {
        ROOT_PART: relationships(("a", "officeDocument", "xl/workbook.xml")),
        WORKBOOK_PART: f'<workbook xmlns="{MAIN}" xmlns:r="{TYPES}"><sheets><sheet name="S &amp; T" sheetId="1" '
        f'r:id="b"/></sheets></workbook>',
        LINKS_PART: relationships(("b", "worksheet", "/xl/worksheets/first.xml"), ("c", "sharedStrings", "sharedStrings.xml")),
        SHEET_PART: sheet(rows),
        STRINGS_PART: f'<sst xmlns="{MAIN}"><si><t>one</t></si><si><r><t>two </t></r><r><t>runs</t></r>'
        f"<rPh><t>sound</t></rPh></si><si><t>a_x000D_b_x005F_x000D_</t></si></sst>",
        "docProps/app.xml": "<Properties/>",
    }


def write(path: Path, contents: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def cells_of(target: Path, rows: str) -> dict[str, Cell]:
    return read_cells(write(target, parts(rows)))["S & T"]


CELLS = {
    '<c r="A1"><v>1.5e-3</v></c>': Cell(None, 0.0015, is_formula=False),
    '<c r="A1" t="n" s="4"><v>-0</v></c>': Cell(None, 0.0, is_formula=False, style=4),
    '<c r="A1" s="4"/>': Cell(None, None, is_formula=False, style=4),
    '<c r="A1"><v/></c>': Cell(None, None, is_formula=False),
    '<c r="A1" t="s"><v>0</v></c>': Cell(None, "one", is_formula=False),
    '<c r="A1" t="s"><v>1</v></c>': Cell(None, "two runs", is_formula=False),
    '<c r="A1" t="s"><v>2</v></c>': Cell(None, "a\rb_x000D_", is_formula=False),
    '<c r="A1" t="inlineStr"><is><t xml:space="preserve"> x </t></is></c>': Cell(None, " x ", is_formula=False),
    '<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>c</t></rPh></is></c>': Cell(None, "ab", is_formula=False),
    '<c r="A1" t="b"><v>1</v></c>': Cell(None, value=True, is_formula=False),
    '<c r="A1" t="b"><v>0</v></c>': Cell(None, value=False, is_formula=False),
    '<c r="A1" t="e"><v>#N/A</v></c>': Cell(None, CellError("#N/A"), is_formula=False),
    '<c r="A1" t="d"><v>2020-01-01</v></c>': Cell(None, "2020-01-01", is_formula=False, shows="date"),
    '<c r="A1"><f>1&lt;2</f></c>': Cell("1<2", None, is_formula=True),
    '<c r="A1" t="str"><f>"a"</f><v>_xD83D__xDE00_</v></c>': Cell('"a"', "\U0001f600", is_formula=True),
    '<c r="A1" t="str"><f>""</f><v></v></c>': Cell('""', "", is_formula=True),
    '<c r="A1"><f t="shared" si="0"/><v>3</v></c>': Cell(None, 3.0, is_formula=True),
    '<c r="A1"><f t="shared" ref="A1:A3" si="0">B1</f><v>3</v></c>': Cell("B1", 3.0, is_formula=True),
}


@pytest.mark.parametrize(("xml", "expected"), CELLS.items())
def test_every_cell_type_is_read(target: Path, xml: str, expected: Cell) -> None:
    assert cells_of(target, f'<row r="1">{xml}</row>') == {"A1": expected}


def test_cells_and_rows_may_leave_out_their_references(target: Path) -> None:
    rows = '<row><c><v>1</v></c><c r="Z1"><v>2</v></c><c><v>3</v></c></row><row><c><v>4</v></c></row>'
    found = {name: cell.value for name, cell in cells_of(target, rows).items()}
    assert found == {"A1": 1.0, "Z1": 2.0, "AA1": 3.0, "A2": 4.0}


def test_inner_cells_of_arrays_count_as_formulas(target: Path) -> None:
    rows = (
        '<row r="1"><c r="A1"><f t="array" ref="A1:B2">C1:D2</f><v>1</v></c><c r="B1"><v>2</v></c>'
        '<c r="C1"><v>3</v></c></row><row r="2"><c r="A2"><v>4</v></c><c r="B2"/></row>'
        '<row r="3"><c r="A3"><v>5</v></c></row>'
    )
    found = cells_of(target, rows)
    assert {name for name, cell in found.items() if cell.is_formula} == {"A1", "B1", "A2", "B2"}
    assert found["A1"].formula == "C1:D2"


def test_a_prefixed_sheet_reads_like_any_other(target: Path) -> None:
    contents = parts()
    contents[SHEET_PART] = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:f>1+1</x:f><x:v>2</x:v></x:c>'
        "</x:row></x:sheetData></x:worksheet>"
    )
    assert read_cells(write(target, contents)) == {"S & T": {"A1": Cell("1+1", 2.0, is_formula=True)}}
    poisoned = target.with_name("poisoned.xlsx")
    assert poison(target, poisoned) == 1
    assert read_cells(poisoned)["S & T"]["A1"].value == POISON_NUMBER


def test_references_convert_both_ways() -> None:
    for reference, position in (("A1", (1, 1)), ("Z9", (9, 26)), ("AA10", (10, 27)), ("XFD1048576", (1048576, 16384))):
        assert cell_position(reference) == position
        assert cell_reference(*position) == reference
    assert cell_position("$B$7") == (7, 2)
    for wrong in ("", "A", "7", "a1", "A0", "A1:B2"):
        with pytest.raises(ValueError, match="is not a cell reference"):
            cell_position(wrong)


@pytest.mark.parametrize(
    ("xml", "sentinel"),
    [
        ('<c r="A1"><f>B1</f><v>1</v></c>', POISON_NUMBER),
        ('<c r="A1" s="2" t="n"><f>B1</f><v>1</v></c>', POISON_NUMBER),
        ('<c r="A1"><f>B1</f></c>', POISON_NUMBER),
        ('<c r="A1"><f>B1</f><v/></c>', POISON_NUMBER),
        ('<c r="A1"><f t="shared" si="0"/><v></v></c>', POISON_NUMBER),
        ('<c r="A1"><v>1</v><f>B1</f></c>', POISON_NUMBER),
        ('<c r="A1"><f>B1</f><v>1<!-- </v> --></v></c>', POISON_NUMBER),
        ('<c r="A1" t="b" s="3"><f>B1</f><v>1</v></c>', POISON_NUMBER),
        ("<c t='e' r='A1'><f>B1</f><v>#N/A</v></c>", POISON_NUMBER),
        ('<c r="A1" t="str"><f>B1</f><v>a</v></c>', POISON_TEXT),
        ('<c r="A1" t="str"><f>B1</f></c>', POISON_TEXT),
        ('<c r="A1" t="s" s="1"><f>B1</f><v>0</v></c>', POISON_TEXT),
        ('<c r="A1" t="inlineStr"><f>B1</f><is><t>a</t></is></c>', POISON_TEXT),
    ],
)
def test_every_cached_result_is_poisoned(target: Path, xml: str, sentinel: float | str) -> None:
    write(target, parts(f'<row r="1">{xml}<c r="B1"><v>5</v></c></row>'))
    before = read_cells(target)["S & T"]["A1"]
    poisoned = target.with_name("poisoned.xlsx")
    assert poison(target, poisoned) == 1
    after = read_cells(poisoned)["S & T"]
    assert after["A1"] == before._replace(value=sentinel, is_formula=True)
    assert after["B1"].value == 5.0
    assert is_poison(after["A1"].value)
    assert not is_poison(before.value)


def test_poison_leaves_all_else_as_it_was(target: Path) -> None:
    rows = (
        '<row r="1" ht="20"><c r="A1" s="3"><f t="array" ref="A1:A3">B1:B3</f><v>1</v></c>\n <c r="B1"><v>5</v></c>'
        '</row><row r="2"><c r="A2" s="1"><v>2</v></c></row><row r="3"><c r="A3" s="1"/></row>'
    )
    write(target, parts(rows))
    poisoned = target.with_name("poisoned.xlsx")
    assert poison(target, poisoned) == 2
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(poisoned) as new:
        assert new.testzip() is None
        assert new.namelist() == old.namelist()
        assert [entry.date_time for entry in new.infolist()] == [entry.date_time for entry in old.infolist()]
        for name in old.namelist():
            expected = old.read(name).decode()
            if name == SHEET_PART:
                for stored in ("1", "2"):
                    expected = expected.replace(f"<v>{stored}</v>", f"<v>{POISON_NUMBER}</v>")
            assert new.read(name).decode() == expected


def test_a_file_can_be_poisoned_in_place(target: Path) -> None:
    write(target, parts('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'))
    assert poison(target, target) == 1
    assert read_cells(target)["S & T"]["A1"].value == POISON_NUMBER
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_files_of_other_libraries_are_read(target: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Über"
    book.active["A1"], book.active["B2"], book.active["C3"] = 2, "text", "=A1*2"
    book.save(target)
    assert poison(target, target) == 1
    assert read_cells(target) == {
        "Über": {
            "A1": Cell(None, 2.0, is_formula=False),
            "B2": Cell(None, "text", is_formula=False),
            "C3": Cell("A1*2", POISON_NUMBER, is_formula=True),
        }
    }


def test_chart_sheets_are_left_out(target: Path) -> None:
    with xlsxwriter.Workbook(target) as book:
        data = book.add_worksheet("Data")
        data.write_number("A1", 4)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Data!$A$1:$A$2"})
        book.add_chartsheet("Picture").set_chart(chart)
        book.add_worksheet("Blank")
    assert read_cells(target) == {"Data": {"A1": Cell(None, 4.0, is_formula=False)}, "Blank": {}}


def refused(target: Path, reason: str) -> None:
    """Both the reader and the poisoner must refuse, and the poisoner must leave no file behind."""
    with pytest.raises(UnreadableWorkbook, match=reason):
        read_cells(target)
    poisoned = target.with_name("poisoned.xlsx")
    with pytest.raises(UnreadableWorkbook, match=reason):
        poison(target, poisoned)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no zip archive"),
        (b"a,b\n1,2\n", "no zip archive"),
        (b"PK\x03\x04rest", "cut short or damaged"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "password-protected or an old .xls"),
    ],
)
def test_other_files_are_refused(target: Path, content: bytes, reason: str) -> None:
    target.write_bytes(content)
    refused(target, reason)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused(target: Path, kept: float) -> None:
    data = write(target, parts()).read_bytes()
    target.write_bytes(data[: int(len(data) * kept)])
    refused(target, "cut short or damaged")


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        (ROOT_PART, "the part _rels/.rels is missing"),
        (WORKBOOK_PART, "the part xl/workbook.xml is missing"),
        (LINKS_PART, "the part xl/_rels/workbook.xml.rels is missing"),
        (SHEET_PART, "the part xl/worksheets/first.xml is missing"),
    ],
)
def test_incomplete_packages_are_refused(target: Path, missing: str, reason: str) -> None:
    contents = parts()
    del contents[missing]
    refused(write(target, contents), reason)


@pytest.mark.parametrize(
    ("part", "text", "reason"),
    [
        (ROOT_PART, relationships(("a", "image", "picture.png")), "names no main part"),
        (WORKBOOK_PART, f'<workbook xmlns="{MAIN}"><sheets/></workbook>', "without worksheets"),
        (SHEET_PART, "<worksheet><sheetData>", "not well-formed XML"),
        (SHEET_PART, "", "not well-formed XML"),
        (SHEET_PART, sheet('<row r="x"><c><v>1</v></c></row>'), "line 2, column 100: 'x' is not the number of a row"),
        (SHEET_PART, sheet('<row r="1"><c r="A1"><f t="array" ref="A1:?">1</f></c></row>'), "an array formula claims the range 'A1:[?]'"),
        *(
            (part, '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "declares a document type")
            for part in (ROOT_PART, WORKBOOK_PART, LINKS_PART, SHEET_PART)
        ),
    ],
)
def test_broken_xml_is_refused(target: Path, part: str, text: str, reason: str) -> None:
    write(target, parts() | {part: text})
    with pytest.raises(UnreadableWorkbook, match=reason):
        read_cells(target)


@pytest.mark.parametrize("cell", ["<v>one</v>", '<v t="n">1,5</v>', *(f"<v>{index}</v>" for index in ("9", "-1", "x"))])
def test_values_that_are_none_of_their_type_are_refused(target: Path, cell: str) -> None:
    kind = "n" if "1,5" in cell else "s"
    with pytest.raises(UnreadableWorkbook, match=r"the cell A1 .* is no value of its type"):
        cells_of(target, f'<row r="1"><c r="A1" t="{kind}">{cell}</c></row>')


def test_a_compression_bomb_is_refused(target: Path) -> None:
    refused(write(target, parts() | {"bomb.xml": " " * 2**23}), "compressed more than 250 times")


def patched(data: bytes, part: str, offset: int, layout: str, value: int) -> bytes:
    """Change a field in the central directory entry of a part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.start_dir
        for entry in archive.infolist():
            if entry.filename == part:
                break
            start += 46 + len(entry.filename.encode()) + len(entry.extra) + len(entry.comment)
    changed = bytearray(data)
    struct.pack_into(layout, changed, start + offset, value)
    return bytes(changed)


def test_a_declared_size_over_the_limit_is_refused_without_unpacking(target: Path) -> None:
    data = write(target, parts()).read_bytes()
    target.write_bytes(patched(data, SHEET_PART, 24, "<I", 2**31))
    refused(target, "unpacks to more than 256 MiB")


def test_a_declared_size_that_is_too_small_is_refused(target: Path) -> None:
    data = write(target, parts()).read_bytes()
    target.write_bytes(patched(data, SHEET_PART, 24, "<I", 50))
    refused(target, "cut short or damaged")


def test_an_encrypted_entry_is_refused(target: Path) -> None:
    data = write(target, parts()).read_bytes()
    target.write_bytes(patched(data, SHEET_PART, 8, "<H", 1))
    refused(target, "the file is password-protected")


def test_an_unknown_compression_is_refused(target: Path) -> None:
    data = write(target, parts()).read_bytes()
    target.write_bytes(patched(data, SHEET_PART, 10, "<H", 99))
    refused(target, "cut short or damaged")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_one_name_are_refused(target: Path) -> None:
    write(target, parts())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(SHEET_PART, sheet(""))
    refused(target, "two parts named 'xl/worksheets/first.xml'")


def test_the_limits_hold(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(target, parts('<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>1</v></c></row>'))
    monkeypatch.setattr(package_module, "MAXIMUM_PARTS", 5)
    refused(target, "more than 5 parts")
    monkeypatch.undo()
    monkeypatch.setattr(xlsx_module, "MAXIMUM_CELLS", 2)
    write(target, parts('<row r="1"><c r="A1"/><c r="B1"/><c r="C1"/></row>'))
    with pytest.raises(UnreadableWorkbook, match="more than 2"):
        read_cells(target)


def test_the_bytes_really_unpacked_are_counted(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(target, parts())
    with package_module.Package(target) as opened:
        monkeypatch.setattr(opened, "_remaining_bytes", 100)
        with pytest.raises(UnreadableWorkbook, match="unpacks to more than"):
            opened.read(SHEET_PART)


def test_overlapping_arrays_are_bounded(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_module, "MAXIMUM_OPEN_ARRAYS", 1)
    cells = '<c r="A1"><f t="array" ref="A1:A9">1</f></c><c r="B1"><f t="array" ref="B1:B9">1</f></c>'
    write(target, parts(f'<row r="1">{cells}</row>'))
    refused(target, "more than 1 array formulas")


def test_a_utf_16_sheet_is_read_but_not_poisoned(target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in parts().items():
            utf_16 = text.replace("UTF-8", "UTF-16").encode("utf-16") if name == SHEET_PART else text
            archive.writestr(name, utf_16)
    assert read_cells(target)["S & T"]["A1"].value == 1.0
    with pytest.raises(UnreadableWorkbook, match="only UTF-8 sheets"):
        poison(target, target.with_name("poisoned.xlsx"))


def test_a_missing_file_is_an_operating_system_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_cells(tmp_path / "nothing.xlsx")
