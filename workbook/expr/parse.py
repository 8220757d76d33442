"""Python expression syntax to trees: the only module that uses ``ast``.

A whitelist of node types bounds the language; everything else is a clear error at its column.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from workbook.errors import suggest
from workbook.expr.functions import AGGREGATES, FUNCTIONS
from workbook.expr.nodes import Call, Find, Name, Number, Over, Pick, Text, Tree, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

MAXIMUM_LENGTH = 2_000
MAXIMUM_DEPTH = 100  # well inside Python's own limit, so that no later stage can hit that
MAXIMUM_TEXT = 255  # Excel refuses a file with a longer text in a formula
NEIGHBOURS = {"previous": -1}
TURNED = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal"}  # a < b is b > a

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}


class ExpressionError(Exception):
    """An expression that cannot be used: character offset, message and fix."""

    def __init__(self, at: int, message: str, fix: str = "") -> None:
        """Keep the parts; the caller turns the offset into a file position."""
        super().__init__(message)
        self.at, self.message, self.fix = at, message, fix


@lru_cache(maxsize=10_000)
def parse(text: str) -> Tree:
    """Parse one expression; raises ExpressionError."""
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionError(0, f"the expression has {len(text):,} characters", "split it into helper columns")
    flat = re.sub(r"\s", " ", text)
    start = len(flat) - len(flat.lstrip())
    flat = flat.strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns of texts such as '\d', where it will refuse them later
            body = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        at = error.offset - 1 if error.offset else len(flat)  # without one the text ends too early
        raise ExpressionError(start + at, f"cannot be parsed: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(start, "cannot be parsed: too deep or not text", "split it into helper columns") from None
    read = len(flat.encode()[: body.end_col_offset].decode())
    if "#" in flat[read:]:
        raise ExpressionError(start + flat.index("#", read), "'#' and what follows would be ignored", "comments stand outside the quotes")
    return _Translator(flat, start).tree(body)


def names_in(text: str) -> tuple[tuple[int, str], ...]:
    """Return the names of quantities, tables and groups in an expression with the offset of each; none of a text that is no expression.

    What stands in braces, such as the number of a repeated column, is not known yet and counts as letters of a name.
    """
    flat = re.sub(r"\{\w+\}", lambda braces: "_" * len(braces[0]), re.sub(r"\s", " ", text))
    start = len(flat) - len(flat.lstrip())
    try:
        body = ast.parse(flat.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    encoded = flat.strip().encode()
    return tuple(sorted((start + len(encoded[: node.col_offset].decode()), node.id) for node in _names(body, frozenset())))


def _names(node: ast.AST, bound: frozenset[str]) -> Iterator[ast.Name]:
    """Yield the names in a tree but those of functions, of units in brackets, and of rows that a ``for`` has named."""
    match node:
        case ast.Name(id=name):
            yield from () if name in bound else (node,)
        case ast.Call(func=ast.Name(), args=arguments):
            for argument in arguments:
                yield from _names(argument, bound)
        case ast.Subscript(value=ast.Constant()):
            return
        case ast.ListComp(generators=loops) | ast.GeneratorExp(generators=loops):
            aliases = bound | {loop.target.id for loop in loops if isinstance(loop.target, ast.Name)}
            for child in ast.iter_child_nodes(node):
                yield from _names(child, aliases)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _names(child, bound)


class _Translator:
    """Turns the nodes of ``ast`` into ours."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.start, self.depth = text.encode(), start, 0

    def error(self, node: ast.AST, message: str, fix: str = "") -> ExpressionError:
        return ExpressionError(self.at(node), message, fix)

    def at(self, node: ast.AST) -> int:
        """Return the offset in characters; ``ast`` counts bytes."""
        return self.start + len(self.text[: getattr(node, "col_offset", 0)].decode())

    def tree(self, node: ast.expr) -> Tree:
        if self.depth == MAXIMUM_DEPTH:
            raise self.error(node, "is nested too deeply", "split it into helper columns")
        self.depth += 1
        try:
            return self.node(node)
        finally:
            self.depth -= 1

    def node(self, node: ast.expr) -> Tree:
        match node:
            case ast.Constant(value=value):
                return self.constant(node, value)
            case ast.Name(id=name):
                return Name(name, self.at(node))
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(node, op, left, right)
            case ast.UnaryOp(op=ast.USub() | ast.Not() as op, operand=operand):
                return Call("negative" if isinstance(op, ast.USub) else "not", (self.tree(operand),), self.at(node))
            case ast.BoolOp(op=op, values=values):
                return Call("and" if isinstance(op, ast.And) else "or", tuple(map(self.tree, values)), self.at(node))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return Call("if", (self.tree(test), self.tree(body), self.tree(orelse)), self.at(node))
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self.compare(node, left, ops, rights)
            case ast.Attribute():
                return self.attribute(node)
            case ast.Subscript():
                return self.subscript(node)
            case ast.Call():
                return self.call(node)
            case ast.ListComp() | ast.GeneratorExp():
                return self.over(node)
            case _:
                raise self.error(node, f"{type(node).__name__} is not part of the language")

    def constant(self, node: ast.AST, value: object) -> Tree:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.error(node, f"{value!r} cannot be used here", "use a number or a 'text'")
        if isinstance(value, str):
            if len(value) > MAXIMUM_TEXT or not value.isprintable():
                raise self.error(node, f"a text has at most {MAXIMUM_TEXT} characters, all of them printable")
            return Text(value, self.at(node))
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(node, "a number must be finite")
        return Number(number, self.at(node))

    def binary(self, node: ast.BinOp, op: ast.operator, left: ast.expr, right: ast.expr) -> Tree:
        name = _BINARY.get(type(op))
        if name is None:
            raise self.error(node, f"operator {type(op).__name__} is not part of the language", "use + - * / **")
        return Call(name, (self.tree(left), self.tree(right)), self.at(node))

    def compare(self, node: ast.Compare, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> Tree:
        parts: list[Tree] = []
        for op, right in zip(ops, rights, strict=True):
            name = _COMPARE.get(type(op))
            if name is None:
                raise self.error(node, f"comparison {type(op).__name__} is not part of the language")
            parts.append(Call(name, (self.tree(left), self.tree(right)), self.at(node)))
            left = right
        return parts[0] if len(parts) == 1 else Call("and", tuple(parts), self.at(node))

    def attribute(self, node: ast.Attribute) -> Tree:
        match node.value:
            case ast.Name(id=owner):
                return Name(f"{owner}.{node.attr}", self.at(node))
            case ast.Subscript(value=ast.Name(id=table), slice=key):
                return Find(table, self.keys(key), node.attr, self.at(node.value))
            case _:
                raise self.error(node, "a reference is 'column', 'group.item' or 'table[key].column'")

    def keys(self, node: ast.expr) -> tuple[Tree, ...]:
        return tuple(map(self.tree, node.elts if isinstance(node, ast.Tuple) else [node]))

    def subscript(self, node: ast.Subscript) -> Tree:
        match node.value, node.slice:
            case ast.Name(id=table), _:
                raise self.error(node, f"a column of '{table}' is missing", f"write {table}[key].column, or {table}[key][row_key]")
            case ast.Subscript(value=ast.Name(id=table), slice=keys), ast.Constant(value=str(column)):
                return Find(table, self.keys(keys), column, self.at(node))
            case ast.Subscript(value=ast.Name(id=table), slice=keys), ast.Name(id=by) as name:
                return Pick(table, self.keys(keys), Name(by, self.at(name)), self.at(node))
            case ast.Subscript(value=ast.Name(id=table)), by:
                raise self.error(by, "a column is named by a row key of this table, or by a text", f"write {table}[key][row_key]")
            case owner, unit:
                return self.measured(owner, unit)

    def measured(self, owner: ast.expr, inside: ast.expr) -> Number:
        """Read a number with a unit. To Python the brackets hold a product or a quotient; the text between them is the unit."""
        number = self.tree(owner)
        if not isinstance(number, Number) or number.unit:
            raise self.error(inside, "a unit in brackets stands behind a written number", "for anything else write x * 1 [unit]")
        unit = self.text[inside.col_offset : inside.end_col_offset].decode().replace(" ", "")
        return Number(number.value, number.at, Text(unit, self.at(inside)))

    def call(self, node: ast.Call) -> Tree:
        if not isinstance(node.func, ast.Name):
            raise self.error(node, "only functions of the language can be called")
        name = node.func.id
        if node.keywords:
            raise self.error(node, "arguments are given by position, without names")
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            if name not in AGGREGATES:
                raise self.error(node, f"'{name}' does not aggregate", suggest(name, AGGREGATES))
            return Call(name, (self.over(node.args[0]),), self.at(node))
        if name in NEIGHBOURS:
            if len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
                raise self.error(node, f"'{name}' takes the name of one column of the same table")
            return Call(name, (self.tree(node.args[0]),), self.at(node))
        function = FUNCTIONS.get(name)
        if function is None or function.is_infix:
            known = [key for key, entry in FUNCTIONS.items() if not entry.is_infix]
            if name in AGGREGATES:
                raise self.error(node, f"'{name}' needs the rows of a table", f"write {name}(row.column for row in table)")
            raise self.error(node, f"unknown function '{name}'", suggest(name, [*known, *AGGREGATES, *NEIGHBOURS]))
        if function.leaves_empty and self.depth > 1:
            raise self.error(node, f"'{name}' stands outermost, around the whole expression", "compute the rest in a column of its own")
        low, high = function.arity
        if not low <= len(node.args) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise self.error(node, f"'{name}' takes {wanted} arguments, not {len(node.args)}", function.doc)
        arguments = tuple(map(self.tree, node.args))
        if function.of_picked and not isinstance(arguments[0], Pick):
            raise self.error(node.args[0], f"'{name}' takes a column chosen by a row key", f"{name}(table[key][row_key])")
        return Call(name, arguments, self.at(node))

    def over(self, node: ast.ListComp | ast.GeneratorExp) -> Over:
        if len(node.generators) != 1:
            raise self.error(node, "one 'for' at a time")
        loop = node.generators[0]
        if not isinstance(loop.target, ast.Name) or not isinstance(loop.iter, ast.Name) or loop.is_async:
            raise self.error(node, "write it as 'row.column for row in table if row.key == value'")
        tests = [
            part for test in loop.ifs for part in (test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test])
        ]
        conditions = []
        for test in tests:
            tree = self.tree(test)
            if not isinstance(tree, Call) or tree.function not in {"equal", *TURNED}:
                wanted = "a condition is an equality or an order, 'row.key == value' or 'row.column <= value'; join several with 'and'"
                raise self.error(test, wanted)
            conditions.append(tree)
        element = self.tree(node.elt)
        picked = next((part for part in walk(element) if isinstance(part, Pick)), None)
        if picked:
            raise ExpressionError(picked.at, "a column chosen by a row key cannot stand inside an aggregate", "choose it in a column first")
        return Over(loop.iter.id, loop.target.id, element, tuple(conditions), self.at(node))
