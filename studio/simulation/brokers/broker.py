"""A simulated broker: it takes what is published and confirms it; storing and delivering is its delivery model's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from studio.errors import NothingToRedeliver, PublishFailed, nearest
from studio.ports import Envelope
from studio.simulation.brokers.consumer import Consumer
from studio.simulation.brokers.models import model_of
from studio.simulation.brokers.readers import Readers
from studio.simulation.harming.applier import Way
from studio.simulation.randomness import mix
from studio.simulation.virtual.awaiting import perform
from studio.simulation.virtual.deadlines import DeadlineQueue, Deadlines
from studio.simulation.virtual.exchange import Exchange

if TYPE_CHECKING:
    from studio.simulation.brokers.carrier import Carrier
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["Broker", "DeliveryModel"]


class DeliveryModel(Protocol):
    """What tells one kind of broker from another.

    Attributes:
        publish_wait_ns: How long a publisher waits for the confirmation.
        resend_ns: After how long its client sends once more what was not confirmed; 0 for never.
        carrier: Between the broker and its consumers.
    """

    publish_wait_ns: int
    resend_ns: int
    carrier: Carrier

    def subscribe(self, consumer: Consumer) -> None:
        """Take a consumer on; all are there before the first replica starts."""
        ...

    def store(self, envelope: Envelope, *, is_resent: bool) -> bool:
        """Store an event for its consumers; return False where it is known to be stored already.

        Args:
            envelope: The event.
            is_resent: Whether the same publish has stored it before.
        """
        ...

    def started(self, node: Node) -> None:
        """Take notice that a replica runs."""
        ...

    def crashed(self, node: Node) -> None:
        """Take notice that a replica's process died."""
        ...

    def left(self, node: Node) -> None:
        """Take notice that a replica has ended its work and taken its leave, before its process stops."""
        ...

    def paused(self, node: Node) -> None:
        """Take notice that a replica's process stands still: nothing comes from it, not even a heartbeat."""
        ...

    def woke(self, node: Node) -> None:
        """Take notice that a replica's process goes on."""
        ...

    def redeliver(self, consumer: Consumer, envelope: Envelope) -> None:
        """Store an event for one consumer, as if it were new to it."""
        ...

    def undelivered(self) -> list[tuple[Consumer, int]]:
        """Return how many events each consumer has not settled."""
        ...

    def forget_since(self, at_ns: int) -> int:
        """Lose what was stored from an instant on and is not settled yet; return how many deliveries that concerns."""
        ...


class PublishExchange(Exchange):
    """A publisher's wait for the broker's confirmation."""

    __slots__ = ("envelope", "has_stored", "tried", "tries")

    envelope: Envelope
    has_stored: bool
    tried: Tried | None
    tries: int

    @property
    def way(self) -> int:
        """Return the causal key of this try to send it."""
        causal = self.envelope.causal
        return causal if self.tries == 1 else mix(causal, self.tries)

    def answer(self, value: Any) -> None:
        """Wake the publisher, and try no more."""
        super().answer(value)
        self.rest()

    def fail(self, error: BaseException) -> None:
        """Wake the publisher with an error, and try no more."""
        super().fail(error)
        self.rest()

    def disarm(self) -> None:
        """Try no more, since nobody waits any more."""
        super().disarm()
        self.rest()

    def rest(self) -> None:
        """Let go of the wait for the next try."""
        if self.tried is not None and self.tried.queue is not None:
            self.tried.queue.release()


@dataclass(slots=True, eq=False)
class Tried:
    """A try to publish; when it is not confirmed, the next one follows."""

    exchange: PublishExchange
    queue: DeadlineQueue | None = None

    def done(self) -> bool:
        """Say whether it was confirmed, or given up."""
        return self.exchange.done()


