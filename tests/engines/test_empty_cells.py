"""Cells that ``only`` leaves empty: in Python, in the file, in every engine, and in whatever shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support import change_cells, command, mistakes_in, recorded_formulas, require, require_all, write_templates
from workbook import api
from workbook.ask import inspect
from workbook.expr.values import EMPTY
from workbook.verify.compare import AGREE, DIFFER, SURVIVED, verdict
from workbook.verify.engines import ENGINES
from workbook.verify.engines.base import CellError
from workbook.verify.poison import POISON_TEXT, poison
from workbook.verify.run import SAVED, expectations, verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

UNITS = "second = [time] = s\nmillisecond = 1e-3 * second = ms\n"
SHEET = """
sheet: Sheet
blocks:
  - inputs: x
    items:
      most: {label: Most, unit: s, value: 3, source: own}
  - table: t
    title: Times
    rows: {g: {members: {one: One, two: Two}}, n: {unit: "1", members: {n1: 1, n2: 2}}}
    columns:
      d: {label: Delay, unit: s, values: {one: {n1: 1, n2: 3.5}, two: {n1: 0, n2: 8}}}
      kept: {label: Kept, unit: s, expr: "only(d, d <= x.most)"}
      short: {label: Short, unit: ms, expr: "only(convert(d, 'ms'), d < 100)"}
      never: {label: Never, unit: 1/s, expr: "only(1 / (d - d), d > 100)"}
      twice: {label: Twice, unit: s, expr: "d * 2"}
  - view: seen
    title: Seen
    of: t.kept
    rows: g
    columns: n
  - values: v
    items:
      one: {label: One, unit: s, expr: "only(x.most, x.most > 5)"}
      instead: {label: Instead, unit: s, expr: "filled(one, 9) + filled(t['one', 'n1'].kept, 9)"}
      name: {label: Name, unit: text, expr: "'late' if x.most > 5 else ''"}
"""
SOURCES = "{own: {title: Own, reference: here}}\n"
EMPTY_IDS = {"t.one.n2.kept", "t.two.n2.kept", "seen.one.n2", "seen.two.n2", "v.one"} | {
    f"t.{g}.{n}.never" for g in ("one", "two") for n in ("n1", "n2")
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the templates once."""
    return write_templates(tmp_path_factory.mktemp("empty") / "templates", SHEET, UNITS, SOURCES)


@pytest.fixture(scope="module")
def file(root: Path) -> Path:
    """Build the workbook once."""
    return api.build("book", root.parent / "book.xlsx", templates=root).path


@pytest.fixture(scope="module")
def places(root: Path) -> dict[str, tuple[str, str]]:
    """Give the place of every formula cell by its id."""
    return {item.id: (item.sheet, item.address) for item in expectations(api.load("book", root))}


def test_python_tells_empty_cells_from_numbers(root: Path) -> None:
    book = api.load("book", root)
    assert book.values["t.kept"].tolist() == [1.0, EMPTY, 0.0, EMPTY]
    assert book.values["t.short"].tolist() == [1000.0, 3500.0, 0.0, 8000.0]
    assert [book.values[f"seen.{n}"].tolist() for n in ("n1", "n2")] == [[1.0, 0.0], [EMPTY, EMPTY]]
    assert {item.id for item in expectations(book) if item.value == ""} == EMPTY_IDS | {"v.name"}
    edited = api.load("book", root, {"x.most": 6})
    assert edited.values["t.kept"].tolist() == [1.0, 3.5, 0.0, EMPTY]
    assert edited.values["v.one"].tolist() == [6.0]
    assert book.values["v.instead"].tolist() == [10.0], "9 s instead of none, and 1 s"
    assert edited.values["v.instead"].tolist() == [7.0]


def test_the_file_holds_empty_texts_which_poison_reaches(file: Path, places: dict[str, tuple[str, str]]) -> None:
    poisoned = file.with_name("poisoned.xlsx")
    assert poison(file, poisoned) == len(places) + recorded_formulas(file)
    cells, spoilt = read_cells(file), read_cells(poisoned)
    for name in (*EMPTY_IDS, "v.name"):
        sheet, address = places[name]
        assert cells[sheet][address].value == ""
        assert spoilt[sheet][address].value == POISON_TEXT
    sheet, address = places["t.two.n1.kept"]
    assert cells[sheet][address].value == 0.0


@pytest.mark.parametrize("sets", [{}, {"x.most": 0.5}, {"x.most": 7}])
def test_every_engine_agrees(root: Path, tmp_path: Path, sets: dict[str, str | float]) -> None:
    engines = require_all()
    path = api.build("book", tmp_path / "book.xlsx", templates=root, sets=sets).path
    report = verify(path, engines, templates=root)
    assert report.ok, report.frame
    assert {engine: report.count(engine, AGREE) for engine in report.engines} == dict.fromkeys([SAVED, *engines], report.cells)


