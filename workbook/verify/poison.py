"""Poisoned copies of workbooks: every cached formula result is replaced by a value no model computes.

An engine that shows a stored result instead of recomputing it then shows the sentinel, and is caught.
"""

from __future__ import annotations

import re
import zipfile
from copy import copy
from typing import TYPE_CHECKING

from workbook.xlsx.cells import ArrayRegions
from workbook.xlsx.package import Package, UnreadableWorkbook, missing_part, new_parser, parse, part_key

if TYPE_CHECKING:
    from pathlib import Path

# Exact in binary and in twelve decimal digits, so that no engine's rounding hides it.
POISON_NUMBER = -987654321.125
POISON_TEXT = "stale cached text 987654321.125"

_START_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_TYPE_ATTRIBUTE = re.compile(rb"""\st\s*=\s*(?:"[^"]*"|'[^']*')""")
_TEXT_TYPES = {"str", "s", "inlineStr"}


def is_poison(value: object) -> bool:
    """Whether a value read back from an engine is one of the two sentinels."""
    return value in (POISON_NUMBER, POISON_TEXT)


def poison(source: Path, target: Path) -> int:
    """Copy a workbook with every cached formula result replaced, and count the cells changed.

    Number, boolean, date and error results become POISON_NUMBER, texts become POISON_TEXT, and formula cells without
    a cached result get POISON_NUMBER. The inner cells of array formulas and data tables count as formula cells. All
    other bytes of all parts stay as they are; a part gets the name that other parts call it by. Raises
    UnreadableWorkbook for a damaged or hostile file.
    """
    count = 0
    partial = target.with_name(f"{target.name}.partial")
    try:
        with Package(source) as package, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as output:
            sheets = {part_key(sheet.path): sheet.path for sheet in package.worksheets()}
            for missing in sheets.keys() - {part_key(entry.filename) for entry in package.entries}:
                raise UnreadableWorkbook(missing_part(sheets[missing]))
            names = package.names()
            for entry in package.entries:
                data, key = package.read(entry.filename), part_key(entry.filename)
                if key in sheets:
                    data, poisoned = _poisoned_sheet(data, entry.filename)
                    count += poisoned
                renamed = copy(entry)
                # Some engines find a part only by the very name that others call it by.
                renamed.filename = names.get(key, entry.filename.replace("\\", "/"))
                output.writestr(renamed, data, compress_type=entry.compress_type)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


class _Poisoner:
    """Walks the cells of one sheet and collects replacements of byte ranges, so that all other bytes survive."""

    def __init__(self, data: bytes, part: str) -> None:
        self.edits: list[tuple[int, int, bytes]] = []
        self.count = 0
        self._data = data
        self._arrays = ArrayRegions()
        self._parser = new_parser(part)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._in_cell = False
        self._attributes: dict[str, str] = {}
        self._cell_start = self._cell_tag_end = self._child_start = self._insert_at = 0
        self._is_formula = False
        # Byte ranges of the stored value: the v element, or the is element of an inline text.
        self._stored: list[tuple[int, int]] = []

    def run(self, part: str) -> None:
        parse(self._parser, (piece for piece in (self._data,)), part)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        at = self._parser.CurrentByteIndex
        if tag == "c":
            self._in_cell, self._is_formula = True, False
            self._attributes = attributes
            self._cell_start, self._cell_tag_end = at, self._tag_end(at)
            self._insert_at = self._cell_tag_end
            self._stored = []
        elif self._in_cell and tag in {"f", "v", "is"}:
            self._child_start = at
            if tag == "f":
                self._is_formula = True
                if attributes.get("t") in {"array", "dataTable"}:
                    self._arrays.add(attributes.get("ref", ""))

    def _end(self, name: str) -> None:
        if not self._in_cell:
            return
        tag = name.rpartition(":")[2]
        if tag in {"f", "v", "is"}:
            first_tag_end = self._tag_end(self._child_start)
            empty = self._data.startswith(b"/>", first_tag_end - 2)
            end = first_tag_end if empty else self._tag_end(self._parser.CurrentByteIndex)
            if tag == "f":
                self._insert_at = end
            else:
                self._stored.append((self._child_start, end))
        elif tag == "c":
            self._in_cell = False
            if self._is_formula or self._arrays.covers(self._attributes.get("r", "")):
                self._poison_cell(name)

    def _tag_end(self, at: int) -> int:
        match = _START_TAG.match(self._data, at)
        return at if match is None else match.end()

    def _poison_cell(self, name: str) -> None:
        kind = self._attributes.get("t", "n")
        is_text = kind in _TEXT_TYPES
        if self._data.startswith(b"/>", self._cell_tag_end - 2):
            # An empty inner cell of an array formula stores nothing that could go stale.
            return
        if kind not in {"n", "str"}:
            tag = self._data[self._cell_start : self._cell_tag_end]
            retyped = _TYPE_ATTRIBUTE.sub(b' t="str"' if is_text else b"", tag, count=1)
            self.edits.append((self._cell_start, self._cell_tag_end, retyped))
        element = name.removesuffix("c") + "v"
        value = f"<{element}>{POISON_TEXT if is_text else POISON_NUMBER}</{element}>".encode()
        self.edits.append((self._insert_at, self._insert_at, value))
        self.edits.extend((start, end, b"") for start, end in self._stored)
        self.count += 1


def _poisoned_sheet(data: bytes, part: str) -> tuple[bytes, int]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
        message = f"the part {part} is UTF-16; only UTF-8 sheets can be checked"
        raise UnreadableWorkbook(message)
    walker = _Poisoner(data, part)
    walker.run(part)
    pieces = []
    position = 0
    for start, end, replacement in sorted(walker.edits):
        pieces += [data[position:start], replacement]
        position = end
    return b"".join([*pieces, data[position:]]), walker.count
