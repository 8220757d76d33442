"""Copies of one file that several people edited: their edits come together in any order, and what differs is reported and not lost."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import Values, differing, draw, in_libreoffice, place, typed
from tests.support import ACROSS, command, copy_of, plant
from workbook import api
from workbook.record.read import baseline, read
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.roundtrip.regenerate import Regeneration

PUE, COUNT, LEVEL = "cases.mine.pue", "cases.paper.count", "chosen.level"
ANNA: Values = {PUE: 1.3, COUNT: 9.0}
BORIS: Values = {PUE: 1.4, COUNT: 9.0, LEVEL: 2.7}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as built, and copies: two that disagree on one input and agree on another, one without edits."""
    found = tmp_path_factory.mktemp("copies")
    built = api.build("across", found / "built.xlsx", templates=ACROSS).path
    for name, edits in {"anna": ANNA, "boris": BORIS, "clean": {}}.items():
        typed(built, found / f"{name}.xlsx", api.load("across", ACROSS), edits)
    return found


def merged(folder: Path, out: Path, *names: str, **options: Any) -> Regeneration:
    """Build from copies."""
    return regenerate([folder / f"{name}.xlsx" for name in names], out / "new.xlsx", templates=ACROSS, **options)


def told(path: Path, sheet: str) -> list[str]:
    """Give what the cells of a sheet show."""
    return [str(cell.value) for cell in read(path)[sheet].values()]


def test_edits_of_all_are_kept_and_those_that_differ_are_told(folder: Path, tmp_path: Path) -> None:
    result = command(
        "build", "--from", folder / "boris.xlsx", "--from", folder / "anna.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx"
    )
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == "2 edits kept, 0 inputs with new figures, 0 conflicts"
    assert result.stderr.splitlines() == [
        f"not carried: anna.xlsx: Cases!J11 ({PUE}) holds 1.3, and boris.xlsx 1.4: none was taken; it inherits its value again",
        f"not carried: boris.xlsx: Cases!J11 ({PUE}) holds 1.4, and anna.xlsx 1.3: none was taken; it inherits its value again",
    ]
    assert pull(tmp_path / "new.xlsx").sets == {COUNT: 9.0, LEVEL: 2.7}
    assert {"anna.xlsx: Cases!J11", "boris.xlsx: Cases!J11", "1.3", "1.4"} <= {*told(tmp_path / "new.xlsx", "Conflicts")}


def test_changes_says_whose_an_edit_is(folder: Path, tmp_path: Path) -> None:
    found = merged(folder, tmp_path, "anna", "boris")
    assert found.account
    behind = {item.id: item.behind for item in found.account.inputs}
    assert behind == {COUNT: "typed into anna.xlsx and boris.xlsx", LEVEL: "typed into boris.xlsx", PUE: behind[PUE]}
    assert "typed into boris.xlsx" in told(tmp_path / "new.xlsx", "Changes")


@pytest.mark.parametrize(("preferred", "value", "other"), [("anna", 1.3, "boris"), ("boris", 1.4, "anna")])
def test_the_edit_of_the_preferred_copy_is_taken(preferred: str, value: float, other: str, folder: Path, tmp_path: Path) -> None:
    found = merged(folder, tmp_path, "anna", "boris", prefer_copy=folder / f"{preferred}.xlsx")
    assert pull(tmp_path / "new.xlsx").sets == {COUNT: 9.0, LEVEL: 2.7, PUE: value}
    assert [(item.file, item.id) for item in found.remarks] == [(f"{other}.xlsx", PUE)]
    assert not found.left


def test_order_does_not_matter_and_a_clean_copy_changes_nothing(folder: Path, tmp_path: Path) -> None:
    files = []
    for names in (("anna", "boris", "clean"), ("clean", "boris", "anna")):
        merged(folder, tmp_path, *names)
        files.append((tmp_path / "new.xlsx").read_bytes())
    assert files[0] == files[1]
    merged(folder, tmp_path, "anna", "clean")
    assert pull(tmp_path / "new.xlsx").sets == ANNA
    merged(folder, tmp_path, "anna", "anna")
    assert pull(tmp_path / "new.xlsx").sets == ANNA


def laws(book: api.Book, drawn: Mapping[str, Values]) -> tuple[Values, set[str]]:
    """Give what copies agree on, and the inputs on which they do not."""
    kept: Values = {}
    wrong: set[str] = set()
    for edits in drawn.values():
        for name, value in differing(book, edits).items():
            if kept.setdefault(name, value) != value:
                wrong.add(name)
    return {name: value for name, value in kept.items() if name not in wrong}, wrong


