"""A hardware update as users make it, by the commands of docs/howto/update_hardware.md: a GPU that is new, on one card.

What its figures must be is worked out from the paper's equations in ``tests/reference``, never from the program.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl.worksheet.cell_range import MultiCellRange

from tests.reference.equations import cards, fleet, paper, slots
from tests.roundtrip.edits import place
from tests.support import QUICKEST, command, plant, require_all, shipped, shipped_file
from workbook import api
from workbook.verify.run import verify
from workbook.xlsx.a1 import column_letters
from workbook.xlsx.cells import Cell, cell_position, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.roundtrip.updates import CARDS, GUIDE, MODELS, SHARE, of, run, values

Opened = dict[str, Mapping[str, Mapping[str, Cell]]]

ADDED = """
workbook templates cards
cp vera_rubin_nvl72.yaml cards/hardware/
workbook check paper --templates cards
workbook check planning --templates cards
workbook build --from last_paper.xlsx --templates cards --out paper.xlsx
workbook build --from last_planning.xlsx --templates cards --out planning.xlsx
"""


NEW, NAME = "vera_rubin_nvl72", "Vera Rubin NVL72"
RUBIN = cards.Hardware(NAME, round(268.22 * 2**30), 22e12, 8750e12, 1800.0, 10.0)
PROFILE, PROJECTED = f"{NEW}_projected", f"{NAME} projected"
CURVE = cards.LogisticCurve(1.5 * 516.0, 1.5 * 1032.0, 1.0, 6.8)
"""That of the GB200 (Table A), its watts times 1.5 as the card says."""

CHOSEN = {f"cases.mine_1.gpu_{pool}": NEW for pool in (1, 2)}


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Follow the commands from workbooks without edits."""
    folder = tmp_path_factory.mktemp("added")
    shutil.copy(CARDS / "hardware" / f"{NEW}.yaml", folder)
    for name in ("paper", "planning"):
        shutil.copy(shipped_file(name).path, folder / f"last_{name}.xlsx")
    assert [line for line in run(folder, ADDED) if "edits kept" in line] == ["0 edits kept, 0 inputs with new figures, 0 conflicts"] * 2
    return folder


@pytest.fixture(scope="module")
def books(added: Path) -> dict[str, api.Book]:
    """Load both workbooks with the new card."""
    return {name: api.load(name, added / "cards") for name in ("paper", "planning")}


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
    return [source for places, source in listed if address in MultiCellRange(places)]


@pytest.mark.parametrize("name", ["Assumptions", "Dashboard", "Context sweep", "Moments"])
def test_its_projected_serving_profile_is_on_the_sheets_of_profiles(name: str, opened: Opened) -> None:
    assert PROJECTED in {cell.value for cell in opened["paper"][name].values()}


@pytest.mark.parametrize("name", ["Pools", "Service times", "Sizing", "FleetOpt", "Topologies", "Topology pools"])
def test_it_has_fleets_and_cases_of_its_own(name: str, opened: Opened) -> None:
    assert f"Azure, FleetOpt{'' if name.startswith('Topolog') else ' 4K'}, {PROJECTED}" in {
        cell.value for cell in opened["paper"][name].values()
    }


@pytest.mark.parametrize("name", ["Hardware", "Dashboard", "Roofline", "KV", "MoE", "Architecture", "Generations", "Checks", NAME])
def test_the_new_gpu_is_on_the_sheets_of_the_paper_workbook(name: str, opened: Opened) -> None:
    assert NAME in {cell.value for cell in opened["paper"][name].values()}


def test_its_sweep_and_tables_are_what_the_equations_say(added: Path, books: dict[str, api.Book]) -> None:
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
    assert values(added / "paper.xlsx", books["paper"], list(wanted)) == pytest.approx(wanted, rel=1e-9)


