"""Expectations of sheet Plan: what follows from what is asked, answers with their intervals and drivers, and the answer in words."""

import math
from collections.abc import Callable

from tests.reference.expect import planning_sensitivity as sensitivity
from tests.reference.expect.expect_planning_money import money
from tests.reference.expect.expect_planning_results import both_answered, gain, named, remark_of_chosen, state_of
from tests.reference.expect.expect_planning_sensitivity import driver, size_of
from tests.reference.expect.expect_planning_studies import place_of
from tests.reference.expect.expect_steps import expect_model
from tests.reference.expect.planning_columns import expect_fields, expect_rows
from tests.reference.expect.planning_hardware import billions
from tests.reference.expect.planning_load import rated_power
from tests.reference.expect.planning_money import MILLION, Totals, totals
from tests.reference.expect.planning_needs import whole
from tests.reference.expect.planning_pools import POOLS, tpot
from tests.reference.expect.planning_sensitivity import drivers, headline_of, interval
from tests.reference.expect.planning_smallest import Smallest
from tests.reference.expect.planning_steps import KEPT, apart, model_of
from tests.reference.expect.planning_study import (
    CARDS,
    HELD,
    PLAN,
    chosen,
    evidence,
    holds,
    number_of,
    price_of,
    text_of,
)
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
        "leaves": lambda i, case: KEPT[text_of(i, case, "weights")],
        "server": shown_card("server_1"),
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
    **dict.fromkeys(("tokens", "tpot"), None),
    **{name: name for name in ("first_token", "own", "rent", "energy", "carbon")},
}
"""Answers, and the figure whose range each has; None for one that has none."""

WITHOUT_DRIVERS = ("capex", "tokens", "tpot")
"""Answers whose drivers are not named: those of another line, or none."""


OF_TOKENS = ("in_owned", "out_owned", "in_rented", "out_rented")
"""Costs of a million tokens."""

OF_RATINGS = ("provisioned", "peak")
"""Answers that follow from what nodes draw at most."""


def answer_of(i: Inputs, which: str, answer: str) -> float:
    """Return an answer of one of the two cases: of its totals, or the mean ms between tokens in the slowest pool."""
    case = chosen(i, which)
    if answer == "tpot":
        return max(tpot(i, case, pool) for pool in POOLS)
    if answer in OF_TOKENS:
        return float(getattr(money(i, case), answer))
    if answer in OF_RATINGS:
        return rated_power(i, case)[answer]
    return float(getattr(totals(i, case), "provisioned" if answer == "servers" else answer))


def off(i: Inputs, which: str, answer: str) -> tuple[float, float]:
    """Return how far an answer may be off (downwards, upwards)."""
    headline = RANGES_OF[answer]
    return interval(i, headline, which) if headline else (0.0, 0.0)


def low_end(i: Inputs, which: str, answer: str) -> float:
    """Return the low end of an answer."""
    return answer_of(i, which, answer) * (1.0 - off(i, which, answer)[0])


def high_end(i: Inputs, which: str, answer: str) -> float:
    """Return the high end of an answer."""
    return answer_of(i, which, answer) * (1.0 + off(i, which, answer)[1])


def has_low(i: Inputs, which: str, answer: str) -> bool:
    """Tell whether an answer has a low end: one that differs."""
    return state_of(i, which) == OK and off(i, which, answer)[0] > 0


def has_high(i: Inputs, which: str, answer: str) -> bool:
    """Tell whether an answer has a high end: none where an end of a range needs a fleet that does not exist."""
    return state_of(i, which) == OK and off(i, which, answer)[1] > 0 and not sensitivity.opening(i, which)


def change(i: Inputs, which: str, answer: str) -> float:
    """Return an answer relative to that of the case, less one; 0 where that is nothing."""
    base = answer_of(i, "chosen", answer)
    return answer_of(i, which, answer) / base - 1.0 if base > 0 else 0.0


def drivers_shown(i: Inputs, which: str, answer: str) -> str:
    """Return what moves an answer most; nothing where it has no range of its own, nor without an answer."""
    headline = RANGES_OF[answer]
    if headline is None or answer in WITHOUT_DRIVERS or state_of(i, which) != OK:
        return ""
    return in_words(i, which, headline)


expect_rows(
    "answers",
    {
        "value": answer_of,
        "down": lambda i, *keys: off(i, *keys)[0],
        "up": lambda i, *keys: off(i, *keys)[1],
        "low": low_end,
        "high": high_end,
        "has_low": lambda i, *keys: float(has_low(i, *keys)),
        "has_high": lambda i, *keys: float(has_high(i, *keys)),
        "change": change,
        "drivers": drivers_shown,
    },
)


def if_it(has: Callable[..., bool], value: Callable[..., float], which: str) -> Callable[[Inputs, str], Value]:
    """Return the rule of an answer of one of the two cases that is blank unless it has one."""
    return lambda i, answer: value(i, which, answer) if has(i, which, answer) else None


