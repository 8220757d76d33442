"""What is wrong with a workbook that can be built: figures of an unusual size, inputs that move nothing, checks that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.check.reach import check_reach
from workbook.check.trace import row_used, stated
from workbook.declare.usual import check_usual
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest
from workbook.expr.functions import AGGREGATES
from workbook.expr.nodes import Call, Cell, Number, Span, Text, Total, quantities, walk
from workbook.layout.paper import column_of
from workbook.model.graph import CellRef
from workbook.model.views import CHECKS, FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.expr.nodes import Tree
    from workbook.layout.book import Book
    from workbook.model.graph import Quantity

MOST_NAMES = 5


def check(book: Book) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a book, causes before the checks that fail for them."""
    problems = Problems()
    for name, why in book.layout.lost.items():
        problems.add(None, f"{name}: its value was taken, its formula was not ({why})")
    _check_printed(book, problems)
    check_usual(book.model.declared, problems)
    check_reach(book.given, problems)  # formulas that users typed are no use of an input
    causes = WorkbookError(problems.found).diagnostics
    told = {diagnostic.place for diagnostic in causes}
    failing = dict.fromkeys(item for item in _failing(book) if item.place is None or item.place not in told)
    return (*causes, *sorted(failing, key=lambda item: item.place is None))


def _check_printed(book: Book, problems: Problems) -> None:
    """Record sheets that name a last column to print which they have not: all would be printed."""
    for sheet in book.model.declared.sheets:
        if sheet.prints_to and column_of(book.layout, sheet.prints_to) is None:
            table = book.model.tables.get(sheet.prints_to.partition(".")[0])
            known = [f"{table.name}.{member}" for (member,) in table.rows] if table and table.across else table.columns if table else []
            problems.add(
                sheet.place, f"'prints_to: {sheet.prints_to}' is no column of sheet '{sheet.name}'", suggest(sheet.prints_to, known)
            )


def _failing(book: Book) -> Iterator[Diagnostic]:
    """Yield for each check that fails the rows that make it fail: each with its place where a card states it, or all by name."""
    table = book.model.tables.get(CHECKS)
    for name in table.columns if table else ():
        quantity = book.model.quantities[name]
        if quantity.name.startswith(FAILURES) or quantity.is_text or not quantity.variants or float(book.values[name][0]) == 0:
            continue
        names = []
        for culprit, row in dict.fromkeys(_culprits(book, quantity.variants[0].lowered, good=False)):
            found = _contradiction(book, book.model.quantities[culprit], row)
            if found:
                yield found
            names.append(_row_name(book, culprit, row))
        names = list(dict.fromkeys(filter(None, names)))
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        which = f": {', '.join(names[:MOST_NAMES])}{more}" if names else ""
        yield Diagnostic(None, f"check fails: {quantity.label}{which}", "see sheet Checks")


def _culprits(book: Book, tree: Tree, *, good: bool) -> Iterator[CellRef]:
    """Yield the rows that a check counts as failures.

    A check is a number of rows less those that are good, or a number of bad ones: ``good`` says which a part counts.
    """
    if isinstance(tree, Call):
        for number, argument in enumerate(tree.arguments):
            yield from _culprits(book, argument, good=good != (tree.function == "subtract" and number == 1))
    elif isinstance(tree, Total) and not tree.bounds:
        conditions = [(name, value.value) for name, value in tree.conditions if isinstance(value, Text | Number)]
        if conditions and len(conditions) == len(tree.conditions):
            columns = [(book.values[name].tolist(), value) for name, value in conditions]
            met = [all(column[row] == value for column, value in columns) for row in range(len(columns[0][0]))]
            yield from (CellRef(conditions[0][0], row) for row, is_met in enumerate(met) if is_met != good)
        elif AGGREGATES[tree.function].adds and isinstance(tree.element, Cell) and not tree.conditions:
            values = book.values[tree.element.quantity].tolist()
            yield from (CellRef(tree.element.quantity, row) for row, value in enumerate(values) if (value == 0) == good)


def _contradiction(book: Book, quantity: Quantity, row: int) -> Diagnostic | None:
    """Return what contradicts a card's figure: an expression of it that fails names the stated figure first, then the computed one."""
    variant = quantity.formula_rows().get(row)
    used = list(quantities(variant.tree)) if variant else []
    if not used or any(isinstance(node, Span | Total) for node in walk(variant.tree if variant else Text(""))):
        return None
    cells = list(dict.fromkeys((name, row_used(book, node, row) or 0) for name, node in used))
    source = stated(book, *cells[0])
    if source is None or book.model.tables[book.model.quantities[source[0]].table].kind != "cards":
        return None
    message = f"{_row_name(book, quantity.id, row)}: '{quantity.label}' fails: {' but '.join(_shown(book, *cell) for cell in cells[:2])}"
    fix = "correct this figure, or those that the other follows from"
    if source in book.edits:
        return Diagnostic(Place(book.layout.address(*source)), message, fix)
    return Diagnostic(book.model.quantities[source[0]].inputs[source[1]].place, message, fix)


def _shown(book: Book, name: str, row: int) -> str:
    """Return a cell as its label, its value and its unit."""
    quantity, value = book.model.quantities[name], book.values[name][row]
    unit = "" if quantity.unit in {"1", "text"} else f" {quantity.unit}"
    return f"{quantity.label} is {value if quantity.is_text else f'{float(value):,.10g}'}{unit}"


def _row_name(book: Book, name: str, row: int) -> str:
    """Return what the keys of a row show."""
    table = book.model.tables[book.model.quantities[name].table]
    shown = [key.shown[member] for key, member in zip(table.keys, table.rows[row], strict=True)]
    return ", ".join(value if isinstance(value, str) else f"{value:g}" for value in shown)
