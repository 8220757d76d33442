"""The keywords of a table's rows: keys and their members, and the parents of members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from workbook.declare import schema
from workbook.declare.keywords import AT_KEY, ITSELF, Entries, Flag, Keywords, Member, Name, Number, Text, Texts, Written, mistake
from workbook.declare.yaml import Mapping, Node, Scalar

if TYPE_CHECKING:
    from workbook.errors import Place, Problems

RowName = Annotated[str, BeforeValidator(Name("row key"))]


class RowKey(Keywords):
    """A key of a table's rows. A table has a row for each combination of the members of its keys."""

    called: ClassVar[str] = "row key '{key}'"
    label: Text = Field("", description="What people read at the head of the key's column.")
    of: Texts = Field((), description="The catalogue, the list or the tables whose members these are. 'KEY: NAME' alone says the same.")
    only: Texts = Field((), description="With 'of': the members that have rows; or {FIELD: VALUE}, those whose records say so.")
    without: Texts = Field((), description="With 'of': the members that have none, listed or picked by their records; a new one has.")
    members: Annotated[Entries[str, Member], Written("mapping of keys to texts or numbers")] = Field(
        {}, description="The members, and what people read for each; numbers can be calculated with."
    )
    shares: Annotated[Entries[str, Text], Written("mapping of members to members")] = Field(
        {}, description="Members without a row of their own, and the member whose row is theirs: looked up by them, that row is found."
    )
    count: Number = Field(
        None, description="How many members, or a table with as many records; they are called by the key and a number: draw1, draw2."
    )
    prefix: Text = Field("", description="With 'count': what the keys of the members begin with; the key, if left out.")
    parts: Annotated[Entries[RowName, RowKey], Written("mapping of names to row keys")] = Field(
        {}, description="Keys of which the members are made: one for each combination, such as low_rate of low and rate."
    )
    unit: Text = Field("", description="The unit of members that are numbers.")
    renamable: Flag = Field(default=False, description="The names of the members are inputs: users may overwrite them in the workbook.")

    @classmethod
    def in_full(cls, node: Node) -> Node:
        """Return the mapping for a name that stands alone."""
        return Mapping({"of": node}, {"of": node.place}, node.place) if isinstance(node, Scalar) else node

    def check(self, problems: Problems) -> None:
        """Record members that come from nowhere, or from two places."""
        if sum(map(bool, (self.of, self.members or self.count, self.parts))) != 1:
            problems.add(AT_KEY, f"{ITSELF} needs either 'of' (a catalogue, list or tables), 'members', 'count' or 'parts'")

    def declared(self, name: str, place: Place) -> schema.RowKey:
        """Return the declaration of the key that stands at a name."""
        counted: dict[str, str | float] = {f"{self.prefix or name}{number}": float(number) for number in range(1, int(self.count or 0) + 1)}
        parts = tuple(part.declared(key, place) for key, part in self.parts.items())
        return self.into(schema.RowKey, name=name, place=place, members=counted | self.members, parts=parts)


Rows = Annotated[Entries[RowName, RowKey], Written("mapping of keys to where their members are from")]


def _parent(node: Any) -> str:
    if isinstance(node, Scalar) and node.value is not None:
        return node.text
    raise mistake("parent")


Parents = Annotated[Entries[str, Annotated[str, BeforeValidator(_parent)]], Written("mapping of members to members")]


def parents_of(written: Keywords, parents: dict[str, str]) -> tuple[schema.Parent, ...]:
    """Return the declarations of what is written under the keyword ``parents``."""
    places, node = written.key_places("parents"), written.node_of("parents")
    nodes = node.items if isinstance(node, Mapping) else {}
    return tuple(schema.Parent(key, parent, places[key], nodes[key].place) for key, parent in parents.items())
