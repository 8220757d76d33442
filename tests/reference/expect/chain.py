"""From inputs to profiles: each step of the model once, in SI units, for the expectations to share.

Lengths of a decode step: the throughput of a computed profile is taken at the mean length of the window. Its
power is not; see `watts`.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

from tests.reference.equations import kv, moe, power, roofline, slots
from tests.reference.quantities import Inputs

GIB = 1024.0**3
GIGA = 1e9
TERA = 1e12
MILLI = 1e-3
MICRO = 1e-6

H100 = "h100_sxm"
LLAMA_8B = "llama_3_1_8b"
LLAMA_70B = "llama_3_1_70b"
QWEN3 = "qwen3_235b_a22b"
DEEPSEEK_V3 = "deepseek_v3"
H100_CALIBRATED = "h100_calibrated"
B200_PROJECTED = "b200_projected"
H100_LLAMA_8B = "h100_llama_8b"


@dataclass(frozen=True, slots=True)
class Curve:
    """Parameters of Eq. 1: W, W, per doubling, log2 of sequences."""

    p_idle: float
    p_nominal: float
    k: float
    x0: float

    def watts(self, n: float) -> float:
        """Return the power of one GPU with n sequences in flight, W."""
        return float(power.logistic_power(n, self.p_idle, self.p_nominal, self.k, self.x0))


class Gpu:
    """A GPU of sheet Hardware: byte, byte/s, FLOP/s, W, and USD/h of one GPU."""

    def __init__(self, i: Inputs, key: str) -> None:
        card = f"hardware.{key}"
        self.bandwidth = i[f"{card}.hbm_bandwidth"] * TERA
        self.memory = i[f"{card}.memory"] * GIB
        self.reached = i["decode.bandwidth_efficiency"] * self.bandwidth
        self.flops = i[f"{card}.bf16_compute"] * TERA
        self.tdp = i[f"{card}.tdp"]
        self.price = i[f"{card}.price"]
        self.curve = i.text(f"{card}.power_curve")


gpu = cache(Gpu)


def expert_parameters(i: Inputs, model: str, experts: float) -> float:
    """Return the parameters of so many routed experts in every layer."""
    card = f"models.{model}"
    return float(kv.expert_parameters(i[f"{card}.layers"], i[f"{card}.hidden"], i[f"{card}.moe_intermediate"], experts))


def common_parameters(i: Inputs, model: str) -> float:
    """Return the parameters of embedding and attention as the reproduction counts them."""
    card = f"models.{model}"
    hidden = i[f"{card}.hidden"]
    embedding = kv.embedding_parameters(i[f"{card}.vocabulary"], hidden)
    attention = kv.attention_parameters(i[f"{card}.layers"], hidden, i[f"{card}.kv_heads"], i[f"{card}.head_dim"])
    return float(embedding + attention)


@cache
def counted_parameters(i: Inputs, model: str) -> tuple[float, float]:
    """Return the (total, active) parameters of a model; see `paper.parameter_counts`."""
    card = f"models.{model}"
    mixture = i[f"{card}.experts"] > 0
    dense_blocks = i[f"{card}.layers"] * (i[f"{card}.shared_experts"] if mixture else 1.0)
    base = common_parameters(i, model) + float(kv.dense_ffn_parameters(dense_blocks, i[f"{card}.hidden"], i[f"{card}.intermediate"]))
    if not mixture:
        return base, base
    total, active = (base + expert_parameters(i, model, i[f"{card}.{experts}"]) for experts in ("experts", "experts_per_token"))
    return total, active


class Served:
    """A model as it is served: parameters and KV bytes as the reproduction counts them.

    ``published_kv`` is the published KV cache of a token, byte, at the width in use.
    """

    def __init__(self, i: Inputs, model: str) -> None:
        card = f"models.{model}"
        self.total, self.active = counted_parameters(i, model)
        width = i[f"{card}.kv_bytes"]
        cached = kv.kv_bytes_per_token(i[f"{card}.layers"], i[f"{card}.kv_heads"], i[f"{card}.head_dim"], width)
        self.layers = i[f"{card}.layers"]
        self.weight_bytes = i[f"{card}.weight_bytes"]
        self.kv_bytes = float(cached)
        self.published_kv = i[f"{card}.kv_bytes_per_token"] * width / 2.0
        self.tp = i[f"{card}.tensor_parallel"]
        self.mixture = i[f"{card}.experts"] > 0


served = cache(Served)


def workspace(i: Inputs, tp: float) -> float:
    """Return the bytes a GPU keeps for communication; raises ValueError for a degree without a figure."""
    if tp not in {1.0, 2.0, 4.0, 8.0}:
        message = f"no communication buffers are known for {tp} GPUs"
        raise ValueError(message)
    return i[f"nccl.tp{tp:.0f}.workspace"]


def layers_time(i: Inputs, model: str) -> float:
    """Return the fixed time of all layers of a model, s."""
    return i["decode.layer_overhead"] * MICRO * i[f"models.{model}.layers"]


def streaming_time(i: Inputs, gpu_key: str, per_gpu: float) -> float:
    """Return the time to stream bytes of one GPU at the bandwidth reached, s, without any cost of layers."""
    return float(roofline.weight_streaming_time(per_gpu, gpu(i, gpu_key).bandwidth, 0, i["decode.bandwidth_efficiency"], 0))


def dense_weight_time(i: Inputs, gpu_key: str, model: str) -> float:
    """Return W of all of a model's weights, s."""
    item = served(i, model)
    per_gpu = kv.weight_bytes_per_gpu(item.total, item.weight_bytes, item.tp)
    settings = i["decode.bandwidth_efficiency"], i["decode.layer_overhead"] * MICRO
    return float(roofline.weight_streaming_time(per_gpu, gpu(i, gpu_key).bandwidth, item.layers, *settings))


