"""Expectations of sheet Precision, for the GPU and model that the inputs choose."""

from dataclasses import dataclass
from functools import cache

from tests.reference.equations import kv, metrics, roofline, slots
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import GIGA, MILLI, TERA, Gpu, Served
from tests.reference.quantities import Inputs, expect, expect_rows, number

DENSE = "dense"
MIXTURE = "mixture of experts: all weights streamed here, see sheet MoE"


def gpu_of(i: Inputs) -> Gpu:
    """Return the GPU chosen."""
    return chain.gpu(i, i.text("explore.gpu"))


def model_of(i: Inputs) -> Served:
    """Return the model chosen."""
    return chain.served(i, i.text("explore.model"))


@dataclass(frozen=True, slots=True)
class Case:
    """One pair of widths, full at the window of Table 2: bytes of one GPU, times in s."""

    weights: float
    kv_bytes: float
    kv_on_gpu: float
    blocks: float
    n_max: float
    w: float
    h: float
    kv_time: float

    @property
    def step_time(self) -> float:
        """The decode step, s."""
        return self.w + self.kv_time


def published_numbers(i: Inputs) -> float:
    """Return the numbers that a token leaves in the published KV cache, which counts two bytes for each."""
    return i[f"models.{i.text('explore.model')}.kv_bytes_per_token"] / 2.0


expect_rows(
    "chosen",
    {
        "reached": lambda i: gpu_of(i).reached / TERA,
        "overhead": lambda i: chain.layers_time(i, i.text("explore.model")) / MILLI,
        "parameters": lambda i: model_of(i).total / GIGA,
        "kv_numbers": published_numbers,
        "sharing": lambda i: min(model_of(i).tp, i[f"models.{i.text('explore.model')}.kv_shards_max"]),
        "active_per_gpu": lambda i: model_of(i).active / model_of(i).tp,
        "kind": lambda i: MIXTURE if model_of(i).mixture else DENSE,
    },
)


@expect("chosen.usable")
def usable(i: Inputs) -> float:
    taken = i["decode.memory_utilisation"] * gpu_of(i).memory
    return (taken - chain.workspace(i, model_of(i).tp)) / GIGA


@cache
def case(i: Inputs, weight_width: str, kv_width: str) -> Case:
    """Return one row of the table: narrower numbers change bytes and nothing else."""
    board, item, model = gpu_of(i), model_of(i), i.text("explore.model")
    card, length = f"models.{model}", chain.mean_length(i, i["decode.window"])
    weights = float(kv.weight_bytes_per_gpu(item.total, i[f"widths.{weight_width}.bytes"], item.tp))
    cached = published_numbers(i) * i[f"widths.{kv_width}.bytes"]
    on_gpu = float(kv.sharded_kv_bytes_per_token(cached, item.tp, i[f"{card}.kv_shards_max"]))
    held = float(slots.kv_blocks(max(0.0, usable(i) * GIGA - weights), on_gpu, i["decode.block_size"]))
    n = float(slots.window_slots(i["decode.block_size"] * held, 1.0, i["decode.window"]))
    w = chain.streaming_time(i, i.text("explore.gpu"), weights) + chain.layers_time(i, model)
    h = float(roofline.kv_read_time(on_gpu, length, 1, board.bandwidth, i["decode.bandwidth_efficiency"]))
    return Case(weights, cached, on_gpu, held, n, w, h, h * n)


def loaded(i: Inputs, weight_width: str, kv_width: str) -> watts.Loaded:
    """Return the GPU of one row of the table."""
    row, operations = case(i, weight_width, kv_width), chain.step_operations(i, model_of(i))
    return watts.Loaded(i.text("explore.gpu"), row.w, stated_h(i, weight_width, kv_width) * MILLI, row.n_max, operations, row.kv_time)


watts.expect_watts("precision", loaded)


@expect("precision.stated_h")
def stated_h(i: Inputs, weight_width: str, kv_width: str) -> float:
    length, efficiency = i["decode.calibration_length"], i["decode.bandwidth_efficiency"]
    on_gpu = case(i, weight_width, kv_width).kv_on_gpu
    return float(roofline.kv_read_time(on_gpu, length, 1, gpu_of(i).bandwidth, efficiency)) / MILLI


@expect("precision.weights")
def weights(i: Inputs, weight_width: str, kv_width: str) -> float:
    return case(i, weight_width, kv_width).weights / GIGA


expect_rows(
    "precision",
    {
        "kv_per_token": lambda i, weight_width, kv_width: case(i, weight_width, kv_width).kv_bytes,
        "kv_on_gpu": lambda i, weight_width, kv_width: case(i, weight_width, kv_width).kv_on_gpu,
        "blocks": lambda i, weight_width, kv_width: case(i, weight_width, kv_width).blocks,
        "n_max": lambda i, weight_width, kv_width: case(i, weight_width, kv_width).n_max,
        "kv_time": lambda i, weight_width, kv_width: case(i, weight_width, kv_width).kv_time / MILLI,
        "step_time": lambda i, weight_width, kv_width: case(i, weight_width, kv_width).step_time / MILLI,
    },
)


@expect("precision.w")
def w(i: Inputs, weight_width: str, kv_width: str) -> float:
    return case(i, weight_width, kv_width).w / MILLI


@expect("precision.h")
def h(i: Inputs, weight_width: str, kv_width: str) -> float:
    return case(i, weight_width, kv_width).h / MILLI


@expect("precision.throughput")
def throughput(i: Inputs, weight_width: str, kv_width: str) -> float:
    row = case(i, weight_width, kv_width)
    return chain.throughput(i, row.n_max, row.step_time)


@expect("precision.tok_per_w")
def tok_per_w(i: Inputs, weight_width: str, kv_width: str) -> object:
    return metrics.paper_tok_per_watt(throughput(i, weight_width, kv_width), number(i, "precision.power", weight_width, kv_width))


@expect("precision.tok_per_j")
def tok_per_j(i: Inputs, weight_width: str, kv_width: str) -> float:
    power = number(i, "precision.power", weight_width, kv_width)
    return float(metrics.tok_per_joule(throughput(i, weight_width, kv_width), power, model_of(i).tp))


@expect("precision.gain")
def gain(i: Inputs, weight_width: str, kv_width: str) -> float:
    """Where 16 bits do not fit there is nothing to gain over, and the cell shows 0."""
    base = tok_per_j(i, "fp16", "fp16")
    return tok_per_j(i, weight_width, kv_width) / base if base > 0 else 0.0
