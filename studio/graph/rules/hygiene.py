"""Rules about what a single source does that it had better not: clocks, threads, secrets; and what it lacks."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from studio.errors import Where
from studio.graph.definition import Definition
from studio.graph.rules.rule import Facts, Found, Rule
from studio.model.service import Service
from studio.source.cell import Source
from studio.source.confidential import suspicions
from studio.source.names import names_of
from studio.source.parsing import parse_source

__all__ = ["HYGIENE_RULES"]

_KEPT_MAX = 512
_UNTYPED = (Any, dict, object)
_CLOCKS = {"time": {"time", "time_ns"}, "datetime": {"now", "utcnow", "today"}}
_OUTSIDE_MODULES = frozenset(
    {"_thread", "concurrent.futures", "multiprocessing", "socket", "socketserver", "ssl", "subprocess", "threading"}
)
_OUTSIDE_CALLS = frozenset(
    {"connect_tcp", "connect_unix", "create_connection", "create_server", "create_subprocess_exec",
     "create_subprocess_shell", "create_tcp_listener", "open_connection", "open_process", "open_unix_connection",
     "run_in_executor", "run_process", "start_server", "to_process", "to_thread"}
)  # fmt: skip


def _written(facts: Facts) -> Iterator[Definition]:
    """Yield the definitions whose Python is the author's present one."""
    for definition in facts.graph.definitions.values():
        if not definition.source.is_sql and not definition.kept_version:
            yield definition


def _contract_missing(facts: Facts) -> Iterator[Found]:
    for service in facts.graph.services.values():
        handlers: list[Any] = [*service.operations.values(), *service.subscriptions]
        for handler in handlers:
            if any(handler.takes is each for each in _UNTYPED):
                where = facts.graph.shown(handler.where)
                yield Found(where, f"{handler.name} of {service.name} takes anything: it names no contract")


def _metrics_missing(facts: Facts) -> Iterator[Found]:
    for definition in facts.graph.definitions.values():
        for service in definition.declarations.of(Service):
            works = service.operations or service.subscriptions or service.endpoints or service.jobs
            if works and not service.metrics:
                yield Found(Where(definition.source.origin), f"{service.name} measures nothing of its own")


def _wall_clock(facts: Facts) -> Iterator[Found]:
    for definition in _written(facts):
        if not definition.declarations.of(Service):
            continue
        bound = {each.bound: (each.module, each.name) for each in names_of(definition.source).imports}
        for node in ast.walk(parse_source(definition.source)):
            if isinstance(node, (ast.BinOp, ast.Compare)):
                for call in (part for part in ast.walk(node) if isinstance(part, ast.Call) and _reads(part, bound)):
                    line = call.lineno + definition.source.first_line - 1
                    text = f"{definition.source.label} reckons with the wall clock, which can jump"
                    yield Found(Where(definition.source.origin, line), text)


def _reads(call: ast.Call, bound: Mapping[str, tuple[str, str]]) -> bool:
    """Say whether a call reads the wall clock: `time.time()`, `datetime.now()`, by whatever names they go."""
    match call.func:
        case ast.Name(id=name):
            module, imported = bound.get(name, ("", ""))
            return module == "time" and imported in _CLOCKS["time"]
        case ast.Attribute(value=value, attr=attribute):
            base = value.id if isinstance(value, ast.Name) else getattr(value, "attr", "")
            module = bound.get(base, (base, ""))[0]
            return attribute in _CLOCKS.get(module, set())
    return False


def _threads_sockets(facts: Facts) -> Iterator[Found]:
    for definition in _written(facts):
        source = definition.source
        for line, reached in _outside(source):
            where = Where(source.origin, line + source.first_line - 1)
            yield Found(where, f"{source.label} reaches outside its ports: {reached}")


@lru_cache(maxsize=_KEPT_MAX)  # every cell's card asks again, of all sources
def _outside(source: Source) -> tuple[tuple[int, str], ...]:
    """Return what of threads, processes and sockets a body names, with its lines."""
    nodes = ast.walk(parse_source(source))
    return tuple((getattr(node, "lineno", 1), reached) for node in nodes for reached in _reached(node))


