"""Lines of templates can be read without scrolling sideways."""

from __future__ import annotations

from pathlib import Path

LONGEST = 160


def test_no_line_is_longer_than_a_screen_is_wide() -> None:
    files = sorted(Path("templates").rglob("*.yaml"))
    long = [f"{path}:{n}" for path in files for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if len(line) > LONGEST]
    assert len(files) > 100
    assert long == []
