"""Send what was committed: events that wait in the outbox until the bus has stored them.

A commit has put them there, so nothing that happens afterwards can lose them: a crash between publishing and taking out
publishes again, under the same message id. When the bus does not confirm, the work that committed is not held up: one
task of the process goes on trying.
"""

from __future__ import annotations

import asyncio

from studio.errors import PublishFailed, StorageUnavailable
from studio.model.policy import Retry
from studio.ports import Envelope, Write, decode_envelope, encode_envelope
from studio.runtime.acting import Host

__all__ = ["OUTBOX", "Outbox", "outbox_write"]

OUTBOX = "$outbox"
OUTBOX_BATCH = 100
OUTBOX_RETRY = Retry(attempts=1000, backoff="exponential", first="100ms", most="30s", jitter=0.0)
"""Attempts without success before the outbox is left to the next event or the next start; more than eight hours."""


def outbox_write(space: str, envelope: Envelope) -> Write:
    """Return the write that puts an event into the outbox."""
    return Write(space, OUTBOX, f"{envelope.message:020d}", encode_envelope(envelope), 0)


class Outbox:
    """The outbox of one process's space.

    Args:
        host: Who publishes; its name is the space.
    """

    __slots__ = ("_host", "_sending")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Send what an earlier incarnation committed and did not send; later, where the storage is away."""
        try:
            is_wanted = bool(await self._waiting())
        except StorageUnavailable:
            is_wanted = True
        if is_wanted:
            self.rouse()

    async def relay(self, envelope: Envelope) -> None:
        """Publish a committed event and take it out; what the bus does not confirm now is sent later."""
        try:
            await self._send(envelope)
        except (PublishFailed, StorageUnavailable):
            self.rouse()

    async def _send(self, envelope: Envelope) -> None:
        await self._host.publish(envelope)
        space, key = self._host.name, f"{envelope.message:020d}"
        await self._host.ports.storage.commit((Write(space, OUTBOX, key, None),))

    async def _waiting(self) -> list[Envelope]:
        found = await self._host.ports.storage.find(self._host.name, OUTBOX, limit=OUTBOX_BATCH)
        return [decode_envelope(document.body) for document in found]

    def rouse(self) -> None:
        """See what waits, and send it, while others go on."""
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        """Send until nothing waits, from the oldest on."""
        failures = 0
        while failures < OUTBOX_RETRY.attempts:
            try:
                waiting = await self._waiting()
                for envelope in waiting:
                    await self._send(envelope)
                    failures = 0
            except (PublishFailed, StorageUnavailable):
                failures += 1
                await self._host.ports.clock.sleep_ns(OUTBOX_RETRY.wait_ns(failures + 1, 0.0))
            else:
                if not waiting:
                    return
