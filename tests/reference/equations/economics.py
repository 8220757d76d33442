"""Money: the price of an instance and the tokens a dollar buys."""

from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, not_negative, positive

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MILLION = 1e6


def instance_usd_per_hour(usd_per_gpu_hour: ArrayLike, gpus: ArrayLike) -> FloatArray:
    """Hourly price of an instance: usd_per_gpu_hour gpus.

    Args:
        usd_per_gpu_hour: rent of one GPU, USD/h, >= 0.
        gpus: GPUs of the instance, >= 1.

    Returns:
        USD/h per instance, in the broadcast shape.

    Raises:
        ValueError: outside the domains above.

    Source: arXiv 2603.17280, Table 5.

    """
    return not_negative("usd_per_gpu_hour", usd_per_gpu_hour) * at_least("gpus", gpus, 1)


def million_tokens_per_usd(tokens_per_second: ArrayLike, usd_per_hour: ArrayLike) -> FloatArray:
    """Millions of tokens an instance decodes for one dollar of its rent.

    Args:
        tokens_per_second: of the instance, >= 0.
        usd_per_hour: of the instance, USD/h, > 0.

    Returns:
        1e6 token/USD, in the broadcast shape.

    Raises:
        ValueError: outside the domains above.

    Source: arXiv 2603.17280, Table 5 (the column headed tok/$M).

    """
    hourly = not_negative("tokens_per_second", tokens_per_second) * SECONDS_PER_HOUR
    return hourly / positive("usd_per_hour", usd_per_hour) / TOKENS_PER_MILLION