class Broker:
    """Store events and deliver them.

    Args:
        cluster: The world's; its conditions name the delivery model.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop, self._harm = cluster, cluster.loop, cluster.harm.messages
        self._deadlines = Deadlines(cluster.loop, self._expire)
        self._tries = Deadlines(cluster.loop, self._try_again)
        self.model: DeliveryModel = model_of(cluster.conditions.bus)(cluster)
        self.readers = Readers(cluster)

    # -- publishing -------------------------------------------------------------------------------------------------

    async def publish(self, envelope: Envelope) -> None:
        """Return once the event is stored.

        Raises:
            PublishFailed: Not confirmed in time; it may be stored.
        """
        exchange = PublishExchange(self._send, envelope.address, envelope.message, envelope.causal)
        exchange.envelope, exchange.has_stored, exchange.tried, exchange.tries = envelope, False, None, 1
        await perform(exchange)

    def _send(self, exchange: Any) -> None:
        self._deadlines.watch(exchange, self.model.publish_wait_ns)
        self._try(exchange)

    def _try(self, exchange: PublishExchange) -> None:
        """Send an event to the broker; a client that sends once more does so until it is confirmed or time is up."""
        envelope, loop = exchange.envelope, self._loop
        if self.model.resend_ns:
            exchange.tried = Tried(exchange)
            self._tries.watch(exchange.tried, self.model.resend_ns)
        if self._harm.is_on and self._harm.loses(
            envelope.address, "publish", exchange.way, envelope.message, _way(envelope)
        ):
            self._note(envelope, "broker", "lost", "publish")
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "publish", exchange.way, envelope.message, _way(envelope))
        loop.at(loop.now_ns + leg_ns, 0, self._arrive, exchange)

    def _try_again(self, tried: Tried) -> None:
        exchange = tried.exchange
        if exchange.caller_key not in self._loop.dead:  # a process that died tries nothing any more
            exchange.tries += 1
            self._try(exchange)

    def _arrive(self, exchange: PublishExchange) -> None:
        envelope = exchange.envelope
        self.store(envelope, is_resent=exchange.has_stored)
        exchange.has_stored = True
        if self._harm.is_on and self._harm.loses(
            envelope.address, "reply", exchange.way, envelope.message, _way(envelope)
        ):
            self._note(envelope, envelope.sender, "lost", "confirmation", envelope.replica)
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "reply", exchange.way, envelope.message, _way(envelope))
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, exchange.answer, None)

    def _expire(self, exchange: Exchange) -> None:
        error = PublishFailed(address=exchange.target)
        self._loop.at(self._loop.now_ns, exchange.caller_key, exchange.fail, error)

    def store(self, envelope: Envelope, *, is_resent: bool = False) -> None:
        """Store an event as the model does, and show it to who reads along."""
        if self.model.store(envelope, is_resent=is_resent):
            self.readers.offer(envelope)
        else:
            self._note(envelope, "broker", "duplicate", "dropped")

    # -- what happens to it ------------------------------------------------------------------------------------------

    def subscribe(self, consumer: Consumer) -> None:
        """Take a consumer on."""
        self.model.subscribe(consumer)

    def started(self, node: Node) -> None:
        """Take notice that a replica runs."""
        self.model.started(node)

    def crashed(self, node: Node) -> None:
        """Take notice that a replica's process died."""
        self.model.crashed(node)

    def left(self, node: Node) -> None:
        """Take notice that a replica has ended its work and taken its leave."""
        self.model.left(node)

    def paused(self, node: Node) -> None:
        """Take notice that a replica's process stands still."""
        self.model.paused(node)

    def woke(self, node: Node) -> None:
        """Take notice that a replica's process goes on."""
        self.model.woke(node)

    def forget_since(self, at_ns: int) -> int:
        """Lose what was stored from an instant on and is not settled yet, though its publishers were told it is safe.

        Returns:
            How many deliveries that concerns; each is recorded as lost.
        """
        return self.model.forget_since(at_ns)

    def redeliver(self, message: int, consumer: str = "") -> None:
        """Give a dead letter back to whoever gave it up, to be tried as if it were new.

        Args:
            message: Id of the event.
            consumer: Service, saga or `Service.subscription` that gave it up; empty for all that did.

        Raises:
            NothingToRedeliver: It is no dead letter of theirs.
        """
        buried = self.model.carrier.buried
        found = [key for key in buried if key[0] == message and consumer in ("", key[1], f"{key[1]}.{key[2]}")]
        if not found:
            known = [f"{each} (of {owner}.{name})" for each, owner, name in buried]
            raise NothingToRedeliver(message=message, known=nearest(f"{message} (of {consumer}", known))
        for key in found:
            whose, envelope, attempts = buried.pop(key)
            self.model.redeliver(whose, self.model.carrier.unbury(whose, envelope, attempts))

    # -- looking ----------------------------------------------------------------------------------------------------

    def undelivered(self) -> dict[str, int]:
        """Return how many events each consumer has not settled, by `Service.handler`; only where there are any."""
        return {f"{each.fleet.owner}.{each.name}": count for each, count in self.model.undelivered() if count}

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events from now on."""
        return self.readers.read(address)

    def _note(self, envelope: Envelope, consumer: str, outcome: str, reason: str, replica: int = 0) -> None:
        self.model.carrier.note(envelope, consumer, 1, outcome, reason, replica)


def _way(envelope: Envelope) -> Way:
    """Return from whom an event comes to the broker."""
    return Way(envelope.sender, envelope.replica, "bus")
