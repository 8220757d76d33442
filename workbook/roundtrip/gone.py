"""What of an edited file the templates at hand do not have: sheets, cards, and inputs that nobody edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.changes.differences import PART
from workbook.changes.sheets import is_account_sheet, is_of_account
from workbook.declare.origin import templates_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from workbook.layout.plan import Layout
    from workbook.record.read import Baseline

NAMED = 5  # inputs of one table that are named


def gone(known: Baseline, layout: Layout, edited: Container[str]) -> list[str]:
    """Return what goes when a file is built on these templates, a line each; edited inputs are reported elsewhere."""
    cards = dict(_cards(known, layout))
    lines = [
        f"sheet '{name}'" for name in known.texts if name not in layout.sheets and not (PART in known.carried and is_account_sheet(name))
    ]
    lines += cards.values()
    tables: dict[str, list[str]] = {}
    for name in known.inputs:
        if not is_of_account(name) and layout.model.find(name) is None and name not in edited and not _is_of(name, cards):
            tables.setdefault(name.partition(".")[0], []).append(name)
    for names in tables.values():
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        lines.append(f"{'input' if len(names) == 1 else 'inputs'} {', '.join(names[:NAMED])}{more}")
    return lines


def _cards(known: Baseline, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield the cards that go: how the ids of their inputs begin, and what they are called."""
    catalogues = layout.model.declared.catalogues
    for catalogue, names in templates_of(known.carried).cards.items():
        today = catalogues[catalogue].cards if catalogue in catalogues else {}
        yield from ((f"{catalogue}.{key}.", f"card '{name}' ({catalogue}/{key})") for key, name in names.items() if key not in today)


def _is_of(name: str, beginnings: Container[str]) -> bool:
    table, _, rest = name.partition(".")
    return f"{table}.{rest.partition('.')[0]}." in beginnings
