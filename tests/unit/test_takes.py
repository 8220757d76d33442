"""Columns that take over the value of an expression: what they show, how they are overridden, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.utils.cell import coordinate_from_string

from tests.support import MARK, TAKES, address_of, change_cells, command, copy_of, mistakes_in, plant, position, rules_by_cell
from workbook import api
from workbook.ask import inspect
from workbook.model.evaluate import evaluate
from workbook.record.located import locate
from workbook.verify.built import book_of
from workbook.verify.run import expectations, verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

CASES = "sheets/cases.yaml"
PUE = 'default: "site_list[site].pue", values: {paper: 1}'
LOAD = 'default: "2 * machine_list[machine].power"'
TAKEN, OWN = "FFE8F0FA", "FFFFF9DB"
CASE_KEYS, ASSUMED = ("paper", "warm", "mine"), ("site", "pue", "machine", "cooling", "load")
Sets = dict[str, str | float]


def loaded(sets: Sets | None = None) -> api.Book:
    """Load the workbook with inputs set."""
    return api.load("takes", TAKES, sets)


def built(path: Path, sets: Sets | None = None) -> Path:
    """Build the workbook with inputs set."""
    return api.build("takes", path, templates=TAKES, sets=sets).path


# What they show.


def test_a_member_without_a_value_shows_what_its_own_row_chooses() -> None:
    values = loaded().values
    assert values["cases.pue"].tolist() == [1, 1.5, 1.5]
    assert values["cases.machine"].tolist() == ["Small machine", "Large machine", "Large machine"]
    assert values["cases.cooling"].tolist() == ["air", "water", "water"]
    assert values["cases.load"].tolist() == [2 * 4, 2 * 10, 2 * 10]
    assert values["cases.power"].tolist() == [8 * 1, 20 * 1.5, 20 * 1.5]
    assert values["halls.load"].tolist() == [0.25 * 30, 5]


@pytest.mark.parametrize(
    ("sets", "column", "wanted"),
    [
        ({"cases.mine.pue": 1.1}, "cases.pue", [1, 1.5, 1.1]),
        ({"cases.warm.pue": 1.1}, "cases.pue", [1, 1.1, 1.5]),  # the site's stays: it is no parent's value
        ({"cases.mine.site": "north"}, "cases.pue", [1, 1.5, 1.25]),
        ({"cases.warm.site": "north"}, "cases.pue", [1, 1.25, 1.25]),
        ({"sites.south.pue": 2}, "cases.pue", [1, 2, 2]),
        ({"cases.mine.machine": "small"}, "cases.load", [8, 20, 8]),
        ({"cases.mine.machine": "Small machine", "cases.mine.load": 3}, "cases.load", [8, 20, 3]),
        ({"cases.mine.cooling": "air"}, "cases.cooling", ["air", "water", "air"]),
        ({"halls.a.load": 1, "halls.b.load": 2}, "halls.load", [1, 2]),
    ],
)
def test_an_edit_is_a_value_of_its_own(sets: Sets, column: str, wanted: list[str | float]) -> None:
    book = loaded(sets)
    assert book.values[column].tolist() == wanted
    again = evaluate(loaded().model, book.edits)
    assert {name: values.tolist() for name, values in again.items()} == {name: values.tolist() for name, values in book.values.items()}


# In the file.


def test_a_value_taken_over_is_a_formula_that_may_be_typed_over(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(built(tmp_path / "plain.xlsx"))["Cases"]
    site, pue, machine, cooling, power = (
        address_of(loaded(), f"cases.mine.{name}") for name in ("site", "pue", "machine", "cooling", "power")
    )
    looked_up = f"=INDEX(Cards!$B$7:$B$8,MATCH({site},Cards!$A$7:$A$8,0))"
    paper = address_of(loaded(), "cases.paper.pue")
    cells = [(sheet[at].value, sheet[at].fill.fgColor.rgb, sheet[at].protection.locked) for at in (paper, pue, "C18", "C19")]
    column, row = coordinate_from_string(power)
    assert cells == [(1, OWN, False), (looked_up, TAKEN, False), (f"=B18*${column}${row}", TAKEN, False), (5, OWN, False)]
    inks = {sheet[at].font.color.rgb for at in (pue, machine, "C18")}
    assert inks == {sheet[site].font.color.rgb}  # that of a link that takes over
    rules = rules_by_cell(sheet)
    own = {name: [address_of(loaded(), f"cases.{case}.{name}") for case in CASE_KEYS] for name in ASSUMED}
    assert [rules[at] for at in own["pue"]] == [("decimal", None, "1.0", "3.0")] * 3
    assert rules[machine] == ("list", None, "Cards!$A$13:$A$14", None)
    assert rules[cooling] == ("list", None, '"air,water"', None)
    assert rules["C18"] == rules["C19"]
    assert set(rules) == {at for cells in own.values() for at in cells} | {"B18", "B19", "C18", "C19"}


def test_a_row_that_takes_over_shows_its_doc_as_note(tmp_path: Path) -> None:
    root = copy_of(TAKES, tmp_path / "templates")
    plant(root, CASES, "label: Load, unit: kW, above: 0,", "label: Load, unit: kW, above: 0, doc: Twice the nameplate,")
    sheet = openpyxl.load_workbook(api.build("takes", tmp_path / "noted.xlsx", templates=root).path)["Cases"]
    rows = {row[0].value: [cell.value for cell in row[2:5]] for row in sheet.iter_rows(min_row=6, max_row=13)}
    assert rows["Case"] == ["Grade (confidence)", "Source", "Note"]
    assert rows["Load"] == ["", "", "Twice the nameplate"]
    assert rows["Power of the site"] == ["", "", ""]


def test_notes_tell_the_equation_and_the_colour(tmp_path: Path) -> None:
    texts = {cell.value for cell in read_cells(built(tmp_path / "plain.xlsx"))["Notes"].values()}
    assert "2 × Power (machine_list) [Machine] [where no value is given]" in texts
    assert any(isinstance(text, str) and text.startswith("Black on pale blue: inherits") for text in texts)


def test_what_was_set_is_read_back(tmp_path: Path) -> None:
    sets: Sets = {"cases.mine.pue": 1.1, "cases.mine.machine": "Small machine", "halls.a.load": 3}
    path = built(tmp_path / "set.xlsx", sets)
    typed = read_cells(path)["Cases"][address_of(loaded(), "cases.mine.pue")]
    assert (typed.value, typed.is_formula) == (1.1, False)
    book = book_of(path, locate(path), TAKES)
    assert {book.model.cell_id(*at): value for at, value in book.edits.items()} == sets
    formulas = {item.id for item in expectations(book)}
    assert formulas.isdisjoint(sets)
    assert {"cases.warm.pue", "cases.mine.cooling"} <= formulas
    plain = built(tmp_path / "plain.xlsx")
    assert book_of(plain, locate(plain), TAKES).edits == {}


def changed(path: Path, inside: str) -> api.Book:
    """Read a workbook with another content in the PUE of one's own case."""
    target, address = path.with_name("changed.xlsx"), address_of(loaded(), "cases.mine.pue")
    change_cells(path, target, [("Cases", address)], lambda _: f'<c r="{address}">{inside}</c>')
    return book_of(target, locate(target), TAKES)


