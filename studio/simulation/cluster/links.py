"""Carry calls between simulated services: a leg there, the handler, a leg back, and whatever the plan does to either.

At most one run of the callee for each request. A caller whose answer was lost, or whose callee died, learns only that
time is up.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.errors import CallTimeout, ServiceUnavailable
from studio.model.duration import format_ns
from studio.ports import Envelope, Reply
from studio.records import Delivery
from studio.simulation.cluster.node import engage_later
from studio.simulation.harming.applier import ANYWAY, Way
from studio.simulation.randomness import share
from studio.simulation.virtual.deadlines import Deadlines
from studio.simulation.virtual.exchange import Exchange
from studio.simulation.virtual.task import Effect, HandlerTask

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Fleet, Node

__all__ = ["CallExchange", "Links", "SimulatedTransport"]

_new_exchange = object.__new__
_new_record = tuple.__new__  # half the price of a call of the record's class, which is a function in Python
_LEGS = {"request": 1, "reply": 2, "publish": 3, "acknowledgement": 4, "delivery": 5}
DEFAULT_WAIT_NS = 30_000_000_000
"""How long a caller waits whose call has no deadline."""


class CallExchange(Exchange):
    """A caller's wait for a callee's reply; made by `Links.request`."""

    __slots__ = ("envelope", "fleet", "links", "number", "reply")

    links: Links
    envelope: Envelope
    fleet: Fleet
    number: int
    reply: Reply

    def arm(self, task: HandlerTask) -> None:
        """Send the call on its way."""
        self.caller_key = task.incarnation.key
        self.links.send(self)

    def finish(self, task: HandlerTask) -> None:
        """Send the callee's reply on its way back, since its task has ended."""
        if not task.cancelled():
            self.links.back(self, task.result())


