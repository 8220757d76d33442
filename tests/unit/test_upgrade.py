"""Templates of one's own and a newer package's: what a team changed stays, the rest is new, and what both changed is marked."""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.support import ACROSS, TINY, command, plant
from workbook import api
from workbook.declare import packaged, three_ways, upgrades

if TYPE_CHECKING:
    from pathlib import Path

BASE = ["a: 1", "b:", "  c: 2  # why", "  d: 3", "", "e: 4"]
MERGED = {
    "one side": (BASE, ["a: 1", "b:", "  c: 5  # why", "  d: 3", "", "e: 4"], None),
    "neighbouring keys": (["a: 7", *BASE[1:]], ["a: 1", "b:", "  c: 2  # why", "  d: 3", "", "e: 9", "f: 0"], None),
    "keys side by side": ([*BASE[:2], "  c: 8  # why", *BASE[3:]], [*BASE[:3], "  d: 8", *BASE[4:]], None),
    "the same on both": (["a: 7", *BASE[1:]], ["a: 7", *BASE[1:]], None),
    "removed here, kept there": (BASE[:5], ["a: 2", *BASE[1:]], None),
    "both changed one": (["a: 7", *BASE[1:]], ["a: 8", *BASE[1:]], 1),
    "removed here, changed there": (BASE[:5], [*BASE[:5], "e: 5"], 6),
}


@pytest.mark.parametrize("case", MERGED)
def test_lines_are_merged_and_what_both_changed_is_marked(case: str) -> None:
    mine, new, conflict = MERGED[case]
    found = three_ways.merge_lines(BASE, mine, new)
    assert found.conflicts == (() if conflict is None else (conflict,))
    if conflict is None:
        # What either side has changed, and nothing else, is another than before.
        assert {*found.lines} - {*BASE} == ({*mine} | {*new}) - {*BASE}
        assert {*BASE} - {*found.lines} == ({*BASE} - {*mine}) | ({*BASE} - {*new})
    else:
        assert found.lines[conflict - 1] == three_ways.YOURS


def test_a_merge_with_itself_or_with_nothing_changed_is_the_other_side() -> None:
    versions = [mine for mine, _, _ in MERGED.values()] + [new for _, new, _ in MERGED.values()]
    for mine, new in product(versions, versions):
        assert three_ways.merge_lines(BASE, mine, BASE).lines == mine
        assert three_ways.merge_lines(BASE, BASE, new).lines == new
        assert three_ways.merge_lines(BASE, mine, mine).lines == mine


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Templates of one's own that came from a package, and the package's, to be made newer."""
    package, target = shutil.copytree(ACROSS, tmp_path / "package"), tmp_path / "own"
    monkeypatch.setattr(packaged, "packaged", lambda: package)
    monkeypatch.setattr(upgrades, "packaged", lambda: package)
    packaged.write_out(target, "1.0")
    return target, package


def test_an_upgrade_keeps_changes_and_takes_what_is_new(own: tuple[Path, Path]) -> None:
    target, package = own
    plant(target, "sheets/cases.yaml", "paper: 8, mine: 16", "paper: 8, mine: 32")
    (target / "sheets/mine.yaml").write_text("# a sheet of ours\n", "utf-8")
    plant(package, "across.yaml", "title:", "# newer\ntitle:")
    (package / "sheets/new.yaml").write_text("# a new sheet\n", "utf-8")
    result = command("templates", target, "--upgrade")
    assert (result.exit_code, "1 file updated, 0 files merged, 1 file added, 0 files removed" in result.stdout) == (0, True), result.output
    assert "mine: 32" in (target / "sheets/cases.yaml").read_text("utf-8")
    assert (target / "sheets/mine.yaml").is_file()
    assert (target / "sheets/new.yaml").is_file()
    assert api.load("across", target).values["cases.count"].tolist()[2] == 32
    again = command("templates", target, "--upgrade")
    assert "0 files updated, 0 files merged, 0 files added" in again.stdout


def test_a_conflict_holds_all_three_versions_and_check_points_at_it(own: tuple[Path, Path]) -> None:
    target, package = own
    plant(target, "sheets/cases.yaml", "paper: 8, mine: 16", "paper: 8, mine: 32")
    plant(package, "sheets/cases.yaml", "paper: 8, mine: 16", "paper: 10, mine: 16")
    result = command("templates", target, "--upgrade")
    text = (target / "sheets/cases.yaml").read_text("utf-8")
    assert result.exit_code == 1
    assert all(version in text for version in ("paper: 8, mine: 32", "paper: 8, mine: 16", "paper: 10, mine: 16"))
    line = text.splitlines().index(three_ways.YOURS) + 1
    assert f"cases.yaml:{line}:" in result.stdout
    checked = command("check", "across", "--templates", target)
    assert (checked.exit_code, f"sheets/cases.yaml:{line}:" in checked.output, three_ways.UNSOLVED in checked.output) == (1, True, True)
    assert command("templates", target, "--upgrade").exit_code == 2


def test_what_one_side_removed_is_removed_or_left_and_said(own: tuple[Path, Path]) -> None:
    target, package = own
    names = sorted(path.name for path in (package / "sheets").glob("*.yaml"))
    (package / "sheets" / names[0]).unlink()
    (package / "sheets" / names[1]).unlink()
    with (target / "sheets" / names[1]).open("a", encoding="utf-8") as file:
        file.write("# ours\n")
    result = command("templates", target, "--upgrade")
    assert not (target / "sheets" / names[0]).exists()
    assert f"left as it is: sheets/{names[1]} (changed on one side, removed on the other)" in result.stdout


def test_a_directory_that_does_not_say_where_it_came_from_is_refused() -> None:
    result = command("templates", TINY, "--upgrade")
    assert (result.exit_code, "does not say which templates it came from" in result.stderr) == (2, True)
