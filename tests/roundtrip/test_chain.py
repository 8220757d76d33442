"""Ten regenerations with an edit each, over three versions of templates: no value drifts, nothing is lost, the file does not grow."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import openpyxl
from openpyxl.styles import PatternFill

from tests.support import ACROSS, command
from workbook import api
from workbook.record.located import locate

if TYPE_CHECKING:
    from pathlib import Path

TIMES, EACH, CLOSE = 10, 4, 300  # builds, builds a version, bytes by which packing may differ
ID, LINE = "cases.paper.count", "      count: {label: GPUs, unit: gpu,"


def version(folder: Path, number: int) -> Path:
    """Copy templates with some rows more above the edited one."""
    shutil.copytree(ACROSS, folder)
    path = folder / "sheets" / "cases.yaml"
    more = "".join(f'      spare{at}: {{label: Spare {at}, unit: "1", reference: true, values: {{paper: 1}}}}\n' for at in range(number))
    path.write_text(path.read_text().replace(LINE, more + LINE))
    return folder


def test_ten_times(tmp_path: Path) -> None:
    versions = [version(tmp_path / f"templates{number}", number) for number in range(3)]
    path = tmp_path / "0.xlsx"
    api.build("across", path, templates=versions[0])
    sizes: dict[int, list[int]] = {}
    for time in range(TIMES):
        known = locate(path)
        spot = known.input(known.baseline.inputs[ID])
        assert spot is not None
        opened: Any = openpyxl.load_workbook(path)
        if not time:
            opened["Cases"][spot.address].fill = PatternFill("solid", "FFFFFF00")
            opened.create_sheet("Ours")["A1"] = f"=Cases!{spot.address}*2"
        opened["Cases"][spot.address] = 20 + time
        opened.save(tmp_path / "edited.xlsx")
        path = tmp_path / f"{time + 1}.xlsx"
        result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", versions[time // EACH], "--out", path)
        assert result.exit_code == 0, result.output
        now, before = locate(path), set(known.baseline.inputs)
        assert not {name for name in before - set(now.baseline.inputs) if name.startswith("cases.")}
        address = (now.input(now.baseline.inputs[ID]) or spot).address
        cell = openpyxl.load_workbook(path)["Cases"][address]
        assert (cell.value, cell.fill.fgColor.rgb) == (20 + time, "FFFFFF00")
        assert now.contents["Ours"]["A1"].formula == f"Cases!{address}*2"
        sizes.setdefault(time // EACH, []).append(path.stat().st_size)
    assert all(max(found[1:]) - min(found[1:]) < CLOSE for found in sizes.values())
