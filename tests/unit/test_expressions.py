"""The language, rule by rule: what it takes, what it refuses and where, and the Excel text it becomes."""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbook.compile import compile_model
from workbook.declare import declarations
from workbook.errors import WorkbookError
from workbook.evaluate import evaluate
from workbook.expr.check import RANGES, Checker
from workbook.expr.functions import AGGREGATES, FUNCTIONS
from workbook.expr.nodes import Call, Find, Name, Number, Over, Text, same_shape
from workbook.expr.parse import MAXIMUM_LENGTH, MAXIMUM_TEXT, ExpressionError, parse
from workbook.expr.prose import Prose
from workbook.expr.rules import TEXT, Type, UnitError
from workbook.formula import MAXIMUM_LENGTH as MAXIMUM_FORMULA
from workbook.formula import formulas, number_text
from workbook.model import Variant
from workbook.place import place
from workbook.resolve import Resolver
from workbook.schema import Formula

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbook.expr.nodes import Tree
    from workbook.layout import Layout

A, B, C = Name("a"), Name("b"), Name("c")


def refusal(text: str) -> ExpressionError:
    """Return the error that a text meets in the parser."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


# What is refused


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "cannot be parsed"),
        ("   ", 3, "cannot be parsed"),
        ("a +", 3, "cannot be parsed"),
        ("a b", 2, "cannot be parsed"),
        ("(a", 0, "cannot be parsed"),
        ("a; b", 1, "cannot be parsed"),
        ("a = 1", 2, "cannot be parsed"),
        ("import os", 0, "cannot be parsed"),
        ("del a", 0, "cannot be parsed"),
        ("a ! b", 2, "cannot be parsed"),
        ("'open", 0, "cannot be parsed"),
        ("1abc", 0, "cannot be parsed"),
        ("1if a else 2", 0, "cannot be parsed"),
        (r"'C:\d'", 0, "cannot be parsed: invalid escape sequence"),
        ("lambda x: x", 0, "Lambda is not part of the language"),
        ("2 * (lambda: 1)", 5, "Lambda is not part of the language"),
        ("(x := 1)", 1, "NamedExpr is not part of the language"),
        ("a if (b := c) else 1", 6, "NamedExpr is not part of the language"),
        ("[a, b]", 0, "List is not part of the language"),
        ("(a, b)", 0, "Tuple is not part of the language"),
        ("{a: b}", 0, "Dict is not part of the language"),
        ("{a for a in b}", 0, "SetComp is not part of the language"),
        ("{a: a for a in b}", 0, "DictComp is not part of the language"),
        ("f'{a}'", 0, "JoinedStr is not part of the language"),
        ("await a", 0, "Await is not part of the language"),
        ("(yield a)", 1, "Yield is not part of the language"),
        ("+a", 0, "UnaryOp is not part of the language"),
        ("~a", 0, "UnaryOp is not part of the language"),
        ("a[0]", 0, "Subscript is not part of the language"),
        ("1 + a['b']", 4, "Subscript is not part of the language"),
        ("a[1:2].b", 2, "Slice is not part of the language"),
        ("True", 0, "True cannot be used here"),
        ("a and False", 6, "False cannot be used here"),
        ("None", 0, "None cannot be used here"),
        ("...", 0, "Ellipsis cannot be used here"),
        ("b'bytes'", 0, "b'bytes' cannot be used here"),
        ("2j", 0, "2j cannot be used here"),
        ("a // b", 0, "operator FloorDiv is not part of the language"),
        ("a % b", 0, "operator Mod is not part of the language"),
        ("a @ b", 0, "operator MatMult is not part of the language"),
        ("1 + (a | b)", 5, "operator BitOr is not part of the language"),
        ("a << b", 0, "operator LShift is not part of the language"),
        ("a is b", 0, "comparison Is is not part of the language"),
        ("a in b", 0, "comparison In is not part of the language"),
        ("a < b not in c", 0, "comparison NotIn is not part of the language"),
        ("a.b.c", 0, "a reference is"),
        ("(a + b).c", 0, "a reference is"),
        ("a['k'].b.c", 0, "a reference is"),
        ("f(a).b", 0, "a reference is"),
        ("'text'.upper", 0, "a reference is"),
        ("a.b['k'].c", 0, "a reference is"),
        ("a.upper()", 0, "only functions of the language can be called"),
        ("1 + np.exp(a)", 4, "only functions of the language can be called"),
        ("exp(a)(b)", 0, "only functions of the language can be called"),
        ("(lambda: 1)()", 0, "only functions of the language can be called"),
        ("__import__('os')", 0, "unknown function '__import__'"),
        ("eval('1')", 0, "unknown function 'eval'"),
        ("1 + add(a, b)", 4, "unknown function 'add'"),
        ("power(a, b)", 0, "unknown function 'power'"),
        ("negative(a)", 0, "unknown function 'negative'"),
        ("exp(x=a)", 0, "arguments are given by position"),
        ("min(a, **b)", 0, "arguments are given by position"),
        ("min(*a)", 0, "'min' takes 2 to 30 arguments, not 1"),
        ("min(a, *b)", 7, "Starred is not part of the language"),
        ("exp()", 0, "'exp' takes 1 arguments, not 0"),
        ("exp(a, b)", 0, "'exp' takes 1 arguments, not 2"),
        ("2 * round(a)", 4, "'round' takes 2 arguments, not 1"),
        ("exp(r.x for r in t)", 0, "'exp' does not aggregate"),
        ("sum(r.x + s.y for r in t for s in u)", 3, "one 'for' at a time"),
        ("[r.x for r in t for s in u]", 0, "one 'for' at a time"),
        ("sum(r.x for r, s in t)", 3, "write it as"),
        ("sum(r.x for r in t.u)", 3, "write it as"),
        ("sum(r.x for r in [1])", 3, "write it as"),
        ("sum(r.x for r in t if r.k > 1)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if r.k)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if r.k == 1 or r.k == 2)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if 1 == r.k == 2)", 22, "a condition is an equality"),
        ("previous(a + 1)", 0, "'previous' takes the name of one column"),
        ("previous(a.b)", 0, "'previous' takes the name of one column"),
        ("previous(a, b)", 0, "'previous' takes the name of one column"),
        ("a # and so on", 2, "'#' and what follows would be ignored"),
        ("(a)  # + b", 5, "'#' and what follows would be ignored"),
        ("a # first\n + b", 2, "'#' and what follows would be ignored"),
    ],
)
def test_what_is_not_part_of_the_language_is_refused_at_its_place(text: str, at: int, message: str) -> None:
    error = refusal(text)
    assert error.message.startswith(message)
    assert error.at == at


@pytest.mark.parametrize("text", ["a\0b", "'\0'", "'\ud800'", "\ud800"])
def test_what_is_not_text_is_refused(text: str) -> None:
    assert refusal(text).message.startswith("cannot be parsed")


def test_a_misspelt_function_is_answered_with_the_likely_one() -> None:
    assert refusal("exq(a)").fix == "did you mean 'exp'?"
    assert refusal("summ(r.x for r in t)").fix == "did you mean 'sum'?"
    assert refusal("previus(a)").fix == "did you mean 'previous'?"


def test_places_are_counted_in_characters_with_leading_blanks() -> None:
    assert refusal("  a % b").at == 2
    assert refusal("\n\t1 + (a % b)").at == 7
    assert refusal("   1 +").at == 6
    # Two characters of three and four bytes stand before the mistake.
    assert refusal("'≤😀' == a.b.c").at == 8
    tree = parse("'≤😀' == name")
    assert isinstance(tree, Call)
    assert tree.arguments[1].at == 8


@pytest.mark.parametrize(
    "text",
    [
        "a + " * 1_000 + "a",
        "1" * (MAXIMUM_LENGTH + 1),
        "a" + " " * MAXIMUM_LENGTH,
        "'" + "x" * MAXIMUM_LENGTH + "'",
    ],
)
def test_a_very_long_expression_is_refused(text: str) -> None:
    assert re.search(r"the expression has [\d,]+ characters", refusal(text).message)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 150 + "a" + ")" * 150,
        "(" * 900 + "a" + ")" * 900,
        "(" * 1_990,
        "-" * 1_990 + "a",
        "-" * 150 + "a",
        "not " * 400 + "a",
        "a+" * 900 + "a",
        "a+" * 150 + "a",
        "a**" * 500 + "a",
        "abs(" * 300 + "a" + ")" * 300,
        "a if b else " * 120 + "c",
        "a[" * 300 + "b" + "].c" * 300,
        "[" * 800,
        "f(" * 90 + "a.b[" * 90,
    ],
)
def test_deep_nesting_is_refused_and_never_overflows_the_stack(text: str) -> None:
    assert len(text) <= MAXIMUM_LENGTH
    if text.strip("()") == "a" and len(text) < 400:
        assert parse(text) == Name("a", 150)  # brackets alone nest nothing
        return
    error = refusal(text)
    assert 0 <= error.at <= len(text)
    assert "nested too deeply" in error.message or "cannot be parsed" in error.message


@pytest.mark.parametrize("shape", ["x.a+{}", "-{}", "abs({})", "(x.a if {} > 0 else 1)", "min({}, 1)", "k[{}].v", "2**{}"])
def test_the_deepest_expression_that_is_taken_passes_every_stage(shape: str, desk: Desk) -> None:
    text = "x.a"
    with contextlib.suppress(ExpressionError):
        while True:
            parse(shape.format(text))
            text = shape.format(text)
    assert text.count("x.a") + text.count(shape[0]) > 60
    tree = desk.put(text)
    assert desk.prose(text)
    desk.value(text)
    with contextlib.suppress(WorkbookError):
        desk.excel(text)
    assert same_shape(tree, desk.put(text))


@pytest.mark.parametrize("text", ["1" * 400, "1e999", "-1e400", "9" * 1_900])
def test_numbers_beyond_a_double_are_refused(text: str) -> None:
    assert refusal(text).message == "a number must be finite"


@pytest.mark.parametrize("text", ["'" + "x" * (MAXIMUM_TEXT + 1) + "'", r"'a\nb'", r"'\x01'", r"'\x00'", r"'\ud800'", r"'\x7f'"])
def test_texts_that_a_formula_cannot_hold_are_refused(text: str) -> None:
    assert refusal(text).message == f"a text has at most {MAXIMUM_TEXT} characters, all of them printable"


# What is taken


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        (" a ", A),
        ("a.b", Name("a.b")),
        ("12", Number(12.0)),
        ("0x10", Number(16.0)),
        ("1_000", Number(1000.0)),
        (".5", Number(0.5)),
        ("3.35e12", Number(3.35e12)),
        ("'it'", Text("it")),
        ('"it\'s"', Text("it's")),
        ("'a' 'b'", Text("ab")),
        ("'# no comment'", Text("# no comment")),
        ("'x' * 0 if a else '#'", None),
        ("-a", Call("negative", (A,))),
        ("-2", Call("negative", (Number(2.0),))),
        ("not a", Call("not", (A,))),
        ("a + b - c", Call("subtract", (Call("add", (A, B)), C))),
        ("a - (b - c)", Call("subtract", (A, Call("subtract", (B, C))))),
        ("a * b / c", Call("divide", (Call("multiply", (A, B)), C))),
        ("a + b * c", Call("add", (A, Call("multiply", (B, C))))),
        ("a ** b ** c", Call("power", (A, Call("power", (B, C))))),
        ("-a ** b", Call("negative", (Call("power", (A, B)),))),
        ("a ** -b", Call("power", (A, Call("negative", (B,))))),
        ("(-a) ** b", Call("power", (Call("negative", (A,)), B))),
        ("a and b and c", Call("and", (A, B, C))),
        ("a or b and c", Call("or", (A, Call("and", (B, C))))),
        ("not a == b", Call("not", (Call("equal", (A, B)),))),
        ("a if b else c", Call("if", (B, A, C))),
        ("a == b", Call("equal", (A, B))),
        ("a != b", Call("not_equal", (A, B))),
        ("a < b", Call("less", (A, B))),
        ("a <= b", Call("less_equal", (A, B))),
        ("a > b", Call("greater", (A, B))),
        ("a >= b", Call("greater_equal", (A, B))),
        ("a < b <= c", Call("and", (Call("less", (A, B)), Call("less_equal", (B, C))))),
        ("a == b == c == a", Call("and", (Call("equal", (A, B)), Call("equal", (B, C)), Call("equal", (C, A))))),
        ("(a < b) == c", Call("equal", (Call("less", (A, B)), C))),
        ("min(a, b, c)", Call("min", (A, B, C))),
        ("previous(a)", Call("previous", (A,))),
        ("t['k'].c", Find("t", (Text("k"),), "c")),
        ("t[a, 'k'].c", Find("t", (A, Text("k")), "c")),
        ("t[(a, b)].c", Find("t", (A, B), "c")),
        ("sum(r.x for r in t)", Call("sum", (Over("t", "r", Name("r.x"), ()),))),
        ("[r.x for r in t if r.k == 1]", Over("t", "r", Name("r.x"), (Call("equal", (Name("r.k"), Number(1.0))),))),
        (
            "max(r.x for r in t if r.k == 1 and a == r.l if r.m == 2)",
            Call(
                "max",
                (
                    Over(
                        "t",
                        "r",
                        Name("r.x"),
                        (
                            Call("equal", (Name("r.k"), Number(1.0))),
                            Call("equal", (A, Name("r.l"))),
                            Call("equal", (Name("r.m"), Number(2.0))),
                        ),
                    ),
                ),
            ),
        ),
        ("a\n + b", Call("add", (A, B))),
        ("a\t+\u00a0b", Call("add", (A, B))),
    ],
)
def test_what_the_parser_makes_of_a_text(text: str, tree: Tree | None) -> None:
    found = parse(text)
    assert tree is None or same_shape(found, tree)


def test_shapes_differ_where_anything_but_the_place_differs() -> None:
    same = ("a + b", " a +  b"), ("t[a].c", "t[ a ].c"), ("sum(r.x for r in t if r.k == 1)", "sum(r.x  for r in t if (r.k == 1))")
    for left, right in same:
        assert same_shape(parse(left), parse(right))
    different = ("a + b", "b + a"), ("a", "'a'"), ("min(a, b)", "min(a, b, b)"), ("t[a].c", "t[a].d"), ("1", "2"), ("t[a].c", "t[a, a].c")
    for left, right in different:
        assert not same_shape(parse(left), parse(right))


# Excel text

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
        (root / "sheets").mkdir(parents=True)
        (root / "sheets" / "sheet.yaml").write_text(TEMPLATE, encoding="utf-8")
        (root / "book.yaml").write_text("workbook: book\nsheets: [sheet]\n", encoding="utf-8")
        (root / "sources.yaml").write_text("{}\n", encoding="utf-8")
        (root / "units.txt").write_text("second = [time] = s\n", encoding="utf-8")
        self.model = compile_model(declarations(root, "book"))
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


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Set up a small workbook."""
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        # Excel reads -a^2 as (-a)^2, and a^b^c from the left.
        ("-x.a ** 2", "-(x_a^2)"),
        ("(-x.a) ** 2", "(-x_a)^2"),
        ("x.a ** -x.b", "x_a^(-x_b)"),
        ("x.a ** -2", "x_a^(-2)"),
        ("x.a ** x.b ** x.c", "x_a^(x_b^x_c)"),
        ("(x.a ** x.b) ** x.c", "(x_a^x_b)^x_c"),
        ("(x.a + 1) ** (x.b * 2)", "(x_a+1)^(x_b*2)"),
        ("2 * x.a ** 2", "2*x_a^2"),
        ("(2 * x.a) ** 2", "(2*x_a)^2"),
        ("-x.a * x.b", "(-x_a)*x_b"),
        ("-(x.a * x.b)", "-(x_a*x_b)"),
        ("-(x.a + x.b)", "-(x_a+x_b)"),
        ("-(-x.a)", "-(-x_a)"),
        ("--x.a", "-(-x_a)"),
        ("-x.a + x.b", "-x_a+x_b"),
        ("-x.a - x.b", "-x_a-x_b"),
        ("x.a + -x.b", "x_a+(-x_b)"),
        ("x.a - -x.b", "x_a-(-x_b)"),
        ("2 - (-3)", "2-(-3)"),
        ("x.a * -x.b", "x_a*(-x_b)"),
        ("x.a / -x.b", "x_a/(-x_b)"),
        ("x.a - x.b - x.c", "x_a-x_b-x_c"),
        ("x.a - (x.b - x.c)", "x_a-(x_b-x_c)"),
        ("x.a - (x.b + x.c)", "x_a-(x_b+x_c)"),
        ("x.a + x.b + x.c", "x_a+x_b+x_c"),
        ("x.a + (x.b - x.c)", "x_a+(x_b-x_c)"),
        ("x.a / x.b / x.c", "x_a/x_b/x_c"),
        ("x.a / (x.b / x.c)", "x_a/(x_b/x_c)"),
        ("x.a / (x.b * x.c)", "x_a/(x_b*x_c)"),
        ("x.a * (x.b * x.c)", "x_a*(x_b*x_c)"),
        ("x.a * (x.b / x.c)", "x_a*(x_b/x_c)"),
        ("x.a * x.b / x.c", "x_a*x_b/x_c"),
        ("(x.a + x.b) * x.c", "(x_a+x_b)*x_c"),
        ("x.a + x.b * x.c", "x_a+x_b*x_c"),
        ("x.a * (x.b + x.c)", "x_a*(x_b+x_c)"),
        ("abs(x.a + x.b) * 2", "ABS(x_a+x_b)*2"),
        ("abs(-x.a)", "ABS(-x_a)"),
        # Comparisons bind loosest, and chain otherwise than in Python.
        ("indicator(x.a + 1 < x.b * 2)", "IF(x_a+1<x_b*2,1,0)"),
        ("indicator(x.a < x.b < x.c)", "IF(AND(x_a<x_b,x_b<x_c),1,0)"),
        ("indicator((x.a < x.b) == (x.b < x.c))", "IF((x_a<x_b)=(x_b<x_c),1,0)"),
        ("indicator(x.a == -x.b)", "IF(x_a=-x_b,1,0)"),
        ("indicator(x.a != x.b)", "IF(x_a<>x_b,1,0)"),
        ("indicator(x.a >= x.b or not x.a <= x.b and x.c > 1)", "IF(OR(x_a>=x_b,AND(NOT(x_a<=x_b),x_c>1)),1,0)"),
        ("(x.a if x.a > x.b else x.b) ** 2", "IF(x_a>x_b,x_a,x_b)^2"),
        ("-(x.a if x.a > x.b else x.b)", "-IF(x_a>x_b,x_a,x_b)"),
        ("indicator((1 if x.a > x.b else 2) > 1)", "IF(IF(x_a>x_b,1,2)>1,1,0)"),
        # Functions.
        ("min(x.a, x.b + 1, -x.c)", "MIN(x_a,x_b+1,-x_c)"),
        ("round(x.a, -2)", "ROUND(x_a,-2)"),
        ("log2(x.a)", "LOG(x_a,2)"),
        ("log10(x.a) + ln(x.a)", "LOG10(x_a)+LN(x_a)"),
        ("floor(x.a / x.b)", "INT(ROUND(x_a/x_b,9))"),
        ("truncate(x.a)", "TRUNC(ROUND(x_a,9))"),
        ("ceiling(x.a - x.b)", "-INT(-ROUND(x_a-x_b,9))"),
        ("ceiling(x.a) ** 2", "(-INT(-ROUND(x_a,9)))^2"),
        ("x.a - ceiling(x.b)", "x_a-(-INT(-ROUND(x_b,9)))"),
        ("x.a * ceiling(x.b)", "x_a*(-INT(-ROUND(x_b,9)))"),
        ("2 ** ceiling(x.b)", "2^(-INT(-ROUND(x_b,9)))"),
        ("otherwise(x.a / x.b, 0)", "IFERROR(x_a/x_b,0)"),
        # Units leave no trace but a factor.
        ("relabel(x.a, '1', 's') / relabel(1, '1', 's')", "x_a/1"),
        # Numbers, to the last digit.
        ("0.1 + 0.2", "0.1+0.2"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("0.12345678901234567", "0.12345678901234566"),
        ("123456789012345678", "1.2345678901234568E+17"),
        ("1e-9", "1E-09"),
        ("1e16", "1E+16"),
        ("999999999999999", "999999999999999"),
        ("1e22 * 2.0", "1E+22*2"),
        ("5e-324", "5E-324"),
    ],
)
def test_excel_text(desk: Desk, text: str, formula: str) -> None:
    assert desk.excel(text) == formula


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("'plain'", '"plain"'),
        ("'say \"no\"'", '"say ""no"""'),
        ('"it\'s"', '"it\'s"'),
        ("''", '""'),
        ("'\"'", '""""'),
        ("'=1+1'", '"=1+1"'),
        ("'a & b < c'", '"a & b < c"'),
        ("'{0} {*} %s'", '"{0} {*} %s"'),
        ("'≤ 😀'", '"≤ 😀"'),
        ("otherwise(x.word, '{0}')", 'IFERROR(x_word,"{0}")'),
        ("'{1}' if x.word == '{0}' else '{*}'", 'IF(x_word="{0}","{1}","{*}")'),
    ],
)
def test_texts_in_excel(desk: Desk, text: str, formula: str) -> None:
    assert desk.excel(text, "v.text") == formula


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (-7.0, "-7"), (2.5, "2.5"), (1e300, "1E+300"), (1 / 3, "0.3333333333333333")]
)
def test_numbers_as_text(value: float, text: str) -> None:
    assert number_text(value) == text
    assert float(text) == value


