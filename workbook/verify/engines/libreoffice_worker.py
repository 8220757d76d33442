"""The LibreOffice side of the engine: a script of its own, run by a Python that can import ``uno``.

It starts one office process with a throwaway profile, connects to it over a named pipe, and then answers requests:
one JSON object a line on standard input, one a line on standard output. A request is ``{"op": name, ...}``, an answer
``{"result": ...}`` or ``{"error": text}``. The end of standard input ends the office process too.

It imports nothing of the package, because the Python that runs it may be another one.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

START_TIMEOUT_SECONDS = 90.0
# The office ends with this status after it has set up a new profile, and asks to be started again.
RESTART_STATUSES = (79, 81)
MAXIMUM_STARTS = 4
XLSX_FILTER = "Calc MS Excel 2007 XML"
# One call for a bounding range beats many small ones as long as the range is not mostly cells nobody asked for.
FREE_RANGE_CELLS = 4_000
WASTE_FACTOR = 8
LARGEST_GAP_ROWS = 50

REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
MAXIMUM_COLUMNS = 16_384
MAXIMUM_ROWS = 1_048_576

# Error codes of LibreOffice and the names it writes for them into .xlsx files.
ERROR_NAMES = {
    502: "#VALUE!",
    503: "#NUM!",
    504: "#VALUE!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    526: "#NAME?",
    532: "#DIV/0!",
    32767: "#N/A",
}


class Refused(Exception):  # noqa: N818 - a reason, sent back as the answer
    """A request that can not be met."""


def cell_position(reference: str) -> tuple[int, int]:
    """Column and row, both counted from 0, of an A1 reference."""
    match = REFERENCE.fullmatch(reference)
    column = 0
    for letter in match[1] if match else "":
        column = column * 26 + ord(letter) - ord("A") + 1
    if match is None or column > MAXIMUM_COLUMNS or int(match[2]) > MAXIMUM_ROWS:
        message = f"{reference!r} is not a cell reference"
        raise Refused(message)
    return column - 1, int(match[2]) - 1


def bounding_ranges(positions: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Cover the positions with few ranges (left, top, right, bottom) that do not waste much."""
    wanted = sorted(set(positions))
    if not wanted:
        return []
    columns = [column for column, _ in wanted]
    rows = [row for _, row in wanted]
    whole = (min(columns), min(rows), max(columns), max(rows))
    area = (whole[2] - whole[0] + 1) * (whole[3] - whole[1] + 1)
    if area <= max(FREE_RANGE_CELLS, WASTE_FACTOR * len(wanted)):
        return [whole]
    ranges: list[tuple[int, int, int, int]] = []
    for column, row in wanted:
        if ranges and ranges[-1][0] == column and row - ranges[-1][3] <= LARGEST_GAP_ROWS:
            ranges[-1] = (column, ranges[-1][1], column, row)
        else:
            ranges.append((column, row, column, row))
    return ranges


class Office:
    """The office process and the bridge to it."""

    def __init__(self, program: str, folder: Path) -> None:
        """Start the office, waiting until it answers."""
        self._uno = importlib.import_module("uno")
        self._pipe = folder.name
        self._log = (folder / "office.log").open("ab")
        self._command = [
            program,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--invisible",
            "--norestore",
            "--nologo",
            "--nodefault",
            "--nolockcheck",
            "--nofirststartwizard",
            f"--accept=pipe,name={self._pipe};urp;",
        ]
        self._process = self._spawn()
        context = self._connect()
        self._services = context.ServiceManager
        self._context = context
        self._desktop = self._service("com.sun.star.frame.Desktop")

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - the office program found by the parent, with fixed options
            self._command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )

    def _connect(self) -> Any:
        local = self._uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        starts = 1
        while True:
            try:
                return resolver.resolve(f"uno:pipe,name={self._pipe};urp;StarOffice.ComponentContext")
            except self._uno.getClass("com.sun.star.connection.NoConnectException"):
                pass
            status = self._process.poll()
            if status in RESTART_STATUSES and starts < MAXIMUM_STARTS:
                starts += 1
                self._process = self._spawn()
            elif status is not None:
                message = f"the office process ended with status {status} while starting"
                raise Refused(message)
            if time.monotonic() > deadline:
                message = f"the office process did not answer within {START_TIMEOUT_SECONDS:g} s of starting"
                raise Refused(message)
            time.sleep(0.05)

    def _service(self, name: str) -> Any:
        return self._services.createInstanceWithContext(name, self._context)

    def properties(self, **values: object) -> tuple[Any, ...]:
        """Make the property list that UNO calls take instead of keywords."""
        result = []
        for name, value in values.items():
            entry = self._uno.createUnoStruct("com.sun.star.beans.PropertyValue")
            entry.Name, entry.Value = name, value
            result.append(entry)
        return tuple(result)

    def version(self) -> str:
        """Give the product version, for example 7.4.7.2."""
        provider = self._service("com.sun.star.configuration.ConfigurationProvider")
        access = provider.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationAccess",
            self.properties(nodepath="/org.openoffice.Setup/Product"),
        )
        return str(access.getByName("ooSetupVersionAboutBox"))

    def load(self, path: str) -> Any:
        """Open a .xlsx file hidden, without macros and without following links to other files."""
        document = self._desktop.loadComponentFromURL(
            Path(path).as_uri(),
            "_blank",
            0,
            self.properties(Hidden=True, FilterName=XLSX_FILTER, MacroExecutionMode=0, UpdateDocMode=0),
        )
        if document is None:
            message = "LibreOffice can not open the file"
            raise Refused(message)
        return document

    def stop(self) -> None:
        """End the office process; a clean end also removes its pipes from the temporary folder."""
        # The answer to terminate is often that the bridge is gone.
        with contextlib.suppress(Exception):
            self._desktop.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()


