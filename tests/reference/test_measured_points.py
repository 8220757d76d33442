"""The model on measured points, against the equations of step times applied to the lines of the files themselves."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reference import draws
from tests.reference.equations import power
from tests.reference.equations import step_time as eq
from tests.reference.expect.chain import MILLI
from tests.reference.expect.planning_steps import GIB, constants, embedding, instance_of, model_of
from tests.reference.quantities import Inputs
from tests.support import shipped
from workbook.declare.packaged import packaged

if TYPE_CHECKING:
    from workbook.api import Book

FOLDER = Path(packaged()) / "measured_points"
EVERY = 7
FREE_FOR_WEIGHTS_AND_CACHE = 0.9


@cache
def book() -> Book:
    """Return the workbook of the points."""
    return shipped("validation")


@cache
def lines() -> dict[str, dict[str, str]]:
    """Return the lines of the files by the key that each has in the workbook."""
    found = {}
    for path in sorted(FOLDER.glob("*.csv")):
        numbered = [(number, line) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if not line.startswith("#")]
        names = next(csv.reader([numbered[0][1]]))
        for number, cells in zip([number for number, _ in numbered[1:]], csv.reader(line for _, line in numbered[1:]), strict=True):
            found[f"{path.stem}_{number}"] = dict(zip(names, cells, strict=True))
    return found


@cache
def cards() -> Inputs:
    """Return the inputs of the cards: models, GPUs, kernels, engines."""
    model = book().model
    cells = [(cell, name, row) for cell, name, row in model.cells() if not cell.startswith("points.")]
    return Inputs({cell: figure.value for cell, name, row in cells if (figure := draws.figure_of(model.quantities[name], row))}, {})


def number(line: dict[str, str], name: str, otherwise: float = 0.0) -> float:
    """Return a number of a line, or what stands for an empty cell."""
    return float(line.get(name) or otherwise)


def served(line: dict[str, str]) -> eq.Served:
    """Return what was served: a model on an instance with requests of one length."""
    gpus, replicas, cached = (number(line, name, usual) for name, usual in (("gpus", 1), ("replicas", 1), ("cached", 2)))
    model = model_of(cards(), line["model"], line["weights"])
    on = instance_of(cards(), line["gpu"], line["engine"], model, line["weights"], gpus, replicas, cached)
    prompt, output = number(line, "prompt"), number(line, "output")
    return eq.Served(model, on, eq.Work(prompt, prompt**2, prompt + output / 2, output, kv_bytes=cached), constants(cards()))


def slots(line: dict[str, str], what: eq.Served) -> float:
    """Return the sequences whose cache fits beside the weights, all at their full length."""
    model, on, work = what.model, what.on, what.work
    apart = embedding(cards(), line["model"]) * (1.0 - cards()[f"models.{line['model']}.tied"]) * eq.SIXTEEN_BIT
    weights = eq.rest_bytes(model, on) * on.gpus + model.routed * model.weight_bytes + apart
    length = work.prompt + work.output
    held = (model.kv * length + model.window_kv * min(length, model.window)) * work.kv_bytes / eq.SIXTEEN_BIT + model.state
    room = cards()[f"hardware.{line['gpu']}.memory"] * GIB * FREE_FOR_WEIGHTS_AND_CACHE * on.gpus - weights
    return max(1.0, float(math.floor(room / held * eq.kv_gpus(model, on) * on.replicas / on.gpus)))


def test_every_line_of_the_files_is_a_row() -> None:
    assert [keys[0] for keys in book().model.tables["points"].rows] == [
        key for stem in ("power", "served", "outside") for key in lines() if key.startswith(f"{stem}_")
    ]


@pytest.mark.parametrize("start", range(EVERY))
def test_the_model_on_measured_points_is_that_of_the_equations(start: int) -> None:
    rows = book().model.tables["point_steps"].rows
    for row in range(start, len(rows), EVERY * EVERY):
        line = lines()[rows[row][0]]
        what = served(line)
        n = number(line, "in_flight") or slots(line, what)
        wanted = {
            "n": n,
            "step": eq.step(what, n) / MILLI,
            "speed": eq.rate(what, n),
            "gpu_power": eq.watts(what, n),
            "energy": eq.joules(what, n),
        }
        found = {name: book().values[f"point_steps.{name}"][row] for name in wanted}
        assert found == pytest.approx(wanted, rel=1e-9), rows[row]


INTERVALS = {  # over the model's result: throughput, power, energy
    "as many as fit": ((0.63, 1.56), (0.63, 1.34), (0.62, 1.65)),
    "dense": ((0.77, 1.34), (0.64, 1.31), (0.76, 1.52)),
    "experts": ((0.65, 1.50), (0.63, 1.34), (0.62, 1.65)),
    "experts, fp8 or fp4": ((0.65, 1.50), (0.63, 1.34), (0.70, 2.10)),
    "dense, vLLM of 2025": ((0.55, 1.34), (0.64, 1.31), (0.76, 1.52)),
    "experts, vLLM of 2025": ((0.60, 1.50), (0.63, 1.34), (0.62, 1.65)),
    "experts, fp8 or fp4, vLLM of 2025": ((0.55, 1.50), (0.63, 1.34), (0.70, 2.10)),
}
"""Factors counted on models left out of the fit, by kind."""

FIRST_TOKENS = {"up to 8 in flight": (0.42, 2.3), "more in flight": (0.48, 4.8)}
"""Measured over the model's time to first token: 5% to 95% of served points."""

