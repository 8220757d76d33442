"""Runs of benchmarks: what a tool's result says of an instance, in one set of units and by one definition of each time.

The time per output token is that after the first token, (end - first token) / (tokens - 1), as vLLM, SGLang, trtllm-bench and AIPerf
(which calls it inter-token latency) have it by request; GuideLLM counts the first token in, and has the other as inter-token latency.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from workbook.errors import as_typed
from workbook.importers.benchmark_files import read_results
from workbook.importers.benchmark_tools import TABLE, TOOLS, Tool
from workbook.importers.likely import other_command, plain_name
from workbook.importers.rows import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.errors import Place
    from workbook.importers.rows import Bad

MOST = {
    "gpus": 1024,
    "replicas": 1024,
    "in_flight": 1e6,
    "prompt": 1e7,
    "output": 1e7,
    "throughput": 1e9,
    "ttft": 1e9,
    "tpot": 1e7,
    "itl": 1e7,
    "watts": 1e5,
    "joules": 1e6,
}
MEASURED = ("throughput", "ttft", "tpot", "watts", "joules")
ONE_TOKEN = 0.5  # of the time per output token: a median time between chunks below it is one of chunks with several tokens
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?!\d)")
_NOTHING = {"", "n/a", "na", "nan", "-", "none", "null"}
_UNSAID = {"", "0", "none", "false", "no", "null", "auto", "no_quant"}  # texts that tools write for nothing, or for what they find


@dataclass(frozen=True)
class Run:
    """An instance under one load: what was measured, in tokens, tok/s, ms, W of a GPU and J of an output token; 0 where nothing was.

    Args:
        texts: what the result says of the setup, in the tool's words: model, gpu, engine, weights, cached, version, date.
        rules: how its figures are defined, or were worked out, as sentences.

    """

    tool: Tool
    place: Place
    texts: Mapping[str, str]
    gpus: float = 0
    replicas: float = 1
    in_flight: float = 0
    prompt: float = 0
    output: float = 0
    throughput: float = 0
    ttft: float = 0
    tpot: float = 0
    itl: float = 0
    watts: float = 0
    joules: float = 0
    rules: tuple[str, ...] = field(default=())

    @property
    def context(self) -> float:
        """Mean tokens of a sequence in flight while it decodes."""
        return self.prompt + self.output / 2


def read_runs(path: Path, gpus: float = 0, replicas: float = 0) -> tuple[list[Run], Bad]:
    """Return the runs in a file, and the results that are none; see ``run_of``.

    Raises:
        WorkbookError: for a file that cannot be read, is too large, or holds no results.

    """
    results = read_results(path)
    results.bad.likely = other_command(results.items[0][1] if results.items else (), "benchmark")
    found = []
    for place, record in results.items:
        run = run_of(record, place, gpus, replicas)
        if isinstance(run, Run):
            found.append(run)
        else:
            which = place.file.removeprefix(str(path)).lstrip(", ")  # a result in a list has no line
            results.bad.add(place.line, f"{which} {run}".strip())
    return found, results.bad


def tool_of(record: Mapping[str, Any]) -> Tool:
    """Return the tool that wrote a result, by its keys."""
    known = (tool for tool in TOOLS if all(any(_found(record, path) is not None for path in sign) for sign in tool.signs))
    return next(known, TABLE)


def run_of(record: Mapping[str, Any], place: Place, gpus: float = 0, replicas: float = 0) -> Run | str:
    """Return the run that a result describes, or why there is none.

    Args:
        record: the result, as its tool wrote it.
        place: where it stands.
        gpus: GPUs of the instance, and
        replicas: attention replicas among them, where the user gave them.

    """
    tool = tool_of(record)
    if tool is TABLE:
        record = {**{plain_name(name): cell for name, cell in record.items()}, **record}
        if unread := _unread(record, tool):
            return unread
    numbers = {role: _number(record, paths) for role, paths in tool.numbers.items()}
    texts = {role: _text(record, paths) for role, paths in tool.texts.items()}
    none = any(_found(record, path) == 0 for path in tool.numbers.get("requests", ()))
    reason = "no request was completed" if none else _unusable(numbers, texts)
    if reason:
        return reason
    figures, rules = _figures(numbers, tool)
    figures["gpus"] = gpus or numbers.get("gpus", 0)
    by_attention = (numbers.get("copies", 0) or figures["gpus"]) if texts.get("attention") else 0
    figures["replicas"] = replicas or numbers.get("replicas", 0) or by_attention or 1
    if numbers.get("throughput_gpu") and not figures["throughput"]:
        figures["throughput"] = numbers["throughput_gpu"] * figures["gpus"]
    run = Run(tool, place, texts | {"date": _day(texts.get("date", ""))}, **figures, rules=rules)
    return _wrong(run) or run


def _found(record: Any, path: str) -> Any:
    """Return what stands at a path of keys, or of places in lists, with dots between; a key with dots counts as it is."""
    if isinstance(record, dict) and path in record:
        return record[path]
    for key in path.split("."):
        if isinstance(record, dict):
            record = record.get(key)
        elif isinstance(record, list) and key.isdecimal() and int(key) < len(record):
            record = record[int(key)]
        else:
            return None
    return record


def _number(record: Mapping[str, Any], paths: Mapping[str, float]) -> float:
    """Return the first number above 0 at one of some paths; 0 for none."""
    for path, factor in paths.items():
        value = number_of(_found(record, path)) * factor
        if math.isfinite(value) and value > 0:
            return value
    return 0.0


def _unread(record: Mapping[str, Any], tool: Tool) -> str:
    """Return which cell of a table holds a text in the place of a number; an empty text for none."""
    cells = ((path, record.get(path)) for paths in tool.numbers.values() for path in paths)
    texts = ((path, cell) for path, cell in cells if isinstance(cell, str) and cell.strip().lower() not in _NOTHING)
    return next((f"{path} is {as_typed(cell)}, not a number" for path, cell in texts if math.isnan(number_of(cell))), "")


def _text(record: Mapping[str, Any], paths: tuple[str, ...]) -> str:
    """Return the first text at one of some paths that says something."""
    found = (_found(record, path) for path in paths)
    said = (str(item).strip() for item in found if isinstance(item, str | int | float))
    return next((text for text in said if text.lower() not in _UNSAID), "")


def _unusable(numbers: Mapping[str, float], texts: Mapping[str, str]) -> str:
    """Return why a result is none of an instance as the model has it; an empty text where it is one."""
    if texts.get("disaggregated"):
        return "is of separate pools for prefill and decode, which no point describes"
    accepted = numbers.get("accepted", 0.0)
    if texts.get("speculative") or accepted > 1 or numbers.get("drafted", 0.0) > 0:
        how = texts.get("speculative") or (f"{accepted:.3g} tokens a step" if accepted > 1 else "drafts that were all rejected")
        return f"is of speculative decoding ({how}); a point has one token a step"
    if numbers.get("copies", 0) > 1 and not texts.get("attention"):
        return f"is of {numbers['copies']:g} copies of the model (data parallelism), and a point is of one instance"
    if numbers.get("stages", 0) > 1:
        return f"is of {numbers['stages']:g} pipeline stages, which no point describes"
    return ""


def _figures(numbers: dict[str, float], tool: Tool) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the figures of a run, and how they were worked out."""
    rules = []
    had = {role: numbers.get(role, 0.0) for role in ("throughput", "watts", "joules")}
    for length, total in (("prompt", "prompts"), ("output", "outputs")):
        had[length] = numbers.get(length, 0.0) or numbers.get(total, 0.0) / (numbers.get("requests", 0.0) or math.inf)
        had[length] *= tool.drawn
    if tool.drawn < 1:
        rules.append(f"lengths are {tool.drawn:.0%} of the nominal ones, of which 80% to 100% are drawn")
    had["ttft"] = numbers.get("ttft", 0.0) or numbers.get("ttft_mean", 0.0)
    if had["ttft"] and not numbers.get("ttft"):
        rules.append("time to first token: a mean over requests, the median is not in the file")
    had["tpot"], rule = _tpot(numbers, had)
    rules += [rule] if rule else []
    had["itl"] = numbers.get("itl", 0.0) if numbers.get("itl", 0.0) > ONE_TOKEN * had["tpot"] else 0.0
    had["in_flight"], rule = _in_flight(numbers, had)
    return had, (*rules, *([rule] if rule else ()))


