"""Formulas told apart by what they say: a form that neither spelling nor the place of a cell changes, and its fingerprint."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from workbook.xlsx.a1 import column_letters, column_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NONE = "-"  # in place of a fingerprint where there is nothing
GONE = "#REF!"  # in place of a reference to cells that were deleted
MOST_ROWS = 1_048_576

_BETWEEN = re.compile(
    r"""(?<![A-Za-z0-9_.])(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?)(?![A-Za-z0-9_.])"""
    r"""|(?P<space>\s+)"""
)
_CELL = re.compile(r"(\$?)([A-Z]{1,3})(\$?)([0-9]+)")
_CUT = re.compile(  # texts and sheets' names are cut out, too: what looks like a cell in them is none
    r"""("(?:[^"]|"")*"|#REF!(?![$A-Z])|'(?:[^']|'')+'!|[^\s'"!+\-*/^&=<>(),:;{}%$]+!"""
    r"""|(?<![A-Za-z0-9_.])\$?[A-Z]{1,3}\$?[1-9][0-9]{0,6}(?![A-Za-z0-9_.(]))"""
)
ACTIVE = re.compile(r"\b(WEBSERVICE|FILTERXML|RTD|CALL|REGISTER\.ID|HYPERLINK)\s*\(|\|.*!|\[", re.IGNORECASE)
"""What a formula holds that reaches outside of its file."""
NEVER_KEPT = re.compile(r"\b(CALL|REGISTER\.ID)\s*\(|\|.*!|\[", re.IGNORECASE)
"""Of these what no build carries: code of other programs, and other workbooks, whose parts would be needed."""

# How LibreOffice and Gnumeric write what other programs write otherwise.
_SPELLINGS = {"TRUE()": "TRUE", "FALSE()": "FALSE", "_XLFN.POISSON.DIST(": "POISSON("}


class Spot(NamedTuple):
    """A cell by sheet and 0-based row and column."""

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """Return the A1 reference without the sheet."""
        return f"{column_letters(self.column)}{self.row + 1}"


class Reference(NamedTuple):
    """A reference to one cell in a formula; the ends of a range are two. ``sheet`` is empty on the formula's own sheet."""

    sheet: str
    row: int
    column: int
    row_fixed: bool
    column_fixed: bool


@lru_cache(maxsize=1 << 16)
def _cell(text: str) -> tuple[int, int, bool, bool]:
    match = _CELL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[4]) - 1, column_number(match[2]), bool(match[3]), bool(match[1])


def _cut_up(formula: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, text, sheet) of a formula: texts, cells, and what stands between them; a sheet's name goes to its cells.

    ``sheet`` is the name that stands before a cell, or, what is no cell (it may be a defined name), before what is between.
    """
    cut = _CUT.split(formula)  # what stands between texts, sheets' names and cells comes first
    sheet, ranged = "", False
    for at, part in enumerate(cut):
        if at % 2 == 0:
            if part:
                is_alone = bool(sheet) and not (ranged and part == ":")
                yield "between", part, sheet if is_alone else ""
                sheet, ranged = ("", False) if is_alone else (sheet, ranged)
        elif part[-1] == '"':
            yield "text", part, ""
        elif part == GONE:
            yield "between", part, "" if ranged else sheet
            sheet, ranged = "", False
        elif part[-1] == "!":
            sheet, ranged = part[1:-2].replace("''", "'") if part[0] == "'" else part[:-1], False
        else:
            yield "cell", part, sheet
            # A sheet that stands before the first end of a range holds for both.
            ranged = not ranged and cut[at + 1].startswith(":")
            sheet = sheet if ranged else ""


def pieces(formula: str) -> Iterator[tuple[str, str, Reference | None]]:
    """Yield (kind, text, reference) of a formula; a sheet's name goes into the references it stands before."""
    for kind, text, sheet in _cut_up(formula):
        if kind == "cell":
            yield kind, text, Reference(sheet, *_cell(text))
        elif kind == "text":
            yield kind, text, None
        else:
            if sheet:
                yield "other", f"{sheet}!", None
            yield from ((of, part, None) for of, part in _apart(text))


