"""The paper's tables, computed from `cards` with the functions of this folder.

Each ``table_*`` returns {(row, column): value}: sequences, W, token/s,
paper-normalised tok/W (tokens of an instance over watts of one GPU), ms, USD/h or
millions of tokens per USD, as the column's name says. Nothing is rounded.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from tests.reference.equations import cards, economics, kv, metrics, power, roofline, slots
from tests.reference.equations.cards import CalibratedProfile, Hardware, Model

Cells = dict[tuple[str, str], float]

WINDOW_8K = 8192
WINDOWS = tuple(1024 * 2**doubling for doubling in range(1, 8))


@dataclass(frozen=True, slots=True)
class ComputedProfile:
    """A model on a GPU by roofline: times in s, parameters, whole KV blocks.

    ``w_own`` enters the power, ``w_throughput`` the tokens; they differ for MoE.
    """

    model: Model
    hardware: Hardware
    parameters: float
    active_parameters: float
    w_own: float
    w_throughput: float
    h: float
    blocks: int


def parameter_counts(model: Model) -> tuple[float, float]:
    """Return the (total, active) parameters of ``model``.

    Source: reproduction, parameter count of a model.
    """
    base = kv.embedding_parameters(model.vocabulary, model.hidden)
    base = base + kv.attention_parameters(model.layers, model.hidden, model.kv_heads, model.head_dim)
    dense_blocks = model.layers * (model.shared_experts if model.experts else 1)
    base = base + kv.dense_ffn_parameters(dense_blocks, model.hidden, model.intermediate)
    total, active = (
        base + kv.expert_parameters(model.layers, model.hidden, model.moe_intermediate, experts) for experts in (model.experts, model.top_k)
    )
    return float(total), float(active)


def weight_times(model: Model, hardware: Hardware) -> tuple[float, float]:
    """Return W in s as (used by power, used by throughput); equal for dense models.

    Source: arXiv 2603.17280, Table 2, caption; reproduction, computed profile.
    """
    if model.experts == 0:
        per_gpu = kv.weight_bytes_per_gpu(parameter_counts(model)[0], model.dtype_bytes, model.tp)
        dense = roofline.weight_streaming_time(per_gpu, hardware.bandwidth, model.layers)
        return float(dense), float(dense)
    projections = kv.projection_parameters(model.layers, model.hidden, model.heads, model.kv_heads, model.head_dim)
    attention = roofline.weight_streaming_time(
        kv.weight_bytes_per_gpu(projections, model.dtype_bytes, model.tp), hardware.bandwidth, model.layers
    )
    own = roofline.moe_profile_weight_time(attention, model.layers, model.moe_layer_time, hardware.bandwidth)
    printed = roofline.active_weight_time(model.published_active, model.dtype_bytes, model.tp, hardware.bandwidth)
    return float(own), float(printed)


@cache
def computed_profile(model: Model, hardware: Hardware) -> ComputedProfile:
    """Return the roofline profile of ``model`` on ``hardware``.

    Source: reproduction, computed profile, with the settings of the paper's tables.
    """
    total, active = parameter_counts(model)
    kv_bytes = kv.kv_bytes_per_token(model.layers, model.kv_heads, model.head_dim, model.dtype_bytes)
    free = kv.free_kv_bytes(
        hardware.memory_bytes,
        cards.MEMORY_UTILISATION,
        kv.weight_bytes_per_gpu(total, model.dtype_bytes, model.tp),
        kv.nccl_workspace_bytes(model.tp),
    )
    w_own, w_throughput = weight_times(model, hardware)
    h = roofline.kv_read_time(kv_bytes, cards.COMPUTED_CALIBRATION_LENGTH, model.tp, hardware.bandwidth)
    blocks = int(slots.kv_blocks(free, kv_bytes))
    return ComputedProfile(model, hardware, total, active, w_own, w_throughput, float(h), blocks)


def computed_throughput(profile: ComputedProfile, n: float, mean_length: float) -> float:
    """Return token/s of an instance with ``n`` sequences of ``mean_length`` tokens.

    Source: arXiv 2603.17280, Eq. 2.
    """
    step_time = roofline.decode_step_time(n, profile.w_throughput, profile.h, mean_length, cards.COMPUTED_CALIBRATION_LENGTH)
    return float(roofline.throughput(n, step_time))


def computed_power(profile: ComputedProfile, n: float) -> float:
    """Return W of one GPU with ``n`` sequences at the calibration length.

    Source: reproduction, power of a computed profile.
    """
    length = cards.COMPUTED_CALIBRATION_LENGTH
    step_time = roofline.decode_step_time(n, profile.w_own, profile.h, length, length)
    kv_fraction = power.kv_read_share(n, profile.h, step_time)
    compute_fraction = power.compute_share(n, profile.active_parameters, profile.model.tp, step_time, profile.hardware.flops)
    tdp = profile.hardware.tdp
    return float(power.roofline_power(tdp, kv_fraction, compute_fraction))


def projected(hardware: Hardware, curve: cards.LogisticCurve) -> CalibratedProfile:
    """Return the profile of Table 1 on another GPU: H100's slots scaled, W of the roofline.

    Source: arXiv 2603.17280, section 3.1 (the 2.62x KV budget); reproduction.
    """
    on_h100 = computed_profile(cards.LLAMA_70B, cards.H100)
    own = computed_profile(cards.LLAMA_70B, hardware)
    budget_ratio = own.blocks / on_h100.blocks
    base = cards.H100_CALIBRATED
    return replace(
        base,
        w=own.w_own,
        h=base.h * cards.H100.bandwidth / hardware.bandwidth,
        prefill_chunk=2048,
        blocks=math.trunc(base.blocks * budget_ratio),
        max_slots=math.trunc(base.max_slots * budget_ratio),
        usd_per_hour=8 * hardware.usd_per_gpu_hour,
        curve=curve,
    )


def calibrated_b200() -> CalibratedProfile:
    """Return the B200 profile of Table 1, with x0 of its curve from its own W and H."""
    profile = projected(cards.B200, cards.B200_CURVE)
    x0 = float(power.half_saturation(profile.w, profile.h))
    return replace(profile, curve=replace(cards.B200_CURVE, x0=x0))


def calibrated_slots(profile: CalibratedProfile, window: int) -> int:
    """Return the sequences a calibrated profile holds at ``window`` tokens.

    Source: reproduction, calibrated profile.
    """
    held = slots.calibrated_slots(profile.max_slots, profile.calibration_length, profile.blocks, window, profile.block_tokens)
    return int(held)


def calibrated_point(profile: CalibratedProfile, n: float, window: float) -> tuple[float, float]:
    """Return (W of one GPU, tok/W) with ``n`` sequences half-way through ``window``.

    Source: arXiv 2603.17280, Eqs. 1 and 2.
    """
    curve = profile.curve
    watts = power.logistic_power(n, curve.p_idle, curve.p_nominal, curve.k, curve.x0)
    step_time = roofline.decode_step_time(n, profile.w, profile.h, window / 2, profile.calibration_length)
    tokens = roofline.throughput(n, step_time)
    return float(watts), float(metrics.paper_tok_per_watt(tokens, watts))


def table_1() -> Cells:
    """Llama-3.1-70B over seven windows, calibrated H100 and scaled B200."""
    cells: Cells = {}
    profiles = {"h100": cards.H100_CALIBRATED, "b200": calibrated_b200()}
    for window in WINDOWS:
        row = f"{window // 1024}K"
        for gpu, profile in profiles.items():
            n = calibrated_slots(profile, window)
            watts, efficiency = calibrated_point(profile, n, window)
            cells[row, f"{gpu}_n_max"] = n
            cells[row, f"{gpu}_p_sat_w"] = watts
            cells[row, f"{gpu}_tok_per_w"] = efficiency
    return cells


def table_2() -> Cells:
    """Five models at the 8K window on computed H100 and B200 profiles."""
    cells: Cells = {}
    for model in cards.MODELS:
        cells[model.name, "tp"] = model.tp
        for gpu, hardware in (("h100", cards.H100), ("b200", cards.B200)):
            point = _full_8k(computed_profile(model, hardware))
            cells[model.name, f"{gpu}_n_max"] = point["n_max"]
            cells[model.name, f"{gpu}_tok_per_s"] = point["tok_per_s"]
            cells[model.name, f"{gpu}_tok_per_w"] = point["tok_per_w"]
    return cells


def table_4() -> Cells:
    """Context and semantic routing on H100 at 85 % of the slots.

    Printed concurrency is rounded; power and tok/W use the truncated one.
    """
    rows = {
        "Context short 70B@8K": _table_4_calibrated(8192),
        "Context long 70B@64K": _table_4_calibrated(65_536),
        "Semantic small 8B@8K": _table_4_small(),
        "Semantic large 70B@64K": _table_4_calibrated(65_536),
    }
    return _flatten(rows.items())


def table_5() -> Cells:
    """Llama-3.1-70B at the 8K window on four generations, with prices."""
    cells: Cells = {}
    for hardware in cards.HARDWARE:
        profile = computed_profile(cards.LLAMA_70B, hardware)
        point = _full_8k(profile)
        usd = economics.instance_usd_per_hour(hardware.usd_per_gpu_hour, profile.model.tp)
        tokens_per_usd = economics.million_tokens_per_usd(point["tok_per_s"], usd)
        row = {
            "tdp_w": hardware.tdp,
            "p_idle_w": _table_a_curve(hardware).p_idle,
            "w_ms": 1e3 * profile.w_throughput,
            "n_max_8k": point["n_max"],
            "p_sat_w": point["watts"],
            "tok_per_w": point["tok_per_w"],
            "usd_per_hr": float(usd),
            "mtok_per_usd": float(tokens_per_usd),
        }
        cells.update(_flatten([(hardware.name, row)]))
    return cells


def table_a() -> Cells:
    """Logistic parameters: stated for H100 and H200, projected for the others.

    A projection takes 43 % and 86 % of TDP and x0 = log2(W / H) of the computed 70B
    profile, H at its 4096 tokens.
    """
    cells: Cells = {}
    for hardware in cards.HARDWARE:
        curve = _table_a_curve(hardware)
        row = {"tdp_w": hardware.tdp, "p_idle_w": curve.p_idle, "p_nom_w": curve.p_nominal, "k": curve.k, "x0": curve.x0}
        cells.update(_flatten([(hardware.name, row)]))
    return cells


def _full_8k(profile: ComputedProfile) -> dict[str, float]:
    n = int(slots.computed_slots(profile.blocks, WINDOW_8K))
    tokens = computed_throughput(profile, n, WINDOW_8K / 2)
    watts = computed_power(profile, n)
    efficiency = float(metrics.paper_tok_per_watt(tokens, watts))
    return {"n_max": n, "tok_per_s": tokens, "watts": watts, "tok_per_w": efficiency}


def _table_4_calibrated(window: int) -> dict[str, float]:
    full = calibrated_slots(cards.H100_CALIBRATED, window)
    active = math.trunc(cards.TABLE_4_UTILISATION * full)
    watts, efficiency = calibrated_point(cards.H100_CALIBRATED, active, window)
    return _table_4_row(full, watts, efficiency)


def _table_4_small() -> dict[str, float]:
    profile = computed_profile(cards.LLAMA_8B, cards.H100)
    full = int(slots.computed_slots(profile.blocks, WINDOW_8K))
    active = math.trunc(cards.TABLE_4_UTILISATION * full)
    watts = computed_power(profile, active)
    tokens = computed_throughput(profile, active, WINDOW_8K / 2)
    return _table_4_row(full, watts, float(metrics.paper_tok_per_watt(tokens, watts)))


def _table_4_row(full: int, watts: float, efficiency: float) -> dict[str, float]:
    printed = round(cards.TABLE_4_UTILISATION * full)
    return {"n_act_printed": printed, "power_w": watts, "tok_per_w": efficiency}


def _table_a_curve(hardware: Hardware) -> cards.LogisticCurve:
    stated = {cards.H100: cards.H100_CURVE, cards.H200: cards.H200_CURVE}
    if hardware in stated:
        return stated[hardware]
    profile = computed_profile(cards.LLAMA_70B, hardware)
    return cards.LogisticCurve(
        p_idle=float(power.roofline_power(hardware.tdp, 0.0, 0.0)),
        p_nominal=float(power.roofline_power(hardware.tdp, 1.0, 0.0)),
        k=1.0,
        x0=float(power.half_saturation(profile.w_own, profile.h)),
    )


def _flatten(rows: Iterable[tuple[str, Mapping[str, float]]]) -> Cells:
    return {(row, column): v for row, cells in rows for column, v in cells.items()}
