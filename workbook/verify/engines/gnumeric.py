"""Gnumeric, run once a file through its converter ``ssconvert``."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from workbook.verify.engines.base import CellError, CellValue, Engine, EngineFailure, Sheets
from workbook.xlsx.cells import UnreadableWorkbook, read_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_TIMEOUT_SECONDS = 120.0


class Gnumeric(Engine):
    """Recomputes by converting to .xlsx, the one output format that keeps all that matters.

    Its cached values have 21 digits, and text, booleans and errors stay apart. Measured against it: CSV rounds to
    the cell format, Gnumeric's own XML stores no results, and OpenDocument stores errors as text.
    """

    name: ClassVar[str] = "gnumeric"

    def __init__(self, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Limit one conversion to ``timeout_seconds``."""
        self._timeout_seconds = timeout_seconds

    def unavailable(self) -> str | None:
        """Say why Gnumeric can not be used, or None."""
        if shutil.which("ssconvert") is None:
            return "Gnumeric's ssconvert was not found; install the Debian package gnumeric."
        return None

    def version(self) -> str:
        """Give the version, for example 1.12.55."""
        # The first line reads: ssconvert version '1.12.55'
        answer = self._run("--version")
        parts = answer.split("'")
        return parts[1] if len(parts) > 1 else answer.strip()

    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        """Compute the file; results beyond the range of a double come back as #NUM!, as a spreadsheet shows them."""
        with tempfile.TemporaryDirectory(prefix="workbook-gnumeric-") as folder:
            output = Path(folder) / "recalculated.xlsx"
            messages = self._run("--recalc", "--export-type=Gnumeric_Excel:xlsx2", path.absolute().as_uri(), output.as_uri())
            try:
                computed = read_cells(output)
            except (OSError, UnreadableWorkbook) as error:
                message = f"gnumeric wrote no readable result for {path.name}: {error} {messages.strip()}".rstrip()
                raise EngineFailure(message) from error
        result: Sheets = {}
        for sheet, references in cells.items():
            if sheet not in computed:
                message = f"gnumeric found no sheet named {sheet!r} in {path.name}"
                raise EngineFailure(message)
            found = computed[sheet]
            result[sheet] = {reference: _in_range(found[reference].value) if reference in found else None for reference in references}
        return result

    def _run(self, *arguments: str) -> str:
        program = shutil.which("ssconvert")
        if program is None:
            raise EngineFailure(self.unavailable())
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, and files are passed as URLs, never as options
                [program, *arguments],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=self._timeout_seconds,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            message = f"gnumeric was stopped after {self._timeout_seconds:g} s"
            raise EngineFailure(message) from error
        messages = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode < 0:
            # It recurses along chains of formulas: one of 100,000 cells overflows a stack of 8 MiB, 40,000 do not.
            message = f"gnumeric crashed with signal {-done.returncode}; formulas may form too long a chain"
            raise EngineFailure(message)
        if done.returncode > 0:
            message = f"gnumeric ended with status {done.returncode}: {messages.strip()[-500:]}"
            raise EngineFailure(message)
        return messages


def _in_range(value: CellValue) -> CellValue:
    # Gnumeric computes in extended precision and writes results such as 1.97e+434.
    if isinstance(value, float) and not math.isfinite(value):
        return CellError("#NUM!")
    return value
