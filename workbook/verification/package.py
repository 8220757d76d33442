"""The zip container and the XML of an .xlsx file, opened under limits that a hostile file can not get past.

Every way a file can be unreadable ends in ```UnreadableWorkbook```.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple, Self
from xml.parsers import expat

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

MAXIMUM_UNCOMPRESSED_BYTES = 512 * 2**20
MAXIMUM_COMPRESSION_RATIO = 250
# Small parts are left out of the ratio test: a few kilobytes of spaces are no attack.
RATIO_TEST_FROM_BYTES = 4 * 2**20
MAXIMUM_PARTS = 10_000
_OLE_SIGNATURE = bytes.fromhex("D0CF11E0")
_ZIP_SIGNATURE = b"PK"
_CHUNK_BYTES = 2**20


class UnreadableWorkbook(ValueError):  # noqa: N818 - the name is part of the interface
    """The file is not a workbook that can be read safely; the message is one sentence that says why."""


class SheetPart(NamedTuple):
    """A worksheet: its name as users see it and the path of its XML inside the package."""

    name: str
    path: str


def new_parser(part: str, *, namespaces: bool = False) -> expat.XMLParserType:
    """Make an expat parser that refuses document types, and with them every entity of a file's own."""

    def refuse(*_: object) -> None:
        message = f"the part {part} declares a document type, which a workbook never needs"
        raise UnreadableWorkbook(message)

    parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def parse(parser: expat.XMLParserType, data: bytes, part: str) -> None:
    """Run the parser over a whole part; XML that is not well formed raises UnreadableWorkbook."""
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the C function takes no keywords
    except expat.ExpatError as error:
        message = f"the part {part} is not well-formed XML ({error})"
        raise UnreadableWorkbook(message) from error


class Package:
    """The zip container of a workbook, opened under limits on size, compression and structure."""

    def __init__(self, path: Path) -> None:
        """Open and check the container; raises UnreadableWorkbook, or OSError when there is no such file."""
        with path.open("rb") as stream:
            head = stream.read(len(_OLE_SIGNATURE))
        if head == _OLE_SIGNATURE:
            message = "the file is password-protected or an old .xls"
            raise UnreadableWorkbook(message)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            reason = (
                "the file is cut short or damaged"
                if head.startswith(_ZIP_SIGNATURE)
                else "the file is not an .xlsx workbook: it is no zip archive"
            )
            raise UnreadableWorkbook(reason) from error
        self._remaining_bytes = MAXIMUM_UNCOMPRESSED_BYTES
        try:
            _check_directory(self._archive.infolist())
        except UnreadableWorkbook:
            self._archive.close()
            raise

    def __enter__(self) -> Self:
        """Keep the container open for a with statement."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Close the container."""
        self._archive.close()

    @property
    def entries(self) -> list[zipfile.ZipInfo]:
        """The entries of the archive in stored order."""
        return self._archive.infolist()

    def read(self, part: str) -> bytes:
        """Give the bytes of one part, unpacked in pieces so that a wrong declared size can not exhaust memory."""
        pieces = []
        try:
            with self._archive.open(part) as stream:
                while piece := stream.read(_CHUNK_BYTES):
                    self._remaining_bytes -= len(piece)
                    if self._remaining_bytes < 0:
                        raise UnreadableWorkbook(_too_large())
                    pieces.append(piece)
        except KeyError as error:
            raise UnreadableWorkbook(missing_part(part)) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            message = f"the file is cut short or damaged: the part {part} can not be unpacked"
            raise UnreadableWorkbook(message) from error
        return b"".join(pieces)

    def elements(self, part: str) -> list[tuple[str, dict[str, str]]]:
        """List all elements of a small part in document order, names and attribute names without namespaces."""
        found: list[tuple[str, dict[str, str]]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            local = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
            found.append((name.rpartition(" ")[2], local))

        parser = new_parser(part, namespaces=True)
        parser.StartElementHandler = start
        parse(parser, self.read(part), part)
        return found

    def relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Map the relationships of a part: id to (last word of the type, path of the target inside the package)."""
        folder, name = posixpath.split(part)
        result = {}
        for element, attributes in self.elements(posixpath.join(folder, "_rels", f"{name}.rels")):
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                kind = attributes.get("Type", "").rpartition("/")[2]
                result[attributes.get("Id", "")] = (kind, target.lstrip("/"))
        return result

    def workbook_part(self) -> str:
        """Give the path of the main part, usually xl/workbook.xml."""
        for kind, target in self.relationships("").values():
            if kind == "officeDocument":
                return target
        message = "the file is a zip archive but not a workbook: it names no main part"
        raise UnreadableWorkbook(message)

    def worksheets(self) -> list[SheetPart]:
        """List the worksheets in tab order; chart sheets and dialogs are left out."""
        workbook = self.workbook_part()
        elements = self.elements(workbook)
        targets = self.relationships(workbook)
        sheets = []
        for element, attributes in elements:
            if element == "sheet":
                kind, target = targets.get(attributes.get("id", ""), ("", ""))
                if kind == "worksheet":
                    sheets.append(SheetPart(attributes.get("name", ""), target))
        if not sheets:
            message = "the file is a workbook without worksheets"
            raise UnreadableWorkbook(message)
        return sheets


def missing_part(part: str) -> str:
    """Word the complaint about a part that others refer to and that is not there."""
    return f"the file is not a complete workbook: the part {part} is missing"


def _too_large() -> str:
    return f"the file unpacks to more than {MAXIMUM_UNCOMPRESSED_BYTES // 2**20} MiB"


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAXIMUM_PARTS:
        message = f"the file holds more than {MAXIMUM_PARTS} parts"
        raise UnreadableWorkbook(message)
    if sum(entry.file_size for entry in entries) > MAXIMUM_UNCOMPRESSED_BYTES:
        raise UnreadableWorkbook(_too_large())
    names = set()
    for entry in entries:
        if entry.flag_bits & 1:
            message = "the file is password-protected"
            raise UnreadableWorkbook(message)
        if entry.filename in names:
            message = f"the file holds two parts named {entry.filename}"
            raise UnreadableWorkbook(message)
        names.add(entry.filename)
        large = entry.file_size >= RATIO_TEST_FROM_BYTES
        if large and entry.file_size > MAXIMUM_COMPRESSION_RATIO * max(entry.compress_size, 1):
            message = f"the part {entry.filename} is compressed more than {MAXIMUM_COMPRESSION_RATIO} times"
            raise UnreadableWorkbook(message)
