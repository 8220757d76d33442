"""The cards of the planning catalogues: sources, ranges, and curves and distributions that agree with what was measured."""

from __future__ import annotations

from math import exp, log2, sqrt
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.support import shipped, shipped_file
from workbook import api
from workbook.declare import cards
from workbook.declare.catalogues import EVIDENCE
from workbook.declare.packaged import packaged
from workbook.errors import Place, Problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.catalogues import Card, Figure

ROOT = packaged()
PLANNING = ("power_fits", "measured_series", "context_sweeps", "traces", "sites", "servers")
FIRM = {"measured", "calibrated"}


def load(name: str, basis: str = "corrected") -> dict[str, Card]:
    """Give the cards of a catalogue in workbooks of one basis; fail with all that is wrong in it."""
    problems = Problems()
    catalogue = cards.catalogue(ROOT, name, basis, Place("test"), problems)
    problems.raise_if_any()
    assert catalogue is not None
    return catalogue.cards


def figures(card: Card) -> Iterator[tuple[str, Figure]]:
    for name, entry in card.entries.items():
        assert entry.figure is not None, f"{card.key}.{name}"
        if name != "grade":  # says something of the others
            yield name, entry.figure
    for number, point in enumerate(points(card), start=1):
        for name, figure in point.items():
            yield f"p{number}.{name}", figure


def points(card: Card) -> list[dict[str, Figure]]:
    return [{name: entry.figure for name, entry in point.items() if entry.figure} for point in card.points]


def number(card: Card, name: str) -> float:
    """Give a figure of a card; what the workbook makes of others where the card leaves it to them."""
    figure = card.entries[name].figure
    assert figure is not None
    if not card.entries[name].formula:
        return float(figure.value)
    book = shipped("planning")
    tables = [book.model.tables[kind] for kind in ("models", "servers", "power_fits")]
    table = next(table for table in tables if (card.key,) in table.index)
    return float(book.values[f"{table.name}.{name}"][table.index[card.key,]])


def text(card: Card, name: str) -> str:
    figure = card.entries[name].figure
    assert figure is not None
    return str(figure.value)


def column(card: Card, name: str) -> list[float]:
    return [float(point[name].value) for point in points(card)]


def power(fit: Card, batch: float) -> float:
    """Give the watts of a GPU by a logistic curve in the log2 of the sequences in flight."""
    idle, nominal = number(fit, "p_idle"), number(fit, "p_nominal")
    return idle + (nominal - idle) / (1 + exp(-number(fit, "k") * (log2(max(1.0, batch)) - number(fit, "x0"))))


FITS, SERIES, SWEEPS, TRACES, SITES, SERVERS = map(load, PLANNING)
MEASURED_FITS = [key for key, fit in FITS.items() if text(fit, "evidence") == "measured" and key in SERIES]  # others are fitted in cells
GIVEN = [key for key, card in TRACES.items() if not card.entries["mean_input"].formula]
COUNTED = [key for key in GIVEN if key not in {"agent", "lmsys_chat"}]


@pytest.mark.parametrize("name", [*PLANNING, "models"])
def test_every_figure_lies_in_its_range_and_the_firm_ones_name_a_dated_source(name: str) -> None:
    problems = Problems()
    sources = cards.sources(ROOT, problems)
    problems.raise_if_any()
    for card in load(name).values():
        for label, figure in figures(card):
            what = f"{name}.{card.key}.{label}"
            assert figure.evidence, what
            assert figure.confidence, what
            if isinstance(figure.value, float):
                assert (figure.low if figure.low is not None else figure.value) <= figure.value, what
                assert figure.value <= (figure.high if figure.high is not None else figure.value), what
            by_shape = card.entries[label].formula if label in card.entries else card.key not in GIVEN
            assert figure.source in sources or ((figure.evidence == "assumed" or by_shape) and figure.note), what
            if figure.evidence in FIRM:
                assert sources[figure.source].date, what


SCOPES = ("Chip only: ", "All-in IT: ", "At the utility: ", "All-in at the utility")


