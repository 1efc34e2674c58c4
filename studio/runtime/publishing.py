"""Hand an event to the bus: the one place that does, for handlers, outboxes and sagas alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.runtime.acting import message_record

if TYPE_CHECKING:
    from studio.ports import Envelope
    from studio.runtime.acting import Host
    from studio.runtime.spans import OpenSpan

__all__ = ["publish_event"]


async def publish_event(host: Host, envelope: Envelope, span: OpenSpan | None) -> None:
    """Record an event, publish it, and close the span that it is published under.

    Raises:
        PublishFailed: Not known to be stored; it may be.
    """
    ports = host.ports
    if ports.points.armed:
        await ports.points.reach("before-publish", envelope.address)
    if ports.recorder is not None:
        ports.recorder.write(message_record(envelope, ports.clock.now_ns()))
    try:
        await ports.transport.publish(envelope)
    except BaseException as error:
        if span is not None:
            host.spans.fail(span, error)
        raise
    if span is not None:
        host.spans.end(span)
    if ports.points.armed:
        await ports.points.reach("after-effect", envelope.address)
