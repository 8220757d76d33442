"""Texts that people read hold none of the habits that were dropped: in the cells of both workbooks, and in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import RECORD_SHEET, shipped_file
from workbook.xlsx.cells import read_cells

DROPPED = (
    *("stands? behind", "behind it", "case it stands on", "cases that stand on", "leans?( most)? on", "beside it", "beside the case"),
    *("the case beside", "takes? over", "taking over", "took over", "typed? over", "to be had", "over (that|those) of"),
    *("over the curve's", "as stated", "miss(es)? of", "is none", "none of it", "none any more", "judged by it", "says so"),
    *("hold, hold", "does not hold", "do not hold", "ends? without an answer", "is told", "are told", "tells?"),
)
PATTERN = re.compile(rf"\b({'|'.join(DROPPED)})\b", re.IGNORECASE)
GENERATED = {"keywords.md", "functions.md", "units.md"}


def held(text: str) -> list[str]:
    """Give the dropped habits in a text, each with the words around it."""
    return [text[max(0, match.start() - 40) : match.end() + 20] for match in PATTERN.finditer(text)]


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_no_text_of_a_workbook_has_a_dropped_habit(name: str) -> None:
    texts = {
        (sheet, cell.value)
        for sheet, cells in read_cells(shipped_file(name).path).items()
        for cell in cells.values()
        if isinstance(cell.value, str) and sheet != RECORD_SHEET
    }
    assert len(texts) > 1000
    assert [(sheet, phrase) for sheet, text in sorted(texts) for phrase in held(text)] == []


def test_no_documentation_has_a_dropped_habit() -> None:
    files = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(path for path in Path("docs").rglob("*.md") if path.name not in GENERATED)]
    assert [(path.name, phrase) for path in files for phrase in held(path.read_text("utf-8"))] == []
