"""Look-ups between tables of the same rows go by the row's place; all others by its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import address_of, write_templates
from workbook import api
from workbook.layout.formula import formulas

if TYPE_CHECKING:
    from pathlib import Path

SHEET = """
sheet: One
title: One
blocks:
  - table: given
    rows: {site: {members: {north: North, south: South, west: West}}}
    columns:
      load: {label: Load, unit: "1", values: {north: 1, south: 2, west: 3}}
  - table: first
    rows: {site: {of: given}, side: {members: {p1: 1, p2: 2}}}
    columns:
      load: {label: Load, unit: "1", expr: "given[site].load * side"}
      word: {label: Word, unit: text, expr: "'much' if load > 2 else 'little'"}
  - table: second
    rows: {site: {of: given}, side: {members: {p1: 1, p2: 2}}}
    columns:
      twice: {label: Twice, unit: "1", expr: "2 * first[site, side].load"}
      word: {label: Word, unit: text, expr: "first[site, side].word"}
  - table: some
    rows: {site: {of: given, without: [north]}, side: {members: {p1: 1, p2: 2}}}
    columns:
      load: {label: Load, unit: "1", expr: "first[site, side].load"}
  - table: turned
    rows: {site: {of: given}, side: {members: {p2: 2, p1: 1}}}
    columns:
      load: {label: Load, unit: "1", expr: "first[site, side].load"}
  - table: crossed
    rows: {site: {of: given}, side: {members: {p1: 1, p2: 2}}}
    columns:
      load: {label: Load, unit: "1", expr: "given[site].load"}
  - table: shared
    rows: {site: {of: given}, side: {members: {p1: 1, p2: 2}, shares: {p2: p1}}}
    columns:
      load: {label: Load, unit: "1", expr: "10 * given[site].load"}
      word: {label: Word, unit: text, expr: "'much' if load > 10 else 'little'"}
  - table: of_shared
    rows: {site: {of: given}, side: {members: {p1: 1, p2: 2}}}
    columns:
      load: {label: Load, unit: "1", expr: "shared[site, side].load + side"}
      word: {label: Word, unit: text, expr: "shared[site, side].word"}
      north: {label: North, unit: "1", expr: "shared['north', 'p2'].load"}
  - table: guarded
    rows: {site: {of: given}}
    columns:
      load: {label: Load, unit: "1", expr: "2 * otherwise(chosen[site].load, given[site].load)"}
      other: {label: Other, unit: "1", expr: "otherwise(given[word].load, 0)"}
      word: {label: Word, unit: text, expr: "'North'"}
  - table: chosen
    rows: {site: {of: given, only: [south]}}
    columns:
      load: {label: Load, unit: "1", values: {south: 20}}
  - values: whole
    title: Sums
    items:
      loads: {label: Loads, unit: "1", expr: "sum(s.twice for s in second if s.word == 'much')"}
"""


@pytest.fixture
def book(tmp_path: Path) -> api.Book:
    """Give a workbook of tables with the same rows, some of them, and others in another order."""
    return api.load("book", write_templates(tmp_path, SHEET, ""))


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("second.twice", "2*INDEX($C$14:$C$19,ROWS(A$22:A22))"),
        ("second.word", "INDEX($D$14:$D$19,ROWS(A$22:A22))"),
        ("some.load", "INDEX($C$16:$C$19,ROWS(A$30:A30))"),
        ("turned.load", "AVERAGEIFS($C$14:$C$19,$A$14:$A$19,A36,$B$14:$B$19,B36)"),
        ("crossed.load", "INDEX($B$6:$B$8,MATCH(A44,$A$6:$A$8,0))"),
    ],
)
def test_a_row_of_a_table_with_the_same_rows_is_found_by_its_place(book: api.Book, name: str, cell: str) -> None:
    assert next(text for _, text in formulas(book.layout, book.model.quantities[name])) == cell


def test_values_are_those_of_the_row_with_the_same_keys(book: api.Book) -> None:
    loads = [1, 2, 2, 4, 3, 6]
    assert book.values["second.twice"].tolist() == [2 * load for load in loads]
    assert book.values["second.word"].tolist() == ["much" if load > 2 else "little" for load in loads]
    assert book.values["some.load"].tolist() == loads[2:]
    assert book.values["turned.load"].tolist() == [2, 1, 4, 2, 6, 3]


def test_members_that_share_a_row_are_found_in_it(book: api.Book) -> None:
    assert book.model.tables["shared"].rows == [("north", "p1"), ("south", "p1"), ("west", "p1")]
    assert book.values["of_shared.load"].tolist() == [11, 12, 21, 22, 31, 32]
    assert book.values["of_shared.word"].tolist() == ["little", "little", "much", "much", "much", "much"]
    assert set(book.values["of_shared.north"].tolist()) == {10}
    texts = [text for _, text in formulas(book.layout, book.model.quantities["of_shared.word"])]
    shared = [address_of(book, f"shared.{site}.p1.word") for site in ("north", "south", "west")]
    assert [text.replace("$", "") for text in texts] == [address for address in shared for _ in range(2)]


def test_a_guarded_look_up_by_row_keys_is_the_one_or_the_other_in_each_row_and_one_by_cells_keeps_its_guard(book: api.Book) -> None:
    assert book.values["guarded.load"].tolist() == [2, 40, 6]
    texts = [text for _, text in formulas(book.layout, book.model.quantities["guarded.load"])]
    assert not any("IFERROR" in text for text in texts)
    assert all("IFERROR" in text for _, text in formulas(book.layout, book.model.quantities["guarded.other"]))
