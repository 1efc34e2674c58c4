"""Apply what befalls requests to third parties: taken connections, throttling, calls back before a reply."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS
from studio.model.faults.party_faults import CallBack, Exhaust, Throttle
from studio.ports import HttpResponse
from studio.simulation.harming.applier import Applier, Standing, Way
from studio.simulation.virtual.incarnation import INCARNATION

if TYPE_CHECKING:
    from studio.runtime.acting import Handling

__all__ = ["PartyHarm"]


class PartyHarm(Applier):
    """Faults of requests to third parties."""

    kinds = (Exhaust, Throttle, CallBack)

    _pools: dict[tuple[int, int], Pool]
    _gates: dict[int, int]

    @asynccontextmanager
    async def connection(self, client: str, handling: Handling) -> AsyncIterator[None]:
        """Hold a connection of each pool that a plan has bounded for this process.

        Raises:
            httpx.PoolTimeout: None came free in time; nothing was sent.
        """
        held: list[Pool] = []
        way = Way(handling.service, handling.replica.number, client)
        try:
            for standing, fault in self.of(Exhaust, client, handling.service, way=way):
                if fault.is_due(self.harm.now_ns):
                    pool = self._pool(standing, fault.connections)
                    if pool.is_full:
                        self.harm.note(standing, handling.cause, f"a request to {client} waits for a connection")
                    await pool.enter(fault.wait_ns)
                    held.append(pool)
            yield
        finally:
            for pool in held:
                pool.leave()

    def throttled(self, client: str, way: Way, causal: int, message: int) -> HttpResponse | None:
        """Return the refusal of a request that is too many; None where a third party takes it."""
        for standing, fault in self.of(Throttle, client, way=way):
            if not fault.is_due(self.harm.now_ns) or self._passes(standing, fault.rate_per_s):
                continue
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "429")
                after_s = -(-fault.retry_after_ns // SECOND_NS)
                headers = (("content-type", "application/json"), ("retry-after", str(after_s)))
                return HttpResponse(429, headers, b'{"detail":"too many requests"}')
        return None

    def calls_back_first(self, client: str, way: Way, causal: int, message: int) -> bool:
        """Say whether a third party calls back before it replies; asked only where it has something to say."""
        for standing, _ in self.of(CallBack, client, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "calls back before it replies")
                return True
        return False

    def take(self, standing: Standing) -> None:
        """Apply one more fault from now on."""
        if not self.is_on:
            self._pools, self._gates = {}, {}
        super().take(standing)

    def _pool(self, standing: Standing, size: int) -> Pool:
        """Return the connections of the process that asks: another life of it has others."""
        at = (standing.number, INCARNATION.get().key)
        if at not in self._pools:
            self._pools[at] = Pool(size)
        return self._pools[at]

    def _passes(self, standing: Standing, rate_per_s: float) -> bool:
        """Say whether a request is within a rate, of which a second's worth may come at once.

        The generic cell rate algorithm (ITU-T I.371): each request that passes puts off when the next one is due.
        """
        if not rate_per_s:
            return False
        interval_ns, now_ns = round(SECOND_NS / rate_per_s), self.harm.now_ns
        due_ns = max(self._gates.get(standing.number, 0), now_ns)
        if due_ns - now_ns > max(SECOND_NS - interval_ns, 0):
            return False
        self._gates[standing.number] = due_ns + interval_ns
        return True


class Pool:
    """The connections of one process: first come, first served.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the next one waits."""
        return self._taken >= self._size

    async def enter(self, wait_ns: int) -> None:
        """Take a connection.

        Raises:
            httpx.PoolTimeout: None came free in time.
        """
        if not self.is_full:
            self._taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await asyncio.wait([place], timeout=wait_ns / SECOND_NS)
        finally:
            if place in self._waiting:
                self._waiting.remove(place)
        if not place.done():
            import httpx

            raise httpx.PoolTimeout("no connection came free in time")

    def leave(self) -> None:
        """Hand the connection to who has waited longest."""
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._taken -= 1
