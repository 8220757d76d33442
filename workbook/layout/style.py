"""Formats by role and unit. A style is a text, ``role|number format|unit``; this module gives it meaning."""

from __future__ import annotations

import re
from typing import Any

FONT = "Calibri"
INK, GREY, LINE, PAPER = "#1F2933", "#7B8794", "#CBD2D9", "#F5F7FA"
BLUE, GREEN, RED, AMBER = "#0B4FBF", "#1B7F3B", "#B42318", "#FFF9DB"
NAVY, PASS_FILL, FAIL_FILL, TAKEN_FILL = "#1F3A5F", "#DDF3E4", "#FBD9D5", "#E8F0FA"

# Distinct without relying on hue alone (line styles differ too); after the Okabe-Ito palette.
SERIES_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D", "#8C564B")
SERIES_DASHES = (*("solid",) * 2, *("dash",) * 4, *("round_dot",) * 2, *("long_dash_dot",) * 8)  # colours begin again after eight

TABS = {"guide": NAVY, "inputs": "#E6B800", "answers": GREEN, "evidence": "#8E44AD", "workings": LINE}
"""The colour of a tab, by the role of its sheet."""

NUMBER_FORMATS = {
    "pass": '[=1]"pass";[=0]"FAIL";General',
    "unit": "General",
    "failures": '[=0]"pass";0" failing"',
    "heat": "0.000",
    "whole": "#,##0",
    "percent": "0.0%",
    "significant": "0.00E+00",
    "tenths": "[>=0.05]#,##0.0;[=0]0;0.0E+00",
    "thousandths": "[>=0.0005]#,##0.000;[=0]0;0.0E+00",
    "price": '[=0]"no price";#,##0.00',
    "whole_price": '[=0]"no price";#,##0',
    "sized": "#,##0.00####",
    "sized_move": "+#,##0.00####;-#,##0.00####;0",
}
SIZED = {"sized": "{0}", "sized_move": "+{0};-{0};0"}  # formats that depend on a number's size
SIZES = {1000: "#,##0", 10: "#,##0.00"}  # the format of numbers from a size on
BY_UNIT = {
    "W/gpu": "#,##0.0",
    "ms": "0.000",
    "us/layer": "0.0",
    "tok/seq": "#,##0",
    "seq/instance": "#,##0",
    "block/instance": "#,##0",
    "block/gpu": "#,##0",
    "tok/s/instance": "#,##0",
    "tok/J": "0.000",
    "tok*gpu/J/instance": "0.00",
    "byte/tok": "#,##0",
    "byte/gpu": "#,##0",
    "GB/gpu": "#,##0.0",
    "param": "#,##0",
    "USD/h/gpu": "0.00",
    "USD/h/instance": "0.00",
    "tok/instance": "#,##0",
    "text": "@",
    "gpu/instance": "0",
}
WIDTHS = {"byte/gpu": 17.0, "param": 17.0, "param*instance/gpu": 17.0, "block/instance": 13.0, "byte*instance/gpu/tok": 14.0}

