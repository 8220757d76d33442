"""Where templates are: inside the installed package, in a checkout, or in a directory of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from workbook.errors import Diagnostic, Place, WorkbookError

BASE, VERSION = ".base", "VERSION"  # in a directory of one's own: the templates that it was written from, and of which package


def packaged() -> Path:
    """Return the directory of the templates that come with the package."""
    installed = Path(__file__).parents[1] / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "templates"


def directory(given: Path | str | None) -> Path:
    """Return the templates to use; raises WorkbookError when the given directory does not hold any."""
    root = Path(given) if given is not None else packaged()
    if not (root / "sheets").is_dir():
        raise WorkbookError(
            [
                Diagnostic(
                    Place(str(root)), "is not a directory of templates (it has no 'sheets')", "write one out with: workbook templates DIR"
                )
            ]
        )
    return root


def write_out(target: Path, version: str) -> int:
    """Copy the packaged templates to a new directory, which remembers them, and return the number of files; raises WorkbookError."""
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        raise WorkbookError(
            [Diagnostic(Place(str(target)), "exists and is not empty", "name a new directory, so that nothing is overwritten")]
        )
    try:
        shutil.copytree(packaged(), target, dirs_exist_ok=True)
        keep_base(target, version)
    except OSError as error:
        raise WorkbookError([Diagnostic(Place(str(target)), f"cannot be written: {error.strerror or error}")]) from None
    return sum(1 for item in packaged().rglob("*") if item.is_file())


def keep_base(target: Path, version: str) -> None:
    """Let a directory remember the packaged templates, so that those of a newer package can be merged into what becomes of it."""
    new = target / f"{BASE}-new"
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(packaged(), new)
    (new / VERSION).write_text(f"{version}\n", "utf-8")
    shutil.rmtree(target / BASE, ignore_errors=True)
    new.rename(target / BASE)
