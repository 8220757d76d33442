"""Expectations of sheet KV."""

from tests.reference.equations import kv, slots
from tests.reference.expect import chain
from tests.reference.quantities import Inputs, expect


@expect("kv.usable")
def usable(i: Inputs, gpu: str, _model: str) -> object:
    return kv.usable_bytes(chain.gpu(i, gpu).memory, i["decode.memory_utilisation"])


@expect("kv.weights")
def weights(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).weights


@expect("kv.free")
def free(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).free


@expect("kv.fits")
def fits(i: Inputs, gpu: str, model: str) -> str:
    return "fits" if free(i, gpu, model) > 0 else "does not fit"


@expect("kv.blocks")
def blocks(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).blocks


@expect("kv.n_max")
def n_max(i: Inputs, gpu: str, model: str) -> float:
    return chain.computed(i, gpu, model).n_max


@expect("kv.sharing")
def sharing(i: Inputs, _gpu: str, model: str) -> float:
    return min(chain.served(i, model).tp, i[f"models.{model}.kv_shards_max"])


@expect("kv.kv_published")
def kv_published(i: Inputs, _gpu: str, model: str) -> float:
    return chain.served(i, model).published_kv


@expect("kv.blocks_corrected")
def blocks_corrected(i: Inputs, gpu: str, model: str) -> float:
    item = chain.served(i, model)
    each = kv.sharded_kv_bytes_per_token(item.published_kv, item.tp, i[f"models.{model}.kv_shards_max"])
    return float(slots.kv_blocks(free(i, gpu, model), each, i["decode.block_size"]))


@expect("kv.n_max_corrected")
def n_max_corrected(i: Inputs, gpu: str, model: str) -> object:
    tokens = i["decode.block_size"] * blocks_corrected(i, gpu, model)
    return slots.window_slots(tokens, 1.0, i["decode.window"])
