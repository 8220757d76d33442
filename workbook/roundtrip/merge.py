"""Three versions of a workbook's inputs made one: what templates gave, what users made of it, what templates give now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Preference = Literal["theirs", "ours"]


class State(NamedTuple):
    """What an input is: its value (None where it takes another's over) and unit."""

    value: float | str | None
    unit: str

    def is_like(self, other: State) -> bool:
        """Whether two states are the same to the 15 digits that every spreadsheet program keeps."""
        if isinstance(self.value, float | int) and isinstance(other.value, float | int):
            return self.unit == other.unit and f"{self.value:.15G}" == f"{other.value:.15G}"
        return self == other


States = dict[str, State]


@dataclass(frozen=True, slots=True)
class Conflict:
    """An input that users edited and that templates changed too, to something else. ``kept`` is what it is now."""

    id: str
    base: State
    theirs: State
    ours: State
    kept: State

    @property
    def of_units(self) -> bool:
        """Whether the templates now have another unit, in which the users' number would be another value."""
        return self.theirs.unit != self.ours.unit

    def told(self) -> str:
        """Say in one sentence what it is about."""
        unit = "" if self.ours.unit in {"text", "1"} else f" {self.ours.unit}"
        was, now, edited = (self._shown(state) for state in (self.base, self.ours, self.theirs))
        if self.of_units:
            return f"{self.id} was edited to {edited} {self.theirs.unit}, but the templates now have it in {self.ours.unit}: {now}"
        return f"{self.id} was edited from {was} to {edited}{unit}, but the templates now give {now}{unit}"

    def _shown(self, state: State) -> str:
        if state.value is None:
            return "what it took over" if state is self.base else "nothing of its own"
        return repr(state.value) if isinstance(state.value, str) else f"{state.value:.15g}"


@dataclass(slots=True)
class MergeResult:
    """The inputs as they are to be, and how they came to be that.

    ``updated`` lists inputs that take a new figure of the templates; ``kept`` the edits that stay; ``removed`` gives
    for edited inputs that templates no longer have what users made of them.
    """

    merged: States = field(default_factory=dict)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    removed: States = field(default_factory=dict)


def merge(base: Mapping[str, State], theirs: Mapping[str, State], ours: Mapping[str, State], prefer: Preference = "theirs") -> MergeResult:
    """Merge inputs by id.

    What users did not touch is as the templates have it now; what they edited stays; where both changed to different
    things it is a conflict, and ``prefer`` says which is kept (the templates' where the unit changed). An id that
    ``theirs`` lacks counts as untouched.
    """
    result = MergeResult()
    for name, now in ours.items():
        given, edited = base.get(name, now), theirs.get(name, base.get(name, now))
        if edited.is_like(given) or edited.is_like(now):
            result.merged[name] = now
            if not now.is_like(given) and not edited.is_like(now):
                result.updated.append(name)
            elif not edited.is_like(given):
                result.kept.append(name)
        elif now.is_like(given):
            result.merged[name] = edited
            result.kept.append(name)
        else:
            kept = now if edited.unit != now.unit or prefer == "ours" else edited
            result.merged[name] = kept
            result.conflicts.append(Conflict(name, given, edited, now, kept))
    for name, edited in theirs.items():
        if name not in ours and name in base and not edited.is_like(base[name]):
            result.removed[name] = edited
    return result
