"""Rules about how services hang together: too much in one, too much between two, round in circles, half written."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from studio.errors import Where
from studio.graph.definition import Definition
from studio.graph.rules.reach import handlers_of, writes_of
from studio.graph.rules.rule import Facts, Found, Rule
from studio.model.service import Service
from studio.source.parsing import parse_source

__all__ = ["COUPLING_RULES"]

MEMBERS_MAX = 12
"""Operations, subscriptions, endpoints and jobs that a service can have before it is doubted."""
SUBJECTS_MAX = 3
"""Subjects, first parts of addresses, that the operations of one service can be about."""
CALLS_MAX = 2
"""Calls of one other service that a handler can make for one message."""
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _service_broad(facts: Facts) -> Iterator[Found]:
    for definition in facts.graph.definitions.values():
        for service in () if definition.kept_version else definition.declarations.of(Service):
            count = len(service.operations) + len(service.subscriptions) + len(service.endpoints) + len(service.jobs)
            subjects = sorted({address.partition(".")[0] for address in service.operations})
            where = Where(definition.source.origin)
            if count > MEMBERS_MAX:
                yield Found(where, f"{service.name} has {count} handlers, more than {MEMBERS_MAX}")
            elif len(subjects) > SUBJECTS_MAX:
                text = f"{service.name} answers for {len(subjects)} subjects: {', '.join(subjects)}"
                yield Found(where, text)


def _calls_chatty(facts: Facts) -> Iterator[Found]:
    operations = facts.graph.operations
    for definition in facts.graph.definitions.values():
        own = {service.name for service in definition.declarations.of(Service)}
        if not own or definition.kept_version:
            continue
        calls: dict[tuple[str, str], list[int]] = {}
        for user, use, address in facts.uses:
            owner = operations[address][0] if address in operations else ""
            if user is definition and use.verb in ("call", "send", "operation") and owner and owner not in own:
                calls.setdefault((use.function, owner), []).append(use.line)
        looping = _looping_lines(definition)
        for (function, owner), lines in calls.items():
            repeated = [line for line in lines if line in looping]
            if repeated:
                text = f"{function} calls {owner} once for each turn of a loop"
                yield Found(Where(definition.source.origin, repeated[0]), text)
            elif len(lines) > CALLS_MAX:
                text = f"{function} calls {owner} {len(lines)} times for one message"
                yield Found(Where(definition.source.origin, lines[0]), text)


def _looping_lines(definition: Definition) -> frozenset[int]:
    """Return the lines inside loops."""
    offset = definition.source.first_line - 1
    return frozenset(
        line + offset
        for node in ast.walk(parse_source(definition.source))
        if isinstance(node, _LOOPS)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _calls_circular(facts: Facts) -> Iterator[Found]:
    called: dict[str, dict[str, Where]] = {}
    for edge in facts.topology.edges:
        is_between = edge.source.startswith("service ") and edge.target.startswith("service ")
        if edge.kind == "call" and is_between and edge.source != edge.target:
            where = Where(edge.cell, edge.line or None)
            called.setdefault(edge.source, {}).setdefault(edge.target, where)
    for circle in _circles(called):
        names = [key.removeprefix("service ") for key in circle]
        text = f"calls go round in a circle: {' → '.join((*names, names[0]))}"
        yield Found(called[circle[0]][circle[1 % len(circle)]], text)


def _circles(called: Mapping[str, Mapping[str, Where]]) -> Iterator[tuple[str, ...]]:
    """Yield a shortest circle through each service that is on one, each circle once, from its first name on."""
    seen: set[frozenset[str]] = set()
    for start in sorted(called):
        paths: list[tuple[str, ...]] = [(start,)]
        reached = {start}
        while paths:
            path = paths.pop(0)
            following = sorted(called.get(path[-1], ()))
            if start in following:
                if frozenset(path) not in seen:
                    seen.add(frozenset(path))
                    yield path
                break
            paths.extend((*path, each) for each in following if each not in reached)
            reached.update(following)


def _dual_write(facts: Facts) -> Iterator[Found]:
    # A subscriber that dies in between is given the event again; whoever answers a call, a request or a clock is not.
    for handler in handlers_of(facts, "operations", "endpoints", "jobs"):
        written = writes_of(handler)
        published = [
            address
            for user, use, address in facts.uses
            if user is handler.definition and use.function in handler.functions and _is_event(facts, use.verb, address)
        ]
        if written and published and not getattr(handler.declared, "transactional", False):
            text = (
                f"{handler.name} writes {handler.service.name}.{written[0].what} and publishes $.{published[0]}, apart"
            )
            yield Found(Where(handler.definition.source.origin, written[0].line), text)


def _is_event(facts: Facts, verb: str, address: str) -> bool:
    return verb == "publish" or (verb == "send" and facts.graph.kind_of(address) == "event")


_CONTRACT = "%%contracts c\nclass Order(Contract):\n    id: str\n"
_EVENT = 'event($.Order.placed, Order, key="id")\n'
_STOCK = (
    "%%service Stock --version 1.0.0\n@service.operation($.Stock.take)\nasync def take(order: Order) -> None:\n    "
)
_SHOP = "%%service Shop --version 1.0.0\n"
_SELL = "@service.operation($.Shop.sell)\nasync def sell(order: Order) -> None:\n    "
_ORDERS = "orders = service.collection('orders', Order, key='id')\n"
_TELL = "await orders.put(order)\n    await publish($.Order.placed, order)\n"
_BROAD = "".join(
    f"@service.operation($.{subject}.do_{number})\nasync def do_{number}(order: Order) -> None: ...\n"
    for number, subject in enumerate(("Stock", "Price", "Letter", "Refund"))
)

COUPLING_RULES = (
    Rule(
        "ARC118",
        "service-broad",
        "warning",
        "A service that answers for many subjects is changed for many reasons, by many people, and fails as one. The "
        f"bound is a rule of thumb: {MEMBERS_MAX} handlers, {SUBJECTS_MAX} subjects.",
        f"{_CONTRACT}%%service Shop --version 1.0.0\n{_BROAD}",
        f"{_CONTRACT}{_STOCK}...\n",
        "Give what changes together a service of its own.",
        _service_broad,
    ),
    Rule(
        "ARC119",
        "calls-chatty",
        "warning",
        "Each call is a way there and back that can be slow, lost or refused. One message that makes many calls of the "
        "same service adds up their latencies and multiplies their failures; in a loop, by the size of the data.",
        f"{_CONTRACT}{_STOCK}...\n{_SHOP}{_SELL}for _ in range(3):\n        await call($.Stock.take, order)\n",
        f"{_CONTRACT}{_STOCK}...\n{_SHOP}{_SELL}await call($.Stock.take, order)\n",
        "Ask once for all: an operation that takes the whole list.",
        _calls_chatty,
    ),
    Rule(
        "ARC120",
        "calls-circular",
        "warning",
        "Services that call each other in a circle can only be deployed, started and understood together. With bounded "
        "concurrency they wait for each other under load, and none of them can end first.",
        f"{_CONTRACT}%%service Shop --version 1.0.0\nStock = handle('Stock')\n{_SELL}await call($.Stock.take, order)\n"
        f"{_STOCK}await call($.Shop.sell, order)\n",
        f"{_CONTRACT}{_STOCK}...\n{_SHOP}{_SELL}await call($.Stock.take, order)\n",
        "Turn one of the calls into an event, or move what both need into a third service.",
        _calls_circular,
    ),
    Rule(
        "ARC130",
        "dual-write",
        "warning",
        "A write and a publication that are two steps can be torn apart: the process dies in between, or the bus does "
        "not answer. Then the order stands and nobody hears of it, or the other way round.",
        f"{_CONTRACT}{_EVENT}{_SHOP}{_ORDERS}{_SELL}{_TELL}",
        f"{_CONTRACT}{_EVENT}{_SHOP}{_ORDERS}{_SELL.replace('sell)', 'sell, transactional=True)')}{_TELL}",
        "Declare the handler `transactional=True`: its writes and its events are then committed together.",
        _dual_write,
    ),
)
"""In the order of their codes."""
