"""Rules of an audit: for each a small workbook that complies and one that does not, drawn here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from zipfile import ZipFile

import jsonschema
import pytest

from tests.support import TINY, command, copy_of, plant, shipped_file
from workbook import api
from workbook.audit.report import RULES, audit_file, covers, examine
from workbook.xlsx.saved import area_of, read_saved

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
from tests.unit.audit_drawings import (
    Drawing,
    against,
    areas,
    breaks,
    circles,
    coloured,
    cut,
    described,
    errors,
    fitted,
    formats,
    front,
    headers,
    hidden,
    labels,
    like_zero,
    links,
    macros,
    masters,
    nested,
    newer,
    no_room,
    not_green,
    numbers,
    replaced,
    tolerances,
    twice,
    typed,
    unchecked,
    unread,
    unsourced,
    unused,
    volatile,
)

CASES: dict[str, tuple[Callable[..., None], list[str]]] = {
    "101": (against, ["Answers!A1"]),
    "102": (circles, ["the file"]),
    "103": (hidden, ["Model!B1:B5", "Model!A3:C3", "Details"]),
    "104": (macros, ["the file"]),
    "105": (links, ["Model!A1"]),
    "201": (errors, ["Model!B2:B3", "Model!B5"]),
    "202": (nested, ["Model!B1"]),
    "203": (numbers, ["Model!B1:B3", "Model!C2", "Model!D1", "Model!F1:F3", "Model!G1:G3"]),
    "204": (replaced, ["Model!B1"]),
    "205": (breaks, ["Model!B4"]),
    "206": (volatile, ["Model!A1"]),
    "207": (newer, ["Model!A1"]),
    "208": (unused, ["Model!D1:D3"]),
    "209": (twice, ["Model!A1:A4"]),
    "301": (unread, ["Model!B3"]),
    "302": (unchecked, ["Model!B2"]),
    "303": (unsourced, ["Model!B2", "Model!B6", "Model!D9"]),
    "305": (coloured, ["Model!A2", "Model!A4"]),
    "306": (typed, ["Model!B3"]),
    "307": (not_green, ["Other!A1"]),
    "401": (cut, ["Model!A1", "Model!A3", "Model!A7", "Model!A5"]),
    "402": (no_room, ["Model!A1"]),
    "403": (like_zero, ["Model!A1", "Model!A4"]),
    "404": (formats, ["Model!B3"]),
    "405": (labels, ["Model!A3"]),
    "501": (areas, ["Model"]),
    "502": (fitted, ["Model", "Second"]),
    "503": (headers, ["Model"]),
    "504": (described, ["Model"]),
    "601": (front, ["Model"]),
    "602": (tolerances, ["Checks!B2"]),
    "603": (masters, ["Model"]),
}
OF_RECORDS = {"304"}
"""Rules on what the record of a build says: see the tests below."""


def drawn(draw: Callable[..., None], path: Path, *, bad: bool) -> Path:
    drawing = Drawing(path)
    draw(drawing, bad=bad)
    drawing.book.close()
    with ZipFile(path, "a") as file:
        for name, text in drawing.parts.items():
            file.writestr(name, text)
    return path


def findings(path: Path, number: str) -> list[str]:
    return [found.where for verdict in audit_file(path).verdicts if verdict.rule.number == number for found in verdict.found]


def test_every_rule_has_a_workbook_that_complies_and_one_that_does_not() -> None:
    assert [rule.number for rule in RULES if rule.number not in OF_RECORDS] == sorted(CASES)


@pytest.mark.parametrize("number", CASES)
def test_a_rule_finds_nothing_where_it_is_complied_with(tmp_path: Path, number: str) -> None:
    assert findings(drawn(CASES[number][0], tmp_path / "good.xlsx", bad=False), number) == []


@pytest.mark.parametrize("number", CASES)
def test_a_rule_finds_the_cells_where_it_is_not(tmp_path: Path, number: str) -> None:
    draw, expected = CASES[number]
    assert findings(drawn(draw, tmp_path / "bad.xlsx", bad=True), number) == expected


# What the record of a build says.


def built(tmp_path: Path, *changes: tuple[str, str, str]) -> Path:
    root = copy_of(TINY, tmp_path / "templates")
    for file, old, new in changes:
        plant(root, file, old, new)
    return api.build("tiny", tmp_path / "tiny.xlsx", templates=root).path


@pytest.mark.parametrize("ranged", [True, False])
def test_an_input_that_the_record_calls_uncertain_needs_a_range(tmp_path: Path, ranged: bool) -> None:  # noqa: FBT001 a case
    old = "value: 16, low: 14, high: 18,"
    path = built(tmp_path, ("sheets/inputs.yaml", old, old if ranged else "value: 16,"))
    spot = next(given.spot for given in examine(path).record.inputs.values() if given.id == "run.weights")  # type: ignore[union-attr]
    where = f"{spot.sheet}!{spot.address}"
    assert (where in findings(path, "304")) != ranged


BREAKS = """breaks:
  - {rule: "601", reason: the tests have no owner}
  - {rule: "307", sheets: [Inputs, Fit], cells: B3, reason: shown on every sheet}
  - {rule: "405", sheets: [Fit], cells: "A1:B3", reason: none of the labels}
  - {rule: "203", sheets: [Fit], numbers: [7777], reason: no such number}
  - {rule: "304", columns: [run.weigh*], reason: nobody knows}
