"""Figures older than a year, and what those of newer sources would move."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mistakes.planted import BASE
from tests.support import command
from workbook.ask.drift import drift
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    import pandas as pd

SOURCES = """
datasheet: {title: Datasheet, publisher: A maker, date: "2025-01"}
survey: {title: Survey, publisher: Others, date: "2026-02"}
elsewhere: {title: Elsewhere, publisher: Others, date: "2026-02", basis: corrected}
"""
CARD = """
key: small
name: Small GPU
defaults: {source: datasheet, evidence: vendor}
fields:
  - figures: {memory: 45, maker: red}
"""
SHEET = """
sheet: Sheet
blocks:
  - inputs: run
    items:
      weights: {value: 16, unit: GB/gpu}
  - table: room
    title: Room
    collect: gpus
    rows: {gpu: gpus}
    columns:
      free: {label: Free memory, unit: GB/gpu, headline: true, expr: memory - run.weights}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give templates with a card of January 2025, and a figure for it of February 2026."""
    copy = Path(shutil.copytree(BASE, tmp_path / "templates"))
    for name, text in (("sources", SOURCES), ("gpus/small", CARD), ("sheets/sheet", SHEET)):
        (copy / f"{name}.yaml").write_text(text, "utf-8")
    (copy / "newer").mkdir()
    (copy / "newer" / "survey.csv").write_text("id,value,note\ngpus.small.memory,48,as sold\n", "utf-8")
    (copy / "newer" / "elsewhere.csv").write_text("id,value,note\ngpus.small.nothing,48,\n", "utf-8")
    return copy


def rows(frame: pd.DataFrame, cell_id: str) -> list[dict[str, object]]:
    """Give the rows of an id."""
    return [dict(row) for _, row in frame[frame["id"] == cell_id].iterrows()]


@pytest.mark.parametrize(("today", "old"), [("2026-01-31", False), ("2026-02-01", True), ("2026-02", True), ("2027", True)])
def test_a_figure_is_old_a_year_after_the_last_day_that_its_date_can_mean(today: str, old: bool, root: Path) -> None:  # noqa: FBT001 a column of the table
    found = rows(drift("book", root, today), "gpus.small")
    assert len(found) == old
    assert not old or (found[0]["date"], str(found[0]["note"]).rpartition(": ")[2]) == ("2025-01", "memory")


def test_a_newer_figure_shows_the_headline_before_and_after(root: Path) -> None:
    (found,) = rows(drift("book", root, "2026-01-01"), "gpus.small.memory")
    assert [found[name] for name in ("value", "date", "newer", "newer_date", "source")] == [45, "2025-01", 48, "2026-02", "survey"]
    assert [found[name] for name in ("headline", "before", "after", "note")] == ["Small GPU: Free memory", 29, 32, "as sold"]


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("survey", "gpus.small.memry,48,", "there is no input 'gpus.small.memry'"),
        ("surve", "gpus.small.memory,48,", "there is no source 'surve'"),
        ("survey", "gpus.small.memory,much,", "a line of newer figures has an id, a number and a note"),
        ("datasheet", "gpus.small.memory,48,", "'gpus.small.memory' is of 2025-01, and this of 2025-01"),
    ],
)
def test_a_line_that_cannot_be_is_refused_at_its_place(file: str, line: str, message: str, root: Path) -> None:
    (root / "newer" / "survey.csv").unlink()
    (root / "newer" / f"{file}.csv").write_text(f"id,value,note\n{line}\n", "utf-8")
    with pytest.raises(WorkbookError) as caught:
        drift("book", root, "2026-01-01")
    (found,) = caught.value.diagnostics
    assert (found.message, str(found.place)) == (message, f"newer/{file}.csv:2:1")


def test_a_day_that_is_none_is_refused(root: Path) -> None:
    result = command("drift", "book", "--templates", root, "--today", "2026-13-01")
    assert (result.exit_code, "'2026-13-01' is not a date" in result.output) == (2, True)


def test_prices_of_september_2026_move_the_use_from_which_owning_pays() -> None:
    """The use of a year from which owning costs less, in inverse proportion: what owning costs stays, what renting costs falls."""
    (price,) = rows(drift(), "hardware.h100_sxm.price")
    assert (price["value"], price["newer"], price["date"], price["newer_date"]) == (2.35, 2.0, "2026-03", "2026-09")
    assert price["after"] == pytest.approx(float(str(price["before"])) * 2.35 / 2.0)
