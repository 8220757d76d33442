"""What a file is likely to be that was given to the wrong command, by the names that it holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_SIGNS = {
    "model": ("a model's config.json", {"hidden_size", "num_hidden_layers", "model_type", "architectures", "text_config"}),
    "benchmark": (
        "results of a benchmark",
        {
            *("request_throughput", "output_throughput", "median_tpot_ms", "mean_tpot_ms", "max_concurrency"),
            *("concurrency", "in_flight", "throughput", "throughput_tok_s", "tok_s", "tpot", "tpot_ms", "ttft", "ttft_ms"),
        },
    ),
    "power": ("a log of power", {"power.draw_w", "power.draw.instant_w", "pwr", "power", "watts", "dcgm_fi_dev_power_usage"}),
    "trace": (
        "a trace of requests",
        {
            "prompt_tokens",
            "completion_tokens",
            "input_tokens",
            "output_tokens",
            "contexttokens",
            "generatedtokens",
            "input_length",
            "hash_ids",
        },
    ),
}


_UNSAID = re.compile(r"[^a-z0-9.]+")


def plain_name(name: str) -> str:
    """Return the name of a column without case and signs, as names are compared: 'Power (W)' is power_w."""
    return _UNSAID.sub("_", name.lower()).strip("_")


def other_command(names: Collection[str], asked: str) -> str:
    """Return which import reads a file with such names; an empty text where it is that which was ``asked`` for, or unknown."""
    held = set(map(plain_name, names))
    counts = {command: len(held & signs) for command, (_, signs) in _SIGNS.items()}
    likely = max(counts, key=lambda command: counts[command])
    if not counts[likely] or counts[likely] == counts.get(asked):
        return ""
    return f"this looks like {_SIGNS[likely][0]}: workbook import {likely}"
