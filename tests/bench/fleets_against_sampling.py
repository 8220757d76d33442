"""All twelve fleets of Table 3: exactly, in NumPy, against sampling with a step-by-step Erlang search.

Run: python tests/bench/fleets_against_sampling.py [repetitions]. Imports and inputs are not counted on either side;
both begin with the workloads' knots and end with instances, kW, tok/W and times to first token. CPU time.

- Sampling: 3,000 requests of each pool drawn one by one, instances counted up one by one, Erlang's formula by its
  recursion over all slots anew for each count; plain Python. It gives the instances that the paper prints.
- Exact: the mean over the distribution by three Gauss-Legendre nodes in each bin, half a token above them, every
  pool at once; Erlang's formula by the Poisson distribution; instances by bisection.

Sources: arXiv 2603.17280, Table 3, and its reproduction (vllm-project/semantic-router, src/fleet-sim, a86f4a281);
waits: Erlang 1917 and Kimura 1994. Units: s, tokens, W.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln, pdtr

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.reference.equations import cards, fleet, paper, workload
from tests.reference.printed_fleet import PRINTED_FLEET

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.reference.equations.cards import CalibratedProfile

    Floats = NDArray[np.float64]

RATE, OBJECTIVE, TAIL, CAP = 1000.0, 0.5, 0.01, 0.85
INPUT_SHARE, CREDITED_SHARE, GAMMA = 0.80, 0.20, 2
DRAWS, SEED = 3000, 42
LONG_WINDOW = 65_536
LOWEST_CV2 = 0.01
SHARE_MARGIN = 1e-6
HALF_TOKEN, LOST = 0.5, 0.4
PLACES = np.array([-math.sqrt(0.6), 0.0, math.sqrt(0.6)])
WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0

EXACT_TOK_PER_W = (5.42, 9.28, 13.73, 9.54, 15.39, 22.32, 5.22, 7.71, 9.55, 9.12, 11.07, 13.86)
"""By every whole length, weighed exactly; in the order of the printed rows."""

REQUIRED = 100.0
REPEATED = 200


class Fleet(NamedTuple):
    """A row of the table: instances, kW and tok/W of one GPU per instance, worst P99 time to first token, s."""

    instances: int
    kw: float
    tok_per_w: float
    ttft: float


@dataclass(frozen=True, slots=True)
class Case:
    """A fleet to size: lengths as (knot, cumulative share), the short pool's window and the split, 0 for one pool."""

    knots: tuple[int, ...]
    shares: tuple[float, ...]
    profile: CalibratedProfile
    short_window: int
    split: int


def cases() -> list[Case]:
    """Return the twelve fleets in the order of the printed rows."""
    profiles = cards.H100_CALIBRATED, paper.calibrated_b200()
    found = []
    for lengths, boundary in ((workload.AZURE, 4096), (workload.LMSYS, 1536)):
        knots = tuple(int(knot) for knot in lengths.knots)
        for profile in profiles:
            plans = ((0, 0), (boundary, boundary), (boundary, GAMMA * boundary))
            found += [Case(knots, lengths.fractions, profile, *plan) for plan in plans]
    return found


# Sampling, as published


Knots = list[tuple[int, float]]


