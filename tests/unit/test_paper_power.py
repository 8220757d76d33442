"""Watts of the paper workbook away from its printed tables: other windows, borrowed curves, and the choice of a GPU's card.

Expected figures follow from the paper's equations by hand, for Llama-3.1-70B on eight GPUs.
"""

from __future__ import annotations

import math
from functools import cache

import pytest

from workbook import api


@cache
def values(*sets: tuple[str, float | str]) -> dict[str, float | str]:
    """Return the values of the paper workbook by cell id."""
    book = api.load("paper", sets=dict(sets))
    return {cell: book.values[quantity][row] for cell, quantity, row in book.model.cells()}


def number(cell: str, *sets: tuple[str, float | str]) -> float:
    """Return a number of the paper workbook."""
    return float(values(*sets)[cell])


def test_the_load_of_a_tab_is_taken_at_4096_tokens_and_the_mean_length_stands_beside_it() -> None:
    # 3 sequences on B200: W 2.9549 ms, H 0.026214 ms at 4,096 tokens and 16 times that at 65,536; 69.5e9 parameters over 8 GPUs.
    arithmetic = 2 * 69.5033e9 / 8 * 3 / 2250e12 * 1e3
    loads = [(reading + arithmetic) / (2.95491 + reading) for reading in (3 * 0.0262144, 3 * 0.0262144 * 16)]
    stated, mean = (430 + 430 * load for load in loads)
    assert (round(stated, 1), round(mean, 1)) == (444.4, 560.8)
    assert number("context.b200_sxm.128k.power") == pytest.approx(stated, rel=1e-5)
    assert number("context.b200_sxm.128k.mean_power") == pytest.approx(mean, rel=1e-5)
    ratio = number("context.b200_sxm.128k.tok_per_w") / number("context.b200_sxm.128k.mean_tok_per_w")
    assert ratio == pytest.approx(mean / stated, rel=1e-5)


@pytest.mark.parametrize("cell", ["context.h100_sxm.8k", "architecture.b200_sxm.deepseek_v3", "precision.fp16.fp16", "small_pool.small_8b"])
def test_both_readings_are_one_at_the_window_of_the_tables(cell: str) -> None:
    assert number(f"{cell}.power") == pytest.approx(number(f"{cell}.mean_power"), rel=1e-12)


@pytest.mark.parametrize("cell", ["sweep.h100_calibrated.8k", "outcome.exact.azure_fleetopt_h100", "cases.azure_homo", "routing.short_70b"])
def test_a_serving_profile_draws_the_watts_of_its_gpus_card(cell: str) -> None:
    assert number(f"{cell}.tok_per_w", ("hardware.h100_sxm.curve_scale", 2)) == pytest.approx(number(f"{cell}.tok_per_w") / 2, rel=1e-9)


def test_the_scale_is_of_the_curve_that_the_card_names() -> None:
    other = ("profiles.h100_calibrated.power_curve", "h200")
    cell = "sweep.h100_calibrated.8k.power"
    assert number(cell, other, ("hardware.h100_sxm.curve_scale", 2)) == number(cell, other)


def test_the_card_may_take_the_watts_of_computed_profiles_from_its_curve() -> None:
    chosen = ("hardware.h100_sxm.computed_power", "power curve")
    watts = 300 + 300 / (1 + math.exp(-(math.log2(22) - 4.2)))
    for cell in ("generations.h100_sxm", "context.h100_sxm.8k", "architecture.h100_sxm.llama_3_1_70b"):
        assert number(f"{cell}.power", chosen) == pytest.approx(watts, rel=1e-12)
    assert number("small_pool.small_8b.power", chosen) == pytest.approx(300 + 300 / (1 + math.exp(-(math.log2(49) - 4.2))), rel=1e-12)
