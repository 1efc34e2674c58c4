"""The verbs of an author's code: call, publish, send, stream, and what a handler may ask about its circumstances.

All act through whoever acts in this context (`studio.ports.ACTING`); outside a world and the real engine they raise.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from studio.address import Address
from studio.errors import MissingSetting, NotActing
from studio.model.duration import optional_ns
from studio.ports import ACTING, Acting

if TYPE_CHECKING:
    from studio.model.policy_set import CallOptions, Policies, PolicyOptions

__all__ = [
    "Secret",
    "acting",
    "call",
    "call_policies",
    "is_stale",
    "log",
    "principal",
    "publish",
    "send",
    "setting",
    "stream",
]

_UNSET: Any = object()


def acting(verb: str) -> Acting:
    """Return who acts in this context.

    Raises:
        NotActing: Outside a running service.
    """
    actor = ACTING.get()
    if actor is None:
        raise NotActing(verb=verb)
    return actor


async def call(
    address: Address | str, message: Any, *, timeout: str | None = None, **options: Unpack[CallOptions]
) -> Any:
    """Send a command and wait for its typed answer.

    At most one run of the callee for each attempt. On `CallTimeout` the outcome is unknown: it may have run.

    Args:
        address: Of an operation: `$.Inventory.reserve`.
        message: Its contract.
        timeout: Longest wait for one attempt, `"5s"`; never longer than what is left of the caller's own deadline.
        options: Policies of this call, which win over those of the operation, its service and its mesh: `deadline`,
            `retry`, `breaker`, `bulkhead`, `balance`, `discovery`, `fallback`; see `CallOptions`.

    Raises:
        CallTimeout: No answer in time.
        ServiceUnavailable: No replica took it, or a policy of the caller kept it back (`BreakerOpen`, `BulkheadFull`).
        FallbackChangesState: It has a fallback, and the operation does not only read.
        ServiceError: The error that the callee declared, as its own type.
    """
    if options:
        own = call_policies(str(address), {"timeout": timeout, **options})
        return await acting("call").call(str(address), message, policies=own)
    return await acting("call").call(str(address), message, timeout_ns=optional_ns(timeout))


def call_policies(address: str, options: PolicyOptions) -> Policies:
    """Read the policies of one call."""
    from studio.model.policy_set import policies  # needs handles, and handles need the verbs

    return policies(f"call($.{address})", options)


def is_stale(answer: Any) -> bool:
    """Tell whether an answer is a fallback's: the last good one, since the callee gave none.

    Answers are known by identity, so ask about the very object that a call returned: a contract, a list, a dict. A
    bare number or text is nobody's in particular.

    Example:
        rates = await Rates.latest(query)
        if is_stale(rates): ...
    """
    return acting("is_stale").is_stale(answer)


async def publish(address: Address | str, message: Any, *, key: str | None = None) -> None:
    """Publish an event; returns once the bus has stored it.

    Each subscribing service gets it at least once. In a transactional handler it leaves with the commit.

    Args:
        address: Of an event: `$.Order.created`.
        message: Its contract.
        key: Orders and partitions; by default the field that `event(..., key=…)` names.

    Raises:
        PublishFailed: Not confirmed; it may be stored.
    """
    await acting("publish").publish(str(address), message, key=key)


async def send(address: Address | str, message: Any) -> Any:
    """Do what the address is: `call` a command and return its answer, `publish` an event and return None."""
    return await acting("send").send(str(address), message)


def stream(address: Address | str) -> AsyncIterator[Any]:
    """Iterate over the events of an address from now on.

    Not stored for the reader: what is published while it does not run is missed.

    Example:
        async for event in stream($.Order.status_changed): ...
    """
    return acting("stream").stream(str(address))


def principal() -> str:
    """Return who asks; an empty string when nobody was authenticated."""
    return acting("principal").principal()


def setting(name: str, default: str = _UNSET) -> str:
    """Return a setting: given in the scenario when simulated, from the environment when real.

    Raises:
        MissingSetting: Not set, and no default.
    """
    value = acting("setting").setting(name)
    if value is None and default is _UNSET:
        raise MissingSetting(what="setting", name=name)
    return default if value is None else value


@dataclass(frozen=True, slots=True)
class Secret:
    """Name a secret; its value is read when used, never printed, recorded or exported.

    Args:
        name: Of the environment variable, or of the scenario's `given`.
    """

    name: str

    def reveal(self) -> str:
        """Return the value.

        Raises:
            MissingSetting: Not configured. (A simulation that is given none answers `simulated-NAME`.)
        """
        value = acting("Secret").secret(self.name)
        if value is None:
            raise MissingSetting(what="secret", name=self.name)
        return value


class _Log:
    """Structured log: `log.info("reserved", sku=sku)`."""

    def debug(self, text: str, **fields: Any) -> None:
        """Write a line for developers."""
        self._write("debug", text, fields)

    def info(self, text: str, **fields: Any) -> None:
        """Write a line about what happened."""
        self._write("info", text, fields)

    def warning(self, text: str, **fields: Any) -> None:
        """Write a line about what may need attention."""
        self._write("warning", text, fields)

    def error(self, text: str, **fields: Any) -> None:
        """Write a line about what went wrong."""
        self._write("error", text, fields)

    def _write(self, level: str, text: str, fields: dict[str, Any]) -> None:
        acting("log").log(level, text, json.dumps(fields, default=str, sort_keys=True))


log = _Log()
"""The structured log of the service at hand."""
