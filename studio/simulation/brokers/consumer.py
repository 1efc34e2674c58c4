"""A subscription as a broker sees it: who is behind it, what it wants, on which terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.address import matches, parse, pattern
from studio.simulation.randomness import stable_key

if TYPE_CHECKING:
    from studio.simulation.cluster.node import Fleet

__all__ = ["Consumer"]


@dataclass(slots=True, eq=False)
class Consumer:
    """One subscription's place at the broker.

    Attributes:
        name: Of the subscription; the saga's name for a trigger.
        ack_wait_ns: Time for one delivery.
        max_deliver: Deliveries before it is a dead letter.
        limit: Deliveries under way at once.
        stated: Which of `ack_wait` and `max_deliver` the author stated; a model has defaults for the others.
        key: Tells its deliveries of an event from other consumers'.
    """

    fleet: Fleet
    name: str
    patterns: tuple[str, ...]
    ack_wait_ns: int
    max_deliver: int
    limit: int
    stated: frozenset[str] = frozenset()
    known: dict[str, bool] = field(default_factory=dict)
    key: int = field(init=False)

    def __post_init__(self) -> None:
        self.key = stable_key(f"consumer {self.fleet.owner}.{self.name}")

    def wants(self, address: str) -> bool:
        """Say whether an event of that address is for it."""
        wanted = self.known.get(address)
        if wanted is None:
            parsed = parse(address)
            wanted = self.known[address] = any(matches(pattern(each), parsed) for each in self.patterns)
        return wanted

    def renew(self, other: Consumer) -> None:
        """Take over the terms of another, as a deploy brings them."""
        self.patterns, self.ack_wait_ns, self.max_deliver = other.patterns, other.ack_wait_ns, other.max_deliver
        self.limit, self.stated = other.limit, other.stated
        self.known.clear()

    def retire(self) -> None:
        """Want nothing from now on."""
        self.patterns = ()
        self.known.clear()

    @property
    def is_down(self) -> bool:
        """Say whether no replica runs; deliveries wait until one does."""
        return all(node.incarnation is None for node in self.fleet.nodes)
