"""What steps are worked out from: cards of models, GPUs, kernels and engines as the equations of step times take them."""

from functools import cache

from tests.reference.equations.step_time import SIXTEEN_BIT, Constants, Instance, Kernel, Model, byte_watts
from tests.reference.expect.chain import GIGA, MICRO, MILLI, TERA
from tests.reference.quantities import Inputs, feed_forward_matrices

GIB = 1024.0**3
ALL, AS_FP8, AS_NVFP4 = "all", "as fp8", "as nvfp4"
KEPT = {"bf16": ALL, "fp8": AS_FP8, "fp8_block": AS_FP8, "nvfp4": AS_NVFP4, "mxfp4": ALL, "int4": ALL}
"""What stays in 16 bit outside routed experts, by precision: of mxfp4 and int4 checkpoints the experts alone are quantised."""

SIXTEEN, EIGHT, FOUR, OF_THE_GPU = "16 bit", "fp8", "fp4", "of the GPU"
RATES = {"bf16": SIXTEEN, "fp8": EIGHT, "fp8_block": EIGHT, "nvfp4": FOUR, "mxfp4": OF_THE_GPU, "int4": SIXTEEN}
"""At which rate experts compute, by precision: GPUs without a rate for mxfp4 unpack it."""

GEMMS = {**dict.fromkeys(KEPT, "bf16"), **{name: name for name in ("fp8", "fp8_block", "nvfp4")}}
EXPERTS = {**{name: name for name in KEPT}, "fp8_block": "fp8"}
"""Which fields of a card of kernels hold for a precision."""


def constants(i: Inputs) -> Constants:
    """Return the constants of all GPUs."""
    names = ("latent", "prefill_experts", "per_work", "per_both", "per_experts", "limit", "bend")
    return Constants(*(i[f"step_constants.{name}"] for name in names))


def embedding(i: Inputs, card: str) -> float:
    """Return the parameters of an embedding."""
    return i[f"models.{card}.vocabulary"] * i[f"models.{card}.hidden"]


def apart(i: Inputs, card: str) -> float:
    """Return the parameters of an embedding that is not the output layer, too."""
    return embedding(i, card) * (1.0 - i[f"models.{card}.tied"])


def routed_parameters(i: Inputs, card: str) -> float:
    """Return the parameters of a model's routed experts."""
    each = feed_forward_matrices(i, f"models.{card}") * i[f"models.{card}.expert_width"] * i[f"models.{card}.moe_intermediate"]
    return each * i[f"models.{card}.experts"] * i[f"models.{card}.moe_layers"]


def rest_parameters(i: Inputs, card: str) -> float:
    """Return the parameters outside routed experts, without an embedding that is not the output layer, too."""
    return max(0.0, i[f"models.{card}.total_parameters"] * GIGA - routed_parameters(i, card) - apart(i, card))


def cached_rows(i: Inputs, card: str) -> float:
    """Return the rows that a layer without a window caches for a token: 1, unless a row stands for several tokens."""
    row = SIXTEEN_BIT * (i[f"models.{card}.latent_rank"] + i[f"models.{card}.latent_rotary"])
    whole = row * (i[f"models.{card}.layers"] - i[f"models.{card}.window_layers"])
    compressed = i.text(f"models.{card}.attention") == "CSA" and whole > 0.0
    return min(1.0, i[f"models.{card}.kv_bytes_per_token"] / whole) if compressed else 1.0


def attending(i: Inputs, card: str) -> float:
    """Return the rows that a layer attends to for a token of the sequence, on average over layers; those with a window have none."""
    full = max(0.0, i[f"models.{card}.attention_layers"] - i[f"models.{card}.window_layers"])
    return full * cached_rows(i, card) / i[f"models.{card}.layers"]


def attention_width(i: Inputs, card: str) -> float:
    """Return heads times the mean width of their keys and values, by the share of layers with full attention."""
    width = (i[f"models.{card}.head_dim"] + i[f"models.{card}.value_dim"]) / 2.0
    return i[f"models.{card}.attention_heads"] * width * attending(i, card)


def latent_work(i: Inputs, card: str) -> float:
    """Return the FLOP of a mean layer for a token of the sequence: scores of the whole latent row, values of the latent numbers."""
    scores, values = i[f"models.{card}.latent_rank"] + i[f"models.{card}.latent_rotary"], i[f"models.{card}.latent_rank"]
    work = 2.0 * (scores + values) * i[f"models.{card}.attention_heads"] * attending(i, card)
    return 0.0 if i.text(f"models.{card}.attention") == "GQA" else work


def kept(i: Inputs, card: str, precision: str) -> float:
    """Return the share of the parameters outside routed experts that stay in 16 bit."""
    if KEPT[precision] == ALL:
        return 1.0
    return i[f"models.{card}.kept_{'8' if KEPT[precision] == AS_FP8 else '4'}"]


@cache
def model_of(i: Inputs, card: str, precision: str) -> Model:
    """Return a model in a precision."""

    def of(name: str) -> float:
        return i[f"models.{card}.{name}"]

    return Model(
        rest=rest_parameters(i, card),
        routed=routed_parameters(i, card),
        kept=kept(i, card, precision),
        weight_bytes=i[f"precisions.{precision}.bytes"],
        taken=min(of("experts"), of("experts_per_token")),
        width=attention_width(i, card),
        kv=of("kv_bytes_per_token"),
        kv_shards=of("kv_shards_max"),
        window_kv=of("window_bytes_per_token"),
        window=of("attention_window"),
        state=of("state_bytes"),
        latent_work=latent_work(i, card),
        **{name: of(name) for name in ("experts", "layers", "moe_layers", "attention_layers", "layer_kernels", "hidden", "kv_heads")},
    )


