"""The equations of step times against instances worked out by hand, to six digits, in s, byte, tokens/s, W and J.

Source: worked examples of the planning model's equations, 30 terms each of six instances and four results each of four more;
worked out apart from this project, and by LibreOffice. In them bandwidth weighs the same on all GPUs, as on H100, and kernels keep
all of their fixed times.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.reference.equations import step_time as eq
from tests.reference.equations.step_time import Served
from tests.reference.expect import worked

INSTANCES = ("llama_70b_trtllm", "llama_70b_vllm", "deepseek_sglang", "gpt_oss_vllm", "qwen_235b_trtllm", "llama_8b_speculative")

TERMS: dict[str, tuple[Callable[[Served, float], float], tuple[float, ...]]] = {
    "rest_bytes": (lambda it, _: eq.rest_bytes(it.model, it.on), (3.52712e10, 3.475e10, 1.6928e10, 3.1e09, 1.474e10, 1.5e10)),
    "rest_stream": (
        lambda it, _: eq.rest_bytes(it.model, it.on) / it.on.bandwidth,
        (0.0105287, 0.0103731, 0.00352667, 0.000402597, 0.00191429, 0.00735655),
    ),
    "rest_compute": (
        lambda it, n: eq.rest_compute(it.model, it.on, n),
        (0.00912539, 0.00449747, 0.00109495, 8.81778e-05, 0.000838542, 0.00153846),
    ),
    "linear": (lambda it, n: eq.linear(it.model, it.on, n), (0.0216535, 0.0130299, 0.00486842, 0.000506875, 0.0026239, 0.0101302)),
    "touched": (lambda it, n: eq.touched(it.model, it.on, n), (0, 0, 1, 0.868916, 1, 0)),
    "expert_stream": (lambda it, n: eq.expert_stream(it.model, it.on, n), (0, 0, 0.0170286, 0.00687621, 0.00414752, 0)),
    "expert_compute": (lambda it, n: eq.expert_compute(it.model, it.on, n), (0, 0, 0.00132168, 0.000101956, 0.000403733, 0)),
    "experts": (lambda it, n: eq.experts(it.model, it.on, n), (0, 0, 0.0250553, 0.00690478, 0.00585183, 0)),
    "kv_stream": (
        lambda it, n: eq.kv_stream(it.model, it.on, it.work, n),
        (0.00939023, 0.00149461, 0.00215501, 0.000509853, 0.0139273, 0.00133708),
    ),
    "latent_compute": (lambda it, n: eq.latent_compute(it.model, it.on, it.work, n), (0, 0, 0.00252878, 0, 0, 0)),
    "attention": (eq.attention, (0.0142276, 0.0018452, 0.0046159, 0.000592852, 0.0167798, 0.00205704)),
    "floors": (lambda it, _: eq.floors(it.model, it.on), (0.003232, 0.002176, 0.0065719, 0.001845, 0.0044415, 0.0013248)),
    "reduce": (
        lambda it, n: eq.reduce_fixed(it.model, it.on) + n * eq.sent_time(it.model, it.on),
        (0.00277044, 0.00223783, 0.00224657, 0, 0.00213474, 0),
    ),
    "step_decode": (eq.step_decode, (0.0423524, 0.0277929, 0.0463633, 0.0111503, 0.032158, 0.0144369)),
    "pre_linear": (lambda it, _: eq.prefill_parts(it)["pre_linear"], (0.0685501, 0.0130135, 0.00807008, 0.00201549, 0.0115, 0.0304284)),
    "pre_experts": (lambda it, _: eq.prefill_parts(it)["pre_experts"], (0, 0, 0.0206512, 0.00652516, 0.0155034, 0)),
    "pre_attention": (
        lambda it, _: eq.prefill_parts(it)["pre_attention"],
        (0.00116254, 5.23144e-05, 0.00233921, 0.000146212, 0.0205242, 0.000396323),
    ),
    "pre_reduce": (lambda it, _: eq.prefill_parts(it)["pre_reduce"], (0.00832203, 0.00374491, 0.00673659, 0, 0.0114695, 0)),
    "prefill": (lambda it, _: eq.prefill(it), (0.0780347, 0.0168107, 0.0377971, 0.00868686, 0.0589971, 0.0308248)),
    "carry": (lambda it, n: eq.carry(it.work, n), (0.225858, 0.302717, 0.574007, 0.0605869, 0.393469, 0.209166)),
    "step": (eq.step, (0.0668013, 0.0348532, 0.0828071, 0.0118084, 0.0694473, 0.025677)),
    "tpot": (lambda it, n: eq.step(it, n) / it.work.gained, (0.0668013, 0.0348532, 0.0828071, 0.0118084, 0.0694473, 0.0116714)),
    "tok_s": (eq.rate, (3832.26, 3672.54, 6183.05, 5419.89, 7372.5, 2741.75)),
    "tok_s_gpu": (lambda it, n: eq.rate(it, n) / it.on.gpus, (1916.13, 918.136, 772.881, 5419.89, 1843.13, 2741.75)),
    "um": (lambda it, n: eq.in_use(it, n)[0], (0.298182, 0.340506, 0.274256, 0.65959, 0.287831, 0.338576)),
    "uc": (lambda it, n: eq.in_use(it, n)[1], (0.366747, 0.238397, 0.226125, 0.0325669, 0.259803, 0.281527)),
    "work": (lambda it, n: eq.in_use(it, n)[2], (0.836182, 0.600703, 0.806612, 0.723847, 0.788427, 0.756349)),
    "raw": (eq.raw_power, (1.19666, 1.02157, 1.1288, 1.09804, 1.23375, 1.12295)),
    "watts": (eq.watts, (687.798, 653.159, 679.53, 962.519, 986.064, 387.736)),
    "joules": (eq.joules, (0.358952, 0.711397, 0.879217, 0.17759, 0.534996, 0.141419)),
}

RESULTS = {
    "deepseek_vllm": (0.0145667, 0.0171368, 3734.65, 914.492),
    "gpt_oss_h100": (0.0166916, 0.018036, 3548.46, 588.797),
    "nemotron_vllm": (0.0361766, 0.0470133, 680.658, 343.837),
    "kimi_sglang": (0.0454249, 0.072735, 3519.63, 649.606),
}
"""A step without prefill and with, tokens/s, W: recurrent state, window layers, mxfp4 on Hopper, int4, a share kept above a half."""


def _as_printed(key: str) -> Served:
    item = worked.served(key, worked.CONSTANTS)
    return replace(item, on=replace(item.on, byte_watts=1.0, in_graph=1.0))


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_that_of_the_worked_examples(term: str) -> None:
    equation, wanted = TERMS[term]
    found = [equation(_as_printed(key), worked.in_flight(key)) for key in INSTANCES]
    assert found == pytest.approx(list(wanted), rel=6e-6)


@pytest.mark.parametrize("key", RESULTS)
def test_results_are_those_of_the_worked_examples(key: str) -> None:
    item, n = _as_printed(key), worked.in_flight(key)
    assert (eq.step_decode(item, n), eq.step(item, n), eq.rate(item, n), eq.watts(item, n)) == pytest.approx(RESULTS[key], rel=6e-6)


def test_power_stays_below_its_limit_and_bends_into_it() -> None:
    assert [eq.held_below(raw, worked.CONSTANTS) for raw in (0.2, 1.0, 1.5)] == pytest.approx([0.199998, 0.92242, 0.989999], abs=5e-6)
    assert eq.held_below(50.0, worked.CONSTANTS) == worked.CONSTANTS.limit
