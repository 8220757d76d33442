"""Tables whose rows a user sorted: each row is found again by what its key column, or whatever text it holds, says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.record.fingerprints import NONE, Spot
from workbook.record.write import row_print
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.record.located import Located
    from workbook.record.read import Block

Line = tuple[str, int]


@dataclass(frozen=True, slots=True)
class SortedTable:
    """A table whose rows stand in another order: its sheet now, where it began when it was built, and its rows as they would stand."""

    name: str
    sheet: str
    lines: dict[int, int]


def sorted_tables(located: Located) -> Iterator[SortedTable]:
    """Yield the tables whose rows stand in another order: by line, counted from 0, where the row that belongs there stands now."""
    tables: dict[tuple[str, str, int, int], list[Block]] = defaultdict(list)
    inputs = {given.spot for given in located.baseline.inputs.values()}
    for block in located.baseline.blocks:
        if block.size > 1 and not block.across:
            tables[block.id.partition(".")[0], block.spot.sheet, block.spot.row, block.size].append(block)
    for (name, built, row, size), blocks in tables.items():
        now = located.sheets.get(built)
        rows = [located.rows[built].now(line) for line in range(row, row + size)] if now is not None else [None]
        lines = [line for line in rows if line is not None]
        if now is not None and len(lines) == size:
            order = _order(located, now, lines, blocks, inputs)
            if order:
                yield SortedTable(name, now, order)


def _order(located: Located, sheet: str, lines: list[int], blocks: list[Block], inputs: set[Spot]) -> dict[int, int]:
    """Return by line where the row that belongs there stands, or nothing where rows stand as built or cannot be told apart."""
    texts = [block for block in blocks if not any(block.prints) and block.spot not in inputs]
    key = min(blocks, key=lambda block: block.spot.column)
    wanted = [_built(located, blocks[0], key, step) for step in range(len(lines))]
    shown = [_shown(located, sheet, line, texts, key) for line in lines]
    if shown == wanted or Counter(shown) != Counter(wanted) or len({*wanted}) < len(wanted):
        return {}
    where = dict(zip(shown, lines, strict=True))
    return {line: where[print_] for line, print_ in zip(lines, wanted, strict=True)}


def _built(located: Located, block: Block, key: Block, step: int) -> tuple[str, str]:
    """Return the fingerprints by which a row was known when it was built: of its texts, and of the formula in its first column."""
    prints = located.baseline.texts.get(block.spot.sheet, ())
    row = block.spot.row + step
    return prints[row] if row < len(prints) else NONE, key.prints[step] if step < len(key.prints) else NONE


def _shown(located: Located, sheet: str, line: int, texts: list[Block], key: Block) -> tuple[str, str]:
    """Return the fingerprints of what stands in a line now."""
    cells = located.contents[sheet]
    columns = {block.spot.column: located.columns[block.spot.sheet].now(block.spot.column) for block in (*texts, key)}
    told: dict[int, str | float] = {}
    for block in texts:
        now = columns[block.spot.column]
        cell = cells.get(f"{column_letters(now)}{line + 1}") if now is not None else None
        if cell is not None and not cell.is_formula and cell.value is not None:
            told[block.spot.column] = float(cell.value) if isinstance(cell.value, float | int) else str(cell.value)
    now = columns[key.spot.column]
    formula = located.print(Spot(sheet, line, now)) if now is not None and any(found != NONE for found in key.prints) else NONE
    return row_print(told), formula
