"""Files to which people added anything anywhere: all of it is there when a file is built again, or is listed; nothing is there twice."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from tests.roundtrip.edits import draw, in_libreoffice, place
from tests.roundtrip.storm import templates_read_once
from tests.support import ACROSS, copy_of, plant
from workbook import api
from workbook.changes.sheets import is_account_sheet
from workbook.errors import WorkbookError
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.a1 import RECORD_SHEET
from workbook.xlsx.extras import read_extras
from workbook.xlsx.saved import read_saved

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbook.roundtrip.regenerate import Regeneration

SEED = 20_274
CHARTS = 2  # of the build
BATCH = 25  # files that LibreOffice saves at a time
MARKS = re.compile(r"mark-[0-9]+-|FADE[0-9]{2}|[0-9]+ pixels|(?<![0-9.])[0-9]+[.][34][0-9]* points|[0-9]+%")
pytestmark = pytest.mark.usefixtures("templates_read_once")
__all__ = ["templates_read_once"]  # a fixture


class Adding:
    """Adds to a file what can be told apart by its number."""

    def __init__(self, opened: Any, dice: random.Random) -> None:
        self.opened, self.dice, self.number = opened, dice, 10
        self.sheets = [sheet for sheet in opened.worksheets if sheet.title != RECORD_SHEET]
        self.built = [(sheet, drawn) for sheet in self.sheets for drawn in sheet._charts]  # noqa: SLF001 it has no public form

    def mark(self) -> str:
        self.number += 1
        return f"mark-{self.number}-"

    def cell(self, sheet: Any) -> Any:
        """Give a cell within the sheet, or a few beyond it."""
        return sheet.cell(self.dice.randint(1, sheet.max_row + 4), self.dice.randint(1, sheet.max_column + 3))

    def free(self, sheet: Any) -> Any:
        cells = (self.cell(sheet) for _ in range(200))
        return next(cell for cell in cells if not cell.has_style and cell.value is None and type(cell).__name__ == "Cell")

    def text(self, sheet: Any) -> None:
        self.free(sheet).value = f"{self.mark()}{self.dice.choice(['', ' & <b>', ' =1+1'])}"

    def formula(self, sheet: Any) -> None:
        other = self.dice.choice(self.sheets)
        where = self.cell(other).coordinate
        self.free(sheet).value = f'="{self.mark()}"&{where if other is sheet else f"{other.title!r}!{where}"}'

    def fill(self, sheet: Any) -> None:
        self.number += 1
        self.seen(sheet).fill = PatternFill("solid", f"FFFADE{self.number}")

    def border(self, sheet: Any) -> None:
        self.number += 1
        self.seen(sheet).border = Border(top=Side("double", f"FFFADE{self.number}"))

    def seen(self, sheet: Any) -> Any:
        """Give a cell that no other covers."""
        return next(
            cell
            for cell in (self.cell(sheet) for _ in range(200))
            if not any(cell.coordinate in area for area in sheet.merged_cells.ranges)
        )

    def code(self, sheet: Any) -> None:
        self.seen(sheet).number_format = f'0.0"{self.mark()}"'

    def comment(self, sheet: Any) -> None:
        self.seen(sheet).comment = Comment(self.mark(), "Finance")

    def width(self, sheet: Any) -> None:
        self.number += 1
        column = self.dice.choice(sheet[1]).column_letter
        sheet.column_dimensions[column].width = float(70 + self.number)

    def height(self, sheet: Any) -> None:
        self.number += 1
        sheet.row_dimensions[self.dice.randint(1, sheet.max_row)].height = 150.4 + self.number

    def zoom(self, sheet: Any) -> None:
        self.number += 1
        sheet.sheet_view.zoomScale = 100 + self.number

    def area(self, sheet: Any) -> None:
        sheet.print_area = f"A1:{sheet.cell(self.dice.randint(2, sheet.max_row), self.dice.randint(2, sheet.max_column)).coordinate}"

    def filter(self, sheet: Any) -> None:
        sheet.auto_filter.ref = f"A7:{sheet.cell(self.dice.randint(8, sheet.max_row + 8), sheet.max_column).coordinate}"

    def name(self, sheet: Any) -> None:
        self.number += 1
        self.opened.defined_names[f"own_{self.number}"] = DefinedName(f"own_{self.number}", attr_text=f"'{sheet.title}'!$B$9")

    def rule(self, sheet: Any) -> None:
        allowed = DataValidation(type="list", formula1=f'"{self.mark()},no"')
        allowed.add(self.free(sheet).coordinate)
        sheet.add_data_validation(allowed)

    def condition(self, sheet: Any) -> None:
        sheet.conditional_formatting.add(self.seen(sheet).coordinate, Rule(type="expression", formula=[f'"{self.mark()}"="x"']))

    def chart(self, sheet: Any) -> None:
        drawn = BarChart()
        drawn.title = self.mark()
        drawn.add_data(Reference(self.dice.choice(self.sheets), min_col=8, min_row=9, max_row=12))
        for _, other in self.built[: self.dice.randint(-1, 1)]:
            values = other.series[0].val or other.series[0].yVal
            drawn.add_data(Reference(range_string=values.numRef.f), from_rows=True)
        sheet.add_chart(drawn, self.cell(sheet).coordinate)

    def deleted(self, _: Any) -> None:
        """Delete a chart of the build, if one is left."""
        if self.built:
            sheet, drawn = self.built.pop(self.dice.randrange(len(self.built)))
            sheet._charts.remove(drawn)  # noqa: SLF001 as above

    def moved(self, _: Any) -> None:
        for sheet, drawn in self.built[:1]:
            drawn.anchor = self.cell(sheet).coordinate

    def own(self, sheet: Any) -> None:
        """Add a sheet of one's own, with some of everything that reads sheets of the model."""
        own = self.opened.create_sheet(f"Own {self.mark()}", self.dice.randint(0, 3))
        own["A1"], own["B2"] = self.mark(), f'="{self.mark()}"&{sheet.title!r}!{self.cell(sheet).coordinate}'
        own["B3"].comment, own["B3"].fill = Comment(self.mark(), "Finance"), PatternFill("solid", f"FFFADE{self.number}")
        own.merge_cells("C1:D2")
        own.conditional_formatting.add("B2", Rule(type="expression", formula=[f"{sheet.title!r}!$B$9>1"]))
        drawn = BarChart()
        drawn.add_data(Reference(own, min_col=2, min_row=2, max_row=5))
        own.add_chart(drawn, "E2")


