"""Two hardware updates as users make them, by the commands of the README: a curve that was measured, and a GPU that is new.

What the tables must become is worked out from the paper's equations in ``tests/reference``, never from the program.
"""

from __future__ import annotations

import math
import re
import shlex
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.reference import cards, fleet, metrics, paper, slots
from tests.roundtrip.edits import in_libreoffice, place
from tests.support import command, formula_cells, plant, require, require_all
from workbook import api
from workbook.names import column_letters
from workbook.roundtrip.pull import pull
from workbook.verification.engines.libreoffice import LibreOffice
from workbook.verification.run import SAVED, verify
from workbook.verification.xlsx import Cell, cell_position, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Opened = dict[str, Mapping[str, Mapping[str, Cell]]]
CARDS = Path(__file__).with_name("cards")
README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
RATE, IDLE = "traffic.rate", "power_curves.b200.p_idle"


def run(folder: Path, lines: str) -> list[str]:
    """Run commands in a folder, as a user types them: those of the program, and ``cp``; give what was said."""
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in lines.strip().splitlines():
            program, *arguments = shlex.split(line, comments=True)
            if program == "cp":
                shutil.copy(*arguments)
                continue
            result = command(*arguments)
            assert result.exit_code == 0, (line, result.output)
            said += result.output.splitlines()
    return said


def values(path: Path, book: api.Book, wanted: Sequence[str], engine: str) -> dict[str, Any]:
    """Give what a file holds in cells of these ids: as Python saved it, or as LibreOffice calculates it."""
    places = {cell_id: place(book, cell_id) for cell_id in wanted}
    if engine == SAVED:
        cells = read_cells(path)
        return {cell_id: cells[sheet][address].value for cell_id, (sheet, address) in places.items()}
    sheets: dict[str, list[str]] = {}
    for sheet, address in places.values():
        sheets.setdefault(sheet, []).append(address)
    office = require(LibreOffice())
    try:
        found = office.recalculate(path, sheets)
    finally:
        office.close()
    return {cell_id: found[sheet][address] for cell_id, (sheet, address) in places.items()}


# A curve that was measured: one card changed.

MEASURED = """
workbook templates cards
cp b200.yaml cards/power_curves/b200.yaml
workbook check paper --templates cards
workbook build --from last.xlsx --templates cards --out new.xlsx
"""

P_IDLE, P_HIGH, P_ONE = 251.33, 606.33, 512.91
"""Measured on 8 B200 with Llama-3.1-70B: loaded and idle, 95th percentile with one sequence, its mean; W of one GPU."""

X0 = math.log((P_HIGH - P_IDLE) / (P_ONE - P_IDLE) - 1)
"""P(1) = P_idle + (P_high - P_idle) / (1 + exp(k x0)) with k = 1, solved for x0."""

TDP, SHARE = 1000.0, 0.43
"""Of the B200, W; and the share of TDP that the paper takes for its idle power and for its range."""

MODELS = dict(zip(("llama_3_1_8b", "llama_3_1_70b", "llama_3_1_405b", "qwen3_235b_a22b", "deepseek_v3"), cards.MODELS, strict=True))
NEW_RATE = 1200.0


def b200() -> cards.CalibratedProfile:
    """Return the B200 profile of Tables 1 and 3 with the measured curve."""
    return replace(paper.calibrated_b200(), curve=cards.LogisticCurve(P_IDLE, P_HIGH, 1.0, X0))


def computed(model: cards.Model) -> dict[str, float]:
    """Return n_max, token/s, W and tok/W of a model on B200 at 8K: the measured idle power and range in place of 43% of TDP each."""
    profile = paper.computed_profile(model, cards.B200)
    n = int(slots.computed_slots(profile.blocks, paper.WINDOW_8K))
    tokens = paper.computed_throughput(profile, n, paper.WINDOW_8K / 2)
    busy = (paper.computed_power(profile, n) / TDP - SHARE) / SHARE
    watts = P_IDLE + (P_HIGH - P_IDLE) * busy
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
    api.build("paper", folder / "built.xlsx")
    in_libreoffice([(folder / "built.xlsx", folder / "last.xlsx", [["value", *place(api.load("paper"), RATE), NEW_RATE]])])
    said = run(folder, MEASURED)
    assert "1 edit kept, 2 inputs with new figures, 0 conflicts" in said
    return folder


@pytest.fixture(scope="module")
def updated(measured: Path) -> api.Book:
    """Give the model after the update, to find its cells."""
    return api.load("paper", measured / "cards", {RATE: NEW_RATE})


