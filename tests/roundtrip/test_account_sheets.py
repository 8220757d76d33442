"""The sheets that report an update: what they show, that every engine agrees, and that the account comes back from the file."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import typed
from tests.support import QUICKEST, TINY, copy_of, plant, require_all
from workbook import api
from workbook.changes.bridge import PICK, choices
from workbook.changes.cells import number_format
from workbook.changes.differences import PART, Account, FormulaChange, HeadlineMove, InputChange, Origin, account_of
from workbook.changes.sheets import telling
from workbook.errors import WorkbookError
from workbook.expr.values import EMPTY
from workbook.record.read import baseline, read
from workbook.roundtrip.pull import pull
from workbook.verify.run import verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BEFORE, AFTER = Origin("tiny", "2026-10-01", "0.1.0"), Origin("tiny", "2026-11-23", "0.2.0")
GROUPS = {"Power": ("gpus.large.power",), "Memory": ("gpus.large.memory", "run.weights"), "Formulas and structure": ()}
# 10 + 3 - 5 + 1 = 9, and -2 + 0.5 + 0.25 + 0.75 = -0.5.
FALLS = HeadlineMove("no.such", "Falls", "tok/J", 10.0, 9.0, {"Power": 3.0, "Memory": -5.0, "Formulas and structure": 1.0})
RISES = HeadlineMove("no.such", "Rises", "1", -2.0, -0.5, {"Power": 0.5, "Memory": 0.25, "Formulas and structure": 0.75})


def change(cell_id: str, was: float | str | None, now: float | str | None, outcome: Any = "updated", **more: Any) -> InputChange:
    """Give a change of an input."""
    unit = "text" if isinstance(was, str) or isinstance(now, str) else "GB/gpu"
    return InputChange(cell_id, f"Label of {cell_id}", was, now, unit, unit, "datasheet, 2025", "measured, 2026", outcome, **more)


INPUTS = (
    change("run.weights", 18.0, 16.0, "conflict", base=15.0, ours=16.0, note="as agreed"),
    change("run.gpu", "Large GPU", "Small GPU", "conflict", base="Tiny GPU", ours="Small GPU"),
    change("gpus.large.memory", 80.0, 78.0),
    change("lengths.l2", 2000.0, 2000.0, "kept"),
    change("gpus.large.maker", "red", "blue"),
    change("run.parallel", None, 2.0, "new"),
    change("gone.id", 3.0, None, "removed"),
)


def best() -> float:
    """Give the headline of the templates."""
    return float(api.load("tiny", TINY).values["result.best"][0])


@pytest.fixture(scope="module")
def account() -> Account:
    """Make an account that has everything."""
    moved = HeadlineMove("result.best", "Most tokens for a joule", "tok/J", 10.0, best(), {"Power": best() - 10.0})
    said = HeadlineMove("checks.status", "Master check", "text", "CHECK FAILS", "All checks pass")
    formulas = (FormulaChange("fit.n", "Sequences", 6, "=1+1", "IF(A1>0,1,2)"),)
    return Account(BEFORE, AFTER, INPUTS, formulas, ("sheet Fit came",), (moved, FALLS, RISES, said), GROUPS)


def made(
    account: Account, path: Path, sets: Mapping[str, str | float] | None = None, name: str = "tiny", root: Path | None = TINY
) -> api.Book:
    """Write a workbook with the sheets of an account; give the book."""
    layout, edits = api.prepared(name, root, sets, extend=telling(account))
    book = api.evaluated(layout.model, layout, edits)
    api.save(book, path, 0.0)
    return book


def value(book: api.Book, cell_id: str) -> Any:
    """Give the value of a cell."""
    name, row = book.model.find(cell_id) or ("", 0)
    return book.values[name].tolist()[row]


def row_of(book: api.Book, table: str, label: str) -> str:
    """Give the member of the row with a label."""
    (key,) = book.model.tables[table].keys
    return next(member for member, shown in key.shown.items() if shown == label)


def texts_of(path: Path, sheet: str) -> list[str]:
    """Give all texts on a sheet."""
    return [str(cell.value) for row in openpyxl.load_workbook(path)[sheet].iter_rows() for cell in row if isinstance(cell.value, str)]


def agreed(path: Path, root: Path | None = TINY, engines: list[str] | None = None) -> None:
    """Every engine, or those named, agree on every cell, and nothing was changed."""
    report = verify(path, engines or require_all(), templates=root)
    assert report.changed == []
    assert report.ok, report.frame


def test_every_engine_agrees_and_the_account_comes_back(account: Account, tmp_path: Path) -> None:
    made(account, tmp_path / "new.xlsx")
    agreed(tmp_path / "new.xlsx")
    path = tmp_path / "new.xlsx"
    assert account_of(baseline(path, read(path)).carried[PART]) == account
    assert account_of(json.loads(json.dumps(account.as_json()))) == account
    assert (pull(path).edits, pull(path).left) == ({}, [])


@pytest.mark.parametrize("name", ["planning", "paper"])
def test_an_account_of_the_packaged_workbooks(name: str, tmp_path: Path) -> None:
    """Some of the inputs, and all headlines, some of which have no answer; its formulas are those that every engine computes above."""
    layout, _ = api.prepared(name, None)
    book = api.evaluated(layout.model, layout, {})
    inputs: list[InputChange] = []
    headlines: list[HeadlineMove] = []
    for cell_id, quantity_id, row in book.model.cells():
        quantity, now = book.model.quantities[quantity_id], book.values[quantity_id].tolist()[row]
        if quantity.is_settable(row):
            was = f"not {now}" if quantity.is_text else now + 1
            inputs.append(InputChange(cell_id, quantity.label, was, now, quantity.unit, quantity.unit, outcome="updated"))
        if quantity.headline:
            after = None if now == EMPTY else now
            before = after - 0.5 if isinstance(after, float) else after
            shares = {"One": 2.0, "Other": -1.5} if isinstance(after, float) else {}
            headlines.append(HeadlineMove(cell_id, quantity.label, quantity.unit, before, after, shares))
    assert len(headlines) > 10
    account = Account(BEFORE, AFTER, tuple(inputs[::20]), headlines=tuple(headlines), groups={"One": (), "Other": ()})
    told = made(account, tmp_path / "new.xlsx", name=name, root=None)
    states = told.values["update_headlines.state"].tolist()
    assert set(states) == {"as at the update"}
    assert set(told.values["update_inputs.state"].tolist()) == {"as at the update"}
    if name == "paper":
        agreed(tmp_path / "new.xlsx", None, [QUICKEST])


def test_equal_accounts_give_equal_bytes(account: Account, tmp_path: Path) -> None:
    made(account, tmp_path / "one.xlsx")
    made(account_of(json.loads(json.dumps(account.as_json()))), tmp_path / "other.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "other.xlsx").read_bytes()


def test_changes_tell_before_after_and_now(account: Account, tmp_path: Path) -> None:
    book = made(account, tmp_path / "new.xlsx")
    row = row_of(book, "update_inputs", "Label of gpus.large.memory")
    told = [value(book, f"update_inputs.{row}.{column}") for column in ("unit", "before", "after", "move", "relative", "now", "state")]
    assert told == ["GB/gpu", 80.0, 78.0, -2.0, -0.025, 78.0, "as at the update"]
    assert value(book, f"update_inputs.{row}.outcome") == "New figure of the templates"
    assert list(book.model.tables["update_inputs"].keys[0].shown.values()) == [
        f"Label of {name}" for name in ("run.weights", "gone.id", "gpus.large.memory", "run.parallel", "lengths.l2")
    ]
    gone = row_of(book, "update_inputs", "Label of gone.id")
    assert math.isnan(value(book, f"update_inputs.{gone}.now"))
    assert value(book, f"update_inputs.{gone}.state") == ""
    maker = row_of(book, "update_texts", "Label of gpus.large.maker")
    assert [value(book, f"update_texts.{maker}.{column}") for column in ("before", "after", "now")] == ["red", "blue", "blue"]
    texts = texts_of(tmp_path / "new.xlsx", "Changes")
    assert any("templates of 2026-11-23 and package 0.2.0" in text and "templates of 2026-10-01" in text for text in texts)
    assert "1+1" not in texts
    assert "=1+1" in [text for text in texts if text.startswith("=1")]
    assert "sheet Fit came" in texts


def test_conflicts_have_a_sheet_with_links_to_the_cells(account: Account, tmp_path: Path) -> None:
    book = made(account, tmp_path / "new.xlsx")
    (row,) = book.model.tables["update_conflicts"].rows[0]
    assert [value(book, f"update_conflicts.{row}.{column}") for column in ("base", "was", "ours", "after", "kept", "now", "note")] == [
        *(15.0, 18.0, 16.0, 16.0),
        *("As given now", 16.0, "as agreed"),
    ]
    (row,) = book.model.tables["update_text_conflicts"].rows[0]
    assert value(book, f"update_text_conflicts.{row}.now") == "Small GPU"
    sheet = openpyxl.load_workbook(tmp_path / "new.xlsx")["Conflicts"]
    links = {cell.hyperlink.location: cell.value for line in sheet.iter_rows() for cell in line if cell.hyperlink}
    assert links == {text: text for text in (book.layout.address("run.weights", 0), book.layout.address("run.gpu", 0))} | {
        "'Cover'!A1": "← Cover"
    }
    assert "Conflicts" not in made(replace(account, inputs=INPUTS[2:]), tmp_path / "none.xlsx").layout.sheets


def test_sheets_stand_before_notes_and_checks_and_in_the_contents(account: Account, tmp_path: Path) -> None:
    names = list(made(account, tmp_path / "new.xlsx").layout.sheets)
    assert names[-5:] == ["Changes", "Conflicts", "Update bridge", "Checks", "Notes"]
    assert {"Changes", "Conflicts", "Update bridge"} <= set(texts_of(tmp_path / "new.xlsx", "Cover"))


def test_what_is_edited_later_is_told(account: Account, tmp_path: Path) -> None:
    made(account, tmp_path / "new.xlsx")
    book = made(account, tmp_path / "edited.xlsx", {"run.weights": 17.0, "gpus.large.power": 400.0})
    (row,) = book.model.tables["update_conflicts"].rows[0]
    assert (value(book, f"update_conflicts.{row}.now"), value(book, f"update_conflicts.{row}.state")) == (17.0, "edited since")
    headline = row_of(book, "update_headlines", "Most tokens for a joule")
    assert value(book, f"update_headlines.{headline}.after") == pytest.approx(best())
    assert value(book, f"update_headlines.{headline}.state") == "edited since"
    row = row_of(book, "update_inputs", "Label of gpus.large.memory")
    assert value(book, f"update_inputs.{row}.state") == "as at the update"
    agreed(tmp_path / "edited.xlsx")


# Worked by hand: the parts of 10 and of 2 by size along the move; bars as (base, fall, rise).
BRIDGES: dict[str, tuple[list[str], list[tuple[float, float, float]], list[float], float]] = {
    "Falls": (["Memory", "Formulas and structure", "Power"], [(0.0, -0.5, 0.0), (-0.4, 0.0, -0.1), (-0.1, 0.0, -0.3)], [5, 6, 9], -0.1),
    "Rises": (
        ["Formulas and structure", "Power", "Memory"],
        [(0, 0, 0.375), (0.375, 0, 0.25), (0.625, 0, 0.125)],
        [-1.25, -0.75, -0.5],
        0.75,
    ),
}


@pytest.mark.parametrize("picked", BRIDGES)
def test_the_bridge_of_the_headline_that_is_picked(account: Account, tmp_path: Path, picked: str) -> None:
    order, bars, figures, whole = BRIDGES[picked]
    book = made(account, tmp_path / "new.xlsx", {PICK: picked})
    columns = {name: book.values[f"update_steps.{name}"].tolist() for name in ("change", "figure", "base", "fall", "rise", "total")}
    assert columns["change"] == ["Before", *order, "After"]
    assert columns["figure"][1:-1] == pytest.approx(figures)
    drawn = [(columns["base"][n], columns["fall"][n], columns["rise"][n]) for n in (1, 2, 3)]
    assert drawn == [pytest.approx(bar) for bar in bars]
    assert columns["total"] == pytest.approx([0, 0, 0, 0, whole])
    assert value(book, "update_pick.closes") == 1.0
    agreed(tmp_path / "new.xlsx")


def test_shares_that_do_not_add_up_are_told(account: Account, tmp_path: Path) -> None:
    wrong = replace(FALLS, shares={"Power": -1.0 + 1e-6})
    book = made(replace(account, headlines=(wrong,)), tmp_path / "new.xlsx")
    assert value(book, "update_pick.closes") == 0.0


def test_a_pick_is_no_edit_of_the_templates_inputs(account: Account, tmp_path: Path) -> None:
    book = made(account, tmp_path / "new.xlsx")
    typed(tmp_path / "new.xlsx", tmp_path / "picked.xlsx", book, {PICK: "Rises"})
    assert pull(tmp_path / "picked.xlsx").sets == {}
    assert pull(tmp_path / "picked.xlsx").left == []
    assert verify(tmp_path / "picked.xlsx", [], templates=TINY).changed == []


def test_labels_that_lookups_would_mix_up_are_told_apart(account: Account) -> None:
    alike = [replace(FALLS, id=name, label=label) for name, label in (("a.x", "How?"), ("a.y", "how*~"), ("a.z", "HOW"), ("a.w", "How"))]
    assert choices(replace(account, headlines=tuple(alike))) == ["How", "how×-", "HOW (a.z)", "How (a.w)"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+x", "-2", "@a", "_x0041_", "a\x01b\ud800c", "<&>\"'", "{0}", "~*?", "é" * 40_000, "a\nb", "1", ""]
)
def test_any_text_is_shown_as_a_text(text: str, tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "label": text,
        "was_behind": text,
        "behind": text,
        "note": text,
        "base_behind": text,
        "unit": text,
        "unit_was": text,
    }
    inputs = (
        replace(change("run.weights", 1.0, 16.0, "conflict", base=2.0, ours=16.0), **told),
        replace(change("gpus.large.maker", text, "blue", "conflict"), **told | {"unit": "text"}),
        replace(change(text, 1.0, 2.0, "kept"), **told),
    )
    headlines = (replace(FALLS, label=text, unit=text, shares={text: -1.0}), replace(FALLS, label=text, shares={text: -1.0}))
    formulas = (FormulaChange(text, text, 1, text, text),)
    account = Account(Origin(text, text, text), AFTER, inputs, formulas, (text,), headlines, {text: (text,)}, text)
    made(account, tmp_path / "new.xlsx")
    agreed(tmp_path / "new.xlsx")
    for sheet in ("Changes", "Conflicts", "Update bridge"):
        cells = [cell for row in openpyxl.load_workbook(tmp_path / "new.xlsx")[sheet].iter_rows() for cell in row]
        assert all(len(str(cell.value)) <= 1_000 for cell in cells)
        assert not [cell for cell in cells if cell.data_type == "f" and str(cell.value) == text]


def test_an_empty_account(tmp_path: Path) -> None:
    book = made(Account(AFTER, AFTER), tmp_path / "new.xlsx")
    assert [name for name in book.layout.sheets if name in {"Changes", "Conflicts", "Update bridge"}] == ["Changes"]
    assert texts_of(tmp_path / "new.xlsx", "Changes").count("None changed.") == 2
    agreed(tmp_path / "new.xlsx")


def test_long_lists_are_cut_and_counted(tmp_path: Path) -> None:
    inputs = tuple(change(f"gone.n{n}", float(n), None, "removed") for n in range(600))
    book = made(Account(BEFORE, AFTER, inputs, structure=tuple(f"row {n} went" for n in range(502))), tmp_path / "new.xlsx")
    assert len(book.model.tables["update_inputs"].rows) == 500
    texts = texts_of(tmp_path / "new.xlsx", "Changes")
    assert "... and 100 more, all of which 'workbook diff' lists." in texts
    assert "... and 2 more, all of which 'workbook diff' lists." in texts
    assert verify(tmp_path / "new.xlsx", [], templates=TINY).changed == []


def test_very_many_groups_share_the_last_bar(tmp_path: Path) -> None:
    shares = {f"Group {n}": float(n) for n in range(30)}
    account = Account(BEFORE, AFTER, headlines=(HeadlineMove("no.such", "Sum", "1", 0.0, 435.0, shares),), groups=dict.fromkeys(shares, ()))
    book = made(account, tmp_path / "new.xlsx")
    contributions = book.values["update_groups.contribution"].tolist()
    assert contributions == [*range(19), sum(range(19, 30))]
    assert book.values["update_steps.change"].tolist()[1:3] == ["11 other groups", "Group 18"]
    assert book.values["update_steps.share"].tolist()[-1] == 1.0, "of the figure after, where that before was 0"
    agreed(tmp_path / "new.xlsx")


EMPTIES = """
sheet: Sheet
title: Sheet
blocks:
  - inputs: x
    items:
      most: {label: Most, unit: s, value: 3}
  - values: v
    title: Values
    items:
      large: {label: If large, unit: s, headline: true, expr: "only(x.most, x.most > 5)"}
      small: {label: If small, unit: s, headline: true, expr: "only(x.most, x.most <= 5)"}
