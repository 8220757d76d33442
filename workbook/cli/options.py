"""What several commands of the command line have in common: options, exit statuses, how much is listed."""

from __future__ import annotations

from collections import Counter
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbook.api import DEFAULT
from workbook.declare.overlay_files import MOST_CASES, UTMOST_CASES, Overlays

if TYPE_CHECKING:
    from collections.abc import Callable

FINDING, BAD_INPUT = 1, 2
SHOWN_DIFFERENCES = 50
PATH = click.Path(path_type=Path)
name = click.argument("name", default=DEFAULT)
sets = click.option("--set", "sets", multiple=True, metavar="ID=VALUE", help="Replace an input; may be repeated.")
form = click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
templates = click.option("--templates", type=PATH, metavar="DIR", help="Use these templates instead of the packaged ones.")
_overlay = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="Lay cases, inputs or a card of a file over the templates; may be repeated.",
)
cards = click.option(
    "--overlay",
    "overlay",
    multiple=True,
    type=PATH,
    metavar="CARD",
    help="Use a card from a file, such as a GPU's, in addition to those of the templates; may be repeated.",
)
_most_cases = click.option(
    "--most-cases",
    type=click.IntRange(1, UTMOST_CASES),
    default=MOST_CASES,
    show_default=True,
    metavar="NUMBER",
    help="How many cases overlays may add, those that a file carries among them.",
)


def overlays(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of overlays, as one argument ``overlays``."""

    @wraps(command)
    def called(*args: Any, overlays: tuple[Path, ...], most_cases: int, **more: Any) -> Any:
        return command(*args, overlays=Overlays(overlays, most_cases), **more)

    return _overlay(_most_cases(called))


def pairs(sets: tuple[str, ...], option: str = "--set", form: str = "ID=VALUE") -> dict[str, str | float]:
    """Return what a repeated option gives, by name; raises click.BadParameter."""
    found: dict[str, str | float] = {}
    for item in sets:
        key, sign, value = item.partition("=")
        if not sign or not key or not value:
            raise click.BadParameter(f"'{item}' is not of the form {form}", param_hint=option)
        if key in found:
            raise click.BadParameter(f"'{key}' is set twice", param_hint=option)
        found[key] = value
    return found


class Command(click.Command):
    """A command that refuses an option given more often than it is read: click takes the last of them and drops the others."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse arguments; options that share a name, such as flags for the values of one choice, count as one option."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        single = [item for item in order if isinstance(item, click.Option) and not item.multiple]
        flags = dict.fromkeys(item for item in single if item.is_flag)  # the same flag twice says the same
        given = Counter(item.name for item in [*flags, *(item for item in single if not item.is_flag)])
        for name, count in given.items():
            if count > 1:
                options = [item for item in self.params if isinstance(item, click.Option) and item.name == name]
                raise click.UsageError(self._given_more_than_once(options), ctx)
        return super().parse_args(ctx, args)

    @staticmethod
    def _given_more_than_once(options: list[click.Option]) -> str:
        names = [max(item.opts, key=len) for item in options]
        if len(names) > 1:
            return f"{', '.join(names[:-1])} and {names[-1]} exclude each other: give one of them"
        return f"{names[0]} is given more than once: give it once"
