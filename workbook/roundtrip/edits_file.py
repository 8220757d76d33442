"""Edits as an overlay: a YAML file that people read and a build takes."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from workbook.declare.overlay_files import bare
from workbook.declare.written import scalar
from workbook.declare.yaml import MAXIMUM_BYTES
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.files import check_target, whole

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.roundtrip.pull import Edit, Edits

HEAD = """\
# What was changed in a workbook since it was built. Build it again with these changes:
#   workbook build {name}{cases} --overlay THIS_FILE
# 'was' is what the templates gave, 'took_over' what the cell showed while it took over another's value.
"""
PARENTS = "# Cases whose cells inherit from another case than they did when the workbook was built."
FORMULAS = "# A 'formula' gives the value, with ids in place of cells."
REMARKS = "# Entries that were not taken quite as they stand in the workbook."
LEFT = "# Changes that a build cannot take: make them in the templates, or enter them again."
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_.]*\Z")


def text_of(edits: Edits) -> str:
    """Return edits as YAML: sorted by id, one a line, and what cannot be carried below. Equal edits give equal texts."""
    cases = "".join(f" --overlay {shlex.quote(name)}" for name in edits.overlays)
    lines = [HEAD.format(name=shlex.quote(bare(edits.workbook)), cases=cases).rstrip()]
    lines += [f"workbook: {scalar(edits.workbook)}", f"version: {scalar(edits.version)}"]
    if edits.parents:
        lines += [PARENTS, edits.parents.rstrip()]
    if edits.formulas:
        lines.append(FORMULAS)
    lines.append("sets:" if edits.edits else "sets: {}")
    for name, edit in sorted(edits.edits.items()):
        key = edits.choices.key(name, edit.value)
        lines.append(f"  {name if _PLAIN_KEY.match(name) else scalar(name)}: {_edit(edit, key)}")
    if edits.remarks:
        lines += [REMARKS, "remarks:", *(f"  - {scalar(str(item))}" for item in edits.remarks)]
    if edits.left:
        lines += [LEFT, "left:", *(f"  - {scalar(str(item))}" for item in edits.left)]
    return "\n".join(lines) + "\n"


def _edit(edit: Edit, key: str | None) -> str:
    """Return what is said of one input; a choice is given by its key, which no change of a name touches."""
    told: dict[str, str] = {}
    if edit.value != edit.given or edit.taken or edit.formula:
        told["value"] = scalar(key or edit.value)
        if key and key != edit.value:
            told["shown"] = scalar(edit.value)
        if edit.given is not None:
            told["took_over" if edit.taken else "was"] = scalar(edit.given)
    told["unit"] = scalar(edit.unit)
    if edit.ids:
        told["formula"] = scalar(f"={edit.ids}")
    if edit.note is not None:
        told["note"] = scalar(edit.note)
    return "{" + ", ".join(f"{key}: {value}" for key, value in told.items()) + "}"


def write_edits(edits: Edits, path: Path) -> None:
    """Write edits to a file, whole or not at all; raises WorkbookError when it cannot be written."""
    data = text_of(edits).encode()
    if len(data) > MAXIMUM_BYTES:
        message = f"the edits would take {len(data):,} bytes; a build reads at most {MAXIMUM_BYTES:,}"
        raise WorkbookError([Diagnostic(Place(str(path)), message, "shorten the notes")])
    check_target(path)
    with whole(path) as part:
        part.write_bytes(data)
