"""Cards by overlay: a GPU that nobody shipped is planned with in one short file, which the built workbook carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import command
from workbook import api
from workbook.declare.origin import templates_of
from workbook.declare.packaged import directory
from workbook.errors import WorkbookError
from workbook.record.located import locate
from workbook.roundtrip.pull import pull
from workbook.verify.built import book_of
from workbook.verify.run import verify

GPU = """key: nova
name: Nova
about: "An accelerator of one's own: twice the H200 in all that is known of it."
basis: corrected
defaults: {confidence: low, evidence: vendor}
fields:
  - figures: {memory: 282, hbm_bandwidth: 9.6, tdp: 1400, bf16_compute: 1978, fp8_compute: 3956,
     scale_up_bandwidth: 900, scale_up_domain: 8, price: 6}
  - {borrowed: h200_sxm, figures: [purchase_price, kernels, server, curve, printed]}
  - figures: {curve_scale: 2}
"""
CHOSEN = "service.plan.gpu_1"
MISTAKES = Path(__file__).parents[1] / "mistakes" / "base"
SMALL = (MISTAKES / "gpus" / "small.yaml").read_text("utf-8")


def written(folder: Path, text: str, name: str = "nova.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_gpu_by_overlay_is_planned_with_and_stays(tmp_path: Path) -> None:
    """The default case on it, built, recomputed, and built again from the file alone: card and choice are still there."""
    assert len(GPU.splitlines()) <= 20
    card = written(tmp_path, GPU)
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    assert command("build", "planning", "--overlay", card, "--set", f"{CHOSEN}=nova", "--out", first).exit_code == 0
    card.unlink()
    assert verify(first, engines=[]).differences == []
    built = command("build", "--from", first, "--out", second)
    assert "1 edit kept, 0 inputs with new figures, 0 conflicts" in built.output, built.output
    book = book_of(second, locate(second), None)
    assert str(pull(second).sets[CHOSEN]) == "Nova"
    assert float(book.values["hardware.tdp"][book.model.tables["hardware"].index["nova",]]) == 1400


def test_imported_cards_are_taken(tmp_path: Path) -> None:
    """The trace and the model that importers write, by overlay: they are in the drop-downs."""
    root = directory(None)
    trace = written(
        tmp_path,
        (root / "traces" / "azure_code.yaml").read_text("utf-8").replace("key: azure_code", "key: own").replace("name: ", "name: My "),
    )
    model = written(
        tmp_path,
        (root / "models" / "qwen3_8b.yaml").read_text("utf-8").replace("key: qwen3_8b", "key: own_8b").replace("name: ", "name: My "),
        "m.yaml",
    )
    layout, edits = api.prepared("planning", None, {"service.plan.workload": "own", "service.plan.model": "own_8b"}, [trace, model])
    assert {"own", "own_8b"} <= {*layout.model.declared.catalogues["traces"].cards, *layout.model.declared.catalogues["models"].cards}
    assert min(map(str, edits.values())).startswith("My ")
    files, alone = (templates_of(found.model.declared.carried).files for found in (layout, api.prepared("planning", None)[0]))
    assert files == alone  # what is read to find the catalogue of a card is none of the templates


def test_a_card_in_place_of_one_and_beside_cases(tmp_path: Path) -> None:
    card = written(tmp_path, SMALL.replace("45", "46"), "mine.yaml")
    book = api.load("book", MISTAKES, {"run.weights": 17}, [card])
    assert book.model.declared.catalogues["gpus"].cards["small"].entries["memory"].figure.value == 46  # type: ignore[union-attr]
    assert [item["name"] for item in book.model.declared.carried["overlays"]] == ["mine.yaml"]  # type: ignore[attr-defined]


def test_of_two_cards_with_one_key_none_comes_first(tmp_path: Path) -> None:
    """Given together they are refused; one that is given takes the place of one that a file carries, whatever their names."""
    first, second = written(tmp_path, SMALL.replace("45", "46"), "a.yaml"), written(tmp_path, SMALL.replace("45", "47"), "b.yaml")
    with pytest.raises(WorkbookError) as caught:
        api.load("book", MISTAKES, overlay=[first, second])
    assert [str(item.place) for item in caught.value.diagnostics] == [f"{first}:1:6"]
    assert f"card 'small' is also given by {second}" in str(caught.value)
    built, again = tmp_path / "built.xlsx", tmp_path / "again.xlsx"
    assert command("build", "book", "--templates", MISTAKES, "--overlay", first, "--out", built).exit_code == 0
    assert command("build", "--from", built, "--templates", MISTAKES, "--overlay", second, "--out", again).exit_code in {0, 1}
    book = book_of(again, locate(again), MISTAKES)
    assert [item["name"] for item in book.model.declared.carried["overlays"]] == ["b.yaml"]  # type: ignore[attr-defined]
    assert book.model.declared.catalogues["gpus"].cards["small"].entries["memory"].figure.value == 47  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: 45", "value: -45", "mine.yaml:5:19: small.memory is -45; it must be above 0"),
        ("maker: {value: red, unit: text}", "make: {value: red, unit: text}", "unknown field 'make' in card 'small'"),
        ("key: small\n", "", "card key '' is not a usable name"),
        ("fields:\n", "fields:\n  speed: {value: 1, unit: '1'}\n", "unknown field 'speed' in card 'small'"),
        ("name: Small GPU", "name: Large GPU", "the name 'Large GPU' is also that of card 'large'"),
        ("about:", "basis: corrected\nabout:", "is of another basis than this workbook, which is 'paper'"),
    ],
)
def test_mistakes_in_a_card_are_told_with_their_places(tmp_path: Path, old: str, new: str, message: str) -> None:
    card = written(tmp_path, SMALL.replace(old, new), "mine.yaml")
    with pytest.raises(WorkbookError, match=r"mine\.yaml") as caught:
        api.load("book", MISTAKES, overlay=card)
    assert message in str(caught.value)


def test_a_gpu_with_little_known_of_it_is_asked_for_what_planning_needs(tmp_path: Path) -> None:
    """Its figures are those of listed GPUs, too, which are not planned with; one that says why it is not is one of these."""
    card = GPU.split("  - {borrowed", maxsplit=1)[0].replace(", price: 6", "")
    with pytest.raises(WorkbookError) as caught:
        api.prepared("planning", None, {}, [written(tmp_path, card)])
    lacking = str(caught.value)
    assert "card 'nova' lacks the field 'purchase_price'" in lacking
    assert "not_published" not in lacking
    listed = (
        (directory(None) / "listed_hardware" / "mi455x.yaml").read_text("utf-8").replace("mi455x", "mi999x").replace("MI455X", "MI999X")
    )
    layout, _ = api.prepared("planning", None, {}, [written(tmp_path, listed, "l.yaml")])
    assert "mi999x" in layout.model.declared.catalogues["listed_hardware"].cards


def test_a_card_of_no_catalogue_or_of_another_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="is a card with fields of no catalogue"):
        api.load("book", MISTAKES, overlay=written(tmp_path, "key: a\nname: A\nfields: {speed: 1}\n"))
    trace = directory(None) / "traces" / "azure_code.yaml"
    with pytest.raises(WorkbookError, match="is a card of 'traces', which workbook 'paper' does without"):
        api.load("paper", overlay=trace)
