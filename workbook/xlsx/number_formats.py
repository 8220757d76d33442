"""What a cell's number format makes of a number: a date, a time of day or a percentage."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DATE, TIME, PERCENT = "date", "time", "percentage"

# ECMA-376 part 1, 18.8.30: formats that a file may name by number alone; 27 to 36 and 50 to 58 are dates in East Asian locales.
BUILT_IN = {
    **dict.fromkeys((9, 10), PERCENT),
    **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)), DATE),
    **dict.fromkeys((18, 19, 20, 21, 45, 46, 47), TIME),
}
_LITERAL = re.compile(r"""general|"[^"]*"?|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|e[+-]""")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 the day before the first serial number: spreadsheets know no time zones
_LAST = 2_958_466  # the serial number of the day after 9999-12-31


def kind_of(code: str) -> str:
    """Return what a number format shows a positive number as: DATE, TIME, PERCENT, or nothing for a plain number."""
    signs = set(_LITERAL.sub("", code.lower()).partition(";")[0])
    if "%" in signs:
        return PERCENT
    if signs & {"y", "d"}:
        return DATE
    if signs & {"h", "s"}:
        return TIME
    return DATE if "m" in signs else ""


def shown(value: float, kind: str) -> str:
    """Return a number as its format shows it, dates and times as in ISO 8601; empty where there is no such date."""
    if kind == PERCENT:
        return f"{value * 100:.15g}%"
    if not 0 <= value < _LAST:
        return ""
    moment = _EPOCH + timedelta(days=value) + timedelta(microseconds=500_000)
    if kind == TIME and value < 1:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if moment.hour == moment.minute == moment.second == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"
