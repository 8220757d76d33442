"""Every calculated cell of the planning workbook against what plain functions make of the same inputs.

The workbook is asked for values only: at the inputs of its templates, after random edits of some cases and of a third of
all other inputs, and after edits that lead where random ones seldom do. No edit within the limits of its cell may give an
error. A draw is drawn again where an argument of a rounding lies so near its edge that neither answer is wrong.
"""

from functools import cache

import numpy as np
import pytest

from tests.reference import draws
from tests.reference.compared import Compared, Difference
from tests.reference.equations import rounding
from tests.reference.expect.planning_declared import CASES
from tests.reference.expect.planning_money import annuity
from tests.reference.quantities import PLANNING, Inputs, register_all
from workbook.declare.catalogues import EVIDENCE

register_all()

SEEDS = range(6)
REDRAWS = 10
CASES_EDITED = 3
ASSUMPTIONS_EDITED = 8
EXPERTS: draws.Values = {"cases.mine_1.model": "deepseek_v3", "cases.mine_1.attention": "replicated", "cases.mine_1.gpu_1": "b200_sxm"}

WEEK = (100, 95, 75, 55, 30, 10, 0)  # loads on the edges of levels, an hour without requests
PASTED: draws.Values = {
    **{f"pasted.request{n}.input_second": n * 7919 % 6000 for n in range(1, 301)},
    **{f"pasted.request{n}.output_second": n * 104729 % 400 for n in range(1, 301)},
    "pasted.request500.input_second": 200_000,
    "pasted.request7.output_first": 40,
    **{f"week.{day}.hour{n}.requests": WEEK[n % 7] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for n in range(1, 25)},
}
STEERED: dict[str, draws.Values] = {
    "requests and a week of one's own": {
        **PASTED,
        "cases.mine_1.workload": "own_traffic_2",
        "cases.mine_1.load_profile": "own",
        "cases.mine_2.workload": "own_traffic_1",
        "cases.mine_3.load_profile": "own",
        "choose.case": "mine_1",
    },
    "nothing pasted, and asked for": {"service.plan.workload": "own_traffic_1", "service.plan.load_profile": "own"},
    "a curve that is borrowed and scaled, and another that is not": {
        "hardware.gb200_nvl72.curve_scale": 1.4,
        "hardware.b200_sxm.curve_scale": 0.7,
        "choose.case": "next_hardware",
        "choose.comparison": "b200_today",
        "cases.b200_today.curve_1": "b200_x8_llama_70b",
    },
    "experts, three pools, times as fitted beside": {
        **EXPERTS,
        "choose.case": "mine_1",
        "cases.mine_1.pools": 3,
        "cases.mine_2.time_rule": "as fitted",
        "cases.mine_2.tensor_parallel": 4,
        "choose.comparison": "mine_2",
        "two_way.down": "time_scale",
        "two_way.right": "engine_cap",
        "look.headline": "rent",
    },
    "window layers and linear ones on one GPU, several tokens a step, and prompts that do not fit": {
        "cases.mine_1.model": "gpt_oss_120b",
        "cases.mine_1.cache": "fp8",
        "cases.mine_2.weights": "fp8",
        "cases.mine_2.gained": 2.2,
        "cases.mine_2.verify": 1.25,
        "cases.mine_3.cached_share": 0.5,
        "cases.mine_4.weights": "nvfp4",
        "cases.mine_3.tpot_objective": 25,
        "cases.mine_5.tpot_objective": 2,
        "cases.mine_1.tensor_parallel": 1,
        "cases.mine_2.model": "qwen3_next_80b_a3b",
        "cases.mine_2.slots_rule": "whole windows",
        "whole_tokens.per_step": 2.5,
        "whole_tokens.half_token": 0.25,
        "cases.mine_3.long_window": 8000,
        "choose.case": "mine_1",
        "choose.comparison": "mine_3",
    },
    "sheet Plan: one pool of experts with latent attention, and prefill and decode apart on the GPUs that hold the model": {
        "service.plan.topology": "one pool",
        "service.plan.model": "deepseek_v3",
        "service.plan.gpu_1": "b200_sxm",
        "service.plan.workload": "mooncake_conversation",
        "service.plan.objective": 20_000,
        "service.plan_b.topology": "disaggregated",
        "service.plan_b.model": "gpt_oss_120b",
        "service.plan_b.gpu_1": "h100_sxm",
        "cases.plan_b.cache": "fp8",
        "choose.case": "plan",
        "choose.comparison": "plan_b",
    },
    "sheet Plan: a model that eight GPUs do not hold, and one that a comparison of its own degree serves": {
        "service.plan.model": "llama_3_1_405b",
        "service.plan.weights": "bf16",
        "service.plan_b.model": "llama_3_1_8b",
        "service.plan_b.tensor_parallel": 2,
        "service.plan_b.long_window": 20_000,
        "choose.case": "plan",
        "choose.comparison": "plan_b",
    },
    "cases without an answer": {
        "cases.mine_1.model": "llama_3_1_405b",
        "cases.mine_2.window_1": 90_000,
        "cases.mine_3.objective": 5,
        "cases.mine_4.rate": 50_000,
        "cases.mine_4.cap": 0.99,
        "search_limits.reach": 1,
        "choose.case": "mine_1",
        "choose.comparison": "mine_2",
        "plan.growth": -0.5,
        "plan.megawatts": 0,
        **{f"measured.h100_x4_llama_70b.p{point}.counted": 0 for point in range(1, 9)},
    },
    "two cases on points of one's own, of which two are left out": {
        **{f"cases.mine_1.{name}": value for name, value in (("curve_1", "own_measurement"), ("time_rule", "as fitted"))},
        "cases.mine_2.curve_2": "own_measurement",
        "own_points.o2.batch": 0,
        "own_points.o3.watts": 0,
        "own_points.o9.batch": 300,
        "own_points.o9.watts": 610,
        "own_curve.k": 0.7,
    },
    "points of one's own at one load, and too few with watts": {
        "cases.mine_1.curve_1": "own_measurement",
        "cases.mine_1.time_rule": "as fitted",
        **{f"own_points.o{point}.batch": 64 for point in range(1, 9)},
        **{f"own_points.o{point}.watts": 0 for point in range(1, 6)},
        "choose.case": "mine_1",
    },
    "points of one's own that fall": {f"own_points.o{point}.{name}": 90 - 5 * point for point in range(1, 9) for name in ("step", "watts")},
    "no points of one's own": {f"own_points.o{point}.batch": 0 for point in range(1, 9)},
    "quotes, a short life, electricity with colocation, another GPU for long requests": {
        **{f"cases.mine_1.{name}": value for name, value in (("life", 3.5), ("staff", 5000), ("rent_price", 1.1), ("server_price_2", 4e5))},
        "cases.mine_1.electricity_bill": "with colocation",
        "cases.mine_1.gpu_2": "h200_sxm",
        "cases.mine_2.rent_scale": 0,
        "cases.mine_2.capex_scale": 0,
        "choose.case": "mine_1",
        "choose.comparison": "mine_2",
    },
    "nothing paid for rent, and servers for nothing": {
        "cases.mine_2.rent_scale": 0,
        "cases.mine_2.capex_scale": 0,
        "cases.mine_2.discount": 0,
        "cases.mine_2.life": 9,
        "choose.case": "mine_2",
    },
    "bands cut, output as printed, one assumption twice": {
        "cases.mine_1.credit": "as printed",
        "cases.mine_1.pools": 3,
        "cases.mine_1.compressible": 1,
        "cases.mine_2.workload": "agent",
        "cases.mine_2.prefill_rule": "in decode steps",
        "choose.case": "mine_2",
        "choose.comparison": "mine_1",
        "two_way.down": "rate",
        "two_way.right": "rate",
    },
    "a case without a rental price, a lever, too, and a comparison without a purchase price": {
        "service.plan.rent_price": 0,
        "service.plan_b.server_price": 0,
        "cases.b200_homo.rent_price": 0,
        "choose_more.third": "b200_homo",
        "look.headline": "cost_rented",
    },
    "a case without a purchase price": {"service.plan.server_price": 0, "service.plan_b.rent_price": 0, "plan.capital": 1},
    "a case without any price": {"service.plan.server_price": 0, "service.plan.rent_price": 0, "look.headline": "gpus"},
}


