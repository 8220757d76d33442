"""A build leaves the old file or the new one, whatever stops it: kills, full disks, locks, and things in the way."""

from __future__ import annotations

import errno
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from tests.support import TINY, environment, formula_cells
from workbook import api
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from collections.abc import Iterator


KILLS = 24


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Give a workbook that is there already."""
    path = tmp_path / "out" / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def tiny(path: Path, **sets: float) -> api.BuildReport:
    """Build the tiny workbook; ``weights=3`` sets run.weights."""
    return api.build("tiny", path, templates=TINY, sets={f"run.{key}": value for key, value in sets.items()})


_SERVER = """
import os, sys
from pathlib import Path
from workbook import api
templates, out = Path(sys.argv[1]), Path(sys.argv[2])
api.load("tiny", templates)
while line := sys.stdin.readline():
    child = os.fork()
    if child == 0:
        api.build("tiny", out, templates=templates, sets={"run.weights": float(line)})
        os._exit(0)
    print("started", flush=True)
    sys.stdin.readline()
    os.kill(child, 9)  # the number is still the child's: it is waited for only now
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


@pytest.fixture
def server(old: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that builds in a child of its own for each line it gets, and tells the child's number."""
    line = [sys.executable, "-c", _SERVER, str(TINY), str(old)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()) as running:  # noqa: S603
        yield running
        assert running.stdin is not None
        running.stdin.close()


def test_a_build_killed_at_any_moment_leaves_the_old_file_or_the_new(old: Path, server: subprocess.Popen[str], tmp_path: Path) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    before = old.read_bytes()
    fresh = tmp_path / "fresh.xlsx"
    tiny(fresh, weights=3)
    after = fresh.read_bytes()
    start = time.perf_counter()
    tiny(fresh, weights=3)
    longest = 2.0 * (time.perf_counter() - start)
    chance = random.Random(1)  # noqa: S311 the moments need not be secret
    outcomes = {before: 0, after: 0}
    for number in range(KILLS):
        old.write_bytes(before)
        server.stdin.write("3\n")
        server.stdin.flush()
        assert server.stdout.readline() == "started\n"
        time.sleep(longest * (number + chance.random()) / KILLS)
        server.stdin.write("kill\n")
        server.stdin.flush()
        assert server.stdout.readline() == "ended\n"
        outcomes[old.read_bytes()] += 1
        assert formula_cells(old)
        assert {path.suffix for path in old.parent.iterdir() if path != old} <= {".part"}
    assert sum(outcomes.values()) == KILLS >= 15
    assert min(outcomes.values()) > 0, "the kills came too early or too late to show anything"
    tiny(old, weights=3)
    assert old.read_bytes() == after


def _leftovers(path: Path) -> list[str]:
    return [item.name for item in path.parent.iterdir() if item != path]


class _FailingAt:
    """Stands in for a function and fails at its n-th call."""

    def __init__(self, real: Any, number: int, error: BaseException) -> None:
        self.real, self.left, self.error = real, number, error

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.real(*arguments, **keywords)


def _fail(patch: pytest.MonkeyPatch, failing: _FailingAt, owner: Any, name: str) -> None:
    """Put it in the place of a function; of a class it must be a function to be bound."""

    def called(*arguments: Any, **keywords: Any) -> Any:
        return failing(*arguments, **keywords)

    patch.setattr(owner, name, called)


FULL = OSError(errno.ENOSPC, "No space left on device")
FORBIDDEN = PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("owner", "name", "number", "error"),
    [
        (tempfile, "mkstemp", 1, FORBIDDEN),  # the directory cannot be written
        (os, "close", 1, FULL),
        (Path, "write_bytes", 1, FULL),
        (Path, "chmod", 1, FORBIDDEN),
        (Path, "replace", 1, FORBIDDEN),  # the file is open in a program that locks it
    ],
)
def test_what_cannot_be_written_leaves_the_old_file_alone(
    owner: Any, name: str, number: int, error: OSError, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.read_bytes()
    failing = _FailingAt(getattr(owner, name), number, error)
    with monkeypatch.context() as patch:
        _fail(patch, failing, owner, name)
        with pytest.raises(WorkbookError) as caught:
            tiny(old, weights=3)
    [diagnostic] = caught.value.diagnostics
    assert str(diagnostic.place) == str(old)
    assert diagnostic.message == f"cannot be written: {error.strerror}"
    assert "--out" in diagnostic.fix
    assert old.read_bytes() == before
    assert _leftovers(old) == []


@pytest.mark.parametrize(("owner", "name"), [(xlsxwriter.Workbook, "add_worksheet"), (xlsxwriter.Workbook, "close"), (Path, "replace")])
def test_an_interrupted_build_leaves_the_old_file_alone(owner: Any, name: str, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.read_bytes()
    _fail(monkeypatch, _FailingAt(getattr(owner, name), 1, KeyboardInterrupt()), owner, name)
    with pytest.raises(KeyboardInterrupt):
        tiny(old, weights=3)
    assert old.read_bytes() == before
    assert _leftovers(old) == []


def _limited(limit: int, old: Path) -> subprocess.CompletedProcess[str]:
    """Build in a process that can write so many bytes to a file, as on a disk that is nearly full."""
    code = f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); runpy.run_module('workbook')"
    line = [sys.executable, "-B", "-c", code, "build", "tiny", "--templates", str(TINY), "--out", str(old)]
    return subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=60, check=False)  # noqa: S603


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are those of Unix")
@pytest.mark.parametrize("limit", [64, 20_000])
def test_a_full_disk_leaves_the_old_file_alone(limit: int, old: Path) -> None:
    before = old.read_bytes()
    assert len(before) > limit
    result = _limited(limit, old)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.search(rf"^{re.escape(str(old))}: cannot be written: .*File too large", result.stderr, re.MULTILINE)
    assert old.read_bytes() == before
    assert _leftovers(old) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are those of Unix")
def test_a_full_disk_is_told_in_one_sentence(old: Path) -> None:
    told = f"{old}: cannot be written: File too large\n    free some space, or choose another place with --out\n"
    assert _limited(5_000, old).stderr == told


def test_a_directory_in_the_way_stays(tmp_path: Path) -> None:
    path = tmp_path / "taken.xlsx"
    path.mkdir()
    (path / "kept").write_text("kept")
    with pytest.raises(WorkbookError, match="cannot be written"):
        tiny(path)
    assert (path / "kept").read_text() == "kept"
    assert _leftovers(path) == []


def test_a_device_in_the_way_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe.xlsx"
    os.mkfifo(path)
    with pytest.raises(WorkbookError, match="not a regular file"):
        tiny(path)
    assert path.is_fifo()


def test_a_file_in_the_place_of_a_directory_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(WorkbookError, match="cannot be written"):
        tiny(tmp_path / "file" / "tiny.xlsx")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_read_only_directory_keeps_its_file(old: Path) -> None:
    before = old.read_bytes()
    old.chmod(0o444)
    old.parent.chmod(0o555)
    try:
        with pytest.raises(WorkbookError, match="Permission denied"):
            tiny(old, weights=3)
    finally:
        old.parent.chmod(0o755)
    assert old.read_bytes() == before


def test_folders_are_made_and_permissions_are_those_of_any_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "tiny.xlsx"
    tiny(path)
    other = tmp_path / "other"
    other.write_text("")
    assert path.stat().st_mode == other.stat().st_mode
