"""The sheets of a workbook that was built again: what changed, what is in conflict, and what moved the headlines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from workbook.changes.bridge import TABLES as BRIDGE_TABLES
from workbook.changes.bridge import bridge
from workbook.changes.cells import (
    CLOSE,
    HERE,
    LONGEST_LABEL,
    NARROWEST,
    NOTHING,
    PERCENT,
    clean,
    expression,
    free_name,
    members,
    number,
    number_format,
    numbers,
    rows_of,
    texts,
    units,
    width_of,
    words,
)
from workbook.changes.differences import ORDER, OUTCOMES, PART
from workbook.changes.grids import (
    MOST,
    active_content,
    changed_formulas,
    changed_notes,
    conflicting_notes,
    entries_not_taken,
    more,
    not_carried,
    which_kept,
)
from workbook.declare.schema import Column, Sheet, SpecialBlock, TableBlock, TextBlock, ValuesBlock
from workbook.errors import Problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workbook.changes.differences import Account, HeadlineMove, InputChange, NoteChange, Outcome, Refusal
    from workbook.declare.schema import Block, Declarations

TABLES = (
    *("update_headlines", "update_states", "update_inputs", "update_texts", "update_conflicts", "update_text_conflicts"),
    *BRIDGE_TABLES,
)
SHEETS = ("Changes", "Conflicts", "Update bridge")
BEFORE, AFTER, NOW = "Before, at the update", "After, at the update", "Now (live)"
NARROW = 16.0  # characters of a column of texts that stands under numbers
SAME, EDITED = "as at the update", "edited since"
COUNTED: dict[Outcome, str] = {
    "conflict": "edited, with another value in the templates or an overlay (sheet {conflicts})",
    "kept": "with an edit that was kept",
    "removed": "that the templates no longer have, though edited",
    "updated": "with a new figure of the templates",
    "given": "with the value of an overlay",
    "new": "new",
    "gone": "gone",
    "changed": "changed",
}
LABELLED = (
    "'Before' is the other workbook, as it was edited; 'after' is this one as it was built. Both were calculated "
    "at the update and stay as they are. 'Now' is live: it shows the cell as it is, and 'since the update' whether it was edited since. "
    "A cell is empty where there is nothing to show: no answer, an inherited value, or an input that one of the two lacks."
)


def telling(account: Account | None) -> Callable[[Declarations], Declarations] | None:
    """Return what adds the sheets of an account to declarations; None without one."""
    return partial(with_account, account=account) if account else None


def with_account(declared: Declarations, account: Account) -> Declarations:
    """Return declarations with the sheets that tell an account, and with the account among what the file carries.

    The sheets stand before those with notes and checks at the end. Raises WorkbookError where templates have tables of the
    names that the sheets need.
    """
    _check_names(declared)
    account = replace(account, inputs=tuple(item for item in account.inputs if not is_of_account(item.id)))
    conflicts = [item for item in account.inputs if item.outcome == "conflict"]
    noted = [item for item in account.notes if item.outcome == "conflict"]
    names = {name: free_name(declared, name) for name in SHEETS}
    sheets = [_changes(account, names)]
    if conflicts or noted or account.refused:
        sheets.append(_conflicts(names["Conflicts"], conflicts, noted, account.refused))
    sheets += bridge(account, names["Update bridge"])
    place = _before_notes(declared.sheets)
    return replace(
        declared,
        sheets=(*declared.sheets[:place], *sheets, *declared.sheets[place:]),
        carried={**declared.carried, PART: account.as_json()},
    )


def is_of_account(name: str) -> bool:
    """Whether an id, of a cell, quantity or table, is one of these sheets'."""
    return name.partition(".")[0] in TABLES


def is_account_sheet(name: str) -> bool:
    """Whether a sheet of a file that carries an account tells it, going by its name."""
    return name.partition(" (")[0] in SHEETS


def _check_names(declared: Declarations) -> None:
    problems = Problems()
    named = [(block.name, block.place) for sheet in declared.sheets for block in sheet.blocks if hasattr(block, "name")]
    for name, place in [*named, *((catalogue.name, catalogue.place) for catalogue in declared.catalogues.values())]:
        if name in TABLES:
            problems.add(place, f"'{name}' is a table on the sheets that report an update", "choose another name")
    problems.raise_if_any()