def projections(i: Inputs, model: str, layers: float) -> float:
    """Return the attention parameters of so many layers."""
    card = f"models.{model}"
    shape = i[f"{card}.hidden"], i[f"{card}.attention_heads"], i[f"{card}.kv_heads"], i[f"{card}.head_dim"]
    return float(kv.projection_parameters(layers, *shape))


def attention_bytes(i: Inputs, model: str, layers: float) -> float:
    """Return the attention bytes that one GPU holds of so many layers."""
    card = f"models.{model}"
    return float(kv.weight_bytes_per_gpu(projections(i, model, layers), i[f"{card}.weight_bytes"], i[f"{card}.tensor_parallel"]))


def experts_time(i: Inputs, gpu_key: str, model: str) -> float:
    """Return the calibrated time of a mixture's experts, s."""
    card = f"models.{model}"
    layer_time = i[f"{card}.moe_layer_time"] * MILLI
    reference = i["moe_model.reference_bandwidth"] * TERA, i["moe_model.scaling_exponent"]
    return float(roofline.expert_layers_time(i[f"{card}.layers"], layer_time, gpu(i, gpu_key).bandwidth, *reference))


def active_weight_time(i: Inputs, gpu_key: str, model: str) -> float:
    """Return the time to stream the published active parameters at peak bandwidth, s."""
    card = f"models.{model}"
    active = i[f"{card}.active_parameters"] * GIGA
    return float(roofline.active_weight_time(active, i[f"{card}.weight_bytes"], i[f"{card}.tensor_parallel"], gpu(i, gpu_key).bandwidth))


def own_weight_time(i: Inputs, gpu_key: str, model: str) -> float:
    """Return the profile's own W, s: the one behind its power."""
    if not served(i, model).mixture:
        return dense_weight_time(i, gpu_key, model)
    attention = streaming_time(i, gpu_key, attention_bytes(i, model, i[f"models.{model}.layers"]))
    return attention + layers_time(i, model) + experts_time(i, gpu_key, model)


class Computed:
    """A computed profile of a model on a GPU: times in s, bytes of one GPU, blocks and sequences; see `paper.computed_profile`.

    ``w_own`` enters the power and ``w_throughput`` the tokens; ``h`` is at the calibration length.
    """

    def __init__(self, i: Inputs, gpu_key: str, model: str) -> None:
        item, board = served(i, model), gpu(i, gpu_key)
        self.weights = float(kv.weight_bytes_per_gpu(item.total, item.weight_bytes, item.tp))
        self.workspace = workspace(i, item.tp)
        self.free = float(kv.free_kv_bytes(board.memory, i["decode.memory_utilisation"], self.weights, self.workspace))
        self.blocks = int(slots.kv_blocks(self.free, item.kv_bytes, i["decode.block_size"]))
        self.w_own = own_weight_time(i, gpu_key, model)
        length, efficiency = i["decode.calibration_length"], i["decode.bandwidth_efficiency"]
        reading = roofline.kv_read_time(item.kv_bytes, length, item.tp, board.bandwidth, efficiency)
        self.n_max = computed_slots(i, self.blocks, i["decode.window"])
        self.w_throughput = active_weight_time(i, gpu_key, model) if item.mixture else self.w_own
        self.h = float(reading)


computed = cache(Computed)


def computed_slots(i: Inputs, blocks: int, window: float) -> float:
    """Return the sequences of a computed profile at a window, never below one."""
    return float(slots.computed_slots(blocks, window, i["decode.block_size"]))


def mean_length(i: Inputs, window: float) -> float:
    """Return the mean KV length of sequences under a window, tokens."""
    return i["decode.mean_length_share"] * window


def kv_time(i: Inputs, profile: Computed, n: float, length: float) -> float:
    """Return the time a computed profile reads the KV cache of n sequences of a length, s."""
    return float(roofline.decode_step_time(n, 0.0, profile.h, length, i["decode.calibration_length"]))


def full_kv_time(i: Inputs, gpu_key: str, model: str) -> float:
    """Return the time a computed profile reads the KV cache, full at the window of Table 2 and at its mean length, s."""
    profile = computed(i, gpu_key, model)
    return kv_time(i, profile, profile.n_max, mean_length(i, i["decode.window"]))


def step_operations(i: Inputs, item: Served) -> float:
    """Return the operations of one GPU for one sequence in a decode step: every token gained takes the arithmetic of a token."""
    return i["decode.flops_per_parameter"] * i["decode.tokens_per_step"] * item.active / item.tp


