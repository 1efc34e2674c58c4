"""Several things at once, none of which outlives the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

import pytest

from studio.runtime.together import all_or_first_error

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

Work = Callable[[float, str], Coroutine[None, None, str]]


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def work(ended: list[str]) -> Work:
    async def work(seconds: float, name: str) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            ended.append(name)
            raise
        if name == "bad":
            raise KeyError(name)
        return name

    return work


def test_results_come_in_the_order_of_the_work(bench: Callable[..., Bench], work: Work) -> None:
    assert bench().run(all_or_first_error([work(2, "a"), work(1, "b")])) == ["a", "b"]


def test_the_first_error_is_raised_once_the_others_have_ended(
    bench: Callable[..., Bench], work: Work, ended: list[str]
) -> None:
    with pytest.raises(KeyError):
        bench().run(all_or_first_error([work(9, "slow"), work(1, "bad"), work(9, "other")]))
    assert ended == ["slow", "other"]


def test_a_cancellation_waits_for_all(bench: Callable[..., Bench], work: Work, ended: list[str]) -> None:
    async def main() -> None:
        async with asyncio.timeout(1):
            await all_or_first_error([work(9, "a"), work(9, "b")])

    with pytest.raises(TimeoutError):
        bench().run(main())
    assert ended == ["a", "b"]
