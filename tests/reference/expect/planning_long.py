"""The prompt that one request of a pool in a hundred exceeds."""

from dataclasses import dataclass
from functools import cache

from tests.reference.expect.planning_requests import TO, band, bounds, drawn, taken, upto_end, window
from tests.reference.expect.planning_traces import knots
from tests.reference.quantities import Inputs

BEYOND = 0.01
"""Share of a pool's requests that exceed a P99."""


@dataclass(frozen=True, slots=True)
class Long:
    """A long request of a pool; fields as columns of `case_windows`: shares of all requests, tokens, steps."""

    taken: float
    upto: float
    cut_down: float
    rank: float
    rank_knot: float
    rank_upper: float
    rank_lower: float
    rank_mass: float
    rank_above: float
    p99: float
    prompt: float
    prompt_steps: float


def prompt_of_cut(i: Inputs, key: str) -> float:
    """Return the prompt of a request that is cut to fit the first pool: what its mean output leaves of the window; 0 without any."""
    requests = band(i, key)
    share = requests.total()
    return max(0.0, bounds(i, key).high_1 - requests.total(requests.output) / share) if share > 0 else 0.0


@cache
def long_request(i: Inputs, key: str, pool: int) -> Long:
    """Return a request that a hundredth of the pool's exceed: of its own ones, or those cut to fit, whichever has more prompt."""
    served, source = taken(i, key, pool), drawn(i, key)
    end = upto_end(i, key, pool, TO).total()
    rank = max(0.0, end - BEYOND * served.share)
    points = knots(i, source.card)
    place = next((number for number, (_, share) in enumerate(points) if number and share > rank), len(points) - 1)
    (lower, under), (upper, share) = points[place - 1], points[place]
    above = (share - rank) / (share - under) if share > under else 0.0
    length = min(window(i, key, pool), upper - above * (upper - lower)) if served.share else 0.0
    cut = prompt_of_cut(i, key) if served.gained > 0 else 0.0
    prompt = max(0.0, cut, (1.0 - source.output_share) * length - i["whole_tokens.lost"])
    return Long(
        taken=served.share,
        upto=end,
        cut_down=cut,
        rank=rank,
        rank_knot=place,
        rank_upper=upper,
        rank_lower=lower,
        rank_mass=share - under,
        rank_above=above,
        p99=length,
        prompt=prompt,
        prompt_steps=float(source.prefill(prompt)),
    )
