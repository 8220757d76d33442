"""LibreOffice Calc: one long-lived office process, driven through a helper process over its UNO interface."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from workbook.verify.engines.base import CellError, CellValue, Engine, EngineFailure, Sheets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

DEFAULT_TIMEOUT_SECONDS = 120.0
START_TIMEOUT_SECONDS = 100.0
STOP_TIMEOUT_SECONDS = 15.0

_WORKER = Path(__file__).with_name("libreoffice_worker.py")
_INSTALL = "install the Debian packages libreoffice-calc and python3-uno."
_XLSX_FILTER = "Calc MS Excel 2007 XML"
_PDF_FILTER = "calc_pdf_Export"
_USUAL_PROGRAMS = ("/usr/lib/libreoffice/program/soffice", "/opt/libreoffice/program/soffice")


@functools.cache
def find_office() -> str | None:
    """Path of the office program, or None."""
    for name in ("soffice", "libreoffice", *_USUAL_PROGRAMS):
        program = shutil.which(name)
        if program is not None:
            return program
    return None


@functools.cache
def find_uno_python(office: str) -> str | None:
    """Path of a Python that can import ``uno``: the system's, this one, or one that came with the office."""
    folder = Path(office).resolve().parent
    for candidate in ("/usr/bin/python3", sys.executable, str(folder / "python3"), str(folder / "python")):
        if not candidate or shutil.which(candidate) is None:
            continue
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            probe = subprocess.run(  # noqa: S603 - only the interpreters listed above
                [candidate, "-c", "import uno"], capture_output=True, timeout=30, env=_environment(), check=False
            )
            if probe.returncode == 0:
                return candidate
    return None


def _environment(**extra: str) -> dict[str, str]:
    # The home of one Python must not reach another.
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "VIRTUAL_ENV"}}
    return {**kept, **extra}


