"""Keys made of parts, keys over several tables, keys over a later sheet's table, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.support import address_of, mistakes_in, plant
from workbook import api
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LATER = "sheets/first.yaml", "sheets/later.yaml"
PARTS = "parts: {level: {label: Level, members: {low: low, high: high}}, range: {of: ranges, label: Range}}"
BOOK = {
    "book.yaml": "workbook: book\nsheets: [first, later]\n",
    "sources.yaml": "{}\n",
    "units.txt": "second = [time] = s\n",
    # Its tables run over those of the sheet after it.
    FIRST: f"""sheet: First
blocks:
  - inputs: choose
    items:
      case: {{value: mine, unit: text, key: own}}
  - table: ends
    rows: {{end: {{label: End, {PARTS}}}}}
    columns:
      factor: {{expr: "ranges[range].size * (1 if level == 'low' else 10)"}}
      first: {{expr: "ends['low_pue'].factor"}}
      lower: {{expr: "sum(e.factor for e in ends if e.level == 'low')"}}
  - table: both
    rows: {{one: {{of: [ranges, cases], label: One}}}}
    columns:
      x: {{expr: "1"}}
  - table: own
    rows: {{case: {{of: cases, only: [mine, other]}}}}
    columns:
      size: {{expr: "cases[case].size"}}
""",
    LATER: """sheet: Later
