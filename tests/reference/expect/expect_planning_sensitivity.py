"""Expectations of sheets Sensitivity and Effects, and of the figures of the Dashboard with their intervals."""

from collections.abc import Callable

from tests.reference.expect import planning_sensitivity as sensitivity
from tests.reference.expect.expect_planning_results import named, remark_of_chosen, state_of
from tests.reference.expect.expect_planning_studies import place_of
from tests.reference.expect.planning_columns import expect_fields, expect_rows
from tests.reference.expect.planning_money import totals
from tests.reference.expect.planning_sensitivity import GRADES, HEADLINES, effect, headline_of, interval, moves, order, widest, worst
from tests.reference.expect.planning_study import (
    CARDS,
    HELD,
    HIGH,
    LOW,
    RANGED,
    SCENARIOS,
    VARIANTS,
    Evidence,
    chosen,
    evidence,
    level,
    stated,
    text_of,
)
from tests.reference.expect.pools import OK
from tests.reference.quantities import PLANNING, Inputs, Value

# How far figures may be off


def ends(i: Inputs, which: str, headline: str) -> tuple[float, float, float]:
    """Return (base, low, high) of a figure of one of the two cases."""
    base, (down, up) = headline_of(i, chosen(i, which), headline), interval(i, headline, which)
    return base, base * (1.0 - down), base * (1.0 + up)


def unanswered(i: Inputs, which: str, headline: str) -> float:
    """Return the ends without an answer, of a case that has one."""
    del headline
    return len(sensitivity.opening(i, which))


def interval_in_words(i: Inputs, which: str, headline: str) -> str:
    """Return whether an interval is closed, or why it is open; nothing without an answer."""
    count, (below, _) = len(sensitivity.opening(i, which)), sensitivity.open_ends(i, headline, which)
    if state_of(i, which) != OK:
        return ""
    ends_of = f"{count} range end{'s' if count > 1 else ''}"
    return f"no {'lower' if below else 'upper'} limit: no answer at {ends_of}" if count else "closed"


def first_open(i: Inputs, which: str) -> int:
    """Return the number of the first assumption that has an end without an answer; one beyond the last if none has."""
    return min((place_of(VARIANTS[key].name) for key in sensitivity.opening(i, which)), default=len(RANGED) + 1)


def matters_most(i: Inputs, which: str, headline: str) -> str:
    """Return the assumption that matters most: the first with an end without an answer, else the one that moves the figure most."""
    number = first_open(i, which)
    return RANGED[number - 1] if number <= len(RANGED) else VARIANTS[widest(i, headline, which)].name


def no_answer_at(i: Inputs, which: str, name: str, side: str) -> bool:
    """Tell whether an end of an assumption has no answer."""
    return f"{which}_{name}_{side}" in sensitivity.infeasible(i, which, name)


def opens(i: Inputs, which: str, name: str) -> bool:
    """Tell whether an end of an uncertain assumption leaves intervals open."""
    return any(VARIANTS[key].name == name for key in sensitivity.opening(i, which))


def card_rule(name: str) -> Callable[[Inputs, str], str]:
    """Return the rule of the name of a case's fit or GPU."""
    return lambda i, case: i.shown(f"{CARDS[name]}.{text_of(i, case, name)}")


def driver(i: Inputs, which: str, headline: str) -> str:
    """Return what matters most in words; nothing without an answer."""
    name = matters_most(i, which, headline)
    shown = i.shown(f"ranges.{name}")
    if state_of(i, which) != OK:
        return ""
    if not sensitivity.opening(i, which):
        return shown
    return f"no answer if {shown} is {LOW if no_answer_at(i, which, name, LOW) else HIGH}"


def worst_shown(i: Inputs, which: str, headline: str) -> str:
    """Return the worst grade; nothing without an answer."""
    return GRADES[worst(i, headline, which) - 1] if state_of(i, which) == OK else ""


def behind(variant: str) -> float:
    """Return by what hair a variant stands behind one that moves a figure as far."""
    item = VARIANTS[variant]
    return place_of(item.name) * 1e-11 + (item.side == HIGH) * 1e-12


def widest_size(i: Inputs, which: str, headline: str) -> float:
    """Return the largest move as the cells rank it."""
    variant = widest(i, headline, which)
    return sensitivity.hair(sensitivity.weight(i, headline, variant), behind(variant))


LEANED_ON = ("curve_1", "curve_2", "gpu_1", "gpu_2", "model", "workload", "server_1", "server_2", "times")


def rank_of(i: Inputs, which: str, *names: str) -> int:
    """Return the rank of the worst grade among some of what all figures lean on."""
    return max(sensitivity.rank(sensitivity.leaning(i, which)[name]) for name in names)


def grade_rule(name: str) -> Callable[[Inputs, str], str]:
    """Return the rule of a grade that all figures lean on."""
    return lambda i, which: sensitivity.leaning(i, which)[name]


def over_chosen(i: Inputs, which: str, headline: str) -> float:
    """Return a figure over that of the chosen case, 0 where that is none."""
    base, of_chosen = (ends(i, one, headline)[0] for one in (which, "chosen"))
    return base / of_chosen if of_chosen > 0 else 0.0


