"""The planning workbook's cases against the published model, and against figures of its weaknesses known from elsewhere.

A case is set as the published model has it, or with one of its rules corrected; the expected
figures come from `fleet` (every whole length weighed), or were computed by running the
reference with the correction (stated as published ratios).
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.reference.equations import fleet
from tests.support import copy_of, plant, shipped
from workbook import api
from workbook.expr.values import EMPTY
from workbook.model.evaluate import Values, evaluate

ROOT = Path(__file__).parents[2]
Sets = dict[str, str | float]

PUBLISHED: Sets = {
    "tensor_parallel": 8,
    "output_rule": "assumed share",
    "compression": "as coded",
    "credit": "as printed",
    "slots_rule": "whole windows",
    "capacity_rule": "as printed",
    "time_rule": "as printed",
    "prefill_rule": "in decode steps",
    "curve_1": "h100_paper",
    "curve_2": "h100_paper",
    "power_rule": "the curve",
    "counting": "truncated",
    "host": 0,
    "pue": 1,
    "availability": 1,
}
"""What a case says to stand for the published model."""

B200: Sets = {"printed_1": "b200", "printed_2": "b200", "curve_1": "b200_paper", "curve_2": "b200_paper"}
WORKLOADS: dict[str, Sets] = {"Azure": {}, "LMSYS": {"workload": "lmsys_chat", "window_1": 1536}}
GPUS: dict[str, Sets] = {"H100": {}, "B200": B200}
TOPOLOGIES: dict[str, Sets] = {"Homo": {"pools": 1}, "Pool": {"band": 1}, "FleetOpt": {}}
SERVED: Sets = {"credit": "as served"}

ROUNDED_KNOTS = 2e-4
"""How far the traces' shares, given to six digits, move tok/W."""


@cache
def book() -> api.Book:
    """Return the workbook at the inputs of its templates."""
    return shipped("planning")


def values(sets: Sets) -> Values:
    """Return all values with a case of one's own set as the published model and then as given."""
    edits = api.parse_sets(book().model, {f"cases.mine_1.{name}": value for name, value in {**PUBLISHED, **sets}.items()})
    return evaluate(book().model.overridden(edits), edits)


def found(sets: Sets, column: str, *pool: str) -> float:
    """Return a figure of that case, or of one of its pools."""
    table = "case_pools" if pool else "case_totals"
    row = book().model.tables[table].index["mine_1", *pool]
    return float(values(sets)[f"{table}.{column}"][row])


@cache
def exact() -> dict[str, fleet.Fleet]:
    """Return the fleets of Table 3 without sampling."""
    return fleet.fleets("gauss_whole")


@pytest.mark.parametrize("gpu", GPUS)
@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_cases_as_published_give_table_3_without_sampling(workload: str, topology: str, gpu: str) -> None:
    wanted = next(item for row, item in exact().items() if row.startswith(f"{workload} | {topology}") and row.endswith(gpu))
    sets = {**WORKLOADS[workload], **TOPOLOGIES[topology], **GPUS[gpu]}
    assert found(sets, "instances") == wanted.instances
    assert found(sets, "tok_per_w") == pytest.approx(wanted.tok_per_w, rel=ROUNDED_KNOTS)
    assert found(sets, "per_board_joule") == pytest.approx(wanted.tok_per_j, rel=ROUNDED_KNOTS)


def gain(sets: Sets, base: Sets) -> float:
    """Return tok/W over that of another case."""
    return found(sets, "tok_per_w") / found(base, "tok_per_w")


