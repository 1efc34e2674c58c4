"""Hold what a service declares, one value for each: operations, subscriptions, endpoints, jobs, health checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from studio.contract import ServiceError
from studio.errors import Where
from studio.model.policy import Retry
from studio.model.policy_set import NONE_DECLARED, Policies
from studio.model.signature import Signature

__all__ = ["KINDS", "Endpoint", "Health", "HealthCheck", "Job", "Kind", "Operation", "Subscription"]

Kind = Literal["api", "event", "worker", "agent", "storage", "command", "query"]
KINDS: tuple[Kind, ...] = ("api", "event", "worker", "agent", "storage", "command", "query")


@dataclass(frozen=True, slots=True)
class Operation:
    """A command that a service owns.

    Attributes:
        address: Wire form; `name` is its last part.
        function: The handler, or a composition.
        takes: Contract of the message; `returns` of the answer (None for none).
        raises: Declared errors that may cross the wire.
        idempotent: Whether answers are kept under the call's key for `window_ns`.
        transactional: Whether writes, events and the key commit together.
        retry: How callers try again when the operation is idempotent, as far as it says so itself.
        timeout_ns: Longest wait of a caller who states none, likewise.
        reads_only: Whether it changes nothing: it may be asked again, and a fallback may answer for it.
        policies: What it declares for the calls of it.
    """

    address: str
    name: str
    function: Any
    takes: Any
    returns: Any
    raises: tuple[type[ServiceError], ...]
    idempotent: bool
    transactional: bool
    window_ns: int
    retry: Retry
    timeout_ns: int
    where: Where | None
    reads_only: bool = False
    policies: Policies = NONE_DECLARED


@dataclass(frozen=True, slots=True)
class Subscription:
    """A service's interest in events.

    Attributes:
        patterns: Wire forms, with `*` and `>` where several are meant.
        name: The handler's name; subscriptions of a service with different names are consumers of their own.
        ack_wait_ns: Redelivered when not acknowledged by then.
        max_deliver: Deliveries before it is dead-lettered.
        in_flight: Deliveries under way at once, over all replicas; 1 keeps the order until something is redelivered.
        stated: Which of `ack_wait` and `max_deliver` the author stated; delivery models have defaults of their own.
    """

    patterns: tuple[str, ...]
    name: str
    function: Any
    takes: Any
    transactional: bool
    idempotent: bool
    ack_wait_ns: int
    max_deliver: int
    in_flight: int
    where: Where | None
    stated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An HTTP route of a service."""

    method: str
    path: str
    name: str
    function: Callable[..., Any]
    signature: Signature
    options: tuple[tuple[str, Any], ...]
    where: Where | None


@dataclass(frozen=True, slots=True)
class Job:
    """Work on a schedule: once per tick, whatever the number of replicas."""

    schedule: str
    name: str
    function: Callable[..., Any]
    where: Where | None


@dataclass(frozen=True, slots=True)
class Health:
    """What a health check found.

    Args:
        ok: Whether the service can work.
        detail: Why not, in words.
    """

    ok: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A service's check of itself, at an interval."""

    interval_ns: int
    name: str
    function: Callable[..., Any]
    where: Where | None
