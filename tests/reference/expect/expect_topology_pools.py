"""Expectations of sheet Topology pools: what each pool of a case takes, and how it is sized.

A pool is a case's key and "p1" to "p4". Its requests are groups (`lengths`): those between its
ends, less what is cut out of them for the first pool, plus what the first pool passes on to the second.
"""

from collections.abc import Callable, Sequence
from functools import cache

from tests.reference.equations import grid, metrics
from tests.reference.equations.grid import SUMS, Requests
from tests.reference.expect import lengths
from tests.reference.expect.chain import MILLI
from tests.reference.expect.expect_topologies import MOST_POOLS, OK, Case, case, state
from tests.reference.expect.pools import KILO, Band, Run, Served, chunk, run, server, usd_per_hour
from tests.reference.expect.search import expect_search
from tests.reference.expect.shared_columns import End, expect_band, expect_end, expect_run, expect_server, expect_service
from tests.reference.quantities import DIFFERENCES, Inputs, Value, expect

POOLS = tuple(f"p{number}" for number in range(1, MOST_POOLS + 1))
FIRST, SECOND = POOLS[:2]
NO_ANSWER = "a pool has no answer"


def of_pool(values: Sequence[float], pool: str) -> float:
    """Return a pool's part of a series over the pools."""
    return values[POOLS.index(pool)]


def profile(i: Inputs, key: str, pool: str) -> str:
    """Return the profile of a pool."""
    return case(i, key).profiles[POOLS.index(pool)]


def upto(i: Inputs, key: str, pool: str, limit: float) -> Requests:
    """Return the requests of a case's workload up to a length, with the prefill steps of a pool."""
    return lengths.upto(i, case(i, key).workload, profile(i, key, pool), limit)


# Bands


@cache
def band(i: Inputs, key: str) -> Band:
    """Return the requests above the first window and up to the edge, none where the two are one, and how they are cut."""
    item = case(i, key)
    at, tokens, step = item.highs[0], lengths.tokens(i, item.workload), chunk(i, item.profiles[0])
    parts = (upto(i, key, FIRST, item.edge), upto(i, key, FIRST, at))
    requests = lengths.minus(*parts) if item.edge > at else grid.joined([])
    return Band(requests, grid.compressed(requests, at, tokens, step), at, step, tokens)


def share_cut(i: Inputs, key: str) -> float:
    """Return the share of all requests that is cut."""
    return case(i, key).cut * band(i, key).requests.total()


def cut_wait(i: Inputs, key: str) -> float:
    """Return the time to first token that cutting adds in the first pool, ms."""
    return i["traffic.cut_time"] if share_cut(i, key) > 0 else 0.0


def cut_kilowatts(i: Inputs, key: str, rate: float) -> float:
    """Return the power that cutting prompts takes at so many requests/s, kW: a core at work for each prompt being cut."""
    return rate * share_cut(i, key) * i["traffic.cut_time"] * MILLI * i["traffic.cut_power"] / KILO


expect_band("design_bands", band)
expect("design_bands.as_coded")(lambda _i, _key: 0.0)
expect("design_bands.compressed")(lambda i, key: case(i, key).cut)
expect("design_bands.cut_share")(share_cut)
expect("design_bands.cut_wait")(cut_wait)

# Ends

ENDS = ("from", "to", "edge")


def limits(item: Case, pool: str) -> dict[str, float]:
    """Return the ends of a pool, tokens; only the first two have a band, whose edge is above the first window."""
    low, high = of_pool(item.lows, pool), of_pool(item.ends, pool)
    return dict(zip(ENDS, (low, high, item.edge if pool in {FIRST, SECOND} else low), strict=True))


def counts(item: Case, pool: str) -> dict[str, float]:
    """Return how often the requests up to each end count in a pool."""
    kept, lost, passed = own(item, pool), lost_band(item, pool), passed_on(item, pool)
    return {"from": passed + lost - kept, "to": kept, "edge": -lost}