def test_its_serving_profile_and_fleets_are_what_the_papers_rule_says(added: Path, books: dict[str, api.Book]) -> None:
    profile = paper.projected(RUBIN, CURVE)
    wanted: dict[str, float] = {f"profiles.{PROFILE}.{name}": getattr(profile, name) for name in ("blocks", "max_slots")}
    wanted |= {f"profiles.{PROFILE}.w": profile.w * 1e3, f"profiles.{PROFILE}.h": profile.h * 1e3}
    for window in paper.WINDOWS:
        n = paper.calibrated_slots(profile, window)
        watts, efficiency = paper.calibrated_point(profile, n, window)
        row = f"sweep.{PROFILE}.{window // 1024}k"
        wanted |= {f"{row}.n_max": n, f"{row}.power": watts, f"{row}.tok_per_w": efficiency}
    for source, (lengths, boundary, _) in fleet.WORKLOADS.items():
        for plan, pools in fleet.topologies(lengths, boundary).items():
            totals = fleet.fleet(pools, profile, "replay", fleet.Policy())
            row = f"totals.replay.{source.lower()}_{plan}_{PROFILE}"
            wanted |= {f"{row}.instances": totals.instances, f"{row}.power_one": totals.kw, f"{row}.tok_per_w": totals.tok_per_w}
    assert len(wanted) == 4 + 21 + 18
    assert values(added / "paper.xlsx", books["paper"], list(wanted)) == pytest.approx(wanted, rel=1e-9)


def test_its_profile_is_graded_projected_and_no_row_of_it_has_printed_numbers(books: dict[str, api.Book]) -> None:
    model = books["paper"].model
    row = model.tables["profiles"].index[(PROFILE,)]
    fields = {name: model.quantities[name] for name in model.tables["profiles"].columns if name != "profiles.gpu"}
    entries = {name: item.inputs.get(row) or item.evidence[row] for name, item in fields.items()}
    assert {(name, entry.evidence) for name, entry in entries.items()} == {(name, "projected") for name in fields}
    of_it = [number for number, keys in enumerate(model.tables["outcome"].rows) if keys[1].endswith(PROFILE)]
    printed = [item for name, item in model.quantities.items() if name.startswith("outcome.printed_")]
    assert len(of_it) == 12
    assert [item.id for item in printed if item.constants.keys() & of_it] == []


def test_the_optimizer_and_what_if_answer_for_it(added: Path) -> None:
    sets = {f"optimise.{pool}_profile": PROFILE for pool in ("short", "long")} | {"whatif.design": f"azure_fleetopt_{PROFILE}"}
    book = api.load("paper", added / "cards", sets)
    assert of(book, "ladder.chosen.a1000.tok_per_j") == of(book, f"cases.azure_fleetopt_{PROFILE}.tok_per_j")
    # The same split and band as a case, and as a cell of the grid.
    assert of(book, "grid_outcome.s6.b5.tok_per_j") == pytest.approx(of(book, f"cases.azure_fleetopt_{PROFILE}.tok_per_j"), rel=1e-9)
    assert of(book, "optimum.most_tok_per_j") >= of(book, "grid_outcome.s6.b5.score") > 0


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_everything_else_is_as_it_was(name: str, books: dict[str, api.Book]) -> None:
    pair = shipped(name), books[name]
    old, now = ({cell_id: book.values[quantity][row] for cell_id, quantity, row in book.model.cells()} for book in pair)
    moved = [cell_id for cell_id, value in old.items() if str(value) != str(now[cell_id])]
    assert [cell_id for cell_id in moved if not cell_id.startswith("usual.")] == []  # the ends over all cards
    new = now.keys() - old.keys()
    assert [cell_id for cell_id in new if NEW not in cell_id] == []
    assert [cell_id for cell_id in new if cell_id.startswith(("printed_", "table_a", "measured", "fits", "window_sweep"))] == []


DROP_DOWNS = [
    ("paper", "explore.gpu", NAME),
    ("paper", "designs.yours.profile_1", PROJECTED),
    ("paper", "optimise.short_profile", PROJECTED),
    ("paper", "whatif.design", f"Azure, FleetOpt, {PROJECTED}"),
    *(("planning", cell_id, NAME) for cell_id in ("cases.mine_1.gpu_1", "cases.mine_1.gpu_2", "cases.published.gpu_1")),
]


@pytest.mark.parametrize(("name", "cell_id", "shown"), DROP_DOWNS)
def test_it_is_in_the_drop_downs(name: str, cell_id: str, shown: str, added: Path, opened: Opened, books: dict[str, api.Book]) -> None:
    sheet, address = place(books[name], cell_id)
    (source,) = rules(added / f"{name}.xlsx", sheet, address)
    assert [shown] in area(opened[name], source.replace("&apos;", "'"), sheet) or shown in area(opened[name], source, sheet)[0]


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


