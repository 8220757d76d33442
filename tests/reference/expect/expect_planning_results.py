"""Expectations of sheets Results and Bridge, and of what the Dashboard shows of single cases."""

import math
from collections.abc import Callable
from functools import cache

from tests.reference.expect.chain import MILLI
from tests.reference.expect.planning_cases import STEPS, WHICH, chosen, number_of, text_of
from tests.reference.expect.planning_columns import expect_fields, expect_rows
from tests.reference.expect.planning_instances import instance
from tests.reference.expect.planning_load import average, mean_of_year
from tests.reference.expect.planning_measured import fit_curve
from tests.reference.expect.planning_money import HOURS, Totals, colocation, totals
from tests.reference.expect.planning_needs import remark, whole
from tests.reference.expect.planning_pools import POOLS, curve_scale, tpot
from tests.reference.expect.planning_ranges import HELD, evidence
from tests.reference.expect.planning_sensitivity import figure
from tests.reference.expect.planning_study import assumed
from tests.reference.expect.pools import OK
from tests.reference.quantities import PLANNING, Inputs, Value

# Results and the Dashboard


def named(i: Inputs, which: str) -> str:
    """Return the name of one of the two cases."""
    return i.shown(f"cases.{chosen(i, which)}")


def electricity(i: Inputs, which: str, kilowatts: float) -> float:
    """Return the yearly price of a part of the average power of one of the two cases."""
    return kilowatts * HOURS * metered_price(i, which)


def metered_price(i: Inputs, which: str) -> float:
    """Return what a kWh costs one of the two cases besides colocation, USD."""
    case = chosen(i, which)
    return number_of(i, case, "electricity") if assumed(i, case).says("electricity_bill", "metered") else 0.0


def gpus_average(i: Inputs, which: str) -> float:
    """Return the kW of the GPUs of one of the two cases over the year."""
    return sum(mean_of_year(i, chosen(i, which), pool) for pool in POOLS)


def it_average(i: Inputs, which: str) -> float:
    """Return the kW of the GPUs, hosts and spare nodes of one of the two cases over the year."""
    return sum(average(i, chosen(i, which), pool) for pool in POOLS)


def cost_parts(i: Inputs, which: str) -> dict[str, float]:
    """Return what owning the fleet of one of the two cases for a year is made of, USD."""
    item, asked = totals(i, chosen(i, which)), assumed(i, chosen(i, which))
    return {
        "servers": item.capital,
        "upkeep": item.servers * asked["upkeep"] + item.provisioned * asked["staff"],
        "colocation": colocation(i, chosen(i, which)),
        "gpus": electricity(i, which, gpus_average(i, which)),
        "hosts": electricity(i, which, it_average(i, which) - gpus_average(i, which)),
        "building": electricity(i, which, item.average - it_average(i, which)),
        "total": item.own,
    }


def part_rule(name: str) -> Callable[[Inputs, str], Value]:
    """Return the rule of a part of what owning costs, blank without an answer."""
    return lambda i, which: cost_parts(i, which)[name] if state_of(i, which, "own") == OK else None


def state_of(i: Inputs, which: str, cost: str = "") -> str:
    """Return the state of one of the cases compared, or of a cost of it: its ``rent``, to ``own`` it, or the ``prices`` of both."""
    item = totals(i, chosen(i, which))
    if cost == "prices":
        return item.rent_state if item.rent_state != OK else item.own_state
    return {"": item.state, "rent": item.rent_state, "own": item.own_state}[cost]


def remark_of(i: Inputs, case: str) -> str:
    """Return what there is to say of a case."""
    return remark(i, case).remark


def remark_of_chosen(i: Inputs, which: str) -> str:
    """Return what there is to say of one of the two cases."""
    return remark_of(i, chosen(i, which))