def test_a_value_typed_over_is_read_even_where_it_is_the_same(tmp_path: Path) -> None:
    book = changed(built(tmp_path / "plain.xlsx"), "<v>1.5</v>")
    assert book.edits == {("cases.pue", 2): 1.5}
    assert "cases.mine.pue" not in {item.id for item in expectations(book)}


@pytest.mark.parametrize(("inside", "message"), [("", "holds nothing, where a number is"), ("<v>7</v>", "is 7; it must be at most")])
def test_an_unusable_value_is_a_finding_at_its_cell(tmp_path: Path, inside: str, message: str) -> None:
    changed(built(tmp_path / "plain.xlsx"), inside)
    (found,) = verify(tmp_path / "changed.xlsx", [], templates=TAKES).changed
    assert found.startswith(f"Cases!{address_of(loaded(), 'cases.mine.pue')} (cases.mine.pue) {message}")


# Lists and explanations.


def test_inputs_tell_what_is_taken_over_from_where() -> None:
    frame = inspect.inputs(loaded({"cases.mine.pue": 2, "cases.warm.site": "north"})).set_index("id")
    assert {
        name: frame.kind[name] for name in ("cases.paper.pue", "cases.warm.pue", "cases.mine.pue", "cases.mine.load", "halls.b.load")
    } == {
        "cases.paper.pue": "in place of site_list.north.pue",
        "cases.warm.pue": "taken over from site_list.north.pue",
        "cases.mine.pue": "in place of site_list.north.pue",
        "cases.mine.load": "taken over from an expression",
        "halls.b.load": "in place of an expression",
    }
    provenance = ["low", "high", "source", "date", "confidence", "evidence", "note"]
    assert [frame[name]["cases.warm.pue"] for name in provenance] == [1.2, 1.3, "meter", "2025", "high", "measured", "a year"]
    assert frame.evidence["cases.mine.load"] == "derived"


def test_a_source_is_that_of_the_value_taken_over() -> None:
    cells = inspect.cells(loaded({"cases.warm.pue": 1.1})).set_index("id")
    assert (cells.kind["cases.mine.pue"], cells.kind["cases.warm.pue"]) == ("formula", "input")
    assert cells.sources["cases.mine.pue"] == ""  # the south's figure has no source, whatever the column's
    assert "Our meters" in inspect.cells(loaded({"cases.mine.site": "north"})).set_index("id").sources["cases.mine.pue"]


