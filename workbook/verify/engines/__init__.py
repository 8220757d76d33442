"""The engines that recompute a workbook, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.verify.engines.gnumeric import Gnumeric
from workbook.verify.engines.ironcalc import IronCalc
from workbook.verify.engines.libreoffice import LibreOffice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook.verify.engines.base import Engine

ENGINES: dict[str, type[Engine]] = {engine.name: engine for engine in (LibreOffice, Gnumeric, IronCalc)}


def find(names: Sequence[str] | None = None) -> list[Engine]:
    """Make the named engines in the given order, or all of them; ValueError for a name that is not known.

    Whether an engine is installed is for the caller to ask with ``unavailable()``.
    """
    chosen = tuple(ENGINES) if names is None else names
    for name in chosen:
        if name not in ENGINES:
            message = f"there is no engine named {name!r}; the engines are {', '.join(ENGINES)}"
            raise ValueError(message)
    return [ENGINES[name]() for name in chosen]
