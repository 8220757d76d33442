"""Edits as a YAML file that people read and a build takes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, Problems, WorkbookError
from workbook.files import check_target, whole
from workbook.source import MAXIMUM_BYTES, Mapping, Reader, Scalar, read

if TYPE_CHECKING:
    from workbook.roundtrip.pull import Edit, Edits
    from workbook.source import Node

HEAD = """\
# What was changed in a workbook since it was built. Build it again with these changes:
#   workbook build {name} --edits THIS_FILE
# 'was' is what the templates gave, 'took_over' what the cell showed while it took over another's value.
"""
LEFT = "# Changes that a build cannot take: make them in the templates, or enter them again."
_UNUSABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # as in ``source``
_BREAKS = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")  # characters that YAML takes for line ends, or not at all
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_.]*\Z")


@dataclass(slots=True)
class EditsFile:
    """What an edits file says: values, notes and units by input id, each id with its place."""

    path: str
    workbook: str
    sets: dict[str, float | str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


def text_of(edits: Edits) -> str:
    """Return edits as YAML: sorted by id, one a line, and what cannot be carried below. Equal edits give equal texts."""
    lines = [HEAD.format(name=edits.workbook).rstrip(), f"workbook: {_scalar(edits.workbook)}", f"version: {_scalar(edits.version)}"]
    lines.append("edits:" if edits.edits else "edits: {}")
    lines += [f"  {name if _PLAIN_KEY.match(name) else _scalar(name)}: {_edit(edits.edits[name])}" for name in sorted(edits.edits)]
    if edits.left:
        lines += [LEFT, "left:", *(f"  - {_scalar(str(item))}" for item in edits.left)]
    return "\n".join(lines) + "\n"


def _edit(edit: Edit) -> str:
    told: dict[str, str] = {}
    if edit.value != edit.given or edit.taken or edit.formula:
        told["value"] = _scalar(edit.value)
        if edit.given is not None:
            told["took_over" if edit.taken else "was"] = _scalar(edit.given)
    told["unit"] = _scalar(edit.unit)
    if edit.formula:
        told["formula"] = _scalar(f"={edit.formula}")
    if edit.note is not None:
        told["note"] = _scalar(edit.note)
    return "{" + ", ".join(f"{key}: {value}" for key, value in told.items()) + "}"


def _scalar(value: float | str) -> str:
    """Return a number or a text in double quotes; characters that no template may hold become U+FFFD."""
    if isinstance(value, str):
        text = json.dumps(_UNUSABLE.sub("\N{REPLACEMENT CHARACTER}", value), ensure_ascii=False)
        return _BREAKS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 as in formulas


def write_edits(edits: Edits, path: Path) -> None:
    """Write edits to a file, whole or not at all; raises WorkbookError when it cannot be written."""
    data = text_of(edits).encode()
    if len(data) > MAXIMUM_BYTES:
        message = f"the edits would take {len(data):,} bytes; a build reads at most {MAXIMUM_BYTES:,}"
        raise WorkbookError([Diagnostic(Place(str(path)), message, "shorten the notes")])
    check_target(path)
    with whole(path) as part:
        part.write_bytes(data)


def read_edits(path: Path | str) -> EditsFile:
    """Read an edits file; raises WorkbookError with every mistake in it."""
    problems = Problems()
    reader = Reader(read(Path(path), str(path)), problems, "the file of edits")
    found = EditsFile(str(path), reader.text("workbook"))
    reader.text("version")
    reader.texts("left")
    given = reader.mapping("edits")
    reader.finish()
    for name, node in given:
        found.places[name] = given.keys[name]
        _read_edit(found, name, node, problems)
    problems.raise_if_any()
    return found


def _read_edit(found: EditsFile, name: str, node: Node, problems: Problems) -> None:
    """Take one edit: a value alone, or a mapping with the value and what belongs to it."""
    value: Node | None = node
    if isinstance(node, Mapping):
        reader = Reader(node, problems, f"the edit of '{name}'")
        value = reader.take("value")
        for told in ("was", "took_over", "formula"):
            reader.take(told)
        if "unit" in node.items:
            found.units[name] = reader.text("unit")
        if "note" in node.items:
            found.notes[name] = reader.text("note")
        reader.finish()
        if value is None:
            if "note" not in node.items:
                problems.add(node.place, f"the edit of '{name}' has neither 'value' nor 'note'", "give it a value")
            return
    if not isinstance(value, Scalar) or isinstance(value.value, bool) or value.value is None:
        problems.add(node.place, f"the edit of '{name}' must be a number or a text", f"write {name}: {{value: ...}}")
        return
    found.sets[name] = value.value
