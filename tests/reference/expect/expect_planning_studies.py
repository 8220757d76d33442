"""Expectations of sheets Cases, Ranges and Studies: what every study assumes, and the sums over its pools."""

import math
from collections.abc import Callable

from tests.reference.expect.planning_cases import HIGH, OF_CASES, WHICH, chosen, number_of, text_of
from tests.reference.expect.planning_columns import expect_columns, expect_fields, expect_rows
from tests.reference.expect.planning_declared import CARDS, CASES, FOLLOWING, RANGED
from tests.reference.expect.planning_money import Totals, totals
from tests.reference.expect.planning_pools import POOLS, first_token, run, tokens
from tests.reference.expect.planning_ranges import Range, is_sound, level, stretched
from tests.reference.expect.planning_requests import taken
from tests.reference.expect.planning_states import in_words, trouble
from tests.reference.expect.planning_study import VARIANTS, Study, assumed, study
from tests.reference.quantities import Inputs, Value

# Cases


def assumption_of(name: str) -> Callable[..., Value]:
    """Return the rule of a number of a case."""
    if name in CARDS:
        return lambda i, case: i.shown(f"{CARDS[name]}.{text_of(i, case, name)}")
    return lambda i, case: number_of(i, case, name)


expect_rows("cases", {name: assumption_of(name) for name in FOLLOWING})
expect_rows("cases", {"case": lambda i, case: i.text(f"cases.{case}.name"), "named": lambda *_: 1.0})

# Ranges

expect_rows(
    "ranges",
    {
        "relative": lambda i, name: float(i.text(f"ranges.{name}.meaning") == "times the base"),
        "sound": lambda i, name: float(is_sound(i, name)),
        "number": lambda _, name: RANGED.index(name) + 1,
    },
)


def ends(i: Inputs, which: str, name: str) -> Range:
    """Return the range of an assumption for one of the two cases."""
    return stretched(i, chosen(i, which), name)


expect_fields("range_ends", ends, Range)


# Studies


def name_of(i: Inputs, key: str) -> str:
    """Return the name that cells show for a study."""
    return i.shown(f"{'cases' if key in CASES else 'variants'}.{key}")


def base_of(i: Inputs, key: str) -> str:
    """Return the name of a study's case."""
    return name_of(i, study(i, key).base)


def place_of(name: str) -> int:
    """Return the number of an assumption with a range."""
    return RANGED.index(name) + 1


def change(i: Inputs, key: str, number: int) -> tuple[float, float]:
    """Return (number of the assumption, its value) of a change of a study, zeros where there is none."""
    found = study(i, key).changes[number : number + 1]
    return (place_of(found[0][0]), found[0][1]) if found else (0.0, 0.0)


expect_rows(
    "variants",
    {
        "beside": lambda _, key: float(list(WHICH).index(VARIANTS[key].which)),
        "high": lambda _, key: float(VARIANTS[key].side == HIGH),
        "value": lambda i, key: change(i, key, 0)[1],
    },
)
expect_rows(
    "asked",
    {
        "base": base_of,
        "number_1": lambda i, key: change(i, key, 0)[0],
        "value_1": lambda i, key: change(i, key, 0)[1],
        "number_2": lambda i, key: change(i, key, 1)[0],
        "value_2": lambda i, key: change(i, key, 1)[1],
    },
)


def number_rule(name: str) -> Callable[..., Value]:
    """Return the rule of a number that a study assumes."""
    return lambda i, key: assumed(i, key)[name]


expect_rows("asked", {name: number_rule(name) for name in RANGED if name not in OF_CASES})

# Sums over the pools


def sums_of(i: Inputs, item: Study) -> str:
    """Return the name of the study whose requests a study has."""
    return name_of(i, item.sums)


expect_fields("case_totals", totals, Totals)
expect_columns("case_totals", study, {"sums": sums_of, "fleet": lambda i, item: i.shown(f"asked.{item.fleet}")})
expect_rows("case_totals", {"hardware_state": lambda i, key: in_words(max(4, int(totals(i, key).trouble)), "")})


def fleet_sum(name: str) -> Callable[..., Value]:
    """Return the rule of a sum over a study's pools."""
    return lambda i, key: math.fsum(float(getattr(run(i, key, pool), name)) for pool in POOLS)


FLEET_SUMS = {
    **{name: name for name in ("gpus", "provisioned", "racks", "power_one", "host_power", "rent", "capex")},
    "instances": "used",
    "board_power": "power",
}
"""Columns of the sums over pools, and the field of a pool each sums."""

expect_rows("fleets", {column: fleet_sum(name) for column, name in FLEET_SUMS.items()})
expect_rows(
    "fleets",
    {
        "tokens": lambda i, key: math.fsum(tokens(i, key, pool) for pool in POOLS),
        "share": lambda i, key: math.fsum(taken(i, key, pool).share for pool in POOLS),
        "first_token": lambda i, key: max(first_token(i, key, pool) for pool in POOLS),
        "trouble": lambda i, key: max(trouble(i, key, pool) for pool in POOLS),
    },
)

# The grid's levels

expect_rows(
    "levels",
    {
        "up": lambda _, key: max(0.0, int(key[1:]) - 3) / 2,
        "fall": lambda _, key: max(0.0, 3 - int(key[1:])) / 2,
        "down": lambda i, key: level(i, i.text("two_way.down"), int(key[1:])),
        "right": lambda i, key: level(i, i.text("two_way.right"), int(key[1:])),
    },
)
