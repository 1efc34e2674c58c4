"""Let code read events as they pass: `async for event in stream(...)`, which nothing is stored for.

The model is core NATS: at most once, in order, over a connection that takes its time. What comes while nobody reads
waits in a bounded queue; beyond it a reader that is too slow misses events, as it would in reality.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.address import Pattern, matches, parse, pattern
from studio.ports import Envelope
from studio.records import Delivery
from studio.simulation.harming.applier import Way
from studio.simulation.randomness import mix
from studio.simulation.virtual.awaiting import suspend
from studio.simulation.virtual.incarnation import INCARNATION
from studio.simulation.virtual.task import Effect

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["Readers"]

QUEUE_MAX = 65_536
"""Events that wait for one reader, as NATS clients have it by default."""


@dataclass(slots=True, eq=False)
class _Reader:
    """One iteration over a stream, by one incarnation."""

    pattern: Pattern
    owner: str
    key: int
    events: deque[Envelope] = field(default_factory=deque)
    waiter: Effect | None = None
    arrival_ns: int = 0


class Readers:
    """All who read streams in a world.

    Args:
        cluster: The world's.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop = cluster, cluster.loop
        self._readers: list[_Reader] = []

    async def read(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events from the first `anext` on; the end of the incarnation ends it without a trace."""
        incarnation = INCARNATION.get(self._loop.world)
        owner = incarnation.name.partition("/")[0]
        reader = _Reader(pattern(address), owner, incarnation.key)
        self._readers.append(reader)
        try:
            while True:
                while not reader.events:
                    await suspend(lambda effect: _wait(reader, effect))
                yield reader.events.popleft()
        finally:
            self._readers.remove(reader)

    def offer(self, envelope: Envelope) -> None:
        """Send an event to everybody who reads its address."""
        if not self._readers:
            return
        parsed, dead, now_ns = parse(envelope.address), self._loop.dead, self._loop.now_ns
        for reader in self._readers:
            if reader.key not in dead and matches(reader.pattern, parsed):
                causal = mix(envelope.causal, reader.key)
                way = Way(envelope.sender, envelope.replica, reader.owner)
                leg_ns = self._cluster.links.leg_ns(envelope.address, "delivery", causal, envelope.message, way)
                reader.arrival_ns = max(reader.arrival_ns, now_ns + leg_ns)  # a connection keeps the order
                self._loop.at(reader.arrival_ns, reader.key, self._arrive, (reader, envelope))

    def _arrive(self, arrived: tuple[_Reader, Envelope]) -> None:
        reader, envelope = arrived
        if len(reader.events) >= QUEUE_MAX:
            self._note(reader, envelope, "lost", "slow reader")
            return
        self._note(reader, envelope, "delivered", "stream")
        reader.events.append(envelope)
        waiter, reader.waiter = reader.waiter, None
        if waiter is not None:
            waiter.advance()

    def _note(self, reader: _Reader, envelope: Envelope, outcome: str, reason: str) -> None:
        recorder = self._cluster.recorder
        if recorder is not None:
            recorder.write(Delivery(self._loop.now_ns, envelope.message, reader.owner, 0, 1, outcome, reason))


def _wait(reader: _Reader, effect: Any) -> None:
    reader.waiter = effect
