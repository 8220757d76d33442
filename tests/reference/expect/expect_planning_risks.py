"""Expectations of the sentence and of the first table of sheet Risks: how far each answer of the chosen case may be off."""

from tests.reference.expect import planning_sensitivity as sensitivity
from tests.reference.expect.expect_planning_plan import in_words
from tests.reference.expect.expect_planning_results import state_of
from tests.reference.expect.expect_planning_sensitivity import headline_state
from tests.reference.expect.expect_planning_sentence import answer
from tests.reference.expect.planning_cases import chosen
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.expect.planning_money import totals
from tests.reference.expect.planning_needs import whole
from tests.reference.expect.pools import OK
from tests.reference.quantities import Inputs


def ok(i: Inputs, headline: str) -> bool:
    """Tell whether the chosen case has a figure."""
    return headline_state(i, "chosen", headline) == OK


def open_ends(i: Inputs, headline: str) -> tuple[bool, bool]:
    """Tell whether a figure of the chosen case has no (lower, upper) limit."""
    return sensitivity.open_ends(i, headline, "chosen")


def is_open(i: Inputs, headline: str) -> bool:
    """Tell whether an uncertain assumption has an end without an answer, whatever the figure."""
    del headline
    return bool(sensitivity.opening(i, "chosen"))


def off(i: Inputs, headline: str) -> tuple[float, float]:
    """Return how far a figure of the chosen case may be off, downwards and upwards."""
    return sensitivity.interval(i, headline, "chosen")


def base(i: Inputs, headline: str) -> float:
    """Return a figure of the chosen case."""
    return sensitivity.figure(totals(i, chosen(i, "chosen")), headline)


def shows(i: Inputs, headline: str, end: int) -> bool:
    """Tell whether the lower (0) or the upper limit (1) of a figure is shown."""
    return ok(i, headline) and not open_ends(i, headline)[end]


def remark(i: Inputs, headline: str) -> str:
    """Return which limit a figure lacks."""
    if not ok(i, headline) or not is_open(i, headline):
        return ""
    return "no lower limit" if open_ends(i, headline)[0] else "no upper limit"


def looked_at(i: Inputs, end: int) -> str:
    """Return by how many percent the figure to look at may be off, downwards (0) or upwards (1)."""
    return whole(100.0 * off(i, i.text("look.headline"))[end])


def sentence(i: Inputs) -> str:
    """Return how far the figure to look at may be off, or why there is no answer."""
    headline = i.text("look.headline")
    shown, words = i.shown(f"headlines.{headline}"), in_words(i, headline)
    if state_of(i, "chosen") != OK:
        return answer(i)
    if not ok(i, headline):
        return f"{shown}: {words}."
    if is_open(i, headline):
        return f"{shown}: no limit on one side; {words}."
    return likely(i)


def likely(i: Inputs) -> str:
    """Return the likely range of the figure to look at."""
    headline = i.text("look.headline")
    moved = in_words(i, headline)
    return f"{i.shown(f'headlines.{headline}')}: likely range -{looked_at(i, 0)}/+{looked_at(i, 1)}%; moved most by {moved}."


expect_rows("risk_words", {"answer": sentence, "likely": likely, "down": lambda i: looked_at(i, 0), "up": lambda i: looked_at(i, 1)})
expect_rows("risk_words", {"open": lambda i: float(is_open(i, "")), "drivers": lambda i: in_words(i, i.text("look.headline"))})
expect_rows(
    "risks",
    {
        "state": lambda i, key: headline_state(i, "chosen", key),
        "drivers": in_words,
        "remark": remark,
        "open": lambda i, key: float(is_open(i, key)),
    },
)
expect_rows("risks", {"base": base, "fall": lambda i, key: off(i, key)[0], "rise": lambda i, key: off(i, key)[1]})
expect_rows("risks", {"case": lambda i, key: base(i, key) if ok(i, key) else None})
expect_rows("risks", {"low": lambda i, key: base(i, key) * (1.0 - off(i, key)[0]) if shows(i, key, 0) else None})
expect_rows("risks", {"high": lambda i, key: base(i, key) * (1.0 + off(i, key)[1]) if shows(i, key, 1) else None})
expect_rows("risks", {"down": lambda i, key: off(i, key)[0] if shows(i, key, 0) else None})
expect_rows("risks", {"up": lambda i, key: off(i, key)[1] if shows(i, key, 1) else None})
expect_rows("risks", {"has_low": lambda i, key: float(shows(i, key, 0)), "has_high": lambda i, key: float(shows(i, key, 1))})
