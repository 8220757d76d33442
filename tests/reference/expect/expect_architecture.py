"""Expectations of sheets Architecture (Table 2) and Routing (Table 4)."""

from dataclasses import dataclass
from functools import cache

from tests.reference.equations import metrics, roofline, rounding
from tests.reference.expect import chain, watts
from tests.reference.expect.chain import H100, H100_CALIBRATED, LLAMA_8B, MILLI
from tests.reference.quantities import Inputs, expect, expect_rows, number


def full(i: Inputs, gpu: str, model: str) -> watts.Loaded:
    """Return the GPU full at the window of Table 2."""
    return watts.of_model(i, gpu, model, n_max(i, gpu, model), chain.mean_length(i, i["decode.window"]))


@expect("architecture.n_max")
def n_max(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).n_max


expect_rows(
    "architecture",
    {
        "length_ratio": lambda i, _gpu, _model: chain.mean_length(i, i["decode.window"]) / i["decode.calibration_length"],
        "feasible": lambda i, gpu, model: "fits" if chain.computed(i, gpu, model).free > 0 else "does not fit",
    },
)


@expect("architecture.kv_time")
def kv_time(i: Inputs, gpu: str, model: str) -> float:
    return chain.full_kv_time(i, gpu, model) / MILLI


@expect("architecture.active_per_gpu")
def active_per_gpu(i: Inputs, _gpu: str, model: str) -> float:
    item = chain.served(i, model)
    return item.active / item.tp


watts.expect_watts("architecture", full)


@expect("architecture.base_step_time")
def base_step_time(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).w_throughput / MILLI + kv_time(i, gpu, model)


@expect("architecture.step_time")
def step_time(i: Inputs, gpu: str, model: str) -> float:
    dispatch = i["moe_model.dispatch"] if chain.served(i, model).mixture else 0.0
    return float(roofline.step_time_with_dispatch(base_step_time(i, gpu, model), dispatch))


@expect("architecture.throughput")
def throughput(i: Inputs, gpu: str, model: str) -> float:
    return chain.throughput(i, n_max(i, gpu, model), step_time(i, gpu, model) * MILLI)


@expect("architecture.tok_per_w")
def tok_per_w(i: Inputs, gpu: str, model: str) -> object:
    return metrics.paper_tok_per_watt(throughput(i, gpu, model), number(i, "architecture.power", gpu, model))


@expect("architecture.tok_per_j")
def tok_per_j(i: Inputs, gpu: str, model: str) -> object:
    return metrics.tok_per_joule(throughput(i, gpu, model), number(i, "architecture.power", gpu, model), chain.served(i, model).tp)


# Table 4

SMALL = "small_8b"
POOL_WINDOWS = {"short_70b": "8k", "long_70b": "64k", "large_70b": "64k"}


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of Table 4: tokens, sequences, times in s of its W and of H at the mean length."""

    tp: float
    window: float
    n_max: float
    w: float
    h: float


@cache
def pool_of(i: Inputs, key: str) -> Pool:
    """Return a pool: the 8B model by its computed profile, the others by the calibrated one."""
    if key == SMALL:
        profile, window = chain.computed(i, H100, LLAMA_8B), i["decode.window"]
        at_mean = chain.kv_time(i, profile, 1.0, chain.mean_length(i, window))
        return Pool(chain.served(i, LLAMA_8B).tp, window, profile.n_max, profile.w_own, at_mean)
    item, window = chain.calibrated(i, H100_CALIBRATED), i[f"windows.{POOL_WINDOWS[key]}"]
    at_mean = item.h * chain.mean_length(i, window) / item.calibration_length
    return Pool(item.tp, window, number(i, "sweep.n_max", H100_CALIBRATED, POOL_WINDOWS[key]), item.w, at_mean)


@cache
def pool_window(i: Inputs, pool: str) -> float:
    return pool_of(i, pool).window


@cache
def pool_n_max(i: Inputs, pool: str) -> float:
    return pool_of(i, pool).n_max


@expect("routing.n_active")
def n_active(i: Inputs, pool: str) -> float:
    return float(rounding.trunc(i["operation.utilisation"] * pool_n_max(i, pool)))


@cache
def pool_w(i: Inputs, pool: str) -> float:
    return pool_of(i, pool).w / MILLI


@expect("routing.h")
def pool_h(i: Inputs, pool: str) -> float:
    return pool_of(i, pool).h / MILLI


@expect("routing.step_time")
def pool_step_time(i: Inputs, pool: str) -> float:
    return float(roofline.decode_step_time(n_active(i, pool), pool_w(i, pool), pool_h(i, pool), 1.0, 1.0))


@expect("routing.throughput")
def pool_throughput(i: Inputs, pool: str) -> float:
    return chain.throughput(i, n_active(i, pool), pool_step_time(i, pool) * MILLI)


def small(i: Inputs, _pool: str = SMALL) -> watts.Loaded:
    """Return the GPU of the 8B pool."""
    return watts.of_model(i, H100, LLAMA_8B, n_active(i, SMALL), chain.mean_length(i, pool_window(i, SMALL)))


watts.expect_watts("small_pool", small)


@expect("small_pool.active_per_gpu")
def small_active_per_gpu(i: Inputs, _pool: str) -> float:
    item = chain.served(i, LLAMA_8B)
    return item.active / item.tp


@expect("routing.p_range")
def pool_p_range(i: Inputs, pool: str) -> float | None:
    curve = chain.profile_curve(i, H100_CALIBRATED)
    return None if pool == SMALL else curve.p_nominal - curve.p_idle


@expect("routing.power")
def pool_watts(i: Inputs, pool: str) -> float:
    if pool == SMALL:
        return small(i).watts(i, small(i).reading)
    return chain.profile_curve(i, H100_CALIBRATED).watts(n_active(i, pool))


expect_rows(
    "routing",
    {
        "n_rounded": lambda i, pool: rounding.nearest(i["operation.utilisation"] * pool_n_max(i, pool)),
        "kv_time": lambda i, pool: pool_h(i, pool) * n_active(i, pool),
        "tok_per_w": lambda i, pool: metrics.paper_tok_per_watt(pool_throughput(i, pool), pool_watts(i, pool)),
        "tok_per_j": lambda i, pool: metrics.tok_per_joule(pool_throughput(i, pool), pool_watts(i, pool), pool_of(i, pool).tp),
    },
)