@pytest.mark.parametrize("name", ["hardware", "listed_hardware"])
def test_figures_of_hardware_have_a_date_and_power_and_prices_say_what_they_hold(name: str) -> None:
    problems = Problems()
    catalogue, sources = cards.catalogue(ROOT, name, "corrected", Place("test"), problems), cards.sources(ROOT, problems)
    problems.raise_if_any()
    assert catalogue is not None
    scoped = [field for field in catalogue.fields.values() if field.unit.startswith(("W/", "kW/", "USD/"))]
    assert [field.name for field in scoped if not field.doc.startswith(SCOPES)] == []
    of_numbers = [field.name for field in catalogue.fields.values() if field.unit != "text"]
    for card in catalogue.cards.values():
        for label, figure in figures(card):
            dated = figure.date or (figure.source in sources and sources[figure.source].date)
            assert label not in of_numbers or dated or (figure.evidence == "assumed" and figure.note), f"{card.key}.{label}"


def test_named_cards_exist() -> None:
    catalogues = {"gpu": load("hardware"), "model": load("models"), "series": SERIES}
    for card in [*FITS.values(), *SERIES.values(), *SWEEPS.values(), *SERVERS.values()]:
        for field, known in catalogues.items():
            if field in card.entries:
                assert text(card, field) in known, f"{card.key}.{field}"


@pytest.mark.parametrize("key", MEASURED_FITS)
def test_a_fitted_curve_passes_its_measured_points(key: str) -> None:
    fit, series = FITS[key], SERIES[key]
    assert text(fit, "series") == key
    for field in ("gpu", "model", "precision"):
        assert text(fit, field) == text(series, field)
    assert number(fit, "tensor_parallel") == number(series, "tensor_parallel")
    counted = [point for point in points(series) if point["counted"].value == 1]
    misses = [power(fit, float(point["batch"].value)) - float(point["watts"].value) for point in counted]
    rmse = number(fit, "rmse")
    assert max(map(abs, misses)) < 3 * rmse
    everything = len(counted) == number(series, "measured_points")
    if everything:
        assert sqrt(sum(miss**2 for miss in misses) / len(misses)) == pytest.approx(rmse, rel=0.01)
    assert [number(fit, "batch_low"), number(fit, "batch_high")] == [counted[0]["batch"].value, counted[-1]["batch"].value]


def test_no_curve_comes_from_a_fit_that_ran_into_a_bound() -> None:
    for fit in FITS.values():
        assert 0.1 < number(fit, "k") < 4
        assert number(fit, "x0") < 12
        assert number(fit, "p_idle") < number(fit, "p_nominal")


def test_the_curve_through_one_sequence_gives_the_mean_measured_there() -> None:
    fit = FITS["b200_x8_llama_70b"]
    assert power(fit, 1) == pytest.approx(512.91, abs=0.001)
    assert power(fit, 1) == pytest.approx(number(SWEEPS["b200_x8_llama_70b_windows"], "single_mean"), abs=0.001)


@pytest.mark.parametrize("key", ["b200_x8_llama_70b", "b200_paper"])
def test_curves_without_a_fit_state_their_miss_of_the_sweep(key: str) -> None:
    sweep = SWEEPS["b200_x8_llama_70b_windows"]
    misses = [power(FITS[key], batch) - watts for batch, watts in zip(column(sweep, "batch"), column(sweep, "watts"), strict=True)]
    assert sqrt(sum(miss**2 for miss in misses) / len(misses)) == pytest.approx(number(FITS[key], "rmse"), abs=0.001)


def test_times_of_a_full_cache_follow_the_sweep() -> None:
    fit, sweep = FITS["b200_x8_llama_70b"], SWEEPS["b200_x8_llama_70b_windows"]
    steps = list(zip(column(sweep, "batch"), column(sweep, "throughput"), strict=True))[:6]
    for batch, throughput in steps:
        step = 1000 * batch / throughput
        assert number(fit, "w") + number(fit, "h") * batch == pytest.approx(step, rel=0.14)


