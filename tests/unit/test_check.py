"""What check and build report of a workbook that can be built: slips on cards, inputs that move nothing, checks that fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.support import ACROSS, TINY, command, copy_of, plant, shipped
from workbook import api
from workbook.check.warnings import check
from workbook.declare.packaged import packaged
from workbook.layout.style import BLUE, GREY
from workbook.model.evaluate import evaluate

if TYPE_CHECKING:
    from pathlib import Path

FIELDS, SMALL = "catalogues/gpus.yaml", "gpus/small.yaml"


def found(root: Path, name: str = "tiny") -> list[tuple[str, str, str]]:
    """Give what a check says: place, message, fix."""
    return [(str(item.place), item.message, item.fix) for item in check(api.load(name, root))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_of(TINY, tmp_path / "templates")


# Inputs that move nothing.


def test_an_input_that_no_result_depends_on_is_a_mistake(root: Path) -> None:
    assert found(root) == []
    plant(root, FIELDS, "choices: [red, blue], reference: true}", "choices: [red, blue]}")
    (item,) = found(root)
    assert item == (
        f"{FIELDS}:8:3",
        "no result depends on the input 'gpus.maker' (Maker)",
        "use it in a formula, or declare it 'reference: true': it is shown in grey then",
    )
    result = command("check", "tiny", "--templates", root)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "1 found")


def test_so_is_one_for_reference_that_a_result_depends_on(root: Path) -> None:
    plant(root, FIELDS, "unit: W/gpu, above: 0}", "unit: W/gpu, above: 0, reference: true}")
    (item,) = found(root)
    assert item[1:] == ("'gpus.power' (Power) is declared for reference, but results depend on it", "leave out 'reference'")


@pytest.mark.parametrize(("basis", "says"), [("paper", []), ("corrected", ["no result depends on the input 'gpus.maker' (Maker)"])])
def test_an_input_may_be_for_reference_in_the_workbooks_of_one_basis(basis: str, says: list[str], root: Path) -> None:
    plant(root, FIELDS, "choices: [red, blue], reference: true}", f"choices: [red, blue], reference: {basis}}}")
    assert [message for _, message, _ in found(root)] == says


def test_reference_has_three_values(root: Path) -> None:
    plant(root, FIELDS, "choices: [red, blue], reference: true}", "choices: [red, blue], reference: yes}")
    result = command("check", "tiny", "--templates", root)
    assert result.exit_code == 1
    assert "reference of field 'maker' cannot be 'yes'" in result.stdout
    assert "one of: corrected, paper, true" in result.stdout


def test_an_input_beside_the_cards_may_be_for_reference(root: Path) -> None:
    path = root / "sheets" / "inputs.yaml"
    text = path.read_text("utf-8")
    head = re.search(r"  - inputs: run\n(?:    .*\n)*?    items:\n", text)
    assert head is not None
    path.write_text(text.replace(head[0], f"{head[0]}      memo: {{label: Memo, value: 1}}\n"), "utf-8")
    assert [message for _, message, _ in found(root)] == ["no result depends on the input 'run.memo' (Memo)"]
    path.write_text(text.replace(head[0], f"{head[0]}      memo: {{label: Memo, value: 1, reference: true}}\n"), "utf-8")
    assert found(root) == []


def test_a_last_column_to_print_that_the_sheet_has_not_is_reported(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    for last, status in (("cases.mine", 0), ("cases.mien", 1)):
        path = root / "sheets/cases.yaml"
        path.write_text(f"prints_to: {last}\n" + (ACROSS / "sheets/cases.yaml").read_text("utf-8"), "utf-8")
        result = command("check", "across", "--templates", root)
        assert (result.exit_code, "did you mean 'cases.mine'?" in result.output) == (status, status == 1), result.output


def test_what_is_for_reference_is_grey_and_what_moves_something_blue(tmp_path: Path) -> None:
    book = api.load("tiny", TINY)
    path = api.build("tiny", tmp_path / "tiny.xlsx", templates=TINY).path
    opened = openpyxl.load_workbook(path)
    for quantity, colour in (("gpus.maker", GREY), ("gpus.power", BLUE)):
        sheet, row, column = book.layout.cell(quantity, 0)
        cell = opened[sheet].cell(row + 1, column + 1)
        assert cell.font.color.rgb[2:] == colour[1:]
        assert not cell.protection.locked


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_the_packaged_workbooks_have_nothing_to_report(name: str) -> None:
    assert check(shipped(name)) == ()


# Figures of an unusual size.


def unusual(root: Path, old: str, new: str) -> None:
    """Say between what the power of a GPU usually lies, and put another figure on a card."""
    plant(root, FIELDS, "unit: W/gpu, above: 0}", "unit: W/gpu, above: 0, usual: [50, 5000]}")
    plant(root, SMALL, old, new)


def test_a_figure_in_another_multiple_of_its_unit_is_reported_with_the_likely_one(root: Path) -> None:
    unusual(root, "paper: {value: 250,", "paper: {value: 0.25,")
    slip, *checks = found(root)
    assert slip[0].startswith(f"{SMALL}:8:")
    assert slip[1] == "small.power is 0.25 W/gpu; usual figures lie between 50 and 5,000 W/gpu"
    assert slip[2] == f"did you mean 250 W/gpu? If it is right, widen 'usual' of 'power' in {FIELDS}"
    assert [message for _, message, _ in checks] == ["check fails: Figures on cards are of a usual size: GPU: Power"]


def test_a_user_who_types_it_into_the_cell_sees_the_check_fail(root: Path) -> None:
    unusual(root, "key: small", "key: small")
    book = api.load("tiny", root)
    assert book.values["checks.usual"].tolist() == [0]
    edits = api.parse_sets(book.model, {"gpus.small.power": 0.3})
    assert evaluate(book.model, edits)["checks.usual"].tolist() == [1]
    result = command("build", "tiny", "--templates", root, "--set", "gpus.small.power=0.3", "--out", root / "tiny.xlsx")
    assert result.exit_code == 0
    assert "warning: check fails: Figures on cards are of a usual size: GPU: Power" in result.stderr


@pytest.mark.parametrize("usual", ["[5]", "[5000, 50]", "50", "[-1, 5]", "[a, b]"])
def test_usual_figures_have_a_low_and_a_high(usual: str, root: Path) -> None:
    plant(root, FIELDS, "unit: W/gpu, above: 0}", f"unit: W/gpu, above: 0, usual: {usual}}}")
    result = command("check", "tiny", "--templates", root)
    assert result.exit_code == 1
    assert "'usual' of field 'power'" in result.stdout


# Figures that contradict each other.

SLIPS = {
    "hardware/h100_sxm.yaml": ("tdp: 700", "tdp: 0.7", "did you mean 700 W/gpu?"),
    "hardware/h200_sxm.yaml": ("hbm_bandwidth: 4.8", "hbm_bandwidth: 4800", "did you mean 4.8 TB/s/gpu?"),
    "models/qwen3_235b_a22b.yaml": ("kv_heads: 4", "kv_heads: 16", "192,512 byte/tok but"),
    "models/deepseek_v3.yaml": ("value: 70272", "value: 68.625", "did you mean 70,272 byte/tok?"),
    "models/llama_3_1_405b.yaml": ("value: 405.9", "value: 40.59", "Parameters, published is 40.59 Gparam but"),
    "servers/hgx_b200.yaml": ("max_power: {value: 14.3", "max_power: {value: 41.3", "is 41.3 kW/node but"),
    "traces/azure_code.yaml": ("output_share: {value: 0.0134", "output_share: {value: 0.134", "is 0.134 but"),
}
"""Slips of card authors by file: what is there, what is typed, and part of the message or the fix."""


def test_every_slip_of_a_card_author_is_found_at_its_place(tmp_path: Path) -> None:
    root = copy_of(packaged(), tmp_path / "templates")
    for path, (old, new, _) in SLIPS.items():
        text = (root / path).read_text("utf-8")
        assert old in text, path
        (root / path).write_text(text.replace(old, new, 1), "utf-8")
    said = found(root, "planning")
    for path, (_, _, message) in SLIPS.items():
        assert [1 for place, *texts in said if place.startswith(f"{path}:") and message in " ".join(texts)], (path, said)
    checks = [text for place, text, _ in said if place == "None"]
    assert any(text.startswith("check fails: TDP of GPUs agrees with the watts of their curves: H100 SXM") for text in checks)


def test_a_contradiction_typed_into_a_cell_is_reported_at_the_cell() -> None:
    book = api.load("planning", sets={"hardware.h100_sxm.tdp": 0.7})
    said = {(str(item.place), item.message) for item in check(book)}
    tdp = "Thermal design power is 0.7 W/gpu but Saturated end of its curve is 653.7201 W/gpu"
    assert (book.layout.address("hardware.tdp", 0), f"H100 SXM: 'TDP agrees with the curve' fails: {tdp}") in said
    assert any(text.startswith("check fails: TDP of GPUs agrees with the watts of their curves: H100 SXM") for _, text in said)


# The master check.


def test_check_and_build_say_which_checks_fail_and_where(root: Path) -> None:
    plant(root, "sheets/fit.yaml", "constants: {n: 29, memory: 45.0}", "constants: {n: 28, memory: 45.0}")
    result = command("check", "tiny", "--templates", root)
    assert (result.exit_code, result.stdout) == (1, "check fails: Printed figures: Sequences\n    see sheet Checks\n1 found\n")
    built = command("build", "tiny", "--templates", root, "--out", root / "tiny.xlsx")
    assert built.exit_code == 0
    assert built.stderr == "warning: check fails: Printed figures: Sequences\n    see sheet Checks\n"
    report = api.build("tiny", root / "again.xlsx", templates=root)
    assert report.warnings == ("check fails: Printed figures: Sequences\n    see sheet Checks",)
