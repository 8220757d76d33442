"""Expectations of sheets Risks and Effects, and of the figures of the Dashboard with their intervals."""

from collections.abc import Callable

from tests.reference.expect import planning_sensitivity as sensitivity
from tests.reference.expect.expect_planning_results import named, remark_of_chosen, state_of
from tests.reference.expect.expect_planning_studies import place_of
from tests.reference.expect.planning_cases import HIGH, LOW, chosen
from tests.reference.expect.planning_columns import expect_fields, expect_rows
from tests.reference.expect.planning_declared import RANGED, SCENARIOS
from tests.reference.expect.planning_money import totals
from tests.reference.expect.planning_ranges import Evidence, evidence, level, stated
from tests.reference.expect.planning_sensitivity import HEADLINES, effect, headline_of, interval, moves, order
from tests.reference.expect.planning_study import VARIANTS
from tests.reference.expect.pools import OK
from tests.reference.quantities import PLANNING, Inputs, Value

# How far figures may be off


def headline_state(i: Inputs, which: str, headline: str) -> str:
    """Return why one of the cases compared does not have a figure, or that it has it."""
    return state_of(i, which, {"rent": "rent", "cost_rented": "rent", "own": "own", "cost_bought": "own"}.get(headline, ""))


def unanswered(i: Inputs, which: str, headline: str) -> float:
    """Return the ends without an answer, of a case that has one."""
    del headline
    return len(sensitivity.opening(i, which))


def interval_in_words(i: Inputs, which: str, headline: str) -> str:
    """Return whether an interval is closed, or why it is open; nothing without an answer."""
    count, (below, _) = len(sensitivity.opening(i, which)), sensitivity.open_ends(i, headline, which)
    if headline_state(i, which, headline) != OK:
        return ""
    ends_of = f"{count} range end{'s' if count > 1 else ''}"
    return f"no {'lower' if below else 'upper'} limit: no answer at {ends_of}" if count else "both limits"


def first_open(i: Inputs, which: str) -> int:
    """Return the number of the first assumption that has an end without an answer; one beyond the last if none has."""
    return min((place_of(VARIANTS[key].name) for key in sensitivity.opening(i, which)), default=len(RANGED) + 1)


def matters_most(i: Inputs, which: str, headline: str) -> str:
    """Return the assumption that matters most: the first with an end without an answer, else the one that moves the figure most."""
    number = first_open(i, which)
    return RANGED[number - 1] if number <= len(RANGED) else widest(i, which, headline)


def no_answer_at(i: Inputs, which: str, name: str, side: str) -> bool:
    """Tell whether an end of an assumption has no answer."""
    return f"{which}_{name}_{side}" in sensitivity.infeasible(i, which, name)


def opens(i: Inputs, which: str, name: str) -> bool:
    """Tell whether an end of an uncertain assumption leaves intervals open."""
    return any(VARIANTS[key].name == name for key in sensitivity.opening(i, which))


def driver(i: Inputs, which: str, headline: str) -> str:
    """Return what matters most in words; nothing without an answer."""
    name = matters_most(i, which, headline)
    shown = i.shown(f"ranges.{name}")
    if headline_state(i, which, headline) != OK:
        return ""
    if not sensitivity.opening(i, which):
        return shown
    return f"no answer if {shown} is {LOW if no_answer_at(i, which, name, LOW) else HIGH}"


def place_behind(name: str) -> float:
    """Return by what hair an assumption ranks after those before it that move a figure as far."""
    return place_of(name) * 1e-11


def size_of(i: Inputs, which: str, headline: str, name: str) -> float:
    """Return the larger of an assumption's two moves as the cells rank it."""
    return sensitivity.hair(sensitivity.weight(i, headline, which, name), place_behind(name))


def widest(i: Inputs, which: str, headline: str) -> str:
    """Return the uncertain assumption that moves a figure most."""
    return sensitivity.drivers(i, headline, which)[0]


expect_rows(
    "headline_ranges",
    {
        "case": lambda i, which, _: named(i, which),
        "state": headline_state,
        "down": lambda i, which, headline: interval(i, headline, which)[0],
        "up": lambda i, which, headline: interval(i, headline, which)[1],
        "unanswered": unanswered,
        "widest_size": lambda i, which, headline: size_of(i, which, headline, widest(i, which, headline)),
        "widest": lambda i, which, headline: place_of(widest(i, which, headline)),
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
        "answered": lambda i, key: float(effect(i, HEADLINES[0], key).answered),
        "opens": lambda i, key: float(effect(i, HEADLINES[0], key).infeasible and sensitivity.counts(key)),
    },
)
expect_rows("ranges", {"counted": lambda _, name: float(name not in SCENARIOS)})
expect_fields("case_evidence", evidence, Evidence)


def look_state(i: Inputs) -> str:
    """Return why the chosen case does not have the figure to look at, or that it has it."""
    return headline_state(i, "chosen", i.text("look.headline"))


expect_rows("look_state", {"state": look_state, "remark": lambda i: remark_of_chosen(i, "chosen")})

# Effects


def size(i: Inputs, headline: str, variant: str) -> float:
    """Return the size by which the cells rank an assumption, on the row of its high end."""
    item = VARIANTS[variant]
    if item.side == HIGH:
        return size_of(i, item.which, headline, item.name)
    return sensitivity.hair(0.0, place_behind(item.name))


expect_rows(
    "effects",
    {
        "base": lambda i, *keys: effect(i, *keys).base,
        "move": lambda i, *keys: effect(i, *keys).move,
        "shift": lambda i, *keys: effect(i, *keys).shift,
        "down": lambda i, figure, key: min(0.0, effect(i, figure, key).shift) ** 2 * sensitivity.counts(key),
        "up": lambda i, figure, key: max(0.0, effect(i, figure, key).shift) ** 2 * sensitivity.counts(key),
        "size": size,
    },
)


def size_of_moves(i: Inputs, name: str) -> float:
    """Return the larger of an assumption's two moves as the cells rank it; more than any where an end has no answer."""
    if sensitivity.infeasible(i, "chosen", name):
        return sensitivity.hair(sensitivity.WITHOUT, place_behind(name))
    larger = max(effect(i, i.text("look.headline"), f"chosen_{name}_{side}").rounded for side in (LOW, HIGH))
    return sensitivity.hair(larger, place_behind(name))


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
        none = no_answer_at(i, "chosen", name, (LOW, HIGH)[end]) or look_state(i) != OK
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

expect_rows("crossed", {"holds": lambda _i, _h, _c: 1.0})


def picked(i: Inputs, crossing: str) -> float:
    """Return the chosen figure at a crossing."""
    return headline_of(i, crossing, i.text("look.headline"))


def picked_answered(i: Inputs, crossing: str) -> bool:
    """Tell whether a crossing has an answer, and the chosen case the figure to look at: without it there is nothing to compare with."""
    return totals(i, crossing).state == OK and look_state(i) == OK


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
