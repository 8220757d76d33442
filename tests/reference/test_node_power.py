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
}
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
    edits = {f"servers.{card}.{name}": value for card in SERVERS for name, value in IN_FABRIC.items()}
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
