"""One replica's place in the simulated cluster: who runs there now, and who ran there before."""

from __future__ import annotations

from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from studio.simulation.incarnation import Incarnation

__all__ = ["Fleet", "Node"]


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
    """

    owner: str
    number: int
    life: int = 0
    incarnation: Incarnation | None = None
    context: Context | None = None
    replica: Any = None


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
