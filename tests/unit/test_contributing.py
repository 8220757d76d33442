"""CONTRIBUTING.md as a newcomer follows it: what it shows is added to a copy of the templates, and both workbooks still hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import command, copy_of, plant
from workbook import api

GUIDE = Path("CONTRIBUTING.md").read_text("utf-8")
CARDS = (("hardware", "mi300x", "MI300X"), ("models", "gemma_3_12b", "Gemma-3-12B"))
OURS, LABEL = "_of_ours", "Installation, share of the server price"


def shown_under(heading: str) -> str:
    """Return the YAML that a section of the guide shows."""
    found = re.search(rf"^## {heading}\n.*?```yaml\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped templates with one more GPU, model, quantity and assumption, each added as the guide says."""
    root = copy_of(None, tmp_path_factory.mktemp("contributed") / "templates")
    for folder, key, name in CARDS:
        text = (root / folder / f"{key}.yaml").read_text("utf-8")
        text = text.replace(f"key: {key}", f"key: {key}{OURS}", 1).replace(f"name: {name}", f"name: {name} of ours", 1)
        (root / folder / f"{key}{OURS}.yaml").write_text(text, "utf-8")
    assumption = shown_under("Add an assumption with a range")
    plant(root, "sheets/cases.yaml", "    columns:\n      workload:", f"    columns:\n{assumption}      workload:")
    plant(root, "sheets/studies.yaml", "      average: {", f"{shown_under('Add a quantity')}      average: {{")
    plant(
        root,
        "sheets/studies.yaml",
        "cases[asked[case].base].network_share)",
        "cases[asked[case].base].network_share + asked[case].cable_share)",
    )
    for view in ("results", "studies"):
        plant(root, f"sheets/{view}.yaml", "[gpus, provisioned", "[per_kilowatt, gpus, provisioned")
    return root


@pytest.mark.parametrize("name", ["planning", "paper"])
def test_what_the_guide_adds_is_sound(templates: Path, name: str) -> None:
    result = command("check", name, "--templates", templates)
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def book(templates: Path) -> api.Book:
    """The planning workbook of these templates."""
    return api.load("planning", templates)


def test_cards_and_quantities_are_in_the_workbook(book: api.Book) -> None:
    assert all((f"{key}{OURS}",) in book.model.tables[folder].index for folder, key, _ in CARDS)
    assert "case_totals.per_kilowatt" in book.model.quantities


def test_an_assumption_has_a_range_a_place_in_the_grid_and_a_bar(book: api.Book) -> None:
    model = book.model
    assert model.tables["ranges"].keys[0].shown["cable_share"] == LABEL
    assert ("cable_share",) in model.tables["crossable"].index
    assert len(model.tables["tornado"].rows) == len(model.tables["ranges"].rows) == 19
    row = model.tables["ranges"].index["cable_share",]
    assert [book.values[f"ranges.{name}"][row] for name in ("low", "high", "least", "most")] == [0, 0.05, 0, 1]
    assert book.values["tornado.assumption"].tolist().count(LABEL) == 1


def test_every_study_has_the_assumption_and_variants_vary_it(book: api.Book) -> None:
    asked = book.model.tables["asked"].index
    found = {study: float(book.values["asked.cable_share"][asked[study,]]) for study in ("published", "chosen_cable_share_high")}
    assert found == {"published": 0.02, "chosen_cable_share_high": 0.05}
    pue = {float(book.values["asked.pue"][asked[study,]]) for study in ("corrected_fleetopt", "chosen_cable_share_high")}
    assert len(pue) == 1


def test_the_assumption_moves_the_answer(book: api.Book) -> None:
    totals = book.model.tables["case_totals"].index
    low, high = (float(book.values["case_totals.capex"][totals[f"chosen_cable_share_{side}",]]) for side in ("low", "high"))
    assert low < float(book.values["case_totals.capex"][totals["corrected_fleetopt",]]) < high


def test_an_output_column_on_a_sheet_is_where_it_is_calculated_and_its_name_in_the_view(book: api.Book) -> None:
    shown = book.model.quantities["results.per_kilowatt"]
    assert (shown.label, shown.unit) == ("Output tokens per kW", "tok/s/kW")
    row, total = book.model.tables["results"].index["corrected",], book.model.tables["case_totals"].index["corrected",]
    assert float(book.values["results.per_kilowatt"][row]) == float(book.values["case_totals.per_kilowatt"][total]) > 0
