from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from studio.errors import (
    AddressIsBoth,
    DeclaredTwice,
    DefinitionCycle,
    InvalidSyntax,
    NameOfOrdinaryCell,
    SharedMutable,
    StaleDefinition,
    TwoOwners,
    UndefinedName,
    UnknownDefinition,
)
from studio.graph.system import System
from studio.model.handle import ServiceHandle, service_behind
from studio.source.cell import Source

Cell = Callable[[str], Source]
Make = Callable[..., System]

ORDER_2 = """%%contracts orders
class Order(Contract):
    id: str
    gift: bool = False

class Reservation(Contract):
    order_id: str

event($.Order.created, Order, key="id")
"""


def test_cells_declare_services_sagas_events_and_contracts(system: System) -> None:
    graph = system.graph
    assert [*graph.services, *graph.sagas] == ["Inventory", "Orders", "OrderProcessing"]
    assert sorted(graph.contracts) == ["Order", "Reservation"]
    assert graph.kind_of("Inventory.reserve") == "command"
    assert graph.kind_of("Order.created") == "event"
    assert graph.kind_of("Order.lost") == ""


def test_defining_again_replaces_in_place(system: System, cell: Cell) -> None:
    system.define(cell("%%service Inventory --version 2.0.0"))
    assert system.graph.services["Inventory"].version == "2.0.0"
    assert system.graph.operations == {}
    assert list(system.definitions) == ["orders", "Inventory", "Orders", "OrderProcessing"]


def test_dependents_are_executed_again_so_contracts_stay_the_same_class(system: System, cell: Cell) -> None:
    system.define(cell(ORDER_2))
    order = system.graph.contracts["Order"]
    assert system.graph.operations["Inventory.reserve"][1].takes is order
    assert system.graph.sagas["OrderProcessing"].takes is order
    assert system.graph.events["Order.created"].contract is order


@pytest.mark.parametrize("body", ["if :", "raise ValueError(1)", "Missing", "service.nothing_of_this", "1/0"])
def test_broken_cell_leaves_last_good_definition(system: System, cell: Cell, body: str) -> None:
    before = system.definitions["Inventory"]
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the body raises
        system.define(cell(f"%%service Inventory\n{body}"))
    assert system.definitions["Inventory"] is before
    assert system.graph.kind_of("Inventory.reserve") == "command"
    assert sys.modules["studio_cells.Inventory"] is before.module


def test_syntax_error_names_cell_and_line(system: System, cell: Cell) -> None:
    with pytest.raises(InvalidSyntax) as raised:
        system.define(cell("%%service Inventory\nx = 1\ndef broken(:\n    pass"))
    assert str(raised.value.where) == "service Inventory, line 2"


def test_what_no_longer_fits_is_stale_until_it_fits_again(system: System, cell: Cell) -> None:
    changed = ORDER_2.replace("class Reservation", "class Hold")
    system.define(cell(changed))
    assert "name=Reservation is not defined" in system.definitions["Inventory"].stale
    with pytest.raises(StaleDefinition, match="Inventory does not fit"):
        system.build()
    system.define(cell(ORDER_2))
    assert not system.definitions["Inventory"].stale
    system.build()


def test_stale_definition_mends_when_the_name_moves_to_another_cell(system: System, cell: Cell) -> None:
    system.define(cell(ORDER_2.replace("class Reservation", "class Hold")))
    system.define(cell("%%contracts more\nclass Reservation(Contract):\n    order_id: str"))
    assert not any(each.stale for each in system.definitions.values())


def test_forgetting_tells_what_is_stale_now(system: System) -> None:
    assert system.forget("Inventory") == ("Orders",)
    assert "Inventory" not in system.graph.services
    assert "Inventory" in system.definitions["Orders"].stale


def test_forgetting_the_unknown_names_the_nearest(system: System) -> None:
    with pytest.raises(UnknownDefinition, match="Nearest: Inventory"):
        system.forget("Inventry")


