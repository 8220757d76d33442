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


def test_delay_that_underflows_is_none() -> None:
    assert queueing.erlang_c(100_000, 10.0) == 0.0
    assert queueing.erlang_c(5, 0.0) == 0.0


def test_delay_falls_with_servers_and_rises_with_load() -> None:
    assert np.all(np.diff([queueing.erlang_c(servers, 49.5) for servers in range(50, 120)]) < 0)
    assert np.all(np.diff([queueing.erlang_c(50, load) for load in np.linspace(1, 49.9, 80)]) > 0)


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


def wait_of(demand: dict[str, float], instances: int) -> float:
    """Return the P99 wait of a pool with so many instances, s."""
    servers, load = instances * int(demand["slots"]), demand["rate"] * demand["service_time"]
    delayed = queueing.erlang_c(servers, load)
    return float(queueing.wait_quantile(delayed, servers, load, demand["service_time"], demand["cv2"]))


def test_fewest_instances_keep_the_limit_and_one_fewer_breaks_it() -> None:
    drawn = drawn_demands()
    demands = [{name: float(value) for name, value in zip(drawn, row, strict=True)} for row in zip(*drawn.values(), strict=True)]
    sizings = [queueing.fewest_instances(Demand(**demand)) for demand in demands]
    by_wait = [(demand, each) for demand, each in zip(demands, sizings, strict=True) if each.waiting > max(each.floor, each.capped)]
    assert len(by_wait) >= 500
    assert sum(each.capped > each.waiting for each in sizings) >= 100
    assert all(each.instances == max(each.waiting, each.capped) for each in sizings)
    for demand, each in by_wait:
        assert wait_of(demand, each.instances - 1) > demand["slo"] >= wait_of(demand, each.instances)


def test_cap_decides_for_large_pools_and_the_floor_for_small_ones() -> None:
    large = queueing.fewest_instances(Demand(1000.0, 256, 5.0, 1.5, 0.5))
    assert (large.floor, large.waiting, large.capped, large.instances) == (21, 21, 23, 23)
    small = queueing.fewest_instances(Demand(0.1, 16, 1.0, 1.0, 0.5))
    assert (small.floor, small.waiting, small.capped, small.instances) == (2, 2, 1, 2)


def test_no_traffic_takes_one_instance() -> None:
    nothing = Demand(0.0, 16, 1.0, 1.0, 0.0)
    assert queueing.fewest_instances(nothing).instances == 1
