"""What a newcomer types: every command, its formats, its help, its streams and its exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support import SOURCES, TINY, command, environment, formula_cells, process, shipped, shipped_file
from workbook import api
from workbook.ask.inspect import CELL_COLUMNS, INPUT_COLUMNS
from workbook.declare.packaged import BASE

COMMANDS = (
    *("audit", "build", "catalogue", "cells", "check", "diff", "drift", "explain", "functions", "import", "inputs", "language"),
    *("optimize", "pull", "render", "results", "schema", "templates", "units", "validate", "verify"),
)
CLOSING = re.compile(r"(.+\.xlsx): (\d+) sheets, ([\d,]+) inputs, ([\d,]+) formulas, \d+\.\d s\n")
TEXT_COLUMNS = {
    "cells": ("id", "sheet", "address", "value", "unit", "formula"),
    "inputs": ("id", "value", "unit", "low", "high", "evidence", "confidence", "kind", "label"),
}


def number(text: str) -> int:
    """Read a count as people write it."""
    return int(text.replace(",", ""))


# Build.


def test_build_says_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    result = command("build", "tiny", "--templates", TINY, "--out", path)
    assert (result.exit_code, result.stderr) == (0, "")
    match = CLOSING.fullmatch(result.stdout)
    assert match
    assert match[1] == str(path)
    assert number(match[4]) == len(formula_cells(path))
    assert [number(match[group]) for group in (2, 3)] == [7, 16]


def test_planning_is_what_is_built_when_nothing_is_said(tmp_path: Path) -> None:
    result = process("build", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    match = CLOSING.fullmatch(result.stdout)
    assert match
    assert match[1] == str(Path("output") / "planning.xlsx")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == [match[1]]
    assert number(match[4]) > 4_000


def test_a_second_build_replaces_the_first(tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    command("build", "tiny", "--templates", TINY, "--out", path)
    before = path.read_bytes()
    assert command("build", "tiny", "--templates", TINY, "--out", path, "--set", "run.weights=17").exit_code == 0
    assert path.read_bytes() != before


# Lists.


def _listed(name: str, form: str, *options: object) -> str:
    result = command(name, "tiny", "--templates", TINY, "--format", form, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("workbook", [("tiny", "--templates", TINY), ("paper",)], ids=["tiny", "paper"])
@pytest.mark.parametrize(("name", "columns"), [("cells", CELL_COLUMNS), ("inputs", INPUT_COLUMNS)])
def test_csv_json_and_text_say_the_same(name: str, columns: tuple[str, ...], workbook: tuple[object, ...]) -> None:
    outputs = {form: command(name, *workbook, "--format", form) for form in ("csv", "json", "text")}
    assert {(result.exit_code, result.stderr) for result in outputs.values()} == {(0, "")}
    rows = list(csv.DictReader(io.StringIO(outputs["csv"].stdout, newline="")))
    objects: list[dict[str, Any]] = json.loads(outputs["json"].stdout)
    assert len(rows) == len(objects) > 10
    assert all(tuple(row) == tuple(item) == columns for row, item in zip(rows, objects, strict=True))
    for row, item in zip(rows, objects, strict=True):
        for column in columns:
            value = item[column]
            # Every digit survives: CSV and JSON give the same float. A text like a formula stands behind an apostrophe.
            shown = "" if value is None else f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value
            assert (float(row[column]) if isinstance(value, float) else row[column]) == shown, item["id"]
    head, *lines = outputs["text"].stdout.splitlines()
    assert tuple(head.split()) == TEXT_COLUMNS[name]
    for line, item in zip(lines, objects, strict=True):
        expected = [item[column] for column in TEXT_COLUMNS[name]]
        shown = [f"{value:.10g}" if isinstance(value, float) else value for value in expected if value not in {None, ""}]
        assert re.sub(r"\s+", " ", line) == re.sub(r"\s+", " ", " ".join(shown)), item["id"]


def test_text_is_the_format_when_nothing_is_said() -> None:
    for name in ("cells", "inputs"):
        assert command(name, "tiny", "--templates", TINY).stdout == _listed(name, "text")


def test_columns_of_text_stand_under_their_heads() -> None:
    head, *lines = _listed("cells", "text").splitlines()
    start = head.index("address")
    assert all(re.match(r"[A-Z]+[0-9]+ ", line[start:]) for line in lines)


def test_the_lists_are_those_of_the_book() -> None:
    book = api.load("tiny", TINY)
    cells = json.loads(_listed("cells", "json"))
    assert [item["id"] for item in cells] == [cell_id for cell_id, _, _ in book.model.cells()]
    assert {item["kind"] for item in cells} == {"input", "formula", "link", "constant"}
    assert all(bool(item["formula"]) == (item["kind"] in {"formula", "link"}) for item in cells)
    inputs = json.loads(_listed("inputs", "json"))
    assert [item["id"] for item in inputs] == [item["id"] for item in cells if item["kind"] == "input"]
    weights = next(item for item in inputs if item["id"] == "run.weights")
    wanted = {"value": 16.0, "unit": "GB/gpu", "low": 14.0, "high": 18.0, "source": "datasheet", "date": "2026-01-01"}
    assert wanted.items() <= weights.items()
    assert {"confidence": "low", "evidence": "assumed", "label": "Weights"}.items() <= weights.items()


def test_set_values_are_in_the_lists() -> None:
    before = {item["id"]: item["value"] for item in json.loads(_listed("cells", "json"))}
    after = {item["id"]: item["value"] for item in json.loads(_listed("cells", "json", "--set", "run.parallel=4"))}
    changed = {cell_id for cell_id in before if before[cell_id] != after[cell_id]}
    assert changed == {"run.parallel", "own.small.instance_power", "own.large.instance_power"}
    inputs = {item["id"]: item["value"] for item in json.loads(_listed("inputs", "json", "--set", "run.parallel=4"))}
    assert inputs["run.parallel"] == 4


# Explain.


def _explained(what: str, *options: object) -> str:
    result = command("explain", what, "--workbook", "tiny", "--templates", TINY, *options)
    assert (result.exit_code, result.stderr) == (0, ""), what
    return result.stdout


def test_a_cell_is_explained_by_id_and_by_address_alike() -> None:
    for item in json.loads(_listed("cells", "json"))[::3]:
        by_id = _explained(item["id"])
        assert _explained(f"{item['sheet']}!{item['address']}") == by_id
        assert _explained(f"'{item['sheet'].upper()}'!${item['address'][0].lower()}${item['address'][1:]}") == by_id
        assert by_id.startswith(f"{item['label']}  [{item['id']}, ")
        if item["formula"] and item["kind"] == "formula":
            assert f"  formula   {item['formula']}\n" in by_id


def test_an_explanation_names_equation_operands_sources_and_users() -> None:
    lines = _explained("fit.small.l2.n").splitlines()
    assert lines[1:3] == ["  value     14 seq/gpu", "  meaning   A whole number of them."]
    assert lines[3].startswith("  equation  ⌊")
    used = lines[lines.index("  uses") + 1 : lines.index("  used by")]
    assert [line.split()[0] for line in used] == ["gpu_list.small.free", "fit.small.l2.gpu", "run.per_token", "fit.small.l2.length"]
    assert used[0].endswith("Memory left = 29 GB/gpu")
    users = {line.split()[0] for line in lines[lines.index("  used by") + 1 :]}
    assert {"fit.step", "fit.throughput", "fit.running", "result.small_total", "result.between", "printed.live"} <= users
    weights = _explained("run.weights")
    assert "  evidence  assumed, confidence low\n" in weights
    assert "  source    A datasheet (page 1)\n" in weights


def test_an_explanation_follows_set_values() -> None:
    assert "  value     78 GB/gpu\n" in _explained("result.chosen", "--set", "run.gpu=large")
    assert "gpu_list.large.memory  Memory = 78 GB/gpu" in _explained("result.chosen", "--set", "run.gpu=large")


# Inputs that choose a row of a table.


@pytest.mark.parametrize("given", ["azure_two", "Azure, two pools", "azure, TWO pools"])
def test_a_row_is_chosen_by_key_or_by_the_name_that_is_shown(given: str) -> None:
    result = command("explain", "whatif.design", "--workbook", "paper", "--set", f"whatif.design={given}")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "  value     Azure, two pools\n" in result.stdout


def test_a_chosen_row_moves_what_leans_on_it() -> None:
    listed = {}
    for given in ("azure_homo", "azure_two"):
        book = api.load("paper", sets={"whatif.design": given, "whatif.comparison": given})
        listed[given] = {name: book.values[name].tolist() for name in ("ladder.gpus", "flex.power", "availability.gpus")}
        row = book.model.tables["designs"].index[given,]
        of_case = book.values["cases.gpus"][row]
        loads = book.values["loads_tried.value"].tolist()
        assert listed[given]["ladder.gpus"][loads.index(1000)] == listed[given]["ladder.gpus"][len(loads) + loads.index(1000)] == of_case
    assert all(listed["azure_homo"][name] != listed["azure_two"][name] for name in listed["azure_homo"])


def test_the_file_offers_the_rows_that_an_input_chooses_among() -> None:
    book = shipped("paper")
    opened = openpyxl.load_workbook(shipped_file("paper").path, data_only=True)
    for item in ("whatif.design", "whatif.comparison"):
        sheet, _, address = book.layout.address(*(book.model.find(item) or ("", 0))).rpartition("!")
        page = opened[sheet.strip("'")]
        (offered,) = [rule for rule in page.data_validations.dataValidation if address in rule.sqref]
        assert (offered.type, offered.showErrorMessage) == ("list", True)
        target, _, cells = str(offered.formula1).replace("$", "").rpartition("!")
        names = [row[0].value for row in opened[target.strip("'")][cells]]
        assert names == list(book.model.tables["designs"].keys[0].shown.values())
        assert page[address].value in names


# Check and templates.


@pytest.mark.parametrize("options", [("tiny", "--templates", TINY), ()], ids=["tiny", "packaged"])
def test_check_says_that_nothing_is_wrong(options: tuple[object, ...]) -> None:
    result = command("check", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.fullmatch(r"\w+: \d+ sheets, [\d,]+ quantities, nothing wrong\n", result.stdout)


def test_templates_written_out_build_the_same_workbook_until_they_are_changed(tmp_path: Path) -> None:
    written = command("templates", tmp_path / "mine")
    assert (written.exit_code, written.stderr) == (0, "")
    match = re.fullmatch(r"(.+): (\d+) files\n", written.stdout)
    assert match
    assert match[1] == str(tmp_path / "mine")
    files = [path.relative_to(tmp_path / "mine") for path in (tmp_path / "mine").rglob("*") if path.is_file()]
    assert number(match[2]) == sum(path.parts[0] != BASE for path in files)
    assert command("build", "planning", "--templates", tmp_path / "mine", "--out", tmp_path / "mine.xlsx").exit_code == 0
    assert (tmp_path / "mine.xlsx").read_bytes() == shipped_file("planning").path.read_bytes()
    sheet = tmp_path / "mine" / "sheets" / "start.yaml"
    sheet.write_text(re.sub(r"(?m)^title: .*$", "title: My own title", sheet.read_text("utf-8")), "utf-8")
    labels = {name: [label.text for label in plan.labels] for name, plan in api.load("planning", tmp_path / "mine").layout.sheets.items()}
    assert [name for name, texts in labels.items() if "My own title" in texts] == ["Start"]


# Help and versions.


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    for sign in ("--help", "-h"):
        result = command(name, sign)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith(f"Usage: workbook {name} ")
    options = {
        "build": "--out",
        "cells": "--format",
        "check": "--templates",
        "explain": "--workbook",
        "optimize": "--step",
        "results": "--case",
    }
    options["verify"] = "--engine"
    assert options.get(name, "-h") in result.stdout


def test_the_help_lists_every_command_and_the_exit_status() -> None:
    result = command("--help")
    assert result.exit_code == 0
    listed = result.stdout.partition("Commands:\n")[2]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS
    assert "Exit status: 0 done, 1 a finding" in re.sub(r"\s+", " ", result.stdout)


def test_the_version_is_that_of_the_package() -> None:
    assert command("--version").stdout == f"workbook, version {api.package_version()}\n"


# Processes, pipes and terminals.


def test_the_module_is_the_console_command(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("workbook")
    if not script.exists():
        pytest.skip("the package is not installed beside this Python")
    options = ["--templates", str(TINY)]
    for arguments in (["--version"], ["cells", "tiny", *options], ["build", "nosuch"]):
        console = subprocess.run([script, *arguments], capture_output=True, text=True, env=environment(), check=False)  # noqa: S603
        module = process(*arguments)
        assert (console.returncode, console.stdout, console.stderr) == (module.returncode, module.stdout, module.stderr)
    subprocess.run([script, "build", "tiny", *options, "--out", tmp_path / "1.xlsx"], capture_output=True, env=environment(), check=True)  # noqa: S603
    assert process("build", "tiny", *options, "--out", tmp_path / "2.xlsx").returncode == 0
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()


def _piped(arguments: list[str], output: int | Any, **extra: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "workbook", *arguments]
    return subprocess.Popen(line, stdout=output, stderr=subprocess.PIPE, env=environment(**extra))  # noqa: S603


def test_a_reader_that_leaves_early_is_no_error() -> None:
    for form in ("text", "csv"):
        with _piped(["cells", "paper", "--format", form], subprocess.PIPE) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            assert running.stdout.readline()
            running.stdout.close()
            assert (running.wait(60), running.stderr.read()) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110 it is a device
def test_an_output_that_is_full_is_told() -> None:
    with Path("/dev/full").open("wb") as full, _piped(["cells", "tiny", "--templates", str(TINY)], full) as running:
        assert running.stderr is not None
        assert (running.wait(60), running.stderr.read()) == (2, b"the output cannot be written: No space left on device\n")


@pytest.mark.parametrize(("encoding", "sign"), [("cp1252", b"?"), ("utf-8", "⌊".encode())])
def test_signs_that_a_console_lacks_do_not_stop_it(encoding: str, sign: bytes) -> None:
    arguments = ["explain", "fit.small.l2.n", "--workbook", "tiny", "--templates", str(TINY)]
    with _piped(arguments, subprocess.PIPE, PYTHONIOENCODING=encoding) as running:
        output, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (0, b"")
    assert sign + b"Memory left" in output


def test_progress_is_for_terminals_only(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    line = [sys.executable, "-m", "workbook", "build", "tiny", "--templates", str(TINY), "--out", str(tmp_path / "tiny.xlsx")]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=follower, env=environment(TERM="xterm"), check=True)  # noqa: S603
    os.close(follower)
    shown = os.read(leader, 65536)
    os.close(leader)
    assert CLOSING.fullmatch(done.stdout.decode())
    assert b"writing" in shown
    assert b"writing" not in done.stdout


def test_the_package_is_the_one_that_is_tested() -> None:
    line = [sys.executable, "-c", "import workbook; print(workbook.__file__)"]
    result = subprocess.run(line, capture_output=True, text=True, env=environment(), check=True)  # noqa: S603
    assert Path(result.stdout.strip()).parent.parent == SOURCES
