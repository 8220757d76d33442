"""A hardware update as users make it, by the commands of docs/howto/update_hardware.md: a curve that was measured replaces a projection.

What the tables must become is worked out from the paper's equations in ``tests/reference``, never from the program.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.reference import revised
from tests.reference.equations import cards, fleet, metrics, paper, power, slots
from tests.reference.printed import deviation, half_unit
from tests.roundtrip.edits import in_libreoffice, place
from tests.roundtrip.updates import CARDS, GUIDE, MODELS, of, run, values
from tests.support import QUICKEST, command, formula_cells, plant, require_all, shipped, shipped_file
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.verify.run import verify

if TYPE_CHECKING:
    from pathlib import Path

BOARD = "cards/hardware/b200_sxm.yaml"
RATE, IDLE = "traffic.rate", "power_curves.b200.p_idle"

CHOICE = "  - {source: b200_power_calibration, confidence: low, evidence: derived, figures: {computed_power: power curve}}\n"
"""The line of cards/hardware/b200_sxm.yaml, as the guide gives it."""

TEMPLATES = "workbook templates cards"
MEASURED = """
cp b200.yaml cards/power_curves/b200.yaml
workbook check paper --templates cards
workbook build --from last.xlsx --templates cards --out new.xlsx
"""

P_IDLE, P_HIGH, P_ONE = 251.33, 606.33, 512.91
"""Measured on 8 B200 with Llama-3.1-70B: loaded and idle, 95th percentile with one sequence, its mean; W of one GPU."""

X0 = math.log((P_HIGH - P_IDLE) / (P_ONE - P_IDLE) - 1)
"""P(1) = P_idle + (P_high - P_idle) / (1 + exp(k x0)) with k = 1, solved for x0."""

NEW_RATE = 1200.0


def b200() -> cards.CalibratedProfile:
    """Return the B200 profile of Tables 1 and 3 with the measured curve."""
    return replace(paper.calibrated_b200(), curve=cards.LogisticCurve(P_IDLE, P_HIGH, 1.0, X0))


def computed(model: cards.Model) -> dict[str, float]:
    """Return n_max, token/s, W and tok/W of a model on B200 at 8K, its watts by the measured curve at n_max."""
    profile = paper.computed_profile(model, cards.B200)
    n = int(slots.computed_slots(profile.blocks, paper.WINDOW_8K))
    tokens = paper.computed_throughput(profile, n, paper.WINDOW_8K / 2)
    watts = float(power.logistic_power(n, P_IDLE, P_HIGH, 1.0, X0))
    return {"n_max": n, "tok_per_s": tokens, "power": watts, "tok_per_w": float(metrics.paper_tok_per_watt(tokens, watts))}


def expected() -> dict[str, float]:
    """Return the B200 figures of Tables 1, 2, 3, 5 and A by the ids of their live cells."""
    found: dict[str, float] = {}
    for window in paper.WINDOWS:
        n = paper.calibrated_slots(b200(), window)
        watts, efficiency = paper.calibrated_point(b200(), n, window)
        row = f"printed_1.b200_projected.{window // 1024}k"
        found |= {f"{row}.n_max.live": n, f"{row}.p_sat.live": watts, f"{row}.tok_per_w.live": efficiency}
    for key, model in MODELS.items():
        found |= {f"printed_2.{key}.b200_{name}.live": value for name, value in computed(model).items() if name != "power"}
    policy = fleet.Policy(rate=NEW_RATE)
    for source, (lengths, boundary, _) in fleet.WORKLOADS.items():
        plans = fleet.topologies(lengths, boundary)
        base = fleet.fleet(plans["homo"], cards.H100_CALIBRATED, "replay", policy)
        for plan, pools in plans.items():
            row, totals = f"printed_3.{source.lower()}_{plan}_b200", fleet.fleet(pools, b200(), "replay", policy)
            found |= {f"{row}.instances.live": totals.instances, f"{row}.power.live": totals.kw, f"{row}.tok_per_w.live": totals.tok_per_w}
            found[f"{row}.gain.live"] = 100 * (totals.tok_per_w / base.tok_per_w - 1)
    generation = computed(cards.LLAMA_70B)
    found |= {f"printed_5.b200_sxm.{name}.live": generation[name] for name in ("n_max", "power", "tok_per_w")}
    found["printed_5.b200_sxm.p_idle.live"] = P_IDLE
    return found | {"printed_a.b200_sxm.p_idle.live": P_IDLE, "printed_a.b200_sxm.p_nominal.live": P_HIGH}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Type another arrival rate into the paper workbook in LibreOffice, then follow the commands."""
    folder = tmp_path_factory.mktemp("measured")
    shutil.copy(CARDS / "power_curves" / "b200.yaml", folder)
    in_libreoffice([(shipped_file("paper").path, folder / "last.xlsx", [["value", *place(shipped("paper"), RATE), NEW_RATE]])])
    run(folder, TEMPLATES)
    plant(folder, BOARD, "  - {basis: paper", f"{CHOICE}  - {{basis: paper")
    said = run(folder, MEASURED, finds="check")
    assert next(line for line in said if line.startswith("check fails: Table")).startswith("check fails: Table 1 at the printed digits: ")
    assert "1 edit kept, 3 inputs with new figures, 0 conflicts" in said
    return folder


