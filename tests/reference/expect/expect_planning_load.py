"""Expectations of sheet Load."""

from collections.abc import Callable
from dataclasses import replace

from tests.reference.equations import step_time as eq
from tests.reference.equations.tpot import Trials
from tests.reference.expect import planning_load as year
from tests.reference.expect.chain import MILLI
from tests.reference.expect.planning_cases import chosen
from tests.reference.expect.planning_columns import expect_fields, expect_rows, pool_of
from tests.reference.expect.planning_hardware import served
from tests.reference.expect.planning_instances import or_one, that_fit
from tests.reference.expect.planning_measured import fit_curve
from tests.reference.expect.planning_needs import tpot_alone
from tests.reference.expect.planning_pools import POOLS, run
from tests.reference.expect.planning_states import study_state
from tests.reference.expect.planning_study import assumed
from tests.reference.expect.planning_tpot import for_tokens, left, trials
from tests.reference.expect.pools import OK
from tests.reference.quantities import PLANNING, Inputs, Value, held_by


def of_load(name: str) -> Callable[..., Value]:
    """Return the rule of a figure of an instance at a load."""
    return lambda i, level, case, pool: getattr(year.at_load(i, case, pool_of(pool), pool_of(level)), name)


def weight_of(number: int) -> Callable[..., Value]:
    """Return the rule of the share of the year at a load below the peak."""

    def weight(i: Inputs, case: str) -> float:
        found = year.profile_of(i, case)
        return found.weight(found.below[number - 2][1])

    return weight


expect_rows(
    "load_profiles",
    {
        "hours": lambda i, name: year.profile(i, name).hours,
        "load_factor": lambda i, name: year.profile(i, name).load_factor,
        "whole_year": lambda i, name: abs(year.profile(i, name).hours - 8760.0) < 0.5,
    },
)
expect_rows(
    "load_cases",
    {
        "weight_1": lambda i, case: (found := year.profile_of(i, case)).weight(found.at_peak),
        **{f"weight_l{level}": weight_of(level) for level in year.LEVELS},
        "average": lambda i, case: sum(year.average(i, case, pool) for pool in POOLS),
        "ratio": year.ratio,
    },
)


def on_pool(value: Callable[[eq.Served], float]) -> Callable[..., Value]:
    """Return the rule of a time of a pool's instance, ms."""
    return lambda i, case, pool: value(served(i, case, pool_of(pool))) / MILLI


def read(item: eq.Served) -> float:
    """Return the s in which a step reads the weights outside experts."""
    return item.work.verify * eq.rest_bytes(item.model, item.on) / item.on.bandwidth / item.on.gemm.memory


def compute_each(item: eq.Served) -> float:
    """Return the s of a sequence at the peak rate of compute, in watts of 16 bit."""
    work = eq.rest_compute(item.model, item.on, 1.0) + eq.expert_compute(item.model, item.on, 1.0)
    work += eq.latent_compute(item.model, item.on, item.work, 1.0)
    return item.on.compute_watts * (work + eq.prefill_peak(item) / eq.steps(item.work))


def with_prefill(item: eq.Served) -> float:
    """Return the s of attention and prefill of a sequence."""
    return eq.attention(item, 1.0) + eq.prefill(item) / eq.steps(item.work)


def each(item: eq.Served) -> float:
    """Return the s that grow with the sequences in flight in proportion."""
    own = eq.attention(item, 1.0) + eq.sent_time(item.model, item.on) + item.on.sequence / item.on.replicas
    return item.work.verify * own + eq.prefill(item) / eq.steps(item.work)


TIMES: dict[str, Callable[[eq.Served], float]] = {
    "once": lambda item: item.work.verify * eq.fixed(item.model, item.on),
    "prefill_each": with_prefill,
    "each": each,
    "weights_read": read,
    "weights_each": lambda item: item.work.verify * eq.rest_compute(item.model, item.on, 1.0) / item.on.gemm.compute,
    "experts_read": lambda item: item.work.verify * item.on.expert_factor * year.experts_read(item) / item.on.expert.memory,
    "experts_each": lambda item: (
        item.work.verify * item.on.expert_factor * eq.expert_compute(item.model, item.on, 1.0) / item.on.expert.compute
    ),
    "compute_each": compute_each,
}

