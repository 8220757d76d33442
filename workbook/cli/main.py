"""The command line: every command is one call of the public API."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import TYPE_CHECKING, Any, Self

import click
from rich.console import Console
from rich.table import Table

from workbook import api
from workbook.check import warnings
from workbook.cli import options
from workbook.cli.audit import audit
from workbook.cli.importing import importing
from workbook.cli.options import BAD_INPUT, FINDING, PATH, SHOWN_DIFFERENCES
from workbook.cli.questions import cells, drift, explain, inputs, optimize, results
from workbook.cli.reference import catalogue, functions, language, schema, units
from workbook.cli.render import render
from workbook.cli.roundtrip import diff, not_carried, pull, remarked, warn
from workbook.cli.validation import validate
from workbook.declare.packaged import directory, write_out
from workbook.declare.sheets import check_known, workbooks
from workbook.errors import WorkbookError
from workbook.files import WORKBOOK_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.overlay_files import Overlays
    from workbook.verify.run import VerifyReport


class _Group(click.Group):
    """Turns our errors into messages and exit codes: no traceback reaches a user for bad input."""

    command_class = options.Command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where a workbook or a file stands in its place, say what could be done with it."""
        given = args[0] if args else ""
        if given in workbooks(directory(None)):
            ctx.fail(f"'{given}' is a workbook: a command comes first, such as workbook build {given}")
        if given.lower().endswith(WORKBOOK_SUFFIX):
            ctx.fail(f"'{given}' is a file: a command comes first, such as workbook verify {given}, or audit, diff, pull, results, render")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A console or file without the signs of mathematics shows a question mark in their place.
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except WorkbookError as error:
            for diagnostic in error.diagnostics:
                click.echo(str(diagnostic), err=True)
            ctx.exit(BAD_INPUT)
        except BrokenPipeError:
            # The reader of a pipe has gone (head, less): nothing is wrong, and nothing more can be said.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            click.echo(f"the output cannot be written: {error.strerror or error}", err=True)
            ctx.exit(BAD_INPUT)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(api.package_version(), prog_name="workbook")
def main() -> None:
    """Excel workbooks of LLM-inference power, capacity and cost, with live formulas, from declarative templates.

    Exit status: 0 done, 1 a finding (a difference, a mistake in checked templates), 2 bad usage or bad input.
    """


