"""The commands that read files of one's own into cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import Progress

from workbook.cli import options
from workbook.cli.options import PATH
from workbook.errors import some

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbook.importers.card import Card

_BOOKS = {"power_curves": "paper "}  # workbooks, other than planning, whose cards a kind is of
_LONG = 16 * 1024 * 1024  # bytes; shorter files are read before a bar could be seen
out = click.option("-o", "--out", type=PATH, metavar="CARD", help="Where to write; KEY.yaml in the current folder by default.")
file = click.argument("file", type=PATH)


class _Group(click.Group):
    command_class = options.Command


@click.group("import", cls=_Group)
def importing() -> None:
    """Read a file of your own into a card: a trace, a model's config.json, a benchmark, a log of power.

    Build with --overlay CARD, or put the card into the folder of its kind under templates of your own.
    """


def _finish(card: Card, target: Path | None, others: str = "") -> None:
    """Write a card, and say what became of it; ``others`` are the options that give the cards which it names."""
    path = card.save(target)
    for line in card.warnings:
        click.echo(line, err=True)
    click.echo(f"{path}: {card.verdict}; for workbook build {_BOOKS.get(card.kind, '')}--overlay {path}{others}")
    if card.kind in _BOOKS:
        click.echo("planning.xlsx takes curves with step times: give --gpu, --model, --series and --context")


def _read(file: Path, run: Callable[[Callable[[int, int], None]], Card]) -> Card:
    """Run an importer with a bar for long files, on a terminal only."""
    console = Console(stderr=True)
    shown = console.is_terminal and file.is_file() and file.stat().st_size > _LONG
    with Progress(console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task(file.name, total=None)
        return run(lambda done, total: bar.update(task, advance=done, total=total))


@importing.command()
@file
@out
@click.option("--input-column", metavar="NAME", help="The column of input tokens.")
@click.option("--output-column", metavar="NAME", help="The column of output tokens.")
@click.option("--time-column", metavar="NAME", help="The column of arrival times: dates, or numbers.")
@click.option("--hash-column", metavar="NAME", help="The column of ids of prefix blocks.")
@click.option(
    "--time-unit",
    type=click.Choice(["s", "ms", "us", "ns"]),
    help="Unit of times that are numbers; ms for Mooncake's columns, else by their size.",
)
@click.option("--block", type=click.IntRange(1, 1 << 20), default=512, show_default=True, help="Tokens of a prefix block.")
def trace(file: Path, out: Path | None, time_unit: str | None, block: int, **columns: str | None) -> None:
    """Read a trace of requests (CSV, JSON lines or Parquet): lengths, rates, shared prefixes.

    The columns of the traces of Azure, Mooncake and BurstGPT are known; name others.
    """
    from workbook.importers.trace import import_trace  # noqa: PLC0415 pandas is loaded only when needed

    given = {name.removesuffix("_column"): value for name, value in columns.items() if value}
    _finish(_read(file, lambda progress: import_trace(file, given, unit=time_unit or "", block=block, progress=progress)), out)


@importing.command()
@file
@out
def model(file: Path, out: Path | None) -> None:
    """Read a model's config.json of Hugging Face: its shape, parameters and KV cache."""
    from workbook.importers.model import import_model  # noqa: PLC0415 as above

    _finish(import_model(file), out)


