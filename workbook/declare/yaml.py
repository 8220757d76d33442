"""YAML with positions: the only module that reads YAML.

Values follow the YAML 1.2 core schema (``3.35e12`` is a number, ``no`` is a text). Every node keeps the place it was
read from and its raw text, because the digits of a printed figure matter.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.resolver import VersionedResolver

from workbook.declare.origin import note_file
from workbook.declare.three_ways import SOLVE, UNSOLVED, YOURS
from workbook.errors import Diagnostic, Patchwork, Place, WorkbookError, as_typed, suggest
from workbook.files import compression, unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from workbook.errors import Problems

MAXIMUM_BYTES = 4 * 1024 * 1024
MAXIMUM_DEPTH = 100
_BRACKET = re.compile(r"[\[\]{}]")
_DEEP_LINE = re.compile(rf"^[ \t]*(?:[-?:][ \t]+){{{MAXIMUM_DEPTH}}}", re.MULTILINE)
_TOO_DEEP = f"is nested deeper than {MAXIMUM_DEPTH} levels"
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}([ ,_'\u00a0\u202f]\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
SYNONYMS = {"description": "doc", "title": "label", "name": "label"}
UNUSABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")
_WORDS: dict[str, bool | None] = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}


class Scalar(NamedTuple):
    """A single value with its raw text."""

    value: float | str | bool | None
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in file order; the place of each key is kept beside its node."""

    items: dict[str, Node]
    keys: dict[str, Place]
    place: Place

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        """Iterate over (key, node) in file order."""
        return iter(self.items.items())


Node = Scalar | Sequence | Mapping