class Worker:
    """Answers requests about at most one open document."""

    def __init__(self, office: Office) -> None:
        """Start without a document."""
        self._office = office
        self._document: Any = None
        self._sheets: dict[str, Any] = {}
        # Making the proxy of a cell or range takes several calls between the processes, using it again takes one.
        self._proxies: dict[tuple[str, int, int, int, int], Any] = {}
        self._held: dict[tuple[str, str], Callable[[], object]] = {}
        self._areas: dict[str, Any] = {}  # that are printed, by sheet
        self._logical_format: int | None = None
        self.operations: dict[str, Callable[..., object]] = {
            "version": office.version,
            "open": self.open,
            "set": self.set_values,
            "undo": self.undo,
            "recalculate": self.recalculate,
            "read": self.read,
            "save": self.save,
            "show": self.show,
            "sheets": self.sheets,
            "close": self.close,
        }

    def open(self, path: str) -> None:
        """Open a document in place of the one before; edits do not compute at once what depends on them."""
        self.close()
        self._document = self._office.load(path)
        self._document.enableAutomaticCalculation(False)  # noqa: FBT003 - UNO calls take no keywords

    def close(self) -> None:
        """Close the document, if there is one."""
        document, self._document = self._document, None
        self._sheets = {}
        self._proxies = {}
        self._held = {}
        self._areas = {}
        self._logical_format = None
        if document is not None:
            document.close(True)  # noqa: FBT003 - UNO calls take no keywords

    def recalculate(self) -> None:
        """Compute every formula; the softer ``calculate`` trusts the cached values of files by other programs."""
        self._opened().calculateAll()

    def save(self, path: str, filter_name: str) -> None:
        """Write the document as it is now; LibreOffice gives cells the colours of rules only while it may compute."""
        self._opened().enableAutomaticCalculation(True)  # noqa: FBT003 - UNO calls take no keywords
        self._opened().storeToURL(Path(path).as_uri(), self._office.properties(FilterName=filter_name))
        self._opened().enableAutomaticCalculation(False)  # noqa: FBT003 - as above

    def show(self, sheet: str) -> None:
        """Show one sheet only; what is hidden, and has no print area, is not printed."""
        self._sheet(sheet)
        sheets = self._opened().Sheets
        for name in (sheet, *sheets.ElementNames):  # one sheet has to be visible at any time
            areas = self._areas.setdefault(name, sheets.getByName(name).getPrintAreas())
            sheets.getByName(name).setPrintAreas(areas if name == sheet else ())
            sheets.getByName(name).IsVisible = name == sheet

    def sheets(self) -> list[str]:
        """Name the visible sheets in the order of their tabs."""
        sheets = self._opened().Sheets
        return [name for name in sheets.ElementNames if sheets.getByName(name).IsVisible]

    def set_values(self, edits: list[tuple[str, str, float | str | bool | None]]) -> None:
        """Put constants into cells, in place of whatever they held."""
        for sheet, reference, value in edits:
            cell = self._cell(sheet, *cell_position(reference))
            self._held.setdefault((sheet, reference), _refill(cell))
            if value is None:
                cell.setFormula("")
            elif isinstance(value, str):
                cell.setString(value)
            else:
                cell.setValue(float(value))
                if isinstance(value, bool):
                    cell.NumberFormat = self._logical()

    def undo(self) -> None:
        """Put back what the cells held before they were set: formulas, numbers and texts."""
        for put_back in self._held.values():
            put_back()
        self._held = {}

    def read(self, cells: dict[str, list[str]]) -> dict[str, list[object]]:
        """Values in the order of the references asked for; an error is an object with its name under "error"."""
        return {sheet: self._read_sheet(sheet, references) for sheet, references in cells.items()}

    def _read_sheet(self, sheet: str, references: list[str]) -> list[object]:
        positions = [cell_position(reference) for reference in references]
        wanted = set(positions)
        found: dict[tuple[int, int], object] = {}
        for area in bounding_ranges(wanted):
            found.update(self._read_range(sheet, area, wanted))
        return [found[position] for position in positions]

    def _read_range(
        self, sheet: str, area: tuple[int, int, int, int], wanted: set[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], object]]:
        left, top, _, _ = area
        cells = self._range(sheet, area)
        empty: set[tuple[int, int]] | None = None
        for row, values in enumerate(cells.getDataArray(), top):
            for column, value in enumerate(values, left):
                position = (column, row)
                if position not in wanted:
                    continue
                if value is None:
                    code = self._cell(sheet, column, row).getError()
                    yield position, {"error": ERROR_NAMES.get(code, f"Err:{code}")}
                elif value == "":
                    # The array holds the same for a cell without content and for one with an empty text.
                    empty = _empty_cells(cells) if empty is None else empty
                    yield position, None if position in empty else ""
                else:
                    yield position, value

    def _cell(self, sheet: str, column: int, row: int) -> Any:
        key = (sheet, column, row, column, row)
        if key not in self._proxies:
            self._proxies[key] = self._sheet(sheet).getCellByPosition(column, row)
        return self._proxies[key]

    def _range(self, sheet: str, area: tuple[int, int, int, int]) -> Any:
        if area[:2] == area[2:]:
            return self._cell(sheet, *area[:2])
        key = (sheet, *area)
        if key not in self._proxies:
            self._proxies[key] = self._sheet(sheet).getCellRangeByPosition(*area)
        return self._proxies[key]

    def _opened(self) -> Any:
        if self._document is None:
            message = "no document is open"
            raise Refused(message)
        return self._document

    def _sheet(self, name: str) -> Any:
        if name not in self._sheets:
            sheets = self._opened().Sheets
            if not sheets.hasByName(name):
                message = f"there is no sheet named {name!r}"
                raise Refused(message)
            self._sheets[name] = sheets.getByName(name)
        return self._sheets[name]

    def _logical(self) -> int:
        if self._logical_format is None:
            document = self._opened()
            logical_type = importlib.import_module("uno").getConstantByName("com.sun.star.util.NumberFormat.LOGICAL")
            self._logical_format = int(document.NumberFormats.getStandardFormat(logical_type, document.CharLocale))
        return self._logical_format


