"""Expectations of what the reproduction counts of each model."""

from tests.reference.equations import kv
from tests.reference.expect import chain
from tests.reference.expect.chain import GIGA
from tests.reference.quantities import Inputs, expect


@expect("llms.layer_count")
def layer_count(i: Inputs, model: str) -> float:
    return i[f"models.{model}.layers"]


@expect("llms.kv_width")
def kv_width(i: Inputs, model: str) -> float:
    return i[f"models.{model}.kv_heads"] * i[f"models.{model}.head_dim"]


@expect("llms.kv_per_token")
def kv_per_token(i: Inputs, model: str) -> float:
    return chain.served(i, model).kv_bytes


@expect("llms.kv_over_published")
def kv_over_published(i: Inputs, model: str) -> float:
    item = chain.served(i, model)
    return item.kv_bytes / item.published_kv


@expect("llms.attention_parameters")
def attention_parameters(i: Inputs, model: str) -> float:
    return chain.projections(i, model, 1)


@expect("llms.attention_count")
def attention_count(i: Inputs, model: str) -> float:
    return chain.common_parameters(i, model)


@expect("llms.expert_size")
def expert_size(i: Inputs, model: str) -> object:
    return kv.expert_parameters(1, i[f"models.{model}.hidden"], i[f"models.{model}.moe_intermediate"], 1)


@expect("llms.dense_size")
def dense_size(i: Inputs, model: str) -> object:
    return kv.dense_ffn_parameters(1, i[f"models.{model}.hidden"], i[f"models.{model}.intermediate"])


@expect("llms.shared_size")
def shared_size(i: Inputs, model: str) -> object:
    return kv.dense_ffn_parameters(i[f"models.{model}.shared_experts"], i[f"models.{model}.hidden"], i[f"models.{model}.intermediate"])


@expect("llms.total_count")
def total_count(i: Inputs, model: str) -> float:
    return chain.served(i, model).total


@expect("llms.active_count")
def active_count(i: Inputs, model: str) -> float:
    return chain.served(i, model).active


@expect("llms.count_over_published")
def count_over_published(i: Inputs, model: str) -> float:
    return chain.served(i, model).total / (i[f"models.{model}.total_parameters"] * GIGA)


@expect("llms.weights")
def weights(i: Inputs, model: str) -> float:
    item = chain.served(i, model)
    return item.total * item.weight_bytes / GIGA
