"""Overlays beside an edited file: what was given is taken, agrees with the file, or is a conflict that names both."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.roundtrip.edits import place, typed
from tests.support import ACROSS, RECORD_SHEET, command, copy_of, plant
from workbook import api
from workbook.record.read import baseline, read
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate

FORMAT_3 = Path(__file__).with_name("files") / "across_format_3.xlsx"
"""Built before files carried what overlays gave, with a case of an overlay; edited and saved in LibreOffice."""

EDITED = {"cases.mine.pue": 1.3, "cases.paper.count": 9.0}
PUE, COUNT, LEVEL = "cases.mine.pue", "cases.paper.count", "chosen.level"


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a workbook and type edits into it."""
    folder = tmp_path_factory.mktemp("parties")
    api.build("across", folder / "built.xlsx", templates=ACROSS)
    return typed(folder / "built.xlsx", folder / "edited.xlsx", api.load("across", ACROSS), {**EDITED})


def overlay(tmp_path: Path, text: str, name: str = "prices.yaml") -> Path:
    """Write an overlay."""
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path / name


def again(file: Path, tmp_path: Path, *options: object) -> tuple[int, list[str], str]:
    """Build a file again; give the exit status, what was said after the counts of the build, and the errors."""
    result = command("build", "--from", file, *options, "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    return result.exit_code, result.stdout.splitlines()[1:], result.stderr


def test_a_value_for_an_input_that_nobody_edited_is_taken(edited: Path, tmp_path: Path) -> None:
    status, said, _ = again(edited, tmp_path, "--overlay", overlay(tmp_path, "sets: {chosen.level: 2.7, hours.h6: 6}"))
    # 6 hours is what the templates give, too.
    assert (status, said[0]) == (0, "2 edits kept, 0 inputs with new figures, 1 value of overlays, 0 conflicts")
    assert said[1] == "new figure: chosen.level: 2.6 -> 2.7 kW (overlay prices.yaml)"
    assert pull(tmp_path / "new.xlsx").sets == {**EDITED, LEVEL: 2.7}


def test_a_value_like_the_edit_is_no_conflict(edited: Path, tmp_path: Path) -> None:
    status, said, _ = again(edited, tmp_path, "--overlay", overlay(tmp_path, f"sets: {{{PUE}: 1.3}}"))
    assert (status, said) == (0, ["2 edits kept, 0 inputs with new figures, 0 conflicts"])
    assert pull(tmp_path / "new.xlsx").sets == EDITED


KEPT = {"theirs": ([], 9.0, "as edited"), "ours": (["--ours"], 7.0, "as the overlay prices.yaml gives it")}


@pytest.mark.parametrize(("options", "value", "kept"), KEPT.values(), ids=KEPT)
def test_a_value_unlike_the_edit_is_a_conflict_that_names_both(
    options: list[str], value: float, kept: str, edited: Path, tmp_path: Path
) -> None:
    given = overlay(tmp_path, f"sets: {{{COUNT}: 7}}")
    status, said, _ = again(edited, tmp_path, *options, "--overlay", given)
    assert status == 0
    assert said[0] == "1 edit kept, 0 inputs with new figures, 1 conflict"
    assert said[1] == f"conflict: {COUNT} was edited from 8 to 9 gpu, but overlay prices.yaml gives 7 gpu; {kept} in the new file"
    assert pull(tmp_path / "new.xlsx").sets[COUNT] == value
    told = [str(cell.value) for cell in read(tmp_path / "new.xlsx")["Conflicts"].values()]
    assert "overlay prices.yaml" in told
    assert str(tmp_path) not in "".join(told)


def test_an_edit_that_an_overlay_takes_back_is_a_conflict(edited: Path, tmp_path: Path) -> None:
    """The overlay says what the templates say; it is not dropped for that."""
    status, said, wrong = again(edited, tmp_path, "--fail", "--overlay", overlay(tmp_path, f"sets: {{{COUNT}: 8}}"))
    assert (status, said) == (2, [])
    assert "Cases!H12: cases.paper.count was edited from 8 to 9 gpu, but overlay prices.yaml gives 8 gpu" in wrong


def test_what_an_earlier_version_of_an_overlay_gave_is_no_edit(tmp_path: Path) -> None:
    first = overlay(tmp_path, f"sets: {{{COUNT}: 7, {LEVEL}: 3, {PUE}: 1.4}}")
    built = api.build("across", tmp_path / "built.xlsx", templates=ACROSS, overlay=first).path
    file = typed(built, tmp_path / "edited.xlsx", api.load("across", ACROSS), {LEVEL: 2.0})
    overlay(tmp_path, f"sets: {{{COUNT}: 6, {LEVEL}: 2.9}}")
    found = regenerate(file, tmp_path / "new.xlsx", templates=ACROSS, overlay=first)
    assert (found.merge.given, [item.id for item in found.merge.conflicts], found.merge.kept) == ([COUNT], [LEVEL], [PUE])
    assert pull(tmp_path / "new.xlsx").sets == {COUNT: 6.0, LEVEL: 2.0, PUE: 1.4}
    # What the new file holds of overlays it still knows as theirs, and no more.
    known = baseline(tmp_path / "new.xlsx", read(tmp_path / "new.xlsx"))
    assert known.carried["offered"] == {
        "values": {COUNT: 6.0, PUE: 1.4},
        "notes": {},
    }


def test_a_note_of_an_overlay_is_a_party_too(tmp_path: Path) -> None:
    api.build(
        "across", tmp_path / "built.xlsx", templates=ACROSS, overlay=(given := overlay(tmp_path, "sets: {chosen.level: {note: of May}}"))
    )
    book = api.load("across", ACROSS)
    sheet, _ = place(book, LEVEL)
    note = baseline(tmp_path / "built.xlsx", read(tmp_path / "built.xlsx")).inputs[LEVEL].note_spot
    assert note
    assert read(tmp_path / "built.xlsx")[sheet][note.address].value == "of May"
    overlay(tmp_path, "sets: {chosen.level: {note: of June}}")
    regenerate(tmp_path / "built.xlsx", tmp_path / "june.xlsx", templates=ACROSS, overlay=given)
    assert read(tmp_path / "june.xlsx")[sheet][note.address].value == "of June"
    opened = openpyxl.load_workbook(tmp_path / "june.xlsx")
    opened[sheet][note.address].value = "by hand"
    opened.save(tmp_path / "edited.xlsx")
    overlay(tmp_path, "sets: {chosen.level: {note: of July}}")
    _, said, _ = again(tmp_path / "edited.xlsx", tmp_path, "--overlay", given)
    assert said[1] == (
        "conflict: the note of chosen.level was edited from '' to 'by hand', but overlay prices.yaml gives 'of July'; "
        "as edited in the new file"
    )
    assert read(tmp_path / "new.xlsx")[sheet][note.address].value == "by hand"


def test_damaged_offers_are_reported(tmp_path: Path) -> None:
    built = api.build("across", tmp_path / "built.xlsx", templates=ACROSS, overlay=overlay(tmp_path, f"sets: {{{COUNT}: 7}}")).path
    for text in ("5", "[]", '{"values": {}}', '{"values": {"a": [1]}, "notes": {}}', '{"values": {}, "notes": {"a": 1}}'):
        opened = openpyxl.load_workbook(built)
        (row,) = (cell.row for cell in opened[RECORD_SHEET]["A"] if cell.value == "offered")
        opened[RECORD_SHEET].cell(row, 2).value = text
        opened.save(tmp_path / "bad.xlsx")
        result = command("build", "--from", tmp_path / "bad.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
        assert (result.exit_code, "what overlays gave" in result.stderr) == (2, True), text
    assert not (tmp_path / "new.xlsx").exists()


def test_options_that_contradict_are_refused(edited: Path, tmp_path: Path) -> None:
    for options, wrong in (
        (["--prefer", edited], "--prefer takes one of several files that are given with --from"),
        (["--ours", "--fail"], "--theirs, --ours and --fail exclude each other"),
        (["--out", tmp_path / "a.xlsx"], "--out is given more than once: give it once"),
    ):
        status, said, stderr = again(edited, tmp_path, *options)
        assert (status, said, wrong in stderr) == (2, [], True), stderr
    assert list(tmp_path.iterdir()) == []
    assert again(edited, tmp_path, "--ours", "--ours")[0] == 0


def test_a_file_built_before_keeps_its_edits_and_its_cases(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "paper: 8, mine: 16", "paper: 10, mine: 16")
    result = command("build", "--from", FORMAT_3, "--templates", root, "--out", tmp_path / "new.xlsx")
    assert result.exit_code == 0, result.stderr
    assert "conflict: cases.paper.count was edited from 8 to 9 gpu, but the templates now give 10 gpu; as edited" in result.stdout
    own = {"cases.berlin.gpu": "Large GPU", "cases.berlin.pue": 1.1}
    assert pull(FORMAT_3).sets == {**EDITED, **own}
    assert pull(tmp_path / "new.xlsx").sets == {**EDITED, **own}
    said = command("diff", FORMAT_3, tmp_path / "new.xlsx", "--templates", root)
    assert (said.exit_code, said.stderr) == (1, "")
    differences = [line.split(":")[0] for line in said.stdout.splitlines() if line.startswith(" ")]
    # The master check counts errors, too, and says that checks pass (they held); two expressions of the templates are written
    # otherwise since; choices have a check.
    known = "  formulas of 'checks.chosen_case_known' are new"
    assert differences == ["  Master check", "  checks.status", "  checks.failures", "  gpu_list.twice", "  over.second", known]