@pytest.mark.parametrize(
    ("expected", "got", "kind"),
    [
        ("", "", AGREE),
        ("", None, DIFFER),
        ("", 0.0, DIFFER),
        ("", False, DIFFER),
        ("", " ", DIFFER),
        ("", CellError("#VALUE!"), DIFFER),
        ("", POISON_TEXT, SURVIVED),
        (0.0, "", DIFFER),
        (0.0, None, DIFFER),
        (3.5, "", DIFFER),
    ],
)
def test_the_verdict_takes_an_empty_text_only_for_an_empty_cell(expected: float | str, got: float | str | None, kind: str) -> None:
    assert verdict(expected, got) == kind


@pytest.mark.parametrize("engine", list(ENGINES))
def test_an_engine_that_differs_in_emptiness_is_found(
    file: Path, root: Path, places: dict[str, tuple[str, str]], tmp_path: Path, engine: str
) -> None:
    require(ENGINES[engine]())
    formulas = {"t.one.n2.kept": "0", "t.one.n1.kept": '""', "seen.two.n2": "0", "t.two.n1.never": "1/0", "v.name": "0"}
    at = {places[name][1]: formula for name, formula in formulas.items()}
    spoilt = tmp_path / "spoilt.xlsx"

    def change(text: str) -> str:
        address = text.partition('r="')[2].partition('"')[0]
        return f"{text.partition('<f>')[0]}<f>{at[address]}</f>{text.partition('</f>')[2]}"

    change_cells(file, spoilt, [places[name] for name in formulas], change)
    report = verify(spoilt, [engine], templates=root)
    shown = {"seen.one.n2", "seen.one.n1", "v.instead"}  # a view shows what its source holds, and this adds it up
    assert set(report.frame.loc[report.frame.engine == engine, "id"]) == {*formulas, *shown}


def test_cells_and_explanations_show_nothing(root: Path) -> None:
    frame = inspect.cells(api.load("book", root)).set_index("id")
    assert {name for name in frame.index if isinstance(frame.value[name], float) and np.isnan(frame.value[name])} == EMPTY_IDS
    assert frame.formula["v.one"] == '=IF(x_most>5,x_most,"")'
    listed = {row["id"]: row["value"] for row in json.loads(command("cells", "book", "--templates", root, "--format", "json").stdout)}
    assert {name for name, value in listed.items() if value is None} == EMPTY_IDS
    for form in ("csv", "text"):
        assert "inf" not in command("cells", "book", "--templates", root, "--format", form).stdout
    shown = command("explain", "t.one.n2.kept", "--workbook", "book", "--templates", root).stdout
    assert "value     empty\n" in shown
    assert "equation  if Delay ≤ Most then Delay, else empty" in shown
    assert "value     1 s\n" in command("explain", "seen.one.n1", "--workbook", "book", "--templates", root).stdout


@pytest.mark.parametrize(
    "text",
    [
        "kept + d",
        "previous(kept)",
        "otherwise(kept, 0)",
        "filled(d, kept)",
        "filled(kept, 0) + kept",
        "filled(kept + d, 0)",
        "filled(sum(r.kept for r in t), 0)",
        "only(kept, d > 1)",
        "t[g, n].kept",
        "t['one', 'n1'].kept",
        "sum(r.kept for r in t)",
        "sum(r.kept * 2 for r in t)",
        "count(r.d for r in t if r.kept <= 1)",
        "count(r.d for r in t if r.kept == 1)",
        "max(r.kept for r in t)",
        "item([r.kept for r in t], 1)",
        "v.one",
        "seen[g].n2",
    ],
)
def test_no_expression_may_refer_to_what_may_be_empty(tmp_path: Path, text: str) -> None:
    column = 'twice: {label: Twice, unit: s, expr: "d * 2"}'
    first = ", first: d" if "previous" in text else ""
    unit = '"1"' if "count" in text else "s"
    assert column in SHEET
    bad = SHEET.replace(column, f'twice: {{label: Twice, unit: {unit}, expr: "{text}"{first}}}')
    root = write_templates(tmp_path / "bad", bad, UNITS, SOURCES)
    (problem,) = [item for item in mistakes_in("book", root) if "may be empty" in item.message]
    name = "seen.n2" if "seen" in text else "v.one" if text == "v.one" else "t.kept"
    assert problem.message == f"'t.twice': '{name}' may be empty"
    assert problem.fix == "refer to the column it is made from"
    assert str(problem.place).startswith("sheets/sheet.yaml:")
