"""Declarations to a resolved, unit-checked, ordered model."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.declare.shown_units import FILE as SHOWN_UNITS
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest
from workbook.expr.check import Checker
from workbook.expr.functions import FUNCTIONS, may_be_empty
from workbook.expr.nodes import Call, Cell, Fixed, Lookup, Neighbour, Number, walk
from workbook.expr.nodes import quantities as references
from workbook.expr.parse import ExpressionError, parse
from workbook.expr.rules import TEXT, Type, UnitError
from workbook.expr.units import Units, UnknownUnitError, show
from workbook.model.distinct import with_distinct
from workbook.model.graph import Model, Quantity, Variant
from workbook.model.guards import by_guards
from workbook.model.known import with_known
from workbook.model.order import CycleError
from workbook.model.resolve import Resolver
from workbook.model.tables import MIXED, Tabulator

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from workbook.declare.catalogues import Formula
    from workbook.declare.schema import Declarations
    from workbook.expr.nodes import Tree

UNIT_OF_KIND = {
    "boolean": "indicator(...) turns a comparison into 1 or 0",
    "number": "declare the unit of the number, '1' for none",
    "text": "declare 'unit: text', or give an expression of numbers",
}
"""What helps where an expression gives something else than its unit says, by what it gives."""

OF_ANY_UNIT = "write value_of(table[key][row_key]), or 'unit: mixed' for a column whose rows have different units"


def compile_model(declared: Declarations) -> Model:
    """Build the model; raises WorkbookError with every problem found."""
    try:
        units = Units(Path(declared.units_file))
    except ValueError as error:
        raise WorkbookError([Diagnostic(Place("units.txt"), str(error))]) from None
    model = Model(with_known(with_distinct(declared)), units, {}, {}, {})
    problems = Problems()
    tabulator = Tabulator(model, problems)
    tabulator.run()
    problems.raise_if_any()
    _check_shown_units(model, problems)
    _check_searches(model, problems)
    _check_results(model, problems)
    _check_breaks(model, problems)
    compiler = _Compiler(model, problems)
    compiler.resolve(tabulator.pending)
    compiler.refuse_empty()
    problems.raise_if_any()
    compiler.sort()
    problems.raise_if_any()
    return model


def _check_shown_units(model: Model, problems: Problems) -> None:
    """What people read stands for units that there are."""
    for unit in model.declared.shown_units:
        try:
            model.units.parse(unit)
        except UnknownUnitError as error:
            problems.add(Place(SHOWN_UNITS), str(error), model.units.guess(unit))


def _check_searches(model: Model, problems: Problems) -> None:
    """A search names a table over lists, two of its columns, and the lists."""
    for search in (sheet.search for sheet in model.declared.sheets if sheet.search):
        table = model.tables.get(search.table)
        if table is None or not table.keys:
            problems.add(search.place, f"'search' is over an unknown table '{search.table}'", suggest(search.table, model.tables))
            continue
        columns = [name.partition(".")[2] for name in table.columns]
        for name in (search.most, search.least):
            if name not in columns:
                problems.add(search.place, f"'{search.table}' has no column '{name}' to search by", suggest(name, columns))
        lists = [key.of for key in table.keys]
        if sorted(search.over) != sorted(lists) or any(model.tables[name].kind != "list" for name in search.over if name in model.tables):
            problems.add(search.place, f"'over' of a search names the lists that the rows of '{search.table}' run over", ", ".join(lists))


def _check_results(model: Model, problems: Problems) -> None:
    """The results of cases are a table with one key: the case."""
    name, place = model.declared.results, model.declared.results_place
    table = model.tables.get(name)
    if name and (table is None or table.kind != "table" or len(table.keys) != 1):
        message = f"'results' names the table with a row for each case, and '{name}' is {'none' if table else 'unknown'}"
        known = [other.name for other in model.tables.values() if other.kind == "table" and len(other.keys) == 1]
        problems.add(place, message, suggest(name, known) or "name a table with one key")


def _check_breaks(model: Model, problems: Problems) -> None:
    """Rules are broken on purpose in columns that there are."""
    for pattern, place in (each for item in model.declared.breaks for each in item.columns):
        if not fnmatch.filter(model.quantities, pattern):
            problems.add(place, f"a rule is broken in '{pattern}', which is no column", suggest(pattern, model.quantities))


def _computed_with(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield the references of an expression but for cells for which a function has another value where they are empty."""
    arguments = [node.arguments[number] for node in walk(tree) if isinstance(node, Call) for number in FUNCTIONS[node.function].filled]
    filled = {id(argument) for argument in arguments if isinstance(argument, Cell | Fixed | Neighbour | Lookup)}
    yield from ((name, node) for name, node in references(tree) if id(node) not in filled)


class _DeclaredUnitError(UnitError):
    """An expression in another unit than its quantity declares: what refers to the quantity is likely not to fit for that alone."""


