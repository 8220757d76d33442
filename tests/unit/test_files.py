"""What a build writes, and what it leaves: the name of the file, killed and failed builds, files that others have open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import TINY, command
from workbook.files import whole

if TYPE_CHECKING:
    from pathlib import Path

BUILD = ("build", "tiny", "--templates", TINY, "--out")


@pytest.mark.parametrize("name", ["b.xlsm", "b.xls", "b.ods", "b.csv", "b", "b.xlsx.bak"])
@pytest.mark.parametrize(
    "arguments", [("build", "tiny"), ("build", "--from", "{good}"), ("diff", "tiny", "{good}")], ids=["build", "from", "diff"]
)
def test_a_workbook_is_written_under_no_other_suffix(arguments: tuple[str, ...], name: str, tmp_path: Path) -> None:
    good = tmp_path / "good.xlsx"
    command(*BUILD, good)
    line = (item.format(good=good) for item in arguments)
    result = command(*line, "--templates", TINY, "--out", tmp_path / name)
    assert (result.exit_code, result.stdout) == (2, "")
    right = (tmp_path / name).with_suffix(".xlsx")
    assert result.stderr == (
        f"{tmp_path / name}: cannot be written: a workbook is an .xlsx file, and no program expects one under this name\n"
        f"    write it to {right}\n"
    )
    assert list(tmp_path.iterdir()) == [good]


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert command(*BUILD, tmp_path / "B.XLSX").exit_code == 0


def test_the_next_build_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    left, others = tmp_path / ".out-abcd1234.part", [tmp_path / ".other-abcd1234.part", tmp_path / ".out-mine.part"]
    for path in (left, *others):
        path.write_bytes(b"half")
    assert command(*BUILD, tmp_path / "out.xlsx").exit_code == 0
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "out.xlsx"])


def test_a_build_leaves_alone_what_another_is_writing(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    with whole(path) as part:
        assert command(*BUILD, path).exit_code == 0
        assert part.exists()
        part.write_text("the later one")
    assert path.read_text() == "the later one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("lock", [".~lock.out.xlsx#", "~$out.xlsx"])
def test_a_file_that_a_program_has_open_is_replaced_with_a_warning(lock: str, tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    (tmp_path / lock).write_text("")
    first, second, third = command(*BUILD, path), command(*BUILD, path), command("diff", "tiny", path, "--templates", TINY, "--out", path)
    assert (first.exit_code, first.stderr) == (0, "")  # nothing is replaced
    advice = "close it there without saving, and open it again"
    warning = f"warning: {path} is replaced while a spreadsheet program has it open (lock file {lock}): {advice}\n"
    assert (second.exit_code, second.stderr) == (0, warning)
    assert third.stderr == warning
