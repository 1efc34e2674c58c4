"""What authors get wrong: each is told with a code, the cell, the line where there is one, and a remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.graph.system import System
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text

CONTRACTS = """%%contracts shop
class Order(Contract):
    id: str
class Parcel(Contract):
    tracking: str
event($.Order.created, Order, key="id")
"""


@pytest.fixture
def define() -> Callable[..., System]:
    """Define cells in a system that has contracts already."""

    def define_cells(*cells: str) -> System:
        system = System()
        for cell in (CONTRACTS, *cells):
            source = cell_from_text(cell)
            assert source is not None
            system.define(source)
        return system

    return define_cells


Define = Callable[..., System]


def refusal(define: Define, *cells: str) -> StudioError:
    with pytest.raises(StudioError) as caught:
        define(*cells)
    error = caught.value
    assert error.code.startswith("STU")
    assert error.code in str(error)
    assert error.remedy, "no remedy"
    return error


def place(error: StudioError) -> tuple[str, int | None]:
    assert error.where is not None, f"no place: {error}"
    return error.where.cell, error.where.line


def test_syntax_error_names_the_line(define: Define) -> None:
    error = refusal(define, "%%service Shop\nx = 1\ndef broken(:\n    pass\n")
    assert place(error) == ("service Shop", 2)


def test_undeclared_name_names_the_line_and_the_nearest(define: Define) -> None:
    error = refusal(define, "%%service Shop\n\n@service.on($.Order.created)\nasync def see(order: Ordr) -> None: ...\n")
    assert place(error) == ("service Shop", 3)
    assert "Order" in str(error)


def test_contract_mismatch_on_a_wire_names_both_ends(define: Define) -> None:
    first = "%%service First\n@service.operation($.First.pack)\nasync def pack(order: Order) -> Parcel: ...\n"
    second = "%%service Second\n@service.operation($.Second.take)\nasync def take(order: Order) -> Order: ...\n"
    error = refusal(define, first, second, "%%compose\nFlow = sequence(First, Second)\n")
    assert "First.pack" in str(error)
    assert "Second.take" in str(error)
    assert "id" in str(error)
    assert place(error) == ("compose Flow", 1)


def test_two_owners_of_an_address_are_both_named(define: Define) -> None:
    cell = "%%service {}\n@service.operation($.Parcel.pack)\nasync def pack(order: Order) -> Parcel: ...\n"
    error = refusal(define, cell.format("First"), cell.format("Second"))
    assert "First" in str(error)
    assert "Second" in str(error)
    assert place(error)[0] == "service Second"


def test_unknown_service_in_a_scenario_names_the_nearest(define: Define) -> None:
    service = "%%service Payment\n@service.on($.Order.created)\nasync def see(order: Order) -> None: ...\n"
    system = define(service, '%%scenario outage\ncrash("Paymnt", at="1s")\n')
    with pytest.raises(StudioError) as caught:
        simulate("outage", system=system)
    assert "Payment" in str(caught.value)
    assert place(caught.value) == ("scenario outage", 1)


def test_impossible_cron_is_refused_where_it_stands(define: Define) -> None:
    error = refusal(define, '%%service Shop\n\n@service.job("0 0 31 2 *")\nasync def never() -> None: ...\n')
    assert place(error)[0] == "service Shop"
    assert place(error)[1] in (2, 3)


def test_compensatable_step_after_the_pivot_is_refused(define: Define) -> None:
    error = refusal(
        define,
        "%%saga Flow --on $.Order.created\n"
        '@saga.step(kind="pivot")\nasync def decide(order: Order) -> None: ...\n'
        "@saga.step\nasync def late(order: Order) -> None: ...\n"
        "@late.compensation\nasync def undo(order: Order) -> None: ...\n",
    )
    assert "late" in str(error)
    assert "decide" in str(error)
    assert place(error)[0] == "saga Flow"


def test_handler_that_returns_the_wrong_type_is_told_at_its_operation(define: Define) -> None:
    system = define(
        "%%service Shop\n@service.operation($.Shop.pack)\nasync def pack(order: Order) -> Parcel:\n    return 7\n",
        '%%scenario once --duration 1s\nworkload($.Shop.pack, [Order(id="1")])\n',
    )
    run = simulate("once", system=system)
    spans = run.sql("select error, error_text, cell, line from spans where kind = 'handle'")
    assert spans["error"][0] == "STU416"
    assert "Parcel" in spans["error_text"][0]
    assert (spans["cell"][0], spans["line"][0]) == ("service Shop", 1)


def test_notebook_without_services_is_refused(tmp_path: Path) -> None:
    from studio.export.package import export_package

    with pytest.raises(StudioError) as caught:
        export_package(System(), tmp_path / "package", replays=lambda _: {})
    assert caught.value.remedy


def test_folder_that_is_not_ours_is_left_alone(define: Define, tmp_path: Path) -> None:
    from studio.export.package import export_package

    (tmp_path / "precious.txt").write_text("mine")
    system = define("%%service Shop\n@service.on($.Order.created)\nasync def see(order: Order) -> None: ...\n")
    with pytest.raises(StudioError) as caught:
        export_package(system, tmp_path, replays=lambda _: {})
    assert caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
