"""Files that carry the overlays of their cases: built again, verified and pulled without them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import in_libreoffice, place, typed
from tests.support import ACROSS, RECORD_SHEET, command, copy_of, plant
from workbook import api
from workbook.record.read import baseline, overlays
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

BERLIN = '# Of our _x0041_ own: "Größe" \\ 🙂\ncases:\n  berlin: {label: "Berlin, später", parent: corrected, gpu: large, pue: 1.1}\n'
OSLO = "cases:\n  oslo: {parent: berlin, count: 3}\n"
OWN = {"cases.berlin.gpu": "Large GPU", "cases.berlin.pue": 1.1, "cases.oslo.count": 3.0}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Write overlays: two with cases, the second of which stands on the first, and one with values alone."""
    (tmp_path / "ours").mkdir()
    texts = {"berlin.yaml": BERLIN, "oslo.yaml": OSLO, "values.yaml": "cases: {mine: {pue: 1.4}}\nsets: {chosen.level: 3}\n"}
    for name, text in texts.items():
        (tmp_path / "ours" / name).write_text(text, "utf-8", newline="\r\n")
    return [tmp_path / "ours" / name for name in texts]


@pytest.fixture
def built(files: list[Path], tmp_path: Path) -> Path:
    """Build with them, and take the files away."""
    path = api.build("across", tmp_path / "built.xlsx", templates=ACROSS, overlay=files).path
    for file in files:
        file.rename(file.with_name(f"{file.name}.gone"))
    return path


def carried(path: Path) -> list[tuple[str, str]]:
    """Give names and texts of the overlays that a file carries."""
    return [item[:2] for item in overlays(path, baseline(path, read_cells(path)))]


def test_a_file_carries_what_says_which_cases_there_are_and_no_folder(built: Path) -> None:
    assert carried(built) == [("berlin.yaml", BERLIN.replace("\n", "\r\n")), ("oslo.yaml", OSLO.replace("\n", "\r\n"))]
    told = [str(cell.value) for cell in read_cells(built)[RECORD_SHEET].values()]
    assert not [text for text in told if "ours/" in text or built.parent.name in text]


