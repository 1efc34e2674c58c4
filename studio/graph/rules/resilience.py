"""Rules about what happens when something is slow or fails: timeouts, retries, breakers, fallbacks, redeliveries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from studio.errors import Where
from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.graph.governing import alternative_of, policies_of
from studio.graph.rules.reach import calls_of, handlers_of, reached_by, requests_of
from studio.graph.rules.rule import Facts, Found, Rule
from studio.model.duration import duration_ns, format_ns
from studio.model.policy_set import Resolved
from studio.model.saga import Saga

__all__ = ["RESILIENCE_RULES", "Call", "calls_between", "longest_ns"]

ATTEMPTS_MAX = 8
"""Requests that one message may become at the end of a path when everything there fails."""
_OUTSIDE = "(outside)"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that stands in the code.

    Attributes:
        definition: Where; `line` in it.
        caller: Service or saga.
        within: Address of the operation, or name of the saga step (`Saga.step`), that makes it; a handler's name else.
        address: What is called.
        attempts: How often the work around it is repeated: those of a saga's step, else 1.
        limit_ns: How long the work around it may take: a saga step's timeout; 0 where nobody says.
        resolved: The policies that govern it.
    """

    definition: Definition
    line: int
    caller: str
    within: str
    address: str
    attempts: int
    limit_ns: int
    resolved: Resolved

    @property
    def where(self) -> Where:
        """Return its place."""
        return Where(self.definition.source.origin, self.line)


@lru_cache(maxsize=4)  # several rules ask for the same
def calls_between(facts: Facts) -> tuple[Call, ...]:
    """Return the calls that the sources show, of services and of sagas, in a fixed order."""
    graph = facts.graph
    found: list[Call] = []
    for handler in handlers_of(facts, "operations", "subscriptions", "endpoints", "jobs"):
        within = getattr(handler.declared, "address", handler.name)
        for act in calls_of(facts, handler.definition, handler.functions):
            resolved = policies_of(graph, handler.service.name, act.what)
            found.append(Call(handler.definition, act.line, handler.service.name, within, act.what, 1, 0, resolved))
    for definition in graph.definitions.values():
        for saga in () if definition.kept_version else definition.declarations.of(Saga):
            found += _calls_of_saga(facts, definition, saga)
    return tuple(found)


def _calls_of_saga(facts: Facts, definition: Definition, saga: Saga) -> Iterator[Call]:
    for step in saga.steps:
        functions = reached_by(definition, str(getattr(step.function, "__name__", step.name)))
        for act in calls_of(facts, definition, functions):
            resolved = policies_of(facts.graph, saga.name, act.what)
            yield Call(
                definition, act.line, saga.name, f"{saga.name}.{step.name}", act.what, step.retry.attempts,
                step.timeout_ns, resolved,
            )  # fmt: skip


def longest_ns(resolved: Resolved) -> int:
    """Return how long a call can take before its caller gives it up, waits between attempts included."""
    waits_ns = sum(resolved.retry.wait_ns(attempt, 0.0) for attempt in range(2, resolved.attempts + 1))
    whole_ns = resolved.attempts * resolved.timeout_ns + waits_ns
    return min(whole_ns, resolved.deadline_ns) if resolved.deadline_ns else whole_ns


def _timeouts_nested(facts: Facts) -> Iterator[Found]:
    calls = calls_between(facts)
    for call in calls:
        inner_ns = longest_ns(call.resolved)
        limit_ns, who = _patience(facts.graph, calls, call.within, call.limit_ns)
        if limit_ns and inner_ns > limit_ns:
            text = (
                f"{call.within} may wait {format_ns(inner_ns)} for $.{call.address}, "
                f"and {who} gives up after {format_ns(limit_ns)}"
            )
            yield Found(call.where, text)
    for handler in handlers_of(facts, "operations"):
        limit_ns, who = _patience(facts.graph, calls, handler.declared.address, 0)
        for act in requests_of(handler):
            wait_ns = duration_ns(handler.service.clients[act.what].timeout)
            if wait_ns > limit_ns > 0:
                text = (
                    f"{handler.declared.address} may wait {format_ns(wait_ns)} for {act.what}, "
                    f"and {who} gives up after {format_ns(limit_ns)}"
                )
                yield Found(Where(handler.definition.source.origin, act.line), text)


def _patience(graph: Graph, calls: tuple[Call, ...], within: str, limit_ns: int) -> tuple[int, str]:
    """Return how long the most impatient one waits for a piece of work, and who that is; 0 for nobody."""
    waits = [(limit_ns, "its step")] if limit_ns else []
    if within in graph.operations:
        waits += [(each.resolved.timeout_ns, each.caller) for each in calls if each.address == within]
        if not waits:
            waits = [(policies_of(graph, _OUTSIDE, within).timeout_ns, "its caller")]
    return min(waits, default=(0, ""))


