"""Tables 1, 2, 4, 5 and A of arXiv 2603.17280 (version 1) as printed.

`PRINTED` maps a table to {(row, column): text}; the text keeps the printed digits,
which are the tolerance of the comparison (thousands separators left out).
"""

from collections.abc import Mapping
from decimal import Decimal


def _cells(columns: str, rows: Mapping[str, str]) -> dict[tuple[str, str], str]:
    names = columns.split()
    return {(row, name): text for row, texts in rows.items() for name, text in zip(names, texts.split(), strict=True)}


PRINTED: dict[str, dict[tuple[str, str], str]] = {
    "1": _cells(
        "h100_n_max h100_p_sat_w h100_tok_per_w b200_n_max b200_p_sat_w b200_tok_per_w",
        {
            "2K": "512 598 35.0 1343 859 61.4",
            "4K": "256 593 17.6 671 857 30.8",
            "8K": "128 583 8.97 335 852 15.5",
            "16K": "64 557 4.69 167 838 7.87",
            "32K": "32 507 2.58 83 805 4.09",
            "64K": "16 435 1.50 41 735 2.24",
            "128K": "8 369 0.88 20 630 1.30",
        },
    ),
    "2": _cells(
        "tp h100_n_max h100_tok_per_s h100_tok_per_w b200_n_max b200_tok_per_s b200_tok_per_w",
        {
            "Llama-3.1-8B": "1 58 3350 6.46 148 9962 12.18",
            "Llama-3.1-70B": "8 22 2716 7.41 58 12960 20.93",
            "Llama-3.1-405B": "8 1 26 0.09 17 1009 2.16",
            "Qwen3-235B-A22B": "8 24 11521 37.82 146 80584 177.73",
            "DeepSeek-V3 fp8": "8 1 646 2.14 11 8162 18.37",
        },
    ),
    "4": _cells(
        "n_act_printed power_w tok_per_w",
        {
            "Context short 70B@8K": "109 578 8.77",
            "Context long 70B@64K": "14 413 1.52",
            "Semantic small 8B@8K": "49 506 6.24",
            "Semantic large 70B@64K": "14 413 1.52",
        },
    ),
    "5": _cells(
        "tdp_w p_idle_w w_ms n_max_8k p_sat_w tok_per_w usd_per_hr mtok_per_usd",
        {
            "H100-SXM5": "700 300 6.72 22 367 7.41 32.2 0.30",
            "H200-SXM": "700 300 4.76 44 422 15.58 48.0 0.49",
            "B200-SXM": "1000 430 2.95 58 619 20.93 64.0 0.73",
            "GB200-NVL": "1200 516 2.95 65 755 18.49 80.0 0.63",
        },
    ),
    "A": _cells(
        "tdp_w p_idle_w p_nom_w k x0",
        {
            "H100-SXM5": "700 300 600 1.0 4.2",
            "H200-SXM": "700 300 600 1.0 5.5",
            "B200-SXM": "1000 430 860 1.0 6.8",
            "GB200-NVL": "1200 516 1032 1.0 6.8",
        },
    ),
}


def half_unit(text: str) -> Decimal:
    """Return half a unit of the last digit of the printed number ``text``.

    Raises:
        ValueError: if ``text`` is not a finite decimal number.

    """
    whole, _, decimals = text.removeprefix("-").partition(".")
    if not (whole + decimals).isdecimal():
        message = f"not a printed number: {text!r}"
        raise ValueError(message)
    return Decimal(1).scaleb(-len(decimals)) / 2


def deviation(value: float, text: str) -> Decimal:
    """Return the distance of ``value`` from the printed ``text``, exactly."""
    return abs(Decimal(value) - Decimal(text))
