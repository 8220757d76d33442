"""What people read is printed on A4 in letters of six points and more; cards and workings are for the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from tests.support import shipped, shipped_file
from workbook.layout.paper import FOR_READERS
from workbook.xlsx.saved import area_of, read_saved

if TYPE_CHECKING:
    from workbook.xlsx.saved import SavedSheet

BODY, SMALLEST, A4 = 10, 5.9, "9"  # points
WIDE, HIGH, MARGINS = 11.69, 8.27, 0.5  # inches of A4, and of both margins at the sides


def sheets() -> dict[str, SavedSheet]:
    """Return the sheets that people read, as they are saved."""
    saved = read_saved(shipped_file("planning").path).sheets
    return {sheet.name: saved[sheet.name] for sheet in shipped("planning").model.declared.sheets if sheet.role in FOR_READERS}


def one_page(sheet: SavedSheet) -> float:
    """Return the scale at which one page is as wide as what is printed of a sheet."""
    area = area_of(sheet.page.area.rpartition("!")[2])
    across = sum(sheet.width(column) for column in range(area.right + 1)) / 96
    return min(1.0, ((WIDE if sheet.page.landscape else HIGH) - MARGINS) / across)


@pytest.mark.parametrize("name", sheets())
def test_letters_of_what_people_read_have_six_points_on_a4(name: str) -> None:
    sheet = sheets()[name]
    scale = one_page(sheet) if sheet.page.wide == 1 else sheet.page.scale / 100
    assert sheet.page.paper == A4
    assert scale * BODY >= SMALLEST


def test_most_of_what_people_read_has_one_page() -> None:
    """Lists of cases and of models are longer than a page, and so is all that may go wrong."""
    several = {name for name, sheet in sheets().items() if sheet.page.high != 1}
    assert several == {"Compare", "Cases", "Models", "Risks"}


@pytest.mark.parametrize(("name", "label"), [("Cases", "Your service"), ("Models", "Model")])
def test_a_table_of_several_pages_has_its_head_on_each(name: str, label: str) -> None:
    with ZipFile(shipped_file("planning").path) as file:
        names = file.read("xl/workbook.xml").decode()
    first, last = (int(row) - 1 for row in re.search(rf">{name}![^,<]*,{name}!\$(\d+):\$(\d+)<", names).groups())  # type: ignore[union-attr]
    heads = [cell.value for (row, _), cell in sheets()[name].cells.items() if first <= row <= last]
    assert label in heads
    assert sheets()[name].page.wide == 1


@pytest.mark.parametrize(("name", "first"), [("Models", "Llama-3.1-8B"), ("Hardware", "H100 SXM")])
def test_cards_of_catalogues_are_not_printed(name: str, first: str) -> None:
    sheet = sheets()[name]
    last = area_of(sheet.page.area.rpartition("!")[2]).bottom
    cards = [row for (row, column), cell in sheet.cells.items() if column == 0 and cell.value == "Input"]
    printed = [row for (row, column), cell in sheet.cells.items() if column == 0 and cell.value == first]
    assert min(printed) < last < min(cards)
    assert re.fullmatch(r".*\$[A-Z]+\$\d+", sheet.page.area)
