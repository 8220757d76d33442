"""The keywords of columns: expressions, inputs and printed constants; and columns that are repeated with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PrivateAttr
from pydantic.json_schema import WithJsonSchema

from workbook.declare.catalogues import Figure
from workbook.declare.figures import Bounded, Ranged, Reference, figure_of
from workbook.declare.keywords import (
    ITSELF,
    Anything,
    Entries,
    Expression,
    FirstExpression,
    Flag,
    Keywords,
    Name,
    Number,
    Text,
    Texts,
    Written,
    WrittenOut,
)
from workbook.declare.limits import check_bounds
from workbook.declare.mistakes import read_as
from workbook.declare.nodes import replaced
from workbook.declare.rows import Parents, parents_of
from workbook.declare.schema import Column
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbook.errors import Place, Problems

    Places = dict[str, Place]

Values = Annotated[
    Any,
    WithJsonSchema({"type": ["number", "string", "object"]}),
    Written("figure, or mapping of members to figures, key by key"),
]


class TableColumn(Bounded, Ranged):
    """A column of a table, or an item of a block of values: a formula for every row, inputs, or printed constants."""

    called: ClassVar[str] = "'{owner}.{key}'"
    label: Text = Field("", description="What people read at the head of the column; its name, if left out.")
    unit: Text = Field(
        "1", description="The unit of the values, scopes included: tok/s/gpu. '1' for none, 'text', or 'mixed' where rows differ."
    )
    doc: Text = Field("", description="What the column says, in a sentence or two.")
    format: Text = Field(
        "",
        description="Excel's number format; pass, failures for checks; price, whole_price with 0 for none; unit for texts that are units.",
    )
    formats: Annotated[Entries[str, Text], Written("mapping of members to formats")] = Field(
        {}, description="The number formats of single rows, by the member of their last key."
    )
    section: Text = Field("", description="A heading above the column, in a table that runs across.")
    width: Number = Field(None, description="The characters that a cell is wide, if not what its texts need: longer ones wrap.")
    headline: Flag = Field(
        default=False, description="Give the cells a name of their own in the workbook, as inputs have: others look here first."
    )
    reference: Reference = Field(
        "", description="No result depends on these inputs (in any workbook, or in those of one basis): they are grey."
    )
    expr: Expression = Field(None, description="The formula of every row.")
    switch: Text = Field("", description="The row key that decides which formula of 'case' a row has.")
    case: Annotated[Entries[str, Expression], Written("mapping of members to expressions")] = Field(
        {}, description="The formula of each member of the key 'switch', or of all that a pattern ('azure_*') matches and none before it."
    )
    each_row: Expression = Field(
        None, description="A formula that is written out for each row: {KEY} in it is the row's member of that key."
    )
    first: FirstExpression = Field(
        None, description="The formula of the first row, where others refer to the previous one; null leaves it empty."
    )
    values: Values = Field(None, description="Inputs, blue cells: a figure for each member of the row keys.")
    constants: Values = Field(
        None, description="Constants as a source prints them, with its digits: a figure for each member of the row keys."
    )
    decimals_of: Text = Field("", description="A printed column: the number of decimals that each of its figures is printed with.")
    default: Expression = Field(
        None, description="A formula that fills rows without a value of their own: it may be overwritten in the workbook."
    )
    parents: Parents = Field(
        {},
        description="In a table whose members have parents: those, or patterns ('azure_*'), that take this column from another member.",
    )
    first_of: Annotated[WrittenOut, Written("list of conditions")] = Field(
        None, description="The answer of the first condition that holds: [{when, text or value, code}, ..., {otherwise, code}]."
    )
    code_of: Annotated[WrittenOut, Written("name of a column")] = Field(
        None, description="The code of the answer that the column with 'first_of' has."
    )
    record: Annotated[WrittenOut, Written("mapping of fields to values")] = Field(
        None, description="The row that this column is in the table whose rows are the columns of this one: {FIELD: VALUE}."
    )
    _figures: dict[tuple[str, ...], Figure] = PrivateAttr(default_factory=dict)

    def check(self, problems: Problems) -> None:
        """Read the figures, and record keywords that do not go together."""
        self._read_figures(problems)
        figures = any(map(self.has, ("values", "constants", "default")))
        if not figures:
            self._refuse_evidence(problems)
        if sum(map(bool, (self.expr, self.case, self.each_row, figures, self.decimals_of))) != 1:
            problems.add(
                self.place, f"{ITSELF} needs exactly one of expr, switch + case, each_row, values, constants, decimals_of, default"
            )
        elif self.default and (self.has("constants") or self.first):
            other = "constants" if self.has("constants") else "first"
            problems.add(self.default.place, f"{ITSELF} has 'default' and '{other}'", "beside 'default' stand 'values' at most")
        if self.parents and (not self.has("values") or self.default):
            message = f"{ITSELF} has 'parents', but no values that members could take from one another"
            problems.add(self.key_place("parents"), message, "leave it out; 'default' and formulas hold whatever the parent")
        if bool(self.switch) != bool(self.case):
            problems.add(self.place, f"{ITSELF}: 'switch' and 'case' go together")

    def _read_figures(self, problems: Problems) -> None:
        """Read values, which may lie outside of low and high: these hold for the doubtful ones."""
        self.check_range(self.unit, problems)
        if self.low is not None and self.high is not None and self.low > self.high:
            problems.add(self.key_place("low"), f"{ITSELF}: low <= high does not hold ({self.low:g}, {self.high:g})")
        bounds, grade = self.bounds(), self.grade()
        for path, node in (*_leaves(self.values, ()), *_leaves(self.constants, ())):
            where = f"{ITSELF} at {' '.join(path) or 'its only row'}"
            value = node.text if self.unit == "text" and isinstance(node, Scalar) else number_of(node, where, problems)
            if value is not None:
                check_bounds(value, bounds, node.place, where, problems)
                self._figures[path] = figure_of(value, self.unit, node, grade)

    def _refuse_evidence(self, problems: Problems) -> None:
        """What a formula gives has no evidence of its own; its source is told with the result."""
        for word in ("date", "confidence", "evidence", "note", "low", "high"):
            if self.has(word):
                problems.add(
                    self.key_place(word), f"{ITSELF} has '{word}', but no values of its own", "leave it out; 'doc' describes a formula"
                )

    def declared(self, name: str, place: Place) -> Column:
        """Return the declaration of the column that stands at a key."""
        return self.into(
            Column,
            name=name,
            label=self.label or name,
            place=place,
            starts_blank=self.has("first") and self.first is None,
            figures=self._figures,
            constants=self.has("constants"),
            bounds=self.bounds(),
            width=self.width or 0.0,
            parents=parents_of(self, self.parents),
        )


def _leaves(node: Node | None, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yield the figures nested by row keys, each with its keys."""
    if isinstance(node, Mapping):
        for key, child in node:
            yield from _leaves(child, (*path, key))
    elif node is not None:
        yield path, node


