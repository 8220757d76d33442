"""Names of parts and sizes of packages: what other programs open is read, what no workbook needs is refused before it is unpacked."""

from __future__ import annotations

import time
import zipfile
from typing import TYPE_CHECKING

import pytest

import workbook.xlsx.cells as xlsx_module
import workbook.xlsx.package as package_module
from tests.support import TINY
from workbook import api
from workbook.errors import WorkbookError
from workbook.record.read import read
from workbook.verify.engines import find
from workbook.verify.poison import POISON_NUMBER, poison
from workbook.xlsx.cells import read_cells
from workbook.xlsx.package import Package, UnreadableWorkbook, part_key

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the small workbook once."""
    path = tmp_path_factory.mktemp("good") / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def rewritten(good: Path, target: Path, rename: Callable[[str], str], change: Callable[[str, bytes], bytes] | None = None) -> Path:
    """Copy a file with parts renamed, and changed."""
    with zipfile.ZipFile(good) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(rename(name), change(name, before.read(name)) if change else before.read(name))
    return target


def _percent(name: str, data: bytes) -> bytes:
    """Let the relation and the list of types call the first sheet by a name with an encoded blank."""
    return data.replace(b"sheet1.xml", b"sheet%201.xml") if name.endswith(("workbook.xml.rels", "Types].xml")) else data


SPELLINGS: dict[str, tuple[Callable[[str], str], Callable[[str, bytes], bytes] | None]] = {
    "backslashes": (lambda name: name.replace("/", "\\"), None),
    "another case": (lambda name: name.replace("sharedStrings", "SharedStrings").replace("sheet2", "Sheet2"), None),
    "percent-encoded": (lambda name: name.replace("/sheet1.xml", "/sheet 1.xml"), _percent),
    "a leading slash": (lambda name: f"/{name}", None),
}


@pytest.mark.parametrize(("rename", "change"), SPELLINGS.values(), ids=SPELLINGS)
def test_names_of_parts_compare_as_the_standard_says(
    rename: Callable[[str], str], change: Callable[[str, bytes], bytes] | None, good: Path, tmp_path: Path
) -> None:
    path = rewritten(good, tmp_path / "renamed.xlsx", rename, change)
    cells = read_cells(path)
    assert cells == read_cells(good)
    # Engines that compare names letter by letter find every part of the copy that is handed to them.
    count = poison(path, tmp_path / "poisoned.xlsx")
    asked = {sheet: [address for address, cell in found.items() if cell.is_formula] for sheet, found in read_cells(good).items()}
    assert count == sum(map(len, asked.values()))
    for engine in find(["gnumeric", "ironcalc"]):
        if engine.unavailable() is None:
            found = engine.recalculate(tmp_path / "poisoned.xlsx", {"Checks": asked["Checks"]})
            engine.close()
            assert POISON_NUMBER not in found["Checks"].values(), engine.name
            assert None not in found["Checks"].values(), engine.name


def test_a_copy_has_the_names_by_which_parts_call_each_other(good: Path, tmp_path: Path) -> None:
    path = rewritten(good, tmp_path / "renamed.xlsx", lambda name: name.replace("/", "\\").upper())
    poison(path, tmp_path / "poisoned.xlsx")
    with zipfile.ZipFile(good) as before, zipfile.ZipFile(tmp_path / "poisoned.xlsx") as after:
        assert after.namelist() == before.namelist()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_parts_of_one_name_in_two_spellings_are_refused(good: Path, tmp_path: Path) -> None:
    path = rewritten(good, tmp_path / "twice.xlsx", str)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("XL\\worksheets\\sheet%31.xml", "<worksheet/>")
    with pytest.raises(UnreadableWorkbook, match="two parts named"):
        read_cells(path)
    assert part_key("XL\\worksheets\\sheet%31.xml") == "xl/worksheets/sheet1.xml"


# Sizes.


def bloated(good: Path, target: Path, part: str, more: bytes) -> Path:
    """Copy a file with so much more in one part."""
    return rewritten(good, target, str, lambda name, data: data.replace(b"</sheetData>", more + b"</sheetData>") if name == part else data)


def rows(count: int, start: int = 1_000) -> bytes:
    """Give so many rows of ten cells, with digits that do not repeat so that they pack little better than a real sheet's."""
    cells = "ABCDEFGHIJ"
    return b"".join(
        f'<row r="{row}">{"".join(f"<c r={chr(34)}{c}{row}{chr(34)}><v>{row * 7919 % 99991}</v></c>" for c in cells)}</row>'.encode()
        for row in range(start, start + count)
    )


def refused(path: Path) -> str:
    """Read a file that is refused, in little time; give the message."""
    start = time.perf_counter()
    with pytest.raises(WorkbookError) as caught:
        read(path)
    assert time.perf_counter() - start < 20
    return str(caught.value)


def test_a_file_with_many_times_the_cells_of_its_record_is_refused(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_module, "CELLS_OF_ANY", 10_000)
    path = bloated(good, tmp_path / "big.xlsx", "xl/worksheets/sheet1.xml", rows(1_500))
    assert "the file holds more than 1" in refused(path)


