"""Rules of good spreadsheets that a workbook breaks on purpose: for each which rule, where and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from workbook.declare.keywords import Keywords, Text, Texts

if TYPE_CHECKING:
    from workbook.errors import Problems

OF_NUMBERS = "203"
_CELLS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}(:[A-Z]{1,3}[1-9][0-9]{0,6})?")


class BreakKeywords(Keywords):
    """A rule of 'workbook audit' that is broken on purpose. An audit counts what it finds there apart, with the reason."""

    called: ClassVar[str] = "a break of a rule"
    rule: Text = Field(description="The number of the rule, as 'workbook audit' prints it.")
    sheets: Texts = Field((), description="The sheets that break it, each of them; all sheets and the whole file, if left out.")
    cells: Text = Field("", description="The cells that break it, such as B3 or B2:D9; all of each sheet, if left out.")
    columns: Texts = Field(
        (), description="The columns of tables, and items of blocks, whose cells break it: TABLE.COLUMN, or patterns such as TABLE.*."
    )
    numbers: Texts = Field(
        (), description="The numbers in formulas that break rule 203: cells that hold no others; any numbers, if left out."
    )
    reason: Text = Field(description="Why it is broken, for those who audit the file.")

    def check(self, problems: Problems) -> None:
        """Record cells that are none."""
        if self.cells and not _CELLS.fullmatch(self.cells):
            problems.add(self.place_of("cells"), f"'{self.cells}' is no cell, and no range of them", "such as B3 or B2:D9")
        if self.columns and (self.cells or self.sheets):
            other = "cells" if self.cells else "sheets"
            problems.add(self.key_place(other), f"a break of a rule has 'columns' and '{other}'", "leave it out: columns have their cells")
        if self.numbers and self.rule != OF_NUMBERS:
            problems.add(
                self.place_of("numbers"), f"rule {self.rule} judges no numbers in formulas", f"leave them out, or name rule {OF_NUMBERS}"
            )