def test_references_between_rows_and_tables(desk: Desk) -> None:
    row = 4
    assert re.fullmatch(r"C\d+\+D\d+", desk.excel("c + d", "t.rise", (row,)))
    first, second = desk.excel("c - previous(c)", "t.rise", (row,)).split("-")
    assert int(first[1:]) == int(second[1:]) + 1
    assert re.fullmatch(r"INDEX\(\$B\$\d+:\$B\$\d+,MATCH\(B\d+,\$A\$\d+:\$A\$\d+,0\)\)", desk.excel("k[n].v", "t.rise", (row,)))
    found = desk.excel("sum(r.c for r in t if r.g == g)", "t.rise", (row,))
    assert re.fullmatch(r"SUMIFS\((\$C\$\d+:\$C\$\d+),(\$A\$\d+:\$A\$\d+),A\d+\)", found)
    assert re.fullmatch(r'COUNTIFS\(\$A\$\d+:\$A\$\d+,"Two"\)', desk.excel("count(r.c for r in t if r.g == 'two')"))
    assert re.fullmatch(r"ROWS\(\$A\$\d+:\$A\$\d+\)", desk.excel("count(r.c for r in t)"))
    assert re.fullmatch(r"SUMPRODUCT\(\(\$C\$\d+:\$C\$\d+\*\$D\$\d+:\$D\$\d+\)\)", desk.excel("sum(r.c * r.d for r in t)"))
    assert re.fullmatch(r"\$C\$\d+", desk.excel("t['two', 'n1'].c"))


