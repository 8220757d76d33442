"""Expectations of sheet Context sweep and of the serving profiles."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.reference.equations import metrics, roofline, slots
from tests.reference.expect import chain
from tests.reference.expect.chain import B200_PROJECTED, H100, H100_CALIBRATED, H100_LLAMA_8B, LLAMA_70B, MILLI
from tests.reference.quantities import Inputs, expect, expect_rows, number


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
    return Full(by_slots, blocks_each, by_blocks, step_time, chain.profile_curve(i, profile).watts(n))


@expect("sweep.by_slots")
def by_slots(i: Inputs, profile: str, window: str) -> float:
    return full(i, profile, window).by_slots


expect_rows(
    "sweep",
    {
        "window_blocks": lambda i, profile, window: full(i, profile, window).window_blocks,
        "log_window": lambda i, _profile, window: math.log2(i[f"windows.{window}"]),
    },
)


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
    if above < 0 or not n_max(i, profile, window):
        return None
    return tok_per_w(i, profile, members[above]) / tok_per_w(i, profile, window)


PACKAGED = (H100_CALIBRATED, B200_PROJECTED, H100_LLAMA_8B)
"""The profiles that the fit of the law reads."""


@expect("sweep.log_tok_per_w", difference=True)
def log_tok_per_w(i: Inputs, profile: str, window: str) -> float | None:
    if profile not in PACKAGED:
        return None
    return math.log2(tok_per_w(i, profile, window)) if n_max(i, profile, window) else 0.0


# The law in numbers

LOGARITHMS = ("log_window", "log_tok_per_w")


def empty(i: Inputs, profile: str) -> float:
    """Return the number of windows at which no sequence of a profile fits."""
    return float(sum(not n_max(i, profile, window) for window in i.members("windows")))


def series(i: Inputs, profile: str) -> tuple[list[float], list[float]]:
    """Return the windows and the paper-normalised tok/W of a profile."""
    members = i.members("windows")
    return [i[f"windows.{window}"] for window in members], [tok_per_w(i, profile, window) for window in members]


def expect_law(gpu: str, profile: str) -> None:
    """Register the exponent of a profile, empty where a window holds no sequence, and what it is made of."""

    @expect(f"law.empty_{gpu}")
    def windows_without(i: Inputs) -> float:
        return empty(i, profile)

    @expect(f"law.exponent_{gpu}")
    def exponent_of(i: Inputs) -> float | None:
        return None if empty(i, profile) else metrics.log_log_exponent(*series(i, profile))

    @expect(f"law.slope_{gpu}", difference=True)
    def slope(i: Inputs) -> float:
        xs, ys = ([number(i, f"sweep.{column}", profile, window) for window in i.members("windows")] for column in LOGARITHMS)
        return float(np.polyfit(xs, ys, 1)[0])


expect_law("h100", H100_CALIBRATED)
expect_law("b200", B200_PROJECTED)


@expect("law.spread_h100")
def spread_h100(i: Inputs) -> float | None:
    return None if empty(i, H100_CALIBRATED) else tok_per_w(i, H100_CALIBRATED, "2k") / tok_per_w(i, H100_CALIBRATED, "128k")


expect_rows(
    "law",
    {
        "unit_slip": lambda i: None if empty(i, H100_CALIBRATED) else chain.calibrated(i, H100_CALIBRATED).tp,
        "state": lambda i: "no sequence fits at the longest windows" if empty(i, H100_CALIBRATED) + empty(i, B200_PROJECTED) else "ok",
    },
)


# Read off at the window chosen


@cache
def own_window(i: Inputs) -> float:
    return i["explore.window"]


@expect("read_off.segment")
def segment(i: Inputs) -> float:
    return metrics.knot_segment(own_window(i), series(i, H100_CALIBRATED)[0])


def expect_reading(gpu: str, profile: str) -> Callable[[Inputs], float]:
    """Register what is read off for a profile, empty where the segment ends at a window that holds no sequence."""

    @expect(f"read_off.n_max_{gpu}")
    def holds(i: Inputs) -> float:
        return n_max(i, profile, i.members("windows")[int(segment(i))])

    @expect(f"read_off.tok_per_w_{gpu}")
    def reading(i: Inputs) -> float | None:
        if not holds(i):
            return None
        first, last = int(segment(i)) - 1, int(segment(i)) + 1
        return metrics.log_log_reading(own_window(i), *(column[first:last] for column in series(i, profile)))

    @expect(f"read_off.log_{gpu}", difference=True)
    def logarithm(i: Inputs) -> float | None:
        found = reading(i)
        return None if found is None else math.log2(found)

    @expect(f"read_off.tok_per_j_{gpu}")
    def physical(i: Inputs) -> float | None:
        found = reading(i)
        return None if found is None else found / chain.calibrated(i, profile).tp

    return holds


HOLDS = [expect_reading("h100", H100_CALIBRATED), expect_reading("b200", B200_PROJECTED)]


expect_rows(
    "read_off",
    {
        "log_window": lambda i: math.log2(own_window(i)),
        "state": lambda i: "ok" if all(holds(i) for holds in HOLDS) else "no sequence fits in a window of this length",
    },
)

# Profiles


expect_rows(
    "profiles",
    {
        "h": lambda i, profile: chain.calibrated(i, profile).h / MILLI,
        "blocks": lambda i, profile: chain.calibrated(i, profile).blocks,
        "max_slots": lambda i, profile: chain.calibrated(i, profile).max_slots,
        "power_curve": lambda i, profile: i.shown(chain.profile_curve_name(i, profile)),
        "price": lambda i, profile: i[f"hardware.{chain.calibrated(i, profile).gpu}.price"] * chain.calibrated(i, profile).tp,
    },
)


@expect("profile_list.kv_budget_ratio")
def kv_budget_ratio(i: Inputs, profile: str) -> float | None:
    own, on_h100 = (chain.computed(i, gpu, LLAMA_70B).blocks for gpu in (chain.calibrated(i, profile).gpu, H100))
    return own / on_h100 if on_h100 else None
