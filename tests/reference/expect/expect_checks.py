"""Expectations of what sheet Checks holds in either workbook besides the checks of its templates: keys, watches, the sum of all."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml  # type: ignore[import-untyped] # no stubs

from tests.reference.expect.planning_declared import CASES
from tests.reference.expect.planning_study import studies
from tests.reference.quantities import PAPER, PLANNING, Inputs, Registry

SHEETS = Path(__file__).parents[3] / "templates" / "sheets"
LISTS = ("windows", "splits", "bands", "loads_tried", "levels", "cuts")
"""The lists of numbers by whose values rows of the paper's workbook are looked up, in the order of its sheets."""

TERMS = 10
"""So many checks are added up in one formula."""


def others(keys: dict[str, float | str]) -> dict[str, int]:
    """Return how many other members have the key of each."""
    known = Counter(keys.values())
    return {member: known[key] - 1 for member, key in keys.items()}


def numbers(i: Inputs, name: str) -> dict[str, float | str]:
    """Return the values of a list by member."""
    return {member: i[f"{name}.{member}"] for member in i.members(name)}


def names(i: Inputs) -> dict[str, float | str]:
    """Return what cases, and the studies that are looked up beside them, are called."""
    return {key: i.shown(f"asked.{key}") for key in studies()}


def expect_keys(registry: Registry, name: str, keys: Callable[[Inputs], dict[str, float | str]], own: tuple[str, ...] = ()) -> None:
    """Register the table of a list's keys, or of those of the members ``own``, and its check: rows with another's key."""
    registry.add(f"{name}_keys.others", lambda i, member: float(others(keys(i))[member]))
    registry.add(
        f"checks.{name}_differ", lambda i: float(sum(count > 0 for key, count in others(keys(i)).items() if key in (own or keys(i))))
    )


def expect_sum(registry: Registry, sheet: str, more: tuple[str, ...], watched: tuple[str, ...]) -> None:
    """Register the watches, which count nothing in a file as built, and the sums of all checks: of the sheet's, and ``more``."""
    blocks = yaml.safe_load((SHEETS / f"{sheet}.yaml").read_text("utf-8"))["blocks"]
    checks = [*next(block["items"] for block in blocks if "checks" in block), "usual", *more, *watched]

    def total(i: Inputs, some: list[str]) -> float:
        return sum(abs(float(str(registry.expected(i, f"checks.{name}")))) for name in some)

    def expect_part(number: int, some: list[str]) -> None:
        registry.add(f"checks.failures_{number}", lambda i: total(i, some))

    for name in watched:
        registry.add(f"checks.{name}", lambda _: 0.0)
        registry.add(f"checks.first_{name.removesuffix('_blocks')}", lambda _: "")
    for start in range(0, len(checks), TERMS):
        expect_part(start // TERMS + 1, checks[start : start + TERMS])
    registry.add("checks.failures", lambda i: total(i, checks))
    registry.add("checks.status", lambda i: "CHECK FAILS: see sheet Checks" if total(i, checks) else "All checks pass")


for each in LISTS:
    expect_keys(PAPER, each, lambda i, each=each: numbers(i, each))  # type: ignore[misc] # each list's own
expect_keys(PAPER, "designs", lambda i: {member: i.text(f"designs.{member}.name") for member in i.members("designs")})
PAPER.add("checks.cases_known", lambda _: 0.0)
PAPER.add("checks.designs_named", lambda _: 0.0)
IN_ORDER = (LISTS[0], "designs", *LISTS[1:])
expect_sum(PAPER, "checks", (*(f"{name}_differ" for name in IN_ORDER), "designs_named"), ("typed_over", "error_blocks"))

expect_keys(PLANNING, "cases", names, tuple(CASES))
PLANNING.add("checks.cases_named", lambda _: 0.0)
expect_sum(PLANNING, "planning_checks", ("cases_differ", "cases_named"), ("typed_over", "other_parent", "error_blocks"))
