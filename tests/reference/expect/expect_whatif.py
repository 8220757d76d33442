"""Expectations of sheet What-if: a case at other traffic, at other utilisations, and with failing nodes."""

from collections.abc import Callable
from functools import cache

from tests.reference.equations import metrics
from tests.reference.equations.rounding import ceil, trunc
from tests.reference.expect import search
from tests.reference.expect.expect_topologies import OK, state
from tests.reference.expect.expect_topology_pools import (
    FIRST,
    POOLS,
    as_sized,
    cut_kilowatts,
    dollars,
    first_token,
    kilowatts,
    over_pools,
    running,
    served,
    slowest,
    tokens,
    total_state,
)
from tests.reference.expect.pools import KILO, Board, Run, usd_per_hour
from tests.reference.expect.search import Wanted, expect_search
from tests.reference.expect.shared_columns import expect_board, expect_queue, expect_run
from tests.reference.quantities import DIFFERENCES, Inputs, Value, expect

QUESTIONS = {"chosen": "whatif.design", "comparison": "whatif.comparison"}
HOURS_PER_YEAR = 8760.0


def chosen(i: Inputs) -> str:
    """Return the case in question."""
    return i.text("whatif.design")


expect("asked_of.design")(lambda i: i.shown(chosen(i)))
expect("asked_of.comparison")(lambda i: i.shown(asked(i, "comparison")))
expect("asked_of.state")(lambda i: state(i, chosen(i)))
expect("asked_of.comparison_state")(lambda i: state(i, asked(i, "comparison")))

# Traffic ladder


def asked(i: Inputs, question: str) -> str:
    """Return the case that a row of the ladder is about."""
    return i.text(QUESTIONS[question])


def load(i: Inputs, key: str) -> float:
    """Return a rung of the ladder, requests/s."""
    return i[f"loads_tried.{key}"]


def rung(i: Inputs, question: str, key: str, pool: str) -> Run:
    """Return a pool sized for a rung."""
    return running(i, asked(i, question), pool, load(i, key))


def sound(i: Inputs, question: str, key: str) -> float:
    """Return the number of pools with an answer."""
    return float(sum(rung(i, question, key, pool).is_sound(i) for pool in POOLS))


expect_search("ladder_pools", lambda i, question, key, pool: served(i, asked(i, question), pool).wanted(i, load(i, key)))
expect_run("ladder_pools", rung)
DIFFERENCES.add("ladder_pools.cv2")
expect("ladder_pools.design")(lambda i, question, _key, _pool: i.shown(asked(i, question)))
expect("ladder_pools.cost")(lambda i, question, key, pool: usd_per_hour(i, rung(i, question, key, pool)))


@expect("ladder.state")
def ladder_state(i: Inputs, question: str, key: str) -> Value:
    if state(i, asked(i, question)) != OK:
        return state(i, asked(i, question))
    return OK if sound(i, question, key) == len(POOLS) else "a pool has no answer"


def expect_rung(column: str, of: Callable[[Inputs, str, float], float], *, hidden: bool = False) -> None:
    """Register a number of a case at a rung, shown where the case has an answer unless it is ``hidden`` from view."""

    @expect(f"ladder.{column}")
    def of_rung(i: Inputs, question: str, key: str) -> float | None:
        shown = hidden or ladder_state(i, question, key) == OK
        return of(i, asked(i, question), load(i, key)) if shown else None


def tok_per_j(i: Inputs, key: str, arrivals: float) -> float:
    """Return the tok/J of a case at so many requests/s."""
    return float(metrics.tok_per_joule(tokens(i, key, arrivals), KILO * kilowatts(i, key, arrivals), 1))


expect("ladder.sound")(sound)
expect("ladder.scale")(lambda i, _question, key: load(i, key) / i["traffic.rate"])
expect_rung("instances", lambda i, key, arrivals: over_pools(i, key, arrivals, lambda item: item.used))
expect_rung("gpus", lambda i, key, arrivals: over_pools(i, key, arrivals, lambda item: item.board.gpus(i)))
expect_rung("power", kilowatts)
expect_rung("tok_per_j", tok_per_j)
expect_rung("cost", dollars)
expect_rung("first_token", slowest)
expect_rung("tokens", tokens, hidden=True)
expect_rung("kilowatts", kilowatts, hidden=True)
expect_rung("first_1", lambda i, key, arrivals: first_token(i, key, FIRST, arrivals), hidden=True)

# Utilisation sweep


def at_traffic(i: Inputs, pool: str) -> Wanted:
    """Return what a pool of the case must serve."""
    return served(i, chosen(i), pool).wanted(i, i["traffic.rate"])


@cache
def level_used(i: Inputs, level: str, pool: str) -> float:
    """Return the instances that keep a pool at a utilisation or below, none for one without requests."""
    item = as_sized(i, chosen(i), pool)
    return max(1.0, float(ceil(item.bound / i[f"levels.{level}"]))) if item.share else 0.0


def level_queue(i: Inputs, level: str, pool: str) -> tuple[Wanted, float]:
    """Return a pool and its instances, at least one."""
    return at_traffic(i, pool), max(1.0, level_used(i, level, pool))


def level_wait(i: Inputs, level: str, pool: str) -> float:
    """Return the P99 wait of a pool, ms, 0 without requests."""
    wanted, instances = level_queue(i, level, pool)
    return search.queue(wanted, i["traffic.objective"], instances).wait if wanted.rate else 0.0


