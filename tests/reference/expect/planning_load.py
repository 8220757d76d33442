"""Load over the year of the planning workbook's cases: sequences in flight and power at each load, and their average."""

from dataclasses import dataclass
from functools import cache

from tests.reference.equations import load
from tests.reference.equations import step_time as eq
from tests.reference.equations.rounding import ceil
from tests.reference.expect.planning_cases import number_of
from tests.reference.expect.planning_hardware import on, prefill_board, served
from tests.reference.expect.planning_measured import fit_curve
from tests.reference.expect.planning_nodes import at_load as watts_at
from tests.reference.expect.planning_nodes import nameplate, outside
from tests.reference.expect.planning_pools import POOLS, Run, curve_scale, is_by_curve, run
from tests.reference.expect.planning_states import study_state
from tests.reference.expect.planning_study import PREFILL, assumed, role
from tests.reference.expect.pools import KILO, OK
from tests.reference.quantities import Inputs

LEVELS = (2, 3, 4, 5)
"""Loads below the peak, as the columns of sheet Load number them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Hours at the peak, and (share of the peak rate, hours) of each load below it."""

    at_peak: float
    below: tuple[tuple[float, float], ...]

    @property
    def hours(self) -> float:
        """All hours."""
        return self.at_peak + sum(hours for _, hours in self.below)

    @property
    def load_factor(self) -> float:
        """Mean load over the peak, 0 without hours."""
        carried = self.at_peak + sum(share * hours for share, hours in self.below)
        return carried / self.hours if self.hours else 0.0

    def weight(self, hours: float) -> float:
        """Return the share of the year that some hours are, 0 without hours."""
        return hours / self.hours if self.hours else 0.0


@cache
def profile(i: Inputs, name: str) -> Profile:
    """Return a load profile."""
    cells = f"load_profiles.{name}"
    return Profile(i[f"{cells}.hours_1"], tuple((i[f"{cells}.share_{n}"], i[f"{cells}.hours_{n}"]) for n in LEVELS))


def profile_of(i: Inputs, case: str) -> Profile:
    """Return the load profile of a case."""
    return profile(i, assumed(i, case).texts["load_profile"])


@cache
def peak(i: Inputs, case: str, pool: int) -> load.Peak:
    """Return an instance of a pool at the peak, with at least one sequence in flight."""
    item = served(i, case, pool)
    streamed = eq.rest_bytes(item.model, item.on) / item.on.bandwidth / item.on.gemm.memory
    routed = item.on.expert_factor * experts_read(item) / item.on.expert.memory
    empty = item.work.verify * (eq.fixed(item.model, item.on) + streamed + routed)
    return load.Peak(max(1.0, run(i, case, pool).in_flight), lambda n: eq.step(item, n), empty)


def experts_read(item: eq.Served) -> float:
    """Return the s in which all routed experts are read at full bandwidth."""
    return item.model.routed * item.model.weight_bytes / item.on.gpus / item.on.bandwidth


def share(i: Inputs, case: str, pool: int, level: int) -> float:
    """Return the load of an instance in use over the peak: an autoscaled fleet keeps as few in use as carry it."""
    asked, used = profile_of(i, case).below[level - 2][0], run(i, case, pool).used
    return float(asked * used / ceil(asked * used)) if assumed(i, case).says("scaling", "autoscaled") and used else asked


def by_curve(i: Inputs, case: str, pool: int, n: float, of_peak: float) -> float:
    """Return the W of a GPU by the curve of the case with ``n`` in flight, prefill in proportion to the load."""
    item, busy = assumed(i, case), run(i, case, pool).busy * of_peak
    curve = fit_curve(i, item.of_pool("curve", pool))
    decode = curve.watts(max(1.0, n)) * curve_scale(i, item, pool)
    return decode * (1.0 - busy) + prefill_board(i, case, pool) * busy


class AtLoad:
    """An instance of a pool at a load; attributes as the columns of `load_pools` that have its number: W of a GPU."""

    def __init__(self, i: Inputs, case: str, pool: int, level: int) -> None:
        item, full, self.share = served(i, case, pool), peak(i, case, pool), share(i, case, pool, level)
        self.try_a, self.try_b, self.try_c, self.n = load.trials(full, self.share)
        whole = self.n * full.step(full.n) / (self.share * full.n)
        self.streams, _, self.work = eq.in_use(item, self.n, whole)
        self.raw = eq.raw_power(item, self.n, whole)
        kernels = eq.held_below(self.raw, item.constants) * item.on.tdp
        prompts = role(i, case, pool) == PREFILL
        decoding = by_curve(i, case, pool, self.n, self.share) if is_by_curve(i, case, pool) else kernels
        self.gpu = prefill_board(i, case, pool) if prompts else decoding
        busy = self.share * run(i, case, pool).busy if prompts else self.n
        self.drawn = load.with_idle(busy, self.gpu, idle(i, case, pool)) * assumed(i, case)["power_scale"]
        self.off_a, self.off_b, self.off_c = (load.residual(full, self.share, each) for each in (self.try_a, self.try_b, self.try_c))


at_load = cache(AtLoad)


