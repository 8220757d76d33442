"""Efficiency and money against published figures; arguments outside their domain."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.reference.equations import cards, domain, economics, kv, metrics, moe, paper, power, roofline, slots
from tests.reference.printed import PRINTED

WINDOWS = [2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072]
H100_PRINTED = [float(PRINTED["1"][f"{window // 1024}K", "h100_tok_per_w"]) for window in WINDOWS]
B200_MEASURED = [37.09, 30.34, 20.55, 13.02, 7.89, 4.30, 1.14]
"""Paper-normalised tok/W measured on eight B200 (Llama-3.1-70B, fp16, TP 8).

Source: vllm-project/semantic-router, b1de045a9, README of the study, 29 Apr 2026.
"""


# Efficiency


def test_physical_efficiency_of_h100_at_8k_is_an_eighth_of_the_printed() -> None:
    _, printed = paper.calibrated_point(cards.H100_CALIBRATED, 128, 8192)
    assert printed == pytest.approx(8.97, abs=5e-3)
    tokens = roofline.throughput(128, roofline.decode_step_time(128, 4e-3, 0.32e-3, 4096, 8192))
    watts = power.logistic_power(128, 300, 600, 1.0, 4.2)
    physical = metrics.tok_per_joule(tokens, watts, 8)
    assert float(physical) == pytest.approx(1.12, abs=5e-3)


@pytest.mark.parametrize(("printed", "physical"), [(5.58, 0.70), (14.08, 1.76), (23.71, 2.96)])
def test_physical_efficiency_of_the_fleets(printed: float, physical: float) -> None:
    assert float(metrics.tok_per_joule(printed, 1, 8)) == pytest.approx(physical, abs=5e-3)


def test_one_gpu_has_the_same_efficiency_on_both_scales() -> None:
    assert metrics.tok_per_joule(3350, 518, 1) == metrics.paper_tok_per_watt(3350, 518)


def test_small_model_wins_per_joule_where_the_paper_sees_a_tie() -> None:
    cells = paper.table_2()
    small = cells["Llama-3.1-8B", "h100_tok_per_w"]
    large = cells["Llama-3.1-70B", "h100_tok_per_w"] / cards.LLAMA_70B.tp
    assert large == pytest.approx(0.93, abs=5e-3)
    assert paper.table_4()["Semantic small 8B@8K", "tok_per_w"] / large == (pytest.approx(6.7, abs=0.05))
    assert small / large == pytest.approx(7.0, abs=0.05)


def test_ratio_of_the_printed_mixture_to_70b() -> None:
    cells = paper.table_2()
    ratio = cells["Qwen3-235B-A22B", "h100_tok_per_w"] / cells["Llama-3.1-70B", "h100_tok_per_w"]
    assert ratio == pytest.approx(5.1, abs=0.05)


def test_dispatch_of_ten_milliseconds_ends_the_lead_of_the_mixture() -> None:
    profile = paper.computed_profile(cards.QWEN3_235B, cards.H100)
    step_time = roofline.decode_step_time(24, profile.w_throughput, profile.h, 4096, 4096)
    slower = roofline.step_time_with_dispatch(step_time, 10e-3)
    watts = paper.computed_power(profile, 24)
    with_dispatch = metrics.paper_tok_per_watt(roofline.throughput(24, slower), watts)
    assert float(with_dispatch) == pytest.approx(24 / 12.083e-3 / 304.6, rel=1e-4)
    assert with_dispatch < paper.table_2()["Llama-3.1-70B", "h100_tok_per_w"]


# The law


def test_exponent_of_an_exact_power_law() -> None:
    window = np.array(WINDOWS)
    assert metrics.log_log_exponent(window, 3.0 / window) == pytest.approx(-1.0)
    assert metrics.log_log_exponent(window, 7.0 * window**0.5) == pytest.approx(0.5)


def test_exponents_printed_and_measured() -> None:
    printed = metrics.log_log_exponent(WINDOWS, H100_PRINTED)
    assert printed == pytest.approx(-0.89, abs=5e-3)
    measured = metrics.log_log_exponent(WINDOWS[:6], B200_MEASURED[:6])
    assert measured == pytest.approx(-0.63, abs=5e-3)
    ends = metrics.log_log_exponent(WINDOWS[:6:5], B200_MEASURED[:6:5])
    assert ends == pytest.approx(-0.62, abs=5e-3)


def test_doubling_ratios_printed_and_measured() -> None:
    printed = metrics.doubling_ratios(WINDOWS, H100_PRINTED)
    np.testing.assert_allclose(printed[[0, -1]], [1.99, 1.70], atol=5e-3)
    assert np.all(printed < 2)
    measured = metrics.doubling_ratios(WINDOWS, B200_MEASURED)
    np.testing.assert_allclose(measured, [1.22, 1.48, 1.58, 1.65, 1.83, 3.77], atol=5e-3)


def test_spread_of_h100_over_the_windows() -> None:
    assert round(H100_PRINTED[0] / H100_PRINTED[-1]) == 40


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 4], [1, 2]),
        ([1], [1]),
        (2, 3),
        ([[1, 2]], [[1, 2]]),
        ([1, 2], [0, 1]),
        ([0, 1], [1, 2]),
        ([1, math.nan], [1, 2]),
        ([3, 3], [1, 2]),
    ],
)
def test_series_that_have_no_exponent(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match=r"needed|must be"):
        metrics.log_log_exponent(x, y)


def test_doubling_ratios_need_doubling_windows() -> None:
    with pytest.raises(ValueError, match="twice the one before"):
        metrics.doubling_ratios([1, 2, 5], [3, 2, 1])


# Money


def test_consistent_price_of_the_h100_instance() -> None:
    assert economics.instance_usd_per_hour(4.02, 8) == pytest.approx(32.16)


def test_million_tokens_per_usd() -> None:
    assert economics.million_tokens_per_usd(1000, 3.6) == pytest.approx(1.0)


# Domains: (function, valid arguments); each argument in turn is made invalid

FUNCTIONS: list[tuple[Callable[..., object], tuple[float, ...]]] = [
    (power.logistic_power, (8, 300, 600, 1.0, 4.2)),
    (power.logistic_concurrency, (450, 300, 600, 1.0, 4.2)),
    (power.half_saturation, (3e-3, 1e-4)),
    (power.kv_read_share, (8, 1e-4, 3e-3)),
    (power.compute_share, (8, 7e9, 1, 3e-3, 989e12)),
    (power.roofline_power, (700, 0.4, 0.1)),
    (roofline.decode_step_time, (8, 3e-3, 1e-4, 4096, 8192)),
    (roofline.step_time_with_dispatch, (3e-3, 1e-3)),
    (roofline.throughput, (8, 3e-3)),
    (roofline.weight_streaming_time, (2e10, 3.35e12, 80, 0.8, 3e-6)),
    (roofline.kv_read_time, (327_680, 4096, 8, 3.35e12, 0.8)),
    (roofline.moe_profile_weight_time, (1e-3, 94, 0.48e-3, 3.35e12)),
    (roofline.active_weight_time, (22e9, 2, 8, 3.35e12)),
    (moe.touched_share, (24, 128, 8)),
    (moe.split_parameters, (235e9, 22e9, 128, 8)),
    (moe.routed_parameters, (235e9, 22e9, 128, 8)),
    (moe.streamed_parameters, (24, 8e9, 227e9, 128, 8)),
    (moe.corrected_weight_time, (187e9, 2, 8, 3.35e12, 94)),
    (kv.embedding_parameters, (128_256, 8192)),
    (kv.attention_parameters, (80, 8192, 8, 128)),
    (kv.projection_parameters, (80, 8192, 64, 8, 128)),
    (kv.dense_ffn_parameters, (80, 8192, 28_672)),
    (kv.expert_parameters, (94, 4096, 1536, 128)),
    (kv.weight_bytes_per_gpu, (70e9, 2, 8)),
    (kv.kv_bytes_per_token, (80, 8, 128, 2)),
    (kv.latent_kv_bytes_per_token, (61, 512, 64, 2)),
    (kv.sharded_kv_bytes_per_token, (327_680, 8, 8)),
    (kv.free_kv_bytes, (8e10, 0.9, 2e10, 4e8)),
    (slots.kv_blocks, (5e10, 327_680, 16)),
    (slots.computed_slots, (11_353, 8192, 16)),
    (slots.calibrated_slots, (256, 8192, 65_536, 8192, 16)),
    (slots.paged_slots, (1e6, 2000, 256)),
    (economics.instance_usd_per_hour, (4.02, 8)),
    (economics.million_tokens_per_usd, (2716, 32.16)),
    (metrics.paper_tok_per_watt, (2716, 367)),
    (metrics.tok_per_joule, (2716, 367, 8)),
]

ANY_REAL = {("logistic_power", 4), ("logistic_concurrency", 4)}
"""Arguments that may be negative: x0, a logarithm."""

INVALID = [
    pytest.param(function, valid, index, bad, id=f"{function.__name__} | {index} | {bad}")
    for function, valid in FUNCTIONS
    for index in range(len(valid))
    for bad in (math.nan, math.inf, -math.inf, -1.0)
    if not (bad == -1.0 and (function.__name__, index) in ANY_REAL)
]


@pytest.mark.parametrize(("function", "valid"), FUNCTIONS)
def test_valid_arguments_broadcast(function: Callable[..., object], valid: tuple[float, ...]) -> None:
    scalar = np.asarray(function(*valid))
    columns = [np.full((3, 1), value) for value in valid[:1]]
    rows = [np.full(2, value) for value in valid[1:]]
    result = np.asarray(function(*columns, *rows))
    assert result.shape[-2:] == (3, 2)
    expected = np.broadcast_to(scalar[..., None, None], result.shape)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(("function", "valid", "index", "bad"), INVALID)
def test_invalid_arguments_are_refused(function: Callable[..., object], valid: tuple[float, ...], index: int, bad: float) -> None:
    arguments = [np.asarray(value, dtype=float) for value in valid]
    arguments[index] = np.array([valid[index], bad])
    with pytest.raises(ValueError, match="must"):
        function(*arguments)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (power.logistic_power, (8, 600, 300, 1.0, 4.2)),
        (power.logistic_power, (8, 300, 600, 0.0, 4.2)),
        (roofline.throughput, (8, 0.0)),
        (roofline.weight_streaming_time, (2e10, 3.35e12, 80, 1.2)),
        (kv.weight_bytes_per_gpu, (70e9, 2, 0.5)),
        (kv.free_kv_bytes, (8e10, 1.1, 0, 0)),
        (moe.touched_share, (1, 8, 9)),
        (moe.split_parameters, (235e9, 10e9, 128, 8)),
        (moe.split_parameters, (235e9, 236e9, 128, 8)),
        (moe.split_parameters, (235e9, 235e9, 8, 8)),
        (slots.computed_slots, (100, 0)),
    ],
)
def test_arguments_beyond_a_bound_are_refused(function: Callable[..., object], arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        function(*arguments)


@pytest.mark.parametrize("tp", [0, 3, 16, -1])
def test_workspace_is_known_for_four_degrees(tp: int) -> None:
    with pytest.raises(ValueError, match="tp must be one of"):
        kv.nccl_workspace_bytes(tp)


def test_complaints_name_the_argument() -> None:
    with pytest.raises(ValueError, match="bandwidth must be positive, got 0"):
        domain.positive("bandwidth", 0)
