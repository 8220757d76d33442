"""Templates of one's own brought to those of a newer package: what a team changed stays, all else is as the package has it now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.declare.packaged import BASE, VERSION, keep_base, packaged
from workbook.declare.three_ways import SOLVE, UNSOLVED, YOURS, merge_lines
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.files import whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(slots=True)
class Upgrade:
    """What became of the files of a directory, by their names in it; ``conflicts`` are places in merged files."""

    before: str
    after: str
    updated: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    conflicts: list[Diagnostic] = field(default_factory=list)


def upgrade(target: Path, version: str) -> Upgrade:
    """Merge the packaged templates into a directory that ``workbook templates`` wrote, on the templates that it came from.

    What only one side changed is taken, file by file, line by line and key by key; comments and order stay. Where both changed
    the same, all three versions stand in the file between marks. Files that a team removed stay away; those that they changed,
    and the package no longer has, stay (``left``). Raises WorkbookError for a directory that does not say what it came from,
    or has unsolved conflicts.
    """
    base = target / BASE
    if not base.is_dir():
        message = "does not say which templates it came from (it has no folder .base)"
        fix = f"write the templates of today to a new directory with: workbook templates {target}-new, and copy what you changed"
        raise WorkbookError([Diagnostic(Place(str(target)), message, fix)])
    _refuse_unsolved(base, target)
    found = Upgrade((base / VERSION).read_text("utf-8").strip() if (base / VERSION).is_file() else "", version)
    news = packaged()
    for name in sorted({*_names(base), *_names(news)}):
        _upgrade_file(name, base, target, news, found)
    keep_base(target, version)
    return found


def _names(root: Path) -> Iterator[str]:
    """Yield the templates below a directory; files that a team put beside them are none of the package's business."""
    return (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and path.name != VERSION)


def _upgrade_file(name: str, base: Path, target: Path, news: Path, found: Upgrade) -> None:
    before, yours, new = (_text(root / name) for root in (base, target, news))
    if new in {yours, before}:
        return
    if yours == before:
        if new is None:
            (target / name).unlink()
            found.removed.append(name)
        else:
            _write(target / name, new)
            (found.added if before is None else found.updated).append(name)
    elif new is None or yours is None:
        found.left.append(name)
    else:
        merged = merge_lines((before or "").splitlines(), yours.splitlines(), new.splitlines())
        _write(target / name, "".join(f"{line}\n" for line in merged.lines))
        found.merged.append(name)
        found.conflicts += [Diagnostic(Place(str(target / name), line), UNSOLVED, SOLVE) for line in merged.conflicts]


def _text(path: Path) -> str | None:
    """Return a file's text, None where there is none; raises WorkbookError for what is no text."""
    try:
        return path.read_text("utf-8") if path.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbookError([Diagnostic(Place(str(path)), f"cannot be read: {error}")]) from None


def _write(path: Path, text: str) -> None:
    with whole(path) as part:
        part.write_text(text, "utf-8", newline="\n")


def _refuse_unsolved(base: Path, target: Path) -> None:
    """Raise WorkbookError where files still hold marks of an earlier upgrade."""
    problems = [
        Diagnostic(Place(str(target / name), number), UNSOLVED, SOLVE)
        for name in sorted(_names(base))
        for number, line in enumerate((_text(target / name) or "").splitlines(), 1)
        if line == YOURS
    ]
    if problems:
        raise WorkbookError(problems)