class _Progress:
    """Shows what is going on, on a terminal only."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.status = self.console.status("starting") if self.console.is_terminal else None

    def __enter__(self) -> Self:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status:
            self.status.stop()

    def __call__(self, text: str) -> None:
        if self.status:
            self.status.update(text)


@main.command()
@click.argument("name", required=False)
@options.sets
@options.overlays
@click.option(
    "--from",
    "edited",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Build the workbook of an edited FILE again, and keep its edits. Repeat it to merge copies that several people edited.",
)
@click.option(
    "--prefer", "prefer_copy", type=PATH, metavar="FILE", help="With several --from: where copies differ, take the edits of FILE."
)
@click.option(
    "--theirs", "prefer", flag_value="theirs", default=True, help="With --from: what is in conflict stays as edited (the default)."
)
@click.option("--ours", "prefer", flag_value="ours", help="With --from: what is in conflict is as templates and overlays give it now.")
@click.option("--fail", "prefer", flag_value="fail", help="With --from: write nothing when there are conflicts.")
@click.option(
    "--restore", is_flag=True, help="With --from: cells that hold their parent's value, as after pasting values, inherit it again."
)
@click.option("--keep-active", is_flag=True, help="With --from: keep formulas and links of your own sheets that reach outside of the file.")
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Where to write; output/NAME.xlsx by default.")
@options.templates
@click.pass_context
def build(
    ctx: click.Context,
    /,
    name: str | None,
    sets: tuple[str, ...],
    overlays: Overlays,
    edited: tuple[Path, ...],
    out: Path | None,
    templates: Path | None,
    **preferences: Any,
) -> None:
    """Build the workbook NAME (planning) as an .xlsx file.

    With --from the exit status is 1 when something in FILE could not be carried into the new file: it is listed.
    Overlays are laid over the templates and over those that gave FILE its cases; what they give and FILE has edited
    otherwise is a conflict. Where copies hold different edits of an input, none is taken unless --prefer says whose.
    """
    copy = preferences["prefer_copy"]
    if copy and (copy not in edited or len(edited) == 1):
        raise click.UsageError("--prefer takes one of several files that are given with --from")
    if edited:
        if name or sets:
            raise click.UsageError("--from takes the workbook and its edits from FILE: give no NAME and no --set beside it")
        _regenerate(ctx, edited, out, {"templates": templates, "overlay": overlays, **preferences})
        return
    for option in ("restore", "keep_active"):
        if preferences[option]:
            raise click.UsageError(f"--{option.replace('_', '-')} needs a file that was edited: give it with --from")
    with _Progress() as progress:
        report = api.build(name or api.DEFAULT, out, templates=templates, sets=options.pairs(sets), overlay=overlays, progress=progress)
    _built(report)


def _built(report: api.BuildReport) -> None:
    warn(report.warnings)
    click.echo(f"{report.path}: {report.sheets} sheets, {report.inputs:,} inputs, {report.formulas:,} formulas, {report.seconds:.1f} s")


def _regenerate(ctx: click.Context, edited: tuple[Path, ...], out: Path | None, given: dict[str, Any]) -> None:
    from workbook.changes.differences import counted  # noqa: PLC0415 as above
    from workbook.cli.text import lost, regenerated  # noqa: PLC0415 as above
    from workbook.roundtrip.regenerate import Keeping, regenerate  # noqa: PLC0415 most builds do without

    keeping = Keeping(given.pop("restore"), given.pop("keep_active"))
    with _Progress() as progress:
        found = regenerate(edited, out, progress=progress, keeping=keeping, **given)
    _built(found.report)
    for item in found.active[:SHOWN_DIFFERENCES]:
        click.echo(f"kept, and reaches outside: {item.place}: {item.text}", err=True)
    for line in regenerated(found):
        click.echo(line)
    remarked([str(item) for item in found.remarks])
    not_carried(lost(found))
    if found.lost:
        click.echo(f"not carried: {counted(found.lost)}: see sheet Changes", err=True)
    for text in found.gone[:SHOWN_DIFFERENCES]:
        click.echo(f"not in the templates: {text}", err=True)
    if found.gone:
        more = f"{len(found.gone) - SHOWN_DIFFERENCES:,} more. " if len(found.gone) > SHOWN_DIFFERENCES else ""
        click.echo(f"{more}If the file was built on templates of your own, give them with --templates DIR", err=True)
    ctx.exit(0 if found.is_whole else FINDING)


@main.command()
@click.argument("file", type=PATH)
@click.option(
    "--engine", "engines", multiple=True, metavar="NAME", help="libreoffice, gnumeric or ironcalc; all by default; may be repeated."
)
@click.option("--saved", is_flag=True, help="Compare only the values that FILE holds: no engine runs.")
@options.overlays
@options.templates
@click.pass_context
def verify(
    ctx: click.Context,
    file: Path,
    engines: tuple[str, ...],
    saved: bool,  # noqa: FBT001 click gives flags so
    overlays: Overlays,
    templates: Path | None,
) -> None:
    """Recompute every formula cell of FILE in Python and in spreadsheet engines.

    FILE may have been edited and saved by a spreadsheet program: what is not as it was built is listed. It tells
    itself which cases overlays added to it; give --overlay only to verify it with others.
    """
    if saved and engines:
        raise click.UsageError("--saved runs no engine: give no --engine beside it")
    from workbook.verify.run import verify as run  # noqa: PLC0415 engines and pandas are loaded only when needed

    with _Progress() as progress:
        try:
            report = run(file, [] if saved else list(engines) or None, templates=templates, overlay=overlays, progress=progress)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--engine") from None
    _show(report)
    ctx.exit(0 if report.ok else FINDING)


def _show(report: VerifyReport) -> None:
    from workbook.verify.run import FOLLOWS, KINDS  # noqa: PLC0415 as above

    table = Table("engine", "cells", *KINDS, title=f"{report.path}: {report.cells:,} formula cells")
    for engine in report.engines:
        table.add_row(engine, f"{report.cells:,}", *(f"{report.count(engine, kind):,}" for kind in KINDS))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for missing, reason in report.missing.items():
        click.echo(f"{missing} did not run: {reason}")
    if report.unsaved:
        click.echo("the file holds no results: a program that does not calculate saved it; open and save it in a spreadsheet program")
    for text in report.changed[:SHOWN_DIFFERENCES]:
        click.echo(text)
    if len(report.changed) > SHOWN_DIFFERENCES:
        click.echo(f"... and {len(report.changed) - SHOWN_DIFFERENCES:,} more changes")
    for engine in report.engines:
        if count := report.count(engine, FOLLOWS):
            click.echo(f"{engine}: {count:,} cells follow from what was changed: not counted as differing")
    for name, sheet, address, cell_id, formula, expected, got, kind in report.differences[:SHOWN_DIFFERENCES]:
        click.echo(f"{name}: {sheet}!{address} {cell_id} {formula}: Python {expected!r}, engine {got!s} ({kind})")
    if len(report.differences) > SHOWN_DIFFERENCES:
        click.echo(f"... and {len(report.differences) - SHOWN_DIFFERENCES:,} more differences")


@main.command()
@options.name
@options.templates
@click.pass_context
def check(ctx: click.Context, name: str, templates: Path | None) -> None:
    """Check templates and report everything that is wrong with them at once.

    Besides mistakes these are figures of an unusual size, figures of a card that contradict each other, inputs that no
    result depends on, and checks that fail in the workbook.
    """
    check_known(directory(templates), name)
    try:
        book = api.load(name, templates)
        found = warnings.check(book)
    except WorkbookError as error:
        found = error.diagnostics
    for diagnostic in found:
        click.echo(str(diagnostic))
    if found:
        click.echo(f"{len(found)} found")
        ctx.exit(FINDING)
    click.echo(f"{name}: {len(book.layout.sheets)} sheets, {len(book.model.quantities):,} quantities, nothing wrong")


@main.command()
@click.argument("target", type=PATH, metavar="DIR")
@click.option("--upgrade", is_flag=True, help="Merge the packaged templates into DIR, which an earlier version wrote and people changed.")
@click.pass_context
def templates(ctx: click.Context, target: Path, upgrade: bool) -> None:  # noqa: FBT001 click gives flags so
    """Write the packaged templates to a new directory, to change them and build with --templates DIR.

    With --upgrade what people changed in DIR stays, and all else is as the package has it now. Exit status 1 when both changed
    the same: all three versions stand in the file, between marks.
    """
    if not upgrade:
        click.echo(f"{target}: {write_out(target, api.package_version())} files")
        return
    from workbook.cli.text import upgraded  # noqa: PLC0415 loaded only when needed
    from workbook.declare.upgrades import upgrade as run  # noqa: PLC0415 as above

    found = run(target, api.package_version())
    for line in upgraded(found):
        click.echo(line)
    ctx.exit(FINDING if found.conflicts else 0)


for command in (
    audit,
    catalogue,
    cells,
    diff,
    drift,
    explain,
    functions,
    importing,
    inputs,
    language,
    optimize,
    pull,
    render,
    results,
    schema,
    units,
    validate,
):
    main.add_command(command)


def run() -> None:
    """Run the command of this process, which ends with it: nothing is looked through for what could be freed."""
    try:
        main(prog_name="workbook")
    finally:
        gc.freeze()
