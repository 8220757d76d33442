"""Board power of one GPU against the sequences in flight."""

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, finite, not_negative, positive

ROOFLINE_IDLE_SHARE = 0.43
"""Share of TDP drawn at rest, and again as the dynamic range (reproduction)."""

OPERATIONS_PER_PARAMETER = 2.0
"""FLOP of a parameter and token: one multiplication and one addition."""


def logistic_power(n: ArrayLike, p_idle: ArrayLike, p_nominal: ArrayLike, k: ArrayLike, x0: ArrayLike) -> FloatArray:
    """Power of one GPU in W with ``n`` sequences in flight on its instance.

    P(n) = p_idle + (p_nominal - p_idle) / (1 + exp(-k (log2 max(1, n) - x0)))

    Args:
        n: sequences in flight, >= 0; fewer than 1 counts as 1.
        p_idle: lower asymptote, W, >= 0.
        p_nominal: upper asymptote, W, >= p_idle.
        k: steepness per doubling of n, > 0.
        x0: log2 of the n at which half of the range is drawn; any real.

    Source: arXiv 2603.17280, Eq. 1; the clamp at n = 1: reproduction.
    """
    low = not_negative("p_idle", p_idle)
    high = at_least("p_nominal", p_nominal, low)
    sequences = np.maximum(1.0, not_negative("n", n))
    exponent = positive("k", k) * (np.log2(sequences) - finite("x0", x0))
    saturation = np.exp(-np.logaddexp(0.0, -exponent))
    return low + (high - low) * saturation


def logistic_concurrency(power: ArrayLike, p_idle: ArrayLike, p_nominal: ArrayLike, k: ArrayLike, x0: ArrayLike) -> FloatArray:
    """Sequences in flight at which the logistic curve reaches ``power``.

    n = 2^(x0 + ln((P - p_idle) / (p_nominal - P)) / k)

    Args:
        power: W per GPU, from the curve's value at n = 1 to below p_nominal.
        p_idle: lower asymptote, W, >= 0.
        p_nominal: upper asymptote, W, > p_idle.
        k: steepness per doubling of n, > 0.
        x0: log2 of the half-range n; any real.

    Returns:
        Sequences (>= 1, not rounded), in the broadcast shape of the arguments.

    Raises:
        ValueError: outside the domains above: no n gives such a power.

    Source: arXiv 2603.17280, Eq. 1 solved for b.
    """
    lowest = logistic_power(1.0, p_idle, p_nominal, k, x0)
    watts = at_least("power", power, lowest)
    above = positive("power - p_idle", watts - finite("p_idle", p_idle))
    below = positive("p_nominal - power", finite("p_nominal", p_nominal) - watts)
    doublings = finite("x0", x0) + np.log(above / below) / positive("k", k)
    return np.maximum(1.0, np.exp2(doublings))


def half_saturation(w: ArrayLike, h: ArrayLike) -> FloatArray:
    """Logistic x0 of a projected GPU: log2 of the batch at which H n equals W.

    Args:
        w: weight-streaming time of a decode step, s, > 0.
        h: KV-reading time of a sequence at the calibration length, s, > 0.

    Raises:
        ValueError: if either time is not positive and finite.

    Source: arXiv 2603.17280, Appendix A, footnote of the parameter table.
    """
    return np.log2(positive("w", w) / positive("h", h))


def kv_read_share(n: ArrayLike, h: ArrayLike, step_time: ArrayLike) -> FloatArray:
    """Share of a decode step spent reading KV: h n / step_time.

    Args:
        n: sequences in flight, >= 0.
        h: KV-reading time of one sequence, s, >= 0.
        step_time: the whole step, s, > 0.

    Source: reproduction, power of a computed profile.
    """
    busy = not_negative("n", n) * not_negative("h", h)
    return busy / positive("step_time", step_time)


def compute_share(n: ArrayLike, active_parameters: ArrayLike, tp: ArrayLike, step_time: ArrayLike, flops: ArrayLike) -> FloatArray:
    """Share of a GPU's peak arithmetic that a decode step uses.

    2 (active_parameters / tp) n / (step_time flops): two operations a parameter.

    Args:
        n: sequences in flight, >= 0 (one new token each).
        active_parameters: parameters applied to a token, > 0.
        tp: GPUs the instance is split over, >= 1.
        step_time: s, > 0.
        flops: peak FLOP/s of one GPU, > 0.

    Returns:
        Dimensionless, in the broadcast shape; above 1 if the step is too short.

    Source: reproduction, power of a computed profile.
    """
    per_gpu = positive("active_parameters", active_parameters) / at_least("tp", tp, 1)
    return arithmetic_share(n, OPERATIONS_PER_PARAMETER * per_gpu, step_time, flops)


def arithmetic_share(n: ArrayLike, operations: ArrayLike, step_time: ArrayLike, flops: ArrayLike) -> FloatArray:
    """Share of a GPU's peak arithmetic used, from the operations of one sequence.

    operations n / (step_time flops)

    Args:
        n: sequences in flight, >= 0.
        operations: of one GPU for one sequence and step, FLOP, >= 0.
        step_time: s, > 0.
        flops: peak FLOP/s of one GPU, > 0.

    Returns:
        Dimensionless, in the broadcast shape; above 1 if the step is too short.

    Source: reproduction, power of a computed profile.
    """
    done = not_negative("operations", operations) * not_negative("n", n)
    return done / (positive("step_time", step_time) * positive("flops", flops))


def roofline_power(
    tdp: ArrayLike,
    kv_fraction: ArrayLike,
    compute_fraction: ArrayLike,
    idle_share: ArrayLike = ROOFLINE_IDLE_SHARE,
    dynamic_share: ArrayLike = ROOFLINE_IDLE_SHARE,
) -> FloatArray:
    """Power of one GPU in W from how busy its memory and arithmetic are.

    tdp (idle_share + dynamic_share min(1, kv_fraction + compute_fraction))

    Args:
        tdp: thermal design power, W, > 0.
        kv_fraction: from `kv_read_share`, >= 0.
        compute_fraction: from `compute_share`, >= 0.
        idle_share: share of TDP drawn at rest, >= 0.
        dynamic_share: share of TDP added when busy throughout, >= 0.

    Source: reproduction, power of a computed profile (Tables 2 and 5 of the paper).
    """
    kv = not_negative("kv_fraction", kv_fraction)
    load = kv + not_negative("compute_fraction", compute_fraction)
    busy = not_negative("dynamic_share", dynamic_share) * np.minimum(1.0, load)
    return positive("tdp", tdp) * (not_negative("idle_share", idle_share) + busy)