expect_rows("load_pools", {name: on_pool(value) for name, value in TIMES.items()})
expect_rows("loads", {name: of_load(name) for name in held_by(year.AtLoad)})
expect_rows("loads", {"mean": lambda i, level, case, pool: year.mean_at(i, case, pool_of(pool), pool_of(level))})
expect_rows(
    "load_pools",
    {
        "steepness": lambda i, case, pool: fit_curve(i, assumed(i, case).of_pool("curve", pool_of(pool))).k,
        "half_way": lambda i, case, pool: fit_curve(i, assumed(i, case).of_pool("curve", pool_of(pool))).x0,
        "idle": lambda i, case, pool: year.idle(i, case, pool_of(pool)),
        "parked": lambda i, case, pool: year.parked(i, case, pool_of(pool)),
        "gpus": lambda i, case, pool: year.mean_of_year(i, case, pool_of(pool)),
        "spares": lambda i, case, pool: year.spares(i, case, pool_of(pool)),
        "average": lambda i, case, pool: year.average(i, case, pool_of(pool)),
    },
)


def tpot_each(i: Inputs, case: str, pool: str) -> float:
    """Return the ms of a sequence more in proportion, with the engine's times as fitted to TPOT."""
    item = served(i, case, pool_of(pool))
    return each(replace(item, on=for_tokens(i, case, pool_of(pool)))) / MILLI


expect_fields("load_pools", lambda i, case, pool: trials(i, case, pool_of(pool), or_one(that_fit(i, case, pool_of(pool)))), Trials)
expect_rows(
    "load_pools",
    {
        "tpot_left": lambda i, case, pool: left(i, case, pool_of(pool)),
        "tpot_each": tpot_each,
        "tpot_carry": lambda i, case, pool: for_tokens(i, case, pool_of(pool)).carried / MILLI,
        "tpot_most": lambda i, case, pool: or_one(that_fit(i, case, pool_of(pool))),
        "tpot_alone": lambda i, case, pool: tpot_alone(i, case, pool_of(pool)),
    },
)
expect_fields("load_pools", lambda i, case, pool: year.rated(i, case, pool_of(pool)), year.Rated)
for name in ("carried", "carried_gpus"):
    expect_rows("case_power", {name: lambda i, case, name=name: year.carried(i, case)[name]})
for name in ("peak", "nameplate", "provisioned", "facility", "rack"):
    expect_rows("case_power", {name: lambda i, case, name=name: year.rated_power(i, case)[name]})


def shown_level(value: Callable[[Inputs, str, int], float], pool: int) -> Callable[..., Value]:
    """Return the rule of a figure of a pool of the chosen case at a load, blank for a pool without requests or without an answer."""
    return lambda i, level: value(i, chosen(i, "chosen"), pool_of(level)) if has_answer(i, pool) else None


def has_answer(i: Inputs, pool: int) -> bool:
    """Tell whether a pool of the chosen case has requests, and the case an answer."""
    case = chosen(i, "chosen")
    return run(i, case, pool).used > 0 and study_state(i, case) == OK


def flight_of(pool: int) -> Callable[[Inputs, str, int], float]:
    """Return the rule of the sequences in flight at a load."""
    return lambda i, case, level: year.peak(i, case, pool).n if level == 1 else year.at_load(i, case, pool, level).n


def watts_of(pool: int) -> Callable[[Inputs, str, int], float]:
    """Return the rule of the W of a GPU at a load."""
    return lambda i, case, level: run(i, case, pool).drawn if level == 1 else year.at_load(i, case, pool, level).drawn


def levels(i: Inputs, level: str) -> tuple[float, float]:
    """Return (load over the peak, share of the year) of a load of the chosen case."""
    found, number = year.profile_of(i, chosen(i, "chosen")), pool_of(level)
    part, hours = (1.0, found.at_peak) if number == 1 else found.below[number - 2]
    return part, found.weight(hours)


expect_rows("load_levels", {"share": lambda i, level: levels(i, level)[0], "weight": lambda i, level: levels(i, level)[1]})
for number in (1, 2):
    expect_rows(
        "load_levels", {f"n_{number}": shown_level(flight_of(number), number), f"drawn_{number}": shown_level(watts_of(number), number)}
    )
    expect_rows("load_levels", {f"shown_{number}": lambda i, _, pool=number: has_answer(i, pool)})
# What a trial is off by is a difference that goes to nothing; spare nodes may be none
PLANNING.differences.update({"loads.off_a", "loads.off_b", "loads.off_c", "load_pools.spares"})