def test_measured_points_rise_in_load_and_only_the_last_is_repeated() -> None:
    for card in SERIES.values():
        batches, counted = column(card, "batch"), column(card, "counted")
        used = int(sum(counted))
        assert counted == [1] * used + [0] * (len(counted) - used)
        assert used == min(len(counted), int(number(card, "measured_points")))
        assert batches[:used] == sorted(set(batches[:used]))
        assert all(row == points(card)[used - 1]["batch"].value for row in batches[used:])


@pytest.mark.parametrize("key", GIVEN)
def test_the_knots_of_a_trace_rise_and_end_at_one(key: str) -> None:
    upper, share = column(TRACES[key], "upper"), column(TRACES[key], "cumulative")
    assert upper == sorted(set(upper))
    assert upper == column(TRACES["azure_2023"], "upper")
    assert share == sorted(share)
    assert share[-1] == 1


def bins(trace: Card) -> list[tuple[float, float, float]]:
    upper, share = column(trace, "upper"), column(trace, "cumulative")
    return [(low, high, now - before) for low, high, before, now in zip([0, *upper], upper, [0, *share], share, strict=False)]


@pytest.mark.parametrize("key", COUNTED)
def test_the_published_mean_lies_in_the_bins_and_near_their_middles(key: str) -> None:
    trace = TRACES[key]
    published = number(trace, "mean_input") + number(trace, "mean_output")
    least, most = (sum(mass * edge[side] for *edge, mass in bins(trace)) for side in (0, 1))
    assert least <= published <= most
    middle = sum(mass * (low + high) / 2 for low, high, mass in bins(trace))
    assert 0 < middle / published - 1 < 0.035  # middles are 1.3 to 3.2% above: within a bin requests thin out with length
    assert number(trace, "output_share") == pytest.approx(number(trace, "mean_output") / published, abs=2e-4)


def test_traces_without_published_lengths_say_so() -> None:
    agent, chat = TRACES["agent"], TRACES["lmsys_chat"]
    middle = sum(mass * (low + high) / 2 for low, high, mass in bins(agent))
    assert number(agent, "mean_input") + number(agent, "mean_output") == pytest.approx(middle, abs=0.1)
    mean = sum(mass * (low + high) / 2 for low, high, mass in bins(chat))
    assert mean / (number(chat, "mean_input") + number(chat, "mean_output")) == pytest.approx(2.4, abs=0.01)
    figure = chat.entries["mean_input"].figure
    assert figure is not None
    assert "does not go with the lengths" in figure.note


@pytest.mark.parametrize("key", ["agent", "lmsys_chat"])
def test_traces_shared_with_the_paper_have_its_knots(key: str) -> None:
    other = load("workloads")[{"lmsys_chat": "lmsys"}.get(key, key)]
    first = len(other.points)
    for name in ("upper", "cumulative"):
        assert column(TRACES[key], name)[:first] == pytest.approx(column(other, name), rel=1e-12)


def test_a_server_is_its_gpus_and_the_rest() -> None:
    hardware = load("hardware")
    for server in SERVERS.values():
        gpus = number(server, "gpus") * number(hardware[text(server, "gpu")], "tdp")
        assert gpus + number(server, "host_ceiling") == pytest.approx(1000 * number(server, "max_power"))
        assert number(server, "host_power") <= number(server, "host_ceiling")


def test_a_price_that_stands_in_is_graded_low() -> None:
    for key in ("world_average", "germany", "france"):
        figure = SITES[key].entries["electricity_price"].figure
        assert figure is not None
        assert figure.confidence == "low"
        assert "stands in" in figure.note


MODELS = load("models")
PRINTED = ("llama_3_1_8b", "llama_3_1_70b", "llama_3_1_405b", "qwen3_235b_a22b", "deepseek_v3")
LENGTHS = {"at_4k": 4096, "at_1m": 1_048_576}


