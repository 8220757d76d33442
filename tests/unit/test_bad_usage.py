"""What is wrong with a command line is reported at once, with the likely fix, on the right stream, and without a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import ACROSS, TINY, change_cells, command, process
from workbook import api

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Commands:"),
        (("nosuch",), "No such command 'nosuch'"),
        (("build", "--nosuch"), "No such option"),
        (("build", "--set"), "requires an argument"),
        (("build", "--set", "decode.window"), "'decode.window' is not of the form ID=VALUE"),
        (("build", "--set", "=3"), "'=3' is not of the form ID=VALUE"),
        (("build", "--set", "decode.window="), "'decode.window=' is not of the form ID=VALUE"),
        (("build", "--set", "decode.window=1", "--set", "decode.window=2"), "'decode.window' is set twice"),
        (("build", "paper", "planning", "more"), "Got unexpected extra argument"),
        (("verify",), "Missing argument 'FILE'"),
        (("cells", "--format", "xml"), "'xml' is not one of 'text', 'csv', 'json'"),
        (("explain",), "Missing argument"),
        (("templates",), "Missing argument 'DIR'"),
        (("planning", "build"), "'planning' is a workbook: a command comes first, such as workbook build planning"),
        (("mine.xlsx", "verify"), "'mine.xlsx' is a file: a command comes first, such as workbook verify mine.xlsx"),
        (("check", "mine.xlsx"), "'mine.xlsx' is a file; here a workbook template is named: paper, planning"),
        (("build", "mine.xlsx"), "built files are for: workbook verify, audit, diff, pull, render, results, build --from"),
        (("check", "papper"), "did you mean 'paper'?"),
        (("verify", "planning"), "give a file, such as output/planning.xlsx"),
        (("validate", "--data", "none.csv"), "none.csv: cannot be read: No such file or directory"),
    ],
)
def test_bad_usage_is_told_by_the_command(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not list(tmp_path.iterdir())


def test_files_of_another_kind_are_reported_once_with_what_reads_them(tmp_path: Path) -> None:
    """Given as an overlay, or to be printed; nothing is written."""
    config, book, empty = tmp_path / "config.json", tmp_path / "book.xlsx", tmp_path / "empty.xlsx"
    config.write_text('{\n "model_type": "llama",\n "hidden_size": 1,\n "vocab_size": 2,\n "num_hidden_layers": 3}\n')
    book.write_bytes(b"PK\x03\x04\xff")
    empty.touch()
    for arguments, message in (
        (
            ("build", "tiny", "--templates", TINY, "--overlay", config),
            f"{config}:1:1: is no overlay: it holds no cases, no inputs and no card",
        ),
        (("build", "tiny", "--templates", TINY, "--overlay", book), f"{book}: is compressed (zip), and no text"),
        (("render", empty, "--pdf", tmp_path / "out.pdf"), f"{empty}: the file is not an .xlsx workbook: it is no zip archive"),
        (("import", "trace", config), f"{config}:1:1: holds no JSON object on a line of its own"),
        (("verify", tmp_path / "bok.xlsx"), "did you mean 'book.xlsx'?"),
        (("verify", tmp_path), "give a file in it"),
    ):
        result = command(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
        assert result.stderr.count(str(tmp_path)) == 1
    assert "workbook import model" in command("import", "trace", config).stderr
    assert sorted(item.name for item in tmp_path.iterdir()) == ["book.xlsx", "config.json", "empty.xlsx"]


@pytest.mark.parametrize("name", ["libre", "", "Excel"])
def test_an_unknown_engine_is_bad_usage(name: str, tmp_path: Path) -> None:
    result = command("verify", tmp_path / "any.xlsx", "--engine", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"there is no engine named '{name}'; the engines are libreoffice, gnumeric, ironcalc" in result.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("run.wieghts=3", "--set run.wieghts: there is no such input\n    did you mean 'run.weights'?"),
        ("result.best=3", "--set result.best: there is no such input\n    it is a formula or a constant; only inputs can be set"),
        ("gpus.large.bandwidth=3", "--set gpus.large.bandwidth: there is no such input\n    it is a formula or a constant; only"),
        ("run.weights=many", "--set run.weights: 'many' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=nan", "--set run.weights: 'nan' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=-inf", "--set run.weights: '-inf' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=1e999", "--set run.weights: '1e999' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=-1", "--set run.weights is -1; it must be at least 0"),
        ("run.parallel=0", "--set run.parallel is 0; it must be above 0"),
        ("run.parallel=9", "--set run.parallel is 9; it must be at most 8"),
        ("run.parallel=2.5", "--set run.parallel is 2.5; it must be a whole number"),
        ("run.gpu=smal", "--set run.gpu: 'smal' is not one of the gpus\n    did you mean 'small'?"),
        ("gpus.small.maker=green", "--set gpus.small.maker cannot be 'green'\n    one of: blue, red"),
        ("lengths.l1=3000", "--set lengths.l1: the values of list 'lengths' must increase"),
        ("gpus.small.memory=16", "would be an error, such as a division by zero or a missing key"),
    ],
)
def test_a_value_that_cannot_be_set_is_told(given: str, message: str, tmp_path: Path) -> None:
    out = tmp_path / "out" / "tiny.xlsx"
    for name in ("build", "inputs", "cells"):
        options = ["--out", out] if name == "build" else []
        result = command(name, "tiny", "--templates", TINY, "--set", given, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
    assert not out.parent.exists()


def test_all_values_that_cannot_be_set_are_told_at_once() -> None:
    result = command("build", "tiny", "--templates", TINY, "--set", "run.weights=-1", "--set", "run.parallel=9", "--set", "nosuch=1")
    assert result.exit_code == 2
    assert result.stderr.count("--set ") == 3


@pytest.mark.parametrize("name", ["nosuch", "../tiny", "sheets/fit", "x" * 5_000, "sources/../tiny", ""])
def test_a_workbook_that_does_not_exist_is_told(name: str, tmp_path: Path) -> None:
    result = command("build", name, "--templates", TINY, "--out", tmp_path / "out" / "x.xlsx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_directory_without_templates_is_told(tmp_path: Path) -> None:
    for name in ("build", "check", "inputs", "cells"):
        result = command(name, "--templates", tmp_path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "is not a directory of templates" in result.stderr
        assert "workbook templates DIR" in result.stderr


def test_templates_do_not_overwrite_anything(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    for target in (tmp_path, tmp_path / "kept", tmp_path / "kept" / "below"):
        result = command("templates", target)
        assert (result.exit_code, result.stdout) == (2, "")
        assert str(target) in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("what", ["nosuch", "nosuch!A1", "Inputs!A1", "Inputs!ZZZ1048577", "Inputs!", "!A1", "run", "run.", "."])
def test_a_cell_that_does_not_exist_cannot_be_explained(what: str) -> None:
    result = command("explain", what, "--workbook", "tiny", "--templates", TINY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (what.partition("!")[0] or what) in result.stderr


# Inputs that choose a row of a table.


@pytest.mark.parametrize(("given", "fix"), [("minee", "did you mean 'mine'?"), ("7", "one of: corrected, mine, other, paper")])
@pytest.mark.parametrize("name", ["build", "explain"])
def test_a_row_that_a_table_has_not_is_reported(name: str, given: str, fix: str, tmp_path: Path) -> None:
    rest: dict[str, list[object]] = {
        "build": ["across", "--out", tmp_path / "across.xlsx"],
        "explain": ["over.own", "--workbook", "across"],
    }
    result = command(name, *rest[name], "--templates", ACROSS, "--set", f"chosen.case={given}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"--set chosen.case: '{given}' is not one of the rows of 'cases'\n    {fix}\n"
    assert not list(tmp_path.iterdir())


def test_a_row_that_was_overwritten_wrongly_is_reported_with_its_cell(tmp_path: Path) -> None:
    path = api.build("across", tmp_path / "across.xlsx", templates=ACROSS).path
    change_cells(path, tmp_path / "edited.xlsx", [("Results", "B7")], lambda _: '<c r="B7" t="str"><v>My one</v></c>')
    result = command("verify", tmp_path / "edited.xlsx", "--templates", ACROSS, "--engine", "ironcalc")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "Results!B7 (chosen.case) 'My one' is not one of the rows of 'cases' (did you mean 'My own'?)" in result.stdout


# No traceback from a real process either.


@pytest.mark.parametrize("arguments", [("build", "nosuch"), ("optimize", "--step", "x=1"), ("nosuch",)])
def test_a_process_ends_without_a_traceback(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = process(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr + result.stdout
    assert not list(tmp_path.iterdir())
