"""Expectations of sheet Own traffic, and of the cells of cards and load profiles that follow from it."""

from collections.abc import Callable

from tests.reference import own_traffic as own
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.quantities import PLANNING, Inputs, Value

FEW = 100


def state(i: Inputs, which: str) -> str:
    """Return whether enough was pasted for the long requests to count."""
    count = own.requests(i, which).shape[1]
    return "ok" if count >= FEW else "fewer than 100: too few to see the longest" if count else "nothing pasted yet"


def total(which: str) -> Callable[..., Value]:
    """Return the rule of the tokens of a request."""
    return lambda i, row: i[f"pasted.{row}.input_{which}"] + i[f"pasted.{row}.output_{which}"]


def share(which: str) -> Callable[..., Value]:
    """Return the rule of the share of requests up to a knot."""
    return lambda i, knot: own.share_up_to(i, which, own.lengths(i)[int(knot[1:]) - 1])


def tokens(which: str) -> Callable[..., Value]:
    """Return the rule of the tokens of the requests in a bin."""
    return lambda i, knot: float(own.in_bin(i, which, int(knot[1:]) - 1).sum())


def scale(which: str) -> Callable[..., Value]:
    """Return the rule of the output share multiplier of a bin."""
    return lambda i, knot: own.output_scale(i, which, int(knot[1:]) - 1)


expect_rows(
    "pasted_sums",
    {
        "requests": lambda i, which: float(own.requests(i, which).shape[1]),
        "mean_input": lambda i, which: own.means(i, which)[0],
        "mean_output": lambda i, which: own.means(i, which)[1],
        "output_share": own.output_share,
        "longest": own.longest,
        "state": state,
    },
)
expect_rows("pasted", {f"total_{which}": total(which) for which in own.CARDS.values()})
expect_rows("pasted_shares", {which: share(which) for which in own.CARDS.values()})
expect_rows("pasted_shares", {f"tokens_{which}": tokens(which) for which in own.CARDS.values()})
expect_rows("pasted_shares", {f"scale_{which}": scale(which) for which in own.CARDS.values()})
expect_rows("pasted_shares", {"above": lambda i, knot: own.edges(i, int(knot[1:]) - 1)[0]})
expect_rows("pasted_shares", {"upper": lambda i, knot: own.lengths(i)[int(knot[1:]) - 1]})


def from_on(value: Callable[..., float]) -> Callable[..., Value]:
    """Return the rule of a sum over the hours of a level and of those above."""
    return lambda i, level: sum(value(own.of_level(i, number)) for number in range(1, int(level[1:]) + 1))


expect_rows(
    "week_levels",
    {
        "counted": from_on(len),
        "carried": from_on(sum),
        "own": lambda i, level: float(len(own.of_level(i, int(level[1:])))),
        "own_carried": lambda i, level: float(own.of_level(i, int(level[1:])).sum()),
        "hours": lambda i, level: own.hours_of_year(i, int(level[1:])),
        "share": lambda i, level: own.load(i, int(level[1:])),
    },
)
PLANNING.differences.add("week_levels.own_carried")

WEEK: dict[str, Callable[[Inputs], Value]] = {
    "busiest": lambda i: float(own.hours(i).max()),
    "rate": lambda i: float(own.hours(i).max()) / 3600.0,
    "load_factor": lambda i: float(own.hours(i).mean() / own.hours(i).max()) if own.hours(i).max() else 0.0,
    "hours": lambda i: float(len(own.hours(i))),
    "state": lambda i: "ok" if own.hours(i).max() else "nothing entered yet",
}
for _name, _rule in WEEK.items():
    PLANNING.add(f"own_week.{_name}", _rule)

for _field in ("output_share", "mean_input", "mean_output", "requests"):
    PLANNING.add(f"traces.{_field}", lambda i, card, field=_field: i[f"traces.{card}.{field}"])
for _field in ("upper", "cumulative", "output_scale"):
    PLANNING.add(f"trace_knots.{_field}", lambda i, card, knot, field=_field: i[f"trace_knots.{card}.{knot}.{field}"])
for _field in {cell.rpartition(".")[2] for cell in own.OF_OWN_TRAFFIC if cell.startswith("load_profiles")}:
    PLANNING.add(f"load_profiles.{_field}", lambda i, name, field=_field: i[f"load_profiles.{name}.{field}"])
