"""The planning model judged by measured points: errors by group, constants fitted without what they are judged on, files of one's own."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support import SOURCES, command, shipped
from workbook.declare.packaged import packaged
from workbook.validation.points import Points, read_points
from workbook.validation.refit import held_out, robust_fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = ("model", "gpu", "engine", "weights", "gpus", "in_flight", "prompt", "output", "throughput")
SMALL = [("llama_3_1_8b", "1"), ("llama_3_1_70b", "4"), ("qwen3_32b", "2")]
IN_FLIGHT = ("8", "32", "128", "256")
OFF = 1.1
ENERGY, REQUESTS = "ML.ENERGY", "served requests"


def written(folder: Path, lines: Sequence[Sequence[str]], names: Sequence[str] = NAMES) -> Path:
    """Write points of one's own."""
    path = folder / "mine.csv"
    path.write_text("\n".join(",".join(cells) for cells in [names, *lines]) + "\n", "utf-8")
    return path


def served(measured: Sequence[float]) -> list[tuple[str, ...]]:
    """Give twelve points of three models with these throughputs."""
    points = [(model, gpus, n) for model, gpus in SMALL for n in IN_FLIGHT]
    return [
        (model, "h100_sxm", "vllm_2026", "bf16", gpus, n, "1000", "300", f"{rate:.17g}")
        for (model, gpus, n), rate in zip(points, measured, strict=True)
    ]


