"""Step time, prefill and power of a serving instance, from constants measured on kernels (equations 1 to 21 of docs/method.md).

A step of a decoding batch streams the weights, the experts that the batch touches and the KV cache from HBM, computes at a rate
that kernels reach, and pays fixed times for each kernel, all-reduce, layer and sequence. A kernel that streams for time ``a`` and
computes for time ``b`` takes sqrt(a^2 + b^2): the two overlap, but not wholly. Times are in s, sizes in byte, rates per s.

Sources: kernel constants of ai-dynamo/aiconfigurator (2026-08-21), engine constants of served points, power of 549 points of
ML.ENERGY v3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot, sqrt

SIXTEEN_BIT = 2.0  # bytes


@dataclass(frozen=True, slots=True)
class Constants:
    """Figures of all GPUs: shares of peak that latent attention and experts in prefill reach; power in shares of TDP."""

    latent: float
    prefill_experts: float
    per_work: float
    per_both: float
    per_experts: float
    limit: float
    bend: float


@dataclass(frozen=True, slots=True)
class Model:
    """A model in the precision that it is served in: parameters inside (``routed``) and outside (``rest``) routed experts.

    ``kept`` is the share of ``rest`` in 16 bit, ``weight_bytes`` the bytes of the other weights; ``kv`` and ``window_kv`` are
    byte/token in 16 bit, all heads; ``width`` is heads times head width by the share of layers with full attention.
    """

    rest: float
    routed: float
    kept: float
    weight_bytes: float
    experts: float
    taken: float
    layers: float
    moe_layers: float
    attention_layers: float
    layer_kernels: float
    hidden: float
    width: float
    kv: float
    kv_shards: float
    kv_heads: float
    window_kv: float
    window: float
    state: float
    latent_work: float

    @property
    def share_taken(self) -> float:
        """The share of its experts that a token takes, 0 for a dense model."""
        return self.taken / self.experts if self.experts else 0.0


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a kind of kernel reaches: fixed time in s, shares of peak bandwidth and of peak compute."""

    floor: float
    memory: float
    compute: float


@dataclass(frozen=True, slots=True)
class Instance:
    """The GPUs of an instance, for one precision, and the engine on them.

    ``gpus`` of which ``replicas`` hold attention copies; ``bandwidth``, ``link`` in byte/s of a GPU, peaks in FLOP/s, ``tdp`` in W;
    ``compute_watts``: compute in use in watts of 16 bit; ``byte_watts``: bandwidth over TDP, that of H100 = 1.
    ``in_graph``: share of the fixed times of matrix and attention kernels that is left in a step; ``reads_all``: whether experts are
    read that no token takes.
    ``layer``, ``sequence``, ``carried``, ``step``: s that the engine takes a layer, a sequence, a step with a prefill, a step.
    """

    gpus: float
    replicas: float
    bandwidth: float
    peak_16: float
    peak: float
    expert_peak: float
    link: float
    tdp: float
    idle: float
    compute_watts: float
    byte_watts: float
    gemm: Kernel
    expert: Kernel
    attention_floor: float
    kv_efficiency: float
    prefill_efficiency: float
    reduce_floor: float
    link_efficiency: float
    layer: float
    sequence: float
    carried: float
    step: float
    expert_factor: float
    in_graph: float
    reads_all: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """Requests: mean tokens of prompt and output, the mean squared prompt, the mean length while decoding (``context``).

    ``hit``: share of prompt tokens in the prefix cache; ``gained``: tokens a sequence gains in a step; ``verify``: cost of a step
    that verifies drafts over a plain one; ``kv_bytes``: bytes of a cached number.
    """

    prompt: float
    prompt_2: float
    context: float
    output: float
    hit: float = 0.0
    gained: float = 1.0
    verify: float = 1.0
    kv_bytes: float = SIXTEEN_BIT


@dataclass(frozen=True, slots=True)
class Served:
    """A model on an instance with the requests that it serves, and the constants of all GPUs."""

    model: Model
    on: Instance
    work: Work
    constants: Constants


def byte_watts(bandwidth: float, tdp: float, of_a_watt: float) -> float:
    """Return how much bandwidth in use weighs in power over TDP: a byte takes the same joules on each GPU (byte/s, W, byte/s/W)."""
    return bandwidth / tdp / of_a_watt


def rest_bytes(model: Model, on: Instance) -> float:
    """Return the bytes of the weights outside routed experts on a GPU (equation 1)."""
    each = model.kept * SIXTEEN_BIT + (1.0 - model.kept) * model.weight_bytes
    return model.rest * each * on.replicas / on.gpus


