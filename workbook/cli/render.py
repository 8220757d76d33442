"""The command that prints a workbook to pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbook.cli import options
from workbook.cli.options import PATH

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=options.Command)
@click.argument("file", type=PATH)
@click.option("--pdf", type=PATH, metavar="FILE", help="Write a PDF: a file ending in .pdf, or a folder for one.")
@click.option("--png", "pictures", type=PATH, metavar="DIR", help="Write a picture a page to a folder, named by workbook and sheet.")
@click.option("--sheet", default="", metavar="NAME", help="Print this sheet only; all that are not hidden by default.")
@click.option("--dpi", type=click.IntRange(20, 600), default=80, show_default=True, help="Dots an inch of the pictures.")
def render(file: Path, pdf: Path | None, pictures: Path | None, sheet: str, dpi: int) -> None:
    """Print FILE to PDF or to pictures, as LibreOffice does.

    It takes LibreOffice, and pdftoppm for pictures: the Debian packages libreoffice-calc, python3-uno and poppler-utils.
    """
    if pdf is None and pictures is None:
        raise click.UsageError("give --pdf FILE or --png DIR")
    from workbook.render import pages  # noqa: PLC0415 engines are loaded only when needed

    for written in pages.render(file, pdf, pictures, sheet, dpi):
        click.echo(str(written))