KINDS: list[Callable[[Adding, Any], None]] = [
    *(Adding.text, Adding.formula, Adding.fill, Adding.border, Adding.code, Adding.comment, Adding.width, Adding.height),
    *(Adding.zoom, Adding.area, Adding.filter, Adding.name, Adding.rule, Adding.condition, Adding.chart, Adding.own),
    *(Adding.deleted, Adding.moved),
]


def seen(path: Path) -> Counter[str]:
    """Count what was added to a file, by its marks: what a file of the program alone does not have."""
    saved, found = read_saved(path), Counter[str]()
    for name, sheet in saved.sheets.items():
        if name == RECORD_SHEET or is_account_sheet(name):
            continue
        formats = [(cell, saved.format_of(cell)) for cell in sheet.cells.values()]
        texts = [name, *sheet.rules, *(rule.formula for rule in sheet.validations), *(chart.name for chart in sheet.charts)]
        texts += [str(cell.formula if cell.is_formula else cell.value) for cell, _ in formats]
        texts += [text for _, form in formats for text in (form.code, form.fill, form.border)]
        columns = {column for run in sheet.columns if run.last - run.first < 100 for column in range(run.first, run.last + 1)}
        texts += [f"{sheet.width(column)} pixels" for column in columns if sheet.width(column) > 480]
        texts += [f"{row.height:g} points" for row in sheet.rows.values() if row.height and row.height > 70]
        texts += [f"{sheet.view.zoom}%"] if sheet.view.zoom > 100 else []
        found.update(mark for text in texts for mark in MARKS.findall(text))
        found.update({f"filter of {name}": int(bool(sheet.filtered))})
    found.update(titles(path))
    found.update(mark for extra in read_extras(path) if not is_account_sheet(extra.sheet) for mark in MARKS.findall(extra.text))
    found.update(name for of, name in saved.names if not of and name.startswith("own_"))
    return +found


def titles(path: Path) -> list[str]:
    """Return the marks in the titles of charts."""
    with zipfile.ZipFile(path) as file:
        drawn = [file.read(name).decode() for name in file.namelist() if "/chart" in name and name.endswith(".xml")]
    return [mark for text in drawn for mark in MARKS.findall("".join(re.findall(r"<a:t>([^<]*)<", text)))]


def of_build(path: Path) -> int:
    """Count the charts on sheets of the model that are not people's."""
    sheets = read_saved(path).sheets.items()
    drawn = [chart for name, sheet in sheets if not (is_account_sheet(name) or name.startswith("Own ")) for chart in sheet.charts]
    return len(drawn) - len(titles(path))


