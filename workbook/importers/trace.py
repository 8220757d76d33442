"""Traces of requests: lengths, rates and shared prefixes, as a card of ``traces``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbook.errors import Diagnostic, Place, WorkbookError, as_typed, some
from workbook.importers.card import Card, Value, key_of, name_of
from workbook.importers.rows import SCALES, Table, numbers_of, seconds_of, time_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from workbook.importers.rows import Chunk

    Numbers = NDArray[np.float64]

KNOTS = (64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536, 98304, 131072)
JOINT = (0, 64, 256, 1024, 4096, 16384, 65536, 10_000_001)  # edges of bins of input and output tokens
MOST_TOKENS = 10_000_000
HOUR, MINUTE = 3600.0, 60.0
MOST_MINUTES = 10 * 366 * 24 * 60
MOST_BLOCKS = 1 << 26  # ids of prefix blocks below this are remembered, a byte each
BLOCK = 512  # tokens of a block in Mooncake's traces
ENOUGH = 100  # requests below which a distribution says little
SHOWN_HOURS = 24
KNOWN: Mapping[str, tuple[str, ...]] = {  # Azure; Mooncake; BurstGPT; others
    "input": (
        *("ContextTokens", "input_length", "Request tokens"),
        *("input_tokens", "prompt_tokens", "num_prefill_tokens", "prompt_len", "usage.prompt_tokens", "usage.input_tokens"),
    ),
    "output": (
        *("GeneratedTokens", "output_length", "Response tokens"),
        *("output_tokens", "completion_tokens", "num_decode_tokens", "output_len", "usage.completion_tokens", "usage.output_tokens"),
    ),
    "time": ("timestamp", "arrival_time", "arrived_at", "time", "ts", "created", "created_at", "start_time"),
    "hash": ("hash_ids",),
}


@dataclass
class _Sums:
    """What is kept of a trace while it is read: its size does not depend on the number of requests."""

    lengths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(MOST_TOKENS * 2 + 1, np.int64))
    outputs: Numbers = field(default_factory=lambda: np.zeros(MOST_TOKENS * 2 + 1))  # of the requests of each length
    joint: Numbers = field(default_factory=lambda: np.zeros((len(JOINT) - 1,) * 2))
    minutes: dict[int, int] = field(default_factory=dict)
    requests: int = 0
    longest: int = 0
    input: float = 0
    output: float = 0
    last: float | None = None
    in_order: bool = True
    gaps: Numbers = field(default_factory=lambda: np.zeros(3))  # their number, sum and sum of squares
    seen: NDArray[np.bool_] | None = None
    shared: float = 0
    blocks_known: bool = True

    def add(self, prompt: Numbers, output: Numbers) -> None:
        """Count requests by their lengths."""
        total = (prompt + output).astype(np.int64)
        counts = np.bincount(total)
        self.lengths[: len(counts)] += counts
        self.outputs[: len(counts)] += np.bincount(total, output)
        self.longest = max(self.longest, int(total.max(initial=0)))
        self.requests += len(total)
        self.input += float(prompt.sum())
        self.output += float(output.sum())
        self.joint += np.histogram2d(prompt, output, bins=(JOINT, JOINT))[0]

    def arrive(self, seconds: Numbers) -> None:
        """Count arrivals by minute, and gaps between them while they are in order."""
        found, counts = np.unique(np.floor(seconds / MINUTE).astype(np.int64), return_counts=True)
        for minute, count in zip(found.tolist(), counts.tolist(), strict=True):
            self.minutes[minute] = self.minutes.get(minute, 0) + count
        gaps = np.diff(seconds if self.last is None else np.concatenate([[self.last], seconds]))
        self.in_order = self.in_order and bool((gaps >= 0).all())
        self.gaps += (len(gaps), gaps.sum(), (gaps**2).sum())
        self.last = float(seconds[-1]) if len(seconds) else self.last

    def share(self, hashes: list[Any], prompt: Numbers, block: int) -> None:
        """Count the input tokens of leading blocks that an earlier request had, in an unlimited cache."""
        seen = self.seen = np.zeros(MOST_BLOCKS, bool) if self.seen is None else self.seen
        for ids, tokens in zip(hashes, prompt.tolist(), strict=True):
            usable = isinstance(ids, list) and all(type(item) is int and 0 <= item < MOST_BLOCKS for item in ids)
            if not usable:
                self.blocks_known = False
                return
            known = seen[ids] if ids else np.zeros(0, bool)
            leading = len(ids) if known.all() else int(np.argmin(known))
            self.shared += min(leading * block, tokens)
            seen[ids] = True


def import_trace(
    file: Path,
    columns: Mapping[str, str] | None = None,
    *,
    unit: str = "",
    block: int = BLOCK,
    progress: Callable[[int, int], None] | None = None,
) -> Card:
    """Read a trace of requests into a card of ``traces``.

    Args:
        file: CSV, JSON lines or Parquet, a request a row; as long as it may be, in 200 MB of memory.
        columns: names of the columns that hold ``input`` and ``output`` (tokens), ``time`` and ``hash`` (ids of prefix blocks),
            where they are not those of the traces of Azure, Mooncake or BurstGPT.
        unit: of times that are numbers: ``s``, ``ms``, ``us`` or ``ns``. Without one it is ms for Mooncake's columns, that of their
            size where they count from 1970, and s otherwise.
        block: tokens of a prefix block.
        progress: called with the characters read since the last call, and the bytes of the file.

    Raises:
        WorkbookError: for a file without such columns, or without a usable row.

    """
    table = Table(file, progress)
    names = table.find("trace", KNOWN, columns or {}, needed=("input", "output"))
    unit = unit or ("ms" if names["input"] == "input_length" else "")
    sums = _Sums()
    for chunk in table.chunks(list(dict.fromkeys(names.values()))):
        prompt, output, good = _lengths(chunk, names, table)
        sums.add(prompt[good], output[good])
        if "time" in names:
            times = chunk.columns[names["time"]]
            unit = unit or time_unit(times)
            seconds = seconds_of(times, SCALES[unit or "s"])
            _note_times(seconds, good, chunk, names["time"], table)
            sums.arrive(seconds[good & np.isfinite(seconds)])
            if len(sums.minutes) > MOST_MINUTES:
                raise WorkbookError([Diagnostic(Place(str(file)), "spans more minutes than ten years have", "give --time-unit ms?")])
        if "hash" in names and sums.blocks_known:
            hashes = [_ids(item) for item, use in zip(chunk.columns[names["hash"]], good.tolist(), strict=True) if use]
            sums.share(hashes, prompt[good], block)
    if not sums.requests or sums.input + sums.output == 0:
        raise WorkbookError([*table.bad.first, Diagnostic(Place(str(file)), f"has no usable request in {table.bad.count:,} bad rows")])
    return _card(file, sums, table, names, unit)


def _lengths(chunk: Chunk, names: Mapping[str, str], table: Table) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """Return input and output tokens, and which rows have both; the others are counted as bad."""
    prompt, output = (numbers_of(chunk.columns[names[role]]) for role in ("input", "output"))
    fits = [(values >= 0) & (values <= MOST_TOKENS) & (values == np.floor(values)) for values in (prompt, output)]
    good = fits[0] & fits[1]
    for row in np.flatnonzero(~good).tolist():
        name = names["output" if fits[0][row] else "input"]
        message = f"{name} is {as_typed(chunk.columns[name][row])}, not a whole number of tokens from 0 to {MOST_TOKENS:,}"
        table.bad.add(chunk.lines[row], message)
    return prompt, output, good


def _note_times(seconds: Numbers, good: NDArray[np.bool_], chunk: Chunk, name: str, table: Table) -> None:
    for row in np.flatnonzero(good & ~np.isfinite(seconds)).tolist():
        table.bad.add(chunk.lines[row], f"{name} is {as_typed(chunk.columns[name][row])}, not a time; its lengths are counted")


def _ids(cell: Any) -> Any:
    """Return ids of blocks: a list, or a text such as '[1, 2]' in CSV."""
    if not isinstance(cell, str):
        return cell
    try:
        return [int(item) for item in cell.strip("[] ").replace(",", " ").split()]
    except ValueError:
        return None


def _knots(sums: _Sums) -> list[tuple[float, float, float]]:
    """Return twenty lengths with the share of requests up to each, and the output share multiplier of those between two of them.

    The lengths are those of our cards, or wider ones for longer requests. A bin's multiplier is its share of output by that of all
    requests, 1 where it has none.
    """
    uppers = np.array(KNOTS)
    if sums.longest > KNOTS[-1]:
        uppers = np.unique(np.round(np.geomspace(KNOTS[0], sums.longest, len(KNOTS))).astype(int))
    counts = sums.lengths[: sums.longest + 1]
    last = np.minimum(uppers, sums.longest)
    shares = np.cumsum(counts)[last] / sums.requests
    tokens, outputs = (
        np.diff(np.cumsum(each)[last], prepend=0.0) for each in (counts * np.arange(sums.longest + 1.0), sums.outputs[: sums.longest + 1])
    )
    of_all = sums.output / (sums.input + sums.output)
    scales = np.divide(outputs, tokens * of_all, out=np.ones(len(uppers)), where=tokens * of_all > 0)
    return [
        (int(upper), round(float(share), 6), round(float(scale), 4)) for upper, share, scale in zip(uppers, shares, scales, strict=True)
    ]


def _arrivals(sums: _Sums, unit: str) -> list[str]:
    """Return what is known of arrivals, as sentences; ``unit`` is that of times which are numbers."""
    taken = f", times in {unit}" if unit else ""
    if len(sums.minutes) < 2:  # noqa: PLR2004 one minute has no variance
        return [f"arrivals: all within a minute, which gives no rate{taken}"] if sums.minutes else []
    first, last = min(sums.minutes), max(sums.minutes)
    counts = np.zeros(min(last - first + 1, MOST_MINUTES))
    for minute, count in sums.minutes.items():
        counts[min(minute - first, len(counts) - 1)] += count
    inner = counts[1:-1] if len(counts) > 3 else counts  # noqa: PLR2004 the first and the last minute are cut short
    mean = inner.mean()
    lines = [f"arrivals: {mean / MINUTE:.4g} requests/s over {len(counts) / 60:.1f} hours{taken}"]
    hours = np.add.reduceat(counts, np.arange(0, len(counts), 60))
    whole = hours[: len(counts) // 60]
    if len(whole) > 1:
        lines.append(f"busiest hour over the average: {whole.max() / whole.mean():.2f}")
        cut = "" if len(whole) <= SHOWN_HOURS else f", the first {SHOWN_HOURS} of {len(whole)}"
        lines.append(f"requests/s by hour{cut}: {', '.join(f'{count / HOUR:.3g}' for count in whole[:SHOWN_HOURS])}")
    if mean > 0:
        lines.append(f"index of dispersion of a minute's requests (Poisson: 1): {inner.var() / mean:.2f}")
    number, total, squares = sums.gaps.tolist()
    if sums.in_order and total > 0:
        lines.append(f"coefficient of variation of gaps (Poisson: 1): {max(0, squares * number / total**2 - 1) ** 0.5:.2f}")
    elif not sums.in_order:
        lines.append("gaps between requests: not computed, the rows are not in order of time")
    return lines


def _joint(sums: _Sums) -> list[str]:
    """Return shares of requests by bins of input and output, as sentences."""
    shares = sums.joint / sums.requests
    lines = [f"share of requests by input (rows, tokens from) and output (columns, tokens from): {', '.join(map(str, JOINT[:-1]))}"]
    for lower, row in zip(JOINT, shares, strict=False):
        lines.append(f"  {lower}: {', '.join(f'{share:.4f}' for share in row)}")
    return lines


def _card(file: Path, sums: _Sums, table: Table, names: Mapping[str, str], unit: str) -> Card:
    few = sums.requests < ENOUGH
    derived = "computed from the file"
    fields = {
        "output_share": Value(round(sums.output / (sums.input + sums.output), 6), "output tokens over all tokens"),
        "mean_input": Value(round(sums.input / sums.requests, 1)),
        "mean_output": Value(round(sums.output / sums.requests, 1)),
        "requests": Value(sums.requests),
        "licence": Value("of your own", derived),
    }
    remarks = [*_arrivals(sums, unit), *_joint(sums)]
    warnings = [str(item) for item in table.bad.first]
    if table.bad.count:
        warnings.append(f"{table.bad.count:,} rows with a mistake, the first of them above; rows without lengths are left out")
    if "time" not in names:
        warnings.append("no column is known to hold times: no rate of arrivals; name one with --time-column")
    if "hash" in names and sums.blocks_known:
        remarks.append(
            f"share of input tokens in prefixes that an earlier request had (unlimited cache): {sums.shared / max(1, sums.input):.4f}"
        )
    elif "hash" in names:
        warnings.append("ids of prefix blocks are not lists of whole numbers: no share of prefixes")
    if few:
        warnings.append(f"{some(sums.requests, 'request')} say little of a distribution: graded low")
    means = f"mean input {sums.input / sums.requests:,.1f}, output {sums.output / sums.requests:,.1f} tokens"
    return Card(
        *("traces", key_of(file.stem), name_of(file.stem), f"{some(sums.requests, 'request')} read from a file; {means}.", file, fields),
        rows=_knots(sums),
        confidence="low" if few else "high",
        remarks=remarks,
        warnings=warnings,
        verdict="; ".join(
            [
                f"{some(sums.requests, 'request')}, {means}",
                *(line for line in remarks if line.startswith(("arrivals", "busiest", "index", "share of input"))),
            ]
        ),
    )
