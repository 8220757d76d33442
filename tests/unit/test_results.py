"""Results of cases: the numbers of the built workbook, which cases, which units, formats and mistakes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import workbook
from tests.roundtrip.edits import typed
from tests.support import ACROSS, TINY, command, copy_of, mistakes_in, plant
from workbook import api
from workbook.errors import WorkbookError
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# Each case's GPUs times their power times PUE, for the hours of its day.
ENERGY = {"paper": 48.0, "corrected": 40.0, "mine": 88.0, "other": 120.0}
RESULTS, COLUMN = "sheets/results.yaml", "      others: {label: Cases with this cooling"
ONLY = '      shown: {label: "Shown", unit: kWh, expr: "only(cases[case].energy, cooling == \'water\')"}\n'
WORD = "      word: {label: \"A word\", unit: text, expr: \"'cool' if cooling == 'water' else ''\"}\n"


def of_across(**options: str | list[str] | dict[str, str | float]) -> pd.DataFrame:
    """Give the results of the workbook that runs across."""
    return workbook.results("across", templates=ACROSS, **options)  # type: ignore[arg-type]


def with_empty_cells(folder: Path) -> Path:
    """Copy the templates, with results that are empty where a case has no answer."""
    root = copy_of(ACROSS, folder / "templates")
    plant(root, RESULTS, COLUMN, ONLY + WORD + COLUMN)
    return root


# Numbers.


def test_a_row_for_each_case_with_names_units_and_labels() -> None:
    frame = of_across()
    assert list(frame.columns) == ["case", "energy", "cooling", "share", "others"]
    assert frame["case"].to_dict() == {"paper": "As printed", "corrected": "Corrected", "mine": "My own", "other": "Another one"}
    assert frame["energy"].to_dict() == pytest.approx(ENERGY)
    assert frame["share"].tolist() == pytest.approx([value / 296 for value in ENERGY.values()])
    assert frame["cooling"].tolist() == ["air", "water", "water", "water"]
    assert frame["others"].tolist() == [1, 3, 3, 3]
    assert frame.attrs["units"] == {"energy": "kWh", "cooling": "", "share": "1", "others": "1"}
    assert frame.attrs["labels"]["energy"] == "Energy of a day"
    assert frame.index.name == "key"


def test_results_are_the_cells_of_the_built_workbook(tmp_path: Path) -> None:
    """Every number and text of the planning workbook's results, with two inputs set."""
    sets: dict[str, str | float] = {"cases.mine_1.pue": 1.1, "cases.mine_2.rate": 50_000, "cases.mine_3.window_1": 100_000}
    frame = workbook.results(sets=sets)
    book = api.load("planning", sets=sets)
    path = api.build("planning", tmp_path / "planning.xlsx", sets=sets).path
    cells = read_cells(path)
    compared = 0
    for name in frame.attrs["units"]:
        for row, value in enumerate(frame[name]):
            sheet, _, address = book.layout.address(f"results.{name}", row).rpartition("!")
            saved = cells[sheet.strip("'")][address].value
            shown = "" if value is None or value != value else value  # noqa: PLR0124 not a number
            assert saved == (shown if isinstance(shown, str) else pytest.approx(shown, rel=1e-14)), (name, row)
            compared += 1
    tables = book.model.tables
    assert compared == len(tables["cases"].rows) * (len(tables["results"].columns) - 1)  # all but the key
    # A case without an answer has empty cells, and says why.
    assert np.isnan(frame["gpus"]["mine_3"])
    assert frame["state"]["mine_3"] != "ok"


def test_an_empty_cell_is_not_a_number_and_an_empty_text_none(tmp_path: Path) -> None:
    frame = workbook.results("across", templates=with_empty_cells(tmp_path))
    assert frame["shown"].dtype == float
    assert frame["shown"].tolist() == pytest.approx([np.nan, 40, 88, 120], nan_ok=True)
    assert frame["word"].tolist() == [None, "cool", "cool", "cool"]


