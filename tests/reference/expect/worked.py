"""Ten instances as sheet Step times states them: read from its template, since they are no inputs."""

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # no stubs

from tests.reference.equations.step_time import Constants, Instance, Kernel, Model, Served, Work, byte_watts
from tests.reference.expect.chain import GIGA, MICRO, MILLI, TERA

SHEET = Path(__file__).parents[3] / "templates" / "sheets" / "step_times.yaml"


def _blocks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(SHEET.read_text("utf-8"))["blocks"]
    return found


RECORDS: dict[str, dict[str, Any]] = next(block["records"] for block in _blocks() if block.get("table") == "worked")
"""What is stated of each instance, in the units of the cells."""

STATED = next(block["items"] for block in _blocks() if block.get("inputs") == "step_constants")
CONSTANTS = Constants(**{key: float(STATED[key]["value"]) for key in Constants.__slots__})
"""The constants of all GPUs as the template gives them."""


BANDWIDTH_A_WATT = float(STATED["bandwidth_a_watt"]["value"]) * GIGA


def served(key: str, constants: Constants, of_a_watt: float = BANDWIDTH_A_WATT) -> Served:
    """Return what an instance serves, in SI units."""
    of = {name: float(value) for name, value in RECORDS[key].items() if name != "label"}
    parameters = {name: of[name] * GIGA for name in ("rest", "routed")}
    model = Model(**parameters, **{name: of[name] for name in Model.__slots__ if name not in parameters})
    return Served(model, _instance(of, of_a_watt), _work(of), constants)


def _instance(of: dict[str, float], of_a_watt: float) -> Instance:
    return Instance(
        gpus=of["gpus"],
        replicas=of["replicas"],
        bandwidth=of["bandwidth"] * TERA,
        peak_16=of["peak_16"] * TERA,
        peak=of["peak"] * TERA,
        expert_peak=of["expert_peak"] * TERA,
        link=of["link"] * GIGA,
        tdp=of["tdp"],
        idle=of["idle_share"],
        compute_watts=of["compute_watts"],
        byte_watts=byte_watts(of["bandwidth"] * TERA, of["tdp"], of_a_watt),
        gemm=Kernel(of["gemm_floor"] * MICRO, of["gemm_memory"], of["gemm_compute"]),
        expert=Kernel(of["expert_floor"] * MICRO, of["expert_memory"], of["expert_compute"]),
        attention_floor=of["attention_floor"] * MICRO,
        kv_efficiency=of["kv_efficiency"],
        prefill_efficiency=of["prefill_efficiency"],
        reduce_floor=of["reduce_floor"] * MICRO,
        link_efficiency=of["link_efficiency"],
        layer=of["layer_time"] * MICRO,
        sequence=of["sequence_time"] * MICRO,
        carried=of["carry_time"] * MILLI,
        step=of["step_time"] * MILLI,
        expert_factor=of["expert_factor"],
    )


def _work(of: dict[str, float]) -> Work:
    return Work(
        prompt=of["prompt"],
        prompt_2=of["prompt_2"],
        context=of["prompt"] + of["output"] / 2.0,
        output=of["output"],
        hit=of["hit"],
        gained=of["gained"],
        verify=of["verify"],
        kv_bytes=of["kv_bytes"],
    )


def in_flight(key: str) -> float:
    """Return the sequences in flight of an instance."""
    return float(RECORDS[key]["in_flight"])
