"""One replica's place in the simulated cluster: who runs there now, and who ran there before."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.simulation.virtual.incarnation import Incarnation
from studio.simulation.virtual.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["Fleet", "Node", "engage_later"]


@dataclass(slots=True, eq=False)
class Node:
    """A replica's place.

    Attributes:
        owner: Service, saga or third party.
        number: Of the replica, from 1.
        life: How many incarnations ran here, this one included.
        incarnation: The running one; None while it is down.
        context: Context that everything of the incarnation runs in; copied for each task.
        replica: What takes deliveries: a `Replica` or a `SagaReplica`.
        is_healthy: What its latest health check found.
    """

    owner: str
    number: int
    life: int = 0
    incarnation: Incarnation | None = None
    context: Context | None = None
    replica: Any = None
    is_healthy: bool = True


@dataclass(slots=True, eq=False)
class Fleet:
    """All replicas of one owner; deliveries go to those that run, in turn.

    Attributes:
        key: Orders arrivals at the same instant; never dead, unlike an incarnation's.
    """

    owner: str
    key: int
    nodes: list[Node] = field(default_factory=list)
    _turn: int = 0

    def choose(self, number: int) -> Node | None:
        """Return the replica that a call is addressed to, the next one for 0; None when it is down, or all are."""
        if not number:
            return self.pick()
        node = self.nodes[number - 1] if number <= len(self.nodes) else None
        return node if node is not None and node.incarnation is not None else None

    def pick(self) -> Node | None:
        """Return the next running replica; None when all are down."""
        nodes = self.nodes
        if len(nodes) == 1:
            return nodes[0] if nodes[0].incarnation is not None else None
        for _ in nodes:
            self._turn = (self._turn + 1) % len(nodes)
            if nodes[self._turn].incarnation is not None:
                return nodes[self._turn]
        return None


def engage_later(
    loop: VirtualLoop,
    node: Node,
    work: Callable[[Any], Coroutine[Any, Any, Any]],
    done: Callable[[HandlerTask], object],
) -> None:
    """Run work at a node whose process stands still, once it goes on: till then it waits in the process's socket.

    It is that process's work, whoever runs at the node by then; if it dies, nobody answers.

    Args:
        loop: The world's.
        node: Where.
        work: Made for what runs there now.
        done: Called with the task when it ends.
    """
    replica, context, incarnation = node.replica, node.context, node.incarnation
    assert context is not None
    assert incarnation is not None

    def begin(_: object) -> None:
        HandlerTask(work(replica), loop, context.copy(), incarnation, done).advance()

    loop.at(loop.now_ns, incarnation.key, begin, None)
