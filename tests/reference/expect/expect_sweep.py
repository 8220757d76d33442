"""Expectations of sheet Context sweep and of the serving profiles."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from tests.reference.equations import metrics, roofline, slots
from tests.reference.expect import chain
from tests.reference.expect.chain import B200_PROJECTED, H100, H100_CALIBRATED, H100_LLAMA_8B, LLAMA_70B, MILLI
from tests.reference.quantities import DIFFERENCES, PAPER, Inputs, expect, expect_rows, number


class Full:
    """A calibrated profile full at a window; attributes as columns of `sweep`: ms, W of one GPU; see `paper.calibrated_point`."""

    def __init__(self, i: Inputs, profile: str, window: str) -> None:
        item, curve, tokens = chain.calibrated(i, profile), chain.profile_curve(i, profile), i[f"windows.{window}"]
        self.log_window = math.log2(tokens)
        self.by_slots = float(slots.scheduled_slots(item.max_slots, item.calibration_length, tokens))
        self.window_blocks = float(slots.window_blocks(tokens, item.block_size))
        self.by_blocks = float(slots.block_slots(item.blocks, self.window_blocks))
        self.n_max = min(self.by_slots, self.by_blocks)
        length = chain.mean_length(i, tokens)
        self.length_ratio = length / item.calibration_length
        seconds = float(roofline.decode_step_time(self.n_max, item.w, item.h, length, item.calibration_length))
        self.step_time = seconds / MILLI
        self.throughput = chain.throughput(i, self.n_max, seconds)
        self.exponent = curve.k * (math.log2(max(1.0, self.n_max)) - curve.x0)
        self.power = curve.watts(self.n_max)
        self.tok_per_w = float(metrics.paper_tok_per_watt(self.throughput, self.power))
        self.tok_per_j = float(metrics.tok_per_joule(self.throughput, self.power, item.tp))


full = cache(Full)
PAPER.fields("sweep", full, Full)
DIFFERENCES.add("sweep.exponent")


def n_max(i: Inputs, profile: str, window: str) -> float:
    """Return the sequences of a profile at a window."""
    return full(i, profile, window).n_max


def tok_per_w(i: Inputs, profile: str, window: str) -> float:
    """Return the paper-normalised tok/W of a profile at a window."""
    return full(i, profile, window).tok_per_w


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
