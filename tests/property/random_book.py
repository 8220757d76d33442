"""A workbook of random expressions that goes the whole way: templates, model, NumPy values, written file.

Trees are drawn from the registry's scalar functions, rendered to text by Python's own ``ast.unparse`` (so that the
parser is in the loop and no bracket rule of ours is trusted), written into templates, and built.

**Which results are compared.** Engines may round the last digit of every operation otherwise, and Gnumeric holds
intermediate results in a wider range than a double. Near a jump (a comparison of nearly equal numbers, a floor beside
a half-integer) or under cancellation that is enough for different results, and neither is wrong. So every tree is
computed again in extended precision, ``DRAWS`` times, with a random error of up to ``NOISE`` in the result of every
rounding operation. It is compared only where all draws agree to ``AGREEMENT`` (or are all errors) and where no
intermediate result leaves the range of ``SMALLEST`` to ``LARGEST``. What an operation gives exactly (inputs,
literals, choices such as MIN and IF, whole numbers from FLOOR) gets no error, so that a ** 3 of a negative number stays.
"""

from __future__ import annotations

import ast
import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbook.compile import compile_model
from workbook.declare import declarations
from workbook.evaluate import Values, evaluate
from workbook.expr.functions import FUNCTIONS
from workbook.expr.nodes import Call, Cell, Name, Number, Text, Tree, walk
from workbook.place import place
from workbook.verify.poison import is_poison, poison
from workbook.verify.xlsx import CellError, CellValue, cell_reference
from workbook.write import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbook.layout import Layout
    from workbook.verify.engines.base import Engine

DRAWS, NOISE, AGREEMENT = 24, 1e-13, 1e-10
SMALLEST, LARGEST = 1e-290, 1e290
TOLERANCE = 1e-9

# One column a cell: positive, negative, zero, whole, large, small and very close to others' multiples.
CELLS = {
    "rate": (3.7, 0.82, 41.5, 1.0, 260.25, 7.125),
    "loss": (-2.25, -0.4, -17.0, -1e-3, -900.5, -3.0),
    "none": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "whole": (12.0, 3.0, 1.0, 2.0, 64.0, 5.0),
    "debt": (-3.0, -1.0, -2.0, -8.0, -5.0, -27.0),
    "huge": (6.02e12, 1.7e9, 3.3e15, 2.5e7, 8e10, 1e100),
    "tiny": (1.6e-9, 4.1e-12, 2e-5, 7e-8, 1e-15, 3e-100),
    "share": (0.35, 0.5, 0.999, 0.01, 0.75, 0.125),
}
WORDS = ("H100", "h100", "b200", "")
LITERALS = (0.0, 1.0, 2.0, 3.0, 0.5, 0.1, 0.7, 10.0, 100.0, 1024.0, 1.5, 2.5, 1e-3, 1e6, 1e16, 12345.678, 3.141592653589793, 0.30000000000000004)

BINARY: dict[str, ast.operator] = {"add": ast.Add(), "subtract": ast.Sub(), "multiply": ast.Mult(), "divide": ast.Div(), "power": ast.Pow()}
COMPARISONS: dict[str, ast.cmpop] = {
    "equal": ast.Eq(),
    "not_equal": ast.NotEq(),
    "less": ast.Lt(),
    "less_equal": ast.LtE(),
    "greater": ast.Gt(),
    "greater_equal": ast.GtE(),
}
ROUNDING = {"add", "subtract", "multiply", "divide", "power", "exp", "ln", "log2", "log10", "sqrt", "round"}
OF_ONE_NUMBER = ("abs", "exp", "ln", "log2", "log10", "sqrt", "floor", "ceiling", "truncate")
OF_RANGES = {"slope", "intercept", "locate", "interpolate"}
OF_UNITS = {"convert", "relabel"}
SCALAR = set(FUNCTIONS) - OF_RANGES - OF_UNITS


