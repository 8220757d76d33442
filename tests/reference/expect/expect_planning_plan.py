"""Expectations of sheet Plan: what follows from what is asked, answers with their intervals and drivers, and the answer in words."""

import math
from collections.abc import Callable

from tests.reference.expect import planning_sensitivity as sensitivity
from tests.reference.expect.expect_planning_money import money
from tests.reference.expect.expect_planning_results import state_of
from tests.reference.expect.expect_planning_sensitivity import driver, headline_state, size_of
from tests.reference.expect.expect_planning_studies import place_of
from tests.reference.expect.expect_steps import expect_model
from tests.reference.expect.planning_cases import WHICH, chosen, holds, number_of, price_of, text_of
from tests.reference.expect.planning_columns import expect_fields, expect_rows
from tests.reference.expect.planning_declared import CARDS
from tests.reference.expect.planning_hardware import billions
from tests.reference.expect.planning_load import carried, rated_power
from tests.reference.expect.planning_money import totals
from tests.reference.expect.planning_pools import POOLS, tpot
from tests.reference.expect.planning_ranges import stretched
from tests.reference.expect.planning_sensitivity import LEAST, drivers, interval
from tests.reference.expect.planning_smallest import Smallest
from tests.reference.expect.planning_steps import apart, model_of
from tests.reference.expect.pools import OK
from tests.reference.quantities import PLANNING, Inputs, Value

# What follows from what is asked


def shown_card(name: str) -> Callable[[Inputs, str], str]:
    """Return the rule of the name of a card that a service names."""
    return lambda i, case: i.shown(f"{CARDS[name]}.{text_of(i, case, name)}")


def number_rule(name: str) -> Callable[[Inputs, str], float]:
    """Return the rule of a number of a service."""
    return lambda i, case: number_of(i, case, name)


def server_gpus(i: Inputs, case: str) -> float:
    """Return the price of the GPUs of a server, USD."""
    card, gpu = text_of(i, case, "server_1"), text_of(i, case, "gpu_1")
    return i[f"servers.{card}.gpus"] * i[f"hardware.{gpu}.purchase_price"]


expect_rows("service", {"weights": shown_card("weights"), "phases": lambda i, case: text_of(i, case, "phases")})
expect_rows(
    "service", {name: number_rule(name) for name in ("tensor_parallel", "long_window", "pools", "band", "rent_price", "server_price")}
)
expect_fields("plan_needs", holds, Smallest)
expect_model("plan_needs", lambda i, case: model_of(i, text_of(i, case, "model"), text_of(i, case, "weights")))
expect_rows(
    "plan_needs",
    {
        "server_gpus": server_gpus,
        "server_price": lambda i, case: price_of(i, case, "server_price"),
        "embedding": lambda i, case: billions(apart(i, text_of(i, case, "model"))),
    },
)

# Answers

RANGES_OF: dict[str, str | None] = {
    **dict.fromkeys(("gpus", "servers", "racks", "capex", "provisioned", "peak"), "gpus"),
    "average": "energy",
    **dict.fromkeys(("in_owned", "out_owned"), "cost_bought"),
    **dict.fromkeys(("in_rented", "out_rented"), "cost_rented"),
    **dict.fromkeys(("tokens", "tpot", "break_even_load", "carried", "carried_gpus"), None),
    **{name: name for name in ("first_token", "own", "rent", "energy", "carbon")},
}
"""Answers, and the figure whose range each has; None for one that has none."""

WITHOUT_DRIVERS = ("capex", "tokens", "tpot")
"""Answers whose drivers are not named: those of another line, or none."""


OF_TOKENS = ("in_owned", "out_owned", "in_rented", "out_rented")
"""Costs of a million tokens."""

OF_RATINGS = ("provisioned", "peak")
"""Answers that follow from what nodes draw at most."""

OF_POWER = ("carried", "carried_gpus")
"""Answers on what a megawatt carries."""


def answer_of(i: Inputs, which: str, answer: str) -> float:
    """Return an answer of one of the two cases: of its totals, or the mean ms between tokens in the slowest pool."""
    case = chosen(i, which)
    if answer == "tpot":
        return max(tpot(i, case, pool) for pool in POOLS)
    if answer in OF_POWER:
        return carried(i, case)[answer]
    if answer in (*OF_TOKENS, "break_even_load"):
        return float(getattr(money(i, case), answer))
    if answer in OF_RATINGS:
        return rated_power(i, case)[answer]
    return float(getattr(totals(i, case), "provisioned" if answer == "servers" else answer))


def of_figure(i: Inputs, which: str, answer: str) -> tuple[float, float]:
    """Return how far the figure may be off whose range an answer has (downwards, upwards)."""
    headline = RANGES_OF[answer]
    return interval(i, headline, which) if headline else (0.0, 0.0)


ELSE_OF = {"capex": "capex_scale", "peak": "pue"}
"""Answers in proportion to GPUs, and what else each depends on."""


