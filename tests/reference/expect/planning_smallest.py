"""The smallest instance that holds a model, which a service on sheet Plan takes until a person states another.

GPUs of an instance come as 1, 2, 4 or 8: the first of these whose memory holds all weights and the cache of one sequence of the
longest window.
"""

from tests.reference.equations.rounding import ceil
from tests.reference.equations.step_time import SIXTEEN_BIT
from tests.reference.expect.planning_steps import GIB, all_weights, model_of
from tests.reference.quantities import Inputs

MOST_GPUS = 8.0
DEGREES = (1.0, 2.0, 4.0, MOST_GPUS)


def gpus_for(total: float, sequence: float, usable: float, shards: float) -> float:
    """Return the fewest GPUs, as a real number, that hold weights and a sequence's cache, 0 if no number does.

    The cache of a sequence is shared out over as many GPUs as there are KV heads; every further one holds a copy of such a share.
    """
    together = (total + sequence) / usable
    if together <= shards:
        return together
    left = usable - sequence / shards
    return total / left if left > 0 else 0.0


class Smallest:
    """The smallest instance of a model; attributes as columns of `plan_needs`: byte, byte of a GPU or of a sequence, GPUs."""

    def __init__(self, i: Inputs, card: str, precision: str, gpu: str, *, number: float, share: float, window: float) -> None:
        served, self.usable = model_of(i, card, precision), i[f"hardware.{gpu}.memory"] * GIB * share
        self.total = all_weights(i, card, precision)
        self.sequence = (served.kv * window + served.window_kv * min(window, served.window)) * number / SIXTEEN_BIT + served.state
        left = self.usable - self.sequence / served.kv_shards
        self.exact = gpus_for(self.total, self.sequence, self.usable, served.kv_shards) or MOST_GPUS
        self.number = number
        self.shared = (self.total + self.sequence) / self.usable
        self.copied = self.total / left if left > 0 else MOST_GPUS
        self.gpus = next((gpus for gpus in DEGREES if ceil(self.exact / gpus) <= 1), MOST_GPUS)
