"""Rules about what is sent, and whether somebody is there to take it; as far as the sources show it."""

from __future__ import annotations

from collections.abc import Iterator

from studio.address import is_pattern
from studio.errors import Where, nearest
from studio.graph.definition import Definition
from studio.graph.rules.rule import Facts, Found, Rule
from studio.model.event import Event
from studio.source.uses import Use

__all__ = ["TRAFFIC_RULES"]


def _place(definition: Definition, use: Use) -> Where:
    return Where(definition.source.origin, use.line)


def _event_unheard(facts: Facts) -> Iterator[Found]:
    heard = {edge.address for edge in facts.topology.edges if edge.kind in ("deliver", "start", "stream")}
    outcomes = {edge.address for edge in facts.topology.edges if edge.kind == "outcome"}
    for definition in facts.graph.definitions.values():
        for event in definition.declarations.of(Event):
            if event.address not in heard | outcomes:
                yield Found(Where(definition.source.origin), f"nobody handles the event $.{event.address}")
    for definition, use, address in facts.uses:
        is_event = use.verb == "publish" and address not in facts.graph.operations
        if is_event and address not in heard and address not in facts.graph.events:
            yield Found(_place(definition, use), f"nobody handles the event $.{address}")


def _event_undeclared(facts: Facts) -> Iterator[Found]:
    for definition, use, address in facts.uses:
        if use.verb != "publish" or address in facts.graph.events:
            continue
        owner = facts.graph.operations.get(address)
        if owner is not None:
            yield Found(_place(definition, use), f"$.{address} is published and is a command of {owner[0]}")
        else:
            close = nearest(address, facts.graph.events) if facts.graph.events else ""
            yield Found(_place(definition, use), f"$.{address} is published and not declared", close)


def _command_unowned(facts: Facts) -> Iterator[Found]:
    for definition, use, address in facts.uses:
        if use.verb in ("call", "operation") and address not in facts.graph.operations:
            is_event = facts.graph.kind_of(address) == "event"
            text = f"$.{address} is called and {'is an event' if is_event else 'has no owner'}"
            yield Found(_place(definition, use), text, nearest(address, facts.graph.operations))


def _address_unknown(facts: Facts) -> Iterator[Found]:
    known = {*facts.graph.operations, *facts.graph.events, *facts.published}
    for definition, use, address in facts.uses:
        if use.verb not in ("send", "stream", "on") or is_pattern(address):
            continue
        is_missing = address not in known if use.verb == "on" else not facts.graph.kind_of(address)
        if is_missing and not (use.verb == "stream" and address in known):
            text = f"$.{address} is neither an operation nor declared or published as an event"
            yield Found(_place(definition, use), text, nearest(address, known) if known else "")


_CONTRACT = "%%contracts c\nclass Order(Contract):\n    id: str\n"
_EVENT = 'event($.Order.created, Order, key="id")\n'
_STOCK = (
    "%%service Stock --version 1.0.0\n@service.operation($.Stock.take)\nasync def take(order: Order) -> None:\n    "
)
_SHOP = "%%service Shop --version 1.0.0\n@service.on($.Order.created)\nasync def sell(order: Order) -> None:\n    "

TRAFFIC_RULES = (
    Rule(
        "ARC103",
        "event-unheard",
        "note",
        "An event that nobody handles costs a place in the bus and a promise to keep its schema. It may be meant for "
        "later, or for others; or a subscriber listens to a slightly different address.",
        f"{_CONTRACT}{_EVENT}{_STOCK}await publish($.Order.created, order)\n",
        f"{_CONTRACT}{_EVENT}{_STOCK}await publish($.Order.created, order)\n{_SHOP}...\n",
        "Subscribe to it, or stop publishing it.",
        _event_unheard,
    ),
    Rule(
        "ARC104",
        "event-undeclared",
        "warning",
        "Only a declared event has a contract that publishers and subscribers share, and a key that keeps the order of "
        "what belongs together. Undeclared, each side believes what it likes, until one of them changes.",
        f"{_CONTRACT}{_STOCK}await publish($.Stock.taken, order)\n",
        f"{_CONTRACT}event($.Stock.taken, Order, key='id')\n{_STOCK}await publish($.Stock.taken, order)\n",
        "Declare it in a %%contracts cell: `event($.…, Contract, key=…)`.",
        _event_undeclared,
    ),
    Rule(
        "ARC105",
        "command-unowned",
        "error",
        "A command has one owner, who answers it. A call of an address that nobody owns fails whenever it happens, "
        "which may be in the one branch that no test takes.",
        f"{_CONTRACT}{_EVENT}{_STOCK}...\n{_SHOP}await call($.Stock.tkae, order)\n",
        f"{_CONTRACT}{_EVENT}{_STOCK}...\n{_SHOP}await call($.Stock.take, order)\n",
        "Correct the address, or declare the operation.",
        _command_unowned,
    ),
    Rule(
        "ARC106",
        "address-unknown",
        "error",
        "An address that is neither an operation nor an event is most often a slip of the pen. A subscriber to it "
        "waits for ever, in silence, and whoever sends to it is refused when it happens.",
        f"{_CONTRACT}{_EVENT}{_SHOP.replace('created', 'craeted')}...\n",
        f"{_CONTRACT}{_EVENT}{_SHOP}...\n",
        "Correct the address, or declare it.",
        _address_unknown,
    ),
)
"""In the order of their codes."""
