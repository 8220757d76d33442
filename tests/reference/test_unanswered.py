"""Questions without an answer: what they show (nothing), what they say is missing, and that it is what is missing.

The cures are followed: what a remark asks for is typed into the case, which must then have an answer.
"""

import re
from functools import cache

import pytest

from tests.reference import test_every_planning_quantity as planning
from tests.reference.quantities import EMPTY
from workbook.model.evaluate import Values

Sets = dict[str, str | float]

ON_H100: Sets = {"gpu_1": "h100_sxm", "gpu_2": "h100_sxm", "memory_share": 0.9, "cache": "fp16"}
ASKED: dict[str, Sets] = {
    "mine_1": {**ON_H100, "model": "llama_3_1_405b", "weights": "fp8", "tensor_parallel": 4, "objective": 5000},
    "mine_2": {"objective": 5},
    "mine_3": {"pools": 3, "window_1": 20_000, "window_2": 16_384},
    "mine_4": {"long_window": 8000},
    "mine_5": {"capacity_rule": "as printed", "slots_rule": "whole windows", "long_window": 2_000_000},
    "mine_6": {**ON_H100, "model": "llama_3_1_405b", "weights": "bf16", "tensor_parallel": 8},
    "mine_7": {**ON_H100, "slots_rule": "whole windows", "weights": "bf16", "tensor_parallel": 2, "long_window": 131_072},
}
REMARKS = {
    "mine_1": r"needs (8) GPUs an instance \(\d+ GB over\)",
    "mine_2": r"the shortest TTFT objective that works is (\d+) ms(?:; more GPUs an instance shorten it)?",
    "mine_3": r"window 2 must be at least (20001) tokens",
    "mine_4": r"the last window must be at least (16384) tokens",
    "mine_5": r"windows must be at most (1048576) tokens",
    "mine_6": r"needs 16 GPUs an instance, and 8 is the most \(\d+ GB over\): choose a lower weight precision, GPUs with .*",
    "mine_7": r"needs (4) GPUs an instance \(\d+ GB over\)",
}
CURES = {
    "mine_1": "tensor_parallel",
    "mine_2": "objective",
    "mine_3": "window_2",
    "mine_4": "long_window",
    "mine_5": "long_window",
    "mine_7": "tensor_parallel",
}
"""The assumption that a remark's number is for."""


def edits(asked: dict[str, Sets], **chosen: str) -> Sets:
    """Return edits of cases, and the cases that the Dashboard shows."""
    found: Sets = {f"cases.{case}.{name}": value for case, sets in asked.items() for name, value in sets.items()}
    return found | {f"choose.{name}": case for name, case in chosen.items()}


@cache
def unanswered() -> Values:
    """Return the workbook's values with cases that have no answer, two of them on the Dashboard."""
    return planning.calculated(edits(ASKED, case="mine_1", comparison="mine_2"))


def shown(values: Values, column: str, *keys: str) -> object:
    """Return what a cell shows."""
    rows = planning.book().model.tables[column.partition(".")[0]].index
    return values[column][rows[keys]].item() if hasattr(values[column][rows[keys]], "item") else values[column][rows[keys]]


@pytest.mark.parametrize("case", ASKED)
def test_a_case_without_an_answer_says_what_would_give_one(case: str) -> None:
    assert shown(unanswered(), "results.state", case) != "ok"
    assert re.fullmatch(REMARKS[case], str(shown(unanswered(), "results.remark", case)))


def test_the_gigabytes_missing_are_those_of_weights_and_a_sequence() -> None:
    # 403.75 G parameters, 19% of them and an embedding of 2.1 G in 16 bit, and 516,096 bytes a token of the cache, on 4 x 0.9 x 80 GiB
    (over,) = re.findall(r"\((\d+) GB", str(shown(unanswered(), "results.remark", "mine_1")))
    assert float(over) == pytest.approx((403.75e9 * 1.19 + 2.1e9 * 2 + 4096 * 516_096 - 4 * 0.9 * 80 * 2**30) / 1e9, rel=0.05)


def test_what_a_remark_asks_for_gives_an_answer_and_a_little_less_does_not() -> None:
    numbers = {case: float(re.findall(REMARKS[case], str(shown(unanswered(), "results.remark", case)))[0]) for case in CURES}
    cured = planning.calculated(edits({case: {**ASKED[case], CURES[case]: number} for case, number in numbers.items()}))
    assert {case: shown(cured, "results.state", case) for case in CURES} == dict.fromkeys(CURES, "ok")
    less = {case: number / 2 if CURES[case] == "tensor_parallel" else number - 1 for case, number in numbers.items()}
    less["mine_5"] = numbers["mine_5"] + 1
    short = planning.calculated(edits({case: {**ASKED[case], CURES[case]: number} for case, number in less.items()}))
    assert "ok" not in {case: shown(short, "results.state", case) for case in CURES}.values()