@pytest.mark.parametrize(
    ("sets", "base", "known"),
    [
        ({"pools": 1, "slots_rule": "paged", "engine_cap": 256}, {"pools": 1}, 1.83),
        (SERVED, {"pools": 1, **SERVED}, 2.27),
        ({**SERVED, "compression": "real", "compressible": 1}, {"pools": 1, **SERVED}, 2.19),
        ({**SERVED, "compression": "real"}, {"pools": 1, **SERVED}, 1.98),
        ({**SERVED, "window_1": 8192, "band": 1}, {"pools": 1, **SERVED}, 1.69),
    ],
    ids=["paged KV cache, at most 256", "output as served", "real compression of all", "of three quarters", "a window of gamma B instead"],
)
def test_corrections_known_from_sampling_come_out_within_two_percent(sets: Sets, base: Sets, known: float) -> None:
    assert gain(sets, base) == pytest.approx(known, rel=0.02)


def test_a_shared_cache_of_eight_h100_holds_177_windows_of_8k() -> None:
    assert found({"pools": 1, "long_window": 8192, "capacity_rule": "of the hardware"}, "by_windows", "p1") == 177


def test_a_batch_of_24_streams_four_fifths_of_the_experts_of_qwen3() -> None:
    sets: Sets = {
        "model": "qwen3_235b_a22b",
        "pools": 1,
        "engine_cap": 24,
        "slots_rule": "paged",
        "capacity_rule": "of the hardware",
        "time_rule": "by kernels",
    }
    assert found(sets, "n_slots", "p1") == 24
    row = book().model.tables["case_full"].index["mine_1", "p1"]
    assert float(values(sets)["case_full.touched"][row]) == pytest.approx(0.788, abs=5e-4)


def test_weights_that_do_not_fit_are_said_not_to() -> None:
    sets: Sets = {"model": "llama_3_1_405b", "capacity_rule": "of the hardware"}
    computed = values(sets)
    row = book().model.tables["case_pools"].index["mine_1", "p1"]
    assert computed["case_pools.state"][row] == "the weights do not fit"
    assert computed["results.state"][book().model.tables["results"].index["mine_1",]] == "the weights do not fit"


def test_the_bridge_starts_at_the_printed_figure_and_closes() -> None:
    left, factor = (book().values[f"bridge.{column}"] for column in ("left", "factor"))
    assert left[0] == 14.08
    assert factor.prod() * left[0] == pytest.approx(left[-1], rel=1e-9)
    assert left[2] == pytest.approx(left[1] / 8, rel=1e-12)
    steps = [step for (step,) in book().model.tables["bridge"].rows]
    for step, case in (("pue", "corrected"), ("fitted", "fitted"), ("wall", "fitted")):
        tokens, wall = (one(f"case_totals.{column}", case) for column in ("tokens", "wall"))
        assert 14.08 * factor[: steps.index(step) + 1].prod() == pytest.approx(tokens / (wall * 1e3), rel=1e-9), step
    assert steps[-3:] == ["pue", "fitted", "wall"]


def test_a_bridge_that_leaves_something_out_does_not_close(tmp_path: Path) -> None:
    assert book().values["checks.bridge_closes"].tolist() == [0]
    root = copy_of(None, tmp_path / "templates")
    plant(root, "sheets/bridge.yaml", " / cases['fitted'].pue", "")
    assert api.load("planning", root).values["checks.bridge_closes"].tolist() == [1]


def test_the_parts_of_the_waterfall_are_the_steps_of_the_bridge() -> None:
    left, base, fall, rise, total = (book().values[f"bridge.{column}"] for column in ("left", "base", "fall", "rise", "total"))
    assert [total[0], total[-1]] == [left[0], left[-1]]
    assert not total[1:-1].any()
    assert [base[0], base[-1]] == [0, 0]
    for before, after, *parts in zip(left[:-2], left[1:-1], base[1:-1], fall[1:-1], rise[1:-1], strict=True):
        assert parts == pytest.approx([min(before, after), max(0.0, before - after), max(0.0, after - before)], abs=1e-12)