class Links:
    """The links between all parts of a world.

    Args:
        cluster: Whose fleets answer.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop, self._harm = cluster, cluster.loop, cluster.harm.messages
        self._latency, self._calm_ns = cluster.latency, self._harm.calm_ns
        self._constant_ns = cluster.latency.quantile_ns(0.0) if cluster.latency.is_constant else None
        self._deadlines = Deadlines(cluster.loop, self._expire)
        self._arriving, self._delivering = self._arrive, self._deliver  # one bound method, not one for each call

    def leg_ns(self, target: str, leg: str, causal: int, message: int, way: Way = ANYWAY) -> int:
        """Return how long one leg takes.

        Args:
            target: Address or third party.
            leg: request, reply, publish, delivery or acknowledgement.
            causal: Key of what is carried; the draw hangs on it, and not on ids, which one more message shifts.
            message: Its id, for the record of a fault.
            way: From who asked, or published, to who answers or takes it.
        """
        if self._constant_ns is not None:
            base_ns = self._constant_ns
        else:
            draw = share(self._cluster.seed, causal, _LEGS[leg])
            base_ns = self._latency.quantile_ns(draw)
        return base_ns + self._harm.extra_ns(target, leg, causal, message, way) if self._harm.is_on else base_ns

    @types.coroutine
    def request(self, envelope: Envelope) -> Generator[Effect, Any, Reply]:
        """Send a call and wait for its answer; see `studio.ports.Transport`."""
        exchange = _new_exchange(CallExchange)  # no __init__, and no __await__: a call makes one object and one frame
        exchange.links, exchange.envelope, exchange.queue = self, envelope, None
        return (yield exchange)  # type: ignore[no-any-return]

    # -- there ------------------------------------------------------------------------------------------------------

    def send(self, exchange: CallExchange) -> None:
        """Send a request on its way, and watch its deadline."""
        envelope = exchange.envelope
        loop = self._loop
        wait_ns = envelope.deadline_ns - loop.now_ns if envelope.deadline_ns else DEFAULT_WAIT_NS
        if loop.has_skews:
            wait_ns = self._measured_ns(exchange, wait_ns)
        self._deadlines.watch(exchange, wait_ns)
        address = envelope.address
        at_risk = self._harm.is_on and loop.now_ns >= self._calm_ns.get(address, 0) and self._is_at_risk(address)
        if at_risk and self._is_hindered(exchange, envelope):
            return
        leg_ns = self._constant_ns
        if leg_ns is None or at_risk:
            leg_ns = self.leg_ns(address, "request", envelope.causal, envelope.message, self._way(envelope))
        exchange.fleet = fleet = self._cluster.owners[address]
        loop.at(loop.now_ns + leg_ns, fleet.key, self._arriving, exchange)

    def _is_at_risk(self, address: str) -> bool:
        """Say whether a fault can strike calls of an address now."""
        return not self._harm.is_calm(address, self._cluster.owners[address].owner)

    def _measured_ns(self, exchange: CallExchange, wait_ns: int) -> int:
        """Return how long a caller really waits: its deadline is an instant of its own machine's clock."""
        caller, deadline_ns = self._loop.incarnations.get(exchange.caller_key), exchange.envelope.deadline_ns
        if caller is None or caller.skew is None or caller.clock is None:
            return wait_ns
        return caller.skew.true_ns(deadline_ns - caller.clock.now_ns() if deadline_ns else wait_ns)

    def _is_hindered(self, exchange: CallExchange, envelope: Envelope) -> bool:
        """Let the plan refuse or lose a request."""
        address, causal, message = envelope.address, envelope.causal, envelope.message
        way = self._way(envelope)
        if self._harm.refuses(address, way.to, causal, message, way):
            self._refuse(exchange, way.to, 0, "down")
            return True
        if self._harm.loses(address, "request", causal, message, way):
            self._note(envelope, way.to, 0, "lost", "request")
            return True
        body = self._harm.arriving(address, "request", envelope.body, causal, message, way)
        if body is not None:
            exchange.envelope = replace(envelope, body=body)
        return False

    def _way(self, envelope: Envelope, number: int = 0) -> Way:
        return Way(envelope.sender, envelope.replica, self._cluster.owners[envelope.address].owner, number)

    def _refuse(self, exchange: CallExchange, owner: str, number: int, reason: str) -> None:
        """Let the caller know, after the way back, that nobody took its call."""
        self._note(exchange.envelope, owner, number, "refused", reason)
        self._answer_later(exchange, ServiceUnavailable(address=exchange.envelope.address, service=owner))

    def _arrive(self, exchange: CallExchange) -> None:
        """Hand a request to a replica."""
        envelope = exchange.envelope
        fleet = exchange.fleet
        node = fleet.choose(envelope.to) if envelope.to else fleet.pick()
        if node is None:
            self._refuse(exchange, fleet.owner, 0, "no replica")
            return
        exchange.number = node.number
        address = envelope.address
        if (
            self._harm.is_on
            and self._loop.now_ns >= self._calm_ns.get(address, 0)
            and self._is_at_risk(address)
            and self._is_shut(exchange, node)
        ):
            return
        if self._cluster.recorder is not None:
            self._note(envelope, fleet.owner, node.number, "delivered", "")
        assert node.incarnation is not None
        if self._loop.paused and node.incarnation.key in self._loop.paused:
            engage_later(self._loop, node, lambda replica: replica.handle_call(exchange.envelope), exchange.finish)
            return
        assert node.context is not None
        HandlerTask(
            node.replica.handle_call(exchange.envelope), self._loop, node.context.copy(), node.incarnation,
            exchange.finish,
        ).advance()  # fmt: skip

    def _is_shut(self, exchange: CallExchange, node: Node) -> bool:
        """Let the plan refuse or cut off a request at the replica that it came to."""
        envelope, way = exchange.envelope, self._way(exchange.envelope, node.number)
        if self._harm.is_down(f"{node.owner}/{node.number}", envelope.causal, envelope.message, way):
            self._refuse(exchange, node.owner, node.number, "down")
            return True
        if self._harm.links.is_on and self._harm.links.cuts_node("request", envelope.causal, envelope.message, way):
            self._note(envelope, node.owner, node.number, "lost", "request")
            return True
        return False

    # -- back -------------------------------------------------------------------------------------------------------

    def back(self, exchange: CallExchange, reply: Reply) -> None:
        """Send a reply on its way back."""
        envelope, loop = exchange.envelope, self._loop
        leg_ns = self._constant_ns
        if exchange.caller_key in loop.dead:
            self._note(envelope, envelope.sender, envelope.replica, "lost", "the caller is gone")
            return
        address = envelope.address
        at_risk = self._harm.is_on and loop.now_ns >= self._calm_ns.get(address, 0) and self._is_at_risk(address)
        if leg_ns is None or at_risk:
            way, causal, message = self._way(envelope, exchange.number), envelope.causal, envelope.message
            if self._harm.loses(envelope.address, "reply", causal, message, way):
                self._note(envelope, envelope.sender, envelope.replica, "lost", "reply")
                return
            leg_ns = self.leg_ns(envelope.address, "reply", causal, message, way)
            if at_risk:
                leg_ns, reply = self._spoilt(envelope, reply, leg_ns, way)
        exchange.reply = reply
        loop.at(loop.now_ns + leg_ns, exchange.caller_key, self._delivering, exchange)

    def _spoilt(self, envelope: Envelope, reply: Reply, leg_ns: int, way: Way) -> tuple[int, Reply]:
        """Return how long a reply takes and what it says, as the plan has it."""
        address, causal, message = envelope.address, envelope.causal, envelope.message
        late_ns = self._harm.late_ns(address, causal, message, way)
        if late_ns is not None:
            left_ns = envelope.deadline_ns - self._loop.now_ns if envelope.deadline_ns else DEFAULT_WAIT_NS
            leg_ns = max(leg_ns, left_ns + late_ns)
        if reply.status != "ok":
            return leg_ns, reply
        body = self._harm.arriving(address, "reply", reply.body, causal, message, way)
        return leg_ns, reply if body is None else reply._replace(body=body)

    def _deliver(self, exchange: CallExchange) -> None:
        if exchange.task is None:
            self._note(exchange.envelope, exchange.envelope.sender, exchange.envelope.replica, "late", "reply")
            return
        if self._cluster.recorder is not None:
            envelope = exchange.envelope
            self._note(envelope, envelope.sender, envelope.replica, "replied", exchange.reply.code)
        exchange.answer(exchange.reply)

    def _answer_later(self, exchange: CallExchange, error: Exception) -> None:
        """Raise an error at the caller after the way back."""
        envelope = exchange.envelope
        way = self._way(envelope)
        leg_ns = self.leg_ns(envelope.address, "reply", envelope.causal, envelope.message, way)
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, exchange.fail, error)

    def _expire(self, exchange: CallExchange) -> None:
        envelope = exchange.envelope
        self._note(envelope, envelope.sender, envelope.replica, "timed-out", "")
        assert exchange.queue is not None
        error = CallTimeout(address=envelope.address, timeout=format_ns(exchange.queue.wait_ns))
        self._loop.at(self._loop.now_ns, exchange.caller_key, exchange.fail, error)

    def _note(self, envelope: Envelope, consumer: str, replica: int, outcome: str, reason: str) -> None:
        recorder = self._cluster.recorder
        if recorder is not None:
            now_ns, message = self._loop.now_ns, envelope.message
            values = (now_ns, message, consumer, replica, envelope.attempt, outcome, reason)
            recorder.write(_new_record(Delivery, values))


class SimulatedTransport:
    """The transport of one incarnation.

    Args:
        cluster: The world's.
        node: Whose transport it is; None for the world outside.
    """

    __slots__ = ("_cluster", "_node", "request")

    def __init__(self, cluster: Cluster, node: Node | None) -> None:
        self._cluster, self._node = cluster, node
        self.request: Callable[[Envelope], Awaitable[Reply]] = cluster.links.request

    async def publish(self, envelope: Envelope) -> None:
        """Return once the event is stored."""
        await self._cluster.broker.publish(envelope)

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events of an address from now on."""
        return self._cluster.broker.stream(address)