# Limits of Excel


def test_a_formula_longer_than_excel_takes_is_refused_at_its_place(desk: Desk) -> None:
    text = "x.a"
    for _ in range(12):
        text = f"interpolate(x.a, {text}, [r.n for r in k], [r.v for r in k])"
    with pytest.raises(WorkbookError, match=r"sheets/sheet.yaml:\d+:\d+: 'v.result': the formula has more than") as caught:
        desk.excel(text)
    assert caught.value.diagnostics[0].fix == "split it into helper columns"


def test_a_formula_as_long_as_excel_takes_is_written(desk: Desk) -> None:
    texts = ["x.a", "x.b"]
    while True:
        try:
            longest = desk.excel(f"min({', '.join(texts)})")
        except (WorkbookError, ExpressionError):
            break
        assert len(longest) < MAXIMUM_FORMULA
        texts = [f"min({', '.join(texts)})", "x.a"] if len(texts) == 30 else [*texts, texts[0]]


def test_functions_nested_deeper_than_excel_takes_are_refused(desk: Desk) -> None:
    assert desk.excel("abs(" * 64 + "x.a" + ")" * 64).count("ABS(") == 64
    with pytest.raises(WorkbookError, match="64 nested brackets"):
        desk.excel("abs(" * 65 + "x.a" + ")" * 65)
    with pytest.raises(WorkbookError, match="64 nested brackets"):
        desk.excel("floor(" * 33 + "x.a" + ")" * 33)


