"""Topologies of the workbook from first principles: what must hold of any way to cut a fleet, whatever the figures.

Fleets of one and two pools are also sized by the plain reference (`fleet`), and bad questions are
answered in words, with no figure and no error.
"""

import math
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

import workbook
from tests.reference.equations import cards, fleet, power
from tests.reference.equations.fleet import Fleet
from tests.reference.equations.workload import AGENT, AZURE, LMSYS, Cdf, share_below
from tests.reference.expect.expect_topology_pools import POOLS
from tests.reference.test_every_quantity import book, calculated, formula_quantities
from workbook.expr.values import EMPTY
from workbook.model.evaluate import Values

Edits = Mapping[str, float | str]

H100 = cards.H100_CALIBRATED
WORKLOADS: dict[str, tuple[Cdf, int]] = {"azure": (AZURE, 4096), "lmsys": (LMSYS, 1536), "agent": (AGENT, 8192)}
"""Lengths and the window of the short pool."""

EPSILON = 1e-12
EVERY_WHOLE_LENGTH = 2e-3
"""How far the moments of nodes may be from those of every whole length (sheet Moments)."""

ONE_CHUNK = 5e-4
"""What a prompt that ends at the edge of a chunk, but for its last digit, changes in a moment."""

TWO_POOLS = 5e-3
KNOWN = 0.02
RELATIVE = 1e-9

FIGURES = ("instances", "gpus", "power", "tokens", "tok_per_j", "tok_per_w", "cost", "first_token")


@cache
def _edited(edits: tuple[tuple[str, float | str], ...]) -> Values:
    return calculated(dict(edits))


def edited(edits: Edits | None = None) -> Values:
    """Return the workbook's values after edits."""
    return _edited(tuple((edits or {}).items()))


def value(cell: str, edits: Edits | None = None) -> float:
    """Return a number by its cell id, after edits."""
    found = book().model.find(cell)
    assert found is not None, cell
    return float(edited(edits)[found[0]][found[1]])


def column(quantity: str, edits: Edits | None = None) -> dict[tuple[str, ...], object]:
    """Return a column by the keys of its rows."""
    rows = book().model.tables[quantity.partition(".")[0]].rows
    return dict(zip(rows, edited(edits)[quantity].tolist(), strict=True))


def designs() -> list[str]:
    """Return the keys of the cases."""
    return [keys[0] for keys in book().model.tables["designs"].rows]


def for_every_case(**fields: float | str) -> dict[str, float | str]:
    """Return edits of fields of every case."""
    return {f"designs.{key}.{field}": each for key in designs() for field, each in fields.items()}


def figures(key: str, edits: Edits | None = None) -> list[float]:
    """Return what a case needs."""
    return [value(f"cases.{key}.{each}", edits) for each in FIGURES]


# Requests

SHARES: dict[str, dict[str, float | str]] = {
    "as they come": {},
    "with a band": for_every_case(band=1.7, compressible=0.6),
    "with some passed on": for_every_case(accepted=0.6),
    "with both": for_every_case(accepted=0.3, band=2.5, compressible=1.0),
    "in four pools": for_every_case(pools=4, window_1=1000, window_2=3000, window_3=9000, accepted=0.5, band=4.0, compressible=0.75),
    "in one pool": for_every_case(pools=1, accepted=0.2, band=2.0, compressible=0.5),
}


@pytest.mark.parametrize("edits", SHARES.values(), ids=SHARES)
def test_every_request_is_in_one_pool(edits: Edits) -> None:
    for key in designs():
        assert sum(value(f"design_pools.{key}.{pool}.share", edits) for pool in POOLS) == pytest.approx(1.0, rel=EPSILON), key


@pytest.mark.parametrize("edits", SHARES.values(), ids=SHARES)
def test_pools_serve_all_output(edits: Edits) -> None:
    for key in designs():
        served = sum(math.prod(value(f"design_pools.{key}.{pool}.{each}", edits) for each in ("rate", "output")) for pool in POOLS)
        assert served == pytest.approx(value(f"design_totals.{key}.tokens", edits), rel=RELATIVE), key


# Fleets of the reference


