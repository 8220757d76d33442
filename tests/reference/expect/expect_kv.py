"""Expectations of sheet KV."""

from tests.reference.equations import kv, slots
from tests.reference.expect import chain
from tests.reference.quantities import Inputs, expect, expect_rows


@expect("kv.free")
def free(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).free


@expect("kv.blocks_corrected")
def blocks_corrected(i: Inputs, gpu: str, model: str) -> float:
    item = chain.served(i, model)
    each = kv.sharded_kv_bytes_per_token(item.published_kv, item.tp, i[f"models.{model}.kv_shards_max"])
    return float(slots.kv_blocks(free(i, gpu, model), each, i["decode.block_size"]))


@expect("kv.n_max_corrected")
def n_max_corrected(i: Inputs, gpu: str, model: str) -> object:
    tokens = i["decode.block_size"] * blocks_corrected(i, gpu, model)
    return slots.window_slots(tokens, 1.0, i["decode.window"])


expect_rows(
    "kv",
    {
        "usable": lambda i, gpu, _model: kv.usable_bytes(chain.gpu(i, gpu).memory, i["decode.memory_utilisation"]),
        "weights": lambda i, gpu, model: chain.computed(i, gpu, model).weights,
        "fits": lambda i, gpu, model: "fits" if free(i, gpu, model) > 0 else "does not fit",
        "blocks": lambda i, gpu, model: chain.computed(i, gpu, model).blocks,
        "n_max": lambda i, gpu, model: chain.computed(i, gpu, model).n_max,
        "sharing": lambda i, _gpu, model: min(chain.served(i, model).tp, i[f"models.{model}.kv_shards_max"]),
        "kv_published": lambda i, _gpu, model: chain.served(i, model).published_kv,
    },
)
