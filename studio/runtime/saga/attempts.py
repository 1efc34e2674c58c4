"""Try a piece of a saga's work, a step or a compensation, until its outcome is known or its retries are used up.

Each attempt has a span, a timeout and a deadline of its own, and the idempotency keys of the one before. Where the work
stands in the journal is left to `studio.runtime.saga.conduct`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from studio.contract import ServiceError, codec, wrong_answer
from studio.errors import CallRefused, CallTimeout, Fenced, IdempotencyMismatch, ServiceUnavailable, Where
from studio.model.duration import format_ns
from studio.model.policy import Retry
from studio.ports import Envelope
from studio.runtime.acting import Handling, Host
from studio.runtime.identifiers import causal_key, key_of_text
from studio.runtime.saga.history import Entry
from studio.runtime.saga.journal import Journal
from studio.runtime.spans import OpenSpan, describe

__all__ = ["Outcome", "Work", "try_work"]


@dataclass(frozen=True, slots=True)
class Work:
    """What is tried.

    Attributes:
        kind: `step` or `compensation`, as its spans say.
        name: Of the function, for people.
        label: `pay`, or `pay/undo`: with the instance's id the base of its idempotency keys.
        run: The work.
        returns: Type of its result; a compensation's is dropped.
        retry: How often, and how far apart.
        timeout_ns: For one attempt.
        where: It is declared.
        insists: Whether declared errors are tried again too.
        is_fresh: Whether nobody can have tried it before.
    """

    kind: str
    name: str
    label: str
    run: Callable[[Handling], Awaitable[Any]]
    returns: Any
    retry: Retry
    timeout_ns: int
    where: Where | None
    insists: bool
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        phase: `done`; `failed`: a declared error, or certainly not run; `unknown`: it may have happened.
        attempt: The last one.
        error: Code.
        body: Encoded result.
    """

    phase: str
    attempt: int = 1
    error: str = ""
    body: str = ""


class _Choices:
    """Branches that routes took in one piece of work, in the instance's journal."""

    __slots__ = ("_journal", "_label")

    def __init__(self, journal: Journal, label: str) -> None:
        self._journal, self._label = journal, label

    async def choose(self, path: str, decide: Callable[[], int]) -> int:
        """Return the branch that was taken, or decide and write it down before it is taken."""
        known = self._journal.history.choices.get((self._label, path))
        if known is not None:
            return known
        taken = decide()
        # Shielded: an attempt's timeout must not fall into a commit, or it is not known what stands in the journal.
        entry = Entry(self._label, "route", body=str(taken), path=path)
        await asyncio.shield(asyncio.ensure_future(self._journal.append(entry)))
        return taken


async def try_work(host: Host, journal: Journal, work: Work, span: int) -> Outcome:
    """Try until done, refused by a declared error, or out of attempts.

    Args:
        host: The orchestrator.
        journal: Of the instance.
        work: To do.
        span: The instance's.

    Raises:
        Fenced: A callee has seen another orchestrator of this instance.
    """
    never_ran, target = work.is_fresh, f"{journal.instance.saga}.{work.name}"
    allowance = host.policies.allowance(target, work.retry.budget)
    if allowance is not None:
        allowance.call(host.ports.clock.now_ns())
    for attempt in range(1, work.retry.attempts + 1):
        handling, opened = _handling(host, journal, work, span, attempt)
        try:
            body = await _attempt(host, work, handling, opened)
        except Fenced:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a step raises is its outcome
            never_ran = never_ran and _never_ran(error, handling)
            declared = isinstance(error, ServiceError)
            again = work.retry.retries(error, business=declared and not work.insists)
            again = again and attempt < work.retry.attempts
            if again and allowance is not None and not allowance.retry(host.ports.clock.now_ns()):
                host.policies.note(handling, "budget", target, "exhausted", f"no attempt {attempt + 1}")
                again = False
            if not again:
                return Outcome("failed" if declared or never_ran else "unknown", attempt, describe(error)[1])
            told = f"attempt {attempt + 1} of {work.retry.attempts} after {describe(error)[1]}"
        else:
            return Outcome("done", attempt, body=body)
        draw = host.ports.randomness.uniform("retry", handling.causal, key_of_text(work.label), attempt)
        await host.ports.clock.sleep_ns(work.retry.wait_ns(attempt + 1, draw))
        host.policies.note(handling, "retry", target, "retried", told)
    raise AssertionError("the last attempt returns")


def _handling(host: Host, journal: Journal, work: Work, parent: int, attempt: int) -> tuple[Handling, OpenSpan]:
    """Return who acts during an attempt, under a span of its own."""
    of = journal.instance
    base = f"{of.id}/{work.label}"
    span = host.spans.start(
        work.kind,
        f"{of.saga}.{work.name}",
        parent=parent,
        trace=of.trace,
        message=of.message,
        saga=of.id,
        where=work.where,
    )
    envelope = Envelope(
        of.message, "event", f"{of.saga}.{work.name}", of.body.encode(), of.saga, host.number, of.key, of.trace, parent,
        of.message, causal_key(of.causal, key_of_text(work.label), attempt),
        host.ports.clock.now_ns() + work.timeout_ns, base, of.id, of.epoch, of.principal, attempt,
    )  # fmt: skip
    handling = Handling(host, envelope, span.span, base)
    handling.choices = _Choices(journal, work.label)
    return handling, span


async def _attempt(host: Host, work: Work, handling: Handling, opened: OpenSpan) -> str:
    """Run the work once and return its encoded result."""
    point = "before-handler" if work.kind == "step" else "during-compensation"
    try:
        body = _encode(host, work, await _in_time(work, handling, f"{host.name}.{work.label.partition('/')[0]}", point))
    except BaseException as error:
        host.spans.fail(opened, error)
        raise
    host.spans.end(opened)
    return body


async def _in_time(work: Work, handling: Handling, subject: str, point: str) -> Any:
    scope = asyncio.timeout(work.timeout_ns / 1e9)
    try:
        async with scope:
            await handling.begin(subject, point=point)
            return await work.run(handling)
    except TimeoutError as error:
        if not scope.expired():
            raise
        raise CallTimeout(address=handling.envelope.address, timeout=format_ns(work.timeout_ns)) from error


def _encode(host: Host, work: Work, value: Any) -> str:
    if work.kind == "compensation":  # nobody asks for its result
        return ""
    try:
        return codec(work.returns).encode(value).decode()
    except ValidationError as error:
        raise wrong_answer(
            work.returns, value, error, service=host.name, operation=work.name, where=work.where
        ) from error


def _never_ran(error: Exception, handling: Handling) -> bool:
    """Tell whether an attempt certainly had no effect: its only send was a call that no callee took."""
    refused = isinstance(error, CallRefused) and error.refusal != IdempotencyMismatch.code
    return handling.ordinal == 1 and (refused or isinstance(error, ServiceUnavailable))
