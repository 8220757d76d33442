"""The record of a build: a hidden sheet that carries what the templates gave, to tell later what was edited.

It holds which templates and which package made the file; for each block of cells its id, place, unit, the fingerprints
of its formulas, and what they say in the words of the templates; for each input its id, place, unit, note, and the value
that the templates give it (also where the build was told another); for each headline its place and value; for each row
of a sheet the fingerprint of its texts; and as JSON what else the file carries. Beside blocks, inputs and headlines
stands a formula that refers to their cells, beside texts one for each column: spreadsheet programs keep such a formula
pointing at them when rows are inserted or a sheet is renamed. It holds no time, user or machine.

It also watches the formulas: beside each block stands how many of its formula cells are none any more, and in COUNT_CELL and
FIRST_CELL what sheet Checks shows of that. Blocks with cells that may be typed over are not watched. Only a program whose
ISFORMULA takes ranges can tell, as LibreOffice's: it is tried on cells of the record, and where it fails nothing is counted.
In the same way it watches cells that inherit a value: beside each such input stands whether its cell holds a formula that
comes to another value than its parent's, and in PARENT_COUNT and PARENT_FIRST what sheet Checks shows of that.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from workbook.expr.values import shown
from workbook.layout.formula import patterns, with_cells
from workbook.layout.plan import NOTE
from workbook.model.evaluate import quantise
from workbook.model.tables import MIXED
from workbook.record import breaks
from workbook.record import limits as carried_limits
from workbook.record.choices import PART as CHOICES
from workbook.record.choices import part_of
from workbook.record.fingerprints import NONE, Spot, fingerprint, print_of, prints_of, relative, runs_of
from workbook.xlsx.a1 import COUNT_CELL, ERRORS_CELL, PARENT_COUNT, column_letters, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workbook.declare.catalogues import Figure
    from workbook.layout.formula import Written
    from workbook.layout.plan import Layout, Segment
    from workbook.model.evaluate import Values
    from workbook.model.graph import Model, Quantity

FORMAT_VERSION = "3"
HEAD = ("format", "workbook", "version", "basis", "package")
PLACE_COLUMNS = ("id", "sheet", "first cell", "rows", "first row", "unit", "formulas", "cells now", "says", "watched", "typed over")
ERRORS = "errors"  # beside PLACE_COLUMNS; not read again, so that files without it can be read
INPUT_COLUMNS = ("input", "sheet", "cell", "value", "unit", "kind", "note cell", "note", "value now", "behind it")
HEADLINE_COLUMNS = ("headline", "sheet", "cell", "label", "unit", "value", "value now")
TEXT_COLUMNS = ("texts", "rows")
PART_COLUMNS = ("part", "json")
FIRST_PLACE = len(HEAD) + 3  # after an empty row and the heads, counted from 1
BETWEEN = " | "  # expressions of one quantity
LONGEST = 30_000  # characters in a cell; Excel takes 32,767
INPUT, TAKEN = "input", "taken over"
ROWS = "rows"  # the part that gives the key of each row of tables with one key, and an empty one for tables without keys
WATCH = ("told", "typed over", "first row", "first of them")  # beside HEAD[1:], in column D; what they come to in column E
OTHER_PARENT = "other parent"  # beside INPUT_COLUMNS, in column K, and what it comes to in columns H and I of HEAD[1:]
TRIED, TRIED_ON = 3, "$F$3:$G$5"  # cells of the record, so many of them formulas, among constants
ABOUT = "The state of this file when it was built. Read by workbook verify and pull: leave it as it is."


class Anchor(NamedTuple):
    """A formula that follows cells, and what it comes to."""

    formula: str
    value: float | str


Item = str | float | Anchor


def guarded(name: str) -> str:
    """Return an id, or a text of the templates, as the record holds it: LibreOffice takes ``_x1_`` for the escape of a character."""
    return name.replace("_x", "~x")


def unguarded(text: str) -> str:
    """Return what ``guarded`` was given; no id holds a ``~``, and in texts ``~x`` hardly ever stands."""
    return text.replace("~x", "_x")


def places(layout: Layout) -> Iterator[tuple[str, ...]]:
    """Yield what the record says of each run of cells, column by column; ``rows`` tells those that run across."""
    for quantity_id, segments in layout.segments.items():
        for segment in segments:
            yield _place(layout.model.quantities[quantity_id], segment)


def _place(quantity: Quantity, segment: Segment) -> tuple[str, ...]:
    rows = f"{len(segment.rows)} across" if segment.across else str(len(segment.rows))
    at = Spot(segment.sheet, segment.row, segment.column).address
    return (quantity.id, segment.sheet, at, rows, str(segment.rows.start), quantity.unit)


@cache
def _fixed_reference(text: str, sheet: str) -> str:
    """Return what a reference that no copy moves says on a sheet."""
    return relative(text, Spot(sheet, 0, 0))


class Prints:
    """Collects the fingerprints of formulas while they are written, so that none is written twice."""

    def __init__(self) -> None:
        """Start without formulas."""
        self._found: dict[str, dict[int, str]] = defaultdict(dict)
        self._pattern: tuple[str, str, int] = ("", "", 0)
        self._last = ("", "")  # what the last formula says with places left open, and its fingerprint

    def add(self, quantity: str, written: Written, spot: Spot, start: int) -> None:
        """Take the formula of a quantity's row, which stands at ``spot``; ``start`` is the first row of its segment."""
        row, text, pattern, opened, cells = written
        if not pattern:
            self._found[quantity][row] = print_of(text, spot)
            return
        if (quantity, pattern, start) != self._pattern:
            said = relative(opened, spot)
            self._pattern, self._last = (quantity, pattern, start), (said, fingerprint(said))
        said, found = self._last
        self._found[quantity][row] = (
            fingerprint(with_cells(said, [_fixed_reference(cell, spot.sheet) for cell in cells])) if cells else found
        )

    def take(self, layout: Layout, quantity: Quantity, most: int | None = None) -> None:
        """Take the formulas of a quantity, or ``most`` of each of its expressions."""
        for written in patterns(layout, quantity, most):
            segment = layout.segment(quantity.id, written.row)
            self.add(quantity.id, written, Spot(segment.sheet, *segment.cell(written.row)), segment.rows.start)

    def of(self, quantity: str, rows: Iterable[int]) -> str:
        """Return the fingerprints of rows as runs, ``count:fingerprint``; NONE stands for rows that hold no formula."""
        found = self.taken(quantity)
        return runs_of(found.get(row, NONE) for row in rows)

    def taken(self, quantity: str) -> Mapping[int, str]:
        """Return the fingerprints of those rows of a quantity whose formulas were taken."""
        return self._found.get(quantity, {})


