"""What a number looks like in its format."""

from __future__ import annotations

import re
from functools import lru_cache

from workbook.layout.widths import display
from workbook.xlsx.number_formats import kind_of

_DECORATION = re.compile(r"_.|\*.|\[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color\d+)\]|\[\$[^\]-]*-[0-9A-F]+\]", re.IGNORECASE)


@lru_cache(maxsize=1 << 16)
def number_text(code: str, value: float) -> str:
    """Return a number as its format shows it; empty for dates, fractions and the format that takes as many digits as fit."""
    code = _DECORATION.sub("", code).replace("?", "#").replace("\\", "")
    if kind_of(code) not in {"", "percentage"} or "/" in code or "general" in code.lower() or "@" in code:
        return ""
    return display(code, value)
