"""Remember what was handled: kept answers of idempotent operations, and the inbox of events.

Both are documents of the service's own space, so a transactional handler commits them with its writes. Without
`transactional=True` a crash between the effect and the kept answer runs the handler again: the key then only narrows
the window.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable

from studio.errors import IdempotencyMismatch, StorageConflict
from studio.model.service import Operation
from studio.ports import Document, Envelope, Ports, Reply, Write

__all__ = ["ANSWERS", "INBOX", "Answers", "inbox_write"]

ANSWERS = "$answers"
INBOX = "$inbox"


def inbox_write(service: str, subscription: str, envelope: Envelope, at_ns: int) -> Write:
    """Return the write that remembers a handled event, and when; it conflicts when another replica was first."""
    return Write(service, INBOX, f"{subscription}/{envelope.message}", b'{"at_ns":%d}' % at_ns, 0)


class Answers:
    """The kept answers of one service.

    Args:
        service: Whose space they are in.
        ports: Clock and storage.
    """

    __slots__ = ("_ports", "_running", "_service")

    def __init__(self, service: str, ports: Ports) -> None:
        self._service, self._ports = service, ports
        self._running: dict[str, asyncio.Future[Reply]] = {}

    async def once(self, operation: Operation, envelope: Envelope, run: Callable[[int], Awaitable[Reply]]) -> Reply:
        """Return the kept answer of a call's key, or run and keep it.

        Calls under one key at this replica share one run; at two replicas, the one that commits first has the answer.
        Declared errors are answers too, and are not kept: a business refusal may change when asked again.

        Args:
            operation: What is called.
            envelope: The call.
            run: Takes the version at which the kept answer must stand when a transaction commits (0: there is none).

        Raises:
            IdempotencyMismatch: Another payload came under the key.
        """
        key = self._key(operation, envelope)
        while (running := self._running.get(key)) is not None:
            await asyncio.wait([running])
        mine = self._running[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._once(operation, envelope, key, run)
        finally:
            del self._running[key]
            mine.cancel()  # wakes who waits

    async def _once(
        self, operation: Operation, envelope: Envelope, key: str, run: Callable[[int], Awaitable[Reply]]
    ) -> Reply:
        kept = await self._ports.storage.get(self._service, ANSWERS, key)
        if kept is not None and not self._is_expired(kept, operation):
            return self._reply(kept, operation, envelope)
        expected = 0 if kept is None else kept.version
        try:
            reply = await run(expected)
            if not operation.transactional:
                if self._ports.points.armed:
                    await self._ports.points.reach("before-journal", envelope.address)
                await self._ports.storage.commit(self.writes(operation, envelope, reply, expected))
        except StorageConflict as conflict:
            if conflict.collection != ANSWERS:
                raise
            first = await self._ports.storage.get(self._service, ANSWERS, key)
            if first is None:
                raise
            return self._reply(first, operation, envelope)
        return reply

    def writes(self, operation: Operation, envelope: Envelope, reply: Reply, expected: int) -> tuple[Write, ...]:
        """Return the write that keeps an answer; it conflicts when another replica was first."""
        body = {
            "payload": _digest(envelope),
            "status": reply.status,
            "code": reply.code,
            "body": base64.b64encode(reply.body).decode(),
            "at_ns": self._ports.clock.now_ns(),
        }
        return (Write(self._service, ANSWERS, self._key(operation, envelope), json.dumps(body).encode(), expected),)

    def _reply(self, kept: Document, operation: Operation, envelope: Envelope) -> Reply:
        body = json.loads(kept.body)
        if body["payload"] != _digest(envelope):
            raise IdempotencyMismatch(service=self._service, operation=operation.name, key=envelope.idempotency)
        return Reply(body["status"], base64.b64decode(body["body"]), body["code"])

    def _is_expired(self, kept: Document, operation: Operation) -> bool:
        return self._ports.clock.now_ns() - int(json.loads(kept.body)["at_ns"]) > operation.window_ns

    @staticmethod
    def _key(operation: Operation, envelope: Envelope) -> str:
        return f"{operation.address}/{envelope.idempotency or envelope.message}"


def _digest(envelope: Envelope) -> str:
    return hashlib.blake2b(envelope.body, digest_size=16).hexdigest()
