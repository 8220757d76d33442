"""How far an assumption of a case may be off, by what the case rests on."""

from dataclasses import dataclass
from functools import cache

from tests.reference.expect.planning_cases import DEGREE, HIGH, LOW, chosen, number_of, text_of
from tests.reference.expect.planning_declared import ADMITTED
from tests.reference.expect.planning_traces import mean_length
from tests.reference.quantities import Inputs


@dataclass(frozen=True, slots=True)
class Range:
    """A range of an assumption for a case: base, low and high, stretched to the base where that lies outside."""

    base: float
    low: float
    high: float


BY_KIND = {"time_scale": "time", "power_scale": "power"}
"""Assumptions whose range is that of what a case rests on."""

LIKE = 1.5
"""Up to this ratio of mean lengths, either way, a fit was measured on such work."""

NEAR = 0.25
"""Up to this difference bytes of a weight count as the same."""


UNDIVIDED = ("measured", "as printed")
"""Evidence of which limits are the same for all kinds of models."""


class Evidence:
    """What step times and power of a case rest on: a fit to the same, measured on such work or not; served requests on its GPUs; neither.

    Attributes as columns of `case_evidence`.
    """

    def __init__(self, i: Inputs, case: str) -> None:
        fits = [f"power_fits.{text_of(i, case, name)}" for name in ("curve_1", "curve_2")]
        gpus = [text_of(i, case, name) for name in ("gpu_1", "gpu_2")]
        model = text_of(i, case, "model")
        self.bytes = i[f"precisions.{text_of(i, case, 'weights')}.bytes"]
        self.same_gpus = all(i.text(f"{fit}.gpu") == gpu for fit, gpu in zip(fits, gpus, strict=True))
        self.same_model = all(i.text(f"{fit}.model") == model for fit in fits) and text_of(i, case, "cache") == "fp16"
        self.same_degree = all(i[f"{fit}.tensor_parallel"] == number_of(i, case, DEGREE) for fit in fits)
        self.same_weights = all(abs(i[f"precisions.{i.text(f'{fit}.precision')}.bytes"] / self.bytes - 1.0) <= NEAR for fit in fits)
        self.fitted = (
            self.same_gpus and self.same_model and self.same_degree and self.same_weights and text_of(i, case, "time_rule") == "as fitted"
        )
        self.ratio = mean_length(i, text_of(i, case, "workload")) / i[f"{fits[0]}.context"]
        self.alike = 1.0 / LIKE <= self.ratio <= LIKE
        self.served = all(i[f"hardware.{gpu}.served"] == 1 for gpu in gpus)
        other = "transferred" if self.fitted or self.served else "modelled"
        calculated = "measured" if self.fitted and self.alike else other
        self.word = "as printed" if text_of(i, case, "time_rule") == "as printed" else calculated
        routed = "routed experts" if i[f"models.{model}.experts"] > 0 else "dense"
        self.kind = self.word if self.word in UNDIVIDED else f"{self.word}, {routed}"


evidence = cache(Evidence)


KINDS = {
    "measured": "measured",
    "as printed": "as_printed",
    **{f"{word}, {of}": f"{word}_{of.split()[-1]}" for word in ("transferred", "modelled") for of in ("dense", "routed experts")},
}
"""Rows of limits by the kind that cells show."""


HELD = {
    "measured": 0.90,
    "as printed": 0.0,
    "transferred, dense": 0.91,
    "transferred, routed experts": 0.93,
    "modelled, dense": 0.95,
    "modelled, routed experts": 0.93,
}
"""Share of points that limits held: of models left out of the fit (transferred), of GPUs (modelled), of the fitted points."""


def stated(i: Inputs, case: str, name: str) -> tuple[float, float]:
    """Return (low, high) of a range as it is stated."""
    if name in BY_KIND:
        row = f"interval_kinds.{KINDS[evidence(i, case).kind]}.{BY_KIND[name]}"
        return i[f"{row}_low"], i[f"{row}_high"]
    return i[f"ranges.{name}.{LOW}"], i[f"ranges.{name}.{HIGH}"]


def is_sound(i: Inputs, name: str) -> bool:
    """Tell whether a range has its low end below its high end, both within what a case takes; multiples may reach beyond."""
    if name in BY_KIND:
        return True
    low, high = (i[f"ranges.{name}.{end}"] for end in (LOW, HIGH))
    least, most = ADMITTED[name]
    return low <= high and (i.text(f"ranges.{name}.meaning") == "times the base" or least <= low <= high <= most)


def stretched(i: Inputs, case: str, name: str) -> Range:
    """Return the range of an assumption for a case: stretched to its base, and kept within what a case takes."""
    base = number_of(i, case, name)
    scale = base if i.text(f"ranges.{name}.meaning") == "times the base" else 1.0
    ends = [end * scale for end in stated(i, case, name)]
    least, most = ADMITTED[name]
    return Range(base, max(least, min(base, ends[0])), min(most, max(base, ends[1])))


def level(i: Inputs, name: str, number: int) -> float:
    """Return a level of the grid for the chosen case: 1 the low end, 3 the base, 5 the high end, 2 and 4 half-way."""
    found = stretched(i, chosen(i, "chosen"), name)
    end = found.low if number < 3 else found.high
    return found.base + (end - found.base) * abs(number - 3) / 2
