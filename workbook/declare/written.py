"""Values as YAML text: what a file of ours says, whatever text came from a stranger's."""

from __future__ import annotations

import json
import re

from workbook.declare.yaml import UNUSABLE

_BREAKS = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")  # characters that YAML takes for line ends, or not at all


def scalar(value: float | str) -> str:
    """Return a number, or a text in double quotes; characters that no template may hold become U+FFFD."""
    if isinstance(value, str):
        text = json.dumps(UNUSABLE.sub("\N{REPLACEMENT CHARACTER}", value), ensure_ascii=False)
        return _BREAKS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))  # noqa: PLR2004 as in formulas
