"""The model on measured points, against the equations of step times applied to the lines of the files themselves."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reference import draws
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


def test_throughput_follows_from_the_times_of_a_request_where_it_was_not_published() -> None:
    for row, (key,) in enumerate(book().model.tables["point_steps"].rows):
        line = lines()[key]
        output, tpot = number(line, "output"), number(line, "tpot")
        request = (number(line, "ttft") + tpot * output) * MILLI
        own = book().values["point_steps.n"][row] * output / request if request else 0.0
        wanted = number(line, "throughput") or own
        assert book().values["point_steps.tokens"][row] == pytest.approx(wanted, rel=1e-9), key
