"""Figures that a card borrows from another of its catalogue, as the files of the templates say."""

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

TEMPLATES = Path(__file__).parents[2] / "templates"
CATALOGUES = ("hardware", "servers")


@cache
def lenders() -> dict[str, str]:
    """Return for the id of each borrowed figure the id of the one that it follows."""
    found: dict[str, str] = {}
    for catalogue in CATALOGUES:
        for path in sorted((TEMPLATES / catalogue).glob("*.yaml")):
            card: Any = YAML(typ="safe").load(path)
            groups = card["fields"] if isinstance(card["fields"], list) else []
            for group in groups:
                if "borrowed" in group:
                    found |= {f"{catalogue}.{path.stem}.{field}": f"{catalogue}.{group['borrowed']}.{field}" for field in group["figures"]}
    return found