CELLS = Compared("planning", PLANNING)
book, calculated, differences, errors = CELLS.book, CELLS.calculated, CELLS.differences, CELLS.errors
formula_quantities, computed_quantities = CELLS.formula_quantities, CELLS.computed_quantities


@cache
def names() -> dict[str, str]:
    """Return the names that cells show for cards and rows, by catalogue or table and key."""
    model = book().model
    found: dict[str, str] = {}
    for table in model.tables.values():
        if len(table.keys) == 1 and table.keys[0].quantity:
            shown = book().values[table.keys[0].quantity]
            found |= {f"{table.name}.{keys[0]}": str(text) for keys, text in zip(table.rows, shown, strict=True)}
    for quantity in model.quantities.values():
        if quantity.bounds.key:
            found |= {f"{quantity.bounds.key}.{key}": name for key, name in model.choices(quantity.bounds).items()}
    return found


def inputs(edits: draws.Values | None = None) -> Inputs:
    """Return the inputs of the templates with edits applied, cards by key."""
    changed = {cell: value if isinstance(value, str) else float(value) for cell, value in (edits or {}).items()}
    return Inputs({**_unedited(), **changed}, names())


@cache
def _unedited() -> dict[str, float | str]:
    """Grades are constants, as evidence, which they are computed from, is in no cell; and so are the short names of assumptions."""
    model = book().model
    constants = ((cell, name, model.quantities[name].constants.get(row)) for cell, name, row in model.cells())
    texts = {cell: str(value) for cell, name, value in constants if value in EVIDENCE or (name == "ranges.short" and value)}
    return texts | {cell: figure.value for cell, name, row in model.cells() if (figure := draws.figure_of(model.quantities[name], row))}


# Drawing edits


