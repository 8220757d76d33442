"""Registering the columns of the planning workbook's tables."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from dis import get_instructions
from typing import Any

from tests.reference.equations.grid import SUMS, Requests
from tests.reference.expect.planning_requests import total_length
from tests.reference.expect.shared_columns import sum_rule
from tests.reference.quantities import PLANNING, Value

expect_columns = PLANNING.columns


def expect_rows(table: str, columns: dict[str, Callable[..., Value]]) -> None:
    """Register columns of a table, each a function of the inputs and of the row's keys."""
    for column, value in columns.items():
        PLANNING.add(f"{table}.{column}", value)


def expect_fields(table: str, of: Callable[..., object], kind: Any, *but: str) -> None:
    """Register what the row's object holds, of a class or data class, as the columns of the same names, but for those named."""
    PLANNING.attributes(table, of, *(name for name in held_by(kind) if name not in but))


def held_by(kind: Any) -> tuple[str, ...]:
    """Return the fields of a data class, or what the initialiser of another class stores: named once, where it is computed."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    steps = [step for each in kind.__mro__[:-1] for step in get_instructions(each.__init__)]
    return tuple({step.argval: None for step in steps if step.opname == "STORE_ATTR"})


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