LINES = [
    ("The 1/W law, paper-normalised (instance tokens over watts of ONE GPU)", PROJECTED, 7),
    ("The 1/W law, paper-normalised (instance tokens over watts of ONE GPU)", f"{NAME} computed", 7),
    ("The 1/W law, physical (tokens over joules of all GPUs)", f"{NAME} computed", 7),
    ("Architectures at 8K: tok/J, physical", NAME, 5),
    ("Architectures at 8K: tok/W, paper-normalised", NAME, 5),
    (f"{NAME}: tokens per watt against the context window", "tok/J, physical", 7),
    (f"{NAME}: power against sequences in flight (logistic)", "Logistic power", 10),
]
"""Charts with a line or bars of the new GPU: its name, and the points."""


@pytest.mark.parametrize(("title", "name", "points"), LINES)
def test_it_has_a_line_in_the_charts(title: str, name: str, points: int, added: Path, opened: Opened) -> None:
    for reference in dict(charts(added / "paper.xlsx"))[title][name]:
        keys = re.sub(r"\$[A-Z]+\$([0-9]+):\$[A-Z]+\$", r"$A$\1:$B$", reference)
        rows = area(opened["paper"], keys)
        assert len(rows) == points
        assert all(NAME in row or PROJECTED in row for row in rows)


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
    assert mine["word"] == "modelled"
    # Bandwidth of 22 against 8 TB/s at 1,800 against about 1,000 W: better by more than 1 and less than 22 / 8.
    assert 1 < mine["per_board_joule"] / older["per_board_joule"] < 22 / 8
    assert 1 < older["gpus"] / mine["gpus"] <= 22 / 8 * 1.5


def api_results(added: Path, sets: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Give results of two cases of the planning workbook."""
    book = api.load("planning", added / "cards", sets)
    found = {}
    for case in ("mine_1", "next_hardware"):
        names = ("state", "word", "per_board_joule", "gpus")
        at = {name: book.model.find(f"results.{case}.{name}") or ("", 0) for name in names}
        found[case] = {name: book.values[quantity][row] for name, (quantity, row) in at.items()}
    return found


def test_the_watts_of_a_borrowed_curve_are_scaled(added: Path) -> None:
    by_curve = {**CHOSEN, "cases.mine_1.power_rule": "the curve"}
    scaled = api.load("planning", added / "cards", by_curve)
    for pool in ("p1", "p2"):
        drawn, curve, busy = (of(scaled, f"case_pools.mine_1.{pool}.{name}") for name in ("drawn", "board", "busy"))
        rest = of(scaled, f"case_steps.mine_1.{pool}.prefill_board")
        assert drawn == pytest.approx(1.8 * curve * (1 - busy) + rest * busy, rel=1e-12)
        assert 0.5 * 1800 < rest <= 0.99 * 1800
    other = api.load("planning", added / "cards", {**CHOSEN, "cases.mine_1.curve_1": "b200_x8_llama_70b"})
    assert of(other, "case_pools.mine_1.p1.curve_scale") == 1


def test_a_rack_of_its_own_is_one_card_more(added: Path) -> None:
    root = Path(shutil.copytree(added / "cards", added / "racks"))
    shutil.copy(CARDS / "servers" / f"{NEW}_rack.yaml", root / "servers")
    borrowed = next(line for line in (root / "hardware" / f"{NEW}.yaml").read_text("utf-8").splitlines() if "[server]" in line)
    plant(root, f"hardware/{NEW}.yaml", borrowed, f"  - figures: {{server: {NEW}_rack}}")
    for name in ("paper", "planning"):
        assert command("check", name, "--templates", root).exit_code == 0
    book = api.load("planning", root, CHOSEN)
    assert of(book, "case_pools.mine_1.p1.nodes") >= 1
    assert of(book, "case_pools.mine_1.p1.host_power") == 25 * of(book, "case_pools.mine_1.p1.nodes")


@pytest.mark.parametrize(("name", "engines"), [("paper", None), pytest.param("planning", [QUICKEST], marks=pytest.mark.storm)])
def test_engines_agree_with_the_new_card(name: str, engines: list[str] | None, added: Path) -> None:
    """All with paper; planning has the formulas that all engines compare without the card, so its turn comes on demand."""
    require_all()
    report = verify(added / f"{name}.xlsx", engines, templates=added / "cards")
    assert (report.ok, report.differences) == (True, [])


def test_the_commands_are_those_of_the_guide() -> None:
    told = [line.partition("#")[0].strip() for line in GUIDE.splitlines()]
    assert [line for line in ADDED.strip().splitlines() if line not in told] == []
