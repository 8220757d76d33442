"""Diagnostics with a position, and the exceptions that carry them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


SHORT_NAME = 3  # of such a name, half is enough to guess it
MOST_SHOWN = 80  # characters of a value in a message
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co", "Cn"}  # control and format characters, blanks, and what is no character


def visible(text: str) -> str:
    """Return a text with the names of characters that cannot be seen, or that would move the cursor, in brackets."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_named(sign) if unicodedata.category(sign) in _UNSEEN and sign != " " else sign for sign in text)


def _named(character: str) -> str:
    names = {"\n": "line feed", "\r": "carriage return", "\t": "tab"}
    return f"[{names.get(character) or unicodedata.name(character, '').lower() or f'U+{ord(character):04X}'}]"


def as_typed(value: object) -> str:
    """Return a value in quotes as messages show it: cut where it is long, and with what cannot be seen named."""
    text = str(value)
    if len(text) <= MOST_SHOWN:
        return f"'{visible(text)}'"
    return f"'{visible(text[:MOST_SHOWN])}...' ({len(text):,} characters)"


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """A position in a text file: 1-based line and column, and the line itself for the caret."""

    file: str
    line: int = 0
    column: int = 0
    text: str = ""

    def shifted(self, offset: int) -> Place:
        """Return the place ``offset`` characters to the right on the same line."""
        return Place(self.file, self.line, self.column + offset, self.text)

    def __str__(self) -> str:
        """Format as ``file:line:column``, the form that editors and terminals make clickable."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True, slots=True)
class Patchwork(Place):
    """The place of a text put together from pieces: where each starts in it, and the place it was written at."""

    pieces: tuple[tuple[int, Place], ...] = ()

    def shifted(self, offset: int) -> Place:
        """Return the place of a character, in the piece that it belongs to."""
        before = [piece for piece in self.pieces if piece[0] <= offset]
        start, place = before[-1] if before else (0, Place(self.file, self.line, self.column, self.text))
        return place.shifted(offset - start)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong: where, what, and the likely fix; ``follows`` where another one is likely to be its cause."""

    place: Place | None
    message: str
    fix: str = ""
    follows: bool = False

    def __str__(self) -> str:
        """Format for people: position, message, the source line with a caret, the fix."""
        head = f"{self.place}: {self.message}" if self.place else self.message
        if self.place is None or not self.place.text.strip():
            return f"{head}\n    {self.fix}" if self.fix else head
        line, start = _window(self.place.text.rstrip("\n"), self.place.column - 1)
        gutter = f"{self.place.line:4d} | "
        caret = " " * 5 + "| " + " " * start + "^"
        return f"{head}\n{gutter}{line}\n{caret}" + (f" {self.fix}" if self.fix else "")


def _window(line: str, start: int, width: int = 96) -> tuple[str, int]:
    """Cut a long line around ``start`` so that the caret stays on a terminal's width."""
    if len(line) <= width:
        return line, start
    left = max(0, min(start - width // 2, len(line) - width))
    cut = line[left : left + width]
    return (("..." + cut[3:]) if left else cut), start - left


class WorkbookError(Exception):
    """Bad input: carries every diagnostic found, never only the first."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep the diagnostics, causes first and in order of position, without repeats."""
        unique = dict.fromkeys(diagnostics)
        self.diagnostics = tuple(sorted(unique, key=lambda d: (d.follows, d.place is None, d.place or Place(""))))
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class Problems:
    """A collector, so that one run reports all mistakes instead of the first."""

    def __init__(self) -> None:
        """Start with nothing wrong."""
        self.found: list[Diagnostic] = []

    def add(self, place: Place | None, message: str, fix: str = "") -> None:
        """Record one problem."""
        self.found.append(Diagnostic(place, message, fix))

    def raise_if_any(self) -> None:
        """Raise WorkbookError when anything has been recorded."""
        if self.found:
            raise WorkbookError(self.found)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a "did you mean" hint for a misspelt name, or an empty text."""
    options = sorted(set(known))
    other_case = [option for option in options if option.lower() == name.lower()]
    close = other_case or get_close_matches(name, options, n=1, cutoff=0.6 if len(name) > SHORT_NAME else 0.5)
    holding = [option for option in options if len(name) >= SHORT_NAME and name.lower() in option.lower()]
    if close or len(holding) == 1:
        return f"did you mean '{(close or holding)[0]}'?"
    options = holding or options
    return f"one of: {', '.join(options)}" if 0 < len(options) <= 8 else ""  # noqa: PLR2004 a longer list does not help


def some(count: int, noun: str) -> str:
    """Return a number of things in words: 1 point, 2,000 points."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
