"""Pools of a fleet: the instance that takes the requests, how long it is held, and the pool sized and at work."""

from dataclasses import dataclass
from functools import cache

from tests.reference.equations import economics, replay, slots
from tests.reference.equations.grid import SUMS, Requests, Tokens
from tests.reference.equations.rounding import ceil, trunc
from tests.reference.expect import chain, search
from tests.reference.expect.chain import MILLI
from tests.reference.expect.search import Wanted
from tests.reference.quantities import Inputs

KILO = 1e3
UNUSED, OK = "unused", "ok"


def chunk(i: Inputs, profile: str) -> float:
    """Return the prompt tokens of a prefill step of a profile."""
    return i[f"profiles.{profile}.prefill_chunk"]


@dataclass(frozen=True, slots=True)
class Server:
    """An instance at a window (tokens): sequences by slots and by blocks; ms, ``h_full`` of a token with all slots in use."""

    profile: str
    window: float
    by_slots: float
    by_blocks: float
    w: float
    h_full: float
    h_one: float

    @property
    def n_slots(self) -> float:
        """The tighter of the two limits."""
        return min(self.by_slots, self.by_blocks)


@cache
def server(i: Inputs, profile: str, window: float) -> Server:
    """Return an instance of a profile at a window."""
    item = chain.calibrated(i, profile)
    by_slots = float(slots.scheduled_slots(item.max_slots, item.calibration_length, window))
    by_blocks = float(slots.block_slots(item.blocks, slots.window_blocks(window, item.block_size)))
    full = item.h / MILLI * min(by_slots, by_blocks) / item.calibration_length
    return Server(profile, window, by_slots, by_blocks, item.w / MILLI, full, item.h / MILLI)


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """The requests of a pool and the instance that takes them; ``share`` is 0 for a pool that is not used."""

    server: Server
    share: float
    requests: Requests

    def mean_of(self, column: str) -> float:
        """Return the mean of a column of `SUMS` over the requests, 0 without any."""
        return SUMS[column](self.requests) / self.share if self.share else 0.0

    def prefill_steps(self, i: Inputs) -> float:
        """Return the mean prefill steps: what a request takes besides its decode steps."""
        decode = self.requests.output / i["decode.tokens_per_step"]
        return self.requests.total(self.requests.steps - decode) / self.share if self.share else 0.0

    def time(self, power: int) -> float:
        """Return the mean of a power of the service time, ms or ms^2."""
        times = self.requests.steps * (self.server.w + self.server.h_full * self.requests.length)
        return self.requests.total(times**power) / self.share if self.share else 0.0

    @property
    def cv2(self) -> float:
        """Squared coefficient of variation of the service time, 0 without requests."""
        return replay.Moments(self.time(1), self.time(2), 0.0).cv2 if self.time(1) else 0.0

    def prefill(self, i: Inputs) -> float:
        """Return the mean prefill time, ms."""
        return self.prefill_steps(i) * (self.server.w + self.server.h_one)

    def rate(self, arrivals: float) -> float:
        """Return the requests/s of the pool, of all the arrivals."""
        return arrivals * self.share

    def bound(self, arrivals: float) -> float:
        """Return the instances at full use, 0 where the window holds no sequence."""
        return self.rate(arrivals) * self.time(1) * MILLI / self.server.n_slots if self.server.n_slots else 0.0

    def wanted(self, i: Inputs, arrivals: float) -> Wanted:
        """Return what the pool's search starts from."""
        return Wanted(self.rate(arrivals), self.server.n_slots, self.time(1), self.cv2, least(i, self.bound(arrivals)))


def least(i: Inputs, bound: float) -> float:
    """Return where a search begins: one instance to spare, and the utilisation cap."""
    return max(1.0, float(ceil(bound)) + 1.0, float(ceil(bound / i["traffic.cap"])))


@dataclass(frozen=True, slots=True)
class Board:
    """Instances of a profile and the sequences in flight that their power is counted at."""

    profile: str
    counted: float
    used: float

    def curve(self, i: Inputs) -> chain.Curve:
        """Return the power curve of the profile."""
        return chain.profile_curve(i, self.profile)

    def watts(self, i: Inputs) -> float:
        """Return the power of a GPU, W."""
        return self.curve(i).watts(self.counted)

    def gpus(self, i: Inputs) -> float:
        """Return the GPUs of all instances."""
        return self.used * chain.calibrated(i, self.profile).tp

    def power_one(self, i: Inputs) -> float:
        """Return the power of one GPU of each instance, kW."""
        return self.watts(i) * self.used / KILO

    def power(self, i: Inputs) -> float:
        """Return the power of all GPUs, kW."""
        return self.watts(i) * self.gpus(i) / KILO


@dataclass(frozen=True, slots=True)
class Run:
    """A sized pool: its share of the requests, sequences that fit, instances at full use and found, and times in ms."""

    profile: str
    share: float
    n_slots: float
    bound: float
    prefill: float
    instances: float
    found: bool
    wait: float
    missing: str = "no answer within reach"
    """What is said where no number of instances was found."""

    @property
    def used(self) -> float:
        """Instances; a pool without requests needs none."""
        return self.instances if self.share else 0.0

    @property
    def utilisation(self) -> float:
        """Share of the capacity in use."""
        return self.bound / self.instances if self.share else 0.0

    @property
    def in_flight(self) -> float:
        """Sequences in flight on an instance."""
        return self.utilisation * self.n_slots

    @property
    def board(self) -> Board:
        """What draws power; see `fleet.watts_at`."""
        return Board(self.profile, max(1.0, float(trunc(self.in_flight))), self.used)

    @property
    def first_token(self) -> float:
        """P99 time to first token, ms."""
        return self.prefill + self.wait if self.share else 0.0

    def state(self, i: Inputs) -> str:
        """Return why the pool has no answer, or that it has one."""
        if not self.share:
            return UNUSED
        if self.n_slots < 1:
            return "the window holds no sequence"
        if self.prefill >= i["traffic.objective"]:
            return "objective shorter than prefill"
        return OK if self.found else self.missing

    def is_sound(self, i: Inputs) -> bool:
        """Tell whether the pool has an answer or needs none."""
        return self.state(i) in {OK, UNUSED}


def run(i: Inputs, served: Served, arrivals: float) -> Run:
    """Return the pool that takes its share of so many requests/s, sized by the search."""
    asked, bound = served.wanted(i, arrivals), served.bound(arrivals)
    return Run(
        profile=served.server.profile,
        share=served.share,
        n_slots=asked.n_slots,
        bound=bound,
        prefill=served.prefill(i),
        instances=search.instances(i, asked),
        found=search.is_found(i, asked),
        wait=search.answer(i, asked).wait,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Requests above a window (tokens) and the same requests cut to fit it, as `grid.compressed` or `grid.as_coded` cut them."""

    requests: Requests
    cut: Requests
    cut_to: float
    chunk: float
    tokens: Tokens


def usd_per_hour(i: Inputs, item: Run) -> float:
    """Return the price of a pool, USD/h."""
    card = chain.calibrated(i, item.profile)
    return item.used * float(economics.instance_usd_per_hour(chain.gpu(i, card.gpu).price, card.tp))
