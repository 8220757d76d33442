"""Pools of a trace whose outputs do not grow with prompts, against sums over its requests one by one."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.reference.equations.domain import FloatArray
from workbook import api, import_trace
from workbook.model.evaluate import Values, evaluate

SPLIT = 4096.0
REQUESTS = 40_000
CASE: dict[str, str | float] = {
    "workload": "mixed",
    "pools": 2,
    "window_1": SPLIT,
    "long_window": 16384,
    "band": 1,
    "output_rule": "of the trace",
    "prefill_rule": "as compute",
    "credit": "as served",
}
WITHIN = {"output": 0.06, "prompt": 0.05, "prompt_2": 0.1, "context": 0.2}
"""How far lengths that spread evenly in a bin, and outputs that grow with them there, move the means of these requests."""


@cache
def requests() -> FloatArray:
    """Return (2, n) input and output tokens: chats with answers of any length, and code with long prompts and a few tokens each."""
    random = np.random.default_rng(7)
    is_code = random.random(REQUESTS) < 0.4
    prompt = np.where(is_code, random.lognormal(7.9, 0.6, REQUESTS), random.lognormal(6.0, 0.9, REQUESTS))
    output = np.where(is_code, random.lognormal(3.0, 0.5, REQUESTS), random.lognormal(5.3, 0.7, REQUESTS))
    found = np.ceil(np.array([prompt, output]))
    kept: FloatArray = found[:, found.sum(axis=0) <= 16384]
    return kept


@cache
def book() -> api.Book:
    """Return the workbook with a card imported from those requests, which a case with two pools takes."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "mixed.csv")
        np.savetxt(file, requests().T, fmt="%d", delimiter=",", header="input_tokens,output_tokens", comments="")
        card = import_trace(file).save(Path(folder, "mixed.yaml"))
        return api.load("planning", overlay=card, sets={f"cases.mine_1.{name}": value for name, value in CASE.items()})


def of_requests(pool: str) -> dict[str, float]:
    """Return the means over the requests of a pool: a decode step for each output token, at its length by then."""
    short = requests().sum(axis=0) <= SPLIT
    prompt, output = requests()[:, short if pool == "p1" else ~short]
    steps = output * (prompt + output / 2.0)
    means = {"output": output.mean(), "prompt": prompt.mean(), "prompt_2": (prompt**2).mean(), "context": steps.sum() / output.sum()}
    return {name: float(mean) for name, mean in means.items()}


def of_cells(values: Values, pool: str) -> dict[str, float]:
    """Return the same of the case's cells."""
    row = book().model.tables["case_pools"].index["mine_1", pool]
    columns = {name: f"case_pools.{name}" for name in WITHIN} | {"context": "case_steps.context"}
    return {name: float(values[column][row]) for name, column in columns.items()}


@pytest.mark.parametrize("pool", ["p1", "p2"])
def test_lengths_of_pools_are_those_of_their_requests(pool: str) -> None:
    found, wanted = of_cells(book().values, pool), of_requests(pool)
    for name, tolerance in WITHIN.items():
        assert found[name] == pytest.approx(wanted[name], rel=tolerance), name


def test_one_share_for_all_lengths_gives_the_long_pool_several_times_its_output() -> None:
    sets = {f"trace_knots.mixed.p{knot}.output_scale": 1.0 for knot in range(1, 21)}
    edits = api.parse_sets(book().model, sets)
    found = of_cells(evaluate(book().model.overridden(edits), edits), "p2")
    assert found["output"] > 3 * of_requests("p2")["output"]
