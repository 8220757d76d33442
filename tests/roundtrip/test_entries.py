"""Cells as people type them: whatever stands in an input or a note is taken, or listed with the cell, the entry and the reason."""

from __future__ import annotations

import random
import re
import zipfile
from functools import partial
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.roundtrip.edits import change_part, place
from tests.roundtrip.storm import templates_read_once
from tests.support import ACROSS, TINY, change_cells, command
from workbook import api
from workbook.record.read import baseline, read
from workbook.roundtrip.edits_file import text_of
from workbook.roundtrip.pull import pull
from workbook.xlsx.cells import cell_position, cell_reference, read_cells

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("templates_read_once")
__all__ = ["templates_read_once"]  # a fixture


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the workbook once."""
    path = tmp_path_factory.mktemp("built") / "across.xlsx"
    api.build("across", path, templates=ACROSS)
    return path


def typed(built: Path, target: Path, entries: dict[str, object], number_format: str = "") -> Path:
    """Save a file with entries by id, in cells of another number format."""
    opened, book = openpyxl.load_workbook(built), api.load("across", ACROSS)
    for cell_id, value in entries.items():
        sheet, address = place(book, cell_id)
        opened[sheet][address].value = value
        if number_format:
            opened[sheet][address].number_format = number_format
    opened.save(target)
    return target


READ = {
    "a date": (46024, "d-mmm", None, "holds the date 2026-01-02 (as a number: 46024), where a number in kW is expected"),
    "a time": (0.0625, "h:mm", None, "holds the time 01:30:00 (as a number: 0.0625), where a number in kW is expected"),
    "a percentage": (0.9, "0%", None, "holds the percentage 90% (as a number: 0.9), where a number in kW is expected"),
    "the value that was there, as a date": (2.6, "d-mmm", None, ""),
    "a text with a no-break space": ("2.7\u00a0", "", 2.7, "holds the text '2.7[no-break space]': it was read as the number 2.7"),
    "a text that is one of two numbers": ("1.500", "", None, "holds the text '1.500', which may be 1.5 or 1500: type it as a number"),
    "a word": ("many", "", None, "holds 'many', where a number in kW is expected"),
    "below the least": (-1, "", None, "is -1; it must be at least 0"),
    "true": (True, "", None, "holds TRUE, where a number in kW is expected"),
}


@pytest.mark.parametrize(("value", "number_format", "taken", "told"), READ.values(), ids=READ)
def test_a_number_is_read_as_it_was_typed(
    value: object, number_format: str, taken: float | None, told: str, built: Path, tmp_path: Path
) -> None:
    found = pull(typed(built, tmp_path / "edited.xlsx", {"chosen.level": value}, number_format))
    assert found.sets == ({} if taken is None else {"chosen.level": taken})
    said = [item.text.partition("; the templates")[0] for item in (found.left if taken is None else found.remarks)]
    assert said == ([told] if told else [])


def test_a_percentage_is_a_number_where_there_is_no_unit(built: Path, tmp_path: Path) -> None:
    found = pull(typed(built, tmp_path / "edited.xlsx", {"cases.paper.pue": 1.2}, "0%"))
    assert (found.sets, found.left, found.remarks) == ({"cases.paper.pue": 1.2}, [], [])


@pytest.mark.parametrize("text", ["Large GPU ", "\u00a0Large GPU", "large\u00a0gpu\u200b"])
def test_blanks_around_a_choice_do_not_matter(text: str, built: Path, tmp_path: Path) -> None:
    path = typed(built, tmp_path / "edited.xlsx", {"cases.paper.gpu": text})
    result = command("build", "--from", path, "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert result.exit_code == 0, result.output
    assert "remark: Cases!H9 (cases.paper.gpu) holds" in result.stderr
    assert pull(tmp_path / "new.xlsx").sets == {"cases.paper.gpu": "Large GPU"}


def test_what_cannot_be_taken_is_on_sheet_conflicts_and_the_rest_is_built(built: Path, tmp_path: Path) -> None:
    entries: dict[str, object] = {
        "chosen.level": "2,7",  # no number
        "cases.mine.pue": 7,  # more than it may be
        "cases.paper.gpu": "Huge GPU",  # no card
        "hours.h6": 1.5,  # less than the one before
        "cases.paper.count": 9,
    }
    path = typed(built, tmp_path / "edited.xlsx", entries)
    result = command("build", "--from", path, "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, result.stdout.splitlines()[1]) == (1, "1 edit kept, 0 inputs with new figures, 0 conflicts")
    assert len(result.stderr.splitlines()) == 4
    cells = read_cells(tmp_path / "new.xlsx")["Conflicts"].values()
    told = [str(cell.value) for cell in cells if cell.value is not None]
    for text in ("Results!B8", "chosen.level", "'2,7'", "cases.mine.pue", "7", "'Huge GPU'", "hours.h6", "1.5"):
        assert text in told
    assert any(text.startswith("is 7; it must be at most 3; ") for text in told)
    assert any(text.startswith("'Huge GPU' is not one of the gpus") for text in told)
    assert pull(tmp_path / "new.xlsx").sets == {"cases.paper.count": 9.0}
    again = command("build", "--from", tmp_path / "new.xlsx", "--templates", ACROSS, "--out", tmp_path / "again.xlsx")
    assert (again.exit_code, again.stderr) == (0, "")
    assert (tmp_path / "again.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()


def test_a_formula_that_cannot_be_kept_is_reported_where_its_value_is_carried(built: Path, tmp_path: Path) -> None:
    """In the message and on sheet Changes; a formula without a result is listed on Conflicts."""
    book = api.load("across", ACROSS)
    sheet, address = place(book, "cases.paper.count")

    def typed(held: str) -> None:
        change_cells(built, tmp_path / "edited.xlsx", [(sheet, address)], lambda cell: f"{cell.partition('>')[0]}>{held}</c>")

    typed("<f>12*COS(0)</f><v>12</v>")
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    told = f"{sheet}!{address} (cases.paper.count) holds the formula =12*COS(0): its value 12 was taken, the formula was not"
    told += " (the function COS is not kept)"
    assert (result.exit_code, result.stderr) == (0, f"remark: {told}\n")
    assert told in [cell.value for cell in read_cells(tmp_path / "new.xlsx")["Changes"].values()]
    typed("<f>12*COS(0)</f>")
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert result.exit_code == 1
    assert "=12*COS(0)" in [cell.value for cell in read_cells(tmp_path / "new.xlsx")["Conflicts"].values()]


# Notes.


def test_note_cells_are_texts(tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    note = openpyxl.load_workbook(tmp_path / "a.xlsx")[sheet][f"L{address[1:]}"]
    assert note.number_format == "@"
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        parts = [file.read(name).decode() for name in file.namelist() if name.startswith("xl/worksheets/sheet")]
    rules = [rule for part in parts for rule in re.findall(r'<dataValidation type="custom".*?</dataValidation>', part)]
    assert any(f"L{address[1:]}" in rule and "ISTEXT(" in rule for rule in rules)


NOTES = {
    "a text": ("2026-03", "@", "2026-03", ""),
    "a date": (46082, "mmm-yy", "2026-03-01", "holds the date 2026-03-01 (as a number: 46082), where a note is expected"),
    "a number": (5, "", "5", "holds 5, where a note is expected: it was read as the text '5'"),
    "an error": ("#N/A", "", None, "holds the error #N/A, where a note is expected"),
}


@pytest.mark.parametrize(("value", "number_format", "note", "told"), NOTES.values(), ids=NOTES)
def test_a_note_is_read_as_a_text(value: object, number_format: str, note: str | None, told: str, tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    opened = openpyxl.load_workbook(tmp_path / "a.xlsx")
    cell = opened[sheet][f"L{address[1:]}"]
    cell.value = value
    cell.number_format = number_format or "General"
    opened.save(tmp_path / "b.xlsx")
    found = pull(tmp_path / "b.xlsx")
    assert {name: edit.note for name, edit in found.edits.items()} == ({} if note is None else {"run.weights": note})
    said = [*found.remarks, *found.left]
    assert [item.text.startswith(told) for item in said] == ([True] if told else [])


# All forms of cells.

FORMS = {
    "number": "<v>1.5</v>",
    "huge": "<v>1e300</v>",
    "negative": "<v>-3</v>",
    "date": ("n", "S1", "<v>46024</v>"),
    "percentage": ("n", "S2", "<v>0.5</v>"),
    "time": ("n", "S3", "<v>0.0625</v>"),
    "iso date": ("d", "", "<v>2026-03-01T00:00:00</v>"),
    "boolean": ("b", "", "<v>1</v>"),
    "error": ("e", "", "<v>#DIV/0!</v>"),
    "text": ("inlineStr", "", "<is><t>Large GPU</t></is>"),
    "text with blanks": ("inlineStr", "", '<is><t xml:space="preserve"> air\u00a0</t></is>'),
    "number as text": ("inlineStr", "", '<is><t xml:space="preserve">2 </t></is>'),
    "blanks": ("inlineStr", "", '<is><t xml:space="preserve">  </t></is>'),
    "nothing": "",
    "formula": "<f>1+1</f><v>2</v>",
    "formula without result": "<f>1+1</f>",
    "formula with a text": ("str", "", '<f>"air"</f><v>air</v>'),
    "formula with an error": ("e", "", "<f>1/0</f><v>#DIV/0!</v>"),
    "formula with a date": ("n", "S1", "<f>TODAY()</f><v>46024</v>"),
    "array": '<f t="array" ref="REF">{2;3}</f><v>2</v>',
    "data table": '<f t="dataTable" ref="REF" dt2D="0" dtr="0" r1="A1"/><v>2</v>',
    "shared": '<f t="shared" si="7" ref="REF">1+1</f><v>2</v>',
    "follower": '<f t="shared" si="7"/><v>2</v>',
    "orphan": '<f t="shared" si="99"/><v>2</v>',
}
STYLES = {"S1": 16, "S2": 9, "S3": 20}  # built-in number formats
ROUNDS, MOST = 40, 5


def with_formats(built: Path, target: Path) -> dict[str, int]:
    """Copy a file with cell formats of dates, percentages and times; give their numbers."""
    with zipfile.ZipFile(built) as file:
        styles = file.read("xl/styles.xml").decode()
    count = int(re.findall(r'<cellXfs count="(\d+)">', styles)[0])
    more = "".join(f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for number in STYLES.values())
    change_part(built, target, "xl/styles.xml", "</cellXfs>", f"{more}</cellXfs>")
    return {name: count + number for number, name in enumerate(STYLES)}


def formed(form: str, address: str, formats: dict[str, int]) -> str:
    """Give the XML of a cell in a form; an array or a table covers the cell below, too."""
    of = FORMS[form]
    kind, style, inside = of if isinstance(of, tuple) else ("n", "", of)
    row, column = cell_position(address)
    inside = inside.replace("REF", f"{address}:{cell_reference(row + 1, column)}")
    return f'<c r="{address}" t="{kind}"{f" s={chr(34)}{formats[style]}{chr(34)}" if style else ""}>{inside}</c>'


@pytest.mark.parametrize("name", ["tiny", "across"])
def test_what_pull_writes_a_build_takes(name: str, tmp_path: Path) -> None:
    """Every form of a cell, in inputs of every kind and in notes: it is an edit, a note, or listed; and nothing is refused."""
    root = {"tiny": TINY, "across": ACROSS}[name]
    api.build(name, tmp_path / "built.xlsx", templates=root)
    formats = with_formats(tmp_path / "built.xlsx", tmp_path / "base.xlsx")
    known, cells = baseline(tmp_path / "base.xlsx", read(tmp_path / "base.xlsx")), read_cells(tmp_path / "base.xlsx")
    spots = {given.spot: given.id for given in known.inputs.values()}
    spots |= {given.note_spot: given.id for given in known.inputs.values() if given.note_spot}
    stored = [spot for spot in spots if cells[spot.sheet].get(spot.address) and cells[spot.sheet][spot.address].value is not None]
    dice = random.Random(name)  # noqa: S311 tests need the same numbers each time
    seen = set()
    for _ in range(ROUNDS):
        changes = {spot: dice.choice(list(FORMS)) for spot in dice.sample(stored, MOST)}
        seen |= set(changes.values())
        path = tmp_path / "base.xlsx"
        for number, (spot, form) in enumerate(changes.items()):
            target = tmp_path / f"step{number % 2}.xlsx"
            xml = formed(form, spot.address, formats)
            change_cells(path, target, [(spot.sheet, spot.address)], partial(lambda xml, _: xml, xml))
            path = target
        found = pull(path)
        (tmp_path / "edits.yaml").write_text(text_of(found), "utf-8")
        layout, edits = api.prepared(name, root, overlay=tmp_path / "edits.yaml")
        back = {layout.model.cell_id(*at): value for at, value in edits.items()}
        assert {cell_id: back[cell_id] for cell_id in found.sets} == found.sets
        assert all(found.edits[cell_id].formula for cell_id in back.keys() - found.sets)
        told = {item.id for item in [*found.left, *found.remarks]} | found.edits.keys()
        for spot, form in changes.items():
            assert spots[spot] in told or _is_as_built(cells[spot.sheet][spot.address].value, form), (spot, form)
    assert seen == set(FORMS)


def _is_as_built(value: object, form: str) -> bool:
    """Whether a form holds what was there: a formula that gives it, or the same number."""
    inside = str(FORMS[form])
    return str(value) in inside or (isinstance(value, float) and f"<v>{value:g}</v>" in inside)
