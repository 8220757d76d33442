"""The language, rule by rule: what it takes, what it refuses, and where."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from tests.language import Desk, refusal, same_shape
from workbook.errors import WorkbookError
from workbook.expr.nodes import Call, Find, Name, Number, Over, Pick, Text
from workbook.expr.parse import MAXIMUM_LENGTH, MAXIMUM_TEXT, ExpressionError, parse

if TYPE_CHECKING:
    from workbook.expr.nodes import Tree

A, B, C = Name("a"), Name("b"), Name("c")


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
        ("a[0]", 0, "a column of 'a' is missing"),
        ("1 + a['b']", 4, "a column of 'a' is missing"),
        ("a * (b + 1) [ms]", 13, "a unit in brackets stands behind a written number"),
        ("a.b [ms]", 5, "a unit in brackets stands behind a written number"),
        ("'a' [ms]", 5, "a unit in brackets stands behind a written number"),
        ("1 [ms] [s]", 8, "a unit in brackets stands behind a written number"),
        ("2 * 1 [ms", 6, "cannot be parsed"),
        ("t[a][b + 1]", 5, "a column is named by a row key"),
        ("t[a][b].c", 0, "a reference is"),
        ("value_of(t[a].c)", 9, "'value_of' takes a column chosen by a row key"),
        ("sum(r.x * t[a][b] for r in t)", 10, "a column chosen by a row key cannot stand inside an aggregate"),
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
        ("sum(r.x for r in t if r.k != 1)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if 1 < r.k < 2)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if not r.k < 2)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if r.k)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if r.k == 1 or r.k == 2)", 22, "a condition is an equality"),
        ("sum(r.x for r in t if 1 == r.k == 2)", 22, "a condition is an equality"),
        ("1 + only(a, b > 0)", 4, "'only' stands outermost"),
        ("-only(a, b > 0)", 1, "'only' stands outermost"),
        ("only(only(a, b > 0), a > 0)", 5, "'only' stands outermost"),
        ("a if b > 0 else only(a, b < 0)", 16, "'only' stands outermost"),
        ("sum(only(r.x, r.k > 0) for r in t)", 4, "'only' stands outermost"),
        ("only(r.x for r in t)", 0, "'only' does not aggregate"),
        ("only(a)", 0, "'only' takes 2 arguments"),
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
    "text", ["a + " * 1_000 + "a", "1" * (MAXIMUM_LENGTH + 1), "a" + " " * MAXIMUM_LENGTH, "'" + "x" * MAXIMUM_LENGTH + "'"]
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


def over(function: str, *conditions: tuple[str, Tree, Tree]) -> Tree:
    """Give a function of column x of the rows of t that fulfil conditions."""
    return Call(function, (Over("t", "r", Name("r.x"), tuple(Call(name, (left, right)) for name, left, right in conditions)),))


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
        ("t[a]['c']", Find("t", (A,), "c")),
        ("t['k', a][b]", Pick("t", (Text("k"), A), B)),
        ("value_of(t[a][b])", Call("value_of", (Pick("t", (A,), B),))),
        ("2 [ms]", Number(2.0, unit=Text("ms"))),
        ("2 [tok / s]", Number(2.0, unit=Text("tok/s"))),
        ("sum(r.x for r in t)", Call("sum", (Over("t", "r", Name("r.x"), ()),))),
        ("[r.x for r in t if r.k == 1]", Over("t", "r", Name("r.x"), (Call("equal", (Name("r.k"), Number(1.0))),))),
        (
            "max(r.x for r in t if r.k == 1 and a == r.l if r.m == 2)",
            over("max", ("equal", Name("r.k"), Number(1.0)), ("equal", A, Name("r.l")), ("equal", Name("r.m"), Number(2.0))),
        ),
        (
            "sum(r.x for r in t if r.k == 1 and r.l <= a and b > r.m)",
            over("sum", ("equal", Name("r.k"), Number(1.0)), ("less_equal", Name("r.l"), A), ("greater", B, Name("r.m"))),
        ),
        ("only(a, b < c)", Call("only", (A, Call("less", (B, C))))),
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
