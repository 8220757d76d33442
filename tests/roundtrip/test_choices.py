"""A choice is held by key: it survives another name of its card or case, also where names change places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import in_libreoffice, place, typed
from tests.support import ACROSS, command, copy_of
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

CARDS = {"large": "Large GPU", "small": "Small GPU"}


def relabelled(folder: Path, names: dict[str, str]) -> Path:
    """Give templates in which cards have other names."""
    root = copy_of(ACROSS, folder / "templates")
    for card, name in names.items():
        path = root / f"gpus/{card}.yaml"
        path.write_text(path.read_text("utf-8").replace(f"name: {CARDS[card]}", f"name: {name}"), "utf-8")
    return root


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A workbook in which a case of another GPU was chosen."""
    built = api.build("across", tmp_path / "built.xlsx", templates=ACROSS).path
    return typed(built, tmp_path / "edited.xlsx", api.load("across", ACROSS), {"cases.mine.gpu": "Large GPU"})


@pytest.mark.parametrize(
    "names", [{"large": "Large GPU, 2026"}, {"large": "Small GPU", "small": "Large GPU"}, {"small": "Tiny GPU", "large": "B7"}]
)
def test_a_choice_survives_another_name_of_its_card(edited: Path, tmp_path: Path, names: dict[str, str]) -> None:
    done = regenerate(edited, tmp_path / "new.xlsx", templates=relabelled(tmp_path, names))
    assert (done.merge.kept, done.merge.updated, done.merge.conflicts) == (["cases.mine.gpu"], [], [])
    cells = read_cells(tmp_path / "new.xlsx")["Cases"]
    shown = {**CARDS, **names}
    assert [cells[at].value for at in ("H9", "J9", "K9")] == [shown["small"], shown["large"], shown["large"]]
    assert pull(tmp_path / "new.xlsx").sets == {"cases.mine.gpu": shown["large"]}


def test_what_is_pulled_names_the_key(edited: Path, tmp_path: Path) -> None:
    command("pull", edited, "-o", tmp_path / "edits.yaml")
    text = (tmp_path / "edits.yaml").read_text("utf-8")
    assert 'cases.mine.gpu: {value: "large", shown: "Large GPU", took_over: "Small GPU", unit: "text"}' in text
    book = api.load("across", relabelled(tmp_path, {"large": "B7"}), overlay=tmp_path / "edits.yaml")
    assert book.values["cases.gpu"].tolist() == ["Small GPU", "Small GPU", "B7", "B7"]


def test_a_choice_among_cases_follows_a_name_typed_later(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "named")
    path = root / "sheets/cases.yaml"
    path.write_text(path.read_text("utf-8").replace("label: Case, members", "label: Case, renamable: true, members"), "utf-8")
    built = api.build("across", tmp_path / "built.xlsx", templates=root).path
    edits = {"chosen.case": "Another one", "cases.other.name": "Oslo"}
    regenerate(typed(built, tmp_path / "edited.xlsx", api.load("across", root), edits), tmp_path / "new.xlsx", templates=root)
    assert pull(tmp_path / "new.xlsx").sets == {"chosen.case": "Oslo", "cases.other.name": "Oslo"}


def test_a_choice_that_is_no_name_fails_a_check_that_names_it(tmp_path: Path) -> None:
    """Pasted over the list: what is looked up by it is an error, and the master check says where to pick another."""
    built = api.build("across", tmp_path / "built.xlsx", templates=ACROSS).path
    in_libreoffice([(built, tmp_path / "saved.xlsx", [["value", *place(api.load("across", ACROSS), "chosen.case"), "Ours"]])])
    cells = read_cells(tmp_path / "saved.xlsx")["Checks"]
    row = next(at[1:] for at, cell in cells.items() if cell.value == "Case (sheet Results): one of sheet Cases")
    assert cells[f"B{row}"].value == 1
    assert cells["B3"].value == "CHECK FAILS: see sheet Checks"


def test_a_choice_whose_look_ups_are_guarded_needs_no_such_check(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    path = root / "sheets/results.yaml"
    guarded = re.sub(r'expr: "(cases\[chosen\.case\]\.\w+)"', r'expr: "otherwise(\1, 0)"', path.read_text("utf-8"))
    path.write_text(guarded, "utf-8")
    for templates, count in ((ACROSS, 1), (root, 0)):
        assert sum(name.endswith("_known") for name in api.load("across", templates).model.tables["checks"].columns) == count
