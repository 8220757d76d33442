"""JSON Schemas: those in templates/schema/ are made of today's keywords; they accept every template, and refuse what is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tests.support import SOURCES, command
from workbook.declare.yaml import Mapping, Node, Sequence, read, read_text

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = SOURCES / "templates"
SCHEMAS = TEMPLATES / "schema"
FILES = sorted(TEMPLATES.rglob("*.yaml"))
OF_FOLDER = {"sheets": "sheet", "parts": "part", "catalogues": "catalogue"}  # others hold cards, and are called alike
OF_FILE = {"sources": "sources", "limits": "limits"}


def schema_of(path: Path) -> str:
    """Return the name of the schema that a template must have."""
    folder = path.parent.name
    return OF_FILE.get(path.stem, "workbook") if path.parent == TEMPLATES else OF_FOLDER.get(folder, folder)


def plain(node: Node) -> Any:
    """Return a node as JSON has it."""
    if isinstance(node, Mapping):
        return {key: plain(child) for key, child in node}
    return [plain(item) for item in node.items] if isinstance(node, Sequence) else node.value


def wrong(schema: str, node: Node) -> list[str]:
    """Return what a schema says against a node."""
    validator = Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8")))
    return [error.message for error in validator.iter_errors(plain(node))]


def test_the_schemas_are_those_that_the_command_writes(tmp_path: Path) -> None:
    said = command("schema", tmp_path)
    written = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert said.stdout == f"{tmp_path}: {len(written)} files\n"
    kept = {path.name: path.read_text("utf-8") for path in SCHEMAS.iterdir()}
    assert written == kept, "renew them: workbook schema templates/schema"
    for text in written.values():
        Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_names_its_schema_and_follows_it(path: Path) -> None:
    first = path.read_text("utf-8").partition("\n")[0]
    to = "schema" if path.parent == TEMPLATES else "../schema"
    assert first == f"# yaml-language-server: $schema={to}/{schema_of(path)}.json"
    assert (path.parent / to / f"{schema_of(path)}.json").is_file()
    assert wrong(schema_of(path), read(path, path.name)) == []


SHEET = """sheet: Sheet
blocks:
  - {part: gpus}
  - inputs: run
    items:
      weights: {value: 16, unit: GB/gpu, above: 0, evidence: vendor}
  - table: fit
    rows: {gpu: hardware, length: {of: lengths, only: [l1]}}
    columns:
      free: {label: Free, unit: GB/gpu, expr: memory - run.weights}
      steps: {repeat: [1, 3], columns: {"s_{n}": {expr: 2 * free}}}
      "more_{new}": {like: cases, from: "cases[case].{column}"}
      state: {unit: text, first_of: [{when: free < 0, text: "lacks {free} GB"}, {otherwise: ok}]}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("sheet: Sheet", "shet: Sheet"),
        ("above: 0", "abvoe: 0"),
        ("above: 0", "above: [0]"),
        ("evidence: vendor", "evidence: vendro"),
        ("- table: fit", "- tabel: fit"),
        ("expr: memory - run.weights", "expr: [memory]"),
        ("repeat: [1, 3]", "repat: [1, 3]"),
        ("when: free < 0", "wenn: free < 0"),
        ("only: [l1]", "olny: [l1]"),
    ],
)
def test_a_misspelt_keyword_or_a_wrong_type_is_refused(old: str, new: str) -> None:
    assert not old or SHEET.count(old) == 1
    found = wrong("sheet", read_text(SHEET.replace(old, new), "sheet.yaml"))
    assert bool(found) == bool(old)


@pytest.mark.parametrize(
    ("old", "new"),
    [("", ""), ("value: 80", "unit: GB/gpu, value: 80"), ("memory:", "memroy:"), ("value: 80", "vlaue: 80"), ("tdp: 700", "tdp: [700]")],
)
def test_a_card_has_the_figures_of_its_catalogue_in_their_units(old: str, new: str) -> None:
    text = (TEMPLATES / "hardware" / "h100_sxm.yaml").read_text("utf-8")
    assert old in text
    assert bool(wrong("hardware", read_text(text.replace(old, new, 1), "h100_sxm.yaml"))) == bool(old)
