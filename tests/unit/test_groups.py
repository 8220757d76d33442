"""Figures of a card in groups: what they share is written once, and those of another card are links to its cells."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.mistakes.planted import with_cards
from tests.support import plant
from tests.unit.test_evidence import evidence
from workbook import api
from workbook.ask.inspect import inputs

CATALOGUE = """
title: GPUs
label: GPU
fields:
  memory: {label: Memory, unit: GB/gpu, above: 0}
  maker: {label: Maker, unit: text, choices: [red, blue]}
  price: {label: Price, unit: "1", above: 0}
  curve: {label: Curve, unit: "1", basis: paper}
"""
LARGE = """
key: large
name: Large GPU
about: The large one.
defaults: {source: datasheet, date: "2025-01", confidence: high, evidence: vendor}
fields:
  - figures: {memory: 78, maker: blue}
  - {source: other, evidence: published, figures: {curve: {value: 3, note: drawn}}}
  - {basis: paper, source: none, confidence: low, evidence: assumed, figures: {price: 7}}
  - {basis: corrected, confidence: medium, figures: {price: {value: 9, evidence: measured}}}
"""
SMALL = """
key: small
name: Small GPU
about: The small one.
defaults: {source: datasheet, evidence: vendor}
fields:
  - figures: {memory: 45}
  - {borrowed: large, figures: [maker, price]}
  - {borrowed: large, note: of the same board, confidence: medium, figures: [curve]}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give templates with a card in groups, and one that borrows from it."""
    return with_cards(tmp_path_factory.mktemp("groups") / "templates", CATALOGUE, LARGE, SMALL)


@pytest.fixture(scope="module")
def book(root: Path) -> api.Book:
    """Give the workbook at the figures of its cards."""
    return api.load("book", root)


def test_a_figure_has_the_evidence_of_its_group_then_of_its_card(book: api.Book) -> None:
    assert evidence(book, "large", "memory") == (78, "datasheet", "2025-01", "high", "vendor", "")
    assert evidence(book, "large", "curve") == (3, "other", "", "high", "published", "drawn")
    assert evidence(book, "large", "price") == (7, "", "", "low", "assumed", "")


def test_groups_of_the_two_bases_make_one_figure(book: api.Book) -> None:
    alternate = book.model.declared.catalogues["gpus"].cards["large"].entries["price"].alternate
    assert alternate
    assert (alternate.value, alternate.source, alternate.confidence, alternate.evidence) == (9, "datasheet", "medium", "measured")


def test_a_borrowed_figure_follows_the_other_card_until_it_is_overwritten(book: api.Book, root: Path) -> None:
    assert book.values["gpus.price"].tolist() == [7, 7]
    assert book.values["gpus.maker"].tolist() == ["blue", "blue"]
    assert api.load("book", root, {"gpus.large.price": 8}).values["gpus.price"].tolist() == [8, 8]
    assert api.load("book", root, {"gpus.large.price": 8, "gpus.small.price": 5}).values["gpus.price"].tolist() == [8, 5]


def test_a_borrowed_figure_is_assumed_and_names_its_card(book: api.Book) -> None:
    found = {row["id"]: (row["kind"], row["evidence"], row["confidence"], row["note"]) for _, row in inputs(book).iterrows()}
    assert found["gpus.small.price"] == ("taken over from gpus.large.price", "assumed", "low", "that of the Large GPU")
    assert found["gpus.small.curve"] == ("taken over from gpus.large.curve", "assumed", "medium", "of the same board")
    assert found["gpus.large.price"][:2] == ("input", "assumed")


def test_a_card_with_one_figure_a_line_is_read_as_before(root: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "templates"))
    plant(copy, "gpus/large.yaml", "  - figures: {memory: 78, maker: blue}\n", "  memory: 78\n  maker: blue\n")
    plant(copy, "gpus/large.yaml", LARGE[LARGE.index("  - {source: other") :], "  price: {paper: 7, corrected: 9}\n  curve: 3\n")
    assert api.load("book", copy).values["gpus.price"].tolist() == [7, 7]


def test_a_shipped_card_of_a_gpu_has_at_most_20_lines() -> None:
    lines = {path.stem: len(path.read_text("utf-8").splitlines()) for path in Path("templates/hardware").glob("*.yaml")}
    assert {name: count for name, count in lines.items() if count > 20} == {}
