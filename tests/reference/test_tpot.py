"""The TPOT objective: the sequences that the cells find against those found by halving, for dense models and routed experts."""

import pytest

from tests.reference.equations import tpot
from tests.reference.expect.planning_instances import that_fit
from tests.reference.expect.planning_tpot import growing, left, once
from tests.reference.test_every_planning_quantity import inputs

MODELS = {"mine_1": "llama_3_1_70b", "mine_2": "deepseek_v3", "mine_3": "qwen3_235b_a22b", "mine_4": "gpt_oss_120b"}


@pytest.mark.parametrize("asked", [18, 20, 25, 30, 40, 60, 80, 120])
def test_the_objective_is_met_with_nearly_as_many_sequences_as_can_be(asked: float) -> None:
    edits: dict[str, float | str] = {f"cases.{case}.model": model for case, model in MODELS.items()}
    edits |= {f"cases.{case}.tpot_objective": asked for case in MODELS} | {f"cases.{case}.tensor_parallel": 8 for case in MODELS}
    edits |= {f"cases.{case}.gpu_1": "b200_sxm" for case in MODELS}
    given = inputs(edits)
    for case in MODELS:
        times, allowed, most = growing(given, case, 1), left(given, case, 1), that_fit(given, case, 1)
        found, exact = tpot.trials(times, allowed, most).tpot_slots, tpot.most_sequences(times, allowed, most)
        if exact >= 1:
            assert once(given, case, 1) + times(found) <= 1.006 * (once(given, case, 1) + allowed) or found == 1
            assert found == pytest.approx(exact, rel=0.08, abs=1.5)
        else:
            assert found == 0
