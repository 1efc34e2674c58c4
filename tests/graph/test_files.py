from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.errors import DefinitionCycle, ServiceModuleRefused, SharedMutable
from studio.graph.system import System
from studio.model.handle import ServiceHandle, service_behind
from studio.source.cell import Kind, Source
from studio.source.directory import read_directory
from studio.source.render import render

Cell = Callable[[str], Source]

CONTRACTS = """from studio.contract import Contract
from studio.address import S
from studio.model.event import event

class Order(Contract):
    id: str

event(S.Order.created, Order, key="id")
"""
INVENTORY = """from studio.model.service import Service
from shop.contracts import Order

service = Service("Inventory", version="1.0.0")
stock = 3

@service.operation("Inventory.reserve")
async def reserve(order: Order) -> None: ...
"""
ORDERS = """from studio.model.service import Service
from .contracts import Order
from .inventory import service as Inventory

service = Service("Orders", version="1.0.0")

@service.on("Order.created")
async def take(order: Order) -> None:
    await Inventory.reserve(order)
"""


def file(kind: Kind, path: str, body: str) -> Source:
    name = path.removesuffix(".py").replace("/", ".")
    return Source(kind=kind, name=name, body=body, origin=path, implicit=False)


FILES = (
    file("service", "shop/orders.py", ORDERS),
    file("service", "shop/inventory.py", INVENTORY),
    file("contracts", "shop/contracts.py", CONTRACTS),
)


def defined(*sources: Source) -> System:
    system = System()
    system.define_all(sources)
    return system


def names(system: System, definition: str) -> dict[str, Any]:
    return vars(system.build().instantiate(definition).module)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_files_import_each_other_in_whatever_order_they_are_read(order: tuple[int, ...]) -> None:
    system = defined(*(FILES[number] for number in order))
    assert list(system.definitions) == [FILES[number].name for number in order]
    assert system.definitions["shop.orders"].uses == ("shop.contracts", "shop.inventory")
    order_class = system.graph.contracts["Order"]
    assert system.graph.operations["Inventory.reserve"][1].takes is order_class


def test_importing_a_service_gives_its_handle_never_its_module() -> None:
    system = defined(*FILES)
    inventory = names(system, "shop.orders")["Inventory"]
    assert isinstance(inventory, ServiceHandle)
    assert service_behind(inventory) is system.graph.services["Inventory"]


def test_importing_what_is_inside_a_service_is_refused_with_the_line() -> None:
    spy = file("module", "shop/spy.py", "import shop.contracts\nfrom .inventory import stock\n")
    with pytest.raises(ServiceModuleRefused, match="name=stock") as raised:
        defined(*FILES, spy)
    assert str(raised.value.where) == "shop/spy.py, line 2"


def test_plain_import_of_a_package_reaches_its_modules() -> None:
    user = file("module", "shop/user.py", "import shop.contracts\nORDER = shop.contracts.Order\n")
    system = defined(*FILES, user)
    assert names(system, "shop.user")["ORDER"] is system.graph.contracts["Order"]


def test_files_that_import_each_other_in_a_circle_are_refused() -> None:
    first = file("module", "first.py", "from second import TWO\nONE = 1\n")
    second = file("module", "second.py", "from first import ONE\nTWO = 2\n")
    with pytest.raises(DefinitionCycle, match="first → second → first"):
        defined(first, second)


def test_nothing_is_kept_of_files_of_which_one_is_broken() -> None:
    system = System()
    with pytest.raises(ZeroDivisionError):
        system.define_all([*FILES, file("module", "bad.py", "1 / 0")])
    assert system.definitions == {}


def test_shared_state_in_a_file_is_placed_in_the_file() -> None:
    source = Source(
        kind="module", name="state", body="\nseen = []\n", origin="shop/state.py", first_line=5, implicit=True
    )
    with pytest.raises(SharedMutable) as raised:
        defined(source)
    assert str(raised.value.where) == "shop/state.py, line 6"


def test_cells_and_the_files_made_of_them_make_the_same_build(system: System, cell: Cell) -> None:
    exported = [
        Source(
            kind=each.kind, name=each.name, body=each.body, options=each.options,
            origin=f"{each.kind}/{each.name}.py", first_line=9,
        )
        for each in reversed(system.sources)
    ]  # fmt: skip
    again = defined(*exported).build()
    assert again.digest == system.build().digest
    reserve, first = (each.graph.operations["Inventory.reserve"][1] for each in (again, system.build()))
    assert reserve.where == first.where
    assert str(again.graph.shown(reserve.where)) == "service/Inventory.py, line 11"


def test_folder_of_exported_files_makes_the_same_build_as_the_cells(system: System, tmp_path: Path) -> None:
    for source in system.sources:
        folder = tmp_path / "shop" / f"{source.kind}_files"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{source.name.lower()}.py").write_text(render(source, imports="import studio"), encoding="utf-8")
    assert defined(*read_directory(tmp_path / "shop")).build().digest == system.build().digest


def test_cells_read_from_a_folder_may_name_each_other_in_whatever_order(cell: Cell) -> None:
    texts = (
        "%%compose\nFlow = sequence(A.act, B.act)",
        "%%service A\n@service.operation($.A.act)\nasync def act(m: Message) -> Message: await B.act(m)",
        "%%service B\n@service.operation($.B.act)\nasync def act(m: Message) -> Message: await A.act(m)",
        "%%contracts c\nclass Message(Contract):\n    id: str",
    )
    graph = defined(*(cell(text) for text in texts)).build().graph
    assert list(graph.definitions) == ["Flow", "A", "B", "c"]
    assert graph.compositions["Flow"].stages()[0][1].address == "A.act"
