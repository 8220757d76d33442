"""Why pools and studies of the planning workbook have no answer, in words."""

from tests.reference.expect import search
from tests.reference.expect.planning_hardware import is_offered
from tests.reference.expect.planning_instances import instance, slots
from tests.reference.expect.planning_pools import POOLS, limits, service, wanted
from tests.reference.expect.planning_requests import bounds, taken
from tests.reference.expect.planning_study import assumed
from tests.reference.expect.pools import OK, UNUSED
from tests.reference.quantities import Inputs

TROUBLES = (
    *(OK, "no answer within reach", "objective shorter than prefill", "holds no sequence", "the weights do not fit"),
    "no kernels for this precision",
    "TPOT objective shorter than a step",
)
"""Why there is no answer, the worst last; of a window, who holds no sequence comes before."""


def trouble(i: Inputs, key: str, pool: int) -> int:
    """Return the place of a pool's trouble among them, 0 for none."""
    if not taken(i, key, pool).share:
        return 0
    if instance(i, key, pool).by_kernels and not is_offered(i, key, pool):
        return 5
    if not instance(i, key, pool).fits:
        return 4
    if instance(i, key, pool).by_tpot < 1 <= max(slots(i, key, pool)[2:]):
        return 6
    if instance(i, key, pool).n_slots < 1:
        return 3
    if service(i, key, pool).prefill >= assumed(i, key)["objective"]:
        return 2
    return 0 if search.is_found(limits(i, key, pool), wanted(i, key, pool)) else 1


def in_words(found: int, window: str) -> str:
    """Return a trouble in words, with a word for the window."""
    return f"{window} {TROUBLES[found]}" if found == 3 else TROUBLES[found]


def state(i: Inputs, key: str, pool: int) -> str:
    """Return why a pool has no answer, or that it has one."""
    return in_words(trouble(i, key, pool), "the window") if taken(i, key, pool).share else UNUSED


def study_state(i: Inputs, key: str) -> str:
    """Return why a study has no answer, or that it has one."""
    if bounds(i, key).state != OK:
        return bounds(i, key).state
    worst = max(trouble(i, key, pool) for pool in POOLS)
    return in_words(worst, "a window") if worst else OK
