"""The page of the catalogue: what is measured, published or assumed of each accelerator and model, with its source, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook import api
from workbook.ask.reference import table

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.catalogues import Card, Entry, Field
    from workbook.declare.schema import Source

CATALOGUES = ("hardware", "listed_hardware", "models")
HEAD = """# The catalogue

What the planning workbook knows of accelerators and models, each figure with its evidence: measured, published by the maker (vendor) or
by others, derived from such figures, projected, or assumed where nothing is published. `workbook catalogue` prints this page; a figure is
changed on its card in `templates/`, and `workbook drift` says which are old.
"""


def page(templates: Path | str | None = None) -> str:
    """Return the page; raises WorkbookError for mistakes in the templates."""
    declared = api.load("planning", templates).model.declared
    lines = [HEAD]
    for catalogue in (declared.catalogues[name] for name in CATALOGUES if name in declared.catalogues):
        lines += [f"## {catalogue.title}\n"]
        for card in catalogue.cards.values():
            rows = _rows(card, catalogue.fields, declared.sources)
            lines += [f"### {card.name}\n", f"{card.about}\n", *table(["evidence", "figures", "source"], rows), ""]
    return "\n".join(lines)


def _rows(card: Card, fields: dict[str, Field], sources: dict[str, Source]) -> list[list[str]]:
    """Return a row for each kind of evidence and source: the figures that have both."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, entry in card.entries.items():
        figure = entry.figure
        if figure and not entry.computed and not fields[name].takes | (fields[name].unit == "text"):
            found.setdefault((figure.evidence or "assumed", _source(entry, sources)), []).append(_shown(name, fields[name], entry))
    for name, entry in card.entries.items():
        if entry.figure and entry.formula:
            found.setdefault((entry.figure.evidence or "derived", entry.figure.note or "worked out"), []).append(name)
    return [[evidence, ", ".join(dict.fromkeys(figures)), source] for (evidence, source), figures in found.items()]


def _source(entry: Entry, sources: dict[str, Source]) -> str:
    """Return the title and the date of where a figure is from, or its note where it has no source."""
    figure = entry.figure
    source = sources.get(figure.source) if figure else None
    if figure is None or source is None:
        return (figure.note if figure else "") or "none"
    return f"{source.title}, {figure.date or source.date}"


def _shown(name: str, field: Field, entry: Entry) -> str:
    """Return a figure with its unit, as on the card."""
    value = entry.figure.value if entry.figure else ""
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return f"{name} {text}" + ("" if field.unit in {"1", "text"} else f" {field.unit}")
