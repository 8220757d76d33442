"""Overlays: cases and inputs from a file of one's own, in values, in the built file, read back, and with mistakes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.support import ACROSS, MARK, TINY, address_of, command, copy_of, mistakes_in, plant
from workbook import api
from workbook.ask import inspect
from workbook.errors import WorkbookError
from workbook.record.located import locate
from workbook.verify.built import book_of
from workbook.verify.run import expectations
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.errors import Diagnostic

BERLIN = 'cases:\n  berlin: {label: "Berlin, liquid cooled", parent: corrected, gpu: large, pue: 1.1, count: 10}\n'
EVERY = "gpu: large, cooling: air, pue: 2, count: 3, hours: 10"
NEEDS = "'oslo' is no case of 'cases'; a new one needs a parent, or a value of its own for "


def overlay(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    """Write an overlay."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def loaded(folder: Path, *texts: str, sets: dict[str, str | float] | None = None) -> api.Book:
    """Load the workbook with overlays, the later over the earlier."""
    return api.load("across", ACROSS, sets, [overlay(folder, text, f"{number}.yaml") for number, text in enumerate(texts)])


# What they change.


def test_values_of_a_case_are_what_setting_them_gives(tmp_path: Path) -> None:
    book = loaded(tmp_path, "cases:\n  mine: {pue: 1.1, gpu: large}\n  paper: {count: 4}\nsets: {chosen.level: 3, hours.h6: 5}\n")
    sets: dict[str, str | float] = {
        "cases.mine.pue": 1.1,
        "cases.mine.gpu": "large",
        "cases.paper.count": 4,
        "chosen.level": 3,
        "hours.h6": 5,
    }
    assert book.edits == api.load("across", ACROSS, sets).edits
    assert book.values["cases.power"].tolist() == pytest.approx([1.2, 1.0, 500 * 16 * 1.1 / 1e3, 500 * 4 * 1.25 / 1e3])


def test_a_new_case_stands_last_in_every_table_over_the_cases(tmp_path: Path) -> None:
    book = loaded(tmp_path, BERLIN)
    values = book.values
    # Power is that of the GPUs times their number and PUE; a day has the parent's 20 hours.
    assert values["cases.power"].tolist() == pytest.approx([2.4, 2.0, 4.0, 5.0, 5.5])
    assert values["by_case.case"].tolist()[-1] == "Berlin, liquid cooled"
    assert values["by_case.energy"].tolist() == pytest.approx([48, 40, 88, 120, 110])
    assert values["by_case.cooling"].tolist()[-1] == "water"
    assert values["nested.energy"].tolist()[-3:] == pytest.approx([5.5, 11, 33])
    assert [values[f"over.{name}"][0] for name in ("cases", "cool", "most")] == pytest.approx([5, 4, 5.5])
    assert values["over.mean"][0] == pytest.approx((2 + 4 + 5 + 5.5) / 4)
    chosen = api.load("across", ACROSS, {"chosen.case": "berlin"}, tmp_path / "0.yaml")
    assert chosen.values["over.own"][0] == pytest.approx(110)


def test_a_new_case_may_stand_on_another_and_has_a_name_without_a_label(tmp_path: Path) -> None:
    book = loaded(tmp_path, BERLIN + "  berlin_2027: {parent: berlin, count: 20}\n")
    assert book.values["cases.case"].tolist()[-2:] == ["Berlin, liquid cooled", "berlin 2027"]
    assert book.values["cases.power"].tolist()[-2:] == pytest.approx([5.5, 11])
    later = loaded(tmp_path, BERLIN + "  berlin_2027: {parent: berlin, count: 20}\n", sets={"cases.berlin.pue": 1.2})
    assert later.values["cases.power"].tolist()[-2:] == pytest.approx([6, 12])


def test_a_new_case_may_come_before_its_parent(tmp_path: Path) -> None:
    new = BERLIN.replace("cases:\n", "cases:\n  berlin_2027: {parent: berlin, count: 20}\n")
    assert loaded(tmp_path, new).values["cases.power"].tolist()[-2:] == pytest.approx([11, 5.5])


def test_a_new_case_with_every_value_needs_no_parent(tmp_path: Path) -> None:
    book = loaded(tmp_path, f"cases:\n  oslo: {{{EVERY}}}\n")
    assert book.values["cases.power"][-1] == pytest.approx(500 * 3 * 2 / 1e3)
    frame = inspect.inputs(book).set_index("id")
    assert {frame.kind[f"cases.oslo.{name}"] for name in ("gpu", "cooling", "pue", "count", "hours")} == {"input"}
    assert frame.source["cases.oslo.pue"] == ""


