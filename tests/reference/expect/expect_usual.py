"""Expectations of the usual sizes of figures on cards, on sheet Checks of either workbook."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # no stubs

from tests.reference.quantities import FROM_MEASUREMENTS, OF_THE_CARD, PAPER, PLANNING, Inputs, Registry

CATALOGUES = Path(__file__).parents[3] / "templates" / "catalogues"


@cache
def declared() -> dict[str, tuple[str, str, float, float]]:
    """Return (catalogue, field, low, high) by the key of their row, as the catalogues declare them."""
    found = {}
    for path in sorted(CATALOGUES.glob("*.yaml")):
        for name, field in fields_of(path.stem).items():
            if "usual" in field:
                low, high = map(float, field["usual"])
                found[f"{path.stem}_{name}"] = (path.stem, name, low, high)
    return found


@cache
def fields_of(catalogue: str) -> dict[str, dict[str, Any]]:
    """Return what a catalogue declares of its fields."""
    fields: dict[str, dict[str, Any]] = yaml.safe_load((CATALOGUES / f"{catalogue}.yaml").read_text("utf-8"))["fields"]
    return fields


def figures(i: Inputs, key: str) -> Iterator[float]:
    """Give the figures of all cards in a row's field."""
    catalogue, field, _, _ = declared()[key]
    for card in i.members(catalogue):
        if f"{catalogue}.{card}.{field}" in i or field in OF_THE_CARD or f"{catalogue}.{card}.{field}" in FROM_MEASUREMENTS:
            yield i[f"{catalogue}.{card}.{field}"]


def outside(i: Inputs, key: str) -> float:
    """Return how many cards have a figure outside the usual; 0 stands for none."""
    _, _, low, high = declared()[key]
    return float(sum(value > 0 and not low <= value <= high for value in figures(i, key)))


def register(registry: Registry, basis: str) -> None:
    """Register the table and its check."""
    registry.add("usual.least", lambda i, key: min(figures(i, key)))
    registry.add("usual.most", lambda i, key: max(figures(i, key)))
    registry.add("usual.outside", outside)
    registry.add("checks.usual", lambda i: sum(outside(i, key) for key in shown(i, basis)))


def shown(i: Inputs, basis: str) -> list[str]:
    """Return the rows of a workbook: of the fields that all of its cards may have, in catalogues that it lists."""
    listed = {
        "paper": ("hardware", "models", "power_curves"),
        "corrected": ("engines", "hardware", "kernels", "models", "printed_profiles", "power_fits", "servers", "sites", "traces"),
    }[basis]
    own = [key for key, (catalogue, field, *_) in declared().items() if fields_of(catalogue)[field].get("basis", basis) == basis]
    return [key for key in own if declared()[key][0] in listed and any(figures(i, key)) and not is_optional(key)]


def is_optional(key: str) -> bool:
    """Tell whether cards may lack a field: such fields stand in no list."""
    catalogue, name, _, _ = declared()[key]
    return bool(fields_of(catalogue)[name].get("optional"))


register(PAPER, "paper")
register(PLANNING, "corrected")
