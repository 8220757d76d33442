"""Formulas that people type into inputs, with cells by id in place of references: ``$hardware.h200_sxm.tdp$*0.9``.

They are read as Excel does: unary minus binds tightest, then %, then ^. A dollar before an id fixes the column of the
reference that it stands for, one after it the row. The values are those of the registry of functions, as for expressions
of templates.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from workbook.expr.functions import FUNCTIONS
from workbook.expr.nodes import Call, Fixed, Name, Number, Text, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ID = re.compile(r'"(?:[^"]|"")*"|(?P<column>\$?)(?<![A-Za-z0-9_.])(?P<id>[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)(?P<row>\$?)')
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?)|(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<function>[A-Za-z_][A-Za-z0-9_.]*)\(|\$?(?P<id>[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)\$?"""
    r"""|(?P<sign><=|>=|<>|[-+*/^%(),:=<>]))"""
)
_LEVELS = (
    {"=": "equal", "<>": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"},
    {"+": "add", "-": "subtract"},
    {"*": "multiply", "/": "divide"},
)
_MANY = {"sum", "average", "min", "max"}  # they take ranges and any number of arguments
_COUNTS = {"abs": 1, "sqrt": 1, "exp": 1, "ln": 1, "round": 2, "if": 3}
_RANGE = "range"
MOST_TOKENS, MOST_BRACKETS = 200, 20
NUMBER, TEXT, TEST = "number", "text", "comparison"
_COMPARISONS = set(_LEVELS[0].values())


class NotKeptError(Exception):
    """A formula that cannot be kept; the message says why."""


def parse(text: str) -> Tree:
    """Return a formula without = as a tree in which cells are Names of their ids; raises NotKeptError."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotKeptError(f"'{text[at:].strip()[:20]}' in it is no number, cell, operator or function that can be kept")
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
        if len(tokens) > MOST_TOKENS:
            raise NotKeptError("it is too long")
    parser = _Parser(tokens)
    tree = parser.level(0)
    if parser.at < len(tokens):
        raise NotKeptError(f"'{tokens[parser.at][1]}' in it is not expected")
    return tree


class _Parser:
    """Reads tokens by how tightly operators bind."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def take(self, *signs: str) -> str:
        """Return the next sign and go on, if it is one of these."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def level(self, number: int) -> Tree:
        if number == len(_LEVELS):
            return self.power()
        tree = self.level(number + 1)
        while sign := self.take(*_LEVELS[number]):
            tree = Call(_LEVELS[number][sign], (tree, self.level(number + 1)))
        return tree

    def power(self) -> Tree:
        tree = self.percent()
        if self.take("^"):
            tree = Call("power", (tree, self.percent()))
        if self.take("^"):
            raise NotKeptError("spreadsheet programs read two ^ in a row differently: brackets are needed")
        return tree

    def percent(self) -> Tree:
        tree = self.signed()
        while self.take("%"):
            tree = Call("divide", (tree, Number(100.0)))
        return tree

    def signed(self) -> Tree:
        if self.take("-"):
            return Call("negative", (self.signed(),))
        return self.signed() if self.take("+") else self.single()

    def single(self) -> Tree:
        if self.at == len(self.tokens):
            raise NotKeptError("it is not complete")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number" and math.isfinite(float(text)):
            return Number(float(text))
        if kind == "text":
            return Text(text[1:-1].replace('""', '"'))
        if kind == "id":
            return self.cells(Name(text))
        if kind != "function" and text != "(":
            raise NotKeptError(f"'{text}' in it is not expected")
        self.depth += 1
        if self.depth > MOST_BRACKETS:
            raise NotKeptError("its brackets are nested too deeply")
        tree = self.call(text.lower()) if kind == "function" else self.level(0)
        if not self.take(")"):
            raise NotKeptError("a bracket in it is not closed")
        self.depth -= 1
        return tree

    def cells(self, first: Name) -> Tree:
        """Return one cell, or the range that begins with it."""
        if not self.take(":"):
            return first
        if self.at == len(self.tokens) or self.tokens[self.at][0] != "id":
            raise NotKeptError("a range in it does not end in a cell")
        self.at += 1
        return Call(_RANGE, (first, Name(self.tokens[self.at - 1][1])))

    def call(self, name: str) -> Tree:
        if name not in _MANY and name not in _COUNTS:
            raise NotKeptError(f"the function {name.removeprefix('_xlfn.').upper()} is not kept")
        arguments = [self.level(0)]
        while self.take(","):
            arguments.append(self.level(0))
        if len(arguments) != _COUNTS.get(name, len(arguments)):
            raise NotKeptError(f"{name.upper()} in it has {len(arguments)} {'argument' if len(arguments) == 1 else 'arguments'}")
        return Call(name, tuple(arguments))


def resolved(tree: Tree, cell: Callable[[str], Tree], between: Callable[[str, str], Iterable[Tree]]) -> Tree:
    """Return a formula with the cells of a model (or of a file) in it, ranges as their cells, sums and means as additions.

    ``cell`` and ``between`` give the cell of an id and those of a range, as Fixed, or raise NotKeptError, which this raises too.
    """
    match tree:
        case Name(name=name):
            return cell(name)
        case Call(function=function, arguments=arguments) if function in _MANY:
            parts: list[Tree] = []
            for argument in arguments:
                if isinstance(argument, Call) and argument.function == _RANGE:
                    parts += between(*(end.name for end in argument.arguments if isinstance(end, Name)))
                else:
                    parts.append(resolved(argument, cell, between))
            return _of_many(function, parts)
        case Call(function=function, arguments=arguments) if function != _RANGE:
            return Call(function, tuple(resolved(argument, cell, between) for argument in arguments))
        case Call():
            raise NotKeptError("a range in it stands outside of SUM, AVERAGE, MIN and MAX")
        case _:
            return tree


def _of_many(function: str, parts: list[Tree]) -> Tree:
    whole = _joined(function if function in {"min", "max"} else "add", parts)
    return Call("divide", (whole, Number(float(len(parts))))) if function == "average" else whole


def _joined(function: str, parts: list[Tree]) -> Tree:
    """Return a function of two over all parts, half by half: a long chain would be too deep to follow."""
    middle = len(parts) // 2
    return Call(function, (_joined(function, parts[:middle]), _joined(function, parts[middle:]))) if middle else parts[0]


def kind_of(tree: Tree, is_text: Callable[[Tree], bool]) -> str:
    """Return what a resolved formula comes to: NUMBER, TEXT or TEST; raises NotKeptError where its parts do not go together."""
    match tree:
        case Number():
            return NUMBER
        case Text():
            return TEXT
        case Call(function=function, arguments=arguments):
            kinds = [kind_of(argument, is_text) for argument in arguments]
            if function == "if" and kinds[0] in {TEST, NUMBER} and kinds[1] == kinds[2]:
                return kinds[1]
            if function in _COMPARISONS and kinds[0] == kinds[1] != TEST:
                return TEST
            if function in {"if", *_COMPARISONS} or set(kinds) != {NUMBER}:
                raise NotKeptError("it mixes texts, numbers and comparisons")
            return NUMBER
        case _:
            return TEXT if is_text(tree) else NUMBER


def value_of(tree: Tree, leaf: Callable[[Fixed], float | str | None]) -> float | str | None:
    """Return what a resolved formula comes to; None for an error, and where ``leaf`` gives None for a cell."""

    def found(node: Tree) -> np.ndarray[tuple[int, ...], np.dtype[np.object_ | np.float64]]:
        match node:
            case Call(function=function, arguments=arguments):
                return FUNCTIONS[function].value(*map(found, arguments))
            case Number(value=value) | Text(value=value):
                known: float | str | None = value
            case Fixed():
                known = leaf(node)
            case _:
                raise TypeError(f"{type(node).__name__} stands in no formula that is typed")
        return np.array(np.nan if known is None else known, dtype=object if isinstance(known, str) else float)

    with np.errstate(all="ignore"):
        result = found(tree).item()
    return result if isinstance(result, str) or (isinstance(result, float) and math.isfinite(result)) else None