def test_a_case_of_the_templates_may_be_renamed_and_stand_on_another(tmp_path: Path) -> None:
    book = loaded(tmp_path, 'cases:\n  mine: {label: "Finance\'s own"}\n  other: {parent: mine}\n')
    assert book.values["by_case.case"].tolist() == ["As printed", "Corrected", "Finance's own", "Another one"]
    assert book.values["cases.count"].tolist() == [8, 8, 16, 16]


def test_later_overlays_win_and_set_over_all(tmp_path: Path) -> None:
    later = "cases:\n  berlin: {pue: 1.3, label: Later}\nsets: {chosen.level: 9}\n"
    book = loaded(tmp_path, BERLIN + "sets: {chosen.level: 5}\n", later)
    assert (book.values["cases.pue"][-1], book.values["chosen.level"][0], book.values["cases.case"][-1]) == (1.3, 9, "Later")
    assert book.values["cases.gpu"][-1] == "Large GPU"
    book = loaded(tmp_path, BERLIN, later, sets={"cases.berlin.pue": 2.5, "chosen.level": 1})
    assert (book.values["cases.pue"][-1], book.values["chosen.level"][0]) == (2.5, 1)
    # A value that --set replaces is not looked at.
    assert loaded(tmp_path, BERLIN, "cases: {berlin: {pue: 99}}", sets={"cases.berlin.pue": 2}).values["cases.pue"][-1] == 2


def test_a_list_must_increase_after_all_have_been_laid(tmp_path: Path) -> None:
    assert loaded(tmp_path, "sets: {hours.h1: 3}", sets={"hours.h2": 4}).values["hours.value"].tolist() == [3, 4, 6]
    with pytest.raises(WorkbookError, match=r"hours\.h1: the values of list 'hours' must increase") as caught:
        loaded(tmp_path, "sets: {hours.h1: 3}")
    assert [str(item.place) for item in caught.value.diagnostics] == [f"{tmp_path / '0.yaml'}:1:18"]


# In the file.


def test_a_new_case_is_in_the_drop_down_the_charts_and_the_head(tmp_path: Path) -> None:
    book = loaded(tmp_path, BERLIN)
    path = api.build("across", tmp_path / "across.xlsx", templates=ACROSS, overlay=tmp_path / "0.yaml").path
    opened = openpyxl.load_workbook(path)
    assert [cell.value for cell in opened["Cases"][7][7:]] == [
        *("As printed", "Corrected", "My own", "Another one"),
        "Berlin, liquid cooled",
    ]
    (offered,) = [rule for rule in opened["Results"].data_validations.dataValidation if rule.type == "list"]
    assert offered.formula1 == "Cases!$H$7:$L$7"
    ranges = {str(series.val.numRef.f) for chart in vars(opened["Results"])["_charts"] for series in chart.series if series.val}
    assert ranges == {"Cases!$H$17:$L$17"}
    cells = read_cells(path)["Cases"]
    own, taken = (cells[address_of(book, f"cases.berlin.{name}")] for name in ("pue", "cooling"))
    assert (own.value, own.is_formula) == (1.1, False)
    assert taken.formula == f"${address_of(book, 'cases.corrected.cooling')}"


def test_a_new_case_costs_what_the_other_cases_cost(tmp_path: Path) -> None:
    plain = {item.id for item in expectations(api.load("across", ACROSS))}
    added = {item.id for item in expectations(loaded(tmp_path, BERLIN))} - plain
    like = {name.replace(".other.", ".berlin.") for name in plain if ".other." in name}
    # Its own values are inputs where the other case takes one over, and the other way round.
    assert added - like == {"cases.berlin.hours"}
    assert like - added == {"cases.berlin.pue", "cases.berlin.count"}


def test_equal_overlays_give_equal_bytes(tmp_path: Path) -> None:
    path = overlay(tmp_path, BERLIN)
    first, second = (api.build("across", tmp_path / f"{n}.xlsx", templates=ACROSS, overlay=path).path.read_bytes() for n in (1, 2))
    assert first == second != api.build("across", tmp_path / "3.xlsx", templates=ACROSS).path.read_bytes()


