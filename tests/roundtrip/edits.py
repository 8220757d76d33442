"""Random edits that templates allow, files with them as several programs save them, and what must be read back."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl

from tests.support import require
from workbook import api
from workbook.declare.limits import limits_of
from workbook.verify.engines.libreoffice import LibreOffice, _environment, find_office, find_uno_python

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping


Values = dict[str, float | str]
FREE_TEXTS = ("blue", "red")


def place(book: api.Book, cell_id: str) -> tuple[str, str]:
    """Give the sheet and the address of a cell."""
    sheet, _, address = book.layout.address(*(book.model.find(cell_id) or ("", 0))).rpartition("!")
    return sheet.strip("'"), address


def settable(book: api.Book) -> list[str]:
    """Give the ids of all inputs, and of cells that take a value over."""
    return [cell_id for cell_id, _, _ in book.model.settable()]


def draw(book: api.Book, dice: random.Random, most: int = 8) -> Values:
    """Draw new values of some inputs: numbers within a tenth of what they are, whole where they must be, and choices."""
    found: Values = {}
    for cell_id in dice.sample(settable(book), dice.randint(0, most)):
        name, row = book.model.find(cell_id) or ("", 0)
        quantity, now = book.model.quantities[name], book.values[name][row]
        limits = quantity.bounds
        choices = list(book.model.choices(limits).values()) or list(limits.choices)
        if quantity.is_text or choices:
            pick = dice.choice(choices or list(FREE_TEXTS))
            found[cell_id] = pick if quantity.is_text else float(pick)
            continue
        value = float(now) * dice.uniform(0.9, 1.1)
        value = round(value) if limits.whole else float(f"{value:.{dice.randint(3, 16)}G}")
        ends = limits_of(limits)
        value = float(now) if value <= ends.low or value > ends.high else value
        found[cell_id] = float(value)
    return found


def differing(book: api.Book, edits: Mapping[str, float | str]) -> Values:
    """Give the edits that change something: a value like the one given does so only in a cell that takes over another's."""
    found: Values = {}
    for cell_id, value in edits.items():
        name, row = book.model.find(cell_id) or ("", 0)
        if book.model.quantities[name].takes_over(row) or book.values[name].tolist()[row] != value:
            found[cell_id] = value
    return found


def typed(source: Path, target: Path, book: api.Book, edits: Mapping[str, float | str]) -> Path:
    """Save a file with edits typed in, as openpyxl does: without results."""
    opened = openpyxl.load_workbook(source)
    for cell_id, value in edits.items():
        sheet, address = place(book, cell_id)
        opened[sheet][address].value = value
        if isinstance(value, str):
            opened[sheet][address].data_type = "s"
    opened.save(target)
    return target


def in_libreoffice(jobs: list[tuple[Path, Path, list[list[Any]]]]) -> None:
    """Open files in LibreOffice, change them as a user would, and save them as .xlsx; see ``office.py``."""
    require(LibreOffice())
    office = find_office() or ""
    folder = Path(tempfile.mkdtemp(prefix="office-", dir=jobs[0][1].parent))  # names the pipe to the program, of which there may be several
    request = folder / "jobs.py"
    request.write_text(repr([(str(source), str(target), steps) for source, target, steps in jobs]), "utf-8")
    program = Path(__file__).with_name("office.py")
    try:
        line = [find_uno_python(office) or sys.executable, str(program), office, str(folder), str(request)]
        done = subprocess.run(  # noqa: S603 our own program
            line, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=300, check=False, env=_environment()
        )
        assert done.returncode == 0, done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def change_part(source: Path, target: Path, part: str, old: str, new: str) -> Path:
    """Copy a file with one text of one part replaced."""
    import zipfile  # noqa: PLC0415 nothing else here needs it

    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for item in before.infolist():
            data = before.read(item).decode("utf-8") if item.filename == part else ""
            if data:
                assert len(re.findall(old, data)) == 1, (part, old)
            after.writestr(item, re.sub(old, lambda _: new, data) if data else before.read(item))
    return target


def read_back(name: str, root: Path | None, file: Path) -> dict[str, float | str]:
    """Return what an overlay gives inputs, by id."""
    layout, given = api.prepared(name, root, overlay=file)
    return {layout.model.cell_id(*at): value for at, value in given.items()}
