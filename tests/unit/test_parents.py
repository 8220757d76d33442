"""Members that take over their parents' values: what they show, how they are overridden, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import ACROSS, MARK, change_cells, command, copy_of, mistakes_in, plant, position, rules_by_cell
from workbook import api
from workbook.ask import inspect
from workbook.errors import WorkbookError
from workbook.model.evaluate import evaluate
from workbook.record.located import locate
from workbook.verify.built import book_of
from workbook.verify.run import expectations, verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

CASES = "sheets/cases.yaml"
PARENTS = "parents: {corrected: paper, mine: corrected, other: corrected}"
TAKEN, OWN = "FFE8F0FA", "FFFFF9DB"
ROWS = ("paper", "corrected", "mine", "other")


def loaded(**sets: str | float) -> api.Book:
    """Load the workbook with inputs of its cases set: ``mine_pue=2`` sets cases.mine.pue."""
    return api.load("across", ACROSS, {f"cases.{key.replace('_', '.')}": value for key, value in sets.items()})


def built(path: Path, **sets: str | float) -> Path:
    """Build the workbook, with inputs set as ``loaded`` does."""
    return api.build("across", path, templates=ACROSS, sets={f"cases.{k.replace('_', '.')}": v for k, v in sets.items()}).path


# What they show.


def test_a_parent_may_stand_after_its_child(tmp_path: Path) -> None:
    """Your own cases come first in a table, those that they descend from behind them."""
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, CASES, "paper: As printed, corrected: Corrected, mine: My own,", "mine: My own, corrected: Corrected, paper: As printed,")
    book = api.load("across", root)
    assert [keys for (keys,) in book.layout.model.tables["cases"].rows] == ["mine", "corrected", "paper", "other"]
    assert book.values["cases.pue"].tolist() == [1.25, 1.25, 1.5, 1.25]


def test_a_member_without_a_value_takes_over_its_parents() -> None:
    values = loaded().values
    assert values["cases.gpu"].tolist() == ["Small GPU", "Small GPU", "Small GPU", "Large GPU"]
    assert values["cases.cooling"].tolist() == ["air", "water", "water", "water"]
    assert values["cases.pue"].tolist() == [1.5, 1.25, 1.25, 1.25]
    assert values["cases.count"].tolist() == [8, 8, 16, 8]


def test_an_edit_of_an_ancestor_reaches_all_that_take_it_over() -> None:
    values = loaded(paper_count=10).values
    assert values["cases.count"].tolist() == [10, 10, 16, 10]
    assert values["cases.power"].tolist() == pytest.approx([3.0, 2.5, 4.0, 6.25])


@pytest.mark.parametrize(
    ("sets", "column", "wanted"),
    [
        ({"mine_pue": 2}, "pue", [1.5, 1.25, 2, 1.25]),
        ({"corrected_count": 9}, "count", [8, 9, 16, 9]),
        ({"corrected_count": 9, "paper_count": 4}, "count", [4, 9, 16, 9]),
        ({"corrected_gpu": "large"}, "gpu", ["Small GPU", "Large GPU", "Large GPU", "Large GPU"]),
        ({"mine_gpu": "Large GPU"}, "gpu", ["Small GPU", "Small GPU", "Large GPU", "Large GPU"]),
        ({"other_cooling": "air"}, "cooling", ["air", "water", "water", "air"]),
    ],
)
def test_an_edit_of_a_value_taken_over_is_one_of_its_own(sets: dict[str, str | float], column: str, wanted: list[str | float]) -> None:
    book = loaded(**sets)
    assert book.values[f"cases.{column}"].tolist() == wanted
    again = evaluate(loaded().model, book.edits)
    assert all(again[name].tolist() == pytest.approx(book.values[name].tolist(), nan_ok=True) for name in ("cases.power", "over.most"))
    assert again[f"cases.{column}"].tolist() == wanted


def test_a_column_may_have_parents_of_its_own_and_an_overlay_that_names_a_parent_has_the_last_word(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "values: {paper: 8, mine: 16}", "values: {paper: 8, mine: 16}, parents: {o*: mine}")
    overlay = tmp_path / "given.yaml"
    overlay.write_text("cases: {other: {parent: paper}}\n", "utf-8")
    for given, count in ((None, 16), (overlay, 8)):
        values = api.load("across", root, overlay=given).values
        assert values["cases.count"].tolist() == [8, 8, 16, count]
        assert values["cases.pue"].tolist() == [1.5, 1.25, 1.25, 1.5 if given else 1.25]


# In the file.


def test_a_value_taken_over_is_a_link_that_may_be_typed_over(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(built(tmp_path / "plain.xlsx"))["Cases"]
    assert [(sheet[at].value, sheet[at].fill.fgColor.rgb, sheet[at].protection.locked) for at in ("I11", "J11", "J9")] == [
        (1.25, OWN, False),
        ("=$I11", TAKEN, False),
        ("=$I9", TAKEN, False),
    ]
    rules = rules_by_cell(sheet)
    for row in (9, 10, 11, 12, 14):
        assert len({rules[f"{letter}{row}"] for letter in "HIJK"}) == 1, row


def test_a_value_of_its_own_is_an_input_of_the_file(tmp_path: Path) -> None:
    path = built(tmp_path / "set.xlsx", corrected_count=9, mine_gpu="large")
    cells, sheet = read_cells(path)["Cases"], openpyxl.load_workbook(path)["Cases"]
    assert (cells["I12"].value, cells["I12"].is_formula, sheet["I12"].fill.fgColor.rgb) == (9.0, False, OWN)
    assert (cells["J9"].value, cells["J9"].is_formula) == ("Large GPU", False)
    assert (cells["K12"].formula, cells["K12"].value) == ("$I12", 9.0)
    assert cells["K17"].value == pytest.approx(500 * 9 * 1.25 / 1e3)


def test_colours_are_explained_where_there_are_any(tmp_path: Path) -> None:
    texts = {cell.value for cell in read_cells(built(tmp_path / "plain.xlsx"))["Notes"].values()}
    assert any(isinstance(text, str) and text.startswith("Black on pale blue: inherits") for text in texts)


# Read back.


def _changed(path: Path, address: str, inside: str, kind: str = "") -> api.Book:
    target = path.with_name("changed.xlsx")
    change_cells(path, target, [("Cases", address)], lambda _: f'<c r="{address}"{kind}>{inside}</c>')
    return book_of(target, locate(target), ACROSS)


def test_what_was_set_is_read_back(tmp_path: Path) -> None:
    path = built(tmp_path / "set.xlsx", corrected_count=9, mine_gpu="large", paper_hours=21)
    book = book_of(path, locate(path), ACROSS)
    assert book.edits == {("cases.count", 1): 9.0, ("cases.gpu", 2): "Large GPU", ("cases.hours", 0): 21.0}
    formulas = {item.id for item in expectations(book)}
    assert {"cases.corrected.count", "cases.mine.gpu"}.isdisjoint(formulas)
    assert {"cases.other.count", "cases.mine.pue"} <= formulas
    plain = built(tmp_path / "plain.xlsx")
    assert book_of(plain, locate(plain), ACROSS).edits == {}


def test_a_value_typed_over_a_link_is_read_even_where_it_is_the_same(tmp_path: Path) -> None:
    book = _changed(built(tmp_path / "plain.xlsx"), "J11", "<v>1.25</v>")
    assert book.edits == {("cases.pue", 2): 1.25}
    assert "cases.mine.pue" not in {item.id for item in expectations(book)}
    typed = _changed(built(tmp_path / "plain.xlsx"), "J10", "<is><t>air</t></is>", ' t="inlineStr"')
    assert typed.edits == {("cases.cooling", 2): "air"}


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("", "holds nothing, where a number is expected"),
        ("<is><t>1,2</t></is>", "holds '1,2', where a number is expected"),
        ("<v>7</v>", "is 7; it must be at most 3"),
    ],
)
def test_an_unusable_value_is_a_finding_at_its_cell(tmp_path: Path, inside: str, message: str) -> None:
    _changed(built(tmp_path / "plain.xlsx"), "J11", inside, ' t="inlineStr"' if "is" in inside else "")
    assert verify(tmp_path / "changed.xlsx", [], templates=ACROSS).changed == [f"Cases!J11 (cases.mine.pue) {message}"]


# Lists and explanations.


def test_inputs_tell_what_is_taken_over_from_where() -> None:
    frame = inspect.inputs(loaded(mine_pue=2)).set_index("id")
    assert {row: frame.kind[f"cases.{row}.pue"] for row in ROWS} == {
        "paper": "input",
        "corrected": "in place of cases.paper.pue",
        "mine": "in place of cases.corrected.pue",
        "other": "taken over from cases.corrected.pue",
    }
    assert (frame.value["cases.other.pue"], frame.source["cases.other.pue"]) == (1.25, "own")
    for row in ("paper", "other"):
        known = [frame[name][f"cases.{row}.pue"] for name in ("low", "high", "date", "confidence", "evidence", "note")]
        assert known == [1.1, 1.6, "2026-01-01", "low", "assumed", "Of the site"]
    assert frame.value["cases.mine.gpu"] == "Small GPU"
    listed: list[dict[str, Any]] = json.loads(command("inputs", "across", "--templates", ACROSS, "--format", "json").stdout)
    assert {row["kind"] for row in listed if row["id"] == "cases.mine.pue"} == {"taken over from cases.corrected.pue"}
    assert "taken over from cases.corrected.pue" in command("inputs", "across", "--templates", ACROSS).stdout


def test_cells_and_explanations_follow_the_link() -> None:
    cells = inspect.cells(loaded()).set_index("id")
    assert (cells.kind["cases.mine.pue"], cells.formula["cases.mine.pue"]) == ("link", "=$I11")
    assert "Our own" in cells.sources["cases.mine.pue"]
    frame = inspect.cells(loaded(mine_pue=2)).set_index("id")
    assert (frame.kind["cases.mine.pue"], frame.formula["cases.mine.pue"]) == ("input", "")
    shown = command("explain", "cases.mine.pue", "--workbook", "across", "--templates", ACROSS).stdout
    assert "parent    taken over from cases.corrected.pue (Cases!I11) = 1.25\n  evidence  assumed" in shown
    above = command("explain", "cases.corrected.pue", "--workbook", "across", "--templates", ACROSS).stdout
    assert "parent    in place of cases.paper.pue (Cases!H11) = 1.5" in above
    assert "cases.mine.pue  PUE, taken over" in above


# What is refused.


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"mine_pue": 9}, "--set cases.mine.pue is 9; it must be at most 3"),
        ({"mine_gpu": "huge"}, "--set cases.mine.gpu: 'huge' is not one of the gpus"),
        ({"mine_cooling": "oil"}, "--set cases.mine.cooling cannot be 'oil'"),
        ({"mine_power": 9}, "--set cases.mine.power: there is no such input"),
    ],
)
def test_a_value_of_its_own_is_held_to_the_column(sets: dict[str, str | float], message: str) -> None:
    with pytest.raises(WorkbookError) as caught:
        loaded(**sets)
    assert [item.message for item in caught.value.diagnostics] == [message]


@pytest.mark.parametrize(
    ("old", "new", "message", "fix"),
    [
        (PARENTS, PARENTS.replace("{c", "{§fixed: paper, c"), "'fixed' is not a row of 'cases'", "one of: corrected, mine, other, paper"),
        (
            PARENTS,
            PARENTS.replace("mine: c", "mine: §c").replace("mine: §corrected", "mine: §corected"),
            "'corected' is not a row",
            "'corrected'?",
        ),
        (PARENTS, "parents: {corrected: §corrected, mine: paper, other: paper}", "form a circle: corrected -> corrected", "no parent"),
        (
            PARENTS,
            "parents: {corrected: §other, mine: corrected, other: mine}",
            "form a circle: corrected -> other -> mine -> corrected",
            "one of them must have no parent",
        ),
        (
            PARENTS,
            "parents: {corrected: §[paper], mine: corrected, other: mine}",
            "the parent of 'corrected' must be a member",
            "member: parent",
        ),
        (PARENTS, "parents: §paper", "'parents' of table 'cases' must be a mapping", ""),
        (
            'pue: {label: PUE, unit: "1", minimum: 1, maximum: 3, source: own, evidence: assumed, values: {paper: 1.5, corrected',
            '§pue: {label: PUE, unit: "1", minimum: 1, maximum: 3, source: own, evidence: assumed, values: {corrected',
            "'cases.pue' has no value for 'paper', which has no parent to take one over from",
            "give it one: values: {paper: ...}",
        ),
    ],
)
def test_impossible_parents_are_told_at_their_place(tmp_path: Path, old: str, new: str, message: str, fix: str) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    place = plant(root, CASES, old, new)
    (found,) = [item for item in mistakes_in("across", root) if message in item.message]
    assert position(found) == place
    assert fix in found.fix
    assert MARK not in found.message


def test_every_value_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, CASES, PARENTS, "parents: {mine: corrected}")
    assert sorted(item.message.partition(", which")[0] for item in mistakes_in("across", root)) == [
        "'cases.cooling' has no value for 'other'",
        "'cases.count' has no value for 'corrected'",
        "'cases.count' has no value for 'other'",
        "'cases.gpu' has no value for 'corrected'",
        "'cases.pue' has no value for 'other'",
    ]


def test_a_table_with_two_keys_has_no_parents(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    place = plant(
        root,
        "sheets/results.yaml",
        "    rows: {case: cases, hours: hours}",
        "    rows: {case: cases, hours: hours}\n    §parents: {mine: paper}",
    )
    (found,) = mistakes_in("across", root)
    assert found.message == "table 'nested' has 2 row keys; a table whose members have parents has one"
    assert position(found) == place


def test_parents_serve_a_table_that_runs_down_too(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    table = "  - table: down\n    rows: {k: {members: {a: A, b: B, c: C}}}\n    parents: {b: a, c: b}\n    columns: {v: {values: {a: 3}}}\n"
    path = root / "sheets/checks.yaml"
    path.write_text(path.read_text("utf-8") + table, "utf-8")
    book = api.load("across", root, {"down.b.v": 5})
    assert book.values["down.v"].tolist() == [3, 5, 5]
    assert {item.id: item.formula for item in expectations(book) if item.id.startswith("down")} == {"down.c.v": "B$20"}
