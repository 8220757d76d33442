"""Comments that a team wrote on cells of the model: each goes to the cell of the same id in the new file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.changes.sheets import is_of_account
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.layout.plan import Comment
from workbook.record.located import spot_of
from workbook.record.read import cell_ids
from workbook.xlsx.cells import UnreadableWorkbook
from workbook.xlsx.extras import COMMENT, THREADED, read_extras

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbook.layout.plan import Layout
    from workbook.record.fingerprints import Spot
    from workbook.roundtrip.copies import Copy
    from workbook.xlsx.extras import Extra

THREAD, REPLY = "Thread, kept as a comment:", "Reply:"  # what stands before its texts
LONGEST = 32767  # characters that a cell, and a comment on it, may hold


def carried_comments(
    copies: Sequence[Copy], layout: Layout, went: Sequence[Mapping[Spot, Spot | None]]
) -> tuple[dict[tuple[str, int, int], Comment], list[set[Spot]]]:
    """Return comments by the sheet, row and column where they stand in a new layout, and for each copy the cells that they are from.

    ``went`` gives by copy where own cells went. Different comments of several copies on one cell stand below each other. What is on
    another cell without an id, on one that is gone or on a sheet of an account is not among them; a thread becomes a comment. Raises
    WorkbookError for a file whose comments are damaged.
    """
    found: dict[tuple[str, int, int], Comment] = {}
    taken: list[set[Spot]] = []
    for copy, own in zip(copies, went, strict=True):
        written = _comments(copy)
        ids = _ids(copy) if written else {}
        taken.append(set())
        for spot, extra in written.items():
            at = own.get(spot) or _placed(layout, ids.get(spot, ""))
            now = _joined(found.get(at), extra) if at else None
            if at and now and len(now.text) <= LONGEST:
                found[at] = now
                taken[-1].add(spot)
    return found, taken


def _comments(copy: Copy) -> dict[Spot, Extra]:
    """Return comments by where they stand; a thread is one, with its replies below each other."""
    try:
        extras = [item for item in read_extras(copy.path) if item.kind in {COMMENT, THREADED} and item.text and item.address.isalnum()]
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(copy.path)), str(error), error.fix)]) from None
    found: dict[Spot, Extra] = {}
    for item in extras:
        spot = spot_of(item.sheet, item.address)
        before = f"{found[spot].text}\n{REPLY} " if spot in found else f"{THREAD}\n"
        found[spot] = item if item.kind == COMMENT else item._replace(text=f"{before}{item.text}")
    return found


def _ids(copy: Copy) -> dict[Spot, str]:
    """Return the ids of cells by where they stand in the file, also of tables that were sorted."""
    known = cell_ids(copy.located.baseline)
    return {now: name for built, name in known.items() if (now := copy.located.place(built))}


def _placed(layout: Layout, name: str) -> tuple[str, int, int] | None:
    at = layout.model.find(name) if name and not is_of_account(name) else None
    return layout.cell(*at) if at and at[0] in layout.segments else None


def _joined(before: Comment | None, extra: Extra) -> Comment:
    if before is None:
        return Comment(extra.text, extra.author)
    return before if extra.text in before.text else Comment(f"{before.text}\n\n{extra.text}", before.author)
