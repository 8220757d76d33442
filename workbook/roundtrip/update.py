"""The account of an update: what became of each input when an edited file was built again, and what that did to headlines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.roundtrip.diff import change, compared, explained, labels
from workbook.roundtrip.sides import side_of_book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.account import Account, InputChange, Outcome
    from workbook.api import Book
    from workbook.roundtrip.merge import MergeResult, States
    from workbook.roundtrip.sides import Side


def updated(first: Side, book: Book, result: MergeResult, base: States) -> Account | None:
    """Return the account of an update from an edited file to a new book; None where templates and package changed nothing."""
    second = side_of_book(book)
    account = compared(first, second, book)
    inputs = tuple(_inputs(first, second, book, result, base, account))
    account = replace(account, inputs=inputs, is_update=True)
    if account.before == account.after and not account.formulas and not account.structure and {item.outcome for item in inputs} <= {"kept"}:
        return None
    return explained(account, first, book)


def _inputs(first: Side, second: Side, book: Book, result: MergeResult, base: States, account: Account) -> Iterator[InputChange]:
    """Yield every input that differs or was edited, with what became of it."""
    label = labels(book)
    outcomes: dict[str, Outcome] = dict.fromkeys(result.kept, "kept")
    outcomes |= dict.fromkeys(result.updated, "updated")
    outcomes |= dict.fromkeys((item.id for item in result.conflicts), "conflict")
    outcomes |= dict.fromkeys(result.removed, "removed")
    ours = {item.id: item.ours.value for item in result.conflicts}
    for name in dict.fromkeys([*outcomes, *(item.id for item in account.inputs)]):
        was, now = first.inputs.get(name), second.inputs.get(name)
        item = change(name, label(name), was, now)
        given = base.get(name)
        yield replace(
            item,
            outcome=outcomes.get(name, item.outcome),
            base=given.value if given else None,
            base_behind=was.given_behind if was else "",
            ours=ours.get(name, item.now),
            ours_behind=now.given_behind if now else "",
        )
