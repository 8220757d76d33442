"""Change declared expressions one at a time, and count how many changes the expectations of tests/reference catch.

Run: python tests/bench/mutants_of_templates.py [CHECKOUT] [COUNT] [SEED], with the package's dependencies installed. A mutant is one
expression of the paper or planning workbook with one operator, constant, name or function exchanged. Those that the checks of names
and units refuse are drawn again. A mutant is caught where a quantity with an expectation moves: at the inputs of the templates, or
after edits that the reference tests make. Exit status 1 when one that moves a headline is not caught.
"""

from __future__ import annotations

import importlib
import os
import random
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from workbook.api import Book
    from workbook.model.evaluate import Values
    from workbook.model.graph import Model, Quantity

MODULES = {"paper": "tests.reference.test_every_quantity", "planning": "tests.reference.test_every_planning_quantity"}
RELATIVE = 1e-9
DRAWS = 2
SHOWN = 40
PAIRS = ("+ -", "* /", "< <=", "> >=", "== !=", "and or", "min max", "floor ceiling", "sum mean", "exp ln")
OTHER = {one: other for pair in PAIRS for one, other in (pair.split(), reversed(pair.split()))}
TOKEN = re.compile(
    r"""'[^']*'|"[^"]*"|(?P<number>(?<![\w.])\d+\.?\d*(?:e-?\d+)?(?![\w.]))|(?P<found>\w+\[[^\]]*\]\.)?(?P<name>[a-z_]\w*(?:\.\w+)?)"""
    r"""|(?P<operator><=|>=|==|!=|\*\*|[-+*/<>])"""
)


@dataclass
class Workbook:
    """A workbook as its reference test has it, and what the test makes of edits of its inputs."""

    name: str
    book: Book
    expected: set[str]
    passed_on: Callable[[Book], Collection[str]]  # gives the quantities that need no expectation, as they are declared
    scenes: list[tuple[dict[tuple[str, int], float | str], Values]] = field(default_factory=list)

    @property
    def model(self) -> Model:
        """Return the model, whose quantities are mutated in place and put back."""
        return self.book.model


@dataclass(frozen=True)
class Mutant:
    """A changed expression, and what moves by it."""

    quantity: str
    old: str
    new: str
    moved: bool
    caught: bool
    headline: bool


def workbooks() -> Iterator[Workbook]:
    """Load both workbooks with the edits under which their reference tests look at them."""
    parse_sets = importlib.import_module("workbook.api").parse_sets
    evaluate = importlib.import_module("workbook.model.evaluate").evaluate
    for name, module in MODULES.items():
        test: Any = importlib.import_module(module)
        registry = test.PAPER if name == "paper" else test.PLANNING
        made = Workbook(name, test.book(), set(registry.rules), importlib.import_module("tests.reference.passed_on").passed_on)
        made.expected -= set(made.passed_on(made.book))
        named = test.STRUCTURAL if name == "paper" else test.STEERED
        chance = np.random.default_rng(5)
        drawn = [test.draws.draw(chance, test.knobs()) if name == "paper" else test.drawn(chance) for _ in range(DRAWS)]
        for sets in [{}, *drawn, *named.values()]:
            edits = parse_sets(made.model, sets)
            made.scenes.append((edits, evaluate(made.model, edits)))
        yield made


def same_unit(made: Workbook, quantity: Quantity, name: str) -> list[str]:
    """Return other columns of a quantity's table in the same unit that are calculated before ``quantity``."""
    model = made.model
    if name not in model.quantities or name == quantity.id:
        return []
    place = {each: number for number, group in enumerate(model.order) for each in group}
    item = model.quantities[name]
    others = [model.quantities[each] for each in model.tables[item.table].columns if each != name]
    before = place.get(quantity.id, 0)
    return [each.name for each in others if each.unit == item.unit and place.get(each.id, -1) < before and each.id != quantity.id]


def exchanged(made: Workbook, quantity: Quantity, text: str, match: re.Match[str], chance: random.Random) -> str | None:
    """Return what takes the place of a token; nothing where there is no other."""
    if match["number"]:
        return f"{float(match['number']) + 1:g}"
    if match["operator"] or match[0] in OTHER:
        return OTHER.get(match[0])
    if not match["name"]:
        return None
    rows = dict(re.findall(r"for (\w+) in (\w+)", text))
    table, _, column = match["name"].rpartition(".")
    if match["found"]:
        table, column = match["found"].partition("[")[0], match["name"]
    others = same_unit(made, quantity, f"{rows.get(table, table or quantity.table)}.{column}")
    if not others:
        return None
    return match[0][: len(match[0]) - len(column)] + chance.choice(others)


def changes(made: Workbook, quantity: Quantity, text: str, chance: random.Random) -> list[str]:
    """Return the expressions that differ from one in one token."""
    found = []
    for match in TOKEN.finditer(text):
        other = exchanged(made, quantity, text, match, chance)
        if other is not None:
            found.append(text[: match.start()] + other + text[match.end() :])
    return found


