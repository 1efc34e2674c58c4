from __future__ import annotations

from collections.abc import Callable

from studio.graph.system import System
from studio.graph.topology import Edge, topology_of

Make = Callable[..., System]

CONTRACTS = "%%contracts c\nclass A(Contract):\n    a: str\nevent($.A.made, A)\nevent($.A.lost, A)"
OWNER = """%%service Owner --version 1.0.0 --kind command --replicas 2
@service.operation($.Owner.act)
async def act(m: A) -> A: ...
"""


def edges(system: System, *kinds: str) -> list[tuple[str, str, str, str]]:
    found = topology_of(system.graph).edges
    return [(each.source, each.kind, each.target, each.address) for each in found if each.kind in kinds or not kinds]


def test_order_system_as_nodes_and_edges(system: System) -> None:
    topology = topology_of(system.graph)
    assert [node.key for node in topology.nodes] == [
        "event Order.created", "saga OrderProcessing", "service Inventory", "service Orders",
    ]  # fmt: skip
    assert edges(system) == [
        ("event Order.created", "start", "saga OrderProcessing", "Order.created"),
        ("event Order.created", "deliver", "service Orders", "Order.created"),
        ("saga OrderProcessing", "step", "service Inventory", "Inventory.reserve"),
        ("service Orders", "call", "service Inventory", "Inventory.reserve"),
    ]


def test_edge_seen_in_code_names_function_cell_and_line(system: System) -> None:
    (edge,) = [each for each in topology_of(system.graph).edges if each.kind == "call"]
    assert edge == Edge(
        "service Orders", "service Inventory", "call", "Inventory.reserve", "take", "service Orders", 3
    )  # fmt: skip


def test_node_tells_kind_version_replicas_and_operations(make: Make) -> None:
    (node,) = [each for each in topology_of(make(CONTRACTS, OWNER).graph).nodes if each.kind == "service"]
    assert node.detail == ("command", "1.0.0", "×2")
    assert node.operations == ("act",)


def test_pattern_leads_from_every_event_it_selects(make: Make) -> None:
    listener = '%%service Listener\n@service.on("$.A.*")\nasync def hear(m: A) -> None:\n    await publish($.B.made, m)'
    system = make(CONTRACTS, listener)
    assert edges(system, "deliver") == [
        ("event A.lost", "deliver", "service Listener", "A.lost"),
        ("event A.made", "deliver", "service Listener", "A.made"),
    ]
    assert edges(system, "publish") == [("service Listener", "publish", "event B.made", "B.made")]


def test_what_a_shared_module_sends_is_guessed_of_all_who_use_it(make: Make) -> None:
    module = "%%module helpers\nasync def tell(m: A) -> None:\n    await send($.A.made, m)"
    user = "%%service User\n@service.on($.A.lost)\nasync def hear(m: A) -> None:\n    await tell(m)"
    topology = topology_of(make(CONTRACTS, module, user, OWNER).graph)
    (edge,) = [each for each in topology.edges if each.kind == "publish"]
    assert (edge.source, edge.function, edge.cell, edge.is_guessed) == ("service User", "tell", "module helpers", True)


def test_clients_endpoints_compositions_and_outcomes_are_edges(make: Make) -> None:
    shop = (
        '%%service Shop\ncards = service.client("cards", base_url="https://cards.example")\n'
        '@service.get("/a")\nasync def a() -> A: ...'
    )
    saga = "%%saga Flow --on $.A.made --completed $.A.done\nsaga.step(Twice, name='twice', kind='retriable')"
    system = make(CONTRACTS, OWNER, shop, "%%compose\nTwice = sequence(Owner, Owner)", saga)
    assert edges(system, "request", "http", "compose", "outcome", "step") == [
        ("composition Twice", "compose", "service Owner", "Owner.act"),
        ("outside world", "http", "service Shop", "GET /a"),
        ("saga Flow", "step", "composition Twice", ""),
        ("saga Flow", "outcome", "event A.done", "A.done"),
        ("service Shop", "request", "external cards", ""),
    ]


def test_topology_is_a_value_whatever_the_order_of_cells(make: Make) -> None:
    first = make(CONTRACTS, OWNER, "%%service B", "%%service C")
    second = make("%%service C", CONTRACTS, "%%service B", OWNER)
    assert topology_of(first.graph) == topology_of(second.graph)
