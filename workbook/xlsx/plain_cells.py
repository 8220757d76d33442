"""Cells of sheets as nearly all programs write them, cut out by one regular expression: twice as quick as element by element.

Only a part that is such cells in rows, from end to end, is read so; for all others there is the reader in ``cells``, which says
what is wrong with them. Both give the same cells.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from workbook.xlsx.cell import Cell, number_of, value_of
from workbook.xlsx.number_formats import DATE
from workbook.xlsx.package import Depth, UnreadableWorkbook, at_once, new_parser, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

MAXIMUM_FORMULA = 8_192  # characters, as in Excel

_BEGIN, _END = "<sheetData>", "</sheetData>"
_CELL = re.compile(  # its address, attributes, those of its formula, the formula, and what is stored as its value
    r'<c r="([A-Z]{1,2}[1-9][0-9]{0,5})"([^<>/]*)'
    rf"(?:/>|>(?:<f([^<>/]*)(?:/>|>([^<]{{0,{MAXIMUM_FORMULA}}})</f>))?(?:<v>([^<]*)</v>|<v ?/>)?</c>)"
)
_PARTS = _CELL.groups + 1
_ROW = r'<row r="[1-9][0-9]{0,5}"(?: [A-Za-z][\w:]*="[^"<>&]*")*'
_FIRST, _NEXT, _LAST = (
    re.compile(text, re.ASCII) for text in (rf"(?:{_ROW}/>)*{_ROW}>", rf"</row>(?:{_ROW}/>)*{_ROW}>", rf"</row>(?:{_ROW}/>)*")
)
_GIVEN = re.compile(r' ([A-Za-z]\w*)="([\w:.]*)"', re.ASCII)
_DECLARED = re.compile(r'(?:<\?xml version="1.0"(?: encoding="(?:UTF|utf)-8")?(?: standalone="(?:yes|no)")? ?\?>\s*)?<worksheet[\s>]')
_ELSEWHERE = re.compile(r"<!|<(?:\w+:)?(?:c|row|f|v)[\s/>]")  # outside of the cells: comments, and what would be cells there
_NEVER = bytes({*range(0x20)} - {*b"\t\n"})  # what XML cannot hold, and carriage returns, which it reads as line ends
_NOWHERE = ("]]>", "\ufffe", "\uffff")
_OTHER_ENTITY = re.compile("&(?!(?:lt|gt|quot|apos|amp);)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


class _Kind(NamedTuple):
    """What the attributes of a cell say: what kind its value is of, what its number format shows, and the number of its format."""

    kind: str
    shows: str
    style: int


class _OtherShapeError(Exception):
    """A part is not written as those are that are read here."""


def plain_cells(data: bytes, part: str, strings: list[str], formats: Sequence[str], most: int) -> dict[str, Cell] | None:
    """Return the cells of the part of a sheet by address; None where it must be read element by element.

    ``strings`` are the texts of the file, ``formats`` what its number formats show of a number, by the number that cells name them by.
    """
    try:
        cut = _cut(data, most)
        depth, outside = Depth(), new_parser(part)
        outside.StartElementHandler = lambda *_: depth.enter()
        outside.EndElementHandler = lambda _: depth.leave()
        parse(outside, at_once(cut.without_cells), part)
        return _Reader(strings, formats).cells(cut.pieces)
    except (_OtherShapeError, UnreadableWorkbook, ValueError, IndexError):
        return None


def without_cells(data: bytes) -> bytes:
    """Return the part of a sheet without cells, its rows left, or as it is where it must be read element by element."""
    try:
        cut = _cut(data, len(data))
    except (_OtherShapeError, ValueError):
        return data
    return cut.without_cells


class _Cut(NamedTuple):
    """The part of a sheet up to its rows, the pieces of cells with what stands between before each and at the end, and what follows."""

    head: str
    pieces: list[str]
    tail: str

    @property
    def without_cells(self) -> bytes:
        """Return the part with its rows, and nothing in them."""
        return f"{self.head}{''.join(self.pieces[::_PARTS])}{_END}{self.tail}".encode()


def _cut(data: bytes, most: int) -> _Cut:
    """Return the part of a sheet cut up: nothing but rows stands between its cells, of which there are at most so many."""
    text = data.decode()
    begin, end = text.find(_BEGIN) + len(_BEGIN), text.rfind(_END)
    head, body, tail = text[:begin], text[begin:end], text[end + len(_END) :]
    if not len(_BEGIN) <= begin <= end or not _DECLARED.match(head) or _ELSEWHERE.search(head) or _ELSEWHERE.search(tail):
        raise _OtherShapeError
    if body.count("<c ") > most or any(text in body for text in _NOWHERE) or len(data.translate(None, _NEVER)) != len(data):
        raise _OtherShapeError
    pieces = _CELL.split(body)
    between = pieces[::_PARTS]
    if between != [""] and not (_FIRST.fullmatch(between[0]) and _LAST.fullmatch(between[-1])):
        raise _OtherShapeError
    if not all(_NEXT.fullmatch(found) for found in between[1:-1] if found):
        raise _OtherShapeError
    return _Cut(head, pieces, tail)


class _Reader:
    """Makes cells of their parts."""

    def __init__(self, strings: list[str], formats: Sequence[str]) -> None:
        self.strings, self.formats = strings, formats
        self.masters: dict[str, str] = {}
        self.kinds: dict[str, _Kind] = {}
        self.plain = {""}  # attributes of formulas that are not shared

    def cells(self, pieces: list[str]) -> dict[str, Cell]:
        """Return the cells by address."""
        found: dict[str, Cell] = {}
        kinds, plain, strings, new = self.kinds, self.plain, self.strings, tuple.__new__
        columns = [pieces[at::_PARTS] for at in range(1, _PARTS)]
        for address, given, of_formula, text, stored in zip(*columns, strict=True):
            kind, shows, style = kinds.get(given) or self.kind(given)
            if kind == "n":
                value = number_of(stored) if stored else None
            elif kind == "s" and stored and stored.isdecimal():
                value = strings[int(stored)]
            else:
                value = value_of(kind, _plain(stored) if stored else stored, strings)
            if of_formula is None:
                found[address] = new(Cell, (None, value, False, "", shows, style))
            else:
                formula = _plain(text) if text else None
                follows = "" if of_formula in plain else self.follows(address, of_formula, formula)
                found[address] = new(Cell, (formula, value, True, follows, shows, style))
        if len(found) * _PARTS + 1 != len(pieces):
            raise _OtherShapeError  # one is given twice
        return found

    def kind(self, given: str) -> _Kind:
        """Return what the attributes of a cell say besides its address."""
        told = _attributes(given)
        kind, style = told.get("t", "n"), int(told.get("s") or 0)
        if kind == "inlineStr" or "r" in told:
            raise _OtherShapeError
        shows = DATE if kind == "d" else self.formats[style] if 0 <= style < len(self.formats) else ""
        found = self.kinds[given] = _Kind(kind, shows, style)
        return found

    def follows(self, address: str, given: str, formula: str | None) -> str:
        """Return the address of the cell whose formula one shares that has attributes and stores none itself; empty for all others."""
        told = _attributes(given)
        kind, group = told.get("t", "normal"), told.get("si", "")
        if kind == "normal":
            self.plain.add(given)
            return ""
        if kind != "shared" or not group:
            raise _OtherShapeError
        if formula is None:
            return self.masters.get(group, "")
        self.masters[group] = address
        return ""


@lru_cache(maxsize=1 << 12)
def _attributes(given: str) -> dict[str, str]:
    """Return attributes by name."""
    found = _GIVEN.findall(given)
    told = dict(found)
    if len(told) != len(found) or "".join(f' {name}="{value}"' for name, value in found) != given:
        raise _OtherShapeError
    return told


def _plain(text: str) -> str:
    """Return a text without the escapes of XML."""
    if "&" in text:
        if _OTHER_ENTITY.search(text):
            raise _OtherShapeError
        for escape, character in _ENTITIES:
            text = text.replace(escape, character)
    return text
