"""What changed between two workbooks, and how much of each headline's move each change brought."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbook.changes.differences import Account, FormulaChange, HeadlineMove, InputChange, NoteChange
from workbook.collector import without_collector
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.expr.values import EMPTY
from workbook.files import WORKBOOK_SUFFIX, check_target
from workbook.model.evaluate import evaluate
from workbook.model.reaching import reaching
from workbook.model.views import CHECKS
from workbook.record.write import BETWEEN
from workbook.roundtrip.groups import groups_of
from workbook.roundtrip.inputs import Opened
from workbook.roundtrip.merge import State
from workbook.roundtrip.shapley import attribution

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from workbook.changes.differences import Value
    from workbook.declare.overlay_files import Files
    from workbook.expr.values import Array
    from workbook.layout.book import Book
    from workbook.roundtrip.contents import Held, Side

ALL_ELSE = "formulas and structure"
TOLERANCE = 1e-9  # of a headline: what is smaller is rounding
ROUNDING = 1e-13  # of a headline: a share below it is none
NO_RESULTS = "the file before holds no results, as a program that does not calculate saved it: its headlines are those of today's formulas"


@without_collector()
def diff(
    first: str | Path,
    second: str | Path,
    *,
    templates: Path | str | None = None,
    overlay: Files = None,
    out: Path | str | None = None,
) -> Account:
    """Return what differs between two workbooks, each a file or the name of a template, with each headline's move explained.

    Moves are explained where one of the two was built from the templates at hand (``templates``, ``overlay``); else the
    account says why not. With ``out`` the second is written there with the account on sheets. Raises WorkbookError for
    what cannot be read, when they are different workbooks, and for ``out`` without the templates of the second.
    """
    if out is not None:
        check_target(Path(out), WORKBOOK_SUFFIX)
    one, other = (Opened(item, templates, overlay) for item in (first, second))
    if one.side.origin.workbook != other.side.origin.workbook:
        message = f"is a workbook '{other.side.origin.workbook}', {first} a workbook '{one.side.origin.workbook}'"
        raise WorkbookError([Diagnostic(Place(str(second)), message, "compare two of the same")])
    # The templates at hand are those of one side as a rule: the other's book is sought only where it is needed.
    book = other.book() or one.book()
    for item in (one, other):
        item.calculate()
    account = compared(one.side, other.side, book)
    if book is None:
        account = replace(account, unexplained=f"moves are not explained: {first} {one.why}; {second} {other.why}")
    else:
        account = explained(account, one.side, book) if other.book() else explained(account, other.side, book, backwards=True)
    if out is not None:
        other.write(Path(out), account)
    return account


def labels(book: Book | None) -> Callable[[str], str]:
    """Return what gives the label of an id: the id itself where a book is not at hand or lacks it."""

    def label(cell_id: str) -> str:
        at = book.model.find(cell_id) if book else None
        return book.model.label(*at) if book and at else cell_id

    return label


def compared(first: Side, second: Side, book: Book | None) -> Account:
    """Return what differs, without attribution; ``book`` is that of one side, for what people call its ids."""
    label = labels(book)
    return Account(
        first.origin,
        second.origin,
        tuple(_inputs(first, second, label)),
        tuple(_formulas(first, second, book)),
        tuple(_structure(first, second)),
        tuple(sorted(_headlines(first, second), key=lambda move: -move.size)),
        notes=tuple(_notes(first, second, label)),
    )


def differ(one: Held | None, other: Held | None) -> bool:
    """Whether an input is not the same on both sides, to the digits that every spreadsheet program keeps.

    One that inherits its value is none where the other side lacks it, and the same where the other side holds that value.
    """
    if one is None or other is None:
        held = one or other
        return held is not None and held.value is not None
    if one.value is None and other.value is None:
        return False
    return not State(one.shows, one.unit).is_like(State(other.shows, other.unit))


def _inputs(first: Side, second: Side, label: Callable[[str], str]) -> Iterator[InputChange]:
    for name in dict.fromkeys([*second.inputs, *first.inputs]):
        was, now = first.held(name), second.held(name)
        if differ(was, now):
            yield change(name, label(name), was, now)


def change(name: str, label: str, was: Held | None, now: Held | None) -> InputChange:
    """Return how an input differs; an input that one side lacks has neither value nor unit there."""
    return InputChange(
        name,
        label,
        was.value if was else None,
        now.value if now else None,
        was.unit if was else "",
        now.unit if now else "",
        was.behind if was else "",
        now.behind if now else "",
        "gone" if now is None else "new" if was is None else "changed",
        base=was.given if was and now and was.given == now.given else None,
        note=was.note if was and was.note else now.note if now else "",
    )


def _notes(first: Side, second: Side, label: Callable[[str], str]) -> Iterator[NoteChange]:
    """Yield notes that differ; those of an input that one side lacks came or went with it."""
    for name, now in second.notes.items():
        was = first.notes.get(name, "" if name in first.inputs else now)
        if _plain(was) != _plain(now):
            yield note_change(name, label(name), was, now)
    gone = [name for name, was in first.notes.items() if was and name in second.inputs and name not in second.notes]
    yield from (note_change(name, label(name), first.notes[name], None) for name in gone)


def _plain(note: str) -> str:
    """Return a note as all programs save it, whatever ends its lines."""
    return note.replace("\r", "")


def note_change(name: str, label: str, was: str | None, now: str | None) -> NoteChange:
    """Return how a note differs; None stands for one without a cell."""
    return NoteChange(name, label, was or "", now or "")


def _formulas(first: Side, second: Side, book: Book | None) -> Iterator[FormulaChange]:
    """Yield quantities with other expressions: those that are not on both sides, of as many as a quantity has."""
    for name, after in second.says.items():
        before = first.says.get(name, after)
        if before == after:
            continue
        old, new = (text.split(BETWEEN) for text in (before, after))
        gone, come = (BETWEEN.join(text for text in one if text not in other) for one, other in ((old, new), (new, old)))
        quantity = book.given.quantities.get(name) if book else None
        variants = quantity.variants if quantity else []
        cells = sum(len(variant.rows) for variant in variants if variant.formula.declared in come.split(BETWEEN))
        rows = second.rows.get(name.partition(".")[0], 0)
        yield FormulaChange(name, quantity.label if quantity else name, cells or rows, gone, come)


def _structure(first: Side, second: Side) -> Iterator[str]:
    yield from (f"sheet '{name}' is new" for name in second.sheets if name not in first.sheets)
    yield from (f"sheet '{name}' is gone" for name in first.sheets if name not in second.sheets)
    for table, rows in second.rows.items():
        before = first.rows.get(table)
        if before is None:
            yield f"table '{table}' is new, {rows:,} rows"
        elif before != rows:
            yield f"table '{table}' has {rows:,} rows, {before:,} before"
    yield from (f"table '{table}' is gone" for table in first.rows if table not in second.rows)
    common = first.rows.keys() & second.rows.keys()
    for one, other, what in ((second, first, "new"), (first, second, "gone")):
        lacking = [name for name in one.says if name not in other.says and name.partition(".")[0] in common]
        yield from (f"formulas of '{name}' are {what}" for name in lacking)
    yield from (f"not as built, in the first: {item}" for item in first.findings)
    yield from (f"not as built, in the second: {item}" for item in second.findings)


def _headlines(first: Side, second: Side) -> Iterator[HeadlineMove]:
    for name, after in second.headlines.items():
        before = first.headlines.get(name)
        if before is None:
            continue
        one, other = before.value, after.value
        if _moved(one, other):
            yield HeadlineMove(name, after.label, after.unit, one, other)


def _moved(one: Value, other: Value) -> bool:
    """Whether a headline is not the same, but for rounding."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(other - one) > TOLERANCE * max(abs(one), abs(other))
    return one != other


