"""Answer whoever watches the process: is it alive, may it get work, and what do its figures say."""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple

from studio.errors import StudioError
from studio.serve.assembly import Assembly
from studio.serve.exposition import CONTENT_TYPE, Exposition

__all__ = ["Answer", "Probes"]

STORAGE_S = 2.0
"""How long the storage may take to answer a probe."""


class Answer(NamedTuple):
    """A probe's answer."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Probes:
    """The probes of one process.

    `/livez` answers as long as the loop runs; restarting helps only where it does not. `/readyz` says whether requests
    should come here: not while the process drains, the storage is away, or a health check finds something.

    Args:
        assembly: What runs.
        exposition: Its figures.
    """

    def __init__(self, assembly: Assembly, exposition: Exposition) -> None:
        self._assembly, self._exposition = assembly, exposition
        self.is_draining = False

    async def answer(self, path: str) -> Answer | None:
        """Return the answer of a probe; None for any other path."""
        if path == "/livez":
            return Answer(200, b'{"status":"alive"}')
        if path == "/readyz":
            return await self._ready()
        if path == "/metrics":
            now_ns = self._assembly.parts.clock.now_ns()
            return Answer(200, self._exposition.text(now_ns), CONTENT_TYPE)
        return None

    async def _ready(self) -> Answer:
        findings = {} if (reason := await self._storage()) is None else {"storage": reason}
        for (service, number), health in sorted(self._assembly.health.items()):
            if not health.ok:
                findings[f"{service}/{number}"] = health.detail or "not healthy"
        status = "draining" if self.is_draining else "not ready" if findings else "ready"
        body = json.dumps({"status": status, "findings": findings}).encode()
        return Answer(200 if status == "ready" else 503, body)

    async def _storage(self) -> str | None:
        """Return why the storage cannot be read, or None."""
        try:
            async with asyncio.timeout(STORAGE_S):
                await self._assembly.parts.storage.get("$probe", "$ready", "")
        except TimeoutError:
            return f"no answer within {STORAGE_S:g} s"
        except StudioError as error:
            return error.text.splitlines()[0]
        return None
