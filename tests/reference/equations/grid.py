"""Requests of a workload as groups of equal ones, and a band of them that is cut to fit a pool.

Requests are spread evenly between two lengths, at the three Gauss-Legendre nodes of `fleet` and
half a token above them, since a whole length stands for the unit interval below it. Shares are
signed, for groups that are taken off others (`lengths.minus`).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tests.reference.equations import fleet
from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive
from tests.reference.equations.rounding import ceil, floor

NOTHING = 1e-9
"""A pool with a smaller share of the requests than this is none."""

UNMET = 1e9
"""USD/Mtok of a fleet that does not meet its objective."""

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Bin:
    """Requests of more than ``lower`` and up to ``upper`` tokens, and their share of all."""

    lower: float
    upper: float
    mass: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """What becomes of a length: output = output_share length + lost; decode steps take per_step tokens.

    ``half_token`` is added to every length of a bin.
    """

    output_share: float
    lost: float
    half_token: float
    per_step: float


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Groups of equal requests, arrays of one shape (n,): share of all requests, tokens, output tokens, steps."""

    share: FloatArray
    length: FloatArray
    output: FloatArray
    steps: FloatArray

    def total(self, *columns: FloatArray) -> float:
        """Return the sum of the share times the columns, arrays of shape (n,)."""
        product = self.share
        for column in columns:
            product = product * column
        return math.fsum(product)  # exact, so that requests taken from themselves leave nothing


SUMS: dict[str, Callable[[Requests], float]] = {
    "share": lambda item: item.total(),
    "steps": lambda item: item.total(item.steps),
    "steps_length": lambda item: item.total(item.steps, item.length),
    "steps_2": lambda item: item.total(item.steps, item.steps),
    "steps_2_length": lambda item: item.total(item.steps, item.steps, item.length),
    "steps_2_length_2": lambda item: item.total(item.steps, item.length, item.steps, item.length),
    "output": lambda item: item.total(item.output),
    "output_2": lambda item: item.total(item.output, item.output),
}


def nodes(part: Bin, tokens: Tokens, chunk: float) -> Requests:
    """Return the requests of a bin at its three nodes.

    Args:
        part: lower < upper, mass >= 0.
        tokens: of a request.
        chunk: prompt tokens of a prefill step, > 0.

    Source: Gauss-Legendre quadrature of order 3; steps: reproduction, service time of a request.
    """
    half = float(positive("upper - lower", part.upper - part.lower)) / 2.0
    length = part.lower + half * (1.0 + np.asarray(fleet.NODES)) + tokens.half_token
    output = tokens.output_share * length + tokens.lost
    steps = ceil((length - output) / positive("chunk", chunk)) + output / positive("per_step", tokens.per_step)
    return Requests(float(not_negative("mass", part.mass)) * np.asarray(fleet.WEIGHTS), length, output, steps)


def joined(parts: Iterable[Requests]) -> Requests:
    """Return requests in one; none of them if there are no parts."""
    columns = [(part.share, part.length, part.output, part.steps) for part in parts]
    empty = np.zeros(0)
    return Requests(*(np.concatenate([empty, *column]) for column in zip(*columns, strict=True))) if columns else Requests(*[empty] * 4)


def prefill_of_cut(band: Requests, at: float, chunk: float) -> float:
    """Return the prefill steps of a request cut to ``at`` tokens beside the band's mean output, 0 for an empty band.

    Raises:
        ValueError: unless at > 0 and chunk > 0.

    Source: FleetOpt, arXiv 2603.16514 (the prompt is cut to the split less the output).
    """
    mass = band.total()
    if not mass:
        return 0.0
    prompt = max(0.0, float(positive("at", at)) - band.total(band.output) / mass)
    return float(ceil(prompt / positive("chunk", chunk)))


def compressed(band: Requests, at: float, tokens: Tokens, chunk: float) -> Requests:
    """Cut the prompts of a band so that each request has ``at`` tokens, and keep its output.

    Args:
        band: requests of shape (n,), of more than ``at`` tokens.
        at: the split, tokens, > 0.
        tokens: of a request.
        chunk: prompt tokens of a prefill step, > 0.

    Returns:
        The same shares, of ``at`` tokens, in shape (n,).

    Source: FleetOpt, arXiv 2603.16514.
    """
    steps = prefill_of_cut(band, at, chunk) + band.output / positive("per_step", tokens.per_step)
    return replace(band, length=np.full(band.length.shape, at), steps=steps)


def coded_steps(at: float, tokens: Tokens, chunk: float) -> float:
    """Return the steps of a request of ``at`` tokens whose output is the usual share of them.

    Raises ValueError unless at, chunk and the tokens of a step are > 0.
    Source: reproduction, which cuts the length and forgets the request.
    """
    output = tokens.output_share * float(positive("at", at)) + tokens.lost
    prompt = (1.0 - tokens.output_share) * at - tokens.lost
    return float(ceil(prompt / positive("chunk", chunk)) + output / positive("per_step", tokens.per_step))


def as_coded(band: Requests, at: float, tokens: Tokens, chunk: float) -> Requests:
    """Replace a band by requests of ``at`` tokens, output too; arguments, shapes and errors as `compressed`.

    Source: arXiv 2603.17280, Table 3, by the reproduction.
    """
    steps, output = coded_steps(at, tokens, chunk), tokens.output_share * at + tokens.lost
    shape = band.length.shape
    return replace(band, length=np.full(shape, at), output=np.full(shape, output), steps=np.full(shape, steps))


def usd_per_million_tokens(usd_per_hour: float, tokens_per_second: float) -> float:
    """Return the price of a million tokens, USD.

    Args:
        usd_per_hour: of the fleet, >= 0.
        tokens_per_second: > 0.

    Source: definition; as arXiv 2603.17280, Table 5, turned over.
    """
    each = float(not_negative("usd_per_hour", usd_per_hour)) / float(positive("tokens_per_second", tokens_per_second))
    return each * (TOKENS_PER_MILLION / SECONDS_PER_HOUR)


def first_of(values: Sequence[float], best: Callable[[Sequence[float]], float]) -> int:
    """Return the place of the best of all values, the first of equals; a tie but for rounding is noted as an edge.

    Args:
        values: >= 0, at least one.
        best: max or min.

    Returns:
        The place, from 0.

    Raises:
        ValueError: outside the domain above.

    """
    at_least("number of values", len(not_negative("values", values)), 1)
    found = best(values)
    if found:
        floor(np.clip(np.asarray(values) / found, 0.5, 1.5))
    return values.index(found)
