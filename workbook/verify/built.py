"""The book that a file was built from, with the file's own inputs, where the templates at hand are those that built it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.api import evaluated, package_version, placed
from workbook.changes.differences import carried_account
from workbook.changes.sheets import telling
from workbook.declare.origin import templates_of
from workbook.declare.overlay import overlaid
from workbook.declare.overlay_files import overlays_of
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record.fingerprints import NONE, prints_of
from workbook.record.read import declared_for, overlays
from workbook.record.write import Prints, places
from workbook.verify.inputs import inputs_of

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.overlay_files import Files
    from workbook.layout.book import Book
    from workbook.layout.plan import Layout
    from workbook.record.located import Located
    from workbook.record.read import Baseline, Block
    from workbook.verify.inputs import Inputs


def book_of(path: Path, located: Located, templates: Path | str | None, overlay: Files = None) -> Book:
    """Return the book that a file was built from, with the file's own inputs; raises WorkbookError.

    An input that holds what it cannot take has the templates' value.
    """
    return read_book(path, located, templates, overlay)[0]


def read_book(path: Path, located: Located, templates: Path | str | None, overlay: Files, *, is_every: bool = False) -> tuple[Book, Inputs]:
    """Return the book of a file and how its inputs were read; see ``book_of``.

    With ``is_every`` all formulas are compared with those of the record, also where templates and package are those that built it.
    """
    known = located.baseline
    # The values of overlays are in the file.
    cases = overlays_of(overlay).unless_given(overlays(path, known))
    laid = overlaid(lambda cards: declared_for(path, known, templates, cards), cases)
    layout, _ = placed(laid, extend=telling(carried_account(path, known.carried)))
    _check_templates(path, located.baseline, layout, 1 if _is_of_today(located.baseline, layout) and not is_every else None)
    # What the file's inputs differ from: nothing that follows from them.
    own = [quantity.id for quantity in layout.model.quantities.values() if quantity.inputs]
    book = evaluated(layout.model, layout, {}, own)
    for built, now in located.sheets.items():
        if now is None:
            raise WorkbookError(
                [Diagnostic(Place(str(path)), f"lacks the sheet '{built}'", "take another copy of the file, or build it again")]
            )
    inputs = inputs_of(path, located, book)
    book.layout.formulas.update(inputs.formulas)
    if inputs.beyond:
        try:
            return evaluated(book.model, book.layout, inputs.edits | inputs.beyond), inputs
        except WorkbookError:
            # Nothing can be calculated so far beyond the limits.
            inputs.unread |= {name for name, _ in inputs.beyond}
    return evaluated(book.model, book.layout, inputs.edits), inputs


def _check_templates(path: Path, found: Baseline, layout: Layout, most: int | None) -> None:
    """The file must have been built with the places and formulas of today's templates, whatever was edited since.

    With ``most`` so many formulas of each expression are compared.
    """
    written = {block.place for block in found.blocks}
    changed = sorted({place[0] for place in written ^ {place[:5] for place in places(layout)}})
    what = "quantities differ"
    if not changed:
        what = "formulas differ"
        prints = Prints()
        for name in dict.fromkeys(block.id for block in found.blocks):
            prints.take(layout, layout.model.quantities[name], most)
        changed = sorted({block.id for block in found.blocks if _says_otherwise(block, layout, prints, sample=most is not None)})
    if not changed:
        what = "inputs differ"  # an overlay may have added as many other cases
        today = {cell_id for cell_id, name, _ in layout.model.settable() if name in layout.segments}
        changed = sorted(today ^ found.inputs.keys())
    if changed:
        files = templates_of(found.carried).differences(templates_of(layout.model.declared.carried))
        files = f"; template files: {files}" if files else ""
        message = f"was built from other templates or with other overlays: {len(changed)} {what}, such as '{changed[0]}'{files}"
        raise WorkbookError([Diagnostic(Place(str(path)), message, "give those with --templates and --overlay, or build it again")])


def _is_of_today(found: Baseline, layout: Layout) -> bool:
    """Whether a file was built by this package from the templates at hand; False also where it does not tell its templates."""
    told, today = (templates_of(carried) for carried in (found.carried, layout.model.declared.carried))
    return bool(told.files) and told == today and found.package == package_version()


def _says_otherwise(block: Block, layout: Layout, prints: Prints, *, sample: bool) -> bool:
    """Whether the templates now have another formula in a block; cells that may be typed over say so in other ways.

    Of a ``sample`` those rows are compared that are in it.
    """
    quantity = layout.model.quantities[block.id]
    rows = range(block.first_row, block.first_row + block.size)
    if sample:
        told = dict(zip(rows, block.prints, strict=False))
        found = prints.taken(quantity.id).items()
        return any(row in told and told[row] != print_ and not quantity.is_settable(row) for row, print_ in found)
    today = prints_of(prints.of(quantity.id, rows)) or [NONE] * block.size
    written = block.prints or (NONE,) * block.size
    if len(today) != len(written):
        return True
    return any(one != other for row, one, other in zip(rows, today, written, strict=True) if not quantity.is_settable(row))
