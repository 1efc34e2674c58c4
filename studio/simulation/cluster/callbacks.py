"""Let third parties ask our endpoints: their webhooks travel as any request from outside does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.model.duration import SECOND_NS
from studio.model.third_party import Callback
from studio.ports import Envelope
from studio.runtime.identifiers import causal_key, key_of_text
from studio.simulation.cluster.http import Browser

if TYPE_CHECKING:
    import httpx

    from studio.simulation.cluster.cluster import Cluster

__all__ = ["Callbacks"]

TIMEOUT_NS = 30 * SECOND_NS
"""How long a third party waits for our endpoint."""


class Callbacks:
    """What third parties say to us.

    Args:
        cluster: The world's.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def say(self, callbacks: list[Callback], name: str, cause: Envelope, *, only: int = 0) -> None:
        """Send requests one after another, and let them be answered; errors concern nobody.

        Args:
            callbacks: What is asked.
            name: Of the third party.
            cause: The request that the third party was answering.
            only: The n-th of them, from 1; 0 for all.
        """
        import httpx

        for ordinal, callback in enumerate(callbacks, start=1):
            if only not in (0, ordinal):
                continue
            causal = causal_key(cause.causal, key_of_text(f"callback {callback.path}"), ordinal)
            root = Envelope(
                cause.message, "outside", callback.path, b"", name, trace=cause.trace, span=cause.span, causal=causal,
                idempotency=f"{cause.idempotency or cause.message}/callback/{ordinal}",
            )  # fmt: skip
            caller: Any = _Caller(root)
            browser = Browser(self._cluster, caller, _refuse)
            try:
                await browser.ask(_request(callback), TIMEOUT_NS, "")
            except (httpx.ConnectError, httpx.ReadTimeout):
                continue  # its delivery is recorded as refused, or timed out


class _Caller:
    """Stands for the world outside: whose requests these are."""

    def __init__(self, root: Envelope) -> None:
        self.envelope = root

    def handling(self, source: str, principal: str = "") -> _Caller:
        """Return what holds the envelope that requests hang under."""
        del source, principal
        return self


def _request(callback: Callback) -> httpx.Request:
    import httpx

    url = f"http://world{callback.path}"
    return httpx.Request(callback.method, url, headers=list(callback.headers), content=callback.body)


def _refuse(work: Any) -> Any:
    work.close()
    raise AssertionError("a third party asks from within the world")
