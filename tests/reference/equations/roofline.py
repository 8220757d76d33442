"""Time of a decode step: weights streamed once, the KV cache read per sequence."""

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, finite, not_negative, positive, share

BANDWIDTH_EFFICIENCY = 0.80
"""Share of peak HBM bandwidth a decode step reaches (reproduction)."""

LAYER_OVERHEAD = 3e-6
"""Launch and synchronisation time per layer, s (reproduction)."""

MOE_REFERENCE_BANDWIDTH = 3.35e12
"""Bandwidth of the GPU on which a layer's MoE time is stated, byte/s (H100)."""

MOE_BANDWIDTH_EXPONENT = 0.7
"""Power of the bandwidth ratio by which that time shrinks (reproduction)."""


def decode_step_time(n: ArrayLike, w: ArrayLike, h: ArrayLike, mean_length: ArrayLike, calibration_length: ArrayLike) -> FloatArray:
    """Seconds of one decode step of an instance: w + h (mean_length / L_cal) n.

    Args:
        n: sequences in flight, >= 0.
        w: weight-streaming time, s, >= 0.
        h: KV-reading time per sequence at the calibration length, s, >= 0.
        mean_length: mean KV tokens held per sequence, >= 0.
        calibration_length: KV tokens at which h holds, > 0.

    Source: arXiv 2603.17280, section 2.2, below Eq. 2.
    """
    stretch = not_negative("mean_length", mean_length) / positive("calibration_length", calibration_length)
    reading = not_negative("h", h) * stretch * not_negative("n", n)
    return not_negative("w", w) + reading


def step_time_with_dispatch(step_time: ArrayLike, dispatch: ArrayLike) -> FloatArray:
    """Seconds of a decode step of an MoE model when expert dispatch is charged.

    Args:
        step_time: the step without dispatch, s, >= 0.
        dispatch: all-to-all exchange of the whole step, s, >= 0.

    Raises:
        ValueError: if either is negative, NaN or infinite.

    Source: arXiv 2603.17280, section 3.2, where the term is discussed and left out.
    """
    return not_negative("step_time", step_time) + not_negative("dispatch", dispatch)


def throughput(n: ArrayLike, step_time: ArrayLike, tokens_per_step: ArrayLike = 1.0) -> FloatArray:
    """Tokens an instance decodes per second: tokens_per_step n / step_time.

    Args:
        n: sequences in flight, >= 0.
        step_time: s, > 0.
        tokens_per_step: tokens a sequence gains in a step, > 0.

    Source: arXiv 2603.17280, Eq. 2 (numerator).
    """
    gained = positive("tokens_per_step", tokens_per_step) * not_negative("n", n)
    return gained / positive("step_time", step_time)


def weight_streaming_time(
    bytes_per_gpu: ArrayLike,
    bandwidth: ArrayLike,
    layers: ArrayLike,
    efficiency: ArrayLike = BANDWIDTH_EFFICIENCY,
    layer_overhead: ArrayLike = LAYER_OVERHEAD,
) -> FloatArray:
    """W of a dense model, s: its weights read once, and a fixed cost per layer.

    bytes_per_gpu / (efficiency bandwidth) + layer_overhead layers

    Args:
        bytes_per_gpu: weight bytes one GPU streams in a step, >= 0.
        bandwidth: peak HBM bandwidth of one GPU, byte/s, > 0.
        layers: transformer layers, >= 0.
        efficiency: reached share of the peak, 0 < efficiency <= 1.
        layer_overhead: s per layer, >= 0.

    Source: arXiv 2603.17280, section 2.2 (W); the two constants: reproduction.
    """
    reached = share("efficiency", efficiency) * positive("bandwidth", bandwidth)
    fixed = not_negative("layer_overhead", layer_overhead)
    streaming = not_negative("bytes_per_gpu", bytes_per_gpu) / reached
    return streaming + fixed * not_negative("layers", layers)


