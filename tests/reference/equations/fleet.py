"""Fleets of one or two pools: instances, power and efficiency (Table 3 of the paper).

Moments of the service time come from the reproduction's draws ("replay"), from every whole
length ("integer"), or from Gauss-Legendre nodes in each bin ("gauss": a request of 0.8 L
prompt and 0.2 L output tokens; "gauss_whole": allowing on average for whole tokens).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from tests.reference.equations import cards, metrics, paper, power, queueing, replay
from tests.reference.equations.cards import CalibratedProfile
from tests.reference.equations.domain import FloatArray, not_negative, share
from tests.reference.equations.paper import Cells
from tests.reference.equations.replay import Moments, Server
from tests.reference.equations.rounding import trunc
from tests.reference.equations.workload import AZURE, LMSYS, Cdf, bins, mean_length, split

WINDOW = 65_536
"""Tokens of the homogeneous pool and of every long pool."""

GAMMA = 2.0
"""Lengths up to this many boundaries go to FleetOpt's short pool."""

NODES = (-((3 / 5) ** 0.5), 0.0, (3 / 5) ** 0.5)
WEIGHTS = (5 / 18, 8 / 18, 5 / 18)
"""Gauss-Legendre of order 3: places in a bin from -1 to 1, and shares of it."""

HALF_TOKEN = 0.5
"""Whole lengths a + 1 .. b have the mean of the interval from a + 1/2 to b + 1/2."""

LOST_TO_TRUNCATION = 0.4
"""Mean of 0.8 L - trunc(0.8 L) over whole L, tokens (0, .8, .6, .4, .2 in turn)."""

MomentsOf = Callable[[Cdf, Server, float], Moments]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a fleet is sized for: requests/s, s, shares, GPUs of an instance."""

    rate: float = 1000.0
    slo: float = 0.5
    tail: float = queueing.WAIT_TAIL
    cap: float = queueing.UTILISATION_CAP
    input_share: float = replay.INPUT_SHARE
    credited_share: float = 0.20
    gpus: int = 8


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool's part of the traffic: share of the requests, their lengths, its window (tokens)."""

    name: str
    share: float
    lengths: Cdf
    window: int


@dataclass(frozen=True, slots=True)
class SizedPool:
    """A pool and what it takes: requests/s, s, W of one GPU; ``credited`` output tokens of a request.

    ``wait`` is the P99 (or other) quantile of the waiting time.
    """

    pool: Pool
    rate: float
    slots: int
    moments: Moments
    sizing: queueing.Sizing
    wait: float
    watts: float
    credited: int

    @property
    def instances(self) -> int:
        """Instances to run."""
        return self.sizing.instances

    @property
    def mu(self) -> float:
        """Requests/s that one instance can serve."""
        return self.slots / self.moments.mean

    @property
    def rho(self) -> float:
        """Share of the capacity in use."""
        return self.rate / (self.instances * self.mu)

    @property
    def ttft(self) -> float:
        """Time to first token, s: the quantile of the wait plus the mean prefill."""
        return self.wait + self.moments.prefill


@dataclass(frozen=True, slots=True)
class Fleet:
    """Totals over pools; ``kw`` and ``tok_per_w`` count one GPU per instance as the paper does."""

    pools: tuple[SizedPool, ...]
    instances: int
    gpus: int
    tokens_per_second: float
    kw: float
    tok_per_w: float
    gpu_kw: float
    tok_per_j: float


def integer_moments(lengths: Cdf, server: Server, input_share: float = replay.INPUT_SHARE) -> Moments:
    """Return the expectation that the 3,000 draws estimate: every whole length, weighed exactly.

    Args:
        lengths: the distribution, with whole knots; uniform over the whole numbers of a bin.
        server: the instance, with a whole window; longer requests are cut to it.
        input_share: 0 < input_share <= 1.

    Source: reproduction, calibration of a pool, without its sampling.
    """
    edges, window = replay.whole_edges(lengths), replay.whole("window", server.window)
    tokens: list[FloatArray] = []
    weights: list[FloatArray] = []
    for low, high, mass in zip(edges[:-1], edges[1:], bins(lengths)[2], strict=True):
        inside = np.arange(low + 1, min(high, window) + 1, dtype=np.float64)
        tokens.append(inside if inside.size else np.array([float(window)]))
        weights.append(np.full(tokens[-1].shape, mass / tokens[-1].size))
    length = np.concatenate(tokens)
    return replay.moments(*replay.prompt_and_output(length, input_share), length, np.concatenate(weights), server)


