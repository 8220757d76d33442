"""The pages of functions and units: those in docs/ are those that the commands print, and nothing is missing from them."""

from __future__ import annotations

import pytest

from tests.support import SOURCES, command
from workbook.expr.functions import AGGREGATES, FUNCTIONS


@pytest.mark.parametrize("page", ["functions", "units"])
def test_the_page_in_docs_is_what_the_command_prints(page: str) -> None:
    said = command(page)
    assert (said.exit_code, said.stderr) == (0, "")
    assert (SOURCES / "docs" / f"{page}.md").read_text("utf-8") == said.stdout, f"renew it: workbook {page} > docs/{page}.md"


def test_every_function_has_an_entry_of_its_own() -> None:
    for name in {*FUNCTIONS, *AGGREGATES}:
        said = command("functions", name)
        assert (said.exit_code, "in a cell: " in said.stdout) == (0, True), name
        assert "{" not in said.stdout, name


def test_one_unit_is_printed_by_its_name_or_its_symbol() -> None:
    assert command("units", "kW").stdout == "kW (kilowatt) = 1000 * watt\n"
    assert command("units", "kilowatt").stdout == "kilowatt (kilowatt) = 1000 * watt\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("functions", "florr"), "'florr' is not a function of the language\n    did you mean 'floor'?\n"),
        (("units", "KW"), "units.txt: 'KW' is not a unit\n    did you mean 'kW'?\n"),
        (("units", "furlong"), "units.txt: 'furlong' is not a unit\n    list them with: workbook units\n"),
    ],
)
def test_an_unknown_name_is_refused_with_the_likely_one(arguments: tuple[str, ...], message: str) -> None:
    said = command(*arguments)
    assert (said.exit_code, said.stdout, said.stderr) == (2, "", message)
