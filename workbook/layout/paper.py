"""Fitting a placed sheet to screen and paper: row heights, print scale and page breaks."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from workbook.declare.schema import CardBlock, TableBlock
from workbook.expr.nodes import Call, Text, Tree, children
from workbook.layout.plan import DEFAULT_WIDTH, LINE, column_pixels
from workbook.layout.style import properties
from workbook.xlsx.glyphs import line_count, text_pixels

if TYPE_CHECKING:
    from workbook.declare.schema import Block
    from workbook.layout.plan import Label, Layout, SheetPlan
    from workbook.model.graph import Model

WIDER = 1.15  # another font in the place of Calibri, in rows that do not grow by themselves
LINE_OF_TEXT = 1.25  # its height in sizes of its letters
POINTS, PADDING, INDENT = 10, 10.0, 9.0  # usual letters, and the pixels that a cell and a step of indentation take of its width
A4, A3, MARGINS = (1122.5, 793.7), (1587.4, 1122.5), (48.0, 86.4)  # pixels of pages that lie, 96 to the inch, and of both margins
READABLE = 60  # percent from which letters of 10 points are printed with 6: what people read is on A4, no smaller
SPARE = 0.95  # of the width of a page, where another font than Calibri makes columns wider
WIDEST = 1.25  # widths of columns with the digits of DejaVu Sans, which stands in where Calibri and Carlito are missing
SPARE_DOWN = 0.96  # of its height: rows are rounded up to dots
NARROW = 50  # percent down to which a sheet is rather one page wide than cut into several side by side
FOR_READERS = {"guide", "answers", "inputs"}  # roles of sheets that are printed to be read
TOO_WIDE = 1900  # pixels beyond which A4 would not be readable
ONE_PAGE = 50  # percent from which a sheet is better on one page than larger on several
MANY = 3  # pages to a break from which breaks are not worth a fixed scale: programs that fit a sheet to a width pay no heed to them
SMALLEST = 40  # percent; below it a sheet is not readable and takes several pages side by side
MOST_DIGITS = 7  # of a whole number in a text
TITLE_ROWS = 3  # repeated on every page


def longest_text(model: Model, name: str, known: dict[str, int] | None = None) -> int:
    """Return the length of the longest text that the cells of a text column can show, whatever the inputs.

    ``known`` holds the lengths found on the way: each column is asked once, however many others show its texts.
    """
    known = {} if known is None else known
    quantity = model.quantities[name]
    if name not in known and quantity.is_text:
        known[name] = 0  # of texts that come round to this column, it adds none of its own
        texts = [*quantity.constants.values(), *(figure.value for figure in quantity.inputs.values())]
        texts += [*model.choices(quantity.bounds).values(), *quantity.bounds.choices]
        linked = [longest_text(model, target, known) for target in dict.fromkeys(target for target, _ in quantity.links.values())]
        written = [_longest(model, variant.tree, known) for variant in quantity.variants]
        known[name] = max([0, *linked, *written, *(len(str(text)) for text in texts)])
    return known.get(name, 0)


def _longest(model: Model, tree: Tree, known: dict[str, int]) -> int:
    """Return the length of the longest text that an expression can give: joined texts add up, of others one is shown."""
    match tree:
        case Text(value=text):
            return len(text)
        case Call(function="text"):
            return MOST_DIGITS
        case Call(function="join", arguments=parts):
            return sum(_longest(model, part, known) for part in parts)
        case _:
            own = getattr(tree, "quantity", "")
            inner = [_longest(model, child, known) for child in children(tree)]
            return max([longest_text(model, own, known) if own else 0, *inner])


def text_width(model: Model, name: str) -> float:
    """Return the column width that shows every text of a text column."""
    return 1.1 * longest_text(model, name) + 3


def settle_heights(plan: SheetPlan) -> None:
    """Give rows of wrapped texts the height these need at the final widths; those that programs make high enough themselves have none."""
    rows: dict[int, list[Label]] = {}
    for label in plan.labels:
        if isinstance(label.text, str) and _look(label.style).get("text_wrap"):
            rows.setdefault(label.row, []).append(label)

    @cache
    def room(column: int, span: int) -> float:
        return sum(column_pixels(plan.widths.get(each, DEFAULT_WIDTH)) for each in range(column, column + span))

    def count(label: Label, wider: float) -> int:
        return _lines(label, room(label.column, label.span), wider)

    for row, labels in rows.items():
        if row in plan.heights or any(count(label, WIDER if _is_fixed(label) else 1.0) > 1 for label in labels):
            needed = max(height_of(count(label, WIDER), _look(label.style)["font_size"]) for label in labels)
            plan.heights[row] = max(plan.heights.get(row, LINE), needed)


@cache
def _look(style: str) -> dict[str, Any]:
    return properties(style)


def _is_fixed(label: Label) -> bool:
    """Whether no program makes a row high enough for a label by itself."""
    return label.span > 1 or label.style == "header"


def _lines(label: Label, pixels: float, wider: float) -> int:
    """Return how many lines a label takes in columns of so many pixels, in a font so much wider than Calibri."""
    look = _look(label.style)
    room = pixels - PADDING - INDENT * look.get("indent", 0)
    return line_count(str(label.text), room, wider * look["font_size"], bold=look.get("bold", False))


def height_of(count: int, points: float = POINTS) -> float:
    """Return the height of a row of so many lines of text."""
    return max(LINE, LINE_OF_TEXT * points * count + 3)


def lines(text: str, width: float, *, bold: bool = False) -> int:
    """Return how many lines a text takes in a column so many characters wide, in a wider font than Calibri, too."""
    return line_count(text, column_pixels(width) - PADDING, WIDER * POINTS, bold=bold)


def header_width(text: str, most: int) -> float:
    """Return the column width at which a header or a unit takes no more lines than ``most``, and no word is broken."""
    words = (text_pixels(word, POINTS, bold=True) for word in text.split())
    width = (WIDER * max(words, default=0.0) + PADDING) / 7
    return next(width + step for step in count() if lines(text, width + step, bold=True) <= most)


def _page(upright: bool, paper: tuple[float, float] = A4) -> tuple[float, float]:  # noqa: FBT001 a way to turn the page
    """Return the pixels that a page has for its sheet, across and down."""
    wide, high = paper[::-1] if upright else paper
    return wide - MARGINS[0], high - MARGINS[1]


def _sizes(wide: float, high: float) -> dict[bool, float]:
    """Return the size at which a page of A4 holds a sheet, upright or not."""
    return {upright: min(_page(upright)[0] / wide, _page(upright)[1] / high) for upright in (False, True)}


def _fits_a_page(plan: SheetPlan, wide: int) -> bool:
    """Choose the way of a page that holds the whole sheet and shows it larger; False where neither is readable."""
    sizes = _sizes(wide, sum(plan.pixels(row) for row in range(plan.last_row + 1)))
    upright = max(sizes, key=lambda way: sizes[way])
    if 100 * sizes[upright] < ONE_PAGE:
        return False
    plan.upright, plan.scale, plan.fitted, plan.high = upright, min(100, int(100 * sizes[upright])), True, 1
    return True


def paginate(plan: SheetPlan) -> None:
    """Choose the print scale that fits the width, and break pages between blocks rather than inside them.

    A sheet that one page of A4 holds, upright or lying, has one. Excel ignores page breaks where a sheet is fitted to a number of pages,
    so the scale is worked out here.
    """
    if plan.declared.role in FOR_READERS:
        _for_readers(plan)
        return
    total = sum(column_pixels(plan.widths.get(column, DEFAULT_WIDTH)) for column in range(plan.last_column + 1))
    if _fits_a_page(plan, total):
        return
    plan.large = total > TOO_WIDE
    wide, high = _page(upright=False, paper=A3 if plan.large else A4)
    plan.scale = max(SMALLEST, min(100, int(90 * wide / total)))
    plan.breaks, pages = _broken(plan, high * 100 / plan.scale)
    if plan.scale > SMALLEST and pages > MANY * len(plan.breaks):
        plan.fitted, plan.breaks = True, []


def printed(plan: SheetPlan, rows: list[list[Block]], layout: Layout) -> tuple[int, int]:
    """Return the last row and column that are printed: those that the sheet names, or the last before the cards of inputs.

    Cards tell of each figure where it is from; tables of all of them stand above. So do the rows below a table at the end.
    """
    sheet = plan.declared
    named = [number for number, row in enumerate(rows) if any(getattr(block, "name", "") == sheet.prints for block in row)]
    others = [number for number, row in enumerate(rows) if not any(isinstance(block, CardBlock) for block in row)]
    number = named[0] if sheet.prints else others[-1] if others and sheet.role == "inputs" else -1
    bottom, right = plan.extents[number]
    last = column_of(layout, sheet.prints_to)
    ends = [_end(layout, block) for block in rows[number] if isinstance(block, TableBlock)]
    whole = sheet.role not in FOR_READERS or len(ends) < len(rows[number])
    return bottom if whole else max(ends), right if last is None else last  # a book of fewer sheets may have fewer columns


def _end(layout: Layout, block: TableBlock) -> int:
    """Return the last row of a table on its sheet, from 0."""
    return max(layout.segments[name][-1].last[0] for name in layout.model.tables[block.name].columns)


def column_of(layout: Layout, name: str) -> int | None:
    """Return the column of its sheet, from 0, of TABLE.COLUMN, or of TABLE.MEMBER where the table runs across; None without one."""
    of, _, member = name.partition(".")
    table = layout.model.tables.get(of)
    if table and table.across and (member,) in table.index:
        return layout.cell(table.columns[-1], table.index[(member,)])[2]
    return layout.cell(name, 0)[2] if name in layout.segments else None


def _for_readers(plan: SheetPlan) -> None:
    """Put what is printed of a sheet on one page of A4 if it can be read there, else on as few as there can be."""
    widths = [column_pixels(plan.widths.get(column, DEFAULT_WIDTH)) for column in range(plan.printed[1] + 1)]
    wide, high = sum(widths), sum(plan.pixels(row) for row in range(plan.printed[0] + 1))
    sizes = _sizes(wide, high)
    plan.upright = max(sizes, key=lambda way: sizes[way])
    plan.fitted = round(100 * sizes[plan.upright]) >= READABLE
    if plan.fitted:
        plan.scale, plan.high = min(100, int(100 * sizes[plan.upright])), 1
        return
    ways = {(upright, scale): _pages(plan, widths, upright, scale) for upright in (False, True) for scale in range(NARROW, 101, 2)}
    readable = {way for way in ways if way[1] >= READABLE}
    narrow = {way for way, (_, is_wider) in ways.items() if not is_wider}
    spills = {way for way in ways if WIDEST * sum(widths) * way[1] / 100 > _page(way[0])[0]}
    plan.upright, plan.scale = min(readable & narrow or narrow or readable, key=lambda way: (ways[way], way in spills, -way[1]))
    plan.breaks, _ = _broken(plan, _room(plan.upright, plan.scale)[1])
    _, is_wider = ways[plan.upright, plan.scale]
    if not plan.breaks and not is_wider:  # programs that fit a sheet to some pages pay no heed to its breaks
        plan.fitted, plan.repeated = True, _head(plan)


def _head(plan: SheetPlan) -> tuple[int, int]:
    """Return the first and last row that each page begins with: the head of the table that goes on from page to page."""
    heads = sorted({label.row for label in plan.labels if label.style in {"header", "header_unit"} and label.row <= plan.printed[0]})
    return (heads[0], heads[-1]) if heads and len(heads) == heads[-1] - heads[0] + 1 else plan.repeated


def _room(upright: bool, scale: int) -> tuple[float, float]:  # noqa: FBT001 a way to turn the page
    """Return the pixels that a page of A4 holds at a scale, across and down."""
    wide, high = _page(upright)
    return SPARE * wide * 100 / scale, SPARE_DOWN * high * 100 / scale


def _pages(plan: SheetPlan, widths: list[int], upright: bool, scale: int) -> tuple[int, bool]:  # noqa: FBT001 a way to turn the page
    """Return how many pages of A4 a sheet takes at a scale, leading columns and rows repeated, and whether any lie side by side."""
    wide, high = _room(upright, scale)
    repeated = sum(widths[: plan.frozen[1]])
    across, used = 1, repeated
    for width in widths[plan.frozen[1] :]:
        across, used = (across + 1, repeated + width) if used + width > wide else (across, used + width)
    return across * (_broken(plan, high)[1] if repeated < wide / 2 else len(widths)), across > 1


def _broken(plan: SheetPlan, high: float) -> tuple[list[int], int]:
    """Return the rows before which pages break, between blocks where these fit, and how many pages there are one below the other."""
    repeated = sum(plan.pixels(row) for row in range(TITLE_ROWS))
    room = high - repeated
    starts = [start for start in plan.starts if start <= plan.printed[0]]
    used = sum(plan.pixels(row) for row in range(TITLE_ROWS, starts[0]))
    breaks: list[int] = []
    pages = 1.0
    for start, stop in zip(starts, [*starts[1:], plan.printed[0] + 1], strict=True):
        height = sum(plan.pixels(row) for row in range(start, stop))
        fits_a_page = height <= room
        if used + height > room and used > 0 and (fits_a_page or used > room / 2):
            breaks.append(start)
            pages, used = pages + 1, 0.0
        pages += 0 if fits_a_page else (used + height) // room
        used = used + height if fits_a_page else (used + height) % room
    return breaks, int(pages)
