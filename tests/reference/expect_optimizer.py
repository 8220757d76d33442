"""Expectations of sheet Optimizer: every split and band of a workload, the pools they ask for, and the best of them.

Pools are sums over their requests (`grid`), never differences of sums up to a knot.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.reference import chain, economics, grid, metrics, replay, slots
from tests.reference.chain import MILLI
from tests.reference.domain import FloatArray
from tests.reference.expect_workloads import POOLS, lower, mass, points
from tests.reference.grid import SUMS, Bin, Cell, Requests, Server, Side, Tokens
from tests.reference.quantities import DIFFERENCES, Inputs, expect
from tests.reference.rounding import ceil, trunc
from tests.reference.search import STEPS, Wanted, answer, expect_search, instances, is_found

KILO = 1e3
SPLITS = range(4, 14)
BANDS = range(5)
PLACES = [(f"p{split}", f"e{band}") for split in SPLITS for band in BANDS]
"""Knot of the split and knots up to the band's edge, row by row of the grid."""

# Question


def workload(i: Inputs) -> str:
    """Return the workload in question."""
    return i.text("optimise.workload")


def upper(i: Inputs, knot: str) -> float:
    """Return the tokens at a knot of the workload."""
    return i[f"knots.{workload(i)}.{knot}.upper"]


def output_share(i: Inputs) -> float:
    """Return the share of output of the workload."""
    return i[f"workloads.{workload(i)}.output_share"]


def chunk(i: Inputs, side: str) -> float:
    """Return the prefill chunk of a pool."""
    return i[f"profiles.{profile(i, side)}.prefill_chunk"]


def profile(i: Inputs, side: str) -> str:
    """Return the profile of a pool."""
    return i.text(f"optimise.{side}_profile")


def tokens(i: Inputs) -> Tokens:
    """Return what becomes of a length."""
    return Tokens(output_share(i), i["traffic.lost"], i["traffic.half_token"], i["decode.tokens_per_step"])


# Moments


@cache
def bin_(i: Inputs, knot: str) -> Bin:
    """Return the requests up to a knot and above the one before."""
    card = workload(i)
    return Bin(lower(i, card, knot), upper(i, knot), mass(i, card, knot))


@cache
def nodes(i: Inputs, side: str, knot: str) -> Requests:
    """Return the requests of a bin at its nodes."""
    return grid.nodes(bin_(i, knot), tokens(i), chunk(i, side))


def between(i: Inputs, side: str, below: int, upto: int) -> Requests:
    """Return the requests above a knot and up to another, by their numbers."""
    return grid.joined(nodes(i, side, knot) for knot in points(i, workload(i))[below:upto])


def expect_sum(column: str) -> None:
    """Register a sum over the requests of a bin, and over those up to a knot."""

    @expect(f"moments.{column}")
    def in_bin(i: Inputs, side: str, knot: str) -> float:
        return SUMS[column](nodes(i, side, knot))

    @expect(f"moments.{column}_upto")
    def upto_knot(i: Inputs, side: str, knot: str) -> float:
        return SUMS[column](between(i, side, 0, number(knot)))


def number(key: str) -> int:
    """Return the number of a knot or band, as in its key."""
    return int(key[1:])


def expect_node(node: int) -> None:
    """Register the columns of one of the three nodes."""

    def expect_column(column: str, of: Callable[[Requests], FloatArray]) -> None:
        @expect(f"moments.{column}_{node}")
        def of_node(i: Inputs, side: str, knot: str) -> float:
            return float(of(nodes(i, side, knot))[node - 1])

    expect_column("length", lambda item: item.length)
    expect_column("node_output", lambda item: item.output)
    expect_column("node_steps", lambda item: item.steps)


for each in SUMS:
    expect_sum(each)
for each_node in (1, 2, 3):
    expect_node(each_node)
expect("moments.chunk")(lambda i, side, _knot: chunk(i, side))
expect("moments.output_share")(lambda i, _side, _knot: output_share(i))
expect("moments.lower")(lambda i, _side, knot: bin_(i, knot).lower)
expect("moments.upper")(lambda i, _side, knot: bin_(i, knot).upper)
expect("moments.mass")(lambda i, _side, knot: bin_(i, knot).mass)
expect("moments.half")(lambda i, _side, knot: (bin_(i, knot).upper - bin_(i, knot).lower) / 2.0)

# Grid


