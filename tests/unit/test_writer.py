"""Our fast worksheet writes what XlsxWriter's own writes, byte for byte, but for empty texts and formulas that are filled down."""

from __future__ import annotations

import html
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from openpyxl.formula.translate import Translator
from xlsxwriter.worksheet import Worksheet

from tests.support import shipped_file
from workbook import api
from workbook.write import writer as write

if TYPE_CHECKING:
    from pathlib import Path


SHARED = re.compile(r'<c r="(\w+)"([^>]*)><f t="shared" si="(\d+)"(?: ref="\w+:\w+")?>([^<]*)</f>')


class Plain(Worksheet):  # type: ignore[misc] # XlsxWriter is not fully typed
    """XlsxWriter's worksheet, in which each cell has a formula of its own."""

    def share(self, cells: object) -> None:
        """Store the formulas of cells one by one."""


def filled(text: bytes) -> bytes:
    """Return a sheet whose cells have formulas of their own, as openpyxl fills one down."""
    masters: dict[str, Translator] = {}

    def whole(match: re.Match[str]) -> str:
        cell, rest, group, formula = match.groups()
        if formula:
            masters[group] = Translator(f"={html.unescape(formula)}", origin=cell)
        return f'<c r="{cell}"{rest}><f>{html.escape(masters[group].translate_formula(cell)[1:], quote=False)}</f>'

    return SHARED.sub(whole, text.decode()).encode()


def test_fast_worksheet_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = shipped_file("paper").path, tmp_path / "plain.xlsx"
    monkeypatch.setattr(write, "_Sheet", Plain)
    api.build("paper", plain)
    with zipfile.ZipFile(fast) as ours, zipfile.ZipFile(plain) as theirs:
        assert ours.namelist() == theirs.namelist()
        for name in ours.namelist():
            # XlsxWriter stores an empty text without saying that it is a text.
            text = re.sub(rb"(<c [^>]*)(><f>[^<]*</f><v></v>)", rb'\1 t="str"\2', theirs.read(name))
            found = ours.read(name)
            assert (filled(found) if "/sheet" in name else found) == text, name
        assert any(SHARED.search(ours.read(name).decode()) for name in ours.namelist() if "/sheet" in name)


def test_a_refused_cell_is_an_error_and_not_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worksheet, "_check_dimensions", lambda *_: True)
    with pytest.raises(write.WriterRefusedError):
        api.build("paper", tmp_path / "refused.xlsx")
    assert list(tmp_path.iterdir()) == []