def test_brackets_side_by_side_or_in_texts_do_not_nest(desk: Desk) -> None:
    assert desk.excel(" + ".join(["abs(x.a)"] * 80)).count("ABS(") == 80
    assert desk.excel("'" + "(" * 200 + "'", "v.text") == '"' + "(" * 200 + '"'


# What is parsed and yet refused


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("[r.c for r in t]", 0, "a range stands only inside"),
        ("(r.c for r in t)", 0, "a range stands only inside"),
        ("abs([r.c for r in t])", 4, "'abs' takes single values, not a range"),
        ("1 + [r.c for r in t]", 4, "'add' takes single values, not a range"),
        ("k[[r.n for r in k]].v", 2, "a range stands only inside"),
        ("sum(r.c for r in t if r.n == [q.n for q in k])", 29, "a range stands only inside"),
        ("sum([q.n for q in k] for r in t)", 4, "a range stands only inside"),
        ("slope(x.a, x.b)", 6, "'slope' takes a range"),
        ("slope([r.c for r in t], x.b)", 24, "'slope' takes a range"),
        ("locate(x.a, x.b)", 12, "'locate' takes a range"),
        ("locate([r.n for r in k], [r.n for r in k])", 7, "'locate' takes single values"),
        ("interpolate(1, 1, 2, [r.v for r in k])", 18, "'interpolate' takes a range"),
        ("sum(x.a, x.b)", 0, "unknown function"),
        ("min([r.c for r in t], 1)", 4, "'min' takes single values"),
        ("mean(r.c * r.d for r in t)", 0, "'mean' takes one column of 't'"),
        ("max(r.c + 1 for r in t)", 0, "'max' takes one column of 't'"),
        ("mean(x.a for r in t)", 0, "'mean' takes one column of 't'"),
        ("sum(exp(r.c) for r in t)", 0, "'sum' takes one column, or arithmetic over columns of 't'"),
        ("sum(max(r.c, 1) for r in t)", 0, "'sum' takes one column, or arithmetic"),
        ("sum(r.c if r.d > 1 else 0 for r in t)", 0, "'sum' takes one column, or arithmetic"),
        ("sum(k[r.n].v * r.c for r in t)", 0, "'sum' takes one column, or arithmetic"),
        ("sum(x.a for r in t)", 0, "'sum' needs a column of 't'"),
        ("sum(1 for r in t)", 0, "'sum' needs a column of 't'"),
        ("k[x.a > 1].v", 2, "a key is a number or a text, not a boolean"),
        ("sum(r.w for r in t)", 0, "'sum' needs numbers, not texts"),
        ("y", 0, "unknown name 'y'"),
        ("x.d", 0, "unknown name 'x.d'"),
        ("x.a + t.c", 6, "'t' has rows"),
        ("u['k'].c", 0, "unknown table 'u'"),
        ("t['one'].c", 0, "'t' is looked up by 2 keys (g, n), not 1"),
        ("t['one', 'n9'].c", 9, "'n9' is not one of the keys 'n'"),
        ("k['n1'].x", 0, "'k' has no column 'x'"),
        ("sum(r.c for r in u)", 3, "unknown table 'u'"),
        ("sum(c for r in t)", 4, "unknown name 'c'"),
        ("sum(r.c for r in t if x.a == x.b)", 22, "one side of the condition is 'r.column'"),
        ("slope([r.c + 1 for r in t], [r.d for r in t])", 6, "a range is one column"),
        ("slope([r.c for r in t if r.n == 'n1'], [r.d for r in t])", 6, "the rows of a range must stand together"),
        ("slope([r.c for r in t if r.n == x.a], [r.d for r in t])", 6, "the conditions of a range compare row keys"),
        ("previous(x)", 9, "unknown name 'x'"),
    ],
)
def test_what_no_cell_can_hold_is_refused_before_it_is_written(desk: Desk, text: str, at: int, message: str) -> None:
    with pytest.raises((ExpressionError, UnitError)) as caught:
        desk.put(text)
    assert caught.value.message.startswith(message)
    assert caught.value.at == at


