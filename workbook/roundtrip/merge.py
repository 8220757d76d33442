"""Versions of a workbook's inputs made one: what templates gave, what users made of it, what templates and overlays give now."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Preference = Literal["theirs", "ours"]
NOTE_OF = "the note of "  # before the id in a conflict of notes


class State(NamedTuple):
    """What an input is: its value (None where it takes another's over), unit, and the formula of its value, if that has one."""

    value: float | str | None
    unit: str
    formula: str = ""

    def is_like(self, other: State) -> bool:
        """Whether two states have the same value, to the 15 digits that every spreadsheet program keeps, and unit."""
        if isinstance(self.value, float | int) and isinstance(other.value, float | int):
            return self.unit == other.unit and _are_alike(self.value, other.value)
        return self[:2] == other[:2]

    def differs(self, other: State) -> bool:
        """Whether the value, the unit or the formula of the value is another."""
        return self.formula != other.formula or not self.is_like(other)


def _are_alike(one: float, other: float) -> bool:
    """Whether numbers have the same 15 digits; of a rest that is half of the last digit programs round some up and some down."""
    if one == other or f"{one:.15G}" == f"{other:.15G}":
        return True
    last = 10.0 ** (math.floor(math.log10(max(abs(one), abs(other)))) - 14)
    return abs(one - other) < 0.6 * last


States = dict[str, State]


class Offer(NamedTuple):
    """What an overlay gives an input, and the name of the overlay."""

    state: State
    overlay: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """An input that users edited, and to which templates or an overlay give something else now. ``kept`` is what it is now.

    ``overlay`` names the overlay that gives ``ours``; it is empty where the templates do.
    """

    id: str
    base: State
    theirs: State
    ours: State
    kept: State
    overlay: str = ""

    @property
    def of_units(self) -> bool:
        """Whether the templates now have another unit, in which the users' number would be another value."""
        return self.theirs.unit != self.ours.unit

    def told(self, what: str = "") -> str:
        """Say in one sentence what it is about; ``what`` stands before the id where it is not the value."""
        unit = "" if self.ours.unit in {"text", "1"} else f" {self.ours.unit}"
        was, now, edited = (self._shown(state) for state in (self.base, self.ours, self.theirs))
        begin = f"{what}{self.id} was edited"
        if self.of_units:
            has = f"{self.overlay} gives it" if self.overlay else "the templates now have it"
            return f"{begin} to {edited} {self.theirs.unit}, but {has} in {self.ours.unit}: {now}"
        gives = f"{self.overlay} gives" if self.overlay else "the templates now give"
        return f"{begin} from {was} to {edited}{unit}, but {gives} {now}{unit}"

    def _shown(self, state: State) -> str:
        if state.value is None:
            return "the inherited value" if state is self.base else "none of its own"
        value = repr(state.value) if isinstance(state.value, str) else f"{state.value:.15g}"
        return f"{value} (={state.formula})" if state.formula else value


@dataclass(slots=True)
class MergeResult:
    """The inputs as they are to be, and how they came to be that.

    ``updated`` lists inputs that take a new figure of the templates; ``kept`` the edits that stay; ``given`` those that
    take the value of an overlay; ``removed`` gives for edited inputs that templates no longer have what users made of them.
    """

    merged: States = field(default_factory=dict)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    removed: States = field(default_factory=dict)

    def add(self, name: str, base: State, theirs: State, ours: State, offer: Offer | None, prefer: Preference) -> None:
        """Take one input; see ``merge``."""
        now = offer.state if offer else ours
        is_edited, agrees = theirs.differs(base), theirs.is_like(now)
        kept = theirs
        if not is_edited or agrees:
            kept = theirs if is_edited and theirs.formula != now.formula else now
            if is_edited:
                self.kept.append(name)
            elif offer and not now.is_like(ours):
                self.given.append(name)
            elif not agrees:
                self.updated.append(name)
        elif offer or not now.is_like(base):
            kept = now if theirs.unit != now.unit or prefer == "ours" else theirs
            self.conflicts.append(Conflict(name, base, theirs, now, kept, offer.overlay if offer else ""))
        else:
            self.kept.append(name)
        self.merged[name] = kept


def merge(
    base: Mapping[str, State],
    theirs: Mapping[str, State],
    ours: Mapping[str, State],
    prefer: Preference = "theirs",
    offers: Mapping[str, Offer] | None = None,
    offered: Mapping[str, State] | None = None,
) -> MergeResult:
    """Merge inputs by id.

    What users did not touch is as templates and overlays have it now, the overlay before the templates; what they edited
    stays; where both changed to different things it is a conflict, and ``prefer`` says which is kept (theirs unless the
    unit changed). An overlay's value counts as a change even if the templates always gave it. An id that ``theirs``
    lacks counts as untouched, and so does one that still has the value that an overlay ``offered`` when the file was
    built, where an overlay gives it another now.
    """
    result = MergeResult()
    for name, now in ours.items():
        given = base.get(name, now)
        edited, offer = theirs.get(name, given), (offers or {}).get(name)
        before = (offered or {}).get(name)
        if offer and before and edited.is_like(before) and not edited.is_like(offer.state):
            edited = given
        result.add(name, given, edited, now, offer, prefer)
    for name, edited in theirs.items():
        if name not in ours and name in base and edited.differs(base[name]):
            result.removed[name] = edited
    return result