def own(item: Case, pool: str) -> float:
    """Return the part of a pool's own requests that it answers."""
    return item.kept if pool == FIRST else 1.0


def lost_band(item: Case, pool: str) -> float:
    """Return the part of the band that the second pool loses to the first."""
    return item.cut if pool == SECOND else 0.0


def passed_on(item: Case, pool: str) -> float:
    """Return the part of the requests below it that the second pool takes from the first."""
    return 1.0 - item.kept if pool == SECOND else 0.0


def end(i: Inputs, key: str, pool: str, which: str) -> End:
    """Return an end of a pool."""
    return End(case(i, key).workload, profile(i, key, pool), limits(case(i, key), pool)[which])


expect_end("design_ends", end)
expect("design_ends.counts")(lambda i, key, pool, which: counts(case(i, key), pool)[which])

# Pools


@cache
def requests(i: Inputs, key: str, pool: str) -> Requests:
    """Return the requests of a pool as it serves them."""
    item = case(i, key)
    below, above = upto(i, key, pool, of_pool(item.lows, pool)), upto(i, key, pool, of_pool(item.ends, pool))
    parts = [(own(item, pool), lengths.minus(above, below)), (passed_on(item, pool), below)]
    if pool == FIRST:
        parts.append((item.cut, band(i, key).cut))
    if pool == SECOND:
        parts.append((-item.cut, lengths.minus(upto(i, key, pool, item.edge), below)))
    return lengths.plus(parts)


@cache
def served(i: Inputs, key: str, pool: str) -> Served:
    """Return a pool and what it takes; next to nothing is nothing."""
    taken = requests(i, key, pool)
    share = taken.total()
    instance = server(i, profile(i, key, pool), of_pool(case(i, key).window_sizes, pool))
    return Served(instance, share if share > grid.NOTHING else 0.0, taken)


@cache
def running(i: Inputs, key: str, pool: str, arrivals: float) -> Run:
    """Return a pool sized for its share of so many requests/s."""
    return run(i, served(i, key, pool), arrivals)


def as_sized(i: Inputs, key: str, pool: str) -> Run:
    """Return a pool sized for the traffic."""
    return running(i, key, pool, i["traffic.rate"])


expect_server("design_pools", lambda i, key, pool: served(i, key, pool).server)
expect_service("design_pools", served)
expect_search("design_pools", lambda i, key, pool: served(i, key, pool).wanted(i, i["traffic.rate"]))
expect_run("design_pools", as_sized)
DIFFERENCES.add("design_pools.cv2")  # a variance is a mean square less a squared mean
expect("design_pools.cost")(lambda i, key, pool: usd_per_hour(i, as_sized(i, key, pool)))
expect("design_pools.output")(lambda i, key, pool: served(i, key, pool).mean_of("output"))
expect("design_pools.low")(lambda i, key, pool: of_pool(case(i, key).lows, pool))
expect("design_pools.high")(lambda i, key, pool: of_pool(case(i, key).ends, pool))
expect("design_pools.edge")(lambda i, key, pool: limits(case(i, key), pool)["edge"])
expect("design_pools.own")(lambda i, key, pool: own(case(i, key), pool))
expect("design_pools.gained")(lambda i, key, pool: case(i, key).cut if pool == FIRST else 0.0)
expect("design_pools.lost")(lambda i, key, pool: lost_band(case(i, key), pool))
expect("design_pools.passed")(lambda i, key, pool: passed_on(case(i, key), pool))
# the share of an unused pool is what rounding leaves of 1 - 1
expect("design_pools.share_sum", difference=True)(lambda i, key, pool: requests(i, key, pool).total())

# Totals


def over_pools(i: Inputs, key: str, arrivals: float, of: Callable[[Run], float]) -> float:
    """Return a sum over the pools of a case at so many requests/s."""
    return sum(of(running(i, key, pool, arrivals)) for pool in POOLS)


