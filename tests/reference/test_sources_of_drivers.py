"""No assumption without a source is among the three that move a figure of a shipped case most."""

import pytest

from tests.reference import test_every_planning_quantity as planning
from tests.reference.expect.planning_declared import CASES, SCENARIOS
from tests.reference.expect.planning_ranges import BY_KIND
from tests.reference.expect.planning_sensitivity import HEADLINES, drivers, weight

SHIPPED = [case for case in CASES if not case.startswith("mine_")]
MOST = 3


def has_source(name: str) -> bool:
    """Tell whether an assumption's base or range has a source: its own, or a grade that says so; or limits counted on held-out points."""
    column = planning.book().model.quantities[f"cases.{name}"]
    grade = planning.inputs().text(f"ranges.{name}.grade")
    return name in BY_KIND or grade != "assumed" or any(figure.source for figure in column.inputs.values())


def main_drivers(case: str, headline: str) -> list[str]:
    """Return the uncertain assumptions that move a figure of a case most."""
    i = planning.inputs({"choose.case": case})
    return [name for name in drivers(i, headline, "chosen")[:MOST] if weight(i, headline, "chosen", name) > 0]


def test_some_assumptions_have_no_source() -> None:
    assert not has_source("host_scale")
    assert has_source("life")
    assert set(SCENARIOS).isdisjoint(main_drivers("corrected_fleetopt", "gpus"))


@pytest.mark.parametrize("case", SHIPPED)
def test_what_moves_a_figure_most_has_a_source(case: str) -> None:
    lacking = {(headline, name) for headline in HEADLINES for name in main_drivers(case, headline) if not has_source(name)}
    assert lacking == set()
