"""How many cases overlays may add, given or carried by a file, and lists that a spreadsheet program opens without calculating them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.support import ACROSS, TINY, command, copy_of, plant
from workbook import Overlays, WorkbookError, load

if TYPE_CHECKING:
    from pathlib import Path


def cases(path: Path, count: int, name: str = "c") -> Path:
    """Write an overlay with so many cases."""
    lines = [f"  {name}{number}: {{parent: corrected, count: {number + 1}}}" for number in range(count)]
    path.write_text("\n".join(["cases:", *lines]), "utf-8")
    return path


def test_more_cases_than_the_limit_are_refused_with_their_number(tmp_path: Path) -> None:
    path = cases(tmp_path / "many.yaml", 201)
    result = command("results", "across", "--templates", ACROSS, "--overlay", path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}:1:1: overlays add 201 cases; a workbook takes 200\n")
    assert "leave some out, or allow them with --most-cases 201" in result.stderr
    beyond = command("results", "across", "--templates", ACROSS, "--overlay", cases(path, 2_000))
    assert f"{path}:1:1: overlays add 2,000 cases; a workbook takes 200\n" in beyond.stderr
    assert "take 1,000 at most" in beyond.stderr


def test_the_limit_counts_all_overlays_and_no_case_that_is_there(tmp_path: Path) -> None:
    both = (cases(tmp_path / "a.yaml", 3), cases(tmp_path / "b.yaml", 3, "d"))
    with pytest.raises(WorkbookError, match="overlays add 6 cases; a workbook takes 5"):
        load("across", ACROSS, overlay=Overlays(both, most_cases=5))
    assert len(load("across", ACROSS, overlay=Overlays(both, most_cases=6)).values["cases.count"]) == 10
    (tmp_path / "a.yaml").write_text("cases: {mine: {count: 3}}", "utf-8")
    load("across", ACROSS, overlay=Overlays((tmp_path / "a.yaml",), most_cases=0))


READERS = {"build": ("build", "--from", "{file}", "--out", "{target}"), "verify": ("verify", "{file}", "--saved")}


@pytest.mark.parametrize("reader", READERS)
def test_cases_that_a_file_carries_count_and_may_be_allowed(reader: str, tmp_path: Path) -> None:
    path, target = tmp_path / "file.xlsx", tmp_path / "new.xlsx"
    overlay = cases(tmp_path / "many.yaml", 3)
    assert command("build", "across", "--templates", ACROSS, "--overlay", overlay, "--out", path).exit_code == 0
    line = [item.format(file=path, target=target) for item in READERS[reader]]
    allowed = command(*line, "--templates", ACROSS, "--most-cases", 3)
    refused = command(*line, "--templates", ACROSS, "--most-cases", 2)
    assert "overlays add 3 cases; a workbook takes 2" in refused.stderr
    assert "overlays add" not in allowed.output


def test_texts_that_look_like_formulas_are_guarded_in_csv(tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    plant(root, "sheets/inputs.yaml", "label: Weights", 'label: "=1+1"')
    for name in ("cells", "inputs"):
        listed = command(name, "tiny", "--templates", root, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(listed.stdout, newline="")))
        assert any(row["label"] == "'=1+1" for row in rows)
        texts = [text for row in rows for text in row.values() if not text.lstrip("-").replace(".", "").isdigit()]
        assert not [text for text in texts if text.startswith(("=", "+", "@"))]
    formulas = [
        row["formula"] for row in csv.DictReader(io.StringIO(command("cells", "tiny", "--templates", TINY, "--format", "csv").stdout))
    ]
    assert {text[:2] for text in formulas if text} == {"'="}
