"""The limits of inputs as a file carries them, so that what was typed can be judged without the templates."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbook.declare.catalogues import Bounds
from workbook.declare.limits import check_bounds
from workbook.errors import Problems, as_typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbook.errors import Diagnostic
    from workbook.layout.plan import Layout

PART = "limits"  # its name among what a file carries
NONE = Bounds()


@dataclass(frozen=True, slots=True)
class Limits:
    """What an input of a quantity may be; ``names`` are the cards or rows that it chooses from, a list ``increases``."""

    bounds: Bounds
    names: tuple[str, ...] = ()
    increases: bool = False

    @property
    def is_free(self) -> bool:
        """Whether texts are not bound to choices."""
        return not self.names and not self.bounds.choices

    def wrong(self, value: float | str, more: Iterable[str] = ()) -> str:
        """Say why an input cannot hold a value; nothing where it can. ``more`` are names that people gave since."""
        if self.names and isinstance(value, str):
            known = {plain(name) for name in (*self.names, *more)}
            return "" if plain(value) in known else f"{as_typed(value)} is not one of the choices"
        problems = Problems()
        check_bounds(value, self.bounds, None, "", problems)
        return reason(problems.found[0]) if problems.found else ""


def reason(found: Diagnostic, name: str = "") -> str:
    """Return what is wrong with a value in one sentence, without the name of the input."""
    text = found.message.removeprefix(name).lstrip(": ")
    return f"{text} ({found.fix})" if found.fix else text


def plain(name: str) -> str:
    """Return a name as names are compared: without case, and with one blank for any run of them."""
    return " ".join(name.split()).lower()


def told(layout: Layout) -> dict[str, Any]:
    """Return the limits of all inputs by quantity, as JSON can hold them, and the names that keyed inputs choose from."""
    model = layout.model
    quantities: dict[str, Any] = {}
    names: dict[str, list[str]] = {}
    for name in layout.segments:
        quantity = model.quantities[name]
        if not any(quantity.is_settable(row) for row in range(quantity.size)):
            continue
        bounds = {key: value for key, value in asdict(quantity.bounds).items() if value != getattr(NONE, key)}
        limits: dict[str, Any] = {key: list(value) if key == "choices" else value for key, value in bounds.items()}
        if quantity.bounds.key:
            names[quantity.bounds.key] = list(model.choices(quantity.bounds).values())
        if model.tables[quantity.table].kind == "list":
            limits["increases"] = True
        quantities[name] = limits
    return {"quantities": quantities, "names": names}


def read(carried: Mapping[str, Any]) -> dict[str, Limits]:
    """Return the limits by quantity that a file carries; none of a file that was built without them.

    Raises TypeError, KeyError, ValueError or AttributeError for what ``told`` did not write.
    """
    part = carried.get(PART, {"quantities": {}, "names": {}})
    found = {}
    for name, limits in part["quantities"].items():
        given: dict[str, Any] = {key: tuple(value) if key == "choices" else value for key, value in limits.items() if key != "increases"}
        bounds = Bounds(**given)
        found[name] = Limits(bounds, tuple(part["names"].get(bounds.key, ())), limits.get("increases", False))
    return found
