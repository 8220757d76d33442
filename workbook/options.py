"""What several commands of the command line have in common: options, exit statuses, how much is listed."""

from __future__ import annotations

from pathlib import Path

import click

FINDING, BAD_INPUT = 1, 2
SHOWN_DIFFERENCES = 50
PATH = click.Path(path_type=Path)
templates = click.option("--templates", type=PATH, metavar="DIR", help="Use these templates instead of the packaged ones.")
overlays = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="Lay cases and inputs of a file over the templates; may be repeated.",
)
