"""Which version of a saga is the current one."""

from __future__ import annotations

import pytest

from studio.errors import DeclaredTwice
from studio.graph.system import System
from studio.graph.versions import older_versions
from studio.source.cell import Source


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
