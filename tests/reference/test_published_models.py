"""Parameters and KV caches of models: as published, and worked out by hand for each kind of attention."""

from __future__ import annotations

import pytest

from tests.support import shipped

PUBLISHED: dict[str, tuple[float, float, float]] = {
    "llama_3_1_8b": (8.03, 8.03, 131_072),
    "llama_3_1_70b": (70.55, 70.55, 327_680),
    "llama_3_1_405b": (405.9, 405.9, 516_096),
    "qwen3_8b": (8.19, 8.19, 147_456),
    "qwen3_32b": (32.8, 32.8, 262_144),
    "qwen3_30b_a3b": (30.5, 3.3, 98_304),
    "qwen3_235b_a22b": (235.1, 22.2, 192_512),
    "qwen3_coder_480b": (480, 35, 253_952),
    "deepseek_v3": (671, 37, 70_272),
    "deepseek_v3_2": (671, 37, 70_272),
    "deepseek_r1": (671, 37, 70_272),
    "mixtral_8x7b": (46.7, 12.9, 131_072),
    "mixtral_8x22b": (140.6, 39.1, 229_376),
    "gpt_oss_120b": (116.8, 5.1, 36_864),
    "gpt_oss_20b": (20.9, 3.6, 24_576),
    "qwen3_5_397b_a17b": (397, 17, 30_720),
    "qwen3_5_122b_a10b": (122, 10, 24_576),
    "qwen3_5_35b_a3b": (35, 3, 20_480),
    "qwen3_5_27b": (27, 27, 65_536),
    "minimax_m2_5": (230, 10, 253_952),
    "glm_4_5": (355, 32, 376_832),
    "glm_4_5_air": (106, 12, 188_416),
    "gemma_4_31b": (30.7, 30.7, 81_920),
    "gemma_4_26b_a4b": (25.2, 3.8, 20_480),
    "deepseek_v4_flash": (284, 13, 5_536),
    "kimi_k3": (2780, 104, 27_648),
}
"""By model: parameters and active parameters in 1e9, and bytes of a token that the cache keeps for ever, 16 bit; as published."""

ROUNDED: dict[str, tuple[float, float]] = {
    "qwen3_0_6b": (0.6, 1),
    "qwen3_1_7b": (1.7, 2),
    "qwen3_vl_4b": (4.02, 1),
    "kimi_k2": (1040, 2),
    "kimi_k2_5": (1040, 2),
    "qwen3_next_80b_a3b": (80, 1),
    "glm_5": (744, 1),
    "deepseek_v4_pro": (1600, 2),
    "step_3_7_flash": (196, 1),
    "nemotron_3_super_120b": (120, 1),
    "nemotron_3_nano_30b": (31.6, 1),
    "llama_4_maverick": (400, 2),
    "llama_4_scout": (109, 2),
}
"""By model whose parameters follow from the shape: what is published, text and images together, and within how many percent."""

KEPT: dict[str, tuple[float, float, float]] = {
    # grouped queries: key and value of 8 heads of 128 in 80 layers, 2 bytes each
    "llama_3_1_70b": (2 * 80 * 8 * 128 * 2, 0, 0),
    # heads of 128 although 5,120 over 64 heads is 80
    "qwen3_32b": (2 * 64 * 8 * 128 * 2, 0, 0),
    # the 3 leading dense layers attend like the 89 with experts
    "glm_4_5": (2 * 92 * 8 * 128 * 2, 0, 0),
    # latent: one row of 512 + 64 numbers a layer, also where a sparse index chooses which rows are read
    "deepseek_v3": (61 * (512 + 64) * 2, 0, 0),
    "deepseek_v3_2": (61 * (512 + 64) * 2, 0, 0),
    "glm_5": (78 * (512 + 64) * 2, 0, 0),
    # a window of 128 tokens in 18 of 36 layers
    "gpt_oss_120b": (2 * 18 * 8 * 64 * 2, 2 * 18 * 8 * 64 * 2 * 128, 0),
    # a window of 1,024 tokens in 52 of 62 layers
    "gemma_3_27b": (2 * 10 * 16 * 128 * 2, 2 * 52 * 16 * 128 * 2 * 1024, 0),
    # 50 of 60 layers with 16 heads of 256 and a window of 1,024, the others with 4 heads of 512
    "gemma_4_31b": (2 * 10 * 4 * 512 * 2, 2 * 50 * 16 * 256 * 2 * 1024, 0),
    # a row of 512 numbers for 4 tokens in 30 layers, for 128 in 31, and one each for the last 128 in all
    "deepseek_v4_pro": ((30 * 512 / 4 + 31 * 512 / 128) * 2, 61 * 512 * 2 * 128, 0),
    # linear attention in 36 of 48 layers: 64 heads of 128 x 128, and the last 3 inputs of a convolution over 2 x 2,048 + 8,192 channels
    "qwen3_5_122b_a10b": (2 * 12 * 2 * 256 * 2, 0, 36 * (64 * 128 * 128 + 3 * 12_288) * 2),
}
"""By model: bytes a token, bytes of full windows and bytes of state, 16 bit."""