sheets: ["""


def test_what_is_broken_on_purpose_is_counted_apart_and_what_is_broken_no_more_is_found(tmp_path: Path) -> None:
    path = built(tmp_path, ("tiny.yaml", "sheets: [", BREAKS), ("sheets/inputs.yaml", "value: 16, low: 14, high: 18,", "value: 16,"))
    by_rule = {verdict.rule.number: verdict for verdict in audit_file(path).verdicts}
    spot = next(given.spot for given in examine(path).record.inputs.values() if given.id == "run.weights")  # type: ignore[union-attr]
    assert [found.where for found, _ in by_rule["304"].intended] == [f"{spot.sheet}!{spot.address}"]
    assert by_rule["601"].found == ()
    assert {reason for _, reason in by_rule["601"].intended} == {"the tests have no owner"}
    assert {found.where for found, _ in by_rule["307"].intended} == {"Inputs!B3", "Fit!B3"}
    assert "Notes!B3" in {found.where for found in by_rule["307"].found}
    assert [(found.where, found.what) for found in by_rule["604"].found] == [
        ("Fit!A1:B3", "rule 405 finds nothing there: none of the labels"),
        ("Fit", "rule 203 finds nothing there: no such number"),
    ]


# The command.


def test_json_holds_every_rule_with_all_that_it_finds(tmp_path: Path) -> None:
    result = command("audit", drawn(errors, tmp_path / "bad.xlsx", bad=True), "--format", "json")
    told = json.loads(result.output)
    assert result.exit_code == 1
    assert told["passes"] is False
    assert [rule["rule"] for rule in told["rules"]] == [*(rule.number for rule in RULES), "604"]
    assert next(rule for rule in told["rules"] if rule["rule"] == "201")["findings"] == [
        {"sheet": "Model", "cells": "B2:B3", "count": 2, "what": "shows #DIV/0!"},
        {"sheet": "Model", "cells": "B5", "count": 1, "what": "shows #DIV/0!"},
    ]


TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {"artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": {"format": "uri-reference"}}}},
}
LOGICAL = {"type": "array", "items": {"type": "object", "properties": {"fullyQualifiedName": {"type": "string"}}}}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "ruleIndex"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "locations": {"type": "array", "items": {"properties": {"physicalLocation": PHYSICAL, "logicalLocations": LOGICAL}}},
        "suppressions": {"type": "array", "items": {"required": ["kind"], "properties": {"kind": {"enum": ["inSource", "external"]}}}},
    },
}
RULE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "shortDescription": TEXT, "fullDescription": TEXT}}
DRIVER = {"type": "object", "required": ["name"], "properties": {"rules": {"type": "array", "items": RULE, "uniqueItems": True}}}
RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "results": {"type": "array", "items": RESULT},
    },
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}},
}
"""What SARIF 2.1.0 (OASIS, sections 3.13 to 3.35) asks of what is written here."""


def test_sarif_is_valid_and_names_the_rule_and_the_cells_of_each_finding(tmp_path: Path) -> None:
    path = built(tmp_path, ("tiny.yaml", "sheets: [", BREAKS))
    log = json.loads(command("audit", path, "--format", "sarif").output)
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert len(run["results"]) == sum(len(verdict.found) + len(verdict.intended) for verdict in audit_file(path).verdicts)
    assert {result["suppressions"][0]["justification"] for result in run["results"] if "suppressions" in result} == {
        "the tests have no owner",
        "shown on every sheet",
    }


def test_the_command_lists_rules_and_cells_and_tells_by_its_status(tmp_path: Path) -> None:
    result = command("audit", drawn(errors, tmp_path / "bad.xlsx", bad=True))
    assert result.exit_code == 1
    assert "201          2        3         -  No cell shows an error\n" in result.output
    assert "  Model!B2:B3: shows #DIV/0!\n" in result.output


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_text("no workbook")
    for name, words in (("no.xlsx", "is not an .xlsx workbook"), ("none.xlsx", "cannot be read")):
        result = command("audit", tmp_path / name)
        assert result.exit_code == 2
        assert words in result.output


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_both_workbooks_pass_every_rule_or_state_why_they_do_not(name: str) -> None:
    found = {verdict.rule.number: [item.where for item in verdict.found] for verdict in audit_file(shipped_file(name).path).verdicts}
    assert {number: places for number, places in found.items() if places} == {}


@pytest.mark.parametrize(
    ("areas", "whole", "all_of_it"),
    [
        ("A1:B3 C1:C3", "A1:C3", True),
        ("A1:B3 C1:C2", "A1:C3", False),
        ("A1:B2 B2:C3 C1 A3", "A1:C3", True),
        ("A1:B2 B2:C3 C1", "A1:C3", False),
        ("A:XFC XFD1:XFD1048576", "A:XFD", True),
        ("A:XFC XFD2:XFD1048576", "A:XFD", False),
        ("B2", "A1", False),
    ],
)
def test_a_finding_is_intended_where_areas_hold_all_of_its_cells(areas: str, whole: str, all_of_it: bool) -> None:  # noqa: FBT001 a case
    assert covers([area_of(area) for area in areas.split()], area_of(whole)) == all_of_it


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_every_chart_tells_in_words_what_it_shows(name: str) -> None:
    charts = [chart for sheet in read_saved(shipped_file(name).path).sheets.values() for chart in sheet.charts]
    assert charts
    assert all(re.search(r"\bA (line|scatter|column|stacked|bar|waterfall|tornado) chart", chart.description) for chart in charts)


TOLERANCES = {
    "paper": {
        "Table 1 at the printed digits": "±0.5 of the last digit",
        "tok/W over tok/J is the tensor parallel degree": "±1e-09 of the value",
    },
    "planning": {"Parameters of models agree with their shapes": "0.93 to 1.2 times", "Every case chosen is one of sheet Cases": "exact"},
}


@pytest.mark.parametrize("name", TOLERANCES)
def test_checks_state_the_tolerances_of_their_expressions(name: str) -> None:
    cells = read_saved(shipped_file(name).path).sheets["Checks"].cells
    stated = {cell.value: cells[row, 3].value for (row, column), cell in cells.items() if column == 0 and (row, 3) in cells}
    assert {label: stated[label] for label in TOLERANCES[name]} == TOLERANCES[name]
