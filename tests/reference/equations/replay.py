"""Time a request holds a slot, and its moments over the reproduction's 3,000 draws."""

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive, share
from tests.reference.equations.rounding import ceil
from tests.reference.equations.workload import Cdf

INPUT_SHARE = 0.80
"""Share of a request's tokens that is its prompt (reproduction)."""

DRAWS = 3000
SEED = 42

LOWEST_CV2 = 0.01
"""Below this the reproduction takes no squared coefficient of variation."""


@dataclass(frozen=True, slots=True)
class Server:
    """An instance as a request meets it.

    w: s, >= 0. h: s per sequence at ``calibration_length`` tokens, >= 0. prefill_chunk:
    prompt tokens of a step, >= 1. slots: sequences, whole, >= 1, all taken. window: tokens, >= 1.
    """

    w: float
    h: float
    calibration_length: float
    prefill_chunk: float
    slots: int
    window: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean service time, s; mean of its square, s^2; mean prefill of a lone request, s."""

    mean: float
    second: float
    prefill: float

    @property
    def cv2(self) -> float:
        """Squared coefficient of variation, at least 0.01."""
        return max(LOWEST_CV2, self.second / self.mean**2 - 1.0)


def prompt_and_output(length: ArrayLike, input_share: float = INPUT_SHARE) -> tuple[FloatArray, FloatArray]:
    """Split whole requests into whole prompt and output tokens.

    max(1, trunc(input_share length)) and max(1, length - prompt)

    Args:
        length: total tokens, >= 1.
        input_share: 0 < input_share <= 1.

    Returns:
        Tokens of the prompt and of the output, each in the shape of ``length``.

    Source: reproduction, service time of a request.
    """
    total = at_least("length", length, 1)
    prompt = np.maximum(1.0, np.trunc(share("input_share", input_share) * total))
    return prompt, np.maximum(1.0, total - prompt)


def service_time(prompt: ArrayLike, output: ArrayLike, length: ArrayLike, server: Server) -> FloatArray:
    """Time a request holds its slot, s: one step per prompt chunk and per output token.

    (ceil(prompt / chunk) + output) (w + h (length / L_cal) slots), as though every other
    slot held a sequence of the same length.

    Args:
        prompt: tokens, > 0.
        output: tokens, >= 0.
        length: total tokens, within the window, > 0.
        server: the instance.

    Source: reproduction, service time of a request.
    """
    stretch = positive("length", length) / positive("calibration_length", server.calibration_length)
    reading = not_negative("h", server.h) * stretch * at_least("slots", server.slots, 1)
    steps = ceil(positive("prompt", prompt) / at_least("prefill_chunk", server.prefill_chunk, 1))
    return (steps + not_negative("output", output)) * (not_negative("w", server.w) + reading)


def prefill_time(prompt: ArrayLike, server: Server) -> FloatArray:
    """Time of the prompt chunks alone, s: ceil(prompt / chunk) (w + h).

    Args:
        prompt: tokens, > 0.
        server: the instance; h counts once and is not stretched to the prompt's length.

    Source: reproduction, time to first token.
    """
    steps = ceil(positive("prompt", prompt) / at_least("prefill_chunk", server.prefill_chunk, 1))
    return steps * (not_negative("w", server.w) + not_negative("h", server.h))


def moments(prompt: ArrayLike, output: ArrayLike, length: ArrayLike, weight: ArrayLike, server: Server) -> Moments:
    """Return the moments over requests of given tokens.

    Args:
        prompt: tokens, > 0; this and the next three are arrays of one shape.
        output: tokens, >= 0.
        length: total tokens, > 0.
        weight: share of the requests, >= 0; the weights add up to 1.
        server: the instance.

    Returns:
        The moments of the service time and the mean prefill.

    """
    shares = not_negative("weight", weight)
    times = service_time(prompt, output, length, server)
    prefill = prefill_time(prompt, server)
    return Moments(*(float(np.sum(shares * each)) for each in (times, times**2, prefill)))


def drawn_lengths(lengths: Cdf, window: int, draws: int = DRAWS, seed: int = SEED) -> list[int]:
    """Draw total tokens as the reproduction does, from Python's own generator.

    Each draw picks the first knot whose share is not below a uniform number, then a whole
    number from the bin that ends there, cut at the window; the window where nothing is left.

    Args:
        lengths: the distribution, with whole knots.
        window: tokens, whole, >= 1.
        draws: how many, >= 1.
        seed: of `random.Random`.

    Returns:
        Tokens, whole, 1..window.

    Raises:
        ValueError: if a knot or the start is not whole, or outside the domains above.

    Source: reproduction, calibration of a pool.
    """
    edges = whole_edges(lengths)
    at_least("window", window, 1)
    at_least("draws", draws, 1)
    generator = random.Random(seed)  # noqa: S311  the published sequence is this generator's
    drawn = []
    for _ in range(draws):
        uniform = generator.random()
        bin_ = next(i for i, fraction in enumerate(lengths.fractions) if uniform <= fraction)
        low, high = edges[bin_] + 1, min(window, edges[bin_ + 1])
        drawn.append(generator.randint(low, high) if low <= high else window)
    return drawn


def drawn_moments(lengths: Cdf, server: Server, input_share: float = INPUT_SHARE) -> Moments:
    """Return the moments over the 3,000 draws, every draw weighing the same.

    Args:
        lengths: the distribution, with whole knots.
        server: the instance, with a whole window.
        input_share: 0 < input_share <= 1.

    Source: reproduction, calibration of a pool.
    """
    drawn = np.asarray(drawn_lengths(lengths, whole("window", server.window)), dtype=np.float64)
    return moments(*prompt_and_output(drawn, input_share), drawn, np.full(drawn.shape, 1.0 / drawn.size), server)


def whole_edges(lengths: Cdf) -> list[int]:
    """Return the start and the knots as whole numbers; raises ValueError for others."""
    return [whole("knots", edge) for edge in (lengths.start, *lengths.knots)]


def whole(name: str, value: float) -> int:
    """Return ``value`` as a whole number; raises ValueError if it is none."""
    if not float(value).is_integer():
        raise ValueError(f"{name} must be whole, got {value}")
    return int(value)
