"""Expectations of power curves: sheet Power, the curve of each GPU's own sheet, and the curves of the profiles."""

import math

from tests.reference.expect import chain
from tests.reference.quantities import Inputs, expect, expect_rows


def batch(i: Inputs, n: str) -> float:
    """Return the sequences in flight of a member of the list of batches."""
    return i[f"batches.{n}"]


expect("power_curves.x0")(lambda i, curve: chain.curve(i, curve).x0)


expect("curves.half_way")(lambda i, curve: math.exp2(chain.curve(i, curve).x0))


@expect("curves.p_range")
def p_range(i: Inputs, curve: str) -> float:
    item = chain.curve(i, curve)
    return item.p_nominal - item.p_idle


@expect("power.power")
def watts(i: Inputs, curve: str, n: str) -> float:
    return chain.curve(i, curve).watts(batch(i, n))


expect("power.per_sequence")(lambda i, curve, n: watts(i, curve, n) / batch(i, n))


@expect("power.rises")
def rises(i: Inputs, curve: str, n: str) -> float | None:
    members = i.members("batches")
    above = members.index(n) - 1
    return float(watts(i, curve, n) >= watts(i, curve, members[above])) if above >= 0 else None


@expect("curve.power")
def gpu_watts(i: Inputs, gpu: str, n: str) -> float:
    return chain.gpu_curve(i, gpu).watts(batch(i, n))


@expect("curve.of_tdp")
def of_tdp(i: Inputs, gpu: str, n: str) -> float:
    return gpu_watts(i, gpu, n) / chain.gpu(i, gpu).tdp


@expect("profile_list.scale")
def profile_scale(i: Inputs, profile: str) -> float:
    board = i.text(f"profiles.{profile}.gpu")
    same = chain.gpu(i, board).curve == chain.profile_curve_name(i, profile)
    return i[f"hardware.{board}.curve_scale"] if same else 1.0


expect_rows(
    "profile_list",
    {
        "p_idle": lambda i, profile: chain.profile_curve(i, profile).p_idle,
        "p_nominal": lambda i, profile: chain.profile_curve(i, profile).p_nominal,
    },
)
