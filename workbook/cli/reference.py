"""The commands that print the reference pages of the language: functions and units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbook.ask import reference
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