def test_x0_by_hand() -> None:
    """355.00 / 261.58 - 1 = 0.35714, whose logarithm is -1.02963; the curve then gives 512.91 W at one sequence."""
    assert pytest.approx(-1.02963, abs=5e-6) == X0
    assert P_IDLE + (P_HIGH - P_IDLE) / (1 + math.exp(X0)) == pytest.approx(P_ONE)


@pytest.mark.parametrize("engine", [SAVED, "libreoffice"])
def test_the_b200_columns_of_the_tables_become_what_the_equations_say(engine: str, measured: Path, updated: api.Book) -> None:
    wanted = {"power_curves.b200.x0": X0, "power.b200.b1.power": P_ONE, **expected()}
    assert len(wanted) == 2 + 21 + 15 + 24 + 4 + 2
    assert values(measured / "new.xlsx", updated, list(wanted), engine) == pytest.approx(wanted, rel=1e-9)


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
    assert others == {"headline", "claims", "reproduction", "checks", "cases", "design_pools", "design_totals"}
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
    assert values(measured / "new.xlsx", book, ["checks.status"], SAVED) == {"checks.status": "CHECK FAILS: see sheet Checks"}


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


@pytest.mark.parametrize(("option", "kept", "said"), [("--theirs", 400, "as edited"), ("--ours", P_IDLE, "as the templates have it")])
def test_an_edit_of_the_same_figure_is_a_conflict(option: str, kept: float, said: str, measured: Path) -> None:
    api.build("paper", measured / "same.xlsx", sets={IDLE: 400})
    lines = run(measured, f"workbook build --from same.xlsx {option} --templates cards --out either.xlsx")
    assert lines[1:3] == [
        "0 edits kept, 1 input with new figures, 1 conflict",
        f"conflict: {IDLE} was edited from 430 to 400 W/gpu, but the templates now give 251.33 W/gpu; {said} in the new file",
    ]
    assert pull(measured / "either.xlsx").sets.get(IDLE, P_IDLE) == kept


def test_all_engines_agree_after_the_update(measured: Path) -> None:
    require_all()
    report = verify(measured / "new.xlsx", templates=measured / "cards")
    assert (report.ok, report.differences) == (True, [])


# A GPU that is new: one card added.

ADDED = """
workbook templates cards
cp vera_rubin_nvl72.yaml cards/hardware/
workbook check paper --templates cards
workbook check planning --templates cards
workbook build --from last_paper.xlsx --templates cards --out paper.xlsx
workbook build --from last_planning.xlsx --templates cards --out planning.xlsx
"""


@pytest.mark.parametrize("lines", [MEASURED, ADDED])
def test_the_commands_are_those_of_the_readme(lines: str) -> None:
    told = [line.partition("#")[0].strip() for line in README.splitlines()]
    assert [line for line in lines.strip().splitlines() if line not in told] == []


def test_the_card_in_the_readme_is_the_one_that_is_tested() -> None:
    assert (CARDS / "power_curves" / "b200.yaml").read_text("utf-8").strip() in README


