"""Expectations of sheet Context sweep and of the serving profiles."""

import math
from dataclasses import dataclass
from functools import cache

from tests.reference import chain, metrics, roofline, slots
from tests.reference.chain import B200_PROJECTED, H100, H100_CALIBRATED, H100_LLAMA_8B, LLAMA_70B, MILLI
from tests.reference.quantities import Inputs, expect


@dataclass(frozen=True, slots=True)
class Full:
    """A calibrated profile full at a window: sequences, times in s, W of one GPU."""

    by_slots: float
    window_blocks: float
    by_blocks: float
    step_time: float
    watts: float

    @property
    def n_max(self) -> float:
        """The tighter of the two limits."""
        return min(self.by_slots, self.by_blocks)


@cache
def full(i: Inputs, profile: str, window: str) -> Full:
    """Return a row of Table 1; see `paper.calibrated_point`."""
    item, tokens = chain.calibrated(i, profile), i[f"windows.{window}"]
    blocks_each = float(slots.window_blocks(tokens, item.block_size))
    by_slots = float(slots.scheduled_slots(item.max_slots, item.calibration_length, tokens))
    by_blocks = float(slots.block_slots(item.blocks, blocks_each))
    n = min(by_slots, by_blocks)
    step_time = float(roofline.decode_step_time(n, item.w, item.h, chain.mean_length(i, tokens), item.calibration_length))
    return Full(by_slots, blocks_each, by_blocks, step_time, chain.curve_watts(chain.profile_curve(i, profile), n))


@expect("sweep.by_slots")
def by_slots(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).by_slots


@expect("sweep.window_blocks")
def window_blocks(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).window_blocks


@expect("sweep.by_blocks")
def by_blocks(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).by_blocks


@expect("sweep.n_max")
def n_max(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).n_max


@expect("sweep.length_ratio")
def length_ratio(i: Inputs, profile: str, window: str) -> float:
    return chain.mean_length(i, i[f"windows.{window}"]) / chain.calibrated(i, profile).calibration_length


@expect("sweep.step_time")
def step_time(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).step_time / MILLI


@expect("sweep.throughput")
def throughput(i: Inputs, profile: str, window: str) -> float:
    row = full(i, profile, window)
    return chain.throughput(i, row.n_max, row.step_time)


@expect("sweep.exponent", difference=True)
def exponent(i: Inputs, profile: str, window: str) -> float:
    curve = chain.profile_curve(i, profile)
    return curve.k * (math.log2(max(1.0, n_max(i, profile, window))) - curve.x0)


@expect("sweep.power")
def watts(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).watts


@expect("sweep.tok_per_w")
def tok_per_w(i: Inputs, profile: str, window: str) -> float:
    return float(metrics.paper_tok_per_watt(throughput(i, profile, window), watts(i, profile, window)))


@expect("sweep.tok_per_j")
def tok_per_j(i: Inputs, profile: str, window: str) -> float:
    tp = chain.calibrated(i, profile).tp
    return float(metrics.tok_per_joule(throughput(i, profile, window), watts(i, profile, window), tp))


@expect("sweep.halving")
def halving(i: Inputs, profile: str, window: str) -> float | None:
    members = i.members("windows")
    above = members.index(window) - 1
    return tok_per_w(i, profile, members[above]) / tok_per_w(i, profile, window) if above >= 0 else None


@expect("sweep.log_window")
def log_window(i: Inputs, _profile: str, window: str) -> float:
    return math.log2(i[f"windows.{window}"])


PACKAGED = (H100_CALIBRATED, B200_PROJECTED, H100_LLAMA_8B)
"""The profiles that the fit of the law reads."""


@expect("sweep.log_tok_per_w", difference=True)
def log_tok_per_w(i: Inputs, profile: str, window: str) -> float | None:
    return math.log2(tok_per_w(i, profile, window)) if profile in PACKAGED else None


# The law in numbers


def series(i: Inputs, profile: str) -> tuple[list[float], list[float]]:
    """Return the windows and the paper-normalised tok/W of a profile."""
    members = i.members("windows")
    return [i[f"windows.{window}"] for window in members], [tok_per_w(i, profile, window) for window in members]


@expect("law.exponent_h100")
def exponent_h100(i: Inputs) -> float:
    return metrics.log_log_exponent(*series(i, H100_CALIBRATED))


@expect("law.exponent_b200")
def exponent_b200(i: Inputs) -> float:
    return metrics.log_log_exponent(*series(i, B200_PROJECTED))


@expect("law.spread_h100")
def spread_h100(i: Inputs) -> float:
    return tok_per_w(i, H100_CALIBRATED, "2k") / tok_per_w(i, H100_CALIBRATED, "128k")


@expect("law.unit_slip")
def unit_slip(i: Inputs) -> float:
    return tok_per_w(i, H100_CALIBRATED, "8k") / tok_per_j(i, H100_CALIBRATED, "8k")


# Read off at the window chosen


@expect("read_off.window")
def own_window(i: Inputs) -> float:
    return i["explore.window"]


@expect("read_off.log_window")
def own_log_window(i: Inputs) -> float:
    return math.log2(own_window(i))


@expect("read_off.segment")
def segment(i: Inputs) -> float:
    return metrics.knot_segment(own_window(i), series(i, H100_CALIBRATED)[0])


@expect("read_off.log_h100", difference=True)
def log_h100(i: Inputs) -> float:
    return math.log2(tok_per_w_h100(i))


@expect("read_off.log_b200", difference=True)
def log_b200(i: Inputs) -> float:
    return math.log2(tok_per_w_b200(i))


@expect("read_off.tok_per_w_h100")
def tok_per_w_h100(i: Inputs) -> float:
    return metrics.log_log_reading(own_window(i), *series(i, H100_CALIBRATED))


@expect("read_off.tok_per_w_b200")
def tok_per_w_b200(i: Inputs) -> float:
    return metrics.log_log_reading(own_window(i), *series(i, B200_PROJECTED))


@expect("read_off.tok_per_j_h100")
def tok_per_j_h100(i: Inputs) -> float:
    return tok_per_w_h100(i) / chain.calibrated(i, H100_CALIBRATED).tp


@expect("read_off.tok_per_j_b200")
def tok_per_j_b200(i: Inputs) -> float:
    return tok_per_w_b200(i) / chain.calibrated(i, B200_PROJECTED).tp


# Profiles


@expect("profiles.w")
def profile_w(i: Inputs, profile: str) -> float:
    return chain.calibrated(i, profile).w / MILLI


@expect("profiles.h")
def profile_h(i: Inputs, profile: str) -> float:
    return chain.calibrated(i, profile).h / MILLI


@expect("profiles.blocks")
def profile_blocks(i: Inputs, profile: str) -> float:
    return chain.calibrated(i, profile).blocks


@expect("profiles.max_slots")
def profile_max_slots(i: Inputs, profile: str) -> float:
    return chain.calibrated(i, profile).max_slots


@expect("profiles.power_curve")
def profile_curve(i: Inputs, profile: str) -> str:
    return i.shown(chain.profile_curve_name(i, profile))


@expect("profiles.price")
def profile_price(i: Inputs, profile: str) -> float:
    return i[f"hardware.{chain.calibrated(i, profile).gpu}.price"] * chain.calibrated(i, profile).tp


@expect("profile_list.kv_budget_ratio")
def kv_budget_ratio(i: Inputs, profile: str) -> float:
    own = chain.computed(i, chain.calibrated(i, profile).gpu, LLAMA_70B)
    return own.blocks / chain.computed(i, H100, LLAMA_70B).blocks
