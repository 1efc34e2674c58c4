"""Carry messages within one process, keeping what DESIGN 5 promises: the Transport of the real engine's embedded form.

A published event is stored, once for each consumer, in one commit with the mark that drops its duplicates; couriers
carry it from there. Calls are not stored: they run at most once, and their deadline is watched.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextvars import Context

from studio.address import matches, parse, pattern
from studio.errors import CallTimeout, PublishFailed, ServiceUnavailable, StorageUnavailable, StudioError
from studio.model.duration import SECOND_NS, format_ns
from studio.ports import Envelope, Reply, Write
from studio.serve.backlog import BUS, Parcel
from studio.serve.broadcast import Broadcast
from studio.serve.courier import Consumer, Courier, Post, note
from studio.serve.grace import end_within

__all__ = ["LocalBus"]

DEFAULT_WAIT_NS = 30 * SECOND_NS
"""How long a caller waits whose call has no deadline."""
DUPLICATE_WINDOW_NS = 120 * SECOND_NS
"""JetStream's default `duplicate_window`."""
_MARKS = "$published"
_MARKS_PAGE = 1000
_FORGOTTEN_AT_ONCE = 2
_ROUTES_MAX = 10_000  # addresses of events that only a pattern knows are chosen by whoever publishes

Handle = Callable[[str, Envelope], Awaitable[Reply]]
"""Answer a call: owner, envelope. Called in an empty context; raises ServiceUnavailable when no replica takes it."""


