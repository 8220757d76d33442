"""A study's fleet: sums over its pools, power at the wall, energy, carbon and money of a year."""

from functools import cache

from tests.reference.equations import economics
from tests.reference.expect.planning_load import profile_of, rated_power, ratio
from tests.reference.expect.planning_pools import POOLS, first_token, run, tokens
from tests.reference.expect.planning_requests import bounds, taken
from tests.reference.expect.planning_states import study_state, trouble
from tests.reference.expect.planning_study import PREFILL, Assumed, assumed, role, study
from tests.reference.expect.pools import KILO, OK
from tests.reference.quantities import Inputs

HOURS = 8760.0
SECONDS = HOURS * 3600.0
MILLION = 1e6


def annuity(rate: float, years: float) -> float:
    """Return the yearly share of a price that pays it back with interest: what a payment of 1 a year is worth, turned over.

    Source: present value of an annuity.
    """
    return rate / (1.0 - (1.0 + rate) ** -years) if rate else 1.0 / years


def over(tokens_per_second: float, kilowatts: float) -> float:
    """Return tokens over joules, 0 without power."""
    return tokens_per_second / (kilowatts * KILO) if kilowatts else 0.0


def colocation(i: Inputs, case: str) -> float:
    """Return what a case pays a year for colocation of the kW that its nodes are provisioned for, USD."""
    return 12.0 * assumed(i, case)["colocation"] * rated_power(i, case)["provisioned"]


@cache
def housing_of_a_node(i: Inputs, case: str) -> float:
    """Return what a node of a case costs a year in staff and colocation, USD, 0 without an answer."""
    item, pools = assumed(i, case), POOLS if study_state(i, case) == OK else ()
    nodes = sum(run(i, case, pool).provisioned for pool in pools)
    return item["staff"] + colocation(i, case) / nodes if nodes else 0.0


def take_all(i: Inputs, key: str) -> bool:
    """Tell whether the pools take all requests, both of two where prefill and decode are apart; nothing is asked of what has no bounds."""
    times = 2.0 if role(i, key, 1) == PREFILL else 1.0
    return abs(sum(taken(i, key, pool).share for pool in POOLS) - times) < 1e-6 or bounds(i, key).state != OK


def priced(item: Assumed, name: str) -> bool:
    """Tell whether the hardware of all pools has a price: where it is 0, nobody published one, nor entered it."""
    return all(item.price(name, pool) for pool in POOLS)


NO_RENT, NO_PURCHASE = "no rental price", "no purchase price"
"""What is missing where a fleet that serves the requests costs nothing."""


class Totals:
    """A study's fleet, nothing of one without an answer; attributes as columns of `case_totals`: kW, tokens/s, ms, MWh, t, USD."""

    def __init__(self, i: Inputs, key: str) -> None:
        item, self.state = assumed(i, key), study_state(i, key)
        self.answered = self.state == OK
        pools = [run(i, key, pool) for pool in POOLS] if self.answered else []
        self.instances = sum(pool.used for pool in pools)
        self.gpus = sum(pool.gpus for pool in pools)
        self.provisioned = sum(pool.provisioned for pool in pools)
        self.racks = sum(pool.racks for pool in pools)
        self.tokens = sum(tokens(i, key, pool) for pool in POOLS if pools)
        self.power_one = sum(pool.power_one for pool in pools)
        self.board_power = sum(pool.power for pool in pools)
        self.host_power = sum(pool.host_power for pool in pools)
        self.wall = (self.board_power + self.host_power) * item["pue"]
        self.trouble = max(trouble(i, key, pool) for pool in POOLS)
        self.all_requests = take_all(i, key)
        self.tok_per_w = over(self.tokens, self.power_one)
        self.per_board_joule = over(self.tokens, self.board_power)
        self.per_node_joule = over(self.tokens, self.board_power + self.host_power) if self.board_power else 0.0
        self.per_wall_joule = over(self.tokens, self.wall)
        self.first_token = max(first_token(i, key, pool) for pool in POOLS) if pools else 0.0
        self.priced = priced(item, "server_price")
        self.servers = sum(pool.capex for pool in pools) * item["capex_scale"] if self.priced else 0.0
        self.rent = sum(pool.rent for pool in pools) * item["rent_scale"] * HOURS if priced(item, "rent_price") else 0.0
        self._own(i, item, study(i, key).base)

    @property
    def rent_state(self) -> str:
        """Why there is no rent, or that there is one."""
        return self.state if self.rent or self.state != OK else NO_RENT

    @property
    def own_state(self) -> str:
        """Why there is no cost of owning, or that there is one."""
        return self.state if self.own or self.state != OK else NO_PURCHASE

    def _own(self, i: Inputs, item: Assumed, base: str) -> None:
        """Add what the fleet costs to buy, and what a year of it takes and costs."""
        self.capex = self.servers * (1.0 + item["network_share"])
        self.discount, self.life = item["discount"], item["life"]
        self.annuity = annuity(self.discount, self.life)
        self.residual = economics.residual_share(item["residual"], self.life)
        self.capital = economics.capital_of_a_year(self.capex, self.residual * self.capex, self.discount, self.life)
        load_factor, self.average = profile_of(i, base).load_factor, self.wall * ratio(i, base)
        energy = self.average * HOURS
        self.energy, self.carbon = energy / KILO, energy * item["carbon"] / MILLION
        self.electricity = energy * item["electricity"] if item.says("electricity_bill", "metered") else 0.0
        self.year_tokens = self.tokens * load_factor * SECONDS / MILLION
        self.per_year_joule = over(self.tokens * load_factor, self.average)
        self.housing = self.provisioned * housing_of_a_node(i, base)
        self.running = self.servers * item["upkeep"] + self.housing + self.electricity
        self.own = self.capital + self.running if self.servers else 0.0
        self.cost_rented = self.rent / self.year_tokens if self.year_tokens else 0.0
        self.cost_bought = self.own / self.year_tokens if self.year_tokens else 0.0


totals = cache(Totals)
