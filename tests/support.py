"""What several test modules share: templates to spoil, the command line, engines, and formulas as text."""

from __future__ import annotations

import atexit
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from openpyxl.formula.translate import Translator

import workbook
from workbook import api
from workbook.cli.main import main
from workbook.declare.packaged import packaged
from workbook.errors import WorkbookError
from workbook.record.fingerprints import shifted
from workbook.verify.engines import find
from workbook.xlsx.a1 import column_letters
from workbook.xlsx.cells import cell_position, read_cells
from workbook.xlsx.package import Package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from click.testing import Result
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

    from workbook.errors import Diagnostic
    from workbook.verify.engines.base import Engine
    from workbook.xlsx.cells import Cell

TINY = Path(__file__).parent / "templates" / "tiny"
ACROSS = Path(__file__).parent / "templates" / "across"
TAKES = Path(__file__).parent / "templates" / "takes"
BARS = Path(__file__).parent / "templates" / "bars"
SOURCES = Path(workbook.__file__).parent.parent
RECORD_SHEET = "_workbook"
MARK = "§"  # stands in a planted text where a diagnostic has to point

_TOKEN = re.compile(
    r""""(?:[^"]|"")*"|'(?:[^']|'')*'!"""  # texts and quoted sheet names: no references inside
    r"|(?<![A-Za-z0-9_.$])(?P<column_fixed>\$?)(?P<column>[A-Z]{1,3})(?P<row_fixed>\$?)(?P<row>[1-9][0-9]*)(?![A-Za-z0-9_.(])"
)
_FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\(")
_TEXT = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'!""")


Rule = tuple[str | None, str | None, str | None, str | None]


def rules_by_cell(sheet: Worksheet) -> dict[str, Rule]:
    """Give the rule of each cell on what may be typed: its type, operator and formulas, as they read in that cell."""
    found: dict[str, Rule] = {}
    for rule in sheet.data_validations.dataValidation:
        first, *_ = cells = cells_of(rule)
        for at in cells:
            one, two = (text and Translator(f"={text}", origin=first).translate_formula(at)[1:] for text in (rule.formula1, rule.formula2))
            found[at] = (rule.type, rule.operator, one, two)
    return found


def cells_of(rule: DataValidation) -> list[str]:
    """Give the cells that a rule holds for, row by row."""
    cells = sorted(cell for area in rule.sqref.ranges for cell in area.cells)
    return [f"{column_letters(column - 1)}{row}" for row, column in cells]


# The workbooks of the package, made once for all tests of a process: nobody may change them.


@cache
def shipped(name: str) -> api.Book:
    """Give a workbook of the package's templates as Python has it."""
    return api.load(name)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="shipped-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def shipped_file(name: str) -> api.BuildReport:
    """Build a workbook of the package's templates; open the file to read it, or copy it first."""
    return api.build(name, _folder() / f"{name}.xlsx")


# Engines.

QUICKEST = "ironcalc"


def require(engine: Engine) -> Engine:
    """Go on only with an engine that is installed: without it, fail in continuous integration and skip elsewhere."""
    reason = engine.unavailable()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(f"{engine.name} must not be missing here: {reason}")
        pytest.skip(reason)
    return engine


def require_all() -> list[str]:
    """Go on only with all engines; give their names."""
    return [require(engine).name for engine in find()]


# The command line.


def command(*arguments: object, catch_exceptions: bool = False) -> Result:
    """Run a command in this process; an exception that is not an exit reaches the test, unless it is caught for the result."""
    line = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, line, prog_name="workbook", catch_exceptions=catch_exceptions)


def environment(**extra: str) -> dict[str, str]:
    """Give an environment in which a new Python finds the package that is tested, wherever it starts."""
    return {**os.environ, "PYTHONPATH": str(SOURCES), **extra}


