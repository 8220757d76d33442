"""Comments that a team wrote on cells of the model: `build --from` sets each on the cell of the same id, and tells the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, command
from workbook import api
from workbook.record.located import locate
from workbook.xlsx.extras import COMMENT, Extra, read_extras

if TYPE_CHECKING:
    from pathlib import Path

AT, TEXT = "H12", "as agreed,\nsee <minutes> & '=A1'"  # cases.paper.count


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small workbook."""
    target = tmp_path_factory.mktemp("comments") / "built.xlsx"
    api.build("across", target, templates=ACROSS)
    return target


def commented(source: Path, target: Path, *comments: tuple[str, str, str]) -> Path:
    """Save a file with comments: cells of sheet Cases, texts and authors."""
    opened: Any = openpyxl.load_workbook(source)
    for address, text, author in comments:
        opened["Cases"][address].comment = Comment(text, author)
    opened.save(target)
    return target


def built_again(target: Path, *files: Path) -> tuple[int, str]:
    given = [each for file in files for each in ("--from", file)]
    result = command("build", *given, "--templates", ACROSS, "--out", target)
    return result.exit_code, result.stderr


def test_a_comment_stays_with_its_cell_and_its_author(built: Path, tmp_path: Path) -> None:
    edited = commented(built, tmp_path / "edited.xlsx", (AT, TEXT, "Finance"))
    assert built_again(tmp_path / "new.xlsx", edited) == (0, "")
    assert read_extras(tmp_path / "new.xlsx") == [Extra(COMMENT, "Cases", AT, TEXT, "Finance")]
    assert built_again(tmp_path / "second.xlsx", tmp_path / "new.xlsx") == (0, "")
    assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()


def test_a_comment_follows_its_cell_to_where_the_new_file_has_it(built: Path, tmp_path: Path) -> None:
    in_libreoffice([(built, tmp_path / "moved.xlsx", [["insert rows", "Cases", 5, 2]])])
    given = locate(tmp_path / "moved.xlsx").baseline.inputs["cases.paper.count"]
    now = locate(tmp_path / "moved.xlsx").input(given)
    assert now is not None
    assert now.address != AT
    built_again(tmp_path / "new.xlsx", commented(tmp_path / "moved.xlsx", tmp_path / "edited.xlsx", (now.address, TEXT, "Finance")))
    assert [(item.address, item.text) for item in read_extras(tmp_path / "new.xlsx")] == [(AT, TEXT)]


def test_a_comment_on_a_cell_without_an_id_is_told(built: Path, tmp_path: Path) -> None:
    edited = commented(built, tmp_path / "edited.xlsx", (AT, TEXT, "Finance"), ("Z40", "nowhere", "Finance"))
    code, told = built_again(tmp_path / "new.xlsx", edited)
    assert (code, told.splitlines()[-1]) == (1, "not carried: 1 comment: see sheet Changes")
    assert [item.address for item in read_extras(tmp_path / "new.xlsx")] == [AT]


def test_comments_of_copies_stand_below_each_other(built: Path, tmp_path: Path) -> None:
    one = commented(built, tmp_path / "one.xlsx", (AT, "too low", "Finance"), ("H14", "same", "Finance"))
    two = commented(built, tmp_path / "two.xlsx", (AT, "too high", "Capacity"), ("H14", "same", "Finance"))
    assert built_again(tmp_path / "new.xlsx", one, two)[0] == 0
    assert {item.address: item.text for item in read_extras(tmp_path / "new.xlsx")} == {AT: "too low\n\ntoo high", "H14": "same"}
