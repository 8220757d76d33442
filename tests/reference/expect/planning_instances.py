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


class Instance:
    """An instance of a pool; attributes as columns of `case_pools`: sequences, tokens, times in ms."""

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item, own, gives = assumed(i, key), taken(i, key, pool), hardware(i, key, pool)
        printed = f"printed_profiles.{item.of_pool('printed', pool)}"
        self.as_printed, self.times_printed = item.says("capacity_rule", "as printed"), item.says("time_rule", "as printed")
        self.by_slots, self.most, self.by_windows, self.by_pages = slots(i, key, pool)
        self.by_tpot = by_tpot(i, key, pool)
        self.n_slots = min(self.by_tpot, self.by_pages if item.says("slots_rule", "paged") else self.by_windows)
        if role(i, key, pool) == PREFILL:
            self.n_slots = 1.0
        self.full, _, self.h_kernels = kernel_step(i, key, pool, self.n_slots)
        taking = times(i, key, pool, self.n_slots)
        self.times_fitted = is_fitted(i, key, pool)
        self.by_kernels = not self.times_printed and not is_fitted(i, key, pool)
        self.fits = self.as_printed or gives.fits
        self.kv_tokens = i[f"{printed}.blocks"] * i[f"{printed}.block_size"] if self.as_printed else gives.kv_tokens
        self.fixed = 0.0 if self.as_printed else fixed_tokens(i, key, own.length)
        self.fixed_window = 0.0 if self.as_printed else fixed_tokens(i, key, own.window)
        self.w_alone = taking.alone
        self.w_each = taking.each
        self.w = taking.alone + taking.each * self.n_slots
        self.h_token = taking.token
        self.h_full = taking.full
        self.h_one = i[f"{printed}.h"]


instance = cache(Instance)
