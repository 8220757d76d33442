"""Placing the blocks of each sheet, top to bottom."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from workbook.declare.names import sheet_names
from workbook.declare.schema import (
    CardBlock,
    ChartsBlock,
    GridBlock,
    InputsBlock,
    ListBlock,
    SpecialBlock,
    TableBlock,
    TextBlock,
    ValuesBlock,
    ViewBlock,
)
from workbook.layout.across import breadth, frozen, in_rows, place_across, place_bare
from workbook.layout.canvas import CELL_WIDTH, KEY_WIDTH, LABEL_WIDTH, NUMBER_WIDTH, UNIT_WIDTH, VALUE_WIDTH, WIDEST, Canvas, unit_text
from workbook.layout.chart_places import place_charts
from workbook.layout.paper import header_width, height_of, lines, longest_text, paginate, printed, settle_heights, text_width
from workbook.layout.plan import INDENT, NOTE, TEXT_COLUMNS, Label, Layout, Segment, SheetPlan
from workbook.layout.specials import fill
from workbook.layout.style import WIDTHS
from workbook.layout.tolerances import tolerance
from workbook.model.equations import equation
from workbook.xlsx.a1 import sheet_key

if TYPE_CHECKING:
    from workbook.declare.catalogues import Figure
    from workbook.declare.schema import Block
    from workbook.model.graph import Model, Quantity

PROVENANCE = ("Low", "High", "Date", "Confidence", "Evidence", "Source", "Note")
PROVENANCE_SPANS = (1, 1, 1, 1, 1, 3, 4)  # sources and notes span columns that tables on the same sheet need narrow
PROVENANCE_WIDTHS = (12.0, 12.0, 12.0, 12.0, 12.0, 0.0, 0.0)
GAP_WIDTH, SENTENCE_HEIGHT = 2.0, 34.0
WIDEST_NAME, WIDEST_INPUT, FIRST_BLOCK = 40.0, 40.0, 4
MOST_LINES = 5  # of a header


def place(model: Model) -> Layout:
    """Return the layout of a model; raises WorkbookError for impossible sheet names."""
    layout = Layout(model)
    for name, declared, member in sheet_names(model.declared):
        plan = SheetPlan(name, declared.title, declared.answers, member, declared)
        layout.sheets[name] = plan
    for plan in layout.sheets.values():
        Placer(layout, plan).run()
    _names(layout)
    _leads(layout)
    return layout


def _leads(layout: Layout) -> None:
    """Links to click, each named by the address that it leads to."""
    for quantity in layout.model.quantities.values():
        for row, target in quantity.leads.items():
            sheet, r, c = layout.cell(quantity.id, row)
            address = layout.address(*target)
            layout.sheets[sheet].labels.append(Label(r, c, address, "lead", link=f"internal:{address}"))


def _names(layout: Layout) -> None:
    """Names for single inputs, card inputs, list members and headlines."""
    model = layout.model
    for name, quantity in model.quantities.items():
        named = set(quantity.settable()) if model.tables[quantity.table].kind in {"single", "cards", "list"} else set()
        named |= set(quantity.filled()) if quantity.headline else set()
        for row in sorted(named if name in layout.segments else ()):
            layout.add_name(model.cell_id(name, row).replace(".", "_"), name, row)


class Placer(Canvas):
    """Places the blocks of one sheet."""

    __slots__ = ()

    def run(self) -> None:
        """Place titles, banner and blocks, then fit the sheet to paper."""
        plan = self.plan
        plan.labels.append(Label(0, 0, self.titled(plan.title), "title"))
        if plan.answers:
            self.paragraph(1, self.titled(plan.answers), "answers")
        self.banner()
        self.row = FIRST_BLOCK
        rows = in_rows(plan.declared.blocks)
        plan.breadth = self.span = max(TEXT_COLUMNS, *(self.breadth(row) for row in rows))
        for row in rows:
            plan.starts.append(self.row)
            self.side_by_side(row)
            plan.extents.append((self.row - 1, plan.last_column))
            self.row += 1
        plan.last_row = self.row - 1
        plan.printed = printed(plan, rows, self.layout)
        settle_heights(plan)
        for block in plan.declared.blocks:
            if isinstance(block, TableBlock) and not block.across and self.is_sized(block.name):
                self.wrapped(block.name)
        plan.frozen = frozen(self.layout, plan)
        paginate(plan)

    def breadth(self, blocks: list[Block]) -> int:
        """Return how many columns blocks take that stand alongside one another, gaps included."""
        return sum(breadth(self.layout.model, block) + 1 for block in blocks) - 1 if len(blocks) > 1 else TEXT_COLUMNS

    def side_by_side(self, blocks: list[Block]) -> None:
        """Place blocks from the current row on, each to the right of the one before it."""
        top, bottom = self.row, self.row
        for block in blocks:
            self.row = top
            self.span = breadth(self.layout.model, block) if len(blocks) > 1 else self.plan.breadth
            self.block(block)
            bottom = max(bottom, self.row)
            if block is not blocks[-1]:
                self.left += self.span + 1
                self.plan.widths[self.left - 1] = GAP_WIDTH
        self.row, self.left, self.span = bottom, 0, self.plan.breadth

    def banner(self) -> None:
        """The master check and the way back, on every sheet."""
        first = next(iter(self.layout.sheets))
        if self.plan.name != first:
            self.plan.labels.append(Label(2, 0, f"← {first}", "link", link=f"internal:'{first}'!A1"))
        quantity = f"banner.{sheet_key(self.plan.name)}"
        if quantity in self.layout.model.quantities:
            self.layout.segments[quantity] = [Segment(self.plan.name, range(1), 2, 1)]

    def block(self, block: Block) -> None:
        """Place one block of any kind."""
        match block:
            case TextBlock():
                self.texts(block)
            case GridBlock():
                self.grid(block)
            case InputsBlock():
                self.inputs(block)
            case ListBlock():
                self.list(block)
            case CardBlock():
                self.cards(block)
            case ValuesBlock():
                self.values(block)
            case TableBlock():
                self.heading(block.title)
                if block.doc:
                    self.paragraph(self.row, self.titled(block.doc), "text")
                    self.row += 1
                self.table(block.name)
                self.table_inputs(block)
            case ViewBlock():
                self.heading(block.title)
                self.table(block.name)
            case ChartsBlock():
                place_charts(self, block)
            case SpecialBlock():
                self.heading(block.title)
                fill(self, block.kind)

    def texts(self, block: TextBlock) -> None:
        """Paragraphs, one a row."""
        self.heading(block.title)
        for text in block.paragraphs:
            self.paragraph(self.row, self.titled(text), "text")
            self.row += 1

    def grid(self, block: GridBlock) -> None:
        """Rows of texts."""
        self.heading(block.title)
        self.header(block.headers, (0.0,) * len(block.headers), block.spans)
        for texts in block.rows:
            column = 0
            for text, span in zip(texts, block.spans, strict=True):
                self.wide(column, text, span, "how" if column else "label")
                column += span
            self.row += 1

    def input_header(self) -> None:
        """The heads of a block of inputs."""
        self.header(
            ("Input", "Value", "Unit", *PROVENANCE),
            (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, *PROVENANCE_WIDTHS),
            (1, 1, 1, *PROVENANCE_SPANS),
        )

    def input_row(self, quantity: Quantity, row: int, label: str) -> None:
        """One input: label, value, unit, low, high, date, confidence, evidence, source, note."""
        self.label(0, label, "label")
        self.label(2, unit_text(self.layout.model, quantity), "unit")
        if quantity.is_text:
            width = quantity.width or min(WIDEST_INPUT, text_width(self.layout.model, quantity.id))
            self.widen(1, width)
            self.raised(self.row, longest_text(self.layout.model, quantity.id) / width)
        self.layout.segments.setdefault(quantity.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
        self.provenance(3, quantity.inputs.get(row) or quantity.evidence.get(row), quantity.doc, quantity.format)
        if quantity.is_settable(row):
            self.plan.labels[-1] = replace(self.plan.labels[-1], style=NOTE)
        self.row += 1
        if row in quantity.alternates:
            basis, other = quantity.alternates[row]
            self.label(0, f"  {label}: {basis} figure, not used here", "muted")
            self.label(1, other.value, f"muted_value|{quantity.format}|{quantity.unit}")
            self.label(2, unit_text(self.layout.model, quantity), "muted")
            self.provenance(3, other, "", quantity.format)
            self.row += 1

    def provenance(self, column: int, figure: Figure | None, doc: str, number_format: str) -> None:
        """From a column on: low, high, date, confidence, evidence, source, note; empty cells keep their frame."""
        cells: tuple[float | str | None, ...] = (None,) * len(PROVENANCE)
        if figure:
            source = self.layout.model.declared.sources.get(figure.source)
            date = figure.date or (source.date if source else "")
            cells = (
                figure.low,
                figure.high,
                date,
                figure.confidence,
                figure.evidence,
                source.reference if source else "",
                figure.note or doc,
            )
        for item, span in zip(cells, PROVENANCE_SPANS, strict=True):
            if isinstance(item, float) and figure:
                self.label(column, item, f"muted_value|{number_format}|{figure.unit}")
            else:
                self.wide(column, str(item or ""), span, "provenance")
            column += span

    def inputs(self, block: InputsBlock) -> None:
        """Single inputs, one a row."""
        self.heading(block.title)
        quantities = [self.layout.model.quantities[f"{block.name}.{column.name}"] for column, _ in block.items]
        if block.bare:
            place_bare(self, quantities)
            return
        self.input_header()
        for quantity in quantities:
            self.input_row(quantity, 0, quantity.label)

    def list(self, block: ListBlock) -> None:
        """The members of a list, one a row."""
        self.heading(block.title)
        self.input_header()
        quantity = self.layout.model.quantities[f"{block.name}.value"]
        start = self.row
        for number, key in enumerate(block.members):
            self.input_row(quantity, number, f"{block.label} {key}")
        self.layout.segments[quantity.id] = [Segment(self.plan.name, range(quantity.size), start, 1)]

    def cards(self, block: CardBlock) -> None:
        """The inputs of one card (repeated sheet), or of all cards one below the other."""
        model = self.layout.model
        catalogue = model.declared.catalogues[block.catalogue]
        table = model.tables[block.catalogue]
        own = self.plan.declared.each == block.catalogue
        for card in [catalogue.cards[self.plan.member]] if own else catalogue.cards.values():
            self.heading(self.titled(block.title) if own else card.name)
            if not own and card.about:
                self.paragraph(self.row, card.about, "text")
                self.row += 1
            self.input_header()
            row = table.index[(card.key,)]
            for field in catalogue.fields.values():
                if field.name in card.entries:
                    self.input_row(model.quantities[f"{block.catalogue}.{field.name}"], row, field.label)
            self.row += 0 if own else 1

    def sentences(self, block: ValuesBlock) -> None:
        """Texts to be read on their own, each as wide as the sheet."""
        self.heading(block.title)
        for item in block.items:
            self.plan.merged.append(Label(self.row, 0, "", f"formula|{item.format}|text", self.span))
            self.reach(self.span - 1)
            self.layout.segments[f"{block.name}.{item.name}"] = [Segment(self.plan.name, range(1), self.row, 0)]
            self.plan.heights[self.row] = SENTENCE_HEIGHT
            self.row += 1

    def values(self, block: ValuesBlock) -> None:
        """Single results: label, value, unit, how it is computed, source."""
        if block.sentences:
            self.sentences(block)
            return
        self.heading(block.title)
        names = ("Check", "Value", "Unit", "Tolerance") if block.checks else ("Result", "Value", "Unit")
        at = len(names)  # of how it is computed
        widths, spans = (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, UNIT_WIDTH)[:at], (1, 1, 1, 1)[:at]
        self.header((*names, "How it is computed"), (*widths, 0.0), (*spans, TEXT_COLUMNS - at))
        model = self.layout.model
        table = model.tables[block.name]
        row = table.index[(self.plan.member,)] if self.plan.member else 0
        extra = [
            name.partition(".")[2]
            for name in table.columns
            if name.partition(".")[2] not in {i.name for i in block.items} | {k.name for k in table.keys}
        ]
        if table.keys:
            # A repeated sheet's own key, once, so that formulas on the sheet can look it up.
            key = model.quantities[table.keys[0].quantity]
            self.label(0, key.label, "label")
            self.label(2, "", "unit")
            self.wide(at, "This sheet's own", TEXT_COLUMNS - at)
            self.layout.segments.setdefault(key.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
            self.row += 1
        for name in [*(item.name for item in block.items), *extra]:
            quantity = model.quantities[f"{block.name}.{name}"]
            self.label(0, quantity.label, "label")
            self.label(2, unit_text(self.layout.model, quantity), "unit")
            self.layout.segments.setdefault(quantity.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
            if quantity.is_text:
                self.widen(1, quantity.width or min(WIDEST, text_width(model, quantity.id)))
            if block.checks:
                self.label(3, tolerance(model, quantity), "unit")
            self.wide(at, quantity.doc or equation(model, quantity), TEXT_COLUMNS - at)
            self.row += 1

    def table(self, name: str) -> None:
        """Header, units and rows of a table, or of this sheet's share of it."""
        model = self.layout.model
        table = model.tables[name]
        if table.across:
            place_across(self, table)
            return
        rows = [number for number, keys in enumerate(table.rows) if not table.split or keys[0] == self.plan.member]
        share = range(rows[0], rows[-1] + 1)
        key_names = {key.quantity for key in table.keys}
        head = self.row
        units = {quantity_id: unit_text(model, model.quantities[quantity_id]) for quantity_id in table.columns}
        first = head + (2 if any(units.values()) else 1)
        sized = self.is_sized(name)
        for column, quantity_id in enumerate(table.columns):
            quantity = model.quantities[quantity_id]
            width = (KEY_WIDTH if quantity.is_text else NUMBER_WIDTH) if quantity_id in key_names else WIDTHS.get(quantity.unit, CELL_WIDTH)
            if quantity.is_text:
                width = min(WIDEST, max(width, text_width(model, quantity_id)))
            width = quantity.width or (min(width, WIDEST_NAME) if sized else width)
            self.add(column, quantity.label, "header", row=head)
            unit = units[quantity_id]
            if first > head + 1:
                self.add(column, unit, "header_unit", row=head + 1)
            self.widen(
                column, max(width, header_width(quantity.label, MOST_LINES), header_width(unit, MOST_LINES if quantity.width else 2))
            )
            self.layout.segments.setdefault(quantity_id, []).append(Segment(self.plan.name, share, first, self.left + column))
        self.row = first + len(rows)

    def is_sized(self, name: str) -> bool:
        """Whether columns of a table have widths of their own, so that texts wrap in them."""
        model = self.layout.model
        return any(model.quantities[column].width for column in model.tables[name].columns)

    def wrapped(self, name: str) -> None:
        """Make the rows of a table high enough for its texts, now that the widths are known."""
        for quantity in (self.layout.model.quantities[column] for column in self.layout.model.tables[name].columns):
            for row, text in quantity.constants.items() if quantity.is_text else ():
                _, r, c = self.layout.cell(quantity.id, row)
                self.raised(r, lines(str(text), self.plan.widths[c] - INDENT))

    def raised(self, row: int, needed: float) -> None:
        """Make a row high enough for so many lines of text."""
        if needed > 1:
            self.plan.heights[row] = max(self.plan.heights.get(row, 0.0), height_of(ceil(needed)))

    def table_inputs(self, block: TableBlock) -> None:
        """Below a table whose rows run down, what is behind each of its columns of inputs; curves have it on their cards."""
        given = [] if block.across else [column for column in block.columns if column.figures and not column.constants]
        if not given:
            return
        self.row += 1
        self.header(
            ("Inputs of this table", "Unit", *PROVENANCE),
            (LABEL_WIDTH, UNIT_WIDTH, *PROVENANCE_WIDTHS),
            (1, 1, *PROVENANCE_SPANS),
        )
        for column in given:
            quantity = self.layout.model.quantities[f"{block.name}.{column.name}"]
            self.label(0, column.label, "label")
            self.label(1, unit_text(self.layout.model, quantity), "unit")
            self.provenance(2, next(iter(column.figures.values())), column.doc, column.format)
            self.row += 1
