"""GPUs, models and profiles with the figures the paper computes with.

Typed for these tests alone. Some are wrong about the hardware or the model they name
(a head width, a price, a curve); they are the printed tables' inputs, not advice.

Source of every figure: arXiv 2603.17280 and its reproduction (vllm-project/
semantic-router, src/fleet-sim, a86f4a281).
"""

from dataclasses import dataclass

MEMORY_UTILISATION = 0.90
"""Share of GPU memory a computed profile may use."""

COMPUTED_CALIBRATION_LENGTH = 4096
"""KV tokens at which H of a computed profile is stated."""

TABLE_4_UTILISATION = 0.85
"""Share of the slots in flight in Table 4."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """A GPU: byte, byte/s, fp16 FLOP/s, W and USD per GPU-hour."""

    name: str
    memory_bytes: int
    bandwidth: float
    flops: float
    tdp: float
    usd_per_gpu_hour: float


@dataclass(frozen=True, slots=True)
class Model:
    """A model and how it is served: bytes per weight and KV value, GPUs (tp).

    ``moe_layer_time`` is s per layer on H100; ``published_*`` are parameters as the
    model's name gives them. All of the MoE fields are 0 for a dense model.
    """

    name: str
    layers: int
    heads: int
    kv_heads: int
    hidden: int
    intermediate: int
    vocabulary: int
    dtype_bytes: int
    tp: int
    moe_intermediate: int = 0
    experts: int = 0
    top_k: int = 0
    shared_experts: int = 0
    moe_layer_time: float = 0.0
    published_total: float = 0.0
    published_active: float = 0.0

    @property
    def head_dim(self) -> int:
        """Width of a head as the reproduction takes it: hidden // heads."""
        return self.hidden // self.heads


@dataclass(frozen=True, slots=True)
class LogisticCurve:
    """Parameters of Eq. 1: W, W, per doubling, log2 of sequences."""

    p_idle: float
    p_nominal: float
    k: float
    x0: float


@dataclass(frozen=True, slots=True)
class CalibratedProfile:
    """A profile with stated W and H (s), slots and blocks; USD per hour as billed."""

    w: float
    h: float
    calibration_length: int
    prefill_chunk: int
    block_tokens: int
    blocks: int
    max_slots: int
    usd_per_hour: float
    curve: LogisticCurve


H100 = Hardware("H100-SXM5", 85_899_345_920, 3.35e12, 989e12, 700.0, 4.02)
H200 = Hardware("H200-SXM", 151_397_597_184, 4.8e12, 989e12, 700.0, 6.00)
B200 = Hardware("B200-SXM", 193_273_528_320, 8.0e12, 2250e12, 1000.0, 8.00)
GB200 = Hardware("GB200-NVL", 214_748_364_800, 8.0e12, 2500e12, 1200.0, 10.00)

HARDWARE = (H100, H200, B200, GB200)

LLAMA_8B = Model("Llama-3.1-8B", 32, 32, 8, 4096, 14_336, 128_256, 2, 1)
LLAMA_70B = Model("Llama-3.1-70B", 80, 64, 8, 8192, 28_672, 128_256, 2, 8)
LLAMA_405B = Model("Llama-3.1-405B", 126, 128, 8, 16_384, 53_248, 128_256, 2, 8)
QWEN3_235B = Model(
    name="Qwen3-235B-A22B",
    layers=94,
    heads=64,
    kv_heads=4,
    hidden=4096,
    intermediate=0,
    vocabulary=151_936,
    dtype_bytes=2,
    tp=8,
    moe_intermediate=1536,
    experts=128,
    top_k=8,
    shared_experts=0,
    moe_layer_time=0.480e-3,
    published_total=235e9,
    published_active=22e9,
)
DEEPSEEK_V3 = Model(
    name="DeepSeek-V3 fp8",
    layers=61,
    heads=128,
    kv_heads=128,
    hidden=7168,
    intermediate=0,
    vocabulary=129_280,
    dtype_bytes=1,
    tp=8,
    moe_intermediate=2048,
    experts=256,
    top_k=8,
    shared_experts=1,
    moe_layer_time=0.700e-3,
    published_total=671e9,
    published_active=37e9,
)

MODELS = (LLAMA_8B, LLAMA_70B, LLAMA_405B, QWEN3_235B, DEEPSEEK_V3)

QWEN3_HEAD_DIM = 128
"""Width of a head that the model itself states; hidden // heads gives 64."""

H100_CURVE = LogisticCurve(300.0, 600.0, 1.0, 4.2)
H200_CURVE = LogisticCurve(300.0, 600.0, 1.0, 5.5)
A100_CURVE = LogisticCurve(175.0, 385.0, 1.0, 2.5)
A10G_CURVE = LogisticCurve(75.0, 120.0, 0.7, 3.0)
B200_CURVE = LogisticCurve(430.0, 860.0, 1.0, 4.4628)
"""As used in Table 1 (x0 rounded; `paper.calibrated_b200` derives it)."""

LOGISTIC_CURVES = (H100_CURVE, H200_CURVE, A100_CURVE, A10G_CURVE, B200_CURVE)

H100_CALIBRATED = CalibratedProfile(
    w=4.0e-3,
    h=0.32e-3,
    calibration_length=8192,
    prefill_chunk=1024,
    block_tokens=16,
    blocks=65_536,
    max_slots=256,
    usd_per_hour=4.02,
    curve=H100_CURVE,
)
B200_CALIBRATED = CalibratedProfile(
    w=2.95491072e-3,
    h=0.134e-3,
    calibration_length=8192,
    prefill_chunk=2048,
    block_tokens=16,
    blocks=171_936,
    max_slots=671,
    usd_per_hour=64.0,
    curve=B200_CURVE,
)
"""What scaling H100_CALIBRATED gives; Table 1 is computed from the scaling itself."""