def test_a_file_that_unpacks_to_many_times_its_record_is_refused_while_it_unpacks(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_module, "BYTES_OF_ANY", 2**20)
    path = bloated(good, tmp_path / "big.xlsx", "xl/worksheets/sheet1.xml", rows(6_000))
    assert "the file unpacks to more than 1 MiB, the most for a workbook with so many cells" in refused(path)


def test_a_file_without_a_record_is_refused_before_its_sheets_are_unpacked(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rewritten(good, tmp_path / "no.xlsx", str, lambda _, data: data.replace(b'name="_workbook"', b'name="other"'))
    unpacked: list[str] = []
    pieces = Package.pieces

    def noted(package: Package, part: str) -> Generator[bytes]:
        unpacked.append(part)
        return pieces(package, part)

    monkeypatch.setattr(Package, "pieces", noted)
    assert "holds no record of its build" in refused(path)
    assert [part for part in unpacked if "worksheets" in part] == []


def test_a_file_that_unpacks_to_many_times_its_size_is_refused_unread(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "RATIO_OF_ALL_TEST_FROM_BYTES", 2**20)
    path = bloated(good, tmp_path / "big.xlsx", "xl/worksheets/sheet1.xml", b"<row/>" * 500_000)
    assert "more than 64 times its size" in refused(path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_deep_elements_are_refused(part: str, good: Path, tmp_path: Path) -> None:
    deep = b"<a>" * 300_000
    path = rewritten(good, tmp_path / "deep.xlsx", str, lambda name, data: data.rpartition(b"</")[0] + deep if name == part else data)
    assert "nested deeper than 100 levels" in refused(path)


# References.

BAD_CELLS = {
    '<c r="B-7"><v>1</v></c>': "'B-7' is not a cell reference such as B7",
    '<c r="A1048577"><v>1</v></c>': "'A1048577' is beyond the last cell of a sheet, XFD1048576",
    '<c r="XFE1"><v>1</v></c>': "'XFE1' is beyond the last cell of a sheet",
    '<c r="$B$7"><v>1</v></c>': "'$B$7' is not the reference of one cell",
    '<c r="B7"/><c r="B7"/>': "'B7' is given twice",
    '<c r="B700" t="s"><v>99999</v></c>': "the cell B700 holds '99999', which is no value of its type",
    f'<c r="B700"><f>{"1+" * 5_000}1</f></c>': "the formula of the cell B700 has more than 8,192 characters",
    f'<c r="{"A" * 500}"/>': "...' (500 characters) is not a cell reference",
}


@pytest.mark.parametrize(("cell", "message"), BAD_CELLS.items(), ids=range(len(BAD_CELLS)))
def test_what_no_sheet_holds_is_told_with_part_and_place(cell: str, message: str, good: Path, tmp_path: Path) -> None:
    path = bloated(good, tmp_path / "bad.xlsx", "xl/worksheets/sheet2.xml", f'<row r="900">{cell}</row>'.encode())
    said = refused(path)
    assert "the part xl/worksheets/sheet2.xml is damaged at line 2, column " in said
    assert message in said


def test_a_name_of_any_length_is_cut(good: Path, tmp_path: Path) -> None:
    path = rewritten(good, tmp_path / "bad.xlsx", str, lambda _, data: data.replace(b"worksheets/sheet2.xml", b"x" * 100_000))
    assert len(refused(path)) < 1_000


def test_a_row_beyond_the_last_is_told(good: Path, tmp_path: Path) -> None:
    path = bloated(good, tmp_path / "bad.xlsx", "xl/worksheets/sheet2.xml", b'<row r="1048577"/>')
    assert "'1048577' is not the number of a row" in refused(path)


def test_a_number_that_is_none_is_read_as_an_error_value(good: Path, tmp_path: Path) -> None:
    path = bloated(good, tmp_path / "odd.xlsx", "xl/worksheets/sheet2.xml", b'<row r="900"><c r="A900"><v>NaN</v></c></row>')
    assert read_cells(path)[list(read_cells(good))[1]]["A900"].value == xlsx_module.CellError("#NUM!")


# Other formats.

OTHERS: dict[str, tuple[dict[str, str], str]] = {
    "ods": ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}, "an OpenDocument spreadsheet (.ods)"),
    "numbers": ({"Index/Document.iwa": "", "Metadata/Properties.plist": ""}, "an Apple Numbers document (.numbers)"),
    "xlsb": ({"_rels/.rels": "<a/>", "xl/workbook.bin": ""}, "an Excel binary workbook (.xlsb)"),
}


@pytest.mark.parametrize("suffix", OTHERS)
def test_another_format_is_named_with_what_to_do(suffix: str, tmp_path: Path) -> None:
    parts, name = OTHERS[suffix]
    path = tmp_path / f"book.{suffix}"
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    said = refused(path)
    assert f"the file is {name}, not an .xlsx workbook\n    save it as .xlsx in the program that wrote it" in said


def test_an_old_workbook_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(512))
    assert "remove the password, or save it as .xlsx" in refused(path)
