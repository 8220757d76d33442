"""What every study of the planning workbook assumes: cases, which take over what they do not state, and variants of two of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.reference.equations.rounding import ceil
from tests.reference.expect.planning_smallest import Smallest, smallest
from tests.reference.expect.planning_traces import longest, mean_length
from tests.reference.quantities import Inputs

PUBLISHED, FLEETOPT = "published", "corrected_fleetopt"
STEPS = ("paged", "shared", "physics", "trace_output", "served", "cut", "measured", "fractional", "prefill", "corrected", "fitted")
PLAN, PLAN_B = "plan", "plan_b"
SERVICES = (PLAN, PLAN_B)
"""Cases that are asked for on sheet Plan."""

OWN = tuple(f"mine_{number}" for number in range(1, 13))
PARENTS = {
    **dict(zip(STEPS, (PUBLISHED, *STEPS), strict=False)),
    **dict.fromkeys(("corrected_homo", "corrected_two", FLEETOPT, "corrected_apart"), "fitted"),
    "b200_today": FLEETOPT,
    **dict.fromkeys(("b200_homo", "next_hardware"), "b200_today"),
    PLAN: FLEETOPT,
    PLAN_B: PLAN,
    **dict.fromkeys(OWN, FLEETOPT),
}
"""The case that each case takes over what it does not state from."""

CASES = (PUBLISHED, *PARENTS)

OF_THE_SITE = {"pue": "pue", "electricity": "electricity_price", "carbon": "carbon_intensity"}
"""Assumptions that are those of the case's site unless the case states them, and the site's figure."""

OF_THE_GPU = ("curve", "server", "printed")
"""Cards that go with the GPU of a pool unless the case names others; the long pool's are the short pools' where the GPU is."""

DEGREE = "tensor_parallel"
"""The degree is that of the first power curve unless the case states it."""

OF_THE_MODEL = "weights"
"""The precision is that of the model's card unless the case states another."""

LONG_GPU = "gpu_2"
"""The long pool has the GPU of the short pools unless the case names another."""

SCHEDULER = "engine_cap"
"""The most sequences are those of the engine's card unless the case states others."""

PRICES = ("rent_price", "rent_price_2", "server_price", "server_price_2")
"""Prices are those of the cards unless the case states a quote; the long pool's (_2) are the short pools' for the same hardware."""

FOLLOWING = (
    *(*OF_THE_SITE, OF_THE_MODEL, *(f"{name}_{number}" for name in OF_THE_GPU for number in (1, 2)), DEGREE, LONG_GPU, SCHEDULER),
    *PRICES,
)
"""Assumptions that are not taken over from the case stood on."""

LONGEST, LEAST_LONGEST = "long_window", 65536.0
"""On sheet Plan the longest window is the power of two that holds the longest request, and at least so many tokens."""

ON_PLAN = (
    *("workload", "rate", "load_profile", "objective", "model", "weights", "gpu_1", DEGREE, "topology", "window_1", LONGEST),
    *("site", "life"),
)
"""What sheet Plan asks."""

BY_TOPOLOGY = ("pools", "phases", "band")
"""Assumptions that follow from the topology that is asked for."""

QUOTES = ("rent_price", "server_price")
"""Prices that sheet Plan asks for, those of the cards until quoted."""

FOLLOWING_ON_PLAN = (OF_THE_MODEL, DEGREE, LONGEST, *BY_TOPOLOGY, *QUOTES)
"""Assumptions that are not inherited from the service that a comparison is compared with."""

CARDS = {
    "workload": "traces",
    "model": "models",
    "weights": "precisions",
    "engine": "engines",
    "load_profile": "load_profiles",
    **{f"{name}_{number}": cards for name, cards in (("gpu", "hardware"), ("printed", "printed_profiles")) for number in (1, 2)},
    **{f"{name}_{number}": cards for name, cards in (("curve", "power_fits"), ("server", "servers")) for number in (1, 2)},
}
"""Assumptions that name a card, and its catalogue."""