expect_rows(
    "headline_ranges",
    {
        "case": lambda i, which, _: named(i, which),
        "down": lambda i, which, headline: interval(i, headline, which)[0],
        "up": lambda i, which, headline: interval(i, headline, which)[1],
        "low": lambda i, which, headline: ends(i, which, headline)[1],
        "high": lambda i, which, headline: ends(i, which, headline)[2],
        "ratio": over_chosen,
        "unanswered": unanswered,
        "worst": lambda i, which, headline: worst(i, headline, which),
        "widest_size": widest_size,
        "widest": lambda i, which, headline: place_of(VARIANTS[widest(i, headline, which)].name),
        "grade": worst_shown,
        "no_low": lambda i, which, headline: float(sensitivity.open_ends(i, headline, which)[0]),
        "no_high": lambda i, which, headline: float(sensitivity.open_ends(i, headline, which)[1]),
        "interval": interval_in_words,
        "first": lambda i, which, _: first_open(i, which),
        "assumption": lambda i, which, headline: i.shown(f"ranges.{matters_most(i, which, headline)}"),
        "driver": driver,
    },
)
expect_rows(
    "range_ends",
    {
        "no_low": lambda i, which, name: float(no_answer_at(i, which, name, LOW)),
        "no_high": lambda i, which, name: float(no_answer_at(i, which, name, HIGH)),
        "first": lambda i, which, name: place_of(name) if opens(i, which, name) else len(RANGED) + 1,
        "stated_low": lambda i, which, name: stated(i, chosen(i, which), name)[0],
        "stated_high": lambda i, which, name: stated(i, chosen(i, which), name)[1],
    },
)
expect_rows(
    "variants",
    {
        "infeasible": lambda i, key: float(effect(i, HEADLINES[0], key).infeasible),
        "counted": lambda _, key: float(sensitivity.counts(key)),
        "opens": lambda i, key: float(effect(i, HEADLINES[0], key).infeasible and sensitivity.counts(key)),
    },
)
expect_rows("ranges", {"counted": lambda _, name: float(name not in SCENARIOS)})
expect_fields("case_evidence", evidence, Evidence)
expect_rows(
    "case_evidence",
    {
        "rule": lambda i, case: text_of(i, case, "time_rule"),
        "model": lambda i, case: i.shown(f"models.{text_of(i, case, 'model')}"),
        **{name: card_rule(name) for name in ("curve_1", "curve_2", "gpu_1", "gpu_2")},
        "held": lambda i, case: HELD[evidence(i, case).kind],
    },
)
expect_rows("look_state", {"state": lambda i: state_of(i, "chosen"), "remark": lambda i: remark_of_chosen(i, "chosen")})
expect_rows(
    "leaning",
    {
        "rank": lambda i, which: rank_of(i, which, *LEANED_ON),
        "rank_curves": lambda i, which: rank_of(i, which, "curve_1", "curve_2", "times"),
        "rank_gpus": lambda i, which: rank_of(i, which, "gpu_1", "gpu_2", "model", "workload"),
    },
)
expect_rows("leaning", {"trace" if name == "workload" else name: grade_rule(name) for name in LEANED_ON})
HEADLINE_UNITS = dict(
    zip(
        HEADLINES,
        ("gpu/fleet", "kW/fleet", "tok/J", "ms", "MW*h/year/fleet", "tonne/year/fleet", *["USD/year/fleet"] * 2, *["USD/Mtok"] * 2),
        strict=True,
    )
)


def shown_end(which: str, end: int) -> Callable[[Inputs, str], Value]:
    """Return the rule of a figure, or an end of its interval, where the case has an answer."""

    def value(i: Inputs, headline: str) -> float | None:
        is_open = (False, *sensitivity.open_ends(i, headline, which))[end]
        return ends(i, which, headline)[end] if state_of(i, which) == OK and not is_open else None

    return value


def ratio(i: Inputs, headline: str) -> float | None:
    """Return a figure of the case beside it over that of the chosen one."""
    return over_chosen(i, "comparison", headline) if state_of(i, "comparison") == state_of(i, "chosen") == OK else None


expect_rows(
    "figures",
    {
        **{name: shown_end("chosen", end) for end, name in enumerate(("case", "low", "high"))},
        **{name: shown_end("comparison", end) for end, name in enumerate(("comparison", "comparison_low", "comparison_high"))},
        "comparison_grade": lambda i, headline: worst_shown(i, "comparison", headline),
        "comparison_interval": lambda i, headline: interval_in_words(i, "comparison", headline),
        "widest": lambda i, headline: driver(i, "chosen", headline),
        "ratio": ratio,
    },
)

# Effects


def rank_if_leaning(i: Inputs, headline: str, variant: str) -> float:
    """Return the rank of an assumption's grade where the figure leans on it."""
    grade = i.text(f"ranges.{VARIANTS[variant].name}.grade")
    return sensitivity.rank(grade) * (sensitivity.leans(i, effect(i, headline, variant)) and sensitivity.counts(variant))


