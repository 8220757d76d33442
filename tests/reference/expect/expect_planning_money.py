"""Expectations of sheets Money and Rent or buy: what cases cost to buy, to own and to rent, and what tokens in and out cost."""

import math
from collections.abc import Callable
from functools import cache

from tests.reference.equations import economics
from tests.reference.equations.rounding import ceil
from tests.reference.expect.expect_planning_results import named, remark_of_chosen, state_of
from tests.reference.expect.planning_cases import chosen, number_of
from tests.reference.expect.planning_columns import expect_fields, expect_rows, pool_of
from tests.reference.expect.planning_load import profile_of
from tests.reference.expect.planning_money import MILLION, SECONDS, Totals, colocation, totals
from tests.reference.expect.planning_pools import POOLS, chunk_share, own_share, prefill_share, rate, run, service, step_share
from tests.reference.expect.planning_study import DECODE, assumed, role
from tests.reference.expect.pools import KILO, OK
from tests.reference.quantities import PLANNING, Inputs, Value

MONTHS = 12.0


def tokens_in(i: Inputs, case: str, pool: int) -> float:
    """Return the tokens/s of the prompts that a pool computes, those found in the prefix cache included."""
    return 0.0 if role(i, case, pool) == DECODE else rate(i, case, pool) * service(i, case, pool).prompt


def input_tokens(i: Inputs, case: str) -> float:
    """Return the million tokens of the prompts that a case computes in a year, those found in the prefix cache included."""
    return sum(tokens_in(i, case, pool) for pool in POOLS) * profile_of(i, case).load_factor * SECONDS / MILLION


def over(amount: float, of: float) -> float:
    """Return a ratio, 0 of nothing."""
    return amount / of if of else 0.0


def gpus_in(i: Inputs, case: str, pool: int) -> float:
    """Return the GPUs of a pool by the share of their time that prefill takes."""
    return run(i, case, pool).gpus * prefill_share(i, case, pool)


class Money:
    """What a case costs, nothing without an answer; attributes as columns of `case_money`.

    USD, USD a year, months, million tokens a year, USD per million tokens.
    """

    def __init__(self, i: Inputs, case: str) -> None:
        item, has = assumed(i, case), totals(i, case)
        pools = POOLS if has.state == OK else ()
        self.network, left = has.servers * item["network_share"], economics.residual_share(item["residual"], item["life"])
        self.capex, self.in_tokens = has.servers + self.network, input_tokens(i, case) if pools else 0.0
        self.upkeep_year, self.staff_year = has.servers * item["upkeep"], has.provisioned * item["staff"]
        self.colocation_year = colocation(i, case)
        running = self.upkeep_year + self.staff_year + self.colocation_year + has.electricity
        self.capital_year = economics.capital_of_a_year(self.capex, self.capex * left, item["discount"], item["life"])
        self.in_share = over(sum(gpus_in(i, case, pool) for pool in pools), has.gpus)
        self.own_year = has.own
        self.servers = has.servers
        self.residual_value = self.capex * left
        self.housing_node = over(self.staff_year + self.colocation_year, has.provisioned)
        self.electricity_year = has.electricity
        self.rent_year = has.rent
        self.npv = economics.owning_saves(self.capex, self.capex * left, running, has.rent, item["discount"], item["life"])
        if (has.rent_state, has.own_state) != (OK, OK):
            self.npv = 0.0
        self.break_even_month = economics.payback_months(self.capex, running, has.rent, item["life"])
        self.break_even_load = over(self.own_year, has.rent)
        self.in_rented = over(has.rent * self.in_share, self.in_tokens)
        self.in_owned = over(self.own_year * self.in_share, self.in_tokens)
        self.out_rented = over(has.rent * (1.0 - self.in_share), has.year_tokens)
        self.out_owned = over(self.own_year * (1.0 - self.in_share), has.year_tokens)


money = cache(Money)


expect_fields("case_money", money, Money)


def of_pool(value: Callable[[Inputs, str, int], float]) -> Callable[..., Value]:
    """Return the rule of a column of pools."""
    return lambda i, case, pool: value(i, case, pool_of(pool))


