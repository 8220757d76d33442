"""The smallest instance that holds a model, which a service on sheet Plan takes until a person states another.

GPUs of an instance come as 1, 2, 4 or 8: the first of these whose memory holds all weights and the cache of one sequence of the
longest window.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest instance of a model; fields as columns of `plan_needs`: byte, byte of a GPU or of a sequence, GPUs."""

    total: float
    usable: float
    number: float
    sequence: float
    shared: float
    copied: float
    exact: float
    gpus: float


def smallest(i: Inputs, card: str, precision: str, gpu: str, *, number: float, share: float, window: float) -> Smallest:
    """Return the smallest instance of a model in a precision on a GPU.

    Args:
        i: the inputs.
        card: the model.
        precision: that of its weights.
        gpu: the GPU.
        number: bytes of a cached number.
        share: part of its memory that the engine may use.
        window: tokens of a sequence.

    """
    served, usable = model_of(i, card, precision), i[f"hardware.{gpu}.memory"] * GIB * share
    total = all_weights(i, card, precision)
    cached = (served.kv * window + served.window_kv * min(window, served.window)) * number / SIXTEEN_BIT + served.state
    left = usable - cached / served.kv_shards
    exact = gpus_for(total, cached, usable, served.kv_shards) or MOST_GPUS
    return Smallest(
        total=total,
        usable=usable,
        number=number,
        sequence=cached,
        shared=(total + cached) / usable,
        copied=total / left if left > 0 else MOST_GPUS,
        exact=exact,
        gpus=next((gpus for gpus in DEGREES if ceil(exact / gpus) <= 1), MOST_GPUS),
    )
