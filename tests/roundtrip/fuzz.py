"""Files whose XML was changed at random, as damaged or hostile ones are: attributes, texts and whole elements."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from pathlib import Path

_ATTRIBUTE = re.compile(r'\s([\w:]+)="([^"]*)"')
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")
_ELEMENT = re.compile(r"<(\w+)[^<>]*(?:/>|>[^<>]*</\1>)")
_VALUES = (
    *("", " ", "0", "-1", "1", "2", "99", "1e400", "nan", "1_0", "9" * 30, "9" * 5000, "x" * 100_000, "true", "&#0;", "&amp;", "\u00a0"),
    *("B-7", "a1", "A0", "$B$7", "A1:B2", "A1:XFD1048576", "XFE1", "A1048577", "ZZZ9999999", "A" * 4000, "B7", "C3", "A"),
    *("s", "n", "b", "e", "d", "str", "inlineStr", "array", "shared", "dataTable", "#N/A", "#REF!", "=#REF!", "'", "&quot;", "'!A1"),
    *("../../etc/passwd", "/", "xl/workbook.xml", "sharedStrings.xml", "worksheets/sheet1.xml", "%", "%00", "\\", "Own"),
    *("=WEBSERVICE(&quot;http://a.example&quot;)", "#REF!$A$1:$B$2", "Own!A1:B2:C3", "1:2 3:4", "[1]", "[" * 5000, "null", "1000000:0"),
)
_PLACES = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", "xl/sharedStrings.xml", "xl/styles.xml", "[Content_Types].xml")


def parts_of(path: Path) -> dict[str, str]:
    """Give the parts of a file as texts."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def mutant(parts: dict[str, str], dice: random.Random, target: Path) -> str:
    """Write a file with one to three changes, and tell what they are."""
    changed, said = dict(parts), []
    sheets = [name for name in parts if name.startswith("xl/worksheets/sheet")]
    for _ in range(dice.randint(1, 3)):
        # The last sheet is the record.
        part = dice.choice([dice.choice(_PLACES), dice.choice(sheets), sheets[-1]])
        text, change = _changed(changed[part], dice)
        changed[part] = text
        said.append(f"{part}: {change}")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, text in changed.items():
            archive.writestr(name, text)
    return "; ".join(said)


def _changed(text: str, dice: random.Random) -> tuple[str, str]:
    """Change an attribute or a text, leave an attribute or an element out, or write it twice; tell which."""
    pattern = dice.choice([_ATTRIBUTE, _ATTRIBUTE, _ATTRIBUTE, _TEXT, _TEXT, _ELEMENT])
    found = list(pattern.finditer(text))
    if not found:
        return text, "nothing"
    match = dice.choice(found)
    value = dice.choice(_VALUES)
    if pattern is _ATTRIBUTE:
        new = "" if dice.random() < 0.2 else f' {match[1]}="{value}"'
    elif pattern is _TEXT:
        new = value
    else:
        new = dice.choice(["", match[0] * 2])
    return text[: match.start()] + new + text[match.end() :], f"{match[0][:60]} -> {new[:60]}"
