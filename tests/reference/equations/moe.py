"""Weights that a batch of an MoE model really touches, and the W that follows."""

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive
from tests.reference.equations.kv import weight_bytes_per_gpu
from tests.reference.equations.roofline import weight_streaming_time


def touched_share(n: ArrayLike, experts: ArrayLike, top_k: ArrayLike) -> FloatArray:
    """Share of a layer's routed experts that ``n`` tokens use, in expectation.

    1 - (1 - top_k / experts)^n, each token drawing its experts evenly and
    independently of the others.

    Args:
        n: tokens in the step, >= 0.
        experts: routed experts per layer, >= 1.
        top_k: experts each token is sent to, 0 < top_k <= experts.

    Source: expectation of a binomial draw; the correction to arXiv 2603.17280,
    Table 2, whose dagger rows use the share at n = 1 for every batch.
    """
    missed = 1.0 - _routing_share(experts, top_k)
    return 1.0 - np.power(missed, not_negative("n", n))


def split_parameters(total: ArrayLike, active: ArrayLike, experts: ArrayLike, top_k: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Divide a published parameter count into what always runs and routed experts.

    Solves total = always + routed and active = always + routed top_k / experts.
    Attention, embeddings, router, shared experts and dense layers fall in `always`.

    Args:
        total: parameters of the model, > 0.
        active: parameters applied to one token, total top_k/experts to total.
        experts: routed experts per layer, > top_k.
        top_k: experts each token is sent to, > 0.

    Returns:
        (always, routed) in parameters, each in the broadcast shape.

    Source: identities of the published counts (235B and 22B for Qwen3-235B-A22B).
    """
    whole = positive("total", total)
    applied = at_least("active", active, whole * _routing_share(experts, top_k))
    _ = not_negative("total - active", whole - applied)
    routed = routed_parameters(whole, applied, experts, top_k)
    return not_negative("always", whole - routed), routed


def routed_parameters(total: ArrayLike, active: ArrayLike, experts: ArrayLike, top_k: ArrayLike) -> FloatArray:
    """Parameters of routed experts that two counts imply: (total - active) / (1 - top_k / experts).

    Counts that do not go together give more than the total or less than none, which
    `split_parameters` refuses.

    Args:
        total: parameters of the model, > 0.
        active: parameters applied to one token, > 0.
        experts: routed experts per layer, > top_k.
        top_k: experts each token is sent to, > 0.

    Source: identities of `split_parameters`.
    """
    unused = positive("experts - top_k", 1.0 - _routing_share(experts, top_k))
    return (positive("total", total) - positive("active", active)) / unused


def streamed_parameters(n: ArrayLike, always: ArrayLike, routed: ArrayLike, experts: ArrayLike, top_k: ArrayLike) -> FloatArray:
    """Parameters read in a step of ``n`` tokens: always + routed touched_share(n).

    Args:
        n: tokens in the step, >= 0.
        always: parameters every step reads, >= 0.
        routed: parameters of all routed experts, >= 0.
        experts: routed experts per layer, >= 1.
        top_k: experts each token is sent to, 0 < top_k <= experts.

    Returns:
        Parameters, in the broadcast shape: the active count at n = 1, rising to
        always + routed.

    Source: correction to arXiv 2603.17280, Table 2, dagger rows.
    """
    used = not_negative("routed", routed) * touched_share(n, experts, top_k)
    return not_negative("always", always) + used


def corrected_weight_time(
    streamed: ArrayLike, dtype_bytes: ArrayLike, tp: ArrayLike, bandwidth: ArrayLike, layers: ArrayLike
) -> FloatArray:
    """W of an MoE step, s, by the rule the paper applies to dense models.

    streamed dtype_bytes / tp / (0.80 bandwidth) + 3e-6 layers. With the published
    235e9 and 22e9 parameters split by `split_parameters`, Qwen3-235B-A22B in fp16 on
    eight H100 at n = 24 touches 78.8 % of its experts and W is 17.7 ms; the KV term
    and the power (304.6 W) of the printed row unchanged, 37.82 tok/W becomes 4.34.

    Args:
        streamed: from `streamed_parameters`, >= 0.
        dtype_bytes: bytes per weight, > 0.
        tp: GPUs of the instance, >= 1.
        bandwidth: peak HBM bandwidth of one GPU, byte/s, > 0.
        layers: transformer layers, >= 0.

    Source: correction to arXiv 2603.17280, Table 2, dagger rows.
    """
    per_gpu = weight_bytes_per_gpu(streamed, dtype_bytes, tp)
    return weight_streaming_time(per_gpu, bandwidth, layers)


def _routing_share(experts: ArrayLike, top_k: ArrayLike) -> FloatArray:
    pool = at_least("experts", experts, 1)
    chosen = positive("top_k", top_k)
    return chosen / at_least("experts", pool, chosen)
