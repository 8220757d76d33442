"""Members that inherit from another parent than the declared one, as when one case was copied over another."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.record.findings import Finding
from workbook.record.fingerprints import Spot, references

if TYPE_CHECKING:
    from workbook.record.located import Located
    from workbook.record.read import Given

_LINK = re.compile(r"\$?[A-Z]{1,3}\$?[0-9]+")
MEMBER_PARTS = 3  # table, member, quantity: the id of an input of a member


@dataclass(slots=True)
class Inherited:
    """Which members inherit from which others now, where that is not as declared.

    ``parents`` gives the new parent of members all of whose inheriting cells show one and the same other member: by (table,
    member); ``findings`` says so, one for each member, and ``places`` gives where these cells are. ``cells`` gives for each
    inheriting input that shows another member's cell the id of that cell: where not all do, it is a formula like any other,
    and ``partly`` says so.
    """

    parents: dict[tuple[str, str], str] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    places: set[tuple[str, str]] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    partly: list[Finding] = field(default_factory=list)

    def is_carried(self, name: str) -> bool:
        """Whether the cell of an input inherits, as all of its member, from a parent that can be declared."""
        table, member, _ = name.split(".") if name in self.cells else ("", "", "")
        return (table, member) in self.parents


def inherited(located: Located) -> Inherited:
    """Find the cells that inherited a value when the file was built and show another member's now."""
    found, prints = Inherited(), located.as_built
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    places: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    order = {given.id: number for number, given in enumerate(located.baseline.inputs.values())}
    inputs = located.baseline.inputs.values()
    watches = any(given.watched for given in inputs)
    for given in inputs:
        if watches and not given.watched:
            continue
        spot = located.input(given) if given.taken and given.id.count(".") == MEMBER_PARTS - 1 else None
        cell = located.cell(spot)
        if spot is None or cell is None or not cell.is_formula:
            continue
        table, member, _ = given.id.split(".")
        if located.print(spot) == prints[given.spot]:
            # A cell that follows from others of its member, and not from a parent, has no say.
            if _LINK.fullmatch(located.formula(spot)):
                votes[table, member][""] += 1
        elif parent := _parent(located, given, spot):
            found.cells[given.id] = parent.id
            votes[table, member][parent.id.split(".")[1]] += 1
            places[table, member].append(spot)
    for (table, member), spots in places.items():
        counted = votes[table, member]
        others = [name for name in counted if name]
        column = next(name for name in found.cells if name.startswith(f"{table}.{member}.")).split(".")[2]
        stands_before = order.get(f"{table}.{others[0]}.{column}", 0) < order[f"{table}.{member}.{column}"]
        finding = _finding(table, member, spots, counted)
        if len(counted) == 1 and stands_before:
            found.parents[table, member] = others[0]
            found.places |= {(spot.sheet, spot.address) for spot in spots}
            found.findings.append(finding)
        else:
            found.partly.append(finding)
    return found


def _parent(located: Located, given: Given, spot: Spot) -> Given | None:
    """Return the input of another member whose cell an inheriting cell shows, if that is all that its formula does."""
    formula = located.formula(spot)
    if not _LINK.fullmatch(formula):
        return None
    at = references(formula)[0]
    target = located.given_at(Spot(spot.sheet, at.row, at.column))
    table, _, quantity = given.id.split(".")
    return target if target and target.id.startswith(f"{table}.") and target.id.endswith(f".{quantity}") else None


def _finding(table: str, member: str, spots: list[Spot], counted: Counter[str]) -> Finding:
    first, last = spots[0], spots[-1]
    where = first.address if len(spots) == 1 else f"{first.address}:{last.address}"
    told = " and ".join(f"{count} from {table}.{name}" for name, count in counted.items() if name)
    cells = f"{len(spots)} {'cell inherits' if len(spots) == 1 else 'cells inherit'} from another case than declared"
    return Finding(first.sheet, where, f"{table}.{member}", f"{cells}: {told}, as after one case was copied over another")
