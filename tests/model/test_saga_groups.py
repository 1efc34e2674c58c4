"""Which steps of a saga may run at once."""

from __future__ import annotations

from typing import Any

import pytest

from studio.address import S
from studio.errors import InvalidDeclaration
from studio.model.saga import Saga


async def reserve(order: Any) -> None: ...


async def ship(order: Any) -> None: ...


def test_steps_of_one_kind_form_a_group() -> None:
    saga = Saga("Buying", on=S.Order.created)
    saga.step(reserve, group="both")
    saga.step(ship, group="both")
    assert [[step.name for step in group] for group in saga.groups] == [["reserve", "ship"]]


def test_a_step_that_cannot_be_undone_is_refused_beside_one_that_can() -> None:
    saga = Saga("Buying", on=S.Order.created)
    saga.step(reserve, group="both")
    with pytest.raises(InvalidDeclaration, match="one kind"):
        saga.step(ship, group="both", kind="retriable")
