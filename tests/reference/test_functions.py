"""The reference functions against figures worked out or published elsewhere."""

import math

import numpy as np
import pytest

from tests.reference.equations import cards, kv, metrics, moe, paper, power, roofline, slots


def h100_power(n: float) -> float:
    return float(power.logistic_power(n, 300, 600, 1.0, 4.2))


# Power


def test_power_is_half_way_at_the_half_saturation_batch() -> None:
    assert h100_power(2**4.2) == pytest.approx(450.0)


@pytest.mark.parametrize(("n", "watts"), [(13, 413.3), (14, 420.9), (108, 578.4), (128, 582.8)])
def test_power_of_h100_at_the_batches_of_the_tables(n: float, watts: float) -> None:
    assert h100_power(n) == pytest.approx(watts, abs=0.05)


@pytest.mark.parametrize(("n", "measured", "off"), [(8, 441.4, -16), (31.9, 448.6, 13)])
def test_power_of_h100_against_published_measurements(n: float, measured: float, off: float) -> None:
    assert 100 * (h100_power(n) / measured - 1) == pytest.approx(off, abs=0.5)


def test_power_below_one_sequence_is_power_at_one() -> None:
    assert h100_power(0.0) == h100_power(0.3) == h100_power(1.0)


@pytest.mark.parametrize("curve", cards.LOGISTIC_CURVES)
def test_power_rises_from_idle_towards_nominal(curve: cards.LogisticCurve) -> None:
    n = np.geomspace(1, 4096, 200)
    watts = power.logistic_power(n, curve.p_idle, curve.p_nominal, curve.k, curve.x0)
    assert watts.shape == n.shape
    assert np.all(np.diff(watts) > 0)
    assert np.all((watts > curve.p_idle) & (watts < curve.p_nominal))


def test_power_stays_finite_for_steep_curves() -> None:
    watts = power.logistic_power([1, 4096], 100, 200, 1000.0, 6.0)
    assert watts.tolist() == [100.0, 200.0]


def test_power_of_a_flat_curve_is_its_only_level() -> None:
    assert power.logistic_power(7, 250, 250, 1.0, 3.0) == 250


def test_concurrency_inverts_power() -> None:
    random = np.random.default_rng(20260318)
    n = np.exp2(random.uniform(0, 10, 500))
    p_idle = random.uniform(50, 600, 500)
    p_nominal = p_idle + random.uniform(10, 700, 500)
    shape = (random.uniform(0.4, 2.0, 500), random.uniform(2.0, 8.0, 500))
    watts = power.logistic_power(n, p_idle, p_nominal, *shape)
    again = power.logistic_concurrency(watts, p_idle, p_nominal, *shape)
    np.testing.assert_allclose(again, n, rtol=1e-6)


def test_concurrency_of_the_lowest_power_is_one() -> None:
    assert power.logistic_concurrency(h100_power(1), 300, 600, 1.0, 4.2) == 1.0


@pytest.mark.parametrize("watts", [299.0, 300.0, 304.0, 600.0, 700.0, math.nan])
def test_concurrency_refuses_powers_off_the_curve(watts: float) -> None:
    with pytest.raises(ValueError, match="power"):
        power.logistic_concurrency(watts, 300, 600, 1.0, 4.2)


def test_roofline_power_runs_from_43_to_86_percent_of_tdp() -> None:
    watts = power.roofline_power(1000, [0, 0.25, 0.6, 3.0], [0, 0.25, 0.4, 0.0])
    np.testing.assert_allclose(watts, [430, 645, 860, 860])


def test_b200_half_saturation_as_used() -> None:
    assert paper.calibrated_b200().curve.x0 == pytest.approx(4.4628, abs=5e-5)
    assert power.half_saturation(2.95491072, 0.134) == pytest.approx(4.4628, abs=5e-5)


def test_h200_half_saturation_follows_from_no_rule() -> None:
    profile = paper.computed_profile(cards.LLAMA_70B, cards.H200)
    at_4096 = power.half_saturation(profile.w_own, profile.h)
    at_8192 = power.half_saturation(profile.w_own, 2 * profile.h)
    scaled_h = cards.H100_CALIBRATED.h * cards.H100.bandwidth / cards.H200.bandwidth
    as_b200 = power.half_saturation(profile.w_own, scaled_h)
    assert [round(float(x), 1) for x in (at_4096, at_8192, as_b200)] == [6.8, 5.8, 4.4]


# Roofline


def test_step_time_of_the_calibrated_h100_at_8k() -> None:
    step_time = roofline.decode_step_time(128, 4e-3, 0.32e-3, 4096, 8192)
    assert step_time == pytest.approx(24.48e-3)
    assert roofline.throughput(128, step_time) == pytest.approx(5228.758, abs=5e-4)


def test_step_time_rises_with_each_argument_but_the_calibration() -> None:
    base = (16.0, 4e-3, 0.3e-3, 2048.0, 8192.0)
    for index, sign in enumerate((1, 1, 1, 1, -1)):
        more = list(base)
        more[index] *= 2
        gain = roofline.decode_step_time(*more) - roofline.decode_step_time(*base)
        assert sign * gain > 0


