"""Say how long a delivery model leaves messages with a consumer that is gone or hangs, where that explains a wait."""

from __future__ import annotations

from studio.model.duration import exact_ns
from studio.model.scenario import Scenario
from studio.simulation.brokers.group import SESSION_NS
from studio.simulation.brokers.kafka import POLL_NS
from studio.simulation.brokers.rabbitmq import CONSUMER_TIMEOUT_NS

__all__ = ["explained"]

_WAITS = {
    "kafka": (
        (SESSION_NS, "a consumer that died keeps its partitions for {wait} (session.timeout.ms)"),
        (POLL_NS, "a consumer that hangs keeps its partitions for {wait} (max.poll.interval.ms)"),
    ),
    "rabbitmq": ((CONSUMER_TIMEOUT_NS, "a consumer that hangs keeps what it was given for {wait} (consumer_timeout)"),),
}
"""Delivery model to its waits that are longer than people expect; JetStream's is the handler's ack_wait."""


def explained(scenario: Scenario | None, bound_ns: int) -> dict[str, str]:
    """Return a remark on waits of the scenario's delivery model that are longer than a bound; empty without any.

    Args:
        scenario: What was asked of the run.
        bound_ns: What should have been enough.
    """
    waits = _WAITS.get(scenario.bus, ()) if scenario is not None else ()
    longer = [words.format(wait=exact_ns(wait_ns)) for wait_ns, words in waits if wait_ns >= bound_ns]
    if scenario is None or not longer:
        return {}
    return {"note": f"{scenario.bus}: {'; '.join(longer)}"}