def _before_notes(sheets: Sequence[Sheet]) -> int:
    """Return the number of sheets before the last ones, which hold notes and checks."""
    count = len(sheets)
    while count > 1 and any(
        isinstance(block, SpecialBlock) or (isinstance(block, ValuesBlock) and block.checks) for block in sheets[count - 1].blocks
    ):
        count -= 1
    return count


def _changes(account: Account, names: dict[str, str]) -> Sheet:
    blocks: list[Block] = [TextBlock("Where this workbook comes from", (*_origins(account), LABELLED), HERE)]
    blocks += active_content(account)
    blocks += _headlines(account, names)
    ordered = [item for outcome in ORDER for item in account.inputs if item.outcome == outcome]
    counts = Counter(item.outcome for item in ordered)
    told = [f"{counts[outcome]:,} {COUNTED[outcome].format(conflicts=names['Conflicts'])}" for outcome in ORDER if counts[outcome]]
    blocks.append(TextBlock("Inputs", (f"{len(ordered):,} inputs: {'; '.join(told)}." if told else "None changed.",), HERE))
    for table, title, of_numbers in (("update_inputs", "Inputs that are numbers", True), ("update_texts", "Inputs that are texts", False)):
        rows = [item for item in ordered if _is_number(item) == of_numbers]
        if rows:
            blocks += _capped(table, title, rows, _input_columns(rows[:MOST], of_numbers=of_numbers))
    if account.refused:
        count = len(account.refused)
        counted = f"{count:,} {'entry was' if count == 1 else 'entries were'} not taken from the edited workbook"
        blocks.append(TextBlock("Entries that were not taken", (f"{counted}: see sheet {names['Conflicts']}.",), HERE))
    if account.remarks:
        told_of = (*(clean(line) for line in account.remarks[:MOST]), *more(account.remarks))
        blocks.append(TextBlock("Entries that were not taken quite as they stood", told_of, HERE))
    blocks += not_carried(account.lost)
    blocks += changed_notes(account.notes)
    blocks += changed_formulas(account.formulas)
    structure = [clean(line) for line in account.structure[:MOST]]
    blocks.append(TextBlock("Sheets, quantities and rows that came or went", (*structure, *more(account.structure)) or ("None.",), HERE))
    question = "What changed when this workbook was built again, and what did that do to the headlines?"
    return Sheet(names["Changes"], "Changes at the update", question, tuple(blocks), HERE, is_report=True)


def _origins(account: Account) -> Iterator[str]:
    before, after = account.before, account.after
    came = "" if before.workbook == after.workbook else f" '{clean(before.workbook, LONGEST_LABEL)}'"
    first, then = (f"the templates of {clean(of.version, 60)} and package {clean(of.package, 60)}" for of in (after, before))
    if account.is_update:
        yield f"Built with {first}, from an edited workbook{came} that was built with {then}."
    else:
        yield f"Built with {first}, and compared with another workbook{came} that was built with {then}: 'the update' is from that to this."