def share_cut(i: Inputs) -> float:
    """Return the share of the band that is cut."""
    return 1.0 if i["optimise.as_coded"] else i["optimise.compressible"]


def edge_knot(i: Inputs, split: str, band: str) -> int:
    """Return the number of the knot where a band ends, at most the last."""
    return min(len(points(i, workload(i))), number(split) + number(band))


@cache
def side_at(i: Inputs, side: str, window: float) -> Side:
    """Return an instance of a pool at a window."""
    item = chain.calibrated(i, profile(i, side))
    by_slots = float(slots.scheduled_slots(item.max_slots, item.calibration_length, window))
    by_blocks = float(slots.block_slots(item.blocks, slots.window_blocks(window, item.block_size)))
    h_full = item.h / MILLI * min(by_slots, by_blocks) / item.calibration_length
    return Side(by_slots, by_blocks, Server(item.w / MILLI, h_full, chunk(i, side)))


@cache
def cell(i: Inputs, split: str, band: str) -> Cell:
    """Return a split and its band."""
    at, edge, last = number(split), edge_knot(i, split, band), len(points(i, workload(i)))
    window, kept = upper(i, split), share_cut(i)
    below, inside = between(i, "short", 0, at), between(i, "short", at, edge)
    rule = grid.as_coded if i["optimise.as_coded"] else grid.compressed
    cut = rule(inside, window, tokens(i), chunk(i, "short"))
    left = grid.thinned(between(i, "long", at, edge), 1.0 - kept)
    return Cell(
        window=window,
        edge=upper(i, points(i, workload(i))[edge - 1]),
        below=below,
        band=inside,
        cut=cut,
        kept={
            "short": grid.joined([below, grid.thinned(cut, kept)]),
            "long": grid.joined([left, between(i, "long", edge, last)]),
        },
        sides={"short": side_at(i, "short", window), "long": side_at(i, "long", i["traffic.long_window"])},
    )


def expect_of_cell(column: str, of: Callable[[Cell], float]) -> None:
    """Register a number of a split and its band."""

    @expect(f"grid.{column}")
    def of_cell(i: Inputs, split: str, band: str) -> float:
        return of(cell(i, split, band))


def expect_of_side(side: str) -> None:
    """Register the columns of a pool."""
    expect_of_cell(f"{side}_by_slots", lambda item: item.sides[side].by_slots)
    expect_of_cell(f"{side}_by_blocks", lambda item: item.sides[side].by_blocks)
    expect_of_cell(f"{side}_slots", lambda item: item.sides[side].n_slots)
    expect_of_cell(f"{side}_w", lambda item: item.sides[side].server.w)
    expect_of_cell(f"{side}_h", lambda item: item.sides[side].server.h)
    expect_of_cell(f"{side}_share", lambda item: item.share(side))
    expect_of_cell(f"{side}_mean", lambda item: item.time(side, 1))
    expect_of_cell(f"{side}_square", lambda item: item.time(side, 2))


def expect_sums(column: str) -> None:
    """Register a sum over the requests below the split, and over those of the long pool."""
    expect_of_cell(f"short_{column}", lambda item: SUMS[column](item.below))
    expect_of_cell(f"long_{column}", lambda item: SUMS[column](item.kept["long"]))


for each in POOLS:
    expect_of_side(each)
for each in ("steps", "steps_length", "steps_2", "steps_2_length", "steps_2_length_2"):
    expect_sums(each)
expect_of_cell("short_window", lambda item: item.window)
expect_of_cell("edge", lambda item: item.edge)
expect_of_cell("gamma", lambda item: item.edge / item.window)
expect_of_cell("below_share", lambda item: item.below.total())
expect_of_cell("band_share", lambda item: item.band.total())
expect_of_cell("band_output", lambda item: SUMS["output"](item.band))
expect_of_cell("band_output_2", lambda item: SUMS["output_2"](item.band))
expect_of_cell("band_steps", lambda item: SUMS["steps"](item.cut))
expect_of_cell("band_steps_2", lambda item: SUMS["steps_2"](item.cut))
expect_of_cell("band_time", lambda item: item.sides["short"].server.w + item.sides["short"].server.h * item.window)
expect_of_cell("chunk", lambda item: item.sides["short"].server.chunk)
expect_of_cell("cut_prefill", lambda item: grid.prefill_of_cut(item.band, item.window, item.sides["short"].server.chunk))
expect("grid.edge_knot")(edge_knot)
expect("grid.compressed")(lambda i, _split, _band: share_cut(i))
expect("grid.output_share")(lambda i, _split, _band: output_share(i))
expect("grid.coded_steps")(lambda i, split, _band: grid.coded_steps(upper(i, split), tokens(i), chunk(i, "short")))