class LocalBus:
    """Implement `studio.ports.Transport` between the services of one process.

    Args:
        post: Storage, clock and the handler of deliveries.
        handle: Answers calls.
        owners: Address of each command to its service.
        consumers: Whoever gets events.
        window_ns: How long a message id drops duplicates.
        marks: Most message ids to remember; the oldest are forgotten early.
        at_hand: Undelivered events of a consumer to hold in memory; the others wait in the storage.
    """

    def __init__(
        self,
        post: Post,
        handle: Handle,
        *,
        owners: Mapping[str, str],
        consumers: Iterable[Consumer],
        window_ns: int = DUPLICATE_WINDOW_NS,
        marks: int = 100_000,
        at_hand: int = 1000,
    ) -> None:
        self._post, self._handle, self._owners = post, handle, owners
        self._couriers = [Courier(consumer, post, window=at_hand) for consumer in consumers]
        self._routes: dict[str, tuple[Courier, ...]] = {}
        self._window_ns, self._marks_max = window_ns, marks
        self._marks: dict[int, int] = {}  # message id → when it was published, oldest first
        self._expired: deque[int] = deque()
        self._last_ns = 0
        self._calls: set[asyncio.Task[Reply]] = set()
        self._storing: dict[int, asyncio.Task[None]] = {}
        self._broadcast = Broadcast()
        self._is_closed = False

    async def start(self) -> None:
        """Remember what was published within the window, and begin to deliver what was not acknowledged."""
        await self._recall()
        for courier in self._couriers:
            courier.start()

    async def stop(self, grace_ns: int = 10 * SECOND_NS) -> None:
        """Deliver nothing more, and let handlers finish for a grace time; they may call and publish meanwhile.

        Streams end. What was published and not acknowledged is delivered after the next start.
        """
        clock = self._post.clock
        end_ns = clock.now_ns() + grace_ns
        self._broadcast.close()
        await asyncio.gather(*(courier.stop(grace_ns) for courier in self._couriers))
        self._is_closed = True
        await end_within([*self._calls, *self._storing.values()], clock, end_ns - clock.now_ns())

    def end_streams(self) -> None:
        """End every stream, so that whoever only listens can finish; the bus goes on delivering."""
        self._broadcast.close()

    # -- calls ------------------------------------------------------------------------------------------------------

    async def request(self, envelope: Envelope) -> Reply:
        """Send a call and wait for its answer; at most one run of the callee.

        Cancelling, or running out of time, does not stop the callee.

        Raises:
            CallTimeout: No answer before the deadline; the callee may have run.
            ServiceUnavailable: Nobody took it.
        """
        owner = self._owners.get(envelope.address)
        if owner is None or self._is_closed:
            note(self._post, envelope, owner or "", envelope.attempt, "refused", reason="no replica")
            raise ServiceUnavailable(address=envelope.address, service=owner or "any service")
        clock = self._post.clock
        wait_ns = envelope.deadline_ns - clock.now_ns() if envelope.deadline_ns else DEFAULT_WAIT_NS
        if wait_ns <= 0:
            raise self._too_late(envelope, 0)
        task = asyncio.create_task(self._answer(owner, envelope), context=Context())
        self._calls.add(task)
        task.add_done_callback(self._answered)
        timer = asyncio.ensure_future(clock.sleep_ns(wait_ns))
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        if not task.done() or task.cancelled():
            raise self._too_late(envelope, wait_ns)
        reply = await task
        note(self._post, envelope, envelope.sender, envelope.attempt, "replied", reason=reply.code)
        return reply

    async def _answer(self, owner: str, envelope: Envelope) -> Reply:
        note(self._post, envelope, owner, envelope.attempt, "delivered")
        try:
            return await self._handle(owner, envelope)
        except ServiceUnavailable:
            note(self._post, envelope, owner, envelope.attempt, "refused", reason="no replica")
            raise
        except Exception as error:  # noqa: BLE001 - the caller is told that the callee failed, not how
            return Reply("failed", b"", error.code if isinstance(error, StudioError) else type(error).__name__)

    def _too_late(self, envelope: Envelope, waited_ns: int) -> CallTimeout:
        note(self._post, envelope, envelope.sender, envelope.attempt, "timed-out")
        return CallTimeout(address=envelope.address, timeout=format_ns(waited_ns))

    # -- events -----------------------------------------------------------------------------------------------------

    async def publish(self, envelope: Envelope) -> None:
        """Return once the event is stored for each of its consumers.

        Cancelling does not take it back: it is then stored for all of them or for none.

        Raises:
            PublishFailed: Not known to be stored; publishing it again within the window stores it once.
        """
        if self._is_closed:
            raise PublishFailed(address=envelope.address)
        now_ns = self._post.clock.now_ns()
        self._expire(now_ns)
        task = self._storing.get(envelope.message)
        if task is not None or envelope.message in self._marks:
            note(self._post, envelope, "broker", 1, "duplicate", reason="dropped")
        if envelope.message in self._marks:
            return
        if task is None:
            task = self._storing[envelope.message] = asyncio.create_task(self._store(envelope, now_ns))
            task.add_done_callback(lambda task: self._stored(envelope.message, task))
        # Shielded, so that what was stored is also offered to the couriers, whoever lost interest meanwhile.
        await asyncio.shield(task)

    async def _store(self, envelope: Envelope, now_ns: int) -> None:
        key = self._key(envelope, now_ns)
        parcels = [(courier, Parcel(key, envelope)) for courier in self._routed(envelope.address)]
        forgotten = [self._expired.popleft() for _ in range(min(_FORGOTTEN_AT_ONCE, len(self._expired)))]
        try:
            await self._post.storage.commit(
                [
                    *(_mark(message, None) for message in forgotten if message not in self._marks),
                    _mark(envelope.message, now_ns),
                    *(parcel.write(courier.backlog.collection) for courier, parcel in parcels),
                ]
            )
        except StorageUnavailable as error:
            self._expired.extendleft(forgotten)
            raise PublishFailed(address=envelope.address) from error
        self._marks[envelope.message] = now_ns
        for courier, parcel in parcels:
            courier.backlog.offer(parcel)
        self._broadcast.send(envelope)

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events of an address (or pattern) from now on; ends when the bus stops.

        A reader that falls 1000 events behind misses the oldest of them.
        """
        return self._broadcast.listen(address)

    def _routed(self, address: str) -> tuple[Courier, ...]:
        found = self._routes.get(address)
        if found is None:
            if len(self._routes) >= _ROUTES_MAX:
                self._routes.clear()
            parsed = parse(address)
            found = self._routes[address] = tuple(
                courier
                for courier in self._couriers
                if any(matches(pattern(each), parsed) for each in courier.consumer.patterns)
            )
        return found

    def _key(self, envelope: Envelope, now_ns: int) -> str:
        """Return a key greater than all before; after a restart with a clock set back the message id keeps it apart."""
        self._last_ns = max(self._last_ns + 1, now_ns)
        return f"{self._last_ns:020d}-{envelope.message:x}"

    # -- duplicates -------------------------------------------------------------------------------------------------

    async def _recall(self) -> None:
        after, found = "", []
        while page := await self._post.storage.find(BUS, _MARKS, limit=_MARKS_PAGE, after=after):
            found += [(json.loads(document.body), int(document.key, 16)) for document in page]
            after = page[-1].key
        self._marks = {message: at_ns for at_ns, message in sorted(found)}
        self._expire(self._post.clock.now_ns())

    def _expire(self, now_ns: int) -> None:
        """Forget old marks here; those in the storage go with the next commits, a few with each."""
        while self._marks:
            message = next(iter(self._marks))
            if self._marks[message] + self._window_ns >= now_ns and len(self._marks) < self._marks_max:
                return
            del self._marks[message]
            self._expired.append(message)

    # -- tasks ------------------------------------------------------------------------------------------------------

    def _answered(self, task: asyncio.Task[Reply]) -> None:
        self._calls.discard(task)
        _look_at(task)

    def _stored(self, message: int, task: asyncio.Task[None]) -> None:
        self._storing.pop(message, None)
        _look_at(task)


def _mark(message: int, at_ns: int | None) -> Write:
    return Write(BUS, _MARKS, f"{message:016x}", None if at_ns is None else b"%d" % at_ns)


def _look_at(task: asyncio.Task[None] | asyncio.Task[Reply]) -> None:
    """Look at a result that perhaps nobody waits for any more, or asyncio complains about it."""
    if not task.cancelled():
        task.exception()