@importing.command()
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@out
@click.option("--batch", "batches", type=click.FloatRange(0, 1e6, min_open=True), multiple=True, help="Sequences in flight, once a file.")
@click.option("--batch-column", metavar="NAME", help="The column of sequences in flight.")
@click.option("--watts-column", metavar="NAME", help="The column of watts of a GPU.")
@click.option("--throughput-column", metavar="NAME", help="The column of output tokens per second.")
@click.option("--time-column", metavar="NAME", help="The column of times: dates, or seconds.")
@click.option("--warm-up", type=click.FloatRange(0, 1e6), default=30, show_default=True, help="Seconds left out when the batch changes.")
@click.option("--gpu", metavar="KEY", help="For a card of power_fits: the card of the GPU.")
@click.option("--model", metavar="KEY", help="As --gpu: the card of the model.")
@click.option("--series", metavar="KEY", help="As --gpu: the measured series to compare it with.")
@click.option("--context", type=click.FloatRange(1, 1e7), help="As --gpu: mean tokens of a sequence in flight.")
@click.option("--gpus", type=click.IntRange(1, 1024), default=1, show_default=True, help="GPUs of the instance.")
@click.option("--precision", default="bf16", show_default=True, help="Precision of the weights.")
def power(
    files: tuple[Path, ...],
    out: Path | None,
    batches: tuple[float, ...],
    warm_up: float,
    gpus: int,
    precision: str,
    context: float | None,
    **more: str | None,
) -> None:
    """Read logs of power (nvidia-smi, DCGM, rocm-smi, amd-smi) or a table of batch, watts and tok/s, and fit the power curve.

    One file with a column of sequences in flight, or one for each load with --batch for each. The card is one of power_curves; with
    --gpu, --model, --series and --context one of power_fits, with W and H.
    """
    from workbook.importers.power import Instance, import_power  # noqa: PLC0415 as above

    columns = {name.removesuffix("_column"): value for name, value in more.items() if name.endswith("_column") and value}
    keys = {name: value for name in ("gpu", "model", "series") if (value := more[name])}
    instance = None
    if keys or context:
        if len(keys) < 3 or not context:  # noqa: PLR2004 all of them
            raise click.UsageError("give --gpu, --model, --series and --context together")
        instance = Instance(keys["gpu"], keys["model"], keys["series"], context, gpus, precision)

    def run(progress: Callable[[int, int], None]) -> Card:
        return import_power(files, columns, batches=batches, instance=instance, warm_up=warm_up, progress=progress)

    _finish(_read(files[0], run), out)


@importing.command()
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@click.option("-o", "--out", type=PATH, metavar="POINTS", help="Where to write; NAME_points.csv in the current folder by default.")
@click.option("--card", type=PATH, metavar="CARD", help="Where to write the card with W and H; KEY.yaml beside the points by default.")
@click.option("--model", default="", metavar="KEY", help="The card of the model, where the files name it otherwise.")
@click.option("--gpu", default="", metavar="KEY", help="The card of the GPU.")
@click.option("--engine", default="", metavar="KEY", help="The card of the engine.")
@click.option("--weights", default="", metavar="NAME", help="The precision of the weights.")
@click.option("--gpus", type=click.IntRange(1, 1024), metavar="NUMBER", help="GPUs of the instance.")
@click.option("--replicas", type=click.IntRange(1, 1024), metavar="NUMBER", help="Attention replicas among them.")
@click.option("--cached", type=click.IntRange(1, 2), metavar="BYTES", help="Bytes of a number in the KV cache; 2 unless the file says fp8.")
@options.cards
@options.templates
def benchmark(
    files: tuple[Path, ...], out: Path | None, card: Path | None, templates: Path | None, overlay: tuple[Path, ...], **setup: Any
) -> None:
    """Read results of benchmarks into measured points, and say how far the model is from them.

    Known are vLLM bench serve, SGLang bench_serving, trtllm-bench, GuideLLM, AIPerf, GenAI-Perf, InferenceX, and tables (CSV, JSON
    lines, Parquet). Where several numbers of sequences in flight were measured, W and H are fitted into a card of power_fits.
    """
    from workbook.importers.benchmark import Setup, import_benchmark  # noqa: PLC0415 as above
    from workbook.validation.verdict import verdict  # noqa: PLC0415 as above

    found = import_benchmark(files, Setup(**{name: value for name, value in setup.items() if value}), templates=templates, overlay=overlay)
    path = found.save(out)
    for line in found.warnings:
        click.echo(line, err=True)
    cards = "".join(f" --overlay {item}" for item in overlay)
    judged = verdict(path, templates, overlay)
    click.echo(f"{path}: {some(len(found.points), 'measured point')}; {judged}; for workbook validate --data {path}{cards}")
    if found.card:
        _finish(found.card, card or path.with_name(f"{found.card.key}.yaml"), cards)
    else:
        click.echo(f"no card: {found.lacking}")
