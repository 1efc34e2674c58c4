"""Say, for each rule about behaviour, what to run, under which faults, and how the behaviour would show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from studio.graph.governing import policies_of
from studio.graph.lint import Finding
from studio.graph.rules.reach import calls_of, handlers_of, reached_by, requests_of, writes_of
from studio.graph.rules.resilience import ATTEMPTS_MAX, calls_between, longest_ns
from studio.graph.rules.rule import Facts
from studio.model.duration import duration_ns, exact_ns
from studio.model.fault import Fault
from studio.model.faults.delivery_faults import duplicate
from studio.model.faults.handler_faults import slow
from studio.model.faults.network_faults import latency, lose, timeout
from studio.model.faults.process_faults import crash_at, down
from studio.model.saga import Saga
from studio.simulation.proving.effects import asked_most, done_twice, left_by, outlived, refused_at, torn
from studio.simulation.run import Run

__all__ = ["SUSPICIONS", "Suspicion"]

Plan = tuple[Fault, ...]
Judge = Callable[[Run, Run], str]
"""Say what is seen in the second run, beside the first, which had no faults; empty for nothing."""
_MARGIN_NS = 500_000_000
_ALWAYS: Plan = ()


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a finding expects to happen.

    Attributes:
        subjects: What a run must reach for it: addresses, third parties, saga steps.
        entries: Addresses to send made data to where no scenario reaches them.
        plans: Faults to try, simplest first.
        judge: Tells whether it happened.
    """

    subjects: tuple[str, ...]
    entries: tuple[str, ...]
    plans: tuple[Plan, ...]
    judge: Judge