blocks:
  - table: cases
    rows: {case: {label: Case, members: {paper: As printed, mine: My own, other: Another one}}}
    columns:
      size: {values: {paper: 1, mine: 2, other: 3}}
  - table: ranges
    rows: {range: {label: Range, members: {rate: Rate, pue: PUE}}}
    columns:
      size: {values: {rate: 3, pue: 5}}
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write the templates."""
    folder = tmp_path / "templates"
    (folder / "sheets").mkdir(parents=True)
    for name, text in BOOK.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def told(root: Path) -> list[tuple[str, str, str]]:
    """Give what is wrong with the templates: place, message and fix."""
    return [(str(item.place), item.message, item.fix) for item in mistakes_in("book", root)]


# What they give.


def test_a_key_of_parts_has_a_member_for_each_combination(root: Path) -> None:
    book = api.load("book", root)
    assert book.model.tables["ends"].rows == [("low_rate",), ("low_pue",), ("high_rate",), ("high_pue",)]
    assert book.values["ends.end"].tolist() == ["low, Rate", "low, PUE", "high, Rate", "high, PUE"]


def test_each_part_is_a_column_that_expressions_look_up_by(root: Path) -> None:
    book = api.load("book", root)
    assert [name.partition(".")[2] for name in book.model.tables["ends"].columns] == ["end", "level", "range", "factor", "first", "lower"]
    assert book.values["ends.level"].tolist() == ["low", "low", "high", "high"]
    assert book.values["ends.range"].tolist() == ["Rate", "PUE", "Rate", "PUE"]
    assert [book.model.quantities[f"ends.{name}"].label for name in ("level", "range")] == ["Level", "Range"]
    assert book.values["ends.factor"].tolist() == [3, 5, 30, 50]
    assert book.values["ends.first"].tolist() == [5] * 4
    assert book.values["ends.lower"].tolist() == [3 + 5] * 4


def test_parts_of_numbers_are_numbers_in_their_column_and_text_in_the_name(root: Path) -> None:
    plant(root, FIRST, "members: {low: low, high: high}", "members: {low: 0.5, high: 2}")
    plant(root, FIRST, "(1 if level == 'low' else 10)", "level")
    book = api.load("book", root)
    assert book.values["ends.end"].tolist() == ["0.5, Rate", "0.5, PUE", "2, Rate", "2, PUE"]
    assert book.values["ends.factor"].tolist() == [1.5, 2.5, 6, 10]


def test_only_some_combinations_may_be_rows(root: Path) -> None:
    plant(root, FIRST, "label: End, parts", "label: End, only: [high_pue, low_pue], parts")
    book = api.load("book", root)
    assert book.values["ends.end"].tolist() == ["high, PUE", "low, PUE"]
    assert book.values["ends.factor"].tolist() == [50, 5]
    plant(root, FIRST, "only: [high_pue, low_pue]", "only: [§high_pu, low_pue]")
    (found,) = [item for item in told(root) if "high_pu" in item[1]]
    assert found[2] == "did you mean 'high_pue'?"


def test_a_key_over_several_tables_has_their_members_in_the_order_given(root: Path) -> None:
    assert api.load("book", root).values["both.one"].tolist() == ["Rate", "PUE", "As printed", "My own", "Another one"]
    plant(root, FIRST, "of: [ranges, cases]", "of: [cases, ranges]")
    assert api.load("book", root).values["both.one"].tolist() == ["As printed", "My own", "Another one", "Rate", "PUE"]


def test_rows_may_run_over_a_table_of_a_later_sheet_and_sheets_stay_in_order(root: Path, tmp_path: Path) -> None:
    book = api.load("book", root)
    assert list(book.layout.sheets)[:2] == ["First", "Later"]
    path = api.build("book", tmp_path / "book.xlsx", templates=root).path
    sheet = openpyxl.load_workbook(path)["First"]
    tables = [at for name in ("ends.low_rate.factor", "both.rate.x", "own.mine.size") for at in [address_of(book, name)]]
    assert [int(at[1:]) for at in tables] == sorted(int(at[1:]) for at in tables), "blocks of a sheet stand in the order written"
    assert sheet[f"A{tables[2][1:]}"].value == "My own"


def test_the_choices_of_a_table_are_its_rows(root: Path, tmp_path: Path) -> None:
    book = api.load("book", root)
    assert book.model.choices(book.model.quantities["choose.case"].bounds) == {"mine": "My own", "other": "Another one"}
    sheet = openpyxl.load_workbook(api.build("book", tmp_path / "book.xlsx", templates=root).path)["First"]
    (rule,) = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    offered = [cell[0].value for cell in sheet[rule.formula1.replace("First!", "").replace("$", "")]]
    assert offered == ["My own", "Another one"]
    with pytest.raises(WorkbookError, match=r"choose\.case: 'paper' is not one of the"):
        api.load("book", root, {"choose.case": "paper"})


# What is wrong with them.


@pytest.mark.parametrize(
    ("old", "new", "message", "fix"),
    [
        (
            "one: {of: [ranges, cases], label: One}",
            "§one: {of: [ranges, cases, own], label: One}",
            "'mine' is a member of 'own' and of one before it in 'of'",
            "rename one of them",
        ),
        (
            "one: {of: [ranges, cases], label: One}",
            "§one: {of: [ranges, case], label: One}",
            "'case' is neither a catalogue nor a list nor a table with one key",
            "",
        ),
        (
            "end: {label: End, " + PARTS,
            "§end: {label: End, " + PARTS.replace("of: ranges", "of: rangs"),
            "'rangs' is neither a catalogue nor a list nor a table with one key",
            "",
        ),
        ("range: {of: ranges, label: Range}", "§range: {label: Range}", "row key 'range' needs either 'of'", ""),
        (
            "end: {label: End,",
            "§end: {label: End, members: {a: A},",
            "row key 'end' needs either 'of' (a catalogue, list or tables), 'members', 'count' or 'parts'",
            "",
        ),
        ("case: {of: cases, only: [mine, other]}", "§case: {of: cases, only: [mine, othr]}", "'othr' is not a member", "'other'"),
        ("case: {of: cases, only: [mine, other]}", "§case: {of: cases, without: [othr]}", "'othr' is not a member", "'other'"),
        ("ranges[range].size", "§ranges[rang].size", "unknown name 'rang'", "did you mean 'range'?"),
    ],
)
def test_what_is_wrong_with_keys_is_told_once_at_its_place(root: Path, old: str, new: str, message: str, fix: str) -> None:
    place = plant(root, FIRST, old, new)
    assert place
    found = [item for item in told(root) if message in item[1]]
    assert len(found) == 1, found
    assert fix in found[0][2]
    assert found[0][0].startswith(f"{FIRST}:{place[1]}:")


@pytest.mark.parametrize(
    ("old", "new", "place", "cycle"),
    [
        ("members: {paper: As printed, mine: My own, other: Another one}", "of: own", f"{LATER}:3:5", "cases -> own -> cases"),
        ("members: {rate: Rate, pue: PUE}", "of: ranges", f"{LATER}:7:5", "ranges -> ranges"),
        ("members: {rate: Rate, pue: PUE}", "parts: {a: {members: {b: B}}, end: {of: ends}}", f"{FIRST}:6:5", "ends -> ranges -> ends"),
    ],
)
def test_tables_that_run_over_each_other_are_told(root: Path, old: str, new: str, place: str, cycle: str) -> None:
    plant(root, LATER, old, new)
    assert told(root) == [(place, f"a cycle: the rows of {cycle}", "write the members of one of them out")]


def test_a_key_without_some_members_takes_a_new_one(root: Path) -> None:
    plant(root, FIRST, "only: [mine, other]", "without: [paper]")
    assert api.load("book", root).model.tables["own"].rows == [("mine",), ("other",)]
    plant(root, LATER, "other: Another one}", "other: Another one, new: A new one}")
    plant(root, LATER, "other: 3}", "other: 3, new: 4}")
    assert api.load("book", root).model.tables["own"].rows == [("mine",), ("other",), ("new",)]
