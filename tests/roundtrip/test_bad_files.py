"""A file from anyone: whatever it is, pull says in one sentence what is wrong, and writes nothing."""

from __future__ import annotations

import random
import time
import tracemalloc
import zipfile
from itertools import product
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.roundtrip.edits import change_part, in_libreoffice, place
from tests.support import RECORD_SHEET, TINY, command, copy_of, plant
from workbook import api
from workbook.declare.overlay import overlaid
from workbook.errors import WorkbookError
from workbook.roundtrip.edits_file import text_of
from workbook.roundtrip.pull import pull
from workbook.xlsx import package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the small workbook once."""
    path = tmp_path_factory.mktemp("good") / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def refused(path: Path) -> str:
    """Pull from a file that cannot be read; give the message."""
    target = path.with_name("edits.yaml")
    result = command("pull", path, "-o", target)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not target.exists()
    assert [item.name for item in path.parent.iterdir() if item.name.startswith(".")] == []
    return result.stderr


def _nothing(_: Path, target: Path) -> None:
    target.write_bytes(b"")


def _truncated(good: Path, target: Path) -> None:
    target.write_bytes(good.read_bytes()[:-200])


def _encrypted(_: Path, target: Path) -> None:
    target.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(512))


def _text(_: Path, target: Path) -> None:
    target.write_text("sets: {}", "utf-8")


def _foreign(_: Path, target: Path) -> None:
    openpyxl.Workbook().save(target)


def _bomb(good: Path, target: Path) -> None:
    with zipfile.ZipFile(good) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for item in before.infolist():
            after.writestr(item, before.read(item))
        after.writestr("xl/bomb.xml", bytes(20 * 2**20))


def _entities(good: Path, target: Path) -> None:
    change_part(good, target, "xl/workbook.xml", "<workbook ", '<!DOCTYPE a [<!ENTITY b "c">]>\n<workbook ')


def _outside(good: Path, target: Path) -> None:
    change_part(good, target, "xl/sharedStrings.xml", "<sst ", '<!DOCTYPE a SYSTEM "file:///etc/passwd">\n<sst ')


BAD: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "nothing": (_nothing, "it is no zip archive"),
    "truncated": (_truncated, "the file is cut short or damaged"),
    "encrypted": (_encrypted, "the file is password-protected or an old .xls"),
    "text": (_text, "it is no zip archive"),
    "foreign": (_foreign, f"holds no record of its build (hidden sheet {RECORD_SHEET})"),
    "bomb": (_bomb, "the part xl/bomb.xml"),
    "entities": (_entities, "declares a document type"),
    "outside": (_outside, "declares a document type"),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_read_is_told(make: Callable[[Path, Path], None], message: str, good: Path, tmp_path: Path) -> None:
    make(good, tmp_path / "bad.xlsx")
    said = refused(tmp_path / "bad.xlsx")
    assert said.startswith(f"{tmp_path / 'bad.xlsx'}: ")
    assert message in said
    assert len(said.splitlines()) == 2


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused(tmp_path / "no.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    assert "cannot be read: Is a directory" in refused(tmp_path / "folder.xlsx")


def test_a_record_that_anything_happened_to_gives_a_message_and_no_traceback(good: Path, tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 tests need the same numbers each time
    told = 0
    opened = openpyxl.load_workbook(good)
    sheet = opened[RECORD_SHEET]
    rows = sheet.max_row
    for _ in range(60):
        cells = [sheet.cell(dice.randint(1, rows), dice.randint(1, 9)) for _ in range(dice.randint(1, 3))]
        held = [(cell, cell.value) for cell in cells]
        for cell in cells:
            cell.value = dice.choice(
                [None, "", "x", "=#REF!", "=ROWS(No!$A$1:$A$9)", "=A1", -1, 0, 1e300, "1:", "9999999999:a", "AAAA1", True]
            )
        opened.save(tmp_path / "bad.xlsx")
        try:
            pull(tmp_path / "bad.xlsx")
        except WorkbookError:
            told += 1
        for cell, value in held:
            cell.value = value
    assert told >= 20


def test_a_record_cannot_ask_for_more_than_a_sheet_holds(good: Path, tmp_path: Path) -> None:
    opened = openpyxl.load_workbook(good)
    for row in range(8, 40):
        opened[RECORD_SHEET].cell(row, 4).value = "1000000"
    opened.save(tmp_path / "bad.xlsx")
    assert "the record of the build is damaged" in refused(tmp_path / "bad.xlsx")


def test_the_limits_of_the_reader_hold_here(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAXIMUM_UNCOMPRESSED_BYTES", 1000)
    with pytest.raises(WorkbookError, match="the file unpacks to more than"):
        pull(good)


# Texts from anyone.

HOSTILE = ["x" * 10_000, "=1+1", '"}\n- a: &b', "\x0b\x7f\x85 #", "§\u2028 end", "🙂 | é", "' \" \\ \t"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_in_labels_notes_and_inputs_is_carried_as_a_text(text: str, tmp_path: Path) -> None:
    root, good = copy_of(TINY, tmp_path / "templates"), tmp_path / "good.xlsx"
    plant(root, "catalogues/gpus.yaml", "choices: [red, blue], ", "")
    book = api.load("tiny", root)
    api.build("tiny", good, templates=root)
    sheet, address = place(book, "run.weights")
    maker = place(book, "gpus.small.maker")
    opened = openpyxl.load_workbook(good)
    typed = text[:255]  # an input takes no more
    for name, at, given in ((sheet, f"A{address[1:]}", text), (sheet, f"L{address[1:]}", text), (*maker, typed)):
        cell = opened[name][at]
        cell.value = given.replace("\x0b", "_x000B_") if "\x0b" in given else given
        cell.data_type = "s"
    opened.save(tmp_path / "edited.xlsx")
    found = pull(tmp_path / "edited.xlsx")
    assert set(found.edits) == {"run.weights", "gpus.small.maker"}
    (tmp_path / "edits.yaml").write_text(text_of(found), "utf-8")
    back = overlaid(lambda _: book.model.declared, tmp_path / "edits.yaml")
    kept = text.replace("\x0b", "\ufffd")
    assert {name: given.value for name, given in back.sets.items()} == {"gpus.small.maker": typed.strip()}
    assert {name: remark.note for name, remark in back.remarks.items() if remark.note is not None} == {"run.weights": kept}


def test_a_formula_in_a_label_is_no_text(good: Path, tmp_path: Path) -> None:
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    in_libreoffice([(good, tmp_path / "b.xlsx", [["formula", sheet, f"A{address[1:]}", '=HYPERLINK("http://a","b")']])])
    found = pull(tmp_path / "b.xlsx")
    assert (found.sets, [item.address for item in found.left]) == ({}, [f"A{address[1:]}", f"{address[1:]}:{address[1:]}"])


# Every command that reads a file, in little time and memory.


def _laughs(good: Path, target: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    change_part(good, target, "xl/sharedStrings.xml", "<sst ", f'<!DOCTYPE a [<!ENTITY l0 "lol">{entities}]>\n<sst ')


def _record(good: Path, target: Path, change: Callable[[Worksheet], None]) -> None:
    opened = openpyxl.load_workbook(good)
    change(opened[RECORD_SHEET])
    opened.save(target)


def _part(name: str, text: str) -> Callable[[Path, Path], None]:
    """Give a file that carries another part."""

    def write(sheet: Worksheet) -> None:
        row = sheet.max_row + 1  # parts come last
        for number, start in enumerate(range(0, len(text), 30_000)):
            sheet.cell(row + number, 1).value = name
            sheet.cell(row + number, 2).value = text[start : start + 30_000]

    return lambda good, target: _record(good, target, write)


def _name(text: str | float | None) -> Callable[[Path, Path], None]:
    """Give a file of another workbook."""

    def write(sheet: Worksheet) -> None:
        sheet["B2"].value = text

    return lambda good, target: _record(good, target, write)


def _input(text: str) -> Callable[[Path, Path], None]:
    """Give a file whose record has another id for an input."""

    def write(sheet: Worksheet) -> None:
        first = next(row for row in range(1, sheet.max_row) if sheet.cell(row, 1).value == "input")
        sheet.cell(first + 1, 1).value = text

    return lambda good, target: _record(good, target, write)


def _no_record(good: Path, target: Path) -> None:
    opened = openpyxl.load_workbook(good)
    del opened[RECORD_SHEET]
    opened.save(target)


DAMAGED = "the record of the build is damaged"
WRITERS = "give a file written by: workbook build"
HOSTILE_FILES: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    **BAD,
    "a billion laughs": (_laughs, "declares a document type"),
    "no record": (_no_record, WRITERS),
    "a foreign workbook": (_foreign, WRITERS),
    "a broken part": (_part("overlays", '[{"name": "a'), DAMAGED),
    "a deep part": (_part("overlays", "[" * 200_000), DAMAGED),
    "a huge number": (_part("overlays", "1" * 100_000), DAMAGED),
    "a part of another shape": (_part("overlays", "[1]"), f"the overlays that the hidden sheet {RECORD_SHEET} carries are damaged"),
    "a folder for a name": (_name("../tiny"), DAMAGED),
    "lines for a name": (_name("tiny\nsets: {a: 1}"), DAMAGED),
    "a name without end": (_name("x" * 30_000), DAMAGED),
    "a number for a name": (_name(208), DAMAGED),
    "no name": (_name(None), DAMAGED),
    "an id of no table": (_input("99"), DAMAGED),
    "another workbook": (_name("other"), "bad.xlsx: was built from a workbook template 'other' that is not among those in "),
}
READERS = {
    "pull": ["pull", "{file}", "-o", "{target}"],
    "verify": ["verify", "{file}", "--saved", "--templates", str(TINY)],
    "build": ["build", "--from", "{file}", "--templates", str(TINY), "--out", "{target}"],
}
MOST_SECONDS, MOST_BYTES = 20.0, 200 * 2**20


def test_edits_of_another_workbook_are_read_without_its_templates(good: Path, tmp_path: Path) -> None:
    _name("other")(good, tmp_path / "bad.xlsx")
    result = command("pull", tmp_path / "bad.xlsx")
    assert (result.exit_code, result.stderr) == (0, "")
    assert '\nworkbook: "other"\n' in result.stdout


@pytest.mark.parametrize(("name", "reader"), [pair for pair in product(HOSTILE_FILES, READERS) if pair != ("another workbook", "pull")])
def test_every_reader_refuses_it_in_one_message(name: str, reader: str, good: Path, tmp_path: Path) -> None:
    make, message = HOSTILE_FILES[name]
    path, target = tmp_path / "bad.xlsx", tmp_path / "out.xlsx"
    make(good, path)
    before = sorted(tmp_path.iterdir())
    tracemalloc.start()
    start = time.perf_counter()
    try:
        result = command(*(item.format(file=path, target=target) for item in READERS[reader]))
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr) < 1_000
    assert sorted(tmp_path.iterdir()) == before
    assert time.perf_counter() - start < MOST_SECONDS
    assert used < MOST_BYTES


def test_a_label_of_10000_characters_or_a_formula_in_it_stops_no_reader(good: Path, tmp_path: Path) -> None:
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    opened = openpyxl.load_workbook(good)
    opened[sheet][f"A{address[1:]}"].value = "=" + "x" * 10_000
    opened[sheet][f"A{address[1:]}"].data_type = "s"
    opened[sheet]["A3"].value = '=HYPERLINK("http://a","b")'
    opened.save(tmp_path / "edited.xlsx")
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", TINY, "--out", tmp_path / "new.xlsx")
    assert result.exit_code == 1
    assert [line.partition(" h")[0] for line in result.stderr.splitlines()] == [
        f"not carried: {sheet}!A3",
        f"not carried: {sheet}!3:3",
        f"not carried: {sheet}!{address[1:]}:{address[1:]}",
    ]
    built = openpyxl.load_workbook(tmp_path / "new.xlsx")
    told = [str(row[0].value) for row in built["Changes"].iter_rows()]
    assert [text for text in told if text.startswith(f"not as built, in the first: {sheet}!3:3 has")] != []
    for added in ("Changes", "Conflicts"):
        built.remove(built[added])
    assert built.sheetnames == openpyxl.load_workbook(good).sheetnames
    said = command("verify", tmp_path / "edited.xlsx", "--saved", "--templates", TINY)
    assert (said.exit_code, len(said.output) < 5_000) == (1, True)
