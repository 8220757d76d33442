"""Expectations of sheet Step times: ten instances worked out."""

from functools import cache

from tests.reference.equations import step_time as eq
from tests.reference.equations.step_time import Served
from tests.reference.expect import worked
from tests.reference.expect.chain import GIGA, MILLI
from tests.reference.expect.expect_steps import expect_hardware_terms, expect_lengths, expect_power, expect_step
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.expect.planning_steps import constants
from tests.reference.quantities import Inputs


@cache
def served(i: Inputs, key: str) -> Served:
    """Return what an instance serves."""
    return worked.served(key, constants(i), i["step_constants.bandwidth_a_watt"] * GIGA, i["step_constants.in_graph"])


def at(i: Inputs, key: str) -> tuple[Served, float]:
    """Return what an instance serves, and its sequences in flight."""
    return served(i, key), worked.in_flight(key)


expect_hardware_terms("worked", lambda i, key: (served(i, key).model, served(i, key).on))
expect_lengths("worked", served)
expect_rows("worked", {"context": lambda i, key: served(i, key).work.context})
expect_step("worked_steps", at)
expect_power("worked_steps", at)
expect_rows(
    "worked_steps",
    {
        "tpot": lambda i, key: eq.step(*at(i, key)) / served(i, key).work.gained / MILLI,
        "rate": lambda i, key: eq.rate(*at(i, key)),
        "joules": lambda i, key: eq.joules(*at(i, key)),
    },
)
