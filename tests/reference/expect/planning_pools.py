"""Pools of a study: sequences that fit, step times, service times, the queue, and what the sized pool takes and draws."""

from dataclasses import replace
from functools import cache

from tests.reference.equations import power, replay
from tests.reference.equations import step_time as eq
from tests.reference.equations.rounding import ceil, trunc
from tests.reference.expect import search
from tests.reference.expect.chain import GIGA, MILLI
from tests.reference.expect.planning_hardware import model, on, prefill_board, served
from tests.reference.expect.planning_instances import instance, sameness
from tests.reference.expect.planning_long import long_request
from tests.reference.expect.planning_nodes import outside
from tests.reference.expect.planning_requests import taken
from tests.reference.expect.planning_study import DECODE, PREFILL, TOGETHER, Assumed, assumed, role
from tests.reference.expect.planning_tpot import for_tokens
from tests.reference.expect.pools import KILO, least
from tests.reference.expect.search import Wanted
from tests.reference.quantities import Inputs

POOLS = (1, 2, 3)


def prefill_of(i: Inputs, key: str, pool: int, prompt: float) -> float:
    """Return the prefill time of a prompt of so many tokens, ms: attention grows with the square of its length."""
    item, scale = served(i, key, pool), assumed(i, key)["time_scale"]
    parts = eq.prefill_parts(item)
    attended = parts.pop("pre_attention")
    if not item.work.prompt:
        return 0.0
    return scale * (sum(parts.values()) * prompt / item.work.prompt + attended * prompt**2 / max(1.0, item.work.prompt_2)) / MILLI


def first_step(i: Inputs, key: str, pool: int) -> float:
    """Return the step that gives the first token, ms, by kernels: of the pool that decodes."""
    decoding = 2 if role(i, key, pool) == PREFILL else pool
    return eq.step_decode(served(i, key, decoding), instance(i, key, decoding).n_slots) / MILLI


def sent(i: Inputs, key: str, pool: int) -> float:
    """Return the ms in which the KV cache of a P99 prompt goes to the pool that decodes; 0 where it stays."""
    if role(i, key, pool) != PREFILL:
        return 0.0
    asked, item, has = model(i, key), served(i, key, pool), instance(i, key, pool)
    links = min(item.on.gpus / item.on.replicas, asked.model.kv_shards) * assumed(i, key)["network"] * GIGA
    return asked.kv_per_token * (long_request(i, key, pool).prompt + has.fixed_window) / links / MILLI


def before_prefill(i: Inputs, key: str, pool: int) -> float:
    """Return what a request waits for besides its prefill, ms: the engine, sending, and the step that gives its first token."""
    has, item = instance(i, key, pool), served(i, key, pool)
    if not has.by_kernels:
        return has.w + sent(i, key, pool)
    latency = i[f"engines.{assumed(i, key).texts['engine']}.request_latency"]
    return latency + item.on.carried / MILLI + first_step(i, key, pool) + sent(i, key, pool)


def square_of_prompts(i: Inputs, key: str, pool: int) -> float:
    """Return the squared coefficient of variation of prompts, at least 0.01, as that of prefill times."""
    work = served(i, key, pool).work
    return max(0.01, work.prompt_2 / max(1.0, work.prompt) ** 2 - 1.0)


def mean_held(i: Inputs, key: str, pool: int, stepping: float, own: float) -> float:
    """Return how long a request holds its slot on average, ms, from its time in steps and its own prefill."""
    has, item = instance(i, key, pool), assumed(i, key)
    if role(i, key, pool) == PREFILL:
        return own + item["time_scale"] * served(i, key, pool).on.carried / MILLI
    return stepping + own * has.n_slots if item.says("prefill_rule", "as compute") and not has.by_kernels else stepping


def prefill_p99(i: Inputs, key: str, pool: int) -> float:
    """Return the P99 of the time until the first token but for waits, ms; of a pool that decodes only, that of the pool before it."""
    if role(i, key, pool) == DECODE:
        return prefill_p99(i, key, 1)
    longest = long_request(i, key, pool)
    if not assumed(i, key).says("prefill_rule", "as compute"):
        has = instance(i, key, pool)
        return longest.prompt_steps * (has.w + has.h_one)
    return prefill_of(i, key, pool, longest.prompt) + before_prefill(i, key, pool)


