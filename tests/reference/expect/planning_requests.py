"""Requests of every pool of a study: the trace's, as groups of equal ones, between two lengths and cut to fit."""

import itertools
import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations import fleet
from tests.reference.equations.domain import FloatArray
from tests.reference.equations.grid import Bin, Requests, Tokens
from tests.reference.equations.rounding import ceil
from tests.reference.expect import lengths
from tests.reference.expect.lengths import Place
from tests.reference.expect.planning_study import DECODE, Assumed, assumed, pools_by_length, role
from tests.reference.expect.planning_traces import KNOTS, knots, longest, shares
from tests.reference.quantities import Inputs

NOTHING = 1e-9
"""A pool with a smaller share of the requests than this is none."""

WHOLE_PROMPT = 1e9
"""What cells show as the tokens of a prefill step that takes any prompt at once."""

HALF_TOKEN = 0.5
"""A prompt that rounds to no token takes no such step."""

OK, UNORDERED = "ok", "windows out of order"
FROM, WINDOW, TO, EDGE = "from", "window", "to", "edge"


def pieces(i: Inputs, card: str) -> list[Bin]:
    """Return the bins of a trace."""
    points = knots(i, card)
    return [Bin(lower, upper, upto - under) for (lower, under), (upper, upto) in itertools.pairwise(points)]


def falls(i: Inputs, card: str) -> int:
    """Return the knots that are out of order."""
    points = knots(i, card)
    return sum(not (upper > lower and upto >= under and upto >= 0) for (lower, under), (upper, upto) in itertools.pairwise(points))


def distribution(i: Inputs, card: str) -> str:
    """Return what is wrong with a trace, or that nothing is."""
    if falls(i, card):
        return "knots out of order"
    if not any(share for _, share in knots(i, card)):
        return "no requests"
    return OK if abs(knots(i, card)[-1][1] - 1.0) < 1e-9 else "shares must end at 1"