# Values that hang on the row


def test_the_row_above_the_first_of_a_group_is_an_error_and_not_another_group(desk: Desk) -> None:
    assert [desk.value("c - previous(c)", "t.rise", (row,)) for row in range(6)] == [None, 10.0, 10.0, None, 10.0, 10.0]
    assert desk.value("0 if n == 1 else c - previous(c)", "t.rise", (3,)) == 0.0


def test_the_text_above_the_first_of_a_group_is_missing(desk: Desk) -> None:
    assert desk.value("indicator(otherwise(previous(w), 'none') == 'NONE')", "t.rise", (3,)) == 1.0
    assert desk.value("indicator(previous(w) == 'r')", "t.rise", (3,)) is None
    assert desk.value("indicator(previous(w) == 'S')", "t.rise", (4,)) == 1.0


def test_an_error_in_any_row_spreads_to_a_sum_of_products_even_where_the_row_does_not_count(desk: Desk) -> None:
    # SUMPRODUCT multiplies such rows by zero; SUMIFS leaves them out.
    assert desk.value("sum(r.c * r.d for r in t if r.g == 'one')") == 140.0
    assert desk.value("sum(r.broken for r in t if r.g == 'one')") == pytest.approx(-1 / 4 - 1 / 3 - 1 / 2)
    assert desk.value("sum(r.broken * 1 for r in t if r.g == 'one')") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k[2].v", 8.0),
        ("k[3].v", None),
        ("k[x.zero / 0].v", None),
        ("otherwise(k[3].v, -1)", -1.0),
        ("t['two', 'n3'].c", 60.0),
        ("k['n3'].v", 9.0),
        ("sum(r.c for r in t if r.g == 'two')", 150.0),
        ("sum(r.c for r in t if r.n == x.a)", 0.0),
        ("mean(r.c for r in t if r.n == x.a)", None),
        ("count(r.w for r in t if r.n == 2)", 2.0),
        ("max(r.c for r in t if r.g == 'one')", 30.0),
        ("interpolate(x.a, locate(x.a, [r.n for r in k]), [r.n for r in k], [r.v for r in k])", 8.5),
        ("slope([r.c for r in t if r.g == 'one'], [r.n for r in k])", 6.428571428571429),
        ("slope([r.c for r in t], [r.n for r in k])", None),
        ("(1 if x.word == 'h100' else 2)", 1.0),
        ("1 + (1e20 - 1e20)", 1.0),
    ],
)
def test_values(desk: Desk, text: str, value: float | None) -> None:
    assert desk.value(text) == (value if value is None else pytest.approx(value, rel=1e-14))


