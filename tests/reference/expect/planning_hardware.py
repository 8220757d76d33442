"""What the model of a study asks for, what the hardware of its pools gives, and what is served on it: bytes, tokens, SI units."""

import math
from dataclasses import replace
from functools import cache

from tests.reference.equations import step_time as eq
from tests.reference.equations.domain import FloatArray
from tests.reference.equations.grid import Requests as Groups
from tests.reference.equations.step_time import SIXTEEN_BIT, Instance, Served, Work
from tests.reference.expect.chain import GIGA
from tests.reference.expect.planning_requests import band, band_output_share, bounds, cut_to_window, taken
from tests.reference.expect.planning_steps import GIB, all_weights, apart, constants, instance_of, kernels_of, model_of
from tests.reference.expect.planning_study import DECODE, PREFILL, assumed, pools_by_length, role
from tests.reference.quantities import Inputs


class Asked:
    """The model of a study; attributes but ``card``, ``precision`` and ``model`` as the columns of `case_models`: byte, GPUs."""

    def __init__(self, i: Inputs, key: str) -> None:
        item = assumed(i, key)
        self.card, self.precision = item.texts["model"], item.texts["weights"]
        self.model = model_of(i, self.card, self.precision)
        self.kv_bytes = 1.0 if item.says("cache", "fp8") else SIXTEEN_BIT
        gpus = item["tensor_parallel"]
        self.replicas = gpus if item.says("attention", "replicated") and self.model.experts else 1.0
        self.kv_per_token = self.model.kv * self.kv_bytes / SIXTEEN_BIT
        self.window_per_token = self.model.window_kv * self.kv_bytes / SIXTEEN_BIT
        self.total = all_weights(i, self.card, self.precision)
        self.sharing = min(gpus / self.replicas, self.model.kv_shards)
        self.pools = pools_by_length(i, key)

    @property
    def state(self) -> float:
        """The bytes of a sequence in linear layers."""
        return self.model.state


model = cache(Asked)


@cache
def installed(i: Inputs, key: str, pool: int) -> Instance:
    """Return an instance of a pool whatever its work."""
    item, asked = assumed(i, key), model(i, key)
    gpu, engine = item.of_pool("gpu", pool), item.texts["engine"]
    return instance_of(i, gpu, engine, asked.model, asked.precision, item["tensor_parallel"], asked.replicas, asked.kv_bytes)


@cache
def on(i: Inputs, key: str, pool: int) -> Instance:
    """Return an instance of a pool; no step of a pool that decodes only carries a prefill."""
    found = installed(i, key, pool)
    return replace(found, carried=0.0) if role(i, key, pool) == DECODE else found


def is_offered(i: Inputs, key: str, pool: int) -> bool:
    """Tell whether the GPU of a pool has kernels for the precision of the weights."""
    asked, gpu = model(i, key), assumed(i, key).of_pool("gpu", pool)
    return kernels_of(i, i.text(f"hardware.{gpu}.kernels"), asked.model, asked.precision)[2]


class Memory:
    """The memory of a pool's instances, byte of a GPU; attributes as columns of `case_hardware`.

    Attention and dense layers are held in every replica, experts once.
    """

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item, asked, gpus = assumed(i, key), model(i, key), on(i, key, pool)
        self.usable = i[f"hardware.{item.of_pool('gpu', pool)}.memory"] * GIB * item["memory_share"]
        once = asked.model.routed * asked.model.weight_bytes + apart(i, asked.card) * SIXTEEN_BIT
        self.held = eq.rest_bytes(asked.model, gpus) + once / gpus.gpus
        self.kv_tokens = max(0.0, self.usable - self.held) * asked.sharing * asked.replicas / asked.kv_per_token
        self.fits = self.usable > self.held


hardware = cache(Memory)


def squared_length(i: Inputs, key: str, pool: int) -> float:
    """Return the mean squared length of a pool's requests: of those cut, that of its window."""
    item = taken(i, key, pool)
    whole = item.requests.length.copy()
    whole[item.is_own] -= i["whole_tokens.half_token"]
    return item.mean(item.requests.total(whole, whole))


