"""The order of test modules: those that take longest come first, so that none of them runs alone at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

LONGEST_FIRST = (
    "roundtrip/test_new_gpu",
    "roundtrip/test_measured_curve",
    "engines/test_case_edits",
    "roundtrip/test_planning",
    "engines/test_planning_workbook",
    "reference/test_every_quantity",
    "reference/test_every_planning_quantity",
    "roundtrip/test_account_sheets",
    "engines/test_perturbed",
    "engines/test_fleet_edits",
    "roundtrip/test_pull",
    "engines/test_bad_questions",
    "unit/test_whole_or_not",
    "unit/test_command_line",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules named first; the others keep their order."""
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get("/".join(item.path.with_suffix("").parts[-2:]), len(place)))
