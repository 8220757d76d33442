"""Which card is meant by the name that a tool gives a model or a GPU, such as meta-llama/Llama-3.1-70B-Instruct or NVIDIA H200."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_AROUND = {"meta", "instruct", "it", "chat", "hf", "base", "thinking", "turbo"}
_PRECISIONS = {"fp8", "fp4", "nvfp4", "mxfp4", "bf16", "fp16", "int4", "int8", "awq", "gptq", "w4a16", "w8a8", "quantized", "dynamic"}
_SHORT = re.compile(r"ds(?=[rv]\d)")  # DeepSeek, in the keys of InferenceX
_DATE = re.compile(r"\d{4}")  # of a release, such as 0528
_SIZE = re.compile(r"\d+[be]")  # parameters or experts, which the names of some cards leave out
_VARIANTS = {"sxm", "nvl", "nvl72", "pcie"}  # of a GPU, which tools seldom name
_USUAL = ("sxm", "nvl72")  # those that are meant then


def model_key(name: str, keys: Iterable[str]) -> str:
    """Return the key of the card of a model: the one whose words its name holds, and few others; an empty text for none."""
    words = model_words(name)
    meant = {"".join(words), "".join(word for word in words if not _SIZE.fullmatch(word))}
    return next((key for key in keys if key.replace("_", "") in meant), "")


def model_words(name: str) -> list[str]:
    """Return the words of a model's name that say which one it is: before its precision, and without dates of releases."""
    words = takewhile(lambda word: word not in _PRECISIONS, _words(name.rstrip("/").rpartition("/")[2]))
    return [_SHORT.sub("deepseek", word) for word in words if word not in _AROUND and not _DATE.fullmatch(word)]


def gpu_key(name: str, keys: Iterable[str]) -> str:
    """Return the key of the card of a GPU: the one with most words of the name; an empty text for none."""
    words = set(_words(name))
    found: list[tuple[int, str]] = []
    for key in keys:
        parts = set(key.split("_"))
        if parts - _VARIANTS <= words:
            found.append((len(parts & words) * 2 + bool(parts & set(_USUAL)), key))
    return max(found, default=(0, ""))[1]


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
