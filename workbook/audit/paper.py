"""Rules on what people print, and on what those who cannot see a chart are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.audit.rules import PROJECT, Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined

_ASKED = {"the name of the workbook": ("&F", ""), "a version": ("ersion",), "the page": ("&P",)}


def _headers(file: Examined) -> Iterator[Found]:
    for sheet in file.shown:
        text = sheet.page.header + sheet.page.footer
        words = text.replace("&", " &")
        missing = [
            what for what, marks in (("version", ("version", "Version")), ("page", ("&P",))) if not any(mark in words for mark in marks)
        ]
        if not any(part.strip() for part in text.replace("&L", "").replace("&C", "").replace("&R", "").replace("&P", "").split("&A")):
            missing.insert(0, "workbook")
        if missing:
            yield Found(sheet.name, None, f"header and footer lack: {', '.join(missing)}")


def _described(file: Examined) -> Iterator[Found]:
    for sheet in file.shown:
        for chart in sheet.charts:
            if not chart.description.strip():
                yield Found(sheet.name, None, f"{chart.name or 'a chart'} has no alternative text")


RULES = (
    Rule("503", "Header or footer name workbook, version and page", PROJECT("docs/howto/audit_a_workbook.md"), _headers),
    Rule("504", "Every chart has alternative text", "WCAG 2.2, 1.1.1 Non-text content", _described),
)
