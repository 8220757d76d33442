"""Ends of ranges at which a case has no answer: counted, named, without a bar, and never an interval that is narrower for them."""

import pytest

from tests.reference import test_every_planning_quantity as planning
from tests.reference.test_unanswered import Sets, shown
from workbook.expr.values import EMPTY

WORSE_BELOW = {"per_wall_joule"}
HEADLINES = [headline for (headline,) in planning.book().model.tables["headlines"].rows]
SMALL: Sets = {"choose.case": "mine_1", "cases.mine_1.objective": 5000, "ranges.memory_share.low": 0.4}
"""Too little memory for the weights at one low end."""

ANSWERED = SMALL | {"ranges.memory_share.low": 0.9}

SHARE = "HBM share for weights and KV cache"

WITHOUT_RANGE = ("tokens", "tpot", "break_even_load", "carried", "carried_gpus")
"""Answers of sheet Plan for which no range is worked out."""

ELSEWHERE = ("capex",)
"""Answers whose drivers stand on another line: those of GPUs and of energy."""


def infeasible() -> set[str]:
    """Return the variants of the chosen case of the templates whose own state is that there is no answer."""
    rows = planning.book().model.tables["variants"].rows
    states = {key: shown(planning.book().values, "case_totals.state", key) for (key,) in rows if key.startswith("chosen_")}
    assert shown(planning.book().values, "case_totals.state", "plan") == "ok"
    return {key for key, state in states.items() if state != "ok"}


def test_every_end_without_an_answer_is_counted() -> None:
    values = planning.calculated(SMALL)
    assert shown(values, "headline_ranges.unanswered", "chosen", "gpus") == 1
    assert shown(planning.book().values, "headline_ranges.unanswered", "chosen", "gpus") == 0


def test_a_decision_without_an_answer_leaves_intervals_closed() -> None:
    """An objective shorter than any prefill is somebody's wish, and makes no figure uncertain: the tornado says it alone."""
    assert infeasible() == {"chosen_objective_low"}
    assert shown(planning.book().values, "tornado.remark", "n1") == "no answer if low"
    assert {shown(planning.book().values, "headline_ranges.interval", "chosen", headline) for headline in HEADLINES} == {"both limits"}


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
def test_the_interval_is_open_on_the_side_that_is_worse(headline: str) -> None:
    answered, values = planning.calculated(ANSWERED), planning.calculated(SMALL)
    worse = "lower" if headline in WORSE_BELOW else "upper"
    assert shown(answered, "headline_ranges.interval", "chosen", headline) == "both limits"
    assert shown(values, "headline_ranges.interval", "chosen", headline) == f"no {worse} limit: no answer at 1 range end"


@pytest.mark.parametrize("answer", [answer for (answer,) in planning.book().model.tables["figures"].rows])
def test_an_answer_has_no_high_end_then_and_a_low_one_that_is_no_narrower(answer: str) -> None:
    answered, values = planning.calculated(ANSWERED), planning.calculated(SMALL)
    assert shown(values, "figures.high", answer) == EMPTY
    assert shown(values, "figures.low", answer) == shown(answered, "figures.low", answer)
    assert (shown(answered, "figures.high", answer) == EMPTY) == (answer in WITHOUT_RANGE)
    drivers = shown(values, "figures.drivers", answer)
    assert drivers == ("" if answer in (*WITHOUT_RANGE, *ELSEWHERE) else f"no answer if {SHARE} is low")
    assert bool(drivers) == bool(shown(answered, "figures.drivers", answer))


def test_the_sentence_says_why_there_is_no_upper_limit() -> None:
    assert f"no upper limit: no answer if {SHARE} is low." in str(shown(planning.calculated(SMALL), "finding.answer"))
    assert "no upper limit" not in str(shown(planning.calculated(ANSWERED), "finding.answer"))