def test_sets_and_overlays_change_results(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("cases: {berlin: {parent: corrected, pue: 1.1, count: 10}, mine: {hours: 10}}", "utf-8")
    frame = of_across(overlay=str(mine), sets={"cases.berlin.count": 20})
    assert frame["energy"].to_dict() == pytest.approx(ENERGY | {"mine": 40.0, "berlin": 200 * 20 * 1.1 / 1e3 * 20})


def test_only_what_is_needed_is_calculated(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(
        root, RESULTS, "      cases: {label: Cases,", '      broken: {label: Broken, unit: "1", expr: "1 / 0"}\n      cases: {label: Cases,'
    )
    with pytest.raises(WorkbookError, match="would be an error"):
        api.load("across", root)
    assert workbook.results("across", templates=root)["energy"].to_dict() == pytest.approx(ENERGY)
    plant(root, RESULTS, "energy / sum(r.energy for r in by_case)", "over.broken")
    with pytest.raises(WorkbookError, match=r"over\.broken\) would be an error") as caught:
        workbook.results("across", templates=root)
    assert "by_case.paper.share" not in str(caught.value.diagnostics[0])


# Which cases.


@pytest.mark.parametrize(
    ("cases", "wanted"),
    [
        (["mine", "paper"], ["mine", "paper"]),
        (["MY OWN", "Paper", "as printed", "mine"], ["mine", "paper"]),
        ("other", ["other"]),
        ([], []),
    ],
)
def test_cases_are_chosen_by_key_or_name_in_the_order_asked_for(cases: list[str] | str, wanted: list[str]) -> None:
    frame = of_across(cases=cases)
    assert list(frame.index) == wanted
    assert frame["energy"].tolist() == pytest.approx([ENERGY[key] for key in wanted])


def test_every_unknown_case_is_told() -> None:
    result = command(
        "results", "across", "--templates", ACROSS, "--case", "corected", "--case", "My owm", "--case", "zzz", "--case", "mine"
    )
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "there is no case 'corected'\n    did you mean 'corrected'?\n"
        "there is no case 'My owm'\n    did you mean 'My own'?\n"
        "there is no case 'zzz'\n    one of: paper, corrected, mine, other\n"
    )


def test_cases_of_an_edited_file_go_by_the_names_typed_in_it(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    cases = root / "sheets/cases.yaml"
    cases.write_text(cases.read_text("utf-8").replace("{label: Case, members", "{label: Case, renamable: true, members"), "utf-8")
    book = workbook.load("across", templates=root)
    workbook.build("across", tmp_path / "built.xlsx", templates=root)
    edited = typed(tmp_path / "built.xlsx", tmp_path / "edited.xlsx", book, {"cases.mine.name": "Oslo", "cases.mine.pue": 2.5})
    frame = workbook.results(str(edited), "oslo", templates=root)
    assert frame["energy"].to_dict() == pytest.approx({"mine": ENERGY["mine"] * 2.5 / 1.25})
    assert list(workbook.results(str(edited), "mine", templates=root, sets={"cases.mine.name": "Bergen"})["case"]) == ["Bergen"]
    result = command("results", edited, "--templates", root, "--case", "My own", "--case", "Osla")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "there is no case 'My own'\n    it is now called 'Oslo'\nthere is no case 'Osla'\n    did you mean 'Oslo'?\n"


# Formats.


def printed(*options: object) -> str:
    """Give what the command prints."""
    result = command("results", "across", "--templates", ACROSS, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_csv_has_a_row_for_each_case_and_units_in_the_head() -> None:
    rows = list(csv.reader(io.StringIO(printed("--format", "csv"), newline="")))
    assert rows[0] == ["key", "case", "energy (kWh)", "cooling", "share", "others"]
    assert [(row[0], float(row[2])) for row in rows[1:]] == list(ENERGY.items())
    frame = of_across()
    assert [float(row[4]) for row in rows[1:]] == frame["share"].tolist()


def test_json_has_an_object_for_each_cell_with_id_and_unit(tmp_path: Path) -> None:
    items = json.loads(printed("--format", "json", "--case", "other"))
    assert items[0] == {"id": "by_case.other.energy", "case": "Another one", "label": "Energy of a day", "value": 120.0, "unit": "kWh"}
    assert [item["id"].rpartition(".")[2] for item in items] == ["energy", "cooling", "share", "others"]
    assert items[1]["value"] == "water"
    known = {cell_id for cell_id, _, _ in api.load("across", ACROSS).model.cells()}
    assert {item["id"] for item in json.loads(printed("--format", "json"))} <= known
    empty = command("results", "across", "--templates", with_empty_cells(tmp_path), "--format", "json", "--case", "paper").stdout
    assert {item["label"]: item["value"] for item in json.loads(empty) if item["label"] in {"Shown", "A word"}} == {
        "Shown": None,
        "A word": None,
    }


def columns_of(text: str) -> list[list[str]]:
    """Take the rows of printed tables apart."""
    return [[part.strip() for part in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]


def test_text_shows_cases_side_by_side_with_units() -> None:
    assert columns_of(printed("--case", "other", "--case", "mine")) == [
        ["Energy of a day (kWh)", "120", "88"],
        ["Cooling", "water", "water"],
        ["Share", "0.405405", "0.297297"],
        ["Cases with this cooling", "3", "3"],
    ]
    assert [len(row) for row in columns_of(printed("--case", "mine"))] == [2] * 4
    assert "Another" in printed("--case", "other")


def test_text_stays_within_the_width_and_shows_every_case_once(tmp_path: Path) -> None:
    cases = "".join(f"  c{number}: {{parent: mine, label: 'Case [{number}] of :many:'}}\n" for number in range(30))
    (tmp_path / "mine.yaml").write_text(f"cases:\n{cases}", "utf-8")
    text = printed("--overlay", tmp_path / "mine.yaml")
    assert max(map(len, text.splitlines())) <= 120
    energies = [row[1:] for row in columns_of(text) if row[0].startswith("Energy")]
    assert sum(map(len, energies)) == 34
    assert len(energies) > 1
    assert "[29]" in text
    assert ":many:" in text


def test_large_numbers_keep_their_digits() -> None:
    assert ["Energy of a day (kWh)", "480,000,000"] in columns_of(printed("--case", "paper", "--set", "cases.paper.count=8e7"))
    assert ["Energy of a day (kWh)", "48.0001"] not in columns_of(printed("--case", "paper"))


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_out_holds_what_would_be_printed(form: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"results.{form}"
    assert printed("--format", form, "--out", path) == f"{path}: 4 cases\n"
    assert path.read_bytes().decode() == printed("--format", form)
    assert printed("--format", form, "--case", "mine", "--out", path) == f"{path}: 1 case\n"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = command("results", "across", "--templates", ACROSS, "--out", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{tmp_path}: cannot be written: it is not a regular file\n    choose another place with --out\n"


def test_planning_is_what_is_shown_when_nothing_is_said() -> None:
    result = command("results", "--format", "csv", "--case", "published")
    head, row = csv.reader(io.StringIO(result.stdout, newline=""))
    assert (head[:4], row[:2]) == (["key", "case", "gpus (gpu/fleet)", "provisioned (node/fleet)"], ["published", "Paper as published"])


# Mistakes.


def test_a_workbook_without_results_says_so() -> None:
    result = command("results", "tiny", "--templates", TINY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("tiny.yaml:1:1: 'tiny' does not say which table holds the results of its cases\n")
    assert "add 'results: TABLE', the table with a row for each case" in result.stderr


@pytest.mark.parametrize(
    ("table", "message", "fix"),
    [
        ("by_cases", "'by_cases' is unknown", "did you mean 'by_case'?"),
        ("nested", "'nested' is none", "did you mean 'nested_view'?"),
        ("over", "'over' is none", "one of: by_case"),
        ("gpus", "'gpus' is none", "did you mean 'gpu_list'?"),
    ],
)
def test_results_are_a_table_with_one_key(table: str, message: str, fix: str, tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "across.yaml", "results: by_case", f"results: {table}")
    (found,) = mistakes_in("across", root)
    assert found.message == f"'results' names the table with a row for each case, and {message}"
    assert found.fix.startswith(fix)
    assert str(found.place) == "across.yaml:8:10"
