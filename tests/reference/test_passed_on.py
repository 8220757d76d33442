"""Cells that pass another's value on hold that value, in both workbooks; which those are, their declarations say."""

import pytest

from tests.reference.passed_on import passed_on, passes, wrong
from tests.support import shipped

BOOKS = ("paper", "planning")


@pytest.mark.parametrize("name", BOOKS)
def test_a_cell_that_names_another_holds_its_value(name: str) -> None:
    assert list(wrong(shipped(name))) == []


@pytest.mark.parametrize("name", BOOKS)
def test_many_cells_pass_values_on_and_none_that_computes_does(name: str) -> None:
    book = shipped(name)
    assert len(passed_on(book)) > 100
    texts = {variant.formula.text for item in book.model.quantities.values() if passes(item) for variant in item.variants}
    assert not [text for text in texts if set("+*/<>!") & set(text)]