def _reached(node: ast.AST) -> list[str]:
    """Return what of threads, processes and sockets a piece of code names; most imports are refused before."""
    match node:
        case ast.Import(names=names):
            return sorted(_OUTSIDE_MODULES.intersection(each.name for each in names))
        case ast.ImportFrom(module=str(module), names=names):
            return (
                [module]
                if module in _OUTSIDE_MODULES
                else sorted(_OUTSIDE_CALLS.intersection(each.name for each in names))
            )
        case ast.Attribute(value=ast.Name() | ast.Call() | ast.Attribute(), attr=attribute):
            return [attribute] if attribute in _OUTSIDE_CALLS else []
    return []


def _secret_written(facts: Facts) -> Iterator[Found]:
    for where in suspicions(definition.source for definition in facts.graph.definitions.values()):
        yield Found(where, "a text here looks like a secret")


_CONTRACT = "%%contracts c\nclass Order(Contract):\n    id: str\n"
_STOCK = "%%service Stock --version 1.0.0\n"
_TAKE = "@service.operation($.Stock.take)\nasync def take(order: Order) -> None:\n    "

HYGIENE_RULES = (
    Rule(
        "ARC116",
        "contract-missing",
        "warning",
        "A handler that takes anything is checked by nobody: a field that a sender renames is missed when it is used, "
        "in production. Its wires cannot be checked, and no data can be made for it.",
        f"{_STOCK}@service.operation($.Stock.take)\nasync def take(order: dict) -> None: ...\n",
        f"{_CONTRACT}{_STOCK}{_TAKE}...\n",
        "Declare a contract, and annotate the handler's message with it.",
        _contract_missing,
    ),
    Rule(
        "ARC117",
        "metrics-missing",
        "note",
        "Rates and latencies are measured anyhow. What the business counts, orders refused or money charged, only the "
        "service knows, and without it nobody sees that all is fast and nothing is sold.",
        f"{_CONTRACT}{_STOCK}{_TAKE}...\n",
        f"{_CONTRACT}{_STOCK}taken = service.counter('taken_total')\n{_TAKE}taken.inc()\n",
        "Declare `service.counter(...)`, `gauge`, `histogram` or `summary`.",
        _metrics_missing,
    ),
    Rule(
        "ARC127",
        "wall-clock",
        "note",
        "A deadline or a duration that is reckoned with the wall clock is wrong whenever that clock is set: it jumps, "
        "back too, and differs between machines. Leases were lost and orders expired that way.",
        f"{_CONTRACT}{_STOCK}import time\nopened = time.time()\n{_TAKE}assert time.time() - opened < 60\n",
        f"{_CONTRACT}{_STOCK}import time\nopened = time.monotonic()\n{_TAKE}assert time.monotonic() - opened < 60\n",
        "Measure durations with `time.monotonic()`, and let deadlines travel: `timeout=`.",
        _wall_clock,
    ),
    Rule(
        "ARC128",
        "threads-sockets",
        "error",
        "Threads, processes and sockets are outside the ports: the simulation can neither schedule nor break them, so "
        "what it says of such a handler is worth nothing. What it meets of them in a run it refuses.",
        f"{_CONTRACT}{_STOCK}import asyncio\n{_TAKE}await asyncio.to_thread(print)\n",
        f"{_CONTRACT}{_STOCK}import asyncio\n{_TAKE}await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))\n",
        "Use asyncio or anyio for what happens at once, and `service.client(...)` for third parties.",
        _threads_sockets,
    ),
    Rule(
        "ARC129",
        "secret-written",
        "error",
        "What stands in a source is in every clone, every export and every record of the run. A secret there is one "
        "that has to be changed. Names are enough: the engine looks the value up where it runs.",
        f"{_STOCK}API_KEY = 'a1b2c3d4e5f6a7b8'\n",
        f"{_STOCK}cards = service.client('cards', base_url='https://cards.example', auth=Secret('CARDS_KEY'))\n",
        'Write `Secret("NAME")`, and set NAME where it runs.',
        _secret_written,
    ),
)
"""In the order of their codes."""
