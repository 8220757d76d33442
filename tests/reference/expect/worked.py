"""Ten instances as sheet Step times states them: read from its template, since they are no inputs."""

from typing import Any

from tests.reference.equations.step_time import Constants, Instance, Kernel, Model, Served, Work, byte_watts
from tests.reference.expect.chain import GIGA, MICRO, MILLI, TERA
from tests.reference.expect.planning_declared import block_of

RECORDS: dict[str, dict[str, Any]] = block_of("step_times", "table", "worked")["records"]
"""What is stated of each instance, in the units of the cells."""

STATED = block_of("step_times", "inputs", "step_constants")["items"]
CONSTANTS = Constants(**{key: float(STATED[key]["value"]) for key in Constants.__slots__})
"""The constants of all GPUs as the template gives them."""


BANDWIDTH_A_WATT = float(STATED["bandwidth_a_watt"]["value"]) * GIGA
IN_GRAPH = float(STATED["in_graph"]["value"])


UNITS = {
    **dict.fromkeys(("bandwidth", "peak_16", "peak", "expert_peak"), TERA),
    **dict.fromkeys(("link", "rest", "routed"), GIGA),
    **dict.fromkeys(("attention_floor", "reduce_floor", "layer_time", "sequence_time"), MICRO),
    **dict.fromkeys(("carry_time", "step_time"), MILLI),
}
"""What is not in SI units, and the unit it is in."""

CALLED = {"idle": "idle_share", "layer": "layer_time", "sequence": "sequence_time", "carried": "carry_time", "step": "step_time"}
"""Fields of the equations that the sheet has under another name."""


def served(key: str, constants: Constants, of_a_watt: float = BANDWIDTH_A_WATT, in_graph: float = IN_GRAPH) -> Served:
    """Return what an instance serves, in SI units."""
    of = {name: float(value) * UNITS.get(name, 1.0) for name, value in RECORDS[key].items() if name != "label"}

    def fields(kind: type[Model | Instance | Work]) -> dict[str, Any]:
        return {name: of[CALLED.get(name, name)] for name in kind.__slots__ if CALLED.get(name, name) in of}

    gemm, expert = (Kernel(of[f"{kind}_floor"] * MICRO, of[f"{kind}_memory"], of[f"{kind}_compute"]) for kind in ("gemm", "expert"))
    weight = byte_watts(of["bandwidth"], of["tdp"], of_a_watt)
    on = Instance(**fields(Instance), gemm=gemm, expert=expert, byte_watts=weight, in_graph=in_graph)
    return Served(Model(**fields(Model)), on, Work(**fields(Work), context=of["prompt"] + of["output"] / 2.0), constants)


def in_flight(key: str) -> float:
    """Return the sequences in flight of an instance."""
    return float(RECORDS[key]["in_flight"])
