"""Say policies in words, and make the tables that show those of a mesh or a service."""

from __future__ import annotations

from studio.model.duration import format_ns
from studio.model.mesh import Mesh
from studio.model.policy import Retry
from studio.model.policy_set import Off, Policies
from studio.model.protection import NO_VALUE, Breaker, Bulkhead, Fallback
from studio.model.routing import ConsistentHash, Discovery
from studio.notebook.cards.card import Lines, Section, Table, code, muted, words
from studio.notebook.cards.wording import count, retry_words

__all__ = ["mesh_table", "policies_table", "policy_words"]


def policy_words(declared: Policies) -> list[tuple[str, str]]:
    """Return each policy that a level declares, by name and in words; what it switches off is `none`."""
    found = (
        ("retry", _retry(declared.retry)),
        ("timeout", _time(declared.timeout_ns)),
        ("deadline", _time(declared.deadline_ns)),
        ("breaker", _breaker(declared.breaker)),
        ("bulkhead", _bulkhead(declared.bulkhead)),
        ("balance", _balance(declared)),
        ("discovery", _discovery(declared.discovery)),
        ("fallback", _fallback(declared.fallback)),
    )
    return [(name, text) for name, text in found if text]


def policies_table(title: str, declared: Policies, *, about: str = "") -> Table:
    """Return a table of the policies that a level declares."""
    rows = tuple((code(name), words(text)) for name, text in policy_words(declared))
    return Table(title, ("Policy", "What it says"), rows, about)


def mesh_table(name: str, mesh: Mesh) -> Section:
    """Return the table of a mesh: its policies, with its members beside the title."""
    about = f"mesh of {', '.join(mesh.names)}"
    if mesh.policies.is_empty:
        return Lines(f"{name}: {about}", (muted("declares no policies"),))
    return policies_table(name, mesh.policies, about=about)


def _retry(retry: Retry | Off | None) -> str:
    if not isinstance(retry, Retry):
        return "" if retry is None else "none"
    budget = retry.budget
    within = f", at most {budget.share:.0%} of the calls of {budget.window}" if budget is not None else ""
    only = ", whatever the operation" if retry.only == "all" else ""
    return f"{retry_words(retry) or '1 attempt'}{only}{within}"


def _time(time_ns: int | Off | None) -> str:
    return "" if time_ns is None else "none" if time_ns is False else format_ns(time_ns)


def _breaker(breaker: Breaker | Off | None) -> str:
    if not isinstance(breaker, Breaker):
        return "" if breaker is None else "none"
    bounds = [] if breaker.failures is None else [count(breaker.failures, "failure")]
    bounds += [] if breaker.failure_rate is None else [f"{breaker.failure_rate:.0%} of {breaker.minimum} calls or more"]
    probes = f", then {count(breaker.probes, 'probe')}"
    scope = ", for the callee as a whole" if breaker.scope == "callee" else ""
    opens = f"opens at {' or '.join(bounds)} within {breaker.window}"
    return f"{opens}, for {breaker.open_for}{probes}{scope}"


def _bulkhead(bulkhead: Bulkhead | Off | None) -> str:
    if not isinstance(bulkhead, Bulkhead):
        return "" if bulkhead is None else "none"
    queue = f", {bulkhead.queue} waiting" if bulkhead.queue else ""
    return f"{count(bulkhead.concurrent, 'call')} at once{queue}"


def _balance(declared: Policies) -> str:
    match declared.balance:
        case None:
            return ""
        case False:
            return "none"
        case ConsistentHash(by=by):
            return f"consistent hash by {by or 'the whole message'}"
        case name:
            return str(name)


def _discovery(discovery: Discovery | Off | None) -> str:
    if not isinstance(discovery, Discovery):
        return "" if discovery is None else "none"
    health = f", health looked at every {discovery.health}" if discovery.health else ""
    return f"asked for every {discovery.ttl}{health}"


def _fallback(fallback: Fallback | Off | None) -> str:
    if not isinstance(fallback, Fallback):
        return "" if fallback is None else "none"
    ways = [f"the last good answer, up to {fallback.most_age} old"] if fallback.last_good else []
    if fallback.value is not NO_VALUE:
        ways.append(repr(fallback.value))
    if fallback.function is not None:
        ways.append(f"{getattr(fallback.function, '__name__', 'a function')}()")
    if fallback.service is not None:
        ways.append(f"{fallback.service}'s answer")
    if fallback.address is not None:
        ways.append(f"the answer of {fallback.address}")
    return ", else ".join(ways)