class _Compiler:
    """What the expressions mean, and the order in which they are calculated."""

    def __init__(self, model: Model, problems: Problems) -> None:
        self.model, self.problems = model, problems
        self.checker = Checker(model.units, self._type_of)
        self.misfits: list[tuple[set[str], Diagnostic]] = []  # with what their expressions refer to
        self.declared: set[str] = set()

    def resolve(self, pending: list[tuple[Quantity, Formula, tuple[int, ...]]]) -> None:
        """Give quantities their expressions; record those that do not fit."""
        resolvers: dict[str, Resolver] = {}
        for quantity, text, rows in pending:
            if quantity.table not in resolvers:
                resolvers[quantity.table] = Resolver(self.model, self.model.tables[quantity.table])
            try:
                written = parse(text.text)
                parts = resolvers[quantity.table].by_picks(written, rows)
            except ExpressionError as error:
                self._misfit(quantity, text, error)
                continue
            for resolver, part in parts:
                for answered, known in by_guards(self.model, resolver.table, written, part):
                    self._resolve_rows(quantity, text, answered, resolver, known)
        follows = [(found, not self.declared.isdisjoint(used)) for used, found in self.misfits]
        self.problems.found += [replace(found, follows=late) for found, late in follows]

    def _resolve_rows(self, quantity: Quantity, text: Formula, written: Tree, resolver: Resolver, rows: tuple[int, ...]) -> None:
        used: set[str] = set()
        try:
            tree = resolver.resolve_for(rows, written)
            used = {name for name, _ in references(tree)} - {quantity.id}
            found, lowered = self.checker.check(tree)
            self._check_unit(quantity, found, lowered)
            if quantity.takes:
                self._check_takes(tree)
            self._check_first_rows(quantity, tree, rows)
        except (ExpressionError, UnitError) as error:
            self._misfit(quantity, text, error, used, resolver.picked)
            if isinstance(error, _DeclaredUnitError):
                self.declared.add(quantity.id)
            return
        quantity.variants.append(Variant(tree, lowered, rows, text))

    def _misfit(
        self,
        quantity: Quantity,
        text: Formula,
        error: ExpressionError | UnitError,
        used: Collection[str] = (),
        picked: Mapping[str, str] | None = None,
    ) -> None:
        """Record an expression that does not fit; ``picked`` says in which rows."""
        where = "".join(f" where {key} is '{member}'" for key, member in (picked or {}).items())
        fix = OF_ANY_UNIT if picked and isinstance(error, _DeclaredUnitError) else error.fix
        self.misfits.append((set(used), Diagnostic(text.place.shifted(error.at), f"'{quantity.id}'{where}: {error.message}", fix)))

    def refuse_empty(self) -> None:
        """No expression may refer to a cell that can be empty: engines add, count and compare empty texts differently."""
        empty = self._can_be_empty()
        for quantity in self.model.quantities.values():
            for variant in quantity.variants:
                for name, node in _computed_with(variant.tree):
                    if name in empty:
                        place = variant.formula.place.shifted(node.at)
                        self.problems.add(place, f"'{quantity.id}': '{name}' may be empty", "refer to the column it is made from")

    def _can_be_empty(self) -> set[str]:
        """Return the quantities whose expressions leave cells empty, and those that link to them."""
        every = self.model.quantities.values()
        found = {item.id for item in every if any(may_be_empty(variant.tree) for variant in item.variants)}
        size = 0
        while found and size != len(found):  # links may lead to links
            size = len(found)
            found |= {item.id for item in every if any(target in found for target, _ in item.links.values())}
        return found

    def _check_takes(self, tree: Tree) -> None:
        """What may be typed over has a value of its own row in every row."""
        if isinstance(tree, Call) and may_be_empty(tree):
            raise ExpressionError(
                tree.at, f"'{tree.function}' cannot stand in 'default': an input is never empty", "write 'x if test else y'"
            )
        above = next((node for node in walk(tree) if isinstance(node, Neighbour)), None)
        if above is not None:
            raise ExpressionError(above.at, "'previous' and 'next' cannot stand in 'default'", "'parents' lets a member inherit a value")

    def _check_first_rows(self, quantity: Quantity, tree: Tree, rows: tuple[int, ...]) -> None:
        """The first row of a group has none above it."""
        above = next((node for node in walk(tree) if isinstance(node, Neighbour)), None)
        table = self.model.tables[quantity.table]
        firsts = {group.start for group in table.groups()}
        if above is not None and not firsts.isdisjoint(rows):
            message = "the first column has none to its left" if table.across else "the first row has no row above it"
            raise ExpressionError(above.at, message, "give it an expression of its own with 'first:', or 'first: null'")

    def _type_of(self, name: str) -> Type:
        unit = self.model.quantities[name].unit
        if unit == "text":
            return TEXT
        return Type("number", None if unit == MIXED else self.model.units.parse(unit))

    def _check_unit(self, quantity: Quantity, found: Type, lowered: Tree) -> None:
        if quantity.is_text != (found.kind == "text") or found.kind == "boolean":
            raise UnitError(0, f"the expression gives a {found.kind} but the unit is '{quantity.unit}'", UNIT_OF_KIND[found.kind])
        if quantity.is_text or quantity.unit == MIXED:
            return
        declared = self.model.units.parse(quantity.unit)
        if found.unit is None and isinstance(lowered, Number) and lowered.value == 0:
            return
        given = self.model.units.one if found.unit is None else found.unit
        if not self.model.units.same(given, declared):
            raise _DeclaredUnitError(
                0, f"the expression is in '{show(given)}' but '{quantity.unit}' is declared", self.model.units.missing(given, declared)
            )

    def sort(self) -> None:
        """Find the order of calculation; record a cycle."""
        quantities = self.model.quantities
        try:
            self.model.order = self.model.sorted()
        except CycleError as error:
            self.problems.add(quantities[error.chain[0]].place, f"a cycle: {error}", "one of these must not depend on the others")
            return
        for name, quantity in quantities.items():
            if any(isinstance(node, Neighbour) and used == name for variant in quantity.variants for used, node in variant.refers):
                self.model.recurring.add(name)
        for group in self.model.order:
            tables = {quantities[name].table for name in group}
            if len(tables) > 1:
                place = quantities[group[0]].place
                self.problems.add(place, f"earlier rows are needed across tables: {', '.join(group)}", "put these columns into one table")
