"""The file of draws against the reference's own procedure, and the constants of the fleet sheets against the paper."""

from pathlib import Path

import pytest

from tests.reference.equations import replay, workload
from tests.reference.expect import expect_fleet
from tests.reference.expect.expect_draws import CHUNKS, WORKLOADS, drawn, sample_name, sample_of, samples
from tests.reference.expect.expect_fleet import COLUMNS, PERCENT, claim_text, printed_text
from tests.reference.test_every_quantity import book

FILE = Path(__file__).parents[2] / "templates" / "draws" / "table_3.csv"
LARGEST_STEP = 5e-15
"""How far the templates' shares, of 15 digits, may lie from the reference's."""


def columns() -> dict[str, list[str]]:
    """Return the columns of the file as texts."""
    names, *rows = (line.split(",") for line in FILE.read_text(encoding="utf-8").splitlines())
    return dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))


def test_file_has_a_column_for_every_sample_and_chunk() -> None:
    names = [[f"{sample}_length", *(f"{sample}_steps_{chunk}" for chunk in CHUNKS)] for sample in samples()]
    assert list(columns()) == [name for group in names for name in group]
    assert {len(column) for column in columns().values()} == {replay.DRAWS}


@pytest.mark.parametrize("sample", samples())
def test_file_holds_what_the_generator_draws(sample: str) -> None:
    requests = drawn(sample)
    assert columns()[f"{sample}_length"] == [f"{length:.0f}" for length in requests.lengths]
    for chunk in CHUNKS:
        assert columns()[f"{sample}_steps_{chunk}"] == [f"{steps:.0f}" for steps in requests.steps[chunk]]


def test_workbook_holds_the_file() -> None:
    wrong = [name for name, column in columns().items() if book().values[f"draws.{name}"].tolist() != [float(cell) for cell in column]]
    assert wrong == []


def test_draws_are_of_the_distributions_of_the_templates() -> None:
    for card, lengths in {**{key: item[1] for key, item in WORKLOADS.items()}, "agent": workload.AGENT}.items():
        rows = [row for row, keys in enumerate(book().model.tables["knots"].rows) if keys[0] == card]
        assert book().values["knots.upper"][rows].tolist() == list(lengths.knots)
        assert book().values["knots.cumulative"][rows].tolist() == pytest.approx(lengths.fractions, rel=LARGEST_STEP, abs=0)


@pytest.mark.parametrize("side", ["short", "long"])
def test_every_pool_names_the_sample_that_was_drawn_for_it(side: str) -> None:
    fleets = [keys[0] for keys in book().model.tables["fleets"].rows]
    assert book().values[f"fleets.{side}_sample"].tolist() == [sample_name(sample_of(fleet, side)) for fleet in fleets]
    assert list(dict.fromkeys(book().values["sampled.sample"])) == [sample_name(sample) for sample in samples()]


def test_printed_figures_of_table_3_are_the_papers() -> None:
    keys = book().model.tables["printed_3"].rows
    assert sorted(keys) == sorted(expect_fleet.rows())
    assert book().values["printed_3.printed"].tolist() == [float(printed_text(*row)) for row in keys]
    assert book().values["printed_3.decimals"].tolist() == [len(printed_text(*row).partition(".")[2]) for row in keys]


@pytest.mark.parametrize("column", COLUMNS)
def test_printed_figures_beside_the_fleets_are_the_papers(column: str) -> None:
    scale = PERCENT if column == "gain" else 1.0
    printed = [float(printed_text(fleet, column)) / scale for _, fleet in book().model.tables["outcome"].rows]
    assert book().values[f"outcome.printed_{column}"].tolist() == printed


def test_claims_are_the_texts() -> None:
    found = [claim_text(claim) for (claim,) in book().model.tables["claims"].rows]
    assert book().values["claims.printed"].tolist() == [float(text) for text in found]
    assert book().values["claims.decimals"].tolist() == [len(text.partition(".")[2]) for text in found]
