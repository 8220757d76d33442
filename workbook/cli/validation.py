"""The command that judges the model by measured points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbook.cli import options
from workbook.cli.options import PATH
from workbook.cli.questions import print_frame

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

DIGITS = 3


@click.command(cls=options.Command)
@click.option("--data", type=PATH, metavar="FILE", help="Judge by the measured points of a CSV file of your own.")
@click.option(
    "--by",
    default="",
    metavar="COLUMNS",
    help="Group by these together, such as gpu,model: gpu, model, precision, engine, kind, load, published.",
)
@options.form
@options.cards
@options.templates
def validate(data: Path | None, by: str, form: str, templates: Path | None, overlay: tuple[Path, ...]) -> None:
    """Compare the planning model with measured power, throughput and times, by group.

    Errors are given apart: in_sample with the constants as they are, held_out with constants fitted without all points of the
    same model, gpu_out without all points of the same GPU. Where no constant was fitted (points of others, or your own), all are one.
    """
    from workbook.validation import errors  # noqa: PLC0415 pandas is loaded only when needed

    names = [name.strip() for name in by.split(",") if name.strip()]
    frame = errors.validate(data, names, templates, overlay)
    if form != "text":
        print_frame(frame.round(DIGITS).replace(-0.0, 0.0), form, [], digits=DIGITS)  # rounding leaves a sign
        return
    print_frame(_shown(frame), form, list(frame.columns))
    click.echo("".join(f"\n{name}: {meaning}" for name, meaning in errors.NAMES.items() if name in frame.columns).lstrip("\n"))


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with shares and errors in percent."""
    shares = [name for name in frame.columns if frame[name].dtype == float]
    shown = frame.astype(object)
    for name in shares:
        sign = "+" if name == "signed" else ""
        shown[name] = [f"{value:{sign}.0%}" if value == value else "" for value in frame[name]]  # noqa: PLR0124 not a number
    return shown
