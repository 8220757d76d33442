"""The fleet sheets against the independent model of fleets (`fleet`), and after edits that change what is calculated."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.reference import draws
from tests.reference.equations import fleet, rounding, workload
from tests.reference.equations.replay import Moments, Server
from tests.reference.expect import chain, lengths
from tests.reference.expect import expect_workloads as sheets
from tests.reference.expect.expect_fleet import fleet_row
from tests.reference.expect.expect_workloads import POOLS
from tests.reference.expect.pools import chunk
from tests.reference.quantities import EMPTY, PAPER, Inputs, expected
from tests.reference.test_every_quantity import (
    book,
    calculated,
    computed_quantities,
    differences,
    formula_quantities,
    has_errors,
    inputs,
    knobs,
)
from workbook.model.evaluate import Values

SEEDS = range(1000, 1010)
RELATIVE = 1e-9
ON_A_CHUNKS_EDGE = {"mean": 1.4e-4, "mean_square": 4e-4}
"""How far moments lie apart where a node ends on the edge of a chunk, which floating point overshoots."""

TIGHT: draws.Values = {
    "traffic.objective": 60,
    "traffic.rate": 60,
    "traffic.cap": 0.99,
    "traffic.long_window": 131072,
    "profiles.h100_calibrated.max_slots": 16,
}
"""Edits by which the objective asks for more instances than capacity does."""

STRUCTURAL: dict[str, draws.Values] = {
    "long pools that start at the split": {"traffic.from_zero": 0},
    "other topologies": {
        "fleets.azure_homo_h100.topology": "fleetopt",
        "fleets.azure_pool_h100.topology": "homo",
        "fleets.lmsys_fleetopt_b200.topology": "pool",
    },
    "another workload": {"fleets.azure_fleetopt_h100.workload": "agent", "fleets.lmsys_homo_b200.workload": "azure"},
    "pools of two generations": {
        "fleets.azure_fleetopt_h100.short_profile": "b200_projected",
        "fleets.lmsys_pool_b200.long_profile": "h100_calibrated",
    },
    "a band of no width": {"workloads.azure.band": 1},
    "a split off the knots": {"workloads.azure.short_window": 5000, "workloads.lmsys.short_window": 700},
    "a split where nothing is longer": {"workloads.azure.short_window": 16384},
    "a band beyond the last knot": {"workloads.lmsys.short_window": 65536},
    "a short window beyond the long one": {"workloads.lmsys.short_window": 65537},
    "a split where nothing is longer, with a band": {"workloads.azure.short_window": 8192},
    "a split below the first knot": {"workloads.lmsys.short_window": 40, "workloads.lmsys.band": 1.5},
    "a long window beyond the knots": {"traffic.long_window": 131072},
    "a long window below the last knot": {"traffic.long_window": 32768},
    "a long window between knots": {"traffic.long_window": 20000},
    "next to no traffic": {"traffic.rate": 0.001},
    "an objective that decides": TIGHT,
    "an answer out of reach": TIGHT | {"traffic.reach": 1},
    "a reach that is no power of two": TIGHT | {"traffic.reach": 11},
    "a cap that leaves half unused": {"traffic.cap": 0.5},
    "tokens as they come": {"traffic.half_token": 0, "traffic.lost": 0},
    "output alone": {"workloads.azure.output_share": 1},
    "prompts alone": {"workloads.lmsys.output_share": 0},
    "several tokens a step": {"decode.tokens_per_step": 2.5},
    "chunks the other way round": {"profiles.h100_calibrated.prefill_chunk": 2048, "profiles.b200_projected.prefill_chunk": 1024},
    "a small model": {"fleets.azure_homo_h100.long_profile": "h100_llama_8b", "fleets.lmsys_pool_h100.short_profile": "h100_llama_8b"},
    "windows that hold no sequence": {
        "profiles.h100_calibrated.max_slots": 16,
        "traffic.long_window": 400000,
        "workloads.lmsys.short_window": 140000,
    },
    "an objective shorter than prefill": {"traffic.objective": 20},
    "a distribution that ends elsewhere": {"knots.agent.p18.cumulative": 0.999, "fleets.azure_pool_b200.workload": "agent"},
    "one bin": {"fleets.azure_pool_b200.workload": "agent", **{f"knots.agent.p{point}.cumulative": 0 for point in range(1, 18)}},
}

STATES = {
    "an answer out of reach": {"a pool has no answer", "ok"},
    "windows that hold no sequence": {"a pool has no answer", "ok"},
    "an objective shorter than prefill": {"a pool has no answer", "ok"},
    "a distribution that ends elsewhere": {"shares must end at 1", "ok"},
    "a band beyond the last knot": {"ok"},
    "a short window beyond the long one": {"split out of range", "ok"},
}
"""What the fleets say after edits above, in words."""

STATES_OF_POOLS = {
    "an answer out of reach": {"no answer within reach", "unused", "ok"},
    "windows that hold no sequence": {"the window holds no sequence", "unused", "ok"},
    "an objective shorter than prefill": {"objective shorter than prefill", "unused", "ok"},
}

NOT_DISTRIBUTIONS: dict[str, tuple[draws.Values, str]] = {
    "a knot below the one before": ({"knots.agent.p3.upper": 600}, "knots out of order"),
    "a share below the one before": ({"knots.agent.p12.cumulative": 0.5}, "knots out of order"),
    "an end below one": ({"knots.agent.p18.cumulative": 0.999}, "shares must end at 1"),
}


def pools(given: Inputs, key: str) -> dict[str, fleet.Pool]:
    """Return the pools of a fleet as the independent model has them."""
    lengths, window = sheets.cdf(given, given.text(f"fleets.{key}.workload")), int(given["traffic.long_window"])
    if given.text(f"fleets.{key}.topology") == "homo":
        return {"long": fleet.homogeneous(lengths, window)[0]}
    at, short = sheets.split(given, key), int(sheets.short_window(given, key))
    return dict(zip(POOLS, fleet.two_pools(lengths, at, short, window, long_from_split=not given["traffic.from_zero"]), strict=True))


def moments(given: Inputs, key: str, side: str, pool: fleet.Pool) -> Moments:
    """Return the moments of a pool by the independent model's nodes."""
    profile = given.text(f"fleets.{key}.{side}_profile")
    item, slots = chain.calibrated(given, profile), int(sheets.instance(given, key, side).n_slots)
    server = Server(item.w, item.h, item.calibration_length, chunk(given, profile), slots, pool.window)
    tokens = lengths.tokens(given, sheets.workload_of(given, key))
    return fleet.continuous_moments(pool.lengths, server, 1.0 - tokens.output_share, tokens.half_token, tokens.lost)


