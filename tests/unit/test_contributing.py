"""CONTRIBUTING.md as a newcomer follows it: what it shows is added to a copy of the templates, and both workbooks still hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import command, copy_of, plant
from workbook import api

GUIDE = Path("CONTRIBUTING.md").read_text("utf-8")
CARDS = (("hardware", "mi300x", "MI300X"), ("models", "gemma_3_12b", "Gemma-3-12B"))
OURS = "_of_ours"


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
    return root


@pytest.mark.parametrize("name", ["planning", "paper"])
def test_what_the_guide_adds_is_sound(templates: Path, name: str) -> None:
    result = command("check", name, "--templates", templates)
    assert result.exit_code == 0, result.output


def test_what_the_guide_adds_is_in_the_workbook(templates: Path) -> None:
    book = api.load("planning", templates)
    tables = {name: set(table.rows) for name, table in book.layout.model.tables.items()}
    assert all((f"{key}{OURS}",) in tables[folder] for folder, key, _ in CARDS)
    assert "case_totals.per_kilowatt" in book.layout.model.quantities
    assert ("cable_share",) in tables["ranges"] & tables["moves"]
    assert ("chosen_cable_share_high",) in tables["variants"] & tables["asked"] & tables["case_totals"]