def of_else(i: Inputs, which: str, answer: str) -> tuple[float, float]:
    """Return the ends of what else an answer depends on, relative to its base (low, high)."""
    if answer not in ELSE_OF:
        return 1.0, 1.0
    found = stretched(i, chosen(i, which), ELSE_OF[answer])
    return (found.low / found.base, found.high / found.base) if found.base > 0 else (1.0, 1.0)


def off(i: Inputs, which: str, answer: str) -> tuple[float, float]:
    """Return how far an answer may be off (downwards, upwards): both moves, as if independent."""
    (down, up), (low, high) = of_figure(i, which, answer), of_else(i, which, answer)
    below = math.hypot(math.log(1.0 - down), math.log(max(LEAST, low)))
    return 1.0 - math.exp(-below), math.exp(math.hypot(math.log(1.0 + up), math.log(high))) - 1.0


def low_end(i: Inputs, which: str, answer: str) -> float:
    """Return the low end of an answer."""
    return answer_of(i, which, answer) * (1.0 - off(i, which, answer)[0])


def high_end(i: Inputs, which: str, answer: str) -> float:
    """Return the high end of an answer."""
    return answer_of(i, which, answer) * (1.0 + off(i, which, answer)[1])


COST_OF = {
    **dict.fromkeys(("capex", "own", "in_owned", "out_owned"), "own"),
    **dict.fromkeys(("rent", "in_rented", "out_rented"), "rent"),
    "break_even_load": "prices",
}
"""Answers of money, and the price or prices each needs."""


def answer_state(i: Inputs, which: str, answer: str) -> str:
    """Return why one of the cases compared does not have an answer, or that it has it."""
    return state_of(i, which, COST_OF.get(answer, ""))


def has_low(i: Inputs, which: str, answer: str) -> bool:
    """Tell whether an answer has a low end: one that differs."""
    return answer_state(i, which, answer) == OK and off(i, which, answer)[0] > 0


def has_high(i: Inputs, which: str, answer: str) -> bool:
    """Tell whether an answer has a high end: none where an end of a range needs a fleet that does not exist."""
    return answer_state(i, which, answer) == OK and off(i, which, answer)[1] > 0 and not sensitivity.opening(i, which)


def change(i: Inputs, which: str, answer: str) -> float:
    """Return an answer relative to that of the case, less one; 0 where that is nothing."""
    base = answer_of(i, "chosen", answer)
    return answer_of(i, which, answer) / base - 1.0 if base > 0 else 0.0


def drivers_shown(i: Inputs, answer: str) -> str:
    """Return what moves an answer of the case most, or the price it lacks; nothing without an answer or a range of its own."""
    headline = RANGES_OF[answer]
    if is_answered(i, "chosen") and answer_state(i, "chosen", answer) != OK:
        return answer_state(i, "chosen", answer)
    return "" if headline is None or answer in WITHOUT_DRIVERS else in_words(i, headline)


expect_rows(
    "answers",
    {
        "state": answer_state,
        "value": answer_of,
        "of_down": lambda i, *keys: of_figure(i, *keys)[0],
        "of_up": lambda i, *keys: of_figure(i, *keys)[1],
        "other_low": lambda i, *keys: of_else(i, *keys)[0],
        "other_high": lambda i, *keys: of_else(i, *keys)[1],
        "down": lambda i, *keys: off(i, *keys)[0],
        "up": lambda i, *keys: off(i, *keys)[1],
        "low": low_end,
        "high": high_end,
        "has_low": lambda i, *keys: float(has_low(i, *keys)),
        "has_high": lambda i, *keys: float(has_high(i, *keys)),
        "change": change,
    },
)


def if_it(has: Callable[..., bool], value: Callable[..., float], which: str) -> Callable[[Inputs, str], Value]:
    """Return the rule of an answer of one of the two cases that is blank unless it has one."""
    return lambda i, answer: value(i, which, answer) if has(i, which, answer) else None


def is_answered(i: Inputs, which: str, answer: str = "") -> bool:
    """Tell whether one of the two cases has an answer, or one of them."""
    return answer_state(i, which, answer) == OK


def both_have_answers(i: Inputs, which: str, answer: str = "") -> bool:
    """Tell whether the case and another one have an answer, or one of them."""
    return is_answered(i, "chosen", answer) and is_answered(i, which, answer)


expect_rows(
    "figures",
    {
        "case": if_it(is_answered, answer_of, "chosen"),
        "low": if_it(has_low, low_end, "chosen"),
        "high": if_it(has_high, high_end, "chosen"),
        "comparison": if_it(is_answered, answer_of, "comparison"),
        "change": if_it(both_have_answers, change, "comparison"),
        "drivers": drivers_shown,
    },
)
for _which in WHICH:
    expect_rows(
        "side_by_side",
        {
            _which: if_it(is_answered, answer_of, _which),
            f"{_which}_low": if_it(has_low, low_end, _which),
            f"{_which}_high": if_it(has_high, high_end, _which),
        },
    )