NEW, NAME = "vera_rubin_nvl72", "Vera Rubin NVL72"
RUBIN = cards.Hardware(NAME, round(268.22 * 2**30), 22e12, 8750e12, 1800.0, 10.0)
CHOSEN = {f"cases.mine_1.gpu_{pool}": NEW for pool in (1, 2)}


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Follow the commands from workbooks without edits."""
    folder = tmp_path_factory.mktemp("added")
    shutil.copy(CARDS / "hardware" / f"{NEW}.yaml", folder)
    for name in ("paper", "planning"):
        api.build(name, folder / f"last_{name}.xlsx")
    assert [line for line in run(folder, ADDED) if "edits kept" in line] == ["0 edits kept, 0 inputs with new figures, 0 conflicts"] * 2
    return folder


@pytest.fixture(scope="module")
def opened(added: Path) -> Opened:
    """Read the cells of both workbooks."""
    return {name: read_cells(added / f"{name}.xlsx") for name in ("paper", "planning")}


def area(cells: Mapping[str, Mapping[str, Cell]], reference: str, home: str = "") -> list[list[object]]:
    """Give the values of a range, row by row."""
    sheet, _, text = reference.replace("$", "").rpartition("!")
    (top, left), (bottom, right) = (cell_position(end) for end in text.split(":"))
    found = cells[sheet.strip("'") or home]
    return [
        [found[address].value if (address := f"{column_letters(column - 1)}{row}") in found else None for column in range(left, right + 1)]
        for row in range(top, bottom + 1)
    ]


def rules(path: Path, sheet: str, address: str) -> list[str]:
    """Give the sources of the drop-downs of a cell."""
    with zipfile.ZipFile(path) as package:
        names = re.findall('<sheet name="(.*?)"', package.read("xl/workbook.xml").decode())
        text = package.read(f"xl/worksheets/sheet{names.index(sheet) + 1}.xml").decode()
    listed = re.findall(r'<dataValidation type="list"[^>]*? sqref="([^"]*)"[^>]*>\s*<formula1>(.*?)</formula1>', text)
    return [source for places, source in listed if address in places.split()]


@pytest.mark.parametrize("name", ["Hardware", "Dashboard", "Roofline", "KV", "MoE", "Architecture", "Generations", "Checks", NAME])
def test_the_new_gpu_is_on_the_sheets_of_the_paper_workbook(name: str, opened: Opened) -> None:
    assert NAME in {cell.value for cell in opened["paper"][name].values()}


@pytest.mark.parametrize("engine", [SAVED, "libreoffice"])
def test_its_sweep_and_tables_are_what_the_equations_say(engine: str, added: Path) -> None:
    wanted: dict[str, float] = {}
    for key, model in MODELS.items():
        profile = paper.computed_profile(model, RUBIN)
        n = int(slots.computed_slots(profile.blocks, paper.WINDOW_8K))
        tokens, watts = paper.computed_throughput(profile, n, paper.WINDOW_8K / 2), paper.computed_power(profile, n)
        wanted |= {f"architecture.{NEW}.{key}.n_max": n, f"architecture.{NEW}.{key}.throughput": tokens}
        wanted |= {f"architecture.{NEW}.{key}.power": watts, f"architecture.{NEW}.{key}.tok_per_w": tokens / watts}
    tok_per_w = wanted[f"architecture.{NEW}.llama_3_1_70b.tok_per_w"]
    wanted |= {f"context.{NEW}.8k.tok_per_w": tok_per_w, f"generations.{NEW}.tok_per_j": tok_per_w / 8}
    wanted |= {f"law_computed.8k.{NEW}": tok_per_w, f"generations.{NEW}.p_idle": SHARE * RUBIN.tdp}
    book = api.load("paper", added / "cards")
    assert values(added / "paper.xlsx", book, list(wanted), engine) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_everything_else_is_as_it_was(name: str, added: Path) -> None:
    before, after = api.load(name), api.load(name, added / "cards")
    old, now = ({cell_id: book.values[quantity][row] for cell_id, quantity, row in book.model.cells()} for book in (before, after))
    assert [cell_id for cell_id, value in old.items() if str(value) != str(now[cell_id])] == []
    new = now.keys() - old.keys()
    assert [cell_id for cell_id in new if NEW not in cell_id] == []
    assert [cell_id for cell_id in new if cell_id.startswith(("printed_", "table_a", "measured", "fits", "window_sweep"))] == []


DROP_DOWNS = {"paper": ["explore.gpu"], "planning": ["cases.mine_1.gpu_1", "cases.mine_1.gpu_2", "cases.published.gpu_1"]}


@pytest.mark.parametrize(("name", "cell_id"), [(name, cell_id) for name, ids in DROP_DOWNS.items() for cell_id in ids])
def test_it_is_in_the_drop_downs(name: str, cell_id: str, added: Path, opened: Opened) -> None:
    sheet, address = place(api.load(name, added / "cards"), cell_id)
    (source,) = rules(added / f"{name}.xlsx", sheet, address)
    assert [NAME] in area(opened[name], source.replace("&apos;", "'"), sheet) or NAME in area(opened[name], source, sheet)[0]


def charts(path: Path) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """Give the title of each chart of a file, and of each series by its name the references of categories and values."""
    with zipfile.ZipFile(path) as package:
        parts = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/charts/chart")]
    for part in parts:
        title = "".join(re.findall("<a:t>(.*?)</a:t>", part.partition("<c:autoTitleDeleted")[0].partition("</c:title>")[0]))
        series = {}
        for text in re.findall("<c:ser>.*?</c:ser>", part, re.DOTALL):
            name = re.search("<c:tx>.*?<c:v>(.*?)</c:v>", text, re.DOTALL)
            references = re.findall("<c:f>(.*?)</c:f>", text.partition("</c:tx>")[2])
            series[name[1] if name else ""] = (references[0], references[-1])
        yield title, series


LINES = {
    "The 1/W law, paper-normalised (instance tokens over watts of ONE GPU)": (f"{NAME} computed", 7),
    "The 1/W law, physical (tokens over joules of all GPUs)": (f"{NAME} computed", 7),
    "Architectures at 8K: tok/J, physical": (NAME, 5),
    "Architectures at 8K: tok/W, paper-normalised": (NAME, 5),
    f"{NAME}: tokens per watt against the context window": ("tok/J, physical", 7),
    f"{NAME}: power against sequences in flight (logistic)": ("Logistic power", 10),
}
"""Charts with a line or bars of the new GPU: its name, and the points."""


@pytest.mark.parametrize("title", LINES)
def test_it_has_a_line_in_the_charts(title: str, added: Path, opened: Opened) -> None:
    name, points = LINES[title]
    for reference in dict(charts(added / "paper.xlsx"))[title][name]:
        keys = re.sub(r"\$[A-Z]+\$([0-9]+):\$[A-Z]+\$", r"$A$\1:$B$", reference)
        rows = area(opened["paper"], keys)
        assert len(rows) == points
        assert all(NAME in row for row in rows)


def test_it_is_a_column_of_the_charts_of_generations(added: Path, opened: Opened) -> None:
    found = [series for title, series in charts(added / "paper.xlsx") if title.startswith(("GPU generations", "Tokens of a dollar"))]
    assert len(found) == 2
    for series in found:
        for names, _ in series.values():
            gpus = [value for row in area(opened["paper"], names) for value in row]
            assert gpus == ["H100 SXM", "H200 SXM", "B200 SXM", "GB200 NVL72", NAME]


def test_a_case_that_chooses_it_has_an_answer_that_says_what_it_leans_on(added: Path) -> None:
    frame = api_results(added, {**CHOSEN, "choose.comparison": "mine_1"})
    mine, older = frame["mine_1"], frame["next_hardware"]
    assert mine["state"] == "ok"
    assert (mine["kin"], mine["trust"]) == ("of another GPU, model or TP", "off by more than 25%")
    # Bandwidth of 22 against 8 TB/s at 1,800 against about 1,000 W: better by more than 1 and less than 22 / 8.
    assert 1 < mine["per_board_joule"] / older["per_board_joule"] < 22 / 8
    assert 1 < older["gpus"] / mine["gpus"] <= 22 / 8 * 1.5


def api_results(added: Path, sets: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Give results of two cases of the planning workbook, and check the worst grade of the one beside."""
    book = api.load("planning", added / "cards", sets)
    found = {}
    for case in ("mine_1", "next_hardware"):
        names = ("state", "kin", "trust", "per_board_joule", "gpus")
        at = {name: book.model.find(f"results.{case}.{name}") or ("", 0) for name in names}
        found[case] = {name: book.values[quantity][row] for name, (quantity, row) in at.items()}
    grades = [
        book.values[quantity][row] for quantity, row in (book.model.find(f"leaning.comparison.gpu_{pool}") or ("", 0) for pool in (1, 2))
    ]
    assert grades == ["projected", "projected"]
    return found