@pytest.mark.parametrize("seed", range(6))
def test_any_copies_come_to_what_they_agree_on(seed: int, folder: Path, tmp_path: Path) -> None:
    dice, book = random.Random(seed), api.load("across", ACROSS)  # noqa: S311 no secret
    drawn = {f"copy_{n}": draw(book, dice) for n in range(3)}
    drawn["copy_2"] |= dict(list(drawn["copy_0"].items())[:2])
    for name, edits in drawn.items():
        typed(folder / "built.xlsx", tmp_path / f"{name}.xlsx", book, edits)
    kept, wrong = laws(book, drawn)
    found = merged(tmp_path, tmp_path, *drawn)
    refused = {item.id for item in found.left}
    assert wrong <= refused
    # Some edits are fine in each copy, but make an error together; these are listed with that reason, and nothing else is.
    assert all("makes an error" in item.text for item in found.left if item.id not in wrong)
    assert pull(tmp_path / "new.xlsx").sets == {name: value for name, value in kept.items() if name not in refused}


def test_notes_are_merged_as_values_are(folder: Path, tmp_path: Path) -> None:
    spot = baseline(folder / "built.xlsx", read(folder / "built.xlsx")).inputs[LEVEL].note_spot
    assert spot
    for name, note in {"one": "of May", "two": "of June", "three": "of May"}.items():
        opened = openpyxl.load_workbook(folder / "built.xlsx")
        opened[spot.sheet][spot.address].value = note
        opened.save(tmp_path / f"{name}.xlsx")
    assert not merged(tmp_path, tmp_path, "one", "three").left
    assert pull(tmp_path / "new.xlsx").edits[LEVEL].note == "of May"
    found = merged(tmp_path, tmp_path, "one", "two")
    assert {item.file for item in found.left if "has the note 'of" in item.text} == {"one.xlsx", "two.xlsx"}
    assert LEVEL not in pull(tmp_path / "new.xlsx").edits


