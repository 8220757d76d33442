"""Frozen declarations: what templates and cards say, each thing with its place. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.declare.catalogues import UNBOUNDED, Bounds, Catalogue, Figure, Formula

if TYPE_CHECKING:
    from workbook.errors import Place

ROLES = {"waterfall": ("base", "fall", "rise", "total"), "tornado": ("low", "high")}
"""The parts that series play in charts that are drawn from several columns: one series for each, in the order they are drawn in."""
CHART_KINDS = ("line", "scatter", "column", "stacked", "bar", *ROLES)
SHEET_ROLES = ("guide", "inputs", "answers", "evidence", "workings")
"""What sheets are for; their tabs are coloured by it."""
SPECIALS = ("contents", "equations", "sources", "colours", "alternates", "versions")
HORIZONTAL = ("bar", "waterfall", "tornado")  # charts with names at the side, the first row at the top


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKey:
    """One key of a table's rows: the members of a catalogue, list or tables, members written out, or made of ``parts``.

    ``only`` lists those of them that rows have, ``without`` those that they have not: a new card joins the latter's rows.
    A key of parts has a member for each combination of theirs, such as ``low_rate`` of ``low`` and ``rate``. The names of
    ``renamable`` members are inputs. Members in ``shares`` have the row of another.
    """

    name: str
    label: str
    place: Place
    of: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    members: dict[str, str | float] = field(default_factory=dict)
    unit: str = ""
    parts: tuple[RowKey, ...] = ()
    without: tuple[str, ...] = ()
    renamable: bool = False
    shares: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parent:
    """A member of a table, and the one whose values it takes over where it has none of its own."""

    member: str
    parent: str
    place: Place
    parent_place: Place


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or an item of a block of values: expressions or inputs.

    ``shows`` gives by row the id of the cell whose value a row shows; rows of ids that no cell has stay blank. Columns
    ``beside`` such a column have expressions only where it shows a cell; one that ``leads`` to it is a link to that cell.
    ``formats`` gives number formats of single rows, ``width`` the characters a cell is wide, if not what its texts need.
    ``reference`` is as that of a field. ``parents`` are those of members that take this column from another than the table says.
    """

    name: str
    label: str
    unit: str
    place: Place
    expr: Formula | None = None
    switch: str = ""
    case: dict[str, Formula] = field(default_factory=dict)
    each_row: Formula | None = None
    first: Formula | None = None
    starts_blank: bool = False
    figures: dict[tuple[str, ...], Figure] = field(default_factory=dict)
    constants: bool = False
    decimals_of: str = ""
    doc: str = ""
    source: str = ""
    format: str = ""
    headline: bool = False
    bounds: Bounds = UNBOUNDED
    section: str = ""
    default: Formula | None = None
    shows: dict[str, str] = field(default_factory=dict)
    beside: str = ""
    leads: str = ""
    formats: dict[str, str] = field(default_factory=dict)
    width: float = 0.0
    reference: str = ""
    parents: tuple[Parent, ...] = ()


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Paragraphs."""

    title: str
    paragraphs: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class GridBlock:
    """Rows of texts under headers; each column spans so many of the sheet's."""

    title: str
    headers: tuple[str, ...]
    spans: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class InputsBlock:
    """Single inputs, one a row, with all provenance columns; ``bare`` with none."""

    name: str
    title: str
    items: tuple[tuple[Column, Figure], ...]
    place: Place
    bare: bool = False


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list of input values that table rows can run over."""

    name: str
    title: str
    label: str
    unit: str
    members: dict[str, Figure]
    place: Place
    format: str = ""
    bounds: Bounds = UNBOUNDED
    doc: str = ""


@dataclass(frozen=True, slots=True)
class CardBlock:
    """The inputs of a catalogue's cards: of all, or of the sheet's own member."""

    catalogue: str
    title: str
    place: Place


@dataclass(frozen=True, slots=True)
class ValuesBlock:
    """Single computed values, one a row; ``sentences`` are as wide as the sheet, without labels."""

    name: str
    title: str
    items: tuple[Column, ...]
    place: Place
    checks: bool = False
    sentences: bool = False


@dataclass(frozen=True, slots=True)
class DataColumn:
    """A column of constants from a file, one number a row."""

    name: str
    values: tuple[float, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows by keys, columns by expressions.

    ``collect`` names a catalogue whose fields become leading columns, ``points`` one whose curves become the rows,
    ``data`` holds columns of constants read from a file. With ``across`` the rows run to the right and the columns down.
    ``entered_in`` names a table of some of the same rows and columns in which people enter these: here they are links.
    One ``alongside`` stands to the right of the block before it. Rows in which the column ``shown_with`` is empty look like empty cells.
    """

    name: str
    title: str
    rows: tuple[RowKey, ...]
    columns: tuple[Column, ...]
    place: Place
    doc: str = ""
    collect: str = ""
    points: str = ""
    data: tuple[DataColumn, ...] = ()
    data_file: str = ""
    across: bool = False
    parents: tuple[Parent, ...] = ()
    entered_in: str = ""
    alongside: bool = False
    shown_with: str = ""