def test_the_paper_keeps_its_models_and_the_plan_adds_to_them() -> None:
    assert tuple(load("models", "paper")) == PRINTED
    assert [key for key in MODELS if key in PRINTED] == list(PRINTED)
    assert len(MODELS) >= 40


def test_fields_of_one_basis_are_those_of_its_workbooks_only() -> None:
    planned = {
        *("moe_layers", "window_layers", "attention_window", "window_bytes_per_token", "state_bytes"),
        *("precision", "kept_8", "kept_4", "layer_kernels", "attention_layers", "tied"),
    }
    printed = {"tensor_parallel", "moe_layer_time", "weight_bytes", "kv_bytes"}
    for card in load("models", "paper").values():
        assert set(card.entries) & (planned | printed) == printed
    for card in MODELS.values():
        assert set(card.entries) & (planned | printed) == planned


def test_sources_of_planned_models_are_told_in_the_plan_only() -> None:
    told = {}
    for name in ("paper", "planning"):
        sheets = openpyxl.load_workbook(shipped_file(name).path, read_only=True)
        told[name] = {str(cell) for cell in (row[0] for row in sheets["Notes"].iter_rows(values_only=True)) if cell}
    only = {title for title in told["planning"] if title.startswith(("gpt-oss-120b", "Qwen3-Next", "Qwen3-32B", "Qwen3-30B", "Mixtral"))}
    assert len(only) == 5
    assert not only & told["paper"]
    assert any(title.startswith("DeepSeek-V3 model configuration") for title in told["paper"] & told["planning"])


CACHES = {
    "llama_3_1_8b": 32 * 2 * 8 * 128 * 2,
    "llama_3_1_70b": 80 * 2 * 8 * 128 * 2,
    "llama_3_1_405b": 126 * 2 * 8 * 128 * 2,
    "qwen3_32b": 64 * 2 * 8 * 128 * 2,
    "mixtral_8x7b": 32 * 2 * 8 * 128 * 2,
    "qwen3_30b_a3b": 48 * 2 * 4 * 128 * 2,
    "qwen3_235b_a22b": 94 * 2 * 4 * 128 * 2,
    "deepseek_v3": 61 * (512 + 64) * 2,
    "gpt_oss_120b": 18 * 2 * 8 * 64 * 2,
    "qwen3_next_80b_a3b": 12 * 2 * 2 * 256 * 2,
}
"""Bytes of a token in the layers that keep every token: layers * (key and value) * heads * width * 2 bytes, or the latent row."""

FIXED = {"gpt_oss_120b": 18 * 2 * 8 * 64 * 2 * 128, "qwen3_next_80b_a3b": 36 * (32 * 128 * 128 + 3 * (2 * 16 + 32) * 128) * 2}
"""Bytes that a sequence of more than 128 tokens takes besides, whatever its length: 18 layers with a window; 36 recurrent ones."""


@pytest.mark.parametrize("key", CACHES)
def test_the_cache_of_a_token_follows_from_the_shapes(key: str) -> None:
    model = MODELS[key]
    assert number(model, "kv_bytes_per_token") == CACHES[key]
    assert number(model, "window_bytes_per_token") * number(model, "attention_window") + number(model, "state_bytes") == FIXED.get(key, 0)
    windows = [number(model, name) for name in ("window_layers", "attention_window", "window_bytes_per_token")]
    assert all(windows) or not any(windows)
    assert number(model, "window_layers") < number(model, "layers")


def test_what_a_sequence_takes_besides_as_published() -> None:
    assert FIXED["gpt_oss_120b"] == pytest.approx(4.72e6, rel=1e-3)
    assert FIXED["qwen3_next_80b_a3b"] == pytest.approx(37.75e6 + 1.77e6, rel=1e-4)
    state = MODELS["qwen3_next_80b_a3b"].entries["state_bytes"].figure
    assert state is not None
    assert state.low == 36 * 32 * 128 * 128 * 2
    assert state.high == FIXED["qwen3_next_80b_a3b"] + 36 * 32 * 128 * 128 * 2


