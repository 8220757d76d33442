"""Our fast worksheet writes what XlsxWriter's own writes, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xlsxwriter.worksheet import Worksheet

from workbook import api, write

if TYPE_CHECKING:
    from pathlib import Path


def test_fast_worksheet_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = tmp_path / "fast.xlsx", tmp_path / "plain.xlsx"
    api.build("paper", fast)
    monkeypatch.setattr(write, "_Sheet", Worksheet)
    api.build("paper", plain)
    assert fast.read_bytes() == plain.read_bytes()


def test_a_refused_cell_is_an_error_and_not_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worksheet, "_check_dimensions", lambda *_: True)
    with pytest.raises(write.WriterRefusedError):
        api.build("paper", tmp_path / "refused.xlsx")
    assert list(tmp_path.iterdir()) == []
