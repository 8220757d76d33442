"""Expectations of sheet MoE."""

from functools import cache

from tests.reference.equations import kv, metrics, moe, roofline
from tests.reference.expect import chain
from tests.reference.expect.chain import GIGA, LLAMA_70B, MILLI, QWEN3
from tests.reference.quantities import Inputs, expect, expect_rows, number


@cache
def n_max(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).n_max


@cache
def watts(i: Inputs, gpu: str, model: str) -> float:
    return number(i, "architecture.power", gpu, model)


@cache
def tok_per_w(i: Inputs, gpu: str, model: str) -> float:
    return number(i, "architecture.tok_per_w", gpu, model)


def routing(i: Inputs, model: str) -> tuple[float, float]:
    """Return the experts of a layer, one at least, and those of a token, all of them at most."""
    experts = max(1.0, i[f"models.{model}.experts"])
    return experts, min(experts, i[f"models.{model}.experts_per_token"])


def split(i: Inputs, model: str) -> tuple[float, float]:
    """Return parameters as (always streamed, in routed experts): all are streamed where a token takes every expert."""
    experts, taken = routing(i, model)
    return chain.split(i, model) if taken < experts else (i[f"models.{model}.total_parameters"] * GIGA, 0.0)


def routed_tokens(i: Inputs, gpu: str, model: str) -> float:
    """Return the tokens that a full batch routes in one step."""
    return n_max(i, gpu, model) * i["decode.tokens_per_step"]


@expect("moe.consistent")
def consistent(i: Inputs, _gpu: str, model: str) -> float:
    total, active = (i[f"models.{model}.{published}_parameters"] * GIGA for published in ("total", "active"))
    experts, taken = routing(i, model)
    if active > total or taken >= experts:
        return 0.0
    return float(moe.routed_parameters(total, active, experts, taken) <= total)


def streamed_parameters(i: Inputs, gpu: str, model: str) -> float:
    """Return the parameters a full batch streams."""
    return float(moe.streamed_parameters(routed_tokens(i, gpu, model), *split(i, model), *routing(i, model)))


def corrected_weight_time(i: Inputs, gpu: str, model: str) -> float:
    """Return W by the rule of dense models, s; see `moe.corrected_weight_time`."""
    item = chain.served(i, model)
    per_gpu = kv.weight_bytes_per_gpu(streamed_parameters(i, gpu, model), item.weight_bytes, item.tp)
    return chain.streaming_time(i, gpu, float(per_gpu)) + chain.layers_time(i, model)


@expect("moe.streamed_size")
def streamed_size(i: Inputs, gpu: str, model: str) -> float:
    item = chain.served(i, model)
    return float(kv.weight_bytes_per_gpu(streamed_parameters(i, gpu, model), item.weight_bytes, item.tp)) / GIGA


@expect("moe.throughput")
def tokens(i: Inputs, gpu: str, model: str) -> float:
    step_time = corrected_weight_time(i, gpu, model) + chain.full_kv_time(i, gpu, model)
    dispatched = roofline.step_time_with_dispatch(step_time, i["moe_model.dispatch"] * MILLI)
    return chain.throughput(i, n_max(i, gpu, model), float(dispatched))


@expect("moe.tok_per_w_corrected")
def tok_per_w_corrected(i: Inputs, gpu: str, model: str) -> float:
    return float(metrics.paper_tok_per_watt(tokens(i, gpu, model), watts(i, gpu, model)))


@expect("moe.tok_per_j_corrected")
def tok_per_j_corrected(i: Inputs, gpu: str, model: str) -> object:
    return metrics.tok_per_joule(tokens(i, gpu, model), watts(i, gpu, model), chain.served(i, model).tp)


expect_rows(
    "moe",
    {
        "w_printed": lambda i, gpu, model: chain.computed(i, gpu, model).w_throughput / MILLI,
        "routed_share": lambda i, _gpu, model: moe.touched_share(1, *routing(i, model)),
        "touched": lambda i, gpu, model: moe.touched_share(routed_tokens(i, gpu, model), *routing(i, model)),
        "fewer_active": lambda i, _gpu, model: float(i[f"models.{model}.active_parameters"] <= i[f"models.{model}.total_parameters"]),
        "fewer_taken": lambda i, _gpu, model: float(i[f"models.{model}.experts_per_token"] < i[f"models.{model}.experts"]),
        "routed": lambda i, _gpu, model: split(i, model)[1] / GIGA,
        "streamed": lambda i, gpu, model: streamed_parameters(i, gpu, model) / GIGA,
        "w_corrected": lambda i, gpu, model: corrected_weight_time(i, gpu, model) / MILLI,
        "overstated": lambda i, gpu, model: tok_per_w(i, gpu, model) / tok_per_w_corrected(i, gpu, model),
        "fits": lambda i, gpu, model: "fits" if chain.computed(i, gpu, model).free > 0 else "does not fit",
    },
)

# Qwen3-235B-A22B as printed, with a dispatch overhead


@expect("dispatch.step_time")
def dispatch_step_time(i: Inputs, gpu: str, overhead: str) -> float:
    base = chain.computed(i, gpu, QWEN3).w_throughput + chain.full_kv_time(i, gpu, QWEN3)
    return float(roofline.step_time_with_dispatch(base / MILLI, i[f"dispatches.{overhead}"]))


@expect("dispatch.throughput")
def dispatch_tokens(i: Inputs, gpu: str, overhead: str) -> float:
    return chain.throughput(i, n_max(i, gpu, QWEN3), dispatch_step_time(i, gpu, overhead) * MILLI)


@expect("dispatch.tok_per_j")
def dispatch_tok_per_j(i: Inputs, gpu: str, overhead: str) -> float:
    return float(metrics.tok_per_joule(dispatch_tokens(i, gpu, overhead), watts(i, gpu, QWEN3), chain.served(i, QWEN3).tp))


@cache
def dense_tok_per_j(i: Inputs, gpu: str, _overhead: str) -> float:
    return number(i, "architecture.tok_per_j", gpu, LLAMA_70B)


expect_rows(
    "dispatch",
    {
        "tok_per_w": lambda i, gpu, overhead: metrics.paper_tok_per_watt(dispatch_tokens(i, gpu, overhead), watts(i, gpu, QWEN3)),
        "lead": lambda i, gpu, overhead: dispatch_tok_per_j(i, gpu, overhead) / dense_tok_per_j(i, gpu, overhead),
    },
)
