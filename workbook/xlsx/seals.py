"""Seals of files: a text at the end of a file that fits its parts as they were packed, and breaks when a program saves it again.

A seal spares the search for what was changed where nothing was. It is no signature: whoever means to deceive can write one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zipfile import ZipInfo

_MARK, _DIGITS = b"as built ", 32


def seal_of(entries: Iterable[ZipInfo]) -> bytes:
    """Return the seal of parts: their names, sizes and check sums, in the order in which they are stored."""
    told = "\n".join(f"{entry.filename} {entry.file_size} {entry.CRC:08x}" for entry in entries)
    return _MARK + hashlib.blake2s(told.encode(), digest_size=_DIGITS // 2).hexdigest().encode()


def is_cut_short(comment: bytes) -> bool:
    """Return whether the comment of an archive begins as a seal and lacks its end: the last bytes of the file are missing."""
    return comment.startswith(_MARK) and len(comment) < len(_MARK) + _DIGITS