# Pools


@dataclass(frozen=True, slots=True)
class Sized:
    """A pool as it is run: instances, sequences of an instance in use and counted, W of a GPU, kW, USD/h."""

    used: float
    met: bool
    bound: float
    utilisation: float
    counted: float
    watts: float
    power_one: float
    power: float
    usd_per_hour: float


def bound(i: Inputs, split: str, band: str, side: str) -> float:
    """Return the instances of a pool at full use."""
    item = cell(i, split, band)
    return i["traffic.rate"] * item.share(side) * item.time(side, 1) * MILLI / item.sides[side].n_slots


@cache
def wanted(i: Inputs, split: str, band: str, side: str) -> Wanted:
    """Return what a pool must serve, and the instances where the search begins."""
    item, full = cell(i, split, band), bound(i, split, band, side)
    share, mean = item.share(side), item.time(side, 1)
    cv2 = replay.Moments(mean, item.time(side, 2), 0.0).cv2 if share else 0.0
    least = max(1.0, float(ceil(full)) + 1.0, float(ceil(full / i["traffic.cap"])))
    return Wanted(i["traffic.rate"] * share, item.sides[side].n_slots, mean, cv2, least)


@cache
def sized(i: Inputs, split: str, band: str, side: str) -> Sized:
    """Return a pool as it is run; one without requests needs no instance."""
    asked, full, item = wanted(i, split, band, side), bound(i, split, band, side), chain.calibrated(i, profile(i, side))
    count = instances(i, asked)
    used = count if asked.rate else 0.0
    counted = max(1.0, float(trunc(full / count * asked.n_slots)))
    watts = chain.curve_watts(i, item.curve, counted)
    return Sized(
        used=used,
        met=is_found(i, asked) and answer(i, asked).wait <= i["traffic.objective"],
        bound=full,
        utilisation=full / count,
        counted=counted,
        watts=watts,
        power_one=used * watts / KILO,
        power=used * watts * item.tp / KILO,
        usd_per_hour=used * float(economics.instance_usd_per_hour(chain.gpu(i, item.gpu).price, item.tp)),
    )


def expect_of_pool(column: str, of: Callable[[Sized], float]) -> None:
    """Register a number of a pool as it is run."""

    @expect(f"grid_pools.{column}")
    def of_pool(i: Inputs, split: str, band: str, side: str) -> float:
        return of(sized(i, split, band, side))


def expect_of_curve(column: str, of: Callable[[chain.Curve], float]) -> None:
    """Register a parameter of the power curve of a pool's profile."""

    @expect(f"grid_pools.{column}")
    def of_curve(i: Inputs, _split: str, _band: str, side: str) -> float:
        return of(chain.curve(i, chain.calibrated(i, profile(i, side)).curve))


expect_search("grid_pools", wanted)
DIFFERENCES.update({"grid_pools.cv2", "grid_pools.wait", *(f"grid_pools.wait_{step}" for step in range(STEPS))})
# a variance is a mean square less a squared mean; a wait just above 0 is the logarithm of a quotient just above 1
expect_of_pool("used", lambda item: item.used)
expect_of_pool("met", lambda item: float(item.met))
expect_of_pool("bound", lambda item: item.bound)
expect_of_pool("utilisation", lambda item: item.utilisation)
expect_of_pool("counted", lambda item: item.counted)
expect_of_pool("board", lambda item: item.watts)
expect_of_pool("power_one", lambda item: item.power_one)
expect_of_pool("power", lambda item: item.power)
expect_of_pool("cost", lambda item: item.usd_per_hour)
expect_of_curve("p_idle", lambda curve: curve.p_idle)
expect_of_curve("p_range", lambda curve: curve.p_nominal - curve.p_idle)
expect("grid_pools.profile")(lambda i, _split, _band, side: i.shown(profile(i, side)))
expect("grid_pools.share")(lambda i, split, band, side: cell(i, split, band).share(side))
expect("grid_pools.square")(lambda i, split, band, side: cell(i, split, band).time(side, 2))

# Outcome


