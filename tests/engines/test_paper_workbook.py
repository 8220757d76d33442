"""The paper workbook, recomputed cell by cell by three engines, and every way to cheat at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import pytest

from tests.reference.printed import PRINTED
from tests.support import QUICKEST, TINY, change_cells, command, formula_cells, require_all, shipped, shipped_file
from workbook import api
from workbook.cli.options import SHOWN_DIFFERENCES
from workbook.verify.compare import AGREE, DIFFER, SURVIVED, UNKNOWN
from workbook.verify.engines import ENGINES
from workbook.verify.engines.base import Engine, EngineFailure, Sheets
from workbook.verify.poison import is_poison
from workbook.verify.run import SAVED, VerifyReport, expectations, verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@pytest.fixture(scope="session")
def paper() -> api.BuildReport:
    """Build the paper workbook once."""
    return shipped_file("paper")


@pytest.fixture(scope="session")
def loaded() -> api.Book:
    """Give the paper workbook as Python has it."""
    return shipped("paper")


@pytest.fixture(scope="session")
def report(paper: api.BuildReport) -> VerifyReport:
    """Verify the paper workbook with every engine once."""
    require_all()
    return verify(paper.path)


# Every cell agrees, and none is left out.


def test_every_engine_agrees_on_every_cell(report: VerifyReport) -> None:
    assert report.engines == [SAVED, *ENGINES]
    counts = {(engine, kind): report.count(engine, kind) for engine in report.engines for kind in (AGREE, DIFFER, UNKNOWN, SURVIVED)}
    assert counts == {(engine, kind): report.cells if kind == AGREE else 0 for engine, kind in counts}
    assert report.ok
    assert report.frame.empty


def test_the_cells_compared_are_all_formula_cells_of_the_file(paper: api.BuildReport, loaded: api.Book, report: VerifyReport) -> None:
    found = formula_cells(paper.path)
    expected = {(item.sheet, item.address): item.formula for item in expectations(loaded)}
    assert {at: cell.formula for at, cell in found.items()} == expected
    assert len(found) == report.cells == paper.formulas
    assert report.cells > 4_000


def test_no_cell_holds_a_poison_or_an_error(paper: api.BuildReport) -> None:
    values = {at: cell.value for at, cell in formula_cells(paper.path).items()}
    assert not {at: value for at, value in values.items() if not isinstance(value, float | str) or is_poison(value)}


def test_the_command_says_so(tiny: Path) -> None:
    cells = len(formula_cells(tiny))
    result = command("verify", tiny, "--templates", TINY, "--engine", QUICKEST)
    assert result.exit_code == 0
    assert result.stderr == ""
    for name in (SAVED, QUICKEST):
        line = next(line for line in result.stdout.splitlines() if name in line)
        assert re.findall(r"[\d,]+", line) == [f"{cells:,}", f"{cells:,}", "0", "0", "0"]


# The printed tables, as the engines compute them.


def test_every_printed_number_is_reproduced(loaded: api.Book, report: VerifyReport) -> None:
    verdicts = {item.id: item.value for item in expectations(loaded) if re.fullmatch(r"printed_\w+(\.\w+)+\.ok", item.id)}
    assert len(verdicts) >= sum(map(len, PRINTED.values()))
    assert set(verdicts.values()) == {1.0}
    assert report.ok, "every engine has the same values"


# Files that were tampered with.


def _some(loaded: api.Book) -> list[tuple[str, str]]:
    """Pick numbers from all over the book: every 400th formula cell."""
    numbers = [item for item in expectations(loaded) if isinstance(item.value, float)]
    return [(item.sheet, item.address) for item in numbers[200::400]]


def test_constants_in_place_of_formulas_are_found(paper: api.BuildReport, loaded: api.Book, tmp_path: Path) -> None:
    places = _some(loaded)
    file = tmp_path / "constants.xlsx"
    change_cells(paper.path, file, places, lambda cell: re.sub(r"<f>.*?</f>", "", cell))
    assert len(formula_cells(file)) == paper.formulas - len(places)
    report = verify(file, [])
    named = [line for line in report.changed if re.search("holds (the constant|nothing)", line)]
    assert {line.partition(" (")[0] for line in named} == {f"{sheet}!{address}" for sheet, address in places}
    said = command("verify", file, "--saved")
    assert (said.exit_code, len(said.stdout.splitlines()) > SHOWN_DIFFERENCES) == (1, True)
    assert f"... and {len(report.changed) - SHOWN_DIFFERENCES} more changes" in said.stdout


def test_one_constant_in_place_of_a_formula_is_a_finding(tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "constant.xlsx"
    change_cells(tiny, file, [_formula_of(tiny)], lambda cell: re.sub(r"<f>.*?</f>", "", cell))
    report = verify(file, [QUICKEST], templates=TINY)
    assert (report.ok, len(report.changed), len(report.differences)) == (False, 1, 0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small workbook, for what does not depend on the size."""
    return api.build("tiny", tmp_path_factory.mktemp("tiny") / "tiny.xlsx", templates=TINY).path