def tokens(i: Inputs, key: str, arrivals: float) -> float:
    """Return the output tokens/s of a case, those of every request of its workload."""
    return arrivals * SUMS["output"](upto(i, key, FIRST, case(i, key).longest))


def kilowatts(i: Inputs, key: str, arrivals: float) -> float:
    """Return the power of the GPUs of a case and of cutting prompts, kW."""
    return over_pools(i, key, arrivals, lambda item: item.board.power(i)) + cut_kilowatts(i, key, arrivals)


def first_token(i: Inputs, key: str, pool: str, arrivals: float) -> float:
    """Return the P99 time to first token of a pool, ms; in the first it includes the time of cutting prompts."""
    return running(i, key, pool, arrivals).first_token + (cut_wait(i, key) if pool == FIRST else 0.0)


def slowest(i: Inputs, key: str, arrivals: float) -> float:
    """Return the P99 time to first token of the slowest pool, ms."""
    return max(first_token(i, key, pool, arrivals) for pool in POOLS)


def is_sound(i: Inputs, key: str, arrivals: float) -> bool:
    """Tell whether every pool of a case has an answer."""
    return all(running(i, key, pool, arrivals).is_sound(i) for pool in POOLS)


@expect("design_totals.state")
def total_state(i: Inputs, key: str) -> Value:
    if state(i, key) != OK:
        return state(i, key)
    return OK if is_sound(i, key, i["traffic.rate"]) else NO_ANSWER


def expect_total(column: str, of: Callable[[Inputs, str, float], float]) -> None:
    """Register a number of a case at the traffic."""

    @expect(f"design_totals.{column}")
    def total(i: Inputs, key: str) -> float:
        return of(i, key, i["traffic.rate"])


def expect_sum(column: str, of: Callable[[Inputs, Run], float]) -> None:
    """Register a sum over the pools of a case."""
    expect_total(column, lambda i, key, arrivals: over_pools(i, key, arrivals, lambda item: of(i, item)))


def watts_of_one(i: Inputs, key: str) -> float:
    """Return the power of one GPU of each instance, W."""
    return KILO * over_pools(i, key, i["traffic.rate"], lambda item: item.board.power_one(i))


@expect("design_totals.tok_per_j")
def tok_per_j(i: Inputs, key: str) -> float:
    arrivals = i["traffic.rate"]
    if total_state(i, key) != OK or not kilowatts(i, key, arrivals):
        return 0.0
    return float(metrics.tok_per_joule(tokens(i, key, arrivals), KILO * kilowatts(i, key, arrivals), 1))


@expect("design_totals.tok_per_w")
def tok_per_w(i: Inputs, key: str) -> float:
    if total_state(i, key) != OK or not watts_of_one(i, key):
        return 0.0
    return float(metrics.paper_tok_per_watt(tokens(i, key, i["traffic.rate"]), watts_of_one(i, key)))


def dollars(i: Inputs, key: str, arrivals: float) -> float:
    """Return the price of a million output tokens, USD."""
    price, speed = over_pools(i, key, arrivals, lambda item: usd_per_hour(i, item)), tokens(i, key, arrivals)
    return grid.usd_per_million_tokens(price, speed) if speed else 0.0


expect_sum("instances", lambda _, item: item.used)
expect_sum("gpus", lambda i, item: item.board.gpus(i))
expect_sum("power_one", lambda i, item: item.board.power_one(i))
expect_sum("money", usd_per_hour)
expect_total("cut_power", cut_kilowatts)
expect_total("power", kilowatts)
expect_total("tokens", tokens)
expect_total("first_token", slowest)
expect_total("sound", lambda i, key, arrivals: float(is_sound(i, key, arrivals)))
expect_total("cost", dollars)
expect_total("first_1", lambda i, key, arrivals: first_token(i, key, FIRST, arrivals))