ON_A_GPU: dict[str, float] = {
    # grouped queries on 4 GPUs: 2 of 8 heads on each
    "llama_70b_vllm": 2 * 80 * 2 * 128 * 2 * 477.5,
    # attention on each of 4 GPUs for its own quarter of the sequences: all 4 heads, 8 bit
    "qwen_235b_trtllm": 2 * 94 * 4 * 128 * 1 * 8704 / 4,
    # latent on 8 GPUs that split heads: a copy of the row on each
    "deepseek_vllm": 61 * (512 + 64) * 2 * 2300,
    # latent on each of 8 GPUs for its own eighth of the sequences
    "deepseek_sglang": 61 * (512 + 64) * 2 * 2300 / 8,
    # 4 of 8 heads, 8 bit: 18 layers of all tokens and 18 of the last 128
    "gpt_oss_h100": 2 * 18 * 4 * 64 * 1 * (1536 + 128),
    # 4 of 56 layers attend
    "nemotron_vllm": 2 * 4 * 8 * 128 * 2 * 2304,
}
"""By worked instance: bytes of the cache that a step reads on a GPU for each sequence of the instance."""

TOKENS = 65_536


def of(name: str, model: str) -> float:
    """Give a figure of a model's card, or of the table of models."""
    book = shipped("planning")
    return float(book.values[name][book.model.tables[name.partition(".")[0]].index[model,]])


def test_forty_models_can_be_chosen() -> None:
    assert len(shipped("planning").model.tables["models"].rows) >= 40


@pytest.mark.parametrize("model", PUBLISHED)
def test_parameters_and_cache_are_those_published(model: str) -> None:
    total, active, cache = PUBLISHED[model]
    assert of("models.total_parameters", model) == pytest.approx(total, rel=0.01)
    assert of("models.active_parameters", model) == pytest.approx(active, rel=0.02)  # rounded to a digit or two
    assert of("models.kv_bytes_per_token", model) == cache


@pytest.mark.parametrize("model", ROUNDED)
def test_parameters_from_the_shape_are_near_those_published(model: str) -> None:
    published, percent = ROUNDED[model]
    assert of("models.total_parameters", model) == pytest.approx(published, rel=percent / 100)


@pytest.mark.parametrize("model", KEPT)
def test_a_sequence_keeps_what_its_kind_of_attention_says(model: str) -> None:
    token, windows, state = KEPT[model]
    assert of("models.kv_bytes_per_token", model) == token
    assert of("models.window_bytes_per_token", model) * of("models.attention_window", model) == windows
    assert of("models.state_bytes", model) == state
    assert of("kv_caches.at_64k", model) == pytest.approx((token * TOKENS + windows + state) / 1e9)


@pytest.mark.parametrize("instance", ON_A_GPU)
def test_a_gpu_reads_its_share_of_a_sequence(instance: str) -> None:
    """Times of the cache at full bandwidth, ms, times that bandwidth, TB/s."""
    assert of("worked.kv_each", instance) * of("worked.bandwidth", instance) * 1e9 == pytest.approx(ON_A_GPU[instance], rel=1e-12)


def test_the_latent_cache_is_copied_and_that_of_heads_is_shared() -> None:
    assert of("models.kv_shards_max", "deepseek_v3_2") == 1
    assert of("models.kv_shards_max", "qwen3_5_122b_a10b") == 2
    assert of("models.kv_shards_max", "llama_3_1_70b") == 8