@dataclass(frozen=True, slots=True)
class ViewBlock:
    """A column of a table with two keys, shown as rows by columns; cells are links."""

    name: str
    title: str
    table: str
    column: str
    rows: str
    columns: str
    place: Place
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """A chart axis."""

    title: str
    log: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line or set of bars, or one for each value of the key ``per``; ``role`` is its part in a waterfall or tornado.

    ``above`` and ``below`` are columns with how far the value may be off each way, drawn as error bars; ``high`` has the upper ends.
    """

    table: str
    x: str
    y: str
    name: str
    place: Place
    per: str = ""
    only: tuple[str, ...] = ()
    role: str = ""
    without: tuple[str, ...] = ()
    above: str = ""
    below: str = ""
    high: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are drawn."""
        return tuple(filter(None, (self.x, self.y, self.above, self.below, self.high)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A native chart."""

    title: str
    kind: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ChartsBlock:
    """Up to three charts side by side, so many ``rows`` high (0: as many as usual)."""

    charts: tuple[Chart, ...]
    place: Place
    rows: int = 0


@dataclass(frozen=True, slots=True)
class SpecialBlock:
    """A block that the program fills: contents, equations, sources, key, alternates."""

    kind: str
    title: str
    place: Place


Block = TextBlock | GridBlock | InputsBlock | ListBlock | CardBlock | ValuesBlock | TableBlock | ViewBlock | ChartsBlock | SpecialBlock


@dataclass(frozen=True, slots=True)
class Search:
    """A table over lists whose best rows are sought: the column to make ``most`` of and the one to keep ``least``.

    ``over`` gives for each list the step of the finer one that Python searches.
    """

    table: str
    most: str
    least: str
    over: dict[str, float]
    place: Place


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, or one for each member of the catalogue ``each``; one that ``is_report`` shows cells of others, no use of them.

    ``prints`` names the last block that is printed, ``prints_to`` the last column, or member of a table that runs across.
    """

    name: str
    title: str
    answers: str
    blocks: tuple[Block, ...]
    place: Place
    each_key: str = ""
    each: str = ""
    search: Search | None = None
    is_report: bool = False
    role: str = ""
    prints: str = ""
    prints_to: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from; told in all workbooks or in those of one ``basis``."""

    key: str
    title: str
    publisher: str
    date: str
    reference: str
    licence: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A rule of good spreadsheets that is broken on purpose: on which sheets, in which cells, by which numbers (any, if empty), and why.

    ``columns`` are ids of quantities, or patterns of them, whose cells break it, each with its place.
    """

    rule: str
    sheets: tuple[str, ...]
    cells: str
    columns: tuple[tuple[str, Place], ...]
    numbers: tuple[str, ...]
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything the templates say for one workbook. ``results`` names the table that holds the results of cases.

    ``carried`` is what the file is to carry beside the model, by name, as JSON can hold it. By unit, ``limits`` gives the lowest
    number above 0 and the highest that an input may be, and ``shown_units`` what people read in its place. ``log`` says by version
    what changed, the latest first.
    """

    name: str
    title: str
    about: str
    version: str
    basis: str
    catalogues: dict[str, Catalogue]
    sheets: tuple[Sheet, ...]
    sources: dict[str, Source]
    units_file: str
    place: Place
    results: str = ""
    results_place: Place | None = None
    carried: dict[str, object] = field(default_factory=dict)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    shown_units: dict[str, str] = field(default_factory=dict)
    log: dict[str, str] = field(default_factory=dict)
    breaks: tuple[Break, ...] = ()