class _Untagged(VersionedResolver):
    """Leaves plain scalars to us: ``_scalar`` knows the raw text, and guessing tags costs a third of the reading."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        del kind, value, implicit
        return "tag:yaml.org,2002:str"


def read(path: Path, shown_as: str) -> Node:
    """Read one YAML file.

    ``shown_as`` is the name used in messages. Raises WorkbookError for a file that cannot be read, is larger than
    4 MiB, is not UTF-8, is not YAML, is nested deeper than 100 levels, repeats a key, or uses anchors (which would
    allow a small file to expand).
    """
    return read_text(text_of(path, shown_as), shown_as)


def text_of(path: Path, shown_as: str) -> str:
    """Return the text of one file of at most 4 MiB of UTF-8; raises WorkbookError."""
    place = Place(shown_as)
    data = b""
    try:
        data = path.read_bytes()
        if len(data) > MAXIMUM_BYTES:
            raise WorkbookError([Diagnostic(place, f"is {len(data):,} bytes; a template has at most {MAXIMUM_BYTES:,}")])
        text = data.decode("utf-8")
    except OSError as error:
        raise WorkbookError([unreadable(path, error, shown_as)]) from None
    except UnicodeDecodeError as error:
        if packed := compression(data):
            fix = "unpack it first; a workbook is given with --from" if packed == "zip" else "unpack it first"
            raise WorkbookError([Diagnostic(place, f"is compressed ({packed}), and no text", fix)]) from None
        before = data[: error.start].decode("utf-8").split("\n")
        place = Place(shown_as, len(before), len(before[-1]) + 1)
        raise WorkbookError([Diagnostic(place, f"is not UTF-8 text (byte {error.start})", "save it as UTF-8")]) from None
    note_file(shown_as, text)
    return text


def read_text(text: str, shown_as: str) -> Node:
    """Read YAML from a text; see ``read``."""
    lines = text.splitlines()
    if YOURS in lines:
        raise WorkbookError([Diagnostic(Place(shown_as, lines.index(YOURS) + 1), UNSOLVED, SOLVE)])
    _check_depth(text, shown_as)
    try:
        root: Any = _parser().compose(io.StringIO(text))
    except MarkedYAMLError as error:
        # A quote that is never closed is found at the end of the file, but belongs where it was opened.
        at_end = error.problem_mark and error.context_mark and error.problem_mark.line >= len(lines)
        mark = error.context_mark if at_end else error.problem_mark or error.context_mark
        place = _place(shown_as, lines, mark) if mark else Place(shown_as)
        message = f"is not valid YAML: {error.problem or error.context}"
        raise WorkbookError([Diagnostic(place, message, "check indentation, quotes and colons")]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise WorkbookError([Diagnostic(Place(shown_as), f"is not valid YAML: {str(error).splitlines()[0]}")]) from None
    if root is None:
        raise WorkbookError([Diagnostic(Place(shown_as), "is empty")])
    problems: list[Diagnostic] = []
    node = _convert(root, shown_as, lines, problems, set(), 0)
    if problems:
        raise WorkbookError(problems)
    return node


@cache
def _parser() -> YAML:
    """Return the one parser of all files: it looks for plug-ins on the disk whenever one is made."""
    parser = YAML(typ="safe")
    parser.Resolver = _Untagged
    return parser


def _place(file: str, lines: list[str], mark: Any) -> Place:
    text = lines[mark.line] if mark.line < len(lines) else ""
    return Place(file, mark.line + 1, mark.column + 1, text)


def _check_depth(text: str, file: str) -> None:
    """Refuse what would overflow the stack of the parser, which is written in C."""
    depth = 0
    deep = _DEEP_LINE.search(text)
    at = deep.start() if deep else -1
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > MAXIMUM_DEPTH:
            at = bracket.start()
            break
    if at >= 0:
        before = text[:at].split("\n")
        raise WorkbookError([Diagnostic(Place(file, len(before), len(before[-1]) + 1), _TOO_DEEP)])


def _convert(node: Any, file: str, lines: list[str], problems: list[Diagnostic], seen: set[int], depth: int) -> Node:
    place = _place(file, lines, node.start_mark)
    if depth > MAXIMUM_DEPTH:
        problems.append(Diagnostic(place, _TOO_DEEP))
        return Scalar(None, "", place)
    if id(node) in seen:
        problems.append(Diagnostic(place, "anchors and aliases are not used in templates", "write the value out"))
        return Scalar(None, "", place)
    seen.add(id(node))
    if node.id == "scalar":
        _check_characters(node, place, problems)
        return _scalar(node, place, lines)
    if node.id == "sequence":
        return Sequence(tuple(_convert(item, file, lines, problems, seen, depth + 1) for item in node.value), place)
    items: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, value in node.value:
        key_place = _place(file, lines, key.start_mark)
        name = str(key.value) if key.id == "scalar" else ""
        if name:
            _check_characters(key, key_place, problems)
        if not name:
            problems.append(Diagnostic(key_place, "a key must be a plain word"))
        elif name in items:
            problems.append(Diagnostic(key_place, f"'{name}' is given twice (first on line {keys[name].line})", "keep one"))
        else:
            items[name] = _convert(value, file, lines, problems, seen, depth + 1)
            keys[name] = key_place
    return Mapping(items, keys, place)


def _check_characters(node: Any, place: Place, problems: list[Diagnostic]) -> None:
    """Record characters that XML, and so a workbook, cannot hold; they get here as escapes."""
    found = UNUSABLE.search(str(node.value))
    if found:
        problems.append(Diagnostic(place, f"holds the character U+{ord(found[0]):04X}, which a workbook cannot hold", "leave it out"))


def _scalar(node: Any, place: Place, lines: list[str]) -> Scalar:
    text = str(node.value)
    if node.end_mark.line > node.start_mark.line:
        return Scalar(text, text, _over_lines(node, text, place, lines))
    if node.style in {"'", '"'}:
        return Scalar(text, text, place.shifted(1))
    if node.style in {"|", ">"}:
        return Scalar(text, text, place)
    return plain_scalar(text, place)


def plain_scalar(text: str, place: Place) -> Scalar:
    """Return what a text without quotes says: a number, a truth value, nothing, or the text."""
    if text in _WORDS:
        return Scalar(_WORDS[text], text, place)
    if _NUMBER.match(text):
        return Scalar(float(text) + 0.0, text, place)  # -0 is 0, which is what programs save
    if _SPECIAL.match(text):
        return Scalar(float(text.replace(".", "", 1)), text, place)
    return Scalar(text, text, place)


def _over_lines(node: Any, text: str, place: Place, lines: list[str]) -> Place:
    """Return the place of a text that was written over several lines, which are joined by a blank or a line feed."""
    block, quoted = node.style in {"|", ">"}, node.style in {"'", '"'}
    start, end = node.start_mark, node.end_mark
    offset, pieces = 0, []
    for number in range(start.line + block, end.line + (not block)):
        line = lines[number]
        column = start.column + quoted if number == start.line else len(line) - len(line.lstrip())
        part = line[column : end.column - quoted if number == end.line else None].rstrip()
        if not text.startswith(part, offset):
            break  # an escape, or lines that are not joined by one character: the first place is the best there is
        pieces.append((offset, Place(place.file, number + 1, column + 1, line)))
        offset += len(part) + 1
    return Patchwork(place.file, place.line, place.column, place.text, tuple(pieces))


def is_file(path: Path) -> bool:
    """Tell whether a file exists, also for names that no file can have."""
    try:
        return path.is_file()
    except OSError:
        return False


class Reader:
    """Takes apart a mapping whose keys only a workbook knows, such as an overlay's: all others are ``keywords``."""

    def __init__(self, node: Node, problems: Problems, what: str) -> None:
        """``what`` names the thing read, for messages ("case 'mine'")."""
        self.problems = problems
        self.what = what
        self.place = node.place
        if isinstance(node, Mapping):
            self.node = node
        else:
            problems.add(node.place, f"{what} must be a mapping of keys to values")
            self.node = Mapping({}, {}, node.place)

    def place_of(self, key: str) -> Place:
        """Return the place of a key's value, or of the whole mapping where the key is absent."""
        node = self.node.items.get(key)
        return node.place if node else self.place

    def text(self, key: str, default: str = "") -> str:
        """Return a text; numbers are taken as written."""
        node = self.node.items.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or node.value is None:
            self.problems.add(node.place, f"'{key}' of {self.what} must be a text")
            return default
        return node.text

    def mapping(self, key: str) -> Mapping:
        """Return a mapping, empty where the key is absent."""
        node = self.node.items.get(key)
        if node is None or isinstance(node, Mapping):
            return node or Mapping({}, {}, self.place)
        self.problems.add(node.place, f"'{key}' of {self.what} must be a mapping")
        return Mapping({}, {}, self.place)

    def check_known(self, known: Collection[str]) -> None:
        """Record every key that is none of those known."""
        for key, node in self.node:
            if key not in known:
                self.problems.add(self.node.keys[key], f"unknown key '{key}' in {self.what}", meant_by(key, node, known))