class Grammar:
    """Draws well-formed trees: numbers, conditions and texts."""

    def __init__(self, chance: random.Random, prefix: str) -> None:
        """``prefix`` stands before the names of cells, such as ``cells.``."""
        self.chance, self.prefix = chance, prefix

    def number(self, depth: int) -> Tree:
        """Draw a tree with a number as its value."""
        chance = self.chance
        if depth == 0 or chance.random() < 0.08:
            return Name(self.prefix + chance.choice(list(CELLS))) if chance.random() < 0.65 else Number(chance.choice(LITERALS))
        kind = chance.choices(("binary", "negative", "one", "many", "round", "if", "indicator", "otherwise"), (50, 12, 18, 7, 4, 6, 3, 4))[0]
        match kind:
            case "binary":
                return self.binary(depth)
            case "negative":
                return Call("negative", (self.number(depth - 1),))
            case "one":
                return Call(chance.choice(OF_ONE_NUMBER), (self.number(depth - 1),))
            case "many":
                return Call(chance.choice(("min", "max")), tuple(self.number(depth - 1) for _ in range(chance.randint(2, 4))))
            case "round":
                digits = chance.randint(-3, 6)
                written = Number(float(digits)) if digits >= 0 else Call("negative", (Number(float(-digits)),))
                return Call("round", (self.number(depth - 1), written))
            case "if":
                return Call("if", (self.condition(depth - 1), self.number(depth - 1), self.number(depth - 1)))
            case "indicator":
                return Call("indicator", (self.condition(depth - 1),))
            case _:
                return Call("otherwise", (self.number(depth - 1), self.number(depth - 1)))

    def binary(self, depth: int) -> Tree:
        """Draw an arithmetic operation; half of the powers have a small written exponent, or most would overflow."""
        name = self.chance.choices(list(BINARY), (3, 4, 3, 3, 3))[0]
        right = self.number(depth - 1)
        if name == "power" and self.chance.random() < 0.5:
            right = Number(self.chance.choice((2.0, 3.0, 0.5, 1.5)))
            right = Call("negative", (right,)) if self.chance.random() < 0.3 else right
        return Call(name, (self.number(depth - 1), right))

    def condition(self, depth: int) -> Tree:
        """Draw a tree that is true or false."""
        chance = self.chance
        kind = chance.choices(("compare", "texts", "and", "or", "not"), (60, 8, 12, 12, 8))[0]
        if depth <= 0 and kind != "texts":
            kind = "compare"
        match kind:
            case "and" | "or":
                return Call(kind, tuple(self.condition(depth - 1) for _ in range(chance.randint(2, 3))))
            case "not":
                return Call("not", (self.condition(depth - 1),))
            case "texts":
                return Call(chance.choice(("equal", "not_equal")), (self.text(depth), self.text(depth)))
            case _:
                return Call(chance.choice(list(COMPARISONS)), (self.number(max(0, depth - 1)), self.number(max(0, depth - 1))))

    def text(self, depth: int) -> Tree:
        """Draw a tree with a text as its value."""
        if depth > 0 and self.chance.random() < 0.5:
            return Call("if", (self.condition(depth - 1), self.text(depth - 1), self.text(depth - 1)))
        return Name(f"{self.prefix}word") if self.chance.random() < 0.3 else Text(self.chance.choice((*WORDS[:3], 'say "no"', "it's")))


def python_text(tree: Tree) -> str:
    """Write a tree as Python would."""
    return ast.unparse(ast.fix_missing_locations(_python(tree)))


def _python(tree: Tree) -> ast.expr:
    match tree:
        case Number(value=value):
            return ast.Constant(int(value) if value.is_integer() and value < 1e15 else value)
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


@dataclass(frozen=True)
class Drawn:
    """One expression: the quantity that holds it, its tree as drawn, its text."""

    quantity: str
    tree: Tree
    text: str


@dataclass(frozen=True)
class RandomBook:
    """A built workbook of random expressions with what is expected of each cell."""

    drawn: tuple[Drawn, ...]
    layout: Layout
    values: Values
    path: Path

    @property
    def comparable(self) -> list[tuple[Drawn, int]]:
        """The (expression, row) pairs whose result does not hang on the last digits."""
        noisy = Noisy(self)
        return [(item, row) for item in self.drawn for row in np.flatnonzero(noisy.stable(item.quantity)).tolist()]

    def expected(self, item: Drawn, row: int) -> float | str | None:
        """The value of one cell by NumPy; None for an error."""
        value = self.values[item.quantity][row]
        return value if isinstance(value, str) else None if value is None or np.isnan(value) else float(value)

    def place_of(self, item: Drawn, row: int) -> tuple[str, str]:
        """The sheet and A1 reference of one cell."""
        sheet, r, c = self.layout.cell(item.quantity, row)
        return sheet, cell_reference(r + 1, c + 1)

    def computed(self, engine: Engine, cells: Sequence[tuple[Drawn, int]]) -> list[CellValue]:
        """Let an engine compute the poisoned file and return the values of some cells."""
        poisoned = self.path.with_name(f"{self.path.stem}-poisoned-{engine.name}.xlsx")
        poison(self.path, poisoned)
        places = [self.place_of(*cell) for cell in cells]
        asked: dict[str, list[str]] = {}
        for sheet, reference in places:
            asked.setdefault(sheet, []).append(reference)
        found = engine.recalculate(poisoned, asked)
        return [found[sheet][reference] for sheet, reference in places]


