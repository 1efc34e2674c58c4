"""The small ports of the real engine: clock, chance, settings, third parties."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import UnreadableSecret
from studio.ports import HttpRequest
from studio.serve.entropy import RandomIdentity, SecretRandomness
from studio.serve.environment import EnvironmentSettings
from studio.serve.network import NetworkOutbound
from studio.serve.walltime import WallClock


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(-5000, 5000)), max_size=50))
def test_time_never_goes_back_and_never_stands_still(moves: list[tuple[int, int]]) -> None:
    wall, elapsed = 1_000_000, 0
    clock = WallClock(wall_ns=lambda: wall, elapsed_ns=lambda: elapsed)
    before = clock.now_ns()
    for passed, set_by in moves:
        wall, elapsed = wall + passed + set_by, elapsed + passed
        now = clock.now_ns()
        assert now >= before + passed // 2
        assert now >= wall
        before = now


def test_time_meets_a_wall_clock_that_was_set_back() -> None:
    wall, elapsed = 1000, 0
    clock = WallClock(wall_ns=lambda: wall, elapsed_ns=lambda: elapsed)
    wall = 0
    shown = []
    for _ in range(30):
        wall, elapsed = wall + 100, elapsed + 100
        shown.append(clock.now_ns() - wall)
    assert shown[0] == 950
    assert shown[19:] == [0] * 11


@pytest.mark.anyio
async def test_the_clock_sleeps_no_shorter_than_asked() -> None:
    clock = WallClock()
    before = clock.now_ns()
    await clock.sleep_ns(2_000_000)
    assert clock.now_ns() >= before + 2_000_000
    await clock.sleep_ns(-1)


def test_identifiers_are_positive_and_differ() -> None:
    identity = RandomIdentity()
    drawn = {draw() for draw in (identity.message, identity.span, identity.trace) for _ in range(1000)}
    assert len(drawn) == 3000
    assert all(0 < value < 2**63 for value in drawn)


def test_draws_differ_between_two_processes_alike() -> None:
    draws = [SecretRandomness().uniform("retry", 1) for _ in range(20)]
    assert len(set(draws)) == 20
    assert all(0 <= draw < 1 for draw in draws)


def test_settings_are_named_in_upper_case() -> None:
    settings = EnvironmentSettings({"MAIL_RETRY_LIMIT": "3", "EMPTY": ""})
    assert settings.setting("mail.retry-limit") == "3"
    assert settings.setting("MAIL_RETRY_LIMIT") == "3"
    assert settings.setting("empty") == ""
    assert settings.setting("other") is None


def test_a_secret_can_be_a_mounted_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    settings = EnvironmentSettings({"CARDS_KEY_FILE": str(tmp_path / "key"), "OTHER": "told"})
    assert settings.secret("CARDS_KEY") == "s3cret"
    assert settings.secret("OTHER") == "told"
    assert settings.secret("NONE") is None


def test_a_missing_secret_file_is_named_by_its_variable(tmp_path: Path) -> None:
    settings = EnvironmentSettings({"CARDS_KEY_FILE": str(tmp_path / "key")})
    with pytest.raises(UnreadableSecret, match="CARDS_KEY_FILE"):
        settings.secret("CARDS_KEY")


def request(path: str = "/charges") -> HttpRequest:
    return HttpRequest("cards", "POST", f"https://cards.example{path}", (("x-trace", "7"),), b'{"amount": 1}')


@pytest.mark.anyio
async def test_a_request_goes_out_and_its_response_comes_whole() -> None:
    seen: list[httpx.Request] = []

    def answer(sent: httpx.Request) -> httpx.Response:
        seen.append(sent)
        headers = {"content-encoding": "gzip", "x-id": "1", "set-cookie": "session=1"}
        return httpx.Response(201, headers=headers, content=gzip.compress(b"{}"))

    async with NetworkOutbound(transport=httpx.MockTransport(answer)) as outbound:
        response = await outbound.send(request(), timeout_ns=10**9)
        await outbound.send(request(), timeout_ns=10**9)
    assert (response.status, response.body) == (201, b"{}")
    assert response.headers == (("x-id", "1"), ("set-cookie", "session=1"))
    assert [(sent.method, sent.content, sent.headers["x-trace"]) for sent in seen] == [
        ("POST", b'{"amount": 1}', "7")
    ] * 2
    assert "cookie" not in seen[1].headers


@pytest.mark.anyio
async def test_a_response_that_does_not_end_times_out() -> None:
    async def hang(sent: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError(sent)

    async with NetworkOutbound(transport=httpx.MockTransport(hang)) as outbound:
        with pytest.raises(httpx.ReadTimeout):
            await outbound.send(request(), timeout_ns=1_000_000)


@pytest.mark.anyio
async def test_a_third_party_that_is_not_there_is_a_connect_error() -> None:
    async with NetworkOutbound() as outbound:
        there = HttpRequest("cards", "GET", "http://127.0.0.1:1/", (), b"")
        with pytest.raises(httpx.ConnectError):
            await outbound.send(there, timeout_ns=10**9)
