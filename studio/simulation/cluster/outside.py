"""The world outside the system: it sends messages as nobody's service, each in a trace of its own."""

from __future__ import annotations

from typing import Any

from studio.ports import ACTING, Envelope
from studio.runtime.acting import Handling
from studio.runtime.identifiers import causal_key, key_of_text
from studio.simulation.cluster.cluster import Cluster

__all__ = ["Outside"]


class Outside:
    """Send from outside.

    Args:
        cluster: Where to.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._sent: dict[str, int] = {}

    def handling(self, source: str, principal: str = "") -> Handling:
        """Return what acts for one message from outside; its keys hang on the source and the ordinal within it."""
        number = self._sent[source] = self._sent.get(source, 0) + 1
        root = Envelope(
            0, "outside", source, b"", "world", trace=self._cluster.identity.trace(),
            causal=causal_key(key_of_text(source), 0, number), idempotency=f"{source}{number}", principal=principal,
        )  # fmt: skip
        return Handling(self._cluster.outside, root, 0)

    async def send(self, source: str, address: str, message: Any, *, principal: str = "") -> Any:
        """Call a command and return its answer, or publish an event."""
        handling = self.handling(source, principal)
        ACTING.set(handling)
        return await handling.send(address, message)