def kv_read_time(
    kv_bytes_per_token: ArrayLike,
    calibration_length: ArrayLike,
    tp: ArrayLike,
    bandwidth: ArrayLike,
    efficiency: ArrayLike = BANDWIDTH_EFFICIENCY,
) -> FloatArray:
    """H of a computed profile, s: one sequence's KV read once, split over the GPUs.

    calibration_length kv_bytes_per_token / (efficiency bandwidth) / tp

    Args:
        kv_bytes_per_token: of the whole model, byte/token, >= 0.
        calibration_length: tokens held by the sequence, > 0.
        tp: GPUs of the instance, >= 1.
        bandwidth: peak HBM bandwidth of one GPU, byte/s, > 0.
        efficiency: reached share of the peak, 0 < efficiency <= 1.

    Source: arXiv 2603.17280, section 2.2 (H); split by tp: reproduction.
    """
    reached = share("efficiency", efficiency) * positive("bandwidth", bandwidth)
    held = positive("calibration_length", calibration_length) * not_negative("kv_bytes_per_token", kv_bytes_per_token)
    return held / reached / at_least("tp", tp, 1)


def moe_profile_weight_time(attention_time: ArrayLike, layers: ArrayLike, moe_layer_time: ArrayLike, bandwidth: ArrayLike) -> FloatArray:
    """W that an MoE profile carries itself, s; the paper's tables use it for power only.

    attention_time + layers moe_layer_time (3.35e12 / bandwidth)^0.7

    Args:
        attention_time: `weight_streaming_time` of the attention weights, s, >= 0.
        layers: transformer layers, >= 0.
        moe_layer_time: expert time of a layer on the reference GPU, s, >= 0.
        bandwidth: peak HBM bandwidth of this GPU, byte/s, > 0.

    Source: reproduction, computed profile of an MoE model.
    """
    experts_time = expert_layers_time(layers, moe_layer_time, bandwidth)
    return not_negative("attention_time", attention_time) + experts_time


def expert_layers_time(
    layers: ArrayLike,
    moe_layer_time: ArrayLike,
    bandwidth: ArrayLike,
    reference_bandwidth: ArrayLike = MOE_REFERENCE_BANDWIDTH,
    exponent: ArrayLike = MOE_BANDWIDTH_EXPONENT,
) -> FloatArray:
    """Time of the experts of all layers, s, scaled from the GPU it was stated for.

    layers moe_layer_time (reference_bandwidth / bandwidth)^exponent

    Args:
        layers: transformer layers, >= 0.
        moe_layer_time: expert time of a layer on the reference GPU, s, >= 0.
        bandwidth: peak HBM bandwidth of this GPU, byte/s, > 0.
        reference_bandwidth: that of the reference GPU, byte/s, > 0.
        exponent: 0 (no scaling) to 1 (in proportion); any real.

    Source: reproduction, computed profile of an MoE model.
    """
    ratio = positive("reference_bandwidth", reference_bandwidth) / positive("bandwidth", bandwidth)
    layer_time = not_negative("moe_layer_time", moe_layer_time) * np.power(ratio, finite("exponent", exponent))
    return not_negative("layers", layers) * layer_time


def ridge_point(flops: ArrayLike, bandwidth: ArrayLike) -> FloatArray:
    """Operations per byte at which a GPU's arithmetic and memory take equally long.

    Args:
        flops: peak FLOP/s of one GPU, > 0.
        bandwidth: peak HBM bandwidth of one GPU, byte/s, > 0.

    Source: Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009.
    """
    return positive("flops", flops) / positive("bandwidth", bandwidth)


def active_weight_time(active_parameters: ArrayLike, dtype_bytes: ArrayLike, tp: ArrayLike, bandwidth: ArrayLike) -> FloatArray:
    """W, s, that the paper puts in place of an MoE profile's own for its throughput column.

    active_parameters dtype_bytes / tp / bandwidth: peak bandwidth, no layer cost,
    and the experts of one token whatever the batch.

    Args:
        active_parameters: parameters applied to one token, > 0.
        dtype_bytes: bytes per weight, > 0.
        tp: GPUs of the instance, >= 1.
        bandwidth: peak HBM bandwidth of one GPU, byte/s, > 0.

    Source: arXiv 2603.17280, Table 2, caption (dagger rows).
    """
    streamed = positive("active_parameters", active_parameters) * positive("dtype_bytes", dtype_bytes)
    return streamed / at_least("tp", tp, 1) / positive("bandwidth", bandwidth)
