"""Expectations of sheets Hardware and Generations."""

from tests.reference.equations import economics, power, roofline
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import GIB, GIGA, LLAMA_70B, MILLI, TERA
from tests.reference.expect.shared_columns import expect_columns
from tests.reference.quantities import PAPER, Inputs, expect, expect_rows, number

STATED_X0 = ("h100_sxm", "h200_sxm")
"""GPUs for which Table A states x0 itself; for the others it gives that of the computed profile (`paper.table_a`)."""


@expect("hardware.idle_share")
def idle_share(i: Inputs, gpu: str) -> float:
    return watts.power_shares(i, gpu)[0]


@expect("hardware.dynamic_share")
def dynamic_share(i: Inputs, gpu: str) -> float:
    return watts.power_shares(i, gpu)[1]


expect_columns(
    "gpus",
    chain.gpu,
    {
        "ridge": lambda _, item: float(roofline.ridge_point(item.flops, item.bandwidth)),
        "bandwidth_per_watt": lambda _, item: item.bandwidth / item.tdp / GIGA,
        "memory_per_watt": lambda _, item: item.memory / GIB / item.tdp,
        "cost_per_bandwidth": lambda _, item: item.price / (item.bandwidth / TERA),
    },
)


def curve_range(i: Inputs, gpu: str) -> float:
    """Return the W from one end of a GPU's power curve to the other."""
    return chain.gpu_curve(i, gpu).p_nominal - chain.gpu_curve(i, gpu).p_idle


PAPER.attributes("gpu_power", chain.gpu_curve, "p_idle", "k", "x0")
expect_rows(
    "gpu_power",
    {
        "p_range": curve_range,
        "lowest": lambda i, gpu: p_idle(i, gpu) if watts.takes_curve(i, gpu) else tdp(i, gpu) * idle_share(i, gpu),
        "span": lambda i, gpu: curve_range(i, gpu) if watts.takes_curve(i, gpu) else tdp(i, gpu) * dynamic_share(i, gpu),
    },
)


def tdp(i: Inputs, gpu: str) -> float:
    return chain.gpu(i, gpu).tdp


def p_idle(i: Inputs, gpu: str) -> float:
    return chain.gpu_curve(i, gpu).p_idle


def tokens(i: Inputs, gpu: str) -> float:
    return number(i, "architecture.throughput", gpu, LLAMA_70B)


def physical(i: Inputs, gpu: str) -> float:
    return number(i, "architecture.tok_per_j", gpu, LLAMA_70B)


expect_rows(
    "generations",
    {
        "tdp": tdp,
        "p_idle": p_idle,
        "w": lambda i, gpu: chain.computed(i, gpu, LLAMA_70B).w_own / MILLI,
        "n_max": lambda i, gpu: chain.computed(i, gpu, LLAMA_70B).n_max,
        "power": lambda i, gpu: number(i, "architecture.power", gpu, LLAMA_70B),
        "throughput": tokens,
        "tok_per_w": lambda i, gpu: number(i, "architecture.tok_per_w", gpu, LLAMA_70B),
        "tok_per_j": physical,
        "gain": lambda i, gpu: physical(i, gpu) / physical(i, chain.H100),
        "cost": lambda i, gpu: economics.instance_usd_per_hour(chain.gpu(i, gpu).price, chain.served(i, LLAMA_70B).tp),
        "tokens_per_dollar": lambda i, gpu: economics.million_tokens_per_usd(tokens(i, gpu), number(i, "generations.cost", gpu)),
    },
)


expect_rows(
    "table_a",
    {"p_nominal": lambda i, gpu: chain.gpu_curve(i, gpu).p_nominal, "idle_of_tdp": lambda i, gpu: p_idle(i, gpu) / tdp(i, gpu)},
)


@expect("table_a.x0_used")
def x0_used(i: Inputs, gpu: str) -> float:
    return chain.curve(i, chain.gpu(i, gpu).curve).x0


@expect("table_a.x0_computed", difference=True)
def x0_computed(i: Inputs, gpu: str) -> float:
    profile = chain.computed(i, gpu, LLAMA_70B)
    return float(power.half_saturation(profile.w_own, profile.h))


@expect("table_a.x0_table_a", difference=True)
def x0_table_a(i: Inputs, gpu: str) -> float:
    return x0_used(i, gpu) if gpu in STATED_X0 else x0_computed(i, gpu)
