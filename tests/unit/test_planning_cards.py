"""The cards of the planning catalogues: sources, ranges, and curves and distributions that agree with what was measured."""

from __future__ import annotations

from math import exp, log2, sqrt
from typing import TYPE_CHECKING

import pytest

from workbook import cards
from workbook.errors import Place, Problems
from workbook.packaged import packaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.schema import Card, Figure

ROOT = packaged()
PLANNING = ("power_fits", "measured_series", "context_sweeps", "traces", "sites", "servers")
FIRM = {"measured", "calibrated"}


def load(name: str) -> dict[str, Card]:
    """Give the cards of a catalogue; fail with all that is wrong in it."""
    problems = Problems()
    catalogue = cards.catalogue(ROOT, name, "corrected", Place("test"), problems)
    problems.raise_if_any()
    assert catalogue is not None
    return catalogue.cards


def figures(card: Card) -> Iterator[tuple[str, Figure]]:
    for name, entry in card.entries.items():
        assert entry.figure is not None, f"{card.key}.{name}"
        yield name, entry.figure
    for number, point in enumerate(card.points, start=1):
        for name, figure in point.items():
            yield f"p{number}.{name}", figure


def number(card: Card, name: str) -> float:
    figure = card.entries[name].figure
    assert figure is not None
    return float(figure.value)


def text(card: Card, name: str) -> str:
    figure = card.entries[name].figure
    assert figure is not None
    return str(figure.value)


def column(card: Card, name: str) -> list[float]:
    return [float(point[name].value) for point in card.points]


def power(fit: Card, batch: float) -> float:
    """Give the watts of a GPU by a logistic curve in the log2 of the sequences in flight."""
    idle, nominal = number(fit, "p_idle"), number(fit, "p_nominal")
    return idle + (nominal - idle) / (1 + exp(-number(fit, "k") * (log2(max(1.0, batch)) - number(fit, "x0"))))


FITS, SERIES, SWEEPS, TRACES, SITES, SERVERS = map(load, PLANNING)
MEASURED_FITS = [key for key, fit in FITS.items() if text(fit, "evidence") == "measured"]
COUNTED = [key for key in TRACES if key not in {"agent", "lmsys_chat"}]


@pytest.mark.parametrize("name", PLANNING)
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
            assert figure.source in sources or (figure.evidence == "assumed" and figure.note), what
            if figure.evidence in FIRM:
                assert sources[figure.source].date, what


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
    counted = [point for point in series.points if point["counted"].value == 1]
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
        assert all(row == card.points[used - 1]["batch"].value for row in batches[used:])


@pytest.mark.parametrize("key", TRACES)
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
        assert number(server, "rental_low") <= number(server, "rental_base") <= number(server, "rental_high")


def test_a_price_that_stands_in_is_graded_low() -> None:
    for key in ("world_average", "germany", "france"):
        figure = SITES[key].entries["electricity_price"].figure
        assert figure is not None
        assert figure.confidence == "low"
        assert "stands in" in figure.note