def _retries_amplified(facts: Facts) -> Iterator[Found]:
    calls = calls_between(facts)
    for call in calls:
        if not any(each.address == call.within for each in calls):  # where a path begins
            yield from _multiplied(calls, (call,))


def _multiplied(calls: tuple[Call, ...], path: tuple[Call, ...]) -> Iterator[Found]:
    """Yield the shortest paths on from a call along which its attempts multiply beyond the bound."""
    factors = [path[0].attempts, *(each.resolved.attempts for each in path if each.resolved.retry.budget is None)]
    product = 1
    for factor in factors:
        product *= factor
    if product > ATTEMPTS_MAX and sum(factor > 1 for factor in factors) > 1:
        way = " → ".join((path[0].within, *(f"$.{each.address}" for each in path)))
        yield Found(path[-1].where, f"one message can become {product} calls along {way}")
        return
    for call in calls:
        if call.within == path[-1].address and call not in path:
            yield from _multiplied(calls, (*path, call))


def _retry_unsafe(facts: Facts) -> Iterator[Found]:
    for call in calls_between(facts):
        operation = facts.graph.operations[call.address][1]
        if not operation.idempotent and not operation.reads_only:
            if call.resolved.attempts > 1:
                text = f"$.{call.address} is tried {call.resolved.attempts} times and is not idempotent"
                yield Found(call.where, text)
            elif call.attempts > 1:
                text = f"step {call.within} is tried {call.attempts} times, and $.{call.address} is not idempotent"
                yield Found(call.where, text)


def _fallback_circular(facts: Facts) -> Iterator[Found]:
    graph = facts.graph
    for address, (owner, operation) in graph.operations.items():
        for caller in (_OUTSIDE, *sorted(graph.services)):
            fallback = policies_of(graph, caller, address).fallback
            if fallback is None:
                continue
            other = alternative_of(graph, fallback, address)
            owners = _owners_behind(facts, other) if other in graph.operations else ()
            if owner in owners:
                text = f"what stands in for $.{address}, $.{other}, needs {owner} too"
                yield Found(graph.shown(operation.where), text)
                break


def _owners_behind(facts: Facts, address: str) -> frozenset[str]:
    """Return who must work for an operation to be answered."""
    calls, reached = calls_between(facts), [address]
    for each in reached:
        reached.extend(call.address for call in calls if call.within == each and call.address not in reached)
    return frozenset(facts.graph.operations[each][0] for each in reached)


def _breaker_broad(facts: Facts) -> Iterator[Found]:
    told: set[tuple[str, str]] = set()
    for call in calls_between(facts):
        owner = facts.graph.operations[call.address][0]
        breaker = call.resolved.breaker
        others = sorted(facts.graph.services[owner].operations)
        if breaker is not None and breaker.scope == "callee" and len(others) > 1 and (call.caller, owner) not in told:
            told.add((call.caller, owner))
            text = f"the breaker of {call.caller} for {owner} cuts off all of its {len(others)} operations at once"
            yield Found(call.where, text)


def _redelivery_unguarded(facts: Facts) -> Iterator[Found]:
    for handler in handlers_of(facts, "subscriptions"):
        if handler.declared.idempotent or handler.declared.transactional:
            continue
        calls = [
            each
            for each in calls_of(facts, handler.definition, handler.functions)
            if not facts.graph.operations[each.what][1].idempotent
            and not facts.graph.operations[each.what][1].reads_only
        ]
        for act in [*calls, *requests_of(handler)][:1]:
            text = f"{handler.name} of {handler.service.name} does it again when its event comes again: {act.what}"
            yield Found(Where(handler.definition.source.origin, act.line), text)


_CONTRACT = "%%contracts c\nclass Order(Contract):\n    id: str\nclass Level(Contract):\n    left: int = 0\n"
_EVENT = 'event($.Order.created, Order, key="id")\n'


def _service(name: str, operation: str, options: str, body: str, *, top: str = "", returns: str = "None") -> str:
    return (
        f"%%service {name} --version 1.0.0\n{top}@service.operation($.{name}.{operation}{options})\n"
        f"async def {operation}(order: Order) -> {returns}:\n    {body}\n"
    )


