"""Gather the policies that a level declares, and resolve what holds for a call: the nearest wins, field by field.

Levels, nearest first: the call, the callee's operation, the callee's service, the mesh that both ends belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypedDict

from studio.errors import InvalidDeclaration
from studio.model.duration import SECOND_NS, duration_ns
from studio.model.policy import NO_RETRY, Retry
from studio.model.protection import Breaker, Bulkhead, Fallback
from studio.model.routing import Balance, BalanceName, ConsistentHash, Discovery, balance_of

__all__ = [
    "DEFAULT_TIMEOUT_NS",
    "NONE_DECLARED",
    "CallOptions",
    "Policies",
    "PolicyOptions",
    "Resolved",
    "policies",
    "resolve_policies",
]

Off = Literal[False]
DEFAULT_TIMEOUT_NS = 5 * SECOND_NS
"""Longest wait for one attempt where no level says otherwise."""


class CallOptions(TypedDict, total=False):
    """What a call may declare besides its timeout; `False` switches off what a farther level declares.

    Attributes:
        retry: How often an attempt is made; applies to idempotent operations and to those that only read.
        deadline: Longest wait for the call with all its attempts; travels on to the callee.
        breaker: When to stop calling.
        bulkhead: How many calls at once.
        balance: Which replica: `round-robin`, `least-loaded`, `random-two`, `consistent-hash` or `ConsistentHash(…)`.
        discovery: How the caller knows the callee's replicas.
        fallback: What answers in the callee's place; for operations that only read.
    """

    retry: Retry | Off | None
    deadline: str | Off | None
    breaker: Breaker | Off | None
    bulkhead: Bulkhead | Off | None
    balance: BalanceName | ConsistentHash | Off | None
    discovery: Discovery | Off | None
    fallback: Fallback | Off | None


class PolicyOptions(CallOptions, total=False):
    """What a mesh, a service or an operation may declare: the same, and `timeout`, the longest wait for one attempt."""

    timeout: str | None


@dataclass(frozen=True, slots=True)
class Policies:
    """What one level declares; None where it says nothing, False where it wants none."""

    retry: Retry | Off | None = None
    timeout_ns: int | None = None
    deadline_ns: int | Off | None = None
    breaker: Breaker | Off | None = None
    bulkhead: Bulkhead | Off | None = None
    balance: Balance | Off | None = None
    discovery: Discovery | Off | None = None
    fallback: Fallback | Off | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self == NONE_DECLARED


NONE_DECLARED = Policies()
FIELDS = tuple(field.name for field in fields(Policies))
_KINDS: dict[str, type[Any]] = {
    "retry": Retry, "breaker": Breaker, "bulkhead": Bulkhead, "discovery": Discovery, "fallback": Fallback,
}  # fmt: skip


def policies(what: str, given: PolicyOptions) -> Policies:
    """Read what an author gave.

    Args:
        what: Where it was given, for errors.
        given: The options.

    Raises:
        InvalidDeclaration: An option is unknown, of the wrong kind, or zero.
    """
    known = {*CallOptions.__annotations__, *PolicyOptions.__annotations__}
    for name, value in given.items():
        if name not in known:
            raise _invalid(what, name, "is no policy", f"Use {', '.join(sorted(known))}.")
        kind = _KINDS.get(name)
        if kind is not None and value not in (None, False) and not isinstance(value, kind):
            raise _invalid(what, name, f"is {value!r}", f"Give {kind.__name__}(…), or False for none.")
    balance = given.get("balance")
    return Policies(
        retry=given.get("retry"),
        timeout_ns=_duration(what, "timeout", given.get("timeout")),
        deadline_ns=False if given.get("deadline") is False else _duration(what, "deadline", given.get("deadline")),
        breaker=given.get("breaker"),
        bulkhead=given.get("bulkhead"),
        balance=balance_of(balance) if balance is not None and balance is not False else balance,
        discovery=given.get("discovery"),
        fallback=given.get("fallback"),
    )


def _duration(what: str, name: str, text: Any) -> int | None:
    if text is None:
        return None
    found = duration_ns(text) if text is not False else 0
    if not found:
        raise _invalid(what, name, "is zero", 'Give a duration such as "5s".')
    return found


def _invalid(what: str, name: str, reason: str, remedy: str) -> InvalidDeclaration:
    return InvalidDeclaration(what=f"{what} {name}".strip(), reason=reason, remedy_text=remedy)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The policies that hold for a call.

    Attributes:
        retry: How attempts are spaced, and what is tried again.
        attempts: Attempts in all; 1 where the operation must not run twice, whatever `retry` says.
        timeout_ns: For one attempt.
        deadline_ns: For all of them; 0 for none.
        origins: Each field that a level declared, with that level: `call`, `operation`, `service` or `mesh Shop`.
    """

    retry: Retry = NO_RETRY
    attempts: int = 1
    timeout_ns: int = DEFAULT_TIMEOUT_NS
    deadline_ns: int = 0
    breaker: Breaker | None = None
    bulkhead: Bulkhead | None = None
    balance: Balance | None = None
    discovery: Discovery | None = None
    fallback: Fallback | None = None
    origins: tuple[tuple[str, str], ...] = ()

    def origin(self, name: str) -> str:
        """Return the level that declared a field; empty where none did."""
        return dict(self.origins).get(name, "")

    @property
    def is_bare(self) -> bool:
        """Whether a call is one attempt with a timeout, and nothing else."""
        declared = (self.breaker, self.bulkhead, self.balance, self.discovery, self.fallback)
        return self.attempts == 1 and not self.deadline_ns and not any(each is not None for each in declared)


def resolve_policies(levels: Sequence[tuple[str, Policies]], *, repeatable: bool, reads_only: bool) -> Resolved:
    """Return what holds for a call.

    Args:
        levels: Name and declarations of each, nearest first.
        repeatable: Whether running the operation twice does no harm: it is idempotent, or only reads.
        reads_only: Whether it changes nothing, so that a fallback may answer for it.
    """
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for level, declared in levels:
        for name in FIELDS:
            value = getattr(declared, name)
            if value is not None and name not in found:
                found[name], origins[name] = value, level
    kept = {name: value for name, value in found.items() if value is not False}
    if not reads_only:
        kept.pop("fallback", None)
    retry = kept.get("retry", NO_RETRY)
    attempts = retry.attempts if repeatable or retry.only == "all" else 1
    return Resolved(**kept | {"attempts": attempts}, origins=tuple(origins.items()))