def total(i: Inputs, split: str, band: str, of: Callable[[Sized], float]) -> float:
    """Return a sum over both pools."""
    return sum(of(sized(i, split, band, side)) for side in POOLS)


@expect("grid_outcome.tokens")
def output_tokens(i: Inputs, _split: str, _band: str) -> float:
    return i["traffic.rate"] * SUMS["output"](between(i, "short", 0, len(points(i, workload(i)))))


@expect("grid_outcome.tok_per_j")
def tok_per_j(i: Inputs, split: str, band: str) -> float:
    watts = KILO * total(i, split, band, lambda item: item.power)
    return float(metrics.tok_per_joule(output_tokens(i, split, band), watts, 1))


@expect("grid_outcome.tok_per_w")
def tok_per_w(i: Inputs, split: str, band: str) -> float:
    watts = KILO * total(i, split, band, lambda item: item.power_one)
    return float(metrics.paper_tok_per_watt(output_tokens(i, split, band), watts))


@expect("grid_outcome.sound")
def sound(i: Inputs, split: str, band: str) -> float:
    return float(all(sized(i, split, band, side).met for side in POOLS))


@expect("grid_outcome.score")
def score(i: Inputs, split: str, band: str) -> float:
    item = cell(i, split, band)
    allowed = item.edge / item.window <= i["optimise.widest"]
    return tok_per_j(i, split, band) * sound(i, split, band) * allowed


@expect("grid_outcome.cost")
def cost(i: Inputs, split: str, band: str) -> float:
    price = total(i, split, band, lambda item: item.usd_per_hour)
    return grid.usd_per_million_tokens(price, output_tokens(i, split, band)) if score(i, split, band) else grid.UNMET


@expect("grid_outcome.paper")
def is_papers(i: Inputs, split: str, band: str) -> float:
    item, card = cell(i, split, band), f"workloads.{workload(i)}"
    return float(item.window == i[f"{card}.short_window"] and abs(item.edge / item.window - i[f"{card}.band"]) < grid.NOTHING)


@expect("grid_outcome.paper_tok_per_j")
def papers_tok_per_j(i: Inputs, split: str, band: str) -> float:
    return tok_per_j(i, split, band) * is_papers(i, split, band)


expect("grid_outcome.short_window")(lambda i, split, band: cell(i, split, band).window)
expect("grid_outcome.gamma")(lambda i, split, band: cell(i, split, band).edge / cell(i, split, band).window)
expect("grid_outcome.instances")(lambda i, split, band: total(i, split, band, lambda item: item.used))
expect("grid_outcome.power")(lambda i, split, band: total(i, split, band, lambda item: item.power))
expect("by_band.short_window")(lambda i, _band, split: upper(i, split))
expect("by_band.tok_per_j")(lambda i, band, split: tok_per_j(i, split, band))

# Optimum


@cache
def best(i: Inputs) -> int:
    """Return the place of most tok/J, from 0."""
    return grid.first_of([score(i, *place) for place in PLACES], max)


@cache
def cheapest(i: Inputs) -> int:
    """Return the place of least cost, from 0."""
    return grid.first_of([cost(i, *place) for place in PLACES], min)


@expect("optimum.paper_tok_per_j")
def tok_per_j_of_paper(i: Inputs) -> float:
    return sum(papers_tok_per_j(i, *place) for place in PLACES)


@expect("optimum.gain")
def gain(i: Inputs) -> float:
    return score(i, *PLACES[best(i)]) / tok_per_j_of_paper(i) if tok_per_j_of_paper(i) else 0.0


expect("optimum.most_tok_per_j")(lambda i: score(i, *PLACES[best(i)]))
expect("optimum.place")(lambda i: best(i) + 1)
expect("optimum.short_window")(lambda i: cell(i, *PLACES[best(i)]).window)
expect("optimum.gamma")(lambda i: cell(i, *PLACES[best(i)]).edge / cell(i, *PLACES[best(i)]).window)
expect("optimum.tok_per_w")(lambda i: tok_per_w(i, *PLACES[best(i)]))
expect("optimum.least_cost")(lambda i: cost(i, *PLACES[cheapest(i)]))
expect("optimum.cost_place")(lambda i: cheapest(i) + 1)
expect("optimum.cost_window")(lambda i: cell(i, *PLACES[cheapest(i)]).window)
expect("optimum.cost_gamma")(lambda i: cell(i, *PLACES[cheapest(i)]).edge / cell(i, *PLACES[cheapest(i)]).window)