def continuous_moments(
    lengths: Cdf,
    server: Server,
    input_share: float = replay.INPUT_SHARE,
    shift: float = 0.0,
    lost: float = 0.0,
    rule: tuple[tuple[float, ...], tuple[float, ...]] = (NODES, WEIGHTS),
) -> Moments:
    """Return the moments when lengths spread evenly over each bin and tokens need not be whole.

    Prompts are max(1, input_share L - lost) and outputs max(1, L - prompt); chunks stay whole.

    Args:
        lengths: the distribution.
        server: the instance; a bin is cut at its window, and lies on it where it begins beyond.
        input_share: 0 < input_share <= 1.
        shift: tokens added to lengths below the window, >= 0.
        lost: prompt tokens taken off, >= 0; they are output.
        rule: places from -1 to 1 in a bin, and their weights, which add up to 1.

    Source: Gauss-Legendre quadrature of `replay.service_time`.
    """
    lower, upper, mass = bins(lengths)
    cut_low, cut_high = np.minimum(lower, server.window), np.minimum(upper, server.window)
    places, weights = (np.asarray(each, dtype=np.float64) for each in rule)
    middle, half = (cut_low + cut_high) / 2.0, (cut_high - cut_low) / 2.0
    moved = np.where(half > 0, float(not_negative("shift", shift)), 0.0)
    length = (middle + moved)[:, None] + half[:, None] * places
    prompt = np.maximum(1.0, share("input_share", input_share) * length - not_negative("lost", lost))
    output = np.maximum(1.0, length - prompt)
    return replay.moments(prompt, output, length, mass[:, None] * weights, server)


def whole_token_moments(lengths: Cdf, server: Server, input_share: float = replay.INPUT_SHARE) -> Moments:
    """Return `continuous_moments` moved by what whole tokens change on average at 80 % prompt."""
    return continuous_moments(lengths, server, input_share, HALF_TOKEN, LOST_TO_TRUNCATION)


MODES: dict[str, MomentsOf] = {
    "replay": replay.drawn_moments,
    "integer": integer_moments,
    "gauss": continuous_moments,
    "gauss_whole": whole_token_moments,
}


def homogeneous(lengths: Cdf, window: int = WINDOW) -> tuple[Pool, ...]:
    """Return the one pool that takes every request."""
    return (Pool("all", 1.0, lengths, window),)


def two_pools(lengths: Cdf, at: float, short_window: int, window: int = WINDOW, *, long_from_split: bool = False) -> tuple[Pool, ...]:
    """Return a short pool for requests of at most ``at`` tokens and a long one for the rest.

    ``at`` above ``short_window`` is FleetOpt as the reproduction codes it: what exceeds the
    short window is cut to it. Raises ValueError as `workload.split`, which the last argument reaches.
    """
    parts = split(lengths, at, long_from_split=long_from_split)
    return (Pool("short", parts.short_share, parts.short, short_window), Pool("long", parts.long_share, parts.long, window))


def topologies(lengths: Cdf, boundary: int, gamma: float = GAMMA, *, long_from_split: bool = False) -> dict[str, tuple[Pool, ...]]:
    """Return the pools of "homo", "pool" (cut at the boundary) and "fleetopt" (cut at gamma times it)."""
    return {
        "homo": homogeneous(lengths),
        "pool": two_pools(lengths, boundary, boundary, long_from_split=long_from_split),
        "fleetopt": two_pools(lengths, gamma * boundary, boundary, long_from_split=long_from_split),
    }


def credited_output(lengths: Cdf, credited_share: float) -> int:
    """Return max(1, trunc(credited_share x mean of the bins' midpoints)), tokens a request is credited with.

    Raises ValueError unless 0 < credited_share <= 1. Source: reproduction, efficiency of a fleet.
    """
    return max(1, int(trunc(share("credited_share", credited_share) * mean_length(lengths))))


def server_of(profile: CalibratedProfile, window: int) -> Server:
    """Return an instance of a profile with as many slots as the window leaves."""
    slots = paper.calibrated_slots(profile, window)
    return Server(profile.w, profile.h, profile.calibration_length, profile.prefill_chunk, slots, window)