def explained(account: Account, first: Side, book: Book, *, backwards: bool = False) -> Account:
    """Return an account with each headline's move shared out over groups of changed inputs, by Shapley values.

    ``book`` is the second side; with ``backwards`` it is the first, and ``first`` the second: the templates of one of them
    must be at hand. A set of changes is worth what the formulas of ``book`` make of its inputs with those changed; what
    that does not explain came with formulas and structure. Shares add up to the move within 1e-9 of the headline. How many
    checks fail follows from every input: that is not shared out.
    """
    groups = groups_of(account, first, book)
    moves = [move for move in account.headlines if _is_shared(move)]
    if not first.is_calculated and not backwards:
        account, moves = _recalculated(account, first, book, groups)
    if not moves:
        return account
    worth = _Worth(book, first, groups, [move.id for move in moves])
    worth.prepare()
    ours = np.array([(move.before if backwards else move.after) for move in moves], dtype=float)
    theirs = np.array([(move.after if backwards else move.before) for move in moves], dtype=float)
    shares, parts = attribution(worth, list(groups)) if groups else ({}, {})
    total = sum(shares.values(), np.zeros(len(moves)))
    rest = ours - theirs - total
    if np.any(np.abs(np.nan_to_num(rest)) > TOLERANCE * np.maximum(np.abs(ours), np.abs(theirs))):
        shares = {**shares, ALL_ELSE: rest}
    sign = -1.0 if backwards else 1.0
    found = {}
    for number, move in enumerate(moves):
        noise = ROUNDING * max(abs(ours[number]), abs(theirs[number]))
        mine = {group: sign * float(share[number]) if abs(share[number]) > noise else 0.0 for group, share in shares.items()}
        if all(np.isfinite(share) for share in mine.values()):
            found[move.id] = replace(move, shares=mine)
    named = {name: tuple(cell_id for group in sorted(part) for cell_id in groups[group]) for name, part in parts.items()}
    if ALL_ELSE in shares:
        named[ALL_ELSE] = ()
    return replace(account, headlines=tuple(found.get(move.id, move) for move in account.headlines), groups=named)


