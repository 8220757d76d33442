"""Each planted mistake gets its message: file, line, column with a caret, what is wrong and the likely fix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.mistakes.planted import BASE, HERE, message_of, planted_files, read
from tests.support import command

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [str(path.relative_to(HERE)) for path in planted_files()]
SAMPLE = NAMES[::10]
GUIDE = HERE.parent.parent / "docs" / "language.md"


def test_the_workbook_around_the_mistakes_has_none() -> None:
    assert message_of(BASE) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_gets_its_message(name: str, tmp_path: Path) -> None:
    planted = read(HERE / name)
    assert planted.message
    assert message_of(planted.write(tmp_path / "templates")) == planted.message


@pytest.mark.parametrize("name", SAMPLE)
def test_commands_print_it_and_leave_no_file(name: str, tmp_path: Path) -> None:
    """On the right stream, with the right status, and without a file or a traceback."""
    planted = read(HERE / name)
    root, out = planted.write(tmp_path / "templates"), tmp_path / "out" / "book.xlsx"
    checked = command("check", "book", "--templates", root)
    assert (checked.exit_code, checked.stderr) == (1, "")
    assert re.fullmatch(rf"{re.escape(planted.message)}\n\d+ found\n", checked.stdout)
    built = command("build", "book", "--templates", root, "--out", out)
    assert (built.exit_code, built.stdout, built.stderr) == (2, "", f"{planted.message}\n")
    assert not out.parent.exists()


def test_the_guide_shows_some_of_them() -> None:
    shown = re.findall(r"<!-- tests/mistakes/(\S+) -->\n```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert len(shown) > 1
    for name, text in shown:
        assert text == (HERE / name).read_text("utf-8")
