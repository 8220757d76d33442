"""Money: the price of an instance, the tokens a dollar buys, and owning against renting."""

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MILLION = 1e6


def instance_usd_per_hour(usd_per_gpu_hour: ArrayLike, gpus: ArrayLike) -> FloatArray:
    """Price of an instance, USD/h: usd_per_gpu_hour gpus.

    Args:
        usd_per_gpu_hour: rent of one GPU, USD/h, >= 0.
        gpus: GPUs of the instance, >= 1.

    Source: arXiv 2603.17280, Table 5.
    """
    return not_negative("usd_per_gpu_hour", usd_per_gpu_hour) * at_least("gpus", gpus, 1)


def million_tokens_per_usd(tokens_per_second: ArrayLike, usd_per_hour: ArrayLike) -> FloatArray:
    """Millions of tokens an instance decodes for one dollar of its rent.

    Args:
        tokens_per_second: of the instance, >= 0.
        usd_per_hour: of the instance, USD/h, > 0.

    Source: arXiv 2603.17280, Table 5 (the column headed tok/$M).
    """
    hourly = not_negative("tokens_per_second", tokens_per_second) * SECONDS_PER_HOUR
    return hourly / positive("usd_per_hour", usd_per_hour) / TOKENS_PER_MILLION


def present_value(rate: float, years: float) -> float:
    """Present value of 1 a year, paid at the end of each year, in years of it.

    Args:
        rate: discount rate, 1/year, >= 0.
        years: > 0.

    Source: present value of an annuity, (1 - (1 + i)^-n) / i.
    """
    return (1.0 - float((1.0 + rate) ** -years)) / rate if rate else years


def residual_share(after_three_years: float, years: float) -> float:
    """Residual value of a server over its price: as stated up to three years, none from five on, a straight line between.

    Source: planning assumption of the model's page on money.
    """
    return float(np.interp(years, [3.0, 5.0], [after_three_years, 0.0]))


def capital_of_a_year(price: float, residual: float, rate: float, years: float) -> float:
    """Yearly payments that are worth a price less what is left at the end, USD/year.

    Args:
        price: USD.
        residual: USD at the end of the life.
        rate: discount rate, 1/year, >= 0.
        years: life, > 0.

    Source: (capex - residual / (1 + i)^Y) i / (1 - (1 + i)^-Y).
    """
    return (price - residual * float((1.0 + rate) ** -years)) / present_value(rate, years)


def owning_saves(price: float, residual: float, running: float, rent: float, rate: float, years: float) -> float:
    """Net present value of owning against renting, USD.

    Args:
        price: USD at the start.
        residual: USD at the end of the life.
        running: USD/year owned, capital not included.
        rent: USD/year.
        rate: discount rate, 1/year, >= 0.
        years: life, > 0.

    Source: sum of the payments that owning saves, discounted.
    """
    return (rent - running) * present_value(rate, years) - price + residual * float((1.0 + rate) ** -years)


def payback_months(price: float, running: float, rent: float, years: float) -> float:
    """Months after which rent saved has paid for a price, 0 where that is not within the life.

    Source: price over cash saved a month; no interest, no residual value.
    """
    saved = (rent - running) / 12.0
    return price / saved if saved > 0 and price < saved * 12.0 * years else 0.0