def test_the_search_says_how_far_it_has_to_go() -> None:
    small: Sets = {"engine_cap": 4, "cap": 0.99, "rate": 100}
    narrow = planning.calculated(edits({"mine_1": small}) | {"search_limits.reach": 1})
    (reach,) = re.findall(r"the search must reach (\d+) instances", str(shown(narrow, "results.remark", "mine_1")))
    wide = planning.calculated(edits({"mine_1": small}) | {"search_limits.reach": float(reach)})
    assert (shown(narrow, "results.state", "mine_1"), shown(wide, "results.state", "mine_1")) == ("no answer within reach", "ok")


NUMBERS_OF_THE_CHOSEN = (
    *("figures.case", "figures.low", "figures.high", "figures.comparison", "figures.change", "power_bars.case"),
    *("power_bars.comparison", "budget.tokens", "budget.gpus", "budget.capex", "budget.revenue", "budget.revenue_in", "budget.cost"),
    *("budget.margin", "budget.share", "budget.by_gpus", "budget.rate_by_gpus", "budget_limits.lasts", "quarters.wall"),
    *("quarters.nodes", "quarters.rent", "quarters.own", "rent_or_buy.capex", "rent_or_buy.npv", "rent_or_buy.break_even_month"),
    *("rent_or_buy.break_even_load", "cash_years.owned_total", "token_costs.input", "token_costs.output", "commitments.rent_year"),
    *("commitments.npv", "cost_split.upkeep", "cost_split.colocation", "cost_split.servers", "cost_split.gpus", "cost_split.hosts"),
    *("cost_split.building", "cost_split.total", "side_by_side.chosen", "side_by_side.chosen_low", "side_by_side.chosen_high"),
    *("side_by_side.comparison", "side_by_side.third_change"),
)


@pytest.mark.parametrize("column", NUMBERS_OF_THE_CHOSEN)
def test_what_is_not_answered_shows_nothing(column: str) -> None:
    assert set(unanswered()[column].tolist()) == {EMPTY}


def test_the_sentence_names_the_state_and_the_cure() -> None:
    assert shown(unanswered(), "finding.answer") == (
        f"No answer for Your case 1: the weights do not fit; {shown(unanswered(), 'results.remark', 'mine_1')}."
    )
    assert set(unanswered()["figures.drivers"].tolist()) == {""}
    assert [shown(unanswered(), f"sentence.{chart}_finding") for chart in ("power", "cost")] == ["", ""]


def test_totals_of_a_case_without_an_answer_are_nothing() -> None:
    for name in ("instances", "gpus", "wall", "tokens", "rent", "own", "capex", "first_token", "per_wall_joule", "cost_rented"):
        assert shown(unanswered(), f"case_totals.{name}", "mine_1") == 0, name


def test_levers_and_the_bridge_without_an_answer_show_nothing() -> None:
    values = planning.calculated({"cases.corrected_homo.objective": 5, "cases.physics.objective": 5})
    for name in ("per_wall_joule", "gain", "cost", "rent", "saved", "power_saved"):
        assert shown(values, f"levers.{name}", "h100", "homo") == EMPTY, name
    assert isinstance(shown(values, "levers.cost", "b200", "homo"), float)
    assert shown(values, "levers.saved", "b200", "homo") == EMPTY
    assert shown(values, "bridge.left", "physics") == EMPTY
    assert [shown(values, f"bridge.{name}", "trace_output") for name in ("factor", "product", "fall", "rise")] == [EMPTY, EMPTY, 0, 0]
    assert shown(values, "bridge.factor", "printed") == 1
    assert shown(values, "closing.carried") == EMPTY


def test_a_window_that_no_request_exceeds_answers_with_a_remark() -> None:
    sets: Sets = {"pools": 2, "window_1": 20_000, "long_window": 65_536}
    coded: Sets = {"pools": 2, "window_1": 8192, "band": 2, "compression": "as coded"}
    alone: Sets = {"pools": 1, "long_window": 20_000}
    values = planning.calculated(edits({"mine_1": sets, "mine_2": coded, "mine_3": alone}))
    for case in ("mine_1", "mine_2"):
        assert shown(values, "results.state", case) == "ok"
        assert str(shown(values, "results.remark", case)).startswith("1 of 2 pools in use (longest request: ")
    assert shown(values, "results.remark", "mine_3") == ""
    # One pool whose window is the first pool's is the same fleet.
    assert shown(values, "results.gpus", "mine_1") == shown(values, "results.gpus", "mine_3")