def test_it_is_verified_pulled_and_built_again_without_them(built: Path, tmp_path: Path) -> None:
    assert command("verify", built, "--saved", "--templates", ACROSS).exit_code == 0
    found = pull(built)
    assert (found.sets, found.left) == ({**OWN, "cases.mine.pue": 1.4, "chosen.level": 3.0}, [])
    said = command("pull", built).stdout
    assert "#   workbook build across --overlay berlin.yaml --overlay oslo.yaml --overlay THIS_FILE\n" in said
    result = command("build", "--from", built, "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, result.stdout.splitlines()[1:]) == (0, ["5 edits kept, 0 inputs with new figures, 0 conflicts"])
    assert (tmp_path / "new.xlsx").read_bytes() == built.read_bytes()


def test_libreoffice_keeps_them(built: Path, tmp_path: Path) -> None:
    book = api.load("across", ACROSS, overlay=[file for file in sorted((tmp_path / "ours").iterdir()) if "values" not in file.name])
    steps: list[list[Any]] = [["value", *place(book, "cases.oslo.hours"), 7], ["rename", "Cases", "Ours"]]
    in_libreoffice([(built, tmp_path / "saved.xlsx", steps)])
    assert carried(tmp_path / "saved.xlsx") == carried(built)
    found = regenerate(tmp_path / "saved.xlsx", tmp_path / "new.xlsx", templates=ACROSS)
    assert set(found.merge.kept) == {*OWN, "cases.mine.pue", "chosen.level", "cases.oslo.hours"}
    assert carried(tmp_path / "new.xlsx") == carried(built)


def test_an_overlay_of_the_same_name_takes_the_place_of_a_carried_one(built: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    other = tmp_path / "new" / "berlin.yaml"
    other.write_text("cases:\n  berlin: {parent: mine, pue: 2}\n  rome: {parent: paper, pue: 1.2, count: 5}\n", "utf-8")
    assert command("verify", built, "--saved", "--templates", ACROSS, "--overlay", other).exit_code == 2
    found = regenerate(built, tmp_path / "new.xlsx", templates=ACROSS, overlay=other)
    # Nobody edited the PUE of Berlin since an overlay gave it, and oslo.yaml still stands on that case.
    assert (found.merge.given, found.merge.conflicts, found.merge.removed) == (
        ["cases.berlin.pue", "cases.rome.pue", "cases.rome.count"],
        [],
        {},
    )
    own = OWN | {"cases.berlin.pue": 2.0, "cases.rome.pue": 1.2, "cases.rome.count": 5.0, "cases.mine.pue": 1.4, "chosen.level": 3.0}
    assert pull(tmp_path / "new.xlsx").sets == own
    assert [name for name, _ in carried(tmp_path / "new.xlsx")] == ["berlin.yaml", "oslo.yaml"]


def test_values_of_theirs_that_templates_no_longer_take_do_not_stop_a_build(built: Path, tmp_path: Path) -> None:
    """The values are in the file: what became of each is told as for any other."""
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "maximum: 3, source", "maximum: 1.05, source")
    plant(root, "sheets/cases.yaml", "{paper: 1.5, corrected: 1.25}, low: 1.1, high: 1.6", "{paper: 1.05, corrected: 1.01}")
    result = command("build", "--from", built, "--templates", root, "--out", tmp_path / "new.xlsx")
    assert result.exit_code == 1
    (told,) = [line for line in result.stderr.splitlines() if "(cases.berlin.pue)" in line]
    assert "Cases!L11" in told
    assert "at most 1.05" in told
    book = api.load("across", ACROSS, overlay=[file for file in sorted((tmp_path / "ours").iterdir()) if "values" not in file.name])
    edited = typed(built, tmp_path / "edited.xlsx", book, {"cases.berlin.pue": 1.02, "cases.mine.pue": 1})
    assert command("build", "--from", edited, "--templates", root, "--out", tmp_path / "new.xlsx").exit_code == 0


def test_what_is_wrong_in_them_now_is_told_with_its_line_and_the_way_out(built: Path, tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    for old, new in (("corrected: Corrected, ", ""), ("corrected: paper, mine: corrected, other: corrected", "mine: paper, other: mine")):
        plant(root, "sheets/cases.yaml", old, new)
    for old in (", corrected: water", ", corrected: 1.25", " corrected: 20,"):
        plant(root, "sheets/cases.yaml", old, "")
    result = command("build", "--from", built, "--templates", root, "--out", tmp_path / "new.xlsx")
    assert result.exit_code == 2
    head, line, *_ = result.stderr.split("\n")
    assert head == f"{built}: {RECORD_SHEET}: berlin.yaml:3:45: 'berlin' cannot inherit from 'corrected', which is no case"
    assert "parent: corrected" in line
    assert "give berlin.yaml, as it should be, with --overlay" in result.stderr
    assert not (tmp_path / "new.xlsx").exists()


HOSTILE = {
    "a text": '"a"',
    "a number": "5",
    "nothing": "null",
    "texts": '["a"]',
    "no text": '[{"name": "a"}]',
    "no name": '[{"text": "a"}]',
    "a number for a text": '[{"name": "a", "text": 5}]',
    "a list for a name": '[{"name": [], "text": "a: b"}]',
    "half a character": r'[{"name": "a", "text": "a: \ud800"}]',
    "a mapping": '{"name": "a", "text": "a: b"}',
    "too much": json.dumps([{"name": "a", "text": "# " + " ".join(map(str, range(700_000)))}]),
}
BROKEN = {
    "no yaml": ('[{"name": "a\\nb.yaml", "text": "cases: ["}]', "a?b.yaml:2:1: is not valid YAML"),
    "no mapping": ('[{"name": "b.yaml", "text": "- a"}]', "b.yaml:1:1: an overlay must be a mapping"),
    "nothing": ('[{"name": "b.yaml", "text": ""}]', "b.yaml: is empty"),
    "deep": (json.dumps([{"name": "b.yaml", "text": "[" * 5_000}]), "b.yaml:1:101: is nested deeper than 100 levels"),
    "anchors": ('[{"name": "b.yaml", "text": "cases: {a: &a {parent: paper}, b: *a}"}]', "anchors and aliases are not used"),
    "no table": ('[{"name": "b.yaml", "text": "case: {a: {parent: paper}}"}]', "there is no table of cases 'case'"),
}


def spoiled(built: Path, target: Path, text: str) -> Path:
    """Save a file with another text in the place of the overlays that it carries."""
    opened = openpyxl.load_workbook(built)
    sheet = opened[RECORD_SHEET]
    (row,) = (cell.row for cell in sheet["A"] if cell.value == "overlays")
    for number, start in enumerate(range(0, len(text), 30_000)):
        sheet.cell(row + number, 1).value = "overlays"
        sheet.cell(row + number, 2).value = text[start : start + 30_000]
    opened.save(target)
    return target


def refused(path: Path) -> list[str]:
    """Verify, pull and build a file that cannot be read; give what is said."""
    target = path.with_name("new.xlsx")
    said = []
    for line in (["verify", path, "--saved", "--templates", ACROSS], ["build", "--from", path, "--templates", ACROSS, "--out", target]):
        result = command(*line)
        assert (result.exit_code, result.stdout) == (2, "")
        said.append(result.stderr)
    assert not target.exists()
    return said


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_damaged_overlays_are_told(text: str, built: Path, tmp_path: Path) -> None:
    path = spoiled(built, tmp_path / "bad.xlsx", text)
    message = f"{path}: the overlays that the hidden sheet {RECORD_SHEET} carries are damaged\n"
    assert all(said.startswith(message) for said in [*refused(path), command("pull", path).stderr])


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_overlays_that_say_nothing_usable_are_told(text: str, message: str, built: Path, tmp_path: Path) -> None:
    path = spoiled(built, tmp_path / "bad.xlsx", text)
    for said in refused(path):
        assert said.startswith(f"{path}: {RECORD_SHEET}: ")
        assert message in said
        assert "b.yaml, as it should be, with --overlay" in said


def test_what_is_damaged_is_not_looked_at_when_overlays_are_given(built: Path, tmp_path: Path) -> None:
    path = spoiled(built, tmp_path / "bad.xlsx", BROKEN["no yaml"][0])
    given = [option for name in ("berlin", "oslo") for option in ("--overlay", tmp_path / "ours" / f"{name}.yaml.gone")]
    result = command("verify", path, "--saved", "--templates", ACROSS, *given)
    assert "the file holds no results" in result.stdout, result.stderr


def test_more_than_a_file_carries_is_refused_when_it_is_built(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"cases: {{{name}: {{parent: paper}}}}\n" + f"#{'x' * 98}\n" * 22_000, "utf-8")
    one = ["build", "across", "--templates", ACROSS, "--out", tmp_path / "a.xlsx", "--overlay", tmp_path / "a"]
    result = command(*one, "--overlay", tmp_path / "b")
    assert (result.exit_code, (tmp_path / "a.xlsx").exists()) == (2, False)
    assert "the overlays with cases and cards are 4,400,056 bytes together; a workbook carries at most 4,194,304" in result.stderr
    assert command(*one).exit_code == 0
