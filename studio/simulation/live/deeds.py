"""What each verb of an act does to a cluster: work that takes its time, or something that is done at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from studio.errors import InvalidAct, ServiceUnavailable, UnknownTarget, nearest
from studio.model.duration import duration_ns, optional_ns
from studio.ports import ACTING
from studio.simulation.cluster.http import Browser, request_from
from studio.simulation.live.message_body import documents_from, message_from
from studio.simulation.stage import furnish

if TYPE_CHECKING:
    from studio.simulation.cluster.node import Node
    from studio.simulation.live.hands import Hands

__all__ = ["DONE_AT_ONCE", "WORKS", "node_of"]

Work = tuple[Coroutine[Any, Any, Any], "Node | None"]


# -- messages ---------------------------------------------------------------------------------------------------------


def _send(hands: Hands, *, address: str, body: Any, principal: str) -> Work:
    message = message_from(hands.cluster.build, address, json.dumps(body))
    return hands.outside.send("world", address, message, principal=principal), None


def _call(hands: Hands, *, address: str, body: Any, principal: str, timeout: str | None) -> Work:
    message = message_from(hands.cluster.build, address, json.dumps(body))
    handling = hands.outside.handling("world", principal)

    async def work() -> Any:
        ACTING.set(handling)
        return await handling.call(address, message, timeout_ns=optional_ns(timeout))

    return work(), None


def _publish(hands: Hands, *, address: str, body: Any, key: str | None) -> Work:
    message = message_from(hands.cluster.build, address, json.dumps(body))

    async def work() -> None:
        handling = hands.outside.handling("world")
        ACTING.set(handling)
        await handling.publish(address, message, key=key)

    return work(), None


def _http(hands: Hands, *, timeout: str, principal: str, **asked: Any) -> Work:
    return _browser(hands).ask(request_from(asked), duration_ns(timeout), principal), None


def _stream(hands: Hands, *, url: str, headers: list[Any]) -> Work:
    async def work() -> tuple[int, Any]:
        hands.streams.append(await _browser(hands).open(request_from({"url": url, "headers": headers})))
        return len(hands.streams), hands.streams[-1]

    return work(), None


def _leave(hands: Hands, *, stream: int) -> None:
    hands.streams[stream - 1].leave()


def _browser(hands: Hands) -> Browser:
    return Browser(hands.cluster, hands.outside, _refuse)


def _refuse(_: Any) -> Any:
    raise AssertionError("an act drives by itself")


# -- operators --------------------------------------------------------------------------------------------------------


def _operator(verb: str) -> Callable[..., Work]:
    """Return what has a wish done by a running orchestrator: by the one that carries the instance, if it runs."""

    def operate(hands: Hands, *, saga: str) -> Work:
        name = saga.partition("/")[0]
        if name not in hands.cluster.build.graph.sagas:
            raise UnknownTarget(what=verb, target=saga, known=nearest(name, hands.cluster.build.graph.sagas))
        running = [node for node in hands.cluster.fleets[name].nodes if node.incarnation is not None]
        if not running:
            raise ServiceUnavailable(address=saga, service=name)
        node = next((node for node in running if node.replica.carries(saga)), running[0])
        return getattr(node.replica, verb)(saga), node

    return operate


def _redeliver(hands: Hands, *, message: int, consumer: str) -> None:
    hands.cluster.broker.redeliver(message, consumer)


# -- harm and conditions ----------------------------------------------------------------------------------------------


def _crash(hands: Hands, *, target: str, replica: int, down_for: str) -> None:
    hands.cluster.crash(node_of(hands, target, replica), duration_ns(down_for), "by hand")


def node_of(hands: Hands, target: str, replica: int) -> Node:
    """Return a replica's place.

    Raises:
        UnknownTarget: There is none such.
    """
    fleets = hands.cluster.fleets
    if target not in fleets or not 1 <= replica <= len(fleets[target].nodes):
        known = [f"{owner} (replicas 1 to {len(fleet.nodes)})" for owner, fleet in fleets.items()]
        raise UnknownTarget(what=f"replica={replica}", target=target, known=nearest(target, known))
    return fleets[target].nodes[replica - 1]


def _given(hands: Hands, *, target: str, values: Sequence[Any]) -> None:
    furnish(hands.cluster, target, documents_from(hands.cluster.build, target, values))


def _check(hands: Hands) -> object:
    if hands.check is None:
        raise InvalidAct(verb="check", reason="there is nothing to check it with")
    return hands.check()


# -- time -------------------------------------------------------------------------------------------------------------


def _advance(hands: Hands, *, until: str) -> bool:
    return hands.timetable.run_until_ns(duration_ns(until))


def _rest(hands: Hands, *, until: str) -> bool:
    return hands.cluster.loop.run_until_ns(duration_ns(until))


def _settle(hands: Hands, *, limit: str) -> None:
    if hands.timetable.settle(hands.cluster.loop.now_ns + duration_ns(limit)) == "busy":
        hands.timetable.tell_busy(f"settle={limit}")


def _close(_: Hands) -> None:
    """Do nothing more: whoever repeats a script ends with it."""


WORKS: dict[str, Callable[..., Work]] = {
    "send": _send,
    "call": _call,
    "publish": _publish,
    "http": _http,
    "stream": _stream,
    "cancel": _operator("cancel"),
    "resume": _operator("resume"),
    "abandon": _operator("abandon"),
}
DONE_AT_ONCE: dict[str, Callable[..., Any]] = {
    "leave": _leave,
    "redeliver": _redeliver,
    "crash": _crash,
    "given": _given,
    "check": _check,
    "advance": _advance,
    "rest": _rest,
    "settle": _settle,
    "close": _close,
}