CHOICES = (
    *("output_rule", "compression", "credit", "slots_rule", "capacity_rule", "time_rule", "prefill_rule", "counting", "cache", "attention"),
    *("power_rule", "phases", "scaling", "spares", "host_rule", "electricity_bill"),
)
FIXED = (
    *("assumed_output", "tensor_parallel", "cached_share", "gained", "verify", "pools", "window_1", "window_2", "long_window", "band"),
    *("host", "network", "parked", *PRICES, "network_share", "residual", "upkeep", "staff", "colocation"),
)
"""Numbers without a range."""

OF_CASES = (
    *("load_profile", "scaling", "parked", "spares"),
    *("server_price", "server_price_2", "network_share", "residual", "upkeep", "staff", "colocation", "electricity_bill"),
)
"""Assumptions about the year and what owning costs: cases have them, variants take them, or what follows from them, from their case."""

RANGED = (
    *("rate", "output_scale", "compressible", "objective", "cap", "time_scale", "power_scale", "memory_share", "engine_cap", "host_scale"),
    *("pue", "availability", "electricity", "carbon", "rent_scale", "capex_scale", "life", "discount"),
)
"""Numbers with a range, in the order of sheet Ranges."""

SCENARIOS = ("rate", "output_scale", "objective", "cap", "engine_cap", "discount")
"""Demand and decisions: they move figures, and do not make them uncertain."""

OF_REQUESTS = ("output_scale", "compressible")
"""Ranged assumptions that change the requests themselves."""

WHICH = ("chosen", "comparison")
LOW, HIGH = "low", "high"


def cell_of(i: Inputs, case: str, name: str) -> str | None:
    """Return the input cell that a case's assumption comes from, its own or that of the cases it stands on; None where it follows."""
    table, following = ("service", FOLLOWING_ON_PLAN) if is_on_plan(case, name) else ("cases", FOLLOWING)
    cell = f"{table}.{case}.{name}"
    if cell in i:
        return cell
    return None if name in following else cell_of(i, PARENTS[case], name)


def is_on_plan(case: str, name: str) -> bool:
    """Tell whether an assumption of a case is asked for on sheet Plan, or follows from what is asked there."""
    return case in SERVICES and name in (*ON_PLAN, *BY_TOPOLOGY, *QUOTES)


def topology(i: Inputs, case: str) -> str:
    """Return the topology that is asked for on sheet Plan."""
    return i.text(str(cell_of(i, case, "topology")))


def holds(i: Inputs, case: str) -> Smallest:
    """Return the smallest instance that holds the model of a case on sheet Plan."""
    return smallest(
        i,
        text_of(i, case, "model"),
        text_of(i, case, "weights"),
        text_of(i, case, "gpu_1"),
        number=1.0 if text_of(i, case, "cache") == "fp8" else 2.0,
        share=number_of(i, case, "memory_share"),
        window=number_of(i, case, LONGEST),
    )


def follows_on_plan(i: Inputs, case: str, name: str) -> float:
    """Return a number that follows from what is asked for on sheet Plan."""
    if name == DEGREE:
        return holds(i, case).gpus
    if name in QUOTES:
        return price_of(i, case, name)
    if name == LONGEST:
        doublings = float(ceil(math.log2(longest(i, text_of(i, case, "workload")))))
        return max(LEAST_LONGEST, math.pow(2.0, doublings))
    return {"pools": 1.0 if topology(i, case) == "one pool" else 2.0, "band": 2.0 if topology(i, case) == "FleetOpt" else 1.0}[name]


