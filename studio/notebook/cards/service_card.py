"""Make the card of a service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from studio.address import Address, is_pattern
from studio.contract import type_name
from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.model.duration import SECOND_NS, duration_ns, format_ns
from studio.model.schedule import next_tick_ns
from studio.model.service import Endpoint, Job, Operation, Service, Subscription
from studio.notebook.cards.card import Card, Cell, Section, Table, address, code, flag, joined, muted, words
from studio.notebook.cards.policy_words import policies_table, policy_words
from studio.notebook.cards.wording import count, listed, type_words
from studio.source.uses import Use, uses_of

__all__ = ["service_card"]

_WINDOW_NS = duration_ns("24h")
_ACK_WAIT_NS = duration_ns("30s")
_MAX_DELIVER, _IN_FLIGHT, _QUEUE = 5, 64, 1000


def service_card(definition: Definition, service: Service, graph: Graph, *, now_ns: int) -> Card:
    """Return the card of a service: what it owns, listens to, serves, does on schedule, keeps and sends.

    Args:
        definition: Whose source is read for what it sends.
        service: What the definition declared.
        graph: Everything that is declared, to say who receives what it sends.
        now_ns: Instant from which the next ticks of jobs are counted, in nanoseconds since 1970.
    """
    sections: tuple[Section, ...] = (
        _operations(service),
        policies_table("Calls of it", service.policies),
        _subscriptions(service),
        _endpoints(service),
        _jobs(service, now_ns),
        _health(service),
        _collections(service),
        _sends(definition, graph),
        _clients(service, graph),
        _metrics(service),
    )
    doc = service.doc or definition.module.__doc__ or ""
    return Card("service", service.name, _facts(service), doc, sections)


def _facts(service: Service) -> Cell:
    facts = [
        f"version {service.version}" if service.version else "",
        service.kind,
        count(service.replicas, "replica"),
        f"{service.concurrency} at once" if service.concurrency else "",
        f"queue of {service.queue}" if service.queue != _QUEUE else "",
    ]
    return tuple(span for fact in facts for span in words(fact))


def _operations(service: Service) -> Table:
    rows = tuple(
        (
            address(each.address),
            _from_to(type_words(each.takes), type_words(each.returns)),
            joined(flag(text) for text in _operation_flags(each)),
            joined((code(error.__name__) for error in each.raises), ", "),
        )
        for each in service.operations.values()
    )
    return Table("Operations", ("Address", "Takes → returns", "Promises", "May raise"), rows)


def _operation_flags(operation: Operation) -> list[str]:
    window = "" if operation.window_ns == _WINDOW_NS else f" for {format_ns(operation.window_ns)}"
    return [
        *([f"idempotent{window}"] if operation.idempotent else []),
        *(["transactional"] if operation.transactional else []),
        *(["reads only"] if operation.reads_only else []),
        *(text if name == "retry" else f"{name} {text}" for name, text in policy_words(operation.policies)),
    ]


def _subscriptions(service: Service) -> Table:
    rows = tuple(
        (
            joined((address(pattern) for pattern in each.patterns), ", "),
            code(type_words(each.takes)),
            code(each.name),
            joined(flag(text) for text in _subscription_flags(each)),
        )
        for each in service.subscriptions
    )
    return Table("Listens to", ("Event", "Takes", "Handler", "Promises"), rows)


def _subscription_flags(subscription: Subscription) -> list[str]:
    wait_ns, deliver, in_flight = subscription.ack_wait_ns, subscription.max_deliver, subscription.in_flight
    return [
        *(["idempotent"] if subscription.idempotent else []),
        *(["transactional"] if subscription.transactional else []),
        *([f"again after {format_ns(wait_ns)}"] if wait_ns != _ACK_WAIT_NS else []),
        *([f"at most {count(deliver, 'delivery', 'deliveries')}"] if deliver != _MAX_DELIVER else []),
        *(["one at a time"] if in_flight == 1 else [f"{in_flight} at once"] if in_flight != _IN_FLIGHT else []),
    ]


def _endpoints(service: Service) -> Table:
    rows = tuple(
        (code(each.method), code(each.path), _from_to(_parameters(each), type_words(each.signature.returns)))
        for each in service.endpoints
    )
    return Table("Endpoints", ("Method", "Path", "Takes → returns"), rows)


def _parameters(endpoint: Endpoint) -> str:
    given = [f"{each.name}: {type_name(each.type)}" for each in endpoint.signature.parameters]
    return ", ".join(given) or "nothing"


def _jobs(service: Service, now_ns: int) -> Table:
    rows = tuple((code(each.schedule), code(each.name), words(_ticks(each, now_ns))) for each in service.jobs)
    return Table("Jobs", ("Schedule", "Handler", "Next (UTC)"), rows)


def _ticks(job: Job, now_ns: int) -> str:
    first_ns = next_tick_ns(job.schedule, now_ns)
    return ", then ".join(_instant(each) for each in (first_ns, next_tick_ns(job.schedule, first_ns)))


def _instant(at_ns: int) -> str:
    at = dt.datetime.fromtimestamp(at_ns // SECOND_NS, tz=dt.UTC)
    return f"{at:%a %d %b %H:%M:%S}" if at.second else f"{at:%a %d %b %H:%M}"


def _health(service: Service) -> Table:
    rows = tuple((code(each.name), words(f"every {format_ns(each.interval_ns)}")) for each in service.checks)
    return Table("Health", ("Check", "When"), rows)


def _collections(service: Service) -> Table:
    rows = tuple(
        (code(each.name), code(type_name(each.contract)), code(each.key), code(", ".join(each.unique)))
        for each in service.collections.values()
    )
    return Table("Collections", ("Name", "Documents", "Key", "Unique"), rows)


def _metrics(service: Service) -> Table:
    rows = tuple((code(each.name), words(each.kind), code(", ".join(each.labels))) for each in service.metrics.values())
    return Table("Metrics", ("Name", "Kind", "Labels"), rows)


def _clients(service: Service, graph: Graph) -> Table:
    rows = tuple(
        (
            code(each.name),
            code(each.base_url),
            words(f"{each.auth.name} (secret)" if each.auth is not None else ""),
            words(f"timeout {format_ns(duration_ns(each.timeout))}"),
            words("a stub") if each.name in graph.externals else words(f"nobody: no %%external {each.name}", "warning"),
        )
        for each in service.clients.values()
    )
    return Table("Third parties", ("Client", "Address", "Authorised by", "Waits", "In simulation answers"), rows)


def _sends(definition: Definition, graph: Graph) -> Table:
    rows = dict.fromkeys(
        (code(use.function), words(verb), address(target), _receivers(target, graph))
        for use in uses_of(definition.source)
        for verb, target in _sent(use, graph)
    )
    return Table("Sends", ("From", "How", "Address", "Received by"), tuple(rows))


def _sent(use: Use, graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield verb and wire address of what is sent to one address that is known before it runs."""
    if use.verb == "operation":
        owner = graph.services.get(use.handle)
        named = [each for each in owner.operations.values() if each.name == use.operation] if owner else []
        yield from (("call", each.address) for each in named)
    elif use.verb != "on" and isinstance(use.target, Address) and not is_pattern(use.target):
        yield use.verb, str(use.target)


def _receivers(target: str, graph: Graph) -> Cell:
    if target in graph.operations:
        return words(graph.operations[target][0])
    found = sorted({name for name, _ in graph.subscribers(target)})
    found += [f"saga {saga.name}" for saga in graph.triggered(target)]
    if found:
        return words(listed(found))
    return muted("nobody yet") if target in graph.events else words("not declared yet", "warning")


def _from_to(takes: str, returns: str) -> Cell:
    return (*code(takes), *muted(" → "), *code(returns))