def level_board(i: Inputs, level: str, pool: str) -> Board:
    """Return what draws power in a pool."""
    item, (wanted, instances) = as_sized(i, chosen(i), pool), level_queue(i, level, pool)
    in_flight = item.bound / instances * wanted.n_slots
    return Board(item.profile, max(1.0, float(trunc(in_flight))), level_used(i, level, pool))


def fits(i: Inputs, pool: str) -> float:
    """Return 1 where the window of a pool holds a sequence, or nothing is to be held."""
    item = as_sized(i, chosen(i), pool)
    return float(not item.share or item.n_slots >= 1)


expect_queue("level_pools", level_queue)
expect_board("level_pools", level_board)
DIFFERENCES.add("level_pools.cv2")
expect("level_pools.instances")(lambda i, level, pool: level_queue(i, level, pool)[1])
expect("level_pools.fits")(lambda i, _level, pool: fits(i, pool))
expect("level_pools.pool_wait", difference=True)(level_wait)


def longest_wait(i: Inputs, level: str) -> float:
    """Return the P99 wait of the slowest pool, ms."""
    return max(level_wait(i, level, pool) for pool in POOLS)


@expect("sweep_levels.verdict")
def verdict(i: Inputs, level: str) -> Value:
    if state(i, chosen(i)) != OK:
        return state(i, chosen(i))
    if not all(fits(i, pool) for pool in POOLS):
        return "a window holds no sequence"
    return "met" if longest_wait(i, level) <= i["traffic.objective"] else "missed"


def over_boards(i: Inputs, level: str, of: Callable[[Board], float]) -> float:
    """Return a sum over the pools of the case."""
    return sum(of(level_board(i, level, pool)) for pool in POOLS)


def level_kilowatts(i: Inputs, level: str) -> float:
    """Return the power of the GPUs and of cutting prompts, kW."""
    return over_boards(i, level, lambda item: item.power(i)) + cut_kilowatts(i, chosen(i), i["traffic.rate"])


def level_tok_per_j(i: Inputs, level: str) -> float:
    """Return the tok/J of the case."""
    return float(metrics.tok_per_joule(tokens(i, chosen(i), i["traffic.rate"]), KILO * level_kilowatts(i, level), 1))


def expect_level(column: str, of: Callable[[Inputs, str], float], *, difference: bool = False) -> None:
    """Register a number of the case at a utilisation, shown where it has an answer."""

    @expect(f"sweep_levels.{column}", difference=difference)
    def of_level(i: Inputs, level: str) -> float | None:
        return of(i, level) if verdict(i, level) in {"met", "missed"} else None


expect_level("instances", lambda i, level: over_boards(i, level, lambda item: item.used))
expect_level("gpus", lambda i, level: over_boards(i, level, lambda item: item.gpus(i)))
expect_level("wait", longest_wait, difference=True)
expect_level("power", level_kilowatts)
expect_level("tok_per_j", level_tok_per_j)
expect("sweep_levels.longest_wait", difference=True)(longest_wait)
expect("sweep_levels.kilowatts")(level_kilowatts)
expect("sweep_levels.fits")(lambda i, _level: sum(fits(i, pool) for pool in POOLS))

# Failing nodes


@expect("availability.availability")
def availability(i: Inputs, failure: str) -> float:
    return 1.0 / (1.0 + i[f"failures.{failure}"] * i["whatif.repair"] / HOURS_PER_YEAR)


@cache
def needed(i: Inputs, failure: str, pool: str) -> float:
    """Return the instances of a pool of which enough are up on average."""
    return float(ceil(as_sized(i, chosen(i), pool).used / availability(i, failure)))


def needed_gpus(i: Inputs, failure: str, pool: str) -> float:
    """Return the GPUs of a pool with its spare instances."""
    return needed(i, failure, pool) * i[f"profiles.{as_sized(i, chosen(i), pool).profile}.tensor_parallel"]


def all_needed(i: Inputs, failure: str) -> float:
    """Return the instances of all pools."""
    return sum(needed(i, failure, pool) for pool in POOLS)


def without(i: Inputs) -> float:
    """Return the instances without failures."""
    return over_pools(i, chosen(i), i["traffic.rate"], lambda item: item.used)


def spare(i: Inputs, failure: str) -> float:
    """Return the instances added, as a share of those without failures."""
    return all_needed(i, failure) / without(i) - 1.0 if without(i) else 0.0


def expect_available(column: str, of: Callable[[Inputs, str], float], *, difference: bool = False) -> None:
    """Register a number of the case with failing nodes, shown where it has an answer."""

    @expect(f"availability.{column}", difference=difference)
    def of_failure(i: Inputs, failure: str) -> float | None:
        return of(i, failure) if total_state(i, chosen(i)) == OK else None


def expect_needed(pool: str) -> None:
    """Register the instances and GPUs of a pool."""
    expect(f"availability.needed_{pool[1:]}")(lambda i, failure: needed(i, failure, pool))
    expect(f"availability.gpus_{pool[1:]}")(lambda i, failure: needed_gpus(i, failure, pool))


expect_available("instances", all_needed)
expect_available("gpus", lambda i, failure: sum(needed_gpus(i, failure, pool) for pool in POOLS))
expect_available("spare", spare, difference=True)
expect("availability.state")(lambda i, _failure: total_state(i, chosen(i)))
for each in POOLS:
    expect_needed(each)