def number_of(i: Inputs, case: str, name: str) -> float:
    """Return a number that a case assumes."""
    cell = cell_of(i, case, name)
    if cell:
        return i[cell]
    if is_on_plan(case, name):
        return follows_on_plan(i, case, name)
    if name == SCHEDULER:
        return i[f"engines.{text_of(i, case, 'engine')}.max_sequences"]
    if name in PRICES:
        return price_of(i, case, name)
    if name == DEGREE:
        return i[f"power_fits.{text_of(i, case, 'curve_1')}.{DEGREE}"]
    return i[f"sites.{text_of(i, case, 'site')}.{OF_THE_SITE[name]}"]


def price_of(i: Inputs, case: str, name: str) -> float:
    """Return a price that a case states no quote for, USD of a GPU-hour or of a server with its GPUs."""
    short = name.removesuffix("_2")
    pool = "1" if name == short else "2"
    gpu, server = (text_of(i, case, f"{kind}_{pool}") for kind in ("gpu", "server"))
    same = gpu == text_of(i, case, "gpu_1") and (short == "rent_price" or server == text_of(i, case, "server_1"))
    if pool == "2" and same:
        return number_of(i, case, short)
    if short == "rent_price":
        return i[f"hardware.{gpu}.price"]
    return i[f"servers.{server}.host_price"] + i[f"servers.{server}.gpus"] * i[f"hardware.{gpu}.purchase_price"]


def text_of(i: Inputs, case: str, name: str) -> str:
    """Return a choice of a case, or the key of a card it names."""
    cell = cell_of(i, case, name)
    if cell:
        return i.text(cell)
    if name == "phases":
        return "apart" if topology(i, case) == "disaggregated" else "together"
    if name == LONG_GPU:
        return text_of(i, case, "gpu_1")
    if name == OF_THE_MODEL:
        return i.text(f"models.{text_of(i, case, 'model')}.precision")
    field, pool = name.split("_")
    gpu = text_of(i, case, f"gpu_{pool}")
    if pool == "2" and gpu == text_of(i, case, "gpu_1"):
        return text_of(i, case, f"{field}_1")
    return i.text(f"hardware.{gpu}.{field}")


def chosen(i: Inputs, which: str) -> str:
    """Return the case of the Dashboard, or the one beside it."""
    return i.text("choose.case" if which == "chosen" else "choose.comparison")


@dataclass(frozen=True, slots=True)
class Range:
    """A range of an assumption for a case: base, low and high, stretched to the base where that lies outside."""

    base: float
    low: float
    high: float


SHARE, MULTIPLE = (0.001, 1.0), (0.001, 1e3)
ADMITTED = {
    "rate": (0.001, 1e6),
    "objective": (0.001, 1e7),
    "cap": (0.001, 0.99),
    "pue": (1.0, 1e3),
    "compressible": (0.0, 1.0),
    "engine_cap": (1.0, 1e6),
    "life": (0.1, 100.0),
    "discount": (0.0, 1.0),
    **dict.fromkeys(("memory_share", "availability"), SHARE),
    **dict.fromkeys(("output_scale", "time_scale", "power_scale"), MULTIPLE),
    **dict.fromkeys(("host_scale", "rent_scale", "capex_scale", "electricity"), (0.0, 1e3)),
    "carbon": (0.0, 1e5),
}
"""The lowest and the highest that a case takes of each assumption with a range."""


BY_KIND = {"time_scale": "time", "power_scale": "power"}
"""Assumptions whose range is that of what a case rests on."""

LIKE = 1.5
"""Up to this ratio of mean lengths, either way, a fit was measured on such work."""

NEAR = 0.25
"""Up to this difference bytes of a weight count as the same."""


UNDIVIDED = ("measured", "as printed")
"""Evidence of which limits are the same for all kinds of models."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What step times and power of a case rest on; fields but ``rule`` as columns of `case_evidence`."""

    degree: float
    same_gpus: bool
    same_model: bool
    same_degree: bool
    bytes: float
    same_weights: bool
    fitted: bool
    ratio: float
    alike: bool
    served: bool
    word: str
    kind: str