ColumnName = Annotated[str, BeforeValidator(Name("column"))]
Columns = Annotated[Entries[ColumnName, TableColumn], Written("mapping of names to columns")]


def columns(written: dict[str, TableColumn], places: Places) -> tuple[Column, ...]:
    """Return the declarations of columns, each at the place of its key."""
    return tuple(column.declared(name, places[name]) for name, column in written.items())


def with_groups_written_out(sheet: Node, problems: Problems) -> Node:
    """Return a sheet in whose blocks the columns of groups, and repeated ones, stand with the others.

    A group is ``{columns: ...}``, as a part has it that holds several columns; one with ``repeat`` is written out for each number,
    in which ``{n}`` is the number and ``{before}`` the one before it.
    """
    blocks = sheet.items.get("blocks") if isinstance(sheet, Mapping) else None
    if not isinstance(sheet, Mapping) or not isinstance(blocks, Sequence):
        return sheet
    return replaced(sheet, {"blocks": Sequence(tuple(_block(block, problems) for block in blocks.items), blocks.place)})


def _block(block: Node, problems: Problems) -> Node:
    for word in ("columns", "items"):
        given = block.items.get(word) if isinstance(block, Mapping) else None
        if isinstance(block, Mapping) and isinstance(given, Mapping):
            entries: dict[str, Node] = {}
            keys: dict[str, Place] = {}
            for name, node, place in _listed(given, problems):
                if name in entries:
                    problems.add(place, f"'{name}' is given twice (first on line {keys[name].line} of {keys[name].file})", "keep one")
                entries[name], keys[name] = node, place
            block = replaced(block, {word: Mapping(entries, keys, given.place)})
    return block


def _listed(given: Mapping, problems: Problems) -> Iterator[tuple[str, Node, Place]]:
    for name, node in given:
        if isinstance(node, Mapping) and "columns" in node.items:
            group = read_as(Group, node, f"the group '{name}'", problems)
            inner = node.items["columns"]
            for n in group.numbers() if group else ():
                numbered = inner if n is None else _numbered_node(inner, n)
                yield from _listed(numbered, problems) if isinstance(numbered, Mapping) else ()
        else:
            yield name, node, given.keys[name]


class Group(Keywords):
    """Columns that stand together in a part, or that are written once and repeated with a number."""

    columns: Entries[str, Anything] = Field(
        description="The columns; with 'repeat', {n} in them is the number and {before} the one before it."
    )
    repeat: Texts = Field((), description="The first and the last number: the columns are written out for each.")

    def check(self, problems: Problems) -> None:
        """Record what is no first and last number."""
        first_and_last = 2
        if self.has("repeat") and (len(self.repeat) != first_and_last or not all(part.isdigit() for part in self.repeat)):
            problems.add(self.place, "'repeat' gives the first and the last number: repeat: [1, 12]")

    def numbers(self) -> Iterable[int | None]:
        """Return the numbers for which the columns are written out; None for once, as they are."""
        return range(int(self.repeat[0]), int(self.repeat[1]) + 1) if self.repeat else (None,)


def _numbered(text: str, n: int) -> str:
    return text.replace("{n}", str(n)).replace("{before}", str(n - 1))


def _numbered_node(node: Node, n: int) -> Node:
    if isinstance(node, Mapping):
        return Mapping(
            {_numbered(key, n): _numbered_node(child, n) for key, child in node},
            {_numbered(key, n): place for key, place in node.keys.items()},
            node.place,
        )
    if isinstance(node, Scalar) and isinstance(node.value, str):
        text = _numbered(node.text, n)
        return Scalar(text, text, node.place)
    return node