_PAY = _service("Payment", "charge", ", idempotent=True, timeout='2s'", "...")
_PAY_SLOWLY = _service("Payment", "charge", ", idempotent=True, timeout='8s'", "...")
_SELL = _service("Shop", "sell", ", idempotent=True, timeout='5s'", "await call($.Payment.charge, order)")
_THRICE = ", idempotent=True, timeout='1s', retry=Retry(attempts=3)"
_FRAGILE = _service("Payment", "charge", "", "...")
_SAGA = "%%saga Flow --on $.Order.created --version 1.0.0\n@saga.step(kind='retriable', retry=Retry(attempts={}))\nasync def pay(order: Order) -> None:\n    await call($.Payment.charge, order)\n"  # noqa: E501 - one cell
_READ = "%%service Stock --version 1.0.0 --kind query\n@service.operation($.Stock.left{})\nasync def left(order: Order) -> Level:\n    return Level()\n"  # noqa: E501 - one cell
_BACKUP = "%%service Backup --version 1.0.0 --kind query\n@service.operation($.Backup.left)\nasync def left(order: Order) -> Level:\n    return {}\n"  # noqa: E501 - one cell
_BREAKER = ", breaker=Breaker(scope='{}')"
_OTHER = "@service.operation($.Payment.refund)\nasync def refund(order: Order) -> None: ...\n"
_ON = "%%service Shop --version 1.0.0\n@service.on($.Order.created{})\nasync def sell(order: Order) -> None:\n    await call($.Payment.charge, order)\n"  # noqa: E501 - one cell

RESILIENCE_RULES = (
    Rule(
        "ARC121",
        "timeouts-nested",
        "warning",
        "Whoever waits outside gives up before the one inside does. The work goes on although nobody waits for it, its "
        "outcome is unknown to the caller, and a retry comes on top of it just when things are slow.",
        f"{_CONTRACT}{_PAY_SLOWLY}{_SELL}",
        f"{_CONTRACT}{_PAY}{_SELL}",
        "Let inner timeouts, with all their retries, fit into outer ones: a shorter `timeout=`, or a `deadline=`.",
        _timeouts_nested,
    ),
    Rule(
        "ARC122",
        "retries-amplified",
        "warning",
        "Retries at several levels multiply: three times three is nine requests for one, and they come when the callee "
        "is already ill. That is how a short outage becomes a long one.",
        f"{_CONTRACT}{_service('Payment', 'charge', _THRICE, '...')}"
        f"{_service('Shop', 'sell', _THRICE, 'await call($.Payment.charge, order)')}"
        f"{_service('Web', 'buy', '', 'await call($.Shop.sell, order)')}",
        f"{_CONTRACT}{_service('Payment', 'charge', _THRICE, '...')}{_SELL}"
        f"{_service('Web', 'buy', '', 'await call($.Shop.sell, order)')}",
        "Retry at one level only, the one nearest to the failure, or give retries a `Budget`.",
        _retries_amplified,
    ),
    Rule(
        "ARC123",
        "retry-unsafe",
        "error",
        "A call whose answer is lost may have run. Trying it again runs it again: charged twice, shipped twice. A "
        "saga's step is always tried again, after a crash too.",
        f"{_CONTRACT}{_EVENT}{_FRAGILE}{_SAGA.format(3)}",
        f"{_CONTRACT}{_EVENT}{_PAY}{_SAGA.format(3)}",
        "Declare the operation `idempotent=True`, or `reads_only=True` where it changes nothing.",
        _retry_unsafe,
    ),
    Rule(
        "ARC124",
        "fallback-circular",
        "warning",
        "A fallback that needs what it stands in for fails together with it. It looks like protection in the code and "
        "in the review, and adds load to what is down.",
        f"{_CONTRACT}{_READ.format(', fallback=Fallback(address=S.Backup.left)')}"
        f"{_BACKUP.format('await call($.Stock.left, order, fallback=False)')}",
        f"{_CONTRACT}{_READ.format(', fallback=Fallback(address=S.Backup.left)')}{_BACKUP.format('Level()')}",
        "Fall back to a value, to the last good answer, or to what stands on its own.",
        _fallback_circular,
    ),
    Rule(
        "ARC125",
        "breaker-broad",
        "note",
        "A breaker that counts all operations of a callee together cuts off the healthy ones because of one that is "
        "ill. One expensive report should not stop the charges.",
        f"{_CONTRACT}{_service('Payment', 'charge', _BREAKER.format('callee'), '...')}{_OTHER}{_SELL}",
        f"{_CONTRACT}{_service('Payment', 'charge', _BREAKER.format('operation'), '...')}{_OTHER}{_SELL}",
        'Leave `scope="operation"`, unless the operations can only fail together.',
        _breaker_broad,
    ),
    Rule(
        "ARC126",
        "redelivery-unguarded",
        "warning",
        "Every broker delivers an event again when its acknowledgement is lost or late. A subscriber that then does "
        "again what must be done once charges, ships or mails twice, rarely enough to be missed in tests.",
        f"{_CONTRACT}{_EVENT}{_FRAGILE}{_ON.format('')}",
        f"{_CONTRACT}{_EVENT}{_PAY}{_ON.format('')}",
        "Make what it does idempotent, or declare the subscription `transactional=True`.",
        _redelivery_unguarded,
    ),
)
"""In the order of their codes."""