@pytest.mark.parametrize("text", ["'big' if x.a / x.zero > 1 else 'small'", "otherwise(x.word, 'none') if x.a / x.zero > 1 else 'small'"])
def test_a_text_that_hangs_on_an_error_is_one(desk: Desk, text: str) -> None:
    assert desk.value(text, "v.text") is None


# The registry

KNOTS, LEVELS = np.array([1.0, 2.0, 4.0]), np.array([10.0, 30.0, 20.0])
EXAMPLES: dict[str, tuple[tuple[Any, ...], float]] = {
    "add": ((2.0, 3.0), 5.0),
    "subtract": ((2.0, 3.0), -1.0),
    "multiply": ((2.0, 3.0), 6.0),
    "divide": ((3.0, 2.0), 1.5),
    "power": ((2.0, 3.0), 8.0),
    "negative": ((2.0,), -2.0),
    "equal": ((2.0, 2.0), 1.0),
    "not_equal": ((2.0, 2.0), 0.0),
    "less": ((2.0, 3.0), 1.0),
    "less_equal": ((3.0, 3.0), 1.0),
    "greater": ((2.0, 3.0), 0.0),
    "greater_equal": ((3.0, 3.0), 1.0),
    "if": ((0.0, 5.0, 6.0), 6.0),
    "and": ((1.0, 0.0), 0.0),
    "or": ((1.0, 0.0), 1.0),
    "not": ((1.0,), 0.0),
    "abs": ((-2.5,), 2.5),
    "exp": ((1.0,), math.e),
    "ln": ((math.e,), 1.0),
    "log2": ((8.0,), 3.0),
    "log10": ((1000.0,), 3.0),
    "sqrt": ((2.25,), 1.5),
    "min": ((3.0, 1.0, 2.0), 1.0),
    "max": ((3.0, 1.0, 2.0), 3.0),
    "round": ((2.345, 1.0), 2.3),
    "floor": ((-2.5,), -3.0),
    "ceiling": ((-2.5,), -2.0),
    "truncate": ((-2.5,), -2.0),
    "indicator": ((1.0,), 1.0),
    "otherwise": ((math.nan, 4.0), 4.0),
    "locate": ((3.0, KNOTS), 2.0),
    "interpolate": ((3.0, 2.0, KNOTS, LEVELS), 25.0),
    "position": ((4.0, KNOTS), 3.0),
    "at": ((LEVELS, 2.0), 30.0),
    "slope": ((np.array([5.0, 7.0, 11.0]), KNOTS), 2.0),
    "intercept": ((np.array([5.0, 7.0, 11.0]), KNOTS), 3.0),
    "poisson": ((2.0, 3.0), 4.5 * math.exp(-3.0)),
    "poisson_cumulative": ((2.0, 3.0), 8.5 * math.exp(-3.0)),
    "convert": ((2.0, "s"), 2.0),
    "relabel": ((2.0, "s", "1"), 2.0),
}

