"""ironcalc, a spreadsheet engine in Rust with a Python binding, run inside this process."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from workbook.verify.engines.base import CellError, CellValue, Engine, EngineFailure, Sheets
from workbook.xlsx.cells import cell_position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class _CellType(Protocol):
    """The type of a cell as the binding names it."""

    ErrorValue: object


class _Model(Protocol):
    """The part of the binding's model that is used; sheets count from 0, rows and columns from 1."""

    def evaluate(self) -> None: ...
    def get_worksheets_properties(self) -> list[dict[str, object]]: ...
    def get_cell_value(self, sheet: int, row: int, column: int, /) -> float | str | bool | None: ...
    def get_cell_type(self, sheet: int, row: int, column: int, /) -> object: ...


class _Binding(Protocol):
    """The part of the module that is used."""

    CellType: _CellType

    def load_from_xlsx(self, file_path: str, locale: str, tz: str, /) -> _Model: ...


class IronCalc(Engine):
    """Recomputes in memory and reads full-precision values, never formatted text."""

    name: ClassVar[str] = "ironcalc"

    def unavailable(self) -> str | None:
        """Say why ironcalc can not be used, or None."""
        if importlib.util.find_spec("ironcalc") is None:
            return "The Python package ironcalc was not found; install it with: pip install 'workbook[engines]'."
        return None

    def version(self) -> str:
        """Give the version of the Python package, for example 0.9.1."""
        self._require()
        return importlib.metadata.version("ironcalc")

    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        """Compute the file; an operation the engine lacks comes back as CellError('#N/IMPL!')."""
        self._require()
        try:
            with _unprinted():
                return self._recalculate(path, cells)
        except EngineFailure:
            raise
        except Exception as error:
            message = f"ironcalc could not compute {path.name}: {error}"
            raise EngineFailure(message) from error
        except BaseException as error:
            # A panic of the Rust code arrives as an exception that does not derive from Exception.
            if type(error).__name__ != "PanicException":
                raise
            message = f"ironcalc crashed on {path.name}, as it does on files that some programs save, and checked nothing: {error}"
            raise EngineFailure(message) from None

    def _recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        binding: _Binding = importlib.import_module("ironcalc")
        model = binding.load_from_xlsx(str(path), "en", "UTC")
        model.evaluate()
        indexes = {properties["name"]: index for index, properties in enumerate(model.get_worksheets_properties())}
        result: Sheets = {}
        for sheet, references in cells.items():
            if sheet not in indexes:
                message = f"ironcalc found no sheet named {sheet!r} in {path.name}"
                raise EngineFailure(message)
            result[sheet] = {reference: _value(model, indexes[sheet], reference, binding.CellType.ErrorValue) for reference in references}
        return result

    def _require(self) -> None:
        reason = self.unavailable()
        if reason is not None:
            raise EngineFailure(reason)


@contextlib.contextmanager
def _unprinted() -> Iterator[None]:
    """Keep off the screen what Rust writes past Python: parts of a file that it does not know, and the account of a panic."""
    with contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(Path(os.devnull).open("wb"))
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            screen = os.dup(number)
            stack.callback(os.close, screen)
            stack.callback(os.dup2, screen, number)
            os.dup2(nowhere.fileno(), number)
        yield


def _value(model: _Model, sheet: int, reference: str, error_type: object) -> CellValue:
    row, column = cell_position(reference)
    value = model.get_cell_value(sheet, row, column)
    # Errors come as text; every one begins with #, and only the type tells them from such a text.
    if isinstance(value, str) and value.startswith("#") and model.get_cell_type(sheet, row, column) == error_type:
        return CellError(value)
    return value
