"""Registering the columns of the planning workbook's tables."""

from collections.abc import Callable

from tests.reference.equations.grid import SUMS, Requests
from tests.reference.expect.planning_requests import total_length
from tests.reference.expect.shared_columns import sum_rule
from tests.reference.quantities import PLANNING, Value

expect_columns, expect_fields = PLANNING.columns, PLANNING.fields


def expect_rows(table: str, columns: dict[str, Callable[..., Value]]) -> None:
    """Register columns of a table, each a function of the inputs and of the row's keys."""
    for column, value in columns.items():
        PLANNING.add(f"{table}.{column}", value)


def expect_steps(table: str, of: Callable[..., Requests]) -> None:
    """Register the sums over steps of requests up to a length."""
    _expect_sums(table, of, *(name for name in SUMS if name.startswith("steps")))


def expect_sums(table: str, of: Callable[..., Requests]) -> None:
    """Register the sums over requests up to a length, but for that of squared outputs."""
    _expect_sums(table, of, *(name for name in SUMS if name != "output_2"))
    expect_columns(table, of, {"length": total_length})


def _expect_sums(table: str, of: Callable[..., Requests], *names: str) -> None:
    expect_columns(table, of, {name: sum_rule(name) for name in names})


def pool_of(key: str) -> int:
    """Return the number of a pool, or of a knot or level, by its key: p1 is 1."""
    return int(key[1:])
