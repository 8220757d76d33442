"""Three versions of a text made one, line by line and, where both sides changed neighbouring lines, key by key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

YOURS, BEFORE, BETWEEN, NEW = "<<<<<<< yours", "||||||| before", "=======", ">>>>>>> new"
UNSOLVED = "holds a conflict of 'workbook templates --upgrade'"
SOLVE = "keep one of the versions between the marks, and remove the marks"
_KEY = re.compile(r"\s*(?:- )?([A-Za-z0-9_.\"'-]+):(?:\s|$)")

Lines = list[str]


@dataclass(frozen=True, slots=True)
class MergedText:
    """The lines of a merge, and the 1-based numbers of those at which conflicts begin."""

    lines: Lines
    conflicts: tuple[int, ...]


def merge_lines(base: Lines, mine: Lines, new: Lines) -> MergedText:
    """Merge what two sides made of the same lines.

    What one side changed is taken. Where both changed the same lines to different things, all three versions stay between marks.
    """
    lines: Lines = []
    conflicts = []
    for gap in _gaps(base, mine, new):
        for part in _by_key(*gap):
            taken = _taken(*part)
            if taken is None:
                conflicts.append(len(lines) + 1)
                before, yours, other = part
                taken = [YOURS, *yours, BEFORE, *before, BETWEEN, *other, NEW]
            lines += taken
    return MergedText(lines, tuple(conflicts))


def _gaps(base: Lines, mine: Lines, new: Lines) -> Iterator[tuple[Lines, Lines, Lines]]:
    """Yield the stretches between lines that neither side touched, and these lines."""
    in_mine, in_new = _kept(base, mine), _kept(base, new)
    at = (0, 0, 0)
    anchors = [(line, in_mine[line], in_new[line]) for line in range(len(base)) if line in in_mine and line in in_new]
    for anchor in [*anchors, (len(base), len(mine), len(new))]:
        yield base[at[0] : anchor[0]], mine[at[1] : anchor[1]], new[at[2] : anchor[2]]
        same = base[anchor[0] : anchor[0] + 1]
        yield same, same, same
        at = (anchor[0] + 1, anchor[1] + 1, anchor[2] + 1)


def _kept(base: Lines, other: Lines) -> dict[int, int]:
    """Return where the lines of ``base`` stand in another version, of those that are still there."""
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _taken(base: Lines, mine: Lines, new: Lines) -> Lines | None:
    """Return what a stretch comes to; None where both sides changed it to different things."""
    if new in (mine, base):
        return mine
    return new if mine == base else None


def _by_key(base: Lines, mine: Lines, new: Lines) -> Iterator[tuple[Lines, Lines, Lines]]:
    """Yield a stretch by the keys at which its lines begin, where all three versions have keys, each once; else as it is."""
    whole = (base, mine, new)
    if _taken(*whole) is None:
        keyed = [_keyed(lines) for lines in whole]
        if all(found is not None for found in keyed):
            before, yours, other = (found or {} for found in keyed)
            for key in dict.fromkeys([*other, *yours]):
                yield before.get(key, []), yours.get(key, []), other.get(key, [])
            return
    yield whole


def _keyed(lines: Sequence[str]) -> dict[str, Lines] | None:
    """Return lines by the key that each of the least indented begins with; None where one has none, or two have the same."""
    found: dict[str, Lines] = {}
    depth = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    key = ""
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) == depth:
            match = _KEY.match(line)
            if match is None or match[1] in found:
                return None
            key = match[1]
        elif not key:
            return None
        found.setdefault(key, []).append(line)
    return found
