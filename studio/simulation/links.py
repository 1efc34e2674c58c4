"""Carry calls between simulated services: a leg there, the handler, a leg back, and whatever the plan does to either.

At most one run of the callee for each request. A caller whose answer was lost, or whose callee died, learns only that
time is up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any

from studio.errors import CallTimeout, ServiceUnavailable
from studio.model.duration import format_ns
from studio.ports import Envelope, Reply
from studio.records import Delivery
from studio.simulation.deadlines import Deadlines
from studio.simulation.exchange import Exchange
from studio.simulation.randomness import mix
from studio.simulation.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.cluster import Cluster
    from studio.simulation.node import Fleet, Node

__all__ = ["CallExchange", "Links", "SimulatedTransport"]

_UNIT = 2.0**-53
_LEGS = {"request": 1, "reply": 2, "publish": 3, "acknowledgement": 4, "delivery": 5}
DEFAULT_WAIT_NS = 30_000_000_000
"""How long a caller waits whose call has no deadline."""


class CallExchange(Exchange):
    """A caller's wait for a callee's reply."""

    __slots__ = ("envelope", "fleet")

    envelope: Envelope
    fleet: Fleet | None


class Links:
    """The links between all parts of a world.

    Args:
        cluster: Whose fleets answer.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop, self._harm = cluster, cluster.loop, cluster.harm
        self._latency = cluster.latency
        self._constant_ns = cluster.latency.quantile_ns(0.0) if cluster.latency.is_constant else None
        self._deadlines = Deadlines(cluster.loop, self._expire)
        self._send = self.send  # one bound method, not one for each call

    def leg_ns(self, target: str, leg: str, causal: int, message: int) -> int:
        """Return how long one leg takes.

        Args:
            target: Address or third party.
            leg: request, reply, publish, delivery or acknowledgement.
            causal: Key of what is carried; the draw hangs on it, and not on ids, which one more message shifts.
            message: Its id, for the record of a fault.
        """
        if self._constant_ns is not None:
            base_ns = self._constant_ns
        else:
            draw = (mix(self._cluster.seed, causal, _LEGS[leg]) >> 11) * _UNIT
            base_ns = self._latency.quantile_ns(draw)
        return base_ns + self._harm.extra_ns(target, leg, causal, message) if self._harm.on_messages else base_ns

    def exchange(self, envelope: Envelope) -> CallExchange:
        """Return the wait for a call's reply."""
        exchange = CallExchange(self._send, envelope.address, envelope.message, envelope.causal)
        exchange.envelope = envelope
        return exchange

    # -- there ------------------------------------------------------------------------------------------------------

    def send(self, exchange: Any) -> None:
        """Send a request on its way, and watch its deadline."""
        envelope: Envelope = exchange.envelope
        loop = self._loop
        wait_ns = envelope.deadline_ns - loop.now_ns if envelope.deadline_ns else DEFAULT_WAIT_NS
        self._deadlines.watch(exchange, wait_ns)
        if self._harm.on_messages and self._is_hindered(exchange, envelope):
            return
        leg_ns = self._constant_ns
        if leg_ns is None or self._harm.on_messages:
            leg_ns = self.leg_ns(envelope.address, "request", envelope.causal, envelope.message)
        exchange.fleet = fleet = self._cluster.fleet_of(envelope.address)
        loop.at(loop.now_ns + leg_ns, fleet.key, self._arrive, exchange)

    def _is_hindered(self, exchange: Any, envelope: Envelope) -> bool:
        """Let the plan refuse or lose a request."""
        address, causal, message = envelope.address, envelope.causal, envelope.message
        owner = self._cluster.fleet_of(address).owner
        if self._harm.is_down(owner, causal, message):
            self._note(envelope, owner, 0, "refused", "down")
            self._answer_later(exchange, ServiceUnavailable(address=address, service=owner))
            return True
        if self._harm.loses(address, "request", causal, message):
            self._note(envelope, owner, 0, "lost", "request")
            return True
        return False

    def _arrive(self, exchange: CallExchange) -> None:
        """Hand a request to a replica."""
        envelope = exchange.envelope
        fleet = exchange.fleet
        assert fleet is not None
        node = fleet.pick()
        if node is None:
            self._note(envelope, fleet.owner, 0, "refused", "no replica")
            self._answer_later(exchange, ServiceUnavailable(address=envelope.address, service=fleet.owner))
            return
        if self._cluster.recorder is not None:
            self._note(envelope, fleet.owner, node.number, "delivered", "")
        assert node.context is not None
        assert node.incarnation is not None
        finished = _Finish(self, exchange)
        HandlerTask(
            node.replica.handle_call(envelope), self._loop, node.context.copy(), node.incarnation, finished
        ).advance()

    # -- back -------------------------------------------------------------------------------------------------------

    def back(self, exchange: Any, reply: Reply) -> None:
        """Send a reply on its way back."""
        envelope: Envelope = exchange.envelope
        leg_ns = self._constant_ns
        if exchange.caller_key in self._loop.dead:
            self._note(envelope, envelope.sender, envelope.replica, "lost", "the caller is gone")
            return
        if leg_ns is None or self._harm.on_messages:
            if self._harm.loses(envelope.address, "reply", envelope.causal, envelope.message):
                self._note(envelope, envelope.sender, envelope.replica, "lost", "reply")
                return
            leg_ns = self.leg_ns(envelope.address, "reply", envelope.causal, envelope.message)
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, self._deliver, (exchange, reply))

    def _deliver(self, arrived: tuple[CallExchange, Reply]) -> None:
        exchange, reply = arrived
        if exchange.task is None:
            self._note(exchange.envelope, exchange.envelope.sender, exchange.envelope.replica, "late", "reply")
            return
        if self._cluster.recorder is not None:
            envelope = exchange.envelope
            self._note(envelope, envelope.sender, envelope.replica, "replied", reply.code)
        exchange.answer(reply)

    def _answer_later(self, exchange: Exchange, error: Exception) -> None:
        """Raise an error at the caller after the way back."""
        leg_ns = self.leg_ns(exchange.target, "reply", exchange.causal, exchange.message)
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, exchange.fail, error)

    def _expire(self, exchange: Exchange) -> None:
        assert isinstance(exchange, CallExchange)
        envelope = exchange.envelope
        self._note(envelope, envelope.sender, envelope.replica, "timed-out", "")
        assert exchange.queue is not None
        error = CallTimeout(address=envelope.address, timeout=format_ns(exchange.queue.wait_ns))
        self._loop.at(self._loop.now_ns, exchange.caller_key, exchange.fail, error)

    def _note(self, envelope: Envelope, consumer: str, replica: int, outcome: str, reason: str) -> None:
        recorder = self._cluster.recorder
        if recorder is not None:
            recorder.write(
                Delivery(self._loop.now_ns, envelope.message, consumer, replica, envelope.attempt, outcome, reason)
            )


class _Finish:
    """What happens when a callee's task ends: its reply sets out."""

    __slots__ = ("exchange", "links")

    def __init__(self, links: Links, exchange: CallExchange) -> None:
        self.links, self.exchange = links, exchange

    def __call__(self, task: HandlerTask) -> None:
        if not task.cancelled():
            self.links.back(self.exchange, task.result())


class SimulatedTransport:
    """The transport of one incarnation.

    Args:
        cluster: The world's.
        node: Whose transport it is; None for the world outside.
    """

    __slots__ = ("_cluster", "_exchange", "_node")

    def __init__(self, cluster: Cluster, node: Node | None) -> None:
        self._cluster, self._node = cluster, node
        self._exchange = cluster.links.exchange

    def request(self, envelope: Envelope) -> Awaitable[Reply]:
        """Send a call and wait for its answer; see `studio.ports.Transport`."""
        return self._exchange(envelope)

    async def publish(self, envelope: Envelope) -> None:
        """Return once the event is stored."""
        await self._cluster.broker.publish(envelope)

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events of an address from now on."""
        return self._cluster.broker.stream(address)