def test_a_file_is_read_back_with_the_overlay_it_was_built_with(tmp_path: Path) -> None:
    mine = overlay(tmp_path, BERLIN + "  mine: {pue: 1.4}\n")
    path = api.build("across", tmp_path / "across.xlsx", templates=ACROSS, sets={"cases.berlin.count": 12}, overlay=mine).path
    book = book_of(path, locate(path), ACROSS, mine)
    assert book.values["cases.power"].tolist()[-1] == pytest.approx(500 * 12 * 1.1 / 1e3)
    assert book.values["cases.pue"].tolist() == [1.5, 1.25, 1.4, 1.25, 1.1]
    # The values are the file's; the overlay says only which cases there are.
    other = overlay(tmp_path, BERLIN.replace("1.1", "2") + "  paper: {hours: 1}\n", "other.yaml")
    assert book_of(path, locate(path), ACROSS, other).edits == book.edits
    assert book_of(path, locate(path), ACROSS).edits == book.edits
    two = overlay(tmp_path, BERLIN + "  rome: {parent: paper}\n", "two.yaml")
    rome = overlay(tmp_path, "cases: {rome: {parent: paper}}", "rome.yaml")
    for files, message in ((two, "quantities differ, such as 'by_case."), (rome, "inputs differ, such as 'cases.berlin.cooling'")):
        with pytest.raises(WorkbookError, match=f"was built from other templates or with other overlays: .*{message}") as caught:
            book_of(path, locate(path), ACROSS, files)
        (found,) = caught.value.diagnostics
        assert found.fix == "give those with --templates and --overlay, or build it again"


def test_values_alone_need_no_overlay_to_be_read_back(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "cases: {mine: {pue: 1.4, gpu: large}}")
    path = api.build("across", tmp_path / "across.xlsx", templates=ACROSS, overlay=mine).path
    assert book_of(path, locate(path), ACROSS).edits == {("cases.pue", 2): 1.4, ("cases.gpu", 2): "Large GPU"}


# On the command line.


def test_every_command_takes_overlays(tmp_path: Path) -> None:
    files = ["--overlay", overlay(tmp_path, BERLIN), "--overlay", overlay(tmp_path, "cases: {berlin: {pue: 1.3}}", "2.yaml")]
    options = ["--templates", ACROSS, *files, "--set", "cases.berlin.count=20"]
    for name in ("inputs", "cells"):
        listed = {item["id"]: item for item in json.loads(command(name, "across", *options, "--format", "json").stdout)}
        assert [listed[f"cases.berlin.{column}"]["value"] for column in ("gpu", "pue", "count")] == ["Large GPU", 1.3, 20]
        assert listed["cases.berlin.hours"]["value"] == 20
    assert listed["cases.berlin.power"]["value"] == pytest.approx(500 * 20 * 1.3 / 1e3)
    shown = command("explain", "cases.berlin.pue", "--workbook", "across", *options).stdout
    assert "in place of cases.corrected.pue (Cases!I11) = 1.25" in shown
    path = tmp_path / "across.xlsx"
    assert command("build", "across", *options, "--out", path).exit_code == 0
    assert read_cells(path)["Cases"]["L11"].value == 1.3


# Mistakes.