def meant_by(key: str, node: Node, known: Collection[str]) -> str:
    """Say which key was meant by one that is unknown."""
    alone = isinstance(node, Scalar) and node.value is None
    return stray(key) if alone else suggest(SYNONYMS.get(key, key), known)


def stray(key: str) -> str:
    """Say what was meant by a key without a value, which is what follows a comma."""
    comma = "a comma begins the next entry: write a number with a decimal point" if _NUMBER.match(key) else ""
    return comma or "put a text that holds a comma in quotes"


def number_of(node: Node, what: str, problems: Problems) -> float | None:
    """Return a finite number or record why it is not one."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, float) and value - value == 0.0:
        return value
    shown = as_typed(node.text) if isinstance(node, Scalar) else "a list or mapping"
    problems.add(node.place, f"{what} must be a finite number, not {shown}", _meant(node.text) if isinstance(node, Scalar) else "")
    return None


def _meant(text: str) -> str:
    """Return how a number in quotes, with signs between its thousands or with a decimal comma has to be written."""
    if _NUMBER.match(text):
        return "write it without quotes"
    if _THOUSANDS.fullmatch(text):
        return f"write {re.sub('[^0-9.+-]', '', text)}"
    return f"write {text.replace(',', '.')}" if _DECIMAL_COMMA.fullmatch(text) else ""
