"""Expectations of what the reproduction counts of each model."""

from tests.reference.equations import kv
from tests.reference.expect import chain
from tests.reference.expect.chain import GIGA
from tests.reference.expect.shared_columns import expect_columns
from tests.reference.quantities import expect_rows

FEED_FORWARD = ("shared_experts", "hidden", "intermediate")

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
        "shared_size": lambda i, model: kv.dense_ffn_parameters(*(i[f"models.{model}.{name}"] for name in FEED_FORWARD)),
        "total_count": lambda i, model: chain.served(i, model).total,
        "active_count": lambda i, model: chain.served(i, model).active,
        "count_over_published": lambda i, model: chain.served(i, model).total / (i[f"models.{model}.total_parameters"] * GIGA),
    },
)


expect_columns(
    "llms",
    chain.served,
    {
        "kv_over_published": lambda _, item: item.kv_bytes / item.published_kv,
        "weights": lambda _, item: item.total * item.weight_bytes / GIGA,
    },
)
