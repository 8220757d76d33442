"""Rows as records, rows picked by them, and columns like another table's."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support import TINY
from workbook import api
from workbook.declare.yaml import plain_scalar
from workbook.errors import Place

if TYPE_CHECKING:
    from pathlib import Path

SHEET = """
sheet: Sheet
blocks:
  - table: cases
    across: true
    rows: {case: {label: Case}}
    records:
      base: {label: Base}
      mine: {label: My own, parent: base}
    columns:
      load: {label: IT load, unit: W, format: "0.0", values: {base: 900}}
      pue: {label: Power usage effectiveness, minimum: 1, values: {base: 1.2, mine: 1.3}, record: {low: 1.1, kind: site}}
      price:
        {label: Price of electricity (per hour), unit: W/gpu, values: {base: 0.1},
         record: {label: Price of electricity, low: 0.05, minimum: 0.01, kind: market}}
  - table: ranges
    rows: {assumption: {label: Assumption}}
    records: {of: cases.columns, order: [price]}
    defaults: {meaning: value, minimum: 0, evidence: assumed}
    columns:
      unit: {label: Unit, unit: text, constants: records}
      low: {label: Low, unit: mixed, values: records}
      least: {label: Lowest, unit: mixed, constants: records.minimum}
      meaning: {label: Low is a, unit: text, values: records}
  - table: of_markets
    rows: {assumption: {of: ranges, only: {kind: market}, label: Assumption}}
    columns:
      low: {label: Low, unit: mixed, expr: "ranges[assumption].low"}
  - table: ends
    rows: {end: {label: End, parts: {assumption: {of: ranges}, side: {members: {low: Low, high: High}}}}}
    columns:
      side_text: {label: Side, unit: text, expr: side}
  - table: of_sites
    rows: {end: {of: ends, without: {kind: market}, label: End}}
    columns:
      side_text: {label: Side, unit: text, expr: "ends[end].side"}
  - table: some_ends
    rows:
      end:
        label: End
        parts: {assumption: {of: ranges}, side: {members: {low: Low, high: High}}}
        without: {side: high, kind: [market, other]}
    columns:
      side_text: {label: Side, unit: text, expr: side}
  - table: left
    rows: {end: {of: some_ends, only: {kind: market}, label: End}}
    columns:
      side_text: {label: Side, unit: text, expr: "some_ends[end].side"}
  - table: places
    rows: {place: {label: Place, count: ranges, prefix: n}}
    columns:
      twice: {label: Twice, expr: 2 * place}
  - table: asked
    rows: {case: {of: cases, label: Case}}
    columns:
      assumptions:
        like: cases
        from: "cases[case].{column}"
        recorded: "cases[case].{column} * 2"
        without: [load]
        columns: {pue: {label: PUE}}
      load: {label: Load, unit: W, expr: "cases[case].load"}
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> api.Book:
    """Give a workbook of one sheet."""
    return api.load("tiny", templates(tmp_path_factory.mktemp("records") / "tiny", SHEET))


def templates(root: Path, sheet: str) -> Path:
    """Write the small templates with another sheet."""
    shutil.copytree(TINY, root)
    (root / "tiny.yaml").write_text("workbook: tiny\nbasis: paper\nsheets: [sheet]\n", "utf-8")
    (root / "sheets/sheet.yaml").write_text(sheet, "utf-8")
    return root


def rows(book: api.Book, table: str) -> list[str]:
    """Give the keys of a table's rows."""
    return ["_".join(keys) for keys in book.model.tables[table].rows]


def values(book: api.Book, name: str) -> list[object]:
    """Give the values of a column."""
    found: list[object] = book.values[name].tolist()
    return found


def test_records_give_members_labels_and_parents(book: api.Book) -> None:
    assert book.model.tables["cases"].keys[0].shown == {"base": "Base", "mine": "My own"}
    assert [(item, values(book, f"cases.{item}")) for item in ("load", "pue")] == [("load", [900, 900]), ("pue", [1.2, 1.3])]


def test_columns_with_a_record_are_rows_of_another_table_in_its_order(book: api.Book) -> None:
    assert book.model.tables["ranges"].keys[0].shown == {"price": "Price of electricity", "pue": "Power usage effectiveness"}
    assert values(book, "ranges.unit") == ["W/gpu", "1"]
    assert values(book, "ranges.low") == [0.05, 1.1]


def test_a_record_has_its_own_field_before_the_columns_and_that_before_the_default(book: api.Book) -> None:
    assert values(book, "ranges.least") == [0.01, 1]
    assert values(book, "ranges.meaning") == ["value", "value"]


def test_the_evidence_of_a_table_is_that_of_the_values_that_records_give(book: api.Book) -> None:
    assert {figure.evidence for figure in book.model.quantities["ranges.low"].inputs.values()} == {"assumed"}


def test_rows_are_picked_by_what_records_say_also_by_those_of_a_part(book: api.Book) -> None:
    assert rows(book, "of_markets") == ["price"]
    assert rows(book, "of_sites") == ["pue_low", "pue_high"]


def test_rows_of_parts_are_left_out_by_the_members_and_records_of_parts_wherever_they_are_picked(book: api.Book) -> None:
    assert rows(book, "some_ends") == ["price_low", "pue_low", "pue_high"]
    assert rows(book, "left") == ["price_low"]


def test_a_table_has_as_many_rows_as_another(book: api.Book) -> None:
    assert (rows(book, "places"), values(book, "places.twice")) == (["n1", "n2"], [2, 4])


def test_columns_like_others_have_their_label_unit_and_format_but_where_they_differ(book: api.Book) -> None:
    found = {name: book.model.quantities[f"asked.{name}"] for name in ("pue", "price", "load")}
    assert [(item.label, item.unit) for item in found.values()] == [
        ("PUE", "1"),
        ("Price of electricity (per hour)", "W/gpu"),
        ("Load", "W"),
    ]
    assert values(book, "asked.pue") == [2.4, 2.6]
    assert values(book, "asked.price") == [0.2, 0.2]


BLOCKS = """
sheet: Sheet
blocks:
  - inputs: run
    defaults: {source: datasheet, date: "2025", confidence: low, evidence: assumed}
    items:
      plain: {value: 1}
      own: {value: 2, source: none, evidence: measured}
  - table: sites
    defaults: {evidence: assumed, confidence: high}
    rows: {site: {label: Site, members: {north: North}}}
    columns:
      load: {label: Load, values: {north: 900}}
      area: {label: Area, values: {north: 5}, confidence: none, evidence: vendor}
      twice: {label: Twice, expr: 2 * load}
"""


def test_a_block_says_once_what_is_behind_its_values(tmp_path: Path) -> None:
    book = api.load("tiny", templates(tmp_path / "tiny", BLOCKS))
    behind = {
        name: [(figure.source, figure.date, figure.confidence, figure.evidence) for figure in quantity.inputs.values()]
        for name, quantity in book.model.quantities.items()
        if quantity.inputs
    }
    assert behind == {
        "run.plain": [("datasheet", "2025", "low", "assumed")],
        "run.own": [("", "", "low", "measured")],
        "sites.load": [("", "", "high", "assumed")],
        "sites.area": [("", "", "", "vendor")],
    }


def test_minus_nothing_in_a_template_is_nothing_as_programs_save_it() -> None:
    node = plain_scalar("-0.000", Place("test"))
    assert isinstance(node.value, float)
    assert math.copysign(1, node.value) == 1
