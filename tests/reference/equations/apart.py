"""Prefill and decode on instances of their own: what requests in flight make of them (equations 15 and 18 to 21).

A prompt passes through the prefill instances one at a time, and a sequence then stays on a decode instance for all of its steps.
"""

from dataclasses import dataclass
from math import sqrt

from tests.reference.equations import step_time as eq
from tests.reference.equations.step_time import Served

ROUNDS = 200
MOST_BUSY = 0.98
"""Share of time that an instance computes prompts when they queue for it."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Instances by what they do, the same hardware for both but for how attention is laid out.

    ``prefill``, ``decode``: what is served on an instance of each; ``extra``: s of a prompt, and its compute at peak, that the
    equations do not know (attention over compressed tokens); ``latency``: s of the engine a request.
    """

    prefill: Served
    prefills: int
    decode: Served
    decodes: int
    extra: float
    extra_peak: float
    latency: float

    @property
    def held(self) -> float:
        """Return the s that a prompt holds a prefill instance."""
        return eq.prefill(self.prefill) + self.extra + self.prefill.on.carried

    def decoding(self, n: float) -> float:
        """Return the s of all steps of a request with ``n`` sequences on a decode instance."""
        work = self.decode.work
        return eq.steps(work) * work.verify * eq.step_decode(self.decode, max(1.0, n))


def steady(fleet: Fleet, in_flight: float) -> tuple[float, float]:
    """Return (requests/s, sequences on a decode instance) with so many requests in flight, by Little's law."""
    rate = fleet.prefills / fleet.held * MOST_BUSY
    n = 1.0
    for _ in range(ROUNDS):
        n = min(in_flight / fleet.decodes, 0.5 * n + 0.5 * rate / fleet.decodes * fleet.decoding(n))
        most = fleet.prefills / fleet.held * MOST_BUSY
        rate = 0.5 * rate + 0.5 * min(most, in_flight / (fleet.latency + fleet.held + fleet.decoding(n)))
    return rate, n


def prefill_watts(fleet: Fleet, rate: float) -> float:
    """Return the mean W of a GPU that computes prompts: idle between them, weights read once a prompt (equations 19 to 21)."""
    served, known = fleet.prefill, fleet.prefill.constants
    on, model = served.on, served.model
    whole = fleet.held
    streamed = eq.rest_bytes(model, on) / on.bandwidth + eq.expert_stream(model, on, served.work.prompt * (1.0 - served.work.hit))
    computed = on.compute_watts * (eq.prefill_peak(served) + fleet.extra_peak)
    raw = (
        on.idle
        + known.per_work * (eq.prefill(served) + fleet.extra) / whole
        + known.per_both * sqrt(on.byte_watts * min(1.0, streamed / whole) * min(1.0, computed / whole))
    )
    busy = min(1.0, rate * whole / fleet.prefills)
    return on.tdp * (on.idle + busy * (eq.held_below(raw, known) - on.idle))


def decode_watts(fleet: Fleet, n: float) -> float:
    """Return the mean W of a GPU that decodes: below one sequence it is idle for the rest of the time."""
    idle = fleet.decode.on.tdp * fleet.decode.on.idle
    return idle + min(1.0, n) * (eq.watts(fleet.decode, max(1.0, n)) - idle)
