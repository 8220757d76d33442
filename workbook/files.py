"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
import tempfile
import time
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, WorkbookError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = "choose another place with --out"
WORKBOOK_SUFFIX = ".xlsx"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
LONGEST_WRITING = 3600.0  # seconds
ALIKE = 0.7  # how like a name must be to one that may be meant by it
_COMPRESSED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz"}
"""How compressed files begin, and how they are called."""


def compression(start: bytes) -> str:
    """Return how the file that begins with these bytes is compressed; an empty text where it is not."""
    return next((name for sign, name in _COMPRESSED.items() if start.startswith(sign)), "")


def unreadable(path: Path, error: OSError, shown_as: str = "") -> Diagnostic:
    """Return what is said of a file that cannot be read, with what is likely meant; ``shown_as`` is its name in messages."""
    fix = ""
    if isinstance(error, FileNotFoundError):
        try:
            beside = [item.stem for item in path.parent.iterdir() if item.suffix == path.suffix]
        except OSError:
            beside = []
        close = get_close_matches(path.stem, sorted(beside), n=1, cutoff=ALIKE)
        such = f"give a file, such as output/{path.name}{WORKBOOK_SUFFIX}" if not path.suffix else ""
        fix = f"did you mean '{close[0]}{path.suffix}'?" if close else such
    elif isinstance(error, IsADirectoryError):
        fix = "give a file in it"
    return Diagnostic(Place(shown_as or str(path)), f"cannot be read: {error.strerror or error}", fix)


def check_target(path: Path, suffix: str = "") -> None:
    """Refuse to put a file in the place of a directory or a device, or under a name without ``suffix``; raises WorkbookError."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        regular = True
    if not regular:
        raise WorkbookError([Diagnostic(Place(str(path)), "cannot be written: it is not a regular file", ELSEWHERE)])
    if suffix and path.suffix.lower() != suffix:
        message = f"cannot be written: a workbook is an {suffix} file, and no program expects one under this name"
        raise WorkbookError([Diagnostic(Place(str(path)), message, f"write it to {path.with_suffix(suffix)}")])


def open_elsewhere(path: Path) -> tuple[str, ...]:
    """Return a warning where a spreadsheet program has a file open that is to be replaced: its lock stands beside the file."""
    locks = [name for name in (f".~lock.{path.name}#", f"~${path.name}") if path.exists() and path.with_name(name).exists()]
    advice = "close it there without saving, and open it again"
    return tuple(f"{path} is replaced while a spreadsheet program has it open (lock file {name}): {advice}" for name in locks)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, which takes its place when the block ends without an error.

    An OSError becomes a WorkbookError that says why the file cannot be written. What a killed process has left is removed.
    """
    name, handle = "", -1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield Path(name)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        os.close(handle)  # some systems rename no open file
        handle = -1
        Path(name).replace(path)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        first = "free some space" if error.errno in _FULL else "close it elsewhere"
        raise WorkbookError([Diagnostic(Place(str(path)), message, f"{first}, or {ELSEWHERE}")]) from None
    finally:
        if handle >= 0:
            os.close(handle)
        if name:
            Path(name).unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    """Remove what earlier writers of this file did not get to remove."""
    for part in path.parent.glob(f".{glob.escape(path.stem)}-*.part"):
        try:
            if _OF_MKSTEMP.fullmatch(part.name.removeprefix(f".{path.stem}")) and _is_abandoned(part):
                part.unlink(missing_ok=True)
        except OSError:
            continue  # it is another user's, or open on a system that says so in this way


_OF_MKSTEMP = re.compile(r"-[a-z0-9_]{8}\.part")


def _is_abandoned(part: Path) -> bool:
    """Tell whether no process writes a part any more: who does holds a lock on it."""
    if fcntl is None:
        return time.time() - part.stat().st_mtime > LONGEST_WRITING
    with part.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