MISTAKES = {
    "an unknown table": ("§case: {mine: {pue: 1.1}}", "there is no table of cases 'case' in this workbook", "did you mean 'cases'?"),
    "a table without parents": ("§nested: {mine: {energy: 1}}", "there is no table of cases 'nested'", "one of: cases, sets"),
    "cases without a table": ("§berlin: {parent: paper}", "there is no table of cases 'berlin'", "one of: cases, sets"),
    "an unknown assumption": ("cases: {mine: {§puee: 1.1}}", "'cases' has no assumption 'puee'", "did you mean 'pue'?"),
    "a result": ("cases: {mine: {§power: 1.1}}", "'power' of 'cases' is worked out, not assumed", "give what it is worked out from"),
    "a printed constant": ("cases: {mine: {§printed: 1.1}}", "'printed' of 'cases' is worked out, not assumed", "give what"),
    "a value too low": ("cases: {mine: {pue: §0.9}}", "cases.mine.pue is 0.9; it must be at least 1", ""),
    "a value too high, of a new case": ("cases: {oslo: {parent: paper, pue: §9}}", "cases.oslo.pue is 9; it must be at most 3", ""),
    "a part of a GPU": ("cases: {mine: {count: §1.5}}", "cases.mine.count is 1.5; it must be a whole number", ""),
    "no choice": ("cases: {mine: {cooling: §watr}}", "cases.mine.cooling cannot be 'watr'", "did you mean 'water'?"),
    "no card": ("cases: {mine: {gpu: §larg}}", "cases.mine.gpu: 'larg' is not one of the gpus", "did you mean 'large'?"),
    "a text for a number": ("cases: {mine: {pue: §low}}", "cases.mine.pue: 'low' is not a finite number", "give a number"),
    "a text for a number with a unit": ("cases: {mine: {hours: §all}}", "cases.mine.hours: 'all' is not a finite number", "give it in h"),
    "no number": ("cases: {mine: {pue: §.inf}}", "cases.mine.pue: '.inf' is not a finite number", "give a number"),
    "yes or no": ("cases: {mine: {count: §true}}", "the value of 'cases.mine.count' must be a number or a text", ""),
    "nothing": ("cases: {mine: {count: §}}", "the value of 'cases.mine.count' must be a number or a text", ""),
    "a list": ("cases: {mine: {count: §[1, 2]}}", "the value of 'cases.mine.count' must be a number or a text", ""),
    "one value twice": ("cases: {mine: {pue: 1.1, §pue: 1.2}}", "'pue' is given twice (first on line 1)", "keep one"),
    "one case twice": ("cases:\n  mine: {}\n  §mine: {}", "'mine' is given twice (first on line 2)", "keep one"),
    "a value and a set": (
        "cases: {mine: {pue: 2}}\nsets: {§cases.mine.pue: 2}",
        "'cases.mine.pue' is given twice (first on line 1)",
        "keep one",
    ),
    "an unknown parent": ("cases: {oslo: {parent: §papr}}", "'oslo' cannot inherit from 'papr', which is no case", "did you mean 'paper'?"),
    "a parent by its label": ("cases: {oslo: {parent: §As printed}}", "which is no case", "did you mean 'paper'?"),
    "its own parent": ("cases: {oslo: {parent: §oslo}}", "'oslo' cannot inherit from 'oslo', which is no case", ""),
    "a circle of new cases": (
        "cases:\n  oslo: {parent: rome}\n  rome: {parent: §oslo}",
        "'rome' cannot inherit from 'oslo', which inherits from 'rome'",
        "another",
    ),
    "a circle of parents": ("cases: {corrected: {parent: §mine}}", "which inherits from 'corrected'", "another"),
    "no parent": ("cases: {§oslo: {pue: 2, count: 3}}", NEEDS + "gpu, cooling, hours", "add a parent, such as 'parent: corrected'"),
    "no parent and no value": ("cases: {§oslo: {}}", NEEDS + "gpu, cooling, pue and 2 more", "add a parent, such as 'parent: corrected'"),
    "a case misspelt": ("cases: {§othr: {pue: 2}}", "'othr' is no case of 'cases'", "did you mean 'other'? Or add a parent, such as"),
    "a bad key": ("cases: {§Berlin 2: {parent: paper}}", "case 'Berlin 2' is not a usable name", "lower-case letters, digits and _"),
    "a word of expressions": ("cases: {§if: {parent: paper}}", "case 'if' is not a usable name", "lower-case letters"),
    "a label taken": (
        "cases: {oslo: {parent: paper, label: §my OWN}}",
        "case 'mine' has the label 'my OWN' already",
        "give 'oslo' another",
    ),
    "a key that is a label": ("cases: {§my_own: {parent: paper}}", "case 'mine' has the label 'my own' already", "give 'my_own' another"),
    "a formula for a label": ("cases: {oslo: {parent: paper, label: '§=1+1'}}", "'=1+1' cannot be the label of a case", "starting with"),
    "a number for a label": ("cases: {oslo: {parent: paper, label: §2027}}", "'2027' cannot be the label of a case", "with a letter"),
    "a wildcard for a label": ("cases: {oslo: {parent: paper, label: §a*}}", "'a*' cannot be the label of a case", "none of * ?"),
    "a case of the templates renamed to nothing": ("cases: {mine: {label: '§'}}", "'' cannot be the label of a case", "up to 60"),
    "no cases": ("cases:§ ", "'cases' of an overlay must be a mapping", ""),
    "a list of cases": ("cases: §[mine]", "'cases' of an overlay must be a mapping", ""),
    "a case that is a number": ("cases: {oslo: §5}", "case 'oslo' must be a mapping of keys to values", ""),
    "no mapping at all": ("§- mine\n", "an overlay must be a mapping of keys to values", ""),
    "sets that are none": ("sets: §5", "'sets' of an overlay must be a mapping", ""),
    "an unknown input": ("sets: {§chosen.levl: 5}", "chosen.levl: there is no such input", "did you mean 'chosen.level'?"),
    "a set of a result": ("sets: {§cases.mine.power: 5}", "cases.mine.power: there is no such input", "only inputs can be set"),
    "a set out of bounds": ("sets: {chosen.level: §-1}", "chosen.level is -1; it must be at least 0", ""),
    "no YAML": ("cases: {mine: {pue: 1.1}\n§sets: {}\n", "is not valid YAML: ", "check indentation, quotes and colons"),
    "an anchor": ("cases: {mine: §&a {pue: 2}, other: *a}", "anchors and aliases are not used in templates", "write the value out"),
}


