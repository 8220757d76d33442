"""Pages of a workbook as people print them, by LibreOffice; pictures of them by pdftoppm."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, WorkbookError, suggest
from workbook.verify.engines.base import EngineFailure
from workbook.verify.engines.libreoffice import LibreOfficeSession, missing_parts
from workbook.xlsx.a1 import sheet_key
from workbook.xlsx.readable import check_container

if TYPE_CHECKING:
    from collections.abc import Iterator

DOTS = 80  # an inch, unless another number is asked for
MOST_SECONDS = 300  # for a request to LibreOffice, and for the pictures of a sheet
_PICTURES = "pdftoppm"
_INSTALL_PICTURES = f"{_PICTURES} was not found; install the Debian package poppler-utils."


def render(path: Path, pdf: Path | None = None, pictures: Path | None = None, sheet: str = "", dots: int = DOTS) -> list[Path]:
    """Print a workbook to a PDF file and to pictures in a folder, and return what was written.

    Args:
        path: The workbook; its formulas are calculated first.
        pdf: A file ending in .pdf, or a folder for a file with the name of the workbook.
        pictures: A folder for a PNG a page, named by workbook, sheet and, from the second on, number of the page.
        sheet: The one sheet to print; all that are not hidden, if left out.
        dots: Dots an inch of the pictures.

    Raises:
        WorkbookError: A program is missing or fails, or there is no such sheet.

    """
    missing = missing_parts() or ("" if pictures is None or shutil.which(_PICTURES) else _INSTALL_PICTURES)
    if missing:
        raise WorkbookError([Diagnostic(None, missing)])
    check_container(path)
    try:
        with LibreOfficeSession(MOST_SECONDS) as session, tempfile.TemporaryDirectory(prefix="workbook-pages-") as folder:
            session.open(path)
            session.recalculate()
            names = session.sheets()
            if sheet and sheet not in names:
                raise WorkbookError([Diagnostic(Place(str(path)), f"has no visible sheet '{sheet}'", suggest(sheet, names))])
            written = list(_printed(session, path, pdf, sheet)) if pdf else []
            for name in ([sheet] if sheet else names) if pictures else ():
                written += _pictures(session, name, Path(folder) / "page", f"{path.stem}_{sheet_key(name)}", dots, pictures)
            return written
    except EngineFailure as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error))]) from None


def _printed(session: LibreOfficeSession, path: Path, pdf: Path, sheet: str) -> Iterator[Path]:
    target = pdf if pdf.suffix.lower() == ".pdf" else pdf / f"{path.stem}.pdf"
    target.parent.mkdir(parents=True, exist_ok=True)
    if sheet:
        session.show(sheet)
    session.to_pdf(target)
    yield target


def _pictures(session: LibreOfficeSession, sheet: str, page: Path, name: str, dots: int, target: Path | None) -> Iterator[Path]:
    """Yield the pictures of one sheet."""
    if target is None:
        return
    session.show(sheet)
    session.to_pdf(page.with_suffix(".pdf"))
    command = [_PICTURES, "-r", str(dots), "-png", str(page.with_suffix(".pdf")), str(page)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=MOST_SECONDS)  # noqa: S603 a program found by name
    except (subprocess.SubprocessError, OSError) as error:
        message = f"{_PICTURES} failed at sheet '{sheet}': {error}"
        raise EngineFailure(message) from None
    target.mkdir(parents=True, exist_ok=True)
    for number, made in enumerate(sorted(page.parent.glob(f"{page.name}-*.png")), 1):
        picture = target / f"{name}{f'_{number}' if number > 1 else ''}.png"
        shutil.move(made, picture)
        yield picture
