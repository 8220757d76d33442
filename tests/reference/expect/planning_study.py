"""What every study of the planning workbook assumes: cases, and variants of those compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.reference.expect.planning_cases import HIGH, LOW, WHICH, chosen, number_of, text_of
from tests.reference.expect.planning_declared import CARDS, CASES, CHOICES, FIXED, OF_REQUESTS, OF_TOTALS, RANGED, SCENARIOS
from tests.reference.expect.planning_ranges import level, stretched
from tests.reference.quantities import Inputs


@dataclass(frozen=True, slots=True)
class Variant:
    """A case of the Dashboard with an assumption at an end of its range."""

    which: str
    name: str
    side: str

    @property
    def key(self) -> str:
        """Return the key of its row."""
        return f"{self.which}_{self.name}_{self.side}"


VARIANTS = {
    item.key: item
    for item in (Variant(which, name, side) for which in WHICH for name in RANGED for side in (LOW, HIGH))
    if item.which == "chosen" or item.name not in SCENARIOS
}
CROSSINGS = {f"d{down}_r{right}": (down, right) for down in range(1, 6) for right in range(1, 6)}


@dataclass(frozen=True, slots=True)
class Study:
    """A case and the assumptions that are other than its own, by name; of two changes of one assumption the first holds."""

    key: str
    base: str
    changes: tuple[tuple[str, float], ...]

    @property
    def sums(self) -> str:
        """Return the key of the study that has the same requests."""
        return self.key if any(name in OF_REQUESTS for name, _ in self.changes) else self.base

    @property
    def fleet(self) -> str:
        """Return the key of the study that has the same pools: crossings have their own."""
        return self.base if self.key in VARIANTS and VARIANTS[self.key].name in OF_TOTALS else self.key


@cache
def study(i: Inputs, key: str) -> Study:
    """Return a study by its key."""
    if key in VARIANTS:
        item = VARIANTS[key]
        case = chosen(i, item.which)
        found = stretched(i, case, item.name)
        return Study(key, case, ((item.name, found.low if item.side == LOW else found.high),))
    if key in CROSSINGS:
        names = (i.text("two_way.down"), i.text("two_way.right"))
        pairs = tuple((name, level(i, name, number)) for name, number in zip(names, CROSSINGS[key], strict=True))
        return Study(key, chosen(i, "chosen"), pairs)
    return Study(key, key, ())


@dataclass(frozen=True, slots=True, eq=False)
class Assumed:
    """What a study assumes: numbers in the units of their cells, choices, and keys of cards."""

    numbers: dict[str, float]
    texts: dict[str, str]

    def __getitem__(self, name: str) -> float:
        """Return a number."""
        return self.numbers[name]

    def price(self, name: str, pool: int) -> float:
        """Return a price of the short pools for the first, that of the long pool for the others."""
        return self.numbers[name if pool == 1 else f"{name}_2"]

    def of_pool(self, name: str, pool: int) -> str:
        """Return the card of the short pools for the first, that of the long pool for the others."""
        return self.texts[f"{name}_{min(pool, 2)}"]

    def says(self, name: str, choice: str) -> bool:
        """Tell whether a choice is made."""
        return self.texts[name] == choice


TOGETHER, PREFILL, DECODE = "both", "prefill", "decode"


def role(i: Inputs, key: str, pool: int) -> str:
    """Return what a pool of a study does: apart, the first computes prompts and the second decodes."""
    return {1: PREFILL, 2: DECODE}.get(pool, TOGETHER) if assumed(i, key).says("phases", "apart") else TOGETHER


def pools_by_length(i: Inputs, key: str) -> float:
    """Return among how many pools requests are split by length."""
    item = assumed(i, key)
    return 1.0 if item.says("phases", "apart") else item["pools"]


@cache
def assumed(i: Inputs, key: str) -> Assumed:
    """Return what a study assumes."""
    item = study(i, key)
    numbers = {name: number_of(i, item.base, name) for name in (*FIXED, *RANGED)}
    texts = {name: text_of(i, item.base, name) for name in (*CARDS, *CHOICES)}
    return Assumed(numbers | dict(reversed(item.changes)), texts)


def studies() -> Iterator[str]:
    """Give the keys of all studies."""
    yield from (*CASES, *VARIANTS, *CROSSINGS)
