"""Answer whoever watches the process: is it alive, may it get work, and what do its figures say."""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple

from studio.errors import StudioError
from studio.model.duration import SECOND_NS
from studio.ports import Write
from studio.serve.assembly import Assembly
from studio.serve.exposition import CONTENT_TYPE, Exposition
from studio.serve.needs import Needs

__all__ = ["Answer", "Probes"]

STORAGE_S = 2.0
"""How long the storage may take to answer a probe."""
WRITTEN_NS = 5 * SECOND_NS
"""How long a write that succeeded, or failed, stands for the next: whoever asks often does not wear the disk."""


class Answer(NamedTuple):
    """A probe's answer."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Probes:
    """The probes of one process.

    `/livez` answers as long as the loop runs; restarting helps only where it does not. `/readyz` says whether requests
    should come here: not while the process drains, the storage takes no write, a setting is missing, or a health check
    finds something.

    Args:
        assembly: What runs.
        exposition: Its figures.
        needs: Settings that must be there.
    """

    def __init__(self, assembly: Assembly, exposition: Exposition, needs: Needs) -> None:
        self._assembly, self._exposition, self._needs = assembly, exposition, needs
        self._written: tuple[int, str | None] | None = None  # when, and why not
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
        findings = self._needs.missing()
        if (reason := await self._storage()) is not None:
            findings["storage"] = reason
        for (service, number), health in sorted(self._assembly.health.items()):
            if not health.ok:
                findings[f"{service}/{number}"] = health.detail or "not healthy"
        status = "draining" if self.is_draining else "not ready" if findings else "ready"
        body = json.dumps({"status": status, "findings": findings}).encode()
        return Answer(200 if status == "ready" else 503, body)

    async def _storage(self) -> str | None:
        """Return why nothing can be written, or None; a disk that is full can still be read."""
        now_ns = self._assembly.parts.clock.now_ns()
        if self._written is None or now_ns - self._written[0] >= WRITTEN_NS:
            before = None if self._written is None else self._written[1]
            self._written = now_ns, before  # for those who ask meanwhile
            self._written = now_ns, await self._try()
        return self._written[1]

    async def _try(self) -> str | None:
        try:
            async with asyncio.timeout(STORAGE_S):
                await self._assembly.parts.storage.commit([Write("$probe", "$ready", "", b"{}")])
        except TimeoutError:
            return f"no answer within {STORAGE_S:g} s"
        except StudioError as error:
            return error.text.splitlines()[0]
        return None
