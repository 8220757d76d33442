"""Lines of templates can be read without scrolling sideways, and end with what can be seen."""

from __future__ import annotations

from pathlib import Path

LONGEST = 160


def test_no_line_is_longer_than_a_screen_is_wide_or_ends_with_blanks() -> None:
    files = sorted(Path("templates").rglob("*.yaml"))
    lines = [(f"{path}:{number}", line) for path in files for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)]
    assert len(files) > 100
    assert [place for place, line in lines if len(line) > LONGEST or line != line.rstrip()] == []
