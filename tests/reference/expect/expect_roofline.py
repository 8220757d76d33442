"""Expectations of W and H: sheet Roofline and the sheet of each GPU."""

from functools import cache

from tests.reference.equations import metrics
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import GIGA, LLAMA_70B, MILLI, TERA
from tests.reference.quantities import Inputs, expect, number


@cache
def tensor_parallel(i: Inputs, _gpu: str, model: str) -> float:
    return chain.served(i, model).tp


@expect("roofline.reached")
def reached(i: Inputs, gpu: str, _model: str) -> float:
    return chain.gpu(i, gpu).reached / TERA


@expect("roofline.weights")
def weights(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).weights / GIGA


@expect("roofline.overhead")
def overhead(i: Inputs, _gpu: str, model: str) -> float:
    return chain.layers_time(i, model) / MILLI


@expect("roofline.w_dense")
def w_dense(i: Inputs, gpu: str, model: str) -> float:
    return chain.dense_weight_time(i, gpu, model) / MILLI


@expect("roofline.attention_size")
def attention_size(i: Inputs, _gpu: str, model: str) -> float:
    return chain.attention_bytes(i, model, 1) / GIGA


@expect("roofline.attention_time")
def attention_time(i: Inputs, gpu: str, model: str) -> float:
    return chain.streaming_time(i, gpu, chain.attention_bytes(i, model, i[f"models.{model}.layers"])) / MILLI


@expect("roofline.expert_time")
def expert_time(i: Inputs, gpu: str, model: str) -> float:
    return chain.experts_time(i, gpu, model) / MILLI


@expect("roofline.w")
def w(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).w_own / MILLI


@expect("roofline.active_time")
def active_time(i: Inputs, gpu: str, model: str) -> float:
    return chain.active_weight_time(i, gpu, model) / MILLI


@expect("roofline.w_throughput")
def w_throughput(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).w_throughput / MILLI


@expect("roofline.h")
def h(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).h / MILLI


# The sheet of each GPU: Llama-3.1-70B on it


@expect("serving.kv_budget")
def kv_budget(i: Inputs, gpu: str) -> float:
    return chain.computed(i, gpu, LLAMA_70B).free / GIGA


@expect("serving.feasible")
def feasible(i: Inputs, gpu: str) -> str:
    return "fits" if chain.computed(i, gpu, LLAMA_70B).free > 0 else "does not fit"


@expect("serving.active_per_gpu")
def active_per_gpu(i: Inputs, _gpu: str) -> float:
    item = chain.served(i, LLAMA_70B)
    return item.active / item.tp


@expect("serving.compute")
def compute(i: Inputs, gpu: str) -> float:
    return chain.gpu(i, gpu).flops


def loaded(i: Inputs, gpu: str, window: str) -> watts.Loaded:
    """Return the GPU full at a window."""
    return watts.of_model(i, gpu, LLAMA_70B, n_max(i, gpu, window), chain.mean_length(i, i[f"windows.{window}"]))


@expect("context.n_max")
def n_max(i: Inputs, gpu: str, window: str) -> float:
    return chain.computed_slots(i, chain.computed(i, gpu, LLAMA_70B).blocks, i[f"windows.{window}"])


@expect("context.length_ratio")
def length_ratio(i: Inputs, _gpu: str, window: str) -> float:
    return chain.mean_length(i, i[f"windows.{window}"]) / i["decode.calibration_length"]


@expect("context.kv_time")
def kv_time(i: Inputs, gpu: str, window: str) -> float:
    return loaded(i, gpu, window).mean_reading / MILLI


@expect("context.step_time")
def step_time(i: Inputs, gpu: str, window: str) -> float:
    row = loaded(i, gpu, window)
    return (row.w + row.mean_reading) / MILLI


@expect("context.throughput")
def throughput(i: Inputs, gpu: str, window: str) -> float:
    return chain.throughput(i, n_max(i, gpu, window), step_time(i, gpu, window) * MILLI)


watts.expect_watts("context", loaded)


@expect("context.tok_per_w")
def tok_per_w(i: Inputs, gpu: str, window: str) -> float:
    return float(metrics.paper_tok_per_watt(throughput(i, gpu, window), number(i, "context.power", gpu, window)))


@expect("context.tok_per_j")
def tok_per_j(i: Inputs, gpu: str, window: str) -> object:
    return metrics.tok_per_joule(throughput(i, gpu, window), number(i, "context.power", gpu, window), chain.served(i, LLAMA_70B).tp)


@expect("context.halving")
def halving(i: Inputs, gpu: str, window: str) -> float | None:
    members = i.members("windows")
    above = members.index(window) - 1
    return tok_per_w(i, gpu, members[above]) / tok_per_w(i, gpu, window) if above >= 0 else None


@expect("context.mean_tok_per_w")
def mean_tok_per_w(i: Inputs, gpu: str, window: str) -> object:
    return metrics.paper_tok_per_watt(throughput(i, gpu, window), number(i, "context.mean_power", gpu, window))