def test_the_watts_of_a_borrowed_curve_are_scaled(added: Path) -> None:
    scaled = api.load("planning", added / "cards", CHOSEN)
    for pool, board, rest in (("p1", 1.8, 0.9 * 1800.0), ("p2", 1.8, 0.9 * 1800.0)):
        drawn, curve, busy = (of(scaled, f"case_pools.mine_1.{pool}.{name}") for name in ("drawn", "board", "busy"))
        assert drawn == pytest.approx(board * curve * (1 - busy) + rest * busy, rel=1e-12)
    other = api.load("planning", added / "cards", {**CHOSEN, "cases.mine_1.curve_1": "b200_x8_llama_70b"})
    assert of(other, "case_pools.mine_1.p1.curve_scale") == 1


def of(book: api.Book, cell_id: str) -> float:
    """Give a number of a loaded workbook."""
    quantity, row = book.model.find(cell_id) or ("", 0)
    return float(book.values[quantity][row])


def test_a_rack_of_its_own_is_one_card_more(added: Path) -> None:
    root = Path(shutil.copytree(added / "cards", added / "racks"))
    shutil.copy(CARDS / "servers" / f"{NEW}_rack.yaml", root / "servers")
    plant(root, f"hardware/{NEW}.yaml", "server: {value: gb200_nvl72_rack", f"server: {{value: {NEW}_rack")
    for name in ("paper", "planning"):
        assert command("check", name, "--templates", root).exit_code == 0
    book = api.load("planning", root, CHOSEN)
    assert of(book, "case_totals.mine_1.nodes") >= 1
    assert of(book, "case_pools.mine_1.p1.host_power") == 25 * of(book, "case_pools.mine_1.p1.nodes")


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_all_engines_agree_with_the_new_card(name: str, added: Path) -> None:
    require_all()
    report = verify(added / f"{name}.xlsx", templates=added / "cards")
    assert (report.ok, report.differences) == (True, [])
