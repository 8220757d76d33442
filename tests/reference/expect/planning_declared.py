"""What the templates declare of cases: parents, cards, choices and the ranges of assumptions, read as plain YAML.

These are declarations and no results: an expectation applies equations to them, and cannot say more of them than the template does.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # no stubs

SHEETS = Path(__file__).parents[3] / "templates" / "sheets"


def block_of(sheet: str, kind: str, name: str) -> dict[str, Any]:
    """Return a block of a sheet, such as the ``table`` of a name."""
    blocks: list[dict[str, Any]] = yaml.safe_load((SHEETS / f"{sheet}.yaml").read_text("utf-8"))["blocks"]
    return next(block for block in blocks if block.get(kind) == name)


_CASES, _RANGES = block_of("cases", "table", "cases"), block_of("ranges", "table", "ranges")
_COLUMNS: dict[str, dict[str, Any]] = _CASES["columns"]
_RECORDS: dict[str, dict[str, Any]] = {name: column["record"] for name, column in _COLUMNS.items() if "record" in column}

CASES = tuple(_CASES["records"])
PARENTS = {case: record["parent"] for case, record in _CASES["records"].items() if "parent" in record}
"""The case that each case inherits from what it does not state."""

_OTHER_PARENTS: dict[str, dict[str, str]] = {name: column["parents"] for name, column in _COLUMNS.items() if "parents" in column}


def parent_of(case: str, name: str) -> str:
    """Return the case that a case inherits an assumption from: the assumption may name another than the case does."""
    named = (parent for pattern, parent in _OTHER_PARENTS.get(name, {}).items() if fnmatchcase(case, pattern))
    return next(named, None) or PARENTS[case]


FOLLOWING = tuple(name for name, column in _COLUMNS.items() if "default" in column)
"""Assumptions that are not inherited from the parent."""

CARDS = {name: column["key"] for name, column in _COLUMNS.items() if "key" in column}
"""Assumptions that name a card, and its catalogue."""

CHOICES = tuple(name for name, column in _COLUMNS.items() if column["unit"] == "text" and name not in CARDS)
FIXED = tuple(name for name, column in _COLUMNS.items() if column["unit"] != "text" and name not in _RECORDS)
"""Numbers without a range."""

RANGED = (*_RANGES["records"]["order"], *(name for name in _RECORDS if name not in _RANGES["records"]["order"]))
"""Numbers with a range, in the order of sheet Ranges."""


def _ranged(field: str, *values: str) -> tuple[str, ...]:
    return tuple(name for name, record in _RECORDS.items() if record.get(field) in values)


SCENARIOS = _ranged("role", "demand", "decision")
"""Demand and decisions: they move figures, and do not make them uncertain."""

OF_REQUESTS = _ranged("requests", "changed")
"""Ranged assumptions that change the requests themselves."""

OF_TOTALS = _ranged("pools", "the same")
"""Ranged assumptions that leave the pools as they are: they count once these are known."""


def _admitted(name: str, limit: str) -> float:
    found = [of[limit] for of in (_RECORDS[name], _COLUMNS[name], _RANGES["defaults"]) if limit in of]
    return float(found[0])


ADMITTED = {name: (_admitted(name, "minimum"), _admitted(name, "maximum")) for name in RANGED}
"""The lowest and the highest that a case takes of each assumption with a range: as its record says, its column, or all of them."""
