"""Logs of power read into cards: planted curves come back, intervals hold, and weak fits say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import Instance, WorkbookError, api, import_power
from workbook.cli.main import main
from workbook.declare.packaged import write_out
from workbook.importers.power import fit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BATCHES = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], dtype=float)


def curve(batch: NDArray[np.float64], low: float, high: float, k: float, x0: float) -> NDArray[np.float64]:
    """Eq. 1 of the paper, written apart: P = P_idle + (P_nom - P_idle) / (1 + exp(-k (log2 b - x0)))."""
    return np.array([low + (high - low) / (1 + np.exp(-k * (np.log2(b) - x0))) for b in batch])


def table(folder: Path, batches: NDArray[np.float64] = BATCHES, extra: str = "", name: str = "log.csv") -> Path:
    """A table of the paper's H100 curve, with the times of W = 5 ms and H = 0.1 ms."""
    watts = curve(batches, 300, 600, 1, 4.2)
    rows = [f"{b:g},{w!r},{b / (5 + 0.1 * b) * 1000!r}" for b, w in zip(batches.tolist(), watts.tolist(), strict=True)]
    (folder / name).write_text("\n".join(["batch,watts,tok_s", *rows]) + "\n" + extra, "utf-8")
    return folder / name


def test_a_curve_without_noise_comes_back(tmp_path: Path) -> None:
    card = import_power(table(tmp_path))
    assert [card.fields[name].value for name in ("p_idle", "p_nominal", "k", "x0")] == pytest.approx([300, 600, 1, 4.2], rel=1e-3)
    assert (card.kind, card.confidence) == ("power_curves", "medium")


def test_step_times_come_with_the_instance(tmp_path: Path) -> None:
    card = import_power(table(tmp_path), instance=Instance("h100_sxm", "llama_3_1_70b", "h100_x4_llama_70b", 1000, 4))
    assert card.kind == "power_fits"
    assert [card.fields[name].value for name in ("w", "h")] == pytest.approx([5, 0.1])


def test_warm_up_of_a_log_is_dropped_and_units_are_read(tmp_path: Path) -> None:
    lines = ["timestamp, batch, power.draw [W]"]
    for n, (b, w) in enumerate(zip(BATCHES, curve(BATCHES, 100, 700, 0.8, 5), strict=True)):
        lines += [f"2026/11/28 10:{n:02d}:{s:02d}.000, {b:g}, {100 if s < 30 else w:.6f} W" for s in range(0, 60, 10)]
    (tmp_path / "smi.csv").write_text("\n".join(lines), "utf-8")
    card = import_power(tmp_path / "smi.csv")
    assert [card.fields[name].value for name in ("p_idle", "p_nominal", "k", "x0")] == pytest.approx([100, 700, 0.8, 5], rel=2e-3)
    assert "33 rows of warm-up" in card.verdict


DATED = "2026/11/28 10:00:{:02d}.000"
PRINTED = {  # by tool: lines before the rows, which come again after some of them, and a row for a number of seconds and watts
    "nvidia-smi": (["timestamp, index, power.draw [W]"], DATED + ", 0, {:.2f} W"),
    "nvidia-smi, no units": (["timestamp, name, power.draw.instant [W]"], DATED + ", NVIDIA H100 80GB HBM3, {:.2f}"),
    "nvidia-smi dmon": (
        ["#Date       Time        gpu    pwr  gtemp", "#YYYYMMDD   HH:MM:SS    Idx      W      C"],
        " 20261128   10:00:{:02d}      0    {:.1f}     61",
    ),
    "nvidia-smi dmon, CSV": (["#gpu, pwr, gtemp", "#Idx, W, C"], "0, {1:.1f}, 61"),
    "dcgmi dmon": (["#Entity   POWER     GPUTL", "ID        W         %"], "GPU 0     {1:.3f}   99"),
    "the exporter of DCGM": (["Time,DCGM_FI_DEV_POWER_USAGE"], "2026-11-28T10:00:{:02d}Z,{:.3f}"),
    "rocm-smi": (
        ["WARNING: AMD GPU device(s) is/are in a low-power state.", "", "device,Average Graphics Package Power (W)"],
        "card0,{1:.1f}",
    ),
    "rocm-smi on MI300": (["device,Current Socket Graphics Package Power (W),GPU use (%)"], "card0,{1:.1f},99"),
    "amd-smi metric": (["'CTRL' + 'C' to stop watching output:", "timestamp,gpu,socket_power"], "179586000{},0,{:.1f}"),
    "amd-smi monitor": (["timestamp,gpu,power_usage"], "179586000{},0,{:.1f}"),
}