def throughput(i: Inputs, n: float, step_time: float) -> float:
    """Return the tokens a second of an instance."""
    return float(roofline.throughput(n, step_time, i["decode.tokens_per_step"]))


@cache
def curve(i: Inputs, key: str) -> Curve:
    """Return a logistic curve; x0 of B200 follows from its projected profile."""
    card = f"power_curves.{key}"
    projected = key == "b200"
    x0 = projected_x0(i) if projected else i[f"{card}.x0"]
    return Curve(i[f"{card}.p_idle"], i[f"{card}.p_nominal"], i[f"{card}.k"], x0)


def gpu_curve(i: Inputs, key: str) -> Curve:
    """Return the logistic curve of a GPU: that of its card, its watts times the card's scale."""
    return scaled(curve(i, gpu(i, key).curve), i[f"hardware.{key}.curve_scale"])


def is_projected(key: str) -> bool:
    """Tell whether a serving profile is scaled from that of H100: the B200's is, and those of GPUs with a card alone."""
    return key not in {H100_CALIBRATED, H100_LLAMA_8B}


def profile_curve_name(i: Inputs, key: str) -> str:
    """Return the power curve of a serving profile: its own, or that of its GPU's card."""
    own = f"profiles.{key}.power_curve"
    return i.text(own) if own in i else gpu(i, i.text(f"profiles.{key}.gpu")).curve


def profile_curve(i: Inputs, key: str) -> Curve:
    """Return the logistic curve of a serving profile: scaled as its GPU's card says where it is the curve that the card names."""
    name, board = profile_curve_name(i, key), i.text(f"profiles.{key}.gpu")
    return gpu_curve(i, board) if gpu(i, board).curve == name else curve(i, name)


def scaled(item: Curve, scale: float) -> Curve:
    """Return a curve with its watts times a scale."""
    return replace(item, p_idle=item.p_idle * scale, p_nominal=item.p_nominal * scale)


def projected_x0(i: Inputs) -> float:
    """Return x0 of the B200 curve as Table 1 uses it: log2(W / H) of the projected profile."""
    return float(power.half_saturation(*profile_times(i, B200_PROJECTED)))


def profile_times(i: Inputs, key: str) -> tuple[float, float]:
    """Return (W, H) of a serving profile, s; the projected one has W of its computed profile, and H by bandwidth.

    The small model has both of its computed profile.
    """
    base, own = f"profiles.{H100_CALIBRATED}", i.text(f"profiles.{key}.gpu")
    if key == H100_LLAMA_8B:
        small = computed(i, own, LLAMA_8B)
        return small.w_own, small.h
    h = i[f"{base}.h"] * MILLI
    if is_projected(key):
        return computed(i, own, LLAMA_70B).w_own, h * gpu(i, H100).bandwidth / gpu(i, own).bandwidth
    return i[f"{base}.w"] * MILLI, h


class Calibrated:
    """A serving profile: times (s), blocks and slots, the projected one scaled from H100's; see `paper.calibrated_b200`."""

    def __init__(self, i: Inputs, key: str) -> None:
        card, self.gpu, (self.w, self.h) = f"profiles.{key}", i.text(f"profiles.{key}.gpu"), profile_times(i, key)
        self.blocks, self.max_slots = blocks_and_slots(i, key, self.gpu)
        self.tp = i[f"{card}.tensor_parallel"]
        self.calibration_length = i[f"{card}.calibration_length"]
        self.block_size = i[f"{card}.block_size"]


calibrated = cache(Calibrated)


def blocks_and_slots(i: Inputs, key: str, own: str) -> tuple[float, float]:
    """Return the KV blocks of a serving profile on its own GPU, and its slots at the calibration length."""
    base = f"profiles.{H100_CALIBRATED}"
    if key == H100_LLAMA_8B:
        return computed(i, own, LLAMA_8B).blocks * i[f"profiles.{key}.tensor_parallel"], i[f"profiles.{key}.max_slots"]
    blocks, max_slots = i[f"{base}.blocks"], i[f"{base}.max_slots"]
    if is_projected(key):
        return budget_scaled(i, blocks, own), budget_scaled(i, max_slots, own)
    return blocks, max_slots


def budget_scaled(i: Inputs, whole: float, gpu_key: str) -> float:
    """Scale a whole number by the KV budgets of a GPU and H100, cut to a whole number exactly; 0 where H100 has none."""
    on_h100, on_gpu = (computed(i, key, LLAMA_70B).blocks for key in (H100, gpu_key))
    return float(math.trunc(whole) * on_gpu // on_h100) if on_h100 else 0.0


@cache
def split(i: Inputs, model: str) -> tuple[float, float]:
    """Return a mixture's published parameters as (always streamed, in routed experts)."""
    card = f"models.{model}"
    published = i[f"{card}.total_parameters"] * GIGA, i[f"{card}.active_parameters"] * GIGA
    always, routed = moe.split_parameters(*published, i[f"{card}.experts"], i[f"{card}.experts_per_token"])
    return float(always), float(routed)
