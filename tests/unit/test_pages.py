"""A review as a page and as rows: all that differs is on them, as text and never as markup or a formula."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from io import StringIO

from workbook.changes.differences import Account, FormulaChange, HeadlineMove, InputChange, NoteChange, Origin
from workbook.cli.pages import page_of, rows_of

INPUTS = (
    InputChange("a.b", "A <b>label</b>", 5.0, 6.5, "kW", "kW", behind="=cmd|x"),
    InputChange("t.x", "Text", None, "new", "text", "text", outcome="new"),
)
MOVES = (
    HeadlineMove("h.gpus", "GPUs", "gpu", 100.0, 80.0, {"Plan": -30.0, "Price": 10.0}),
    HeadlineMove("h.none", "No answer", "1", None, 3.0),
)
ACCOUNT = Account(
    Origin("planning", "1", "0.1"),
    Origin("planning", "2", "0.1"),
    INPUTS,
    (FormulaChange("q.f", "Formula", 3, "a + b", "a - b & c"),),
    ("sheet 'X' is new",),
    MOVES,
    notes=(NoteChange("a.b", "A label", "", "agreed"),),
)


class Texts(HTMLParser):
    """Collects the texts of a page, the names of its elements, and the bars with their left ends and widths."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.bars: list[tuple[str, float, float]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the name of an element, and a bar."""
        self.tags.add(tag)
        given = dict(attrs)
        if tag == "span":
            left, wide = (float(part.partition(":")[2].rstrip("%")) for part in str(given["style"]).split(";"))
            self.bars.append((str(given["class"]), left, wide))

    def handle_data(self, data: str) -> None:
        """Take a text."""
        self.texts.append(data)


def test_a_page_holds_all_and_draws_the_steps_from_before_to_after() -> None:
    page = Texts()
    page.feed(page_of(ACCOUNT))
    assert {"A <b>label</b>", "a - b & c", "sheet 'X' is new", "agreed", "GPUs", "-20.00%"} <= {*page.texts}
    assert page.tags.isdisjoint({"b", "script", "img", "link", "a"})
    # From 100 down by 30 to 70, up by 10 to 80, on a scale of 100.
    assert page.bars == [("all", 0, 100), ("down", 70, 30), ("up", 70, 10), ("all", 0, 80)]


def test_rows_hold_all_and_no_formula() -> None:
    rows = list(csv.DictReader(StringIO(rows_of(ACCOUNT))))
    assert [row["kind"] for row in rows] == ["headline", "headline", "changed", "new", "note", "formula", "structure"]
    assert (rows[0]["before"], rows[0]["after"], rows[1]["before"]) == ("100.0", "80.0", "")
    assert rows[2]["source_after"] == "'=cmd|x"
