"""Declarations to a resolved, unit-checked, ordered model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, Problems, WorkbookError
from workbook.expr.check import Checker
from workbook.expr.parse import ExpressionError, parse
from workbook.expr.rules import TEXT, Type, UnitError
from workbook.expr.units import Units, show
from workbook.model import Model, Quantity, Variant
from workbook.resolve import Resolver
from workbook.tables import MIXED, Tabulator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbook.schema import Declarations, Formula


def compile_model(declared: Declarations) -> Model:
    """Build the model; raises WorkbookError with every problem found."""
    try:
        units = Units(Path(declared.units_file))
    except ValueError as error:
        raise WorkbookError([Diagnostic(Place("units.txt"), str(error))]) from None
    model = Model(declared, units, {}, {}, {})
    problems = Problems()
    tabulator = Tabulator(model, problems)
    tabulator.run()
    problems.raise_if_any()
    compiler = _Compiler(model, problems)
    compiler.resolve(tabulator.pending)
    problems.raise_if_any()
    compiler.sort()
    problems.raise_if_any()
    return model


class _Compiler:
    """What the expressions mean, and the order in which they are calculated."""

    def __init__(self, model: Model, problems: Problems) -> None:
        self.model, self.problems = model, problems

    def resolve(self, pending: list[tuple[Quantity, Formula, tuple[int, ...]]]) -> None:
        checker = Checker(self.model.units, self._type_of)
        resolvers: dict[str, Resolver] = {}
        for quantity, text, rows in pending:
            resolver = resolvers.setdefault(quantity.table, Resolver(self.model, self.model.tables[quantity.table]))
            try:
                tree = resolver.resolve(parse(text.text))
                found, lowered = checker.check(tree)
                self._check_unit(quantity, found)
            except (ExpressionError, UnitError) as error:
                self.problems.add(text.place.shifted(error.at), f"'{quantity.id}': {error.message}", error.fix)
                continue
            quantity.variants.append(Variant(tree, lowered, rows, text))

    def _type_of(self, name: str) -> Type:
        unit = self.model.quantities[name].unit
        if unit == "text":
            return TEXT
        return Type("number", None if unit == MIXED else self.model.units.parse(unit))

    def _check_unit(self, quantity: Quantity, found: Type) -> None:
        if quantity.is_text != (found.kind == "text") or found.kind == "boolean":
            raise UnitError(
                0, f"the expression gives a {found.kind} but the unit is '{quantity.unit}'", "indicator(...) turns a comparison into 1 or 0"
            )
        if quantity.is_text or quantity.unit == MIXED:
            return
        declared = self.model.units.parse(quantity.unit)
        given = self.model.units.one if found.unit is None else found.unit
        if not self.model.units.same(given, declared):
            raise UnitError(
                0, f"the expression is in '{show(given)}' but '{quantity.unit}' is declared", self.model.units.missing(declared, given)
            )

    def sort(self) -> None:
        needs = {name: self.model.needs(quantity) for name, quantity in self.model.quantities.items()}
        state: dict[str, int] = {}
        for name in needs:
            self._visit(name, needs, state)

    def _visit(self, start: str, needs: dict[str, list[str]], state: dict[str, int]) -> None:
        """Depth first, without recursion: chains can be longer than Python's stack."""
        if state.get(start):
            return
        stack = [(start, iter(needs[start]))]
        state[start] = 1
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[name] = 2
                self.model.order.append(name)
                stack.pop()
            elif state.get(following) == 1:
                chain = [item for item, _ in stack]
                self._cycle([*chain[chain.index(following) :], following])
                return
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(needs[following])))

    def _cycle(self, chain: Iterable[str]) -> None:
        names = list(chain)
        self.problems.add(
            self.model.quantities[names[0]].place, "a cycle: " + " -> ".join(names), "one of these must not depend on the others"
        )