def idle(i: Inputs, case: str, pool: int) -> float:
    """Return the loaded idle W of a GPU."""
    return on(i, case, pool).idle * on(i, case, pool).tdp


def parked(i: Inputs, case: str, pool: int) -> float:
    """Return the W of a parked GPU."""
    item = assumed(i, case)
    return item["power_scale"] * item["parked"] * idle(i, case, pool)


def at_level(i: Inputs, case: str, pool: int, level: int) -> float:
    """Return the kW of a pool's GPUs at a load, those scaled away parked."""
    if level == 1:
        return run(i, case, pool).power
    item, found = at_load(i, case, pool, level), run(i, case, pool)
    asked = profile_of(i, case).below[level - 2][0]
    in_use = asked / item.share
    return found.gpus * (in_use * item.drawn + (1.0 - in_use) * parked(i, case, pool)) / KILO


def mean_at(i: Inputs, case: str, pool: int, level: int) -> float:
    """Return the kW of a pool's GPUs at a load by its share of the year."""
    year = profile_of(i, case)
    hours = (year.at_peak, *(hours for _, hours in year.below))
    return year.weight(hours[level - 1]) * at_level(i, case, pool, level)


@cache
def mean_of_year(i: Inputs, case: str, pool: int) -> float:
    """Return the kW of a pool's GPUs over the year."""
    return sum(mean_at(i, case, pool, level) for level in (1, *LEVELS))


def spares(i: Inputs, case: str, pool: int) -> float:
    """Return the kW of a pool's GPUs outside instances and of its spare nodes."""
    item, found = assumed(i, case), run(i, case, pool)
    if item.says("spares", "not counted"):
        return 0.0
    each = parked(i, case, pool) if item.says("spares", "parked") else item["power_scale"] * idle(i, case, pool)
    gpus = (found.provisioned * server_gpus(i, case, pool) - found.gpus) * each / KILO
    return gpus + (spare_hosts(found) if item.says("spares", "loaded") else 0.0)


def server_gpus(i: Inputs, case: str, pool: int) -> float:
    """Return the GPUs of a node."""
    return i[f"servers.{assumed(i, case).of_pool('server', pool)}.gpus"]


def spare_hosts(found: Run) -> float:
    """Return the kW of the hosts of spare nodes, each as much as that of a node in use."""
    return found.host_power / found.nodes * (found.provisioned - found.nodes) if found.nodes else 0.0


def average(i: Inputs, case: str, pool: int) -> float:
    """Return the kW of a pool over the year: GPUs, hosts and spare nodes."""
    return mean_of_year(i, case, pool) + run(i, case, pool).host_power + spares(i, case, pool)


@cache
def ratio(i: Inputs, case: str) -> float:
    """Return average over peak power of a case, 0 without an answer."""
    at_peak = sum(run(i, case, pool).power + run(i, case, pool).host_power for pool in POOLS)
    return sum(average(i, case, pool) for pool in POOLS) / at_peak if study_state(i, case) == OK else 0.0


class Rated:
    """What a pool's nodes draw at most and are provisioned for, spares included; attributes as columns of `load_pools`: kW, kW of a rack.

    GPUs are at the limit of kernels, hosts at that of the server's card.
    """

    def __init__(self, i: Inputs, case: str, pool: int) -> None:
        item, nodes = assumed(i, case), run(i, case, pool).provisioned
        card = item.of_pool("server", pool)
        gpus = i[f"servers.{card}.gpus"] * i["step_constants.limit"] * on(i, case, pool).tdp
        hosts = item["host"] * item["host_scale"] * outside(i, card, watts_at(i, card, "full"))
        rating = i[f"servers.{card}.max_power"]
        self.gpus_at_limit = nodes * gpus / KILO
        self.peak = nodes * (gpus + hosts) / KILO
        self.nameplate = nodes * nameplate(i, card)
        self.provisioned = nodes * rating
        self.rack = rating * i[f"servers.{card}.nodes_per_rack"] if nodes else 0.0


rated = cache(Rated)


PER_MEGAWATT = ("carried", "carried_gpus")


def carried(i: Inputs, case: str) -> dict[str, float]:
    """Return the requests/s and the GPUs of a megawatt of what a case is provisioned for at the wall; 0 without an answer."""
    megawatts = rated_power(i, case)["facility"] / KILO
    gpus = sum(run(i, case, pool).gpus for pool in POOLS) if megawatts else 0.0
    return (
        {"carried": number_of(i, case, "rate") / megawatts, "carried_gpus": gpus / megawatts}
        if megawatts
        else dict.fromkeys(PER_MEGAWATT, 0.0)
    )


def rated_power(i: Inputs, case: str) -> dict[str, float]:
    """Return the peak (at the wall), nameplate and provisioned kW of a case, and the kW of its largest rack; 0 without an answer."""
    pools = [rated(i, case, pool) for pool in POOLS] if study_state(i, case) == OK else []
    provisioned, pue = sum(each.provisioned for each in pools), assumed(i, case)["pue"]
    return {
        "peak": pue * sum(each.peak for each in pools),
        "nameplate": sum(each.nameplate for each in pools),
        "provisioned": provisioned,
        "facility": provisioned * pue,
        "rack": max((each.rack for each in pools), default=0.0),
    }
