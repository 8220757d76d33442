"""Evidence said once on a card, and fields that cards leave to their catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mistakes.planted import with_cards
from workbook import api
from workbook.ask.inspect import inputs

if TYPE_CHECKING:
    from workbook.declare.catalogues import Entry

CATALOGUE = """
title: GPUs
label: GPU
fields:
  memory: {label: Memory, unit: GB/gpu, above: 0}
  maker: {label: Maker, unit: text, choices: [red, blue], default: blue}
  cache: {label: Cache, unit: GB/gpu, default: {expr: "0.5 * memory", evidence: derived, note: half of it}}
  price: {label: Price, unit: "1", basis: paper, default: {value: 7, source: none, evidence: assumed}}
"""
LARGE = """
key: large
name: Large GPU
about: The large one.
defaults: {source: datasheet, date: "2025-01", confidence: high, evidence: vendor}
fields:
  memory:
    paper: 78
    corrected: {value: 80, evidence: measured}
  cache: {value: 30, source: other, note: stated}
"""
SMALL = """
key: small
name: Small GPU
about: The small one.
fields:
  memory: {value: 45, source: datasheet, evidence: vendor}
  maker: {value: red, source: datasheet}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give templates with a catalogue of two cards."""
    return with_cards(tmp_path_factory.mktemp("evidence") / "templates", CATALOGUE, LARGE, SMALL)


@pytest.fixture(scope="module")
def book(root: Path) -> api.Book:
    """Give the workbook at the figures of its cards."""
    return api.load("book", root)


def entry(book: api.Book, card: str, field: str) -> Entry:
    """Give the entry of a card."""
    return book.model.declared.catalogues["gpus"].cards[card].entries[field]


def evidence(book: api.Book, card: str, field: str) -> tuple[object, ...]:
    """Give what stands behind a figure."""
    figure = entry(book, card, field).figure
    assert figure
    return figure.value, figure.source, figure.date, figure.confidence, figure.evidence, figure.note


def test_a_bare_value_has_the_evidence_of_its_card(book: api.Book) -> None:
    assert evidence(book, "large", "memory") == (78, "datasheet", "2025-01", "high", "vendor", "")


def test_the_figure_of_each_basis_has_it_but_where_it_says_otherwise(book: api.Book) -> None:
    alternate = entry(book, "large", "memory").alternate
    assert alternate
    assert (alternate.value, alternate.source, alternate.evidence) == (80, "datasheet", "measured")


def test_a_date_belongs_to_its_source(book: api.Book) -> None:
    assert evidence(book, "large", "cache") == (30, "other", "", "high", "vendor", "stated")


def test_a_field_that_a_card_lacks_has_the_catalogues_value_and_its_evidence_before_the_cards(book: api.Book) -> None:
    assert evidence(book, "large", "maker") == ("blue", "datasheet", "2025-01", "high", "vendor", "")
    assert evidence(book, "large", "price") == (7, "", "", "low", "assumed", "")


def test_an_expression_for_fields_that_cards_lack_is_a_formula_that_may_be_overwritten(book: api.Book, root: Path) -> None:
    assert book.values["gpus.cache"].tolist() == [30, 22.5]
    edited = api.load("book", root, {"gpus.small.cache": 20, "gpus.small.memory": 50})
    assert edited.values["gpus.cache"].tolist() == [30, 20]
    assert api.load("book", root, {"gpus.small.memory": 50}).values["gpus.cache"].tolist() == [30, 25]


def test_inputs_list_it_with_its_evidence(book: api.Book) -> None:
    found = {row["id"]: (row["kind"], row["evidence"], row["note"]) for _, row in inputs(book).iterrows()}
    assert found["gpus.small.cache"] == ("taken over from an expression", "derived", "half of it")
    assert found["gpus.large.cache"] == ("input", "vendor", "stated")


def test_the_shipped_cards_are_short() -> None:
    lines = {path.stem: len(path.read_text("utf-8").splitlines()) for path in Path("templates/models").glob("*.yaml")}
    assert max(lines.values()) <= 30, lines
