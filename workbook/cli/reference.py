"""The commands that print the reference pages of the language: keywords, functions and units; and that which writes JSON Schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbook.ask import reference
from workbook.ask.language import language_page, word_text, write_schemas
from workbook.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("name", required=False)
def functions(name: str | None) -> None:
    """Print the functions that expressions may use, or one of them."""
    click.echo(reference.function_text(name) if name else reference.functions_page(), nl=False)


@click.command()
@click.argument("name", required=False)
@options.templates
def units(name: str | None, templates: Path | None) -> None:
    """Print the units that templates may use, or one of them."""
    click.echo(reference.unit_text(name, templates) if name else reference.units_page(templates), nl=False)


@click.command()
@click.argument("word", required=False)
def language(word: str | None) -> None:
    """Print the keywords of templates, or what one of them does and where it stands."""
    click.echo(word_text(word) if word else language_page(), nl=False)


@click.command()
@options.templates
def catalogue(templates: Path | None) -> None:
    """Print every figure of accelerators and models with its evidence and source."""
    from workbook.ask.catalogue import page  # noqa: PLC0415 templates are loaded only when needed

    click.echo(page(templates), nl=False)


@click.command()
@click.argument("target", type=options.PATH, metavar="DIR")
@options.templates
def schema(target: Path, templates: Path | None) -> None:
    """Write the JSON Schemas of templates to a directory: editors complete and check templates with them."""
    click.echo(f"{target}: {write_schemas(target, templates)} files")
