"""Templates that are no YAML, or far too much of it: a message with the place, never a traceback or a full stack.

What people get wrong is planted in ``tests/mistakes``.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.support import TINY, copy_of, mistakes_in, plant, position
from workbook import api
from workbook.errors import Diagnostic, WorkbookError
from workbook.write.writer import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAIN, INPUTS, FIT, COVER = "tiny.yaml", "sheets/inputs.yaml", "sheets/fit.yaml", "sheets/cover.yaml"
FREE = "expr: memory - run.weights"
MANY = 10_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a copy of the tiny templates to spoil."""
    return copy_of(TINY, tmp_path / "templates")


def diagnostics(root: Path) -> list[Diagnostic]:
    """Load templates that are wrong."""
    return list(mistakes_in("tiny", root))


# Too much.


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (MAIN, "checks, notes]", f"checks, §{'notes' * 100}]", "there is no sheet 'notesnotes"),
        (FIT, FREE, f"expr: memory - §1{'0' * 500} * run.weights", "a number must be finite"),
        (FIT, FREE, f"expr: {'(' * 900}memory{')' * 900}", "cannot be parsed: too many nested parentheses"),
        (FIT, FREE, f"expr: §memory{' + 0' * 480}", "is nested too deeply"),
        (FIT, FREE, f"expr: §memory + {'0' * 2_000}", "the expression has 2,009 characters"),
        (COVER, "", f"a: {'[' * 100}§{'[' * MANY}{']' * MANY}", "is nested deeper than 100 levels"),
        (COVER, "", f"a: {'{a: ' * 100}§{'[' * 20 * MANY}", "is nested deeper than 100 levels"),
        (COVER, "", f"§{'- ' * 5 * MANY}a", "is nested deeper than 100 levels"),
        (COVER, "", "\n".join(f"{' ' * level}a:" for level in range(1_000)), "is nested deeper than 100 levels"),
    ],
)
def test_too_much_is_one_message(file: str, old: str, new: str, message: str, root: Path) -> None:
    place = plant(root, file, old, new)
    [found] = diagnostics(root)
    assert message in found.message
    assert place is None or position(found) == place


def test_the_caret_of_a_long_line_stays_on_the_screen(root: Path) -> None:
    plant(root, FIT, FREE, f"expr: {'memory * 1 - ' * 60}§run.wieghts")
    [_, line, caret] = str(diagnostics(root)[0]).split("\n")
    assert len(line) < 120
    assert line[caret.index("^") :].startswith("run.wieghts")


# Files that are no YAML.


def test_a_file_that_is_not_utf_8_is_told_with_its_byte(root: Path) -> None:
    (root / INPUTS).write_bytes(b"sheet: Inputs\ntitle: Caf\xe9\n")
    [found] = diagnostics(root)
    assert str(found.place) == f"{INPUTS}:2:11"
    assert "is not UTF-8 text (byte 24)" in found.message
    assert found.fix == "save it as UTF-8"


def test_a_file_of_five_megabytes_is_not_read(root: Path) -> None:
    (root / INPUTS).write_bytes(b"# " + b"x" * 5_000_000)
    [found] = diagnostics(root)
    assert str(found) == f"{INPUTS}: is 5,000,002 bytes; a template has at most 4,194,304"


def test_zero_bytes_are_no_yaml(root: Path) -> None:
    (root / INPUTS).write_bytes(bytes(100))
    [found] = diagnostics(root)
    assert found.place
    assert found.place.file == INPUTS
    assert found.message.startswith("is not valid YAML")


def test_a_locked_file_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def locked(path: Path) -> bytes:
        if path.name == "inputs.yaml":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", locked)
    [found] = diagnostics(root)
    assert str(found) == f"{INPUTS}: cannot be read: Permission denied"


MISSING = [("sources.yaml", "is missing"), ("units.txt", "No such file"), ("tiny.yaml", "there is no workbook template")]


@pytest.mark.parametrize(("missing", "message"), MISSING)
def test_a_missing_file_is_told(missing: str, message: str, root: Path) -> None:
    (root / missing).unlink()
    [found] = diagnostics(root)
    assert message in str(found)
    assert missing.partition(".")[0] in str(found)


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), lambda text: text + "\n\n# end"])
def test_how_an_editor_saves_a_file_does_not_matter(change: Callable[[str], str], root: Path, tmp_path: Path) -> None:
    for path in root.rglob("*.yaml"):
        path.write_bytes(change(path.read_text("utf-8")).encode())
    api.build("tiny", tmp_path / "changed.xlsx", templates=root)
    api.build("tiny", tmp_path / "plain.xlsx", templates=TINY)
    assert (tmp_path / "changed.xlsx").read_bytes() == (tmp_path / "plain.xlsx").read_bytes()


def test_yaml_runs_nothing(root: Path, tmp_path: Path) -> None:
    plant(root, INPUTS, "title: Inputs", f"title: !!python/object/apply:pathlib.Path.touch [{tmp_path / 'touched'}]")
    assert "must be a text" in diagnostics(root)[0].message
    assert not (tmp_path / "touched").exists()


# Anything else that can stand in a template.

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e300, 1e-300),
    *("", "nosuch", "=1+1", "x" * 300, "a b", "small", "é"),
    *([], {}, ["a", "b"], {"a": 1}),
)


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _paths(child, (*path, key))


def _changed(document: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    kind = chance.randrange(len(ODD) + 2)
    if kind < len(ODD):
        parent[path[-1]] = ODD[kind]
    elif kind == len(ODD):
        del parent[path[-1]]
    elif isinstance(parent, list):
        parent.append(parent[path[-1]])


def _outcome(root: Path) -> list[Any] | None:
    """Build the workbook; give what is wrong with it."""
    try:
        book = api.load("tiny", root)
        write(book.layout, book.values, root / "tiny.xlsx", "0")
    except WorkbookError as error:
        return list(error.diagnostics)
    return None


def test_no_change_of_a_template_ends_in_a_traceback(root: Path) -> None:
    """Nodes of the templates, picked at random, become something else: the workbook is written or the mistake is told."""
    chance = random.Random(7)  # noqa: S311 tests need the same numbers each time
    yaml = YAML(typ="safe")
    yaml.width = 10_000
    files = sorted(path.relative_to(TINY) for path in TINY.rglob("*.yaml"))
    nodes = [(file, path) for file in files for path in _paths(yaml.load(TINY / file))]
    written = told = 0
    for file, path in chance.sample(nodes, 250):
        if path[-1] in {"rows", "of", "only"} or "rows" in path:
            continue  # see the test below
        document = yaml.load(TINY / file)
        _changed(document, path, chance)
        yaml.dump(document, root / file)
        found = _outcome(root)
        written += found is None
        told += found is not None
        assert found is None or (found and all(str(item) and item.place for item in found)), (file, path)
        shutil.copy(TINY / file, root / file)
    assert written > 10
    assert told > 100
