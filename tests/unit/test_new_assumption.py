"""A new assumption with a range is one record in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import copy_of, plant
from workbook import api

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = "      pue:\n"
RECORD = """      link_share:
        {label: Network power over host power, unit: "1", minimum: 0, maximum: 2, evidence: assumed, values: {published: 0.1},
         record: {low: 0, high: 0.3, behind: no source}}
"""
USED, USE = "asked[case].host_scale", "asked[case].host_scale * (1 + asked[case].link_share)"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> api.Book:
    """Give the planning workbook with an assumption more, and its one use in the calculation."""
    root = copy_of(None, tmp_path_factory.mktemp("assumption") / "templates")
    plant(root, "sheets/cases.yaml", BEFORE, RECORD + BEFORE)
    pools = (root / "sheets/case_pools.yaml").read_text("utf-8")
    assert pools.count(USED) == 1
    plant(root, "sheets/case_pools.yaml", USED, USE)
    return api.load("planning", root)


def test_it_has_a_range_a_place_in_the_grid_and_a_bar(book: api.Book) -> None:
    model = book.model
    assert model.tables["ranges"].keys[0].shown["link_share"] == "Network power over host power"
    assert ("link_share",) in model.tables["crossable"].index
    assert len(model.tables["tornado"].rows) == len(model.tables["ranges"].rows) == 19
    row = model.tables["ranges"].index["link_share",]
    assert [book.values[f"ranges.{name}"][row] for name in ("low", "high", "least", "most")] == [0, 0.3, 0, 2]
    assert book.values["tornado.assumption"].tolist().count("Network power over host power") == 1


def test_every_study_has_it_and_variants_vary_it(book: api.Book) -> None:
    asked = book.model.tables["asked"].index
    found = {study: float(book.values["asked.link_share"][asked[study,]]) for study in ("published", "chosen_link_share_high")}
    assert found == {"published": 0.1, "chosen_link_share_high": 0.3}
    pue = {float(book.values["asked.pue"][asked[study,]]) for study in ("corrected_fleetopt", "chosen_link_share_high")}
    assert len(pue) == 1


def test_it_moves_the_answer(book: api.Book) -> None:
    totals = book.model.tables["case_totals"].index
    low, high = (float(book.values["case_totals.wall"][totals[f"chosen_link_share_{side}",]]) for side in ("low", "high"))
    assert low < float(book.values["case_totals.wall"][totals["corrected_fleetopt",]]) < high


def test_an_output_column_on_a_sheet_is_where_it_is_calculated_and_its_name_in_the_view(tmp_path: Path) -> None:
    root = copy_of(None, tmp_path / "templates")
    totals, view = "      wall: {label: Power at the wall", "gpus, provisioned, tokens"
    column = '      host_share: {label: Share of the hosts, unit: "1", expr: "host_power / wall if wall > 0 else 0"}\n'
    plant(root, "sheets/studies.yaml", totals, column + totals)
    plant(root, "sheets/results.yaml", view, f"host_share, {view}")
    book = api.load("planning", root)
    shown = book.model.quantities["results.host_share"]
    assert (shown.label, shown.unit) == ("Share of the hosts", "1")
    row, total = book.model.tables["results"].index["corrected",], book.model.tables["case_totals"].index["corrected",]
    assert float(book.values["results.host_share"][row]) == float(book.values["case_totals.host_share"][total]) > 0
