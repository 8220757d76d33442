"""What a model's shape says of its KV cache and its parameters, by the definitions of its layers."""

from dataclasses import dataclass

from tests.reference.expect.chain import GIGA
from tests.reference.quantities import Inputs

KEY_AND_VALUE, SIXTEEN_BIT, PROJECTIONS = 2.0, 2.0, 3.0
"""Vectors that a head keeps, bytes of a number, and matrices of a feed-forward part."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What follows from the shape of a model; fields as columns of `models_list`: byte/token, billions of parameters."""

    kv_shape: float
    kv_agrees: bool
    window_shape: float
    window_agrees: bool
    embedding: float
    plain_parameters: float
    expert_parameters: float
    total_shape: float
    total_agrees: bool
    active_shape: float
    active_agrees: bool


def shape(i: Inputs, model: str) -> Shape:
    """Return what follows from the shape of a model."""

    def of(name: str) -> float:
        return i[f"models.{model}.{name}"]

    row = KEY_AND_VALUE * of("kv_heads") * of("head_dim") * SIXTEEN_BIT
    kv, window = row * (of("layers") - of("window_layers")), row * of("window_layers")
    queries_and_outputs, keys_and_values = (2.0 * of("hidden") * of(heads) * of("head_dim") for heads in ("attention_heads", "kv_heads"))
    dense = PROJECTIONS * of("hidden") * of("intermediate") * (of("layers") - of("moe_layers"))
    plain = ((queries_and_outputs + keys_and_values) * of("layers") + dense) / GIGA
    expert = PROJECTIONS * of("hidden") * of("moe_intermediate") * of("moe_layers") / GIGA
    embedding = of("vocabulary") * of("hidden") / GIGA
    total, active = (plain + (of(taken) + of("shared_experts")) * expert for taken in ("experts", "experts_per_token"))
    is_latent = i.text(f"models.{model}.attention") == "MLA"
    keeps_less, of_other_shape = (is_latent or of("state_bytes") > 0,) * 2
    stated, stated_active, kept = of("total_parameters"), of("active_parameters"), of("kv_bytes_per_token")
    least, most = (0.0, 1.2) if of("state_bytes") else (0.93 * (total + embedding), 1.05)
    return Shape(
        kv_shape=kv,
        kv_agrees=kept <= 1.01 * kv and (keeps_less or kept >= 0.99 * kv),
        window_shape=window,
        window_agrees=abs(of("window_bytes_per_token") - window) <= 0.01 * window,
        embedding=embedding,
        plain_parameters=plain,
        expert_parameters=expert,
        total_shape=total + embedding,
        total_agrees=least <= stated <= most * (total + 2.0 * embedding),
        active_shape=active,
        active_agrees=stated_active <= stated and (of_other_shape or 0.97 * active <= stated_active <= 1.03 * (active + 2.0 * embedding)),
    )
