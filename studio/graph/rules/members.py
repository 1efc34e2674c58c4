"""Rules about what a service or saga has, lacks, or calls by the wrong name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from studio.errors import Where
from studio.graph.definition import Definition
from studio.graph.rules.rule import Facts, Found, Rule
from studio.model.composition import Composition
from studio.model.handle import ServiceHandle, service_name
from studio.model.saga import Saga, Step
from studio.model.service import Service
from studio.source.names import names_of
from studio.source.parsing import parse_source

__all__ = ["MEMBER_RULES"]

_WANTED: dict[str, tuple[tuple[str, ...], str]] = {
    "api": (("endpoints",), "an endpoint, `@service.get(...)`"),
    "command": (("operations",), "an operation, `@service.operation(...)`"),
    "query": (("operations", "endpoints"), "an operation or an endpoint"),
    "event": (("subscriptions",), "a subscription, `@service.on(...)`"),
    "worker": (("jobs", "subscriptions"), "a job or a subscription"),
    "storage": (("collections",), "a collection, `service.collection(...)`"),
}


def _services(facts: Facts) -> Iterator[tuple[Definition, Service]]:
    for definition in facts.graph.definitions.values():
        for service in definition.declarations.of(Service):
            yield definition, service


def _origin(definition: Definition) -> Where:
    return Where(definition.source.origin)


def _kind_disagrees(facts: Facts) -> Iterator[Found]:
    for definition, service in _services(facts):
        members, words = _WANTED.get(service.kind, ((), ""))
        if members and not any(getattr(service, member) for member in members):
            yield Found(_origin(definition), f"{service.name} is of kind={service.kind} and lacks {words}")
        writes = [endpoint for endpoint in service.endpoints if endpoint.method != "GET"]
        if service.kind == "query" and writes:
            first = writes[0]
            text = f"{service.name} is of kind=query and answers {first.method} {first.path}"
            yield Found(facts.graph.shown(first.where), text)


def _version_missing(facts: Facts) -> Iterator[Found]:
    for definition, service in _services(facts):
        if not service.version:
            yield Found(_origin(definition), f"{service.name} has no version")


def _health_missing(facts: Facts) -> Iterator[Found]:
    for definition, service in _services(facts):
        if not service.checks:
            yield Found(_origin(definition), f"{service.name} has no health check")


def _handler_name(facts: Facts) -> Iterator[Found]:
    for _, service in _services(facts):
        for operation in service.operations.values():
            name = getattr(operation.function, "__name__", operation.name)
            if name != operation.name:
                text = f"$.{operation.address} is answered by a function of another name, {name}"
                yield Found(facts.graph.shown(operation.where), text)


def _step_uncompensated(facts: Facts) -> Iterator[Found]:
    effects = {(definition.name, use.function) for definition, use, _ in facts.uses if use.verb not in ("on", "stream")}
    for definition in facts.graph.definitions.values():
        for saga in () if definition.kept_version else definition.declarations.of(Saga):
            for step in saga.steps:
                acts = isinstance(step.function, Composition) or (definition.name, _name(step)) in effects
                if step.kind == "compensatable" and step.compensated_by is None and acts:
                    text = f"step {step.name} of {saga.name} has an effect that nothing undoes"
                    yield Found(facts.graph.shown(step.where) or _origin(definition), text)


def _name(step: Step) -> str:
    return str(getattr(step.function, "__name__", step.name))


def _sync_handler(facts: Facts) -> Iterator[Found]:
    for _, service in _services(facts):
        handlers: list[Any] = [*service.endpoints, *service.jobs, *service.checks]
        for handler in handlers:
            if not _is_async(handler.function):
                text = f"{handler.name} of {service.name} is a plain function"
                yield Found(facts.graph.shown(handler.where), text)


def _is_async(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is None or bool(code.co_flags & (0x80 | 0x200))  # a coroutine function, or an async generator's


def _blocking_sleep(facts: Facts) -> Iterator[Found]:
    for definition in facts.graph.definitions.values():
        source = definition.source
        if source.is_sql or definition.kept_version:
            continue
        imports = names_of(source).imports
        modules = {each.bound for each in imports if each.module == "time" and not each.name}
        functions = {each.bound for each in imports if each.module == "time" and each.name == "sleep"}
        for name, call in _async_calls(parse_source(source), ""):
            match call.func:
                case ast.Attribute(value=ast.Name(id=module), attr="sleep") if module in modules:
                    pass
                case ast.Name(id=function) if function in functions:
                    pass
                case _:
                    continue
            yield Found(Where(source.origin, call.lineno + source.first_line - 1), f"{name} sleeps without awaiting")


def _async_calls(node: ast.AST, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that run in an async function's own code."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.AsyncFunctionDef):
            yield from _async_calls(child, child.name)
        elif isinstance(child, (ast.FunctionDef, ast.Lambda)):
            yield from _async_calls(child, "")
        else:
            if name and isinstance(child, ast.Call):
                yield name, child
            yield from _async_calls(child, name)


def _foreign_collection(facts: Facts) -> Iterator[Found]:
    for definition in facts.graph.definitions.values():
        source = definition.source
        own = {service.name for service in definition.declarations.of(Service)}
        if source.is_sql or definition.kept_version:
            continue
        for node in ast.walk(parse_source(source)):
            match node:
                case ast.Attribute(value=ast.Name(id=bound), attr=name):
                    handle = vars(definition.module).get(bound)
                    owner = service_name(handle) if isinstance(handle, ServiceHandle) else ""
                    service = facts.graph.services.get(owner)
                    if service is not None and owner not in own and name in service.collections:
                        where = Where(source.origin, node.lineno + source.first_line - 1)
                        yield Found(where, f"{source.label} touches the collection {owner}.{name}")


_CONTRACT = "%%contracts c\nclass Order(Contract):\n    id: str\n"
_HANDLER = "@service.operation($.Stock.take)\nasync def take(order: Order) -> None: ...\n"

MEMBER_RULES = (
    Rule(
        "ARC101",
        "kind-disagrees",
        "warning",
        "A service's kind tells readers, cards and exports what it mainly does. One that says `api` and answers no "
        "HTTP, or `query` and changes things, misleads whoever decides where to put it and how to scale it.",
        f"{_CONTRACT}%%service Stock --version 1.0.0 --kind api\n{_HANDLER}",
        f"{_CONTRACT}%%service Stock --version 1.0.0 --kind command\n{_HANDLER}",
        "Change --kind to what it does, or give it the member that the kind promises.",
        _kind_disagrees,
    ),
    Rule(
        "ARC102",
        "version-missing",
        "warning",
        "A deploy replaces one version by another, and for a while both run. Without a version neither records nor "
        "messages can tell which one did what, and compatibility cannot be checked.",
        "%%service Stock\n",
        "%%service Stock --version 1.0.0\n",
        "Add --version 1.0.0 to the cell's first line.",
        _version_missing,
    ),
    Rule(
        "ARC108",
        "handler-name",
        "warning",
        "Callers write `Stock.take(order)`: the operation goes by its address's last part. A handler with another name "
        "is found by nobody who reads the call and looks for the function.",
        f"{_CONTRACT}%%service Stock --version 1.0.0\n{_HANDLER.replace('def take', 'def remove')}",
        f"{_CONTRACT}%%service Stock --version 1.0.0\n{_HANDLER}",
        "Give the function the name of the address's last part.",
        _handler_name,
    ),
    Rule(
        "ARC109",
        "step-uncompensated",
        "warning",
        "When a later step fails, a saga undoes the steps before it. A compensatable step that sends something and has "
        "no compensation leaves its effect behind: reserved stock that nobody releases.",
        f"{_CONTRACT}%%service Stock --version 1.0.0\n{_HANDLER}%%saga Flow --on $.Order.created\n"
        "@saga.step\nasync def take(order: Order) -> None:\n    await call($.Stock.take, order)\n",
        f"{_CONTRACT}%%service Stock --version 1.0.0\n{_HANDLER}%%saga Flow --on $.Order.created\n"
        "@saga.step(kind='retriable')\nasync def take(order: Order) -> None:\n    await call($.Stock.take, order)\n",
        "Declare `@step.compensation`, or make the step a pivot or retriable.",
        _step_uncompensated,
    ),
    Rule(
        "ARC110",
        "health-missing",
        "note",
        "Whoever balances load or rolls out a version asks a service whether it can work. Without a check of its own "
        "the answer is yes as long as the process runs, also when its database does not.",
        "%%service Stock --version 1.0.0\n",
        "%%service Stock --version 1.0.0\n@service.health()\nasync def check() -> Health:\n    return Health()\n",
        "Declare `@service.health()`.",
        _health_missing,
    ),
    Rule(
        "ARC111",
        "blocking-sleep",
        "error",
        "A replica handles all its messages in one loop. `time.sleep` in an async handler stops every one of them, and "
        "in a simulation, where time is virtual, it is an error.",
        f"{_CONTRACT}%%service Stock --version 1.0.0\nimport time\n{_HANDLER.replace('...', 'time.sleep(1)')}",
        f"{_CONTRACT}%%service Stock --version 1.0.0\nimport asyncio\n"
        f"{_HANDLER.replace('...', 'await asyncio.sleep(1)')}",
        "Write `await asyncio.sleep(...)`.",
        _blocking_sleep,
    ),
    Rule(
        "ARC112",
        "sync-handler",
        "note",
        "A plain function cannot await, so it can neither call, publish nor use a collection, and while it works it "
        "holds one of the few places for such functions. It is fine for a pure answer and a trap once it grows.",
        "%%service Stock --version 1.0.0\n@service.get('/')\ndef page() -> str:\n    return 'ok'\n",
        "%%service Stock --version 1.0.0\n@service.get('/')\nasync def page() -> str:\n    return 'ok'\n",
        "Write `async def`.",
        _sync_handler,
    ),
    Rule(
        "ARC113",
        "foreign-collection",
        "error",
        "A collection belongs to one service, which alone knows what must hold in it. Another that reads or writes it "
        "couples both to one schema and one database, and cannot be deployed apart.",
        f"{_CONTRACT}%%service Stock --version 1.0.0\nstock = service.collection('stock', Order, key='id')\n"
        "%%service Shop --version 1.0.0\n@service.on($.Order.created)\n"
        "async def sell(order: Order) -> None:\n    await Stock.stock.delete(order.id)\n",
        f"{_CONTRACT}%%service Stock --version 1.0.0\nstock = service.collection('stock', Order, key='id')\n{_HANDLER}"
        "%%service Shop --version 1.0.0\n@service.on($.Order.created)\n"
        "async def sell(order: Order) -> None:\n    await Stock.take(order)\n",
        "Call an operation of its owner.",
        _foreign_collection,
    ),
)
"""In the order of their codes."""
