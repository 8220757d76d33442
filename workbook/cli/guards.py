"""Texts of lists that spreadsheet programs open, which must never become formulas there."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(item: object) -> object:
    """Return a text as a spreadsheet program that opens the list shows it: one that looks like a formula begins with an apostrophe."""
    return f"'{item}" if isinstance(item, str) and item.startswith(FORMULA_STARTS) else item