@cache
def evidence(i: Inputs, case: str) -> Evidence:
    """Return what a case rests on: a fit to the same, measured on such work or not; served requests on its GPUs; neither."""
    fits = [f"power_fits.{text_of(i, case, name)}" for name in ("curve_1", "curve_2")]
    gpus = [text_of(i, case, name) for name in ("gpu_1", "gpu_2")]
    model = text_of(i, case, "model")
    weight = i[f"precisions.{text_of(i, case, 'weights')}.bytes"]
    same_gpus = all(i.text(f"{fit}.gpu") == gpu for fit, gpu in zip(fits, gpus, strict=True))
    same_model = all(i.text(f"{fit}.model") == model for fit in fits) and text_of(i, case, "cache") == "fp16"
    same_degree = all(i[f"{fit}.tensor_parallel"] == number_of(i, case, DEGREE) for fit in fits)
    same_weights = all(abs(i[f"precisions.{i.text(f'{fit}.precision')}.bytes"] / weight - 1.0) <= NEAR for fit in fits)
    fitted = same_gpus and same_model and same_degree and same_weights and text_of(i, case, "time_rule") == "as fitted"
    ratio = mean_length(i, text_of(i, case, "workload")) / i[f"{fits[0]}.context"]
    alike = 1.0 / LIKE <= ratio <= LIKE
    served = all(i[f"hardware.{gpu}.served"] == 1 for gpu in gpus)
    word = (
        "as printed"
        if text_of(i, case, "time_rule") == "as printed"
        else "measured"
        if fitted and alike
        else "transferred"
        if fitted or served
        else "modelled"
    )
    routed = "routed experts" if i[f"models.{model}.experts"] > 0 else "dense"
    kind = word if word in UNDIVIDED else f"{word}, {routed}"
    degree = number_of(i, case, DEGREE)
    return Evidence(degree, same_gpus, same_model, same_degree, weight, same_weights, fitted, ratio, alike, served, word, kind)


KINDS = {
    "measured": "measured",
    "as printed": "as_printed",
    **{f"{word}, {of}": f"{word}_{of.split()[-1]}" for word in ("transferred", "modelled") for of in ("dense", "routed experts")},
}
"""Rows of limits by the kind that cells show."""


HELD = {
    "measured": 0.90,
    "as printed": 0.0,
    "transferred, dense": 0.91,
    "transferred, routed experts": 0.89,
    "modelled, dense": 0.90,
    "modelled, routed experts": 0.91,
}
"""Share of points that limits held: of models left out of the fit (transferred), of GPUs (modelled), of the fitted points."""


def stated(i: Inputs, case: str, name: str) -> tuple[float, float]:
    """Return (low, high) of a range as it is stated."""
    if name in BY_KIND:
        row = f"interval_kinds.{KINDS[evidence(i, case).kind]}.{BY_KIND[name]}"
        return i[f"{row}_low"], i[f"{row}_high"]
    return i[f"ranges.{name}.{LOW}"], i[f"ranges.{name}.{HIGH}"]


def is_sound(i: Inputs, name: str) -> bool:
    """Tell whether a range has its low end below its high end, both within what a case takes; multiples may reach beyond."""
    if name in BY_KIND:
        return True
    low, high = (i[f"ranges.{name}.{end}"] for end in (LOW, HIGH))
    least, most = ADMITTED[name]
    return low <= high and (i.text(f"ranges.{name}.meaning") == "times the base" or least <= low <= high <= most)


def stretched(i: Inputs, case: str, name: str) -> Range:
    """Return the range of an assumption for a case: stretched to its base, and kept within what a case takes."""
    base = number_of(i, case, name)
    scale = base if i.text(f"ranges.{name}.meaning") == "times the base" else 1.0
    ends = [end * scale for end in stated(i, case, name)]
    least, most = ADMITTED[name]
    return Range(base, max(least, min(base, ends[0])), min(most, max(base, ends[1])))


