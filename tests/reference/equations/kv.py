"""Parameter counts, KV-cache sizes and the sequences that fit beside the weights."""

from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive, share

BLOCK_TOKENS = 16
"""Tokens in one block of the KV cache (reproduction)."""

NCCL_WORKSPACE_BYTES = MappingProxyType({1: 0, 2: 358_612_992, 4: 411_041_792, 8: 411_041_792})
"""Bytes per GPU held by the collectives library, by tensor-parallel degree."""


def embedding_parameters(vocabulary: ArrayLike, hidden: ArrayLike) -> FloatArray:
    """Parameters of one embedding matrix: vocabulary hidden.

    Args:
        vocabulary: tokens known, >= 0.
        hidden: model width, > 0.

    Returns:
        Parameters, in the broadcast shape. The reproduction counts one matrix, so
        a separate output head is missing from its totals.

    Source: reproduction, parameter count of a model.
    """
    return not_negative("vocabulary", vocabulary) * positive("hidden", hidden)


def attention_parameters(layers: ArrayLike, hidden: ArrayLike, kv_heads: ArrayLike, head_dim: ArrayLike) -> FloatArray:
    """Parameters of the attention projections as the reproduction counts them.

    layers (2 hidden^2 + 2 hidden kv_heads head_dim)

    Args:
        layers: transformer layers, >= 0.
        hidden: model width, > 0.
        kv_heads: key/value heads, > 0.
        head_dim: width of a head, > 0.

    Source: reproduction, parameter count of a model.
    """
    width = positive("hidden", hidden)
    kv_width = positive("kv_heads", kv_heads) * positive("head_dim", head_dim)
    return not_negative("layers", layers) * (2 * width**2 + 2 * width * kv_width)


def dense_ffn_parameters(layers: ArrayLike, hidden: ArrayLike, intermediate: ArrayLike) -> FloatArray:
    """Parameters of gated feed-forward blocks: 3 layers hidden intermediate.

    Args:
        layers: transformer layers, >= 0 (times the shared experts of an MoE model).
        hidden: model width, > 0.
        intermediate: inner width, >= 0.

    Source: reproduction, parameter count of a model.
    """
    inner = not_negative("intermediate", intermediate)
    return 3 * not_negative("layers", layers) * positive("hidden", hidden) * inner


def expert_parameters(layers: ArrayLike, hidden: ArrayLike, moe_intermediate: ArrayLike, experts: ArrayLike) -> FloatArray:
    """Parameters of routed experts: 3 layers experts hidden moe_intermediate.

    Args:
        layers: transformer layers, >= 0.
        hidden: model width, > 0.
        moe_intermediate: inner width of an expert, >= 0.
        experts: experts counted per layer, >= 0; top_k of them gives the active ones.

    Source: reproduction, parameter count of a model.
    """
    each = dense_ffn_parameters(layers, hidden, moe_intermediate)
    return each * not_negative("experts", experts)


def projection_parameters(layers: ArrayLike, hidden: ArrayLike, heads: ArrayLike, kv_heads: ArrayLike, head_dim: ArrayLike) -> FloatArray:
    """Attention parameters an MoE profile streams in its own W.

    layers ((heads + 2 kv_heads) head_dim hidden + hidden^2), equal to
    `attention_parameters` where heads head_dim = hidden.

    Args:
        layers: transformer layers, >= 0.
        hidden: model width, > 0.
        heads: query heads, > 0.
        kv_heads: key/value heads, > 0.
        head_dim: width of a head, > 0.

    Source: reproduction, computed profile of an MoE model.
    """
    width = positive("hidden", hidden)
    all_heads = positive("heads", heads) + 2 * positive("kv_heads", kv_heads)
    projected = all_heads * positive("head_dim", head_dim)
    return not_negative("layers", layers) * (projected * width + width**2)