def output_shares(i: Inputs, assumption: Assumed) -> tuple[float, ...]:
    """Return the share of a request that is output by its bin: that of the rule (assumed, or the trace's) times its scale, at most 1."""
    by_rule = (assumption["assumed_output"],) * KNOTS
    if not assumption.says("output_rule", "assumed share"):
        by_rule = shares(i, assumption.texts["workload"])
    return tuple(min(1.0, assumption["output_scale"] * share) for share in by_rule)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Requests as they are drawn: of a trace, with a share of output for each of its bins and tokens of a prefill step."""

    card: str
    output_shares: tuple[float, ...]
    chunk: float

    def tokens(self, i: Inputs, knot: int) -> Tokens:
        """Return what becomes of a length in the bin below a knot, 1 to 20."""
        share = self.output_shares[knot - 1]
        return Tokens(share, i["whole_tokens.lost"], i["whole_tokens.half_token"], i["whole_tokens.per_step"])

    @property
    def chunk_shown(self) -> float:
        """Tokens of a prefill step as the cell shows them."""
        return min(self.chunk, WHOLE_PROMPT)

    def prefill(self, prompt: ArrayLike) -> FloatArray:
        """Return the prefill steps of prompts; one each where a step takes any prompt."""
        if math.isinf(self.chunk):
            return np.where(np.asarray(prompt) > HALF_TOKEN, 1.0, 0.0)
        return ceil(np.asarray(prompt) / self.chunk)


def nodes(i: Inputs, source: Lengths, knot: int, begin: float, half: float) -> Requests:
    """Return three requests of the bin below a knot, at the nodes of the lengths from ``begin`` over twice ``half``, 0 or more tokens."""
    tokens = source.tokens(i, knot)
    length = begin + half * (1.0 + np.asarray(fleet.NODES)) + tokens.half_token
    output = tokens.output_share * length + tokens.lost
    return Requests(np.asarray(fleet.WEIGHTS), length, output, source.prefill(length - output) + output / tokens.per_step)


@cache
def upto(i: Inputs, source: Lengths, limit: float) -> Requests:
    """Return the requests of at most ``limit`` tokens."""
    found = []
    for knot, piece in enumerate(pieces(i, source.card), start=1):
        upper = min(limit, piece.upper)
        if upper > piece.lower:
            half = (upper - piece.lower) / 2
            found.append((piece.mass * 2 * half / (piece.upper - piece.lower), nodes(i, source, knot, piece.lower, half)))
    return lengths.plus(found)


class Bounds:
    """Where the pools of a study end, tokens; attributes as the columns of `case_bounds`."""

    def __init__(self, i: Inputs, key: str) -> None:
        item = assumed(i, key)
        self.longest, self.pools, window = longest(i, item.texts["workload"]), pools_by_length(i, key), item["window_1"]
        self.coded = item.says("compression", "as coded")
        self.high_1 = min(self.longest, window * item["band"] if self.coded else window) if self.pools > 1 else self.longest
        self.high_2 = max(self.high_1, min(self.longest, item["window_2"])) if self.pools > 2 else self.longest
        self.edge = self.high_1 if self.coded else max(self.high_1, min(window * item["band"], self.high_2))
        windows = [*[item["window_1"], item["window_2"]][: int(self.pools) - 1], item["long_window"]]
        self.rises = windows[0] <= windows[-1] and (self.pools < 3 or windows[0] < windows[1] <= windows[2])
        self.state = distribution(i, item.texts["workload"])
        if self.state == OK and not self.rises:
            self.state = UNORDERED
        elif self.state == OK and self.longest > item["long_window"]:
            self.state = "requests exceed the last window"
        self.cut = item["compressible"] if self.pools > 1 and not self.coded else 0.0
        self.from_zero = item.says("credit", "as printed")


bounds = cache(Bounds)


@cache
def drawn(i: Inputs, key: str) -> Lengths:
    """Return how the requests of a study are drawn."""
    item = assumed(i, key)
    compute = item.says("prefill_rule", "as compute")
    chunk = math.inf if compute else i[f"printed_profiles.{item.texts['printed_1']}.prefill_chunk"]
    return Lengths(item.texts["workload"], output_shares(i, item), chunk)


def window(i: Inputs, key: str, pool: int) -> float:
    """Return the context window of a pool; the last pool in use has the window of the last."""
    item = assumed(i, key)
    return item[f"window_{pool}"] if pool < pools_by_length(i, key) else item["long_window"]


def between(i: Inputs, key: str, pool: int) -> tuple[float, float]:
    """Return the lengths above which and up to which a pool takes requests, before the band is cut."""
    item = bounds(i, key)
    ends = (0.0, item.high_1, item.high_2, item.longest)
    return ends[pool - 1], ends[pool]


def limit_of(i: Inputs, key: str, pool: int, end: str) -> tuple[float, float]:
    """Return the length of an end, and how its sums count for the pool."""
    (low, high), item = between(i, key, pool), bounds(i, key)
    lost = item.cut if pool == 2 else 0.0
    return {
        FROM: (low, lost - 1.0),
        WINDOW: (max(low, min(high, window(i, key, pool))), 1.0),
        TO: (high, 0.0),
        EDGE: (max(low, item.edge), -lost),
    }[end]


class End(Place):
    """A length of a pool and how its sums ``counts`` for the pool; attributes as columns of `case_ends`."""

    def __init__(self, i: Inputs, key: str, pool: int, end: str) -> None:
        limit, self.counts = limit_of(i, key, pool, end)
        bins = pieces(i, drawn(i, key).card)
        within = any(limit < piece.upper for piece in bins)
        super().__init__(bins, limit, from_zero=end == FROM and bounds(i, key).from_zero and limit > 0 and within)


end_of = cache(End)


@cache
def upto_end(i: Inputs, key: str, pool: int, end: str) -> Requests:
    """Return the requests up to an end; those of its bin that are longer taken off where they are drawn from token 0."""
    item, source = end_of(i, key, pool, end), drawn(i, key)
    if not item.from_zero:
        return upto(i, source, item.limit)
    longer = item.mass * (1.0 - item.inside)
    return lengths.minus(upto(i, source, item.upper), lengths.times(nodes(i, source, item.knot, 0.0, item.upper / 2.0), longer))


class Cut:
    """A request cut to the window of a pool, with the share of output of those as long as it; attributes as columns of `case_windows`."""

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        self.window, source = window(i, key, pool), drawn(i, key)
        tokens = source.tokens(i, end_of(i, key, pool, WINDOW).knot)
        self.cut_output = tokens.output_share * self.window + tokens.lost
        self.cut_prefill = float(source.prefill(self.window - self.cut_output))
        self.cut_steps = self.cut_prefill + self.cut_output / tokens.per_step


cut_to_window = cache(Cut)


def band_output_share(i: Inputs, requests: Requests) -> float:
    """Return the share of the tokens of requests that is output, but for what whole tokens lose; 0 without any."""
    found = requests.total()
    return (requests.total(requests.output) - i["whole_tokens.lost"] * found) / requests.total(requests.length) if found else 0.0


@cache
def band(i: Inputs, key: str) -> Requests:
    """Return the requests of the band above the first pool, each with the share of output of all of them."""
    found, lost = lengths.minus(upto_end(i, key, 1, EDGE), upto_end(i, key, 1, TO)), i["whole_tokens.lost"]
    share = band_output_share(i, found)
    return replace(found, output=share * found.length + lost)


def prefill_of_cut(i: Inputs, key: str) -> float:
    """Return the prefill steps of a request of the band, cut to the first window beside the band's mean output."""
    requests = band(i, key)
    share = requests.total()
    return float(drawn(i, key).prefill(max(0.0, bounds(i, key).high_1 - requests.total(requests.output) / share))) if share else 0.0


