"""The prompt that one request of a pool in a hundred exceeds."""

from functools import cache

from tests.reference.expect.planning_requests import TO, band, bounds, drawn, taken, upto_end, window
from tests.reference.expect.planning_traces import knots
from tests.reference.quantities import Inputs

BEYOND = 0.01
"""Share of a pool's requests that exceed a P99."""


def prompt_of_cut(i: Inputs, key: str) -> float:
    """Return the prompt of a request that is cut to fit the first pool: what its mean output leaves of the window; 0 without any."""
    requests = band(i, key)
    share = requests.total()
    return max(0.0, bounds(i, key).high_1 - requests.total(requests.output) / share) if share > 0 else 0.0


class Long:
    """A request that a hundredth of a pool's exceed: of its own ones, or those cut to fit, whichever has more prompt.

    Attributes as columns of `case_windows`: shares of all requests, tokens, steps.
    """

    def __init__(self, i: Inputs, key: str, pool: int) -> None:
        served, source = taken(i, key, pool), drawn(i, key)
        self.upto = upto_end(i, key, pool, TO).total()
        self.rank = max(0.0, self.upto - BEYOND * served.share)
        points = knots(i, source.card)
        self.rank_knot = next((number for number, (_, share) in enumerate(points) if number and share > self.rank), len(points) - 1)
        (self.rank_lower, under), (self.rank_upper, share) = points[self.rank_knot - 1], points[self.rank_knot]
        self.rank_above = (share - self.rank) / (share - under) if share > under else 0.0
        length = self.rank_upper - self.rank_above * (self.rank_upper - self.rank_lower)
        self.p99 = min(window(i, key, pool), length) if served.share else 0.0
        self.cut_down = prompt_of_cut(i, key) if served.gained > 0 else 0.0
        self.prompt = max(0.0, self.cut_down, (1.0 - source.output_shares[self.rank_knot - 1]) * self.p99 - i["whole_tokens.lost"])
        self.taken = served.share
        self.rank_mass = share - under
        self.prompt_steps = float(source.prefill(self.prompt))


long_request = cache(Long)