def test_children_of_a_case_follow_it_to_another_site() -> None:
    edits = api.parse_sets(book().model, dict.fromkeys(("cases.corrected.site", "service.plan.site"), "us_liquid_cooled"))
    moved = evaluate(book().model.overridden(edits), edits)
    rows = book().model.tables["case_totals"].index
    for case in ("corrected", "fitted", "corrected_fleetopt", "b200_today", "mine_12"):
        before, after = (each["case_totals.per_wall_joule"][rows[case,]] for each in (book().values, moved))
        assert after == pytest.approx(before * 1.42 / 1.1, rel=1e-12)
    assert moved["case_totals.per_wall_joule"][rows["published",]] == book().values["case_totals.per_wall_joule"][rows["published",]]


def test_tokens_per_watt_fall_with_the_measured_window_as_known() -> None:
    row = book().model.tables["window_list"].index["b200_x8_llama_70b_windows",]
    assert book().values["window_list.to_64k"][row] == pytest.approx(-0.62, abs=0.005)
    ratios = [float(each) for each in book().values["window_sweep.halving"][1:7]]
    assert ratios == pytest.approx([1.22, 1.48, 1.58, 1.65, 1.83, 3.77], abs=0.01)


def one(column: str, *keys: str) -> float:
    """Return a figure of the workbook as it comes."""
    table = column.partition(".")[0]
    return float(book().values[column][book().model.tables[table].index[keys]])


def test_owning_pays_the_servers_back_over_their_life() -> None:
    rate, years = 0.08, 5
    yearly = one("case_totals.own", "corrected") - one("case_totals.electricity", "corrected")
    assert sum(yearly / (1 + rate) ** year for year in range(1, years + 1)) == pytest.approx(
        one("case_totals.capex", "corrected"), rel=1e-12
    )


def test_energy_money_and_carbon_of_a_year_by_hand() -> None:
    wall = one("case_totals.wall", "corrected")
    assert wall == pytest.approx(
        (one("case_totals.board_power", "corrected") + one("case_totals.host_power", "corrected")) * 1.42, rel=1e-12
    )
    assert one("case_totals.energy", "corrected") == pytest.approx(wall * 8760 / 1000, rel=1e-12)
    assert one("case_totals.electricity", "corrected") == pytest.approx(wall * 8760 * 0.128, rel=1e-12)
    assert one("case_totals.carbon", "corrected") == pytest.approx(wall * 8760 * 367 / 1e6, rel=1e-12)
    assert one("case_totals.rent", "corrected") == pytest.approx(one("case_totals.provisioned", "corrected") * 8 * 2.35 * 8760, rel=1e-12)
    tokens_of_a_year = one("case_totals.tokens", "corrected") * 8760 * 3600
    assert one("case_totals.cost_rented", "corrected") == pytest.approx(
        one("case_totals.rent", "corrected") / tokens_of_a_year * 1e6, rel=1e-12
    )


def test_a_budget_carries_what_its_binding_limit_allows_and_lasts_until_growth_needs_it() -> None:
    case = "plan"
    provisioned = one("case_totals.provisioned", case) * 10.2 * one("cases.pue", case)  # kW: servers as rated, at the wall
    assert one("case_power.facility", case) == pytest.approx(provisioned, rel=1e-12)
    rooms = {
        "power": 1500 / provisioned,
        "servers": 120 / one("case_totals.provisioned", case),
        "capital": 40e6 / one("case_totals.capex", case),
    }
    assert book().values["budget.binding"][0] == min(rooms, key=lambda limit: rooms[limit])
    least = min(rooms.values())
    assert one("budget.tokens") == pytest.approx(one("case_totals.tokens", case) * least, rel=1e-12)
    assert one("budget.revenue") == pytest.approx(one("case_totals.year_tokens", case) * least * 3, rel=1e-12)
    left = one("budget.revenue") + one("budget.revenue_in") - one("budget.cost")
    assert one("budget.margin") == pytest.approx(left, rel=1e-12)
    # Traffic grows by 60 % in twelve months, so that after the months found the needs are what there is.
    for limit, allowed in rooms.items():
        months = one("budget_limits.lasts", limit)
        assert months == pytest.approx(12 * np.log(allowed) / np.log(1.6), rel=1e-12)
        assert one("budget_limits.needed", limit) * 1.6 ** (months / 12) == pytest.approx(one("budget_limits.available", limit), rel=1e-12)