def _tpot(numbers: Mapping[str, float], had: Mapping[str, float]) -> tuple[float, str]:
    """Return the time per output token after the first one, and its definition."""
    after = "time per output token: (end - first token) / (tokens - 1) by request"
    if numbers.get("tpot"):
        return numbers["tpot"], f"{after}, the median over requests"
    if numbers.get("tpot_mean"):
        return numbers["tpot_mean"], f"{after}, the mean over requests: the median is not in the file"
    whole, tokens = numbers.get("tpot_with_first", 0.0), had["output"]
    first = numbers.get("ttft_mean", 0.0) or had["ttft"]
    if whole and first and tokens > 1 and whole * tokens > first:
        return (whole * tokens - first) / (tokens - 1), "time per output token: that of the file holds the first token, which is taken out"
    return 0.0, ""


def _in_flight(numbers: Mapping[str, float], had: Mapping[str, float]) -> tuple[float, str]:
    """Return the mean number of sequences in flight, and how it is known."""
    if numbers.get("in_flight"):
        return numbers["in_flight"], "sequences in flight: the mean that the file states"
    decode = (numbers.get("tpot_mean", 0.0) or had["tpot"]) * max(0.0, had["output"] - 1)
    latency = numbers.get("latency", 0.0) or ((numbers.get("ttft_mean", 0.0) or had["ttft"]) + decode if decode else 0.0)
    mean = numbers.get("rate", 0.0) * latency / 1000
    if mean:
        return mean, "sequences in flight: requests per second times the mean time of a request (Little's law), ramps included"
    return numbers.get("concurrency", 0.0), "sequences in flight: the concurrency asked for" if numbers.get("concurrency") else ""


def _wrong(run: Run) -> str:
    """Return what makes a run useless, or an empty text."""
    for name in ("prompt", "output", "in_flight"):
        if not getattr(run, name):
            return {"in_flight": "does not say how many sequences were in flight"}.get(name, f"does not say the mean {name} of a request")
    if not any(getattr(run, name) for name in MEASURED):
        return "measures nothing: no throughput, time to first token, time per output token, watts or joules"
    for name, most in MOST.items():
        if getattr(run, name) > most:
            return f"{name} is {as_typed(getattr(run, name))}; at most {most:,.0f} can be"
    if run.in_flight >= 2 and run.ttft > run.tpot * (run.output - 1) > 0:  # noqa: PLR2004 one request waits for no other
        return "requests wait longer for their first token than for all others: how many are in flight is not known"
    return ""


def _day(text: str) -> str:
    """Return a date as year-month-day, however a tool writes it; an empty text for none."""
    day = _DAY.match(text)
    try:
        if day:
            return date(*map(int, day.groups())).isoformat()
        return datetime.fromtimestamp(float(text), UTC).date().isoformat() if text else ""
    except (ValueError, OverflowError, OSError):
        return ""
