"""What an input may be: one rule for files and commands, for the validation of its cell, and in words."""

from __future__ import annotations

from dataclasses import replace
from math import floor
from typing import TYPE_CHECKING, Any, NamedTuple

from workbook.declare.members import MOST_CHARACTERS, USABLE, is_usable
from workbook.declare.yaml import Mapping, Sequence, is_file, number_of, read
from workbook.errors import suggest

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.catalogues import Bounds
    from workbook.errors import Place, Problems

FILE = "limits.yaml"
SMALLEST, LARGEST = 1e-9, 1e12  # of the numbers above 0 and of all numbers, where a template says no more
LONGEST_TEXT = 255  # characters that Excel compares and looks up
TITLE_LENGTH, MESSAGE_LENGTH = 32, 255  # characters that Excel shows of a validation


class Limits(NamedTuple):
    """The lowest and the highest number; ``open_low`` where the lowest itself is refused."""

    low: float
    high: float
    open_low: bool


def limits_by_unit(root: Path, problems: Problems) -> dict[str, tuple[float, float]]:
    """Read limits.yaml: by unit, the lowest number above 0 and the highest that an input may be; templates need not have it."""
    if not is_file(root / FILE):
        return {}
    node, found = read(root / FILE, FILE), {}
    for unit, ends in node if isinstance(node, Mapping) else ():
        numbers = [number_of(end, f"a limit of '{unit}'", problems) for end in ends.items] if isinstance(ends, Sequence) else []
        match numbers:
            case [float(low), float(high)] if 0 < low < high:
                found[unit] = low, high
            case _:
                problems.add(
                    ends.place, f"the limits of '{unit}' are not two numbers", "write the lowest above 0 and the highest: [0.1, 1000]"
                )
    return found


def within(bounds: Bounds, ends: tuple[float, float] | None) -> Bounds:
    """Return limits narrowed to those of the unit, where a declaration says no more."""
    if ends is None or bounds.choices or bounds.key:
        return bounds
    low, high = ends
    bounds = replace(bounds, maximum=high if bounds.maximum is None else bounds.maximum)
    if bounds.above == 0 and not bounds.whole:
        return replace(bounds, above=None, minimum=low)
    return replace(bounds, minimum=-high) if bounds.above is None and bounds.minimum is None else bounds


def limits_of(bounds: Bounds) -> Limits:
    """Return the ends between which a number lies: those declared, or those of all numbers."""
    high = LARGEST if bounds.maximum is None else bounds.maximum
    if bounds.above is None:
        return Limits(-LARGEST if bounds.minimum is None else bounds.minimum, high, open_low=False)
    if bounds.whole:
        return Limits(floor(bounds.above) + 1, high, open_low=False)
    return Limits(SMALLEST, high, open_low=False) if bounds.above == 0 else Limits(bounds.above, high, open_low=True)


def check_bounds(value: float | str, bounds: Bounds, place: Place | None, what: str, problems: Problems) -> None:
    """Record a value outside its limits."""
    if isinstance(value, str):
        if bounds.names and not is_usable(value):
            problems.add(place, f"{what} cannot be '{value}'", USABLE)
        elif bounds.choices and value not in bounds.choices:
            problems.add(place, f"{what} cannot be '{value}'", suggest(value, bounds.choices))
        elif len(value) > LONGEST_TEXT:
            problems.add(place, f"{what} has {len(value):,} characters; it must have at most {LONGEST_TEXT}", "shorten it")
        return
    if bounds.choices:
        if value not in map(float, bounds.choices):
            problems.add(place, f"{what} is {value:.15g}", f"one of: {', '.join(bounds.choices)}")
        return
    limits = limits_of(bounds)
    whole = not bounds.whole or value == int(value)
    if (value < limits.low and (whole or value <= (bounds.above or 0))) or (limits.open_low and value == limits.low):
        problems.add(place, f"{what} is {value:.15g}; it must be {_low_text(bounds, value)}")
    if value > limits.high:
        problems.add(place, f"{what} is {value:.15g}; it must be at most {_number(limits.high)}")
    if not whole:
        problems.add(place, f"{what} is {value:.15g}; it must be a whole number")


def rule_text(bounds: Bounds, *, is_text: bool) -> str:
    """Return in words what an input without a list of choices may be."""
    if bounds.names:
        return f"a name of its own, {USABLE}"
    if is_text:
        return f"a text of at most {LONGEST_TEXT} characters"
    number = "a whole number" if bounds.whole else "a number"
    return f"{number}, {_low_text(bounds)} and at most {_number(limits_of(bounds).high)}"


def _low_text(bounds: Bounds, value: float = 0.0) -> str:
    """Return the lower limit as people say it; a number above 0 that is refused is told how small it may be."""
    if bounds.above is None or (bounds.above == 0 and value > 0 and not bounds.whole):
        return f"at least {_number(limits_of(bounds).low)}"
    return f"above {_number(bounds.above)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def validation(bounds: Bounds, cell: str, *, is_text: bool = False, before: str = "", after: str = "", among: str = "") -> dict[str, Any]:
    """Return XlsxWriter's rule for a cell without a list of choices.

    ``before`` and ``after`` are the cells between whose values its own must lie, if any: those of a list increase. Of names
    each differs from all that stand ``among`` the cells.
    """
    if bounds.names:
        test = f"=AND(LEN(TRIM({cell}))>0,LEN({cell})<={MOST_CHARACTERS},COUNTIF({among},{cell})=1)"
        return {"validate": "custom", "value": test, "ignore_blank": False}
    if is_text:
        return {"validate": "length", "criteria": "<=", "value": LONGEST_TEXT}
    low, high, open_low = limits_of(bounds)
    if not (open_low or before or after):
        return {"validate": "integer" if bounds.whole else "decimal", "criteria": "between", "minimum": low, "maximum": high}
    tests = [f"ISNUMBER({cell})", f"{cell}{'>' if open_low else '>='}{low:.15G}", f"{cell}<={high:.15G}"]
    tests += [f"{cell}=INT({cell})"] if bounds.whole else []
    tests += [f"{cell}>{before}"] if before else []
    tests += [f"{cell}<{after}"] if after else []
    return {"validate": "custom", "value": f"=AND({','.join(tests)})"}