expect_rows(
    "money_pools",
    {
        "prefill_share": of_pool(prefill_share),
        "own_share": of_pool(own_share),
        "step_share": of_pool(step_share),
        "chunk_share": of_pool(chunk_share),
        "gpus_in": of_pool(gpus_in),
        "tokens_in": of_pool(tokens_in),
    },
)
PLANNING.differences.update({"case_money.npv", "case_money.network"})
PLANNING.differences.update({f"money_pools.{name}" for name in ("prefill_share", "own_share", "step_share", "chunk_share", "gpus_in")})

# Rent or buy: the chosen case

Rule = Callable[[Inputs], Value]


def case_of(i: Inputs) -> str:
    """Return the chosen case."""
    return chosen(i, "chosen")


def answered(i: Inputs, cost: str = "") -> bool:
    """Tell whether the chosen case has an answer, or a cost: its ``rent``, to ``own`` it, or the ``prices`` of both."""
    return state_of(i, "chosen", cost) == OK


def if_answered(cost: str, value: Callable[[Money], Value]) -> Callable[..., Value]:
    """Return a rule that is blank where the chosen case does not have a cost."""
    return lambda i, *_: value(money(i, case_of(i))) if answered(i, cost) else None


def months(i: Inputs) -> float:
    """Return the whole months to break-even, 0 for never."""
    return float(ceil(money(i, case_of(i)).break_even_month))


def amount(i: Inputs) -> str:
    """Return the size of the net present value in words: millions with a decimal, or thousands."""
    size = abs(money(i, case_of(i)).npv)
    if size >= 0.95 * MILLION:
        tenths = math.floor(size / 1e5 + 0.5)
        return f"${tenths // 10}.{tenths % 10}M"
    return f"${math.floor(size / KILO + 0.5)}k"


def period(i: Inputs) -> str:
    """Return the life of the servers in words: years where they are whole, else months."""
    years = number_of(i, case_of(i), "life")
    whole = math.floor(years + 0.5)
    return f"{whole} years" if abs(years - whole) * MONTHS < 5e-7 else f"{math.floor(years * MONTHS + 0.5)} months"


def verdict(i: Inputs) -> str:
    """Return the answer in a sentence."""
    if not answered(i):
        return f"No answer: {state_of(i, 'chosen')}"
    if not answered(i, "prices"):
        return f"No answer: {remark_of_chosen(i, 'chosen')}"
    return owning(i) if money(i, case_of(i)).npv > 0 else renting(i)


def owning(i: Inputs) -> str:
    """Return the answer where owning costs less."""
    if months(i):
        return f"Owning pays back after {months(i):.0f} months; over {period(i)} it saves {amount(i)} (net present value)."
    return f"Owning saves {amount(i)} over {period(i)} (net present value)."


def reason(i: Inputs) -> str:
    """Return why renting costs less."""
    return f"pays back after {months(i):.0f} months, but with interest" if months(i) else "does not pay back and"


def renting(i: Inputs) -> str:
    """Return the answer where renting costs less."""
    return f"Renting is cheaper: owning {reason(i)} costs {amount(i)} more over {period(i)} (net present value)."


def compared(i: Inputs) -> str:
    """Return what is compared."""
    case = named(i, "chosen")
    return f"Case {case}, chosen on sheet Plan. Renting: all GPUs all year, at the price of the case. Prices: sheets Plan and Cases."


SHOWN = {"capex": "own", "own_year": "own", "rent_year": "rent", "npv": "prices", "residual_value": "own"}
expect_rows("rent_or_buy", {name: if_answered(cost, lambda item, name=name: getattr(item, name)) for name, cost in SHOWN.items()})  # type: ignore[misc]
expect_rows(
    "rent_or_buy",
    {
        "break_even_month": if_answered("prices", lambda item: item.break_even_month or None),
        "break_even_load": if_answered("prices", lambda item: item.break_even_load if item.break_even_load <= 1 else None),
    },
)
expect_rows("finding_money", {"basis": compared})
expect_rows(
    "verdict_terms",
    {
        "months": months,
        "life_months": lambda i: number_of(i, case_of(i), "life") * MONTHS,
        "period": period,
        "amount": amount,
        "owning": owning,
        "reason": reason,
        "renting": renting,
        "verdict": verdict,
    },
)


def by_way(way: str, item: Money, fleet: Totals) -> tuple[float, float, float]:
    """Return USD per million tokens in, out, and out with all costs, of a fleet that is rented or owned."""
    if way == "rented":
        return item.in_rented, item.out_rented, fleet.cost_rented
    return item.in_owned, item.out_owned, fleet.cost_bought


