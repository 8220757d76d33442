"""What a case takes from its cards until it is overwritten: prices and precision, and the long pool from the short pools."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.support import copy_of, mistakes_in, plant, shipped
from workbook import api
from workbook.declare import cards
from workbook.declare.packaged import packaged
from workbook.errors import Place, Problems
from workbook.model.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.api import Book


@cache
def book() -> Book:
    return shipped("planning")


def moved(sets: Mapping[str, str | float], *cells: str) -> list[float | str]:
    """Give cells of the planning workbook after edits."""
    edits = api.parse_sets(book().model, sets)
    wanted = [book().model.find(cell) or ("", 0) for cell in cells]
    values = evaluate(book().model, edits, [name for name, _ in wanted])
    return [value if isinstance(value := values[name][row], str) else float(value) for name, row in wanted]


def test_a_gpu_is_rented_and_bought_at_the_price_of_its_own_card() -> None:
    totals = [f"case_totals.mine_1.{name}" for name in ("provisioned", "rent", "servers")]
    nodes, rent, servers = map(float, moved({}, *totals))
    assert rent == pytest.approx(nodes * 8 * 2.35 * 8760, rel=1e-12)
    assert servers == pytest.approx(nodes * 325_000, rel=1e-12)
    nodes, rent, servers = map(float, moved({"cases.mine_1.gpu_1": "h200_sxm"}, *totals))
    assert rent == pytest.approx(nodes * 8 * 2.50 * 8760, rel=1e-12)
    assert servers == pytest.approx(nodes * (325_000 - 8 * 27_500 + 8 * 36_000), rel=1e-12)
    nodes, rent, servers = map(float, moved({"hardware.h100_sxm.price": 5, "hardware.h100_sxm.purchase_price": 30_000}, *totals))
    assert (rent, servers) == pytest.approx((nodes * 8 * 5 * 8760, nodes * (105_000 + 240_000)), rel=1e-12)


def test_a_quote_takes_the_place_of_the_cards_prices_and_multipliers_stay() -> None:
    totals = [f"case_totals.mine_1.{name}" for name in ("provisioned", "rent", "servers")]
    quotes: dict[str, str | float] = {"cases.mine_1.rent_price": 2.0, "cases.mine_1.server_price": 300_000}
    nodes, rent, servers = map(float, moved(quotes, *totals))
    assert (rent, servers) == pytest.approx((nodes * 8 * 2 * 8760, nodes * 300_000), rel=1e-12)
    nodes, rent, servers = map(float, moved({**quotes, "cases.mine_1.rent_scale": 0.9, "cases.mine_1.capex_scale": 0.8}, *totals))
    assert (rent, servers) == pytest.approx((nodes * 8 * 2 * 0.9 * 8760, nodes * 240_000), rel=1e-12)


def test_the_long_pool_has_the_quote_of_the_short_pools_for_the_same_hardware() -> None:
    names = [f"cases.mine_1.{name}_2" for name in ("rent_price", "server_price")]
    quotes: dict[str, str | float] = {"cases.mine_1.rent_price": 2.0, "cases.mine_1.server_price": 300_000}
    assert moved(quotes, *names) == [2.0, 300_000]
    assert moved({**quotes, "cases.mine_1.gpu_2": "h200_sxm"}, *names) == [2.50, 325_000 - 8 * 27_500 + 8 * 36_000]


@pytest.mark.parametrize(
    ("model", "weights", "width"),
    [("gpt_oss_120b", "mxfp4", 4.25 / 8), ("deepseek_v3", "fp8 by block", 1.0), ("llama_3_1_70b", "fp16/bf16", 2.0)],
)
def test_the_precision_is_that_of_the_models_card(model: str, weights: str, width: float) -> None:
    names = ["cases.mine_1.weights", "case_models.mine_1.weight_bytes", "case_models.mine_1.kv_bytes"]
    assert moved({"cases.mine_1.model": model}, *names) == [weights, width, 2.0]
    # nvfp4: four bits, and eight for each sixteen weights
    assert moved({"cases.mine_1.model": model, names[0]: "nvfp4", "cases.mine_1.cache": "fp8"}, *names) == ["nvfp4", 4.5 / 8, 1.0]


def test_models_that_ship_in_few_bits_fit_without_being_told() -> None:
    (state,) = moved({"cases.mine_1.model": "gpt_oss_120b", "cases.mine_1.gpu_1": "b200_sxm"}, "case_totals.mine_1.state")
    assert state == "ok"
    sets: dict[str, str | float] = {
        "cases.mine_1.model": "deepseek_v3",
        "cases.mine_1.gpu_1": "b200_sxm",
        "cases.mine_1.tensor_parallel": 8,
    }
    assert moved(sets, "case_totals.mine_1.state") == ["ok"]


def test_the_long_pool_has_what_the_short_pools_have() -> None:
    names = [f"cases.mine_1.{name}_2" for name in ("gpu", "curve", "server", "printed")]
    short = {"cases.mine_1.gpu_1": "b200_sxm", "cases.mine_1.curve_1": "b200_x8_llama_70b"}
    assert moved(short, *names) == ["B200 SXM", "70B on 8 B200", "HGX B200", "B200 as printed"]
    # Of another GPU the long pool has that GPU's own cards.
    mixed = {**short, "cases.mine_1.gpu_2": "h100_sxm"}
    assert moved(mixed, *names) == ["H100 SXM", "70B on 4 H100", "HGX H100", "H100 as printed"]
    assert moved({**short, "cases.mine_1.curve_2": "b200_x2_llama_70b"}, names[1]) == ["70B on 2 B200"]


FLAGS = (*(f"case_pools.mine_1.p1.{name}" for name in ("same_setup", "same", "times_fitted")), "case_evidence.mine_1.word")
LIKE_THE_FIT = {"cases.mine_1.workload": "lmsys_chat"}


@pytest.mark.parametrize("precision", [{"weights": "fp8"}, {"cache": "fp8"}])
def test_a_fit_of_another_precision_is_not_used_and_said(precision: dict[str, str]) -> None:
    assert moved(LIKE_THE_FIT, *FLAGS) == [1.0, 1.0, 1.0, "measured"]
    other = {f"cases.mine_1.{name}": value for name, value in precision.items()}
    assert moved(LIKE_THE_FIT | other, *FLAGS) == [1.0, 0.0, 0.0, "transferred"]


def test_an_overlay_may_overwrite_what_a_case_takes(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("cases: {mine_1: {weights: fp8, electricity: 0.2, gpu_2: h200_sxm}}\n", "utf-8")
    loaded = api.load("planning", overlay=path)
    row = loaded.model.tables["cases"].index["mine_1",]
    assert [loaded.values[f"cases.{name}"][row] for name in ("weights", "electricity", "gpu_2")] == ["fp8", 0.2, "H200 SXM"]


# Grades.


def test_a_grade_is_computed_and_never_typed(tmp_path: Path) -> None:
    root = copy_of(packaged(), tmp_path / "templates")
    plant(root, "hardware/h200_sxm.yaml", "tdp: 700", "grade: vendor, tdp: 700")
    (found,) = mistakes_in("planning", root)
    assert (found.message, found.fix) == (
        "'h200_sxm.grade' is computed: the worst evidence among the figures that cases use",
        "leave it out",
    )
    assert str(found.place).startswith("hardware/h200_sxm.yaml:")


def test_a_number_without_a_source_is_an_assumption(tmp_path: Path) -> None:
    root = copy_of(packaged(), tmp_path / "templates")
    plant(root, "hardware/h200_sxm.yaml", "tdp: 700", "tdp: {value: 700, source: none}")
    problems = Problems()
    catalogue = cards.catalogue(root, "hardware", "corrected", Place("test"), problems)
    assert catalogue is not None
    assert problems.found == []
    entries = catalogue.cards["h200_sxm"].entries
    tdp, memory, grade = (entries[name].figure for name in ("tdp", "memory", "grade"))
    assert tdp is not None
    assert (tdp.evidence, tdp.confidence) == ("assumed", "low")
    assert memory is not None
    assert (memory.evidence, memory.confidence) == ("vendor", "high")
    assert grade is not None
    assert grade.value == "assumed"
