"""What the tests of hardware updates share: the guide's commands, cells of files by id, and figures of the paper."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.reference.equations import cards
from tests.roundtrip.edits import place
from tests.support import command
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook import api

CARDS = Path(__file__).with_name("cards")
GUIDE = (Path(__file__).parents[2] / "docs" / "howto" / "update_hardware.md").read_text("utf-8")
TDP, SHARE = 1000.0, 0.43
"""Of the B200, W; and the share of TDP that the paper takes for its idle power and for its range."""

MODELS = dict(zip(("llama_3_1_8b", "llama_3_1_70b", "llama_3_1_405b", "qwen3_235b_a22b", "deepseek_v3"), cards.MODELS, strict=True))


def run(folder: Path, lines: str, *, finds: str = "") -> list[str]:
    """Run commands in a folder, as a user types them: those of the program, and ``cp``; give what was said.

    All end without a finding, but for the command ``finds``.
    """
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in lines.strip().splitlines():
            program, *arguments = shlex.split(line, comments=True)
            if program == "cp":
                shutil.copy(*arguments)
                continue
            result = command(*arguments)
            assert result.exit_code == (1 if arguments[0] == finds else 0), (line, result.output)
            said += result.stdout.splitlines()
    return said


def values(path: Path, book: api.Book, wanted: Sequence[str]) -> dict[str, Any]:
    """Give what a file holds in cells of these ids; that engines compute the same is verified once for the whole file."""
    places = {cell_id: place(book, cell_id) for cell_id in wanted}
    cells = read_cells(path)
    return {cell_id: cells[sheet][address].value for cell_id, (sheet, address) in places.items()}


def of(book: api.Book, cell_id: str) -> float:
    """Give a number of a loaded workbook."""
    quantity, row = book.model.find(cell_id) or ("", 0)
    return float(book.values[quantity][row])
