"""Placing the blocks of each sheet, top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.equations import equation, row_label
from workbook.layout import DEFAULT_WIDTH, LINE, TEXT_COLUMNS, ChartPlace, Label, Layout, Segment, SheetPlan, column_pixels
from workbook.names import sheet_key, sheet_names
from workbook.schema import (
    CardBlock,
    ChartsBlock,
    InputsBlock,
    ListBlock,
    SpecialBlock,
    TableBlock,
    TextBlock,
    ValuesBlock,
    ViewBlock,
)

if TYPE_CHECKING:
    from workbook.model import Model, Quantity
    from workbook.schema import Block, Figure

PROVENANCE = ("Low", "High", "Date", "Confidence", "Evidence", "Source", "Note")
PROVENANCE_SPANS = (1, 1, 1, 1, 1, 3, 4)  # sources and notes span columns that tables on the same sheet need narrow
PROVENANCE_WIDTHS = (12.0, 12.0, 12.0, 12.0, 12.0, 0.0, 0.0)
LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH = 34.0, 13.0, 16.0
KEY_WIDTH, CELL_WIDTH, WIDEST = 16.0, 12.0, 60.0
PAGE, LARGE_PAGE = (1045.0, 679.0), (1511.0, 1007.0)  # printable pixels of A4 and A3 landscape, 96 to the inch
TOO_WIDE = 1900  # pixels beyond which A4 would not be readable
CHARACTERS, CHARACTERS_SMALL = 1.08, 1.2  # characters of running text in a unit of column width, at 10 and 9 points
SMALL = {"unit", "provenance", "how", "muted", "header_unit"}
CHART_ROWS = 22
MANY_EXPRESSIONS = 5  # a quantity whose rows have so many expressions is told by its description
FIRST_BLOCK = 4


def place(model: Model) -> Layout:
    """Return the layout of a model; raises WorkbookError for impossible sheet names."""
    layout = Layout(model)
    for name, declared, member in sheet_names(model.declared):
        plan = SheetPlan(name, declared.title, declared.answers, member, declared)
        layout.sheets[name] = plan
    for plan in layout.sheets.values():
        _Placer(layout, plan).run()
    _names(layout)
    return layout


def _names(layout: Layout) -> None:
    """Names for single inputs, card inputs, list members and headlines."""
    for cell_id, quantity_id, row in layout.model.cells():
        quantity = layout.model.quantities[quantity_id]
        kind = layout.model.tables[quantity.table].kind
        is_named_input = row in quantity.inputs and kind in {"single", "cards", "list"}
        if quantity_id in layout.segments and (is_named_input or quantity.headline):
            layout.add_name(cell_id.replace(".", "_"), quantity_id, row)


@dataclass(slots=True)
class _Placer:
    layout: Layout
    plan: SheetPlan
    row: int = 0

    def run(self) -> None:
        plan = self.plan
        plan.labels.append(Label(0, 0, self.titled(plan.title), "title"))
        if plan.answers:
            self.paragraph(1, self.titled(plan.answers), "answers")
        self.banner()
        self.row = FIRST_BLOCK
        for block in plan.declared.blocks:
            plan.starts.append(self.row)
            self.block(block)
            self.row += 1
        plan.last_row = self.row - 1
        settle_heights(plan)
        paginate(plan)

    def titled(self, text: str) -> str:
        """Fill the member's name into a text of a repeated sheet."""
        sheet = self.plan.declared
        if not sheet.each:
            return text
        card = self.layout.model.declared.catalogues[sheet.each].cards[self.plan.member]
        return text.replace(f"{{{sheet.each_key}}}", card.name).replace("{about}", card.about)

    def banner(self) -> None:
        """The master check and the way back, on every sheet."""
        first = next(iter(self.layout.sheets))
        if self.plan.name != first:
            self.plan.labels.append(Label(2, 0, f"← {first}", "link", link=f"internal:'{first}'!A1"))
        quantity = f"banner.{sheet_key(self.plan.name)}"
        if quantity in self.layout.model.quantities:
            self.layout.segments[quantity] = [Segment(self.plan.name, range(1), 2, 1)]

    def block(self, block: Block) -> None:
        match block:
            case TextBlock():
                self.heading(block.title)
                for text in block.paragraphs:
                    self.paragraph(self.row, self.titled(text), "text")
                    self.row += 1
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
            case ViewBlock():
                self.heading(block.title)
                self.table(block.name)
            case ChartsBlock():
                self.charts(block)
            case SpecialBlock():
                self.special(block)

    def heading(self, text: str) -> None:
        if text:
            self.plan.labels.append(Label(self.row, 0, self.titled(text), "heading", TEXT_COLUMNS))
            self.plan.heights[self.row] = 20.0
            self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS - 1)
            self.row += 1

    def paragraph(self, row: int, text: str, style: str) -> None:
        """A text over merged columns; its height is settled when the widths are known."""
        self.plan.labels.append(Label(row, 0, text, style, TEXT_COLUMNS))
        self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS - 1)

    def label(self, column: int, text: str | float, style: str, width: float = 0.0) -> None:
        """A text in the current row, wrapped where it is longer than its column."""
        self.plan.labels.append(Label(self.row, column, text, style))
        if width:
            self.plan.widen(column, width)
        self.plan.last_column = max(self.plan.last_column, column)

    def header(self, texts: tuple[str, ...], widths: tuple[float, ...], spans: tuple[int, ...] = ()) -> None:
        """A row of column heads; the last ones may span columns that tables above or below need narrow."""
        column = 0
        for text, width, span in zip(texts, widths, spans or (1,) * len(texts), strict=True):
            self.label(column, text, "header", width)
            if span > 1:
                self.plan.labels[-1] = Label(self.row, column, text, "header", span)
                self.plan.last_column = max(self.plan.last_column, column + span - 1)
            column += span
        self.row += 1

    def wide(self, column: int, text: str, span: int, style: str = "how") -> None:
        """A text in the current row over several merged columns."""
        self.plan.labels.append(Label(self.row, column, text, style, span))
        self.plan.last_column = max(self.plan.last_column, column + span - 1)

    def input_header(self) -> None:
        self.header(("Input", "Value", "Unit", *PROVENANCE), (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, *PROVENANCE_WIDTHS), (1, 1, 1, *PROVENANCE_SPANS))

    def input_row(self, quantity: Quantity, row: int, label: str) -> None:
        """One input: label, value, unit, low, high, date, confidence, evidence, source, note."""
        self.label(0, label, "label")
        self.label(2, unit_text(quantity), "unit")
        self.layout.segments.setdefault(quantity.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
        self.provenance(quantity.inputs.get(row) or quantity.evidence.get(row), quantity.doc, quantity.format)
        self.row += 1
        if row in quantity.alternates:
            basis, other = quantity.alternates[row]
            self.label(0, f"  {label}: {basis} figure, not used here", "muted")
            self.label(1, other.value, f"muted_value|{quantity.format}|{quantity.unit}")
            self.label(2, unit_text(quantity), "muted")
            self.provenance(other, "", quantity.format)
            self.row += 1

    def provenance(self, figure: Figure | None, doc: str, number_format: str) -> None:
        """Low, high, date, confidence, evidence, source, note; empty cells keep their frame."""
        cells: tuple[float | str | None, ...] = (None,) * len(PROVENANCE)
        if figure:
            source = self.layout.model.declared.sources.get(figure.source)
            date = figure.date or (source.date if source else "")
            cells = (figure.low, figure.high, date, figure.confidence, figure.evidence, source.reference if source else "", figure.note or doc)
        column = 3
        for item, span in zip(cells, PROVENANCE_SPANS, strict=True):
            if isinstance(item, float) and figure:
                self.label(column, item, f"muted_value|{number_format}|{figure.unit}")
            else:
                self.wide(column, str(item or ""), span, "provenance")
            column += span

    def inputs(self, block: InputsBlock) -> None:
        self.heading(block.title)
        self.input_header()
        for column, _ in block.items:
            quantity = self.layout.model.quantities[f"{block.name}.{column.name}"]
            self.input_row(quantity, 0, column.label)

    def list(self, block: ListBlock) -> None:
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

    def values(self, block: ValuesBlock) -> None:
        """Single results: label, value, unit, how it is computed, source."""
        self.heading(block.title)
        names = ("Check" if block.checks else "Result", "Value", "Unit", "How it is computed")
        self.header(names, (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, 0.0), (1, 1, 1, TEXT_COLUMNS - 3))
        model = self.layout.model
        table = model.tables[block.name]
        row = table.index[(self.plan.member,)] if self.plan.member else 0
        extra = [name.partition(".")[2] for name in table.columns if name.partition(".")[2] not in {i.name for i in block.items} | {k.name for k in table.keys}]
        if table.keys:
            # A repeated sheet's own key, once, so that formulas on the sheet can look it up.
            key = model.quantities[table.keys[0].quantity]
            self.label(0, key.label, "label")
            self.label(2, "", "unit")
            self.wide(3, "This sheet's own", TEXT_COLUMNS - 3)
            self.layout.segments.setdefault(key.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
            self.row += 1
        for name in [*(item.name for item in block.items), *extra]:
            quantity = model.quantities[f"{block.name}.{name}"]
            self.label(0, quantity.label, "label")
            self.label(2, unit_text(quantity), "unit")
            self.layout.segments.setdefault(quantity.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
            how = quantity.doc or equation(model, quantity)
            self.wide(3, how, TEXT_COLUMNS - 3)
            self.row += 1

    def table(self, name: str) -> None:
        """Header, units and rows of a table, or of this sheet's share of it."""
        model = self.layout.model
        table = model.tables[name]
        rows = [number for number, keys in enumerate(table.rows) if not table.split or keys[0] == self.plan.member]
        share = range(rows[0], rows[-1] + 1)
        key_names = {key.quantity for key in table.keys}
        head = self.row
        for column, quantity_id in enumerate(table.columns):
            quantity = model.quantities[quantity_id]
            width = KEY_WIDTH if quantity_id in key_names else CELL_WIDTH
            if quantity.is_text:
                longest = max((len(str(text)) for text in [*quantity.constants.values(), *(f.value for f in quantity.inputs.values())]), default=0)
                width = min(WIDEST, max(width, 1.1 * longest + 3))
            self.plan.labels.append(Label(head, column, quantity.label, "header"))
            unit = unit_text(quantity)
            self.plan.labels.append(Label(head + 1, column, unit, "header_unit"))
            self.plan.widen(column, max(width, *(1.2 * len(word) + 1.5 for word in quantity.label.split()), 1.05 * len(unit) + 2))
            self.layout.segments.setdefault(quantity_id, []).append(Segment(self.plan.name, share, head + 2, column))
        self.plan.last_column = max(self.plan.last_column, len(table.columns) - 1)
        self.row = head + 2 + len(rows)

    def charts(self, block: ChartsBlock) -> None:
        self.plan.charts.extend(
            ChartPlace(chart, self.titled(chart.title), self.row, -1 if number else 0, 2 if len(block.charts) > 1 else 1, CHART_ROWS, self.plan.member)
            for number, chart in enumerate(block.charts)
        )
        self.row += CHART_ROWS

    def special(self, block: SpecialBlock) -> None:
        self.heading(block.title)
        match block.kind:
            case "contents":
                self.contents()
            case "colours":
                self.colours()
            case "equations":
                self.equations()
            case "sources":
                self.sources()
            case _:
                self.alternates()

    def contents(self) -> None:
        self.header(("Sheet", "Question it answers"), (LABEL_WIDTH, 0.0), (1, TEXT_COLUMNS - 1))
        for plan in self.layout.sheets.values():
            if plan.name == self.plan.name:
                continue
            self.plan.labels.append(Label(self.row, 0, plan.name, "link", link=f"internal:'{plan.name}'!A1"))
            card = self.layout.model.declared.catalogues[plan.declared.each].cards[plan.member] if plan.member else None
            text = plan.declared.answers.replace(f"{{{plan.declared.each_key}}}", card.name if card else "")
            self.wide(1, text, TEXT_COLUMNS - 1)
            self.row += 1

    def colours(self) -> None:
        rows = (
            ("input", "1.23", "Blue on pale yellow: an input. Edit it; everything that depends on it moves."),
            ("formula", "1.23", "Black: a formula. Locked (no password) so that it is not typed over by accident."),
            ("linked", "1.23", "Green: shows a cell of another sheet."),
            ("muted", "1.23", "Grey: for reference; nothing depends on it."),
            ("passed", "pass", "Green fill: a check that holds."),
            ("failed", "FAIL", "Red fill: a check that does not hold."),
        )
        for style, sample, text in rows:
            self.label(0, sample, f"sample_{style}")
            self.wide(1, text, TEXT_COLUMNS - 1)
            self.row += 1

    def equations(self) -> None:
        """Every formula column of the model as readable mathematics."""
        self.header(("Quantity", "Unit", "Identifier", "Equation"), (LABEL_WIDTH, UNIT_WIDTH, 0.0, 0.0), (1, 1, 2, 6))
        for quantity in self.layout.model.quantities.values():
            if not quantity.variants:
                continue
            self.label(0, quantity.label, "label")
            self.label(1, unit_text(quantity), "unit")
            self.wide(2, quantity.id, 2, "code")
            text = equation(self.layout.model, quantity) if len(quantity.variants) < MANY_EXPRESSIONS else ""
            self.wide(4, text or quantity.doc or "An expression for each row: see the formulas.", 6)
            self.row += 1

    def sources(self) -> None:
        self.header(("Source", "Date", "Publisher", "Reference"), (LABEL_WIDTH, 0.0, 0.0, 0.0), (1, 1, 2, 6))
        for source in self.layout.model.declared.sources.values():
            self.label(0, source.title, "label")
            self.label(1, source.date, "provenance")
            self.wide(2, source.publisher, 2)
            self.wide(4, source.reference + (f"; licence {source.licence}" if source.licence else ""), 6)
            self.row += 1

    def alternates(self) -> None:
        """Every figure of which a card holds two."""
        self.header(("Figure", "Used here", "Unit", "Other", "Basis of the other, and why"), (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, VALUE_WIDTH, 0.0), (1, 1, 1, 1, 6))
        for quantity in self.layout.model.quantities.values():
            for row, (basis, other) in quantity.alternates.items():
                used = quantity.inputs[row]
                self.label(0, f"{row_label(self.layout.model, quantity.id, row)}: {quantity.label}", "label")
                self.label(1, used.value, f"muted_value|{quantity.format}|{quantity.unit}")
                self.label(2, unit_text(quantity), "unit")
                self.label(3, other.value, f"muted_value|{quantity.format}|{quantity.unit}")
                self.wide(4, f"{basis}: {other.note}", 6)
                self.row += 1


def unit_text(quantity: Quantity) -> str:
    """Return a unit as cells show it: nothing for texts, a dash for plain numbers."""
    return {"text": "", "1": "–", "mixed": "as stated"}.get(quantity.unit, quantity.unit)


def settle_heights(plan: SheetPlan) -> None:
    """Give wrapped rows the height their text needs at the final widths."""
    for label in plan.labels:
        if not isinstance(label.text, str) or label.style in {"title", "heading", "link"}:
            continue
        width = sum(plan.widths.get(column, DEFAULT_WIDTH) for column in range(label.column, label.column + label.span))
        lines = _lines(label.text, width * (CHARACTERS_SMALL if label.style in SMALL else CHARACTERS) - 1)
        if lines > 1:
            plan.heights[label.row] = max(plan.heights.get(label.row, LINE), (LINE - 1) * lines + 3)


def _lines(text: str, room: float) -> int:
    """Return how many lines a text takes when it is broken between words."""
    lines = 0
    for paragraph in text.split("\n"):
        lines, used = lines + 1, 0
        for word in paragraph.split():
            if used and used + 1 + len(word) > room:
                lines, used = lines + 1, 0
            used += len(word) + (1 if used else 0)
            lines += int((len(word) - 1) // max(1.0, room))
    return lines


def paginate(plan: SheetPlan) -> None:
    """Choose the print scale that fits the width, and break pages between blocks rather than inside them.

    Excel ignores page breaks where a sheet is fitted to a number of pages, so the scale is worked out here.
    """
    total = sum(column_pixels(plan.widths.get(column, DEFAULT_WIDTH)) for column in range(plan.last_column + 1))
    plan.large = total > TOO_WIDE
    wide, high = LARGE_PAGE if plan.large else PAGE
    plan.scale = max(10, min(100, int(90 * wide / total)))
    repeated = sum(plan.pixels(row) for row in range(3))
    room = high * 100 / plan.scale - repeated
    used = sum(plan.pixels(row) for row in range(3, FIRST_BLOCK))
    for start, stop in zip(plan.starts, [*plan.starts[1:], plan.last_row + 1], strict=True):
        height = sum(plan.pixels(row) for row in range(start, stop))
        fits_a_page = height <= room
        if used + height > room and used > 0 and (fits_a_page or used > room / 2):
            plan.breaks.append(start)
            used = 0.0
        used = used + height if fits_a_page else (used + height) % room