def size(i: Inputs, headline: str, variant: str) -> float:
    """Return the size of a move as the cells rank it."""
    return sensitivity.hair(sensitivity.weight(i, headline, variant), behind(variant))


WHICH_SHOWN = {"chosen": "Case", "comparison": "Beside it"}
expect_rows(
    "effects",
    {
        "answered": lambda i, *keys: float(effect(i, *keys).answered),
        "move": lambda i, *keys: effect(i, *keys).move,
        "shift": lambda i, *keys: effect(i, *keys).shift,
        "down": lambda i, figure, key: min(0.0, effect(i, figure, key).shift) ** 2 * sensitivity.counts(key),
        "up": lambda i, figure, key: max(0.0, effect(i, figure, key).shift) ** 2 * sensitivity.counts(key),
        "counts": lambda i, figure, key: float(sensitivity.leans(i, effect(i, figure, key)) and sensitivity.counts(key)),
        "rank": rank_if_leaning,
        "size": size,
    },
)


def size_of_moves(i: Inputs, name: str) -> float:
    """Return the larger of an assumption's two moves as the cells rank it; more than any where an end has no answer."""
    if sensitivity.infeasible(i, "chosen", name):
        return sensitivity.hair(sensitivity.WITHOUT, place_of(name) * 1e-11)
    larger = max(effect(i, i.text("look.headline"), f"chosen_{name}_{side}").rounded for side in (LOW, HIGH))
    return sensitivity.hair(larger, place_of(name) * 1e-11)


def ends_without_answer(i: Inputs, name: str) -> float:
    """Return how many ends of an assumption have no answer."""
    return len(sensitivity.infeasible(i, "chosen", name))


expect_rows(
    "moves",
    {
        "low_move": lambda i, name: moves(i, name)[0],
        "high_move": lambda i, name: moves(i, name)[1],
        "size": size_of_moves,
        "place": lambda i, name: order(i).index(name) + 1,
        "unanswered": ends_without_answer,
    },
)


def remark_at(i: Inputs, name: str) -> str:
    """Return at which ends of an assumption the chosen case has no answer."""
    sides = [VARIANTS[key].side for key in sensitivity.infeasible(i, "chosen", name)]
    return f"no answer if {' or '.join(sides)}" if sides else ""


def bar_at(i: Inputs, name: str) -> str:
    """Return what the chart calls an assumption."""
    shown, remark = i.shown(f"ranges.{name}"), remark_at(i, name)
    return f"{shown}: {remark}" if remark else shown


def move_at(end: int) -> Callable[[Inputs, str], Value]:
    """Return the rule of the move at an end, blank where there is no answer."""

    def value(i: Inputs, key: str) -> float | None:
        name = at_place(i, key)
        none = no_answer_at(i, "chosen", name, (LOW, HIGH)[end]) or state_of(i, "chosen") != OK
        return None if none else moves(i, name)[end]

    return value


def at_place(i: Inputs, key: str) -> str:
    """Return the assumption at a place of the tornado."""
    return order(i)[int(key[1:]) - 1]


expect_rows(
    "tornado",
    {
        "assumption": lambda i, key: i.shown(f"ranges.{at_place(i, key)}"),
        "low_move": move_at(0),
        "high_move": move_at(1),
        "bar": lambda i, key: bar_at(i, at_place(i, key)),
        "number": lambda i, key: place_of(at_place(i, key)),
        "remark": lambda i, key: remark_at(i, at_place(i, key)),
    },
)

# A move is a quotient less one, and its logarithm that of a number near one; sizes are rounded at a billionth
PLANNING.differences.update(f"effects.{name}" for name in ("move", "shift", "down", "up", "size"))
PLANNING.differences.update({"moves.low_move", "moves.high_move", "moves.size", "tornado.low_move", "tornado.high_move"})

# The grid

expect_rows(
    "crossed",
    {
        "holds": lambda _i, _h, _c: 1.0,
    },
)


def picked(i: Inputs, crossing: str) -> float:
    """Return the chosen figure at a crossing."""
    return headline_of(i, crossing, i.text("look.headline"))


def picked_answered(i: Inputs, crossing: str) -> bool:
    """Tell whether a crossing has an answer, and the chosen case, too: without its answer there is nothing to compare with."""
    return totals(i, crossing).state == OK and totals(i, chosen(i, "chosen")).state == OK


expect_rows("picked", {"value": picked, "answered": picked_answered})


def grid_cell(column: int) -> Callable[[Inputs, str], Value]:
    """Return the rule of a column of the grid, under its level to the right."""

    def value(i: Inputs, row: str) -> float | None:
        if row == "head":
            return level(i, i.text("two_way.right"), column)
        crossing = f"{row}_r{column}"
        return picked(i, crossing) if picked_answered(i, crossing) else None

    return value


expect_rows("grid", {f"right_{column}": grid_cell(column) for column in range(1, 6)})
expect_rows("grid", {"down": lambda i, row: grid_cell(3)(i, "d3") if row == "head" else level(i, i.text("two_way.down"), int(row[1:]))})