def test_another_formula_with_the_same_value_is_found(tiny: Path, tmp_path: Path) -> None:
    at = _formula_of(tiny)
    file = tmp_path / "changed.xlsx"
    change_cells(tiny, file, [at], lambda cell: cell.replace("</f>", "+0</f>"))
    result = command("verify", file, "--templates", TINY, "--engine", QUICKEST)
    assert result.exit_code == 1
    assert re.search(rf"{at[0]}!{at[1]} \(fit.small.l1.n\) holds =.*\+0 in place of =INT", result.stdout)


def test_a_formula_that_is_gone_is_found(tiny: Path, tmp_path: Path) -> None:
    at = _formula_of(tiny)
    file = tmp_path / "gone.xlsx"
    change_cells(tiny, file, [at], lambda _: "")
    report = verify(file, [QUICKEST], templates=TINY)
    assert not report.ok
    assert [text.partition(" in place")[0] for text in report.changed] == [f"{at[0]}!{at[1]} (fit.small.l1.n) holds nothing"]


def _formula_of(tiny: Path) -> tuple[str, str]:
    return next(at for at, cell in formula_cells(tiny).items() if (cell.formula or "").startswith("INT(ROUND("))


def test_wrong_cached_values_are_found(paper: api.BuildReport, loaded: api.Book, tmp_path: Path) -> None:
    def nudged(cell: str) -> str:
        return re.sub(r"<v>(.*?)</v>", lambda match: f"<v>{float(match[1]) * (1 + 1e-8) + 1e-9!r}</v>", cell)

    places = _some(loaded)
    file = tmp_path / "cached.xlsx"
    change_cells(paper.path, file, places, nudged)
    report = verify(file, [])
    assert {(engine, sheet, address) for engine, sheet, address, *_ in report.differences} == {(SAVED, *at) for at in places}
    assert not report.ok


def test_one_wrong_cached_value_is_a_finding(tiny: Path, tmp_path: Path) -> None:
    at = _formula_of(tiny)
    file = tmp_path / "cached.xlsx"
    change_cells(tiny, file, [at], lambda cell: re.sub(r"<v>.*?</v>", "<v>29.0000001</v>", cell))
    result = command("verify", file, "--templates", TINY, "--engine", QUICKEST)
    assert result.exit_code == 1
    assert f"{SAVED}: {at[0]}!{at[1]} fit.small.l1.n =INT" in result.stdout
    assert "Python 29.0, engine 29.0000001 (differ)" in result.stdout


# Engines that do not do their work.


class _Idle(Engine):
    """Answers what each test needs without computing anything."""

    name: ClassVar[str] = "idle"
    closed: ClassVar[int] = 0

    def unavailable(self) -> str | None:
        return None

    def version(self) -> str:
        return "0"

    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        """Echo the values that the file came with."""
        stored = read_cells(path)
        return {sheet: {at: stored[sheet][at].value for at in addresses} for sheet, addresses in cells.items()}

    def close(self) -> None:
        type(self).closed += 1


class _Silent(_Idle):
    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        del path
        return {sheet: {} for sheet in cells}


class _Missing(_Idle):
    def unavailable(self) -> str | None:
        return "it is not installed"


class _Broken(_Idle):
    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        del path, cells
        raise EngineFailure("it crashed")


def test_an_engine_that_echoes_cached_values_is_found(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "idle", _Idle)
    report = verify(tiny, ["idle"], templates=TINY)
    assert not report.ok
    assert report.count("idle", SURVIVED) == report.cells == len(formula_cells(tiny)) > SHOWN_DIFFERENCES
    assert _Idle.closed > 0
    result = command("verify", tiny, "--templates", TINY, "--engine", "idle")
    assert result.exit_code == 1
    assert "(not recalculated)" in result.stdout
    assert "more differences" in result.stdout
    assert len(result.stdout.splitlines()) < 100


def test_an_engine_that_answers_nothing_is_found(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "idle", _Silent)
    report = verify(tiny, ["idle"], templates=TINY)
    assert not report.ok
    assert report.count("idle", DIFFER) == report.cells


@pytest.mark.parametrize(("engine", "reason"), [(_Missing, "it is not installed"), (_Broken, "it crashed")])
def test_an_engine_that_does_not_run_is_a_finding(engine: type[Engine], reason: str, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "idle", engine)
    report = verify(tiny, ["idle"], templates=TINY)
    assert (report.ok, report.missing) == (False, {"idle": reason})
    result = command("verify", tiny, "--templates", TINY, "--engine", "idle")
    assert result.exit_code == 1
    assert f"idle did not run: {reason}" in result.stdout
