"""Expectations of sheet Optimizer: what each split and band of a workload sends to its two pools, and how they are sized.

A pool's requests are groups (`lengths`): those up to the split with the part of the band that is cut
to fit, and those above with the part that is left. Lengths are tokens, times ms.
"""

from dataclasses import dataclass
from functools import cache

from tests.reference.equations import grid
from tests.reference.equations.grid import SUMS, Requests, Tokens
from tests.reference.expect import lengths, pools, shared_columns
from tests.reference.expect.chain import MILLI
from tests.reference.expect.pools import KILO, Band, Run, Served, usd_per_hour
from tests.reference.expect.search import expect_search
from tests.reference.expect.shared_columns import MEANS, End
from tests.reference.quantities import Inputs, expect

POOLS = ("short", "long")

# Question


def workload(i: Inputs) -> str:
    """Return the workload in question."""
    return i.text("optimise.workload")


def profile(i: Inputs, pool: str) -> str:
    """Return the profile of a pool."""
    return i.text(f"optimise.{pool}_profile")


def tokens(i: Inputs) -> Tokens:
    """Return what becomes of a length."""
    return lengths.tokens(i, workload(i))


def longest(i: Inputs) -> float:
    """Return the longest request, tokens."""
    return lengths.longest(i, workload(i))


def upto(i: Inputs, pool: str, limit: float) -> Requests:
    """Return the requests up to a length, with the prefill steps of a pool."""
    return lengths.upto(i, workload(i), profile(i, pool), limit)


def places(i: Inputs) -> list[tuple[str, str]]:
    """Return the split and the band of every row of the grid."""
    return [(split, band) for split in i.members("splits") for band in i.members("bands")]


# Cells


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A split and its band: requests below and in the band, as they come and as they are cut, and those left for the long pool."""

    window: float
    edge: float
    share_cut: float
    below: Requests
    band: Requests
    cut: Requests
    left: Requests

    def served(self, pool: str) -> Requests:
        """Return the requests of a pool as it serves them."""
        return self.left if pool == "long" else lengths.plus([(1.0, self.below), (self.share_cut, self.cut)])

    def sent(self, pool: str) -> Requests:
        """Return the requests of a pool as they come."""
        return self.left if pool == "long" else lengths.plus([(1.0, self.below), (self.share_cut, self.band)])

    def share(self, pool: str) -> float:
        """Return a pool's share of the requests; a long pool of next to nothing is none."""
        found = self.sent(pool).total()
        return 0.0 if pool == "long" and found <= grid.NOTHING else found


@cache
def cell(i: Inputs, split: str, band: str) -> Cell:
    """Return a split and its band."""
    window, cut = i[f"splits.{split}"], share_cut(i, split, band)
    edge = window * i[f"bands.{band}"]
    inside = lengths.minus(upto(i, "short", edge), upto(i, "short", window))
    rule = grid.as_coded if i["optimise.as_coded"] else grid.compressed
    left = [(1.0, upto(i, "long", longest(i))), (-cut, upto(i, "long", edge)), (cut - 1.0, upto(i, "long", window))]
    return Cell(
        window=window,
        edge=edge,
        share_cut=cut,
        below=upto(i, "short", window),
        band=inside,
        cut=rule(inside, window, tokens(i), pools.chunk(i, profile(i, "short"))),
        left=lengths.plus(left),
    )


@expect("grid.compressed")
def share_cut(i: Inputs, _split: str, _band: str) -> float:
    return 1.0 if i["optimise.as_coded"] else i["optimise.compressible"]


@expect("grid.cut_rate")
def cut_rate(i: Inputs, split: str, band: str) -> float:
    item = cell(i, split, band)
    return i["traffic.rate"] * item.share_cut * item.band.total()


@expect("grid.cut_wait")
def cut_wait(i: Inputs, split: str, band: str) -> float:
    return i["traffic.cut_time"] if cut_rate(i, split, band) > 0 else 0.0


@expect("grid.cut_power")
def cut_power(i: Inputs, split: str, band: str) -> float:
    return cut_rate(i, split, band) * i["traffic.cut_time"] * MILLI * i["traffic.cut_power"] / KILO


def band_of(i: Inputs, split: str, band: str) -> Band:
    """Return the band above a split."""
    item = cell(i, split, band)
    return Band(item.band, item.cut, item.window, pools.chunk(i, profile(i, "short")), tokens(i))


shared_columns.expect_band("grid", band_of)
expect("grid.edge")(lambda i, split, band: cell(i, split, band).edge)
expect("grid.short_share")(lambda i, split, band: cell(i, split, band).share("short"))

# Pools


@cache
def served(i: Inputs, split: str, band: str, pool: str) -> Served:
    """Return a pool of a split and band."""
    item = cell(i, split, band)
    window = item.window if pool == "short" else i["traffic.long_window"]
    return Served(pools.server(i, profile(i, pool), window), item.share(pool), item.served(pool))


@cache
def run(i: Inputs, split: str, band: str, pool: str) -> Run:
    """Return a pool as it runs."""
    return pools.run(i, served(i, split, band, pool), i["traffic.rate"])


@expect("grid_pools.cost")
def cost(i: Inputs, split: str, band: str, pool: str) -> float:
    return usd_per_hour(i, run(i, split, band, pool))


shared_columns.expect_server("grid_pools", lambda i, *keys: served(i, *keys).server)
shared_columns.expect_service("grid_pools", served)
shared_columns.expect_run("grid_pools", run)
expect_search("grid_pools", lambda i, *keys: served(i, *keys).wanted(i, i["traffic.rate"]))

# Ends


def expect_whole(column: str) -> None:
    """Register a sum over all requests."""

    @expect(f"whole.{column}")
    def of_pool(i: Inputs, pool: str) -> float:
        return SUMS[column](upto(i, pool, longest(i)))


for each in (*MEANS, "output"):
    expect_whole(each)
expect("whole.prefill")(lambda i, pool: shared_columns.prefill(i, upto(i, pool, longest(i))))
shared_columns.expect_end("split_ends", lambda i, pool, split: End(workload(i), profile(i, pool), i[f"splits.{split}"]))
shared_columns.expect_end("band_ends", lambda i, pool, split, band: End(workload(i), profile(i, pool), cell(i, split, band).edge))
