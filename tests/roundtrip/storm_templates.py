"""What changes in the small templates while their files are edited: each a change of its own, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import ACROSS, TAKES, TINY

if TYPE_CHECKING:
    from tests.roundtrip.storm import Plants

# The parents of added cases, and the values that their overlay gives.
ADDED: tuple[dict[str, str], dict[str, float | str]] = (
    {"berlin": "corrected", "oslo": "berlin"},
    {"cases.berlin.gpu": "Large GPU", "cases.berlin.pue": 1.1, "cases.oslo.count": 3.0},
)
INPUTS, CASES, RESULTS = "sheets/inputs.yaml", "sheets/cases.yaml", "sheets/results.yaml"

MEDIUM = """\
key: medium
name: Medium GPU
about: In between.
fields:
  memory: {value: 60, unit: GB/gpu}
  bandwidth: {value: 1500, unit: GB/s/gpu}
  power: {value: 350, unit: W/gpu}
  maker: {value: red, unit: text}
"""
EAST = """\
key: east
name: East hall
about: Where it is dry.
fields:
  pue: {value: 1.4, unit: "1"}
  machine: {value: small, unit: text}
  cooling: {value: water, unit: text}
"""
TINY_CHANGES: Plants = {
    "a value": [(INPUTS, "value: 16, low: 14, high: 18", "value: 17, low: 14, high: 18")],
    "another value": [(INPUTS, "value: 1500", "value: 1600")],
    "a choice": [(INPUTS, "value: small", "value: large")],
    "a unit": [(INPUTS, "value: 1, unit: MB/tok", "value: 0.001, unit: GB/tok")],
    "a label": [(INPUTS, "label: GPUs of an instance", "label: Accelerators of an instance")],
    "a limit": [(INPUTS, "minimum: 1000, maximum: 4000", "minimum: 500, maximum: 4000")],
    "an input more": [(INPUTS, "      parallel:", "      spare: {label: Spare, value: 3, unit: gpu/instance}\n      parallel:")],
    "a value of a list": [(INPUTS, "l2: 2000", "l2: 2500")],
    "an item more": [(INPUTS, "l4: 4000", "l4: 4000, l5: 5000")],
    "an item less": [(INPUTS, "l2: 2000, ", "")],
    "a figure": [("gpus/large.yaml", "value: 78", "value: 80")],
    "another figure": [("gpus/small.yaml", "value: 250", "value: 260"), ("gpus/large.yaml", "value: 500", "value: 480")],
    "a figure less": [("gpus/large.yaml", "  cache: {value: 50, unit: MB/gpu}\n", "")],
    "a figure of both": [("gpus/small.yaml", "  maker:", "  cache: {value: 40, unit: MB/gpu}\n  maker:")],
    "a choice of a card": [("gpus/large.yaml", "value: blue", "value: red")],
    "a card's name": [("gpus/small.yaml", "name: Small GPU", "name: Smaller GPU")],
    "a card more": [
        ("catalogues/gpus.yaml", "order: [small, large]", "order: [small, medium, large]"),
        (
            "gpus/medium.yaml",
            "",
            MEDIUM,
        ),
    ],
    "rows above": [(INPUTS, "blocks:\n", "blocks:\n  - text: [Some words, more words]\n    title: About\n")],
}
ACROSS_CHANGES: Plants = {
    "a value": [(CASES, "values: {paper: 8, mine: 16}", "values: {paper: 10, mine: 12}")],
    "a value more": [(CASES, "corrected: 1.25}, low", "corrected: 1.25, mine: 1.3}, low")],
    "a value less": [(CASES, "air, corrected: water", "water")],
    "a choice": [(CASES, "values: {paper: small, other: large}", "values: {paper: large, other: small}")],
    "a limit": [(CASES, "minimum: 1, maximum: 3", "minimum: 1, maximum: 2.5")],
    "a parent": [(CASES, "other: corrected", "other: mine")],
    "a case more": [
        (CASES, "mine: My own, other", "between: Between, mine: My own, other"),
        (CASES, "mine: corrected, other", "between: corrected, mine: corrected, other"),
        (CASES, "corrected: 20, mine", "corrected: 20, between: 20, mine"),
    ],
    "a case less": [
        (CASES, ", other: Another one", ""),
        (CASES, ", other: corrected", ""),
        (CASES, ", other: large", ""),
        (CASES, ", other: 24", ""),
    ],
    "a case's name": [(CASES, "mine: My own", "mine: Our own")],
    "an assumption more": [(CASES, "      pue: {", "      extra: {label: Extra, unit: kW, values: {paper: 3}}\n      pue: {")],
    "an assumption worked out": [
        (
            CASES,
            "minimum: 1, maximum: 3, source: own, evidence: assumed, values: {paper: 1.5, corrected: 1.25}",
            'expr: "1.2", source: own',
        ),
        (CASES, ", low: 1.1, high: 1.6, confidence: low, note: Of the site}", "}"),
    ],
    "a unit": [
        (
            CASES,
            "unit: h, minimum: 0, maximum: 24, values: {paper: 20, corrected: 20, mine: 22, other: 24}}",
            "unit: s, minimum: 0, values: {paper: 72000, corrected: 72000, mine: 79200, other: 86400}}",
        ),
        (CASES, 'expr: "indicator(hours >= 20)"', 'expr: "1"'),
        (RESULTS, "unit: h/gpu", "unit: s/gpu"),
    ],
    "a level": [(RESULTS, "value: 2.6", "value: 2.8")],
    "a question": [(RESULTS, "value: mine", "value: paper")],
    "the unit of a list": [(RESULTS, "    unit: h\n    above: 0", "    unit: s\n    above: 0")],
    "values of a list": [(RESULTS, "{h1: 1, h2: 2, h6: 6}", "{h1: 1, h2: 3, h6: 8}")],
    "another item": [(RESULTS, "{h1: 1, h2: 2, h6: 6}", "{h1: 1, h2: 2, h5: 5}")],
    "an item less": [(RESULTS, "{h1: 1, h2: 2, h6: 6}", "{h1: 1, h6: 6}")],
    "a figure": [("gpus/small.yaml", "value: 200", "value: 220")],
    "a card's name": [("gpus/large.yaml", "name: Large GPU", "name: Larger GPU")],
    "a card less": [
        ("catalogues/gpus.yaml", "order: [small, large]", "order: [small]"),
        (CASES, "other: large", "other: small"),
        ("gpus/large.yaml", "key", None),
    ],
    "labels": [(RESULTS, "label: Power in question", "label: Power asked for"), (CASES, "label: Cooling", "label: Coolant")],
}
TAKES_CHANGES: Plants = {
    "a figure": [("sites/north.yaml", "value: 1.25", "value: 1.3")],
    "a machine": [("sites/south.yaml", "value: large", "value: small")],
    "a value": [(CASES, "values: {paper: 1}}", "values: {paper: 1.1}}")],
    "a value more": [(CASES, "values: {paper: 1}}", "values: {paper: 1, mine: 1.2}}")],
    "a choice": [(CASES, "values: {paper: north, warm: south}", "values: {paper: south, warm: north}")],
    "what is taken over": [(CASES, "2 * machine_list[machine].power", "3 * machine_list[machine].power")],
    "nothing is taken over": [(CASES, 'default: "site_list[site].cooling"', "values: {paper: air}")],
    "worked out": [(CASES, 'above: 0, default: "2 * machine_list[machine].power"', 'expr: "2 * machine_list[machine].power"')],
    "shares": [(CASES, "values: {a: 0.25, b: 0.75}", "values: {a: 0.5, b: 0.5}")],
    "another has its own": [(CASES, "values: {b: 5}", "values: {a: 3}")],
    "a hall more": [(CASES, "members: {a: A, b: B}", "members: {a: A, b: B, c: C}"), (CASES, "b: 0.75", "b: 0.75, c: 0")],
    "a site's name": [("sites/north.yaml", "name: North hall", "name: Northern hall")],
    "a machine's name": [("machines/large.yaml", "name: Large machine", "name: Larger machine")],
    "a note": [("sites/north.yaml", "note: a year", "note: of a year")],
    "a site more": [
        ("catalogues/sites.yaml", "order: [north, south]", "order: [north, east, south]"),
        (
            "sites/east.yaml",
            "",
            EAST,
        ),
    ],
    "labels": [(CASES, "label: Load, unit: kW, above", "label: Load of it, unit: kW, above")],
}

BOOKS = {
    "tiny": (TINY, TINY_CHANGES),
    "across": (ACROSS, ACROSS_CHANGES),
    "takes": (TAKES, TAKES_CHANGES),
    "across with cases": (ACROSS, ACROSS_CHANGES),
}
"""Templates and what is changed in them, by the name of a test."""
