"""End an instance: completed, compensated or stuck, with the event that says so in the same commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from studio.model.saga import Saga
from studio.ports import Envelope, Write
from studio.runtime.acting import Host
from studio.runtime.identifiers import causal_key, key_of_text, short_key
from studio.runtime.outbox import Outbox, outbox_write
from studio.runtime.saga.journal import DEAD_LETTERS, Journal, SagaInstance
from studio.runtime.spans import OpenSpan

__all__ = ["Orchestrator", "conclude", "park"]


class Orchestrator(Host, Protocol):
    """Who carries instances."""

    outbox: Outbox


async def conclude(host: Orchestrator, saga: Saga, journal: Journal, span: OpenSpan, state: str) -> bool:
    """Write down that an instance is `completed` or `compensated`, and publish it.

    Returns:
        False when it was to be completed but has been cancelled before.
    """
    completed = state == "completed"
    address = saga.completed if completed else saga.failed
    reason = "" if completed else journal.instance.reason
    return await _end(host, journal, span, str(address), (), forward=completed, state=state, reason=reason)


async def park(
    host: Orchestrator, journal: Journal, step: str, reason: str, *, stuck: object = "", span: OpenSpan | None = None
) -> None:
    """Write down that an instance is stuck until an operator resumes it: as its state, as a dead letter, as an event.

    Args:
        host: The orchestrator.
        journal: Of the instance.
        step: That is to blame; empty where none is.
        reason: An error's code.
        stuck: Address of the event; empty for none.
        span: The instance's.
    """
    of = journal.instance
    changes = {"state": "stuck", "was": of.state, "reason": reason, "step": step}
    letter = Write(of.saga, DEAD_LETTERS, of.id, _letter(of, step, reason), None)
    await _end(host, journal, span, str(stuck), (letter,), forward=False, **changes)


async def _end(
    host: Orchestrator,
    journal: Journal,
    span: OpenSpan | None,
    address: str,
    writes: tuple[Write, ...],
    *,
    forward: bool,
    **changes: str,
) -> bool:
    if not address:
        return await journal.change(*writes, forward=forward, **changes)
    of = journal.instance
    publishing = host.spans.start(
        "publish", address, parent=of.span if span is None else span.span, trace=of.trace, saga=of.id
    )
    event = _event(host, of, address, publishing)
    try:
        changed = await journal.change(outbox_write(of.saga, event), *writes, forward=forward, **changes)
    except BaseException as error:
        host.spans.fail(publishing, error)
        raise
    if changed:
        await host.outbox.relay(event)
    host.spans.end(publishing, "ok" if changed else "error", "" if changed else "cancelled")
    return changed


def _event(host: Host, of: SagaInstance, address: str, span: OpenSpan) -> Envelope:
    """Return the event: the trigger's message under another address, in the trigger's trace."""
    span.message = host.ports.identity.message()
    return Envelope(
        span.message, "event", address, of.body.encode(), of.saga, host.number, of.key, of.trace, span.span, of.message,
        causal_key(of.causal, key_of_text(address), 1), 0, short_key(f"{of.id}/{address}/{of.epoch}"), "", 0,
        of.principal,
    )  # fmt: skip


def _letter(of: SagaInstance, step: str, reason: str) -> bytes:
    return replace(of, was=of.state, state="stuck", step=step, reason=reason).encode()