def inverse_peak(model: Model, on: Instance) -> float:
    """Return the s of a FLOP at peak where layers kept in 16 bit compute at its rate (equation 2)."""
    return model.kept / on.peak_16 + (1.0 - model.kept) / on.peak


def rest_compute(model: Model, on: Instance, n: float) -> float:
    """Return the compute of ``n`` sequences outside routed experts, at peak (equation 2): replicas share both sequences and GPUs."""
    return 2.0 * model.rest * n / on.gpus * inverse_peak(model, on)


def linear(model: Model, on: Instance, n: float) -> float:
    """Return the time of the weights outside routed experts (equation 3)."""
    return hypot(rest_bytes(model, on) / on.bandwidth / on.gemm.memory, rest_compute(model, on, n) / on.gemm.compute)


def touched(model: Model, on: Instance, n: float) -> float:
    """Return the share of experts that are read: those that ``n`` tokens touch, routing taken as uniform, or all (equation 4)."""
    if on.reads_all and model.experts:
        return 1.0 if n else 0.0
    return float(1.0 - (1.0 - model.share_taken) ** n)


def expert_stream(model: Model, on: Instance, n: float) -> float:
    """Return the time to read the experts touched, at peak (equation 5)."""
    return model.routed * model.weight_bytes * touched(model, on, n) / on.gpus / on.bandwidth


def expert_compute(model: Model, on: Instance, n: float) -> float:
    """Return the compute of ``n`` sequences in experts, at peak (equation 5)."""
    return 2.0 * model.routed * model.share_taken * n / on.gpus / on.expert_peak


def experts(model: Model, on: Instance, n: float) -> float:
    """Return the time of the routed experts (equation 6)."""
    streamed, computed = expert_stream(model, on, n) / on.expert.memory, expert_compute(model, on, n) / on.expert.compute
    return on.expert_factor * hypot(streamed, computed)


def kv_held(model: Model, work: Work) -> float:
    """Return the KV bytes of a sequence at the mean length while decoding (equation 8)."""
    return (model.kv * work.context + model.window_kv * min(work.context, model.window)) * work.kv_bytes / SIXTEEN_BIT


def kv_gpus(model: Model, on: Instance) -> float:
    """Return the GPUs that split the KV cache of a sequence."""
    return min(on.gpus / on.replicas, model.kv_shards)


def kv_stream(model: Model, on: Instance, work: Work, n: float) -> float:
    """Return the time to read the KV cache, at peak (equation 8)."""
    return kv_held(model, work) * n / on.replicas / kv_gpus(model, on) / on.bandwidth


def latent_compute(model: Model, on: Instance, work: Work, n: float) -> float:
    """Return the compute of latent attention, at peak (equation 8)."""
    return model.layers * model.latent_work * work.context * n / on.gpus / on.peak_16


def state_stream(model: Model, on: Instance, n: float) -> float:
    """Return the time to read and write recurrent state, at peak (equation 8)."""
    return 2.0 * model.state * n / on.replicas / min(on.gpus / on.replicas, 4.0 * model.kv_heads) / on.bandwidth


def attention(served: Served, n: float) -> float:
    """Return the time of decode attention (equation 9)."""
    model, on, work, reached = served.model, served.on, served.work, served.constants.latent
    cached = hypot(kv_stream(model, on, work, n) / on.kv_efficiency, latent_compute(model, on, work, n) / reached)
    return cached + state_stream(model, on, n) / reached


def floors(model: Model, on: Instance) -> float:
    """Return the fixed times of a step's kernels (equation 10)."""
    dense = model.layers * model.layer_kernels * on.gemm.floor + model.attention_layers * on.attention_floor
    return on.in_graph * dense + model.moe_layers * on.expert.floor


def sent(model: Model, on: Instance) -> float:
    """Return the bytes a token that GPUs exchange (equation 11): two sums a layer, or tokens sent to experts and back."""
    others = 1.0 - 1.0 / on.gpus
    if on.replicas == 1:
        return 8.0 * model.layers * model.hidden * others
    return model.moe_layers * model.hidden * others * min(4.0, 3.0 * model.taken / on.replicas)


def sent_time(model: Model, on: Instance) -> float:
    """Return the time to exchange a token's bytes, 0 on one GPU (equation 12)."""
    return sent(model, on) / (on.link * on.link_efficiency) if on.gpus > 1 else 0.0


def reduce_fixed(model: Model, on: Instance) -> float:
    """Return the fixed times of a step's exchanges, 0 on one GPU (equation 12)."""
    return 2.0 * (model.layers if on.replicas == 1 else model.moe_layers) * on.reduce_floor if on.gpus > 1 else 0.0