def record(
    layout: Layout, values: Values, given: Model, prints: Prints, package: str, carried: Mapping[str, object]
) -> Iterator[tuple[int, tuple[Item, ...]]]:
    """Yield the rows of the record sheet, each with its 0-based number.

    ``given`` is the model before edits; cells that were edited instead of taking over a value count as what they were.
    ``carried`` gives by name what the file carries besides what layout and model tell.
    Cells hold a number, a text, or an Anchor. A block whose fingerprints need more than a cell goes on in the next row,
    which has no id.
    """
    for name, quantity in given.quantities.items():
        if quantity is not layout.model.quantities[name] and name in layout.segments:
            prints.take(replace(layout, model=given), quantity)
    declared = given.declared
    told = (FORMAT_VERSION, declared.name, declared.version, declared.basis, package)
    blocks, inputs = list(_blocks(layout, given, prints)), list(_inputs(layout, values, given))
    last = FIRST_PLACE + len(blocks) - 1
    parents = _watch_parents(last + 3, last + 2 + len(inputs))
    watches = zip(_watch(last), parents, _watch_errors(last), strict=True)
    beside: list[tuple[Item, ...]] = [(ABOUT,), *(("", *items, *more, *errors) for items, more, errors in watches)]
    for number, (name, text, more) in enumerate(zip(HEAD, told, beside, strict=True)):
        yield number, (name, text, *more)
    number = FIRST_PLACE - 2
    yield number, (*PLACE_COLUMNS, ERRORS)
    for row in blocks:
        number += 1
        yield number, row
    sections: tuple[tuple[tuple[str, ...], Iterator[tuple[Item, ...]]], ...] = (
        ((*INPUT_COLUMNS, OTHER_PARENT), iter(inputs)),
        (HEADLINE_COLUMNS, _headlines(layout, values)),
        (TEXT_COLUMNS, _text_rows(layout)),
        (PART_COLUMNS, _parts({**_carried(layout), **carried})),
    )
    for columns, rows in sections:
        number += 2
        yield number, columns
        for item in rows:
            number += 1
            yield number, item


