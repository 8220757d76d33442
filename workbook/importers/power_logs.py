"""Logs of power as readings in a steady state: watts of a GPU by sequences in flight, from what monitors and tables hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbook.errors import Diagnostic, Place, Problems, WorkbookError, as_typed, some
from workbook.importers.rows import SCALES, SHOWN, Table, number_of, seconds_of, time_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

KNOWN: Mapping[str, tuple[str, ...]] = {  # by tables; nvidia-smi; dcgmi and its exporter; rocm-smi; amd-smi
    "batch": ("batch", "batch_avg", "batch_size", "concurrency", "max_concurrency", "in_flight", "num_requests_running", "running"),
    "watts": (
        *("watts", "W", "power", "power_w", "w_per_gpu", "watts_per_gpu"),
        *("power.draw [W]", "power.draw", "power.draw.average [W]", "power.draw.instant [W]", "power.draw.average", "power.draw.instant"),
        *("pwr", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_POWER_USAGE_INSTANT"),
        *("Average Graphics Package Power (W)", "Current Socket Graphics Package Power (W)"),
        *("socket_power", "current_socket_power", "average_socket_power", "power_usage"),
    ),
    "throughput": ("throughput", "tok_s", "throughput_tok_s", "tokens_per_second", "output_throughput", "tok_s_instance"),
    "time": ("timestamp", "time"),
}
MOST_BATCHES = 10_000
WARM_UP = 30.0  # seconds
MOST_BATCH, MOST_WATTS = 1e6, 1e5


@dataclass
class Readings:
    """Sums of watts and throughput by sequences in flight, without the warm-up of each.

    Args:
        sums: rows, watts of a GPU and tok/s, by sequences in flight.
        alone: the first row of each: kept where nothing follows it, as in a table.
        dropped: rows of warm-up that were left out.
        bad: the first rows that could not be used, of ``spoilt``.
        warnings: what makes the readings less than they seem.

    """

    sums: dict[float, Numbers] = field(default_factory=dict)
    alone: dict[float, Numbers] = field(default_factory=dict)
    dropped: int = 0
    bad: list[Diagnostic] = field(default_factory=list)
    spoilt: int = 0
    warnings: list[str] = field(default_factory=list)

    def means(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return sequences in flight with mean watts and mean tok/s, the fewest first."""
        table = self.dropped == len(self.alone) and not self.sums
        self.dropped, kept = (0, self.alone) if table else (self.dropped, self.sums)
        found = np.array([(batch, *(total[1:] / total[0])) for batch, total in sorted(kept.items())]).reshape(-1, 3)
        return found[:, 0], found[:, 1], found[:, 2]


def read_logs(
    files: Sequence[Path],
    columns: Mapping[str, str],
    *,
    batches: Sequence[float] = (),
    needed: tuple[str, ...] = (),
    warm_up: float = WARM_UP,
    progress: Callable[[int, int], None] | None = None,
) -> Readings:
    """Return the readings of logs.

    Args:
        files: CSV, JSON lines, Parquet, or the columns that dcgmi dmon and nvidia-smi dmon print.
        columns: names of columns by what they hold, where they are not among ``KNOWN``.
        batches: sequences in flight of each file, where no column has them.
        needed: what a file must hold beside watts.
        warm_up: seconds at the start of every number of sequences that are left out, where the file has times.
        progress: called with the characters read since the last call, and the bytes of the file.

    Raises:
        WorkbookError: for files that cannot be read or lack columns, and unless there is one of ``batches`` for each file or none.

    """
    if batches and len(batches) != len(files):
        message = f"{some(len(files), 'file')}, and sequences in flight for {len(batches)} of them"
        raise WorkbookError([Diagnostic(None, message, "give --batch once for each file, in the order of the files")])
    readings, timeless, problems = Readings(), 0, Problems()
    asked = ("watts", *needed) if batches else ("batch", "watts", *needed)
    for place, file in enumerate(files):
        try:
            table = Table(file, progress)
            names = table.find("power", KNOWN, columns, asked, "" if batches else "; or give a log for each load, with --batch for each")
        except WorkbookError as error:
            problems.found.extend(error.diagnostics)
            continue
        _add(readings, table, names, batches[place] if batches else None, warm_up)
        readings.bad = [*readings.bad, *table.bad.first][:SHOWN]
        readings.spoilt += table.bad.count
        timeless += bool(batches) and "time" not in names
    problems.raise_if_any()
    readings.warnings += [str(item) for item in readings.bad]
    if readings.spoilt:
        readings.warnings.append(f"{readings.spoilt:,} rows with a mistake are left out")
    if timeless:
        readings.warnings.append(f"{timeless} of {len(files)} logs have no times: of these no warm-up is left out")
    return readings


def _add(readings: Readings, table: Table, names: Mapping[str, str], batch: float | None, warm_up: float) -> None:
    """Add the rows of a log; those without numbers above 0 are counted as bad."""
    last, since = float("nan"), 0.0
    for line, cells, now in _rows(table, names, batch):
        found, watts, speed = (_reading(cell) for cell in cells)
        if not (0 < found <= MOST_BATCH and 0 < watts <= MOST_WATTS and speed >= 0):
            table.bad.add(line, _mistake(cells, found, watts))
            continue
        if found != last:
            last, since = found, now if np.isfinite(now) else 0.0
        reading = np.array([1.0, watts, speed])
        readings.alone.setdefault(found, reading)
        if now - since < warm_up:
            readings.dropped += 1
        else:
            readings.sums[found] = readings.sums.get(found, np.zeros(3)) + reading
        if len(readings.alone) > MOST_BATCHES:
            raise WorkbookError([Diagnostic(Place(str(table.path)), f"has more than {MOST_BATCHES:,} batches", "round them")])


def _mistake(cells: tuple[Any, Any, Any], batch: float, watts: float) -> str:
    """Return what is wrong with the cells of a row: of several, the first."""
    if not 0 < batch <= MOST_BATCH:
        return f"batch is {as_typed(cells[0])}, not a number above 0 and up to {MOST_BATCH:,.0f}"
    if not 0 < watts <= MOST_WATTS:
        return f"watts are {as_typed(cells[1])}, not a number above 0 and up to {MOST_WATTS:,.0f}"
    return f"throughput is {as_typed(cells[2])}, not a number from 0 on"


def _rows(table: Table, names: Mapping[str, str], batch: float | None) -> Iterator[tuple[int, tuple[Any, Any, Any], float]]:
    """Yield the line of each row, its cells of batch, watts and tok/s, and its time (infinity for none)."""
    for chunk in table.chunks(list(dict.fromkeys(names.values()))):
        cells, count = {role: chunk.columns[name] for role, name in names.items()}, len(chunk.lines)
        times = seconds_of(cells["time"], SCALES[time_unit(cells["time"]) or "s"]) if "time" in cells else np.full(count, np.inf)
        batches = cells["batch"] if batch is None else [batch] * count
        speeds = cells.get("throughput") or [0] * count
        for line, *row, now in zip(chunk.lines, batches, cells["watts"], speeds, times.tolist(), strict=True):
            yield line, (row[0], row[1], row[2]), now


def _reading(cell: Any) -> float:
    """Return a number, also one that its unit follows, such as '512.3 W'."""
    return number_of(cell.strip().removesuffix("W")) if isinstance(cell, str) else number_of(cell)
