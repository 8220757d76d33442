"""What an input admits gives an answer or a reason, in Python: both ends of its limits, values just inside them, and every choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.admitted import Errors, probes, rounds, sample, staged
from workbook.api import parse_sets
from workbook.model.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.storm import Edits, Sets

TOGETHER = {"paper": 1, "planning": 4}  # inputs of a sample


def wrong(name: str, chosen: Iterable[Edits]) -> list[str]:
    """Return what becomes an error by each of the edits."""
    errors = Errors(staged(name))
    cell_id = errors.book.model.cell_id
    return [
        f"{ {cell_id(*at): value for at, value in edits.items()} }: {list(found.items())[:5]}"
        for edits in chosen
        if (found := errors.of(edits))
    ]


@pytest.mark.parametrize("name", TOGETHER)
def test_ends_of_an_input_of_every_kind_leave_no_error(name: str) -> None:
    assert not wrong(name, sample(staged(name), TOGETHER[name]))


@pytest.mark.storm
def test_ends_of_every_input_of_paper_leave_no_error() -> None:
    every = (items for owners in probes(staged("paper")).values() for items in owners.values())
    assert not wrong("paper", ({at: value} for items in every for at, value in items))


@pytest.mark.storm
def test_ends_of_every_input_of_planning_leave_no_error() -> None:
    assert not wrong("planning", (edits for _, edits in rounds(staged("planning"))))


NO_SEQUENCE = "no sequence fits at the longest windows"
SAID: dict[str, tuple[Sets, dict[str, str]]] = {
    "the weights do not fit": ({"hardware.h100_sxm.memory": 12}, {"law.state": NO_SEQUENCE}),
    "16-byte weights": ({"models.llama_3_1_70b.weight_bytes": 16}, {"law.state": NO_SEQUENCE}),
    "a block longer than the cache": (
        {"decode.block_size": 1e6},
        {"law.state": NO_SEQUENCE, "read_off.state": "no sequence fits in a window of this length"},
    ),
    "a chunk that was not drawn": (
        {"profiles.b200_projected.prefill_chunk": 2289},
        {
            "totals.replay.azure_pool_b200.state": "no draws for this prefill chunk",
            "outcome_pools.replay.azure_pool_b200.long.state": "no draws for this prefill chunk",
            "totals.exact.azure_pool_b200.state": "ok",
            "totals.replay.azure_pool_h100.state": "ok",
        },
    ),
    "a pool that is not used": ({"designs.agent_two.profile_3": "B200 projected"}, {"design_totals.agent_two.state": "ok"}),
}


@pytest.mark.parametrize("case", SAID)
def test_what_has_no_answer_says_why(case: str) -> None:
    sets, states = SAID[case]
    book = staged("paper")
    edits = parse_sets(book.model, sets)
    assert Errors(book).of(edits) == {}
    values = evaluate(book.model, edits)
    for cell, state in states.items():
        at = book.model.find(cell)
        assert at is not None
        assert values[at[0]][at[1]] == state, cell
