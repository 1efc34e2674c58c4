"""Which version of a saga is the current one."""

from __future__ import annotations

import pytest

from studio.errors import DeclaredTwice, InvalidDeclaration
from studio.graph.system import System
from studio.graph.versions import older_versions
from studio.source.cell import Source
from studio.source.file import source_from_text


def saga(version: str) -> Source:
    options = (("version", version),) if version else ()
    return Source(
        "saga", "Flow", "@saga.step\nasync def go(order: Any) -> None: ...\n", (("on", "Order.created"), *options)
    )


def test_highest_version_is_current_whatever_the_order() -> None:
    given = [saga("1.10.0"), saga("1.9.0"), saga("2.0.0-rc.1"), saga("2.0.0")]
    assert older_versions(given) == {"Flow": (given[1], given[0], given[2])}


def test_saga_without_a_version_is_the_first() -> None:
    first, second = saga(""), saga("1.0.1")
    assert older_versions([second, first]) == {"Flow": (first,)}


def test_single_version_has_no_older_ones() -> None:
    assert older_versions([saga("3.0.0"), saga("3.0.0")]) == {}


def test_version_that_stands_twice_is_refused() -> None:
    with pytest.raises(DeclaredTwice):
        System().define_all([saga("1.0.0"), saga("1.0.0")])


FILE = """
from studio import S, Saga
saga = Saga("Flow", on=S.Order.created{more})
@saga.step
async def go(order: object) -> None: ...
"""


def file(name: str, more: str = "") -> Source:
    return source_from_text(FILE.replace("{more}", more), origin=f"{name}.py")


def test_version_that_a_plain_file_states_counts_too() -> None:
    first, second = file("old"), file("new", ', version="2.0.0"')
    assert older_versions([second, first]) == {"Flow": (first,)}
    system = System()
    system.define_all([first, second])
    assert system.build().graph.older("Flow") == ["1.0.0"]


def test_version_that_is_computed_is_taken_for_none() -> None:
    computed = file("a", ", version=str(2)")
    assert older_versions([computed, file("b", ', version="1.1.0"')]) == {"Flow": (computed,)}


def test_older_versions_of_a_saga_are_told_newest_first() -> None:
    system = System()
    system.define_all([saga("1.9.0"), saga("1.10.0"), saga("2.0.0")])
    assert system.build().graph.older("Flow") == ["1.10.0", "1.9.0"]
    assert system.build().graph.older("Other") == []


def test_saga_whose_latest_version_is_retired_is_refused() -> None:
    with pytest.raises(InvalidDeclaration, match="it is the latest version"):
        System().define_all([file("only", ", retired=True")])