def _headlines(account: Account, names: dict[str, str]) -> Iterator[Block]:
    moved = [item for item in account.headlines if not isinstance(item.before, str) and not isinstance(item.after, str)]
    stated = [item for item in account.headlines if item not in moved]
    if account.unexplained:
        lead = "" if any(item.shares for item in account.headlines) else f"There is no sheet {names['Update bridge']}: "
        said = f"{lead}{clean(account.unexplained)}."
        yield TextBlock("", (f"{said[0].upper()}{said[1:]}",), HERE)
    if not account.headlines:
        yield TextBlock("Headlines", ("None moved.",), HERE)
    if moved:
        rows = [_Row(item.id, item.label, item.unit, item.before, item.after) for item in moved]
        yield from _capped("update_headlines", "Headlines that moved", rows, _number_columns(rows[:MOST]))
    if stated:
        rows = [_Row(item.id, item.label, "", item.before, item.after) for item in stated]
        yield from _capped("update_states", "Headlines that say something else", rows, _text_columns(rows[:MOST]))


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row shows: a cell by id, with what it is called, and what it was and became."""

    id: str
    label: str
    unit: str
    was: float | str | None
    now: float | str | None
    moves: bool = True
    is_there: bool = True


def _is_number(item: InputChange) -> bool:
    """Whether an input goes to the table of numbers."""
    values = (item.was, item.now, item.base, item.ours)
    return item.unit != "text" and item.unit_was != "text" and not any(isinstance(value, str) for value in values)


def _row(item: InputChange) -> _Row:
    unit = item.unit if item.unit == item.unit_was or not item.unit_was else f"{item.unit} (before: {item.unit_was})"
    return _Row(item.id, item.label, unit, item.was, item.now, item.unit == item.unit_was, item.outcome not in {"removed", "gone"})


def _capped(name: str, title: str, rows: Sequence[InputChange | HeadlineMove | _Row], columns: tuple[Column, ...]) -> Iterator[Block]:
    """Yield a table of the first rows, and how many there are more."""
    head = "Headline" if isinstance(rows[0], _Row) else "Input"
    shown = [clean(item.label or item.id, LONGEST_LABEL) for item in rows[:MOST]]
    yield TableBlock(name, title, (rows_of("what", head, shown),), columns, HERE)
    if len(rows) > MOST:
        yield TextBlock("", more(rows), HERE)


def _live(rows: list[_Row], unit: str, formats: dict[str, str], width: float) -> list[Column]:
    """The live value of each row's cell, whether it was edited since, and a link to the cell."""
    ids = {member: row.id for member, row in zip(members(rows), rows, strict=True) if row.is_there}
    states = {
        member: expression(text) for member, row in zip(members(rows), rows, strict=True) if (text := _state(row, unit)) and row.is_there
    }
    doc = "Whether the cell holds another value than at the update."
    return [
        Column("now", NOW, unit, HERE, shows=ids, formats=formats, width=width, doc="Shows the cell as it is."),
        Column("state", "Since the update", "text", HERE, switch="what", case=states, beside="now", width=15.0, doc=doc),
        Column("cell", "Cell", "text", HERE, leads="now", width=20.0),
    ]


def _state(row: _Row, unit: str) -> str:
    """Return the expression that tells whether a cell was edited since; none for cells that took a value over."""
    if unit == "text":
        return f"'{SAME}' if now == after else '{EDITED}'" if row.now and row.now == words(row.now) else ""
    after, before = number(row.now), number(row.was)
    if after is None:
        return f"'{SAME}' if filled(now, {NOTHING!r}) == {NOTHING!r} else '{EDITED}'" if row.now is None and before is not None else ""
    most = CLOSE * max(abs(after), abs(before or 0.0)) or CLOSE
    return f"'{SAME}' if abs(filled(now, {NOTHING!r}) - after) <= {most!r} else '{EDITED}'"


def _number_columns(rows: list[_Row]) -> tuple[Column, ...]:
    """Unit, before, after, move and relative move, and the live value."""
    before = {member: number(row.was) for member, row in zip(members(rows), rows, strict=True)}
    after = {member: number(row.now) for member, row in zip(members(rows), rows, strict=True)}
    both = [m for m, row in zip(before, rows, strict=True) if row.moves and before[m] is not None and after[m] is not None]
    moves = {member: (after[member] or 0.0) - (before[member] or 0.0) for member in both}
    formats = {member: number_format((before[member], after[member]), moves.get(member, 0.0)) for member in before}
    width = width_of(formats, {member: (before[member], after[member]) for member in before})
    signed = {member: f"+{text};-{text};{text}" for member, text in formats.items()}
    return (
        units([row.unit for row in rows]),
        numbers("before", BEFORE, before, formats, width),
        numbers("after", AFTER, after, formats, width),
        Column(
            *("move", "Move", "mixed", HERE),
            switch="what",
            case={member: expression("after - before") for member in both},
            formats=signed,
            width=width,
            doc="What it was after the update, less what it was before.",
        ),
        Column(
            *("relative", "Relative move", "1", HERE),
            switch="what",
            case={member: expression("(after - before) / abs(before)") for member in both if before[member]},
            format=PERCENT,
            width=11.0,
            doc="The move in parts of the size of what it was before.",
        ),
        *_live(rows, "mixed", formats, width),
    )