# What spreadsheets since Excel 2010 share.
PORTABLE = {"ABS", "AND", "EXP", "IF", "IFERROR", "INT", "LN", "LOG", "LOG10", "MAX", "MIN", "NOT", "OR", "POISSON", "ROUND", "SQRT"}
PORTABLE |= {"AVERAGE", "AVERAGEIFS", "COUNTIFS", "INDEX", "INTERCEPT", "MATCH", "ROWS", "SLOPE", "SUM", "SUMIFS", "SUMPRODUCT", "TRUNC"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_computes_what_its_documentation_says(name: str) -> None:
    entry = FUNCTIONS[name]
    arguments, expected = EXAMPLES[name]
    with np.errstate(all="ignore"):
        assert float(entry.value(*arguments)) == pytest.approx(expected, rel=1e-14)
    assert entry.arity[0] <= len(arguments) <= entry.arity[1]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_described_and_can_be_written(name: str) -> None:
    entry = FUNCTIONS[name]
    assert entry.name == name
    assert entry.doc.endswith(".")
    assert len(entry.doc) > 8
    low, high = entry.arity
    assert 1 <= low <= high
    assert callable(entry.value)
    assert callable(entry.rule)
    if name in {"convert", "relabel"}:
        assert not entry.excel  # both are gone before a formula is written
    elif entry.is_infix:
        assert entry.operator is not None
        assert not entry.excel
    else:
        assert set(re.findall(r"[A-Z0-9]+(?=\()", entry.excel)) <= PORTABLE
        placed = {int(number) for number in re.findall(r"\{(\d)\}", entry.excel)}
        assert "{*}" in entry.excel or placed == set(range(low))


def test_no_example_is_left_over() -> None:
    assert set(EXAMPLES) == set(FUNCTIONS)
    assert set(RANGES) <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(AGGREGATES))