def process(*arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``python -m workbook`` as a process of its own."""
    line = [sys.executable, "-m", "workbook", *map(str, arguments)]
    return subprocess.run(  # noqa: S603 our own program
        line, capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=env or environment(), timeout=120, check=False
    )


# Templates.


def copy_of(templates: Path | None, target: Path) -> Path:
    """Copy templates (the packaged ones by default) to a new folder."""
    shutil.copytree(templates or packaged(), target)
    return target


def plant(root: Path, file: str, old: str, new: str) -> tuple[str, int, int] | None:
    """Put ``new`` in the place of the only ``old`` (or of the whole file); give file, line and column of the mark in it."""
    path = root / file
    before = path.read_text("utf-8") if path.exists() else ""
    assert not old or before.count(old) == 1, f"{file} holds {old!r} {before.count(old)} times"
    text = before.replace(old, new) if old else new
    head, mark, _ = text.partition(MARK)
    path.write_text(text.replace(MARK, ""), "utf-8")
    lines = head.split("\n")
    return (file, len(lines), len(lines[-1]) + 1) if mark else None


def write_templates(root: Path, sheet: str, units: str | None = None, sources: str = "{}\n") -> Path:
    """Write templates of a workbook ``book`` of one sheet to a new folder, with the packaged units unless others are given."""
    (root / "sheets").mkdir(parents=True)
    (root / "sheets" / "sheet.yaml").write_text(sheet, encoding="utf-8")
    (root / "book.yaml").write_text("workbook: book\ntitle: Book\nsheets: [sheet]\n", encoding="utf-8")
    (root / "sources.yaml").write_text(sources, encoding="utf-8")
    (root / "units.txt").write_text((packaged() / "units.txt").read_text("utf-8") if units is None else units, encoding="utf-8")
    return root


def mistakes_in(name: str, templates: Path, **more: Any) -> tuple[Diagnostic, ...]:
    """Load a workbook of templates that are wrong (with sets and overlays, if any); give what is said of them."""
    with pytest.raises(WorkbookError) as caught:
        api.load(name, templates, **more)
    return caught.value.diagnostics


def position(found: Diagnostic) -> tuple[str, int, int]:
    """Give file, line and column of a diagnostic, as `plant` gives those of a mark."""
    place = found.place
    assert place is not None
    return place.file, place.line, place.column


# Files.


def address_of(book: api.Book, cell_id: str) -> str:
    """Give where a cell stands on its sheet."""
    found = book.model.find(cell_id)
    assert found, cell_id
    return book.layout.address(*found).rpartition("!")[2]


SHARED = re.compile(r'<c r="(\w+)"([^>]*)><f t="shared" si="(\d+)"(?: ref="\w+:\w+")?>([^<]*)</f>')


def formula_cells(path: Path) -> dict[tuple[str, str], Cell]:
    """Give every formula cell of a file but those of the record, as the raw reader finds it; where it shares a formula, with that."""
    found = {sheet: cells for sheet, cells in read_cells(path).items() if sheet != RECORD_SHEET}
    return {
        (sheet, address): filled(cells, address) for sheet, cells in found.items() for address, cell in cells.items() if cell.is_formula
    }


def filled(cells: Mapping[str, Cell], address: str) -> Cell:
    """Give a cell of a sheet with the formula that it shares with another, if it does."""
    cell = cells[address]
    if not cell.follows or cell.formula is not None:
        return cell
    (row, column), (first_row, first_column) = cell_position(address), cell_position(cell.follows)
    return cell._replace(formula=shifted(cells[cell.follows].formula or "", row - first_row, column - first_column))


def recorded_formulas(path: Path) -> int:
    """Count the formulas of the record of a build."""
    return sum(cell.is_formula for cell in read_cells(path)[RECORD_SHEET].values())


def written_out(sheet: bytes) -> bytes:
    """Give the XML of a sheet whose cells have formulas of their own in place of shared ones, as openpyxl fills one down."""
    masters: dict[str, Translator] = {}

    def whole(match: re.Match[str]) -> str:
        cell, rest, group, formula = match.groups()
        if formula:
            masters[group] = Translator(f"={html.unescape(formula)}", origin=cell)
        return f'<c r="{cell}"{rest}><f>{html.escape(masters[group].translate_formula(cell)[1:], quote=False)}</f>'

    return SHARED.sub(whole, sheet.decode()).encode()


def change_cells(source: Path, target: Path, places: Iterable[tuple[str, str]], change: Callable[[str], str]) -> None:
    """Copy a workbook with the XML of some cells changed, on whose sheets no formula is shared, and every other byte of it as it was."""
    with Package(source) as package:
        parts = {entry.path: entry.name for entry in package.worksheets()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            text = old.read(item)
            if parts.get(item.filename) in {sheet for sheet, _ in places}:
                text = written_out(text)
            for sheet, address in places:
                if parts.get(item.filename) == sheet:
                    found = re.findall(rf'<c r="{address}"[^>]*>.*?</c>'.encode(), text)
                    assert len(found) == 1, f"{sheet}!{address}: {found}"
                    text = text.replace(found[0], change(found[0].decode()).encode())
            new.writestr(item, text)


# Formulas.


def r1c1(formula: str, address: str) -> str:
    """Write a formula with its references relative to its own cell: equal columns of cells then hold equal texts."""
    home_row, home_column = cell_position(address)

    def part(letter: str, number: int, home: int, *, fixed: bool) -> str:
        if fixed:
            return f"{letter}{number}"
        return letter if number == home else f"{letter}[{number - home}]"

    def replaced(match: re.Match[str]) -> str:
        if match["column"] is None:
            return match[0]
        row, column = cell_position(match["column"] + match["row"])
        return part("R", row, home_row, fixed=bool(match["row_fixed"])) + part("C", column, home_column, fixed=bool(match["column_fixed"]))

    return _TOKEN.sub(replaced, formula)


def functions_of(formula: str) -> set[str]:
    """Give the names of the functions that a formula calls."""
    return set(_FUNCTION.findall(_TEXT.sub('""', formula)))