@pytest.fixture(scope="module")
def updated(measured: Path) -> api.Book:
    """Give the model after the update, to find its cells."""
    return api.load("paper", measured / "cards", {RATE: NEW_RATE})


def test_x0_by_hand() -> None:
    """355.00 / 261.58 - 1 = 0.35714, whose logarithm is -1.02963; the curve then gives 512.91 W at one sequence."""
    assert pytest.approx(-1.02963, abs=5e-6) == X0
    assert P_IDLE + (P_HIGH - P_IDLE) / (1 + math.exp(X0)) == pytest.approx(P_ONE)


def test_the_b200_columns_of_the_tables_become_what_the_equations_say(measured: Path, updated: api.Book) -> None:
    wanted = {"power_curves.b200.x0": X0, "power.b200.b1.power": P_ONE, **expected()}
    assert len(wanted) == 2 + 21 + 15 + 24 + 4 + 2
    assert values(measured / "new.xlsx", updated, list(wanted)) == pytest.approx(wanted, rel=1e-9)


def test_the_authors_revised_figures_come_out_to_the_printed_digit(measured: Path) -> None:
    book = api.load("paper", measured / "cards")
    assert len(revised.PRINTED) == 5 + 18 + 3 + 3
    live = {cell: of(book, cell) for cell in revised.PRINTED}
    assert {cell: live[cell] for cell, text in revised.PRINTED.items() if deviation(live[cell], text) > half_unit(text)} == {}


def test_what_does_not_depend_on_the_curve_is_as_it_was(measured: Path, updated: api.Book) -> None:
    api.build("paper", measured / "before.xlsx", sets={RATE: NEW_RATE})
    ids = {place(updated, name): name for name, quantity, _ in updated.model.cells() if quantity in updated.layout.segments}
    old, new = (formula_cells(measured / name) for name in ("before.xlsx", "new.xlsx"))
    assert {sheet for sheet, _ in new.keys() - old.keys()} == {"Changes", "Update bridge"}
    assert old.keys() <= new.keys()
    moved = {ids[at] for at in old if not _same(old[at].value, new[at].value)}
    assert len(moved) > 700
    assert [name for name in moved if "h100" in name] == []
    # What does not name the B200 compares with it, adds it up, counts, or is a case with it.
    others = {name.partition(".")[0] for name in moved if "b200" not in name}
    assert others == {"cover", "headline", "claims", "reproduction", "checks", "cases", "design_pools", "design_totals"}
    assert {name.split(".")[1] for name in moved if name.startswith("cases.")} == {"azure_mixed", "yours"}


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return one == other


