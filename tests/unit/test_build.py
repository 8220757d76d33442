"""The file that a build leaves: repeatable, whole or not there, and made of nothing that a spreadsheet could refuse."""

from __future__ import annotations

import errno
import itertools
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter

from tests.support import ACROSS, RECORD_SHEET, TINY, copy_of, environment, formula_cells, functions_of, plant, process, r1c1
from workbook import api
from workbook.declare.packaged import packaged
from workbook.errors import WorkbookError
from workbook.expr.values import shown
from workbook.verify.run import expectations
from workbook.xlsx.a1 import column_letters
from workbook.xlsx.cells import cell_position, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.worksheet.worksheet import Worksheet

    from workbook.xlsx.cells import Cell

BOOKS = {path.stem: packaged() for path in sorted(packaged().glob("*.yaml")) if path.stem not in {"sources", "limits"}} | {"across": ACROSS}
KILLS = 24

# Functions of Excel 2007 that compute the same at every recalculation: nothing newer, nothing volatile.
PORTABLE = {
    *(
        "ABS",
        "AND",
        "AVERAGE",
        "AVERAGEIFS",
        "CHOOSE",
        "COLUMNS",
        "CONCATENATE",
        "COUNTIFS",
        "EXP",
        "IF",
        "IFERROR",
        "INDEX",
        "INT",
        "INTERCEPT",
        "LN",
        "LOG",
        "LOG10",
    ),
    *("MATCH", "MAX", "MIN", "NOT", "OR", "POISSON", "ROUND", "ROWS", "SLOPE", "SQRT", "SUM", "SUMIFS", "SUMPRODUCT", "TEXT", "TRUNC"),
}
LONGEST = 250
_BLOCK = re.compile(r"R\d+(C\d+):R\d+\1\b")  # fixed rows of one column, as r1c1 writes them
BLOCKS = {
    "headline_ranges.worst",
    "headline_ranges.widest_size",
    "headline_ranges.first",
}  # each row has a block of another table's rows to itself


