"""Helpers of the tests of the language: a small workbook to put expressions into."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.support import write_templates
from workbook.declare.catalogues import Formula
from workbook.declare.sheets import declarations
from workbook.expr.check import Checker
from workbook.expr.nodes import Tree
from workbook.expr.parse import ExpressionError, parse
from workbook.expr.prose import Prose
from workbook.expr.rules import TEXT, Type
from workbook.layout.formula import formulas
from workbook.layout.place import place
from workbook.model.compile import compile_model
from workbook.model.evaluate import evaluate
from workbook.model.graph import Variant
from workbook.model.resolve import Resolver

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.layout.plan import Layout


def refusal(text: str) -> ExpressionError:
    """Return the error that a text meets in the parser."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


def same_shape(left: Tree, right: Tree) -> bool:
    """Tell whether two trees are equal but for the offsets."""
    if type(left) is not type(right):
        return False
    pairs = [(getattr(left, item.name), getattr(right, item.name)) for item in fields(left) if item.name != "at"]
    return all(_same(a, b) for a, b in pairs)


def _same(left: object, right: object) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, get_args(Tree)) and isinstance(right, get_args(Tree)):
        return same_shape(left, right)
    return left == right


SECONDS = "second = [time] = s\n"
TEMPLATE = """
sheet: Sheet
blocks:
  - inputs: x
    items:
      a: {value: 3}
      b: {value: -2}
      c: {value: 5}
      zero: {value: 0}
      word: {value: H100, unit: text}
  - table: t
    rows: {g: {members: {one: One, two: Two}}, n: {unit: "1", members: {n1: 1, n2: 2, n3: 4}}}
    columns:
      c: {values: {one: {n1: 10, n2: 20, n3: 30}, two: {n1: 40, n2: 50, n3: 60}}}
      d: {values: {one: {n1: 1, n2: 2, n3: 3}, two: {n1: 4, n2: 5, n3: 6}}}
      w: {unit: text, values: {one: {n1: p, n2: q, n3: r}, two: {n1: s, n2: t, n3: u}}}
      broken: {expr: "1 / (d - 5)"}
      rise: {expr: "1"}
  - table: k
    rows: {n: {unit: "1", members: {n1: 1, n2: 2, n3: 4}}}
    columns:
      v: {values: {n1: 7, n2: 8, n3: 9}}
  - values: v
    items:
      result: {expr: x.a}
      text: {unit: text, expr: x.word}
      apart: {expr: x.b}
"""


class Desk:
    """A small workbook in which one cell's expression is exchanged for the one to be tried."""

    def __init__(self, root: Path) -> None:
        """Write the templates to ``root`` and compile them."""
        self.model = compile_model(declarations(write_templates(root, TEMPLATE, SECONDS), "book"))
        self.layout: Layout = place(self.model)

    def put(self, text: str, where: str = "v.result", rows: tuple[int, ...] = (0,)) -> Tree:
        """Give a quantity an expression, without asking for its unit; return the resolved tree."""
        quantity = self.model.quantities[where]
        tree = Resolver(self.model, self.model.tables[quantity.table]).resolve(parse(text))
        _, lowered = Checker(self.model.units, self.type_of).check(tree)
        quantity.variants[:] = [Variant(tree, lowered, rows, Formula(text, quantity.place))]
        self.model.order.sort(key=lambda group: where in group)  # it may use anything now
        return tree

    def type_of(self, name: str) -> Type:
        """Return the declared type of a quantity."""
        unit = self.model.quantities[name].unit
        return TEXT if unit == "text" else Type("number", self.model.units.parse(unit))

    def excel(self, text: str, where: str = "v.result", rows: tuple[int, ...] = (0,)) -> str:
        """Return the formula that an expression becomes, in the last of its rows."""
        self.put(text, where, rows)
        return dict(formulas(self.layout, self.model.quantities[where]))[rows[-1]]

    def value(self, text: str, where: str = "v.result", rows: tuple[int, ...] = (0,)) -> Any:
        """Return the value of an expression in the last of its rows; None for an error."""
        self.put(text, where, rows)
        found = evaluate(self.model)[where][rows[-1]]
        return None if found is None or found != found else found  # noqa: PLR0124 what tells NaN

    def prose(self, text: str) -> str:
        """Return an expression as readable mathematics."""
        return self.prose_of(self.put(text))

    def prose_of(self, tree: Tree) -> str:
        """Return a resolved tree as readable mathematics."""
        return Prose(lambda name: name.partition(".")[2], lambda _, row: str(row)).write(tree)

    def kind(self, tree: Tree) -> str:
        """Return the kind of a resolved tree: number, text or boolean."""
        return Checker(self.model.units, self.type_of).check(tree)[0].kind
