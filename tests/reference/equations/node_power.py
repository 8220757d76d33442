"""Power of a server by component: boards, fans, power supplies, network.

Source: SemiAnalysis, power model of InferenceX (system-power-model.profiles.json @01f0ba17): fans run at a speed that grows with the
direct current of all else, their power with the cube of it; supplies have an efficiency by load; the network stands outside them.
"""

from dataclasses import dataclass

import numpy as np

CUBE = 3.0


@dataclass(frozen=True, slots=True)
class Fans:
    """Least and most speed over the fastest, and the exponent of speed by load."""

    least: float
    most: float
    bend: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server: W of boards, disks and network cards (direct current), of fans at full speed, of its network.

    ``cooling_load``: W at which fans run fastest; ``supply_power``: W that the supplies share.
    """

    gpus: float
    fixed_power: float
    fan_power: float
    cooling_load: float
    supply_power: float
    network_power: float


@dataclass(frozen=True, slots=True)
class Node:
    """What a server takes at some watts of its GPUs; W but for ``supply_load``."""

    before_fans: float
    before_supplies: float
    supply_load: float
    fans_and_losses: float

    def outside(self, server: Server) -> float:
        """Return the W outside the GPUs."""
        return self.fans_and_losses + server.fixed_power + server.network_power


Curve = tuple[tuple[float, ...], tuple[float, ...]]
"""Loads of supplies over what they are rated for, rising, and their efficiency."""


def node(server: Server, fans: Fans, supplies: Curve, watts: float) -> Node:
    """Return what a server takes at so many W of each GPU: from its supplies, which are not loaded beyond their rating."""
    return supplied(server, fans, supplies, server.gpus * watts + server.fixed_power)


def supplied(server: Server, fans: Fans, supplies: Curve, direct: float) -> Node:
    """Return what a server takes whose GPUs, boards and the like take so many W of direct current; nothing loads supplies without it."""
    cooled = min(1.0, direct / max(1.0, server.cooling_load))
    speed = fans.least + (fans.most - fans.least) * cooled**fans.bend
    whole = direct + server.fan_power * speed**CUBE
    load = min(1.0, whole / server.supply_power) if server.supply_power > 0 and direct > 0 else 0.0
    return Node(direct, whole, load, whole / float(np.interp(load, *supplies)) - direct)
