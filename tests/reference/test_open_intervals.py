"""Ends of ranges at which a case has no answer: counted, named, without a bar, and never an interval that is narrower for them."""

import pytest

from tests.reference import test_every_planning_quantity as planning
from tests.reference.test_unanswered import Sets, shown
from workbook.expr.values import EMPTY

WORSE_BELOW = {"per_wall_joule"}
HEADLINES = [headline for (headline,) in planning.book().model.tables["headlines"].rows]
SHORT: Sets = {"choose.case": "mine_1", "cases.mine_1.objective": 5000, "ranges.objective.low": 0.001}
"""Time for less than a prefill at one low end, and for several at every other end."""


def infeasible() -> set[str]:
    """Return the variants of the chosen case of the templates whose own state is that there is no answer."""
    rows = planning.book().model.tables["variants"].rows
    states = {key: shown(planning.book().values, "case_totals.state", key) for (key,) in rows if key.startswith("chosen_")}
    assert shown(planning.book().values, "case_totals.state", "corrected_fleetopt") == "ok"
    return {key for key, state in states.items() if state != "ok"}


def test_every_end_without_an_answer_is_counted() -> None:
    values = planning.calculated(SHORT)
    assert shown(values, "trust.unanswered", "chosen") == 1
    assert shown(planning.book().values, "trust.unanswered", "chosen") == len(infeasible()) > 0


def test_an_end_without_an_answer_has_words_and_no_bar() -> None:
    values = planning.calculated(SHORT)
    assert shown(values, "tornado.assumption", "n1") == "P99 time to first token"
    assert shown(values, "tornado.low_move", "n1") == EMPTY
    assert isinstance(shown(values, "tornado.high_move", "n1"), float)
    assert shown(values, "tornado.high_move", "n1") != EMPTY
    assert shown(values, "tornado.remark", "n1") == "no answer if low"
    assert shown(values, "tornado.bar", "n1") == "P99 time to first token: no answer if low"
    assert shown(values, "tornado.remark", "n2") == ""


@pytest.mark.parametrize("headline", HEADLINES)
def test_the_interval_is_open_on_the_side_that_is_worse_and_no_narrower_on_the_other(headline: str) -> None:
    answered = planning.calculated(SHORT | {"ranges.objective.low": 1})
    values = planning.calculated(SHORT)
    worse, better = ("low", "high") if headline in WORSE_BELOW else ("high", "low")
    assert shown(answered, "figures.interval", headline) == "closed"
    assert shown(values, f"figures.{worse}", headline) == EMPTY
    assert shown(values, f"figures.{better}", headline) == shown(answered, f"figures.{better}", headline)
    assert shown(values, "figures.interval", headline) == f"no {'lower' if worse == 'low' else 'upper'} limit: no answer at 1 range end"
    assert shown(values, "figures.widest", headline) == "no answer if P99 time to first token is low"
    assert shown(answered, "figures.widest", headline) in {
        shown(values, "ranges.assumption", name) for (name,) in planning.book().model.tables["ranges"].rows
    }
