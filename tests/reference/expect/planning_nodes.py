"""Servers of the planning workbook: power outside their GPUs, by component, or as planned with."""

from functools import cache

from tests.reference.equations import node_power
from tests.reference.equations.node_power import Fans, Node, Server
from tests.reference.expect.pools import KILO
from tests.reference.quantities import Inputs

LOADS = ("l5", "l10", "l20", "l50", "l100")
RATED = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Loads over the rating at which the efficiency of power supplies is known."""


@cache
def supplies(i: Inputs) -> node_power.Curve:
    """Return the efficiency of power supplies by load."""
    return RATED, tuple(i[f"supplies.{load}.efficiency"] for load in LOADS)


def server(i: Inputs, card: str) -> Server:
    """Return a server by component."""
    names = ("gpus", "fixed_power", "fan_power", "cooling_load", "supply_power", "network_power")
    return Server(**{name: i[f"servers.{card}.{name}"] for name in names})


def node(i: Inputs, card: str, watts: float, *, by_component: bool = True) -> Node:
    """Return what a server takes at so many W of each GPU; nothing where that is not asked for by component."""
    item, fans = server(i, card), Fans(i["fans.least"], i["fans.most"], i["fans.bend"])
    if not by_component:
        return node_power.supplied(item, fans, supplies(i), 0.0)
    return node_power.node(item, fans, supplies(i), watts)


def outside(i: Inputs, card: str, watts: float, *, by_component: bool = True) -> float:
    """Return the W of a node outside its GPUs; those to plan with where components are not known, or not asked for."""
    found = node(i, card, watts, by_component=by_component)
    return found.outside(server(i, card)) if found.supply_load > 0 else i[f"servers.{card}.host_power"]


def at_load(i: Inputs, card: str, load: str) -> float:
    """Return the W of a GPU at a load that `node_power` shows."""
    return {"idle": 0.0, "half": 0.5, "full": 1.0}[load] * i[f"hardware.{i.text(f'servers.{card}.gpu')}.tdp"]


def nameplate(i: Inputs, card: str) -> float:
    """Return the kW of a server's GPUs at their TDP, and of all else at its most."""
    return (i[f"servers.{card}.gpus"] * at_load(i, card, "full") + i[f"servers.{card}.host_ceiling"]) / KILO
