"""What a formula is made of: the functions and cells that it uses, numbers written into it, how deep its conditions are nested.

Formulas are taken as they stand in the file, whoever wrote them. Those that say the same where they stand are read once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from workbook.record.fingerprints import Reference, pieces
from workbook.xlsx.a1 import column_number
from workbook.xlsx.cells import LAST_COLUMN, LAST_ROW
from workbook.xlsx.saved import Area

if TYPE_CHECKING:
    from workbook.record.fingerprints import Spot

_PART = re.compile(
    r"(?P<columns>\$?[A-Z]{1,3}:\$?[A-Z]{1,3}(?![A-Za-z0-9_.(]))"
    r"|(?P<call>[A-Za-z_][A-Za-z0-9_.]*)\("
    r"|(?P<word>[A-Za-z_\\][A-Za-z0-9_.\\]*)(?P<part>\[(?:[^\[\]]|\[[^\]]*\])*\])?"
    r"|(?P<sign><>|<=|>=|[(),;^:+\-*/&=<>%])"
)
_PREFIXES = ("_xlfn.", "_xlws.")
_WORDS = {"TRUE", "FALSE"}
# Arguments that say how a function works, or which rows it takes, and hold no figure of the model: by function, counted from 0.
_MANNERS: dict[str, frozenset[int]] = {
    **dict.fromkeys(("ROUND", "ROUNDUP", "ROUNDDOWN", "TRUNC", "LEFT", "RIGHT", "LARGE", "SMALL", "TEXT"), frozenset({1})),
    **dict.fromkeys(("RANK", "FIND", "SEARCH", "WEEKDAY"), frozenset({2})),
    **dict.fromkeys(("VLOOKUP", "HLOOKUP"), frozenset({0, 2, 3})),
    **dict.fromkeys(("SUMIFS", "AVERAGEIFS"), frozenset({2, 4, 6, 8})),
    "COUNTIFS": frozenset({1, 3, 5, 7}),
    "MATCH": frozenset({0, 2}),
    **dict.fromkeys(("INDEX", "MID", "OFFSET", "EDATE", "ADDRESS"), frozenset({1, 2, 3, 4})),
    **dict.fromkeys(("CHAR", "COLUMN", "ROW", "CHOOSE"), frozenset({0})),
    "SUBTOTAL": frozenset({0}),
    "AGGREGATE": frozenset({0, 1}),
}
_LOOKUPS = {"MATCH": 2, "VLOOKUP": 3}  # and the argument that asks for the exact key
EXPONENTS = {2.0, 3.0, 0.5}  # squares, cubes and roots are part of an equation
_EQUAL = {"=", "<>"}
_CALCULATED = set("^*/+-&%")  # what follows a number that is part of a calculation


class End(NamedTuple):
    """A row or column of a reference: its number where it is fixed, else how far it is from the formula's own."""

    number: int
    fixed: bool

    def at(self, home: int) -> int:
        """Return the number for a formula in row or column ``home``."""
        return self.number if self.fixed else self.number + home


class Use(NamedTuple):
    """Cells that a formula refers to, relative to where it stands; ``sheet`` is empty on its own."""

    sheet: str
    top: End
    left: End
    bottom: End
    right: End

    def area(self, first_row: int, last_row: int, column: int) -> Area:
        """Return the cells that are used by the formula in rows ``first_row`` to ``last_row`` of a column, those between included."""
        rows = [self.top.at(first_row), self.top.at(last_row), self.bottom.at(first_row), self.bottom.at(last_row)]
        columns = [self.left.at(column), self.right.at(column)]
        return Area(max(0, min(rows)), max(0, min(columns)), max(rows), max(columns))


@dataclass(slots=True)
class Facts:
    """What a formula is made of. ``link`` is the one cell that it shows and nothing else; ``lookups`` are keys that it seeks exactly."""

    functions: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    numbers: list[float] = field(default_factory=list)
    lookups: list[Use] = field(default_factory=list)
    conditions: int = 0
    link: Use | None = None


@dataclass(slots=True)
class _Call:
    function: str
    argument: int = 0
    counts: bool = False
    keys: Use | None = None
    exact: bool = False


def read_formula(formula: str, home: Spot) -> Facts:
    """Return what a formula in the cell ``home`` is made of."""
    reader = _FormulaReader(home)
    for kind, text, reference in pieces(formula):
        if kind == "cell" and reference is not None:
            reader.cell(reference)
        elif kind == "number":
            reader.number(float(text))
        elif kind == "other":
            reader.other(text)
        elif kind == "text":
            reader.before = '"'
    return reader.found(formula)


