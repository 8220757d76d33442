"""What a model's shape says of its KV cache and its parameters, by the definitions of its layers."""

from tests.reference.expect.chain import GIGA
from tests.reference.expect.planning_steps import attending, cached_rows
from tests.reference.quantities import Inputs, feed_forward_matrices

SIXTEEN_BIT = 2.0
"""Bytes of a number."""


class Shape:
    """What follows from the shape of a model; attributes as columns of `models_list`: byte/token, billions of parameters."""

    def __init__(self, i: Inputs, model: str) -> None:
        def of(name: str) -> float:
            return i[f"models.{model}.{name}"]

        self.matrices = feed_forward_matrices(i, f"models.{model}")
        kind = i.text(f"models.{model}.attention")
        is_latent = kind != "GQA"
        latent = of("latent_rank") + of("latent_rotary")
        narrow, wide = of("window_layers"), of("layers") - of("window_layers")
        self.kept, self.attending = cached_rows(i, model), attending(i, model)
        self.kv_row = latent if is_latent else of("kv_heads") * (of("head_dim") + of("value_dim"))
        own_windows = of("window_row") != self.kv_row
        with_windows = of("layers") if kind == "CSA" else narrow
        self.kv_shape, self.window_shape = self.kv_row * SIXTEEN_BIT * wide, of("window_row") * SIXTEEN_BIT * with_windows
        queries_and_outputs, keys_and_values = (
            2.0 * of("hidden") * of(heads) * of("head_dim") for heads in ("attention_heads", "kv_heads")
        )
        dense = self.matrices * of("hidden") * of("intermediate") * (of("layers") - of("moe_layers"))
        self.plain_parameters = ((queries_and_outputs + keys_and_values) * of("layers") + dense) / GIGA
        self.expert_parameters = self.matrices * of("expert_width") * of("moe_intermediate") * of("moe_layers") / GIGA
        self.embedding = of("vocabulary") * of("hidden") / GIGA
        total, self.active_shape = (
            self.plain_parameters + (of(taken) + of("shared_experts")) * self.expert_parameters
            for taken in ("experts", "experts_per_token")
        )
        keeps_less, of_other_shape = of("state_bytes") > 0 or kind == "CSA", is_latent or of("state_bytes") > 0 or own_windows
        stated, stated_active, kept = of("total_parameters"), of("active_parameters"), of("kv_bytes_per_token")
        least, most = (0.0, 1.2) if of("state_bytes") else (0.0 if own_windows else 0.93 * (total + self.embedding), 1.05)
        self.kv_agrees = kept <= 1.01 * self.kv_shape and (keeps_less or kept >= 0.99 * self.kv_shape)
        self.window_agrees = abs(of("window_bytes_per_token") - self.window_shape) <= 0.01 * self.window_shape
        self.total_shape = total + self.embedding
        self.total_agrees = least <= stated <= most * (total + 2.0 * self.embedding)
        above = 1.1 if narrow else 1.03
        self.active_agrees = stated_active <= stated and (
            of_other_shape or 0.97 * self.active_shape <= stated_active <= above * (self.active_shape + 2.0 * self.embedding)
        )
