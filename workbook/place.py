"""Placing the blocks of each sheet, top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from workbook.equations import equation
from workbook.layout import ChartPlace, Label, Layout, Segment, SheetPlan
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
PROVENANCE_WIDTHS = (10.0, 10.0, 11.0, 11.0, 11.0, 40.0, 60.0)
LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH = 34.0, 13.0, 16.0
KEY_WIDTH, CELL_WIDTH, WIDEST = 16.0, 12.0, 60.0
TEXT_COLUMNS = 8
LINE = 15.0
CHART_ROWS = 22
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
            self.block(block)
            self.row += 1
        plan.last_row = max(plan.last_row, self.row)

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

    def header(self, first: tuple[str, ...], widths: tuple[float, ...]) -> None:
        for column, (text, width) in enumerate(zip(first, widths, strict=True)):
            self.label(column, text, "header", width)
        self.row += 1

    def input_header(self) -> None:
        self.header(("Input", "Value", "Unit", *PROVENANCE), (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, *PROVENANCE_WIDTHS))

    def input_row(self, quantity: Quantity, row: int, label: str) -> None:
        """One input: label, value, unit, low, high, date, confidence, evidence, source, note."""
        self.label(0, label, "label")
        self.label(2, "" if quantity.is_text else quantity.unit, "unit")
        self.layout.segments.setdefault(quantity.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
        figure = quantity.inputs.get(row) or quantity.evidence.get(row)
        if figure:
            self.provenance(figure, quantity.doc, quantity.format)
        self.row += 1
        if row in quantity.alternates:
            basis, other = quantity.alternates[row]
            self.label(0, f"  {label}: {basis} figure, not used here", "muted")
            self.label(1, other.value, f"muted_value|{quantity.format}|{quantity.unit}")
            self.label(2, "" if quantity.is_text else quantity.unit, "muted")
            self.provenance(other, "", quantity.format)
            self.row += 1

    def provenance(self, figure: Figure, doc: str, number_format: str) -> None:
        source = self.layout.model.declared.sources.get(figure.source)
        date = figure.date or (source.date if source else "")
        title = f"{source.title}, {source.reference}" if source else ""
        note = figure.note or doc
        cells = (figure.low, figure.high, date, figure.confidence, figure.evidence, title, note)
        for column, item in enumerate(cells, start=3):
            if item is None or item == "":
                continue
            style = f"muted_value|{number_format}|{figure.unit}" if isinstance(item, float) else "provenance"
            self.label(column, item, style)

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
        names = ("Check" if block.checks else "Result", "Value", "Unit", "How", "Source")
        self.header(names, (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, 0.0, 0.0))
        model = self.layout.model
        table = model.tables[block.name]
        row = table.index[(self.plan.member,)] if self.plan.member else 0
        extra = [name.partition(".")[2] for name in table.columns if name.partition(".")[2] not in {i.name for i in block.items} | {k.name for k in table.keys}]
        if table.keys:
            # A repeated sheet's own key, once, so that formulas on the sheet can look it up.
            key = model.quantities[table.keys[0].quantity]
            self.label(0, key.label, "label")
            self.layout.segments.setdefault(key.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
            self.row += 1
        for name in [*(item.name for item in block.items), *extra]:
            quantity = model.quantities[f"{block.name}.{name}"]
            self.label(0, quantity.label, "label")
            self.label(2, "" if quantity.is_text else quantity.unit, "unit")
            self.layout.segments.setdefault(quantity.id, []).append(Segment(self.plan.name, range(row, row + 1), self.row, 1))
            how = quantity.doc or equation(model, quantity)
            self.plan.labels.append(Label(self.row, 3, how, "how", TEXT_COLUMNS - 3))
            self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS - 1)
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
                width = min(WIDEST, max(width, 1.15 * longest + 2))
            self.plan.labels.append(Label(head, column, quantity.label, "header"))
            unit = "" if quantity.is_text else quantity.unit
            self.plan.labels.append(Label(head + 1, column, unit, "header_unit"))
            self.plan.widen(column, max(width, *(1.2 * len(word) + 1.5 for word in quantity.label.split()), 1.05 * len(unit) + 2))
            self.layout.segments.setdefault(quantity_id, []).append(Segment(self.plan.name, share, head + 2, column))
        self.plan.last_column = max(self.plan.last_column, len(table.columns) - 1)
        self.row = head + 2 + len(rows)

    def charts(self, block: ChartsBlock) -> None:
        self.plan.charts.extend(ChartPlace(chart, self.row, -1 if number else 0, 2 if len(block.charts) > 1 else 1, CHART_ROWS, self.plan.member) for number, chart in enumerate(block.charts))
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
        self.header(("Sheet", "Question it answers"), (LABEL_WIDTH, 0.0))
        for plan in self.layout.sheets.values():
            if plan.name == self.plan.name:
                continue
            self.label(0, plan.name, "link")
            self.plan.labels[-1] = Label(self.row, 0, plan.name, "link", link=f"internal:'{plan.name}'!A1")
            card = self.layout.model.declared.catalogues[plan.declared.each].cards[plan.member] if plan.member else None
            text = plan.declared.answers.replace(f"{{{plan.declared.each_key}}}", card.name if card else "")
            self.plan.labels.append(Label(self.row, 1, text, "how", TEXT_COLUMNS - 1))
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
            self.plan.labels.append(Label(self.row, 1, text, "how", TEXT_COLUMNS - 1))
            self.row += 1

    def equations(self) -> None:
        """Every formula column of the model as readable mathematics."""
        self.header(("Quantity", "Unit", "Identifier", "Equation"), (LABEL_WIDTH, UNIT_WIDTH, 0.0, 0.0))
        for quantity in self.layout.model.quantities.values():
            if not quantity.variants or quantity.table == "banner":
                continue
            self.label(0, quantity.label, "label")
            self.label(1, quantity.unit, "unit")
            self.plan.labels.append(Label(self.row, 2, quantity.id, "code", 2))
            self.plan.labels.append(Label(self.row, 4, equation(self.layout.model, quantity), "how", TEXT_COLUMNS - 4 + 2))
            self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS + 1)
            self.row += 1

    def sources(self) -> None:
        self.header(("Source", "Date", "Publisher", "Reference"), (LABEL_WIDTH, 0.0, 0.0, 0.0))
        for source in self.layout.model.declared.sources.values():
            self.label(0, source.title, "label")
            self.label(1, source.date, "provenance")
            self.plan.labels.append(Label(self.row, 2, source.publisher, "how", 2))
            self.plan.labels.append(Label(self.row, 4, source.reference, "how", TEXT_COLUMNS - 4 + 2))
            self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS + 1)
            self.row += 1

    def alternates(self) -> None:
        """Every figure of which a card holds two."""
        self.header(("Figure", "Used here", "Unit", "Other", "Basis of the other"), (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, 0.0, 0.0))
        for quantity in self.layout.model.quantities.values():
            for row, (basis, other) in quantity.alternates.items():
                used = quantity.inputs[row]
                self.label(0, f"{self.layout.model.tables[quantity.table].keys[0].shown[self.layout.model.tables[quantity.table].rows[row][0]]}: {quantity.label}", "label")
                self.label(1, used.value, f"muted_value|{quantity.format}|{quantity.unit}")
                self.label(2, quantity.unit, "unit")
                self.label(3, other.value, f"muted_value|{quantity.format}|{quantity.unit}")
                self.plan.labels.append(Label(self.row, 4, f"{basis}: {other.note}", "how", TEXT_COLUMNS - 4))
                self.row += 1


def settle_heights(plan: SheetPlan, default_width: float) -> None:
    """Give wrapped rows the height their text needs at the final widths."""
    for label in plan.labels:
        if not isinstance(label.text, str) or label.style in {"title", "heading", "link"}:
            continue
        width = sum(plan.widths.get(column, default_width) for column in range(label.column, label.column + label.span))
        words = max(1, sum(ceil(max(1, len(line)) * 1.08 / max(4.0, width - 1)) for line in label.text.split("\n")))
        if words > 1:
            plan.heights[label.row] = max(plan.heights.get(label.row, LINE), LINE * words)