AHEAD = 0.1
"""Share of the other requests in flight whose prompts are computed first: chosen with the points in view."""


@pytest.mark.parametrize("start", range(EVERY))
def test_the_first_token_waits_for_a_tenth_of_the_others(start: int) -> None:
    rows = book().model.tables["point_steps"].rows
    for row in range(start, len(rows), EVERY * EVERY):
        line = lines()[rows[row][0]]
        what, n = served(line), book().values["point_steps.n"][row]
        latency = cards()[f"engines.{line['engine']}.request_latency"] * MILLI
        prompts = 1.0 + AHEAD * max(0.0, n - 1.0)
        wanted = (latency + what.on.carried + eq.step_decode(what, n) + eq.prefill(what) * prompts) / MILLI
        load = "up to 8 in flight" if n <= 8 else "more in flight"
        low, high = FIRST_TOKENS[load]
        found = [book().values[f"point_steps.{name}"][row] for name in ("ttft", "load", "ttft_inside")]
        assert found == [pytest.approx(wanted, rel=1e-9), load, float(low <= number(line, "ttft") / wanted <= high)], rows[row]


CURVES = {"h100_sxm": (300.0, 600.0, 1.0, 4.2), "b200_sxm": (430.0, 860.0, 1.0, 6.8)}
"""The paper's Table A: W, W, per doubling, log2 of sequences."""


def kind(line: dict[str, str], model: eq.Model) -> str:
    """Return the kind whose interval a point has."""
    if not number(line, "in_flight"):
        return "as many as fit"
    narrow = line["weights"] in ("fp8", "fp8_block", "nvfp4", "int4")
    experts = "experts, fp8 or fp4" if narrow else "experts"
    return (experts if model.experts else "dense") + (", vLLM of 2025" if line["engine"].startswith("vllm_2025") else "")


@pytest.mark.parametrize("start", range(EVERY))
def test_a_point_is_within_the_interval_of_its_kind_or_not(start: int) -> None:
    rows = book().model.tables["point_steps"].rows
    for row in range(start, len(rows), EVERY * EVERY):
        line = lines()[rows[row][0]]
        what, n = served(line), book().values["point_steps.n"][row]
        tokens = book().values["point_steps.tokens"][row]
        results = (eq.rate(what, n), tokens), (eq.watts(what, n), number(line, "watts")), (eq.joules(what, n), number(line, "joules"))
        wanted = [
            float(low <= measured / result <= high)
            for (result, measured), (low, high) in zip(results, INTERVALS[kind(line, what.model)], strict=True)
        ]
        assert [book().values[f"point_steps.{name}_inside"][row] for name in ("speed", "power", "energy")] == wanted, rows[row]


@pytest.mark.parametrize("start", range(EVERY))
def test_the_papers_own_model_is_as_printed(start: int) -> None:
    rows = book().model.tables["point_steps"].rows
    for row in range(start, len(rows), EVERY * EVERY):
        line = lines()[rows[row][0]]
        what, n = served(line), book().values["point_steps.n"][row]
        model, on = what.model, what.on
        share = 0.8 if not model.experts else 1.0
        active = eq.rest_bytes(model, on) / on.bandwidth + model.routed * model.weight_bytes * model.share_taken / on.gpus / on.bandwidth
        layers = 0.0 if model.experts else 3e-6 * model.layers
        step = active / share + layers + eq.kv_stream(model, on, what.work, n) / 0.8
        speed = n / step
        curve = CURVES.get(line["gpu"])
        watts = power.logistic_power(n, *curve) if curve else 0.0
        found = [book().values[f"point_steps.paper_{name}"][row] for name in ("step", "speed", "power", "energy")]
        assert found == pytest.approx([step / MILLI, speed, watts, watts * on.gpus / speed], rel=1e-9), rows[row]


def test_throughput_follows_from_the_times_of_a_request_where_it_was_not_published() -> None:
    for row, (key,) in enumerate(book().model.tables["point_steps"].rows):
        line = lines()[key]
        output, tpot = number(line, "output"), number(line, "tpot")
        request = (number(line, "ttft") + tpot * output) * MILLI
        own = book().values["point_steps.n"][row] * output / request if request else 0.0
        wanted = number(line, "throughput") or own
        assert book().values["point_steps.tokens"][row] == pytest.approx(wanted, rel=1e-9), key
