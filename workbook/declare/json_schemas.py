"""JSON Schemas of the templates, for editors: made of the keywords, and of the catalogues for their cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbook.declare import cards, columns, figures, first_of, groups, like, lines, records, template_files
from workbook.declare.mistakes import read_as
from workbook.declare.parts import PartFile, Use
from workbook.declare.yaml import read
from workbook.errors import Problems

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.keywords import Keywords

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_BEFORE: tuple[type[Keywords], ...] = (
    Use,
    columns.Group,
    like.LikeColumns,
    first_of.Condition,
    first_of.Otherwise,
    records.RecordsOf,
    lines.RecordsIn,
)
"""The kinds that are written out before pydantic reads what is around them."""
_MEMBERS: Schema = {"type": ["array", "object", "string"]}
_FIGURE: Schema = {"anyOf": [{"$ref": "#/$defs/CardFigure"}, {"type": ["number", "string"]}]}
_HOLDS: dict[tuple[str, str], Schema] = {
    ("TableColumn", "first_of"): {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Condition"}, {"$ref": "#/$defs/Otherwise"}]}},
    ("Table", "records"): {
        "anyOf": [
            {"$ref": "#/$defs/RecordsOf"},
            {"$ref": "#/$defs/RecordsIn"},
            {"type": "object", "additionalProperties": {"type": "object"}},
        ]
    },
    ("Group", "columns"): {"type": "object", "additionalProperties": {"$ref": "#/$defs/TableColumn"}},
    ("PartFile", "columns"): {"type": "object", "additionalProperties": {"$ref": "#/$defs/TableColumn"}},
    ("CardFigures", "paper"): _FIGURE,
    ("CardFigures", "corrected"): _FIGURE,
    ("RowKey", "count"): {"type": ["number", "string"]},
    ("RowKey", "only"): _MEMBERS,
    ("RowKey", "without"): _MEMBERS,
}
"""What keywords hold before it is written out."""
_INSTEAD = {
    "#/$defs/TableColumn": [{"$ref": "#/$defs/Group"}, {"$ref": "#/$defs/LikeColumns"}],
    "#/$defs/RowKey": [{"type": "string"}],
}
"""What may stand in the place of a kind, besides a part."""


def json_schemas(root: Path) -> dict[str, Schema]:
    """Return the JSON Schemas of templates by name: workbook, sheet, part, catalogue, sources, limits, and each kind of card.

    Raises:
        WorkbookError: A catalogue of these templates cannot be read.

    """
    part = _schema_of(template_files.SheetFile)
    any_block = part["properties"]["blocks"]["anyOf"][0]["items"]["anyOf"][0]["anyOf"]
    of_columns = _schema_of(PartFile)
    source = _schema_of(cards.SourceEntry)
    found = {
        "workbook": _schema_of(template_files.WorkbookFile),
        "sheet": _schema_of(template_files.SheetFile),
        "part": {"$schema": DRAFT, "description": Use.__doc__, "anyOf": [*any_block, _body(of_columns)], "$defs": part["$defs"]},
        "catalogue": _schema_of(cards.CatalogueFile),
        "sources": {"$schema": DRAFT, "type": "object", "additionalProperties": source},
        "limits": _limits(),
    }
    problems = Problems()
    for path in sorted((root / "catalogues").glob("*.yaml")):
        written = read_as(cards.CatalogueFile, read(path, f"catalogues/{path.name}"), f"catalogue '{path.stem}'", problems)
        if written:
            found[path.stem] = _card(written)
    problems.raise_if_any()
    return found


def _schema_of(kind: type[Keywords]) -> Schema:
    """Return the JSON Schema of a kind of mapping, in which a part may stand for any mapping or list."""
    raw = kind.model_json_schema()
    defs: Schema = {**raw.pop("$defs", {}), kind.__name__: raw}
    for other in _BEFORE:
        inner = other.model_json_schema()
        defs |= {**inner.pop("$defs", {}), other.__name__: inner}
    for (name, word), holds in _HOLDS.items():
        if name in defs:
            defs[name]["properties"][word] = {"description": defs[name]["properties"][word]["description"], **holds}
    defs = {name: _definition(schema) for name, schema in defs.items()}
    top = defs[kind.__name__]
    return {"$schema": DRAFT, **top, "$defs": _reached(top, defs)}


def _definition(schema: Schema) -> Schema:
    """Return a schema without what only pydantic reads, with parts in the place of mappings and lists."""
    kept = {word: value for word, value in schema.items() if word not in {"title", "default"}}
    for word in ("anyOf", "oneOf"):
        if word in kept:
            kept["anyOf"] = [_definition(item) for item in kept.pop(word) if item != {"type": "null"}]
    if "properties" in kept:
        kept["properties"] = {name: _held(item) for name, item in kept["properties"].items()}
    for word in ("items", "additionalProperties"):
        if isinstance(kept.get(word), dict):
            kept[word] = _held(kept[word])
    return kept


def _held(schema: Schema) -> Schema:
    """Return the schema of what a keyword or an entry holds: as it is, or as a part has it."""
    schema = _definition(schema)
    if not {"$ref", "anyOf", "items", "additionalProperties"} & schema.keys():
        return schema
    description = {"description": schema.pop("description")} if "description" in schema else {}
    instead = _INSTEAD.get(schema.get("$ref", ""), [])
    return {**description, "anyOf": [schema, *instead, {"$ref": "#/$defs/Use"}]}


def _reached(schema: Any, defs: Schema, found: Schema | None = None) -> Schema:
    """Return the definitions that a schema refers to, and those that these refer to."""
    found = {} if found is None else found
    if isinstance(schema, list):
        for item in schema:
            _reached(item, defs, found)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
        if name in defs and name not in found:
            found[name] = defs[name]
            _reached(defs[name], defs, found)
        for value in schema.values():
            _reached(value, defs, found)
    return dict(sorted(found.items()))


def _card(catalogue: cards.CatalogueFile) -> Schema:
    """Return the schema of a kind of card: the figures that each has, with their units."""
    schema = _schema_of(cards.CardFile)
    figure, both, calculated = (_schema_of(kind) for kind in (figures.CardFigure, figures.CardFigures, figures.CardExpression))
    schema["$defs"] |= figure["$defs"] | both["$defs"] | calculated["$defs"]
    schema["$defs"] |= {"CardFigures": _body(both), "CardExpression": _body(calculated), "CardFigure": _body(figure)}
    given = {name: field for name, field in catalogue.fields.items() if not field.worst_of}
    required = [name for name, field in given.items() if not (field.optional or field.basis or field.has("default"))]
    some = {"type": "object", "properties": {name: _figure(name, field) for name, field in given.items()}, "additionalProperties": False}
    group = _body(_schema_of(groups.CardGroup))
    names: Schema = {"type": "array", "items": {"enum": list(given)}}
    group["properties"]["figures"] = {
        "description": group["properties"]["figures"].get("description", ""),
        "anyOf": [{"$ref": "#/$defs/Fields"}, names],
    }
    schema["$defs"] |= {"Fields": some, "CardGroup": group}
    schema["properties"]["fields"] = {
        "description": schema["properties"]["fields"].get("description", ""),
        "anyOf": [{"$ref": "#/$defs/Fields", "required": required}, {"type": "array", "items": {"$ref": "#/$defs/CardGroup"}}],
    }
    return schema


def _figure(name: str, field: figures.CardField) -> Schema:
    unit = "" if field.unit in {"1", "text"} else f", {field.unit}"
    own = {"allOf": [{"$ref": "#/$defs/CardFigure"}], "properties": {"unit": {"const": field.unit}}}
    bare = {"type": "string" if field.unit == "text" else "number"}
    others = [bare, {"$ref": "#/$defs/CardFigures"}, {"$ref": "#/$defs/CardExpression"}]
    return {"description": f"{field.label or name}{unit}. {field.doc}".rstrip(), "anyOf": [own, *others]}


def _body(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word not in {"$schema", "$defs"}}


def _limits() -> Schema:
    ends = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2, "maxItems": 2}
    meaning = "By unit, the lowest number above 0 and the highest that an input may be where its declaration says no more."
    return {"$schema": DRAFT, "description": meaning, "type": "object", "additionalProperties": ends}
