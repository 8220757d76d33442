"""Files that are no workbooks that can be read, as messages."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.files import unreadable
from workbook.xlsx.package import Package, UnreadableWorkbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANY = "give an .xlsx workbook"


@contextmanager
def readable(path: Path, fix: str = ANY) -> Iterator[None]:
    """Raise WorkbookError for a file that turns out to be no workbook that can be read, with what to give unless more is known."""
    try:
        yield
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), error.fix or fix)]) from None
    except OSError as error:
        raise WorkbookError([unreadable(path, error)]) from None


def check_container(path: Path) -> None:
    """Raise WorkbookError for a file that is no workbook at all, before a program is asked for it."""
    with readable(path), Package(path) as package:
        package.worksheets()
