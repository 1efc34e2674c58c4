from __future__ import annotations

from collections.abc import Callable

import pytest

from studio.errors import CompositionCycle, WireMismatch
from studio.graph.system import System
from studio.source.cell import Source

Cell = Callable[[str], Source]
Make = Callable[..., System]

CONTRACTS = "%%contracts c\nclass A(Contract):\n    a: str\nclass B(Contract):\n    b: str"
FIRST = "%%service First\n@service.operation($.First.act)\nasync def act(message: A) -> B: ..."
SECOND = "%%service Second\n@service.operation($.Second.act)\nasync def act(message: B) -> A: ..."
LATE = '%%compose late\nFlow = sequence(handle("First").act, handle("Second").act)'


def test_wire_of_handles_is_checked_when_both_services_are_there(make: Make, cell: Cell) -> None:
    system = make(CONTRACTS, LATE, FIRST)
    with pytest.raises(WireMismatch, match="has no field `a`"):
        system.define(cell(SECOND.replace("message: B", "message: A")))
    system.define(cell(SECOND))
    assert [stage.address for _, stage in system.graph.compositions["Flow"].stages()] == ["First.act", "Second.act"]


def test_service_that_changes_makes_a_composition_stale_or_new(make: Make, cell: Cell) -> None:
    system = make(CONTRACTS, FIRST, SECOND, "%%compose flow\nFlow = sequence(First, Second)")
    system.define(cell(SECOND.replace("message: B", "message: A")))
    assert "STU306" in system.definitions["flow"].stale
    system.define(cell(SECOND))
    assert system.definitions["flow"].stale == ""


def test_wire_mismatch_names_the_cell_and_line(make: Make, cell: Cell) -> None:
    system = make(CONTRACTS, FIRST)
    with pytest.raises(WireMismatch) as raised:
        system.define(cell("%%compose twice\n\nTwice = sequence(First, First)"))
    assert str(raised.value.where) == "compose twice, line 2"


def test_composition_that_answers_an_operation_it_contains_is_a_circle(make: Make, cell: Cell) -> None:
    system = make(CONTRACTS)
    text = '%%service First\nloop = sequence(handle("First").act)\nservice.operation($.First.act)(loop)'
    with pytest.raises(CompositionCycle, match="contains itself"):
        system.define(cell(text))
    assert "First" not in system.definitions


def test_compositions_take_the_name_they_are_bound_to(make: Make) -> None:
    system = make(CONTRACTS, FIRST, SECOND, "%%compose\nInner = sequence(First)\nOuter = sequence(Inner, Second)")
    assert [each.name for each in system.graph.compositions.values()] == ["Inner", "Outer"]