def listed(found: Regeneration) -> set[str]:
    """Return the marks of all that is listed."""
    texts = [f"{item.kind} of {item.place.partition('!')[0]}" for item in found.lost]
    marks = (mark for text in [item.text for item in found.lost] + list(map(str, found.left)) for mark in MARKS.findall(text))
    return {*texts, *marks}


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Templates as they were, and with a case and a row more."""
    root, one = copy_of(ACROSS, tmp_path_factory.mktemp("newer") / "templates"), "      count: {label: GPUs, unit: gpu,"
    plant(root, "sheets/cases.yaml", one, f'      spare: {{label: Spare, unit: "1", above: 0, values: {{paper: 1}}}}\n{one}')
    plant(root, "sheets/cases.yaml", "mine: My own", "extra: One more, mine: My own")
    plant(root, "sheets/cases.yaml", "parents: {corrected: paper,", "parents: {corrected: paper, extra: paper,")
    return [ACROSS, root]


def files(start: int, end: int, folder: Path, dice: random.Random) -> list[Path]:
    """Save files with some things added and some inputs edited: by a library, and of three one by LibreOffice and one by Gnumeric."""
    book, built = api.load("across", ACROSS), api.build("across", folder / "built.xlsx", templates=ACROSS).path
    paths = [folder / f"{number}.xlsx" for number in range(start, end)]
    for path in paths:
        opened: Any = openpyxl.load_workbook(built)
        for name, value in draw(book, dice, 2).items():
            sheet, address = place(book, name)
            opened[sheet][address].value = value
        adding = Adding(opened, dice)
        for kind in dice.choices(KINDS, k=dice.randint(1, 12)):
            kind(adding, dice.choice(adding.sheets))
        opened.save(path)
    converter = shutil.which("ssconvert") or ""
    in_libreoffice([(path, path.with_name(f"office-{path.name}"), []) for path in paths[1::3]])
    for path in paths[2::3] if converter else ():
        line = [converter, str(path), str(path.with_name(f"gnumeric-{path.name}"))]
        subprocess.run(line, check=True, capture_output=True, timeout=120)  # noqa: S603 a file of ours
    again = {path: [folder / f"{kind}-{path.name}" for kind in ("office", "gnumeric")] for path in paths}
    return [next((each for each in others if each.exists()), path) for path, others in again.items()]


@pytest.mark.parametrize("count", [10, pytest.param(500, marks=pytest.mark.storm)])
def test_all_that_was_added_is_there_once_or_is_listed(count: int, roots: list[Path], tmp_path: Path) -> None:
    dice, done, target = random.Random(SEED), 0, tmp_path / "new.xlsx"  # noqa: S311 tests need the same numbers each time
    batches = (files(start, min(count, start + BATCH), tmp_path, dice) for start in range(0, count, BATCH))
    for number, path in enumerate(chain.from_iterable(batches)):
        try:
            found = regenerate(path, target, templates=roots[number % 2])
        except WorkbookError as error:
            assert all(item.place or "would be an error" in item.message for item in error.diagnostics), error  # noqa: PT017 edits alone
            continue
        before, now, told = seen(path), seen(target), listed(found)
        assert {mark for mark in before if not now[mark] and mark not in told} == set(), (path.name, list(map(str, found.lost)))
        assert {mark for mark in now if now[mark] > before[mark]} == set(), path.name
        assert of_build(target) == CHARTS, path.name  # also those that people deleted or moved
        if number % 5 == 0:
            for source, twice in ((target, tmp_path / "second.xlsx"), (tmp_path / "second.xlsx", tmp_path / "third.xlsx")):
                regenerate(source, twice, templates=roots[number % 2])
                assert seen(twice) == now, path.name
            assert (tmp_path / "third.xlsx").read_bytes() == (tmp_path / "second.xlsx").read_bytes()
        done += 1
    assert done > count * 0.7


@pytest.mark.parametrize("count", [1, pytest.param(60, marks=pytest.mark.storm)])
def test_copies_come_together_in_any_order_each_once(count: int, tmp_path: Path) -> None:
    dice, target, same = random.Random(SEED), tmp_path / "new.xlsx", tmp_path / "same.xlsx"  # noqa: S311 as above
    paths = files(0, 2 * count, tmp_path, dice)
    for one, other in zip(paths[::2], paths[1::2], strict=True):
        shutil.copy(one, same)
        built: list[tuple[Counter[str], bytes, set[str]]] = []
        for copies in ([one], [one, same], [one, tmp_path / "built.xlsx"], [one, other], [other, one]):
            with contextlib.suppress(WorkbookError):  # what edits come to may be an error: test_copies
                found = regenerate(copies, target, templates=ACROSS)
                built.append((seen(target), target.read_bytes(), listed(found)))
        if len(built) == len("12345"):
            alone = built[0][0]
            for again, _, told in built[1:3]:  # sheets that tell of a merge make others longer, where then some have no place
                assert {mark for mark in alone | again if alone[mark] != again[mark]} <= told, one.name
                assert again <= alone, one.name
            assert built[3][1] == built[4][1], (one.name, other.name)
