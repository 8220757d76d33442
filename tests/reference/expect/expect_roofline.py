"""Expectations of W and H: sheet Roofline and the sheet of each GPU."""

from tests.reference.equations import metrics
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import GIGA, LLAMA_70B, MILLI, TERA
from tests.reference.quantities import Inputs, expect, expect_rows, number

expect_rows(
    "roofline",
    {
        "reached": lambda i, gpu, _model: chain.gpu(i, gpu).reached / TERA,
        "weights": lambda i, gpu, model: chain.computed(i, gpu, model).weights / GIGA,
        "overhead": lambda i, _gpu, model: chain.layers_time(i, model) / MILLI,
        "w_dense": lambda i, gpu, model: chain.dense_weight_time(i, gpu, model) / MILLI,
        "attention_size": lambda i, _gpu, model: chain.attention_bytes(i, model, 1) / GIGA,
        "expert_time": lambda i, gpu, model: chain.experts_time(i, gpu, model) / MILLI,
        "w": lambda i, gpu, model: chain.computed(i, gpu, model).w_own / MILLI,
        "active_time": lambda i, gpu, model: chain.active_weight_time(i, gpu, model) / MILLI,
        "w_throughput": lambda i, gpu, model: chain.computed(i, gpu, model).w_throughput / MILLI,
        "h": lambda i, gpu, model: chain.computed(i, gpu, model).h / MILLI,
    },
)


@expect("roofline.attention_time")
def attention_time(i: Inputs, gpu: str, model: str) -> float:
    return chain.streaming_time(i, gpu, chain.attention_bytes(i, model, i[f"models.{model}.layers"])) / MILLI


# The sheet of each GPU: Llama-3.1-70B on it


expect_rows(
    "serving",
    {
        "kv_budget": lambda i, gpu: chain.computed(i, gpu, LLAMA_70B).free / GIGA,
        "feasible": lambda i, gpu: "fits" if chain.computed(i, gpu, LLAMA_70B).free > 0 else "does not fit",
        "compute": lambda i, gpu: chain.gpu(i, gpu).flops,
    },
)


@expect("serving.active_per_gpu")
def active_per_gpu(i: Inputs, _gpu: str) -> float:
    item = chain.served(i, LLAMA_70B)
    return item.active / item.tp


def loaded(i: Inputs, gpu: str, window: str) -> watts.Loaded:
    """Return the GPU full at a window."""
    return watts.of_model(i, gpu, LLAMA_70B, n_max(i, gpu, window), chain.mean_length(i, i[f"windows.{window}"]))


@expect("context.n_max")
def n_max(i: Inputs, gpu: str, window: str) -> float:
    return chain.computed_slots(i, chain.computed(i, gpu, LLAMA_70B).blocks, i[f"windows.{window}"])


expect_rows(
    "context",
    {
        "length_ratio": lambda i, _gpu, window: chain.mean_length(i, i[f"windows.{window}"]) / i["decode.calibration_length"],
        "kv_time": lambda i, gpu, window: loaded(i, gpu, window).mean_reading / MILLI,
    },
)


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
