"""Units that know their scope, checked at build time.

Scopes (gpu, instance, node, fleet) are dimensions like seconds and bytes, so that tokens of an instance over watts of
one GPU cannot pass for tokens per joule. Definitions are read from ``units.txt`` by pint; no conversion is implicit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import pint

from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Unit = Any  # pint.Unit is generated per registry and has no usable static type

SCOPES = ("[gpu]", "[instance]", "[node]", "[domain]", "[fleet]")

# Names joined by * and /, perhaps raised to written powers; pint alone would also take plurals, 'per', ^ and //.
_NAME = re.compile(r"[A-Za-z]\w*")
_FACTOR = r"[A-Za-z]\w*(?:\*\*-?\d{1,3}(?:\.\d{1,3})?)?"
_WRITTEN = re.compile(rf"(?:1(?=/)|{_FACTOR})(?:[*/]{_FACTOR})*")


class UnknownUnitError(ValueError):
    """A unit that units.txt does not define."""


class Units:
    """The registry of one set of templates."""

    def __init__(self, definitions: Path) -> None:
        """Read definitions; raises ValueError when the file is not a list of unit definitions."""
        try:
            self.registry: pint.UnitRegistry[Any] = pint.UnitRegistry(str(definitions), cache_folder=None)
        except (pint.errors.DefinitionSyntaxError, pint.errors.RedefinitionError, OSError, TypeError, ValueError) as error:
            raise ValueError(str(error)) from None
        self.one: Unit = self.registry.dimensionless
        self.defined = set(self.names())
        self.parse = lru_cache(maxsize=None)(self._parse)
        self.factor = lru_cache(maxsize=None)(self._factor)

    def _parse(self, text: str) -> Unit:
        if text in {"1", ""}:
            return self.one
        if not _WRITTEN.fullmatch(text) or not self.defined.issuperset(_NAME.findall(text)):
            raise UnknownUnitError(f"unknown unit '{text}'")
        head, _, rest = text.partition("/")
        try:
            return self.registry.Unit(f"dimensionless/{rest}" if head == "1" else text)
        except Exception as error:  # pint raises many kinds, among them tokenizer errors
            raise UnknownUnitError(f"unknown unit '{text}'") from error

    def guess(self, text: str) -> str:
        """Return a hint at what the first name of a unit that is not defined may be meant for."""
        wrong = next((name for name in _NAME.findall(text) if name not in self.defined), "")
        return suggest(wrong, self.names()) if wrong else "write it as in tok/s/gpu or tok**2/seq**2"

    def names(self) -> list[str]:
        """Return the defined unit names, for suggestions."""
        return sorted(str(name) for name in self.registry)

    def _factor(self, left: Unit, right: Unit) -> float | None:
        """Return the number of ``right`` in one ``left``, or None when they measure different things."""
        factor, base = cast("tuple[float, Unit]", self.registry.get_base_units(left / right))
        return float(factor) if base == self.one else None

    def same(self, left: Unit, right: Unit) -> bool:
        """Tell whether two units are the same, scale included."""
        factor = self.factor(left, right)
        return factor is not None and abs(factor - 1.0) < 1e-12  # noqa: PLR2004 rounding of products of scales

    def missing(self, left: Unit, right: Unit) -> str:
        """Say in words by what two units differ; names the conversion when only scopes differ."""
        ratio = left / right
        dimensions = cast("dict[str, float]", dict(self.registry.get_dimensionality(ratio)))
        if dimensions and all(name in SCOPES for name in dimensions):
            scopes = [(name.strip("[]"), power) for name, power in dimensions.items()]
            factor, inverse = _product(scopes), _product([(name, -power) for name, power in scopes])
            return f"they differ in scope only: a factor in {factor} or {inverse} is missing (gpu/instance is the tensor parallel degree)"
        if not dimensions:
            return f"they differ by a factor {self.factor(left, right):.12g}: write convert(..., '{show(right)}')"
        return f"they differ by {show(ratio)}"


def show(unit: Unit) -> str:
    """Return a unit as people write it (``W/gpu``); ``1`` for none.

    Not cached: to look up a unit is to compare it, and pint refuses to compare units of two sets of templates.
    """
    get_symbol = unit._REGISTRY.get_symbol  # noqa: SLF001 the unit's own registry
    return _product((get_symbol(name), power) for name, power in unit._units.items())  # noqa: SLF001 the only way to the exponents


def _product(powers: Iterable[tuple[str, float]]) -> str:
    up: list[str] = []
    down: list[str] = []
    for name, power in powers:
        size = abs(float(power))
        (up if power > 0 else down).append(name if size == 1 else f"{name}^{size:g}")
    return ("*".join(sorted(up)) or "1") + "".join(f"/{part}" for part in sorted(down))