def is_answered(i: Inputs, which: str, _: str = "") -> bool:
    """Tell whether one of the two cases has an answer."""
    return state_of(i, which) == OK


def both_have_answers(i: Inputs, *_: str) -> bool:
    """Tell whether both cases have an answer."""
    return is_answered(i, "chosen") and is_answered(i, "comparison")


expect_rows(
    "figures",
    {
        "case": if_it(is_answered, answer_of, "chosen"),
        "low": if_it(has_low, low_end, "chosen"),
        "high": if_it(has_high, high_end, "chosen"),
        "comparison": if_it(is_answered, answer_of, "comparison"),
        "change": if_it(both_have_answers, change, "comparison"),
        "drivers": lambda i, answer: drivers_shown(i, "chosen", answer),
    },
)
PLANNING.differences.update({"answers.change", "figures.change"})
for _which, _column in (("chosen", "case"), ("comparison", "comparison")):
    expect_rows("power_bars", {_column: if_it(is_answered, answer_of, _which)})

# Drivers

LEAST_NAMED, LEAST_SIGNED = 0.001, 0.0005
"""Moves below are not named; those below half of a thousandth have no sign."""


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
    return ("+" if move > LEAST_SIGNED else "") + rounded(100.0 * move)


def short(i: Inputs, name: str) -> str:
    """Return what an assumption is called in short."""
    return i.text(f"ranges.{name}.short")


def driver_in_words(i: Inputs, headline: str, place: str) -> str:
    """Return an assumption and how far it moves a figure; nothing where it hardly does."""
    name, (low, high) = driver_at(i, headline, place), moves_at(i, headline, place)
    if size_of(i, "chosen", headline, name) <= LEAST_NAMED:
        return ""
    return f"{short(i, name)} {percent(low)}/{percent(high)}%"


def words_at(place: str) -> Callable[[Inputs, str, str], str]:
    """Return the rule of a driver in words: of the case alone."""
    return lambda i, which, headline: driver_in_words(i, headline, place) if which == "chosen" else ""


def in_words(i: Inputs, which: str, headline: str) -> str:
    """Return what moves a figure most in words: an assumption with an end without an answer, or the first three."""
    if sensitivity.opening(i, which):
        return driver(i, which, headline)
    return ", ".join(filter(None, (words_at(place)(i, which, headline) for place in ("n1", "n2", "n3"))))


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
expect_rows("in_words", {"first": words_at("n1"), "second": words_at("n2"), "third": words_at("n3"), "text": in_words})

# The answer in words


def of(i: Inputs, which: str) -> Totals:
    """Return the fleet of one of the two cases."""
    return totals(i, chosen(i, which))


def gpu_name(i: Inputs, which: str) -> str:
    """Return the name of the GPU of the short pools of one of the two cases."""
    return i.shown(f"hardware.{text_of(i, chosen(i, which), 'gpu_1')}")


def rate_of_case(i: Inputs) -> float:
    """Return the requests a second of the case."""
    return number_of(i, chosen(i, "chosen"), "rate")


def load_in_words(i: Inputs) -> str:
    """Return the requests a second of the case in words, with decimals below ten."""
    rate = rate_of_case(i)
    return f"carry {whole(rate) if rate >= 10 or rate == round(rate) else rounded(rate, 2)} requests/s"


def servers_in_words(i: Inputs) -> str:
    """Return the servers of the case in words."""
    provisioned = rated_power(i, chosen(i, "chosen"))["provisioned"]
    return f"{whole(of(i, 'chosen').provisioned)} servers ({whole(provisioned)} kW provisioned)"


def fleet(i: Inputs) -> str:
    """Return the fleet of the case in words."""
    return f"{whole(of(i, 'chosen').gpus)} {gpu_name(i, 'chosen')} in {servers_in_words(i)} {load_in_words(i)}"


def millions(i: Inputs, which: str, name: str) -> str:
    """Return a yearly cost in millions."""
    return rounded(float(getattr(of(i, which), name)) / MILLION, 2)


def in_percent(share: float) -> str:
    """Return a share in whole percent."""
    return whole(100.0 * share)


def likely_range(i: Inputs) -> str:
    """Return how far the cost of owning may be off, and what moves it most."""
    if sensitivity.opening(i, "chosen"):
        return f"no upper limit: {driver(i, 'chosen', 'own')}"
    down, up = (in_percent(share) for share in interval(i, "own", "chosen"))
    return f"likely range of owning -{down}/+{up}%, mostly {short(i, driver_at(i, 'own', 'n1'))}"


def fewer(i: Inputs) -> float:
    """Return the GPUs of the comparison, relative to those of the case, less one; 0 where these are none."""
    base = headline_of(i, chosen(i, "chosen"), "gpus")
    return headline_of(i, chosen(i, "comparison"), "gpus") / base - 1.0 if base else 0.0