def slots(profile: CalibratedProfile, window: int) -> int:
    """Return the sequences of an instance at a window: the tighter of its scheduler and its blocks."""
    return min(int(profile.max_slots * profile.calibration_length // window), profile.blocks // math.ceil(window / profile.block_tokens))


def split_knots(knots: Knots, at: int) -> tuple[float, Knots, Knots]:
    """Return the share of requests of at most ``at`` tokens, and the knots of either side, scaled."""
    below, share = (0, 0.0), 1.0
    for knot, fraction in knots:
        if knot >= at:
            share = below[1] + (fraction - below[1]) * (at - below[0]) / (knot - below[0])
            break
        below = knot, fraction
    scale = min(max(share, SHARE_MARGIN), 1.0 - SHARE_MARGIN)
    short = [(knot, fraction / scale) for knot, fraction in knots if knot < at] + [(at, 1.0)]
    long = [(knot, max(0.0, (fraction - scale) / (1.0 - scale))) for knot, fraction in knots if knot > at]
    return share, short, [*long[:-1], (long[-1][0], 1.0)]


def sampled_moments(knots: Knots, profile: CalibratedProfile, window: int) -> tuple[float, float, float]:
    """Return mean service time, its squared coefficient of variation and mean prefill of 3,000 draws."""
    generator = random.Random(SEED)  # noqa: S311  the published sequence is this generator's
    n_slots = slots(profile, window)
    times, squares, prefills = [], [], []
    for _ in range(DRAWS):
        uniform, previous = generator.random(), 0
        for knot, fraction in knots:
            if uniform <= fraction:
                low, high = previous + 1, min(window, knot)
                length = generator.randint(low, high) if low <= high else window
                prompt = max(1, int(INPUT_SHARE * length))
                chunks = math.ceil(prompt / profile.prefill_chunk)
                step = profile.w + profile.h * (length / profile.calibration_length) * n_slots
                held = (chunks + max(1, length - prompt)) * step
                times.append(held)
                squares.append(held * held)
                prefills.append(chunks * (profile.w + profile.h))
                break
            previous = knot
    mean = sum(times) / DRAWS
    return mean, max(LOWEST_CV2, sum(squares) / DRAWS / mean**2 - 1.0), sum(prefills) / DRAWS


def stepped_wait(servers: int, load: float, mean: float, cv2: float) -> float:
    """Return the P99 wait, s; Erlang B by its recursion 1/B_k = 1 + (k / load) / B_(k-1), over all servers."""
    if load >= servers:
        return math.inf
    inverse = 1.0
    for k in range(1, servers + 1):
        inverse = 1.0 + inverse * k / load
    rho = load / servers
    delayed = 1.0 / (rho + (1.0 - rho) * inverse)
    if delayed <= TAIL:
        return 0.0
    return math.log(delayed / TAIL) * mean * (1.0 + cv2) / (2.0 * (servers - load))


def sampled_pool(knots: Knots, rate: float, profile: CalibratedProfile, window: int) -> tuple[int, float, float, float]:
    """Return instances, W, credited token/s and P99 time to first token, s, of a pool."""
    mean, cv2, prefill = sampled_moments(knots, profile, window)
    n_slots = slots(profile, window)
    mu, load = n_slots / mean, rate * mean
    count = max(1, math.ceil(rate / mu) + 1)
    while stepped_wait(count * n_slots, load, mean, cv2) > OBJECTIVE:
        count += 1
    count = max(count, math.ceil(rate / (CAP * mu)))
    wait = stepped_wait(count * n_slots, load, mean, cv2)
    curve, running = profile.curve, max(1, int(load / count))
    watts = curve.p_idle + (curve.p_nominal - curve.p_idle) / (1.0 + math.exp(-curve.k * (math.log2(running) - curve.x0)))
    edges = [(0, 0.0), *knots]
    middle = sum((high - low) * (a + b) / 2.0 for (a, low), (b, high) in zip(edges, knots, strict=False))
    return count, count * watts, rate * max(1, int(CREDITED_SHARE * middle)), wait + prefill


def sampled(case: Case) -> Fleet:
    """Return a fleet by sampling."""
    knots = list(zip(case.knots, case.shares, strict=True))
    if case.split:
        share, short, long = split_knots(knots, case.split)
        plans = [(short, RATE * share, case.short_window), (long, RATE * (1.0 - share), LONG_WINDOW)]
    else:
        plans = [(knots, RATE, LONG_WINDOW)]
    pools = [sampled_pool(lengths, rate, case.profile, window) for lengths, rate, window in plans]
    instances, watts, tokens, _ = (sum(column) for column in zip(*pools, strict=True))
    return Fleet(int(instances), watts / 1e3, tokens / watts, max(pool[3] for pool in pools))


# Exact, in NumPy


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """All pools side by side: shape (p,), lengths (p, m). ``number`` is the pool's fleet."""

    number: NDArray[np.int64]
    upper: Floats
    cumulative: Floats
    split: Floats
    window: Floats
    is_long: NDArray[np.bool_]
    profile: dict[str, Floats]


PROFILE = ("w", "h", "calibration_length", "prefill_chunk", "block_tokens", "blocks", "max_slots")
CURVE = ("p_idle", "p_nominal", "k", "x0")


def side_by_side(fleets: list[Case]) -> Pools:
    """Put the pools of fleets side by side; a fleet of one pool is all short, and its long window."""
    rows = [(number, case, is_long) for number, case in enumerate(fleets) for is_long in ((False, True) if case.split else (False,))]
    profile = {name: np.array([getattr(case.profile, name) for _, case, _ in rows], dtype=float) for name in PROFILE}
    profile |= {name: np.array([getattr(case.profile.curve, name) for _, case, _ in rows]) for name in CURVE}
    return Pools(
        number=np.array([number for number, _, _ in rows]),
        upper=np.array([case.knots for _, case, _ in rows], dtype=float),
        cumulative=np.array([case.shares for _, case, _ in rows]),
        split=np.array([float(case.split) or math.inf for _, case, _ in rows]),
        window=np.array([float(LONG_WINDOW if is_long or not case.split else case.short_window) for _, case, is_long in rows]),
        is_long=np.array([is_long for _, _, is_long in rows]),
        profile=profile,
    )


def bins_of(pools: Pools) -> tuple[Floats, Floats, Floats, Floats]:
    """Return each pool's share of the requests (p,), and its bins' edges and masses (p, m).

    The first bin of a long pool begins at token 0, as published.
    """
    zero = np.zeros((len(pools.split), 1))
    lower, before = np.hstack([zero, pools.upper[:, :-1]]), np.hstack([zero, pools.cumulative[:, :-1]])
    split, is_long = pools.split[:, None], pools.is_long[:, None]
    inside = np.clip((split - lower) / (pools.upper - lower), 0.0, 1.0)
    below = (pools.cumulative - before) * inside  # of a bin's requests, those up to the split
    mass = np.where(is_long, pools.cumulative - before - below, below)
    share = mass.sum(axis=1)
    lower = np.where(is_long & (lower <= split), 0.0, lower)
    return share, lower, np.where(is_long, pools.upper, np.minimum(pools.upper, split)), mass / share[:, None]


def exact_moments(pools: Pools, lower: Floats, upper: Floats, mass: Floats, n_slots: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean service time, its squared coefficient of variation and mean prefill, shape (p,)."""
    server = {name: column[:, None, None] for name, column in pools.profile.items()}
    low, high = (np.minimum(edge, pools.window[:, None])[:, :, None] for edge in (lower, upper))
    length = (low + high) / 2.0 + (high - low) / 2.0 * PLACES + np.where(high > low, HALF_TOKEN, 0.0)
    prompt = np.maximum(1.0, INPUT_SHARE * length - LOST)
    chunks = np.ceil(prompt / server["prefill_chunk"])
    step = server["w"] + server["h"] * n_slots[:, None, None] * length / server["calibration_length"]
    held = (chunks + np.maximum(1.0, length - prompt)) * step
    weight = mass[:, :, None] * WEIGHTS
    mean, second, prefill = (np.sum(weight * each, axis=(1, 2)) for each in (held, held * held, chunks))
    return mean, np.maximum(LOWEST_CV2, second / mean**2 - 1.0), prefill * (pools.profile["w"] + pools.profile["h"])


def exact_wait(servers: Floats, load: Floats, mean: Floats, cv2: Floats) -> Floats:
    """Return the P99 waits, s: Erlang B is the chance of so many of a Poisson number that is no more."""
    blocked = np.exp(servers * np.log(load) - load - gammaln(servers + 1.0)) / pdtr(servers, load)
    rho = load / servers
    delayed = blocked / (rho * blocked + 1.0 - rho)
    return np.asarray(np.log(np.maximum(1.0, delayed / TAIL)) * mean * (1.0 + cv2) / (2.0 * (servers - load)))


def fewest(least: Floats, late: Callable[[Floats], NDArray[np.bool_]]) -> Floats:
    """Return the fewest instances, from the least on, that are not late: doubled steps, then bisection."""
    low, high, step = least - 1.0, least, 1.0
    while np.any(behind := late(high)):
        low, high, step = np.where(behind, high, low), np.where(behind, high + step, high), 2.0 * step
    while np.any(high - low > 1.0):
        middle = np.maximum(least, np.floor((low + high) / 2.0))
        behind = late(middle)
        low, high = np.where(behind, middle, low), np.where(behind, high, middle)
    return high


def exact(fleets: list[Case]) -> list[Fleet]:
    """Return all fleets, every pool at once."""
    pools = side_by_side(fleets)
    profile, window = pools.profile, pools.window
    scheduled = np.floor(profile["max_slots"] * profile["calibration_length"] / window)
    n_slots = np.minimum(scheduled, profile["blocks"] // np.ceil(window / profile["block_tokens"]))
    share, lower, upper, mass = bins_of(pools)
    mean, cv2, prefill = exact_moments(pools, lower, upper, mass, n_slots)
    load = RATE * share * mean
    least = np.maximum(np.maximum(1.0, np.ceil(load / n_slots) + 1.0), np.ceil(load / (CAP * n_slots)))
    instances = fewest(least, lambda count: exact_wait(count * n_slots, load, mean, cv2) > OBJECTIVE)
    ttft = exact_wait(instances * n_slots, load, mean, cv2) + prefill
    running = np.log2(np.maximum(1.0, np.floor(load / instances)))
    swing = (profile["p_nominal"] - profile["p_idle"]) / (1.0 + np.exp(-profile["k"] * (running - profile["x0"])))
    credited = np.maximum(1.0, np.floor(CREDITED_SHARE * np.sum(mass * (lower + upper), axis=1) / 2.0))
    columns = instances, instances * (profile["p_idle"] + swing), RATE * share * credited
    count, watts, tokens = (np.bincount(pools.number, column) for column in columns)
    worst = np.zeros(len(fleets))
    np.maximum.at(worst, pools.number, ttft)
    return [Fleet(int(n), float(w) / 1e3, float(t / w), float(s)) for n, w, t, s in zip(count, watts, tokens, worst, strict=True)]


# Both


def check(by_sampling: list[Fleet], by_integral: list[Fleet]) -> None:
    """Raise AssertionError unless sampling gives the printed figures, and the exact side those of the reference."""
    rows = list(dict.fromkeys(row for row, _ in PRINTED_FLEET))
    assert [found.instances for found in by_sampling] == [int(PRINTED_FLEET[row, "instances"]) for row in rows]
    assert [f"{found.tok_per_w:.2f}" for found in by_sampling] == [PRINTED_FLEET[row, "tok_per_w"] for row in rows]
    off = [found.tok_per_w / figure - 1.0 for found, figure in zip(by_integral, EXACT_TOK_PER_W, strict=True)]
    assert max(map(abs, off)) < 0.01, off
    for found, wanted in zip(by_integral, fleet.fleets("gauss_whole").values(), strict=True):
        assert found.instances == wanted.instances
        assert math.isclose(found.tok_per_w, wanted.tok_per_w, rel_tol=1e-9)
        assert math.isclose(found.ttft, max(pool.ttft for pool in wanted.pools), rel_tol=1e-9)
    print("instances by sampling", *(found.instances for found in by_sampling))
    print("instances exactly    ", *(found.instances for found in by_integral))
    print("tok/W exactly        ", *(f"{found.tok_per_w:.2f}" for found in by_integral))


def seconds(work: Callable[[], object], times: int) -> float:
    """Return the CPU time of one run, s, as the mean of so many."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def main() -> None:
    """Print both times and their ratio; exit with an error where the exact side is not fast enough."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    fleets = cases()
    check([sampled(case) for case in fleets], exact(fleets))
    slow: list[float] = []
    fast: list[float] = []
    for _ in range(repetitions):
        slow.append(seconds(lambda: [sampled(case) for case in fleets], 1))
        fast.append(seconds(lambda: exact(fleets), REPEATED))
    ratios = [one / other for one, other in zip(slow, fast, strict=True)]
    print(f"{repetitions} pairs: median (smallest to largest); of the exact side each is the mean of {REPEATED} runs")
    for name, figures, digits, scale, unit in (
        ("sampling", slow, 3, 1.0, "s"),
        ("exact", fast, 3, 1e3, "ms"),
        ("sampling over exact", ratios, 0, 1.0, "times"),
    ):
        middle, least, most = (f"{scale * figure:.{digits}f}" for figure in (statistics.median(figures), min(figures), max(figures)))
        print(f"{name}: {middle} {unit} ({least} to {most})")
    if statistics.median(ratios) < REQUIRED:
        sys.exit(f"less than {REQUIRED:.0f} times as fast")


if __name__ == "__main__":
    main()