def mistakes(folder: Path, text: str, templates: Path = ACROSS, name: str = "across") -> tuple[Diagnostic, ...]:
    """Give what is wrong with an overlay."""
    return mistakes_in(name, templates, overlay=overlay(folder, text))


@pytest.mark.parametrize(("text", "message", "fix"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_message_at_its_place(tmp_path: Path, text: str, message: str, fix: str) -> None:
    (found,) = mistakes(tmp_path, text.replace(MARK, ""))
    head = text.partition(MARK)[0].split("\n")
    assert found.message.startswith(message) or message in found.message
    assert found.fix.startswith(fix) or fix in found.fix
    assert str(found.place) == f"{tmp_path / 'mine.yaml'}:{len(head)}:{len(head[-1]) + 1}"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    first = overlay(tmp_path, "case: {}\ncases: {mine: {pue: 9, hourz: 1}, oslo: {parent: papr}}\nsets: {chosen.lvl: 1, cases.oslo.pue: 0}")
    second = overlay(tmp_path, "sets: [1]\n", "second.yaml")
    files = ["--overlay", first, "--overlay", second, "--overlay", tmp_path / "none.yaml"]
    result = command("cells", "across", "--templates", ACROSS, *files, "--set", "chosen.case=oslp", "--set", "hours.h9=1")
    assert (result.exit_code, result.stdout) == (2, "")
    told = [line for line in result.stderr.splitlines() if not line.startswith(" ")]
    assert [line for line in told if " | " not in line] == [
        f"{first}:1:1: there is no table of cases 'case' in this workbook",
        f"{first}:2:21: cases.mine.pue is 9; it must be at most 3",
        f"{first}:2:24: 'cases' has no assumption 'hourz'",
        f"{first}:2:50: 'oslo' cannot inherit from 'papr', which is no case",
        f"{first}:3:8: chosen.lvl: there is no such input",
        f"{first}:3:39: cases.oslo.pue is 0; it must be at least 1",
        f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory",
        f"{second}:1:7: 'sets' of an overlay must be a mapping",
        "--set chosen.case: 'oslp' is not one of the rows of 'cases'",
        "--set hours.h9: there is no such input",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"# nothing yet\n", "is empty"),
        (b"PK\x03\x04\xff\xfe", "is compressed (zip), and no text"),
        (b"a: \xff\xfe", "is not UTF-8 text"),
        (b"cases: {a: \x07}", "valid YAML"),
    ],
)
def test_a_file_of_another_kind_is_told(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "other.yaml"
    path.write_bytes(data)
    result = command("build", "across", "--templates", ACROSS, "--overlay", path, "--out", tmp_path / "across.xlsx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}:") or result.stderr.startswith(f"{path} ")
    assert message in result.stderr
    assert not (tmp_path / "across.xlsx").exists()


def test_a_workbook_without_cases_says_so(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, "cases: {oslo: {pue: 1}}", TINY, "tiny")
    assert (found.message, found.fix) == (
        "there is no table of cases 'cases' in this workbook",
        "it has none; give its inputs under 'sets'",
    )
    book = api.load("tiny", TINY, overlay=overlay(tmp_path, "sets: {run.weights: 17}"))
    assert book.values["run.weights"].tolist() == [17]


@pytest.mark.parametrize(
    "column",
    [
        'target: {label: Target, unit: "1", switch: case, case: {paper: "1", corrected: "2", mine: "3", other: "4"}}',
        'target: {label: Target, unit: "1", values: {paper: 1, corrected: 2, mine: 3, other: 4}}',
    ],
)
def test_no_case_is_added_where_something_is_written_out_for_each(tmp_path: Path, column: str) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    head = "    rows: {case: cases}\n    columns:\n"
    plant(root, "sheets/results.yaml", head, f"{head}      {column}\n")
    (found,) = mistakes(tmp_path, BERLIN, root)
    assert found.message == "'berlin' cannot be added to 'cases': 'by_case.target' is written out case by case"
    assert str(found.place) == f"{tmp_path / 'mine.yaml'}:2:3"
    assert api.load("across", root, overlay=overlay(tmp_path, "cases: {mine: {pue: 2}}")).values["cases.pue"][2] == 2
