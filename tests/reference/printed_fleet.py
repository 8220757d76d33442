"""Table 3 of arXiv 2603.17280 (version 1) as printed, and its fleet ratios in the text.

`PRINTED_FLEET` maps (row, column) to text with the printed digits, which are the tolerance
of the comparison; kW and tok/W count one GPU per instance.
"""

COLUMNS = ("instances", "kw", "tok_per_w", "vs_h100_homo")

_ROWS = {
    "Azure | Homo 64K | H100": "141 58.3 5.58 0",
    "Azure | Pool 4K | H100": "68 32.0 9.16 +64%",
    "Azure | FleetOpt 4K gamma 2 | H100": "40 23.1 14.08 +152%",
    "Azure | Homo 64K | B200": "47 33.4 9.74 +75%",
    "Azure | Pool 4K | B200": "25 19.1 15.39 +176%",
    "Azure | FleetOpt 4K gamma 2 | B200": "17 13.7 23.71 +325%",
    "LMSYS | Homo 64K | H100": "69 28.5 4.77 0",
    "LMSYS | Pool 1.5K | H100": "38 16.4 7.91 +66%",
    "LMSYS | FleetOpt 1.5K gamma 2 | H100": "29 12.9 10.30 +116%",
    "LMSYS | Homo 64K | B200": "24 17.0 7.98 +67%",
    "LMSYS | Pool 1.5K | B200": "16 11.7 11.12 +133%",
    "LMSYS | FleetOpt 1.5K gamma 2 | B200": "12 9.0 14.82 +211%",
}

PRINTED_FLEET: dict[tuple[str, str], str] = {
    (row, column): text for row, texts in _ROWS.items() for column, text in zip(COLUMNS, texts.split(), strict=True)
}

PRINTED_RATIOS: dict[tuple[str, str], str] = {
    ("Azure | FleetOpt 4K gamma 2 | H100", "Azure | Homo 64K | H100"): "2.52",
    ("Azure | FleetOpt 4K gamma 2 | B200", "Azure | Homo 64K | B200"): "2.44",
    ("Azure | Homo 64K | B200", "Azure | Homo 64K | H100"): "1.75",
    ("Azure | FleetOpt 4K gamma 2 | B200", "Azure | FleetOpt 4K gamma 2 | H100"): "1.68",
    ("Azure | FleetOpt 4K gamma 2 | B200", "Azure | Homo 64K | H100"): "4.25",
}
"""Ratios of tok/W in the text, as {(row above, row below): text}."""


def number_text(text: str) -> str:
    """Return a printed cell without its plus and percent signs."""
    return text.removeprefix("+").removesuffix("%")
