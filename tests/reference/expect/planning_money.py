"""A study's fleet: sums over its pools, power at the wall, energy, carbon and money of a year."""

from functools import cache
from typing import NamedTuple

from tests.reference.equations import economics
from tests.reference.expect.planning_load import profile_of, rated_power, ratio
from tests.reference.expect.planning_pools import POOLS, Run, first_token, run, tokens
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


class Bought(NamedTuple):
    """A fleet that is owned: price of servers, and with their network, USD; residual value over the price; USD a year."""

    servers: float
    capex: float
    residual: float
    capital: float


class Year(NamedTuple):
    """A year of a fleet: load factor, average kW, kWh, million output tokens, USD of electricity, rented and owned; and what was bought."""

    load_factor: float
    average: float
    energy: float
    tokens: float
    electricity: float
    rent: float
    bought: Bought
    housing: float
    running: float


def bought(item: Assumed, pools: list[Run]) -> Bought:
    """Return what a study's pools cost to buy, and what a year of that is over their life."""
    servers = sum(pool.capex for pool in pools) * item["capex_scale"]
    price = servers * (1.0 + item["network_share"])
    residual = economics.residual_share(item["residual"], item["life"])
    capital = economics.capital_of_a_year(price, residual * price, item["discount"], item["life"])
    return Bought(servers, price, residual, capital)


def colocation(i: Inputs, case: str) -> float:
    """Return what a case pays a year for colocation of the kW that its nodes are provisioned for, USD."""
    return 12.0 * assumed(i, case)["colocation"] * rated_power(i, case)["provisioned"]


@cache
def housing_of_a_node(i: Inputs, case: str) -> float:
    """Return what a node of a case costs a year in staff and colocation, USD, 0 without an answer."""
    item, pools = assumed(i, case), POOLS if study_state(i, case) == OK else ()
    nodes = sum(run(i, case, pool).provisioned for pool in pools)
    return item["staff"] + colocation(i, case) / nodes if nodes else 0.0


def year(i: Inputs, key: str, pools: list[Run], wall: float, output: float) -> Year:
    """Return a year of a study's pools, which draw so many kW and give so many tokens/s at the peak."""
    item, base = assumed(i, key), study(i, key).base
    load_factor, average = profile_of(i, base).load_factor, wall * ratio(i, base)
    energy, rent = average * HOURS, sum(pool.rent for pool in pools) * item["rent_scale"] * HOURS
    electricity = energy * item["electricity"] if item.says("electricity_bill", "metered") else 0.0
    has, nodes = bought(item, pools), sum(pool.provisioned for pool in pools)
    housing = nodes * housing_of_a_node(i, base)
    running = has.servers * item["upkeep"] + housing + electricity
    return Year(load_factor, average, energy, output * load_factor * SECONDS / MILLION, electricity, rent, has, housing, running)


def take_all(i: Inputs, key: str) -> bool:
    """Tell whether the pools take all requests, both of two where prefill and decode are apart; nothing is asked of what has no bounds."""
    times = 2.0 if role(i, key, 1) == PREFILL else 1.0
    return abs(sum(taken(i, key, pool).share for pool in POOLS) - times) < 1e-6 or bounds(i, key).state != OK


class Totals:
    """A study's fleet, nothing of one without an answer; attributes as columns of `case_totals`: kW, tokens/s, ms, MWh, t, USD."""

    def __init__(self, i: Inputs, key: str) -> None:
        item, self.state = assumed(i, key), study_state(i, key)
        pools = [run(i, key, pool) for pool in POOLS] if self.state == OK else []
        self.board_power, self.host_power = sum(pool.power for pool in pools), sum(pool.host_power for pool in pools)
        self.wall, self.tokens = (self.board_power + self.host_power) * item["pue"], sum(tokens(i, key, pool) for pool in POOLS if pools)
        self.power_one = sum(pool.power_one for pool in pools)
        yearly = year(i, key, pools, self.wall, self.tokens)
        self.own = yearly.bought.capital + yearly.running
        self.instances = sum(pool.used for pool in pools)
        self.gpus = sum(pool.gpus for pool in pools)
        self.provisioned = sum(pool.provisioned for pool in pools)
        self.racks = sum(pool.racks for pool in pools)
        self.trouble = max(trouble(i, key, pool) for pool in POOLS)
        self.all_requests = take_all(i, key)
        self.answered = self.state == OK
        self.tok_per_w = over(self.tokens, self.power_one)
        self.per_board_joule = over(self.tokens, self.board_power)
        self.per_node_joule = over(self.tokens, self.board_power + self.host_power) if self.board_power else 0.0
        self.per_wall_joule = over(self.tokens, self.wall)
        self.first_token = max(first_token(i, key, pool) for pool in POOLS) if pools else 0.0
        self.average = yearly.average
        self.year_tokens = yearly.tokens
        self.per_year_joule = over(self.tokens * yearly.load_factor, yearly.average)
        self.energy = yearly.energy / KILO
        self.carbon = yearly.energy * item["carbon"] / MILLION
        self.electricity = yearly.electricity
        self.rent = yearly.rent
        self.servers = yearly.bought.servers
        self.capex = yearly.bought.capex
        self.discount = item["discount"]
        self.life = item["life"]
        self.annuity = annuity(item["discount"], item["life"])
        self.residual = yearly.bought.residual
        self.capital = yearly.bought.capital
        self.housing = yearly.housing
        self.running = yearly.running
        self.cost_rented = yearly.rent / yearly.tokens if yearly.tokens else 0.0
        self.cost_bought = self.own / yearly.tokens if yearly.tokens else 0.0


totals = cache(Totals)