@cache
def knobs() -> tuple[draws.Knob, ...]:
    """Return all inputs but those of cases as things to turn."""
    model = book().model
    cells = [(cell, name, row, figure) for cell, name, row in model.cells() if (figure := draws.figure_of(model.quantities[name], row))]
    return tuple(
        draws.knob_of(model, cell, name, row, figure.value)
        for cell, name, row, figure in cells
        if not cell.startswith(("cases.", "service.")) and not is_limited(cell)
    )


def assumption_knob(name: str, row: int) -> draws.Knob:
    """Return an assumption of a case as a thing to turn, from what it is or takes over."""
    value = book().values[name][row]
    return draws.knob_of(book().model, book().model.cell_id(name, row), name, row, value if isinstance(value, str) else float(value))


def is_limited(cell: str) -> bool:
    """Tell whether a cell is a range of an assumption that has limits, which an edit of the range alone might pass."""
    table, *keys = cell.split(".")
    if table != "ranges":
        return False
    bounds = book().model.quantities[f"cases.{keys[0]}"].bounds
    return bounds.maximum is not None or bool(bounds.minimum)


def drawn(random: np.random.Generator) -> draws.Values:
    """Return edits of one to three cases in several assumptions each, and of a third of all other inputs."""
    edits: draws.Values = {}
    for case in random.choice(CASES, size=random.integers(1, CASES_EDITED + 1), replace=False):
        places = assumptions_of(str(case))
        for place in random.choice(len(places), size=ASSUMPTIONS_EDITED, replace=False):
            knob = assumption_knob(*places[int(place)])
            edits[knob.cell] = knob.edited(random)
    return {**draws.draw(random, knobs()), **edits}


def assumptions_of(case: str) -> list[tuple[str, int]]:
    """Return where a case's assumptions may be set: on sheet Cases, and on sheet Plan what that asks."""
    model = book().model
    tables = [model.tables[name] for name in ("cases", "service") if (case,) in model.tables[name].index]
    places = [(name, table.index[case,]) for table in tables for name in table.columns]
    return [(name, row) for name, row in places if model.quantities[name].is_settable(row)]


@cache
def compared(seed: int) -> list[Difference]:
    """Return the rows that differ after the first edits of a seed that can be compared."""
    random = np.random.default_rng(seed)
    for _ in range(REDRAWS):
        edits = drawn(random)
        values = calculated(edits)
        assert errors(values) == [], edits
        with rounding.watched() as edges:
            found = differences(inputs(edits), values)
        if not edges:
            return found
    pytest.fail(f"no draw of seed {seed} can be compared")


def test_every_calculated_quantity_has_an_expectation() -> None:
    assert sorted(computed_quantities().keys() - PLANNING.rules.keys()) == []


def test_every_expectation_is_of_a_calculated_quantity() -> None:
    assert sorted(PLANNING.rules.keys() - formula_quantities().keys()) == []


def test_the_reference_knows_every_case() -> None:
    assert {keys[0] for keys in book().model.tables["cases"].rows} == set(CASES)


def test_all_rows_agree_at_the_inputs_of_the_templates() -> None:
    with rounding.watched() as edges:
        assert differences(inputs(), book().values) == []
    assert edges == []


@pytest.mark.parametrize("seed", SEEDS)
def test_all_rows_agree_after_random_edits(seed: int) -> None:
    assert compared(seed) == []


@pytest.mark.parametrize("edits", STEERED.values(), ids=STEERED)
def test_all_rows_agree_after_edits_that_random_ones_seldom_make(edits: draws.Values) -> None:
    values = calculated(edits)
    assert errors(values) == []
    assert differences(inputs(edits), values) == []


@pytest.mark.parametrize(
    ("cells", "state"),
    [({"p5.upper": 300}, "knots out of order"), ({f"p{knot}.cumulative": 0.9999 for knot in range(18, 21)}, "shares must end at 1")],
    ids=["a knot below the one before", "a share beyond the last knot"],
)
def test_a_trace_that_is_no_distribution_is_said_to_be_none(cells: draws.Values, state: str) -> None:
    edits = {"cases.mine_1.workload": "agent", **{f"trace_knots.agent.{cell}": value for cell, value in cells.items()}}
    values, given = calculated(edits), inputs(edits)
    assert errors(values) == []
    states = ("trace_list.state", "case_bounds.state", "case_totals.state", "checks.distributions", "unanswered.cases")
    for name in states:
        rows = book().model.tables[book().model.quantities[name].table].rows
        assert [PLANNING.expected(given, name, keys) for keys in rows] == values[name].tolist()
    assert state in values["results.state"].tolist()


@pytest.mark.parametrize(
    ("rate", "years", "yearly"),
    [(0.08, 5, 0.250456), (0.05, 4, 0.282012), (0.12, 6, 0.243226), (0.10, 10, 0.162745), (0.08, 1, 1.08), (0.0, 5, 0.2)],
)
def test_the_annuity_is_that_of_tables_of_capital_recovery(rate: float, years: float, yearly: float) -> None:
    assert annuity(rate, years) == pytest.approx(yearly, abs=6e-7)
