"""Messages that name the likely slip: a decimal comma, another word for a key, a sum without rows, a card that names a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.language import refusal
from tests.support import ACROSS, TINY, command, copy_of, plant
from workbook.declare.packaged import packaged
from workbook.declare.sheets import declarations
from workbook.errors import WorkbookError
from workbook.model.compile import compile_model

if TYPE_CHECKING:
    from pathlib import Path


def test_a_decimal_comma_between_braces_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("cases: {mine: {pue: 1,1}}", "utf-8")
    result = command("results", "across", "--templates", ACROSS, "--overlay", path)
    assert "a comma begins the next entry: write a number with a decimal point" in result.stderr


def test_a_description_is_called_doc(tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    plant(root, "sheets/fit.yaml", "doc: A whole number of them.", "description: A whole number of them.")
    assert "did you mean 'doc'?" in command("check", "tiny", "--templates", root).stdout


def test_a_sum_without_rows_is_told_how_to_write_it() -> None:
    error = refusal("sum(a, b)")
    assert (error.message, error.fix) == ("'sum' needs the rows of a table", "write sum(row.column for row in table)")


def test_a_card_whose_name_no_sheet_can_have_is_reported_at_the_card(tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    text = (root / "gpus" / "small.yaml").read_text("utf-8")
    name = next(line for line in text.splitlines() if line.startswith("name:"))
    plant(root, "gpus/small.yaml", name, "name: 'a/b'")
    assert "gpus/small.yaml:" in command("check", "tiny", "--templates", root).stdout


def test_a_value_beyond_a_bound_is_shown_with_the_digits_it_was_typed_with() -> None:
    result = command("inputs", "tiny", "--templates", TINY, "--set", "run.weights=-1000001.5")
    assert "is -1000001.5; it must be" in result.stderr


def test_a_refused_value_is_cut_with_its_length_and_what_cannot_be_seen_is_named() -> None:
    result = command("inputs", "tiny", "--templates", TINY, "--set", "run.weights=1\u00a0x")
    assert "'1[no-break space]x' is not a finite number" in result.stderr
    result = command("inputs", "tiny", "--templates", TINY, "--set", f"run.weights={'x' * 500}")
    assert f"'{'x' * 80}...' (500 characters) is not a finite number" in result.stderr


LOST_SCOPE = """sheet: Sheet
blocks:
  - inputs: q
    items:
      power: {value: 400, unit: W/gpu}
      degree: {value: 8, unit: gpu/instance}
  - values: v
    items:
      early: {unit: W/instance, expr: last * q.degree}
      twice: {unit: W/gpu, expr: 2 * last}
      other: {unit: W/gpu, expr: last + q.power}
      later: {unit: W/gpu, expr: q.power * q.degree}
      last: {unit: W, expr: 3 * q.power}
"""


def test_of_messages_on_a_lost_scope_the_unit_that_lost_it_comes_first(tmp_path: Path) -> None:
    root = tmp_path / "templates"
    (root / "sheets").mkdir(parents=True)
    (root / "sheets" / "sheet.yaml").write_text(LOST_SCOPE, "utf-8")
    (root / "book.yaml").write_text("workbook: book\nsheets: [sheet]\n", "utf-8")
    (root / "sources.yaml").write_text("{}\n", "utf-8")
    (root / "units.txt").write_text((packaged() / "units.txt").read_text("utf-8"), "utf-8")
    with pytest.raises(WorkbookError) as caught:
        compile_model(declarations(root, "book"))
    # Of v.later no unit was lost that another refers to: it stands with the causes, by its position.
    assert [item.message.partition(":")[0] for item in caught.value.diagnostics] == [
        "'v.later'",
        "'v.last'",
        "'v.early'",
        "'v.twice'",
        "'v.other'",
    ]