def test_the_printed_digits_of_the_b200_no_longer_hold_and_the_master_check_says_so(measured: Path) -> None:
    book = api.load("paper", measured / "cards")
    rows = {
        "1": [f"{window // 1024}K b200_{name}" for window in paper.WINDOWS for name in ("p_sat_w", "tok_per_w")],
        "2": [f"{model.name} b200_tok_per_w" for model in cards.MODELS],
        "3": [f"{row} {name}" for row in fleet.fleets() if "B200" in row for name in ("kw", "tok_per_w", "vs_h100_homo")],
        "5": [f"B200-SXM {name}" for name in ("p_idle_w", "p_sat_w", "tok_per_w")],
        "a": [f"B200-SXM {name}" for name in ("p_idle_w", "p_nom_w")],
    }
    wanted = {f"checks.table_{table}": float(len(names)) for table, names in rows.items()}
    assert sum(wanted.values()) == 42
    wanted |= {"checks.table_4": 0.0, "checks.failures": 42.0}
    assert {name: of(book, name) for name in wanted} == wanted
    assert values(measured / "new.xlsx", book, ["checks.status"]) == {"checks.status": "CHECK FAILS: see sheet Checks"}


def test_the_edit_made_before_stays_and_the_file_can_be_updated_again(measured: Path) -> None:
    assert pull(measured / "new.xlsx").sets == {RATE: NEW_RATE}
    assert run(measured, "workbook build --from new.xlsx --templates cards --out again.xlsx")[-1].startswith("1 edit kept, 0 inputs")
    assert (measured / "again.xlsx").read_bytes() == (measured / "new.xlsx").read_bytes()


def test_diff_says_what_moved_the_headlines_and_from_what_the_formula_changed(measured: Path) -> None:
    result = command("diff", measured / "last.xlsx", measured / "new.xlsx")
    old, new = (paper.calibrated_point(profile, 335, paper.WINDOW_8K)[1] for profile in (paper.calibrated_b200(), b200()))
    assert result.exit_code == 1
    assert f"B200 at 8K, tok/W paper-normalised: {old:.10g} -> {new:.10g} tok*gpu/J/instance" in result.stdout
    assert f"{IDLE}: 430 -> 251.33 W/gpu (b200_power_calibration, 2026-04-29, measured, high)" in result.stdout
    assert "power_curves.x0: log2(" in result.stdout


def test_an_edit_of_the_same_figure_is_a_conflict(measured: Path) -> None:
    api.build("paper", measured / "same.xlsx", sets={IDLE: 400})
    lines = run(measured, "workbook build --from same.xlsx --theirs --templates cards --out either.xlsx")
    counted = "0 edits kept, 2 inputs with new figures, 1 conflict"
    assert lines[lines.index(counted) :][:2] == [
        counted,
        f"conflict: {IDLE} was edited from 430 to 400 W/gpu, but the templates now give 251.33 W/gpu; as edited in the new file",
    ]
    assert pull(measured / "either.xlsx").sets[IDLE] == 400


def test_an_engine_agrees_after_the_update(measured: Path) -> None:
    """With another figure on a card every formula stays: all engines compare them without it, and with a new card."""
    require_all()
    report = verify(measured / "new.xlsx", [QUICKEST], templates=measured / "cards")
    assert (report.ok, report.differences) == (True, [])


def test_the_commands_are_those_of_the_guide() -> None:
    told = [line.partition("#")[0].strip() for line in GUIDE.splitlines()]
    assert TEMPLATES in told
    assert [line for line in MEASURED.strip().splitlines() if line not in told] == []


def test_the_card_in_the_guide_is_the_one_that_is_tested() -> None:
    assert (CARDS / "power_curves" / "b200.yaml").read_text("utf-8").strip() in GUIDE
    assert CHOICE in GUIDE
