"""Our fast worksheet writes what XlsxWriter's own writes, byte for byte, but for empty texts, digits and formulas that are filled down."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from xlsxwriter.worksheet import Worksheet

from tests.support import SHARED, shipped_file, written_out
from workbook import api
from workbook.write import writer as write

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = re.compile(rb'(<c r="[A-Z]+[0-9]+" s="[0-9]+"><f>[^<]*</f><v>)([^<]+)(</v>)')  # what a formula comes to


class Plain(Worksheet):  # type: ignore[misc] # XlsxWriter is not fully typed
    """XlsxWriter's worksheet, in which each cell has a formula of its own."""

    def share(self, cells: object) -> None:
        """Store the formulas of cells one by one."""


def test_fast_worksheet_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = shipped_file("paper").path, tmp_path / "plain.xlsx"
    monkeypatch.setattr(write, "Sheet", Plain)
    api.build("paper", plain)
    with zipfile.ZipFile(fast) as ours, zipfile.ZipFile(plain) as theirs:
        assert ours.namelist() == theirs.namelist()
        for name in ours.namelist():
            # XlsxWriter stores an empty text without saying that it is a text, which columns a row spans, and 17 digits.
            text = re.sub(rb"(<c [^>]*)(><f>[^<]*</f><v></v>)", rb'\1 t="str"\2', re.sub(rb' spans="\d+:\d+"', b"", theirs.read(name)))
            text = NUMBER.sub(lambda match: match[1] + b"%.15g" % float(match[2]) + match[3], text)
            found = ours.read(name)
            assert (written_out(found) if "/sheet" in name else found) == text, name
        assert any(SHARED.search(ours.read(name).decode()) for name in ours.namelist() if "/sheet" in name)


def test_a_refused_cell_is_an_error_and_not_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worksheet, "_check_dimensions", lambda *_: True)
    with pytest.raises(write.WriterRefusedError):
        api.build("paper", tmp_path / "refused.xlsx")
    assert list(tmp_path.iterdir()) == []
