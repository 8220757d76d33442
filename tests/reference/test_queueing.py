"""Waiting and sizing against textbook formulas in high precision, and against each other."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.reference.equations import queueing
from tests.reference.equations.queueing import Demand

CASES = 2000


def exact_erlang_c(servers: int, load: float) -> Decimal:
    """Delay formula by its definition, sums of load^k / k!, to 50 digits."""
    with localcontext() as context:
        context.prec = 50
        erlangs = Decimal(load)
        term = total = Decimal(1)
        for k in range(1, servers):
            term *= erlangs / k
            total += term
        waiting = term * erlangs / servers * servers / (servers - erlangs)
        return waiting / (total + waiting)


def relative_error(value: float, exact: Decimal) -> float:
    return float(abs(Decimal(value) / exact - 1))


# Erlang C


@pytest.mark.parametrize("rho", [0.0, 1e-9, 0.3, 0.85, 0.999999])
def test_delay_of_one_and_of_two_servers(rho: float) -> None:
    assert queueing.erlang_c(1, rho) == pytest.approx(rho, rel=1e-14)
    assert queueing.erlang_c(2, 2 * rho) == pytest.approx(2 * rho**2 / (1 + rho), rel=1e-14)


@pytest.mark.parametrize(("servers", "load", "delayed"), [(3, 2.0, 4 / 9), (10, 8.0, 0.4092), (100, 90.0, 0.2169)])
def test_delay_of_textbook_queues(servers: int, load: float, delayed: float) -> None:
    assert queueing.erlang_c(servers, load) == pytest.approx(delayed, abs=5e-5)


@pytest.mark.parametrize("rho", [0.001, 0.3, 0.85, 0.97, 0.999, 0.99999])
@pytest.mark.parametrize("servers", [1, 2, 7, 16, 100, 671, 2256, 10_000, 32_768])
def test_delay_agrees_with_its_definition(servers: int, rho: float) -> None:
    exact = exact_erlang_c(servers, rho * servers)
    value = queueing.erlang_c(servers, rho * servers)
    if exact < Decimal("1e-300"):
        assert value < 1e-299
    else:
        assert relative_error(value, exact) < 1e-12


@pytest.mark.parametrize("spare", [0.5, 30, 300, 1000, 4000, 10_000])
def test_delay_of_a_hundred_thousand_servers(spare: float) -> None:
    servers = 100_000
    exact = exact_erlang_c(servers, servers - spare)
    assert relative_error(queueing.erlang_c(servers, servers - spare), exact) < 1e-12
    assert float(queueing.erlang_c_of(servers, servers - spare)) == pytest.approx(float(exact), rel=1e-12)


def test_delay_that_underflows_is_none() -> None:
    assert queueing.erlang_c(100_000, 10.0) == 0.0
    assert queueing.erlang_c(5, 0.0) == 0.0
    assert queueing.erlang_c_of([5, 100_000], [0.0, 10.0]).tolist() == [0.0, 0.0]


def test_arrays_agree_with_single_queues() -> None:
    random = np.random.default_rng(1917)
    servers = random.integers(1, 3000, 60)
    load = servers * random.uniform(0, 1, 60)
    singles = [queueing.erlang_c(int(c), float(a)) for c, a in zip(servers, load, strict=True)]
    np.testing.assert_allclose(queueing.erlang_c_of(servers, load), singles, rtol=1e-13)
    assert queueing.erlang_c_of([[3], [4]], [1.0, 2.0]).shape == (2, 2)


def test_delay_falls_with_servers_and_rises_with_load() -> None:
    assert np.all(np.diff(queueing.erlang_c_of(np.arange(50, 120), 49.5)) < 0)
    assert np.all(np.diff(queueing.erlang_c_of(50, np.linspace(1, 49.9, 80))) > 0)


@pytest.mark.parametrize(("servers", "load"), [(0, 0.0), (2.5, 1.0), (3, 3.0), (3, 4.0), (3, -1.0), (3, math.nan), (math.inf, 1.0)])
def test_queues_without_a_delay_are_refused(servers: float, load: float) -> None:
    with pytest.raises(ValueError, match="must"):
        queueing.erlang_c(servers, load)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must"):
        queueing.erlang_c_of(servers, load)


# Waiting


@pytest.mark.parametrize("rho", [0.02, 0.5, 0.9])
def test_wait_of_a_single_exponential_server_is_exact(rho: float) -> None:
    wait = queueing.wait_quantile(queueing.erlang_c(1, rho), 1, rho, 2.0, 1.0)
    assert float(wait) == pytest.approx(math.log(rho / 0.01) * 2.0 / (1 - rho))


def test_nobody_beyond_the_tail_waits() -> None:
    assert queueing.wait_quantile([0.0, 0.005, 0.01], 10, 5, 1.0, 1.0).tolist() == [0, 0, 0]
    assert queueing.wait_quantile(0.04, 10, 5, 1.0, 1.0, tail=0.05) == 0


def test_wait_grows_with_variation() -> None:
    waits = queueing.wait_quantile(0.5, 10, 9, 1.0, [0.0, 1.0, 3.0])
    np.testing.assert_allclose(waits / waits[0], [1, 2, 4])


@pytest.mark.parametrize("change", [{"delayed": -0.1}, {"service_time": 0.0}, {"cv2": -1.0}, {"tail": 0.0}, {"load": 10.0}])
def test_waits_outside_the_domain_are_refused(change: dict[str, float]) -> None:
    valid = {"delayed": 0.5, "servers": 10.0, "load": 9.0, "service_time": 1.0, "cv2": 1.0}
    with pytest.raises(ValueError, match="must"):
        queueing.wait_quantile(**(valid | change))


# Sizing


def drawn_demands() -> dict[str, NDArray[np.float64]]:
    """Pools of which many are bound by the wait: few slots, long and uneven service, tight limits."""
    random = np.random.default_rng(20260318)
    slots = np.floor(np.exp2(random.uniform(0, 6, CASES))).astype(np.float64)
    service_time = np.exp2(random.uniform(-3, 6, CASES))
    busy = np.exp2(random.uniform(-2, 12, CASES))
    return {
        "rate": busy / service_time,
        "slots": slots,
        "service_time": service_time,
        "cv2": np.exp2(random.uniform(-4, 10, CASES)),
        "slo": np.where(random.random(CASES) < 0.05, 0.0, np.exp2(random.uniform(-14, 0, CASES))),
    }


def test_stepping_and_bisection_agree() -> None:
    drawn = drawn_demands()
    sizings = [
        queueing.fewest_instances(Demand(**{name: float(value) for name, value in zip(drawn, row, strict=True)}))
        for row in zip(*drawn.values(), strict=True)
    ]
    by_wait = [each for each in sizings if each.waiting > max(each.floor, each.capped)]
    assert len(by_wait) >= 500
    assert sum(each.capped > each.waiting for each in sizings) >= 100
    found = queueing.fewest_instances_of(Demand(**drawn))
    np.testing.assert_array_equal(found, [each.instances for each in sizings])


def test_one_instance_fewer_breaks_the_limit() -> None:
    demand = Demand(rate=4.0, slots=2, service_time=10.0, cv2=5.0, slo=0.05)
    sizing = queueing.fewest_instances(demand)
    assert sizing.instances == sizing.waiting > max(sizing.floor, sizing.capped)
    waits = [
        queueing.wait_quantile(queueing.erlang_c(2 * count, 40.0), 2 * count, 40.0, 10.0, 5.0)
        for count in (sizing.instances - 1, sizing.instances)
    ]
    assert waits[0] > 0.05 >= waits[1]


def test_cap_decides_for_large_pools_and_the_floor_for_small_ones() -> None:
    large = queueing.fewest_instances(Demand(1000.0, 256, 5.0, 1.5, 0.5))
    assert (large.floor, large.waiting, large.capped, large.instances) == (21, 21, 23, 23)
    small = queueing.fewest_instances(Demand(0.1, 16, 1.0, 1.0, 0.5))
    assert (small.floor, small.waiting, small.capped, small.instances) == (2, 2, 1, 2)


def test_no_traffic_takes_one_instance() -> None:
    nothing = Demand(0.0, 16, 1.0, 1.0, 0.0)
    assert queueing.fewest_instances(nothing).instances == 1
    assert queueing.fewest_instances_of(nothing) == 1


@pytest.mark.parametrize(
    ("name", "bad"), [("rate", -1.0), ("slots", 0), ("slots", 1.5), ("service_time", 0.0), ("cv2", -0.1), ("slo", -0.1), ("slo", math.nan)]
)
def test_demands_outside_the_domain_are_refused(name: str, bad: float) -> None:
    valid = {"rate": 5.0, "slots": 4.0, "service_time": 2.0, "cv2": 1.0, "slo": 0.5}
    demand = Demand(**(valid | {name: bad}))
    with pytest.raises(ValueError, match="must"):
        queueing.fewest_instances(demand)
    with pytest.raises(ValueError, match="must"):
        queueing.fewest_instances_of(demand)


@pytest.mark.parametrize(("tail", "cap"), [(0.0, 0.85), (1.5, 0.85), (0.01, 0.0), (0.01, 1.1)])
def test_policies_outside_the_domain_are_refused(tail: float, cap: float) -> None:
    demand = Demand(5.0, 4, 2.0, 1.0, 0.5)
    with pytest.raises(ValueError, match="must"):
        queueing.fewest_instances(demand, tail, cap)
    with pytest.raises(ValueError, match="must"):
        queueing.fewest_instances_of(demand, tail, cap)
