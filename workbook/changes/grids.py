"""Parts of the sheets of an account that hold texts alone: formulas and notes that changed, entries that were not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.changes.cells import HERE, LONGEST_LABEL, clean
from workbook.changes.differences import ACTIVE_KINDS, ORDER, OUTCOMES, counted
from workbook.declare.schema import GridBlock, TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbook.changes.differences import Account, FormulaChange, Loss, NoteChange, Refusal
    from workbook.declare.schema import Block

MOST = 500  # rows of a table; more are counted


def more(rows: Sequence[object]) -> tuple[str, ...]:
    """Say how many rows are not shown, if any."""
    left = len(rows) - MOST
    return (f"... and {left:,} more, all of which 'workbook diff' lists.",) if left > 0 else ()


def which_kept(*, is_edited: bool) -> str:
    """Say which of two values a conflict left."""
    return "as edited" if is_edited else "as given now"


def changed_notes(changes: Sequence[NoteChange]) -> Iterator[Block]:
    """Yield a table of notes, those in conflict first."""
    if not changes:
        return
    ordered = [item for outcome in ORDER for item in changes if item.outcome == outcome]
    rows = tuple((_labelled(item), OUTCOMES[item.outcome], clean(item.was), clean(item.now)) for item in ordered[:MOST])
    yield GridBlock("Notes that changed or were edited", ("Input", "Outcome", "Note before", "Note after"), (1, 2, 4, 4), rows, HERE)
    if len(changes) > MOST:
        yield TextBlock("", more(changes), HERE)


def conflicting_notes(items: Sequence[NoteChange]) -> Iterator[Block]:
    """Yield a table of notes that were edited, and are given as something else now."""
    if not items:
        return
    heads = ("Input", "Which was kept", "The templates gave", "Edited to", "Given now")
    rows = tuple(
        (_labelled(item), which_kept(is_edited=item.now == item.was).capitalize(), clean(item.base), clean(item.was), clean(item.ours))
        for item in items[:MOST]
    )
    yield GridBlock("Notes", heads, (1, 1, 3, 3, 3), rows, HERE)
    if len(items) > MOST:
        yield TextBlock("", more(items), HERE)


def entries_not_taken(items: Sequence[Refusal]) -> Iterator[Block]:
    """Yield a table of what was entered into the edited workbook and not taken, with the cell, the entry and the reason."""
    if not items:
        return
    told = "Each of these was entered into the edited workbook and is not in this one. To have it, enter it again as the reason says."
    yield TextBlock("Entries that were not taken", (told,), HERE)
    heads = ("Cell", "Identifier", "Entry", "Why it was not taken")
    rows = tuple((clean(item.cell, LONGEST_LABEL), clean(item.id, LONGEST_LABEL), clean(item.entry), clean(item.reason)) for item in items)
    yield GridBlock("", heads, (1, 3, 3, 4), rows[:MOST], HERE)
    if len(rows) > MOST:
        yield TextBlock("", more(rows), HERE)


def active_content(account: Account) -> Iterator[Block]:
    """Yield a table of what of the edited workbook reaches outside, or runs, and whether this one has it."""
    found = [(item, "kept, as asked") for item in account.active] + [
        (item, "not carried") for item in account.lost if item.kind in ACTIVE_KINDS
    ]
    if not found:
        return
    told = f"{len(found):,} {'thing' if len(found) == 1 else 'things'} in the edited workbook can reach other files or the network."
    yield TextBlock("Active content", (told,), HERE)
    rows = tuple((clean(item.kind.capitalize()), fate, clean(item.place, LONGEST_LABEL) or "–", clean(item.text)) for item, fate in found)
    yield GridBlock("", ("Kind", "In this workbook", "Place in the edited workbook", "What it is"), (2, 1, 3, 3), rows[:MOST], HERE)
    if len(rows) > MOST:
        yield TextBlock("", (f"... and {len(rows) - MOST:,} more.",), HERE)


def not_carried(lost: Sequence[Loss]) -> Iterator[Block]:
    """Yield a table of what people added to the edited workbook besides entries, and how many of each kind there are."""
    if not lost:
        return
    told = f"The edited workbook has, and this one has not: {counted(lost)}. To have them here, copy them from there."
    yield TextBlock("Not carried from the edited workbook", (told,), HERE)
    rows = tuple(
        (clean(item.kind.capitalize()), f"{item.count:,}", clean(item.place, LONGEST_LABEL) or "–", clean(item.text)) for item in lost
    )
    yield GridBlock("", ("Kind", "Count", "Place in the edited workbook", "What it is"), (2, 1, 3, 3), rows[:MOST], HERE)
    if len(rows) > MOST:
        yield TextBlock("", (f"... and {len(rows) - MOST:,} more.",), HERE)


def _labelled(item: FormulaChange | NoteChange) -> str:
    """Return what a person calls a quantity or an input, with its id."""
    return clean(f"{item.label} ({item.id})", LONGEST_LABEL)


def changed_formulas(changes: Sequence[FormulaChange]) -> Iterator[Block]:
    """Yield a table of formulas that changed."""
    if not changes:
        yield TextBlock("Formulas", ("None changed.",), HERE)
        return
    rows = tuple((_labelled(item), f"{item.cells:,}", clean(item.before), clean(item.after)) for item in changes[:MOST])
    yield GridBlock("Formulas that changed", ("Quantity", "Cells", "First of them before", "First of them after"), (1, 1, 4, 4), rows, HERE)
    if len(changes) > MOST:
        yield TextBlock("", more(changes), HERE)
