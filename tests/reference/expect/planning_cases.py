"""What each case of the planning workbook assumes, its own or taken from its parent, or asked on sheet Plan."""

import math

from tests.reference.equations.rounding import ceil
from tests.reference.expect.planning_declared import FOLLOWING, parent_of
from tests.reference.expect.planning_smallest import Smallest
from tests.reference.expect.planning_traces import longest
from tests.reference.quantities import Inputs

STEPS = ("paged", "shared", "physics", "trace_output", "served", "cut", "measured", "fractional", "prefill", "corrected", "fitted")
"""Cases that each correct the one before it, from the paper's."""

PLAN, PLAN_B = "plan", "plan_b"
SERVICES = (PLAN, PLAN_B)
"""Cases that are asked for on sheet Plan."""

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

LONGEST, LEAST_LONGEST = "long_window", 65536.0
"""On sheet Plan the longest window is the power of two that holds the longest request, and at least so many tokens."""

ON_PLAN = (
    *("workload", "rate", "load_profile", "objective", "tpot_objective", "model", "weights", "gpu_1", DEGREE, "topology", "window_1"),
    *(LONGEST, "site", "life"),
)
"""What sheet Plan asks."""

BY_TOPOLOGY = ("pools", "phases", "band")
"""Assumptions that follow from the topology that is asked for."""

QUOTES = ("rent_price", "server_price")
"""Prices that sheet Plan asks for, those of the cards until quoted."""

FOLLOWING_ON_PLAN = (OF_THE_MODEL, DEGREE, LONGEST, *BY_TOPOLOGY, *QUOTES)
"""Assumptions that are not inherited from the service that a comparison is compared with."""

OF_CASES = (
    *("load_profile", "scaling", "parked", "spares"),
    *("server_price", "server_price_2", "network_share", "residual", "upkeep", "staff", "colocation", "electricity_bill"),
)
"""Assumptions about the year and what owning costs: cases have them, variants take them, or what follows from them, from their case."""

WHICH = {"chosen": "choose.case", "comparison": "choose.comparison", "third": "choose_more.third", "fourth": "choose_more.fourth"}
"""The cases compared, in their order, and the inputs that choose them."""

LOW, HIGH = "low", "high"


def cell_of(i: Inputs, case: str, name: str) -> str | None:
    """Return the input cell that a case's assumption comes from, its own or that of the cases it stands on; None where it follows."""
    table, following = ("service", FOLLOWING_ON_PLAN) if is_on_plan(case, name) else ("cases", FOLLOWING)
    cell = f"{table}.{case}.{name}"
    if cell in i:
        return cell
    return None if name in following else cell_of(i, parent_of(case, name), name)


def is_on_plan(case: str, name: str) -> bool:
    """Tell whether an assumption of a case is asked for on sheet Plan, or follows from what is asked there."""
    return case in SERVICES and name in (*ON_PLAN, *BY_TOPOLOGY, *QUOTES)


def topology(i: Inputs, case: str) -> str:
    """Return the topology that is asked for on sheet Plan."""
    return i.text(str(cell_of(i, case, "topology")))


def holds(i: Inputs, case: str) -> Smallest:
    """Return the smallest instance that holds the model of a case on sheet Plan."""
    return Smallest(
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
    if is_on_plan(case, name) or name == LONGEST:
        return follows_on_plan(i, case if case in SERVICES else PLAN, name)
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
    purchase = i[f"hardware.{gpu}.purchase_price"]
    return i[f"servers.{server}.host_price"] + i[f"servers.{server}.gpus"] * purchase if purchase else 0.0


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
    """Return one of the cases compared."""
    return i.text(WHICH[which])
