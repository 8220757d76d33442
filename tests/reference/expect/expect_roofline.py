"""Expectations of W and H: sheet Roofline and the sheet of each GPU."""

from functools import cache

from tests.reference.equations import metrics
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import GIGA, LLAMA_70B, MILLI, TERA
from tests.reference.quantities import PAPER, Inputs, expect, expect_rows, number


def attention_bytes(i: Inputs, model: str) -> float:
    """Return the attention bytes that one GPU holds of all layers."""
    return chain.attention_bytes(i, model, i[f"models.{model}.layers"])


expect_rows(
    "roofline",
    {
        "reached": lambda i, gpu, _model: chain.gpu(i, gpu).reached / TERA,
        "weights": lambda i, gpu, model: chain.computed(i, gpu, model).weights / GIGA,
        "overhead": lambda i, _gpu, model: chain.layers_time(i, model) / MILLI,
        "w_dense": lambda i, gpu, model: chain.dense_weight_time(i, gpu, model) / MILLI,
        "attention_size": lambda i, _gpu, model: chain.attention_bytes(i, model, 1) / GIGA,
        "attention_time": lambda i, gpu, model: chain.streaming_time(i, gpu, attention_bytes(i, model)) / MILLI,
        "expert_time": lambda i, gpu, model: chain.experts_time(i, gpu, model) / MILLI,
        "w": lambda i, gpu, model: chain.computed(i, gpu, model).w_own / MILLI,
        "active_time": lambda i, gpu, model: chain.active_weight_time(i, gpu, model) / MILLI,
        "w_throughput": lambda i, gpu, model: chain.computed(i, gpu, model).w_throughput / MILLI,
        "h": lambda i, gpu, model: chain.computed(i, gpu, model).h / MILLI,
    },
)

# The sheet of each GPU: Llama-3.1-70B on it


expect_rows(
    "serving",
    {
        "kv_budget": lambda i, gpu: chain.computed(i, gpu, LLAMA_70B).free / GIGA,
        "feasible": lambda i, gpu: "fits" if chain.computed(i, gpu, LLAMA_70B).free > 0 else "does not fit",
        "compute": lambda i, gpu: chain.gpu(i, gpu).flops,
        "active_per_gpu": lambda i, _: chain.served(i, LLAMA_70B).active / chain.served(i, LLAMA_70B).tp,
    },
)


class Context:
    """A GPU full at a window; attributes as columns of `context`: sequences, ms, tokens/s."""

    def __init__(self, i: Inputs, gpu: str, window: str) -> None:
        self.n_max = chain.computed_slots(i, chain.computed(i, gpu, LLAMA_70B).blocks, i[f"windows.{window}"])
        self.length_ratio = chain.mean_length(i, i[f"windows.{window}"]) / i["decode.calibration_length"]
        row = loaded(i, gpu, window, self.n_max)
        self.kv_time = row.mean_reading / MILLI
        self.step_time = (row.w + row.mean_reading) / MILLI
        self.throughput = chain.throughput(i, self.n_max, row.w + row.mean_reading)


context = cache(Context)


def loaded(i: Inputs, gpu: str, window: str, n: float | None = None) -> watts.Loaded:
    """Return the GPU with so many sequences at a window, as many as it holds if left out."""
    n = context(i, gpu, window).n_max if n is None else n
    return watts.of_model(i, gpu, LLAMA_70B, n, chain.mean_length(i, i[f"windows.{window}"]))


PAPER.fields("context", context, Context)
watts.expect_watts("context", loaded)


@expect("context.tok_per_w")
def tok_per_w(i: Inputs, gpu: str, window: str) -> float:
    return float(metrics.paper_tok_per_watt(context(i, gpu, window).throughput, number(i, "context.power", gpu, window)))


@expect("context.tok_per_j")
def tok_per_j(i: Inputs, gpu: str, window: str) -> object:
    return metrics.tok_per_joule(context(i, gpu, window).throughput, number(i, "context.power", gpu, window), chain.served(i, LLAMA_70B).tp)


@expect("context.halving")
def halving(i: Inputs, gpu: str, window: str) -> float | None:
    members = i.members("windows")
    above = members.index(window) - 1
    return tok_per_w(i, gpu, members[above]) / tok_per_w(i, gpu, window) if above >= 0 else None


@expect("context.mean_tok_per_w")
def mean_tok_per_w(i: Inputs, gpu: str, window: str) -> object:
    return metrics.paper_tok_per_watt(context(i, gpu, window).throughput, number(i, "context.mean_power", gpu, window))
