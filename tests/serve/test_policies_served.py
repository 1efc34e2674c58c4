"""Policies in the real engine: the same code, told to Prometheus and in lines."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from studio.graph.system import System
from studio.ports import Envelope
from studio.records import PolicyChange
from studio.serve.assembly import Assembly, Parts
from studio.serve.environment import EnvironmentSettings
from studio.serve.exposition import Exposition
from studio.serve.network import NetworkOutbound
from studio.serve.sqlite import SqliteStorage
from studio.serve.telemetry import Telemetry
from studio.serve.walltime import WallClock
from studio.source.cell import cell_from_text

CELLS = (
    """%%contracts rates
class Query(Contract):
    currency: str
""",
    """%%service Rates --kind query --replicas 2
@service.operation($.Rates.latest)
async def latest(query: Query) -> int:
    if query.currency == "bad":
        raise RuntimeError("no rates")
    return 1
""",
    """%%service Front
@service.operation($.Front.ask)
async def ask(query: Query) -> str:
    try:
        return str(await Rates.latest(query))
    except Exception as error:
        return type(error).__name__
""",
    """%%compose
twice = Retry(attempts=2, backoff="none")
Market = mesh(Rates, Front, retry=twice, breaker=Breaker(failures=4), balance="least-loaded")
""",
)


def figures(exposition: Exposition) -> list[str]:
    lines = exposition.text(1).decode().splitlines()
    return [line for line in lines if line.startswith(("studio_policy", "studio_breaker"))]


@pytest.mark.anyio
async def test_a_breaker_opens_for_real_and_is_told(tmp_path: Path) -> None:
    system = System()
    system.define_all(source for text in CELLS if (source := cell_from_text(text)) is not None)
    stream, exposition = io.StringIO(), Exposition()
    telemetry = Telemetry(exposition, stream=stream)
    async with SqliteStorage(tmp_path / "data.db") as storage, NetworkOutbound() as outbound:
        parts = Parts(storage, WallClock(), outbound, EnvironmentSettings(), telemetry)
        answers = await asked(Assembly(system.build(), parts), "good", "bad", "bad", "good")
    telemetry.close()
    assert answers == ["1", "UndeclaredError", "UndeclaredError", "BreakerOpen"]
    assert 'studio_breaker_state{replica="1",service="Front",target="Rates.latest"} 2.0' in figures(exposition)
    assert any('change="retried"' in line and line.endswith(" 2.0") for line in figures(exposition))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "breaker opened: Rates.latest" in [line["text"] for line in told if line["level"] == "warning"]


async def asked(assembly: Assembly, *currencies: str) -> list[str]:
    await assembly.start()
    found: list[Any] = []
    for at, currency in enumerate(currencies, start=1):
        body = json.dumps({"currency": currency}).encode()
        reply = await assembly.bus.request(Envelope(at, "call", "Front.ask", body, "world", causal=at))
        found.append(json.loads(reply.body))
    await asyncio.shield(assembly.stop(0))
    return found


def test_a_breaker_that_closes_is_shown_closed() -> None:
    exposition = Exposition()
    telemetry = Telemetry(exposition, stream=io.StringIO())
    for change in ("opened", "half-open", "closed"):
        telemetry.write(PolicyChange(1, "Front", 1, "breaker", "Rates.latest", change, "", 0, 0, 0))
    telemetry.close()
    assert 'studio_breaker_state{replica="1",service="Front",target="Rates.latest"} 0.0' in figures(exposition)
