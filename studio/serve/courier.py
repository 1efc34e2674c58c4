"""Carry stored events to one consumer until each is acknowledged, or was delivered too often and is a dead letter.

The promises are JetStream's, as the simulation models them: redelivery at `ack_wait` while the earlier handler may
still run, whose late acknowledgement counts; backoff after a refusal; an event keeps its place among those in flight
until it is settled.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass

from studio.errors import StorageUnavailable, StudioError
from studio.model.duration import SECOND_NS
from studio.ports import Clock, Envelope, Recorder, Storage, Verdict, Write
from studio.records import Delivery
from studio.serve.backlog import BUS, Backlog, Parcel
from studio.serve.grace import end_within

__all__ = ["BACKOFF_NS", "DEAD_LETTERS", "Consumer", "Courier", "Deliver", "Post", "note"]

DEAD_LETTERS = "$dead-letters"
"""Collection, in the consuming service's or saga's space, of events that were delivered too often."""
BACKOFF_NS = tuple(seconds * SECOND_NS for seconds in (1, 2, 4, 8, 16, 30))
"""Waits before a refused delivery comes again; the last one repeats."""
STORAGE_PAUSE_NS = SECOND_NS
"""Wait before a storage that was not available is asked again."""

Deliver = Callable[[str, str, Envelope, int], Awaitable[Verdict]]
"""Handle a delivery: owner, subscription, event, attempt. Called in an empty context; raising is refusing."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A subscription, as the bus knows it.

    Args:
        owner: Service or saga.
        subscription: Its name within the owner; a consumer's undelivered events hang on both names.
        patterns: Of the addresses, wire form.
        ack_wait_ns: Delivered again when there is no verdict by then.
        max_deliver: Deliveries in all.
        in_flight: Events under way at once.
    """

    owner: str
    subscription: str
    patterns: tuple[str, ...]
    ack_wait_ns: int = 30 * SECOND_NS
    max_deliver: int = 5
    in_flight: int = 64


@dataclass(frozen=True, slots=True)
class Post:
    """What couriers work with.

    Args:
        storage: Where events are kept.
        clock: For waits.
        deliver: Handles a delivery.
        recorder: Takes note of deliveries; None for none.
        backoff_ns: Waits after refusals; the last one repeats.
    """

    storage: Storage
    clock: Clock
    deliver: Deliver
    recorder: Recorder | None = None
    backoff_ns: tuple[int, ...] = BACKOFF_NS


def note(post: Post, envelope: Envelope, consumer: str, attempt: int, outcome: str, *, reason: str = "") -> None:
    """Record what became of a delivery; which replica took it is known to whoever handles it, so it is 0 here."""
    if post.recorder is not None:
        post.recorder.write(Delivery(post.clock.now_ns(), envelope.message, consumer, 0, attempt, outcome, reason))


class Courier:
    """Deliver one consumer's events.

    Args:
        consumer: To whom.
        post: With what.
        window: Undelivered events to keep at hand.
    """

    def __init__(self, consumer: Consumer, post: Post, *, window: int = 1000) -> None:
        self.consumer, self._post = consumer, post
        self.backlog = Backlog(post.storage, f"{consumer.owner}.{consumer.subscription}", window=window)
        self._slots = asyncio.Semaphore(consumer.in_flight)
        self._carrying: set[asyncio.Task[None]] = set()
        self._resting: set[asyncio.Task[None]] = set()  # those of them that wait to deliver again
        self._handling: set[asyncio.Task[Verdict]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._is_stopping = False

    def start(self) -> None:
        """Begin with what the storage holds."""
        self._loop_task = asyncio.create_task(self._run())

    async def stop(self, grace_ns: int) -> None:
        """Take nothing more, let handlers finish, and cancel those that have not after the grace time.

        What was not acknowledged by then stays stored, and is delivered again after the next start.
        """
        self._is_stopping = True
        clock = self._post.clock
        await end_within([*self._resting, *([self._loop_task] if self._loop_task else [])], clock, 0)
        await end_within({*self._carrying, *self._handling}, clock, grace_ns)

    async def _run(self) -> None:
        while True:
            await self._slots.acquire()
            parcel = await self._next()
            task = asyncio.create_task(self._carry(parcel))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _next(self) -> Parcel:
        while True:
            try:
                return await self.backlog.take()
            except StorageUnavailable:
                await self._post.clock.sleep_ns(STORAGE_PAUSE_NS)

    # -- one event --------------------------------------------------------------------------------------------------

    async def _carry(self, parcel: Parcel) -> None:
        """Deliver an event until it is settled, or until the bus stops."""
        try:
            verdict = await self._rest(parcel, parcel.due_ns - self._post.clock.now_ns())
            while verdict is None and not self._is_stopping:
                verdict = await self._deliver_once(parcel)
            if verdict is not None and verdict.outcome == "acknowledged":
                await self._persist([Write(BUS, self.backlog.collection, parcel.key, None)])
            elif verdict is not None:
                await self._bury(parcel)
        finally:
            self.backlog.settle(parcel)
            self._slots.release()

    async def _deliver_once(self, parcel: Parcel) -> Verdict | None:
        """Deliver an event, and wait as long as it must before the next time.

        Returns:
            The verdict that settles it, or None when it is to be delivered again (or the bus stops).
        """
        if parcel.attempts >= self.consumer.max_deliver:  # the process died in the last one
            return Verdict("dead-lettered")
        parcel.attempts += 1
        if not await self._persist([parcel.write(self.backlog.collection)]):
            return None
        self._hand_over(parcel)
        verdict = await self._wait(parcel, self.consumer.ack_wait_ns)
        if verdict is not None and verdict.outcome != "refused":
            return verdict
        parcel.reason = verdict.reason if verdict else "not acknowledged"
        if parcel.attempts >= self.consumer.max_deliver:
            return Verdict("dead-lettered")
        if verdict is None:  # that was a wait already
            return None
        backoff_ns = self._post.backoff_ns
        delay_ns = verdict.delay_ns or backoff_ns[min(parcel.attempts, len(backoff_ns)) - 1]
        parcel.due_ns = self._post.clock.now_ns() + delay_ns
        await self._persist([parcel.write(self.backlog.collection)])
        return await self._rest(parcel, delay_ns)

    def _hand_over(self, parcel: Parcel) -> None:
        """Start the handler, in an empty context: nothing of ours or the publisher's reaches it but the event."""
        if parcel.attempts > 1:
            self._note(parcel, parcel.attempts, "redelivered")
        self._note(parcel, parcel.attempts, "delivered", self.consumer.subscription)
        task = asyncio.create_task(self._handle(parcel.envelope, parcel.attempts), context=Context())
        parcel.running[task] = parcel.attempts
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _handle(self, envelope: Envelope, attempt: int) -> Verdict:
        try:
            return await self._post.deliver(self.consumer.owner, self.consumer.subscription, envelope, attempt)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event is not handled
            return Verdict("refused", error.code if isinstance(error, StudioError) else type(error).__name__)

    async def _rest(self, parcel: Parcel, delay_ns: int) -> Verdict | None:
        """Wait before the next delivery; an earlier one may acknowledge the event meanwhile."""
        if delay_ns <= 0 or self._is_stopping:
            return None
        task = asyncio.current_task()
        assert task is not None
        self._resting.add(task)
        try:
            return await self._wait(parcel, delay_ns)
        finally:
            self._resting.discard(task)

    async def _wait(self, parcel: Parcel, wait_ns: int) -> Verdict | None:
        """Return the first verdict that matters, or None when the time is up."""
        timer = asyncio.ensure_future(self._post.clock.sleep_ns(wait_ns))
        try:
            while True:
                await asyncio.wait({timer, *parcel.running}, return_when=asyncio.FIRST_COMPLETED)
                verdict = self._collect(parcel)
                if verdict is not None or timer.done():
                    return verdict
        finally:
            timer.cancel()

    def _collect(self, parcel: Parcel) -> Verdict | None:
        """Take the verdicts that are in; a refusal by an earlier delivery than the last is too late to matter."""
        for task, attempt in sorted(parcel.running.items(), key=lambda item: item[1]):
            if not task.done():
                continue
            del parcel.running[task]
            verdict = Verdict("refused", "cancelled") if task.cancelled() else task.result()
            self._note(parcel, attempt, verdict.outcome, verdict.reason)
            if verdict.outcome == "dead-lettered":
                parcel.reason = verdict.reason
            if verdict.outcome != "refused" or attempt == parcel.attempts:
                return verdict
        return None

    async def _bury(self, parcel: Parcel) -> None:
        """Keep an event that is never delivered again, with the cause, where its consumer's operator looks for it."""
        for task in parcel.running:  # nobody waits for them; left alone, handlers that hang would pile up
            task.cancel()
        envelope, owner, subscription = parcel.envelope, self.consumer.owner, self.consumer.subscription
        reason = parcel.reason or "not acknowledged"
        letter = {
            "address": envelope.address,
            "consumer": subscription,
            "attempts": parcel.attempts,
            "reason": reason,
            "body": envelope.body.decode("utf-8", "surrogateescape"),
        }
        buried = Write(owner, DEAD_LETTERS, f"{subscription}/{envelope.message}", json.dumps(letter).encode())
        if await self._persist([buried, Write(BUS, self.backlog.collection, parcel.key, None)]):
            self._note(parcel, parcel.attempts, "dead-lettered", reason)

    async def _persist(self, writes: Sequence[Write]) -> bool:
        """Commit, however long the storage is not available; return False when the bus stops before that."""
        while True:
            try:
                await self._post.storage.commit(writes)
            except StorageUnavailable:
                if self._is_stopping:
                    return False
                await self._post.clock.sleep_ns(STORAGE_PAUSE_NS)
            else:
                return True

    def _note(self, parcel: Parcel, attempt: int, outcome: str, reason: str = "") -> None:
        note(self._post, parcel.envelope, self.consumer.owner, attempt, outcome, reason=reason)
