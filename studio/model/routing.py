"""Declare how a caller chooses among a callee's replicas, and how it comes to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from studio.errors import InvalidDeclaration
from studio.model.duration import duration_ns

__all__ = ["Balance", "BalanceName", "ConsistentHash", "Discovery", "balance_of"]

BalanceName = Literal["round-robin", "least-loaded", "random-two", "consistent-hash"]


@dataclass(frozen=True, slots=True)
class ConsistentHash:
    """Send messages with the same key to the same replica, as long as it is there.

    When a replica leaves, only its own keys move (rendezvous hashing: Thaler and Ravishankar, 1998).

    Args:
        by: Path to the key in the message, `customer.id`; the whole message where this is empty or not in it.

    Example:
        >>> ConsistentHash(by="customer.id").key_of({"customer": {"id": 7}})
        '7'
    """

    by: str = ""

    def key_of(self, message: Any) -> str:
        """Return a message's key; empty where it has none."""
        found = message
        for part in self.by.split(".") if self.by else ():
            found = found.get(part) if isinstance(found, Mapping) else getattr(found, part, None)
        return "" if found is None or not self.by else str(found)


Balance = Literal["round-robin", "least-loaded", "random-two"] | ConsistentHash


@dataclass(frozen=True, slots=True)
class Discovery:
    """Keep an own list of a callee's replicas, as a client of a registry does.

    A list that is kept grows stale: a replica that has gone is still called, and refuses. Health checks find it sooner.
    Where they eject all, all are called: bad replicas may still answer some (Envoy's panic threshold).

    Args:
        ttl: How long the list is used before it is asked for again.
        health: Interval at which the replicas' health is looked at: one that has gone, or whose `@service.health`
            found it unable to work, is ejected until it is well again; empty for never.
    """

    ttl: str = "30s"
    health: str = ""

    def __post_init__(self) -> None:
        if self.health and not duration_ns(self.health):
            raise InvalidDeclaration(
                what=f"Discovery(health={self.health!r})", reason="is zero", remedy_text='Give an interval, "10s".'
            )
        duration_ns(self.ttl)


def balance_of(given: Any) -> Balance:
    """Return how to balance, from what an author gave.

    Raises:
        InvalidDeclaration: It is unknown.
    """
    if isinstance(given, ConsistentHash):
        return given
    if given == "consistent-hash":
        return ConsistentHash()
    if given not in get_args(BalanceName):
        names = ", ".join(get_args(BalanceName))
        raise InvalidDeclaration(
            what=f"balance={given!r}", reason="is unknown", remedy_text=f'Use {names}, or ConsistentHash(by="…").'
        )
    return given  # type: ignore[no-any-return]
