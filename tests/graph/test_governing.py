"""Meshes in the graph, and which policies govern a call."""

from __future__ import annotations

import pytest

from studio.errors import FallbackChangesState, InTwoMeshes, InvalidDeclaration, StudioError, WireMismatch
from studio.graph.governing import alternative_of, mesh_of, policies_of
from studio.graph.system import System
from studio.graph.topology import topology_of
from studio.model.mesh import Mesh, mesh
from studio.model.policy_set import Policies
from studio.model.protection import Breaker, Fallback
from studio.model.service import Service
from studio.source.cell import cell_from_text

CONTRACTS = """%%contracts rates
class Query(Contract):
    currency: str

class Rate(Contract):
    value: float
"""
RATES = """%%service Rates --kind query
service.policy(breaker=Breaker(failures=2))

@service.operation($.Rates.latest, timeout="1s")
async def latest(query: Query) -> Rate:
    return Rate(value=1)
"""
BACKUP = """%%service Backup --kind query
@service.operation($.Backup.latest)
async def latest(query: Query) -> Rate:
    return Rate(value=2)
"""
SHOP = """%%service Shop
@service.operation($.Shop.buy)
async def buy(query: Query) -> Rate:
    return await Rates.latest(query)
"""
SAGA = """%%saga Buying --on $.Query.made --version 1.0.0
@saga.step(kind="pivot")
async def ask(query: Query) -> Rate:
    return await Rates.latest(query)
"""
MESH = """%%compose
Market = mesh(Rates, Shop, deadline="3s", breaker=Breaker(failures=9), fallback=Fallback(last_good=True))
"""


def defined(*cells: str) -> System:
    system = System()
    for text in cells:
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    return system


def test_a_mesh_goes_by_the_name_that_it_is_bound_to() -> None:
    graph = defined(CONTRACTS, RATES, SHOP, MESH).graph
    assert list(graph.meshes) == ["Market"]
    assert (graph.meshes["Market"].name, graph.meshes["Market"].names) == ("Market", ("Rates", "Shop"))
    assert mesh_of(graph, "Rates") is graph.meshes["Market"]
    assert mesh_of(graph, "Backup") is None


def test_services_in_the_graph_say_their_mesh() -> None:
    nodes = topology_of(defined(CONTRACTS, RATES, SHOP, BACKUP, MESH).graph).nodes
    assert [node.name for node in nodes if "mesh Market" in node.detail] == ["Rates", "Shop"]


def test_policies_come_from_operation_service_and_mesh() -> None:
    graph = defined(CONTRACTS, RATES, SHOP, MESH).graph
    resolved = policies_of(graph, "Shop", "Rates.latest")
    assert (resolved.timeout_ns, resolved.deadline_ns, resolved.breaker) == (10**9, 3 * 10**9, Breaker(failures=2))
    assert resolved.origin("deadline_ns") == "mesh Market"
    assert resolved.fallback == Fallback(last_good=True)


@pytest.mark.parametrize(("caller", "deadline_ns"), [("Shop", 3 * 10**9), ("Buying", 3 * 10**9), ("world", 0)])
def test_a_mesh_governs_calls_of_its_members_and_of_sagas(caller: str, deadline_ns: int) -> None:
    graph = defined(CONTRACTS, RATES, SHOP, MESH, SAGA).graph
    assert policies_of(graph, caller, "Rates.latest").deadline_ns == deadline_ns


def test_a_fallback_of_a_mesh_passes_by_what_changes_state() -> None:
    graph = defined(CONTRACTS, RATES, SHOP, MESH).graph
    assert policies_of(graph, "Rates", "Shop.buy").fallback is None


def test_a_call_cannot_give_a_fallback_to_what_changes_state() -> None:
    graph = defined(CONTRACTS, RATES, SHOP, MESH).graph
    with pytest.raises(FallbackChangesState):
        policies_of(graph, "Rates", "Shop.buy", Policies(fallback=Fallback(value=0)))


def test_a_service_in_two_meshes_is_refused() -> None:
    with pytest.raises(InTwoMeshes, match="Rates"):
        defined(CONTRACTS, RATES, SHOP, MESH, "%%compose more\nOther = mesh(Rates)\n")


def test_another_service_stands_in_with_its_operation_of_the_same_name() -> None:
    falling = RATES.replace('timeout="1s"', 'fallback=Fallback(service="Backup")')
    graph = defined(CONTRACTS, BACKUP, falling).graph
    fallback = policies_of(graph, "Shop", "Rates.latest").fallback
    assert fallback is not None
    assert alternative_of(graph, fallback, "Rates.latest") == "Backup.latest"


@pytest.mark.parametrize(
    ("fallback", "error"),
    [
        ("value=7", InvalidDeclaration),
        ("address=$.Shop.buy", FallbackChangesState),
        ("address=$.Odd.latest", WireMismatch),
    ],
)
def test_a_fallback_that_cannot_answer_is_refused(fallback: str, error: type[StudioError]) -> None:
    odd = "%%service Odd --kind query\n@service.operation($.Odd.latest)\nasync def latest(query: Query) -> str: ...\n"
    falling = RATES.replace('timeout="1s"', f"fallback=Fallback({fallback})")
    with pytest.raises(error):
        defined(CONTRACTS, odd, RATES, SHOP, falling)


def test_running_a_mesh_again_replaces_it() -> None:
    system = defined(CONTRACTS, RATES, SHOP, MESH, MESH.replace("3s", "4s"))
    assert policies_of(system.graph, "Shop", "Rates.latest").deadline_ns == 4 * 10**9


@pytest.mark.parametrize("members", [(), ("Rates",), (7,)])
def test_members_of_a_mesh_are_services(members: tuple[object, ...]) -> None:
    with pytest.raises(InvalidDeclaration):
        mesh(*members)


def test_a_mesh_takes_each_service_once_and_no_fallback_for_one_operation() -> None:
    rates = Service("Rates")
    assert isinstance(mesh(rates), Mesh)
    with pytest.raises(InvalidDeclaration, match="once"):
        mesh(rates, rates)
    with pytest.raises(InvalidDeclaration, match="suit"):
        mesh(rates, fallback=Fallback(value=0))