def in_planning(column: str, key: str, **edits: float) -> float:
    """Give a figure of a model by its table and column, perhaps with figures of the model's card replaced."""
    book = api.load("planning", sets={f"models.{key}.{name}": value for name, value in edits.items()})
    return float(book.values[column][book.model.tables[column.partition(".")[0]].index[key,]])


@pytest.mark.parametrize(("column", "tokens"), LENGTHS.items())
@pytest.mark.parametrize("key", ["llama_3_1_405b", "deepseek_v3", "gpt_oss_120b", "qwen3_next_80b_a3b"])
def test_the_cache_of_a_sequence_by_hand(key: str, column: str, tokens: int) -> None:
    assert in_planning(f"kv_caches.{column}", key) == pytest.approx((CACHES[key] * tokens + FIXED.get(key, 0)) / 1e9, rel=1e-12)


def test_a_window_longer_than_the_sequence_holds_all_of_it() -> None:
    key, window = "gpt_oss_120b", 40_000
    assert in_planning("kv_caches.at_16k", key, attention_window=window) == pytest.approx(36 * 2048 * 16_384 / 1e9, rel=1e-12)
    assert in_planning("kv_caches.at_1m", key, attention_window=window) == pytest.approx(18 * 2048 * (1_048_576 + window) / 1e9, rel=1e-12)


def test_routed_experts_are_counted_in_the_layers_that_have_them() -> None:
    assert in_planning("models_list.routed_parameters", "deepseek_v3") == 3 * 256 * 7168 * 2048 * 58
    assert in_planning("models_list.routed_parameters", "gpt_oss_120b") == 3 * 128 * 2880 * 2880 * 36
    assert in_planning("models_list.routed_parameters", "llama_3_1_70b") == 0


@pytest.mark.parametrize("key", MODELS)
def test_parameters_are_those_of_the_shapes(key: str) -> None:
    model = MODELS[key]
    at = {name: number(model, name) for name in model.entries if name not in {"attention", "feed_forward", "grade", "precision"}}
    routed = (
        (3 if text(model, "feed_forward") == "gated" else 2)
        * at["experts"]
        * at["expert_width"]
        * at["moe_intermediate"]
        * at["moe_layers"]
        / 1e9
    )
    total, active = at["total_parameters"], at["active_parameters"]
    assert (at["moe_layers"] == 0) == (at["experts"] == 0)
    assert at["moe_layers"] <= at["layers"]
    if not routed:
        assert active == total
        return
    assert 0.89 < routed / total < 1  # attention, embeddings and shared experts are 2 to 11% of these models
    apart = active - routed * at["experts_per_token"] / at["experts"]  # active besides the routed experts
    embedding = at["vocabulary"] * at["hidden"] / 1e9  # some count that of the input as active, some do not
    rounding = max(0.1, 0.01 * total) if total == round(total) else 0.1  # some makers publish whole billions
    assert total - routed - embedding - rounding < apart < total - routed + rounding


USED = {
    "hardware": ("memory", "hbm_bandwidth", "bf16_compute", "scale_up_bandwidth", "tdp", "price", "purchase_price"),
    "traces": ("output_share",),
    "models": (
        *("layers", "hidden", "experts", "experts_per_token", "moe_intermediate", "moe_layers", "total_parameters"),
        *("active_parameters", "kv_bytes_per_token", "kv_shards_max", "window_bytes_per_token", "attention_window", "state_bytes"),
    ),
    "servers": ("gpus", "host_power", "host_price", "nodes_per_rack"),
}
"""The figures of each kind of card that cases use."""


@pytest.mark.parametrize("name", USED)
def test_the_grade_of_a_card_is_the_worst_evidence_of_the_figures_that_cases_use(name: str) -> None:
    for card in load(name).values():
        entries = [card.entries[field] for field in USED[name]]
        found = [entry.figure.evidence if entry.figure else "derived" for entry in entries]
        found += [figure.evidence for point in points(card) for figure in point.values()]
        grade = card.entries["grade"].figure
        assert grade is not None
        assert grade.value == max(found, key=EVIDENCE.index), card.key