@pytest.fixture(scope="module", params=BOOKS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[api.Book, api.BuildReport]:
    """Build each packaged workbook once, and the one with tables across."""
    path = tmp_path_factory.mktemp("built") / f"{request.param}.xlsx"
    templates = BOOKS[request.param]
    return api.load(request.param, templates), api.build(request.param, path, templates=templates)


@pytest.fixture(scope="module")
def opened(built: tuple[api.Book, api.BuildReport]) -> openpyxl.Workbook:
    """Give the workbook as openpyxl reads it."""
    return openpyxl.load_workbook(built[1].path)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Give a workbook that is there already."""
    path = tmp_path / "out" / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def tiny(path: Path, **sets: float) -> api.BuildReport:
    """Build the tiny workbook; ``weights=3`` sets run.weights."""
    return api.build("tiny", path, templates=TINY, sets={f"run.{key}": value for key, value in sets.items()})


# Repeatable.


def test_two_builds_give_the_same_bytes(built: tuple[api.Book, api.BuildReport], tmp_path: Path) -> None:
    again = tmp_path / "another name.xlsx"
    name = built[0].model.declared.name
    api.build(name, again, templates=BOOKS[name])
    assert again.read_bytes() == built[1].path.read_bytes()


@pytest.mark.parametrize(("seed", "zone", "locale"), [("1", "Asia/Kathmandu", "C"), ("random", "America/St_Johns", "C.UTF-8")])
def test_a_new_process_gives_the_same_bytes(seed: str, zone: str, locale: str, tmp_path: Path) -> None:
    here = tmp_path / "here.xlsx"
    api.build("paper", here)
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    env = environment(PYTHONHASHSEED=seed, TZ=zone, LC_ALL=locale, TMPDIR=str(elsewhere))
    result = process("build", "paper", "--out", "there.xlsx", cwd=elsewhere, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert (elsewhere / "there.xlsx").read_bytes() == here.read_bytes()
    assert [path.name for path in elsewhere.iterdir()] == ["there.xlsx"]


def test_without_a_name_the_file_goes_to_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = api.build("tiny", templates=TINY)
    assert report.path == Path("output/tiny.xlsx")
    assert report.path.is_file()


# Whole or not there.

_SERVER = """
import os, sys
from pathlib import Path
from workbook import api
templates, out = Path(sys.argv[1]), Path(sys.argv[2])
api.load("tiny", templates)
while line := sys.stdin.readline():
    child = os.fork()
    if child == 0:
        api.build("tiny", out, templates=templates, sets={"run.weights": float(line)})
        os._exit(0)
    print("started", flush=True)
    sys.stdin.readline()
    os.kill(child, 9)  # the number is still the child's: it is waited for only now
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


@pytest.fixture
def server(old: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that builds in a child of its own for each line it gets, and tells the child's number."""
    line = [sys.executable, "-c", _SERVER, str(TINY), str(old)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()) as running:  # noqa: S603
        yield running
        assert running.stdin is not None
        running.stdin.close()


def test_a_build_killed_at_any_moment_leaves_the_old_file_or_the_new(old: Path, server: subprocess.Popen[str], tmp_path: Path) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    before = old.read_bytes()
    fresh = tmp_path / "fresh.xlsx"
    tiny(fresh, weights=3)
    after = fresh.read_bytes()
    start = time.perf_counter()
    tiny(fresh, weights=3)
    longest = 2.0 * (time.perf_counter() - start)
    chance = random.Random(1)  # noqa: S311 the moments need not be secret
    outcomes = {before: 0, after: 0}
    for number in range(KILLS):
        old.write_bytes(before)
        server.stdin.write("3\n")
        server.stdin.flush()
        assert server.stdout.readline() == "started\n"
        time.sleep(longest * (number + chance.random()) / KILLS)
        server.stdin.write("kill\n")
        server.stdin.flush()
        assert server.stdout.readline() == "ended\n"
        outcomes[old.read_bytes()] += 1
        assert formula_cells(old)
        assert {path.suffix for path in old.parent.iterdir() if path != old} <= {".part"}
    assert sum(outcomes.values()) == KILLS >= 15
    assert min(outcomes.values()) > 0, "the kills came too early or too late to show anything"
    tiny(old, weights=3)
    assert old.read_bytes() == after


def _leftovers(path: Path) -> list[str]:
    return [item.name for item in path.parent.iterdir() if item != path]


class _FailingAt:
    """Stands in for a function and fails at its n-th call."""

    def __init__(self, real: Any, number: int, error: BaseException) -> None:
        self.real, self.left, self.error = real, number, error

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.real(*arguments, **keywords)


def _fail(patch: pytest.MonkeyPatch, failing: _FailingAt, owner: Any, name: str) -> None:
    """Put it in the place of a function; of a class it must be a function to be bound."""

    def called(*arguments: Any, **keywords: Any) -> Any:
        return failing(*arguments, **keywords)

    patch.setattr(owner, name, called)


FULL = OSError(errno.ENOSPC, "No space left on device")
FORBIDDEN = PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("owner", "name", "number", "error"),
    [
        (tempfile, "mkstemp", 1, FORBIDDEN),  # the directory cannot be written
        (os, "close", 1, FULL),
        (Path, "write_bytes", 1, FULL),
        (Path, "chmod", 1, FORBIDDEN),
        (Path, "replace", 1, FORBIDDEN),  # the file is open in a program that locks it
    ],
)
def test_what_cannot_be_written_leaves_the_old_file_alone(
    owner: Any, name: str, number: int, error: OSError, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.read_bytes()
    failing = _FailingAt(getattr(owner, name), number, error)
    with monkeypatch.context() as patch:
        _fail(patch, failing, owner, name)
        with pytest.raises(WorkbookError) as caught:
            tiny(old, weights=3)
    [diagnostic] = caught.value.diagnostics
    assert str(diagnostic.place) == str(old)
    assert diagnostic.message == f"cannot be written: {error.strerror}"
    assert "--out" in diagnostic.fix
    assert old.read_bytes() == before
    assert _leftovers(old) == []


@pytest.mark.parametrize(("owner", "name"), [(xlsxwriter.Workbook, "add_worksheet"), (xlsxwriter.Workbook, "close"), (Path, "replace")])
def test_an_interrupted_build_leaves_the_old_file_alone(owner: Any, name: str, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.read_bytes()
    _fail(monkeypatch, _FailingAt(getattr(owner, name), 1, KeyboardInterrupt()), owner, name)
    with pytest.raises(KeyboardInterrupt):
        tiny(old, weights=3)
    assert old.read_bytes() == before
    assert _leftovers(old) == []


def _limited(limit: int, old: Path) -> subprocess.CompletedProcess[str]:
    """Build in a process that can write so many bytes to a file, as on a disk that is nearly full."""
    code = f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); runpy.run_module('workbook')"
    line = [sys.executable, "-B", "-c", code, "build", "tiny", "--templates", str(TINY), "--out", str(old)]
    return subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=60, check=False)  # noqa: S603


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are those of Unix")
@pytest.mark.parametrize("limit", [64, 20_000])
def test_a_full_disk_leaves_the_old_file_alone(limit: int, old: Path) -> None:
    before = old.read_bytes()
    assert len(before) > limit
    result = _limited(limit, old)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.search(rf"^{re.escape(str(old))}: cannot be written: .*File too large", result.stderr, re.MULTILINE)
    assert old.read_bytes() == before
    assert _leftovers(old) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are those of Unix")
def test_a_full_disk_is_told_in_one_sentence(old: Path) -> None:
    told = f"{old}: cannot be written: File too large\n    free some space, or choose another place with --out\n"
    assert _limited(5_000, old).stderr == told


def test_a_directory_in_the_way_stays(tmp_path: Path) -> None:
    path = tmp_path / "taken.xlsx"
    path.mkdir()
    (path / "kept").write_text("kept")
    with pytest.raises(WorkbookError, match="cannot be written"):
        tiny(path)
    assert (path / "kept").read_text() == "kept"
    assert _leftovers(path) == []


def test_a_device_in_the_way_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe.xlsx"
    os.mkfifo(path)
    with pytest.raises(WorkbookError, match="not a regular file"):
        tiny(path)
    assert path.is_fifo()


def test_a_file_in_the_place_of_a_directory_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(WorkbookError, match="cannot be written"):
        tiny(tmp_path / "file" / "tiny.xlsx")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_read_only_directory_keeps_its_file(old: Path) -> None:
    before = old.read_bytes()
    old.chmod(0o444)
    old.parent.chmod(0o555)
    try:
        with pytest.raises(WorkbookError, match="Permission denied"):
            tiny(old, weights=3)
    finally:
        old.parent.chmod(0o755)
    assert old.read_bytes() == before


def test_folders_are_made_and_permissions_are_those_of_any_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "tiny.xlsx"
    tiny(path)
    other = tmp_path / "other"
    other.write_text("")
    assert path.stat().st_mode == other.stat().st_mode


# What is in the file.


def test_set_values_reach_the_file_and_all_that_depends_on_them(tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    sets: dict[str, str | float] = {"run.weights": "20.5", "run.gpu": "large", "lengths.l2": 2500, "gpus.small.maker": "blue"}
    api.build("tiny", path, templates=TINY, sets=sets)
    book = api.load("tiny", TINY, sets)
    values = _by_id(book, path)
    assert values["run.weights"] == 20.5
    assert values["run.gpu"] == "Large GPU"
    assert values["lengths.l2"] == 2500
    assert values["gpus.small.maker"] == "blue"
    assert values["fit.small.l1.n"] == 24  # 45 - 20.5 = 24.5 GB, 1 GB each
    assert values["fit.small.l2.length"] == 2500
    assert values["result.chosen"] == 78


def _by_id(book: api.Book, path: Path) -> dict[str, Any]:
    cells = read_cells(path)
    found = {}
    for cell_id, quantity, row in book.model.cells():
        sheet, address = _at(book, quantity, row)
        found[cell_id] = cells[sheet][address].value
    return found


def _at(book: api.Book, quantity: str, row: int) -> tuple[str, str]:
    sheet, _, address = book.layout.address(quantity, row).rpartition("!")
    return sheet.strip("'"), address


def test_every_value_of_python_is_in_its_cell(built: tuple[api.Book, api.BuildReport]) -> None:
    book, report = built
    values = _by_id(book, report.path)
    for cell_id, quantity, row in book.model.cells():
        expected = shown(book.values[quantity])[row]
        same = values[cell_id] == expected if isinstance(expected, str) else math.isclose(values[cell_id], expected, rel_tol=1e-15)
        assert same, cell_id


def test_the_counts_are_those_of_the_file(built: tuple[api.Book, api.BuildReport], opened: openpyxl.Workbook) -> None:
    book, report = built
    assert report.formulas == len(formula_cells(report.path))
    assert report.sheets == len(opened.sheetnames) - 1
    unlocked = [cell for sheet in _sheets(opened) for row in sheet.iter_rows() for cell in row if not cell.protection.locked]
    taken_over = [row for quantity in book.model.quantities.values() for row in range(quantity.size) if quantity.takes_over(row)]
    notes = [address for sheet in book.layout.sheets for address in _notes(book, sheet)]
    assert report.inputs == len(unlocked) - len(taken_over) - len(notes)
    assert 0 < report.seconds < 60


def _notes(book: api.Book, sheet: str) -> set[str]:
    """Give the cells beside inputs in which users may write: those of the merged column Note."""
    labels = [label for label in book.layout.sheets[sheet].labels if label.style == "note"]
    return {f"{column_letters(label.column + step)}{label.row + 1}" for label in labels for step in range(label.span)}


def _sheets(opened: openpyxl.Workbook) -> list[Worksheet]:
    return [opened[name] for name in opened.sheetnames if name != RECORD_SHEET]


def test_the_record_is_hidden_and_nothing_else_is(opened: openpyxl.Workbook) -> None:
    assert [name for name in opened.sheetnames if opened[name].sheet_state != "visible"] == [RECORD_SHEET]


def test_every_formula_has_a_cached_value(built: tuple[api.Book, api.BuildReport]) -> None:
    assert not {at: cell for at, cell in formula_cells(built[1].path).items() if not isinstance(cell.value, float | str)}


def test_formulas_use_portable_functions_only(built: tuple[api.Book, api.BuildReport]) -> None:
    used = set().union(*(functions_of(cell.formula or "") for cell in formula_cells(built[1].path).values()))
    assert used <= PORTABLE
    assert "IF" in used


def test_formulas_need_no_newer_syntax_and_no_other_file(built: tuple[api.Book, api.BuildReport]) -> None:
    with zipfile.ZipFile(built[1].path) as package:
        names = package.namelist()
        sheets = "".join(package.read(name).decode() for name in names if name.startswith("xl/worksheets/sheet"))
    assert not [name for name in names if "external" in name.lower() or "vba" in name.lower() or "calcChain" in name]
    sheets = sheets.replace("_xlfn.ISFORMULA(", "")  # in the record of the build, which does without where it fails
    assert not re.findall(r"_xlfn|_xlws|<f [^>]*>|\bt=\"array\"|#REF!", sheets)
    texts = [cell.formula or "" for cell in formula_cells(built[1].path).values()]
    assert not [text for text in texts if re.search(r"[\[\]{}@#]", re.sub(r'"[^"]*"', "", text))]


def test_formulas_are_short_enough_to_read(built: tuple[api.Book, api.BuildReport]) -> None:
    long = {at: cell.formula for at, cell in formula_cells(built[1].path).items() if len(cell.formula or "") > LONGEST}
    assert long == {}


def test_a_column_holds_one_formula(built: tuple[api.Book, api.BuildReport]) -> None:
    """Rows of one expression hold the same formula relative to their own cell; first rows and cases are expressions of their own."""
    book, report = built
    formulas = {at: cell.formula or "" for at, cell in formula_cells(report.path).items()}
    compared = 0
    for quantity in book.model.quantities.values():
        for variant in quantity.variants:
            texts: dict[str, set[str]] = defaultdict(set)
            for row in variant.rows:
                sheet, address = _at(book, quantity.id, row)
                text = r1c1(formulas[sheet, address], address)
                texts[sheet].add(_BLOCK.sub(r"\1:\1", text) if quantity.id in BLOCKS else text)
            compared += len(variant.rows)
            assert all(len(found) == 1 for found in texts.values()), (quantity.id, texts)
    links = sum(len(quantity.links) for quantity in book.model.quantities.values())
    assert compared + links == report.formulas


@pytest.mark.parametrize(
    ("formula", "address", "relative"),
    [
        ("B2+C$3*$D4", "B5", "R[-3]C+R3C[1]*R[-1]C4"),
        ("$A$1", "Z9", "R1C1"),
        ("SUM(A1:A3)+LOG10(AA1)", "A4", "SUM(R[-3]C:R[-1]C)+LOG10(R[-3]C[26])"),
        ("'H100 SXM'!B9&\"B9\"&Fit!B9", "B9", "'H100 SXM'!RC&\"B9\"&Fit!RC"),
        ("windows_b2+b2_windows*1E5", "B2", "windows_b2+b2_windows*1E5"),
    ],
)
def test_the_relative_form_of_a_formula(formula: str, address: str, relative: str) -> None:
    assert r1c1(formula, address) == relative


# Inputs can be edited and nothing else can.


def _is_free(book: api.Book, name: str) -> bool:
    quantity = book.model.quantities[name]
    return quantity.is_text and not quantity.bounds.choices and not quantity.bounds.key


def _validated(sheet: Worksheet) -> set[str]:
    cells: set[str] = set()
    for rule in sheet.data_validations.dataValidation:
        assert rule.showErrorMessage, rule.sqref
        for area in rule.sqref.ranges:
            for row, column in itertools.product(range(area.min_row, area.max_row + 1), range(area.min_col, area.max_col + 1)):
                cells.add(sheet.cell(row, column).coordinate)
    return cells


def test_inputs_are_unlocked_and_validated_and_formulas_locked(built: tuple[api.Book, api.BuildReport], opened: openpyxl.Workbook) -> None:
    book, _ = built
    inputs: dict[str, dict[str, str]] = defaultdict(dict)
    taken_over: set[tuple[str, str]] = set()
    for cell_id, name, row in book.model.cells():
        quantity = book.model.quantities[name]
        if quantity.is_settable(row):
            sheet, address = _at(book, name, row)
            inputs[sheet][address] = cell_id
            if quantity.takes_over(row):
                taken_over.add((sheet, address))
    for page in _sheets(opened):
        title = page.title
        assert page.protection.sheet, title
        assert not page.protection.password, title
        cells = [cell for row in page.iter_rows() for cell in row]
        assert {cell.coordinate for cell in cells if not cell.protection.locked} == set(inputs[title]) | _notes(book, title)
        open_formulas = {cell.coordinate for cell in cells if cell.data_type == "f" and not cell.protection.locked}
        assert open_formulas == {address for name, address in taken_over if name == title}, title
        assert set(inputs[title]) <= _validated(page) <= set(inputs[title]) | _notes(book, title), title


# Texts that look like formulas.

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("a")', "'=1", "_x0041_", "<b>&amp;</b>"]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_that_look_like_formulas_stay_texts(text: str, tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    quoted = '"' + "".join(f"\\x{ord(c):02x}" if ord(c) < 32 or c in '"\\' else c for c in text) + '"'
    plant(root, "sheets/fit.yaml", "label: Sequences so far", f"label: {quoted}, doc: {quoted}")
    plant(root, "sheets/fit.yaml", "title: What fits\nanswers: How many sequences fit, and", f"title: {quoted}\nanswers: Which fit, and")
    plant(root, "sheets/fit.yaml", "title: Sequences that fit", f"title: {quoted}")
    plant(root, "sheets/inputs.yaml", "label: Weights,", f"label: {quoted}, note: {quoted},")
    plant(root, "sheets/cover.yaml", "title: About", f"title: {quoted}")
    plant(root, "sources.yaml", "reference: page 1", f"reference: {quoted}")
    plant(root, "gpus/small.yaml", "about: The lesser one.", f"about: {quoted}")
    plant(root, "catalogues/gpus.yaml", "label: Power,", f"label: {quoted},")
    path = tmp_path / "tiny.xlsx"
    report = api.build("tiny", path, templates=root)
    shown = 0
    for sheet, cells in read_cells(path).items():
        for address, cell in cells.items():
            if isinstance(cell.value, str) and cell.value.strip("' \t\r") == text.strip("' \t\r"):
                assert not cell.is_formula, (sheet, address)
                assert cell.value == text, (sheet, address)
                shown += 1
    assert shown >= 8
    assert report.formulas == len(formula_cells(path)) == len(expectations(api.load("tiny", TINY)))
    strings = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert all(cell.data_type == "s" for cell in strings)


NO_NAMES = ["=1+1", "+1", "-1", "@SUM", "<b>", "a:b", "a/b", "a\\b", "a?b", "a*b", "[a]", "'a", 'a"b', "a~b", "a" * 29]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_card_cannot_have_a_name_that_a_sheet_or_a_lookup_would_misread(name: str, tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    plant(root, "gpus/small.yaml", "name: Small GPU", "name: '" + name.replace("'", "''") + "'")
    with pytest.raises(WorkbookError) as caught:
        api.load("tiny", root)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.place is not None
    assert (diagnostic.place.file, diagnostic.place.line) == ("gpus/small.yaml", 2)
    assert "not starting with = + - @" in diagnostic.fix


def test_a_text_input_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "paper.xlsx"
    book = api.load("paper")
    free = next(cell_id for cell_id, name, row in book.model.cells() if row in book.model.quantities[name].inputs and _is_free(book, name))
    api.build("paper", path, sets={free: "=1+1"})
    sheet, address = _at(book, *(book.model.find(free) or ("", 0)))
    assert read_cells(path)[sheet][address][:3] == (None, "=1+1", False)


def test_openpyxl_reads_what_was_written(built: tuple[api.Book, api.BuildReport], opened: openpyxl.Workbook) -> None:
    def shown(cell: Cell) -> object:
        return f"={cell.formula}" if cell.is_formula else cell.value

    for name, cells in read_cells(built[1].path).items():
        for address, cell in cells.items():
            row, column = cell_position(address)
            assert opened[name].cell(row, column).value == shown(cell) or shown(cell) == "", (name, address)
