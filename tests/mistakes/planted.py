"""Files of planted mistakes: read, set up as templates, and loaded for what is said."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from workbook import api
from workbook.errors import WorkbookError

HERE = Path(__file__).parent
BASE = HERE / "base"
_FILE = re.compile(r"^# file: (\S+)$", re.MULTILINE)
_MESSAGE = "# message:\n"


@dataclass(frozen=True)
class Planted:
    """A mistake: files of templates by their path, and the message expected of them."""

    files: dict[str, str]
    message: str

    def write(self, folder: Path) -> Path:
        """Write the workbook of ``base/`` with the mistake in it to a new folder; give the folder."""
        shutil.copytree(BASE, folder)
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        return folder


def with_cards(folder: Path, catalogue: str, large: str, small: str) -> Path:
    """Write the workbook of ``base/`` with another catalogue of two GPUs to a new folder; the source ``other`` is there, too."""
    other = (BASE / "sources.yaml").read_text("utf-8") + "other: {title: Other, publisher: A user}\n"
    cards = {"catalogues/gpus.yaml": catalogue, "gpus/large.yaml": large, "gpus/small.yaml": small}
    return Planted({"sources.yaml": other, **cards}, "").write(folder)


def planted_files() -> list[Path]:
    """Give the file of every planted mistake."""
    return sorted(path for path in HERE.rglob("*.yaml") if BASE not in path.parents)


def read(path: Path) -> Planted:
    """Read a planted mistake."""
    text, _, message = path.read_text("utf-8").partition(_MESSAGE)
    first, *rest = _FILE.split(text)
    files = {} if rest else {"sheets/sheet.yaml": first}
    for name, part in zip(rest[::2], rest[1::2], strict=True):
        files[name] = f"# file: {name}{part}"  # a comment of that file too: its lines are counted as they are read here
    return Planted(files, "\n".join(line.removeprefix("#").removeprefix(" ") for line in message.splitlines()))


def write_message(path: Path, message: str) -> None:
    """Write a message below the templates of a planted mistake."""
    text, _, _ = path.read_text("utf-8").partition(_MESSAGE)
    lines = [f"# {line}".rstrip() + "\n" for line in message.split("\n")]
    path.write_text("".join([text, _MESSAGE, *lines]), "utf-8")


def message_of(templates: Path) -> str:
    """Load the workbook of a folder and give all that is said about it; nothing where nothing is wrong."""
    try:
        api.load("book", templates)
    except WorkbookError as error:
        return str(error)
    return ""