def fixed(model: Model, on: Instance) -> float:
    """Return the times that a step has once, whatever the sequences (equations 10, 12, 13)."""
    return floors(model, on) + reduce_fixed(model, on) + model.layers * on.layer + on.step


def step_decode(served: Served, n: float) -> float:
    """Return a decode step without prefill (equation 13)."""
    model, on = served.model, served.on
    each = sent_time(model, on) + on.sequence / on.replicas
    return linear(model, on, n) + experts(model, on, n) + attention(served, n) + fixed(model, on) + n * each


def prefill_parts(served: Served) -> dict[str, float]:
    """Return the terms of a prompt's prefill (equations 14 and 15)."""
    model, on, work = served.model, served.on, served.work
    new = work.prompt * (1.0 - work.hit)
    pairs = work.prompt_2 * (1.0 - work.hit**2)
    routed = 2.0 * model.routed * model.share_taken * new
    return {
        "pre_linear": 2.0 * model.rest * new * inverse_peak(model, on) / (on.gpus * on.gemm.compute),
        "pre_experts": routed / (on.gpus * on.expert_peak * served.constants.prefill_experts),
        "pre_attention": 2.0 * model.layers * model.width * pairs / (on.gpus * on.peak_16 * on.prefill_efficiency),
        "pre_reduce": new * sent_time(model, on),
    }


def prefill(served: Served) -> float:
    """Return the prefill of a prompt (equation 15)."""
    return sum(prefill_parts(served).values())


def prefill_peak(served: Served) -> float:
    """Return the compute of a prefill, at peak (equation 19)."""
    parts, on = prefill_parts(served), served.on
    dense, attended = parts["pre_linear"] * on.gemm.compute, parts["pre_attention"] * on.prefill_efficiency
    return dense + parts["pre_experts"] * served.constants.prefill_experts + attended


def steps(work: Work) -> float:
    """Return the decode steps of a request (equation 16)."""
    return work.output / work.gained


def carry(work: Work, n: float) -> float:
    """Return the share of steps that carry a prefill (equation 17)."""
    return 1.0 - exp(-n / steps(work))


def step(served: Served, n: float) -> float:
    """Return a mean step with the prefills of others (equation 18)."""
    own = served.work.verify * step_decode(served, n) + served.on.carried * carry(served.work, n)
    return own + n / steps(served.work) * prefill(served)


def rate(served: Served, n: float) -> float:
    """Return the output tokens/s of an instance (equation 18)."""
    return n * served.work.gained / step(served, n)


def in_use(served: Served, n: float, whole: float | None = None) -> tuple[float, float, float]:
    """Return the shares of a step in which bandwidth, compute (in watts of 16 bit) and kernels are in use (equation 19).

    ``whole`` is the time of the step, that of equation 18 if left out.
    """
    model, on, work = served.model, served.on, served.work
    whole, prefills = step(served, n) if whole is None else whole, n / steps(work)
    streamed = (
        rest_bytes(model, on) / on.bandwidth + expert_stream(model, on, n) + kv_stream(model, on, work, n) + state_stream(model, on, n)
    )
    computed = rest_compute(model, on, n) + expert_compute(model, on, n) + latent_compute(model, on, work, n)
    busy = linear(model, on, n) + experts(model, on, n) + attention(served, n) + prefills * prefill(served)
    compute = on.compute_watts * (computed + prefills * prefill_peak(served))
    return min(1.0, streamed / whole), min(1.0, compute / whole), min(1.0, busy / whole)


def raw_power(served: Served, n: float, whole: float | None = None) -> float:
    """Return the power of a GPU before its limit, in shares of TDP (equation 20); ``whole`` as in `in_use`."""
    um, uc, work = in_use(served, n, whole)
    constants = served.constants
    return (
        served.on.idle
        + constants.per_work * work
        + constants.per_both * sqrt(served.on.byte_watts * um * uc)
        + (constants.per_experts * um if served.model.experts else 0.0)
    )


def held_below(raw: float, constants: Constants) -> float:
    """Return a power that bends into the limit instead of passing it, in shares of TDP (equation 21)."""
    return float(constants.limit * (1.0 - exp(-((raw / constants.limit) ** constants.bend))) ** (1.0 / constants.bend))


def watts(served: Served, n: float) -> float:
    """Return the mean W of a GPU over a step (equation 21)."""
    return held_below(raw_power(served, n), served.constants) * served.on.tdp


def joules(served: Served, n: float) -> float:
    """Return the J of an output token, of all GPUs of the instance (equation 21)."""
    return watts(served, n) * served.on.gpus / rate(served, n)
