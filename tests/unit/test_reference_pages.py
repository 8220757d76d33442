"""The pages of keywords, functions and units: those in docs/ are those that the commands print, and nothing is missing from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import SOURCES, command
from workbook.declare.keywords import Keywords
from workbook.declare.vocabulary import KINDS, all_keywords
from workbook.expr.functions import AGGREGATES, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("name", "page"), [("functions", "functions"), ("units", "units"), ("language", "keywords"), ("catalogue", "catalogue")]
)
def test_the_page_in_docs_is_what_the_command_prints(name: str, page: str) -> None:
    said = command(name)
    assert (said.exit_code, said.stderr) == (0, "")
    assert (SOURCES / "docs" / f"{page}.md").read_text("utf-8") == said.stdout, f"renew it: workbook {name} > docs/{page}.md"


def test_every_function_has_an_entry_of_its_own() -> None:
    for name in {*FUNCTIONS, *AGGREGATES}:
        said = command("functions", name)
        assert (said.exit_code, "in a cell: " in said.stdout) == (0, True), name
        assert "{" not in said.stdout, name


def test_one_unit_is_printed_by_its_name_or_its_symbol() -> None:
    assert command("units", "kW").stdout == "kW (kilowatt) = 1000 * watt\n"
    assert command("units", "kilowatt").stdout == "kilowatt (kilowatt) = 1000 * watt\n"


def kinds(kind: type[Keywords] = Keywords) -> Iterator[type[Keywords]]:
    """Yield every class of keywords that has no other below it, or that templates have."""
    for other in kind.__subclasses__():
        yield from kinds(other)
        if not other.__name__.startswith("_"):
            yield other


def test_every_keyword_is_on_the_page_with_a_sentence_of_its_own() -> None:
    assert set(kinds()) == set(KINDS.values())
    for keyword in all_keywords():
        assert keyword.meaning.endswith("."), keyword
        assert len(keyword.meaning.split()) > 4, keyword
        assert keyword.written, keyword


def test_a_keyword_is_printed_for_each_kind_of_mapping_that_has_it() -> None:
    said = command("language", "repeat").stdout
    assert said.startswith("repeat, in group of columns\n  written as: list of texts, or one text\n  The first and the last number")
    assert (
        "whole, in input, list, column and field\n  written as: true or false; false if left out\n" in command("language", "whole").stdout
    )
    assert command("language", "like").stdout.count("; required\n") == 1
    table = command("language", "table").stdout
    assert table.startswith("table\n  Rows by keys, columns by expressions.\n  keywords: table, doc, rows, columns")
    assert "table, in series\n" in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("functions", "florr"), "'florr' is not a function of the language\n    did you mean 'floor'?\n"),
        (("units", "KW"), "units.txt: 'KW' is not a unit\n    did you mean 'kW'?\n"),
        (("language", "titel"), "'titel' is not a keyword of templates\n    did you mean 'title'?\n"),
        (("language", "xyzzy"), "'xyzzy' is not a keyword of templates\n    list them with: workbook language\n"),
        (("units", "furlong"), "units.txt: 'furlong' is not a unit\n    list them with: workbook units\n"),
    ],
)
def test_an_unknown_name_is_refused_with_the_likely_one(arguments: tuple[str, ...], message: str) -> None:
    said = command(*arguments)
    assert (said.exit_code, said.stdout, said.stderr) == (2, "", message)
