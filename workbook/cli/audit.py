"""The command that audits a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbook.cli import options
from workbook.cli.options import FINDING, PATH

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.audit.report import Audit

SHOWN_CELLS = 8  # of each rule, in text


@click.command(cls=options.Command)
@click.argument("file", type=PATH)
@click.pass_context
def audit(ctx: click.Context, file: Path) -> None:
    """Judge FILE, any .xlsx workbook, by the rules of good spreadsheets: one line a rule, then the first cells of each.

    The rules are those of the FAST Standard, the ICAEW and this project: docs/howto/audit_a_workbook.md. Exit status 1
    when a rule finds something.
    """
    from workbook.audit.report import audit_file  # noqa: PLC0415 loaded only when needed

    found = audit_file(file)
    click.echo(_text(found))
    ctx.exit(0 if found.passes else FINDING)


def _text(audit: Audit) -> str:
    """Return one line a rule, then the first findings of those that find something."""
    lines = [f"{audit.path}"]
    lines += [f"{verdict.rule.number}  {_count(len(verdict.found)):>14}  {verdict.rule.title}" for verdict in audit.verdicts]
    for verdict in audit.verdicts:
        if verdict.found:
            lines += ["", f"{verdict.rule.number} {verdict.rule.title} ({verdict.rule.source})"]
            lines += [f"  {found.where}: {found.what}" for found in verdict.found[:SHOWN_CELLS]]
            if len(verdict.found) > SHOWN_CELLS:
                lines.append(f"  ... and {len(verdict.found) - SHOWN_CELLS:,} more; all with --format json")
    return "\n".join(lines)


def _count(findings: int) -> str:
    return f"{findings:,} found" if findings else "pass"
