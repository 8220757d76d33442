"""Expectations of sheet Draws: means over the reference's 3,000 requests, drawn anew by `replay`.

The draws are data: no input changes them. They belong to the fleets of Table 3, whatever
the rows of sheet Pools are edited to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.reference.equations import fleet, replay, workload
from tests.reference.equations.domain import FloatArray
from tests.reference.equations.rounding import ceil
from tests.reference.quantities import Inputs, expect

CHUNKS = (1024, 2048)
WORKLOADS = {"azure": ("Azure", workload.AZURE, 4096), "lmsys": ("LMSYS", workload.LMSYS, 1536)}
"""Name, lengths, and window of the short pool (tokens)."""

PARTS = {
    "all": ("all requests", "homo", 0),
    "upto_b": ("up to B", "pool", 0),
    "above_b": ("above B", "pool", 1),
    "upto_2b": ("up to 2 B", "fleetopt", 0),
    "above_2b": ("above 2 B", "fleetopt", 1),
}
"""Name, topology, and place of the pool in it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The requests of a sample in order: tokens, and steps by prefill chunk."""

    lengths: FloatArray
    steps: dict[int, FloatArray]


def samples() -> list[str]:
    """Return the keys of all samples, in order."""
    return [f"{card}_{part}" for card in WORKLOADS for part in PARTS]


def sample_name(sample: str) -> str:
    """Return the name that cells show for the key of a sample."""
    card, _, part = sample.partition("_")
    return f"{WORKLOADS[card][0]}, {PARTS[part][0]}"


def sample_of(fleet_key: str, side: str) -> str:
    """Return the sample that the reference drew for a pool of a fleet of Table 3."""
    card, topology, _ = fleet_key.split("_", 2)
    part = {"homo": ("all", "all"), "pool": ("upto_b", "above_b"), "fleetopt": ("upto_2b", "above_2b")}[topology]
    return f"{card}_{part[side == 'long']}"


@cache
def drawn(sample: str) -> Sample:
    """Draw a sample."""
    card, _, part = sample.partition("_")
    _, lengths, boundary = WORKLOADS[card]
    _, topology, place = PARTS[part]
    pool = fleet.topologies(lengths, boundary)[topology][place]
    tokens = np.asarray(replay.drawn_lengths(pool.lengths, pool.window), dtype=np.float64)
    prompt, output = replay.prompt_and_output(tokens)
    return Sample(tokens, {chunk: ceil(prompt / chunk) + output for chunk in CHUNKS})


def expect_mean(column: str, of: Callable[[FloatArray, FloatArray], FloatArray]) -> None:
    """Register a mean over the draws of a function of steps and lengths."""

    @expect(f"sampled.{column}")
    def mean(_i: Inputs, sample: str, chunk: str) -> float:
        item = drawn(sample)
        return float(np.mean(of(item.steps[int(chunk)], item.lengths)))


expect_mean("steps", lambda steps, _: steps)
expect_mean("steps_length", lambda steps, lengths: steps * lengths)
expect_mean("steps_2", lambda steps, _: steps**2)
expect_mean("steps_2_length", lambda steps, lengths: steps**2 * lengths)
expect_mean("steps_2_length_2", lambda steps, lengths: (steps * lengths) ** 2)