class Service:
    """How long a request of a pool holds its slot, ms, from the time of each group of them; attributes as columns of `case_pools`.

    As compute, a request is held up by the prefill of as many prompts as share the instance; steps by kernels hold it already.
    """

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item, own, has = assumed(i, key), taken(i, key, pool), instance(i, key, pool)
        taking = own.requests.steps * (has.w + has.h_full * own.requests.length)
        self.stepping, self.stepping_square = own.mean(own.requests.total(taking)), own.mean(own.requests.total(taking, taking))
        self.prompt = served(i, key, pool).work.prompt
        self.own_prefill = eq.prefill(served(i, key, pool)) * item["time_scale"] / MILLI
        self.compute = item.says("prefill_rule", "as compute")
        self.longest_prefill = prefill_of(i, key, pool, long_request(i, key, pool).prompt)
        self.cv2 = 0.0
        if self.stepping > 0:
            steps = replay.Moments(self.stepping, self.stepping_square, 0.0)
            self.cv2 = square_of_prompts(i, key, pool) if role(i, key, pool) == PREFILL else steps.cv2
        self.mean = mean_held(i, key, pool, self.stepping, self.own_prefill)
        self.prefill = prefill_p99(i, key, pool)


service = cache(Service)


@cache
def _limits(objective: float, cap: float, reach: float) -> Inputs:
    return Inputs({"traffic.objective": objective, "traffic.cap": cap, "traffic.reach": reach}, {})


def limits(i: Inputs, key: str, pool: int) -> Inputs:
    """Return the limits of a pool's queue, under the names that `search` knows them by: the wait has what prefill leaves."""
    return _limits(patience(i, key, pool), assumed(i, key)["cap"], i["search_limits.reach"])


def patience(i: Inputs, key: str, pool: int) -> float:
    """Return what the P99 prefill leaves of the objective, ms: half of it for each of two waits."""
    left = max(0.0, assumed(i, key)["objective"] - service(i, key, pool).prefill)
    return left if role(i, key, pool) == TOGETHER else left / 2.0


def rate(i: Inputs, key: str, pool: int) -> float:
    """Return the requests/s of a pool."""
    return assumed(i, key)["rate"] * taken(i, key, pool).share


def bound(i: Inputs, key: str, pool: int) -> float:
    """Return the instances at full use, 0 where none holds a sequence."""
    n = instance(i, key, pool).n_slots
    return rate(i, key, pool) * service(i, key, pool).mean * MILLI / n if n else 0.0


@cache
def wanted(i: Inputs, key: str, pool: int) -> Wanted:
    """Return what the search for instances starts from."""
    held = service(i, key, pool)
    start = least(limits(i, key, pool), bound(i, key, pool))
    return Wanted(rate(i, key, pool), instance(i, key, pool).n_slots, held.mean, held.cv2, start)


def curve_scale(i: Inputs, item: Assumed, pool: int) -> float:
    """Return what the watts of a pool's curve are multiplied by: the GPU's card says so of its own curve, and of no other."""
    card = f"hardware.{item.of_pool('gpu', pool)}"
    return i[f"{card}.curve_scale"] if item.of_pool("curve", pool) == i.text(f"{card}.curve") else 1.0


def tpot(i: Inputs, key: str, pool: int) -> float:
    """Return the time per output token with the sequences in flight on average, ms: a step with the engine's times as fitted to it."""
    if role(i, key, pool) == PREFILL or not taken(i, key, pool).share:
        return 0.0
    item, flight = served(i, key, pool), max(1.0, run(i, key, pool).in_flight)
    item = replace(item, on=for_tokens(i, key, pool))
    return assumed(i, key)["time_scale"] * eq.step(item, flight) / item.work.gained / MILLI


def engine_more(i: Inputs, key: str, pool: int) -> float:
    """Return by how much a step with these times is longer, ms."""
    item, flight = served(i, key, pool), max(1.0, run(i, key, pool).in_flight)
    once, each, carried = more(i, key, pool)
    return item.work.verify * (once + each * flight) + carried * eq.carry(item.work, flight)


def more(i: Inputs, key: str, pool: int) -> tuple[float, float, float]:
    """Return by how much these times are longer, ms: once a step, of a sequence, of a step with a prefill."""
    has, wants, layers = on(i, key, pool), for_tokens(i, key, pool), model(i, key).model.layers
    once, each = layers * (wants.layer - has.layer), (wants.sequence - has.sequence) / has.replicas
    return once / MILLI, each / MILLI, (wants.carried - has.carried) / MILLI


def is_by_curve(i: Inputs, key: str, pool: int) -> bool:
    """Tell whether power is that of the curve a case names: always, or where it was measured on the same."""
    item = assumed(i, key)
    return item.says("power_rule", "the curve") or (item.says("power_rule", "the curve where measured") and all(sameness(i, key, pool)))


