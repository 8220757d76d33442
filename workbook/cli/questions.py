"""Commands that ask a workbook something: what stands in it, what cases come to, which rows are best."""

from __future__ import annotations

import io
import json
import sys
from typing import IO, TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from workbook import api
from workbook.cli import options
from workbook.cli.guards import guarded
from workbook.cli.options import PATH
from workbook.cli.roundtrip import remarked
from workbook.files import check_target, whole

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from workbook.declare.overlay_files import Overlays


@click.command(cls=options.Command)
@options.name
@options.sets
@options.overlays
@options.form
@options.templates
def inputs(name: str, sets: tuple[str, ...], overlays: Overlays, form: str, templates: Path | None) -> None:
    """List the inputs of a workbook with their provenance."""
    from workbook.ask import inspect  # noqa: PLC0415 pandas is loaded only when needed

    print_frame(
        inspect.inputs(api.load(name, templates, options.pairs(sets), overlays)),
        form,
        ["id", "value", "unit", "low", "high", "evidence", "confidence", "kind", "label"],
    )


@click.command(cls=options.Command)
@options.name
@options.sets
@options.overlays
@options.form
@options.templates
def cells(name: str, sets: tuple[str, ...], overlays: Overlays, form: str, templates: Path | None) -> None:
    """List every cell: id, sheet, address, label, value, unit, formula, sources."""
    from workbook.ask import inspect  # noqa: PLC0415 as above

    book = api.load(name, templates, options.pairs(sets), overlays)
    print_frame(inspect.cells(book), form, ["id", "sheet", "address", "value", "unit", "formula"])


def print_frame(frame: pd.DataFrame, form: str, columns: list[str], file: IO[str] | None = None, digits: int | None = None) -> None:
    """Print a table as text with these columns, or all of it as CSV (numbers with so many decimals, if given) or JSON."""
    if form == "csv":
        click.echo(frame.map(guarded).to_csv(index=False, float_format=None if digits is None else f"%.{digits}f"), nl=False, file=file)
    elif form == "json":
        # pandas would round to 15 decimals.
        rows = [{key: None if item != item else item for key, item in row.items()} for row in frame.to_dict(orient="records")]  # noqa: PLR0124 not a number
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False), file=file)
    else:
        shown = frame[columns].map(lambda item: f"{item:.10g}" if isinstance(item, float) else item)
        shown = shown.replace("nan", "").fillna("")
        widths = [min(60, max(len(column), *(len(str(item)) for item in shown[column]))) for column in columns]
        for row in [columns, *shown.itertuples(index=False)]:
            click.echo("  ".join(str(item).ljust(width) for item, width in zip(row, widths, strict=True)).rstrip())


@click.command(cls=options.Command)
@options.name
@click.option("--today", default="", metavar="DATE", help="The day compared to; the version of the workbook by default.")
@options.form
@options.templates
def drift(name: str, today: str, form: str, templates: Path | None) -> None:
    """List cards with figures older than a year, and figures that a newer source has.

    What the figure of a newer source would move is the headline that moves most, before and after. Newer figures are lines of
    newer/SOURCE.csv in the templates, by the key of their source.
    """
    from workbook.ask import drift as drifts  # noqa: PLC0415 as above

    print_frame(
        drifts.drift(name, templates, today), form, ["id", "value", "date", "newer", "newer_date", "headline", "before", "after", "note"]
    )


@click.command(cls=options.Command)
@click.argument("name", default="planning", metavar="[WORKBOOK|FILE]")
@click.option("--case", "cases", multiple=True, metavar="NAME", help="Show this case (its key or its name); may be repeated.")
@options.sets
@options.overlays
@options.form
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Write to a file instead.")
@options.templates
def results(
    name: str,
    cases: tuple[str, ...],
    sets: tuple[str, ...],
    overlays: Overlays,
    form: str,
    out: Path | None,
    templates: Path | None,
) -> None:
    """Show what each case of WORKBOOK (planning, or a built and edited FILE.xlsx) comes to: all cases, or those asked for.

    Text shows cases side by side; csv has a row for each case, json an object for each cell.
    """
    from workbook.ask import results as case_results  # noqa: PLC0415 as above

    frame = case_results.results(name, cases or None, templates, options.pairs(sets), overlays)
    remarked(frame.attrs["remarks"])
    text = io.StringIO()
    if form == "csv":
        heads = {column: f"{column} ({unit})" for column, unit in frame.attrs["units"].items() if unit not in {"", "1"}}
        print_frame(frame.rename(columns=heads).reset_index(), form, [], text)
    elif form == "json":
        print_frame(case_results.cells_of(frame), form, [], text)
    else:
        width = None if out is None and sys.stdout.isatty() else 120
        case_results.show(frame, Console(file=text if out else None, width=width, markup=False, emoji=False))
    if out is None:
        click.echo(text.getvalue(), nl=False)
        return
    check_target(out)
    with whole(out) as part:
        part.write_text(text.getvalue(), "utf-8", newline="")
    click.echo(f"{out}: {len(frame)} {'case' if len(frame) == 1 else 'cases'}")


@click.command(cls=options.Command)
@click.argument("name", default="paper")
@options.sets
@click.option("--step", "steps", multiple=True, metavar="LIST=STEP", help="Step of a list on the finer grid; may be repeated.")
@options.form
@options.templates
def optimize(name: str, sets: tuple[str, ...], steps: tuple[str, ...], form: str, templates: Path | None) -> None:
    """Find the best rows of the sheet Optimizer, on its own grid and on a finer one.

    The finer grid is the same model over longer lists, in NumPy. csv and json list all its rows.
    """
    from workbook.ask import search  # noqa: PLC0415 as above

    found = search.optimize(name, templates, options.pairs(sets), _numbers(steps))
    if form != "text":
        print_frame(found.grid, form, [])
        return
    wanted = [(f"most {found.most}", False), (f"least {found.least}", True)]
    best = [found.best(listed=listed, least=least) for _, least in wanted for listed in (True, False)]
    table = Table("", *(f"{text}, {grid} grid" for text, _ in wanted for grid in ("the sheet's", "finer")))
    for column in found.units:
        unit = found.units[column]
        shown = ["none" if row is None else f"{row[column]:,.6g}" for row in best]
        table.add_row(column if unit in {"1", "text"} else f"{column} ({unit})", *shown)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    click.echo(f"{int(found.grid['listed'].sum()):,} rows on the sheet, {len(found.grid):,} on the finer grid")


def _numbers(steps: tuple[str, ...]) -> dict[str, float]:
    try:
        return {key: float(value) for key, value in options.pairs(steps, "--step", "LIST=STEP").items()}
    except ValueError:
        raise click.BadParameter(f"{', '.join(steps)}: a step is a number", param_hint="--step") from None


@click.command(cls=options.Command)
@click.argument("what", metavar="ID|SHEET!A1")
@click.option("--workbook", "name", default=api.DEFAULT, show_default=True, help="Which workbook the cell is in.")
@options.sets
@options.overlays
@options.templates
def explain(what: str, name: str, sets: tuple[str, ...], overlays: Overlays, templates: Path | None) -> None:
    """Explain a cell: its equation, the cells it uses with values and sources, and what depends on it."""
    from workbook.ask import inspect  # noqa: PLC0415 as above

    click.echo(inspect.explain(api.load(name, templates, options.pairs(sets), overlays), what))