def other(i: Inputs) -> str:
    """Return how the comparison differs, nothing where there is none."""
    if not is_answered(i, "comparison") or chosen(i, "comparison") == chosen(i, "chosen"):
        return ""
    subject = f" {named(i, 'comparison')} ({gpu_name(i, 'comparison')}) needs"
    if in_percent(abs(fewer(i))) == "0":
        return f"{subject} about as many GPUs."
    return f"{subject} {in_percent(abs(fewer(i)))}% {'fewer' if fewer(i) < 0 else 'more'} GPUs."


def cure(i: Inputs) -> str:
    """Return what there is to say of the case."""
    return remark_of_chosen(i, "chosen")


def answer(i: Inputs) -> str:
    """Return the answer in a sentence, or why there is none and what would give one."""
    if not is_answered(i, "chosen"):
        return f"No answer for {named(i, 'chosen')}: {state_of(i, 'chosen')}{'; ' if cure(i) else ''}{cure(i)}."
    costs = f"renting costs ${millions(i, 'chosen', 'rent')} M a year, owning ${millions(i, 'chosen', 'own')} M"
    return f"{fleet(i)}; {costs}; {likely_range(i)}.{other(i)}"


def held(i: Inputs) -> str:
    """Return how many percent of points the limits held on which the case rests."""
    return in_percent(HELD[evidence(i, chosen(i, "chosen")).kind])


def rests_on(i: Inputs) -> str:
    """Return what step times and power of the case rest on."""
    word = evidence(i, chosen(i, "chosen")).word
    if word == "as printed":
        return "Step times and power: as printed in the paper, judged on no points."
    return f"Step times and power: {word} (intervals held {held(i)}% of such points, {'in sample' if word == 'measured' else 'held out'})."


def whose(i: Inputs) -> str:
    """Return that the answer is that of another case than sheet Plan asks for."""
    if chosen(i, "chosen") == PLAN:
        return ""
    return f" The answer is of case {named(i, 'chosen')}; the yellow cells ask for another one."


def remark(i: Inputs) -> str:
    """Return what to know of the answer."""
    if not is_answered(i, "chosen"):
        return f"Owner: {i.text('about.owner')}.{whose(i)}"
    return f"{rests_on(i)} Demand is a scenario of its own (sheet Sensitivity).{more(i)}{whose(i)} Owner: {i.text('about.owner')}."


def more(i: Inputs) -> str:
    """Return what else there is to say of the case."""
    return f" {cure(i)}." if cure(i) else ""


def power_title(i: Inputs) -> str:
    """Return the finding of the chart of power."""
    if not both_have_answers(i):
        return "Power"
    return f"Average power {whole(of(i, 'chosen').average)} kW, compared with {whole(of(i, 'comparison').average)} kW"


def cost_title(i: Inputs) -> str:
    """Return the finding of the chart of cost."""
    if not both_have_answers(i):
        return "Annual cost of owning"
    return f"Owning costs ${millions(i, 'chosen', 'own')} M a year, compared with ${millions(i, 'comparison', 'own')} M"


ROUTING, NEXT_GPU = ("h100", "fleetopt"), ("b200", "homo")


def gained(i: Inputs, *keys: str) -> str:
    """Return by how many percent tokens per joule rise, halves up."""
    return rounded(100.0 * (gain(i, *keys) - 1.0))


def routing_title(i: Inputs) -> str:
    """Return the finding of the chart of routing and new GPUs."""
    if not (both_answered(i, *ROUTING) and both_answered(i, *NEXT_GPU)):
        return "Routing and new GPUs"
    return f"Routing brings {gained(i, *ROUTING)}% on H100, B200 alone {gained(i, *NEXT_GPU)}%"


expect_rows(
    "sentence",
    {
        "fleet": fleet,
        "servers": servers_in_words,
        "load": load_in_words,
        "rate": rate_of_case,
        "rent": lambda i: millions(i, "chosen", "rent"),
        "own": lambda i: millions(i, "chosen", "own"),
        "own_other": lambda i: millions(i, "comparison", "own"),
        "down": lambda i: in_percent(interval(i, "own", "chosen")[0]),
        "up": lambda i: in_percent(interval(i, "own", "chosen")[1]),
        "range": likely_range,
        "fewer": fewer,
        "other": other,
        "answer": answer,
        "cure": cure,
        "held": held,
        "evidence": rests_on,
        "mine": whose,
        "remark": remark,
        "more": more,
        "average": lambda i: whole(of(i, "chosen").average),
        "average_other": lambda i: whole(of(i, "comparison").average),
        "power_title": power_title,
        "cost_title": cost_title,
        "routing": lambda i: gained(i, *ROUTING),
        "generation": lambda i: gained(i, *NEXT_GPU),
        "routing_title": routing_title,
    },
)
PLANNING.differences.add("sentence.fewer")
