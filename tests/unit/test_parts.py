"""Parts of sheets with parameters, and the names in expressions that parameters can stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mistakes.planted import Planted
from workbook import api
from workbook.expr.parse import names_in

if TYPE_CHECKING:
    from pathlib import Path

KNOTS = """
# Where a length stands. The table gives limit.
parameters: {knots: knots, last: 3, scale: null}
columns:
  below: {label: Knots below the last, expr: "count(k.upper for k in knots if k.upper <= limit)", doc: The last of knots.}
  knot: {label: The last knot, expr: "min(last, below + 1)"}
  upper: {label: Its end, expr: "knots[knot].upper * scale"}
  state: {label: State, unit: text, expr: "'no last of knots' if below == last else 'ok'"}
"""
CURVE = """
parameters: {curve: "curves[name]"}
columns:
  range: {label: Range, unit: GB/gpu, expr: "curve.high - curve.low"}
"""
SHEET = """
sheet: Sheet
blocks:
  - table: knots
    rows: {knot: {label: Knot, count: 3}}
    columns: {upper: {label: Upper, values: {knot1: 10, knot2: 20, knot3: 30}}}
  - table: others
    rows: {knot: {label: Knot, count: 2}}
    columns: {upper: {label: Upper, values: {knot1: 100, knot2: 200}}}
  - table: lengths
    rows: {length: {label: Length, members: {a: 15, b: 150}}}
    columns:
      limit: {label: Limit, expr: length}
      first: {part: knots, scale: 1 + 1}
  - table: more
    rows: {length: {label: Length, members: {a: 15, b: 150}}}
    columns:
      limit: {label: Limit, expr: length}
      second: {part: knots, knots: others, last: 2, scale: limit}
  - table: curves
    rows: {name: {label: Name, members: {x: X, y: Y}}}
    columns:
      low: {label: Low, unit: GB/gpu, values: {x: 1, y: 2}}
      high: {label: High, unit: GB/gpu, values: {x: 5, y: 9}}
  - table: users
    rows: {user: {label: User, members: {u: U}}}
    columns:
      name: {label: Name, unit: text, expr: "'Y'"}
      own: {part: curve}
  - table: fixed
    rows: {user: {label: User, members: {u: U}}}
    columns:
      own: {part: curve, curve: "curves['x']"}
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> api.Book:
    """Give a workbook whose sheet uses parts."""
    files = {"parts/knots.yaml": KNOTS, "parts/curve.yaml": CURVE, "sheets/sheet.yaml": SHEET}
    root: Path = Planted(files, "").write(tmp_path_factory.mktemp("parts") / "templates")
    return api.load("book", root)


def values(book: api.Book, name: str) -> list[object]:
    """Give the values of a column."""
    found: list[object] = book.values[name].tolist()
    return found


def test_a_parameter_is_a_table_a_number_or_an_expression(book: api.Book) -> None:
    assert values(book, "lengths.upper") == [40, 60]
    assert values(book, "more.upper") == [1500, 30_000]


def test_labels_texts_and_descriptions_stay_as_they_are(book: api.Book) -> None:
    assert values(book, "more.state") == ["ok", "ok"]
    assert "'no last of knots'" in str(book.model.quantities["more.state"].variants[0].formula.text)
    assert book.model.quantities["more.below"].label == "Knots below the last"
    assert book.model.quantities["more.below"].doc == "The last of knots."


def test_a_parameter_can_be_a_row(book: api.Book) -> None:
    assert (values(book, "users.range"), values(book, "fixed.range")) == ([7], [4])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a + b.c * f(d)", [(0, "a"), (4, "b"), (12, "d")]),
        (" t[k].x if 'a b' == y else 2 [gpu/instance]", [(1, "t"), (3, "k"), (20, "y")]),
        ("sum(p.x for p in pools if p.key == key)", [(17, "pools"), (35, "key")]),
        ("length_{n} + lost", [(0, "length____"), (13, "lost")]),
        ("'ü' + b", [(6, "b")]),
        ("a +", []),
    ],
)
def test_names_in_an_expression_have_their_offsets(text: str, names: list[tuple[int, str]]) -> None:
    assert list(names_in(text)) == names