def test_every_aggregate_is_portable(name: str) -> None:
    entry = AGGREGATES[name]
    assert entry.excel in PORTABLE
    assert entry.conditional in PORTABLE | {""}
    assert "{0}" in entry.prose


# Readable mathematics


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("x.a - (x.b - x.c)", "a − (b − c)"),
        ("-x.a ** 2", "−(a^2)"),
        ("(-x.a) ** 2", "(−a)^2"),
        ("x.a * x.b / x.c", "a × b / c"),
        ("x.a / (x.b * x.c)", "a / (b × c)"),
        ("floor(x.a / x.b)", "⌊a / b⌋"),
        ("x.a if x.b > 0 else x.c", "if b > 0 then a, else c"),
        ("indicator(x.a < x.b < x.c)", "[a < b and b < c]"),
        ("relabel(x.a, '1', 's')", "a"),
        ("sum(r.c for r in t if r.g == 'one')", "sum of c where g = “One”"),
        ("max(x.a, 1)", "max(a, 1)"),
    ],
)
def test_prose(desk: Desk, text: str, prose: str) -> None:
    assert desk.prose(text) == prose


def test_every_function_has_prose(desk: Desk) -> None:
    written: dict[str, Callable[[], str]] = {
        name: lambda name=name: f"{name}({', '.join(['x.a'] * FUNCTIONS[name].arity[0])})"  # type: ignore[misc]
        for name in ("abs", "exp", "ln", "log2", "log10", "sqrt", "min", "max", "round", "floor", "ceiling", "truncate", "otherwise")
    }
    for name, text in written.items():
        prose = desk.prose(text())
        assert "a" in prose, name
        assert "{" not in prose, name
