"""Instances of every pool of a study: sequences that fit, and what a step takes by the rule of the study."""

import math
from dataclasses import dataclass
from functools import cache

from tests.reference.equations import step_time as eq
from tests.reference.equations.rounding import floor
from tests.reference.expect.chain import MILLI
from tests.reference.expect.planning_hardware import hardware, model, served
from tests.reference.expect.planning_requests import taken
from tests.reference.expect.planning_steps import fit_bytes
from tests.reference.expect.planning_study import PREFILL, assumed, role, study
from tests.reference.expect.planning_tpot import trials
from tests.reference.quantities import Inputs


def sameness(i: Inputs, key: str, pool: int) -> tuple[bool, ...]:
    """Tell whether a pool's curve was measured on its GPU, model, degree, and within a quarter its bytes of a weight and a KV value."""
    item, asked = assumed(i, key), model(i, key)
    curve = item.of_pool("curve", pool)
    fit = f"power_fits.{curve}"
    of_fit = (i.text(f"{fit}.gpu"), i.text(f"{fit}.model"), i[f"{fit}.tensor_parallel"])
    wanted = (item.of_pool("gpu", pool), item.texts["model"], item["tensor_parallel"])
    of_weight, cached = fit_bytes(i, curve)
    near = abs(asked.model.weight_bytes - of_weight) <= of_weight / 4, abs(asked.kv_bytes - cached) <= cached / 4
    return (*(a == b for a, b in zip(of_fit, wanted, strict=True)), *near)


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a pool; fields as columns of `case_pools`: sequences, tokens, times in ms."""

    as_printed: bool
    times_printed: bool
    times_fitted: bool
    by_kernels: bool
    fits: bool
    kv_tokens: float
    fixed: float
    fixed_window: float
    by_slots: float
    most: float
    by_windows: float
    by_pages: float
    by_tpot: float
    n_slots: float
    full: float
    w_alone: float
    w_each: float
    w: float
    h_kernels: float
    h_token: float
    h_full: float
    h_one: float


def fixed_tokens(i: Inputs, key: str, length: float) -> float:
    """Return what window layers and linear ones keep of a sequence of a length, as tokens of the other layers."""
    asked = model(i, key)
    return (asked.window_per_token * min(length, asked.model.window) + asked.state) / asked.kv_per_token


def slots(i: Inputs, key: str, pool: int) -> tuple[float, float, float, float]:
    """Return sequences: by printed slots, scheduled at most with whole windows, that fit by whole windows, by their own length."""
    item, served = assumed(i, key), taken(i, key, pool)
    printed, cap = f"printed_profiles.{item.of_pool('printed', pool)}", math.floor(item["engine_cap"])
    by_slots = float(floor(i[f"{printed}.max_slots"] * i[f"{printed}.calibration_length"] / served.window))
    if item.says("capacity_rule", "as printed"):
        held, more_window, more = i[f"{printed}.blocks"] * i[f"{printed}.block_size"], 0.0, 0.0
        most = by_slots
    else:
        held, most = hardware(i, key, pool).kv_tokens, cap
        more_window, more = fixed_tokens(i, key, served.window), fixed_tokens(i, key, served.length)
    by_windows = min(most, float(floor(held / (served.window + more_window))))
    by_pages = min(cap, float(floor(held / (served.length + more)))) if served.length > 0 else 0.0
    return by_slots, most, by_windows, by_pages


def that_fit(i: Inputs, key: str, pool: int) -> float:
    """Return the sequences that fit by the rule of a study, whatever the time per output token."""
    _, _, by_windows, by_pages = slots(i, key, pool)
    return by_pages if assumed(i, key).says("slots_rule", "paged") else by_windows


def or_one(fit: float) -> float:
    """Return what trials of the time per output token go up to: at least one sequence, though none may fit."""
    return max(1.0, fit)


def by_tpot(i: Inputs, key: str, pool: int) -> float:
    """Return the sequences that meet the TPOT objective: a setting of the case, which its variants keep; as many as fit without one."""
    if not assumed(i, key)["tpot_objective"] or role(i, key, pool) == PREFILL:
        return max(slots(i, key, pool)[2:])
    base = study(i, key).base
    return trials(i, base, pool, or_one(that_fit(i, base, pool))).tpot_slots


@dataclass(frozen=True, slots=True)
class Times:
    """What a step takes, ms: without reading the KV cache, of a sequence more, reading a token of each sequence, of all of them."""

    alone: float
    each: float
    token: float
    full: float


def kernel_step(i: Inputs, key: str, pool: int, n: float) -> tuple[float, float, float]:
    """Return what a step by kernels takes with all slots in use, ms: all of it, reading the KV cache, a token of one sequence."""
    item = served(i, key, pool)
    compute = assumed(i, key).says("prefill_rule", "as compute")
    whole = eq.step(item, n) if compute else item.work.verify * eq.step_decode(item, n)
    return whole / MILLI, item.work.verify * eq.attention(item, n) / MILLI, eq.attention(item, 1.0) / item.work.context / MILLI


def times(i: Inputs, key: str, pool: int, n: float) -> Times:
    """Return what a step takes by the rule of a study: as printed, as fitted, or by kernels."""
    item, own = assumed(i, key), taken(i, key, pool)
    printed, fit = f"printed_profiles.{item.of_pool('printed', pool)}", f"power_fits.{item.of_pool('curve', pool)}"
    whole, read, token = (part * item["time_scale"] for part in kernel_step(i, key, pool, n))
    context, h = i[f"{fit}.context"], i[f"{fit}.h"] * item["time_scale"]
    fitted_token = min(token, h / context)
    if item.says("time_rule", "as printed"):
        used = i[f"{printed}.h"] / i[f"{printed}.calibration_length"]
        return Times(i[f"{printed}.w"], 0.0, used, used * n)
    if is_fitted(i, key, pool):
        return Times(i[f"{fit}.w"] * item["time_scale"], max(0.0, h - token * context), fitted_token, fitted_token * n)
    steps = own.mean(own.requests.total(own.requests.steps))
    by_length = own.mean(own.requests.total(own.requests.steps, own.requests.length))
    return Times(whole - read, 0.0, fitted_token, read * steps / by_length if by_length else 0.0)


def is_fitted(i: Inputs, key: str, pool: int) -> bool:
    """Tell whether step times are those of a fit: to the same GPU, model, degree and precision."""
    return assumed(i, key).says("time_rule", "as fitted") and all(sameness(i, key, pool))


@cache
def instance(i: Inputs, key: str, pool: int) -> Instance:
    """Return an instance of a pool."""
    item, own, gives = assumed(i, key), taken(i, key, pool), hardware(i, key, pool)
    printed = f"printed_profiles.{item.of_pool('printed', pool)}"
    as_printed, times_printed = item.says("capacity_rule", "as printed"), item.says("time_rule", "as printed")
    by_slots, most, by_windows, by_pages = slots(i, key, pool)
    tpot_slots = by_tpot(i, key, pool)
    n = min(tpot_slots, by_pages if item.says("slots_rule", "paged") else by_windows)
    if role(i, key, pool) == PREFILL:
        n = 1.0
    whole, _, token = kernel_step(i, key, pool, n)
    taking = times(i, key, pool, n)
    return Instance(
        as_printed=as_printed,
        times_printed=times_printed,
        times_fitted=is_fitted(i, key, pool),
        by_kernels=not times_printed and not is_fitted(i, key, pool),
        fits=as_printed or gives.fits,
        kv_tokens=i[f"{printed}.blocks"] * i[f"{printed}.block_size"] if as_printed else gives.kv_tokens,
        fixed=0.0 if as_printed else fixed_tokens(i, key, own.length),
        fixed_window=0.0 if as_printed else fixed_tokens(i, key, own.window),
        by_slots=by_slots,
        most=most,
        by_windows=by_windows,
        by_pages=by_pages,
        by_tpot=tpot_slots,
        n_slots=n,
        full=whole,
        w_alone=taking.alone,
        w_each=taking.each,
        w=taking.alone + taking.each * n,
        h_kernels=token,
        h_token=taking.token,
        h_full=taking.full,
        h_one=i[f"{printed}.h"],
    )
