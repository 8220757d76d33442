"""Expectations of what the reproduction counts of each model."""

from tests.reference.equations import kv
from tests.reference.expect import chain
from tests.reference.expect.chain import GIGA
from tests.reference.quantities import Inputs, expect, expect_rows

expect_rows(
    "llms",
    {
        "layer_count": lambda i, model: i[f"models.{model}.layers"],
        "kv_width": lambda i, model: i[f"models.{model}.kv_heads"] * i[f"models.{model}.head_dim"],
        "kv_per_token": lambda i, model: chain.served(i, model).kv_bytes,
        "attention_parameters": lambda i, model: chain.projections(i, model, 1),
        "attention_count": chain.common_parameters,
        "expert_size": lambda i, model: kv.expert_parameters(1, i[f"models.{model}.hidden"], i[f"models.{model}.moe_intermediate"], 1),
        "dense_size": lambda i, model: kv.dense_ffn_parameters(1, i[f"models.{model}.hidden"], i[f"models.{model}.intermediate"]),
        "total_count": lambda i, model: chain.served(i, model).total,
        "active_count": lambda i, model: chain.served(i, model).active,
        "count_over_published": lambda i, model: chain.served(i, model).total / (i[f"models.{model}.total_parameters"] * GIGA),
    },
)


@expect("llms.kv_over_published")
def kv_over_published(i: Inputs, model: str) -> float:
    item = chain.served(i, model)
    return item.kv_bytes / item.published_kv


@expect("llms.shared_size")
def shared_size(i: Inputs, model: str) -> object:
    return kv.dense_ffn_parameters(i[f"models.{model}.shared_experts"], i[f"models.{model}.hidden"], i[f"models.{model}.intermediate"])


@expect("llms.weights")
def weights(i: Inputs, model: str) -> float:
    item = chain.served(i, model)
    return item.total * item.weight_bytes / GIGA
