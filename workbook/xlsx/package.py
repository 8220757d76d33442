"""The zip container and the XML of an .xlsx file, opened under limits that a hostile file can not get past.

Every way a file can be unreadable ends in ```UnreadableWorkbook```.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import unquote
from xml.parsers import expat

from workbook.errors import as_typed
from workbook.xlsx.seals import is_cut_short, seal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterator
    from pathlib import Path
    from types import TracebackType

MAXIMUM_UNCOMPRESSED_BYTES = 256 * 2**20
MAXIMUM_COMPRESSION_RATIO = 250
# Small parts are left out of the ratio test: a few kilobytes of spaces are no attack.
RATIO_TEST_FROM_BYTES = 4 * 2**20
# A whole workbook is unpacked to some ten times its size; blank cells with a format take it to forty.
MAXIMUM_RATIO_OF_ALL = 64
RATIO_OF_ALL_TEST_FROM_BYTES = 64 * 2**20
MAXIMUM_PARTS = 10_000
MAXIMUM_DEPTH = 100
TOO_DEEP = f"elements are nested deeper than {MAXIMUM_DEPTH} levels"
LONGEST_SHEET_NAME = 255
LONGEST_MESSAGE = 500  # a name in the file may be of any length
SAVE = "save it as .xlsx in the program that wrote it"
CONTENT_TYPES = "[Content_Types].xml"
CUT_SHORT = "the file is cut short or damaged"
_OLE_SIGNATURE = bytes.fromhex("D0CF11E0")
_ZIP_SIGNATURE = b"PK"
_CHUNK_BYTES = 2**20


class UnreadableWorkbook(ValueError):  # noqa: N818 - the name is part of the interface
    """The file is not a workbook that can be read safely; the message is one sentence that says why, ``fix`` what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        """Keep what is wrong and, where it is known, what to do about it."""
        super().__init__(message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}...")
        self.fix = fix


class SheetPart(NamedTuple):
    """A worksheet: its name as users see it and the path of its XML inside the package."""

    name: str
    path: str


class Element(NamedTuple):
    """An element of XML: its name without a namespace, its attributes, and the text directly within it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


def new_parser(part: str, *, namespaces: bool = False) -> expat.XMLParserType:
    """Make an expat parser that refuses document types, and with them every entity of a file's own."""

    def refuse(*_: object) -> None:
        message = f"the part {part} declares a document type, which a workbook never needs"
        raise UnreadableWorkbook(message)

    parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def parse(parser: expat.XMLParserType, pieces: Generator[bytes], part: str) -> None:
    """Run the parser over the pieces of a part; raises UnreadableWorkbook, with the place, for XML that cannot be read.

    A ValueError of a handler is about what the XML says there.
    """
    try:
        with closing(pieces):
            for piece in pieces:
                parser.Parse(piece, False)  # noqa: FBT003 - the C function takes no keywords
        parser.Parse(b"", True)  # noqa: FBT003 - as above
    except UnreadableWorkbook:
        raise
    except expat.ExpatError as error:
        message = f"the part {part} is not well-formed XML ({error})"
        raise UnreadableWorkbook(message) from error
    except (ValueError, LookupError) as error:  # LookupError: an encoding that does not exist
        message = f"the part {part} is damaged at line {parser.CurrentLineNumber}, column {parser.CurrentColumnNumber + 1}: {error}"
        raise UnreadableWorkbook(message) from error


def at_once(data: bytes) -> Generator[bytes]:
    """Yield a part that is in memory, as ``parse`` takes it."""
    yield data


class Depth:
    """Counts open elements, of which expat keeps as many as a file likes."""

    def __init__(self) -> None:
        """Start outside of all elements."""
        self._open = 0

    def enter(self) -> None:
        """Count an element; ValueError where they are nested deeper than those of any workbook."""
        self._open += 1
        if self._open > MAXIMUM_DEPTH:
            raise ValueError(TOO_DEEP)

    def leave(self) -> None:
        """Leave the innermost element."""
        self._open -= 1


def part_key(name: str) -> str:
    """Return what is compared of the name of a part: case, percent-encoding and the direction of slashes make no difference."""
    return unquote(name.replace("\\", "/")).lstrip("/").lower()