class _FormulaReader:
    """Walks the pieces of one formula."""

    def __init__(self, home: Spot) -> None:
        self.home, self.facts = home, Facts()
        self.calls: list[_Call] = []
        self.before = ""  # the last sign, word or kind of piece
        self.conditions = 0
        self.last = 0.0  # number
        self.exponent = 0.0  # where the last number was one
        self.doubles = False  # whether the last power was one of 2
        self.code: float | None = None  # a whole number that something is compared with: a figure, if it is calculated with

    def cell(self, found: Reference) -> None:
        row = End(found.row if found.row_fixed else found.row - self.home.row, found.row_fixed)
        column = End(found.column if found.column_fixed else found.column - self.home.column, found.column_fixed)
        if self.before == ":" and self.facts.uses:
            last = self.facts.uses.pop()
            self._use(Use(last.sheet, last.top, last.left, row, column))
        else:
            self._use(Use(found.sheet, row, column, row, column))
        self.before = "cell"

    def _use(self, use: Use) -> None:
        self.facts.uses.append(use)
        if self.calls and self.calls[-1].function in _LOOKUPS and self.calls[-1].argument == 1:
            self.calls[-1].keys = use

    def number(self, value: float) -> None:
        call = self.calls[-1] if self.calls else None
        if self.before == ":" and self.facts.numbers:  # whole rows, such as 2:9
            self._use(
                Use("", End(int(self.facts.numbers.pop()) - 1, fixed=True), End(0, fixed=True), *_last(int(value) - 1, LAST_COLUMN - 1))
            )
        elif call and call.argument in _MANNERS.get(call.function, ()):
            call.exact = call.exact or (_LOOKUPS.get(call.function) == call.argument and value == 0)
        elif self.before in _EQUAL and value.is_integer():
            self.code = value
        elif not (self._is_power(value) or (call and (call.counts or call.function == "SQRT"))):
            self.facts.numbers.append(value)
        self.exponent = value if self.before == "^" else 0.0
        self.before, self.last = "number", value

    def _is_power(self, value: float) -> bool:
        """Return whether a number is an exponent, counts how often something is doubled, or divides a power that is integrated."""
        if self.before == "/":
            return self.exponent > 0 and value == self.exponent + 1
        return self.before == "^" and (value in EXPONENTS or self.doubles)

    def other(self, text: str) -> None:
        for match in _PART.finditer(text):
            if match["columns"]:
                first, last = (column_number(part) for part in match["columns"].replace("$", "").split(":"))
                self._use(Use("", End(0, fixed=True), End(first, fixed=True), *_last(LAST_ROW - 1, last)))
            elif match["call"]:
                self._open(match["call"])
            elif match["word"]:
                self._word(match["word"], match["part"] or "")
            else:
                self._sign(match["sign"])
            self.before = match[0]

    def _open(self, name: str) -> None:
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        name = name.upper()
        self.facts.functions.add(name)
        self.calls.append(_Call(name))
        if name == "IF":
            self.conditions += 1
            self.facts.conditions = max(self.facts.conditions, self.conditions)

    def _word(self, word: str, part: str) -> None:
        if word.upper() not in _WORDS:
            self.facts.names.add(word.lower() + ("[]" if part else ""))
        elif self.calls and word.upper() == "FALSE" and _LOOKUPS.get(self.calls[-1].function) == self.calls[-1].argument:
            self.calls[-1].exact = True

    def _sign(self, sign: str) -> None:
        if self.code is not None:
            self.facts.numbers += [self.code] if sign in _CALCULATED else []
            self.code = None
        if sign == "(":
            self.calls.append(_Call("", counts=self.doubles and self.before == "^"))
        elif sign == "^":
            self.doubles = self.before == "number" and self.last == 2  # noqa: PLR2004 doubled
        elif sign in ",;" and self.calls:
            self.calls[-1].argument += 1
        elif sign == ")" and self.calls:
            call = self.calls.pop()
            self.conditions -= call.function == "IF"
            if call.exact and call.keys:
                self.facts.lookups.append(call.keys)

    def found(self, formula: str) -> Facts:
        facts = self.facts
        plain = not facts.functions and not facts.names and not facts.numbers and len(facts.uses) == 1
        if plain and self.before == "cell" and not any(sign in formula for sign in '+-*/^&=<>"%(:'):
            facts.link = facts.uses[0]
        return facts


def _last(row: int, column: int) -> tuple[End, End]:
    return End(row, fixed=True), End(column, fixed=True)