def _apart(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of what stands between cells: numbers, space, and other."""
    at = 0
    for match in _BETWEEN.finditer(text):
        if between := text[at : match.start()]:
            yield "other", between
        at = match.end()
        yield match.lastgroup or "", match[0]
    if text[at:]:
        yield "other", text[at:]


def references(formula: str) -> list[Reference]:
    """Return the references of a formula in order, both ends of a range."""
    return [found for _, _, found in pieces(formula) if found is not None]


def shifted(formula: str, rows: int, columns: int) -> str:
    """Return a formula as it reads when copied so many rows down and columns to the right."""

    def moved(match: re.Match[str]) -> str:
        if match[0][-1] in '!"':
            return match[0]
        found = Reference("", *_cell(match[0]))
        row = found.row if found.row_fixed else found.row + rows
        column = found.column if found.column_fixed else found.column + columns
        if row < 0 or column < 0:
            return GONE
        return f"{'$' * found.column_fixed}{column_letters(column)}{'$' * found.row_fixed}{row + 1}"

    return _CUT.sub(moved, formula)


def relative(formula: str, home: Spot, origin: Callable[[Spot], Spot | None] | None = None) -> str:
    """Return what a formula in the cell ``home`` says, in R1C1 style, without regard to blanks, case, quotes and digits.

    ``origin`` tells where a cell stood before rows were inserted or sheets renamed (None for a cell that is new); both
    the formula's own cell and what it refers to are then counted from there.
    """
    base = home if origin is None else origin(home) or home
    parts = []
    for kind, text, sheet in _cut_up(formula):
        if kind == "cell":
            parts.append(_relative(sheet or home.sheet, _cell(text), base, origin))
        elif kind == "text":
            parts.append(text)
        else:
            parts.append(f"{_spelt(f'{sheet}!')}{_plain(text)}" if sheet else _plain(text))
    return "".join(parts)


@lru_cache(maxsize=1 << 14)
def _plain(text: str) -> str:
    """Return what stands between cells, of which formulas have few kinds, without regard to blanks, case and digits."""
    parts = (part if kind == "other" else f"{float(part):.15G}" for kind, part in _apart(text) if kind != "space")
    return "".join(map(_spelt, parts))


def shape(formula: str, home: Spot) -> tuple[object, ...]:
    """Return what formulas have in common that say the same where they stand, such as those filled down; quicker than ``relative``."""
    _, home_row, home_column = home
    parts: list[object] = list(_CUT.split(formula))
    for at in range(1, len(parts), 2):
        text = str(parts[at])
        if text[-1] not in '!"':
            row, column, row_fixed, column_fixed = _cell(text)
            parts[at] = (
                row if row_fixed else row - home_row,
                column if column_fixed else column - home_column,
                row_fixed,
                column_fixed,
            )
    return (home.sheet, *parts)


class Filled:
    """A formula that may have been filled down, and the fingerprint that all of these have."""

    def __init__(self, formula: str, home: Spot) -> None:
        """Take the first of them, in the cell ``home``."""
        self.print = print_of(formula, home)
        self._formula, self._home = formula, home

    @cached_property
    def _moving(self) -> tuple[str, list[int]]:
        """Return the text of the formula with %d for the rows that move along, and how far each is from its own."""
        text, steps = [], []
        for at, part in enumerate(_CUT.split(self._formula)):
            if at % 2 == 0 or part[-1] in '!"' or _cell(part)[2]:
                text.append(part.replace("%", "%%"))
            else:
                text.append(f"{part.rstrip('0123456789')}%d")
                steps.append(_cell(part)[0] + 1 - self._home.row)
        return "".join(text), steps

    def reads(self, row: int) -> str:
        """Return the formula as it reads in a row of the same column, counted from 0."""
        text, steps = self._moving
        return text % tuple([row + step for step in steps])


class Fingerprints:
    """Fingerprints of what formulas say where they were built: formulas that were filled down are worked out once."""

    def __init__(self) -> None:
        """Start without formulas."""
        self._above: dict[tuple[str, int], Filled] = {}  # the last formula of each column of cells

    def of(self, formula: str, home: Spot) -> str:
        """Return the fingerprint of what a formula in the cell ``home`` says."""
        above = self._above.get(home[::2])
        if above is None or above.reads(home.row) != formula:
            above = self._above[home[::2]] = Filled(formula, home)
        return above.print


@lru_cache(maxsize=1 << 16)
def print_of(formula: str, home: Spot) -> str:
    """Return the fingerprint of what a formula in the cell ``home`` says; copies of a file say the same in most cells."""
    return fingerprint(relative(formula, home))


@lru_cache(maxsize=1 << 12)
def _spelt(text: str) -> str:
    text = text.upper()
    for other, ours in _SPELLINGS.items():
        text = text.replace(other, ours)
    return text


def _relative(sheet: str, cell: tuple[int, int, bool, bool], base: Spot, origin: Callable[[Spot], Spot | None] | None) -> str:
    row, column, row_fixed, column_fixed = cell
    if origin is not None:
        known = origin(Spot(sheet, row, column))
        if known is None:
            return f"(NEW){sheet.upper()}!{Spot(sheet, row, column).address}"
        sheet, row, column = known
    home, home_row, home_column = base
    prefix = "" if sheet == home else f"{sheet.upper()}!"
    across = f"C{column + 1}" if column_fixed else f"C[{column - home_column}]"
    return f"{prefix}R{row + 1}{across}" if row_fixed else f"{prefix}R[{row - home_row}]{across}"


def fingerprint(text: str) -> str:
    """Return 8 hexadecimal digits that stand for a text."""
    return hashlib.blake2s(text.encode(), digest_size=4).hexdigest()


def runs_of(prints: Iterable[str]) -> str:
    """Return texts as runs, ``count:text``; nothing where all are NONE, or there are none."""
    runs = [(found, len(list(same))) for found, same in groupby(prints)]
    return "" if {found for found, _ in runs} <= {NONE} else " ".join(f"{count}:{found}" for found, count in runs)


def prints_of(runs: str) -> list[str]:
    """Return for each row of a block its fingerprint, or NONE; raises ValueError for a text that is no list of runs."""
    found: list[str] = []
    for run in runs.split():
        count, _, text = run.partition(":")
        if not 0 < int(count) <= MOST_ROWS - len(found):
            raise ValueError(run)
        found += [text] * int(count)
    return found
