"""What programs of others say of both workbooks: a validator of Office files, and an auditor of spreadsheets.

Planning takes them minutes: it is judged with ``-m storm``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
from openxml_audit import OpenXmlValidator

from tests.support import shipped, shipped_file
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from pathlib import Path

BOOKS = ("paper", pytest.param("planning", marks=pytest.mark.storm))
LIMITS = {"max_formulas": 1_000_000, "max_reported_findings": 10_000, "timeout_seconds": 0}

SEVERE = {"Critical", "High"}
SMALL = "The pool of the small model takes its constants from another model than the other pools."
WRONG = {
    "paper": {
        **{f"FORMULA_DRIFT routing.{column}": SMALL for column in ("tensor_parallel", "w", "h", "power")},
        "FORMULA_DRIFT pool_counts.third": "Only four pools have a third window.",
    },
    "planning": {
        "FORMULA_DRIFT bridge.total": "The last row is the total of those above.",
        "FORMULA_DRIFT cases.engine_cap": "A case without a parent takes the cap of its engine, the others that of their parents.",
        "FORMULA_DRIFT load_levels.*": "The peak is what was sized; loads below it are looked up.",
        "FORMULA_DRIFT models.value_dim": "Values are as wide as heads where a card says no more.",
        "HARDCODE_IN_FORMULA_BLOCK cases.*": "A case differs from its parent in an input, and inherits the others.",
        "RANGE_INCLUDES_SUBTOTAL _workbook!*": "The sum tells whether a cell of the range is an error.",
    },
}
"""What the auditor takes for a defect of high severity and is none, by its rule and our quantities, with the reason."""


@pytest.mark.parametrize("name", BOOKS)
def test_a_validator_of_office_files_finds_nothing(name: str) -> None:
    result = OpenXmlValidator(strict=True).validate(shipped_file(name).path)
    assert [str(error) for error in result.errors] == []
    assert result.is_valid


@pytest.mark.parametrize("name", BOOKS)
def test_an_auditor_of_spreadsheets_finds_no_defect_that_is_one(name: str, tmp_path: Path) -> None:
    book = shipped(name)
    ids = {_address(*book.layout.cell(quantity, row)): quantity for _, quantity, row in book.model.cells()}
    found = _findings(shipped_file(name).path, tmp_path)
    severe = {f"{item['rule_id']} {ids.get(item['location'], item['location'])}" for item in found if item["severity"] in SEVERE}
    assert {defect for defect in severe if not any(fnmatchcase(defect, wrong) for wrong in WRONG[name])} == set()
    assert [wrong for wrong in WRONG[name] if not any(fnmatchcase(defect, wrong) for defect in severe)] == []


def _address(sheet: str, row: int, column: int) -> str:
    return f"{sheet}!{column_letters(column)}{row + 1}"


def _findings(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Return what the auditor says of a file, all of which it must have looked at; engines calculate it in other tests."""
    (folder / "limits.json").write_text(json.dumps({"limits": LIMITS, "recalc": {"enabled": False}}), "utf-8")
    options = ("--config", folder / "limits.json", "--json", folder / "found.json", "--quiet")
    subprocess.run([sys.executable, "-m", "spreadsheet_auditor", path, *options], check=False, cwd=folder)  # noqa: S603 as installed
    said = json.loads((folder / "found.json").read_text("utf-8"))
    assert not said["coverage"]["truncated"]["formulas"]
    found: list[dict[str, Any]] = said["findings"]
    return found
