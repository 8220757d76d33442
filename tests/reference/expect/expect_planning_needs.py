"""Expectations of what nodes of pools take, what pools of cases need for an answer, and of remarks on cases."""

from tests.reference.equations.node_power import Node
from tests.reference.expect import planning_pools as pools
from tests.reference.expect.planning_columns import expect_fields, pool_of
from tests.reference.expect.planning_needs import Need, Remark, need, remark
from tests.reference.expect.planning_nodes import node
from tests.reference.expect.planning_study import assumed
from tests.reference.quantities import Inputs


def what_a_node_takes(i: Inputs, key: str, pool: str) -> Node:
    """Return what a node of a pool takes at the power of its GPUs."""
    item, drawn = assumed(i, key), pools.run(i, key, pool_of(pool)).drawn
    return node(i, item.of_pool("server", pool_of(pool)), drawn, by_component=item.says("host_rule", "by component"))


expect_fields("case_pools", what_a_node_takes, Node)
expect_fields("pool_needs", lambda i, key, pool: need(i, key, pool_of(pool)), Need)
expect_fields("case_remarks", remark, Remark)