def weight_bytes_per_gpu(parameters: ArrayLike, dtype_bytes: ArrayLike, tp: ArrayLike) -> FloatArray:
    """Weight bytes on each GPU of an instance: parameters dtype_bytes / tp.

    Args:
        parameters: >= 0.
        dtype_bytes: bytes per weight, > 0.
        tp: GPUs of the instance, >= 1.

    Source: reproduction, capacity and W of a computed profile.
    """
    whole = not_negative("parameters", parameters) * positive("dtype_bytes", dtype_bytes)
    return whole / at_least("tp", tp, 1)


def kv_bytes_per_token(layers: ArrayLike, kv_heads: ArrayLike, head_dim: ArrayLike, dtype_bytes: ArrayLike) -> FloatArray:
    """Bytes of keys and values one token leaves: 2 layers kv_heads head_dim dtype.

    Args:
        layers: layers that keep a cache, >= 0.
        kv_heads: key/value heads, > 0.
        head_dim: width of a head, > 0.
        dtype_bytes: bytes per cached value, > 0.

    Source: arXiv 2603.17280, Eq. 3 (kappa).
    """
    heads = positive("kv_heads", kv_heads) * positive("head_dim", head_dim)
    values = 2 * not_negative("layers", layers) * heads
    return values * positive("dtype_bytes", dtype_bytes)


def sharded_kv_bytes_per_token(kv_bytes: ArrayLike, tp: ArrayLike, kv_heads: ArrayLike) -> FloatArray:
    """KV bytes of a token on each GPU when heads are shared out: / min(tp, kv_heads).

    Args:
        kv_bytes: of the whole model, byte/token, >= 0.
        tp: GPUs of the instance, >= 1.
        kv_heads: key/value heads, >= 1; more GPUs than heads hold copies.

    Source: arXiv 2603.17280, section 2.1, storage assumption, which the paper's
    computed profiles do not apply to their capacity.
    """
    ways = np.minimum(at_least("tp", tp, 1), at_least("kv_heads", kv_heads, 1))
    return not_negative("kv_bytes", kv_bytes) / ways


def nccl_workspace_bytes(tp: int) -> int:
    """Bytes per GPU kept by the collectives library.

    Args:
        tp: GPUs of the instance; 1, 2, 4 or 8 (a scalar).

    Raises:
        ValueError: for any other degree.

    Source: reproduction, capacity of a computed profile.
    """
    if tp not in NCCL_WORKSPACE_BYTES:
        message = f"tp must be one of {sorted(NCCL_WORKSPACE_BYTES)}, got {tp}"
        raise ValueError(message)
    return NCCL_WORKSPACE_BYTES[tp]


def usable_bytes(memory_bytes: ArrayLike, utilisation: ArrayLike) -> FloatArray:
    """Bytes of one GPU that the engine may take: trunc(utilisation memory).

    Args:
        memory_bytes: memory of one GPU, byte, > 0.
        utilisation: share the engine may take, 0 < utilisation <= 1.

    Source: reproduction, capacity of a computed profile.
    """
    taken = share("utilisation", utilisation) * positive("memory_bytes", memory_bytes)
    return np.trunc(taken)


def free_kv_bytes(memory_bytes: ArrayLike, utilisation: ArrayLike, weight_bytes: ArrayLike, workspace_bytes: ArrayLike) -> FloatArray:
    """Bytes of one GPU left for KV: max(0, trunc(utilisation memory) - the rest).

    Args:
        memory_bytes: memory of one GPU, byte, > 0.
        utilisation: share the engine may take, 0 < utilisation <= 1.
        weight_bytes: weights on the GPU, byte, >= 0.
        workspace_bytes: other fixed use, byte, >= 0.

    Returns:
        byte per GPU, >= 0, in the broadcast shape; 0 where the weights do not fit.

    Source: arXiv 2603.17280, Eq. 3 (V_KV); the terms: reproduction.
    """
    budget = usable_bytes(memory_bytes, utilisation)
    taken = not_negative("weight_bytes", weight_bytes) + not_negative("workspace_bytes", workspace_bytes)
    return np.maximum(0.0, budget - taken)