def all_weights(i: Inputs, card: str, precision: str) -> float:
    """Return the bytes of all weights of a model in a precision, each once."""
    found = model_of(i, card, precision)
    each = found.kept * SIXTEEN_BIT + (1.0 - found.kept) * found.weight_bytes
    return found.rest * each + found.routed * found.weight_bytes + apart(i, card) * SIXTEEN_BIT


def kernel(i: Inputs, card: str, name: str) -> Kernel:
    """Return a kind of kernel in SI units, all 0 where it is not offered."""
    floor, memory, compute = (i[f"kernels.{card}.{name}_{part}"] for part in ("floor", "memory", "compute"))
    return Kernel(floor * MICRO, memory, compute)


def gemm_precision(model: Model, precision: str) -> str:
    """Return the precision in which layers outside experts run: 16 bit where they are mostly kept in it."""
    return precision if model.kept <= 0.5 else "bf16"


def kernels_of(i: Inputs, card: str, model: Model, precision: str) -> tuple[Kernel, Kernel, bool]:
    """Return the kernels (of layers outside experts, of experts) and whether both are offered; what is not reaches the peak."""
    gemm = kernel(i, card, f"gemm_{GEMMS[gemm_precision(model, precision)]}")
    expert = kernel(i, card, f"expert_{EXPERTS[precision]}")
    offered = gemm.memory * gemm.compute > 0 and (not model.experts or expert.memory * expert.compute > 0)
    used = gemm if offered else Kernel(gemm.floor, 1.0, 1.0)
    return used, expert if offered and model.experts else Kernel(expert.floor, 1.0, 1.0), offered


def peaks(i: Inputs, gpu: str, precision: str) -> tuple[float, float, float, float]:
    """Return FLOP/s (in 16 bit, in fp8 or the next best, of layers outside experts, of experts)."""
    card = f"hardware.{gpu}"
    sixteen = i[f"{card}.bf16_compute"] * TERA
    eight = max(sixteen, i[f"{card}.fp8_compute"] * TERA)
    rate = expert_rate(i, gpu, precision)
    experts = {SIXTEEN: sixteen, EIGHT: eight, FOUR: max(eight, i[f"{card}.fp4_compute"] * TERA)}[rate]
    return sixteen, eight, experts if RATES[precision] in (EIGHT, FOUR) else sixteen, experts


def expert_rate(i: Inputs, gpu: str, precision: str) -> str:
    """Return the rate at which experts compute on a GPU."""
    rate = RATES[precision]
    return i.text(f"kernels.{i.text(f'hardware.{gpu}.kernels')}.mxfp4_rate") if rate == OF_THE_GPU else rate


def expert_factor(i: Inputs, engine: str, precision: str) -> float:
    """Return the time of an engine's experts over that of the kernels."""
    field = {"bf16": "16", "fp8": "8", "fp8_block": "8", "mxfp4": "mxfp4"}.get(precision)
    return i[f"engines.{engine}.expert_factor_{field}"] if field else 1.0


@cache
def instance_of(i: Inputs, gpu: str, engine: str, model: Model, precision: str, gpus: float, replicas: float, cached: float) -> Instance:
    """Return an instance: GPUs for a precision of the weights and bytes of a cached number, and the engine on them."""
    card, kernels, run = f"hardware.{gpu}", i.text(f"hardware.{gpu}.kernels"), f"engines.{engine}"
    gemm, expert, _ = kernels_of(i, kernels, model, precision)
    sixteen, _, dense, experts = peaks(i, gpu, precision)
    return Instance(
        gpus=gpus,
        replicas=replicas,
        bandwidth=i[f"{card}.hbm_bandwidth"] * TERA,
        peak_16=sixteen,
        peak=dense,
        expert_peak=experts,
        link=i[f"{card}.scale_up_bandwidth"] * GIGA,
        tdp=i[f"{card}.tdp"],
        idle=i[f"kernels.{kernels}.idle_share"],
        compute_watts=i[f"precisions.{precision}.compute_watts"],
        byte_watts=byte_watts(i[f"{card}.hbm_bandwidth"] * TERA, i[f"{card}.tdp"], i["step_constants.bandwidth_a_watt"] * GIGA),
        gemm=gemm,
        expert=expert,
        attention_floor=i[f"kernels.{kernels}.attention_floor"] * MICRO,
        kv_efficiency=i[f"kernels.{kernels}.kv_{'8' if cached < 2 else '16'}"],
        prefill_efficiency=i[f"kernels.{kernels}.prefill_attention"],
        reduce_floor=i[f"kernels.{kernels}.reduce_floor_{'4' if gpus <= 4 else '8'}"] * MICRO,
        link_efficiency=i[f"kernels.{kernels}.link_share"],
        layer=i[f"{run}.layer_time"] * MICRO,
        sequence=i[f"{run}.sequence_time"] * MICRO,
        carried=i[f"{run}.carry_time"] * MILLI,
        step=i[f"{run}.step_time"] * MILLI,
        expert_factor=expert_factor(i, engine, precision),
        in_graph=i["step_constants.in_graph"],
        reads_all=precision == "fp8_block" and not model.latent_work and i[f"{run}.reads_all"] > 0,
    )


def fit_bytes(i: Inputs, fit: str) -> tuple[float, float]:
    """Return the bytes (of a weight, of a cached number) that a curve was measured with: the cache was never quantised."""
    return i[f"precisions.{i.text(f'power_fits.{fit}.precision')}.bytes"], 2.0
