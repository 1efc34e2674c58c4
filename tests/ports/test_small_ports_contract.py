"""The contracts of the ports Clock, Randomness, Identity and Settings, held by both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.ports import Randomness, Settings
from studio.serve.entropy import SecretRandomness
from studio.serve.environment import EnvironmentSettings
from studio.simulation.cluster.adapters import GivenSettings, HashedRandomness

if TYPE_CHECKING:
    from tests.ports.conftest import Engine, Shop

MS_NS = 1_000_000
RANDOM: list[Randomness] = [HashedRandomness(7, 1), SecretRandomness()]
SETTINGS: list[type[GivenSettings | EnvironmentSettings]] = [GivenSettings, EnvironmentSettings]


# -- clock ------------------------------------------------------------------------------------------------------------


def test_time_never_goes_back(engine: Engine) -> None:
    async def work(shop: Shop) -> list[int]:
        shown = []
        for _ in range(20):
            shown.append(shop.ports.clock.now_ns())
            await shop.ports.clock.sleep_ns(1000)
        return shown

    shown = engine(work)
    assert shown == sorted(shown)
    assert all(isinstance(each, int) for each in shown)


def test_time_stands_no_earlier_than_a_sleep_asked_for(engine: Engine) -> None:
    async def work(shop: Shop) -> int:
        before_ns = shop.ports.clock.now_ns()
        await shop.ports.clock.sleep_ns(5 * MS_NS)
        return int(shop.ports.clock.now_ns() - before_ns)

    assert engine(work) >= 5 * MS_NS


@pytest.mark.parametrize("delay_ns", [0, -1, -(10**18)])
def test_a_sleep_of_no_length_returns(engine: Engine, delay_ns: int) -> None:
    async def work(shop: Shop) -> None:
        await shop.ports.clock.sleep_ns(delay_ns)

    engine(work)


def test_sleepers_wake_in_the_order_of_their_times(engine: Engine) -> None:
    woken: list[int] = []

    async def work(shop: Shop) -> None:
        async def sleep(length: int) -> None:
            await shop.ports.clock.sleep_ns(length * 10 * MS_NS)
            woken.append(length)

        await asyncio.gather(sleep(3), sleep(1), sleep(2))

    engine(work)
    assert woken == [1, 2, 3]


def test_a_sleep_can_be_cancelled(engine: Engine) -> None:
    async def work(shop: Shop) -> None:
        sleeping = asyncio.ensure_future(shop.ports.clock.sleep_ns(10**18))
        await shop.ports.clock.sleep_ns(MS_NS)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping

    engine(work)


def test_a_sleep_is_cut_off_by_a_timeout(engine: Engine) -> None:
    async def work(shop: Shop) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await shop.ports.clock.sleep_ns(10**18)

    engine(work)


# -- randomness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("randomness", RANDOM)
@given(stream=st.text(max_size=20), keys=st.lists(st.integers(-(2**64), 2**64), max_size=4))
def test_a_draw_is_at_least_0_and_below_1(randomness: Randomness, stream: str, keys: list[int]) -> None:
    assert 0 <= randomness.uniform(stream, *keys) < 1


@pytest.mark.parametrize("randomness", RANDOM)
def test_draws_are_spread_evenly(randomness: Randomness) -> None:
    draws = [randomness.uniform("retry", number) for number in range(2000)]
    assert len(set(draws)) == 2000
    assert [sum(low <= draw < low + 0.25 for draw in draws) > 400 for low in (0, 0.25, 0.5, 0.75)] == [True] * 4


# -- identity ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["message", "span", "trace"])
def test_identifiers_are_positive_63_bit_and_each_is_given_once(engine: Engine, kind: str) -> None:
    async def work(shop: Shop) -> list[int]:
        return [getattr(shop.ports.identity, kind)() for _ in range(1000)]

    drawn = engine(work)
    assert len(set(drawn)) == 1000
    assert all(0 < each < 2**63 for each in drawn)


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=SETTINGS)
def settings(request: pytest.FixtureRequest) -> Settings:
    values: Mapping[str, str] = {"LIMIT": "3", "EMPTY": "", "KEY": "s3cret"}
    made: Settings = request.param(values)
    return made


def test_a_setting_is_what_it_was_set_to(settings: Settings) -> None:
    assert settings.setting("LIMIT") == "3"
    assert not settings.setting("EMPTY")
    assert settings.setting("EMPTY") is not None


def test_a_setting_that_is_not_set_is_none(settings: Settings) -> None:
    assert settings.setting("OTHER") is None


def test_a_secret_is_what_it_was_set_to(settings: Settings) -> None:
    assert settings.secret("KEY") == "s3cret"


def test_a_secret_that_is_not_set_is_none_or_plainly_made_up(settings: Settings) -> None:
    assert settings.secret("OTHER") in (None, "simulated-OTHER")
