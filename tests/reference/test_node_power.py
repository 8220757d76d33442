"""Power of a server by component against the nine cases that its source states, by the equation and by the cells."""

import pytest

from tests.reference.equations import node_power
from tests.reference.equations.node_power import Fans, Server
from tests.support import shipped
from workbook import api

ALONE, FABRIC = "alone", "in a fabric of more than one node"
CASES = (
    *(("hgx_h100", ALONE, 0.0, 1852.008), ("hgx_h100", ALONE, 350.0, 4855.679), ("hgx_h100", ALONE, 700.0, 7999.939)),
    *(("hgx_h100", FABRIC, 0.0, 2006.343), ("hgx_h100", FABRIC, 350.0, 5012.756), ("hgx_h100", FABRIC, 700.0, 8160.111)),
    *(("hgx_b200", ALONE, 0.0, 1833.107), ("hgx_b200", ALONE, 500.0, 6111.771), ("hgx_b200", ALONE, 1000.0, 10591.139)),
)
"""(server, where it stands, W of a GPU, W of the node of 8 GPUs): system-power-model.reference.json of InferenceX-app@01f0ba17."""

IN_FABRIC = {"fixed_power": 1351.6, "network_power": 473.625}
"""What differs in a fabric of more than one node (fixed_dc_w_scale_out, network_w_scale_out)."""

SERVERS = {
    "hgx_h100": Server(8.0, 1271.6, 835.3052631578948, 7214.0, 19800.0, 405.0),
    "hgx_b200": Server(8.0, 1271.6, 1113.2, 9614.0, 15750.0, 405.0),
    "hgx_b300": Server(8.0, 1171.6, 1296.1473684210525, 11194.0, 39600.0, 562.125),
    "mi300x_server": Server(8.0, 911.6, 839.9368421052633, 7254.0, 18000.0, 281.0625),
    "mi325x_server": Server(8.0, 911.6, 1071.5157894736844, 9254.0, 31500.0, 281.0625),
    "mi355x_server": Server(8.0, 911.6, 1442.042105263158, 12454.0, 39600.0, 281.0625),
}
"""Boards, fans, the load at which these run fastest, supplies, network: system-power-model.profiles.json of the same commit."""

ALL_IN = {"hgx_h100": (700.0, 1370.0), "hgx_b200": (1000.0, 1710.0), "hgx_b300": (1100.0, 1900.0), "mi355x_server": (1400.0, 2090.0)}
"""TDP, and W of a GPU with its share of host and network as rated (InferenceX-app, September 2026): another source than the components."""

FANS = Fans(0.22, 0.8, 1.0)
SUPPLIES = (0.05, 0.1, 0.2, 0.5, 1.0), (0.8864, 0.9238, 0.9448, 0.964, 0.9556)


@pytest.mark.parametrize(("card", "fabric", "watts", "expected"), CASES)
def test_the_equation_agrees_with_the_stated_cases(card: str, fabric: str, watts: float, expected: float) -> None:
    plain = SERVERS[card]
    server = Server(plain.gpus, 1351.6, plain.fan_power, plain.cooling_load, plain.supply_power, 473.625) if fabric == FABRIC else plain
    found = node_power.node(server, FANS, SUPPLIES, watts)
    assert found.outside(server) + server.gpus * watts == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("fabric", [ALONE, FABRIC])
def test_the_cells_agree_with_the_stated_cases(fabric: str) -> None:
    edits = {f"servers.{card}.{name}": value for card in ("hgx_h100", "hgx_b200") for name, value in IN_FABRIC.items()}
    book = api.load("planning", sets=edits) if fabric == FABRIC else shipped("planning")
    table = book.model.tables["node_power"]
    for card, in_fabric, watts, expected in CASES:
        if in_fabric == fabric:
            load = {0.0: "idle", 350.0: "half", 500.0: "half"}.get(watts, "full")
            row = table.index[card, load]
            assert book.values["node_power.watts"][row] == watts
            node = book.values["node_power.outside"][row] + 8.0 * watts
            assert node == pytest.approx(expected, rel=1e-6)


def test_a_server_without_components_has_the_power_to_plan_with() -> None:
    book = shipped("planning")
    rows = [row for row, keys in enumerate(book.model.tables["node_power"].rows) if keys[0] == "gb200_nvl72_rack"]
    assert {float(book.values["node_power.outside"][row]) for row in rows} == {13900.0}


@pytest.mark.parametrize("card", SERVERS)
def test_the_cells_of_every_server_are_those_of_its_components(card: str) -> None:
    """At idle, half and full load, for servers without stated cases, too: only their components are published."""
    book = shipped("planning")
    rows = book.model.tables["node_power"].index
    for load in ("idle", "half", "full"):
        row = rows[card, load]
        watts = float(book.values["node_power.watts"][row])
        expected = node_power.node(SERVERS[card], FANS, SUPPLIES, watts).outside(SERVERS[card])
        assert book.values["node_power.outside"][row] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("card", ALL_IN)
def test_a_node_at_full_load_draws_less_than_it_is_rated(card: str) -> None:
    """70 to 90% of what the market plans with for a GPU with its host and network."""
    tdp, rated = ALL_IN[card]
    drawn = tdp + node_power.node(SERVERS[card], FANS, SUPPLIES, tdp).outside(SERVERS[card]) / SERVERS[card].gpus
    assert 0.7 <= drawn / rated <= 0.9


def test_gpus_with_a_server_of_their_own_are_planned_with_it() -> None:
    """What a server does not publish is another's: most power is that of GPUs at TDP and that server's ceiling (4,600 and 6,300 W)."""
    book = shipped("planning")
    hardware, servers = (book.model.tables[name].index for name in ("hardware", "servers"))
    for gpu, card, most in (
        ("b300_sxm", "hgx_b300", 15.1),
        ("mi300x", "mi300x_server", 10.6),
        ("mi325x", "mi325x_server", 14.3),
        ("mi355x", "mi355x_server", 17.5),
    ):
        shown = book.model.tables["servers"].keys[0].shown[card]
        assert book.values["hardware.server"][hardware[gpu,]] == shown
        assert book.values["servers.max_power"][servers[card,]] == pytest.approx(most)
