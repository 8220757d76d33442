"""The reference pages of the language: functions and units, as Markdown. The pages in docs/ are made from these."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.declare.packaged import directory
from workbook.errors import Diagnostic, Place, WorkbookError, suggest
from workbook.expr.functions import AGGREGATES, FUNCTIONS
from workbook.expr.units import SCOPES

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.expr.functions import Aggregate, Function

_LETTERS = "xyzuvw"
_WRITTEN = re.compile(r"Written '(.+)'\.")
_UNIT = re.compile(r"^(\w+) = (.+?)(?: = (\w+))?$", re.MULTILINE)

FUNCTIONS_HEAD = """# Functions

Expressions are written in Python's syntax. Each function has one entry in `workbook/expr/functions.py`: its value in NumPy, its
form in a cell, its rule for units, and the text below. `workbook functions NAME` prints one entry.
"""
AGGREGATES_HEAD = """## Over the rows of a table

`sum(r.power for r in pools if r.fleet == fleet)`: conditions are equalities and bounds (`<`, `<=`, `>`, `>=`), joined by `and`.
"""
UNITS_HEAD = """# Units

Units are defined in `templates/units.txt`. Scopes are units of their own, so that a quantity of an instance and one of a GPU cannot
be mixed without the conversion between them. Write products with `*`, quotients with `/`, powers with `**`, and `1` for none.
"""


def functions_page() -> str:
    """Return the page of all functions and operators."""
    operators = [entry for entry in FUNCTIONS.values() if entry.is_infix]
    named = [entry for entry in FUNCTIONS.values() if not entry.is_infix]
    own = [
        "`previous(column)`",
        "the cell above",
        "The value of a column in the row before, within a group of rows; `first` gives that of the first row.",
    ]
    return "\n".join(
        [
            FUNCTIONS_HEAD,
            *table(["written", "in a cell", "what it does"], [[*_entry(entry)] for entry in named] + [own]),
            "",
            AGGREGATES_HEAD,
            *table(
                ["function", "all rows", "rows picked by conditions", "in words"],
                [[name, entry.excel, entry.conditional or _ranked(entry), entry.prose.format("x")] for name, entry in AGGREGATES.items()],
            ),
            "",
            "## Operators\n",
            *table(["name", "in a cell", "in words"], [[entry.name, _sign(entry), entry.prose.format("x", "y")] for entry in operators]),
            "",
        ]
    )


def _ranked(entry: Aggregate) -> str:
    """Return how a function that has no form with conditions takes them."""
    return f"{entry.excel} of rows that stand together, else SUMPRODUCT({entry.ranked[0]}(...))"


def function_text(name: str) -> str:
    """Return the entry of one function; raises WorkbookError for a name that is none."""
    if name in AGGREGATES:
        entry = AGGREGATES[name]
        picked = entry.conditional or _ranked(entry)
        text = f"{name}(row.column for row in table)\n  in a cell: {entry.excel}, or {picked} with conditions\n"
        return text + (_told(FUNCTIONS[name]) if name in FUNCTIONS else "")
    if name not in FUNCTIONS:
        known = [*FUNCTIONS, *AGGREGATES]
        raise WorkbookError(
            [Diagnostic(None, f"'{name}' is not a function of the language", suggest(name, known) or "list them with: workbook functions")]
        )
    return _told(FUNCTIONS[name])


def units_page(templates: Path | str | None = None) -> str:
    """Return the page of the units that templates define; raises WorkbookError where there are no templates."""
    text = (directory(templates) / "units.txt").read_text("utf-8")
    rows = [[symbol or name, name, definition] for name, definition, symbol in _UNIT.findall(text)]
    scopes = [row for row in rows if row[2] in {*SCOPES, "[rack]"}]
    base = [row for row in rows if row[2].startswith("[") and row not in scopes]
    multiples = [row for row in rows if not row[2].startswith("[")]
    head = ["written", "name", "definition"]
    parts = [
        UNITS_HEAD,
        "## Scopes\n",
        *table(head[:2], [row[:2] for row in scopes]),
        "",
        "## Base units\n",
        *table(head[:2], [row[:2] for row in base]),
    ]
    return "\n".join([*parts, "", "## Multiples and other names\n", *table(head, multiples), ""])


def unit_text(name: str, templates: Path | str | None = None) -> str:
    """Return the definition of one unit; raises WorkbookError for a name that is none."""
    path = directory(templates) / "units.txt"
    found = {
        key: (long, definition) for long, definition, symbol in _UNIT.findall(path.read_text("utf-8")) for key in (long, symbol) if key
    }
    if name not in found:
        raise WorkbookError(
            [Diagnostic(Place(path.name), f"'{name}' is not a unit", suggest(name, found) or "list them with: workbook units")]
        )
    long, definition = found[name]
    return f"{name} ({long}) = {definition}\n"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _entry(entry: Function) -> tuple[str, str, str]:
    """Return how a function is written, what a cell holds, and what it does."""
    written, colon, meaning = entry.doc.partition(": ")
    if match := _WRITTEN.fullmatch(entry.doc):
        return (
            f"`{match[1]}`",
            f"`{_cell(entry)}`",
            entry.prose.replace("{*: and }", "x and y").replace("{*: or }", "x or y").format("x", "y", "z"),
        )
    if colon and written.startswith(entry.name):
        return f"`{written}`", f"`{_cell(entry)}`" if _cell(entry) else "nothing: checked when built", _capital(meaning)
    count, most = entry.arity
    arguments = ", ".join(_LETTERS[:count]) + (", ..." if most > count else "")
    return f"`{entry.name}({arguments})`", f"`{_cell(entry)}`", entry.doc


def _cell(entry: Function) -> str:
    text = entry.excel.replace("{*}", "x, y, ..." if entry.arity[1] > entry.arity[0] else ", ".join(_LETTERS[: entry.arity[0]]))
    for place, letter in enumerate(_LETTERS):
        text = (
            text.replace(f"{{{place}}}", letter)
            .replace(f"{{cells{place}}}", letter)
            .replace(f"{{size{place}}}", f"ROWS({letter})")
            .replace(f"{{at{place}}}", f"INDEX({letter},y)")
        )
    return text


def _sign(entry: Function) -> str:
    return f"`{entry.operator.symbol}`" if entry.operator else ""


def _told(entry: Function) -> str:
    written, cell, meaning = _entry(entry) if not entry.is_infix else (f"x {_sign(entry)} y", _sign(entry), entry.doc)
    return f"{written}\n  in a cell: {cell}\n  {meaning}\n".replace("`", "")


def _capital(text: str) -> str:
    """Begin with a capital, unless the text begins with the name of an argument."""
    return text if len(text.partition(" ")[0]) == 1 else text[0].upper() + text[1:]