def test_a_case_that_one_renamed_is_still_what_another_chose(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    path = root / "sheets/cases.yaml"
    renamable = ("rows: {case: {label: Case, members", "rows: {case: {label: Case, renamable: true, members")
    path.write_text(path.read_text("utf-8").replace(*renamable), "utf-8")
    built, book = api.build("across", tmp_path / "built.xlsx", templates=root).path, api.load("across", root)
    typed(built, tmp_path / "a.xlsx", book, {"cases.mine.name": "Chat in Oslo"})
    typed(built, tmp_path / "b.xlsx", book, {"cases.corrected.name": "Old", LEVEL: 2.2})
    regenerate([tmp_path / "a.xlsx", tmp_path / "b.xlsx"], tmp_path / "new.xlsx", templates=root)
    assert pull(tmp_path / "new.xlsx").sets == {"cases.mine.name": "Chat in Oslo", "cases.corrected.name": "Old", LEVEL: 2.2}


def test_pasted_cases_are_merged_and_disagreement_is_told(folder: Path, tmp_path: Path) -> None:
    built = folder / "built.xlsx"
    inputs = baseline(built, read(built)).inputs
    inherits = [given.spot for name, given in inputs.items() if name.startswith("cases.other.") and given.taken]
    steps: dict[str, list[list[Any]]] = {
        "one": [["copy", "Cases", "I7:I30", "K7"]],
        "two": [["formula", "Cases", spot.address, f"=$J{spot.row + 1}"] for spot in inherits],
    }
    in_libreoffice([(built, tmp_path / f"{name}.xlsx", taken) for name, taken in steps.items()])

    def parent() -> str:
        """Give the column that case 'other' shows."""
        return str(read(tmp_path / "new.xlsx")["Cases"][inputs["cases.other.count"].spot.address].formula)[:2]

    parents = {}
    for name in steps:
        merged(tmp_path, tmp_path, name)
        parents[name] = parent()
    found = merged(tmp_path, tmp_path, "one", "two")
    assert {item.file for item in found.left if "copies disagree" in item.text} == {"one.xlsx", "two.xlsx"}
    assert {**parents, "none": parent()} == {"one": "$H", "two": "$J", "none": "$I"}
    for name in steps:
        merged(tmp_path, tmp_path, "one", "two", prefer_copy=tmp_path / f"{name}.xlsx")
        assert parent() == parents[name]


def test_what_one_copy_left_as_it_was_built_is_no_edit_of_it(folder: Path, tmp_path: Path) -> None:
    """The file of which there are copies holds edits itself: who did not touch them has no say."""
    merged(folder, tmp_path, "anna", "clean")  # 1.3 and 9
    base, book = (tmp_path / "new.xlsx").rename(tmp_path / "base.xlsx"), api.load("across", ACROSS)
    sheet, address = place(book, LEVEL)
    in_libreoffice([(base, tmp_path / "office.xlsx", [["value", sheet, address, 2.7]])])
    for name, edits in {"ten": {COUNT: 10.0}, "twelve": {COUNT: 12.0}, "back": {COUNT: 8.0}}.items():
        typed(base, tmp_path / f"{name}.xlsx", book, edits)
    rest: Values = {PUE: 1.3, LEVEL: 2.7}

    def built(*names: str, **options: Any) -> tuple[Values, list[str], list[str]]:
        found = merged(tmp_path, tmp_path, "office", *names, **options)
        return dict(pull(tmp_path / "new.xlsx").sets), list(map(str, found.left)), list(map(str, found.remarks))

    assert built("ten") == ({**rest, COUNT: 10.0}, [], [])
    assert built("ten", prefer_copy=tmp_path / "office.xlsx") == ({**rest, COUNT: 10.0}, [], [])
    assert built("back") == (rest, [], [])
    sets, left, _ = built("ten", "twelve")
    assert (sets, len(left)) == ({**rest, COUNT: 9.0}, 2)
    assert left[0].endswith("holds 10, and twelve.xlsx 12: none was taken; it stays 9")
    sets, left, remarks = built("ten", "back")
    assert (sets, left) == ({**rest, COUNT: 10.0}, [])
    assert remarks[0].endswith("holds 10; that it is as the templates give it in back.xlsx was not taken")
    assert built("ten", "twelve", prefer_copy=tmp_path / "ten.xlsx")[0] == {**rest, COUNT: 10.0}


def test_copies_of_other_programs_keep_other_digits(tmp_path: Path) -> None:
    """A program keeps 15 digits of what a build gave, and rounds up the half of a last one that others round down."""
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(
        root,
        "sheets/cases.yaml",
        "values: {paper: 1.5, corrected: 1.25}",
        "values: {paper: 1.021128183719585, corrected: 1.070001350669507}",
    )
    built = api.build("across", tmp_path / "built.xlsx", templates=root).path
    book = api.load("across", root)
    typed(built, tmp_path / "anna.xlsx", book, {COUNT: 9.0})
    sheet, address = place(book, LEVEL)
    in_libreoffice([(built, tmp_path / "office.xlsx", [["value", sheet, address, 2.7]])])
    files = ["--from", tmp_path / "anna.xlsx", "--from", tmp_path / "office.xlsx"]
    result = command("build", *files, "--templates", root, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, pull(tmp_path / "new.xlsx").sets) == (0, {COUNT: 9.0, LEVEL: 2.7})


def test_files_of_other_builds_are_refused(folder: Path, tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "paper: 8, mine: 16", "paper: 10, mine: 16")
    api.build("across", tmp_path / "other.xlsx", templates=root)
    files = ["--from", folder / "anna.xlsx", "--from", tmp_path / "other.xlsx"]
    result = command("build", *files, "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, "is no copy of the file that anna.xlsx is one of" in result.stderr) == (2, True)
    assert not (tmp_path / "new.xlsx").exists()


def test_a_comparison_says_what_both_copies_were_built_with(folder: Path, tmp_path: Path) -> None:
    other = typed(folder / "built.xlsx", tmp_path / "other.xlsx", api.load("across", ACROSS), {COUNT: 7.0, LEVEL: 2.7})
    result = command("diff", folder / "anna.xlsx", other, "--templates", ACROSS)
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert f"{LEVEL}: 2.6 -> 2.7 kW (typed into the file)" in lines
    assert f"{COUNT}: 9 -> 7 gpu (typed into the file); built with 8" in lines


def test_a_formula_without_a_result_in_one_copy_is_worked_out_and_an_account_is_written(folder: Path, tmp_path: Path) -> None:
    typed(folder / "built.xlsx", tmp_path / "a.xlsx", api.load("across", ACROSS), {LEVEL: "=Cases!H18*2"})
    typed(folder / "built.xlsx", tmp_path / "b.xlsx", api.load("across", ACROSS), {COUNT: 9.0})
    opened = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet, address = place(api.load("across", ACROSS), LEVEL)
    opened[sheet][address].data_type = "f"
    opened.save(tmp_path / "a.xlsx")
    found = merged(tmp_path, tmp_path, "a", "b")
    assert found.account is not None
    assert not [item.id for item in found.account.inputs if item.now != item.now or item.was != item.was]
    assert {LEVEL, COUNT} <= {*pull(tmp_path / "new.xlsx").edits} | {item.id for item in found.left}