def _refill(cell: Any) -> Callable[[], object]:
    """Return what puts the present content of a cell back; the formula of an empty cell is empty."""
    match cell.Type.value:
        case "VALUE":
            return functools.partial(cell.setValue, cell.getValue())
        case "TEXT":
            return functools.partial(cell.setString, cell.getString())
        case _:
            return functools.partial(cell.setFormula, cell.getFormula())


def _empty_cells(cells: Any) -> set[tuple[int, int]]:
    return {
        (column, row)
        for area in cells.queryEmptyCells().getRangeAddresses()
        for column in range(area.StartColumn, area.EndColumn + 1)
        for row in range(area.StartRow, area.EndRow + 1)
    }


def answer(worker: Worker, line: str) -> dict[str, object]:
    """Carry out one request; whatever goes wrong becomes the answer."""
    request = json.loads(line)
    operation = worker.operations[request.pop("op")]
    try:
        return {"result": operation(**request)}
    except Refused as refusal:
        return {"error": str(refusal)}
    except Exception as error:  # noqa: BLE001 - UNO exceptions share no base class of their own
        return {"error": f"{type(error).__name__}: {error}"}


def main(program: str, folder_name: str) -> None:
    """Serve requests until standard input ends, then remove the profile folder."""
    folder = Path(folder_name)
    try:
        office = Office(program, folder)
    except Refused as refusal:
        print(json.dumps({"error": str(refusal)}), flush=True)  # noqa: T201 - the protocol
        return
    try:
        worker = Worker(office)
        print(json.dumps({"result": "ready"}), flush=True)  # noqa: T201 - the protocol
        for line in sys.stdin:
            print(json.dumps(answer(worker, line)), flush=True)  # noqa: T201 - the protocol
    finally:
        office.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