@pytest.mark.parametrize("tool", PRINTED)
def test_logs_are_read_as_each_tool_prints_them(tmp_path: Path, tool: str) -> None:
    """A log for each load; names of columns come again, and a row without watts, such as one of a second die, is counted."""
    heading, row = PRINTED[tool]
    files, again = [], [line for line in heading if not line.startswith(("WARNING", "'CTRL'"))]
    for batch, watts in zip(BATCHES, curve(BATCHES, 100, 700, 0.8, 5).tolist(), strict=True):
        files.append(tmp_path / f"load_{batch:g}.log")
        rows = [row.format(second, watts) for second in range(4)]
        none = re.sub(r"\{1?:\.\df\}", "N/A", row).format(4)
        files[-1].write_text("\n".join([*heading, *rows[:2], *again, *rows[2:], none]) + "\n", "utf-8")
    card = import_power(files, batches=BATCHES.tolist(), warm_up=2)
    assert f"{len(files)} rows with a mistake are left out" in card.warnings
    assert any("N/A" in line for line in card.warnings)
    assert not any("cells; there are" in line for line in card.warnings)
    assert [card.fields[name].value for name in ("p_idle", "p_nominal", "k", "x0")] == pytest.approx([100, 700, 0.8, 5], rel=2e-2)


def test_few_batches_are_graded_low_and_fewer_refused(tmp_path: Path) -> None:
    assert import_power(table(tmp_path, BATCHES[[0, 4, 6, 10]])).confidence == "low"
    with pytest.raises(WorkbookError, match="has 3 batches"):
        import_power(table(tmp_path, BATCHES[[0, 4, 10]]))


def test_a_fit_at_a_bound_is_graded_low(tmp_path: Path) -> None:
    """A step from one batch to the next has no steepness that could be fitted."""
    (tmp_path / "step.csv").write_text("batch,watts\n" + "".join(f"{b:g},{600 if b > 20 else 300}\n" for b in BATCHES), "utf-8")
    card = import_power(tmp_path / "step.csv")
    assert card.confidence == "low"
    assert any("ran into a bound" in line for line in card.warnings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch,watts\n1,600\n2,500\n4,400\n8,300\n", "power does not rise"),
        ("a,b\n1,2\n", "no column that is known to hold watts"),
        ("#Entity   POWER\nID        W\nGPU 0     512.0\n", "name it with --batch-column; or give a log for each load"),
        ("batch,watts\nx,1\n", "log.csv:2:1: batch is 'x', not a number above 0 and up to 1,000,000"),
        ("batch,watts,tok_s\n1,300,fast\n", "log.csv:2:1: throughput is 'fast', not a number from 0 on"),
    ],
)
def test_what_is_no_log_of_power_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "log.csv").write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["import", "power", str(tmp_path / "log.csv"), "-o", str(tmp_path / "out.yaml")])
    assert (result.exit_code, (tmp_path / "out.yaml").exists()) == (2, False)
    assert message in result.stderr


def test_the_card_is_taken_by_the_planning_workbook(tmp_path: Path) -> None:
    root = tmp_path / "cards"
    write_out(root, "1")
    keys = ["--gpu", "h100_sxm", "--model", "llama_3_1_70b", "--series", "h100_x4_llama_70b", "--context", "1000", "--gpus", "4"]
    result = CliRunner().invoke(main, ["import", "power", str(table(tmp_path)), "-o", str(root / "power_fits" / "own.yaml"), *keys])
    assert result.exit_code == 0, result.output
    api.prepared("planning", root)


def held(trials: int) -> NDArray[np.float64]:
    """Return for each constant the share of trials whose interval held the planted one: noise of 8 W, as measured series have."""
    draw = np.random.default_rng(7)
    inside = np.zeros(4)
    for _ in range(trials):
        low, rise = draw.uniform(80, 400), draw.uniform(250, 500)
        planted = np.array([low, low + rise, draw.uniform(0.7, 1.3), draw.uniform(4, 6)])
        found = fit(BATCHES, curve(BATCHES, *planted) + draw.normal(0, 8, len(BATCHES)))
        inside += (found.low <= planted) & (planted <= found.high)
    return np.asarray(inside / trials)


@pytest.mark.storm
def test_intervals_hold_planted_constants_in_95_of_100_trials() -> None:
    assert min(held(500)) >= 0.95 - 2 * (0.95 * 0.05 / 500) ** 0.5  # two standard errors of a count


def test_intervals_hold_in_most_of_forty_trials() -> None:
    assert min(held(40)) >= 0.8


READINGS = st.one_of(st.integers(-2, 2000).map(str), st.floats().map(str), st.text(max_size=6), st.sampled_from(["1 W", "1e400", "inf"]))


def read_any(folder: Path, rows: list[tuple[str, str]]) -> None:
    """A log gives a card or a list of what is wrong."""
    text = "batch,watts\n" + "\n".join(",".join(row) for row in rows)
    (folder / "any.csv").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        card = import_power(folder / "any.csv")
    except WorkbookError:
        return
    card.save(folder / "any.yaml")


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(READINGS, READINGS), max_size=9))
def test_any_log_gives_a_card_or_messages(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    read_any(tmp_path_factory.getbasetemp(), rows)


@pytest.mark.storm
@settings(max_examples=10_000, deadline=None)
@given(rows=st.lists(st.tuples(READINGS, READINGS), max_size=9))
def test_ten_thousand_logs_give_cards_or_messages(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    read_any(tmp_path_factory.getbasetemp(), rows)
