"""Accounts of changes as one page for a browser, which holds all it needs, and as rows for a log."""

from __future__ import annotations

import csv
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from workbook.cli.guards import guarded
from workbook.cli.text import NO_UNIT, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbook.changes.differences import Account, HeadlineMove, InputChange, Value

NOT_THERE = "–"
WHOLE_FROM = 1000
MOST_MOVES = 12  # headlines drawn as a waterfall; all stand in the table
STYLE = """
body {font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 72rem; margin: 2rem auto; padding: 0 1rem}
h1 {font-size: 1.5rem} h2 {font-size: 1.15rem; margin-top: 2.2rem} h3 {font-size: 1rem; margin: 1.4rem 0 .3rem}
table {border-collapse: collapse; width: 100%}
th, td {text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #d0d0d0; vertical-align: top}
th {background: #1f3a5f; color: #fff; font-weight: 600} td.n, th.n {text-align: right; font-variant-numeric: tabular-nums}
.bar {position: relative; height: 1.1rem; background: #f1f1f1} .bar span {position: absolute; top: 0; bottom: 0}
.up {background: #b35900} .down {background: #1f6f8b} .all {background: #1f3a5f} p.said {color: #555}
"""


def page_of(account: Account) -> str:
    """Return the page: headlines with what moved them, largest first, then inputs, notes, formulas and structure."""
    after = account.after
    title = f"What changed in {after.workbook}"
    body = "".join(_body(account))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>\n'


def rows_of(account: Account) -> str:
    """Return all that differs as CSV, one line each. Texts that spreadsheet programs would take for formulas begin with an apostrophe."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["kind", "id", "label", "unit", "before", "after", "source_before", "source_after"])
    for move in account.headlines:
        writer.writerow(map(_plain, ["headline", move.id, move.label, move.unit, move.before, move.after, "", ""]))
    for item in account.inputs:
        writer.writerow(map(_plain, [item.outcome, item.id, item.label, item.unit, item.was, item.now, item.was_behind, item.behind]))
    for note in account.notes:
        writer.writerow(map(_plain, ["note", note.id, note.label, "text", note.was, note.now, "", ""]))
    for formula in account.formulas:
        writer.writerow(map(_plain, ["formula", formula.id, formula.label, "", formula.before, formula.after, "", ""]))
    for text in account.structure:
        writer.writerow(map(_plain, ["structure", "", text, "", "", "", "", ""]))
    return target.getvalue()


def _plain(value: Value) -> object:
    return "" if value is None else guarded(value) if isinstance(value, str) else repr(float(value))


def _body(account: Account) -> Iterator[str]:
    before, after = account.before, account.after
    told = f"From templates {before.version} with package {before.package} to templates {after.version} with package {after.package}."
    yield f'<p class="said">{escape(told)}</p>'
    if account.is_empty:
        yield "<p>No differences.</p>"
        return
    if account.headlines:
        yield f"<h2>{len(account.headlines):,} headlines moved</h2>"
        yield from (_waterfall(move) for move in account.headlines[:MOST_MOVES] if move.shares)
        yield _table(("Headline", "Unit", "Before", "After", "Move"), (_headline(move) for move in account.headlines))
    if account.unexplained:
        yield f'<p class="said">{escape(account.unexplained[0].upper() + account.unexplained[1:])}.</p>'
    if account.inputs:
        rows = map(_input, account.inputs)
        yield "<h2>Inputs</h2>" + _table(("Input", "Identifier", "Unit", "Before", "After", "Outcome", "Source"), rows)
    if account.notes:
        notes = ((note.label, note.id, note.was, note.now) for note in account.notes)
        yield "<h2>Notes</h2>" + _table(("Input", "Identifier", "Note before", "Note after"), notes)
    if account.formulas:
        formulas = ((item.label, item.id, str(item.cells), item.before, item.after) for item in account.formulas)
        yield "<h2>Formulas</h2>" + _table(("Quantity", "Identifier", "Cells", "Before (kept)", "After (new)"), formulas)
    if account.structure:
        yield "<h2>Structure</h2>" + _table(("Difference",), ((text,) for text in account.structure))


def _input(item: InputChange) -> tuple[str, ...]:
    was = NOT_THERE if item.outcome == "new" else shown(item.was)
    now = NOT_THERE if item.outcome in {"gone", "removed"} else shown(item.now)
    return item.label, item.id, "" if item.unit in NO_UNIT else item.unit, was, now, item.outcome, item.behind


def _headline(move: HeadlineMove) -> tuple[str, ...]:
    relative = ""
    if isinstance(move.before, float | int) and isinstance(move.after, float | int) and move.before:
        relative = f"{move.after / move.before - 1:+.2%}"
    return move.label, "" if move.unit in NO_UNIT else move.unit, shown(move.before), shown(move.after), relative


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _short(value: float, sign: str = "") -> str:
    """Return a number to four digits, or to whole ones; the table below has all."""
    return f"{value:{sign},.0f}" if abs(value) >= WHOLE_FROM else f"{value:{sign}.4g}"


def _waterfall(move: HeadlineMove) -> str:
    """Draw a move as steps from before to after, one a group of changes, on the scale of all that they reach."""
    start, end = float(move.before or 0), float(move.after or 0)
    levels = [start]
    for share in move.shares.values():
        levels.append(levels[-1] + share)
    low, high = min([0.0, *levels, end]), max([0.0, *levels, end])
    scale = 100 / ((high - low) or 1)

    def bar(one: float, other: float, kind: str) -> str:
        left, wide = (min(one, other) - low) * scale, abs(other - one) * scale
        return f'<div class="bar"><span class="{kind}" style="left:{left:.3f}%;width:{max(wide, 0.2):.3f}%"></span></div>'

    unit = "" if move.unit in NO_UNIT else f" {move.unit}"
    steps = zip(move.shares.items(), levels, levels[1:], strict=False)
    rows = [("Before", _short(start), bar(0, start, "all"))]
    rows += [(name, _short(share, "+"), bar(one, other, "up" if share > 0 else "down")) for (name, share), one, other in steps if share]
    rows.append(("After", _short(end), bar(0, end, "all")))
    body = "".join(f'<tr><td>{escape(name)}</td><td class="n">{escape(value)}</td><td>{drawn}</td></tr>' for name, value, drawn in rows)
    head = f'<th>Step</th><th class="n">Value{escape(unit)}</th><th style="width:60%">From before to after</th>'
    return f"<h3>{escape(move.label)}</h3><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