def _text_columns(rows: list[_Row]) -> tuple[Column, ...]:
    """Before, after and the live text, in the columns in which tables of numbers have them."""
    none = ["–"] * len(rows)
    return (
        units(["text"] * len(rows)),
        texts("before", BEFORE, [words(row.was) for row in rows], NARROW),
        texts("after", AFTER, [words(row.now) for row in rows], NARROW),
        texts("move", "Move", none, NARROWEST),
        texts("relative", "Relative move", none, NARROWEST),
        *_live(rows, "text", {}, NARROW),
    )


def _input_columns(items: list[InputChange], *, of_numbers: bool) -> tuple[Column, ...]:
    """What a headline's row tells, the outcome, and the sources of the figures."""
    rows = [_row(item) for item in items]
    return (
        *(_number_columns(rows) if of_numbers else _text_columns(rows)),
        texts("outcome", "Outcome", [_outcome(item) for item in items], 28.0),
        texts("was_behind", "Source before", [clean(item.was_behind) for item in items], 30.0),
        texts("behind", "Source after", [clean(item.behind) for item in items], 30.0),
        *_note_and_id(items),
    )


def _note_and_id(items: list[InputChange]) -> Iterator[Column]:
    if any(item.note for item in items):
        yield texts("note", "Note of the user", [clean(item.note) for item in items], 36.0)
    yield texts("id", "Identifier", [clean(item.id, LONGEST_LABEL) for item in items], 36.0)


def _outcome(item: InputChange) -> str:
    return f"{OUTCOMES[item.outcome]}: {_kept(item)}" if item.outcome == "conflict" else OUTCOMES[item.outcome]


def _kept(item: InputChange) -> str:
    """Say which of two values a conflict left."""
    if item.unit != item.unit_was:
        return "as the templates have it, in another unit"
    return which_kept(is_edited=item.now == item.was and item.now is not None)


def _conflicts(name: str, items: list[InputChange], noted: list[NoteChange], refused: Sequence[Refusal]) -> Sheet:
    told = (
        "Each input here was edited, and the templates or an overlay now give it another value. One of the two values was kept; to use "
        "the other, follow the link to the cell and type it there. All values but the live one are those of the update."
    )
    blocks: list[Block] = list(entries_not_taken(refused))
    if items or noted:
        blocks.append(TextBlock("Edited, and given as something else now", (told,), HERE))
    for table, title, of_numbers in (("update_conflicts", "Numbers", True), ("update_text_conflicts", "Texts", False)):
        rows = [item for item in items if _is_number(item) == of_numbers]
        if rows:
            blocks += _capped(table, title, rows, _conflict_columns(rows[:MOST], of_numbers=of_numbers))
    blocks += conflicting_notes(noted)
    question = "Which entries need a decision: given as something else now, or not taken?"
    return Sheet(name, "Conflicts at the update", question, tuple(blocks), HERE, is_report=True)


def _conflict_columns(items: list[InputChange], *, of_numbers: bool) -> tuple[Column, ...]:
    rows = [_row(item) for item in items]
    heads = {"base": "The templates gave", "was": "Edited to", "ours": "Given now"}
    found: list[Column] = []
    formats: dict[str, str] = {}
    width = NARROW
    if of_numbers:
        values = {m: (number(item.base), number(item.was), number(item.ours)) for m, item in zip(members(items), items, strict=True)}
        formats = {member: number_format(of) for member, of in values.items()}
        width = max(width, width_of(formats, values))
        found.append(units([row.unit for row in rows]))
        found += [
            numbers(name, head, {m: of[n] for m, of in values.items()}, formats, width) for n, (name, head) in enumerate(heads.items())
        ]
        found.append(numbers("after", AFTER, {m: number(row.now) for m, row in zip(values, rows, strict=True)}, formats, width))
    else:
        found.append(units(["text"] * len(rows)))
        found += [texts(name, head, [words(getattr(item, name)) for item in items], NARROW) for name, head in heads.items()]
        found.append(texts("after", AFTER, [words(row.now) for row in rows], NARROW))
    return (
        *found,
        texts("kept", "Which was kept", [_kept(item).capitalize() for item in items], 22.0),
        *_live(rows, "mixed" if of_numbers else "text", formats, width),
        texts("base_behind", "Source of what the templates gave", [clean(item.base_behind) for item in items], 30.0),
        texts("behind", "Source of what is given now", [clean(item.ours_behind) for item in items], 30.0),
        *_note_and_id(items),
    )