def _carried(layout: Layout) -> dict[str, object]:
    """Return what the file carries by name: what declarations say, and what it takes to read inputs without the templates."""
    model = layout.model
    tables = {model.quantities[name].table: None for name in layout.segments}
    keys = {name: ["".join(row) for row in model.tables[name].rows] for name in tables if len(model.tables[name].keys) <= 1}
    return {
        **model.declared.carried,
        **breaks.told(layout),
        carried_limits.PART: carried_limits.told(layout),
        CHOICES: part_of(model),
        ROWS: keys,
    }


def _parts(carried: Mapping[str, object]) -> Iterator[tuple[Item, ...]]:
    """Yield each part as JSON, in as many rows as it needs."""
    for name, part in carried.items():
        # LibreOffice takes _x0041_ in a text for the escape of a character; in JSON an x may be written as an escape, too.
        text = json.dumps(part).replace("_x", r"_\u0078")
        for start in range(0, len(text), LONGEST):
            yield name, text[start : start + LONGEST]


def unit_of(model: Model, values: Values, name: str, row: int) -> str:
    """Return the unit of a cell; in a column of mixed units what the column ``unit`` of its table says."""
    quantity = model.quantities[name]
    column = values.get(f"{quantity.table}.unit") if quantity.unit == MIXED else None
    return quantity.unit if column is None else str(column[row])


def _headlines(layout: Layout, values: Values) -> Iterator[tuple[Item, ...]]:
    for cell_id, name, row in layout.model.headlines():
        if name in layout.segments:
            spot = Spot(*layout.cell(name, row))
            value = shown(values[name])[row]
            anchor = Anchor(f"{quoted(spot.sheet)}!{_fixed(spot.row, spot.column)}", value)
            yield (
                guarded(cell_id),
                spot.sheet,
                spot.address,
                guarded(layout.model.label(name, row)),
                unit_of(layout.model, values, name, row),
                value,
                anchor,
            )


def _text_rows(layout: Layout) -> Iterator[tuple[Item, ...]]:
    """Yield the fingerprints of each sheet, in as many rows as they need; the first has an anchor for each column, from A on."""
    for sheet, runs in _texts(layout):
        first, *more = _cut(runs)
        columns = range(layout.sheets[sheet].last_column + 1)
        yield sheet, first, *(Anchor(f"COLUMNS({quoted(sheet)}!{_fixed(0, column)})", 1) for column in columns)
        for part in more:
            yield sheet, part