"""


@pytest.fixture
def empties(tmp_path: Path) -> Path:
    """Write templates with headlines that may have no answer."""
    root = tmp_path / "templates"
    (root / "sheets").mkdir(parents=True)
    (root / "sheets" / "sheet.yaml").write_text(EMPTIES, "utf-8")
    (root / "book.yaml").write_text("workbook: book\ntitle: Book\nsheets: [sheet]\n", "utf-8")
    (root / "sources.yaml").write_text("{}\n", "utf-8")
    (root / "units.txt").write_text("second = [time] = s\n", "utf-8")
    return root


@pytest.mark.parametrize(
    ("most", "states"), [(3, ["as at the update"] * 2), (4, ["as at the update", "edited since"]), (7, ["edited since"] * 2)]
)
def test_headlines_without_an_answer(empties: Path, tmp_path: Path, most: float, states: list[str]) -> None:
    headlines = (HeadlineMove("v.large", "If large", "s", 6.0, None), HeadlineMove("v.small", "If small", "s", None, 3.0))
    account = Account(BEFORE, AFTER, headlines=headlines, unexplained="They had no answer.")
    book = made(account, tmp_path / "new.xlsx", {"x.most": most}, "book", empties)
    assert book.values["update_headlines.state"].tolist() == states
    assert book.values["update_headlines.now"].tolist() == ([7.0, EMPTY] if most > 5 else [EMPTY, most])
    assert any("They had no answer." in text for text in texts_of(tmp_path / "new.xlsx", "Changes"))
    agreed(tmp_path / "new.xlsx", empties)


def test_cells_of_another_kind_are_not_shown(tmp_path: Path) -> None:
    inputs = (change("run.gpu", 1.0, 2.0), change("run.weights", "a", "b"), change("gpus.large.nothing", 1.0, 2.0), change("run", 1.0, 2.0))
    book = made(Account(BEFORE, AFTER, inputs), tmp_path / "new.xlsx")
    assert all(math.isnan(number) for number in book.values["update_inputs.now"])
    assert book.values["update_texts.now"].tolist() == [""]
    agreed(tmp_path / "new.xlsx")


def test_names_that_templates_have_already(account: Account, tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    plant(root, "sheets/inputs.yaml", "sheet: Inputs", "sheet: changes")
    book = made(account, tmp_path / "new.xlsx", root=root)
    assert {"changes", "Changes (2)"} <= set(book.layout.sheets)
    agreed(tmp_path / "new.xlsx", root)
    place = plant(root, "sheets/fit.yaml", "  - table: printed", "  - §table: update_inputs")
    with pytest.raises(WorkbookError) as caught:
        api.prepared("tiny", root, extend=telling(account))
    (found,) = caught.value.diagnostics
    assert found.message == "'update_inputs' is a table on the sheets that report an update"
    assert found.place is not None
    assert (found.place.file, found.place.line, found.place.column) == place


@pytest.mark.parametrize("damage", [{"before": 1}, {"inputs": 5}, {"headlines": [{"id": "a"}]}, {"groups": []}])
def test_a_damaged_account_is_told(account: Account, tmp_path: Path, damage: dict[str, object]) -> None:
    layout, edits = api.prepared("tiny", TINY, extend=telling(account))
    layout.model.declared.carried[PART] = {**account.as_json(), **damage}
    api.save(api.evaluated(layout.model, layout, edits), tmp_path / "new.xlsx", 0.0)
    with pytest.raises(WorkbookError) as caught:
        verify(tmp_path / "new.xlsx", [], templates=TINY)
    (found,) = caught.value.diagnostics
    assert found.message == "the account of the update on the sheet _workbook is damaged"


@pytest.mark.parametrize(
    ("values", "move", "shown"),
    [
        ((430.0, 251.33), -178.67, "#,##0.00"),
        ((14.08, 13.999999), -0.080001, "#,##0.00"),
        ((1_234_567.8, 1_234_567.9), 0.1, "#,##0.0"),
        ((8e9, 8e9), 0.0, "#,##0"),
        ((2e12, 1.0), 1.0, "0.0000E+00"),
        ((1e-11, None), 0.0, "0.0000E+00"),
        ((0.97123456, None), 0.0, "#,##0.00000"),
        ((None, None), 0.0, "#,##0"),
        ((0.0, 0.0), 0.0, "#,##0"),
    ],
)
def test_number_formats_show_five_digits_and_the_move(values: tuple[float | None, ...], move: float, shown: str) -> None:
    assert number_format(values, move) == shown