def level(i: Inputs, name: str, number: int) -> float:
    """Return a level of the grid for the chosen case: 1 the low end, 3 the base, 5 the high end, 2 and 4 half-way."""
    found = stretched(i, chosen(i, "chosen"), name)
    end = found.low if number < 3 else found.high
    return found.base + (end - found.base) * abs(number - 3) / 2


@dataclass(frozen=True, slots=True)
class Variant:
    """A case of the Dashboard with an assumption at an end of its range."""

    which: str
    name: str
    side: str

    @property
    def key(self) -> str:
        """Return the key of its row."""
        return f"{self.which}_{self.name}_{self.side}"


VARIANTS = {item.key: item for item in (Variant(which, name, side) for which in WHICH for name in RANGED for side in (LOW, HIGH))}
CROSSINGS = {f"d{down}_r{right}": (down, right) for down in range(1, 6) for right in range(1, 6)}


@dataclass(frozen=True, slots=True)
class Study:
    """A case and the assumptions that are other than its own, by name; of two changes of one assumption the first holds."""

    key: str
    base: str
    changes: tuple[tuple[str, float], ...]

    @property
    def sums(self) -> str:
        """Return the key of the study that has the same requests."""
        return self.key if any(name in OF_REQUESTS for name, _ in self.changes) else self.base


@cache
def study(i: Inputs, key: str) -> Study:
    """Return a study by its key."""
    if key in VARIANTS:
        item = VARIANTS[key]
        case = chosen(i, item.which)
        found = stretched(i, case, item.name)
        return Study(key, case, ((item.name, found.low if item.side == LOW else found.high),))
    if key in CROSSINGS:
        names = (i.text("two_way.down"), i.text("two_way.right"))
        pairs = tuple((name, level(i, name, number)) for name, number in zip(names, CROSSINGS[key], strict=True))
        return Study(key, chosen(i, "chosen"), pairs)
    return Study(key, key, ())


@dataclass(frozen=True, slots=True, eq=False)
class Assumed:
    """What a study assumes: numbers in the units of their cells, choices, and keys of cards."""

    numbers: dict[str, float]
    texts: dict[str, str]

    def __getitem__(self, name: str) -> float:
        """Return a number."""
        return self.numbers[name]

    def price(self, name: str, pool: int) -> float:
        """Return a price of the short pools for the first, that of the long pool for the others."""
        return self.numbers[name if pool == 1 else f"{name}_2"]

    def of_pool(self, name: str, pool: int) -> str:
        """Return the card of the short pools for the first, that of the long pool for the others."""
        return self.texts[f"{name}_{min(pool, 2)}"]

    def says(self, name: str, choice: str) -> bool:
        """Tell whether a choice is made."""
        return self.texts[name] == choice


TOGETHER, PREFILL, DECODE = "both", "prefill", "decode"


def role(i: Inputs, key: str, pool: int) -> str:
    """Return what a pool of a study does: apart, the first computes prompts and the second decodes."""
    return {1: PREFILL, 2: DECODE}.get(pool, TOGETHER) if assumed(i, key).says("phases", "apart") else TOGETHER


def pools_by_length(i: Inputs, key: str) -> float:
    """Return among how many pools requests are split by length."""
    item = assumed(i, key)
    return 1.0 if item.says("phases", "apart") else item["pools"]


@cache
def assumed(i: Inputs, key: str) -> Assumed:
    """Return what a study assumes."""
    item = study(i, key)
    numbers = {name: number_of(i, item.base, name) for name in (*FIXED, *RANGED)}
    texts = {name: text_of(i, item.base, name) for name in (*CARDS, *CHOICES)}
    return Assumed(numbers | dict(reversed(item.changes)), texts)


def studies() -> Iterator[str]:
    """Give the keys of all studies."""
    yield from (*CASES, *VARIANTS, *CROSSINGS)