def _kill_group(process: subprocess.Popen[str]) -> None:
    """End a process, and on POSIX systems all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class LibreOfficeSession:
    """An office process with at most one open document.

    The process starts at the first use and lives until ``close``. After an EngineFailure that ended the process
    (``alive`` is False) the next call starts a new one, without the document. Methods may be called from several
    threads; they take turns.
    """

    def __init__(self, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Limit each request to ``timeout_seconds``; nothing is started yet."""
        self._timeout_seconds = timeout_seconds
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        """Hand out the session; it is closed at the end of the with statement."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Close the session."""
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the helper process runs."""
        return self._process is not None and self._process.poll() is None

    def version(self) -> str:
        """Give the version of LibreOffice, for example 7.4.7.2."""
        return str(self._request("version"))

    def open(self, path: Path) -> None:
        """Open a copy of an .xlsx file in place of the document before; cells keep their cached values for now."""
        with self._lock:
            copy = self._started() / "document.xlsx"
            # A copy leaves no lock file beside the original, and cuts relative links to other files.
            try:
                shutil.copyfile(path, copy)
            except OSError as error:
                message = f"{path} can not be read: {error.strerror}"
                raise EngineFailure(message) from error
            self._request("open", path=str(copy))

    def set_values(self, edits: Mapping[tuple[str, str], float | str | bool | None]) -> None:
        """Put constants into cells, by (sheet, A1 reference); None empties a cell. Nothing is computed yet."""
        for value in edits.values():
            if isinstance(value, float) and not math.isfinite(value):
                message = f"{value} can not be stored in a cell"
                raise ValueError(message)
        self._request("set", edits=[[sheet, reference, value] for (sheet, reference), value in edits.items()])

    def undo(self) -> None:
        """Put back what the cells held before they were set, since the file was opened or since the last undo; nothing is computed yet."""
        self._request("undo")

    def recalculate(self) -> None:
        """Compute every formula of the document anew."""
        self._request("recalculate")

    def read(self, cells: Mapping[str, Sequence[str]]) -> Sheets:
        """Read cells as they stand, by sheet; booleans come as 1.0 and 0.0, which is how LibreOffice keeps them."""
        asked = {sheet: list(references) for sheet, references in cells.items()}
        values: dict[str, list[Any]] = self._request("read", cells=asked)
        return {sheet: dict(zip(references, map(_cell_value, values[sheet]), strict=True)) for sheet, references in asked.items()}

    def save_as(self, path: Path) -> None:
        """Write the document as .xlsx; call ``recalculate`` first, so that the stored values are those of the edits."""
        self._request("save", path=str(path.absolute()), filter_name=_XLSX_FILTER)

    def to_pdf(self, path: Path) -> None:
        """Print the document to a PDF file; call ``recalculate`` first."""
        self._request("save", path=str(path.absolute()), filter_name=_PDF_FILTER)

    def sheets(self) -> list[str]:
        """Name the visible sheets in the order of their tabs."""
        names: list[str] = self._request("sheets")
        return names

    def show(self, sheet: str) -> None:
        """Show one sheet and hide all others, which are not printed then."""
        self._request("show", sheet=sheet)

    def close_document(self) -> None:
        """Close the document and keep the process."""
        if self.alive:
            self._request("close")

    def close(self) -> None:
        """End the process and remove its profile."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                _close_input(process)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_TIMEOUT_SECONDS)
            self._end(process)

    def _end(self, process: subprocess.Popen[str] | None) -> None:
        if process is not None:
            _close_input(process)
            # The group still holds the office when the worker has died before it.
            _kill_group(process)
            process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _kill(self) -> None:
        process, self._process = self._process, None
        self._end(process)

    def _started(self) -> Path:
        with self._lock:
            if self.alive and self._folder is not None:
                return self._folder
            self._kill()
            office = find_office()
            python = find_uno_python(office) if office is not None else None
            if office is None or python is None:
                raise EngineFailure(missing_parts())
            self._folder = Path(tempfile.mkdtemp(prefix="workbook-office-"))
            self._process = self._spawn(python, office, self._folder)
            self._read_answer("start", START_TIMEOUT_SECONDS)
            return self._folder

    def _spawn(self, python: str, office: str, folder: Path) -> subprocess.Popen[str]:
        with (folder / "worker.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - the two programs found by this module
                [python, str(_WORKER), office, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                cwd=folder,
                env=_environment(TMPDIR=str(folder), PYTHONIOENCODING="utf-8", SAL_USE_VCLPLUGIN="svp"),
                start_new_session=True,
            )
        answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._answers = answers

        def forward() -> None:
            if process.stdout is not None:
                for line in process.stdout:
                    answers.put(line)
                process.stdout.close()
            answers.put("")

        threading.Thread(target=forward, name="libreoffice-answers", daemon=True).start()
        return process

    def _request(self, operation: str, **arguments: object) -> Any:
        with self._lock:
            self._started()
            process = self._process
            if process is not None and process.stdin is not None:
                # A worker that has died is reported by the missing answer.
                with contextlib.suppress(OSError):
                    process.stdin.write(json.dumps({"op": operation, **arguments}) + "\n")
                    process.stdin.flush()
            return self._read_answer(operation, self._timeout_seconds)

    def _read_answer(self, operation: str, timeout_seconds: float) -> Any:
        try:
            line = self._answers.get(timeout=timeout_seconds)
        except queue.Empty:
            self._kill()
            message = f"LibreOffice was stopped: it did not answer '{operation}' within {timeout_seconds:g} s"
            raise EngineFailure(message) from None
        except BaseException:
            # An answer that nobody waits for any more would be taken for the answer to the next request.
            self._kill()
            raise
        if not line:
            reason = self._last_words()
            self._kill()
            message = f"LibreOffice ended during '{operation}'{reason}"
            raise EngineFailure(message)
        reply = json.loads(line)
        if "error" in reply:
            message = f"LibreOffice failed at '{operation}': {reply['error']}"
            raise EngineFailure(message)
        return reply["result"]

    def _last_words(self) -> str:
        if self._folder is None:
            return ""
        log = self._folder / "worker.log"
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return f": {lines[-1]}" if lines else ""


def _close_input(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        # The worker may be gone already; the flush on closing then finds a broken pipe.
        with contextlib.suppress(OSError):
            process.stdin.close()


def _cell_value(value: float | str | dict[str, str] | None) -> CellValue:
    return CellError(value["error"]) if isinstance(value, dict) else value


def missing_parts() -> str | None:
    """Say in one sentence what is missing for a session, or None."""
    office = find_office()
    if office is None:
        return f"LibreOffice was not found; {_INSTALL}"
    if find_uno_python(office) is None:
        return f"No Python was found that can import uno, the interface to LibreOffice; {_INSTALL}"
    return None


class LibreOffice(Engine):
    """Recomputes in an office process that starts at the first call and is used again by later ones."""

    name: ClassVar[str] = "libreoffice"

    def __init__(self, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Limit each request to ``timeout_seconds``."""
        self._timeout_seconds = timeout_seconds
        self._session: LibreOfficeSession | None = None

    def unavailable(self) -> str | None:
        """Say why LibreOffice can not be used, or None."""
        return missing_parts()

    def version(self) -> str:
        """Give the version, for example 7.4.7.2."""
        return self._opened_session().version()

    def recalculate(self, path: Path, cells: Mapping[str, Sequence[str]]) -> Sheets:
        """Compute the file; booleans come as 1.0 and 0.0, and domain errors as #VALUE! where others say #NUM!."""
        session = self._opened_session()
        try:
            session.open(path)
            session.recalculate()
            return session.read(cells)
        finally:
            with contextlib.suppress(EngineFailure):
                session.close_document()

    def close(self) -> None:
        """End the office process."""
        session, self._session = self._session, None
        if session is not None:
            atexit.unregister(session.close)
            session.close()

    def _opened_session(self) -> LibreOfficeSession:
        if self._session is None:
            self._session = LibreOfficeSession(self._timeout_seconds)
            atexit.register(self._session.close)
        return self._session
