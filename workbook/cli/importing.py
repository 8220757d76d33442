"""The commands that read files of one's own into cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from workbook.cli import options
from workbook.cli.options import PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbook.importers.card import Card

_LONG = 16 * 1024 * 1024  # bytes; shorter files are read before a bar could be seen
out = click.option("-o", "--out", type=PATH, metavar="CARD", help="Where to write; KEY.yaml in the current folder by default.")
file = click.argument("file", type=PATH)


class _Group(click.Group):
    command_class = options.Command


@click.group("import", cls=_Group)
def importing() -> None:
    """Read a file of your own into a card: a trace, a model's config.json, a benchmark, a log of power.

    Put the card into the folder of its kind under your templates (workbook templates DIR), and build with --templates DIR.
    """


def _finish(card: Card, target: Path | None) -> None:
    """Write a card, and say what became of it."""
    path = card.save(target)
    for line in card.warnings:
        click.echo(line, err=True)
    click.echo(f"{path}: {card.verdict}; for the folder {card.kind} of your templates")


def _read(file: Path, run: Callable[[Callable[[int, int], None]], Card]) -> Card:
    """Run an importer with a bar for long files, on a terminal only."""
    console = Console(stderr=True)
    shown = console.is_terminal and file.is_file() and file.stat().st_size > _LONG
    with Progress(console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task(file.name, total=None)
        return run(lambda done, total: bar.update(task, advance=done, total=total))


@importing.command()
@file
@out
@click.option("--input-column", metavar="NAME", help="The column of input tokens.")
@click.option("--output-column", metavar="NAME", help="The column of output tokens.")
@click.option("--time-column", metavar="NAME", help="The column of arrival times: dates, or numbers.")
@click.option("--hash-column", metavar="NAME", help="The column of ids of prefix blocks.")
@click.option("--time-unit", type=click.Choice(["s", "ms"]), help="Unit of times that are numbers; s, but for Mooncake's columns.")
@click.option("--block", type=click.IntRange(1, 1 << 20), default=512, show_default=True, help="Tokens of a prefix block.")
def trace(file: Path, out: Path | None, time_unit: str | None, block: int, **columns: str | None) -> None:
    """Read a trace of requests (CSV, JSON lines or Parquet): lengths, rates, shared prefixes.

    The columns of the traces of Azure, Mooncake and BurstGPT are known; name others.
    """
    from workbook.importers.trace import import_trace  # noqa: PLC0415 pandas is loaded only when needed

    given = {name.removesuffix("_column"): value for name, value in columns.items() if value}
    _finish(_read(file, lambda progress: import_trace(file, given, unit=time_unit or "", block=block, progress=progress)), out)


@importing.command()
@file
@out
def model(file: Path, out: Path | None) -> None:
    """Read a model's config.json of Hugging Face: its shape, parameters and KV cache."""
    from workbook.importers.model import import_model  # noqa: PLC0415 as above

    _finish(import_model(file), out)
