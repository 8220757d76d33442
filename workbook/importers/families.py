"""Families of models as data: which keys of a config.json hold what, and what each architecture adds to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Mapping[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers",),
    "further_layers": ("num_nextn_predict_layers",),
    "attention_heads": ("num_attention_heads",),
    "kv_heads": ("num_key_value_heads", "num_attention_groups", "multi_query_group_num"),
    "head_dim": ("head_dim", "attention_head_dim", "kv_channels"),
    "hidden": ("hidden_size",),
    "intermediate": ("intermediate_size", "ffn_hidden_size"),
    "vocabulary": ("vocab_size", "padded_vocab_size"),
    "experts": ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"),
    "experts_per_token": ("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "top_k_experts"),
    "shared_experts": ("n_shared_experts", "num_shared_experts"),
    "shared_width": ("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "share_expert_dim"),
    "expert_width": ("moe_latent_size", "routed_expert_hidden_size"),
    "moe_intermediate": ("moe_intermediate_size",),
    "first_dense": ("first_k_dense_replace",),
    "expert_step": ("decoder_sparse_step", "interleave_moe_layer_step"),
    "window": ("sliding_window", "sliding_window_size"),
    "window_heads": ("swa_num_attention_heads", "attention_other_setting.num_attention_heads"),
    "window_kv_heads": ("swa_num_key_value_heads", "attention_other_setting.num_attention_groups"),
    "window_head_dim": ("swa_head_dim", "attention_other_setting.head_dim"),
    "window_pattern": ("sliding_window_pattern",),
    "full_interval": ("full_attention_interval",),
    "kv_rank": ("kv_lora_rank",),
    "q_rank": ("q_lora_rank",),
    "rope": ("qk_rope_head_dim",),
    "nope": ("qk_nope_head_dim",),
    "value_dim": ("v_head_dim",),
    "o_rank": ("o_lora_rank",),
    "o_groups": ("o_groups",),
    "index_heads": ("index_n_heads",),
    "index_dim": ("index_head_dim",),
    "linear_keys": ("linear_num_key_heads", "linear_attn_config.num_heads"),
    "linear_values": ("linear_num_value_heads", "linear_attn_config.num_heads"),
    "linear_key_dim": ("linear_key_head_dim", "linear_attn_config.head_dim"),
    "linear_value_dim": ("linear_value_head_dim", "linear_attn_config.head_dim"),
    "convolution": ("linear_conv_kernel_dim", "conv_kernel", "linear_attn_config.short_conv_kernel_size"),
    "recurrent_heads": ("mamba_num_heads",),
    "recurrent_dim": ("mamba_head_dim",),
    "state": ("ssm_state_size",),
    "groups": ("n_groups",),
}
"""What a shape is made of, and the keys that hold it, those of an inner object behind a dot; the first key that is there counts."""

FLAGS: Mapping[str, str] = {
    "tied": "tie_word_embeddings",
    "keys_only": "attention_k_eq_v",
    "full_gate": "linear_attn_config.use_full_rank_gate",
    "gated_output": "mla_use_output_gate",
}
"""Parts of a shape that are there or not, and the key that says so."""

_DENSE = ("layers", "attention_heads", "kv_heads", "hidden", "intermediate", "vocabulary")
_SPARSE = ("layers", "attention_heads", "kv_heads", "hidden", "vocabulary", "experts", "experts_per_token", "moe_intermediate")
_LATENT = (*(name for name in _SPARSE if name != "kv_heads"), "intermediate", "kv_rank", "rope", "nope", "value_dim")
_LINEAR = ("linear_keys", "linear_values", "linear_key_dim", "linear_value_dim", "convolution", "head_dim")
_WINDOWS = ("window", "window_heads", "window_kv_heads", "window_head_dim", "head_dim")
_COMPRESSED = ("q_rank", "o_rank", "o_groups", "index_heads", "index_dim", "window", "head_dim")
_RECURRENT = ("recurrent_heads", "recurrent_dim", "state", "groups", "convolution", "head_dim")


@dataclass(frozen=True)
class Family:
    """An architecture: what its config must hold, and what it says without holding it.

    Args:
        needs: parts of the shape that cannot be left out.
        attention: GQA, MLA (one latent row a layer in the cache), or CSA (compressed: one row a layer for several tokens).
        constants: parts of the shape that the architecture fixes, unless the config states them; those of published files among them, which
            leave out what is usual.
        keys: other keys than in ``KEYS``.
        gates: outputs of attention that are multiplied by a gate as wide as the query.
        matrices: matrices of a feed-forward part.
        beside: experts stand beside the dense part of a layer, not in its place.
        refused: why no card of ours can hold it; nothing is read then.

    """

    needs: tuple[str, ...] = _DENSE
    attention: str = "GQA"
    constants: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gates: int = 0
    matrices: int = 3
    beside: bool = False
    refused: str = ""


_DENSE_FAMILY, _LATENT_FAMILY = Family(), Family(_LATENT, "MLA")
_MIXED = Family(_SPARSE, keys={"moe_intermediate": ("moe_intermediate_size", "intermediate_size")}, constants={"intermediate": 0})
_STEP = Family(
    (*_SPARSE, "intermediate", *_WINDOWS),
    keys={name: KEYS[name][1:] for name in ("window_heads", "window_kv_heads", "window_head_dim")},
)
_GEMMA_4 = Family(
    (*_DENSE, "window", "window_kv_heads", "window_head_dim", "head_dim"),
    constants={"tied": 1, "window_pattern": 6},
    keys={
        "head_dim": ("global_head_dim",),
        "kv_heads": ("num_global_key_value_heads", "num_key_value_heads"),
        "window_kv_heads": ("num_key_value_heads",),
        "window_head_dim": ("head_dim",),
    },
    beside=True,
)
_GEMMA_3 = Family(
    (*_DENSE, "window", "head_dim"),
    constants={"window_pattern": 6, "tied": 1, "attention_heads": 8, "kv_heads": 4, "head_dim": 256, "vocabulary": 262208},
)

FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("mistral", "qwen2", "qwen3", "qwen3_vl_text", "mimo", "glm", "glm4", "chatglm", "glm4v_text"), _DENSE_FAMILY),
    **dict.fromkeys(("qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"), _DENSE_FAMILY),
    "llama": Family(tuple(name for name in _DENSE if name != "kv_heads")),
    "gemma": Family(constants={"tied": 1}),
    **dict.fromkeys(("gemma3", "gemma3_text"), _GEMMA_3),
    **dict.fromkeys(("mixtral", "minimax_m2"), _MIXED),
    "gpt_oss": replace(_MIXED, constants={"intermediate": 0, "window_pattern": 2}),
    **dict.fromkeys(("qwen2_moe", "qwen3_moe", "qwen3_vl_moe_text"), Family(_SPARSE)),
    **dict.fromkeys(("glm4_moe", "glm4v_moe_text", "minimax_m3", "minimax_m3_vl"), Family((*_SPARSE, "intermediate"))),
    **dict.fromkeys(("deepseek_v2", "deepseek_v3", "deepseek_v32", "kimi_k2", "glm_moe_dsa", "glm4_moe_lite"), _LATENT_FAMILY),
    **dict.fromkeys(("qwen3_next", "qwen3_5_moe_text"), Family((*_SPARSE, *_LINEAR), gates=1, constants={"full_interval": 4})),
    "qwen3_5_text": Family((*_DENSE, *_LINEAR), gates=1, constants={"full_interval": 4}),
    "llama4_text": Family(
        (*_SPARSE, "intermediate"),
        keys={"moe_intermediate": ("intermediate_size",), "intermediate": ("intermediate_size_mlp", "intermediate_size")},
        constants={"shared_experts": 1, "expert_step": 1},
    ),
    "nemotron_h": Family((*_DENSE, *_RECURRENT), matrices=2),
    **dict.fromkeys(("deepseek_v4", "deepseek_ref"), Family((*_SPARSE, *_COMPRESSED), "CSA", constants={"intermediate": 0})),
    "kimi_linear": Family((*_LATENT, *_LINEAR[:-1]), "MLA"),
    **dict.fromkeys(("gemma4", "gemma4_text"), _GEMMA_4),
    **dict.fromkeys(("step3p7", "step3p5"), _STEP),
    **dict.fromkeys(("mimo_v2_flash", "mimo_v2"), Family((*_SPARSE, "intermediate", "value_dim", *_WINDOWS))),
    "nemotron-nas": Family(refused="its layers differ from each other, and a card has one shape of a layer"),
}
"""Families by ``model_type``; models that read pictures too have theirs in ``text_config``."""