class Package:
    """The zip container of a workbook, opened under limits on size, compression and structure."""

    def __init__(self, path: Path) -> None:
        """Open and check the container; raises UnreadableWorkbook, or OSError when there is no such file."""
        with path.open("rb") as stream:
            head = stream.read(len(_OLE_SIGNATURE))
        if head == _OLE_SIGNATURE:
            raise UnreadableWorkbook("the file is password-protected or an old .xls", f"remove the password, or {SAVE}")
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            reason = CUT_SHORT if head.startswith(_ZIP_SIGNATURE) else "the file is not an .xlsx workbook: it is no zip archive"
            raise UnreadableWorkbook(reason) from error
        self.limit(MAXIMUM_UNCOMPRESSED_BYTES)
        try:
            self._entries = _checked_directory(self._archive)
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

    @property
    def is_sealed(self) -> bool:
        """Whether the file is as it was built: see ``seals``."""
        return self._archive.comment == seal_of(self.entries)

    def limit(self, most_bytes: int) -> None:
        """Allow at most so many more bytes to be unpacked, and never more than at the start."""
        self._most_bytes = self._remaining_bytes = min(most_bytes, MAXIMUM_UNCOMPRESSED_BYTES)

    def read(self, part: str) -> bytes:
        """Give the bytes of one part."""
        return b"".join(self.pieces(part))

    def pieces(self, part: str) -> Generator[bytes]:
        """Unpack one part piece by piece, so that a wrong declared size can not exhaust memory."""
        entry = self._entries.get(part_key(part))
        if entry is None:
            raise UnreadableWorkbook(missing_part(part))
        with _told_if_damaged(part), self._archive.open(entry) as stream:
            while piece := stream.read(_CHUNK_BYTES):
                self._remaining_bytes -= len(piece)
                if self._remaining_bytes < 0:
                    message = f"the file unpacks to more than {self._most_bytes // 2**20} MiB, the most for a workbook with so many cells"
                    raise UnreadableWorkbook(message)
                yield piece

    def elements(self, part: str, wanted: str) -> list[dict[str, str]]:
        """List the attributes of the elements of one name in document order; names without namespaces."""
        return [found.attributes for found in self.marked(part, {wanted})]

    def marked(
        self, part: str, wanted: Container[str], most: int = MAXIMUM_PARTS, trim: Callable[[bytes], bytes] | None = None
    ) -> list[Element]:
        """List the elements of some names in document order, each with the text within it; names without namespaces.

        ``trim`` takes from the part what does not matter, before it is parsed. Raises UnreadableWorkbook for more than ``most``.
        """
        found: list[Element] = []
        pieces: list[list[str]] = []
        is_open: list[list[str] | None] = []
        tags: dict[str, str] = {}  # by name, empty for those not wanted: a sheet has a few names, and a million elements

        def start(name: str, attributes: dict[str, str]) -> None:
            if len(is_open) >= MAXIMUM_DEPTH:
                raise ValueError(TOO_DEEP)
            tag = tags.get(name)
            if tag is None:
                tag = name.rpartition(" ")[2]
                tag = tags[name] = tag if tag in wanted else ""
            if not tag:
                is_open.append(None)
                return
            found.append(Element(tag, {key.rpartition(" ")[2]: value for key, value in attributes.items()}))
            pieces.append([])
            is_open.append(pieces[-1])
            if len(found) > most:
                message = f"there are more than {most:,} elements such as '{tag}'"
                raise ValueError(message)

        def characters(text: str) -> None:
            if is_open and is_open[-1] is not None:
                is_open[-1].append(text)

        def end(_: str) -> None:
            is_open.pop()

        parser = new_parser(part, namespaces=True)
        parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, characters, end
        parse(parser, at_once(trim(self.read(part))) if trim else self.pieces(part), part)
        return [element._replace(text="".join(texts)) for element, texts in zip(found, pieces, strict=True)]

    def relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Map the relationships of a part: id to (last word of the type, path of the target inside the package)."""
        folder = posixpath.dirname(part)
        result = {}
        for attributes in self.elements(_relationships_part(part), "Relationship"):
            if attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "").replace("\\", "/")))
                kind = attributes.get("Type", "").rpartition("/")[2]
                result[attributes.get("Id", "")] = (kind, target.lstrip("/"))
        return result

    def has(self, part: str) -> bool:
        """Whether the file holds a part."""
        return part_key(part) in self._entries

    def has_relationships(self, part: str) -> bool:
        """Whether a part refers to others."""
        return self.has(_relationships_part(part))

    def related(self, part: str) -> list[tuple[str, str]]:
        """List the parts that a part refers to and the file holds: the last word of the type, and the path."""
        found = self.relationships(part).values() if self.has_relationships(part) else ()
        return [(kind, target) for kind, target in found if self.has(target)]

    def outside(self, part: str) -> dict[str, str]:
        """Map the references of a part that lead out of the file: id to address."""
        found = self.elements(_relationships_part(part), "Relationship") if self.has_relationships(part) else []
        return {given.get("Id", ""): given.get("Target", "") for given in found if given.get("TargetMode") == "External"}

    def names(self) -> dict[str, str]:
        """Give the name that other parts call each part by, by key; programs differ in which other names they find it by."""
        found: dict[str, str] = {part_key(CONTENT_TYPES): CONTENT_TYPES}
        left = [""]
        while left:
            part = left.pop()
            relationships = _relationships_part(part)
            if part_key(relationships) not in self._entries:
                continue
            found[part_key(relationships)] = relationships
            new = {part_key(target): target for _, target in self.relationships(part).values()}
            left += [target for key, target in new.items() if key not in found]
            found = new | found
        return found

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
        elements = self.elements(workbook, "sheet")
        targets = self.relationships(workbook)
        sheets: dict[str, SheetPart] = {}
        for attributes in elements:
            name = attributes.get("name", "")
            kind, target = targets.get(attributes.get("id", ""), ("", ""))
            if len(name) > LONGEST_SHEET_NAME or name.lower() in sheets:
                problem = "two sheets have" if name.lower() in sheets else "a sheet has"
                message = f"the part {workbook} is damaged: {problem} the name {as_typed(name)}"
                raise UnreadableWorkbook(message)
            if kind == "worksheet":
                sheets[name.lower()] = SheetPart(name, target)
        if not sheets:
            message = "the file is a workbook without worksheets"
            raise UnreadableWorkbook(message)
        return list(sheets.values())


def missing_part(part: str) -> str:
    """Word the complaint about a part that others refer to and that is not there."""
    return f"the file is not a complete workbook: the part {part} is missing"


def _relationships_part(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


@contextmanager
def _told_if_damaged(part: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        message = f"the file is cut short or damaged: the part {part} can not be unpacked"
        raise UnreadableWorkbook(message) from error


def _checked_directory(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by key; raises UnreadableWorkbook for those that no workbook has, and where the end of the file is missing."""
    if is_cut_short(archive.comment):
        raise UnreadableWorkbook(CUT_SHORT)
    entries = archive.infolist()
    if len(entries) > MAXIMUM_PARTS:
        message = f"the file holds more than {MAXIMUM_PARTS} parts"
        raise UnreadableWorkbook(message)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAXIMUM_UNCOMPRESSED_BYTES:
        message = f"the file unpacks to more than {MAXIMUM_UNCOMPRESSED_BYTES // 2**20} MiB"
        raise UnreadableWorkbook(message)
    names: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        if entry.flag_bits & 1:
            message = "the file is password-protected"
            raise UnreadableWorkbook(message, "remove the password")
        if part_key(entry.filename) in names:
            message = f"the file holds two parts named {as_typed(entry.filename)}"
            raise UnreadableWorkbook(message)
        names[part_key(entry.filename)] = entry
        large = entry.file_size >= RATIO_TEST_FROM_BYTES
        if large and entry.file_size > MAXIMUM_COMPRESSION_RATIO * max(entry.compress_size, 1):
            message = f"the part {entry.filename} is compressed more than {MAXIMUM_COMPRESSION_RATIO} times"
            raise UnreadableWorkbook(message)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > RATIO_OF_ALL_TEST_FROM_BYTES and unpacked > MAXIMUM_RATIO_OF_ALL * packed:
        message = f"the file unpacks to {unpacked // 2**20} MiB, more than {MAXIMUM_RATIO_OF_ALL} times its size"
        raise UnreadableWorkbook(message)
    _check_kind(names)
    return names


def _check_kind(names: dict[str, zipfile.ZipInfo]) -> None:
    """Name the formats of spreadsheet programs that are zip archives too."""
    kinds = {
        "an OpenDocument spreadsheet (.ods)": "content.xml" in names and "mimetype" in names,
        "an Excel binary workbook (.xlsb)": "xl/workbook.bin" in names,
        "an Apple Numbers document (.numbers)": "index.zip" in names or any(name.endswith(".iwa") for name in names),
    }
    for kind, found in kinds.items():
        if found:
            message = f"the file is {kind}, not an .xlsx workbook"
            raise UnreadableWorkbook(message, SAVE)