@cache
def rows(*options: str) -> tuple[dict[str, str], ...]:
    """Give what the command says about the package's own points."""
    result = command("validate", "--format", "csv", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return tuple(csv.DictReader(io.StringIO(result.stdout, newline="")))


def row(points_of: str, result: str, group: str = "all") -> dict[str, float]:
    """Give the figures of a group of the points of a file."""
    (found,) = [item for item in rows() if (item["points_of"], item["result"], item["group"]) == (points_of, result, group)]
    return {name: float(text) for name, text in found.items() if name not in {"points_of", "result", "by", "group"} and text}


def test_errors_of_prediction_are_told_from_those_in_sample() -> None:
    for points_of, result in ((ENERGY, "J/token"), (ENERGY, "W"), (REQUESTS, "tok/s"), (REQUESTS, "TPOT")):
        found = row(points_of, result)
        assert found["points"] > 500
        assert found["held_out"] > found["in_sample"]
        assert found["held_out"] < found["p90"]


def test_points_that_nothing_was_fitted_to_have_one_error() -> None:
    found = row("published by others", "tok/s")
    assert found["points"] == 147
    assert found["in_sample"] == found["held_out"] == found["gpu_out"]


def test_times_of_an_engine_that_was_seen_on_one_gpu_are_unknown_without_it() -> None:
    assert "gpu_out" not in row(ENERGY, "tok/s")
    assert "gpu_out" in row(ENERGY, "W")
    assert "gpu_out" in row(REQUESTS, "tok/s")


def test_groups_together_hold_the_points_of_all() -> None:
    for result in ("tok/s", "W", "J/token"):
        parts = [item for item in rows("--by", "gpu,kind") if (item["points_of"], item["result"]) == (ENERGY, result)]
        assert {item["group"] for item in parts} == {f"{gpu} SXM, {kind}" for gpu in ("H100", "B200") for kind in ("dense", "experts")}
        assert sum(int(item["points"]) for item in parts) == 565


def test_forms_say_the_same() -> None:
    found = command("validate", "--format", "json")
    assert found.exit_code == 0
    for item, line in zip(json.loads(found.stdout), rows(), strict=True):
        assert {
            name: "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value) for name, value in item.items()
        } == line
    text = command("validate", "--by", "engine").stdout
    assert "TensorRT-LLM 1.x" in text
    assert "held_out: median error, constants fitted without the point's model" in text


def test_points_of_ones_own_are_judged_by_the_cards(tmp_path: Path) -> None:
    speed = read_points(written(tmp_path, served(np.ones(12).tolist()))).of("speed")
    path = written(tmp_path, served((speed / OFF).tolist()))
    result = command("validate", "--data", path, "--format", "json")
    (found,) = [item for item in json.loads(result.stdout) if item["by"] == "all"]
    assert result.exit_code == 0
    assert "held_out" not in found
    assert {name: found[name] for name in ("result", "points", "in_sample", "p90", "signed", "within_25")} == {
        "result": "tok/s",
        "points": 12,
        "in_sample": 0.1,
        "p90": 0.1,
        "signed": 0.1,
        "within_25": 1,
    }


MISTAKES = [
    ({"model": "llama_3_1_70"}, "1: 'llama_3_1_70' is not a card of 'models'"),
    ({"gpu": "H100"}, "14: 'H100' is not a card of 'hardware'"),
    ({"in_flight": "64 000"}, "40: 'points.in_flight' at mine_4 must be a finite number, not '64 000'"),
    ({"prompt": "0"}, "42: 'points.prompt' at mine_5 is 0; it must be above 0"),
    ({"output": ""}, "47: 'output' is empty"),
    ({"throughput": "0"}, "1: nothing is measured on this point"),
    ({"weights": "nvfp4"}, "1: 'nvfp4' has no kernels on 'H100 SXM'"),
]
"""What is changed in a line, and the message with its column: found in three readings, each of what the one before left."""


@pytest.mark.parametrize("several", [True, False])
def test_mistakes_of_all_lines_come_at_once_each_with_its_place_and_a_fix(tmp_path: Path, several: bool) -> None:  # noqa: FBT001
    good = dict(zip(NAMES, served([1000.0] * 12)[0], strict=True))
    mistakes = MISTAKES if several else MISTAKES[-1:]
    path = written(tmp_path, [tuple((good | changed).values()) for changed, _ in mistakes])
    result = command("validate", "--data", path)
    assert (result.exit_code, result.stdout) == (2, "")
    found = [line for line in result.stderr.splitlines() if line.startswith(str(path))]
    assert [line.removeprefix(f"{path}:") for line in found] == [f"{number}:{message}" for number, (_, message) in enumerate(mistakes, 2)]
    assert len(re.findall(r"^ +\| +\^", result.stderr, re.MULTILINE)) == len(mistakes)


def test_a_file_without_a_column_or_with_an_unknown_one_says_which(tmp_path: Path) -> None:
    names = ("modle", *NAMES[1:])
    result = command("validate", "--data", written(tmp_path, served([1.0] * 12), names))
    assert result.exit_code == 2
    assert "the line of names lacks model" in result.stderr
    assert "there is no column 'modle'" in result.stderr
    assert "did you mean 'model'?" in result.stderr


def test_a_group_that_does_not_exist_is_refused() -> None:
    result = command("validate", "--by", "gpus")
    assert (result.exit_code, result.stderr) == (2, "points cannot be grouped by 'gpus'\n    did you mean 'gpu'?\n")


def measured(folder: Path, factor: float) -> Points:
    """Give twelve points, those of the first model off by a factor more."""
    speed = read_points(written(folder, served([1.0] * 12))).of("speed") / np.linspace(0.9, 1.2, 12)
    speed[:4] /= factor
    return read_points(written(folder, served(speed.tolist())))


def test_what_a_model_left_out_measured_is_not_in_its_prediction(tmp_path: Path) -> None:
    before, after = (held_out(measured(tmp_path, factor), "model").of("speed") for factor in (1.0, 1.5))
    assert after[:4] == pytest.approx(before[:4], rel=1e-9)
    assert np.all(np.abs(after[4:] / before[4:] - 1) > 1e-4)


def test_a_fit_finds_what_points_follow_but_for_some_that_are_far_off() -> None:
    random = np.random.default_rng(1)
    slopes = random.uniform(0.1, 1, (200, 3))
    true = np.array([2.0, 0.0, 5.0])
    wanted = 1 + slopes @ true
    wanted[::10] *= 5
    found = robust_fit(np.ones(200), slopes, wanted, np.ones(200), np.ones(3))
    assert found == pytest.approx(true, abs=1e-3)
    assert found.min() >= 0


def test_the_sheet_evidence_shows_what_the_command_says_today() -> None:
    kept = csv.DictReader(io.StringIO((packaged() / "evidence" / "errors.csv").read_text("utf-8"), newline=""))
    for item, now in zip(kept, rows(), strict=True):
        for name, text in item.items():
            wanted = now[name]
            same = text == wanted or (text and wanted and float(text) == pytest.approx(float(wanted), abs=2e-3))
            assert same, f"{item}: {name} is {wanted}; renew it: workbook validate --format csv > templates/evidence/errors.csv"


def test_the_sheet_evidence_has_a_row_for_each_group() -> None:
    model = shipped("planning").model
    shown = [keys[0] for name in ("evidence_energy", "evidence_served", "evidence_published") for keys in model.tables[name].rows]
    assert len(shown) == len(set(shown)) == len(rows())
    assert len(model.tables["evidence_short"].rows) == 7


def _percent(text: str) -> str:
    """Return a share as sheet Evidence shows it: a half is rounded up."""
    return f"{(Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP)}%" if text else ""


def test_the_first_page_prints_these_errors() -> None:
    table = (SOURCES / "README.md").read_text("utf-8").partition("<!-- errors -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    names = ("in_sample", "held_out", "p90", "within_25", "inside")
    wanted = [
        [f"{item['result']}, {item['points_of']}", f"{int(item['points']):,}", *(_percent(item[n]) for n in names)]
        for item in rows()
        if item["by"] == "all"
    ]
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in table] == wanted
