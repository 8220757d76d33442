"""Accounts of changes, and what became of edits, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.roundtrip.merge import NOTE_OF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbook.changes.differences import Account, HeadlineMove, InputChange, NoteChange, Origin, Value
    from workbook.declare.upgrades import Upgrade
    from workbook.roundtrip.merge import Conflict
    from workbook.roundtrip.regenerate import Regeneration

FIRST = 5  # new figures that a build names
SHOWN_MOVES = 25  # headlines that moved
SHOWN = 200  # lines of each kind; JSON has all
NO_UNIT = ("", "1", "text")


def text_of(account: Account) -> str:
    """Return an account as lines: headlines with what moved them, inputs, formulas, structure."""
    return "\n".join(_lines(account)) + "\n"


def regenerated(found: Regeneration) -> Iterator[str]:
    """Tell what became of edits when a file was built again, and what the update changed."""
    result = found.merge
    new = f"{_count(len(result.updated), 'input')} with new figures"
    given = f", {_count(len(result.given), 'value')} of overlays" if result.given else ""
    notes = found.notes.conflicts
    yield f"{_count(len(result.kept), 'edit')} kept, {new}{given}, {_count(len(result.conflicts) + len(notes), 'conflict')}"
    if found.pasted:
        equal = f"{_count(len(found.pasted), 'cell')} {'equals' if len(found.pasted) == 1 else 'equal'} the parent's value"
        yield f"{equal}: inherited again" if found.is_restored else f"{equal}: --restore gives inheritance back"
    yield from (f"conflict: {item.told()}; {_kept(item)} in the new file" for item in result.conflicts)
    yield from (f"conflict: {item.told(NOTE_OF)}; {_kept(item)} in the new file" for item in notes)
    if found.account is not None and found.is_update:
        yield from _updated(found.account)
    if found.templates:
        yield f"built on other templates than the file: {found.templates}"


def lost(found: Regeneration) -> list[str]:
    """Return what users changed that is not in the new file."""
    removed = [
        f"{name} is no input any more; it was edited to {_with_unit(state.value, state.unit)}"
        for name, state in found.merge.removed.items()
    ]
    return [*removed, *(str(item) for item in found.left)]


def upgraded(found: Upgrade) -> Iterator[str]:
    """Tell what became of the files of a directory of templates."""
    of = f"from the templates of {found.before} to those of {found.after}" if found.before else f"to the templates of {found.after}"
    counts = {"updated": found.updated, "merged": found.merged, "added": found.added, "removed": found.removed}
    counted = ", ".join(f"{_count(len(names), 'file')} {what}" for what, names in counts.items())
    yield f"{of}: {counted}"
    yield from (f"merged: {name}" for name in found.merged)
    yield from (f"left as it is: {name} (changed on one side, removed on the other)" for name in found.left)
    yield from map(str, found.conflicts)


def _with_unit(value: Value, unit: str) -> str:
    return shown(value) if unit in NO_UNIT else f"{shown(value)} {unit}"


def _updated(account: Account) -> Iterator[str]:
    inputs = [item for item in account.inputs if item.outcome in {"updated", "given", "new"}]
    yield from (f"new figure: {_input(item)}" for item in inputs[:FIRST])
    parts = [
        _count(len(inputs) - FIRST, "more input") if len(inputs) > FIRST else "",
        f"{_count(len(account.formulas), 'quantity', 'quantities')} with other formulas" if account.formulas else "",
        f"{_count(len(account.structure), 'difference')} of structure" if account.structure else "",
        f"{_count(len(account.headlines), 'headline')} moved" if account.headlines else "no headline moved",
    ]
    yield f"{', '.join(filter(None, parts))}: see sheet Changes, or workbook diff"


def _kept(item: Conflict) -> str:
    if item.kept == item.theirs:
        return "as edited"
    return f"as the {item.overlay} gives it" if item.overlay else "as the templates have it"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _lines(account: Account) -> Iterator[str]:
    before, after = account.before, account.after
    yield f"{after.workbook}: from {_origin(before)}, to {_origin(after)}" if before != after else f"{after.workbook}: {_origin(after)}"
    if not (account.inputs or account.notes or account.formulas or account.structure or account.headlines):
        yield "no differences"
        return
    yield from _headlines(account.headlines)
    if account.unexplained:
        yield f"  ({account.unexplained})"
    yield from _part("input differs", "inputs differ", [_input(item) for item in account.inputs if item.outcome != "kept"])
    yield from _part(
        "input kept as edited",
        "inputs kept as edited",
        [f"{item.id}: {shown(item.now)}" for item in account.inputs if item.outcome == "kept"],
    )
    yield from _part("note differs", "notes differ", [_note(item) for item in account.notes if item.outcome != "kept"])
    yield from _part(
        "quantity with other formulas",
        "quantities with other formulas",
        [f"{item.id}: {item.before}  ->  {item.after}" for item in account.formulas],
    )
    yield from _part("difference of structure", "differences of structure", list(account.structure))


def _origin(origin: Origin) -> str:
    return f"templates of {origin.version or 'no version'} with package {origin.package}"


def _part(one: str, many: str, lines: list[str], count: int | None = None) -> Iterator[str]:
    count = len(lines) if count is None else count
    if not count:
        return
    yield ""
    yield f"{_count(count, one, many)}:"
    yield from (f"  {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  ... and {len(lines) - SHOWN:,} more lines; all with --format json"


def _headlines(moves: Sequence[HeadlineMove]) -> Iterator[str]:
    """Tell the headlines that moved most, with what moved them; cases with the same move are named together."""
    alike: dict[tuple[object, ...], list[HeadlineMove]] = {}
    for move in moves:
        alike.setdefault((move.id.split(".")[0], move.id.split(".")[-1], move.before, move.after), []).append(move)
    groups = list(alike.values())
    lines = [line for group in groups[:SHOWN_MOVES] for line in _move(*group)]
    yield from _part("headline moved", "headlines moved", lines, len(moves))
    if len(groups) > SHOWN_MOVES:
        left = sum(len(group) for group in groups[SHOWN_MOVES:])
        yield f"  ... and {left:,} that moved less; all with --format json"


def _move(move: HeadlineMove, *others: HeadlineMove) -> Iterator[str]:
    unit = "" if move.unit in NO_UNIT else f" {move.unit}"
    before, after = shown(move.before), shown(move.after)
    if isinstance(move.before, float | int) and isinstance(move.after, float | int) and move.before:
        yield f"{move.label}: {before} -> {after}{unit} ({move.after / move.before - 1:+.2%})"
    else:
        yield f"{move.label}: {before} -> {after}{unit}"
    if others:
        yield f"  the same: {', '.join(other.label.rpartition(': ')[0] or other.label for other in others)}"
    yield from (f"  {share:+.6g}  {group}" for group, share in move.shares.items() if share)


def _input(item: InputChange) -> str:
    unit = "" if item.unit in NO_UNIT else f" {item.unit}"
    was = f"{shown(item.was)} {item.unit_was}" if item.unit_was not in {*NO_UNIT, item.unit} else shown(item.was)
    behind = f" ({item.behind})" if item.behind else ""
    if item.outcome == "new":
        return f"{item.id} is new: {shown(item.now)}{unit}{behind}"
    if item.outcome in {"removed", "gone"}:
        return f"{item.id} is gone; it was {was}"
    built = f"; built with {shown(item.base)}" if item.base is not None and item.base not in {item.was, item.now} else ""
    return f"{item.id}: {was} -> {shown(item.now)}{unit}{behind}{built}"


def _note(item: NoteChange) -> str:
    return f"{item.id}: {item.was!r} -> {item.now!r}"


def shown(value: Value) -> str:
    """Return a value as text: numbers with up to ten digits, None as what it means."""
    return "inherited" if value is None else value if isinstance(value, str) else f"{value:.10g}"