@pytest.mark.parametrize(
    ("sets", "months", "words"),
    [
        ({"plan.megawatts": 0.001}, 0, "short today"),
        ({"plan.growth": 0}, None, "not within 10 years"),
        ({"plan.growth": -0.2}, None, "not within 10 years"),
    ],
)
def test_a_budget_that_is_short_at_once_or_never_runs_out(sets: Sets, months: float | None, words: str) -> None:
    edits = api.parse_sets(book().model, sets)
    computed = evaluate(book().model.overridden(edits), edits)
    lasts = float(computed["budget_limits.lasts"][0])
    assert computed["budget_limits.words"][0] == words
    if months is None:
        assert not np.isfinite(lasts), "the cell is empty"
        assert computed["budget_limits.months"][0] == 120
    else:
        assert lasts == months


NAMED_OTHERWISE = {
    "servers": "case_totals.provisioned",
    "tpot": "results.tpot",
    **{name: f"case_power.{name}" for name in ("provisioned", "peak", "carried", "carried_gpus")},
    **{name: f"case_money.{name}" for name in ("break_even_load", "in_owned", "out_owned", "in_rented", "out_rented")},
}
"""Answers of sheet Plan that are worked out elsewhere than in the totals of cases, or have another name there."""


@pytest.mark.parametrize("answer", [answer for (answer,) in book().model.tables["figures"].rows])
def test_sheet_plan_shows_the_cases_chosen(answer: str) -> None:
    column = NAMED_OTHERWISE.get(answer, f"case_totals.{answer}")
    figures = {case: one(f"figures.{shown}", answer) for shown, case in (("case", "plan"), ("comparison", "plan_b"))}
    assert figures == {case: one(column, case) for case in figures}
    low, high = (one(f"figures.{end}", answer) for end in ("low", "high"))
    assert low == high == EMPTY or low < figures["plan"] < high
    assert one("figures.change", answer) == pytest.approx(figures["plan_b"] / figures["plan"] - 1, abs=1e-12)
    unit = str(book().values["figures.unit"][book().model.tables["figures"].index[answer,]])
    of_column = book().model.quantities[column].unit
    shown_unit = book().model.declared.shown_units.get(of_column, of_column)
    assert of_column == "1" or shown_unit.startswith(unit), "the label says: of a year"


def test_sheet_compare_shows_the_cases_chosen() -> None:
    cases = {"chosen": "plan", "comparison": "plan_b", "third": "corrected_homo", "fourth": "b200_homo"}
    for answer in ("gpus", "tokens", "own", "rent", "carbon", "average"):
        assert {case: one(f"side_by_side.{which}", answer) for which, case in cases.items()} == {
            case: one(f"case_totals.{answer}", case) for case in cases.values()
        }


def test_an_interval_is_that_of_the_case_wherever_it_is_compared() -> None:
    """The comparison of sheet Plan as the third case, and the third as the comparison: what is known of a case is known in any place."""
    edits = api.parse_sets(book().model, {"choose.comparison": "corrected_homo", "choose_more.third": "plan_b"})
    swapped = evaluate(book().model.overridden(edits), edits)
    for answer in ("gpus", "own", "rent", "average", "carbon", "out_owned"):
        for end in ("", "_low", "_high"):
            row = book().model.tables["side_by_side"].index[answer,]
            third, comparison = (swapped[f"side_by_side.{which}{end}"][row] for which in ("third", "comparison"))
            assert (comparison, third) == tuple(one(f"side_by_side.{which}{end}", answer) for which in ("third", "comparison"))
