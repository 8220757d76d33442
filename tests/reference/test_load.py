"""Load over the year: sequences in flight at shares of the peak against a worked example, and the trials of the cells against the law."""

from collections.abc import Iterator

import pytest

from tests.reference.equations import load
from tests.reference.equations import step_time as eq
from tests.reference.expect import planning_load as year
from tests.reference.expect import worked
from tests.reference.expect.planning_declared import CASES
from tests.reference.expect.planning_hardware import served
from tests.reference.expect.planning_pools import POOLS, run
from tests.reference.expect.planning_steps import constants
from tests.reference.quantities import Inputs
from tests.reference.test_every_planning_quantity import inputs

LOADS = {1.0: (128.0, 0.711), 0.8: (84.5, 0.880), 0.6: (54.4, 1.141), 0.4: (31.9, 1.615), 0.2: (14.3, 2.853), 0.05: (3.3, 8.983)}
"""Sequences in flight and J/token of Llama-3.1-70B on 4 H100 (vLLM 2025, 300 in, 355 out, 128 in flight at the peak), worked out apart."""

EXPERTS: dict[str, float | str] = {
    "cases.mine_1.model": "deepseek_v3",
    "cases.mine_1.attention": "replicated",
    "cases.mine_1.gpu_1": "b200_sxm",
    "cases.mine_2.model": "gpt_oss_120b",
    "cases.mine_3.model": "qwen3_235b_a22b",
    "cases.mine_3.tensor_parallel": 8,
    "cases.mine_4.engine": "trtllm_2026",
}


@pytest.mark.parametrize(("share", "expected"), LOADS.items())
def test_sequences_in_flight_and_energy_are_those_of_the_worked_example(share: float, expected: tuple[float, float]) -> None:
    item, n = worked.served("llama_70b_vllm", constants(inputs()), in_graph=1.0), worked.in_flight("llama_70b_vllm")
    peak = load.Peak(n, lambda each: eq.step(item, each), eq.step_decode(item, 0.0))
    found = load.in_flight(peak, share)
    assert found == pytest.approx(expected[0], abs=0.051)
    assert eq.joules(item, found) == pytest.approx(expected[1], abs=6e-4)
    assert load.trials(peak, share)[-1] == pytest.approx(found, rel=1e-6)


def pools_in_use(given: Inputs) -> Iterator[tuple[bool, load.Peak]]:
    """Give (whether it has routed experts, its peak) of each pool of each case that is in use."""
    for case in CASES:
        for pool in POOLS:
            if run(given, case, pool).used:
                yield served(given, case, pool).model.experts > 0, year.peak(given, case, pool)


@pytest.mark.parametrize("share", [0.95, 0.8, 0.6, 0.4, 0.2, 0.05])
def test_three_secants_lead_to_the_law(share: float) -> None:
    found = [(experts, load.trials(peak, share)[-1] / load.in_flight(peak, share) - 1.0) for experts, peak in pools_in_use(inputs(EXPERTS))]
    assert {experts for experts, _ in found} == {False, True}
    assert max(abs(error) for experts, error in found if not experts) < 1e-6
    assert max(abs(error) for _, error in found) < 2e-4


def test_the_varied_profile_has_a_load_factor_of_0_590() -> None:
    assert year.profile(inputs(), "varied").load_factor == pytest.approx(0.590, abs=5e-13)
    assert year.profile(inputs(), "constant").load_factor == 1.0


def test_below_one_sequence_in_flight_a_gpu_idles_in_the_rest_of_the_time() -> None:
    assert load.with_idle(0.25, 500.0, 140.0) == 230.0
    assert load.with_idle(7.0, 500.0, 140.0) == 500.0