@cache
def band_cut(i: Inputs, key: str) -> Requests:
    """Return them with their prompts cut so that they fit the first pool, and their output kept."""
    requests = band(i, key)
    steps = prefill_of_cut(i, key) + requests.output / i["whole_tokens.per_step"]
    return replace(requests, length=np.full(requests.length.shape, bounds(i, key).high_1), steps=steps)


def total_length(i: Inputs, requests: Requests) -> float:
    """Return the sum of the lengths, without the half token that stands for whole ones."""
    return requests.total(requests.length - i["whole_tokens.half_token"])


def requests_of(i: Inputs, key: str, pool: int) -> int:
    """Return the pool whose requests a pool serves."""
    return 1 if role(i, key, pool) == DECODE else pool


class Taken:
    """The requests that a pool takes, as it serves them; attributes but ``own``, ``requests`` and ``is_own`` as columns of `case_pools`.

    Those of its own lengths, those cut to its window, less and plus the part of the band that is cut; a pool that decodes only takes
    those of the pool that computes their prompts. ``is_own``: which requests have their own length, and not that of the window.
    """

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item, cut = bounds(i, key), cut_to_window(i, key, pool)
        of = requests_of(i, key, pool)
        own = lengths.plus((end_of(i, key, of, end).counts, upto_end(i, key, of, end)) for end in (FROM, WINDOW, TO, EDGE))
        self.beyond = lengths.minus(upto_end(i, key, pool, TO), upto_end(i, key, pool, WINDOW)).total()
        one = Requests(np.ones(1), *(np.full(1, value) for value in (cut.window, cut.cut_output, cut.cut_steps)))
        self.gained = item.cut if pool == 1 else 0.0
        self.own = own
        self.requests = lengths.plus([(1.0, own), (self.beyond, one), (self.gained, band_cut(i, key))])
        self.share_sum = self.requests.total()
        self.share = self.share_sum if self.share_sum > NOTHING else 0.0
        fitted = self.beyond * cut.window + self.gained * band(i, key).total() * cut.window
        before = lengths.minus(upto_end(i, key, pool, TO), upto_end(i, key, pool, FROM))
        self.low, self.high = between(i, key, pool)
        self.window = cut.window
        self.lost = item.cut if pool == 2 else 0.0
        self.length = (total_length(i, own) + fitted) / self.share if self.share else 0.0
        self.length_before = total_length(i, before) / self.share if self.share else 0.0
        self.is_own = np.arange(len(self.requests.length)) < len(own.length)

    def mean(self, total: float) -> float:
        """Return a sum over the requests as their mean, 0 without any."""
        return total / self.share if self.share else 0.0


taken = cache(Taken)
