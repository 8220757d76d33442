"""Edits that inputs can take one by one, but that together make an error: some are left out, so that the rest can be built."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.api import checked_sets, evaluated
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from workbook.declare.overlay import Given
    from workbook.layout.plan import Layout


def erring(layout: Layout, sets: Mapping[str, Given], formulas: Mapping[str, str], mine: Collection[str]) -> dict[str, str]:
    """Return by id which of the edits ``mine`` to leave out of what is set, and why; none where all must stay or others make the error.

    In their order each is left out that makes an error with those kept before it: none of these could stay, but another choice
    might leave out fewer.
    """

    def error(names: Collection[str]) -> str:
        """Return what is wrong with some edits and all that is set besides."""
        own = {name: given for name, given in sets.items() if name not in mine or name in names}
        edits, _ = checked_sets(layout.model, own)
        try:
            evaluated(layout.model, replace(layout, formulas={name: text for name, text in formulas.items() if name in own}), edits)
        except WorkbookError as found:
            return found.diagnostics[0].message
        return ""

    left, reasons = list(mine), dict[str, str]()
    while what := error(left):
        good, bad = 0, len(left)
        if error([]):
            return {}
        while bad - good > 1:
            middle = (good + bad) // 2
            if found := error(left[:middle]):
                bad, what = middle, found
            else:
                good = middle
        name = left.pop(bad - 1)
        reasons[name] = f"makes an error{'' if error([name]) else ' with other edits'}: {what}"
    return reasons
