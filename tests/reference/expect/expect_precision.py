"""Expectations of sheet Precision, for the GPU and model that the inputs choose."""

from functools import cache

from tests.reference.equations import kv, metrics, roofline, slots
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import GIGA, MILLI, TERA, Gpu, Served
from tests.reference.quantities import PAPER, Inputs, expect, expect_rows, number

DENSE = "dense"
MIXTURE = "mixture of experts: all weights streamed here, see sheet MoE"


def gpu_of(i: Inputs) -> Gpu:
    """Return the GPU chosen."""
    return chain.gpu(i, i.text("explore.gpu"))


def model_of(i: Inputs) -> Served:
    """Return the model chosen."""
    return chain.served(i, i.text("explore.model"))


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


class Case:
    """One pair of widths, full at the window of Table 2: bytes of one GPU, ms; attributes as columns of `precision`.

    Narrower numbers change bytes and nothing else.
    """

    def __init__(self, i: Inputs, weight_width: str, kv_width: str) -> None:
        item, gpu, model = model_of(i), i.text("explore.gpu"), i.text("explore.model")
        per_gpu = float(kv.weight_bytes_per_gpu(item.total, i[f"widths.{weight_width}.bytes"], item.tp))
        self.weights = per_gpu / GIGA
        self.kv_per_token = published_numbers(i) * i[f"widths.{kv_width}.bytes"]
        self.kv_on_gpu = float(kv.sharded_kv_bytes_per_token(self.kv_per_token, item.tp, i[f"models.{model}.kv_shards_max"]))
        self.blocks = float(slots.kv_blocks(max(0.0, usable(i) * GIGA - per_gpu), self.kv_on_gpu, i["decode.block_size"]))
        self.n_max = float(slots.window_slots(i["decode.block_size"] * self.blocks, 1.0, i["decode.window"]))
        self.w = (chain.streaming_time(i, gpu, per_gpu) + chain.layers_time(i, model)) / MILLI
        self.h = self._read(i, chain.mean_length(i, i["decode.window"]))
        self.stated_h = self._read(i, i["decode.calibration_length"])
        self.kv_time = self.h * self.n_max
        self.step_time = self.w + self.kv_time
        self.throughput = chain.throughput(i, self.n_max, self.step_time * MILLI)

    def _read(self, i: Inputs, length: float) -> float:
        """Return the ms in which one GPU reads its part of a sequence."""
        return float(roofline.kv_read_time(self.kv_on_gpu, length, 1, gpu_of(i).bandwidth, i["decode.bandwidth_efficiency"])) / MILLI


case = cache(Case)
PAPER.fields("precision", case, Case)


def loaded(i: Inputs, *widths: str) -> watts.Loaded:
    """Return the GPU of one row of the table."""
    row, operations = case(i, *widths), chain.step_operations(i, model_of(i))
    return watts.Loaded(i.text("explore.gpu"), row.w * MILLI, row.stated_h * MILLI, row.n_max, operations, row.kv_time * MILLI)


watts.expect_watts("precision", loaded)


@expect("precision.tok_per_w")
def tok_per_w(i: Inputs, *widths: str) -> object:
    return metrics.paper_tok_per_watt(case(i, *widths).throughput, number(i, "precision.power", *widths))


@expect("precision.tok_per_j")
def tok_per_j(i: Inputs, *widths: str) -> float:
    return float(metrics.tok_per_joule(case(i, *widths).throughput, number(i, "precision.power", *widths), model_of(i).tp))


@expect("precision.gain")
def gain(i: Inputs, weight_width: str, kv_width: str) -> float:
    """Where 16 bits do not fit there is nothing to gain over, and the cell shows 0."""
    base = tok_per_j(i, "fp16", "fp16")
    return tok_per_j(i, weight_width, kv_width) / base if base > 0 else 0.0
