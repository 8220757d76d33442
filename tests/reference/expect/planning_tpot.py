"""The TPOT objective of a case: how many sequences of an instance meet it."""

from dataclasses import replace
from functools import cache

from tests.reference.equations import step_time as eq
from tests.reference.equations import tpot
from tests.reference.expect.chain import MICRO, MILLI
from tests.reference.expect.planning_hardware import on, served
from tests.reference.expect.planning_study import DECODE, assumed, role
from tests.reference.quantities import Inputs


def for_tokens(i: Inputs, key: str, pool: int) -> eq.Instance:
    """Return an instance with the engine's times that were fitted to the time per output token alone."""
    engine = f"engines.{assumed(i, key).texts['engine']}"
    layer, sequence = (i[f"{engine}.tpot_{name}_time"] * MICRO for name in ("layer", "sequence"))
    carried = 0.0 if role(i, key, pool) == DECODE else i[f"{engine}.tpot_carry_time"] * MILLI
    return replace(on(i, key, pool), layer=layer, sequence=sequence, carried=carried)


def once(i: Inputs, key: str, pool: int) -> float:
    """Return the ms of a step that do not grow with sequences."""
    item = served(i, key, pool)
    return item.work.verify * eq.fixed(item.model, for_tokens(i, key, pool)) / MILLI


def growing(i: Inputs, key: str, pool: int) -> tpot.Times:
    """Return the ms of a step that grow with sequences."""
    item = replace(served(i, key, pool), on=for_tokens(i, key, pool))
    return lambda n: eq.step(item, n) / MILLI - once(i, key, pool)


def left(i: Inputs, key: str, pool: int) -> float:
    """Return what the objective leaves for them, ms."""
    item = assumed(i, key)
    return item["tpot_objective"] * item["gained"] / item["time_scale"] - once(i, key, pool)


@cache
def trials(i: Inputs, key: str, pool: int, most: float) -> tpot.Trials:
    """Return the trials for the sequences that meet the objective, of as many as fit."""
    return tpot.trials(growing(i, key, pool), left(i, key, pool), most)