def cut_within_a_bin(given: Inputs, key: str, pool: fleet.Pool) -> bool:
    """Tell whether the window or the split lies inside a bin.

    The model then has nodes of its own for what is left of the bin, the workbook those of what is taken off.
    """
    knots = sheets.cdf(given, sheets.workload_of(given, key)).knots
    return (pool.window < knots[-1] and pool.window not in knots) or sheets.split(given, key) not in {0.0, *knots}


def compared_pools() -> Iterator[tuple[Inputs, Values, str, str, fleet.Pool]]:
    """Yield pools after random edits, without those that the two models are known to treat differently."""
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        edits = draws.draw(random, knobs()) | {"decode.tokens_per_step": 1.0}
        if seed % 2:
            edits |= {cell: inputs()[cell] for cell in list(edits) if cell.endswith((".short_window", ".upper", "long_window", ".band"))}
        given, values = inputs(edits), calculated(edits)
        if has_errors(values):
            continue
        for key in given.members("fleets"):
            for side, pool in pools(given, key).items():
                holds = sheets.instance(given, key, side).n_slots >= 1  # a window that holds no sequence has a state of its own
                if holds and not cut_within_a_bin(given, key, pool) and pool.share > workload.SHARE_MARGIN:
                    yield given, values, key, side, pool


def test_pools_agree_with_the_independent_model_after_random_edits() -> None:
    count, wrong = 0, []
    for given, values, key, side, pool in compared_pools():
        with rounding.watched() as edges:
            found = moments(given, key, side, pool)
        if edges:
            continue
        row = book().model.tables["demand"].index["exact", key, side]
        wanted = {
            "share": pool.share,
            "mean": 1e3 * found.mean,
            "mean_square": 1e6 * found.second,
            "cv2": found.cv2,
            "prefill": 1e3 * found.prefill,
            "output": fleet.credited_output(pool.lengths, lengths.tokens(given, sheets.workload_of(given, key)).output_share),
        }
        wrong += [(key, side, name) for name, each in wanted.items() if values[f"demand.{name}"][row] != pytest.approx(each, rel=RELATIVE)]
        count += 1
    assert count >= len(SEEDS) * 4
    assert wrong == []


@pytest.mark.parametrize(("mode", "model"), [("exact", "gauss_whole"), ("replay", "replay")])
def test_fleets_are_those_of_the_independent_model(mode: str, model: str) -> None:
    wanted, index = fleet.fleets(model), book().model.tables["outcome"].index
    columns = {"instances": "instances", "tokens": "tokens_per_second", "power_one": "kw", "gpus": "gpus", "power": "gpu_kw"}
    columns |= {"tok_per_w": "tok_per_w", "tok_per_j": "tok_per_j"}
    for key in inputs().members("fleets"):
        figures = [book().values[f"outcome.{column}"][index[mode, key]] for column in columns]
        assert figures == pytest.approx([getattr(wanted[fleet_row(key)], field) for field in columns.values()], rel=RELATIVE)


