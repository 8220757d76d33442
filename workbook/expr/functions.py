"""The registry: one entry per function, with its NumPy form, its Excel form, its unit rule and its documentation."""

from __future__ import annotations

import operator as op
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbook.expr import lower, rules, values
from workbook.expr.nodes import Call, Number, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.expr.units import Units

# How tightly Excel binds, loosest first. Unary minus binds tighter than ^ in Excel and looser in Python, and ^ chains
# to the left in Excel and to the right in Python: both get brackets wherever the two could differ. Sums and products
# keep the brackets that the author wrote on the right, a + (b - c), because floats do not regroup: 1 + (1e20 - 1e20).
COMPARING, ADDING, MULTIPLYING, RAISING, ATOM = range(5)


@dataclass(frozen=True, slots=True)
class Operator:
    """How an operator is written in Excel: symbol, tightness, and what its operands need to go without brackets."""

    symbol: str
    level: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    ``neutral`` are the arguments that a 1 with a unit may be without changing the number. ``lower`` gives what is left of a
    call when its units are checked, from the argument, its type and that of the result. ``ranges`` are the arguments that are
    ranges, which all run the same way in a function ``of_one_way``. One that ``leaves_empty`` cells stands outermost, and nothing
    refers to these cells but the arguments ``filled`` of others. One ``of_picked`` takes a column chosen by a row key, one that
    ``catches`` is its second argument where the first is an error.
    """

    name: str
    arity: tuple[int, int]
    value: Callable[..., values.Array]
    rule: rules.Rule
    doc: str
    excel: str = ""
    prose: str = ""
    operator: Operator | None = None
    neutral: tuple[int, ...] = ()
    lower: Callable[[Units, Tree, rules.Type, rules.Type], Tree] | None = None
    ranges: tuple[int, ...] = ()
    of_one_way: bool = False
    leaves_empty: bool = False
    filled: tuple[int, ...] = ()
    of_picked: bool = False
    catches: bool = False

    @property
    def is_infix(self) -> bool:
        """Whether it is written with an operator sign and not called by name."""
        return self.operator is not None and bool(self.operator.symbol)


MANY = 30


def _infix(
    name: str, operator: Operator, value: Callable[..., values.Array], rule: rules.Rule, prose: str, neutral: tuple[int, ...] = ()
) -> Function:
    return Function(name, (2, 2), value, rule, f"Operator {operator.symbol}.", prose=prose, operator=operator, neutral=neutral)


_OPERATORS = (
    _infix("add", Operator("+", ADDING, ADDING, MULTIPLYING), lambda a, b: values.finite(a + b), rules.add, "{0} + {1}"),
    _infix("subtract", Operator("-", ADDING, ADDING, MULTIPLYING), lambda a, b: values.finite(a - b), rules.add, "{0} − {1}"),
    _infix(
        "multiply", Operator("*", MULTIPLYING, MULTIPLYING, RAISING), lambda a, b: values.finite(a * b), rules.multiply, "{0} × {1}", (0, 1)
    ),
    _infix("divide", Operator("/", MULTIPLYING, MULTIPLYING, RAISING), values.divide, rules.divide, "{0} / {1}", (1,)),
    _infix("power", Operator("^", RAISING, ATOM, ATOM), values.power, rules.power, "{0}^{1}"),
    _infix("equal", Operator("=", COMPARING, ADDING, ADDING), values.compare(op.eq), rules.comparison, "{0} = {1}"),
    _infix("not_equal", Operator("<>", COMPARING, ADDING, ADDING), values.compare(op.ne), rules.comparison, "{0} ≠ {1}"),
    _infix("less", Operator("<", COMPARING, ADDING, ADDING), values.compare(op.lt), rules.order, "{0} < {1}"),
    _infix("less_equal", Operator("<=", COMPARING, ADDING, ADDING), values.compare(op.le), rules.order, "{0} ≤ {1}"),
    _infix("greater", Operator(">", COMPARING, ADDING, ADDING), values.compare(op.gt), rules.order, "{0} > {1}"),
    _infix("greater_equal", Operator(">=", COMPARING, ADDING, ADDING), values.compare(op.ge), rules.order, "{0} ≥ {1}"),
    Function("negative", (1, 1), np.negative, rules.keep, "Unary minus.", prose="−{0}", operator=Operator("-", ADDING, ATOM, ATOM)),
)

# Excel forms hold {0}, {1}, ... for arguments and {*} for all of them, comma separated; of argument 1, a range, {cells1}
# stands before a place in INDEX, and {size1} for the number of its cells.
_FUNCTIONS = (
    Function(
        "if",
        (3, 3),
        values.choose,
        rules.condition,
        "Written 'a if test else b'.",
        "IF({*})",
        "if {0} then {1}, else {2}",
        Operator("", ATOM, 0, 0),
    ),
    Function(
        "only",
        (2, 2),
        values.only,
        rules.only,
        "only(x, test): x where the comparison holds, else an empty cell; stands outermost, and nothing may refer to the result.",
        'IF({1},{0},"")',
        "if {1} then {0}, else empty",
        leaves_empty=True,
    ),
    Function(
        "filled",
        (2, 2),
        values.filled,
        rules.common,
        "filled(x, y): x, or y where x is a cell that 'only' left empty.",
        'IF({0}="",{1},{0})',
        "{0}, or {1} where it is empty",
        filled=(0,),
    ),
    Function(
        "join",
        (2, MANY),
        values.join,
        rules.join,
        "join('needs ', text(n), ' GPUs'): texts one after the other.",
        "CONCATENATE({*})",
        "{*: & }",
    ),
    Function(
        "text",
        (1, 1),
        values.text,
        rules.text,
        "text(x): a number below 1E15, rounded to a whole one, as a text without separators, which differ by language; a text stays.",
        'TEXT(ROUND({0},0),"0")',
        "{0}",
        lower=lower.digits,
    ),
    Function(
        "decimals",
        (2, 2),
        values.decimals,
        rules.decimals,
        "decimals(x, digits): a plain number as a text with so many decimals; their sign is that of the reader's language.",
        "FIXED({0},{1},TRUE)",
        "{0}",
    ),
    Function("and", (2, MANY), values.every, rules.logic, "Written 'a and b'.", "AND({*})", "{*: and }", Operator("", ATOM, 0, 0)),
    Function("or", (2, MANY), values.some, rules.logic, "Written 'a or b'.", "OR({*})", "{*: or }", Operator("", ATOM, 0, 0)),
    Function("not", (1, 1), lambda a: 1.0 - a, rules.logic, "Written 'not a'.", "NOT({0})", "not {0}", Operator("", ATOM, 0, 0)),
    Function("abs", (1, 1), np.abs, rules.keep, "Absolute value.", "ABS({0})", "|{0}|"),
    Function("exp", (1, 1), lambda a: values.finite(np.exp(a)), rules.plain, "e to the power of a plain number.", "EXP({0})"),
    Function("ln", (1, 1), lambda a: values.finite(np.log(a)), rules.plain, "Natural logarithm of a positive plain number.", "LN({0})"),
    Function(
        "log2",
        (1, 1),
        lambda a: values.finite(np.log2(a)),
        rules.plain,
        "Base-2 logarithm of a positive plain number.",
        "LOG({0},2)",
        "log₂({0})",
    ),
    Function(
        "log10",
        (1, 1),
        lambda a: values.finite(np.log10(a)),
        rules.plain,
        "Base-10 logarithm of a positive plain number.",
        "LOG10({0})",
        "log₁₀({0})",
    ),
    Function(
        "sqrt",
        (1, 1),
        lambda a: values.finite(np.sqrt(a)),
        rules.square_root,
        "Square root of a non-negative number.",
        "SQRT({0})",
        "√({0})",
    ),
    Function("min", (2, MANY), values.smallest, rules.common, "Smallest of values of one unit.", "MIN({*})"),
    Function("max", (2, MANY), values.largest, rules.common, "Largest of values of one unit.", "MAX({*})"),
    Function("round", (2, 2), values.round_half_away, rules.keep, "round(x, digits): halves away from zero.", "ROUND({*})"),
    Function(
        "floor",
        (1, 1),
        values.floor,
        rules.keep,
        "Round down; within 5e-10 of an integer counts as that integer.",
        f"INT(ROUND({{0}},{values.FLOOR_DIGITS}))",
        "⌊{0}⌋",
    ),
    Function(
        "ceiling",
        (1, 1),
        values.ceiling,
        rules.keep,
        "Round up; within 5e-10 of an integer counts as that integer.",
        f"-INT(-ROUND({{0}},{values.FLOOR_DIGITS}))",
        "⌈{0}⌉",
        Operator("", ADDING, 0, 0),
    ),
    Function(
        "truncate",
        (1, 1),
        values.truncate,
        rules.keep,
        "Round towards zero; within 5e-10 of an integer counts as it.",
        f"TRUNC(ROUND({{0}},{values.FLOOR_DIGITS}))",
    ),
    Function("indicator", (1, 1), lambda a: a, rules.indicator, "1 where a comparison holds, else 0.", "IF({0},1,0)", "[{0}]"),
    Function(
        "otherwise",
        (2, 2),
        values.otherwise,
        rules.alternative,
        "otherwise(x, y): y where x is an error; one of them alone where x looks up a row by the row's own keys.",
        "IFERROR({*})",
        "{0}, or {1} where that is an error",
        catches=True,
    ),
    Function(
        "locate",
        (2, 2),
        values.locate,
        rules.locate,
        "locate(x, [row.knot for row in table]): the segment of increasing knots that holds x.",
        "MAX(1,MIN(MATCH(MAX({0},INDEX({cells1},1)),{1},1),{size1}-1))",
        "segment of {0} in {1}",
        ranges=(1,),
    ),
    Function(
        "interpolate",
        (4, 4),
        values.interpolate,
        rules.interpolate,
        "interpolate(x, segment, xs, ys): linear between the knots of the located segment.",
        "INDEX({cells3},{1})+({0}-INDEX({cells2},{1}))"
        "*(INDEX({cells3},{1}+1)-INDEX({cells3},{1}))/(INDEX({cells2},{1}+1)-INDEX({cells2},{1}))",
        "{3} interpolated at {0}",
        Operator("", ADDING, 0, 0),
        ranges=(2, 3),
    ),
    Function(
        "position",
        (2, 2),
        values.position,
        rules.position,
        "position(x, [row.column for row in table]): the place of the first row that equals x, a number or a text.",
        "MATCH({0},{1},0)",
        "place of {0} in {1}",
        ranges=(1,),
    ),
    Function(
        "item",
        (2, 2),
        values.at,
        rules.at,
        "item([row.column for row in table], place): the cell at a place.",
        "{at0}",
        "{0} at {1}",
        ranges=(0,),
    ),
    Function(
        "slope",
        (2, 2),
        values.slope,
        rules.slope,
        "slope(ys, xs): least-squares slope over two ranges.",
        "SLOPE({*})",
        "slope of {0} over {1}",
        ranges=(0, 1),
        of_one_way=True,
    ),
    Function(
        "intercept",
        (2, 2),
        values.intercept,
        rules.intercept,
        "intercept(ys, xs): least-squares intercept over two ranges.",
        "INTERCEPT({*})",
        ranges=(0, 1),
        of_one_way=True,
    ),
    Function(
        "poisson",
        (2, 2),
        values.poisson,
        rules.plain,
        "poisson(n, mean): probability of exactly n events.",
        "POISSON({0},{1},FALSE)",
    ),
    Function(
        "poisson_cumulative",
        (2, 2),
        values.poisson_cumulative,
        rules.plain,
        "poisson_cumulative(n, mean): probability of at most n events.",
        "POISSON({0},{1},TRUE)",
    ),
    Function(
        "convert",
        (2, 2),
        lambda a, _: a,
        rules.convert,
        "convert(x, 'unit'): the same thing on another scale.",
        prose="{0}",
        lower=lower.scaled,
    ),
    Function(
        "value_of",
        (1, 1),
        lambda a: a,
        rules.value_of,
        "value_of(t[key][row_key]): the number in a column chosen by a row key, without its unit, as each row has another one.",
        prose="{0}",
        lower=lower.dropped,
        of_picked=True,
    ),
)

FUNCTIONS: dict[str, Function] = {entry.name: entry for entry in _OPERATORS + _FUNCTIONS}
RANGES = {name: entry.ranges for name, entry in FUNCTIONS.items() if entry.ranges}
CATCHING = {name for name, entry in FUNCTIONS.items() if entry.catches}
ARITHMETIC = {name for name, entry in FUNCTIONS.items() if entry.operator and entry.operator.symbol and entry.operator.level > COMPARING}


def may_be_empty(tree: Tree) -> bool:
    """Tell whether a cell with the expression is empty at times."""
    return isinstance(tree, Call) and FUNCTIONS[tree.function].leaves_empty


def without_ones(call: Call) -> Tree:
    """Return a product or quotient without a factor 1 that is there for its unit only; other calls as they are."""
    for number in FUNCTIONS[call.function].neutral:
        one = call.arguments[number]
        if isinstance(one, Number) and one.unit and one.value == 1:
            return call.arguments[1 - number]
    return call


def _empty_is_error(reduce: Callable[[values.Array], values.Array]) -> Callable[[values.Array], values.Array]:
    return lambda a: values.finite(reduce(a)) if a.size else np.asarray(np.nan)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function over the rows of a table: whole-range form, form with conditions, words.

    Where spreadsheets since Excel 2010 have no form with conditions, ``ranked`` finds the value: the function that gives the first
    in order, and the sign of the number that puts rows which do not count at the other end. One that ``counts`` takes any cells, one
    that ``adds`` takes arithmetic over columns, too.
    """

    value: Callable[[values.Array], values.Array]
    excel: str
    conditional: str
    prose: str
    ranked: tuple[str, str] = ("", "")
    counts: bool = False
    adds: bool = False

    def with_conditions(self, cells: str, counts: str, criteria: str) -> str:
        """Return the formula over the ``cells`` of rows for which ``counts``, a product of comparisons, is 1.

        SUMPRODUCT calculates its argument cell by cell, without array entry, in every engine.
        """
        function, sign = self.ranked
        if not function:
            return f"{self.conditional}({cells},{criteria})"
        return f"IF(COUNTIFS({criteria})>0,SUMPRODUCT({function}({counts}*{cells}{sign}(1-{counts})*1E+300,1)),NA())"


AGGREGATES: dict[str, Aggregate] = {
    "sum": Aggregate(lambda a: values.finite(np.sum(a)), "SUM", "SUMIFS", "sum of {0}", adds=True),
    "count": Aggregate(lambda a: np.asarray(float(a.size)), "ROWS", "COUNTIFS", "number of {0}", counts=True),
    "mean": Aggregate(_empty_is_error(np.mean), "AVERAGE", "AVERAGEIFS", "mean of {0}"),
    "min": Aggregate(_empty_is_error(np.min), "MIN", "", "smallest of {0}", ("SMALL", "+")),
    "max": Aggregate(_empty_is_error(np.max), "MAX", "", "largest of {0}", ("LARGE", "-")),
}