def test_dispatch_adds_to_the_step() -> None:
    assert roofline.step_time_with_dispatch(2e-3, 10e-3) == pytest.approx(12e-3)


@pytest.mark.parametrize(("hardware", "w_ms"), [(cards.H100, 6.7234), (cards.H200, 4.7649), (cards.B200, 2.9549)])
def test_weight_time_of_70b(hardware: cards.Hardware, w_ms: float) -> None:
    profile = paper.computed_profile(cards.LLAMA_70B, hardware)
    assert 1e3 * profile.w_own == pytest.approx(w_ms, abs=5e-5)


def test_calibrated_h100_is_faster_than_its_memory() -> None:
    parameters, _ = paper.parameter_counts(cards.LLAMA_70B)
    per_gpu = float(kv.weight_bytes_per_gpu(parameters, 2, 8))
    assert per_gpu / cards.H100_CALIBRATED.w == pytest.approx(4.34e12, abs=5e9)
    floor = roofline.weight_streaming_time(per_gpu, cards.H100.bandwidth, 80, 1, 0)
    assert 1e3 * float(floor) == pytest.approx(5.19, abs=5e-3)
    read = roofline.kv_read_time(327_680, 8192, 8, cards.H100.bandwidth)
    assert 1e3 * float(read) == pytest.approx(0.125, abs=5e-4)


def test_two_weight_times_of_qwen3_on_h100() -> None:
    profile = paper.computed_profile(cards.QWEN3_235B, cards.H100)
    assert 1e3 * profile.w_throughput == pytest.approx(1.64, abs=5e-3)
    assert 1e3 * profile.w_own == pytest.approx(45.7, abs=0.05)


# Parameters, KV cache and slots


@pytest.mark.parametrize(
    ("model", "total"), [(cards.LLAMA_8B, 7.504658432e9), (cards.LLAMA_70B, 69.501714432e9), (cards.LLAMA_405B, 403.747897344e9)]
)
def test_parameters_of_dense_models(model: cards.Model, total: float) -> None:
    assert paper.parameter_counts(model) == (total, total)


def test_parameters_of_qwen3() -> None:
    total, active = paper.parameter_counts(cards.QWEN3_235B)
    assert round(total / 1e9, 1) == 231.1
    assert round(active / 1e9, 1) == 18.2


@pytest.mark.parametrize(("model", "gigabytes"), [(cards.LLAMA_405B, 100.9), (cards.DEEPSEEK_V3, 87.6)])
def test_two_rows_do_not_fit_their_h100s(model: cards.Model, gigabytes: float) -> None:
    total, _ = paper.parameter_counts(model)
    per_gpu = float(kv.weight_bytes_per_gpu(total, model.dtype_bytes, model.tp))
    assert per_gpu / 1e9 == pytest.approx(gigabytes, abs=0.05)
    assert per_gpu > cards.H100.memory_bytes
    assert paper.computed_profile(model, cards.H100).blocks == 0


@pytest.mark.parametrize(
    ("layers", "kv_heads", "head_dim", "dtype_bytes", "expected"),
    [(80, 8, 128, 2, 327_680), (94, 4, 64, 2, 96_256), (94, 4, cards.QWEN3_HEAD_DIM, 2, 192_512), (61, 128, 56, 2, 1_748_992)],
)
def test_kv_bytes_per_token(layers: int, kv_heads: int, head_dim: int, dtype_bytes: int, expected: int) -> None:
    assert kv.kv_bytes_per_token(layers, kv_heads, head_dim, dtype_bytes) == expected


def test_sharding_stops_at_the_number_of_kv_heads() -> None:
    np.testing.assert_array_equal(kv.sharded_kv_bytes_per_token(4096, [1, 2, 8], 4), [4096, 2048, 1024])


def test_projection_count_equals_the_model_count_where_heads_fill_the_width() -> None:
    narrow = kv.attention_parameters(94, 4096, 4, 64)
    assert kv.projection_parameters(94, 4096, 64, 4, 64) == narrow
    assert kv.projection_parameters(94, 4096, 64, 4, 128) > narrow


def test_kv_budget_ratio_of_b200() -> None:
    on_h100 = paper.computed_profile(cards.LLAMA_70B, cards.H100)
    on_b200 = paper.computed_profile(cards.LLAMA_70B, cards.B200)
    assert (on_b200.blocks, on_h100.blocks) == (29_785, 11_353)
    assert on_b200.blocks / on_h100.blocks == pytest.approx(2.62354, abs=5e-6)


def test_scaled_b200_profile_has_the_stated_figures() -> None:
    scaled, stated = paper.calibrated_b200(), cards.B200_CALIBRATED
    assert scaled.w == pytest.approx(stated.w, rel=1e-12)
    assert scaled.h == pytest.approx(stated.h, rel=1e-12)
    assert (scaled.blocks, scaled.max_slots) == (stated.blocks, stated.max_slots)
    assert scaled.prefill_chunk == stated.prefill_chunk
    assert scaled.usd_per_hour == stated.usd_per_hour


