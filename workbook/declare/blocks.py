"""The keywords of the blocks of a sheet: texts, inputs, lists, cards, values, tables, views, charts. The first word says the kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag

from workbook.declare import schema
from workbook.declare.catalogues import Figure
from workbook.declare.charts import ChartKeywords
from workbook.declare.columns import Columns, TableColumn, columns
from workbook.declare.data import data_columns
from workbook.declare.figures import Bounded, Reference, Sourced, Valued, figure_of
from workbook.declare.keywords import (
    ITSELF,
    Anything,
    Choice,
    Entries,
    Flag,
    Keywords,
    Name,
    Number,
    Parts,
    Text,
    Texts,
    Written,
    WrittenOut,
    mistake,
    words,
)
from workbook.declare.limits import check_bounds
from workbook.declare.rows import Parents, Rows, parents_of
from workbook.declare.schema import SPECIALS, Column
from workbook.declare.yaml import Mapping, number_of
from workbook.errors import Place, Problems, suggest

if TYPE_CHECKING:
    from pathlib import Path


InputsName = Annotated[str, BeforeValidator(Name("inputs")), Written("name")]
ListName = Annotated[str, BeforeValidator(Name("list")), Written("name")]
ValuesName = Annotated[str, BeforeValidator(Name("values")), Written("name")]
ChecksName = Annotated[str, BeforeValidator(Name("checks")), Written("name")]
TableName = Annotated[str, BeforeValidator(Name("table")), Written("name")]
ViewName = Annotated[str, BeforeValidator(Name("view")), Written("name")]


class Block(Keywords):
    """A block of a sheet."""

    title: Text = Field("", description="The heading above the block.")

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        raise NotImplementedError


class TextKeywords(Block):
    """Paragraphs."""

    called: ClassVar[str] = "block 'text'"
    text: Texts = Field(description="The paragraphs, one below the other.")

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        return self.into(schema.TextBlock, paragraphs=self.text)


class Input(Bounded, Valued):
    """A single input: a blue cell with its source and evidence."""

    called: ClassVar[str] = "input '{owner}.{key}'"
    label: Text = Field("", description="What people read next to the cell; its name, if left out.")
    unit: Text = Field("1", description="The unit of the value, scopes included; '1' for none, 'text' for a text.")
    doc: Text = Field("", description="What the input is, in a sentence or two.")
    format: Text = Field("", description="Excel's number format of the cell.")
    reference: Reference = Field("", description="No result depends on the input (in any workbook, or in those of one basis): it is grey.")

    def check(self, problems: Problems) -> None:
        """Record what is wrong with the figure."""
        figure = self.figure(self.unit, ITSELF, problems)
        if figure:
            check_bounds(figure.value, self.bounds(), figure.place, ITSELF, problems)

    def declared(self, name: str, place: Place) -> tuple[Column, Figure] | None:
        """Return the declaration of the input that stands at a key."""
        figure = self.figure(self.unit, ITSELF, Problems())
        column = self.into(Column, name=name, label=self.label or name, place=place, bounds=self.bounds(), source="")
        return (column, figure) if figure else None


InputName = Annotated[str, BeforeValidator(Name("input"))]


class Inputs(Block):
    """Single inputs, one a row: each with value, unit, range, source and evidence."""

    called: ClassVar[str] = "inputs '{name}'"
    inputs: InputsName = Field(description="The name of the block: expressions say NAME.ITEM.")
    defaults: Annotated[WrittenOut, Written("mapping of words to texts")] = Field(
        None, description="The source, date, confidence, evidence and note of inputs that state none."
    )
    bare: Flag = Field(default=False, description="Show label, unit and value alone, as in a table that runs across.")
    items: Annotated[Entries[InputName, Input], Written("mapping of names to inputs")] = Field(
        {}, description="The inputs, in the order of their rows."
    )

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        places = self.key_places("items")
        items = (item.declared(name, places[name]) for name, item in self.items.items())
        return self.into(schema.InputsBlock, name=self.inputs, items=tuple(filter(None, items)))


class List(Bounded, Sourced, Block):
    """Input values in increasing order; the rows of tables can run over them."""

    called: ClassVar[str] = "list '{name}'"
    list: ListName = Field(description="The name of the list.")
    label: Text = Field("", description="What people read at the head of the list; its name, if left out.")
    unit: Text = Field("1", description="The unit of the values.")
    doc: Text = Field("", description="What the values are, in a sentence or two.")
    format: Text = Field("", description="Excel's number format of the cells.")
    values: Annotated[Entries[str, Anything], Written("mapping of keys to numbers")] = Field(
        {}, description="The values, by the key of each."
    )
    _members: dict[str, Figure] = PrivateAttr(default_factory=dict)

    def check(self, problems: Problems) -> None:
        """Read the values, which must increase."""
        for key, node in self.values.items():
            what = f"'{key}' of {ITSELF}"
            value = number_of(node, what, problems)
            if value is not None:
                check_bounds(value, self.bounds(), node.place, what, problems)
                self._members[key] = figure_of(value, self.unit, node, self.grade())
        for earlier, later in pairwise(self._members.values()):
            if not float(earlier.value) < float(later.value):
                problems.add(later.place, f"the values of {ITSELF} must increase")

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        label = self.label or self.list
        return self.into(schema.ListBlock, name=self.list, label=label, members=self._members, bounds=self.bounds())


class Cards(Block):
    """The inputs of the cards of a catalogue; on a sheet for each card, those of its own."""

    called: ClassVar[str] = "block 'cards'"
    cards: Text = Field(description="The catalogue whose cards are shown; each catalogue is shown once.")

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        return self.into(schema.CardBlock, catalogue=self.cards)


class _Computed(Block):
    """Single computed values, one a row."""

    items: Columns = Field({}, description="The values: formulas, or printed constants.")
    sentences: Flag = Field(
        default=False, description="The items are texts to be read on their own: each as wide as the sheet, without a label."
    )

    def check(self, problems: Problems) -> None:
        """Record headings where the items do not run across."""
        refuse_sections(self.items, self.key_places("items"), problems)

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        word = next(iter(self._node.items))
        items = columns(self.items, self.key_places("items"))
        return self.into(schema.ValuesBlock, name=getattr(self, word), items=items, checks=word == "checks")


class ComputedValues(_Computed):
    """Single computed values, one a row."""

    called: ClassVar[str] = "values '{name}'"
    values: ValuesName = Field(description="The name of the block: expressions say NAME.ITEM.")


class Checks(_Computed):
    """Checks of the workbook, one a row: 1 where it passes. Every sheet shows whether all pass."""

    called: ClassVar[str] = "checks '{name}'"
    checks: ChecksName = Field(description="The name of the block.")


class Table(Block):
    """Rows by keys, columns by expressions."""

    called: ClassVar[str] = "table '{name}'"
    table: TableName = Field(description="The name of the table: expressions say NAME[KEY].COLUMN.")
    doc: Text = Field("", description="What the table says, in a sentence or two below its title.")
    rows: Rows = Field({}, description="The keys of the rows, and where their members are from.")
    columns: Columns = Field({}, description="The columns, in the order in which they stand.")
    collect: Text = Field("", description="A catalogue of which every field becomes a column, before the others.")
    points: Text = Field("", description="A catalogue of whose cards every point of a curve becomes a row.")
    data: Text = Field("", description="A CSV file with a line of names and rows of numbers, which become columns of constants.")
    across: Flag = Field(default=False, description="The rows run to the right and the columns down, in a table with one row key.")
    alongside: Flag = Field(default=False, description="The table stands to the right of the block before it, not below.")
    entered_in: Text = Field(
        "", description="A table of some of the same rows and columns, in which people enter these values: here they are links to it."
    )
    shown_with: Text = Field("", description="A column of texts: rows in which it is empty look like empty cells.")
    records: Annotated[WrittenOut, Written("mapping of members to mappings, {of: TABLE.columns}, or {data: FILES}")] = Field(
        None, description="The rows, all that is said of each in one place: its label, its parent, and the fields that columns take."
    )
    defaults: Annotated[WrittenOut, Written("mapping of fields to values")] = Field(
        None, description="What records do not say; and the source, date, confidence, evidence and note of values that state none."
    )
    parents: Parents = Field(
        {}, description="The member from which each takes what it has no value for: a pale blue link that may be overwritten."
    )

    def check(self, problems: Problems) -> None:
        """Record what only a table with one key may have."""
        has_one_key = len(self.rows) == 1 and not self.points
        for word, given, what in (
            ("across", self.across, "that runs across"),
            ("parents", self.parents, "whose members have parents"),
        ):
            if given and not has_one_key:
                count = 2 if self.points else len(self.rows) or "no"
                message = f"{ITSELF} has {count} row keys; a table {what} has one"
                problems.add(self.key_place(word), message, f"leave out '{word}', or give it one key under 'rows'")
        for name, column in self.columns.items():
            if column.parents and not self.parents:
                message = f"column '{name}' of {ITSELF} has 'parents', but the table's members have none"
                problems.add(column.key_place("parents"), message, "give the table 'parents', or each record its 'parent'")
        if self.shown_with and self.shown_with not in self.columns:
            message = f"'{self.shown_with}' is no column of {ITSELF}, and rows cannot be shown with it"
            problems.add(self.key_place("shown_with"), message, suggest(self.shown_with, self.columns))
        if not self.across:
            refuse_sections(self.columns, self.key_places("columns"), problems)

    def declared(self) -> schema.Block:
        """Return the declaration of the block, its file of constants unread."""
        rows = self.key_places("rows")
        return self.into(
            schema.TableBlock,
            name=self.table,
            rows=tuple(key.declared(name, rows[name]) for name, key in self.rows.items()),
            columns=columns(self.columns, self.key_places("columns")),
            data=(),
            data_file=self.data,
            parents=parents_of(self, self.parents),
        )


class View(Block):
    """A column of a table with two keys, shown as rows by columns; cells are links."""

    called: ClassVar[str] = "view '{name}'"
    view: ViewName = Field(description="The name of the view.")
    of: Text = Field("", description="The column that is shown, as TABLE.COLUMN; its table has two keys.")
    rows: Text = Field("", description="The key whose members run down.")
    columns: Text = Field("", description="The key whose members run to the right.")
    only: Texts = Field((), description="The members of 'columns' that are shown; all, if left out.")

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        table, _, column = self.of.partition(".")
        return self.into(schema.ViewBlock, name=self.view, table=table, column=column)


class Charts(Block):
    """Up to three charts side by side."""

    called: ClassVar[str] = "block 'charts'"
    charts: Parts[ChartKeywords] = Field(description="One chart, or up to three that stand side by side.")
    rows: Number = Field(None, description="How many rows of the sheet they are high; 22, if left out.")

    def check(self, problems: Problems) -> None:
        """Record more charts than can be read side by side, or none."""
        if not 1 <= len(self.charts) <= 3:  # noqa: PLR2004 more would be too small
            problems.add(self.place, "up to three charts stand side by side")

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        return self.into(schema.ChartsBlock, charts=tuple(chart.declared() for chart in self.charts), rows=int(self.rows or 0))


class Show(Block):
    """A block that the program fills."""

    called: ClassVar[str] = "block 'show'"
    show: Annotated[str, BeforeValidator(Choice(SPECIALS)), words(SPECIALS), Written("one of: " + ", ".join(SPECIALS))] = Field(
        description="What is shown: the contents, every equation in words, the sources, colours, figures of the other basis, or versions."
    )

    def declared(self) -> schema.Block:
        """Return the declaration of the block."""
        return self.into(schema.SpecialBlock, kind=self.show)


def with_data(root: Path, block: schema.Block, problems: Problems) -> schema.Block:
    """Read the file of constants that a table names."""
    if isinstance(block, schema.TableBlock) and block.data_file:
        return replace(block, data=data_columns(root / block.data_file, block.data_file, problems))
    return block


def refuse_defaults(block: schema.Block, each_of: str, problems: Problems) -> None:
    """Record values taken over from an expression that do not belong to the members of one key."""
    if isinstance(block, schema.TableBlock) and len(block.rows) == 1 and not block.points and not each_of:
        return
    given = block.columns if isinstance(block, schema.TableBlock) else block.items if isinstance(block, schema.ValuesBlock) else ()
    for column in given:
        if column.default:
            message = f"'{column.name}' has 'default', which needs a table with one row key on a sheet that is not repeated"
            problems.add(column.default.place, message, "write 'expr', or put it into such a table")


def refuse_sections(items: dict[str, TableColumn], places: dict[str, Place], problems: Problems) -> None:
    """Record headings between quantities that do not stand one below the other."""
    for name, column in items.items():
        if column.section:
            problems.add(places[name], f"'{name}' has a 'section', but its table does not run across", "add 'across: true'")


BLOCKS: dict[str, type[Block]] = {
    "text": TextKeywords,
    "inputs": Inputs,
    "list": List,
    "cards": Cards,
    "values": ComputedValues,
    "checks": Checks,
    "table": Table,
    "view": View,
    "charts": Charts,
    "show": Show,
}


def _kind(node: Any) -> str:
    return next(iter(node.items), "") if isinstance(node, Mapping) else ""


def _of_a_kind(node: Any) -> Any:
    if _kind(node) not in BLOCKS:
        raise mistake("block", words=tuple(BLOCKS), first=_kind(node))
    return node


AnyBlock = Annotated[
    Annotated[TextKeywords, Tag("text block")]
    | Annotated[Inputs, Tag("inputs block")]
    | Annotated[List, Tag("list block")]
    | Annotated[Cards, Tag("cards block")]
    | Annotated[ComputedValues, Tag("values block")]
    | Annotated[Checks, Tag("checks block")]
    | Annotated[Table, Tag("table block")]
    | Annotated[View, Tag("view block")]
    | Annotated[Charts, Tag("charts block")]
    | Annotated[Show, Tag("show block")],
    Discriminator(lambda node: f"{_kind(node)} block"),  # no keyword, so that it cannot be taken for one in the path of an error
    BeforeValidator(_of_a_kind),
]
"""A block, whose first word says its kind."""
