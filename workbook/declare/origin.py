"""Which templates built a workbook: a fingerprint of each file that was read, and the names of the cards. No folder, time or user."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbook.declare.catalogues import Catalogue

TEMPLATES = "templates"  # the name of this part among what a file carries
SHOWN = 3  # files that a message names

_files: ContextVar[dict[str, str] | None] = ContextVar("files", default=None)


@contextmanager
def noted_files() -> Iterator[dict[str, str]]:
    """Collect the fingerprints of template files that are read meanwhile, by the name that messages give them."""
    files: dict[str, str] = {}
    token = _files.set(files)
    try:
        yield files
    finally:
        _files.reset(token)


def note_file(name: str, text: str) -> None:
    """Take the fingerprint of a file that was read: of what it says, however an editor saved it and without its lines of comment."""
    files = _files.get()
    if files is not None:
        lines = (line.rstrip() for line in text.removeprefix("\ufeff").splitlines())
        said = "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))
        files[name] = blake2s(said.encode(), digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of a workbook: fingerprints by file, and by catalogue and key the names of cards. Both are empty if not known."""

    files: dict[str, str] = field(default_factory=dict)
    cards: dict[str, dict[str, str]] = field(default_factory=dict)

    def differences(self, others: Templates) -> str:
        """Say how the files of other templates differ from these; nothing where they do not, or where that is not known."""
        if not self.files:
            return ""
        both = self.files.keys() & others.files.keys()
        parts = {
            "missing": sorted(self.files.keys() - both),
            "changed": sorted(name for name in both if self.files[name] != others.files[name]),
            "new": sorted(others.files.keys() - both),
        }
        return "; ".join(f"{len(names):,} {what} ({_named(names)})" for what, names in parts.items() if names)


def _named(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def part_of(files: Mapping[str, str], catalogues: Mapping[str, Catalogue]) -> dict[str, Any]:
    """Return what a file carries of its templates, as JSON can hold it."""
    cards = {name: {card.key: card.name for card in catalogue.cards.values()} for name, catalogue in catalogues.items()}
    return {"files": dict(sorted(files.items())), "cards": cards}


def templates_of(carried: Mapping[str, Any]) -> Templates:
    """Return the templates that a file names among what it carries; those of an earlier version, or spoiled, are not known."""
    try:
        part = carried[TEMPLATES]
        files = {str(name): str(text) for name, text in part["files"].items()}
        cards = {str(name): {str(key): str(shown) for key, shown in of.items()} for name, of in part["cards"].items()}
    except (AttributeError, KeyError, TypeError):
        return Templates()
    return Templates(files, cards)