def assert_same_fleet(found: Fleet, key: str, tolerance: float) -> None:
    """Compare a case with a fleet of the reference, its moments within a tolerance."""
    assert value(f"cases.{key}.instances") == found.instances
    assert value(f"cases.{key}.gpus") == found.gpus
    assert value(f"cases.{key}.power") == pytest.approx(found.gpu_kw, rel=RELATIVE)
    assert value(f"cases.{key}.tok_per_w") == pytest.approx(value(f"cases.{key}.tokens") / (1e3 * found.kw), rel=RELATIVE)
    for pool, sized in zip(POOLS, found.pools, strict=False):
        row = f"design_pools.{key}.{pool}"
        assert value(f"{row}.used") == sized.instances
        assert value(f"{row}.n_slots") == sized.slots
        assert value(f"{row}.share") == pytest.approx(sized.pool.share, rel=RELATIVE)
        assert value(f"{row}.mean") == pytest.approx(1e3 * sized.moments.mean, rel=tolerance)
        assert value(f"{row}.mean_square") == pytest.approx(1e6 * sized.moments.second, rel=tolerance)


@pytest.mark.parametrize(("mode", "tolerance"), [("gauss_whole", ONE_CHUNK), ("integer", EVERY_WHOLE_LENGTH)])
@pytest.mark.parametrize("name", WORKLOADS)
def test_one_pool_is_the_homogeneous_fleet(name: str, mode: str, tolerance: float) -> None:
    assert_same_fleet(fleet.fleet(fleet.homogeneous(WORKLOADS[name][0]), H100, mode), f"{name}_homo", tolerance)


