"""Prefill and decode apart, against measured fleets: joules of an input token, and how watts divide between the two.

Figures: 14 runs of DeepSeek-V4-Pro in fp4 on B200, 8,192 tokens in and 1,024 out at most, 80 to 100% of both drawn (SemiAnalysis
InferenceX, exported 2026-09-05; board power over the whole run). No constant of the equations was fitted to them.
"""

import csv
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from tests.reference.equations import apart
from tests.reference.equations.apart import Fleet
from tests.reference.equations.step_time import Instance, Model, Served, Work
from tests.reference.expect.chain import TERA
from tests.reference.expect.planning_steps import constants, instance_of, kernel
from tests.reference.quantities import Inputs
from tests.reference.test_every_planning_quantity import inputs
from workbook.declare.packaged import packaged

RUNS = Path(packaged()) / "evidence" / "apart.csv"
GPU, KERNELS, GPUS = "b200_sxm", "b200", 8.0
ENGINES = {"vLLM": "vllm_2026", "SGLang": "sglang_2026"}
REPLICATED = "replicated attention"
PROMPT, OUTPUT = 0.9 * 8192, 0.9 * 1024
DRAFTED, VERIFY = 2.0, 1.3
"""Tokens gained and cost of a step with the model's own drafts (one run): assumed, not published with it."""

COMPRESSED = {4: 30, 128: 31}
"""Layers by how many tokens share an entry of their cache (the model's configuration)."""

WINDOW, CHOSEN, HEADS, WIDTH, INDEX_HEADS, INDEX_WIDTH = 128, 1024, 128, 512, 64, 128

MODEL = Model(
    rest=23.5e9,  # 49 of 1,600 bn parameters active, less routed experts and embedding: the maker's counts
    routed=3.0 * 7168 * 3072 * 384 * 61,
    kept=0.0,
    weight_bytes=0.53125,
    experts=384,
    taken=6,
    layers=61,
    moe_layers=61,
    attention_layers=61,
    layer_kernels=7,
    hidden=7168,
    width=0.0,  # attention over compressed tokens is worked out below
    kv=2.0 * WIDTH * sum(layers / share for share, layers in COMPRESSED.items()),
    kv_shards=1,
    kv_heads=1,
    window_kv=2.0 * WIDTH * 61,
    window=WINDOW,
    state=0.0,
    latent_work=0.0,
)


def attended(prompt: float) -> float:
    """Return the FLOP of a prompt's attention: an index over the entries of a quarter, the best of them, all of a 128th, a window."""
    indexed = 2.0 * INDEX_HEADS * INDEX_WIDTH * prompt / 4.0 / 2.0
    chosen = 4.0 * HEADS * WIDTH * (min(CHOSEN, prompt / 4.0 / 2.0) + WINDOW)
    coarse = 4.0 * HEADS * WIDTH * (prompt / 128.0 / 2.0 + WINDOW)
    return prompt * (COMPRESSED[4] * (indexed + chosen) + COMPRESSED[128] * coarse)


def instance(i: Inputs, engine: str, replicas: float) -> Instance:
    """Return eight GPUs: experts in fp4, all else in fp8 by block."""
    found = instance_of(i, GPU, engine, MODEL, "nvfp4", GPUS, replicas, 1.0)
    return replace(found, gemm=kernel(i, KERNELS, "gemm_fp8_block"), peak=i[f"hardware.{GPU}.fp8_compute"] * TERA)


def fleet(i: Inputs, run: dict[str, str]) -> Fleet:
    """Return the fleet of a run."""
    work = Work(PROMPT, PROMPT**2, PROMPT + OUTPUT / 2.0, OUTPUT, kv_bytes=1.0)
    decoding = replace(work, hit=1.0)
    if "drafts" in run["served_by"]:
        decoding = replace(decoding, gained=DRAFTED, verify=VERIFY)
    engine = ENGINES[run["served_by"].partition(",")[0]]
    computes, decodes = (instance(i, engine, GPUS if run[f"{of}_by"] == REPLICATED else 1.0) for of in ("prefill", "decode"))
    peak = attended(PROMPT) / (GPUS * computes.peak_16)
    return Fleet(
        prefill=Served(MODEL, computes, work, constants(i)),
        prefills=int(run["prefill_workers"]),
        decode=Served(MODEL, replace(decodes, carried=0.0), decoding, constants(i)),
        decodes=int(run["decode_workers"]),
        extra=peak / computes.prefill_efficiency,
        extra_peak=peak,
        latency=i[f"engines.{engine}.request_latency"] / 1e3,
    )


def runs() -> list[dict[str, str]]:
    """Return the runs, each with what was measured and what sheet Evidence says of the model."""
    return list(csv.DictReader(line for line in RUNS.read_text().splitlines() if not line.startswith("#")))


@pytest.fixture(scope="module")
def results() -> list[tuple[float, float]]:
    """Return for each run the J of an input token and the share of watts in prefill, by the equations."""
    i = inputs()
    found = []
    for run in runs():
        item = fleet(i, run)
        rate, n = apart.steady(item, float(run["in_flight"]))
        first, second = apart.prefill_watts(item, rate) * item.prefills, apart.decode_watts(item, n) * item.decodes
        found.append((GPUS * first / (rate * PROMPT), first / (first + second)))
    return found


def test_joules_of_an_input_token_are_those_measured(results: list[tuple[float, float]]) -> None:
    measured = [float(run["prefill_joules"]) for run in runs()]
    assert len(measured) == 14
    assert median(abs(joules / own - 1.0) for (joules, _), own in zip(results, measured, strict=True)) < 0.20


def test_watts_divide_between_prefill_and_decode_as_measured(results: list[tuple[float, float]]) -> None:
    for (_, share), run in zip(results, runs(), strict=True):
        watts = [float(run[f"{of}_watts"]) * int(run[f"{of}_workers"]) for of in ("prefill", "decode")]
        assert float(run["prefill_share"]) == pytest.approx(watts[0] / sum(watts), abs=5e-4)
        assert abs(share - watts[0] / sum(watts)) < 0.08


def test_sheet_evidence_says_of_the_model_what_the_equations_give(results: list[tuple[float, float]]) -> None:
    for (joules, share), run in zip(results, runs(), strict=True):
        assert (float(run["joules_model"]), float(run["share_model"])) == pytest.approx((joules, share), abs=1e-3, rel=5e-3)
