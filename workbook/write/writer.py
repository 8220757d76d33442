"""The only writer: layout and values to an .xlsx file, atomically and byte for byte repeatable."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from workbook.declare.limits import MESSAGE_LENGTH, TITLE_LENGTH, limits_of, rule_text, validation
from workbook.declare.schema import TableBlock
from workbook.expr.values import shown
from workbook.files import whole
from workbook.layout.canvas import unit_text
from workbook.layout.formula import patterns
from workbook.layout.plan import DEFAULT_WIDTH, NOTE, Layout, SheetPlan, column_pixels
from workbook.layout.style import SIZED, SIZES, TABS, printed_format, properties
from workbook.layout.widths import fitted
from workbook.record import edited, looks
from workbook.record.fingerprints import Spot
from workbook.record.write import Anchor, Prints, record
from workbook.write.charts import add_chart
from workbook.write.comments import add_comments
from workbook.write.package import Book, Package
from workbook.write.sheet import Sheet
from workbook.xlsx.a1 import RECORD_SHEET, column_letters, quoted
from workbook.xlsx.saved import View, area_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from workbook.declare.catalogues import Bounds
    from workbook.layout.plan import Segment
    from workbook.model.evaluate import Values
    from workbook.model.graph import Model, Quantity

CREATED = datetime(2026, 1, 1)  # noqa: DTZ001 a fixed stamp: equal inputs give equal bytes
ZOOM = 90  # percent
HEAT = {"type": "3_color_scale", "min_color": "#F6D6C9", "mid_color": "#FFFFFF", "max_color": "#BFE3CF"}
_OTHER_SHEET = re.compile(r"=?(?:'(?:[^']|'')+'|\w+)!\$?[A-Z]{1,3}\$?[0-9]+")  # a formula that shows a cell of another sheet


class WriterRefusedError(RuntimeError):
    """XlsxWriter returned an error code: a bug of ours, never to be ignored."""


def write(
    layout: Layout,
    values: Values,
    path: Path,
    version: str,
    given: Model | None = None,
    finish: Callable[[dict[str, bytes]], dict[str, bytes]] | None = None,
) -> dict[str, int]:
    """Write the workbook and return counts of sheets, inputs and formulas.

    ``given`` is the model before edits, for the record of the build; by default there are none. ``finish`` takes the parts of
    the file by name and returns them with what others have added to it.

    The file appears whole or not at all: it is written beside ``path`` and renamed. Raises WorkbookError when the
    place cannot be written.
    """
    parts: dict[str, bytes] = {}
    with Package() as package:
        counts = _Writer(layout, values, parts.__setitem__ if finish else package.add, version, given or layout.model).run()
        for name, data in finish(parts).items() if finish else ():
            package.add(name, data)
        with whole(path) as part:
            part.write_bytes(package.packed())
    return counts


def _adjacent(spots: Sequence[Spot]) -> Iterator[list[Spot]]:
    """Yield the runs of cells each of which stands below, or beside, the one before it."""
    for _, run in groupby(enumerate(spots), key=lambda item: item[1].row + item[1].column - item[0]):
        yield [spot for _, spot in run]


@cache
def _look(style: str) -> looks.Look:
    return looks.look(properties(style))


class _Writer:
    def __init__(self, layout: Layout, values: Values, take: Callable[[str, bytes], None], version: str, given: Model) -> None:
        self.layout, self.values, self.version, self.given = fitted(layout, values), values, version, given
        self.book = Book(take)
        self.formats: dict[str, Any] = {}
        self.sheets: dict[str, Any] = {}
        self.prints = Prints()
        self.counts = {"sheets": 0, "inputs": 0, "formulas": 0}

    def run(self) -> dict[str, int]:
        declared = self.layout.model.declared
        said = {"title": declared.title, "comments": declared.about, "keywords": f"templates of {declared.version}"}
        self.book.set_properties({**said, "created": CREATED})
        self.book.set_size(2400, 1500)
        for plan in self.layout.sheets.values():
            self.sheets[plan.name] = self.book.add_worksheet(plan.name, worksheet_class=Sheet)
            self.sheet(plan)
        for quantity in self.layout.model.quantities.values():
            if quantity.id in self.layout.segments:
                self.quantity(quantity)
        self.heat()
        self.spare_rows()
        for name, (quantity_id, row) in sorted(self.layout.names.items()):
            sheet, r, c = self.layout.cell(quantity_id, row)
            self.ok(self.book.define_name(name, f"={quoted(sheet)}!${column_letters(c)}${r + 1}"))
        for plan in self.layout.sheets.values():
            for chart in plan.charts:
                add_chart(self.book, self.sheets[plan.name], self.layout, plan, chart)
        add_comments(self.sheets, self.layout)
        self.record()
        self.book.close()
        return self.counts

    @staticmethod
    def ok(code: int | None) -> None:
        """XlsxWriter reports bad names, bounds and texts by negative codes only."""
        if code:
            raise WriterRefusedError(f"XlsxWriter refused a cell or name (code {code})")

    def format(self, style: str) -> Any:
        found = self.formats.get(style)
        if found is None:
            found = self.formats[style] = self.book.add_format(properties(style))
        return found

    def sheet(self, plan: SheetPlan) -> None:
        sheet = self.sheets[plan.name]
        self.counts["sheets"] += 1
        sheet.hide_gridlines(2)
        if plan.declared.role:
            sheet.set_tab_color(TABS[plan.declared.role])
        sheet.freeze_panes(*plan.frozen)
        sheet.set_zoom(ZOOM)
        for column in range(plan.last_column + 1):
            self.ok(sheet.set_column(column, column, plan.widths.get(column, DEFAULT_WIDTH)))
        for row, height in plan.heights.items():
            self.ok(sheet.set_row(row, height))
        for label in plan.merged:
            sheet.merge_range(label.row, label.column, label.row, label.column + label.span - 1, "", self.format(label.style))
        for label in plan.labels:
            style = self.format(label.style)
            if label.link:
                self.ok(sheet.write_url(label.row, label.column, label.link, style, str(label.text)))
            elif label.span > 1:
                text = self.layout.notes.get((plan.name, label.row), label.text) if label.style == NOTE else label.text
                sheet.merge_range(label.row, label.column, label.row, label.column + label.span - 1, "", style)
                self.ok(sheet.write_string(label.row, label.column, str(text), style))
            elif isinstance(label.text, str):
                self.ok(sheet.write_string(label.row, label.column, label.text, style))
            else:
                self.ok(sheet.write_number(label.row, label.column, label.text, style))
        self.validate_notes(sheet, plan)
        self.print_setup(sheet, plan)
        sheet.protect("", dict.fromkeys(looks.ALLOWED, True))

    def validate_notes(self, sheet: Any, plan: SheetPlan) -> None:
        """Let Excel refuse a note that is no text: a number or a date would not come back as it was typed."""
        cells = [label for label in plan.labels if label.style == NOTE]
        if not cells:
            return
        first = cells[0]
        rule = {
            "validate": "custom",
            "value": f"=ISTEXT({column_letters(first.column)}{first.row + 1})",
            "error_title": "A note is a text",
            "error_message": "Format the cell as text, then type the note again.",
            "multi_range": " ".join(f"{column_letters(label.column)}{label.row + 1}" for label in cells),
        }
        self.ok(sheet.data_validation(first.row, first.column, first.row, first.column, rule))

    def print_setup(self, sheet: Any, plan: SheetPlan) -> None:
        if not plan.upright:
            sheet.set_landscape()
        sheet.set_paper(8 if plan.large else 9)
        sheet.set_margins(0.25, 0.25, 0.45, 0.45)
        if plan.fitted:
            sheet.fit_to_pages(1, plan.high)
        else:
            sheet.set_print_scale(plan.scale)
        sheet.set_h_pagebreaks(plan.breaks)
        sheet.repeat_rows(*plan.repeated)
        sheet.repeat_columns(0, plan.frozen[1] - 1)
        sheet.print_area(0, 0, *plan.printed)
        declared = self.layout.model.declared
        named = ", version ".join(filter(None, (declared.title, declared.version)))
        sheet.set_footer(f"&L{named.replace('&', '&&')}&C&A&R&P / &N")

    def quantity(self, quantity: Quantity) -> None:
        """Write all cells of one quantity."""
        values = shown(self.values[quantity.id])
        suffix = f"|{quantity.format}|{quantity.unit}"
        own = {row: f"|{text}|{quantity.unit}" for row, text in quantity.formats.items()}
        table = self.layout.model.tables[quantity.table]
        is_key = quantity.id in {key.quantity for key in table.keys}
        is_head = is_key and table.across
        role = "input_header" if quantity.bounds.names and table.across else "reference" if quantity.reference else "input"
        input_style, formula_style = self.format(f"{role}{suffix}"), self.format(f"formula{suffix}")
        for row in quantity.inputs:
            if row not in quantity.typed:
                self.constant(*self.layout.cell(quantity.id, row), values[row], input_style)
            self.counts["inputs"] += 1
        key_style = self.format(f"{'header' if is_head else 'key' if is_key else 'formula'}{suffix}")
        self.constants(quantity, own, key_style)
        link_style = self.format("banner") if quantity.table == "banner" else key_style if is_head else None
        filled: dict[tuple[int, str], list[Spot]] = {}
        taken: list[int] = []
        for written in patterns(self.layout, quantity):
            row, text = written.row, written.text
            segment = self.layout.segment(quantity.id, row)
            spot = sheet, r, c = Spot(segment.sheet, *segment.cell(row))
            style = self.format(f"formula{own[row]}") if row in own else input_style if row in quantity.typed else formula_style
            leads_out = "!" in text
            if row in quantity.links:
                style = link_style or self.link_style(quantity, row, sheet, own.get(row, suffix))
            elif leads_out and row not in quantity.typed and _OTHER_SHEET.fullmatch(text):
                style = self.format(f"linked{own.get(row, suffix)}")
            if quantity.takes_over(row):
                style = self.format(f"taken{suffix}")
                taken.append(row)
            self.ok(self.sheets[sheet].write_formula(r, c, text, style, values[row]))
            if row not in quantity.typed:
                self.prints.add(quantity.id, written, spot, segment.rows.start)
            self.counts["formulas"] += 1
            if written.pattern and not written.cells and not leads_out:  # Excel stores no formula once that refers to another sheet
                filled.setdefault((segment.rows.start, written.pattern), []).append(spot)
        for run in chain.from_iterable(map(_adjacent, filled.values())):
            self.sheets[run[0].sheet].share(run)
        self.validate(quantity, sorted((*quantity.inputs, *taken)))
        self.conditional(quantity)

    def link_style(self, quantity: Quantity, row: int, sheet: str, suffix: str) -> Any:
        target, index = quantity.links[row]
        return self.format(f"{'formula' if self.layout.cell(target, index)[0] == sheet else 'linked'}{suffix}")

    def constants(self, quantity: Quantity, own: dict[int, str], key_style: Any) -> None:
        """Write the constants of a quantity: with the digits that a source prints, or in a format of their ``own``."""
        for row, constant in quantity.constants.items():
            printed = quantity.evidence.get(row)
            style = key_style
            if row in own:
                style = self.format(f"formula{own[row]}")
            elif printed and not quantity.is_text:
                style = self.format(f"formula|{printed_format(printed.raw, quantity.format)}|{quantity.unit}")
            self.constant(*self.layout.cell(quantity.id, row), constant, style)

    def constant(self, sheet: str, row: int, column: int, value: float | str, style: Any) -> None:
        target = self.sheets[sheet]
        self.ok(
            target.write_string(row, column, value, style) if isinstance(value, str) else target.write_number(row, column, value, style)
        )

    def validate(self, quantity: Quantity, rows: Iterable[int]) -> None:
        """Let a spreadsheet refuse what the templates refuse; one rule for all cells that are judged alike.

        A rule that refers to cells is one of a segment: what it says moves along from the first cell to those after it.
        """
        alike: dict[tuple[str, int, tuple[str, ...]], list[int]] = {}
        for row in rows:
            segment, near = self.layout.segment(quantity.id, row), self._neighbours(quantity, row)
            moves = bool(near) or limits_of(quantity.bounds).open_low
            alike.setdefault((segment.sheet, segment.rows.start if moves else 0, tuple(near)), []).append(row)
        for (sheet, *_), same in alike.items():
            _, r, c = self.layout.cell(quantity.id, same[0])
            runs = _adjacent([Spot(*self.layout.cell(quantity.id, row)) for row in same])
            cells = " ".join(run[0].address if len(run) == 1 else f"{run[0].address}:{run[-1].address}" for run in runs)
            self.ok(self.sheets[sheet].data_validation(r, c, r, c, {**self._rule(quantity, same[0]), "multi_range": cells}))

    def _rule(self, quantity: Quantity, row: int) -> dict[str, Any]:
        """Return XlsxWriter's rule for a cell; what it says of other cells moves along in the cells after it."""
        limits, unit = quantity.bounds, unit_text(self.layout.model, quantity)
        choices = list(self.layout.model.choices(limits).values()) or list(limits.choices)
        if choices:
            rule, wanted = {"validate": "list", "source": self._choices_source(limits) or choices}, ", ".join(choices)
        else:
            rule = validation(limits, self._near(quantity, row), is_text=quantity.is_text, **self._neighbours(quantity, row))
            wanted = rule_text(limits, is_text=quantity.is_text)
            wanted += ", between those of the cells above and below" if rule["validate"] == "custom" and quantity.name == "value" else ""
        message = (f"{quantity.label}: {wanted}." + (f" In {unit}." if unit else ""))[:MESSAGE_LENGTH]
        title = quantity.label[:TITLE_LENGTH]
        return rule | {"input_title": title, "input_message": message, "error_title": "This value is not allowed", "error_message": message}

    def _near(self, quantity: Quantity, row: int) -> str:
        _, r, c = self.layout.cell(quantity.id, row)
        return f"{column_letters(c)}{r + 1}"

    def _neighbours(self, quantity: Quantity, row: int) -> dict[str, str]:
        """Return the cells above and below in a list, whose values increase, or all cells of names, which differ."""
        if quantity.bounds.names:
            return {"among": self.layout.area(quantity.id, 0, quantity.size - 1)[1]}
        if self.layout.model.tables[quantity.table].kind != "list":
            return {}
        near = {"before": row - 1, "after": row + 1}
        return {name: self._near(quantity, other) for name, other in near.items() if other in quantity.inputs}

    def _choices_source(self, limits: Bounds) -> str:
        """Return the cells that hold the choices: a list in the rule itself is split at commas, and ends at 255 characters."""
        model = self.layout.model
        table = model.tables.get(model.collected.get(limits.key, limits.key))
        if table is None or table.kind != "table" or len(table.rows) < len(model.choices(limits)):
            return ""
        sheet, cells = self.layout.area(table.keys[0].quantity, 0, len(table.rows) - 1)
        return f"={quoted(sheet)}!{cells}"

    def conditional(self, quantity: Quantity) -> None:
        """Colour carries meaning only: checks that hold and checks that do not."""
        if quantity.format in SIZED:
            self.sized(quantity)
        if quantity.format not in {"pass", "failures"}:
            return
        good = 1 if quantity.format == "pass" else 0
        for segment in self.layout.segments[quantity.id]:
            cell = f"{column_letters(segment.column)}{segment.row + 1}"
            for sign, role in (("=", "passed"), ("<>", "failed")):
                # A cell left blank on purpose (the first of a run) is neither; one that shows an error has failed.
                test = f"=IF(ISERROR({cell}),{'TRUE' if role == 'failed' else 'FALSE'},AND(ISNUMBER({cell}),{cell}{sign}{good}))"
                rule = {"type": "formula", "criteria": test, "format": self.format(f"{role}|{quantity.format}|1")}
                self.ok(self.sheets[segment.sheet].conditional_format(segment.row, segment.column, *segment.last, rule))

    def sized(self, quantity: Quantity) -> None:
        """Show fewer decimals of larger numbers, whatever their sign: a number format tells signs or sizes, not both."""
        for segment in self.layout.segments[quantity.id]:
            cell = f"{column_letters(segment.column)}{segment.row + 1}"
            for size, digits in SIZES.items():
                style = self.book.add_format({"num_format": SIZED[quantity.format].format(digits)})
                rule = {"type": "formula", "criteria": f"=AND(ISNUMBER({cell}),ABS({cell})>={size})", "format": style, "stop_if_true": True}
                self.ok(self.sheets[segment.sheet].conditional_format(segment.row, segment.column, *segment.last, rule))

    def heat(self) -> None:
        """Colour the columns of a table that ask for it on one scale, as a map of the whole."""
        areas: dict[tuple[str, str], list[Segment]] = {}
        for quantity in self.layout.model.quantities.values():
            if quantity.format == "heat":
                for segment in self.layout.segments[quantity.id]:
                    areas.setdefault((segment.sheet, quantity.table), []).append(segment)
        for (sheet, _), segments in areas.items():
            first, left = min(s.row for s in segments), min(s.column for s in segments)
            last, right = (max(s.last[axis] for s in segments) for axis in (0, 1))
            self.ok(self.sheets[sheet].conditional_format(first, left, last, right, HEAT))

    def spare_rows(self) -> None:
        """Let rows that are there for what may come look like empty cells."""
        lines = {f"{side}{what}": value for side in ("left", "right", "bottom") for what, value in (("", 1), ("_color", "#FFFFFF"))}
        look = self.book.add_format({"num_format": ";;;", **lines})
        for plan in self.layout.sheets.values():
            for block in plan.declared.blocks:
                if isinstance(block, TableBlock) and block.shown_with:
                    columns = [self.layout.segments[name][0] for name in self.layout.model.tables[block.name].columns]
                    asked = self.layout.segments[f"{block.name}.{block.shown_with}"][0]
                    test = f"=LEN(${column_letters(asked.column)}{asked.row + 1})=0"
                    rule = {"type": "formula", "criteria": test, "format": look, "stop_if_true": True}
                    self.ok(self.sheets[plan.name].conditional_format(asked.row, columns[0].column, *columns[-1].last, rule))

    def record(self) -> None:
        """A hidden sheet that carries what the file held when it was built; see the module ``record``."""
        sheet = self.book.add_worksheet(RECORD_SHEET, worksheet_class=Sheet)
        sheet.hide()
        style = self.format("record")
        carried = {looks.PART: looks.told({name: self.looks(plan) for name, plan in self.layout.sheets.items()})}
        carried |= edited.told(self.layout, self.values, self.given)
        for row, items in record(self.layout, self.values, self.given, self.prints, self.version, carried):
            for column, item in enumerate(items):
                if isinstance(item, Anchor):
                    self.ok(sheet.write_formula(row, column, item.formula, style, item.value))
                elif isinstance(item, str):
                    self.ok(sheet.write_string(row, column, item) if item else None)
                else:
                    self.ok(sheet.write_number(row, column, item))

    def looks(self, plan: SheetPlan) -> looks.SheetLooks:
        """Return how a sheet was made to look."""
        known = {id(form): _look(style) for style, form in self.formats.items()}
        sheet = self.sheets[plan.name]
        cells = {row: {column: known[id(cell.format)] for column, cell in line.items()} for row, line in sheet.table.items()}
        for top, left, bottom, right in sheet.merge:  # programs drop the formats of cells that do not show
            for row in range(top, bottom + 1):
                cells[row] = {
                    column: look for column, look in cells[row].items() if (row, column) == (top, left) or not left <= column <= right
                }
        widths = [column_pixels(plan.widths.get(column, DEFAULT_WIDTH)) for column in range(plan.last_column + 1)]
        whole = [(chart, chart.combined) for _, _, chart, *_ in sheet.charts]
        charts = [" ".join(looks.drawn(series["values"]) for one in of if one for series in one.series) for of in whole]
        conditions: dict[str, list[str]] = {}
        for area, rules in sheet.cond_formats.items():
            for rule in rules:
                kind, formulas = ("expression", [rule["criteria"]]) if "criteria" in rule else ("colorScale", [])
                said = looks.condition(kind, formulas, Spot(plan.name, *area_of(area)[:2]))
                conditions.setdefault(said, []).append(area)
        return looks.SheetLooks(cells, widths, plan.printed, charts, conditions, plan.heights, View(ZOOM, *plan.frozen))