PRICE_OF = {"rented": "rent", "owned": "own"}
"""The cost that each way to have a fleet needs."""


def way_rule(place: int) -> Callable[..., Value]:
    """Return the rule of a column of what tokens cost."""
    return lambda i, way: by_way(way, money(i, case_of(i)), totals(i, case_of(i)))[place] if answered(i, PRICE_OF[way]) else None


expect_rows("token_costs", {name: way_rule(place) for place, name in enumerate(("input", "output", "all_output"))})


class Cash:
    """A year of owning and of renting the chosen case: bought at the start, sold in the last year of its life.

    Attributes as columns of `cash_years`, which are blank beyond the life: year, USD.
    """

    def __init__(self, i: Inputs, key: str) -> None:
        year = int(key[1:])
        item, has = money(i, case_of(i)), totals(i, case_of(i))
        self.span = max(0.0, min(1.0, has.life - (year - 1))) if year else 0.0
        self.within = answered(i) and (not year or self.span > 0)
        self.factor = (1.0 + has.discount) ** -min(float(year), has.life)
        self.purchase, self.sale = 0.0 if year else item.capex, item.residual_value if year and year >= has.life else 0.0
        self.running, self.rented = has.running * self.span, item.rent_year * self.span
        self.owned = self.purchase - self.sale + self.running
        self.saved = (self.rented - self.owned) * self.factor
        before = [cash(i, f"y{number}") for number in range(year)]
        self.owned_total = self.owned + sum(each.owned for each in before)
        self.rented_total = self.rented + sum(each.rented for each in before)
        self.saved_total = self.saved + sum(each.saved for each in before)


cash = cache(Cash)


SHOWN_WITHIN = {
    **dict.fromkeys(("purchase", "sale", "running", "owned", "owned_total"), "own"),
    **dict.fromkeys(("rented", "rented_total"), "rent"),
    **dict.fromkeys(("saved", "saved_total"), "prices"),
    "factor": "",
}
"""Columns of cash that are blank beyond the life of the servers, and the cost that each needs."""


def within_life(name: str) -> Callable[[Inputs, str], Value]:
    """Return the rule of a column that is blank beyond the life of the servers, or without a price that it needs."""
    return lambda i, key: getattr(cash(i, key), name) if cash(i, key).within and answered(i, SHOWN_WITHIN[name]) else None


expect_rows("cash_years", {"span": lambda i, key: cash(i, key).span, "within": lambda i, key: cash(i, key).within})
expect_rows("cash_years", {name: within_life(name) for name in SHOWN_WITHIN})
PLANNING.differences.update({"cash_years.saved", "cash_years.saved_total", "cash_years.owned", "cash_years.owned_total"})


def ratio(i: Inputs, term: str) -> float:
    """Return the price of an H100-hour over that for one year."""
    return i[f"commitments.{term}.h100"] / i["commitments.one_year.h100"]


def saved_at(i: Inputs, term: str) -> float:
    """Return what owning saves against renting at the price of a commitment, USD."""
    item, has = money(i, case_of(i)), totals(i, case_of(i))
    rent = item.rent_year * ratio(i, term)
    return economics.owning_saves(item.capex, item.residual_value, has.running, rent, has.discount, has.life)


def load_at(i: Inputs, term: str) -> float | None:
    """Return the break-even utilisation at the price of a commitment, blank above 1."""
    found = money(i, case_of(i)).break_even_load / ratio(i, term)
    return found if found <= 1 else None


def gpu_hour(i: Inputs, term: str) -> float:
    """Return the price of a GPU-hour of the chosen case at a commitment."""
    item = assumed(i, case_of(i))
    return item["rent_price"] * item["rent_scale"] * ratio(i, term)


def term_rule(cost: str, value: Callable[[Inputs, str], Value]) -> Callable[..., Value]:
    """Return the rule of a column of commitments that is blank where the chosen case does not have a cost."""
    return lambda i, term: value(i, term) if answered(i, cost) else None


expect_rows(
    "commitments",
    {
        "ratio": ratio,
        "price": term_rule("rent", gpu_hour),
        "npv": term_rule("prices", saved_at),
        "break_even_load": term_rule("prices", load_at),
    },
)
expect_rows("commitments", {"rent_year": term_rule("rent", lambda i, term: money(i, case_of(i)).rent_year * ratio(i, term))})
PLANNING.differences.add("commitments.npv")
