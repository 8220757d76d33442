"""Entries written once for several cards, in sheets and in catalogues."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support import mistakes_in, plant
from workbook import api
from workbook.declare.patterns import expanded
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence, read_text

if TYPE_CHECKING:
    from pathlib import Path

PATTERNS = {"new": {"alpha": "Alpha One", "beta": "Beta Two"}, "none": {}}

MACHINES = """
each: {machine: {of: machines, without: [small]}}
key: "{machine}_lab"
name: "Laboratory of {machine.name}"
about: "Runs {machine.name}."
fields:
  pue: {value: 1.3, unit: "1", evidence: projected}
  machine: {value: "{machine}", unit: text}
  cooling: {value: air, unit: text}
"""


def plain(node: Node) -> object:
    """Give a node as plain Python values."""
    if isinstance(node, Mapping):
        return {key: plain(child) for key, child in node}
    return [plain(item) for item in node.items] if isinstance(node, Sequence) else node.value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{a: 1, "x_{new}": "on {new.name}", b: 2}', {"a": 1.0, "x_alpha": "on Alpha One", "x_beta": "on Beta Two", "b": 2.0}),
        ('{"{new}": {key: "{new}", list: ["{new}", c]}}', {name: {"key": name, "list": [name, "c"]} for name in ("alpha", "beta")}),
        ('{without: [a, "x_{new}", b]}', {"without": ["a", "x_alpha", "x_beta", "b"]}),
        ('{a: 1, "x_{none}": 2, c: ["{none}"]}', {"a": 1.0, "c": []}),
        ('{a: "{new} stays", "b_{other}": 1}', {"a": "{new} stays", "b_{other}": 1.0}),
    ],
)
def test_a_pattern_in_a_key_or_in_a_list_stands_for_each_card(text: str, wanted: object) -> None:
    assert plain(expanded(read_text(text, "test"), PATTERNS)) == wanted


def test_what_is_written_out_keeps_its_place() -> None:
    node = expanded(read_text('{"x_{new}": "on {new}"}', "test"), PATTERNS)
    assert isinstance(node, Mapping)
    child = node.items["x_beta"]
    assert isinstance(child, Scalar)
    original = read_text('{"x_{new}": "on {new}"}', "test")
    assert isinstance(original, Mapping)
    assert (node.keys["x_beta"], child.place) == (original.keys["x_{new}"], original.items["x_{new}"].place)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a copy of small templates with machines and sites, in which a file of sites is a pattern over machines."""
    copy = tmp_path / "takes"
    shutil.copytree("tests/templates/takes", copy)
    (copy / "sites" / "lab.yaml").write_text(MACHINES, "utf-8")
    return copy


def test_a_card_with_each_is_a_card_for_every_card_of_a_catalogue(root: Path) -> None:
    book = api.load("takes", root)
    sites = book.model.declared.catalogues["sites"].cards
    assert {key: card.name for key, card in sites.items() if key.endswith("_lab")} == {"large_lab": "Laboratory of Large machine"}
    assert sites["large_lab"].about == "Runs Large machine."


def test_a_card_with_a_file_of_its_own_comes_before_one_of_a_pattern(root: Path) -> None:
    text = (root / "sites" / "north.yaml").read_text("utf-8").replace("key: north", "key: large_lab").replace("name: North", "name: Mine")
    (root / "sites" / "large_lab.yaml").write_text(text, "utf-8")
    assert api.load("takes", root).model.declared.catalogues["sites"].cards["large_lab"].name == "Mine hall"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("sites/lab.yaml", "of: machines", "of: machine", "there is no catalogue 'machine' here"),
        ("sites/lab.yaml", "[small]", "[smal]", "'smal' is not a card of 'machines'"),
        ("sites/lab.yaml", 'key: "{machine}_lab"', "", "a card with 'each' lacks 'key'"),
        ("sites/lab.yaml", "each: {machine: {of: machines, without: [small]}}", "each: {}", "a card with 'each' names one catalogue there"),
        ("takes.yaml", "sheets:", "patterns: {lab: {of: sites, without: [south, east]}}\nsheets:", "'east' is not a card of 'sites'"),
    ],
)
def test_mistakes_have_their_place(file: str, old: str, new: str, said: str, root: Path) -> None:
    plant(root, file, old, new)
    assert [(item.place.file, item.message.startswith(said)) for item in mistakes_in("takes", root) if item.place][:1] == [(file, True)]