for _which in list(WHICH)[1:]:
    expect_rows("side_by_side", {f"{_which}_change": if_it(both_have_answers, change, _which)})
PLANNING.differences.update({"answers.change", "figures.change", *(f"side_by_side.{which}_change" for which in list(WHICH)[1:])})


def above(which: str) -> Callable[[Inputs, str], float]:
    """Return the rule of how far an answer of one of the two cases may be above; 0 where it has no high end."""
    return lambda i, answer: answer_of(i, which, answer) * off(i, which, answer)[1] if has_high(i, which, answer) else 0.0


def below(which: str) -> Callable[[Inputs, str], float]:
    """Return the rule of how far it may be below; 0 where it has no low end."""
    return lambda i, answer: answer_of(i, which, answer) * off(i, which, answer)[0] if has_low(i, which, answer) else 0.0


def top(which: str) -> Callable[[Inputs, str], float]:
    """Return the rule of the upper end of an answer, the answer where it has none; 0 without an answer."""
    return lambda i, answer: answer_of(i, which, answer) + above(which)(i, answer) if is_answered(i, which, answer) else 0.0


for _answer in ("average", "peak", "provisioned", "own", "rent"):
    expect_rows(
        "four_bars",
        {
            f"{_answer}_above": lambda i, which, answer=_answer: above(which)(i, answer),
            f"{_answer}_below": lambda i, which, answer=_answer: below(which)(i, answer),
            f"{_answer}_high": lambda i, which, answer=_answer: top(which)(i, answer),
        },
    )
for _which, _column in (("chosen", "case"), ("comparison", "comparison")):
    expect_rows("power_bars", {_column: if_it(is_answered, answer_of, _which)})
    expect_rows("power_bars", {f"{_column}_above": above(_which), f"{_column}_below": below(_which), f"{_column}_high": top(_which)})

# Drivers

LEAST_NAMED, LEAST_SIGNED = 0.001, 0.005
"""Moves below are not named; those that are rounded to 0 have no sign."""


def driver_at(i: Inputs, headline: str, place: str) -> str:
    """Return the assumption at a place among those that move a figure of the case most."""
    return drivers(i, headline, "chosen")[int(place[1:]) - 1]


def moves_at(i: Inputs, headline: str, place: str) -> tuple[float, float]:
    """Return how far such an assumption moves the figure (at its low end, at its high end)."""
    return sensitivity.moves_of(i, headline, driver_at(i, headline, place))


def rounded(value: float, digits: int = 0) -> str:
    """Return a number with so many decimals, halves away from zero, nothing without a sign."""
    found = math.copysign(math.floor(abs(value) * 10**digits + 0.5) / 10**digits, value)
    return f"{found + 0.0:.{digits}f}"


def percent(move: float) -> str:
    """Return a move in whole percent, with its sign."""
    return ("+" if move >= LEAST_SIGNED else "") + rounded(100.0 * move)


def short(i: Inputs, name: str) -> str:
    """Return what an assumption is called in short."""
    return i.text(f"ranges.{name}.short")


def driver_in_words(i: Inputs, headline: str, place: str) -> str:
    """Return an assumption and how far it moves a figure; nothing where it hardly does."""
    name, (low, high) = driver_at(i, headline, place), moves_at(i, headline, place)
    if size_of(i, "chosen", headline, name) <= LEAST_NAMED:
        return ""
    return f"{short(i, name)} {percent(low)}/{percent(high)}%"


def words_at(place: str) -> Callable[[Inputs, str], str]:
    """Return the rule of a driver of the case in words."""
    return lambda i, headline: driver_in_words(i, headline, place)


def in_words(i: Inputs, headline: str) -> str:
    """Return what moves a figure of the case most in words: an assumption with an end without an answer, or the first three."""
    if not is_answered(i, "chosen"):
        return ""
    if headline_state(i, "chosen", headline) != OK:
        return headline_state(i, "chosen", headline)
    if sensitivity.opening(i, "chosen"):
        return driver(i, "chosen", headline)
    return ", ".join(filter(None, (words_at(place)(i, headline) for place in ("n1", "n2", "n3"))))


expect_rows(
    "drivers",
    {
        "size": lambda i, *keys: size_of(i, "chosen", keys[0], driver_at(i, *keys)),
        "number": lambda i, *keys: place_of(driver_at(i, *keys)),
        "assumption": lambda i, *keys: short(i, driver_at(i, *keys)),
        "low_move": lambda i, *keys: moves_at(i, *keys)[0],
        "high_move": lambda i, *keys: moves_at(i, *keys)[1],
        "low_text": lambda i, *keys: percent(moves_at(i, *keys)[0]),
        "high_text": lambda i, *keys: percent(moves_at(i, *keys)[1]),
        "text": driver_in_words,
    },
)
PLANNING.differences.update({"drivers.size", "drivers.low_move", "drivers.high_move"})
expect_rows("in_words", {"text": in_words, "state": lambda i, headline: headline_state(i, "chosen", headline)})