def put(model: Model, quantity: Quantity, number: int, text: str) -> bool:
    """Give a quantity another expression; tell whether names and units allow it."""
    check, parse, resolve = (importlib.import_module(f"workbook.{name}") for name in ("expr.check", "expr.parse", "model.resolve"))
    rules, errors = importlib.import_module("workbook.expr.rules"), importlib.import_module("workbook.errors")

    def type_of(name: str) -> object:
        unit = model.quantities[name].unit
        return rules.TEXT if unit == "text" else rules.Type("number", None if unit == "mixed" else model.units.parse(unit))

    try:
        tree = resolve.Resolver(model, model.tables[quantity.table]).resolve(parse.parse(text))
        kind, lowered = check.Checker(model.units, type_of).check(tree)
        own = None if quantity.is_text or quantity.unit == "mixed" else model.units.parse(quantity.unit)
        if quantity.is_text != (kind.kind == "text") or kind.kind == "boolean":
            return False
        if own is not None and not model.units.same(model.units.one if kind.unit is None else kind.unit, own):
            return False
    except (parse.ExpressionError, rules.UnitError, errors.WorkbookError, KeyError):  # a column chosen by a row key is resolved row by row
        return False
    kept = quantity.variants[number]
    quantity.variants[number] = replace(kept, tree=tree, lowered=lowered, formula=replace(kept.formula, text=text))
    return True


def following(model: Model, first: str) -> set[str]:
    """Return a quantity and all that is calculated from it."""
    keys = {name: {key.quantity for key in table.keys if key.quantity} for name, table in model.tables.items()}
    found = {first}
    for group in model.order:
        for name in group:
            needs = set(model.needs(model.quantities[name]))
            tables = {model.quantities[each].table for each in (name, *needs)}
            if not found.isdisjoint(needs.union(*(keys[table] for table in tables))):
                found.update(group)
    return found


def moved(old: Values, new: Values, names: set[str]) -> set[str]:
    """Return the quantities of which a value is another."""
    found = set()
    for name in names:
        before, after = old[name], new[name]
        if {before.dtype.kind, after.dtype.kind} != {"f"}:
            same = before.tolist() == after.tolist()
        else:
            same = bool(np.allclose(before, after, rtol=RELATIVE, atol=0.0, equal_nan=True))
        if not same:
            found.add(name)
    return found


def judged(made: Workbook, quantity: Quantity, old: str, new: str) -> Mutant:
    """Evaluate a mutant under one set of edits after the other until an expectation catches it."""
    evaluate = importlib.import_module("workbook.model.evaluate").evaluate
    changed = following(made.model, quantity.id)
    # One that passed a value on and no longer does by its words has no expectation: a test asks for it.
    differing, headline = False, False
    unproven = quantity.id not in {*made.expected, *made.passed_on(made.book)}
    for edits, values in made.scenes:
        known = {name: column for name, column in values.items() if name not in changed}
        apart = moved(values, evaluate(made.model, edits, known=known), changed)
        differing = differing or bool(apart)
        headline = headline or any(made.model.quantities[name].headline for name in apart)
        if apart & made.expected or (apart and unproven):
            return Mutant(quantity.id, old, new, moved=True, caught=True, headline=headline)
    return Mutant(quantity.id, old, new, moved=differing, caught=False, headline=headline)


def mutants(made: Workbook, count: int, chance: random.Random) -> Iterator[Mutant]:
    """Draw mutants of a workbook's expressions, each put in place, judged and taken back."""
    quantities = [quantity for quantity in made.model.quantities.values() if quantity.variants]
    while count:
        quantity = chance.choice(quantities)
        number = chance.randrange(len(quantity.variants))
        kept = quantity.variants[number]
        found = changes(made, quantity, kept.formula.text, chance)
        text = chance.choice(found) if found else ""
        if text and put(made.model, quantity, number, text):
            yield judged(made, quantity, kept.formula.text, text)
            count -= 1
        quantity.variants[number] = kept


def main() -> int:
    """Judge mutants of both workbooks and report."""
    checkout = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    count, seed = (int(text) for text in (*sys.argv[2:4], *("200", "1")[len(sys.argv[2:4]) :]))
    os.chdir(checkout)
    sys.path.insert(0, str(checkout))
    found: list[Mutant] = []
    for made in workbooks():
        drawn = list(mutants(made, count // 2, random.Random(f"{made.name} {seed}")))  # noqa: S311 the same mutants each time
        print(f"{made.name}: {_share(drawn)}")
        found += drawn
    missed = [item for item in found if item.moved and not item.caught]
    print(f"all: {_share(found)}")
    print("\n".join(f"  not caught: {item.quantity}: {item.old}\n{'':14}{item.new}" for item in missed[:SHOWN]))
    return int(any(item.headline for item in missed))


def _share(found: list[Mutant]) -> str:
    differing = [item for item in found if item.moved]
    headlines = [item for item in differing if item.headline]
    caught = sum(item.caught for item in differing)
    return (
        f"{len(found)} mutants, {len(differing)} of which move a value: {caught} caught ({caught / len(differing):.1%}); "
        f"{sum(item.caught for item in headlines)} of the {len(headlines)} that move a headline"
    )


if __name__ == "__main__":
    sys.exit(main())