expect_rows("results", {"held": lambda i, case: HELD[evidence(i, case).kind] or None})
expect_rows("results", {"tpot": lambda i, case: max(tpot(i, case, pool) for pool in POOLS) if totals(i, case).state == OK else None})
expect_rows("cost_split", {name: part_rule(name) for name in ("servers", "upkeep", "colocation", "gpus", "hosts", "building", "total")})
expect_rows("cost_split", {"average": gpus_average, "price": metered_price})
PLANNING.differences.update({"cost_split.hosts", "cost_split.building"})
expect_rows("compared", {"found": named, "state": state_of})
expect_rows("compared", {f"{cost}_state": lambda i, which, cost=cost: state_of(i, which, cost) for cost in ("rent", "own", "prices")})
expect_rows("four_cases", {"case": named, "gpu": lambda i, which: i.shown(f"hardware.{text_of(i, chosen(i, which), 'gpu_1')}")})
expect_rows("four_cases", {"degree": lambda i, which: number_of(i, chosen(i, which), "tensor_parallel")})
expect_rows("four_bars", {"case": named})


def lever_case(i: Inputs, generation: str, topology: str) -> str:
    """Return the case of a lever."""
    return i.text(f"levers.{generation}.{topology}.case")


def lever(i: Inputs, generation: str, topology: str) -> Totals:
    """Return the fleet of a lever."""
    return totals(i, lever_case(i, generation, topology))


def lever_figure(name: str) -> Callable[..., float]:
    """Return the rule of a figure of a lever, 0 without an answer; ``cost`` is that of rented output."""
    return lambda i, *keys: figure(lever(i, *keys), "cost_rented" if name == "cost" else name)


def lever_answered(i: Inputs, *keys: str) -> bool:
    """Tell whether the fleet of a lever has an answer."""
    return lever(i, *keys).state == OK


def both_answered(i: Inputs, *keys: str) -> bool:
    """Tell whether one pool of H100 has one, too."""
    return lever_answered(i, *keys) and lever_answered(i, "h100", "homo")


def lever_rented(i: Inputs, *keys: str) -> bool:
    """Tell whether the fleet of a lever has a rent."""
    return lever(i, *keys).rent_state == OK


def both_rented(i: Inputs, *keys: str) -> bool:
    """Tell whether one pool of H100 has one, too."""
    return lever_rented(i, *keys) and lever_rented(i, "h100", "homo")


def if_it_has(answer: Callable[..., bool], value: Callable[..., float]) -> Callable[..., Value]:
    """Return the rule of a figure of a lever that is blank without an answer."""
    return lambda i, *keys: value(i, *keys) if answer(i, *keys) else None


def saved(name: str) -> Callable[..., float]:
    """Return the rule of what one pool of H100 takes more of."""
    return lambda i, *keys: lever_figure(name)(i, "h100", "homo") - lever_figure(name)(i, *keys)


def gain(i: Inputs, *keys: str) -> float:
    """Return tok/J over that of one pool of H100, 0 unless both have an answer."""
    return lever(i, *keys).per_wall_joule / lever(i, "h100", "homo").per_wall_joule if both_answered(i, *keys) else 0.0


def rent_of(i: Inputs, *keys: str) -> float:
    """Return the annual rent relative to that of one pool of H100, 0 unless both have one."""
    return lever(i, *keys).rent / lever(i, "h100", "homo").rent if both_rented(i, *keys) else 0.0


expect_rows(
    "lever_cases", {"found": lambda i, *keys: i.shown(f"cases.{lever_case(i, *keys)}"), "state": lambda i, *keys: lever(i, *keys).state}
)
expect_rows("lever_cases", {"answered": lever_answered, "both": both_answered, "gain_of": gain, "rent_of": rent_of})
expect_rows("lever_cases", {"rented": lever_rented, "both_rented": both_rented})
expect_rows("levers", {name: if_it_has(lever_rented, lever_figure(name)) for name in ("cost", "rent")})
expect_rows("levers", {"per_wall_joule": if_it_has(lever_answered, lever_figure("per_wall_joule"))})
expect_rows("levers", {"saved": if_it_has(both_rented, saved("rent")), "power_saved": if_it_has(both_answered, saved("wall"))})
expect_rows("levers", {"gain": if_it_has(both_answered, gain)})

