"""What choices were made among, by key: a file carries it, so that a choice is still known when cards and cases have other names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Bounds
from workbook.errors import as_typed
from workbook.model.builder import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.model.graph import Model

PART = "choices"  # of the record of a build


def part_of(model: Model) -> dict[str, object]:
    """Return for each catalogue or table that inputs choose from the names by key, and which quantities choose from it."""
    keyed = {quantity.id: quantity.bounds.key for quantity in model.quantities.values() if quantity.bounds.key}
    bounds = {quantity.bounds.key: quantity.bounds for quantity in model.quantities.values() if quantity.bounds.key}
    return {"names": {key: model.choices(bounds[key]) for key in sorted(bounds)}, "chosen": dict(sorted(keyed.items()))}


@dataclass(slots=True)
class Choices:
    """The keys by name, in lower case, of each catalogue or table that a file chose from, and which quantities choose from which.

    ``built`` gives what the keys were called when the file was built, ``names`` what they are called today, where that is known;
    ``typed`` the names that users gave keys in the file.
    """

    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    built: dict[str, dict[str, str]] = field(default_factory=dict)
    typed: dict[str, dict[str, str]] = field(default_factory=dict)

    def key(self, cell_id: str, value: object) -> str | None:
        """Return the key of what an input shows; None where it is no choice, or of none that are known."""
        return self.keys.get(self._of(cell_id), {}).get(str(value).lower())

    def shown(self, cell_id: str, value: float | str | None) -> float | str | None:
        """Return a value as it is shown today: a choice by the name that its key has now, anything else as it is."""
        key = self.key(cell_id, value)
        return value if key is None else self.names.get(self._of(cell_id), {}).get(key, value)

    def as_built(self, cell_id: str, value: float | str) -> float | str:
        """Return a value as it was shown by the build: a choice by the name that its key had then, anything else as it is."""
        key = self.key(cell_id, value)
        return value if key is None else self.built[self._of(cell_id)][key]

    def rename(self, edits: Mapping[str, float | str]) -> None:
        """Take the names that members of tables have in the file; what they were called when it was built is known, too."""
        for cell_id, name in edits.items():
            table, member, *column = cell_id.split(".")
            if table in self.keys and column == [NAME]:
                self._rename(table, member, str(name))

    def _rename(self, table: str, member: str, name: str) -> None:
        self.keys[table] = {**self.keys[table], name.lower(): member}
        self.typed.setdefault(table, {})[member] = name

    def renamed(self, edits: Mapping[str, float | str]) -> dict[str, str]:
        """Return by id what to say of choices that go by a former name of what they chose."""
        found = {}
        for cell_id, value in edits.items():
            name = self.typed.get(self._of(cell_id), {}).get(self.key(cell_id, value) or "", "")
            if name and name.lower() != str(value).lower():
                found[cell_id] = f"chooses {as_typed(value)}, which is now called {as_typed(name)}"
        return found

    def follow(self, model: Model) -> None:
        """Take the names of today."""
        self.names = {key: model.choices(Bounds(key=key)) for key in self.keys}

    def _of(self, cell_id: str) -> str:
        table, *_, column = cell_id.split(".")
        return self.chosen.get(f"{table}.{column}", "")


def choices_of(carried: Mapping[str, object]) -> Choices:
    """Return the choices of a file from what it carries; none where it carries nothing of the kind."""
    part = carried.get(PART)
    names, chosen = (part.get("names"), part.get("chosen")) if isinstance(part, dict) else (None, None)
    found = Choices()
    for table, texts in names.items() if isinstance(names, dict) else ():
        if isinstance(texts, dict):
            found.built[table] = {key: str(shown) for key, shown in texts.items()}
            found.keys[table] = {str(shown).lower(): key for key, shown in texts.items()}
    found.chosen = {name: str(key) for name, key in chosen.items()} if isinstance(chosen, dict) else {}
    return found


def by_key(model: Model, cell_id: str, value: float | str) -> float | str:
    """Return the key of what an input shows by the names of a model, or the value as it is where it is no choice."""
    quantity, _ = model.find(cell_id) or ("", 0)
    choices = model.choices(model.quantities[quantity].bounds) if quantity else {}
    return next((key for key, shown in choices.items() if shown == value), value)
