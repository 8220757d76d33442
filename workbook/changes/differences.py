"""What changed from one workbook to another: plain data that is told as text, as JSON and on sheets, and that a file carries."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.xlsx.a1 import RECORD_SHEET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PART = "account"  # its name among what a file carries
Value = float | str | None
Outcome = Literal["changed", "updated", "given", "kept", "conflict", "removed", "gone", "new"]
ORDER: tuple[Outcome, ...] = ("conflict", "removed", "updated", "given", "changed", "new", "gone", "kept")
OUTCOMES: dict[Outcome, str] = {
    "conflict": "Conflict",
    "kept": "Edit kept",
    "removed": "Gone from the templates, edit not carried",
    "updated": "New figure of the templates",
    "given": "Value of an overlay",
    "new": "New",
    "gone": "Gone",
    "changed": "Changed",
}


ACTIVE_KINDS = ("active formula", "external link", "workbook link", "data connection", "macro project", "macro sheet")
"""Kinds of what reaches outside of a file, or runs."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that differs: ``was`` in the first workbook, ``now`` in the second (None: not there, or taken over).

    ``was_behind`` and ``behind`` give source, date, evidence and confidence of the figures. ``base`` is what
    both were built with, where it is the same. In an account of an update ``base`` and ``ours`` are what the templates gave
    before and give now, with their sources, and ``note`` is what the user noted; ``outcome`` says what became of
    the input: the templates' new figure (updated), an overlay's value (given), the user's value (kept), both changed
    (conflict), gone from the templates with the user's value in ``was`` (removed) or without an edit (gone), new in the
    templates (new).
    """

    id: str
    label: str
    was: Value
    now: Value
    unit_was: str
    unit: str
    was_behind: str = ""
    behind: str = ""
    outcome: Outcome = "changed"
    base: Value = None
    base_behind: str = ""
    ours: Value = None
    ours_behind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class NoteChange:
    """A note beside an input that differs: as in ``InputChange``, with texts, empty where there is none."""

    id: str
    label: str
    was: str
    now: str
    outcome: Outcome = "changed"
    base: str = ""
    ours: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry of the edited workbook that was not taken: its cell there, the id of the input or nothing, and why it was not."""

    cell: str
    id: str
    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that people added to the edited workbook and that the new one does not have: its kind, place, and what it is.

    A run of ``count`` cells of one column with the same format is one.
    """

    kind: str
    place: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class FormulaChange:
    """Cells of one quantity whose formulas differ: how many, and the first of them before and after, without =."""

    id: str
    label: str
    cells: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HeadlineMove:
    """A headline that moved. ``shares`` gives by group of changes what each brought; they add up to the move.

    ``before`` or ``after`` is None where the headline had or has no answer; then, and for texts, there are no shares.
    """

    id: str
    label: str
    unit: str
    before: Value
    after: Value
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """The move relative to the headline; infinite where there was or is no answer, or a text."""
        if not isinstance(self.before, float | int) or not isinstance(self.after, float | int):
            return math.inf
        return abs(self.after - self.before) / (max(abs(self.before), abs(self.after)) or 1.0)


@dataclass(frozen=True, slots=True)
class Origin:
    """Which templates and package a workbook was built with."""

    workbook: str
    version: str
    package: str


@dataclass(frozen=True, slots=True)
class Account:
    """All that changed from one workbook to another, by id; ``structure`` names sheets, quantities and rows that came or went.

    ``groups`` gives by the name of a group the ids of the inputs in it, in the order in which they are shown; the last is
    what formulas and structure brought, if anything. ``unexplained`` says why headlines have no shares, or from what they
    were worked out. With ``is_update`` the second was built from the first; else the two were only compared. ``refused``
    lists entries of the first that the second does not have, and ``remarks`` says which it has otherwise than they stood there;
    ``lost`` lists what else people added to the first, ``active`` what of it reaches outside and was kept because that was asked for.
    """

    before: Origin
    after: Origin
    inputs: tuple[InputChange, ...] = ()
    formulas: tuple[FormulaChange, ...] = ()
    structure: tuple[str, ...] = ()
    headlines: tuple[HeadlineMove, ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unexplained: str = ""
    is_update: bool = False
    notes: tuple[NoteChange, ...] = ()
    refused: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()
    lost: tuple[Loss, ...] = ()
    active: tuple[Loss, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed that a reader would want told."""
        return not (self.inputs or self.notes or self.formulas or self.structure or self.headlines) and self.before == self.after

    def as_json(self) -> dict[str, Any]:
        """Return the account as JSON can hold it."""
        return asdict(self)


def counted(lost: Iterable[Loss]) -> str:
    """Return what was not carried as one line: how many of each kind, those that reach outside first; nothing where there is none."""
    counts: Counter[str] = Counter()
    for item in lost:
        counts[item.kind] += item.count
    return ", ".join(f"{count:,} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(counts.items(), key=_outside_first))


def _outside_first(item: tuple[str, int]) -> tuple[bool, str]:
    return item[0] not in ACTIVE_KINDS, item[0]


def account_of(told: Any) -> Account:
    """Return the account that ``as_json`` told; raises TypeError, KeyError or ValueError for anything else."""
    return Account(
        Origin(**told["before"]),
        Origin(**told["after"]),
        tuple(InputChange(**item) for item in told["inputs"]),
        tuple(FormulaChange(**item) for item in told["formulas"]),
        tuple(told["structure"]),
        tuple(HeadlineMove(**item) for item in told["headlines"]),
        {name: tuple(ids) for name, ids in told["groups"].items()},
        told["unexplained"],
        told["is_update"],
        tuple(NoteChange(**item) for item in told.get("notes", ())),  # a file of an earlier version has none
        tuple(Refusal(**item) for item in told.get("refused", ())),
        tuple(told.get("remarks", ())),
        tuple(Loss(**item) for item in told.get("lost", ())),
        tuple(Loss(**item) for item in told.get("active", ())),
    )


def carried_account(path: Path, carried: Mapping[str, Any]) -> Account | None:
    """Return the account among what a file carries, None without one; raises WorkbookError for one that is damaged."""
    if PART not in carried:
        return None
    try:
        return account_of(carried[PART])
    except (AttributeError, KeyError, TypeError, ValueError):
        message = f"the account of the update on the sheet {RECORD_SHEET} is damaged"
        fix = "the sheet is not for editing; take another copy of the file, or build it again"
        raise WorkbookError([Diagnostic(Place(str(path)), message, fix)]) from None