def prompts(i: Inputs, requests: Groups) -> FloatArray:
    """Return the prompts of requests as drawn, tokens, without the half token that stands for whole ones."""
    half, lost = i["whole_tokens.half_token"], i["whole_tokens.lost"]
    return requests.length - requests.output - half * (1.0 - (requests.output - lost) / requests.length)


def band_prompt(i: Inputs, key: str) -> float:
    """Return the prompt of a request cut to fit as squares count it, tokens: what the band's share of output leaves of the window."""
    return (1.0 - band_output_share(i, band(i, key))) * bounds(i, key).high_1 - i["whole_tokens.lost"]


def squared_prompt(i: Inputs, key: str, pool: int) -> float:
    """Return the mean squared prompt of a pool's requests, its own ones, those cut to its window and those of the band cut to fit."""
    item, cut = taken(i, key, pool), cut_to_window(i, key, pool)
    own = item.requests.share[item.is_own] @ prompts(i, item.own) ** 2
    band_2 = band(i, key).total() * band_prompt(i, key) ** 2 if item.gained else 0.0
    return item.mean(float(own) + item.beyond * (cut.window - cut.cut_output) ** 2 + item.gained * band_2)


class Requests:
    """The lengths of a pool's requests, tokens and squared tokens; attributes as columns of `case_steps`.

    A request decodes at every length from its prompt to its whole length, once each: half of what their squares differ by, in all.
    """

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item = taken(i, key, pool)
        served = item.mean(item.requests.total(item.requests.output))
        self.output, self.prompt = max(1.0, served), max(0.0, item.length - served)
        self.length = item.length
        self.prompt_2 = max(self.prompt**2, squared_prompt(i, key, pool))
        of_steps = (squared_length(i, key, pool) - self.prompt_2) / 2.0
        self.context = max(1.0, min(item.length, of_steps / self.output))


requests = cache(Requests)


@cache
def served(i: Inputs, key: str, pool: int) -> Served:
    """Return what an instance of a pool serves."""
    item, found = assumed(i, key), requests(i, key, pool)
    work = Work(
        prompt=found.prompt,
        prompt_2=found.prompt_2,
        context=found.context,
        output=found.output,
        hit=1.0 if role(i, key, pool) == DECODE else item["cached_share"],
        gained=item["gained"],
        verify=item["verify"],
        kv_bytes=model(i, key).kv_bytes,
    )
    return Served(model(i, key).model, on(i, key, pool), work, constants(i))


def read_for_a_prompt(i: Inputs, key: str, pool: int) -> float:
    """Return the s in which all weights are read once."""
    asked, gpus = model(i, key).model, on(i, key, pool)
    return (eq.rest_bytes(asked, gpus) + asked.routed * asked.weight_bytes / gpus.gpus) / gpus.bandwidth


def prefill_time(i: Inputs, key: str, pool: int) -> float:
    """Return the s of a prompt on an instance: where a pool does nothing else, with what the engine takes besides kernels."""
    item = served(i, key, pool)
    return eq.prefill(item) + (item.on.carried if role(i, key, pool) == PREFILL else 0.0)


def prefill_raw(i: Inputs, key: str, pool: int) -> float:
    """Return the power of a GPU in prefill before its limit, in shares of TDP: weights are read once a prompt."""
    item = served(i, key, pool)
    whole, known = prefill_time(i, key, pool), item.constants
    if not eq.prefill(item):
        return item.on.idle
    um = min(1.0, read_for_a_prompt(i, key, pool) / whole)
    uc = min(1.0, item.on.compute_watts * eq.prefill_peak(item) / whole)
    return item.on.idle + known.per_work * eq.prefill(item) / whole + known.per_both * math.sqrt(item.on.byte_watts * um * uc)


def prefill_board(i: Inputs, key: str, pool: int) -> float:
    """Return the W of a GPU in prefill."""
    return eq.held_below(prefill_raw(i, key, pool), constants(i)) * on(i, key, pool).tdp


def billions(parameters: float) -> float:
    """Return parameters in billions."""
    return parameters / GIGA
