"""Cards as files: what an importer found, written as YAML that a build takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.declare.written import scalar
from workbook.errors import Diagnostic, Place, WorkbookError, as_typed, visible
from workbook.files import check_target, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCE = "own_files"
_LONGEST_KEY, _LONGEST_NAME = 40, 28
_UNFIT_IN_NAMES = re.compile(r"[*?~\"'\[\]:/\\<>\s]+")


@dataclass(frozen=True)
class Value:
    """A figure of a card, and what differs from the card's ``defaults``; one with ``expr`` is a formula, and has no value of its own."""

    value: float | str
    note: str = ""
    confidence: str = ""
    evidence: str = ""
    low: float | None = None
    high: float | None = None
    expr: str = ""
    source: str = ""

    def text(self) -> str:
        """Return the figure as YAML: a bare value, where nothing differs."""
        more = {name: scalar(end) for name, end in (("low", self.low), ("high", self.high)) if end is not None}
        more |= {name: getattr(self, name) for name in ("source", "confidence", "evidence") if getattr(self, name)}
        if self.note:
            more["note"] = scalar(self.note)
        given = f"expr: {scalar(self.expr)}" if self.expr else f"value: {scalar(self.value)}"
        if not more and not self.expr:
            return scalar(self.value)
        return "{" + ", ".join([given, *(f"{name}: {text}" for name, text in more.items())]) + "}"


@dataclass(frozen=True)
class Card:
    """A card as it was read from a file: its figures, its curve, and what the card's format has no place for (``remarks``).

    Args:
        kind: the catalogue, such as ``traces``; a user's templates hold its cards in a folder of that name.
        origin: the file it was read from.
        confidence: how far its figures can be relied on, unless they say otherwise.
        warnings: what makes the card less than it seems, such as rows that were skipped.

    """

    kind: str
    key: str
    name: str
    about: str
    origin: Path
    fields: Mapping[str, Value]
    rows: Sequence[Sequence[float]] = ()
    confidence: str = "medium"
    evidence: str = "measured"
    basis: str = ""
    remarks: Sequence[str] = ()
    warnings: Sequence[str] = field(default=())
    verdict: str = ""

    @property
    def text(self) -> str:
        """The card as YAML. Equal files of equal age give equal texts."""
        date = datetime.fromtimestamp(self.origin.stat().st_mtime, UTC).date().isoformat()
        note = scalar(f"{visible(self.origin.name)}, {date}")
        grade = f"source: {SOURCE}, date: {scalar(date)}, confidence: {self.confidence}, evidence: {self.evidence}, note: {note}"
        lines = [
            f"# yaml-language-server: $schema=../schema/{self.kind}.json",
            f"key: {self.key}",
            f"name: {scalar(self.name)}",
            f"about: {scalar(self.about)}",
            *([f"basis: {self.basis}"] if self.basis else ()),
            f"defaults: {{{grade}}}",
            *(f"# {visible(line)}" for line in self.remarks),
            "fields:",
            *(f"  {name}: {value.text()}" for name, value in self.fields.items()),
        ]
        if self.rows:
            lines += ["points:", *(f"  {item}" for item in grade.split(", ", 4)), "  rows:"]
            lines += [f"    - [{', '.join(scalar(number) for number in row)}]" for row in self.rows]
        return "\n".join(lines) + "\n"

    def save(self, path: Path | None = None) -> Path:
        """Write the card, whole or not at all, and return where: ``KEY.yaml`` in the current folder unless ``path`` is given.

        A card's file is called like its key: the name of ``path`` becomes the key.
        """
        target = path or Path(f"{self.key}.yaml")
        if target.exists() and target.samefile(self.origin):
            raise WorkbookError([Diagnostic(Place(str(target)), "is the file to read: a card would replace it", "name another with -o")])
        if target.suffix not in {".yaml", ".yml"}:
            raise WorkbookError([Diagnostic(Place(str(target)), "a card is a .yaml file", f"write it to {target.with_suffix('.yaml')}")])
        key = key_of(target.stem)
        if target.stem != key:
            message = f"{as_typed(target.stem)} cannot be the key of a card: small letters, digits and underscores, a letter first"
            raise WorkbookError([Diagnostic(Place(str(target)), message, f"write it to {target.with_stem(key)}")])
        check_target(target)
        text = replace(self, key=key).text
        with whole(target) as part:
            part.write_text(text, encoding="utf-8")
        return target


def key_of(text: str) -> str:
    """Return a key for a card: the letters, digits and underscores of a text, a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:_LONGEST_KEY].strip("_")
    return plain if plain[:1].isalpha() else f"own_{plain}".strip("_")


def name_of(text: str) -> str:
    """Return a name for a card: a text without what no name of a sheet may hold, cut to its length."""
    return _UNFIT_IN_NAMES.sub(" ", visible(text)).strip().lstrip("=+-@ ")[:_LONGEST_NAME].strip() or "Own"