def test_explanations_show_the_expression_and_the_cell_it_names() -> None:
    shown = command("explain", "cases.mine.pue", "--workbook", "takes", "--templates", TAKES).stdout
    assert "equation  PUE (site_list) [Site] [where no value is given]" in shown
    assert "takes     taken over from site_list.south.pue (Cards!B8) = 1.5" in shown
    over = ("explain", "cases.mine.load", "--workbook", "takes", "--templates", TAKES, "--set", "cases.mine.load=3")
    assert "takes     in place of an expression: 2 × Power (machine_list) [Machine]" in command(*over).stdout


# What is refused.


@pytest.mark.parametrize(
    ("file", "old", "new", "message", "fix"),
    [
        (CASES, LOAD, 'default: "§machine_list[machine].power * machine_list[machine].power"', "'cases.load': the expression is in", ""),
        (CASES, LOAD, 'default: "§site"', "'cases.load': the expression gives a text but the unit is 'kW'", ""),
        (CASES, LOAD, 'default: "§watts"', "'cases.load': unknown name 'watts'", ""),
        (CASES, LOAD, 'default: "§previous(load)"', "'previous' and 'next' cannot stand in 'default'", "'parents'"),
        (CASES, LOAD, 'default: "§only(2 * machine_list[machine].power, pue > 1)"', "'only' cannot stand in 'default'", "if test else"),
        (CASES, LOAD, 'default: "§power", first: "power"', "'cases.load' has 'default' and 'first'", "'values' at most"),
        (CASES, LOAD, 'default: "§power", constants: {paper: 3}', "'cases.load' has 'default' and 'constants'", "'values' at most"),
        (CASES, LOAD, "default: §[1, 2]", "'default' of 'cases.load' must be an expression in quotes", ""),
        (
            CASES,
            'default: "site_list[site].cooling"',
            "default: \"§'oil'\"",
            "Cases!E11 (cases.paper.cooling) cannot be 'oil'",
            "one of: air",
        ),
        (
            CASES,
            'default: "site_list[site].machine"',
            "default: \"§'small'\"",
            "Cases!E10 (cases.paper.machine) inherits 'small', not one of the machines",
            "Small machine",
        ),
        (CASES, PUE, 'default: "§site_list[site].pue - 0.3"', "Cases!E9 (cases.paper.pue) is 0.95; it must be at least 1", ""),
        (
            CASES,
            "    rows: {hall: {label: Hall, members: {a: A, b: B}}}",
            "    rows: {hall: {members: {a: A, b: B}}, hour: {count: 2}}",
            "'load' has 'default', which needs a table with one row key on a sheet that is not repeated",
            "write 'expr'",
        ),
        (
            "sheets/notes.yaml",
            "blocks:\n",
            'blocks:\n  - values: over\n    items:\n      most: {default: "§1"}\n',
            "'most' has 'default', which needs a table with one row key on a sheet that is not repeated",
            "write 'expr'",
        ),
        (
            "sheets/notes.yaml",
            "blocks:\n",
            'each: {site: sites}\nblocks:\n  - table: each\n    rows: {k: {count: 2}}\n    columns: {v: {default: "§1"}}\n',
            "'v' has 'default', which needs a table with one row key on a sheet that is not repeated",
            "write 'expr'",
        ),
    ],
)
def test_what_cannot_be_is_told_at_its_place(tmp_path: Path, file: str, old: str, new: str, message: str, fix: str) -> None:
    root = copy_of(TAKES, tmp_path / "templates")
    place = plant(root, file, old, new)
    found = next(item for item in mistakes_in("takes", root) if message in item.message)
    assert fix in found.fix
    assert MARK not in found.message
    assert place is None or position(found) == place


def test_a_cycle_is_told_at_its_column(tmp_path: Path) -> None:
    root = copy_of(TAKES, tmp_path / "templates")
    place = plant(
        root,
        CASES,
        '      load: {label: Load, unit: kW, above: 0, default: "2 * machine_list[machine].power"}',
        "      §load: {unit: kW, default: power}",
    )
    (found,) = mistakes_in("takes", root)
    assert found.message == "a cycle: cases.load -> cases.power -> cases.load"
    assert position(found) == place


def test_a_member_may_take_over_a_written_value_of_its_own_column(tmp_path: Path) -> None:
    root = copy_of(TAKES, tmp_path / "templates")
    plant(root, CASES, PUE, "default: \"cases['paper'].pue + 0.5\", values: {paper: 1}")
    assert api.load("takes", root).values["cases.pue"].tolist() == [1, 1.5, 1.5]