def test_sharded_kv_would_hold_177_sequences_not_22() -> None:
    model, hardware = cards.LLAMA_70B, cards.H100
    weights = kv.weight_bytes_per_gpu(paper.parameter_counts(model)[0], 2, 8)
    free = kv.free_kv_bytes(hardware.memory_bytes, 0.90, weights, kv.nccl_workspace_bytes(8))
    sharded = kv.sharded_kv_bytes_per_token(327_680, 8, model.kv_heads)
    assert slots.computed_slots(slots.kv_blocks(free, 327_680), 8192) == 22
    assert slots.computed_slots(slots.kv_blocks(free, sharded), 8192) == 177


def test_calibrated_slots_take_the_tighter_limit() -> None:
    np.testing.assert_array_equal(slots.calibrated_slots(671, 8192, 171_936, [2048, 4096, 65_536, 65_537]), [1343, 671, 41, 41])
    assert slots.calibrated_slots(256, 8192, 10**9, 4096) == 512


def test_a_window_takes_whole_blocks() -> None:
    np.testing.assert_array_equal(slots.calibrated_slots(256, 8192, [64, 65, 130], 1025), [0, 1, 2])


def test_free_kv_bytes_cut_the_budget_to_whole_bytes() -> None:
    np.testing.assert_array_equal(kv.free_kv_bytes(1001, 0.9, [100, 880, 2000], [0, 10, 0]), [800, 10, 0])


def test_workspace_by_tensor_parallel_degree() -> None:
    held = [kv.nccl_workspace_bytes(tp) for tp in (1, 2, 4, 8)]
    assert held == [0, 358_612_992, 411_041_792, 411_041_792]


def test_computed_slots_never_fall_below_one_nor_rise_with_the_window() -> None:
    held = slots.computed_slots(11_353, np.arange(1, 300_000, 997))
    assert held.min() == 1
    assert np.all(np.diff(held) <= 0)


# Mixtures of experts


def test_touched_share_of_qwen3_at_24_tokens() -> None:
    assert 100 * moe.touched_share(24, 128, 8) == pytest.approx(78.8, abs=0.05)


def test_touched_share_from_none_to_all() -> None:
    assert moe.touched_share(0, 128, 8) == 0
    assert moe.touched_share(1, 128, 8) == pytest.approx(8 / 128)
    assert moe.touched_share(1, 8, 8) == 1
    shares = moe.touched_share(np.arange(0, 200), 128, 8)
    assert np.all(np.diff(shares) > 0)
    assert np.all(shares <= 1)


def test_streamed_parameters_from_active_to_total() -> None:
    always, routed = moe.split_parameters(235e9, 22e9, 128, 8)
    one, many = moe.streamed_parameters([1, 1e6], always, routed, 128, 8)
    assert one == pytest.approx(22e9)
    assert many == pytest.approx(235e9)


def test_counts_that_do_not_go_together() -> None:
    assert moe.routed_parameters(235e9, 5e9, 128, 8) > 235e9
    with pytest.raises(ValueError, match="active must be at least"):
        moe.split_parameters(235e9, 5e9, 128, 8)


def test_split_matches_the_experts_of_the_architectures() -> None:
    _, qwen3 = moe.split_parameters(235e9, 22e9, 128, 8)
    assert float(qwen3) == pytest.approx(float(kv.expert_parameters(94, 4096, 1536, 128)), rel=1e-3)
    _, deepseek = moe.split_parameters(671e9, 37e9, 256, 8)
    experts_of_58_layers = float(kv.expert_parameters(58, 7168, 2048, 256))
    assert float(deepseek) == pytest.approx(experts_of_58_layers, rel=1e-3)


def test_corrected_row_of_qwen3_on_h100() -> None:
    model, hardware, n = cards.QWEN3_235B, cards.H100, 24
    profile = paper.computed_profile(model, hardware)
    always, routed = moe.split_parameters(model.published_total, model.published_active, model.experts, model.top_k)
    streamed = moe.streamed_parameters(n, always, routed, model.experts, model.top_k)
    w = moe.corrected_weight_time(streamed, model.dtype_bytes, model.tp, hardware.bandwidth, model.layers)
    assert 1e3 * float(w) == pytest.approx(17.7, abs=0.05)
    step_time = roofline.decode_step_time(n, w, profile.h, 4096, 4096)
    tokens = roofline.throughput(n, step_time)
    watts = paper.computed_power(profile, n)
    assert paper.table_2()[model.name, "h100_tok_per_w"] == pytest.approx(37.82, abs=5e-3)
    corrected = metrics.paper_tok_per_watt(tokens, watts)
    assert float(corrected) == pytest.approx(4.34, abs=5e-3)
    physical = metrics.tok_per_joule(tokens, watts, model.tp)
    assert float(physical) == pytest.approx(0.54, abs=5e-3)
