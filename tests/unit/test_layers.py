"""The rooms of the package: imports run one way, and each library has one room that imports it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(workbook.__file__).parent
ROOMS = (
    *("errors", "files", "collector", "xlsx", "expr", "declare", "model", "layout", "record", "write", "check", "audit", "api"),
    *("importers", "changes", "verify", "render", "roundtrip", "ask", "validation", "cli", "__init__", "__main__"),
)
ONLY = {"xlsxwriter": {"write"}, "ruamel": {"declare"}, "pydantic": {"declare"}, "ast": {"expr"}, "pint": {"expr"}, "click": {"cli"}}
MOST_LINES = 400


@cache
def imports(path: Path, *, types: bool = True) -> list[tuple[int, str]]:
    """Return line and module of every import, those in functions too; without ``types`` none that only a type checker reads."""
    return list(_imports(path, types=types))


def _imports(path: Path, *, types: bool) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    if not types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, each.name) for each in names)
            case ast.ImportFrom(module="workbook", names=names):
                yield from ((node.lineno, f"workbook.{each.name}") for each in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "templates" not in path.parts)


def test_every_module_is_in_a_room() -> None:
    assert {room_of(path) for path in modules()} == set(ROOMS)


def test_no_import_runs_back_up() -> None:
    wrong = []
    for path in modules():
        here = room_of(path)
        for line, name in imports(path):
            if not name.startswith("workbook."):
                continue
            there = name.split(".")[1]
            if there != here and ROOMS.index(there) > ROOMS.index(here):
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {name}")
    assert wrong == []


def test_no_module_is_longer_than_people_read_at_once() -> None:
    assert [path.name for path in modules() if len(path.read_text("utf-8").splitlines()) > MOST_LINES] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in modules()}
    graph = {name: {found for _, found in imports(path, types=False) if found in names and found != name} for name, path in names.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(names)


@pytest.mark.parametrize("library", ONLY)
def test_a_library_has_one_room_that_imports_it(library: str) -> None:
    found = {room_of(path) for path in modules() for _, name in imports(path) if name.split(".")[0] == library}
    assert found == ONLY[library]


def test_importing_the_package_loads_no_library_that_only_reading_templates_needs() -> None:
    code = "import sys, workbook; sys.exit(bool({'pydantic', 'pandas'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 our own words


def test_the_rooms_are_those_of_the_documentation() -> None:
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    named = [name for row in re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)/?`", row)]
    assert tuple(named) == ROOMS[: len(named)]
    assert set(ROOMS) - set(named) == {"__init__", "__main__"}


POSIX_ONLY = re.compile(
    r"\bos\.(fork|getuid|geteuid|setsid|killpg|mkfifo|chown|getpgid)\b|\bsignal\.SIGKILL\b|^\s*import (fcntl|pwd|grp|resource)\b"
)
ALTERNATIVES = {"files.py": "except ImportError:  # Windows", "verify/engines/libreoffice.py": 'sys.platform == "win32"'}
"""Where a call that Windows lacks stands, and the words of the test that keeps it from there."""


def test_no_call_that_windows_lacks_is_without_an_alternative() -> None:
    found = {}
    for path in modules():
        text = path.read_text("utf-8")
        if any(POSIX_ONLY.search(line) for line in text.splitlines()):
            found[path.relative_to(PACKAGE).as_posix()] = text
    assert set(found) == set(ALTERNATIVES)
    for name, text in found.items():
        assert ALTERNATIVES[name] in text, name
