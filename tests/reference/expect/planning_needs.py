"""What would give a case an answer, and what to know of one that it has: memory, windows, objective, the reach of the search."""

import math
from functools import cache

from tests.reference.equations.rounding import floor
from tests.reference.expect import search
from tests.reference.expect.chain import GIGA
from tests.reference.expect.planning_hardware import hardware, model
from tests.reference.expect.planning_instances import instance
from tests.reference.expect.planning_money import totals
from tests.reference.expect.planning_pools import POOLS, limits, service, wanted
from tests.reference.expect.planning_requests import OK, bounds, distribution, falls, taken, window
from tests.reference.expect.planning_smallest import MOST_GPUS, gpus_for
from tests.reference.expect.planning_states import trouble
from tests.reference.expect.planning_study import PREFILL, assumed, role
from tests.reference.expect.planning_tpot import growing, once
from tests.reference.quantities import Inputs


def doubled(least: float) -> float:
    """Return the first power of two above a number."""
    count = 1.0
    while count > least:
        count /= 2
    while count <= least * (1.0 + 1e-9):
        count *= 2
    return count


class Need:
    """What a pool needs; attributes as the columns of `pool_needs`: tokens, bytes, GPUs, ms."""

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item, gives, asked = assumed(i, key), hardware(i, key, pool), model(i, key)
        served, has = taken(i, key, pool), instance(i, key, pool)
        tp, self.used = item["tensor_parallel"], bool(served.share)
        mean_length, full_window = served.length + has.fixed, window(i, key, pool) + has.fixed_window
        self.sequence = mean_length if item.says("slots_rule", "paged") else full_window
        shards = i[f"models.{item.texts['model']}.kv_shards_max"]
        self.cache = self.sequence * asked.kv_per_token
        self.shared, left = (asked.total + self.cache) / gives.usable, gives.usable - self.cache / shards
        self.over = 0.0
        if self.used and not has.as_printed:
            self.over = max(0.0, asked.total + self.cache * max(1.0, tp / shards) - gives.usable * tp)
        self.exact = gpus_for(asked.total, self.cache, gives.usable, shards)
        card = f"printed_profiles.{item.of_pool('printed', pool)}"
        slots = i[f"{card}.max_slots"] * i[f"{card}.calibration_length"]
        self.copied = asked.total / left if left > 0 else 0.0
        self.gpus = doubled(self.exact) if self.over and self.exact else 0.0
        self.window = float(min(slots, i[f"{card}.blocks"] * i[f"{card}.block_size"]))
        self.prefill = service(i, key, pool).prefill if self.used else 0.0
        self.instances = search.steps(limits(i, key, pool), wanted(i, key, pool))[-1].fails if self.used else 0.0


need = cache(Need)


def tpot_alone(i: Inputs, key: str, pool: int) -> float:
    """Return the time per output token of one sequence, ms; 0 for a pool that gives none."""
    if role(i, key, pool) == PREFILL or not taken(i, key, pool).share:
        return 0.0
    step = once(i, key, pool) + growing(i, key, pool)(1.0)
    return assumed(i, key)["time_scale"] * step / assumed(i, key)["gained"]


def whole(value: float) -> str:
    """Return a number in digits, halves up."""
    return str(math.floor(value + 0.5))


def of_order(i: Inputs, key: str) -> tuple[float, float, str]:
    """Return the longest that the last window has to hold, the shortest second window (0: it is above the first), and both in words."""
    item = bounds(i, key)
    windows = [assumed(i, key)[f"window_{pool}"] for pool in (1, 2)][: int(item.pools) - 1]
    reach = max(item.longest, *windows, 0.0)
    if len(windows) > 1 and windows[0] >= windows[1]:
        return reach, windows[0] + 1, f"window 2 must be at least {whole(windows[0] + 1)} tokens"
    return reach, 0.0, f"the last window must be at least {whole(reach)} tokens"


def of_trace(i: Inputs, key: str) -> str:
    """Return what a trace that is no distribution needs."""
    card = assumed(i, key).texts["workload"]
    wrong = falls(i, card)
    if wrong:
        return f"sheet Traces: {wrong} knots are not above the one before"
    empty = distribution(i, card) == "no requests"
    return "paste requests on sheet Own traffic" if empty else "sheet Traces: the last share must be 1"


def beyond_most(gpus: float) -> tuple[str, str]:
    """Return that a node has fewer GPUs than are needed, and what helps then; nothing where it has not."""
    if gpus <= MOST_GPUS:
        return "", ""
    return f", and {whole(MOST_GPUS)} is the most", ": choose a lower weight precision, GPUs with more memory or a shorter window"


def of_memory(gpus: float, over: float) -> str:
    """Return what weights and sequences need."""
    if not gpus:
        return "needs a shorter window, or GPUs with more memory"
    most, choose = beyond_most(gpus)
    return f"needs {whole(gpus)} GPUs an instance{most} ({whole(over)} GB over){choose}"


def of_step(worst: int, tpot: float) -> str:
    """Return what helps where a step is too slow for the TPOT objective, or has no kernels."""
    if worst == 6:
        return f"the shortest TPOT objective that works is {whole(tpot)} ms"
    return "choose another precision or GPU: sheet Kernels and engines has no kernels for this pair"


def of_prices(rent: float, own: float) -> str:
    """Return which prices to enter where renting or owning costs nothing."""
    if not rent:
        return "no rental price is published: enter one" if own else "no price is published: enter both"
    return "" if own else "no purchase price is published: enter one"


class Remark:
    """What to say of a case; attributes as the columns of `case_remarks`."""

    def __init__(self, i: Inputs, key: str) -> None:
        item, needs = bounds(i, key), [need(i, key, pool) for pool in POOLS]
        self.used, last = sum(each.used for each in needs), whole(item.longest)
        self.gpus, self.over = max(each.gpus for each in needs), max(each.over for each in needs) / GIGA
        self.objective = float(floor(max(each.prefill for each in needs))) + 1.0
        self.instances, self.window = max(each.instances for each in needs), min(each.window for each in needs)
        self.reach, self.least_window_2, self.order = of_order(i, key)
        self.memory = of_memory(self.gpus, self.over)
        printed = assumed(i, key).says("capacity_rule", "as printed")
        self.sequence = f"windows must be at most {whole(self.window)} tokens" if printed else self.memory
        worst = max(trouble(i, key, pool) for pool in POOLS)
        shorter = "; more GPUs an instance shorten it" if assumed(i, key)["tensor_parallel"] < MOST_GPUS else ""
        late = f"the shortest TTFT objective that works is {whole(self.objective)} ms{shorter}"
        self.time = late if worst == 2 else f"the search must reach {whole(self.instances)} instances (sheet Cases)"
        self.cure = self.sequence if worst >= 3 else self.time
        self.tpot = float(floor(max(tpot_alone(i, key, pool) for pool in POOLS))) + 1.0
        self.step = of_step(worst, self.tpot)
        if worst >= 5:
            self.cure = self.step
        if item.state != OK:
            self.cure = of_trace(i, key) if distribution(i, assumed(i, key).texts["workload"]) != OK else self.order
        self.spare = f"{self.used} of {whole(item.pools)} pools in use (longest request: {last} tokens)" if self.used < item.pools else ""
        self.falls = falls(i, assumed(i, key).texts["workload"])
        self.trace = of_trace(i, key)
        self.most, self.choose = beyond_most(self.gpus)
        self.prices = of_prices(totals(i, key).rent, totals(i, key).own)
        self.remark = (self.prices or self.spare) if totals(i, key).answered else self.cure


remark = cache(Remark)
