"""Random well-formed expression trees, and their text in Python's own hand."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from workbook.expr.functions import FUNCTIONS, RANGES
from workbook.expr.nodes import Call, Name, Number, Text, Tree, walk

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

LITERALS = (0.0, 1.0, 2.0, 3.0, 0.5, 0.1, 0.7, 10.0, 100.0, 1024.0, 1.5, 2.5, 1e-3, 1e6, 1e16, 12345.678, 3.141592653589793, 0.1 + 0.2)
TEXTS = ("H100", "h100", "b200", 'say "no"', "it's")

BINARY: dict[str, ast.operator] = {"add": ast.Add(), "subtract": ast.Sub(), "multiply": ast.Mult(), "divide": ast.Div(), "power": ast.Pow()}
COMPARISONS: dict[str, ast.cmpop] = {
    "equal": ast.Eq(),
    "not_equal": ast.NotEq(),
    "less": ast.Lt(),
    "less_equal": ast.LtE(),
    "greater": ast.Gt(),
    "greater_equal": ast.GtE(),
}
ONE = Number(1.0, unit=Text("s"))
OF_ONE_NUMBER = ("abs", "exp", "ln", "log2", "log10", "sqrt", "floor", "ceiling", "truncate")
SPECIAL = {name for name, entry in FUNCTIONS.items() if entry.leaves_empty or entry.filled or entry.of_picked}  # tested by themselves
SCALAR = set(FUNCTIONS) - set(RANGES) - SPECIAL


class Grammar:
    """Draws trees whose value is a number, a condition or a text."""

    def __init__(self, chance: random.Random, cells: Iterable[str], prefix: str) -> None:
        """Use the number cells named ``cells``, and the cells ``delay`` (in ms) and ``word``; ``prefix`` stands before all names."""
        self.chance, self.prefix = chance, prefix
        self.cells = [prefix + name for name in cells]

    def number(self, depth: int) -> Tree:
        """Draw a tree with a plain number as its value."""
        chance = self.chance
        if depth <= 0 or chance.random() < 0.08:
            return self.leaf()
        kinds = {"binary": 50, "negative": 12, "one": 18, "many": 7, "round": 4, "if": 6, "indicator": 3, "otherwise": 4, "poisson": 3}
        match chance.choices(list(kinds), list(kinds.values()))[0]:
            case "binary":
                return self.binary(depth)
            case "one":
                return Call(chance.choice(OF_ONE_NUMBER), (self.number(depth - 1),))
            case "many":
                return Call(chance.choice(("min", "max")), tuple(self.number(depth - 1) for _ in range(chance.randint(2, 4))))
            case "round":
                return Call("round", (self.number(depth - 1), _signed(chance.randint(-3, 6))))
            case "if":
                return Call("if", (self.condition(depth - 1), self.number(depth - 1), self.number(depth - 1)))
            case "indicator":
                return Call("indicator", (self.condition(depth - 1),))
            case "otherwise":
                return Call("otherwise", (self.number(depth - 1), self.number(depth - 1)))
            case "poisson":
                # LibreOffice adds up all terms to the count, and would never end at 1e12; ironcalc crashes at large means.
                count = Call("min", (self.number(1), Number(200.0)))
                mean = Call("min", (Call("max", (self.number(1), Number(0.1))), Number(300.0)))
                return Call(chance.choice(("poisson", "poisson_cumulative")), (count, mean))
            case _:
                return Call("negative", (self.number(depth - 1),))

    def leaf(self) -> Tree:
        """Draw a cell or a written number."""
        draw = self.chance.random()
        if draw < 0.03:
            seconds = Call("convert", (Name(f"{self.prefix}delay"), Text("s")))
            return Call(*self.chance.choice((("divide", (seconds, ONE)), ("multiply", (Call("divide", (Number(2.0), seconds)), ONE)))))
        return Name(self.chance.choice(self.cells)) if draw < 0.65 else Number(self.chance.choice(LITERALS))

    def binary(self, depth: int) -> Tree:
        """Draw an arithmetic operation; half of the powers have a small written exponent, or most would overflow."""
        name = self.chance.choices(list(BINARY), (3, 4, 3, 3, 3))[0]
        right = self.number(depth - 1)
        if name == "power" and self.chance.random() < 0.5:
            right = _signed(self.chance.choice((2, 3, 0.5, 1.5, -1, -2, -0.5)))
        return Call(name, (self.number(depth - 1), right))

    def condition(self, depth: int) -> Tree:
        """Draw a tree that is true or false."""
        chance = self.chance
        kinds = {"numbers": 60, "texts": 8, "and": 12, "or": 12, "not": 8, "same": 3, "if": 3, "otherwise": 2}
        kind = chance.choices(list(kinds), list(kinds.values()))[0] if depth > 0 else chance.choice(("numbers", "numbers", "texts"))
        match kind:
            case "and" | "or":
                return Call(kind, tuple(self.condition(depth - 1) for _ in range(chance.randint(2, 3))))
            case "not":
                return Call("not", (self.condition(depth - 1),))
            case "if":
                return Call("if", tuple(self.condition(depth - 1) for _ in range(3)))
            case "otherwise":
                return Call("otherwise", (self.condition(depth - 1), self.condition(depth - 1)))
            case "same":
                return Call(chance.choice(("equal", "not_equal")), (self.condition(depth - 1), self.condition(depth - 1)))
            case "texts":
                return Call(chance.choice(("equal", "not_equal")), (self.text(depth - 1), self.text(depth - 1)))
            case _:
                return Call(chance.choice(list(COMPARISONS)), (self.number(depth - 1), self.number(depth - 1)))

    def text(self, depth: int) -> Tree:
        """Draw a tree with a text as its value."""
        if depth > 0 and self.chance.random() < 0.6:
            draw = self.chance.random()
            if draw < 0.2:
                return Call("otherwise", (self.text(depth - 1), self.text(depth - 1)))
            if draw < 0.4:
                return Call("join", (self.text(depth - 1), Call("text", (self.text(depth - 1),))))
            if draw < 0.65:
                # Engines differ in the digits of numbers beyond 15 of them.
                small = Call("max", (Call("min", (self.number(depth - 1), Number(1e9))), _signed(-1e9)))
                return Call("text", (small,)) if draw < 0.5 else Call("decimals", (Call("floor", (small,)), Number(1.0)))
            return Call("if", (self.condition(depth - 1), self.text(depth - 1), self.text(depth - 1)))
        return Name(f"{self.prefix}word") if self.chance.random() < 0.3 else Text(self.chance.choice(TEXTS))


def _signed(value: float) -> Tree:
    return Number(float(value)) if value >= 0 else Call("negative", (Number(float(-value)),))


def functions_used(trees: Iterable[Tree]) -> Counter[str]:
    """Count the trees that use each function."""
    return Counter(name for tree in trees for name in {node.function for node in walk(tree) if isinstance(node, Call)})


def python_text(tree: Tree) -> str:
    """Write a tree as ``ast.unparse`` does: with the brackets that Python needs, and no rule of ours."""
    return ast.unparse(ast.fix_missing_locations(_python(tree)))


def _python(tree: Tree) -> ast.expr:
    match tree:
        case Number(value=value, unit=unit):
            number = ast.Constant(int(value) if value.is_integer() and value < 1e15 else value)
            return ast.Subscript(number, ast.Name(unit.value)) if unit else number
        case Text(value=text):
            return ast.Constant(text)
        case Name(name=name):
            owner, _, item = name.rpartition(".")
            return ast.Attribute(ast.Name(owner), item) if owner else ast.Name(item)
        case Call(function=function, arguments=arguments):
            return _python_call(function, [_python(argument) for argument in arguments])
        case _:
            raise TypeError(tree)


def _python_call(function: str, parts: list[ast.expr]) -> ast.expr:
    if function in BINARY:
        return ast.BinOp(parts[0], BINARY[function], parts[1])
    if function in COMPARISONS:
        return ast.Compare(parts[0], [COMPARISONS[function]], [parts[1]])
    match function:
        case "negative":
            return ast.UnaryOp(ast.USub(), parts[0])
        case "not":
            return ast.UnaryOp(ast.Not(), parts[0])
        case "and" | "or":
            return ast.BoolOp(ast.And() if function == "and" else ast.Or(), parts)
        case "if":
            return ast.IfExp(*parts)
        case _:
            return ast.Call(ast.Name(function), parts, [])
