"""The account of an update: what became of each input when an edited file was built again, and what that did to headlines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.roundtrip.contents import side_of_book
from workbook.roundtrip.diff import change, compared, explained, labels, note_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbook.changes.differences import Account, InputChange, NoteChange, Outcome
    from workbook.layout.book import Book
    from workbook.roundtrip.contents import Side
    from workbook.roundtrip.merge import Conflict, MergeResult
    from workbook.roundtrip.parties import Merged


def updated(first: Side, book: Book, values: Merged, notes: Merged, whose: Mapping[str, str], *, always: bool = False) -> Account | None:
    """Return the account of an update from an edited file to a new book.

    None where nothing but edits that stayed is in it, unless there is something else to account for (``always``). ``whose`` gives
    by id the copies that edits are of, where there are several.
    """
    second = side_of_book(book)
    account = compared(first, second, book)
    inputs = tuple(_inputs(first, second, book, values, account, whose))
    remarks = tuple(_notes(first, second, book, notes, account))
    account = replace(account, inputs=inputs, notes=remarks, is_update=True)
    outcomes = {item.outcome for item in inputs} | {item.outcome for item in remarks}
    changed = account.before != account.after or account.formulas or account.structure or not outcomes <= {"kept"}
    if not changed and not always:
        return None
    return explained(account, first, book)


def _outcomes(result: MergeResult) -> dict[str, Outcome]:
    """Return what became of each input, or note, that is not as it was or was edited."""
    found: dict[str, Outcome] = dict.fromkeys(result.kept, "kept")
    found |= dict.fromkeys(result.updated, "updated")
    found |= dict.fromkeys(result.given, "given")
    found |= dict.fromkeys((item.id for item in result.conflicts), "conflict")
    return found | dict.fromkeys(result.removed, "removed")


def _inputs(first: Side, second: Side, book: Book, values: Merged, account: Account, whose: Mapping[str, str]) -> Iterator[InputChange]:
    """Yield every input that differs or was edited, with what became of it."""
    label, result = labels(book), values.result
    outcomes = _outcomes(result)
    conflicts = {item.id: item for item in result.conflicts}
    for name in dict.fromkeys([*outcomes, *(item.id for item in account.inputs)]):
        was, now = first.held(name), second.held(name)
        item = change(name, label(name), was, now)
        given, conflict = values.base.get(name), conflicts.get(name)
        outcome = outcomes.get(name, item.outcome)
        yield replace(
            item,
            behind=_behind(item, outcome, values.givers if outcome == "given" else whose, conflict),
            outcome="new" if outcome == "given" and was is None else outcome,
            base=given.value if given else None,
            base_behind=was.given_behind if was else "",
            ours=conflict.ours.value if conflict else item.now,
            ours_behind=conflict.overlay if conflict and conflict.overlay else now.given_behind if now else "",
        )


def _behind(item: InputChange, outcome: Outcome, givers: Mapping[str, str], conflict: Conflict | None) -> str:
    """Return the source of a figure of the new book: who gave it, if that was an overlay or the user of a copy."""
    is_given = outcome in {"given", "kept"} or (conflict is not None and conflict.kept == conflict.theirs)
    return givers.get(item.id, item.behind) if is_given else item.behind


def _notes(first: Side, second: Side, book: Book, notes: Merged, account: Account) -> Iterator[NoteChange]:
    """Yield every note that differs or was edited, with what became of it."""
    label, outcomes = labels(book), _outcomes(notes.result)
    given_now = {item.id: str(item.ours.value) for item in notes.result.conflicts}
    for name in dict.fromkeys([*outcomes, *(item.id for item in account.notes)]):
        item = note_change(name, label(name), first.notes.get(name), second.notes.get(name))
        base = notes.base.get(name)
        yield replace(
            item,
            outcome=outcomes.get(name, item.outcome),
            base=str(base.value) if base else "",
            ours=given_now.get(name, item.now),
        )
