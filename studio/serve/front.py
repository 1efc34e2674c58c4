"""Take requests from the HTTP server to whoever answers them: probes, the description, replicas."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, Self

from studio.errors import StudioError
from studio.runtime.acting import message_record
from studio.runtime.answering import Asgi, Receive, Scope, Send
from studio.runtime.application import Application
from studio.runtime.endpoints import problem_response
from studio.runtime.statuses import problem_of
from studio.serve.assembly import Assembly
from studio.serve.entropy import RandomIdentity
from studio.serve.probes import Answer, Probes

__all__ = ["Front"]

PING_S = 15.0
"""How long an event stream may be idle before a comment is sent, so that nothing on the way closes it."""
_PING = b": ping\n\n"


class Front:
    """The ASGI application of the process.

    `/livez`, `/readyz`, `/metrics`, `/openapi.json` and `/docs` are its own, and win over endpoints of the same path.

    Args:
        assembly: Answers.
        probes: Answer watchers.
        title: And `version`: of the description.
    """

    def __init__(self, assembly: Assembly, probes: Probes, *, title: str, version: str) -> None:
        self._assembly, self._probes = assembly, probes
        self._title, self._version = title, version
        self._identity = RandomIdentity()
        self.application = Application(assembly.program)
        self._description: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return  # upgrades to WebSocket are refused by the server when nothing accepts them
        path = scope["path"]
        own = await self._probes.answer(path) or self._described(path)
        if own is not None:
            await _send(own, send)
            return
        try:
            route = self.application.routes.find(scope["method"], path)
        except StudioError as error:
            await problem_response(problem_of(error))(scope, receive, send)
            return
        replica = self._assembly.pick(route.owner) if route.kind == "endpoint" else self._assembly.outside
        envelope = self.application.envelope(route, scope, self._identity)
        parts = self._assembly.parts
        if parts.recorder is not None:
            parts.recorder.write(message_record(envelope, parts.clock.now_ns()))
        async with _KeptOpen(send) as kept:
            await self.application.answer(replica, route, envelope, Asgi(scope, receive, kept))

    def _described(self, path: str) -> Answer | None:
        if path == "/openapi.json":
            if self._description is None:
                told = self.application.openapi(title=self._title, version=self._version)
                self._description = json.dumps(told).encode()
            return Answer(200, self._description)
        if path == "/docs":
            from fastapi.openapi.docs import get_swagger_ui_html

            page = get_swagger_ui_html(openapi_url="openapi.json", title=self._title)
            return Answer(200, bytes(page.body), "text/html; charset=utf-8")
        return None


class _KeptOpen:
    """Pass a response on; while it is an event stream and idle, send a comment now and then."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sent = 0
        self._pinging: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._pinging is not None:
            self._pinging.cancel()
            await asyncio.wait({self._pinging})

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Pass one ASGI message on."""
        self._sent += 1
        if message["type"] == "http.response.start" and _is_stream(message):
            self._pinging = asyncio.create_task(self._ping())
        elif self._pinging is not None and not message.get("more_body", False):
            self._pinging.cancel()
        await self._send(message)

    async def _ping(self) -> None:
        while True:
            before = self._sent
            await asyncio.sleep(PING_S)
            if self._sent == before:
                await self._send({"type": "http.response.body", "body": _PING, "more_body": True})


def _is_stream(message: MutableMapping[str, Any]) -> bool:
    headers = dict(message.get("headers", ()))
    return bool(headers.get(b"content-type", b"").startswith(b"text/event-stream"))


async def _send(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
