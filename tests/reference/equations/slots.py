"""Sequences that an instance can hold: blocks of the KV cache against a window."""

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive
from tests.reference.equations.kv import BLOCK_TOKENS
from tests.reference.equations.rounding import ceil, floor


def kv_blocks(free_bytes: ArrayLike, kv_bytes: ArrayLike, block_tokens: ArrayLike = BLOCK_TOKENS) -> FloatArray:
    """Whole KV blocks that fit: floor(free_bytes / (block_tokens kv_bytes)).

    Args:
        free_bytes: from `kv.free_kv_bytes`, byte per GPU, >= 0.
        kv_bytes: byte/token per GPU (the paper: of the whole model), > 0.
        block_tokens: tokens per block, >= 1.

    Source: reproduction, capacity of a computed profile.
    """
    block_bytes = at_least("block_tokens", block_tokens, 1) * positive("kv_bytes", kv_bytes)
    return floor(not_negative("free_bytes", free_bytes) / block_bytes)


def computed_slots(blocks: ArrayLike, window: ArrayLike, block_tokens: ArrayLike = BLOCK_TOKENS) -> FloatArray:
    """n_max of a computed profile: max(1, floor(block_tokens blocks / window)).

    Args:
        blocks: KV blocks, >= 0.
        window: tokens reserved per sequence, >= 1.
        block_tokens: tokens per block, >= 1.

    Returns:
        Sequences (whole, >= 1 even where nothing fits), in the broadcast shape.

    Source: arXiv 2603.17280, Eq. 3; the clamp at 1: reproduction.
    """
    tokens = at_least("block_tokens", block_tokens, 1) * not_negative("blocks", blocks)
    return np.maximum(1.0, floor(tokens / at_least("window", window, 1)))


def window_slots(free_bytes: ArrayLike, kv_bytes: ArrayLike, window: ArrayLike) -> FloatArray:
    """Sequences that fit when memory is not cut into blocks.

    floor(free_bytes / (kv_bytes window))

    Args:
        free_bytes: from `kv.free_kv_bytes`, byte per GPU, >= 0.
        kv_bytes: byte/token per GPU, > 0.
        window: tokens reserved per sequence, >= 1.

    Returns:
        Sequences (whole, 0 where nothing fits), in the broadcast shape.

    Source: arXiv 2603.17280, Eq. 3.
    """
    reserved = positive("kv_bytes", kv_bytes) * at_least("window", window, 1)
    return floor(not_negative("free_bytes", free_bytes) / reserved)


def calibrated_slots(
    max_slots: ArrayLike, calibration_length: ArrayLike, blocks: ArrayLike, window: ArrayLike, block_tokens: ArrayLike = BLOCK_TOKENS
) -> FloatArray:
    """Slots of a calibrated profile, the tighter of two limits.

    min(floor(max_slots L_cal / window), floor(blocks / ceil(window / block_tokens)))

    Args:
        max_slots: sequences the engine takes at the calibration length, >= 0.
        calibration_length: tokens, > 0.
        blocks: KV blocks of the profile, >= 0.
        window: tokens reserved per sequence, >= 1.
        block_tokens: tokens per block, >= 1.

    Source: reproduction, calibrated profile (Tables 1 and 4 of the paper).
    """
    reserved = at_least("window", window, 1)
    by_memory = block_slots(blocks, window_blocks(reserved, block_tokens))
    return np.minimum(scheduled_slots(max_slots, calibration_length, reserved), by_memory)


def scheduled_slots(max_slots: ArrayLike, calibration_length: ArrayLike, window: ArrayLike) -> FloatArray:
    """Slots that a calibrated profile schedules: floor(max_slots L_cal / window).

    Args:
        max_slots: sequences the engine takes at the calibration length, >= 0.
        calibration_length: tokens, > 0.
        window: tokens reserved per sequence, >= 1.

    Source: reproduction, calibrated profile.
    """
    scheduled = not_negative("max_slots", max_slots) * positive("calibration_length", calibration_length)
    return floor(scheduled / at_least("window", window, 1))


def window_blocks(window: ArrayLike, block_tokens: ArrayLike = BLOCK_TOKENS) -> FloatArray:
    """KV blocks that one whole window takes: ceil(window / block_tokens).

    Args:
        window: tokens reserved per sequence, >= 1.
        block_tokens: tokens per block, >= 1.

    Source: reproduction, calibrated profile.
    """
    return ceil(at_least("window", window, 1) / at_least("block_tokens", block_tokens, 1))


def block_slots(blocks: ArrayLike, blocks_each: ArrayLike) -> FloatArray:
    """Sequences whose blocks fit: floor(blocks / blocks_each).

    Args:
        blocks: KV blocks of the instance, >= 0.
        blocks_each: blocks one sequence takes, >= 1.

    Source: reproduction, calibrated profile.
    """
    each = at_least("blocks_each", blocks_each, 1)
    return floor(not_negative("blocks", blocks) / each)
