"""Overlays as files: how they are given, by people or by a built workbook that carries them, and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workbook.declare.yaml import Node, read_text, text_of
from workbook.errors import Diagnostic, WorkbookError

if TYPE_CHECKING:
    from workbook.errors import Problems

MOST_CASES, UTMOST_CASES = 200, 1_000  # that overlays add: unless more are asked for, and in any workbook that can be read back
LONGEST_NAME = 255


class Carried(NamedTuple):
    """An overlay that a built file carries: its name without folders, its text, and how messages name it.

    It says which cards there are, and only which cases: the values of these are in the file that carries it.
    """

    name: str
    text: str
    shown_as: str


@dataclass(frozen=True, slots=True)
class Overlays:
    """Overlays to lay, later ones over earlier ones, and how many cases they may add together."""

    files: tuple[Path | str | Carried, ...] = ()
    most_cases: int = MOST_CASES

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.files)

    def unless_given(self, carried: Sequence[Carried]) -> Overlays:
        """Return these, or those that a file carries where there are none."""
        return self if self.files else Overlays(tuple(carried), self.most_cases)

    def beside(self, carried: Sequence[Carried]) -> Overlays:
        """Return the overlays that a file carries and then these: one with the name of a carried one takes its place."""
        left, found = list(self.files), list[Path | str | Carried]()
        for item in carried:
            given = next((file for file in left if not isinstance(file, Carried) and bare(Path(file).name) == item.name), None)
            if given is not None:
                left.remove(given)
            found.append(item if given is None else given)
        return Overlays((*found, *left), self.most_cases)


Files = Path | str | Sequence[Path | str | Carried] | Overlays | None


def overlays_of(files: Files) -> Overlays:
    """Return overlays however they were given: none, one, several, or already so."""
    if isinstance(files, Overlays):
        return files
    return Overlays((files,) if isinstance(files, Path | str) else tuple(files or ()))


class Opened(NamedTuple):
    """An overlay that was read, and whether a built file carried it."""

    item: Carried
    node: Node
    was_carried: bool


def open_overlay(file: Path | str | Carried, problems: Problems) -> Opened | None:
    """Read an overlay; None where that cannot be, which is recorded."""
    try:
        item = file if isinstance(file, Carried) else Carried(bare(Path(file).name), text_of(Path(file), str(file)), str(file))
        return Opened(item, read_text(item.text, item.shown_as), isinstance(file, Carried))
    except WorkbookError as error:
        problems.found += [mendable(found, file.name) for found in error.diagnostics] if isinstance(file, Carried) else error.diagnostics
        return None


def bare(name: str) -> str:
    """Return the name of a file as a message can show it."""
    return "".join(character if character.isprintable() else "?" for character in name[:LONGEST_NAME])


def mendable(found: Diagnostic, name: str) -> Diagnostic:
    """Tell how to get on when the mistake is in an overlay that nobody can edit where it is."""
    fix = f"give {name}, as it should be, with --overlay"
    return replace(found, fix=f"{found.fix}; {fix}" if found.fix else fix)
