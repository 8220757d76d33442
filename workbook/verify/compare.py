"""Comparing what an engine computed with what Python computed, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.verify.engines.base import CellError
from workbook.verify.poison import is_poison

if TYPE_CHECKING:
    from workbook.verify.engines.base import CellValue

RELATIVE = 1e-9
NEAR_ZERO = 1e-12
UNSUPPORTED = {"#NAME?"}
AGREE, DIFFER, UNKNOWN, SURVIVED = "agree", "differ", "unsupported", "not recalculated"


@dataclass(frozen=True, slots=True)
class Expected:
    """A formula cell: where it is, what it is called, its formula, and Python's value."""

    sheet: str
    address: str
    id: str
    formula: str
    value: float | str


def verdict(expected: float | str, got: CellValue) -> str:
    """Return agree, differ, unsupported (the engine knows no such function) or not recalculated (the poison survived).

    Numbers agree within 1e-9 relative (1e-12 absolute beside zero), texts exactly: an empty one is neither 0 nor nothing.
    """
    if is_poison(got):
        return SURVIVED
    if isinstance(got, CellError):
        return UNKNOWN if got.kind in UNSUPPORTED else DIFFER
    if isinstance(expected, str):
        return AGREE if got == expected else DIFFER
    if isinstance(got, str) or got is None:
        return DIFFER
    return AGREE if abs(float(got) - expected) <= max(RELATIVE * abs(expected), NEAR_ZERO) else DIFFER
