"""The command that audits a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from workbook import api
from workbook.cli import options
from workbook.cli.options import FINDING, PATH

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.audit.report import Audit

SHOWN_CELLS = 8  # of each rule, in text


@click.command(cls=options.Command)
@click.argument("file", type=PATH)
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.pass_context
def audit(ctx: click.Context, file: Path, form: str) -> None:
    """Judge FILE, any .xlsx workbook, by the rules of good spreadsheets: one line a rule, then the first cells of each.

    The rules are those of the FAST Standard, the ICAEW and this project: docs/howto/audit_a_workbook.md. What a template
    declares under 'breaks' is counted apart. Exit status 1 when a rule finds anything else.
    """
    from workbook.audit import exchange  # noqa: PLC0415 loaded only when needed
    from workbook.audit.report import audit_file  # noqa: PLC0415 as above

    found = audit_file(file)
    if form == "text":
        click.echo(_text(found))
    else:
        told = exchange.as_json(found) if form == "json" else exchange.as_sarif(found, api.package_version())
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    ctx.exit(0 if found.passes else FINDING)


def _text(audit: Audit) -> str:
    """Return one line a rule, then the first findings of those that find something."""
    lines = [f"{audit.path}", f"rule  {'findings':>8}  {'cells':>7}  {'intended':>8}  what is asked for"]
    for verdict in audit.verdicts:
        counts = f"{_count(len(verdict.found)):>8}  {_count(verdict.cells):>7}  {_count(len(verdict.intended)):>8}"
        lines.append(f"{verdict.rule.number}   {counts}  {verdict.rule.title}")
    for verdict in audit.verdicts:
        if verdict.found:
            lines += ["", f"{verdict.rule.number} {verdict.rule.title} ({verdict.rule.source})"]
            lines += [f"  {found.where}: {found.what}" for found in verdict.found[:SHOWN_CELLS]]
            if len(verdict.found) > SHOWN_CELLS:
                lines.append(f"  ... and {len(verdict.found) - SHOWN_CELLS:,} more; all with --format json")
    return "\n".join(lines)


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"