def test_exact_moments_differ_where_a_node_ends_on_a_chunks_edge() -> None:
    rows = ((fleet_key, *item) for fleet_key in inputs().members("fleets") for item in pools(inputs(), fleet_key).items())
    for key, side, pool in rows:
        row = book().model.tables["demand"].index["exact", key, side]
        found = moments(inputs(), key, side, pool)
        mean, square = (float(book().values[f"demand.{name}"][row]) for name in ON_A_CHUNKS_EDGE)
        assert mean == pytest.approx(1e3 * found.mean, rel=ON_A_CHUNKS_EDGE["mean"])
        assert square == pytest.approx(1e6 * found.second, rel=ON_A_CHUNKS_EDGE["mean_square"])


@pytest.mark.parametrize("edits", STRUCTURAL.values(), ids=STRUCTURAL)
def test_all_rows_agree_after_edits_of_fleets(edits: draws.Values) -> None:
    values = calculated(edits)
    assert not has_errors(values)
    assert differences(inputs(edits), values) == []


def test_objective_decides_and_is_out_of_reach_where_the_edits_say_so() -> None:
    decided = calculated(STRUCTURAL["an objective that decides"])
    assert sum(decided["search.instances"] > decided["search.least"]) >= len(inputs().members("fleets"))
    assert set(decided["search.found"]) == {1.0}
    beyond = calculated(STRUCTURAL["an answer out of reach"])
    assert set(beyond["search.found"]) == {0.0, 1.0}
    assert beyond["checks.fleets_sized"][0] == sum(beyond["totals.sound"] == 0.0) > 0


@pytest.mark.parametrize(("edits", "words"), [(STRUCTURAL[name], words) for name, words in STATES.items()], ids=STATES)
def test_fleets_say_why_they_have_no_answer_and_show_none(edits: draws.Values, words: set[str]) -> None:
    values = calculated(edits)
    states = values["outcome.state"]
    assert set(states) == words
    assert values["checks.fleets_sized"][0] == sum(states != "ok")
    aside = {"outcome.state", "outcome.remark", "outcome.gain"}  # a gain needs the baseline's answer too
    shown = [name for name in formula_quantities() if name.startswith("outcome.") and name not in aside]
    assert [name for name in shown if (values[name] == EMPTY).tolist() != (states != "ok").tolist()] == []


@pytest.mark.parametrize(("edits", "words"), [(STRUCTURAL[name], words) for name, words in STATES_OF_POOLS.items()], ids=STATES_OF_POOLS)
def test_pools_say_why_they_have_no_answer(edits: draws.Values, words: set[str]) -> None:
    assert set(calculated(edits)["outcome_pools.state"]) == words


@pytest.mark.parametrize(("edits", "words"), NOT_DISTRIBUTIONS.values(), ids=NOT_DISTRIBUTIONS)
def test_what_is_no_distribution_is_counted_and_leaves_its_fleets_empty(edits: draws.Values, words: str) -> None:
    edits = edits | {"fleets.azure_pool_h100.workload": "agent"}
    given, values = inputs(edits), calculated(edits)
    assert values["checks.distributions"][0] == expected(given, "checks.distributions") == 1.0
    row = book().model.tables["outcome"].index["exact", "azure_pool_h100"]
    assert values["outcome.state"][row] == words
    for name in ("state", "tok_per_w", "power", "instances"):
        assert PAPER.agree(
            f"outcome.{name}", values[f"outcome.{name}"][row], expected(given, f"outcome.{name}", ("exact", "azure_pool_h100"))
        )


def test_chunk_that_was_not_drawn_leaves_the_exact_fleets() -> None:
    edits: draws.Values = {"profiles.h100_calibrated.prefill_chunk": 1500, "profiles.b200_projected.prefill_chunk": 512}
    given, values = inputs(edits), calculated(edits)
    wrong = []
    for name in computed_quantities():
        table = book().model.tables[name.partition(".")[0]]
        if table.keys and table.keys[0].name == "mode":
            for row, keys in enumerate(table.rows):
                if keys[0] == "exact" and not PAPER.agree(name, values[name][row], expected(given, name, keys)):
                    wrong.append((name, keys))
    assert wrong == []
    assert values["checks.fleets_sized"][0] == expected(given, "checks.fleets_sized") != 0
    assert values["checks.table_3"][0] == expected(given, "checks.table_3") == len(book().model.tables["printed_3"].rows)
