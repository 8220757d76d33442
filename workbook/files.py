"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, WorkbookError

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = "choose another place with --out"


def check_target(path: Path) -> None:
    """Refuse to put a file in the place of a directory or a device; raises WorkbookError."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return
    if not regular:
        raise WorkbookError([Diagnostic(Place(str(path)), "cannot be written: it is not a regular file", ELSEWHERE)])


@contextmanager
def whole(path: Path, *also: type[Exception]) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, which takes its place when the block ends without an error.

    An OSError, or one of ``also``, becomes a WorkbookError that says why the file cannot be written.
    """
    name = ""
    expected: tuple[type[Exception], ...] = (OSError, *also)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
        os.close(handle)
        yield Path(name)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except expected as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"cannot be written: {reason}"
        raise WorkbookError([Diagnostic(Place(str(path)), message, f"close it elsewhere, or {ELSEWHERE}")]) from None
    finally:
        if name:
            Path(name).unlink(missing_ok=True)
