"""The commands pull and diff, and what build --from shares with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from workbook.cli import options
from workbook.cli.options import FINDING, PATH, SHOWN_DIFFERENCES
from workbook.files import open_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbook.declare.overlay_files import Overlays


def remarked(texts: list[str]) -> None:
    """Name the entries that were not taken quite as they stand."""
    _listed("remark", texts)


def not_carried(texts: list[str]) -> None:
    """Name what a build cannot take."""
    _listed("not carried", texts)


def _listed(kind: str, texts: list[str]) -> None:
    for text in texts[:SHOWN_DIFFERENCES]:
        click.echo(f"{kind}: {text}", err=True)
    if len(texts) > SHOWN_DIFFERENCES:
        click.echo(f"... and {len(texts) - SHOWN_DIFFERENCES:,} more; all with: workbook pull FILE", err=True)


def warn(texts: tuple[str, ...]) -> None:
    """Show warnings."""
    for text in texts:
        click.echo(f"warning: {text}", err=True)


@click.command(cls=options.Command)
@click.argument("file", type=PATH)
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Where to write the edits as YAML; standard output by default.")
@click.pass_context
def pull(ctx: click.Context, file: Path, out: Path | None) -> None:
    """Read what was changed in FILE since it was built, as an overlay that build takes.

    Exit status 1 when something was changed that a build cannot take: it is listed.
    """
    from workbook.roundtrip import edits_file  # noqa: PLC0415 loaded only when needed
    from workbook.roundtrip.pull import pull as run  # noqa: PLC0415

    found = run(file)
    if out is None:
        click.echo(edits_file.text_of(found), nl=False)
    else:
        edits_file.write_edits(found, out)
        click.echo(f"{out}: {len(found.edits):,} edits")
        remarked([str(item) for item in found.remarks])
        not_carried([str(item) for item in found.left])
    ctx.exit(FINDING if found.left else 0)


@click.command(cls=options.Command)
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--format", "form", type=click.Choice(["text", "html", "csv", "json"]), default="text", show_default=True)
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Write B there, with sheets that tell what changed and a chart of what moved.")
@options.overlays
@options.templates
@click.pass_context
def diff(ctx: click.Context, first: str, second: str, form: str, out: Path | None, overlays: Overlays, templates: Path | None) -> None:
    """Compare two workbooks: files, or the name of a template for what it gives now (planning, paper).

    Lists inputs, formulas and structure that differ, the headlines that moved, and how much of each move came with which
    inputs: the mean effect over all orders in which the changes could have been made. Exit status 1 when anything differs.
    """
    from workbook.cli.pages import page_of, rows_of  # noqa: PLC0415 as above
    from workbook.cli.text import text_of  # noqa: PLC0415 as above
    from workbook.roundtrip.diff import diff as run  # noqa: PLC0415 loaded only when needed

    warn(open_elsewhere(out) if out else ())
    account = run(first, second, templates=templates, overlay=overlays, out=out)
    told: dict[str, Callable[[], str]] = {
        "text": lambda: text_of(account),
        "html": lambda: page_of(account),
        "csv": lambda: rows_of(account),
        "json": lambda: f"{json.dumps(account.as_json(), indent=1, ensure_ascii=False, allow_nan=False)}\n",
    }
    click.echo(told[form](), nl=False)
    ctx.exit(0 if account.is_empty else FINDING)
