"""A worksheet whose cells are written as one piece of text each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlsxwriter.worksheet import CellBlankTuple, CellFormulaTuple, CellNumberTuple, CellStringTuple, Worksheet

from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook.record.fingerprints import Spot


class Sheet(Worksheet):  # type: ignore[misc] # XlsxWriter is not fully typed
    """A worksheet that takes formulas as they are and writes them as one piece of text.

    XlsxWriter tries some 30 regular expressions on each formula to add prefixes to functions newer than Excel 2010;
    ours hold none, or have the prefix (on the record of the build). The files are the same byte for byte, but that an empty
    text is marked as a text (XlsxWriter stores it as a number without digits), that a formula filled down is stored once, that
    what formulas come to has 15 digits, and that rows do not state the columns that they span. Rows and columns have no formats.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shared: dict[tuple[int, int], str] = {}
        self._groups = 0

    def share(self, cells: Sequence[Spot]) -> None:
        """Store the formulas of adjacent cells once, at the first of them, as Excel does with a formula that is filled down or across."""
        if len(cells) > 1:
            first, last = cells[0], cells[-1]
            self._shared.update(((spot.row, spot.column), f' t="shared" si="{self._groups}"') for spot in cells)
            self._shared[first.row, first.column] += f' ref="{first.address}:{last.address}"'
            self._groups += 1

    def write_string(self, row: int, col: int, string: str, cell_format: Any = None) -> int:
        """Take a text; cells are given by numbers, so that no argument needs to be parsed."""
        return int(self._write_string(row, col, string, cell_format))

    def write_number(self, row: int, col: int, number: float, cell_format: Any = None) -> int:
        """Take a number, as above."""
        return int(self._write_number(row, col, number, cell_format))

    def write_formula(self, row: int, col: int, formula: str, cell_format: Any = None, value: Any = 0) -> int:
        """Take a formula as it is, and what it comes to."""
        known = self.dim_rowmin is not None and self.dim_rowmin <= row <= self.dim_rowmax and self.dim_colmin <= col <= self.dim_colmax
        if not known and self._check_dimensions(row, col):
            return -1
        self.table[row][col] = CellFormulaTuple(formula, cell_format, value)
        return 0

    def _write_rows(self) -> None:
        """Write each row as one text; the columns that rows span are left out: they are optional, and cost time and space."""
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            cells, info = self.table.get(row), self.row_info.get(row)
            if cells:
                self._write_row(row, None, info)
                for column in sorted(cells):
                    self._write_cell(row, column, cells[column])
                self.fh.write("</row>")
            elif info is not None or row in self.comments:
                self._write_empty_row(row, None, info)

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind, style = type(cell), cell.format
        begin = f'<c r="{column_letters(col)}{row + 1}"'
        if style is not None:
            begin = f'{begin} s="{style._get_xf_index()}"'  # noqa: SLF001 it has no public form
        if kind is CellFormulaTuple and cell.value is not None:
            shared = self._shared.get((row, col), "")
            follows = shared and " ref=" not in shared
            text = "" if follows else cell.formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            value = cell.value
            if isinstance(value, str):
                begin, value = f'{begin} t="str"', self._escape_data(value)
            elif isinstance(value, float):
                value = f"{value:.15g}"  # as many digits as spreadsheets keep
            self.fh.write(f"{begin}><f{shared}>{text}</f><v>{value}</v></c>")
        elif kind is CellNumberTuple:
            self.fh.write(f"{begin}><v>{cell.number:.16G}</v></c>")
        elif kind is CellStringTuple:
            self.fh.write(f'{begin} t="s"><v>{cell.string}</v></c>')
        elif kind is CellBlankTuple:
            self.fh.write(f"{begin}/>")
        else:
            super()._write_cell(row, col, cell)
