"""Every calculated cell of the paper workbook against what plain functions make of the same inputs.

The workbook is asked for values only: at the inputs of its templates, after random edits of a
third of them, and after edits that change what is calculated. A random draw is drawn again
where the workbook has no answer (then the reference must have none either), and where an
argument of a rounding lies so near its edge that neither answer is wrong (`rounding.watched`).
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.reference import draws
from tests.reference.compared import Compared, Difference
from tests.reference.equations import rounding
from tests.reference.expect.expect_draws import CHUNKS
from tests.reference.expect.expect_paper_sheet import TABLES, printed_text
from tests.reference.quantities import PAPER, RULES, Inputs, expected, register_all
from workbook.errors import WorkbookError
from workbook.model.evaluate import Values
from workbook.model.graph import Quantity

register_all()

SEEDS = (0, 7, 23, 33, 35, 39, 44, 49, 51, 53, 59)  # together they edit every input
MORE_SEEDS = [seed for seed in range(144) if seed not in SEEDS]
REDRAWS = 40
EDITED_AT_LEAST = 1
OF_NEW_CARDS = {"profiles.power_curve", "profiles.price"}
"""Quantities that are calculated for GPUs with a card alone, of which the packaged templates have none."""

EVERY_EXPERT: dict[str, draws.Values] = {
    "every expert for every token": {"models.qwen3_235b_a22b.experts": 8},
    "more experts for a token than there are": {"models.qwen3_235b_a22b.experts": 4},
}

STRUCTURAL: dict[str, draws.Values] = {
    **EVERY_EXPERT,
    "a small mixture": {
        "models.llama_3_1_8b.experts": 16,
        "models.llama_3_1_8b.experts_per_token": 2,
        "models.llama_3_1_8b.shared_experts": 1,
        "models.llama_3_1_8b.moe_intermediate": 3584,
        "models.llama_3_1_8b.moe_layer_time": 0.21,
    },
    "shared experts": {"models.deepseek_v3.intermediate": 2048, "models.deepseek_v3.shared_experts": 2},
    "dispatch": {"moe_model.dispatch": 12.5},
    "a case that does not fit": {"explore.gpu": "a100_sxm", "explore.model": "llama_3_1_405b"},
    "a case of a mixture": {"explore.gpu": "B200 SXM", "explore.model": "deepseek_v3"},
    "an even split": {"models.llama_3_1_70b.tensor_parallel": 4, "profiles.h100_calibrated.tensor_parallel": 4},
    "a shared cache": {"models.llama_3_1_8b.tensor_parallel": 8, "models.llama_3_1_70b.kv_shards_max": 2},
    "the bounds of shares": {"decode.bandwidth_efficiency": 1, "decode.memory_utilisation": 1, "moe_model.scaling_exponent": 0},
    "power without a floor": {"power_model.idle_share": 0.05, "power_model.dynamic_share": 1},
    "power above TDP": {"power_model.idle_share": 0.9, "power_model.dynamic_share": 0.9},
    "a window below the sweep": {"explore.window": 1024},
    "a window above the sweep": {"explore.window": 262144},
    "a window on a knot": {"explore.window": 8192},
    "the last knot": {"explore.window": 131072},
    "watts by the power curve": {"hardware.b200_sxm.computed_power": "power curve", "hardware.h100_sxm.computed_power": "power curve"},
    "a scaled curve, watts by it": {"hardware.gb200_nvl72.computed_power": "power curve", "hardware.gb200_nvl72.curve_scale": 1.5},
    "a scaled curve": {"hardware.h100_sxm.curve_scale": 0.8, "hardware.b200_sxm.curve_scale": 1.6, "power_curves.gb200.p_idle": 300},
    "a flat curve": {"power_curves.a100.p_nominal": 175},
    "less than one sequence": {"batches.b1": 0.25},
    "other curves": {"hardware.h100_sxm.power_curve": "a10g", "profiles.b200_projected.power_curve": "h200"},
    "another GPU of a profile": {"profiles.b200_projected.gpu": "h200_sxm"},
    "no overhead": {"decode.layer_overhead": 0, "nccl.tp8.workspace": 0},
    "speculative decoding": {"decode.tokens_per_step": 2.5},
    "a window of twice the length": {"decode.window": 16384},
    "full windows": {"decode.mean_length_share": 1},
    "another calibration length": {"decode.calibration_length": 1024},
    "another curve of a profile": {"profiles.h100_calibrated.power_curve": "h200"},
    "a published cache of its own": {"models.llama_3_1_70b.kv_bytes_per_token": 70272},
    "blocks that do not divide the window": {"decode.block_size": 3000},
    "a chunk that was not drawn": {"profiles.h100_calibrated.prefill_chunk": 512},
}

UNANSWERED: dict[str, draws.Values] = {
    "no memory left": {"hardware.h100_sxm.memory": 12},
    "no sequence": {"profiles.h100_calibrated.max_slots": 1},
}
"""Edits that leave figures without an answer."""

FAILING: dict[str, draws.Values] = {
    **UNANSWERED,
    **EVERY_EXPERT,
    "more in experts than in all": {"models.qwen3_235b_a22b.active_parameters": 5},
    "no sequence at 8K": {"profiles.h100_calibrated.max_slots": 1, "profiles.h100_calibrated.calibration_length": 4096},
}
"""Edits under which checks fail, most of them by rows in error."""


CELLS = Compared("paper", PAPER)
book, calculated, differences = CELLS.book, CELLS.calculated, CELLS.differences
formula_quantities, computed_quantities = CELLS.formula_quantities, CELLS.computed_quantities


def has_errors(values: Values) -> bool:
    """Tell whether a formula of the workbook gives an error."""
    return bool(CELLS.errors(values))


@cache
def names() -> dict[str, str]:
    """Return the name that cells show for each card, and for each row of a table that inputs choose from."""
    model = book().model
    keyed = [quantity.bounds for quantity in model.quantities.values() if quantity.bounds.key]
    return {key: name for bounds in keyed for key, name in model.choices(bounds).items()}


def inputs(edits: draws.Values | None = None) -> Inputs:
    """Return the inputs of the templates with edits applied, cards by key."""
    keys = {name: key for key, name in names().items()}
    changed = {cell: keys.get(value, value) if isinstance(value, str) else float(value) for cell, value in (edits or {}).items()}
    return Inputs({**_unedited(), **changed}, names())


@cache
def _unedited() -> dict[str, float | str]:
    model = book().model
    return {cell: figure.value for cell, name, row in model.cells() if (figure := draws.figure_of(model.quantities[name], row))}


@cache
def knobs() -> tuple[draws.Knob, ...]:
    """Return the inputs as things to turn."""
    found = []
    for cell, name, row in book().model.cells():
        quantity = book().model.quantities[name]
        figure = draws.figure_of(quantity, row)
        if figure and not quantity.bounds.names:
            found.append(_knob(cell, quantity, row, figure.value))
    return tuple(found)


def _knob(cell: str, quantity: Quantity, row: int, value: float | str) -> draws.Knob:
    knob = draws.knob_of(book().model, cell, quantity.id, row, value)
    other_chunks = quantity.name == "prefill_chunk"  # than those drawn in the paper
    return replace(knob, choices=tuple(str(chunk) for chunk in CHUNKS)) if other_chunks else knob


def refuses(given: Inputs) -> bool:
    """Tell whether some expectation has no answer to these inputs."""
    try:
        for name, quantity in computed_quantities().items():
            for keys in book().model.tables[quantity.table].rows:
                expected(given, name, keys)
    except (ValueError, ZeroDivisionError):
        return True
    return False


@cache
def compared(seed: int) -> tuple[draws.Values, list[Difference]]:
    """Return the first edits of a seed that can be compared, and the rows that differ."""
    random = np.random.default_rng(seed)
    for _ in range(REDRAWS):
        edits = draws.draw(random, knobs())
        given, values = inputs(edits), calculated(edits)
        if has_errors(values):
            assert refuses(given), f"only the workbook has no answer to {edits}"
            continue
        with rounding.watched() as edges:
            found = differences(given, values)
        if not edges:
            return edits, found
    pytest.fail(f"no draw of seed {seed} can be compared")


def test_every_calculated_quantity_has_an_expectation() -> None:
    assert sorted(computed_quantities().keys() - RULES.keys()) == []


def test_every_expectation_is_of_a_calculated_quantity() -> None:
    assert sorted(RULES.keys() - formula_quantities().keys() - OF_NEW_CARDS) == []


def test_inputs_hold_no_calculated_cell() -> None:
    with pytest.raises(KeyError):
        _ = inputs()["power_curves.b200.x0"]
    with pytest.raises(TypeError, match="text"):
        _ = inputs()["explore.gpu"]


def test_all_rows_agree_at_the_inputs_of_the_templates() -> None:
    with rounding.watched() as edges:
        assert differences(inputs(), book().values) == []
    assert edges == []


def test_links_show_the_cells_they_point_to() -> None:
    edits, _ = compared(0)
    values = calculated(edits)
    every = [(name, row, target) for name, quantity in book().model.quantities.items() for row, target in quantity.links.items()]
    linked = [item for item in every if book().model.cell_id(*item[:2]) not in edits]
    assert linked
    assert [(name, row) for name, row, (target, there) in linked if values[name][row] != values[target][there]] == []


@pytest.mark.parametrize("table", TABLES)
def test_printed_figures_and_decimals_are_the_papers(table: str) -> None:
    model = book().model
    texts = [printed_text(table, keys) for keys in model.tables[f"printed_{table}"].rows]
    assert book().values[f"printed_{table}.printed"].tolist() == [float(text) for text in texts]
    assert book().values[f"printed_{table}.decimals"].tolist() == [len(text.partition(".")[2]) for text in texts]


@pytest.mark.parametrize("seed", SEEDS)
def test_all_rows_agree_after_random_edits(seed: int) -> None:
    assert compared(seed)[1] == []


@pytest.mark.storm
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_all_rows_agree_after_more_random_edits(seed: int) -> None:
    assert compared(seed)[1] == []


def test_random_edits_reach_every_input() -> None:
    counts = {knob.cell: 0 for knob in knobs() if knob.choices or (not isinstance(knob.value, str) and _movable(knob))}
    for seed in SEEDS:
        for cell in compared(seed)[0]:
            counts[cell] = counts.get(cell, 0) + 1
    assert [cell for cell, count in counts.items() if count < EDITED_AT_LEAST] == []


def _movable(knob: draws.Knob) -> bool:
    return not knob.ends and (bool(knob.value) or knob.cell.rpartition(".")[2] not in draws.STRUCTURAL)


@pytest.mark.parametrize("edits", [*STRUCTURAL.values(), *UNANSWERED.values()], ids=[*STRUCTURAL, *UNANSWERED])
def test_all_rows_agree_after_edits_that_change_what_is_calculated(edits: draws.Values) -> None:
    values = calculated(edits)
    assert not has_errors(values)
    assert differences(inputs(edits), values) == []


def test_a_degree_without_buffers_is_refused_by_both() -> None:
    edits: draws.Values = {"models.llama_3_1_70b.tensor_parallel": 3}
    assert refuses(inputs(edits))
    with pytest.raises(WorkbookError, match="tensor_parallel is 3"):
        calculated(edits)


@pytest.mark.parametrize("edits", FAILING.values(), ids=FAILING)
def test_checks_count_the_rows_that_fail_or_have_no_answer(edits: draws.Values) -> None:
    given, values = inputs(edits), calculated(edits)
    checks = [name for name in RULES if name.startswith("checks.")]
    assert [name for name in checks if not PAPER.agree(name, values[name][0], expected(given, name))] == []
    assert values["checks.failures"][0] > 0


def value(cell: str) -> float:
    """Return a calculated number by its cell id."""
    found = book().model.find(cell)
    assert found is not None
    return float(book().values[found[0]][found[1]])


@pytest.mark.parametrize(
    ("cell", "figure", "tolerance"),
    [
        ("moe.h100_sxm.qwen3_235b_a22b.n_max", 24, 0),
        ("moe.h100_sxm.qwen3_235b_a22b.touched", 0.788, 5e-4),
        ("moe.h100_sxm.qwen3_235b_a22b.w_printed", 1.64, 5e-3),
        ("roofline.h100_sxm.qwen3_235b_a22b.w", 45.7, 0.05),
        ("moe.h100_sxm.qwen3_235b_a22b.w_corrected", 17.7, 0.05),
        ("moe.h100_sxm.qwen3_235b_a22b.tok_per_w", 37.82, 5e-3),
        ("moe.h100_sxm.qwen3_235b_a22b.tok_per_w_corrected", 4.34, 5e-3),
        ("moe.h100_sxm.qwen3_235b_a22b.tok_per_j_corrected", 0.54, 5e-3),
        ("kv.h100_sxm.llama_3_1_70b.n_max", 22, 0),
        ("kv.h100_sxm.llama_3_1_70b.n_max_corrected", 177, 0),
        ("precision.fp16.fp16.n_max", 177, 0),
        ("kv.h100_sxm.qwen3_235b_a22b.kv_published", 192_512, 0),
        ("kv.h100_sxm.deepseek_v3.kv_per_token", 1_748_992 / 2, 0),
        ("kv.h100_sxm.deepseek_v3.kv_published", 70_272 / 2, 0),
    ],
)
def test_corrected_figures_known_from_elsewhere(cell: str, figure: float, tolerance: float) -> None:
    assert value(cell) == pytest.approx(figure, abs=tolerance, rel=0)
