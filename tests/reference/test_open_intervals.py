"""Ends of ranges at which a case has no answer: counted, named, without a bar, and never an interval that is narrower for them."""

import pytest

from tests.reference import test_every_planning_quantity as planning
from tests.reference.test_unanswered import Sets, shown
from workbook.expr.values import EMPTY

WORSE_BELOW = {"per_wall_joule"}
HEADLINES = [headline for (headline,) in planning.book().model.tables["headlines"].rows]
SMALL: Sets = {"choose.case": "mine_1", "cases.mine_1.objective": 5000, "ranges.memory_share.low": 0.4}
"""Too little memory for the weights at one low end."""

SHARE = "Share of HBM the engine may use"


def infeasible() -> set[str]:
    """Return the variants of the chosen case of the templates whose own state is that there is no answer."""
    rows = planning.book().model.tables["variants"].rows
    states = {key: shown(planning.book().values, "case_totals.state", key) for (key,) in rows if key.startswith("chosen_")}
    assert shown(planning.book().values, "case_totals.state", "corrected_fleetopt") == "ok"
    return {key for key, state in states.items() if state != "ok"}


def test_every_end_without_an_answer_is_counted() -> None:
    values = planning.calculated(SMALL)
    assert shown(values, "trust.unanswered", "chosen") == 1
    assert shown(planning.book().values, "trust.unanswered", "chosen") == 0


def test_a_decision_without_an_answer_leaves_intervals_closed() -> None:
    """An objective shorter than any prefill is somebody's wish, and makes no figure uncertain: the tornado says it alone."""
    assert infeasible() == {"chosen_objective_low"}
    assert shown(planning.book().values, "tornado.remark", "n1") == "no answer if low"
    assert {shown(planning.book().values, "figures.interval", headline) for headline in HEADLINES} == {"closed"}


def test_an_end_without_an_answer_has_words_and_no_bar() -> None:
    values = planning.calculated(SMALL)
    assert shown(values, "tornado.assumption", "n1") == SHARE
    assert shown(values, "tornado.low_move", "n1") == EMPTY
    assert isinstance(shown(values, "tornado.high_move", "n1"), float)
    assert shown(values, "tornado.high_move", "n1") != EMPTY
    assert shown(values, "tornado.remark", "n1") == "no answer if low"
    assert shown(values, "tornado.bar", "n1") == f"{SHARE}: no answer if low"
    assert shown(values, "tornado.remark", "n2") == ""


@pytest.mark.parametrize("headline", HEADLINES)
def test_the_interval_is_open_on_the_side_that_is_worse_and_no_narrower_on_the_other(headline: str) -> None:
    answered = planning.calculated(SMALL | {"ranges.memory_share.low": 0.9})
    values = planning.calculated(SMALL)
    worse, better = ("low", "high") if headline in WORSE_BELOW else ("high", "low")
    assert shown(answered, "figures.interval", headline) == "closed"
    assert shown(values, f"figures.{worse}", headline) == EMPTY
    assert shown(values, f"figures.{better}", headline) == shown(answered, f"figures.{better}", headline)
    assert shown(values, "figures.interval", headline) == f"no {'lower' if worse == 'low' else 'upper'} limit: no answer at 1 range end"
    assert shown(values, "figures.widest", headline) == f"no answer if {SHARE} is low"
    assert shown(answered, "figures.widest", headline) in {
        shown(values, "ranges.assumption", name) for (name,) in planning.book().model.tables["ranges"].rows
    }
