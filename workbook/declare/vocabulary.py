"""The kinds of mapping that templates are made of, by what the documentation calls them, and the keywords of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.declare import (
    blocks,
    breaks,
    cards,
    charts,
    columns,
    figures,
    first_of,
    groups,
    like,
    lines,
    patterns,
    points,
    records,
    rows,
    template_files,
)
from workbook.declare.keywords import Keywords, Written
from workbook.declare.parts import PartFile, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

KINDS: dict[str, type[Keywords]] = {
    "workbook": template_files.WorkbookFile,
    "break": breaks.BreakKeywords,
    "pattern": patterns.Pattern,
    "sheet": template_files.SheetFile,
    "search": template_files.Search,
    "part": Use,
    "file of a part": PartFile,
    "block": blocks.Block,
    "text": blocks.TextKeywords,
    "inputs": blocks.Inputs,
    "input": blocks.Input,
    "list": blocks.List,
    "values": blocks.ComputedValues,
    "checks": blocks.Checks,
    "table": blocks.Table,
    "row key": rows.RowKey,
    "records of columns": records.RecordsOf,
    "records in files": lines.RecordsIn,
    "column": columns.TableColumn,
    "group of columns": columns.Group,
    "columns like others": like.LikeColumns,
    "answer": first_of.Answer,
    "condition": first_of.Condition,
    "otherwise": first_of.Otherwise,
    "view": blocks.View,
    "charts": blocks.Charts,
    "chart": charts.ChartKeywords,
    "axis": charts.Axis,
    "series": charts.ChartSeries,
    "cards": blocks.Cards,
    "show": blocks.Show,
    "catalogue": cards.CatalogueFile,
    "field": figures.CardField,
    "curve": points.CurvePoints,
    "card": cards.CardFile,
    "defaults of a card": cards.CardDefaults,
    "group of figures": groups.CardGroup,
    "figure": figures.CardFigure,
    "figures of two bases": figures.CardFigures,
    "calculated figure": figures.CardExpression,
    "points": points.CardPoints,
    "source": cards.SourceEntry,
    "value": figures.Valued,
    "limits": figures.Bounded,
    "evidence": figures.Sourced,
    "range": figures.Ranged,
}
SHARED = ("block", "answer", "value", "limits", "evidence", "range")
"""The kinds that are only ever part of others: what these have in common."""
REQUIRED = "required"  # in place of what counts where a keyword is left out


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword as documentation has it: its kind, how it is written, what counts if it is left out, and what it does."""

    name: str
    kind: str
    written: str
    default: str
    meaning: str


def keywords_of(kind: str) -> list[Keyword]:
    """Return the keywords of a kind, required ones first, without those that it shares with others."""
    shared = {name for other in shared_by(kind) for name in KINDS[other].model_fields}
    fields = KINDS[kind].model_fields
    found = [_keyword(kind, field.alias or name, field) for name, field in fields.items() if name not in shared]
    return sorted(found, key=lambda keyword: keyword.default != REQUIRED)


def shared_by(kind: str) -> list[str]:
    """Return the kinds that are part of a kind."""
    bases = KINDS[kind].__mro__[1:]
    return [name for name in SHARED if KINDS[name] in bases]


def places_of(kind: str) -> list[str]:
    """Return where the keywords of a kind may stand: in itself, or in those that it is part of."""
    return [name for name, other in KINDS.items() if name not in SHARED and issubclass(other, KINDS[kind])]


def all_keywords() -> Iterator[Keyword]:
    """Yield every keyword of every kind."""
    for kind in KINDS:
        yield from keywords_of(kind)


def _keyword(kind: str, name: str, field: FieldInfo) -> Keyword:
    written = [item.words for item in field.metadata if isinstance(item, Written)]
    return Keyword(name, kind, written[-1] if written else _mapping(field), _default(field), field.description or "")


def _mapping(field: FieldInfo) -> str:
    """Return how a keyword is written whose value is a mapping of a kind of its own."""
    return next((f"mapping: {name}" for name, kind in KINDS.items() if kind.__name__ in str(field.annotation)), "mapping")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return REQUIRED
    if isinstance(field.default, bool):
        return "true" if field.default else "false"
    return str(field.default) if field.default else ""
