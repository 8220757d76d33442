"""Efficiency and money against published figures; arguments outside their domain."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.reference.equations import cards, domain, economics, metrics, paper, power, roofline
from tests.reference.printed import PRINTED

WINDOWS = [2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072]
H100_PRINTED = [float(PRINTED["1"][f"{window // 1024}K", "h100_tok_per_w"]) for window in WINDOWS]
B200_MEASURED = [37.09, 30.34, 20.55, 13.02, 7.89, 4.30, 1.14]
"""Paper-normalised tok/W measured on eight B200 (Llama-3.1-70B, fp16, TP 8).

Source: vllm-project/semantic-router, b1de045a9, README of the study, 29 Apr 2026.
"""


# Efficiency


def test_physical_efficiency_of_h100_at_8k_is_an_eighth_of_the_printed() -> None:
    _, printed = paper.calibrated_point(cards.H100_CALIBRATED, 128, 8192)
    assert printed == pytest.approx(8.97, abs=5e-3)
    tokens = roofline.throughput(128, roofline.decode_step_time(128, 4e-3, 0.32e-3, 4096, 8192))
    watts = power.logistic_power(128, 300, 600, 1.0, 4.2)
    physical = metrics.tok_per_joule(tokens, watts, 8)
    assert float(physical) == pytest.approx(1.12, abs=5e-3)


@pytest.mark.parametrize(("printed", "physical"), [(5.58, 0.70), (14.08, 1.76), (23.71, 2.96)])
def test_physical_efficiency_of_the_fleets(printed: float, physical: float) -> None:
    assert float(metrics.tok_per_joule(printed, 1, 8)) == pytest.approx(physical, abs=5e-3)


def test_one_gpu_has_the_same_efficiency_on_both_scales() -> None:
    assert metrics.tok_per_joule(3350, 518, 1) == metrics.paper_tok_per_watt(3350, 518)


def test_small_model_wins_per_joule_where_the_paper_sees_a_tie() -> None:
    cells = paper.table_2()
    small = cells["Llama-3.1-8B", "h100_tok_per_w"]
    large = cells["Llama-3.1-70B", "h100_tok_per_w"] / cards.LLAMA_70B.tp
    assert large == pytest.approx(0.93, abs=5e-3)
    assert paper.table_4()["Semantic small 8B@8K", "tok_per_w"] / large == (pytest.approx(6.7, abs=0.05))
    assert small / large == pytest.approx(7.0, abs=0.05)


def test_ratio_of_the_printed_mixture_to_70b() -> None:
    cells = paper.table_2()
    ratio = cells["Qwen3-235B-A22B", "h100_tok_per_w"] / cells["Llama-3.1-70B", "h100_tok_per_w"]
    assert ratio == pytest.approx(5.1, abs=0.05)


def test_dispatch_of_ten_milliseconds_ends_the_lead_of_the_mixture() -> None:
    profile = paper.computed_profile(cards.QWEN3_235B, cards.H100)
    step_time = roofline.decode_step_time(24, profile.w_throughput, profile.h, 4096, 4096)
    slower = roofline.step_time_with_dispatch(step_time, 10e-3)
    watts = paper.computed_power(profile, 24)
    with_dispatch = metrics.paper_tok_per_watt(roofline.throughput(24, slower), watts)
    assert float(with_dispatch) == pytest.approx(24 / 12.083e-3 / 304.6, rel=1e-4)
    assert with_dispatch < paper.table_2()["Llama-3.1-70B", "h100_tok_per_w"]


# The law


def test_exponent_of_an_exact_power_law() -> None:
    window = np.array(WINDOWS)
    assert metrics.log_log_exponent(window, 3.0 / window) == pytest.approx(-1.0)
    assert metrics.log_log_exponent(window, 7.0 * window**0.5) == pytest.approx(0.5)


def test_exponents_printed_and_measured() -> None:
    printed = metrics.log_log_exponent(WINDOWS, H100_PRINTED)
    assert printed == pytest.approx(-0.89, abs=5e-3)
    measured = metrics.log_log_exponent(WINDOWS[:6], B200_MEASURED[:6])
    assert measured == pytest.approx(-0.63, abs=5e-3)
    ends = metrics.log_log_exponent(WINDOWS[:6:5], B200_MEASURED[:6:5])
    assert ends == pytest.approx(-0.62, abs=5e-3)


def test_doubling_ratios_printed_and_measured() -> None:
    printed = metrics.doubling_ratios(WINDOWS, H100_PRINTED)
    np.testing.assert_allclose(printed[[0, -1]], [1.99, 1.70], atol=5e-3)
    assert np.all(printed < 2)
    measured = metrics.doubling_ratios(WINDOWS, B200_MEASURED)
    np.testing.assert_allclose(measured, [1.22, 1.48, 1.58, 1.65, 1.83, 3.77], atol=5e-3)


def test_spread_of_h100_over_the_windows() -> None:
    assert round(H100_PRINTED[0] / H100_PRINTED[-1]) == 40


def test_doubling_ratios_need_doubling_windows() -> None:
    with pytest.raises(ValueError, match="twice the one before"):
        metrics.doubling_ratios([1, 2, 5], [3, 2, 1])


# Money


def test_consistent_price_of_the_h100_instance() -> None:
    assert economics.instance_usd_per_hour(4.02, 8) == pytest.approx(32.16)


def test_million_tokens_per_usd() -> None:
    assert economics.million_tokens_per_usd(1000, 3.6) == pytest.approx(1.0)


# Domains


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_in_no_domain(bad: float) -> None:
    for guard in (domain.finite, domain.not_negative, domain.positive, domain.share):
        with pytest.raises(ValueError, match=r"speed must"):
            guard("speed", [1.0, bad])


@pytest.mark.parametrize(
    ("guard", "edge", "bad"),
    [(domain.not_negative, 0.0, -1e-9), (domain.positive, 1e-9, 0.0), (domain.share, 1.0, 1.0 + 1e-9), (domain.share, 1e-9, 0.0)],
)
def test_a_domain_ends_at_its_edge(guard: Callable[[str, object], object], edge: float, bad: float) -> None:
    np.testing.assert_array_equal(guard("speed", [edge, 0.5]), [edge, 0.5])
    with pytest.raises(ValueError, match=r"speed must .*, got "):
        guard("speed", [0.5, bad])


def test_a_domain_may_begin_at_another_argument() -> None:
    assert domain.at_least("to", [2.0, 3.0], [2.0, 1.0]).tolist() == [2.0, 3.0]
    with pytest.raises(ValueError, match="to must be at least"):
        domain.at_least("to", [2.0, 3.0], [2.0, 4.0])
