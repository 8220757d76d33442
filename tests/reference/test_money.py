"""What owning and renting cost, by hand: parts, present value, break-even, and tokens in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reference import test_every_planning_quantity as planning
from tests.reference.expect.planning_cases import STEPS
from tests.reference.expect.planning_declared import CASES
from tests.reference.quantities import EMPTY

if TYPE_CHECKING:
    from workbook.model.evaluate import Values

PARTS = ("capital_year", "upkeep_year", "staff_year", "colocation_year", "electricity_year")
MINE = "mine_1"
QUOTED = {
    **{f"cases.{MINE}.{name}": value for name, value in (("staff", 4000), ("life", 4), ("residual", 0.3), ("discount", 0.1))},
    f"cases.{MINE}.electricity_bill": "with colocation",
}


def shown(values: Values, column: str, case: str) -> float:
    """Return a figure of a case."""
    return float(values[column][planning.book().model.tables[column.partition(".")[0]].index[case,]])


@pytest.mark.parametrize("edits", [{}, QUOTED], ids=["as shipped", "quoted"])
def test_parts_of_a_year_are_what_owning_costs(edits: dict[str, str | float]) -> None:
    values = planning.calculated(edits)
    for case in CASES:
        assert sum(shown(values, f"case_money.{name}", case) for name in PARTS) == pytest.approx(
            shown(values, "case_money.own_year", case), rel=1e-12
        )


def test_owning_by_hand() -> None:
    values = planning.book().values
    nodes = shown(values, "case_totals.provisioned", "corrected_fleetopt")
    servers = nodes * 325_000
    electricity = shown(values, "case_totals.average", "corrected_fleetopt") * 8760 * 0.128
    by_hand = servers * 1.12 * 0.2504564546 + servers * 0.05 + nodes * 10.2 * 184.06 * 12 + electricity
    assert shown(values, "case_totals.own", "corrected_fleetopt") == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("case", ["published", *STEPS])
def test_cases_of_the_bridge_count_servers_and_electricity_only(case: str) -> None:
    values = planning.book().values
    own = shown(values, "case_totals.servers", case) * 0.2504564546 + shown(values, "case_totals.electricity", case)
    assert shown(values, "case_totals.own", case) == pytest.approx(own, rel=1e-9)


def test_electricity_is_not_paid_twice() -> None:
    values = planning.calculated(QUOTED)
    assert shown(values, "case_money.electricity_year", MINE) == 0
    assert shown(values, "case_money.electricity_year", "mine_2") > 0
    assert shown(values, "case_money.colocation_year", MINE) == shown(values, "case_money.colocation_year", "mine_2") > 0


def test_net_present_value_is_that_of_the_payments() -> None:
    values = planning.calculated(QUOTED)
    capex, rent, running = (shown(values, name, MINE) for name in ("case_money.capex", "case_money.rent_year", "case_totals.running"))
    saved = sum((rent - running) / 1.1**year for year in range(1, 5)) - capex + 0.15 * capex / 1.1**4
    assert shown(values, "case_money.npv", MINE) == pytest.approx(saved, rel=1e-12)
    after = shown(values, "case_money.break_even_month", MINE) / 12
    assert capex + running * after == pytest.approx(rent * after, rel=1e-12)


def test_the_cash_of_all_years_comes_to_the_net_present_value() -> None:
    values = planning.calculated({**QUOTED, "choose.case": MINE})
    years = planning.book().model.tables["cash_years"].index
    assert values["cash_years.saved_total"][years["y4",]] == pytest.approx(shown(values, "case_money.npv", MINE), rel=1e-9)
    assert values["cash_years.owned_total"][years["y5",]] == EMPTY


@pytest.mark.parametrize("way", ["rented", "owned"])
def test_tokens_in_and_out_pay_for_all(way: str) -> None:
    values = planning.book().values
    for case in CASES:
        paid = shown(values, f"case_money.in_{way}", case) * shown(values, "case_money.in_tokens", case)
        paid += shown(values, f"case_money.out_{way}", case) * shown(values, "case_totals.year_tokens", case)
        whole = {"rented": "rent_year", "owned": "own_year"}[way]
        assert paid == pytest.approx(shown(values, f"case_money.{whole}", case), rel=1e-9)


def test_pools_apart_split_tokens_by_their_gpus() -> None:
    values = planning.book().values
    pools = planning.book().model.tables["case_pools"].index
    shares = planning.book().model.tables["money_pools"].index
    first, second = (pools["corrected_apart", pool] for pool in ("p1", "p2"))
    assert [values["money_pools.prefill_share"][shares["corrected_apart", pool]] for pool in ("p1", "p2")] == [1, 0]
    gpus = values["case_pools.gpus"]
    share = gpus[first] / (gpus[first] + gpus[second])
    assert shown(values, "case_money.in_share", "corrected_apart") == pytest.approx(share, rel=1e-12)


def test_break_even_utilisation_is_where_hours_rented_cost_what_owning_does() -> None:
    values = planning.book().values
    hours = shown(values, "case_money.break_even_load", "b200_today") * 8760
    gpus = shown(values, "case_totals.provisioned", "b200_today") * 8
    hourly = shown(values, "cases.rent_price", "b200_today")
    assert hours * gpus * hourly == pytest.approx(shown(values, "case_money.own_year", "b200_today"), rel=1e-9)


@pytest.mark.parametrize(
    ("edits", "wanted"),
    [
        ({}, "Owning pays back after"),
        ({f"cases.{MINE}.rent_scale": 0.1}, "Renting is cheaper: owning does not pay back and costs"),
        ({f"cases.{MINE}.life": 3.5, f"cases.{MINE}.rent_scale": 0.5}, "Renting is cheaper: owning does not pay back and costs"),
        ({f"cases.{MINE}.discount": 0.2}, "Renting is cheaper: owning pays back after"),
        ({f"cases.{MINE}.objective": 5}, "No answer: objective shorter than prefill"),
    ],
)
def test_the_verdict_says_which_is_cheaper(edits: dict[str, str | float], wanted: str) -> None:
    (said,) = planning.calculated({"choose.case": MINE, **edits})["finding_money.verdict"].tolist()
    assert said.startswith(wanted), said