@pytest.mark.parametrize("mode", ["gauss_whole", "integer"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_two_pools_are_the_fleet_split_there(name: str, mode: str) -> None:
    lengths, at = WORKLOADS[name]
    pools = fleet.two_pools(lengths, at, at, long_from_split=True)
    assert_same_fleet(fleet.fleet(pools, H100, mode), f"{name}_two", TWO_POOLS)


# Compression


def gain(key: str, edits: Edits) -> float:
    """Return the tok/J of a case on Azure over the homogeneous fleet."""
    return value(f"cases.{key}.tok_per_j", edits) / value("cases.azure_homo.tok_per_j", edits)


@pytest.mark.parametrize("field", [{"compressible": 0.0}, {"band": 1.0}], ids=["nothing to cut", "no band"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_fleetopt_that_cuts_nothing_is_two_pools(name: str, field: dict[str, float | str]) -> None:
    edits = {f"designs.{each}_fleetopt.{key}": given for each in WORKLOADS for key, given in field.items()}
    assert figures(f"{name}_fleetopt", edits) == pytest.approx(figures(f"{name}_two", edits), rel=EPSILON)


@pytest.mark.parametrize(("share", "known"), [(1.0, 2.19), (0.75, 1.98)])
def test_prompts_cut_by_the_method_gain_as_known_from_elsewhere(share: float, known: float) -> None:
    # 2.15 and 1.96 here
    assert gain("azure_fleetopt", compressing(share)) == pytest.approx(known, rel=KNOWN)


def test_requests_cut_as_coded_gain_as_known_from_elsewhere() -> None:
    # 2.53 here, the output of every request credited in full
    edits: Edits = {"optimise.workload": "azure", "optimise.as_coded": 1}
    assert value("splits.s6") == WORKLOADS["azure"][1]
    assert value("bands.b5") == fleet.GAMMA
    coded = value("grid_outcome.s6.b5.tok_per_j", edits) / value("cases.azure_homo.tok_per_j", edits)
    assert coded == pytest.approx(2.51, rel=KNOWN)


def compressing(share: float) -> Edits:
    """Return edits that cut a share of every FleetOpt band."""
    return {f"designs.{name}_fleetopt.compressible": share for name in WORKLOADS}


@pytest.mark.parametrize("name", WORKLOADS)
def test_more_to_compress_never_needs_more(name: str) -> None:
    for quantity in ("gpus", "power"):
        needs = [value(f"cases.{name}_fleetopt.{quantity}", compressing(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
        assert needs == sorted(needs, reverse=True)
        assert needs[-1] < needs[0]


# Small and large model


def test_a_small_model_that_answers_nothing_leaves_the_large_one_alone() -> None:
    edits = {"designs.azure_semantic.accepted": 0.0}
    assert [value(f"design_pools.azure_semantic.{pool}.share", edits) for pool in POOLS] == [0.0, 1.0, 0.0, 0.0]
    assert figures("azure_semantic", edits) == pytest.approx(figures("azure_homo"), rel=RELATIVE)


def test_the_small_model_keeps_its_share_of_what_fits_it() -> None:
    fitting = float(share_below(AZURE, value("designs.azure_semantic.window_1")))
    assert value("design_pools.azure_semantic.p1.share") == pytest.approx(0.6 * fitting, rel=EPSILON)
    assert value("design_pools.azure_semantic.p2.share") == pytest.approx(1.0 - 0.6 * fitting, rel=EPSILON)


# Traffic and failures

ASKED = ("azure_fleetopt", "azure_homo", "azure_semantic", "agent_two", "azure_four", "yours")


def asking(key: str) -> Edits:
    """Return edits that ask sheets What-if and Grid flex about a case."""
    return {"whatif.design": key}


@pytest.mark.parametrize("key", ASKED)
def test_more_traffic_never_needs_fewer_instances(key: str) -> None:
    rungs = [keys[1] for keys in column("ladder.instances", asking(key)) if keys[0] == "chosen"]
    for quantity in ("instances", "gpus"):
        needs = [value(f"ladder.chosen.{rung}.{quantity}", asking(key)) for rung in rungs]
        assert needs == sorted(needs)


@pytest.mark.parametrize("key", ASKED)
def test_the_rung_of_the_traffic_is_the_case(key: str) -> None:
    for each in ("instances", "gpus", "power", "tok_per_j", "cost", "first_token"):
        rung = value(f"ladder.chosen.a1000.{each}", asking(key))
        assert rung == pytest.approx(value(f"cases.{key}.{each}"), rel=EPSILON), each


@pytest.mark.parametrize("key", ASKED)
def test_fuller_slots_never_need_more_instances(key: str) -> None:
    needs = list(column("sweep_levels.instances", asking(key)).values())
    assert needs == sorted(needs, key=lambda item: -float(str(item)))


@pytest.mark.parametrize(
    ("failures", "repair", "share"),
    [
        (4, 24, 365 / 369),  # 4 days of a year's 365 more
        (2, 168, 365 / 379),  # a fortnight more
    ],
)
def test_availability_is_the_time_that_a_node_is_up(failures: float, repair: float, share: float) -> None:
    edits: Edits = {"whatif.repair": repair}
    assert value(f"availability.f{failures:.0f}.availability", edits) == pytest.approx(share, rel=EPSILON)
    for pool in ("1", "2"):
        used = value(f"design_pools.azure_fleetopt.p{pool}.used")
        assert value(f"availability.f{failures:.0f}.needed_{pool}", edits) == np.ceil(used / share)


# Power caps


def logistic(cut: str, pool: str, sequences: float, edits: Edits) -> float:
    """Return the power of a GPU with so many sequences in flight, W."""
    idle, range_, k, x0 = (value(f"flex_pools.{cut}.{pool}.{each}", edits) for each in ("p_idle", "p_range", "k", "x0"))
    return float(power.logistic_power(sequences, idle, idle + range_, k, x0))


def cuts() -> list[str]:
    """Return the cuts of power."""
    return [keys[0] for keys in book().model.tables["flex"].rows]


@pytest.mark.parametrize("key", ASKED)
def test_no_cut_changes_nothing(key: str) -> None:
    edits = asking(key)
    assert value("flex.c0.drawn_share", edits) == 1.0
    assert value("flex.c0.served", edits) == pytest.approx(1.0, rel=EPSILON)
    assert value("flex.c0.power", edits) + value(f"design_totals.{key}.cut_power") == pytest.approx(
        value(f"cases.{key}.power"), rel=EPSILON
    )
    for pool in POOLS:
        for capped, sized in {"n_slots": "n_slots", "mean": "mean", "pool_wait": "wait", "board": "board", "counted": "counted"}.items():
            wanted = value(f"design_pools.{key}.{pool}.{sized}")
            assert value(f"flex_pools.c0.{pool}.{capped}", edits) == pytest.approx(wanted, rel=EPSILON), (pool, capped)


@pytest.mark.parametrize("key", ASKED)
def test_a_cap_holds_the_power_with_every_permitted_slot_in_use(key: str) -> None:
    edits = asking(key)
    for cut in cuts()[1:]:
        for pool in POOLS:
            row = f"flex_pools.{cut}.{pool}"
            if not value(f"{row}.share", edits) or not value(f"{row}.possible", edits):
                continue
            target = value(f"{row}.target", edits)
            assert logistic(cut, pool, value(f"{row}.n_slots", edits), edits) <= target * (1.0 + EPSILON), row
            assert value(f"{row}.board", edits) <= target * (1.0 + EPSILON), row
        if value(f"flex.{cut}.able", edits):
            assert value(f"flex.{cut}.drawn_share", edits) <= (1.0 - value(f"cuts.{cut}")) * (1.0 + EPSILON)
        else:
            assert column("flex.verdict", edits)[(cut,)] == "cannot: switch instances off"


@pytest.mark.parametrize("key", ASKED)
def test_the_power_curve_turned_round_gives_back_the_power(key: str) -> None:
    edits, turned = asking(key), 0
    for cut in cuts():
        for pool in POOLS:
            row = f"flex_pools.{cut}.{pool}"
            sequences, target = value(f"{row}.fit", edits), value(f"{row}.target", edits)
            if sequences:
                turned += 1
                assert logistic(cut, pool, sequences, edits) == pytest.approx(target, rel=RELATIVE), row
            else:
                assert target < value(f"{row}.alone", edits), row
    assert turned > 1


# Bad questions

UNORDERED, OUTGROWN, NO_ANSWER = "windows out of order", "requests exceed the last window", "a pool has no answer"
SHORT, EMPTY_WINDOW = "objective shorter than prefill", "the window holds no sequence"
BAD: dict[str, tuple[Edits, str, dict[str, str]]] = {
    "windows fall": ({"designs.yours.window_1": 8193}, UNORDERED, {}),
    "windows are equal": ({"designs.yours.window_1": 8192}, UNORDERED, {}),
    "a window beyond the last": ({"designs.yours.window_2": 65_537}, UNORDERED, {}),
    "requests longer than the last window": ({"traffic.long_window": 8_192}, OUTGROWN, {}),
    "an objective below prefill": ({"traffic.objective": 5}, NO_ANSWER, {"p2": SHORT, "p3": SHORT}),
    "a window too long for any sequence": ({"traffic.long_window": 4_000_000}, NO_ANSWER, {"p3": EMPTY_WINDOW}),
}
"""Edits, what sheets Topologies and What-if say of the case "yours", and what is said of its pools."""


@pytest.mark.parametrize(("edits", "words", "pools"), BAD.values(), ids=BAD)
def test_a_bad_question_is_answered_in_words(edits: Edits, words: str, pools: Mapping[str, str]) -> None:
    asked = {**asking("yours"), **edits}
    said = {
        "cases": column("cases.state", asked)[("yours",)],
        "ladder": column("ladder.state", asked)[("chosen", "a50")],
        "availability": column("availability.state", asked)[("f1",)],
        "flex": column("flex.verdict", asked)[("c5",)],
    }
    assert said == dict.fromkeys(said, words)
    assert {pool: column("design_pools.state", asked)[("yours", pool)] for pool in pools} == pools


SHOWN = {
    "cases": FIGURES,
    "ladder": ("instances", "gpus", "power", "tok_per_j", "cost", "first_token"),
    "availability": ("instances", "gpus", "spare"),
    "flex": ("drawn_share", "power", "served", "wait", "tok_per_j"),
}
"""Columns that are shown, by table."""


@pytest.mark.parametrize("edits", [edits for edits, *_ in BAD.values()], ids=BAD)
def test_a_bad_question_shows_no_figure_and_no_error(edits: Edits) -> None:
    asked = {**asking("yours"), **edits}
    for table, columns in SHOWN.items():
        for each in columns:
            shown = [figure for keys, figure in column(f"{table}.{each}", asked).items() if is_about(table, keys)]
            assert set(shown) == {EMPTY}, (table, each)
    wrong = [
        (name, row) for name, quantity in formula_quantities().items() for row in quantity.formula_rows() if is_error(asked, name, row)
    ]
    assert wrong == []


def is_about(table: str, keys: tuple[str, ...]) -> bool:
    """Tell whether a row is about the case in question."""
    return keys[0] in {"yours", "chosen"} or table in {"availability", "flex"}


def is_error(edits: Edits, quantity: str, row: int) -> bool:
    """Tell whether a cell holds an error."""
    found = edited(edits)[quantity][row]
    return found is None or (isinstance(found, float) and bool(np.isnan(found)))


def test_a_bad_question_is_no_reason_to_refuse_the_workbook() -> None:
    for edits, words, _ in BAD.values():
        loaded = workbook.load("paper", sets=dict(edits))
        row = book().model.tables["cases"].rows.index(("yours",))
        assert loaded.values["cases.state"][row] == words