CHANGES = {"routing": ("h100", "fleetopt"), "gpus": ("b200", "homo"), "both": ("b200", "fleetopt")}
"""What changes from one pool of H100, and the lever that has it."""


def signed(share: float) -> str:
    """Return a change in whole percent with its sign."""
    return f"{'+' if share >= 0 else ''}{whole(100.0 * share)}%"


def change_by(of: Callable[..., float]) -> Callable[[Inputs, str], float]:
    """Return the rule of how far a figure changes, relative to one pool of H100."""
    return lambda i, change: of(i, *CHANGES[change]) - 1.0


def change_in_words(of: Callable[..., float]) -> Callable[[Inputs, str], str]:
    """Return the rule of the same in words."""
    return lambda i, change: signed(change_by(of)(i, change))


expect_rows("lever_gains", {"efficiency": change_by(gain), "efficiency_text": change_in_words(gain)})
expect_rows("lever_gains", {"rent": change_by(rent_of), "rent_text": change_in_words(rent_of)})
PLANNING.differences.update({"lever_gains.efficiency", "lever_gains.rent"})


def with_answers(i: Inputs) -> float:
    """Return how many levers have an answer where one pool of H100 has one."""
    return sum(both_answered(i, *keys) for keys in (("h100", "homo"), *CHANGES.values()))


def with_rents(i: Inputs) -> float:
    """Return how many levers have a rent where one pool of H100 has one."""
    return sum(both_rented(i, *keys) for keys in (("h100", "homo"), *CHANGES.values()))


def efficiencies(i: Inputs) -> str:
    """Return how tokens per joule change, in words."""
    alone, gpus, both = (change_in_words(gain)(i, change) for change in CHANGES)
    return f"routing alone {alone}, new GPUs alone {gpus}, both {both}"


def rents(i: Inputs) -> str:
    """Return how the annual rent changes, in words."""
    alone, gpus, both = (change_in_words(rent_of)(i, change) for change in CHANGES)
    return f"{alone}, {gpus} and {both}" if with_rents(i) == 4 else "a case of the table on routing has no rental price"


def levers_in_words(i: Inputs) -> str:
    """Return what routing and new GPUs bring, in a sentence."""
    if with_answers(i) < 4:
        return "Routing and new GPUs: a case of the table on routing has no answer."
    return f"Tokens per joule at the wall: {efficiencies(i)}. Annual rent: {rents(i)}."


HOW_TO_CHOOSE = "All carry the same work. Low and high: likely range; no high where an end has no answer."
OTHER_WORK = "These cases carry different work: workload, requests or load over the year differ. Their costs cannot be compared."


def carries_the_same(i: Inputs, which: str) -> float:
    """Return whether a case compared has the traffic of the case chosen, the year round."""
    works = [
        (text_of(i, case, "workload"), number_of(i, case, "rate"), text_of(i, case, "load_profile"))
        for case in (chosen(i, which), chosen(i, "chosen"))
    ]
    return float(works[0] == works[1])


expect_rows("compared", {"same_work": carries_the_same})
expect_rows("finding_compare", {"remark": lambda i: HOW_TO_CHOOSE if all(carries_the_same(i, which) for which in WHICH) else OTHER_WORK})
expect_rows(
    "lever_words", {"answered": with_answers, "rented": with_rents, "efficiency": efficiencies, "rent": rents, "answer": levers_in_words}
)

# The 1/W law

WINDOWS = {f"k{thousands}": 1024.0 * thousands for thousands in (2, 4, 8, 16, 32, 64, 128)}