def sized_pool(pool: Pool, profile: CalibratedProfile, mode: str = "replay", policy: Policy | None = None) -> SizedPool:
    """Size one pool.

    Args:
        pool: its traffic and window.
        profile: of an instance.
        mode: a key of `MODES`.
        policy: rate of the whole fleet, limits and shares.

    Returns:
        The pool, its moments and its sizing; the power at rho slots sequences.

    Raises:
        ValueError: for an unknown mode, or where nothing fits the window.

    Source: reproduction, sizing of a pool.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    goal = policy or Policy()
    server = server_of(profile, pool.window)
    found, slots, rate = MODES[mode](pool.lengths, server, goal.input_share), server.slots, goal.rate * pool.share
    sizing = queueing.fewest_instances(queueing.Demand(rate, slots, found.mean, found.cv2, goal.slo), goal.tail, goal.cap)
    servers, load = sizing.instances * slots, rate * found.mean
    delayed = queueing.erlang_c(servers, load)
    wait = float(queueing.wait_quantile(delayed, servers, load, found.mean, found.cv2, goal.tail))
    watts = watts_at(profile, load / sizing.instances)
    return SizedPool(pool, rate, slots, found, sizing, wait, watts, credited_output(pool.lengths, goal.credited_share))


def watts_at(profile: CalibratedProfile, n_active: float) -> float:
    """Return W of one GPU at max(1, trunc(n_active)) sequences. Source: arXiv 2603.17280, Eq. 1; reproduction."""
    curve = profile.curve
    sequences = np.maximum(1.0, trunc(n_active))
    return float(power.logistic_power(sequences, curve.p_idle, curve.p_nominal, curve.k, curve.x0))


def fleet(pools: Iterable[Pool], profile: CalibratedProfile, mode: str = "replay", policy: Policy | None = None) -> Fleet:
    """Size every pool and add them up.

    Args:
        pools: whose shares add up to 1.
        profile: of an instance.
        mode: a key of `MODES`.
        policy: rate, limits, shares and the GPUs of an instance.

    Returns:
        Instances; GPUs; credited token/s; kW and tok/W of one GPU per instance; kW and
        tok/J of all GPUs.

    Raises:
        ValueError: as `sized_pool`.

    Source: arXiv 2603.17280, Table 3; all GPUs counted: definition of energy.
    """
    goal = policy or Policy()
    sized = tuple(sized_pool(pool, profile, mode, goal) for pool in pools)
    tokens = sum(each.rate * each.credited for each in sized)
    watts = sum(each.instances * each.watts for each in sized)
    instances = sum(each.instances for each in sized)
    return Fleet(
        pools=sized,
        instances=instances,
        gpus=goal.gpus * instances,
        tokens_per_second=tokens,
        kw=watts / 1e3,
        tok_per_w=float(metrics.paper_tok_per_watt(tokens, watts)),
        gpu_kw=goal.gpus * watts / 1e3,
        tok_per_j=float(metrics.tok_per_joule(tokens, watts, goal.gpus)),
    )


WORKLOADS: dict[str, tuple[Cdf, int, str]] = {"Azure": (AZURE, 4096, "4K"), "LMSYS": (LMSYS, 1536, "1.5K")}
"""Lengths, boundary (tokens) and its name in the printed rows."""


def fleets(mode: str = "replay", policy: Policy | None = None, *, long_from_split: bool = False) -> dict[str, Fleet]:
    """Return the fleets of Table 3 by the names of its rows; arguments as `fleet` and `two_pools`."""
    profiles = {"H100": cards.H100_CALIBRATED, "B200": paper.calibrated_b200()}
    rows: dict[str, Fleet] = {}
    for workload, (lengths, boundary, size) in WORKLOADS.items():
        names = {"homo": "Homo 64K", "pool": f"Pool {size}", "fleetopt": f"FleetOpt {size} gamma 2"}
        plans = topologies(lengths, boundary, long_from_split=long_from_split)
        for gpu, profile in profiles.items():
            rows |= {f"{workload} | {names[plan]} | {gpu}": fleet(pools, profile, mode, policy) for plan, pools in plans.items()}
    return rows


def table_3(mode: str = "replay") -> Cells:
    """Three topologies on two workloads and two generations, 1,000 requests/s.

    Columns printed: instances, kw, tok_per_w (one GPU per instance), vs_h100_homo (percent
    over the workload's homogeneous H100 fleet). Beside them: gpus, gpu_kw, tok_per_j.
    """
    cells: Cells = {}
    rows = fleets(mode)
    for row, totals in rows.items():
        base = rows[f"{row.partition(' | ')[0]} | Homo 64K | H100"]
        for column in ("instances", "kw", "tok_per_w", "gpus", "gpu_kw", "tok_per_j"):
            cells[row, column] = float(getattr(totals, column))
        cells[row, "vs_h100_homo"] = 100.0 * (totals.tok_per_w / base.tok_per_w - 1.0)
    return cells