class Noisy:
    """Computes expressions with small random errors; see the module's text."""

    def __init__(self, book: RandomBook) -> None:
        """Use the inputs of ``book``."""
        self.book = book
        self.chance = np.random.default_rng(7)
        self.outside = np.zeros(1, dtype=bool)

    def stable(self, quantity: str) -> np.ndarray:
        """Tell for each row whether the result stands firm."""
        item = self.book.layout.model.quantities[quantity]
        expected = self.book.values[quantity]
        self.outside = np.zeros(item.size, dtype=bool)
        with np.errstate(all="ignore"):
            drawn = np.broadcast_to(self.value(item.variants[0].lowered, item.size), (DRAWS, item.size))
        if item.is_text:
            same = (drawn == expected).all(axis=0)
        else:
            close = np.abs(drawn - expected) <= AGREEMENT * np.abs(expected)
            same = (close | (np.isnan(drawn) & np.isnan(expected))).all(axis=0)
        return same & ~self.outside

    def value(self, tree: Tree, size: int) -> np.ndarray:
        """Return an array that broadcasts to (draws, rows)."""
        match tree:
            case Number(value=value):
                return np.asarray(np.longdouble(value))
            case Text(value=text):
                return np.array(text, dtype=object)
            case Cell(quantity=quantity):
                values = self.book.values[quantity]
                return values if values.dtype == object else values.astype(np.longdouble)
            case Call(function=function, arguments=arguments):
                result = FUNCTIONS[function].value(*(self.value(argument, size) for argument in arguments))
                return self.blurred(result, size) if function in ROUNDING else result
            case _:
                raise TypeError(tree)

    def blurred(self, result: np.ndarray, size: int) -> np.ndarray:
        """Add an error to each result that is no small whole number of ROUND, and note results that leave the range."""
        result = np.broadcast_to(result, (DRAWS, size))
        magnitude = np.abs(result)
        self.outside |= ((magnitude > LARGEST) | ((magnitude < SMALLEST) & (magnitude > 0))).any(axis=0)
        return result * (1 + NOISE * self.chance.uniform(-1, 1, result.shape))


SHEET = """
sheet: {title}
title: {title}
blocks:
"""


def build(folder: Path, seed: int, singles: int = 1_500, columns: int = 150, texts: int = 100, units: Path | None = None) -> RandomBook:
    """Draw ``singles`` + ``texts`` expressions over single cells and ``columns`` over the rows of a table, and build them."""
    chance = random.Random(seed)  # noqa: S311 a repeatable draw
    rows = {f"r{number}": number for number in range(len(CELLS["rate"]))}
    over_cells, over_rows = Grammar(chance, "cells."), Grammar(chance, "")
    drawn = [_drawn(f"singles.t{number}", over_cells.number(chance.randint(1, 5))) for number in range(singles)]
    drawn += [_drawn(f"texts.t{number}", over_cells.text(chance.randint(1, 4))) for number in range(texts)]
    drawn += [_drawn(f"grid.t{number}", over_rows.number(chance.randint(1, 4))) for number in range(columns)]

    root = folder / "templates"
    (root / "sheets").mkdir(parents=True)
    inputs: dict[str, object] = {name: {"value": values[0]} for name, values in CELLS.items()}
    inputs["word"] = {"value": WORDS[0], "unit": "text"}
    table: dict[str, object] = {name: {"values": dict(zip(rows, values, strict=True))} for name, values in CELLS.items()}
    blocks: list[dict[str, object]] = [
        {"inputs": "cells", "items": inputs},
        {"values": "singles", "items": _items(drawn, "singles")},
        {"values": "texts", "items": _items(drawn, "texts", unit="text")},
    ]
    grid: dict[str, object] = {"table": "grid", "rows": {"case": {"members": rows}}, "columns": table | {"word": {"unit": "text", "values": dict.fromkeys(rows, "h100")}} | _items(drawn, "grid")}
    sheets = {"single": {"sheet": "Single cells", "title": "Single", "blocks": blocks}, "rows": {"sheet": "Rows", "title": "Rows", "blocks": [grid]}}
    for name, sheet in sheets.items():
        (root / "sheets" / f"{name}.yaml").write_text(json.dumps(sheet, indent=1), encoding="utf-8")
    (root / "random.yaml").write_text(json.dumps({"workbook": "random", "sheets": list(sheets)}), encoding="utf-8")
    (root / "sources.yaml").write_text("{}\n", encoding="utf-8")
    (root / "units.txt").write_text("second = [time] = s\nmillisecond = 1e-3 * second = ms\n", encoding="utf-8")

    model = compile_model(declarations(root, "random"))
    layout = place(model)
    values = evaluate(model)
    path = folder / "random.xlsx"
    write(layout, values, path, "0")
    return RandomBook(tuple(drawn), layout, values, path)


def _drawn(quantity: str, tree: Tree) -> Drawn:
    return Drawn(quantity, tree, python_text(tree))


def _items(drawn: Sequence[Drawn], table: str, unit: str = "1") -> dict[str, object]:
    return {item.quantity.partition(".")[2]: {"unit": unit, "expr": item.text} for item in drawn if item.quantity.startswith(f"{table}.")}


def disagreement(expected: float | str | None, computed: CellValue) -> bool:
    """Whether an engine's value is another one than NumPy's."""
    if expected is None:
        return not isinstance(computed, CellError)
    if isinstance(expected, str) or not isinstance(computed, float | int):
        return computed != expected
    return is_poison(computed) or not abs(computed - expected) <= TOLERANCE * abs(expected)


def functions_used(trees: Sequence[Tree]) -> Counter[str]:
    """Count the trees that use each function."""
    return Counter(name for tree in trees for name in {node.function for node in walk(tree) if isinstance(node, Call)})