def _uncompensated(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for definition in facts.graph.definitions.values():
        for saga in () if definition.kept_version else definition.declarations.of(Saga):
            steps = list(saga.steps)
            for at, step in enumerate(steps):
                if facts.graph.shown(step.where) != finding.where:
                    continue
                own = calls_of(facts, definition, reached_by(definition, step.name))
                later = [act for other in steps[at + 1 :] for act in calls_of(facts, definition, (other.name,))]
                failing = tuple((timeout(act.what, ran=False),) for act in later)
                for act in own:
                    plans: tuple[Plan, ...] = (*failing, (timeout(act.what, ran=True),))
                    yield Suspicion((act.what,), (str(saga.on),), plans, _left(saga.name, step.name, act.what))


def _left(saga: str, step: str, address: str) -> Judge:
    return lambda _, run: left_by(run, saga, step, address)


def _nested(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for call in calls_between(facts):
        if call.where == finding.where and call.within in facts.graph.operations:
            outer_ns = _shortest_ns(facts, call.within)
            yield _slow(call.within, call.address, outer_ns, longest_ns(call.resolved))
    for handler in handlers_of(facts, "operations"):
        for act in requests_of(handler):
            is_it = finding.where is not None and finding.where.line == act.line
            if is_it and finding.where.cell == handler.definition.source.origin:  # type: ignore[union-attr]
                address = handler.declared.address
                wait_ns = duration_ns(handler.service.clients[act.what].timeout)
                yield _slow(address, act.what, _shortest_ns(facts, address), wait_ns)


def _slow(address: str, inner: str, outer_ns: int, inner_ns: int) -> Suspicion:
    """Make what is inside slower than the outer patience, and quicker than its own."""
    extra_ns = min(outer_ns + _MARGIN_NS, (outer_ns + inner_ns) // 2)
    extra = exact_ns(extra_ns)
    plans: tuple[Plan, ...] = ((slow(inner, extra),), (latency(inner, extra),), (latency(inner, extra, leg="reply"),))
    return Suspicion((address, inner), (address,), plans, lambda _, run: outlived(run, address, inner))


def _shortest_ns(facts: Facts, address: str) -> int:
    waits = [call.resolved.timeout_ns for call in calls_between(facts) if call.address == address]
    return min(waits, default=policies_of(facts.graph, "(outside)", address).timeout_ns)


def _amplified(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for call in calls_between(facts):
        if call.where == finding.where:
            owner = facts.graph.operations[call.address][0]
            plans = ((timeout(call.address, ran=False),), (down(owner),))
            yield Suspicion((call.address,), _entries(facts, call.address), plans, _asked(call.address))


def _asked(address: str) -> Judge:
    def judge(quiet: Run, run: Run) -> str:
        usual, times = asked_most(quiet, address), asked_most(run, address)
        text = f"one message from outside became {times} calls of $.{address}, not {usual}"
        return text if times > max(ATTEMPTS_MAX, usual) else ""

    return judge


def _unsafe(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for call in calls_between(facts):
        if call.where == finding.where:
            plans: list[Plan] = [(timeout(call.address, ran=True, occurrence=1),)]
            if call.limit_ns:  # a saga's step
                plans.append((crash_at("after-effect", call.address),))
            subjects = (call.address, call.within) if call.limit_ns else (call.address,)
            yield Suspicion(subjects, _entries(facts, call.address), tuple(plans), _twice(call.address))


def _redelivered(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for handler in handlers_of(facts, "subscriptions"):
        acts = [*calls_of(facts, handler.definition, handler.functions), *requests_of(handler)]
        for act in acts:
            where = finding.where
            if where is None or (where.cell, where.line) != (handler.definition.source.origin, act.line):
                continue
            for event in handler.declared.patterns:
                plans: tuple[Plan, ...] = (
                    (lose(event, leg="acknowledgement", occurrence=1),),
                    (duplicate(event, occurrence=1),),
                    (crash_at("before-acknowledge", event),),
                )
                yield Suspicion((act.what,), (event,), plans, _twice(act.what))


def _twice(subject: str) -> Judge:
    return lambda quiet, run: done_twice(quiet, run, subject)


def _dual(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for handler in handlers_of(facts, "operations"):
        writes, where = writes_of(handler), finding.where
        if where is None or where.cell != handler.definition.source.origin:
            continue
        if not any(act.line == where.line for act in writes):
            continue
        service = handler.service.name
        collections = tuple(dict.fromkeys(f"{service}.{act.what}" for act in writes))
        events = [
            address
            for user, use, address in facts.uses
            if user is handler.definition and use.function in handler.functions and use.verb in ("publish", "send")
        ]
        for event in events[:1]:
            plans: tuple[Plan, ...] = tuple((crash_at("after-effect", each),) for each in collections)
            plans += ((lose(event, leg="publish"),), (crash_at("before-publish", event),))
            address = handler.declared.address
            yield Suspicion((address,), (address,), plans, _torn(service, collections, event))


def _torn(service: str, collections: tuple[str, ...], event: str) -> Judge:
    def judge(quiet: Run, run: Run) -> str:
        return "" if torn(quiet, service, collections, event) else torn(run, service, collections, event)

    return judge


def _circular_fallback(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for address, (owner, operation) in facts.graph.operations.items():
        if facts.graph.shown(operation.where) == finding.where:
            yield Suspicion((address,), _entries(facts, address), ((down(owner),),), _no_answer(address))


def _no_answer(address: str) -> Judge:
    def judge(_: Run, run: Run) -> str:
        found = run.sql(
            "select count(*) as times from spans where kind = 'call' and name = $address and status <> 'ok'",
            address=address,
        )
        times = int(found["times"][0])
        return f"{times} calls of $.{address} failed although something stands in for it" if times else ""

    return judge


def _broad(facts: Facts, finding: Finding) -> Iterator[Suspicion]:
    for call in calls_between(facts):
        if call.where == finding.where:
            owner = facts.graph.operations[call.address][0]
            called = {each.address for each in calls_between(facts) if each.caller == call.caller}
            for address in sorted(called & set(facts.graph.services[owner].operations)):
                plans: tuple[Plan, ...] = ((timeout(address, ran=False),),)
                yield Suspicion((address,), _entries(facts, address), plans, _refused(owner, address))


def _refused(owner: str, address: str) -> Judge:
    return lambda _, run: refused_at(run, owner, address)


def _entries(facts: Facts, address: str) -> tuple[str, ...]:
    """Return addresses from which a call of an address may follow: those that lead to it, then itself."""
    calls, reached = calls_between(facts), [address]
    for each in reached:
        reached.extend(call.within for call in calls if call.address == each and call.within not in reached)
    sagas = [str(facts.graph.sagas[each.partition(".")[0]].on) for each in reached
             if each.partition(".")[0] in facts.graph.sagas]  # fmt: skip
    operations = [each for each in reversed(reached) if each in facts.graph.operations]
    return tuple(dict.fromkeys((*sagas, *operations)))


SUSPICIONS: Mapping[str, Callable[[Facts, Finding], Iterator[Suspicion]]] = {
    "ARC109": _uncompensated,
    "ARC121": _nested,
    "ARC122": _amplified,
    "ARC123": _unsafe,
    "ARC124": _circular_fallback,
    "ARC125": _broad,
    "ARC126": _redelivered,
    "ARC130": _dual,
}
"""By the rule's code; rules that are not here are about the text, not about behaviour."""