_BASE: dict[str, Any] = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
_CELL = {**_BASE, "border": 1, "border_color": LINE}
_ROLES: dict[str, dict[str, Any]] = {
    "title": {**_BASE, "bold": True, "font_size": 16, "font_color": NAVY},
    "answers": {**_BASE, "italic": True, "font_color": GREY, "text_wrap": True, "valign": "top"},
    "heading": {**_BASE, "bold": True, "font_size": 12, "font_color": NAVY, "bottom": 2, "bottom_color": NAVY},
    "text": {**_BASE, "text_wrap": True},
    "link": {**_BASE, "font_color": BLUE, "underline": 1},
    "lead": {**_CELL, "font_color": BLUE, "underline": 1, "font_size": 9},
    "header": {**_CELL, "bold": True, "font_color": "#FFFFFF", "bg_color": NAVY, "text_wrap": True, "align": "center"},
    "header_unit": {**_CELL, "italic": True, "font_size": 9, "font_color": GREY, "bg_color": PAPER, "align": "center", "text_wrap": True},
    "label": {**_CELL, "text_wrap": True},
    "section": {**_CELL, "bold": True, "font_color": NAVY, "bg_color": PAPER, "text_wrap": True},
    "unit": {**_CELL, "indent": 1, "font_color": GREY, "font_size": 9, "text_wrap": True},
    "provenance": {**_CELL, "indent": 1, "font_color": GREY, "font_size": 9, "text_wrap": True},
    "note": {**_CELL, "indent": 1, "font_color": GREY, "font_size": 9, "text_wrap": True, "locked": False, "num_format": "@"},
    "how": {**_CELL, "indent": 1, "font_size": 9, "text_wrap": True},
    "code": {**_CELL, "font_size": 9, "font_name": "Consolas", "text_wrap": True},
    "muted": {**_CELL, "font_color": GREY, "font_size": 9, "text_wrap": True},
    "muted_value": {**_CELL, "font_color": GREY, "font_size": 9, "align": "right"},
    "banner": {**_BASE, "bold": True, "font_color": GREY},
    "key": {**_CELL, "bold": True},
    "input": {**_CELL, "font_color": BLUE, "bg_color": AMBER, "locked": False},
    "reference": {**_CELL, "font_color": GREY, "locked": False},
    "input_header": {**_CELL, "bold": True, "font_color": BLUE, "bg_color": AMBER, "text_wrap": True, "align": "center", "locked": False},
    "taken": {**_CELL, "bg_color": TAKEN_FILL, "locked": False},
    "formula": {**_CELL},
    "linked": {**_CELL, "font_color": GREEN},
    "passed": {**_CELL, "bg_color": PASS_FILL, "font_color": GREEN},
    "record": {},
    "failed": {**_CELL, "bg_color": FAIL_FILL, "font_color": RED, "bold": True},
}


_SENTENCES: dict[str, dict[str, Any]] = {
    "answer": {"bold": True, "font_size": 13, "font_color": NAVY, "bg_color": TAKEN_FILL, "border": 1, "border_color": LINE},
    "remark": {"font_size": 10, "font_color": GREY, "italic": True},
}
"""Formats of texts that are to be read on their own."""


def number_format(given: str, unit: str) -> str:
    """Return the number format of a column: its own, or that of its unit."""
    return NUMBER_FORMATS.get(given) or given or BY_UNIT.get(unit, "#,##0.######" if unit == "1" else "#,##0.00")


def printed_format(raw: str, given: str) -> str:
    """Return the number format that shows a figure with the decimals it was printed with, in percent where its column is."""
    decimals = len(raw.partition(".")[2])
    if "%" in given:
        return re.sub(r"0(\.[0#]+)?%", f"0.{'0' * (decimals - 2)}%" if decimals > 2 else "0%", given)  # noqa: PLR2004 a percent is 0.01
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def sized_format(given: str, value: float) -> str:
    """Return the number format by size that takes the place of the format of a column, or an empty text where none does."""
    digits = next((digits for size, digits in SIZES.items() if abs(value) >= size), "") if given in SIZED else ""
    return SIZED[given].format(digits) if digits else ""


def properties(style: str) -> dict[str, Any]:
    """Return the XlsxWriter properties of a style; raises KeyError for an unknown role."""
    role, _, rest = style.partition("|")
    if role.startswith("sample_"):
        return {**_ROLES[role.removeprefix("sample_")], "align": "center", "locked": True}
    result = dict(_ROLES[role])
    if rest:
        given, _, unit = rest.rpartition("|")
        result["num_format"] = number_format(given, unit)
        if given in _SENTENCES:
            return {**_BASE, **_SENTENCES[given], "text_wrap": True, "indent": 1}
        if unit == "text":
            result.update(text_wrap=True)
            if result.get("align") != "center":
                result.update(indent=1)
    return result
