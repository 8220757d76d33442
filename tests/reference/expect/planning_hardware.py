"""What the model of a study asks for, and what the hardware of its pools gives: bytes, and times in ms."""

from dataclasses import dataclass
from functools import cache

from tests.reference.expect.chain import GIB, GIGA, MICRO, MILLI, TERA
from tests.reference.expect.planning_requests import output_share, rule_share
from tests.reference.expect.planning_study import Assumed, assumed
from tests.reference.quantities import Inputs

SIXTEEN_BIT = 2.0
"""Bytes of a number of the hidden state, and of a cached number where a card states its KV cache."""


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a study; fields but ``card`` as the columns of `case_models`: parameters, bytes of all GPUs."""

    card: str
    layers: float
    moe_layers: float
    hidden: float
    routed: float
    expert_width: float
    active: float
    total: float
    experts: float
    expert_share: float
    kv_per_token: float
    window_per_token: float
    attention_window: float
    state: float
    sharing: float
    trace_share: float
    rule_share: float
    output_share: float


def routed_parameters(i: Inputs, model: str) -> float:
    """Return the parameters of a model's routed experts: three projections each."""
    card = f"models.{model}"
    each = 3.0 * i[f"{card}.hidden"] * i[f"{card}.moe_intermediate"]
    return each * i[f"{card}.experts"] * i[f"{card}.moe_layers"]


def expert_share(i: Inputs, model: str) -> float:
    """Return the share of its experts that a token takes, 0 for a dense model."""
    card = f"models.{model}"
    return min(1.0, i[f"{card}.experts_per_token"] / i[f"{card}.experts"]) if i[f"{card}.experts"] else 0.0


def touched(share: float, batch: float) -> float:
    """Return the share of experts that a batch of tokens touches, each of which takes ``share`` of them; 0 without experts."""
    return 1.0 - (1.0 - share) ** batch if share else 0.0


@cache
def model(i: Inputs, key: str) -> Model:
    """Return the model of a study."""
    item = assumed(i, key)
    card = f"models.{item.texts['model']}"
    wider = item["kv_bytes"] / SIXTEEN_BIT
    return Model(
        card=item.texts["model"],
        layers=i[f"{card}.layers"],
        moe_layers=i[f"{card}.moe_layers"],
        hidden=i[f"{card}.hidden"],
        routed=i[f"{card}.experts"],
        expert_width=i[f"{card}.moe_intermediate"],
        active=i[f"{card}.active_parameters"] * GIGA,
        total=i[f"{card}.total_parameters"] * GIGA * item["weight_bytes"],
        experts=routed_parameters(i, item.texts["model"]) * item["weight_bytes"],
        expert_share=expert_share(i, item.texts["model"]),
        kv_per_token=i[f"{card}.kv_bytes_per_token"] * wider,
        window_per_token=i[f"{card}.window_bytes_per_token"] * wider,
        attention_window=i[f"{card}.attention_window"],
        state=i[f"{card}.state_bytes"],
        sharing=min(item["tensor_parallel"], i[f"{card}.kv_shards_max"]),
        trace_share=i[f"traces.{item.texts['workload']}.output_share"],
        rule_share=rule_share(i, item),
        output_share=output_share(i, item),
    )


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the GPUs of a pool give; fields but ``card`` as the columns of `case_hardware`."""

    card: str
    tensor_parallel: float
    layers: float
    total: float
    experts: float
    split: bool
    kept: float
    compute: float
    bandwidth: float
    usable: float
    weights: float
    fits: bool
    kv_tokens: float
    w_base: float
    reduce_latency: float
    dispatch: float
    prefill_board: float
    w_experts: float
    reduce: float
    h_token: float
    prefill: float


def reduce_seconds(i: Inputs, item: Assumed, asked: Model, gpu: str) -> float:
    """Return the time that all-reduces take for a sequence in a step: two a layer, each sending 2 (1 - 1/TP) of the hidden state."""
    sent = 2.0 * (1.0 - 1.0 / item["tensor_parallel"]) * asked.hidden * SIXTEEN_BIT
    return 2.0 * asked.layers * sent / (i[f"hardware.{gpu}.scale_up_bandwidth"] * GIGA)


@cache
def hardware(i: Inputs, key: str, pool: int) -> Hardware:
    """Return what the GPUs of a pool give."""
    item, asked = assumed(i, key), model(i, key)
    gpu = item.of_pool("gpu", pool)
    card, tp = f"hardware.{gpu}", item["tensor_parallel"]
    split = tp > 1
    kept = item["parallel_share"] if split else 1.0
    bandwidth = i[f"{card}.hbm_bandwidth"] * TERA * item["bandwidth_share"] * kept
    compute = i[f"{card}.bf16_compute"] * TERA * item["compute_share"] * kept
    usable, weights = i[f"{card}.memory"] * GIB * item["memory_share"], asked.total / tp
    latency = item["reduce_time"] if split else 0.0
    dispatch = item["dispatch_time"] if split and asked.expert_share else 0.0
    waiting = ((item["layer_time"] + latency) * asked.layers + dispatch * asked.moe_layers) * MICRO
    return Hardware(
        card=gpu,
        tensor_parallel=tp,
        layers=asked.layers,
        total=asked.total,
        experts=asked.experts,
        split=split,
        kept=kept,
        compute=compute * MILLI,
        bandwidth=bandwidth * MILLI,
        usable=usable,
        weights=weights,
        fits=usable > weights,
        kv_tokens=max(0.0, usable - weights) * asked.sharing / asked.kv_per_token,
        w_base=((asked.total - asked.experts) / tp / bandwidth + waiting) / MILLI,
        reduce_latency=latency,
        dispatch=dispatch,
        prefill_board=item["prefill_power"] * i[f"{card}.tdp"],
        w_experts=asked.experts / tp / bandwidth / MILLI,
        reduce=reduce_seconds(i, item, asked, gpu) / MILLI,
        h_token=asked.kv_per_token / asked.sharing / bandwidth / MILLI,
        prefill=2.0 * asked.active / (compute * tp) / MILLI,
    )
