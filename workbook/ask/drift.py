"""How old the figures of cards are, and which of them a newer source has: what each of these would move.

``newer/SOURCE.csv`` in the templates holds, a line each, the figures of a source of sources.yaml that no card has yet: id, value and
note. A figure is older than a year where the last day that its date can mean lies more than a year before the day compared to.
"""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from workbook import api
from workbook.declare.cards import sources
from workbook.declare.packaged import directory
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest
from workbook.model.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbook.layout.book import Book
    from workbook.model.graph import CellRef

FOLDER = "newer"
DAYS_OF_A_YEAR = 365
COLUMNS = ("id", "value", "date", "newer", "newer_date", "source", "headline", "before", "after", "note")
OLD = "older than a year"
UNUSED, REFERENCE = "none: no case of the workbook uses it", "none: for reference, no result depends on it"


class Newer(NamedTuple):
    """A figure of a newer source: the id of the figure that it supersedes, its value, source and note."""

    id: str
    value: float
    source: str
    note: str
    place: Place


class Move(NamedTuple):
    """The headline that a figure moves most, relative to what it was; an empty label where none moves."""

    label: str
    before: float
    after: float


def drift(name: str = "planning", templates: Path | str | None = None, today: str = "") -> pd.DataFrame:
    """Return a row for each card with figures older than a year, and for each figure that a newer source has.

    Args:
        name: The workbook.
        templates: The templates, or None for the packaged ones.
        today: The day compared to, as YYYY-MM-DD; the version of the workbook if left out, so that equal templates give equal rows.

    Raises:
        WorkbookError: for mistakes in the templates or in a list of newer figures, and for a day that is none.

    """
    book = api.load(name, templates)
    until = _last_day(today or book.model.declared.version)
    root, problems = directory(templates), Problems()
    bases = {key: source.basis for key, source in sources(root, problems).items()}
    listed = [item for item in _listed(root / FOLDER) if bases.get(item.source, "") in {"", book.model.declared.basis}]
    rows = [*_old(book, until), *(_superseded(book, item) for item in listed)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _last_day(text: str) -> date:
    """Return the last day that a date can mean: of a month or a year where it says no more."""
    parts = [int(part) for part in text.split("-") if part.isdigit()]
    try:
        if len(parts) == 1:
            return date(parts[0], 12, 31)
        year, month = parts[:2]
        after = date(year + month // 12, month % 12 + 1, 1)
        return date(*parts) if len(parts) > 2 else date.fromordinal(after.toordinal() - 1)  # noqa: PLR2004 year, month and day
    except (ValueError, TypeError, IndexError):
        raise WorkbookError([Diagnostic(None, f"'{text}' is not a date", "write it as YYYY-MM-DD")]) from None


def _dates(book: Book) -> Iterator[tuple[str, str, str]]:
    """Yield for each number on a card that has a date the id of the card, the field and the date: its own, or that of its source."""
    model = book.model
    for cell_id, name, row in model.cells():
        quantity = model.quantities[name]
        figure = quantity.inputs.get(row)
        if model.tables[quantity.table].kind != "cards" or figure is None or quantity.is_text:
            continue
        source = model.declared.sources.get(figure.source)
        if dated := figure.date or (source.date if source else ""):
            yield cell_id.rpartition(".")[0], quantity.name, dated


def _old(book: Book, until: date) -> Iterator[dict[str, object]]:
    """Yield a row for each card with figures older than a year: the oldest date, and which they are."""
    found: dict[str, list[tuple[str, str]]] = {}
    for card, field, dated in _dates(book):
        if (until - _last_day(dated)).days > DAYS_OF_A_YEAR:
            found.setdefault(card, []).append((dated, field))
    for card, figures in found.items():
        fields = list(dict.fromkeys(field for _, field in figures))
        some = ", ".join(fields[:3]) + (f" and {len(fields) - 3} more" if len(fields) > 3 else "")  # noqa: PLR2004 as many as a line holds
        blank: dict[str, object] = dict.fromkeys(COLUMNS, "")
        yield blank | {"id": card, "date": min(figures)[0], "note": f"{OLD} on {until}: {some}"}


def _listed(folder: Path) -> Iterator[Newer]:
    """Yield the figures of newer sources, by the names of the files."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.DictReader(file), 2):
                place = Place(f"{FOLDER}/{path.name}", number, 1)
                try:
                    yield Newer(line["id"], float(line["value"]), path.stem, line["note"] or "", place)
                except (KeyError, TypeError, ValueError):
                    message = "a line of newer figures has an id, a number and a note"
                    raise WorkbookError([Diagnostic(place, message, "its first line is: id,value,note")]) from None


def _superseded(book: Book, item: Newer) -> dict[str, object]:
    """Return the row of a figure that a newer source has."""
    model = book.model
    at, source = model.find(item.id), model.declared.sources.get(item.source)
    if at is None or source is None:
        known = [cell_id for cell_id, _, _ in model.settable()] if source else list(model.declared.sources)
        what, wanted = ("input", item.id) if source else ("source", item.source)
        raise WorkbookError([Diagnostic(item.place, f"there is no {what} '{wanted}'", suggest(wanted, known))])
    figure = model.quantities[at.quantity].inputs.get(at.row)
    own = model.declared.sources.get(figure.source) if figure else None
    dated = (figure.date if figure else "") or (own.date if own else "")
    if dated and _last_day(dated) >= _last_day(source.date):
        raise WorkbookError([Diagnostic(item.place, f"'{item.id}' is of {dated}, and this of {source.date}", "leave the line out")])
    move = _moved(book, item, at)
    said = {"id": item.id, "value": float(book.values[at.quantity][at.row]), "date": dated, "newer": item.value, "newer_date": source.date}
    moved: dict[str, object] = {"headline": move.label, "before": move.before, "after": move.after}
    if not move.label:
        moved = {"headline": REFERENCE if model.quantities[at.quantity].reference else UNUSED, "before": "", "after": ""}
    return said | {"source": item.source} | moved | {"note": item.note}


def _moved(book: Book, item: Newer, at: CellRef) -> Move:
    """Return the headline that moves most when a figure takes the newer value."""
    model, nothing = book.model, Move("", 0.0, 0.0)
    if model.quantities[at.quantity].reference:
        return nothing
    heads = [(name, row) for _, name, row in model.headlines() if not model.quantities[name].is_text]
    after = evaluate(model, api.parse_sets(model, {item.id: item.value}), {name for name, _ in heads})
    moves = [Move(model.label(name, row), float(book.values[name][row]), float(after[name][row])) for name, row in heads]
    return max((move for move in moves if move.before and move.after != move.before), key=_size, default=nothing)


def _size(move: Move) -> float:
    return abs(move.after / move.before - 1)