def test_reset_forgets_everything(system: System) -> None:
    system.reset()
    assert system.definitions == {}
    assert system.graph.services == {}


def test_renaming_in_a_cell_forgets_the_old_name_and_keeps_the_place(make: Make, cell: Cell) -> None:
    system = System()
    for number, name in enumerate(("A", "B", "C")):
        system.define(cell(f"%%service {name}"), f"cell{number}")
    system.define(cell("%%service New"), "cell1")
    assert list(system.definitions) == ["A", "New", "C"]


def test_renaming_forgets_nothing_when_the_new_source_is_broken(cell: Cell) -> None:
    system = System()
    system.define(cell("%%service A"), "one")
    with pytest.raises(UndefinedName):
        system.define(cell("%%service B\nMissing"), "one")
    assert list(system.definitions) == ["A"]


def test_renaming_keeps_a_name_that_another_cell_took_over(cell: Cell) -> None:
    system = System()
    system.define(cell("%%service A"), "one")
    system.define(cell("%%service A"), "two")
    system.define(cell("%%service B"), "one")
    assert list(system.definitions) == ["A", "B"]


def test_cell_may_change_its_kind_but_another_cell_may_not_take_the_name(cell: Cell) -> None:
    system = System()
    system.define(cell("%%module prices\nTAX = 19"), "one")
    system.define(cell("%%contracts prices"), "one")
    with pytest.raises(DeclaredTwice, match=r"name prices is declared in contracts prices"):
        system.define(cell("%%module prices"), "two")


def test_two_cells_may_not_give_the_same_name(system: System, cell: Cell) -> None:
    with pytest.raises(DeclaredTwice, match="name Order is declared in contracts orders"):
        system.define(cell("%%contracts more\nclass Order(Contract):\n    id: str"))


def test_undefined_name_is_named_with_line_and_nearest(system: System, cell: Cell) -> None:
    with pytest.raises(UndefinedName, match="Nearest: Order") as raised:
        system.define(cell("%%service New\n\n@service.on($.Order.created)\nasync def take(order: Ordr) -> None: ..."))
    assert str(raised.value.where) == "service New, line 3"


def test_name_of_an_ordinary_cell_is_refused_with_the_cell(system: System, cell: Cell) -> None:
    with pytest.raises(NameOfOrdinaryCell, match=r"In\[4\]"):
        system.define(cell("%%service New\nlimit = rate * 2"), elsewhere={"rate": "In[4]"})


def test_two_owners_of_an_address_are_refused(system: System, cell: Cell) -> None:
    text = "%%service Other\n@service.operation($.Inventory.reserve)\nasync def reserve(order: Order) -> None: ..."
    with pytest.raises(TwoOwners, match="Inventory and of Other") as raised:
        system.define(cell(text))
    assert str(raised.value.where) == "service Other, line 1"
    assert "Other" not in system.definitions


@pytest.mark.parametrize(
    "text",
    [
        "%%service Other\n@service.on($.Inventory.reserve)\nasync def spy(order: Order) -> None: ...",
        "%%contracts more\nevent($.Inventory.reserve, Order)",
        "%%saga Other --on $.Order.created --completed $.Inventory.reserve",
    ],
)
def test_address_is_a_command_or_an_event(system: System, cell: Cell, text: str) -> None:
    with pytest.raises(AddressIsBoth, match=r"Inventory\.reserve"):
        system.define(cell(text))


@pytest.mark.parametrize("body", ["seen = []", "seen = {}", "class Basket:\n    items = []"])
@pytest.mark.parametrize("kind", ["contracts", "module"])
def test_shared_state_is_refused_in_what_services_share(cell: Cell, kind: str, body: str) -> None:
    with pytest.raises(SharedMutable) as raised:
        System().define(cell(f"%%{kind} shared\n{body}"))
    assert raised.value.where is not None
    assert raised.value.where.cell == f"{kind} shared"


