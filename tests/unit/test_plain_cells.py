"""Sheets that are read quickly have the cells that the strict reader finds, whatever stands in them."""

from __future__ import annotations

from random import Random

from tests.unit.test_xlsx_reader import CELLS, sheet
from workbook.xlsx.cells import cells_by_element
from workbook.xlsx.plain_cells import plain_cells

# What is set at random between rows and cells: what is read quickly, and what only seems to be such.
PIECES = (
    *(
        '<row r="1">',
        '<row r="2" ht="15"/>',
        "</row>",
        "<sheetData>",
        "</sheetData>",
        "<f>",
        "</c>",
        "<v>5</v>",
        "<a>" * 200 + "</a>" * 200,
    ),
    *("<!-- ", " -->", "<![CDATA[", "]]>", "<?x", "?>", "&", "&amp;", "&#65;", "&unknown;", "\x01", "\r\n", "\ufffe", "\u0664", '"', " "),
    *(
        '<c r="D1" s="1" s="2"/>',
        '<c r="D1" r="E1"/>',
        '<row r="3" r="4"/>',
        '<c r="H1"><f t="normal" t="normal">1</f></c>',
        '<c r="D1" x:s="1"/>',
        '<x:c r="E1"/>',
        '<c r="E1" s="\u0664"/>',
        '<c r="XFE1"/>',
        '<c r="a1"/>',
        "<c/>",
    ),
    *('<c r="F1"><f/></c>', '<c r="F1"><f></f><v>1_0</v></c>', '<c r="F1"><v>nan</v></c>', '<c r="F1" t="s"><v>-1</v></c>'),
    *(
        '<c r="G1" t="x"><v>1</v></c>',
        '<c r="G1" t="inlineStr"><v>1</v></c>',
        '<c r="G1" s="-1"><v>2</v></c>',
        '<c r="G1"><f t="dataTable" ref="A1:B2"/></c>',
    ),
)


def test_what_is_read_quickly_is_what_is_read_element_by_element() -> None:
    random, read = Random(7), 0  # noqa: S311 it picks pieces
    settings = ("sheet", ["one", "two", "three"], ["", "date"])
    for _ in range(20_000):
        rows = ["".join(pieces) for pieces in zip(('<row r="1">', '<row r="2" ht="15">'), random.sample(list(CELLS), 2), strict=True)]
        tags = [rows[0], "</row>", rows[1].replace("A1", "A2"), "</row>"]
        for _ in range(random.choice((0, 1, 1, 2))):
            cell = random.choice(list(CELLS)).replace("A1", random.choice(("A2", "B1", "C2")))
            tags.insert(random.randrange(5), random.choice((cell, random.choice(PIECES))))
        text = sheet("".join(tags))
        at = random.choice((0, random.randrange(1, len(text))))
        data = (text[:at] + random.choice(PIECES) * bool(at) + text[at:]).encode()
        if (found := plain_cells(data, *settings, 100)) is not None:
            assert str(found) == str(cells_by_element(data, *settings, 0, 100)), data
            read += 1
    assert read > 2_000