def _recalculated(account: Account, first: Side, book: Book, groups: Mapping[str, list[str]]) -> tuple[Account, list[HeadlineMove]]:
    """Return an account whose headlines before are what today's formulas make of the first side's inputs."""
    names = [name for name, told in first.headlines.items() if told.unit != "text" and book.given.find(name)]
    worth = _Worth(book, first, groups, names)
    moves = [
        HeadlineMove(name, first.headlines[name].label, first.headlines[name].unit, one, other)
        for name, one, other in zip(names, worth(frozenset()).tolist(), worth(frozenset(groups)).tolist(), strict=True)
        if np.isfinite([one, other]).all() and _moved(one, other)
    ]
    return replace(account, headlines=tuple(moves), unexplained=NO_RESULTS), moves


def _is_shared(move: HeadlineMove) -> bool:
    """Whether a headline's move is shared out: a number that follows from some of the inputs."""
    return not move.id.startswith(f"{CHECKS}.") and isinstance(move.before, float | int) and isinstance(move.after, float | int)


class _Worth:
    """What the headlines come to with some groups of inputs as in ``book`` and the others as on the other side.

    A headline is the same for all sets of groups that differ only in groups that do not reach it, so that few are calculated.
    """

    def __init__(self, book: Book, other: Side, groups: Mapping[str, list[str]], headlines: list[str]) -> None:
        self.model, self.edits, self.groups = book.given, book.edits, groups
        self.theirs = {cell_id: held.value for ids in groups.values() for cell_id in ids if (held := other.held(cell_id))}
        self.wanted = [found for name in headlines if (found := self.model.find(name))]
        bits = {group: 1 << number for number, group in enumerate(groups)}
        marks = {at: bits[group] for group, ids in groups.items() for at in map(self.model.find, ids) if at}
        reached = reaching(self.model, book.values, book.edits, marks)
        self.bits, self.reached = bits, {name: int(np.bitwise_or.reduce(found, initial=0)) for name, found in reached.items()}
        self.reaching = [reached[name][row] for name, row in self.wanted]  # the groups of each headline
        self.results: list[dict[int, float]] = [{} for _ in self.wanted]  # of each headline, by those of its groups that are chosen
        self.known: dict[str, dict[int, Array]] = {}  # of each quantity, likewise

    def __call__(self, chosen: frozenset[str]) -> Array:
        """Return the headlines with some groups as in the book."""
        bits = self._bits(chosen)
        if any(bits & mine not in results for mine, results in zip(self.reaching, self.results, strict=True)):
            self._calculate(bits)
        return np.array([results[bits & mine] for mine, results in zip(self.reaching, self.results, strict=True)])

    def prepare(self) -> None:
        """Calculate each group alone: at once those of which no two reach the same headline."""
        left = [self.bits[group] for group in self.groups]
        reaching = set(self.reaching)
        while left:
            together = 0
            others: list[int] = []
            for bit in left:
                meets = any(mine & bit and mine & together for mine in reaching)
                together, others = (together, [*others, bit]) if meets else (together | bit, others)
            self._calculate(together)
            left = others

    def _bits(self, chosen: Collection[str]) -> int:
        return sum(self.bits[group] for group in chosen)

    def _calculate(self, bits: int) -> None:
        edits = dict(self.edits)
        for group, ids in self.groups.items():
            for cell_id in () if bits & self.bits[group] else ids:
                at = self.model.find(cell_id)
                value: Value = self.theirs[cell_id]
                if at is not None and value is None:
                    edits.pop(at, None)
                elif at is not None and value is not None:
                    edits[at] = value
        known = {name: found[key] for name, found in self.known.items() if (key := self.reached[name] & bits) in found}
        values = evaluate(self.model.overridden(edits, formulas=True), edits, [name for name, _ in self.wanted], known)
        for name in values.keys() - known.keys():
            self.known.setdefault(name, {})[self.reached[name] & bits] = values[name]
        for (name, row), mine, results in zip(self.wanted, self.reaching, self.results, strict=True):
            value = float(values[name][row])
            results[mine & bits] = np.nan if value == EMPTY else value