class Law:
    """The first pool's instance of a case, its cache full of whole windows; attributes as columns of `law`: ms, W of a GPU, tokens/s."""

    def __init__(self, i: Inputs, which: str, size: str) -> None:
        case = chosen(i, which)
        item, has = assumed(i, case), instance(i, case, 1)
        self.sequences = has.kv_tokens / WINDOWS[size]
        self.alone, self.each = has.w_alone, has.w_each * self.sequences
        self.reading = has.h_token * self.sequences * WINDOWS[size]
        self.step = self.alone + self.each + self.reading
        curve = fit_curve(i, item.texts["curve_1"])
        self.board, self.throughput = curve.watts(max(1.0, self.sequences)), self.sequences / (self.step * MILLI)
        self.power = self.board * curve_scale(i, item, 1) * item["power_scale"]
        self.p_range = curve.p_nominal - curve.p_idle
        self.load = math.log2(max(1.0, self.sequences))
        self.per_joule = self.throughput / (self.power * item["tensor_parallel"]) if self.sequences else None


law = cache(Law)


expect_fields("law", law, Law)

# The bridge

PRINTED = "printed"
BRIDGE: dict[str, tuple[str, str]] = {
    "exact": ("published", "tok_per_w"),
    "unit": ("published", "per_board_joule"),
    **{case: (case, "per_board_joule") for case in STEPS[:9]},
    "host": ("corrected", "per_node_joule"),
    "pue": ("corrected", "per_wall_joule"),
    "fitted": ("fitted", "per_wall_joule"),
    "wall": ("fitted", "per_wall_joule"),
}
"""The case and the figure of each correction after the printed one."""

CORRECTIONS = (PRINTED, *BRIDGE)


def left(i: Inputs, step: str) -> float:
    """Return what is left after a correction."""
    return i["headline.printed"] if step == PRINTED else figure(totals(i, BRIDGE[step][0]), BRIDGE[step][1])


def change(i: Inputs, step: str) -> tuple[float, float]:
    """Return what is left (before a correction, after it); nothing before the first, nor without an answer."""
    return (0.0 if step == PRINTED else left(i, CORRECTIONS[CORRECTIONS.index(step) - 1])), left(i, step)


def shown_left(i: Inputs, step: str) -> float | None:
    """Return what is left after a correction, blank where the case has no answer."""
    return left(i, step) or None


def factor(i: Inputs, step: str) -> float | None:
    """Return what a correction leaves of the step before it."""
    before, after = change(i, step)
    if step == PRINTED:
        return 1.0
    return after / before if before and after else None


def product(i: Inputs, step: str) -> float | None:
    """Return what is left of the first step, blank from the first correction on that has no answer."""
    so_far = CORRECTIONS[: CORRECTIONS.index(step) + 1]
    return left(i, step) / left(i, PRINTED) if all(left(i, each) for each in so_far) else None


def total(i: Inputs, step: str) -> float:
    """Return the bar of a total: the first and the last."""
    return left(i, step) if step in {PRINTED, "wall"} else 0.0


def moved(i: Inputs, step: str) -> float:
    """Return by how much a correction changes what is left; nothing where either side has no answer."""
    before, after = change(i, step)
    return after - before if before and after else 0.0


expect_rows(
    "bridge",
    {
        "left": shown_left,
        "factor": factor,
        "product": product,
        "base": lambda i, step: 0.0 if total(i, step) else min(change(i, step)),
        "fall": lambda i, step: max(0.0, -moved(i, step)),
        "rise": lambda i, step: max(0.0, moved(i, step)),
        "total": total,
    },
)
expect_rows(
    "closing",
    {
        "carried": lambda i: left(i, "fitted") if product(i, "fitted") else None,
        "planned": lambda i: left(i, "wall") or None,
        "difference": lambda i: 0.0 if product(i, "fitted") else None,
    },
)
# Falls and rises are differences of figures that may be equal, and a difference from one is nothing but rounding
PLANNING.differences.update({"bridge.fall", "bridge.rise", "closing.difference"})