def _texts(layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield each sheet and the fingerprints, row by row, of what is neither input nor formula nor note."""
    found: dict[str, dict[int, dict[int, str | float]]] = {name: {} for name in layout.sheets}
    for plan in layout.sheets.values():
        for label in plan.labels:
            if label.style != NOTE:
                found[plan.name].setdefault(label.row, {})[label.column] = label.text
    for quantity in layout.model.quantities.values():
        for row, constant in quantity.constants.items() if quantity.id in layout.segments else ():
            sheet, r, c = layout.cell(quantity.id, row)
            found[sheet].setdefault(r, {})[c] = constant
    for sheet, rows in found.items():
        prints = (row_print(rows.get(row, {})) for row in range(max(rows, default=-1) + 1))
        yield sheet, runs_of(prints)


def row_print(cells: Mapping[int, str | float]) -> str:
    """Return the fingerprint of texts and numbers of a row by column, or NONE for a row without any."""
    told = [
        f"{column}={value.replace(chr(13), '')}" if isinstance(value, str) else f"{column}={value:.15G}"
        for column, value in sorted(cells.items())
        if value != ""
    ]
    return fingerprint("\n".join(told)) if told else NONE


def says(quantity: Quantity) -> str:
    """Return the expressions of a quantity as the templates have them."""
    return BETWEEN.join(dict.fromkeys(variant.formula.declared for variant in quantity.variants))


def _watch(last: int) -> Iterator[tuple[Item, ...]]:
    """Yield whether this program can tell formulas, how many were typed over, and where: the row of the first block, and its text.

    ``last`` is the last row of the blocks. Beside them stand the cells on which it is tried.
    """
    counts = f"$K${FIRST_PLACE}:$K${last}"
    formulas = (
        Anchor(f"IF(IFERROR(SUMPRODUCT(--_xlfn.ISFORMULA({TRIED_ON})),0)={TRIED},1,0)", 1),
        Anchor(f"SUM({counts})", 0),
        Anchor(f"IF({COUNT_CELL}=0,0,IFERROR({last + 1}-SUMPRODUCT(MAX(({counts}>0)*({last + 1}-ROW({counts})))),0))", 0),
        Anchor(f'IF($E$4=0,"",INDEX($J$1:$J${last},$E$4))', ""),
    )
    tried: tuple[tuple[Item, ...], ...] = (
        (),
        (1.0, Anchor("ROWS($F$3)", 1)),
        (Anchor("ROWS($G$3)", 1), "text"),
        (1.0, Anchor("ROWS($F$5)", 1)),
    )
    for name, formula, cells in zip(WATCH, formulas, tried, strict=True):
        yield name, formula, *cells


def _watch_errors(last: int) -> Iterator[tuple[Item, ...]]:
    """Yield, in columns J and K beside what ``_watch`` does, how many blocks show an error, and the first of them as it was built."""
    flags, texts = (f"${column}${FIRST_PLACE}:${column}${last}" for column in "LJ")
    told = Anchor(f'IF({ERRORS_CELL}=0,"",INDEX({texts},MATCH(1,{flags},0)))', "")
    return iter(((), (ERRORS, Anchor(f"SUM({flags})", 0)), (), ("first of them", told)))


def _watch_parents(first: int, last: int) -> Iterator[tuple[Item, ...]]:
    """Yield, beside what ``_watch`` does, how many cells inherit from another parent, and the first of them: its id, and its cell as built.

    ``first`` and ``last`` are the rows of the inputs.
    """
    found = f"MATCH(1,$K${first}:$K${last},0)"
    id_, sheet, cell = (f"INDEX(${column}${first}:${column}${last},{found})" for column in "ABC")
    told = Anchor(f'IF({PARENT_COUNT}=0,"",{sheet}&"!"&{cell}&" ("&{id_}&")")', "")
    return iter(((), (OTHER_PARENT, Anchor(f"SUM($K${first}:$K${last})", 0)), (), ("first of them", told)))


def _other_parent(layout: Layout, quantity: Quantity, row: int, home: str) -> Anchor | str:
    """Return the formula for whether an inheriting cell holds a formula with another value than its parent's; else nothing."""
    if not (quantity.takes_over(row) and row in quantity.parents):
        return ""
    sheet, *cell = layout.cell(quantity.id, quantity.parents[row])
    parent = f"{quoted(sheet)}!{_fixed(*cell)}"
    return Anchor(f"IF($E$2=1,IFERROR(IF(_xlfn.ISFORMULA({home}),IF({home}<>{parent},1,0),0),0),0)", 0)


def _watched(quantity: Quantity, segment: Segment, runs: str, home: str) -> tuple[Item, ...]:
    """Return what is watched, how many formula cells of a block are none any more, and whether one of its cells shows an error.

    Cells that may be typed over are not counted. SUM passes an error on in every program; ISERROR of a range they take differently.
    """
    built = sum(found != NONE for found in prints_of(runs))
    first, last = (Spot(segment.sheet, *cell).address for cell in (segment.cell(segment.rows.start), segment.last))
    what = f"{segment.sheet}: {quantity.label}, {first if first == last else f'{first}:{last}'} as built"
    # A block that was deleted, #REF!, has no formulas left.
    lost = Anchor(f"IF($E$2=1,MAX(0,{built}-IFERROR(SUMPRODUCT(--_xlfn.ISFORMULA({home})),0)),0)", 0)
    counted = built and not any(quantity.is_settable(row) for row in segment.rows)
    return what, lost if counted else "", Anchor(f"IF(ISERROR(SUM({home})),1,0)", 0)


def _blocks(layout: Layout, given: Model, prints: Prints) -> Iterator[tuple[Item, ...]]:
    watching = layout.model.watching()
    for quantity_id, segments in layout.segments.items():
        quantity = layout.model.quantities[quantity_id]
        text = guarded(says(given.quantities[quantity_id]))
        for segment in segments:
            runs = prints.of(quantity_id, segment.rows)
            first, *more = _cut(runs)
            last = Spot(segment.sheet, *segment.last)
            home = f"{quoted(segment.sheet)}!{_fixed(segment.row, segment.column)}:{_fixed(last.row, last.column)}"
            anchor = Anchor(f"{'COLUMNS' if segment.across else 'ROWS'}({home})", len(segment.rows))
            name, *place = _place(quantity, segment)
            # What the watch comes to cannot be watched: that would be a circular reference.
            watched = () if quantity_id in watching else _watched(quantity, segment, runs, home)
            yield guarded(name), *place, first, anchor, text[:LONGEST], *watched
            text = ""
            for part in more:
                yield "", "", "", "", "", "", part


def _cut(runs: str) -> list[str]:
    """Cut fingerprints at blanks into texts that fit into cells."""
    parts = [""]
    for run in runs.split():
        if len(parts[-1]) + len(run) >= LONGEST:
            parts.append("")
        parts[-1] += f" {run}" if parts[-1] else run
    return parts


def _fixed(row: int, column: int) -> str:
    return f"${column_letters(column)}${row + 1}"


def _inputs(layout: Layout, values: Values, given: Model) -> Iterator[tuple[Item, ...]]:
    notes = {(plan.name, label.row): label for plan in layout.sheets.values() for label in plan.labels if label.style == NOTE}
    for cell_id, name, row in given.settable():
        quantity = given.quantities[name]
        if name not in layout.segments:
            continue
        spot = Spot(*layout.cell(name, row))
        label = notes.get((spot.sheet, spot.row))
        note = (Spot(spot.sheet, label.row, label.column).address, str(label.text)) if label else ("", "")
        taken = quantity.takes_over(row)
        now = values[name][row]
        now = now if isinstance(now, str) else float(now)
        # What an edited cell would take over is not known here.
        value = ("" if row in layout.model.quantities[name].inputs else now) if taken else given_value(given, quantity, row)
        home = f"{quoted(spot.sheet)}!{_fixed(spot.row, spot.column)}"
        kind, behind = (TAKEN, "") if taken else (INPUT, guarded(told(quantity.inputs[row])))
        # A formula that was kept is a value of its own.
        parent = "" if row in layout.model.quantities[name].typed else _other_parent(layout, quantity, row, home)
        yield guarded(cell_id), spot.sheet, spot.address, value, quantity.unit, kind, *note, Anchor(home, now), behind, parent


def told(figure: Figure) -> str:
    """Say in one line what is behind a figure: source, date, evidence, confidence."""
    return ", ".join(filter(None, (figure.source, figure.date, figure.evidence, figure.confidence)))


def given_value(model: Model, quantity: Quantity, row: int) -> float | str:
    """Return the value that the templates give an input, as its cell shows it."""
    value = quantity.inputs[row].value
    return model.choices(quantity.bounds).get(value, value) if isinstance(value, str) else quantise(value)