class Run:
    """A pool with the instances that the search finds; attributes as columns of `case_pools`: W of a GPU, kW of the fleet, USD, USD/h."""

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        item, limited, asked = assumed(i, key), limits(i, key, pool), wanted(i, key, pool)
        found = search.instances(limited, asked)
        self.used = found if taken(i, key, pool).share else 0.0
        self.utilisation = bound(i, key, pool) / found if self.used else 0.0
        self.in_flight = self.utilisation * asked.n_slots
        self.counted = max(1.0, float(trunc(self.in_flight)) if item.says("counting", "truncated") else self.in_flight)
        fit, server = f"power_fits.{item.of_pool('curve', pool)}", f"servers.{item.of_pool('server', pool)}"
        idle, nominal = i[f"{fit}.p_idle"], i[f"{fit}.p_nominal"]
        self.board = float(power.logistic_power(self.counted, idle, nominal, i[f"{fit}.k"], i[f"{fit}.x0"]))
        own = service(i, key, pool).own_prefill * MILLI
        self.busy = min(1.0, asked.rate * own / self.used) if self.used and service(i, key, pool).compute else 0.0
        if role(i, key, pool) == PREFILL:
            self.busy = self.utilisation
        in_prefill = prefill_board(i, key, pool) * self.busy
        self.curve_drawn = curve_scale(i, item, pool) * self.board * (1.0 - self.busy) + in_prefill
        self.prompts_drawn = on(i, key, pool).idle * on(i, key, pool).tdp * (1.0 - self.busy) + in_prefill
        serving = self.curve_drawn if is_by_curve(i, key, pool) else eq.watts(served(i, key, pool), max(1.0, self.in_flight))
        self.drawn = item["power_scale"] * (self.prompts_drawn if role(i, key, pool) == PREFILL else serving)
        self.gpus = self.used * item["tensor_parallel"]
        self.nodes = float(ceil(self.gpus / i[f"{server}.gpus"]))
        self.provisioned = float(ceil(self.nodes / item["availability"]))
        self.outside = outside(i, item.of_pool("server", pool), self.drawn, by_component=item.says("host_rule", "by component"))
        self.p_range = nominal - idle
        self.by_curve = is_by_curve(i, key, pool)
        self.power_one = self.drawn * self.used / KILO
        self.power = self.drawn * self.gpus / KILO
        self.host_power = self.nodes * self.outside * item["host"] * item["host_scale"] / KILO
        self.racks = float(ceil(self.provisioned / i[f"{server}.nodes_per_rack"]))
        self.rent = self.provisioned * i[f"{server}.gpus"] * item.price("rent_price", pool)
        self.capex = self.provisioned * item.price("server_price", pool)


run = cache(Run)


def prefill_share(i: Inputs, key: str, pool: int) -> float:
    """Return the share of a pool's GPU time that prefill takes: all or nothing where pools do one of both."""
    own, does = taken(i, key, pool), role(i, key, pool)
    return own_share(i, key, pool) if own.share and does == TOGETHER else float(bool(own.share) and does == PREFILL)


def own_share(i: Inputs, key: str, pool: int) -> float:
    """Return that share of a pool that does both. As fitted, steps hold no prefill."""
    if not service(i, key, pool).compute:
        return chunk_share(i, key, pool)
    return step_share(i, key, pool) if instance(i, key, pool).by_kernels else run(i, key, pool).busy


def step_share(i: Inputs, key: str, pool: int) -> float:
    """Return the share of a step that equation 18 adds to decoding."""
    item, n = served(i, key, pool), max(1.0, run(i, key, pool).in_flight)
    in_prefill = item.on.carried * eq.carry(item.work, n) + n / eq.steps(item.work) * eq.prefill(item)
    return in_prefill / eq.step(item, n)


def chunk_share(i: Inputs, key: str, pool: int) -> float:
    """Return the share of steps that give no output."""
    own = taken(i, key, pool)
    decoding = own.mean(own.requests.total(own.requests.output)) / i["whole_tokens.per_step"]
    return max(0.0, 1.0 - decoding / max(1.0, own.mean(own.requests.total(own.requests.steps))))


def first_token(i: Inputs, key: str, pool: int) -> float:
    """Return the P99 wait and the P99 prefill, ms; 0 for a pool that is not used. Apart, a request waits for both pools."""
    if not taken(i, key, pool).share:
        return 0.0
    waiting = (1, pool) if role(i, key, pool) == DECODE else (pool,)
    waits = [search.answer(limits(i, key, of), wanted(i, key, of)).wait for of in waiting]
    return service(i, key, pool).prefill + sum(waits)


def credited(i: Inputs, key: str, pool: int) -> float:
    """Return the output counted of a request: the served, or as printed a whole number of the length before cutting."""
    item, served = assumed(i, key), taken(i, key, pool)
    if item.says("credit", "as printed"):
        return max(1.0, float(trunc(item["assumed_output"] * served.length_before)))
    return served.mean(served.requests.total(served.requests.output))


def tokens(i: Inputs, key: str, pool: int) -> float:
    """Return the output tokens/s of a pool."""
    return 0.0 if role(i, key, pool) == PREFILL else rate(i, key, pool) * credited(i, key, pool)
