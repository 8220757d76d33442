"""Configurations of models read into cards: published parameter counts, and cache bytes worked out by hand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import WorkbookError, api, import_model
from workbook.check.warnings import check
from workbook.cli.main import main
from workbook.declare.packaged import write_out
from workbook.importers.families import FAMILIES

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.importers.card import Card


def dense(kind: str, layers: int, hidden: int, heads: tuple[int, int, int], width: int, vocabulary: int, **more: Any) -> dict[str, Any]:
    names = ("num_attention_heads", "num_key_value_heads", "head_dim")
    shape = {"num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": width, "vocab_size": vocabulary}
    return {"model_type": kind, **shape, **dict(zip(names, heads, strict=True)), **more}


def latent(kind: str, layers: int, hidden: int, heads: int, q_rank: int, dims: tuple[int, int, int], **more: Any) -> dict[str, Any]:
    nope, rope, value = dims
    ranks = {"kv_lora_rank": 512, "q_lora_rank": q_rank, "qk_nope_head_dim": nope, "qk_rope_head_dim": rope, "v_head_dim": value}
    experts = {"num_experts_per_tok": 8, "n_shared_experts": 1, "moe_intermediate_size": 2048, "moe_layer_freq": 1}
    return dense(kind, layers, hidden, (heads, heads, 64), 18432, 129280) | ranks | experts | more


LINEAR = {"linear_num_key_heads": 16, "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4}
V3 = latent("deepseek_v3", 61, 7168, 128, 1536, (128, 64, 128), n_routed_experts=256, first_k_dense_replace=3)
INDEX = {"index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048}
NEMOTRON = "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"
CASES: dict[str, tuple[dict[str, Any], float, float, int, int, int]] = {
    # config, published parameters and active ones (billions; 0: not published), cache bytes a token, in window layers, state bytes
    "llama 8b": (dense("llama", 32, 4096, (32, 8, 128), 14336, 128256), 8.03, 0, 2 * 32 * 8 * 128 * 2, 0, 0),
    "llama 2 7b": (dense("llama", 32, 4096, (32, 32, 128), 11008, 32000), 6.74, 0, 2 * 32 * 32 * 128 * 2, 0, 0),
    "gemma 2b": (dense("gemma", 18, 2048, (8, 1, 256), 16384, 256000), 2.51, 0, 2 * 18 * 1 * 256 * 2, 0, 0),
    "llama 405b": (dense("llama", 126, 16384, (128, 8, 128), 53248, 128256), 405.9, 0, 2 * 126 * 8 * 128 * 2, 0, 0),
    "qwen2 7b": (dense("qwen2", 28, 3584, (28, 4, 128), 18944, 152064), 7.62, 0, 57344, 0, 0),
    "qwen3 32b": (dense("qwen3", 64, 5120, (64, 8, 128), 25600, 151936), 32.8, 0, 262144, 0, 0),
    "qwen3 30b": (
        dense("qwen3_moe", 48, 2048, (32, 4, 128), 6144, 151936, num_experts=128, num_experts_per_tok=8, moe_intermediate_size=768),
        *(30.5, 3.3, 98304, 0, 0),
    ),
    "qwen2 57b": (
        dense("qwen2_moe", 28, 3584, (28, 4, 128), 18944, 151936, num_experts=64, num_experts_per_tok=8, moe_intermediate_size=2560)
        | {"shared_expert_intermediate_size": 20480},
        *(57.4, 14.2, 57344, 0, 0),
    ),
    "glm-4 9b": (dense("glm", 40, 4096, (32, 2, 128), 13696, 151552), 9.40, 0, 40960, 0, 0),
    "mixtral": (
        dense("mixtral", 32, 4096, (32, 8, 128), 14336, 32000, num_local_experts=8, num_experts_per_tok=2),
        *(46.7, 12.9, 131072, 0, 0),
    ),
    "deepseek v3": (V3, 671, 37, 61 * (512 + 64) * 2, 0, 0),
    "deepseek v3.2": (V3 | {"model_type": "deepseek_v32"} | INDEX, 671, 37, 70272, 0, 0),
    "kimi k2": (
        latent("kimi_k2", 61, 7168, 64, 1536, (128, 64, 128), n_routed_experts=384, first_k_dense_replace=1, vocab_size=163840),
        *(1026, 32, 70272, 0, 0),
    ),
    "glm 5": (
        latent("glm_moe_dsa", 78, 6144, 64, 2048, (192, 64, 256), n_routed_experts=256, first_k_dense_replace=3, vocab_size=154880)
        | {"intermediate_size": 12288, "index_n_heads": 32, "index_head_dim": 128}
        | {"layer_types": ["deepseek_sparse_attention"] * 78},
        *(744, 40, 78 * (512 + 64) * 2, 0, 0),
    ),
    "glm 4.5": (
        dense("glm4_moe", 92, 5120, (96, 8, 128), 12288, 151552, n_routed_experts=160, num_experts_per_tok=8, n_shared_experts=1)
        | {"moe_intermediate_size": 1536, "first_k_dense_replace": 3},
        *(353, 32, 92 * 2 * 8 * 128 * 2, 0, 0),
    ),
    "gpt-oss 120b": (
        dense("gpt_oss", 36, 2880, (64, 8, 64), 2880, 201088, num_local_experts=128, num_experts_per_tok=4, sliding_window=128)
        | {"layer_types": ["sliding_attention", "full_attention"] * 18, "quantization_config": {"quant_method": "mxfp4"}},
        *(116.8, 5.1, 36864, 36864, 0),
    ),
    "gemma 3 27b": (
        {"model_type": "gemma3", "text_config": dense("gemma3_text", 62, 5376, (32, 16, 128), 21504, 262208, sliding_window=1024)},
        *(27.0, 0, 10 * 2 * 16 * 128 * 2, 52 * 2 * 16 * 128 * 2, 0),
    ),
    "minimax m2": (
        dense("minimax_m2", 62, 3072, (48, 8, 128), 1536, 200064, num_local_experts=256, num_experts_per_tok=8),
        *(229, 10, 253952, 0, 0),
    ),
    "qwen3-next": (
        dense("qwen3_next", 48, 2048, (16, 2, 256), 5120, 151936, num_experts=512, num_experts_per_tok=10, moe_intermediate_size=512)
        | {"shared_expert_intermediate_size": 512, "full_attention_interval": 4, "linear_num_value_heads": 32}
        | LINEAR,
        *(79.7, 3.87, 24576, 0, 36 * (32 * 128 * 128 + 3 * 8192) * 2),
    ),
    "qwen3.5 27b": (
        dense("qwen3_5_text", 64, 5120, (24, 4, 256), 17408, 248320, linear_num_value_heads=48, full_attention_interval=4) | LINEAR,
        *(26.9, 0, 65536, 0, 48 * (48 * 128 * 128 + 3 * (2 * 2048 + 6144)) * 2),
    ),
    "llama 4 scout": (
        dense(
            "llama4_text", 48, 5120, (40, 8, 128), 8192, 202048, num_local_experts=16, num_experts_per_tok=1, intermediate_size_mlp=16384
        ),
        *(107.8, 17, 196608, 0, 0),
    ),
    "nemotron nano 9b": (
        dense("nemotron_h", 56, 4480, (40, 8, 128), 15680, 131072, hybrid_override_pattern=NEMOTRON, mamba_num_heads=128)
        | {"mamba_head_dim": 80, "ssm_state_size": 128, "n_groups": 8, "conv_kernel": 4},
        *(8.89, 0, 4 * 2 * 8 * 128 * 2, 0, 27 * (128 * 80 * 128 + 3 * (128 * 80 + 2 * 8 * 128)) * 2),
    ),
}
CASES["nemotron 3 nano"] = (
    CASES["nemotron nano 9b"][0]
    | dense("nemotron_h", 52, 2688, (32, 2, 128), 1856, 131072, n_routed_experts=128, num_experts_per_tok=6, moe_intermediate_size=1856)
    | {"moe_shared_expert_intermediate_size": 3712, "mamba_num_heads": 64, "mamba_head_dim": 64, "hybrid_override_pattern": None}
    | {"layer_types": ["mamba", "moe"] * 2 + ["mamba", "attention", "moe"] * 6 + ["mamba", "moe"] * 15},
    *(31.6, 3.2, 6 * 2 * 2 * 128 * 2, 0, 23 * (64 * 64 * 128 + 3 * (64 * 64 + 2 * 8 * 128)) * 2),
)
CASES["nemotron 3 super"] = (
    CASES["nemotron 3 nano"][0]
    | dense("nemotron_h", 88, 4096, (32, 2, 128), 2688, 131072, n_routed_experts=512, num_experts_per_tok=22, moe_intermediate_size=2688)
    | {"moe_shared_expert_intermediate_size": 5376, "mamba_num_heads": 128, "moe_latent_size": 1024}
    | {"layer_types": ["mamba", "moe"] * 32 + ["mamba", "attention", "moe"] * 8},
    *(120, 12, 8 * 2 * 2 * 128 * 2, 0, 40 * (128 * 64 * 128 + 3 * (128 * 64 + 2 * 8 * 128)) * 2),
)
NAMES = {"num_attention_heads": 96, "num_attention_groups": 8, "head_dim": 128, "attention_type": "sliding_attention"}
PART = {
    "full_attn_layers": [*range(4, 93, 4), 93],
    "num_heads": 96,
    "head_dim": 128,
    "short_conv_kernel_size": 4,
    "use_full_rank_gate": True,
}


def compressed(layers: int, hidden: int, heads: int, ranks: tuple[int, int], experts: tuple[int, int], ratios: list[int]) -> dict[str, Any]:
    """DeepSeek-V4: a row of 512 numbers for 4 or 128 tokens, and a window of 128."""
    shape = dense("deepseek_v4", layers, hidden, (heads, 1, 512), 0, 129280, q_lora_rank=ranks[0], o_lora_rank=1024, o_groups=ranks[1])
    more = {"n_routed_experts": experts[0], "num_experts_per_tok": 6, "n_shared_experts": 1, "moe_intermediate_size": experts[1]}
    index = INDEX | {"sliding_window": 128, "compress_ratios": ratios, "expert_dtype": "fp4", "num_nextn_predict_layers": 1}
    return {key: value for key, value in (shape | more | index).items() if key != "intermediate_size"}


CASES |= {
    "deepseek v4 pro": (
        compressed(61, 7168, 128, (1536, 16), (384, 3072), [128, 128, *[4, 128] * 29, 4, 0]),
        *(1573, 49, 2 * 512 * (30 * 32 + 31) // 128, 61 * 512 * 2, 0),
    ),
    "deepseek v4 flash": (
        compressed(43, 4096, 64, (1024, 8), (256, 2048), [0, 0, *[4, 128] * 20, 4, 0]),
        *(284, 13, 2 * 512 * (21 * 32 + 20) // 128, 43 * 512 * 2, 0),
    ),
    "gemma 4 31b": (
        {"model_type": "gemma4", "text_config": dense("gemma4_text", 60, 5376, (32, 16, 256), 21504, 262144, sliding_window=1024)}
        | {"num_global_key_value_heads": 4, "global_head_dim": 512, "attention_k_eq_v": True, "num_kv_shared_layers": 0},
        *(30.7, 0, 10 * 2 * 4 * 512 * 2, 50 * 2 * 16 * 256 * 2, 0),
    ),
    "gemma 4 26b": (
        dense("gemma4_text", 30, 2816, (16, 8, 256), 2112, 262144, sliding_window=1024, num_experts=128, top_k_experts=8)
        | {"num_global_key_value_heads": 2, "global_head_dim": 512, "attention_k_eq_v": True, "moe_intermediate_size": 704},
        *(25.2, 3.8, 5 * 2 * 2 * 512 * 2, 25 * 2 * 8 * 256 * 2, 0),
    ),
    "step 3.7 flash": (
        dense("step3p5", 45, 4096, (64, 8, 128), 11264, 128896, moe_num_experts=288, moe_top_k=8, moe_intermediate_size=1280)
        | {"share_expert_dim": 1280, "moe_layers_enum": ",".join(map(str, range(3, 45))), "sliding_window": 512}
        | {
            "attention_other_setting": NAMES,
            "layer_types": ["full_attention", *["sliding_attention"] * 3] * 12,
            "num_nextn_predict_layers": 3,
        },
        *(196, 11, 12 * 2 * 8 * 128 * 2, 33 * 2 * 8 * 128 * 2, 0),
    ),
    "mimo v2 flash": (
        dense("mimo_v2_flash", 48, 4096, (64, 4, 192), 16384, 152576, n_routed_experts=256, num_experts_per_tok=8, v_head_dim=128)
        | {"moe_intermediate_size": 2048, "sliding_window": 128, "swa_num_attention_heads": 64, "swa_num_key_value_heads": 8}
        | {"swa_head_dim": 192, "moe_layer_freq": [0] + [1] * 47, "hybrid_layer_pattern": [0, *[1, 1, 1, 1, 1, 0] * 7, 1, 1, 1, 1, 0]},
        *(309, 15, 9 * 4 * (192 + 128) * 2, 39 * 8 * (192 + 128) * 2, 0),
    ),
    "kimi k3": (
        latent("kimi_linear", 93, 7168, 96, 1536, (128, 64, 128), num_experts=896, num_experts_per_token=16, first_k_dense_replace=1)
        | {"num_experts_per_tok": None, "n_shared_experts": None, "num_shared_experts": 2, "moe_intermediate_size": 3072}
        | {"intermediate_size": 33792, "vocab_size": 163840, "routed_expert_hidden_size": 3584, "mla_use_output_gate": True}
        | {"linear_attn_config": PART},
        *(2780, 104, 24 * (512 + 64) * 2, 0, 69 * (96 * 128 * 128 + 3 * 3 * 96 * 128) * 2),
    ),
}


def card_of(folder: Path, config: object) -> Card:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
    return import_model(folder / "config.json")


@pytest.mark.parametrize("name", CASES)
def test_counts_are_within_one_per_cent_of_those_published_and_caches_exact(name: str, tmp_path: Path) -> None:
    config, total, active, cache, window, state = CASES[name]
    fields = card_of(tmp_path, config).fields
    assert fields["total_parameters"].value == pytest.approx(total, rel=0.01)
    if active:  # published to two digits, with one embedding or with both
        embedding = 0 if fields["tied"].value else float(fields["vocabulary"].value) * float(fields["hidden"].value) / 1e9
        assert 0.95 * float(fields["active_parameters"].value) <= active <= 1.05 * (float(fields["active_parameters"].value) + embedding)
    if "attention" in fields:  # bytes of a token in a layer, and the widths of a head's keys and values
        whole = {"kv_lora_rank": 512, "qk_rope_head_dim": 0, "v_head_dim": 512} if "compress_ratios" in config else config
        parts = [whole[name] for name in ("kv_lora_rank", "qk_rope_head_dim", "v_head_dim")]
        assert [fields[name].value for name in ("latent_rank", "latent_rotary", "value_dim")] == parts
    found = [fields[key].value if key in fields else 0 for key in ("kv_bytes_per_token", "window_bytes_per_token", "state_bytes")]
    assert found == [cache, window, state]


FLOAT_8 = {"type": "float", "num_bits": 8, "strategy": "channel"}


@pytest.mark.parametrize(
    ("given", "precision"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8_block"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        ({"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 4}}}}, "int4"),
        ({"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": FLOAT_8, "input_activations": FLOAT_8}}}, "fp8"),
        ({"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": FLOAT_8 | {"strategy": "block"}}}}, "fp8_block"),
        ({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}, "nvfp4"),
        ({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp8_e4m3"}}}, "fp8"),
        ({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp4", "scale_format": "e8m0"}}}, "mxfp4"),
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, "int4"),
        ({"quant_method": "gptq", "bits": 4, "kv_cache_scheme": FLOAT_8}, "int4"),
    ],
)
def test_the_precision_of_weights_is_that_of_the_quantisation(tmp_path: Path, given: dict[str, Any], precision: str) -> None:
    assert card_of(tmp_path, CASES["llama 8b"][0] | {"quantization_config": given}).fields["precision"].value == precision


def test_every_missing_or_wrong_key_is_reported_at_once(tmp_path: Path) -> None:
    config = {key: value for key, value in V3.items() if key not in {"kv_lora_rank", "vocab_size"}} | {"hidden_size": "wide"}
    with pytest.raises(WorkbookError) as caught:
        card_of(tmp_path, config)
    assert {item.message for item in caught.value.diagnostics} == {
        "the key 'kv_lora_rank' is missing",
        "the key 'vocab_size' is missing",
        "'hidden_size' must be a whole number up to 1,000,000,000, not 'wide'",
    }


def test_every_family_is_read_or_refused_with_what_a_card_lacks(tmp_path: Path) -> None:
    """Families that share their rules are tried by one of them; those that no card can hold say why."""
    types = {config.get("text_config", config)["model_type"] for config, *_ in CASES.values()}
    tried = {id(FAMILIES[kind]) for kind in types}
    assert [kind for kind, family in FAMILIES.items() if not family.refused and id(family) not in tried] == []
    for kind, family in FAMILIES.items():
        if family.refused:
            with pytest.raises(WorkbookError, match=f"no card can hold a model of type '{kind}': {re.escape(family.refused)}"):
                card_of(tmp_path, {"model_type": kind})


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("nemotron nano 9b", {"hybrid_override_pattern": NEMOTRON.replace("-", "E")}, "the key 'moe_intermediate_size' is missing"),
        ("gemma 4 31b", {"num_kv_shared_layers": 20}, "layers share the caches of others"),
        ("deepseek v4 pro", {"compress_ratios": [4, 128]}, "must have a whole number for each of 61 layers"),
        ("gpt-oss 120b", {"layer_types": "sliding_attention:18 full_attention:18"}, "must have a kind for each of 36 layers"),
        ("minimax m2", {"model_type": "minimax_m3_vl", "intermediate_size": 1536}, "the key 'moe_intermediate_size' is missing"),
        ("llama 8b", {"quantization_config": {"quant_method": "gptq", "bits": 8}}, "quantised as 'gptq' have no precision on cards"),
        (
            "llama 8b",
            {"model_type": "lama"},
            "copy the card of templates/models that is most like it, and state its counts; known are chatglm",
        ),
        ("llama 8b", {"model_type": None}, "the key 'model_type' is missing"),
    ],
)
def test_what_a_configuration_lacks_or_a_card_cannot_count_is_said(name: str, more: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match=message):
        card_of(tmp_path, CASES[name][0] | more)


@pytest.mark.parametrize(
    ("left_out", "share"),
    [
        ({"ignore": ["re:.*self_attn.*", "lm_head"]}, 1),
        (
            {"modules_to_not_convert": [f"model.layers.{layer}.self_attn.q_proj" for layer in range(8)] + ["model.layers.99.self_attn"]},
            0.25,
        ),
        ({"modules_to_not_convert": ["lm_head", "visual.blocks.0.attn", "vision_tower.self_attn"]}, 0),
    ],
)
def test_attention_that_a_checkpoint_keeps_in_16_bit_is_counted(tmp_path: Path, left_out: dict[str, Any], share: float) -> None:
    """Llama 3.1 8B: 32 layers of 4,096 x (2 x 32 + 2 x 8) x 128 numbers; the output layer is kept, too, and the embedding is no weight."""
    fields = card_of(tmp_path, CASES["llama 8b"][0] | {"quantization_config": {"quant_method": "fp8"} | left_out}).fields
    attention, embedding = 32 * 4096 * 80 * 128, 128256 * 4096
    outside = attention + 32 * 3 * 4096 * 14336 + embedding
    expected = [pytest.approx((share * attention + embedding) / outside, rel=1e-3)] if share else []
    assert [fields[name].value for name in ("kept_8",) if name in fields] == expected


def test_what_published_files_leave_out_is_as_the_architecture_has_it(tmp_path: Path) -> None:
    """Llama 1 names no heads of keys, Gemma 3 no vocabulary, and its 4B no heads; ChatGLM calls its parts otherwise."""
    llama = {key: value for key, value in CASES["llama 2 7b"][0].items() if key != "num_key_value_heads"}
    assert card_of(tmp_path, llama).fields == card_of(tmp_path, CASES["llama 2 7b"][0]).fields
    small = {"num_hidden_layers": 34, "hidden_size": 2560, "intermediate_size": 10240, "sliding_window": 1024}
    card = card_of(tmp_path, {"model_type": "gemma3", "text_config": small | {"model_type": "gemma3_text"}})
    assert card.fields["total_parameters"].value == pytest.approx(3.88, rel=0.01)
    assert card.fields["kv_bytes_per_token"].value == 5 * 2 * 4 * 256 * 2
    names = {"num_key_value_heads": "multi_query_group_num", "head_dim": "kv_channels", "intermediate_size": "ffn_hidden_size"}
    chat = {names.get(key, key): value for key, value in CASES["glm-4 9b"][0].items()} | {"model_type": "chatglm"}
    assert card_of(tmp_path, chat).fields == card_of(tmp_path, CASES["glm-4 9b"][0]).fields


def test_a_window_that_no_layer_is_said_to_have_is_reported(tmp_path: Path) -> None:
    for more, count in (({"sliding_window": 4096}, 1), ({"sliding_window": 4096, "use_sliding_window": False}, 0), ({}, 0)):
        assert len(card_of(tmp_path, CASES["llama 8b"][0] | more).warnings) == count


def test_windows_of_every_other_layer_need_no_list(tmp_path: Path) -> None:
    config = {key: value for key, value in CASES["gpt-oss 120b"][0].items() if key != "layer_types"}
    assert card_of(tmp_path, config).fields == card_of(tmp_path, CASES["gpt-oss 120b"][0]).fields


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"model_type": "lama"}', "[" * 5000, '{"model_type": ["x"]}'])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["import", "model", str(tmp_path / "config.json"), "-o", str(tmp_path / "out.yaml")])
    assert (result.exit_code, (tmp_path / "out.yaml").exists()) == (2, False)
    assert str(tmp_path / "config.json") in result.stderr


def test_bytes_of_weights_beside_the_file_are_compared(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 16_060_522_496}}), "utf-8")
    assert card_of(tmp_path, CASES["llama 8b"][0]).warnings == []
    index.write_text(json.dumps({"metadata": {"total_size": 14_000_000_000}}), "utf-8")
    assert "7.00 billion parameters of 16 bit, the shapes give 8.03" in card_of(tmp_path, CASES["llama 8b"][0]).warnings[0]


def test_cards_are_taken_by_the_planning_workbook_without_a_contradiction(tmp_path: Path) -> None:
    root = tmp_path / "cards"
    write_out(root, "1")
    for name, (config, *_) in CASES.items():
        key = "own_" + "".join(sign if sign.isalnum() else "_" for sign in name)
        card_of(tmp_path / key, config).save(root / "models" / f"{key}.yaml")
    found = [str(item) for item in check(api.load("planning", root)) if "own_" in str(item)]
    assert found == []


VALUES = st.one_of(st.integers(-3, 10**10), st.text(max_size=5), st.none(), st.booleans(), st.floats(), st.lists(st.integers(), max_size=3))


def read_any(folder: Path, data: st.DataObject) -> None:
    """A configuration with some keys changed gives a card or a list of what is wrong."""
    config = dict(CASES[data.draw(st.sampled_from(sorted(CASES)))][0])
    for key in data.draw(st.lists(st.sampled_from(sorted(config)), max_size=3)):
        config[key] = data.draw(VALUES)
    try:
        card = card_of(folder, config)
    except WorkbookError:
        return
    card.save(folder / "any.yaml")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_configuration_gives_a_card_or_messages(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    read_any(tmp_path_factory.getbasetemp(), data)


@pytest.mark.storm
@settings(max_examples=10_000, deadline=None)
@given(data=st.data())
def test_ten_thousand_configurations_give_cards_or_messages(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    read_any(tmp_path_factory.getbasetemp(), data)