def test_names_may_not_go_in_a_circle(cell: Cell) -> None:
    system = System()
    system.define(cell("%%module first\nRATE = 2"))
    system.define(cell("%%module second\nTWICE = RATE * 2"))
    with pytest.raises(DefinitionCycle, match="first → second → first"):
        system.define(cell("%%module first\nRATE = 2\nFOUR = TWICE * 2"))


def test_services_may_name_each_other(system: System, cell: Cell) -> None:
    system.define(
        cell("%%service Inventory\n@service.on($.Order.created)\nasync def ask(o: Order) -> None:\n    Orders")
    )
    build = system.build()
    orders = build.instantiate("Inventory").module.__dict__["Orders"]
    assert service_behind(orders) is build.graph.services["Orders"]


def test_incarnations_have_globals_of_their_own_and_share_contracts(system: System) -> None:
    build = system.build()
    first, second = build.instantiate("Inventory").module, build.instantiate("Inventory").module
    assert first.__dict__["reserved"] is not second.__dict__["reserved"]
    assert first.__dict__["Order"] is second.__dict__["Order"] is build.graph.contracts["Order"]
    assert first.__dict__["service"] is not second.__dict__["service"]


def test_service_sees_its_own_handle_and_that_of_others(system: System) -> None:
    names = system.visible()
    assert isinstance(names["Inventory"], ServiceHandle)
    assert {"S", "Contract", "Decimal", "Order", "Reservation"} <= names.keys()


def test_build_is_not_changed_by_later_cells(system: System, cell: Cell) -> None:
    build = system.build()
    system.define(cell("%%service Inventory --version 9.0.0"))
    module = build.instantiate("Orders").module
    behind = service_behind(module.__dict__["Inventory"])
    assert behind is not None
    assert behind.version == "1.2.0"


def test_saga_is_kept_in_its_old_version_until_forgotten_by_name(system: System, cell: Cell) -> None:
    system.define(cell("%%saga OrderProcessing --on $.Order.created --version 2.0.0"))
    graph = system.graph
    assert [*graph.sagas_by_version] == [("OrderProcessing", "1.0.0"), ("OrderProcessing", "2.0.0")]
    assert graph.sagas["OrderProcessing"].version == "2.0.0"
    old = system.build().instantiate("OrderProcessing@1.0.0")
    assert [step.name for step in old.declarations.items[0].steps] == ["reserve_inventory"]
    system.forget("OrderProcessing@1.0.0")
    assert [*system.graph.sagas_by_version] == [("OrderProcessing", "2.0.0")]


def test_kept_saga_version_follows_its_contracts(system: System, cell: Cell) -> None:
    system.define(cell("%%saga OrderProcessing --on $.Order.created --version 2.0.0"))
    system.define(cell(ORDER_2))
    old = system.graph.sagas_by_version["OrderProcessing", "1.0.0"]
    assert old.takes is system.graph.contracts["Order"]
    assert "OrderProcessing@1.0.0" in system.definitions


def test_digest_does_not_depend_on_the_order_of_cells(make: Make) -> None:
    first = make("%%service A", "%%service B").build()
    assert first.digest == make("%%service B", "%%service A").build().digest
    assert first.digest != make("%%service A").build().digest


def test_invariants_are_declared_in_sql_and_in_python(make: Make) -> None:
    sql = "%%invariant never --eventually\nselect 1 where 1 = 2"
    python = "%%invariant none --python\n@invariant\ndef none(run):\n    return []"
    invariants = make(sql, python).graph.invariants
    assert {name: (each.mode, bool(each.function)) for name, each in invariants.items()} == {
        "never": ("eventually", False),
        "none": ("always", True),
    }


def test_scenario_collects_what_its_cell_states(make: Make) -> None:
    scenario = make('%%scenario outage --duration 10m\ncrash("Payment", at="2m")').graph.scenarios["outage"]
    assert (scenario.duration, len(scenario.faults)) == ("10m", 1)
