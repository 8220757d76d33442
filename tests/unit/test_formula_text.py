"""The Excel text that expressions become, its limits, and its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from workbook.errors import WorkbookError
from workbook.expr.parse import ExpressionError
from workbook.expr.rules import UnitError
from workbook.expr.values import EMPTY
from workbook.layout.formula import MAXIMUM_LENGTH as MAXIMUM_FORMULA
from workbook.layout.formula import number_text
from workbook.model.evaluate import evaluate

if TYPE_CHECKING:
    from tests.language import Desk


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
        ("x.a * 1 [s] / 1 [s]", "x_a"),
        ("(x.a - x.b) * 1 [s] / 2 [s]", "(x_a-x_b)/2"),
        ("1 [s] / (x.a * 1 [s])", "1/x_a"),
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


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("count(r.c for r in t if r.d <= x.a)", 'COUNTIFS(D,"<="&x_a)'),
        ("count(r.c for r in t if r.d < 2.5)", 'COUNTIFS(D,"<"&2.5)'),
        ("count(r.c for r in t if r.d > -1)", 'COUNTIFS(D,">"&(-1))'),
        ("count(r.w for r in t if r.d >= x.a + 1 and r.d < x.c)", 'COUNTIFS(D,">="&(x_a+1),D,"<"&x_c)'),
        ("sum(r.c for r in t if r.d <= x.a and r.g == 'one')", 'SUMIFS(C,A,"One",D,"<="&x_a)'),
        ("mean(r.c for r in t if x.a < r.d)", 'AVERAGEIFS(C,D,">"&x_a)'),
        ("mean(r.c for r in t if x.a >= r.d)", 'AVERAGEIFS(C,D,"<="&x_a)'),
        ("sum(r.c for r in t if r.n <= 'n2')", 'SUMIFS(C,B,"<="&2)'),
        ("sum(r.c * 2 for r in t if x.a <= r.d)", "SUMPRODUCT((D>=x_a)*(C*2))"),
        ("sum(r.c * r.d for r in t if r.g == 'two' and r.d < x.a - 1)", 'SUMPRODUCT((A="Two")*(D<(x_a-1))*(C*D))'),
        ("max(r.c for r in t if r.g == 'one')", "MAX(C)"),
        ("max(r.c for r in t if r.d == x.a)", "IF(COUNTIFS(D,x_a)>0,SUMPRODUCT(LARGE((D=x_a)*C-(1-(D=x_a))*1E+300,1)),NA())"),
        (
            "min(r.c for r in t if r.g == 'one' and r.d < 2)",
            'IF(COUNTIFS(A,"One",D,"<"&2)>0,SUMPRODUCT(SMALL((A="One")*(D<2)*C+(1-(A="One")*(D<2))*1E+300,1)),NA())',
        ),
        ("only(x.a, x.b > 0)", 'IF(x_b>0,x_a,"")'),
        ("filled(x.a, x.b + 1)", 'IF(x_a="",x_b+1,x_a)'),
        ("join('needs ', text(x.a + 1), x.word)", 'CONCATENATE("needs ",TEXT(ROUND(x_a+1,0),"0"),x_word)'),
        ("only(x.a + 1, x.b > 0 or x.c == 5)", 'IF(OR(x_b>0,x_c=5),x_a+1,"")'),
    ],
)
def test_bounds_and_empty_cells_in_excel(desk: Desk, text: str, formula: str) -> None:
    assert re.sub(r"\$([A-D])\$\d+:\$\1\$\d+", r"\1", desk.excel(text)) == formula


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
        ("sum(x.a, x.b)", 0, "'sum' needs the rows of a table"),
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
        ("sum(r.c for r in t if x.a < x.b)", 22, "one side of the condition is 'r.column'"),
        ("sum(r.c for r in t if r.c < r.d)", 28, "unknown name 'r.d'"),
        ("sum(r.c for r in t if r.w < 'q')", 28, "a number is needed here, not a text"),
        ("sum(r.c for r in t if r.d < x.word)", 22 + 6, "a number is needed here, not a text"),
        ("sum(r.c for r in t if r.g < 'two')", 28, "a number is needed here, not a text"),
        ("slope([r.c for r in t if r.n < 2], [r.d for r in t])", 25, "a range picks its rows by equality only"),
        ("only(x.word, x.a > 0)", 5, "a number is needed here, not a text"),
        ("join('a', x.a)", 10, "a text is needed here, not a number"),
        ("text(x.a > 1)", 5, "a number is needed here, not a boolean"),
        ("filled(x.word, 1)", 7, "a number is needed here, not a text"),
        ("only(x.a, x.b)", 10, "a comparison is needed here, not a number"),
        ("previous(x)", 9, "unknown name 'x'"),
    ],
)
def test_what_no_cell_can_hold_is_refused_before_it_is_written(desk: Desk, text: str, at: int, message: str) -> None:
    with pytest.raises((ExpressionError, UnitError)) as caught:
        desk.put(text)
    error = caught.value
    assert isinstance(error, ExpressionError | UnitError)
    assert error.message.startswith(message)
    assert error.at == at


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
        ("sum(r.c for r in t if r.d < 3)", 30.0),
        ("sum(r.c for r in t if r.d <= 3)", 60.0),
        ("sum(r.c for r in t if r.d > 3)", 150.0),
        ("sum(r.c for r in t if r.d >= 3)", 180.0),
        ("sum(r.c for r in t if 3 >= r.d)", 60.0),
        ("sum(r.c for r in t if 3 < r.d)", 150.0),
        ("sum(r.c for r in t if r.d <= 2.5)", 30.0),
        ("sum(r.c for r in t if r.g == 'one' and r.d >= 2 and r.d < 5)", 50.0),
        ("sum(r.c * r.d for r in t if r.g == 'two' and r.d <= 5)", 410.0),
        ("sum(r.c for r in t if r.d < x.a / x.zero)", None),
        ("sum(r.c * 1 for r in t if r.broken < 0)", None),
        ("sum(r.c for r in t if r.broken < 0)", 100.0),
        ("sum(r.broken for r in t if r.d < 5)", -1 / 4 - 1 / 3 - 1 / 2 - 1),
        ("mean(r.c for r in t if r.d > 4)", 55.0),
        ("mean(r.c for r in t if r.d > 6)", None),
        ("count(r.w for r in t if r.n >= 'n2')", 4.0),
        ("count(r.w for r in t if r.d > 6)", 0.0),
        ("only(x.a, x.b < 0)", 3.0),
        ("only(x.a, x.b > 0)", EMPTY),
        ("only(x.a / x.zero, x.b > 0)", EMPTY),
        ("only(x.a / x.zero, x.b < 0)", None),
        ("only(x.a, x.a / x.zero > 0)", None),
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


@pytest.mark.parametrize("pairs", [1, 7, 13, 4_000_000])
def test_bounds_of_many_rows_are_those_of_each(desk: Desk, monkeypatch: pytest.MonkeyPatch, pairs: int) -> None:
    monkeypatch.setattr("workbook.model.evaluate.COMPARED_AT_ONCE", pairs)
    rows = tuple(range(6))
    desk.put("sum(r.c for r in t if r.g == g and r.d <= d)", "t.rise", rows)
    assert evaluate(desk.model)["t.rise"].tolist() == [10.0, 30.0, 60.0, 40.0, 90.0, 150.0]
    desk.put("count(r.c for r in t if r.d > d)", "t.rise", rows)
    assert evaluate(desk.model)["t.rise"].tolist() == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    desk.put("sum(r.c * 2 for r in t if r.n == n and c >= r.c)", "t.rise", rows)
    assert evaluate(desk.model)["t.rise"].tolist() == [20.0, 40.0, 60.0, 100.0, 140.0, 180.0]
