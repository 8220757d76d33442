"""What every spreadsheet engine offers: recompute a file and hand back the values of some cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

# The value types live in the reader, which imports no engine, so that no import runs in a circle.
from workbook.xlsx.cells import CellError, CellValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["CellError", "CellValue", "Engine", "EngineFailure", "Sheets"]

Sheets = dict[str, dict[str, CellValue]]


class EngineFailure(Exception):  # noqa: N818 - the name is part of the interface
    """An engine could not do its work: it is missing, crashed, ran out of time or refused the file."""


class Engine(ABC):
    """An independent program that computes a workbook."""

    name: ClassVar[str]

    @abstractmethod
    def unavailable(self) -> str | None:
        """Say in one sentence why the engine can not be used here and how to install it; None when it can."""

    @abstractmethod
    def version(self) -> str:
        """Give the version of the program; EngineFailure when it is missing."""

    @abstractmethod
    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        """Compute the whole file and give the values of the asked A1 cells of each sheet.

        Numbers are floats, empty cells None, error values CellError. Engines differ in the kind of an error, and
        LibreOffice gives booleans as 1.0 and 0.0, which Python holds equal to True and False. EngineFailure is
        raised when the file can not be computed or an asked sheet does not exist.
        """

    def close(self) -> None:
        """Release what the engine holds between calls; a later call takes it again."""
        return
