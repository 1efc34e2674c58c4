"""Handles: how one service's code names another service and its operations, without ever seeing its module."""

from __future__ import annotations

import functools
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from studio.errors import AmbiguousOperation, UnknownMember
from studio.model.verbs import acting, call_policies
from studio.ports import ACTING

if TYPE_CHECKING:
    from studio.model.policy_set import PolicyOptions
    from studio.model.service import Operation, Service

__all__ = [
    "OperationHandle",
    "ServiceHandle",
    "handle",
    "is_declared",
    "only_operation",
    "resolve",
    "service_behind",
    "service_name",
]


@dataclass(frozen=True)
class OperationHandle:
    """An operation of another service: call it, or wire it.

    Attributes:
        service: Owner's handle.
        name: The operation's name: its address's last part.
    """

    service: ServiceHandle
    name: str

    def __call__(self, message: Any, **options: Unpack[PolicyOptions]) -> Awaitable[Any]:
        """Call the operation over the bus and return its typed answer.

        Args:
            message: Its contract.
            options: Policies of this call, as of `call(…)`: timeout, deadline, retry, fallback and so on.
        """
        actor = ACTING.get() or acting(repr(self))
        if options:
            return actor.call(self.address, message, policies=call_policies(self.address, options))
        return actor.call(self.address, message)

    @functools.cached_property
    def address(self) -> str:
        """Return the operation's address, in wire form."""
        return self.definition.address

    @property
    def definition(self) -> Operation:
        """Return what the owner declared.

        Raises:
            UnknownMember: The owner declares no such operation.
        """
        return _declared(self.service).operation_named(self.name)

    def __repr__(self) -> str:
        return f"{service_name(self.service)}.{self.name}"


class ServiceHandle:
    """Another service, by name: `Inventory.reserve(...)`; stands for its only operation where a stage is wanted.

    It has no public attribute of its own, so that an operation may have any name.

    Args:
        name: Of the service.
        service: Its definition; None where it is not declared yet (a package read without its loader).
    """

    def __init__(self, name: str, service: Service | None = None) -> None:
        self._name, self._definition = name, service

    def __getattr__(self, name: str) -> OperationHandle:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._definition is not None:
            self._definition.operation_named(name)
        operation = OperationHandle(self, name)
        if self._definition is not None:
            self.__dict__[name] = operation  # so that the next look-up does not come here
        return operation

    def __call__(self, message: Any, **options: Unpack[PolicyOptions]) -> Awaitable[Any]:
        """Call the service's only operation; see `OperationHandle`."""
        return only_operation(self)(message, **options)

    def __repr__(self) -> str:
        return self._name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServiceHandle) and other._name == self._name

    def __hash__(self) -> int:
        return hash(("ServiceHandle", self._name))


def is_declared(service: ServiceHandle) -> bool:
    """Tell whether a handle knows what its service declares."""
    return service_behind(service) is not None


def handle(name: str) -> ServiceHandle:
    """Return a handle of a service that is declared elsewhere; it is resolved when the system is built.

    Example:
        >>> handle("Inventory")
        Inventory
    """
    return ServiceHandle(name)


def only_operation(service: ServiceHandle) -> OperationHandle:
    """Return the operation that a service stands for.

    Raises:
        AmbiguousOperation: It has none, or several.
    """
    names = sorted(each.name for each in _declared(service).operations.values())
    if len(names) != 1:
        raise AmbiguousOperation(
            service=service_name(service), count=len(names), known=", ".join(names) or "it has none"
        )
    return OperationHandle(service, names[0])


# A handle has no public attribute of its own, so that any name may be an operation's; these ask it from outside.


def service_name(service: ServiceHandle) -> str:
    """Return the name of the service that a handle stands for."""
    return service._name  # noqa: SLF001


def _declared(service: ServiceHandle) -> Service:
    found = service_behind(service)
    if found is None:
        raise UnknownMember(service=service_name(service), member="(any)", known="the service is not declared here")
    return found


def service_behind(service: ServiceHandle) -> Service | None:
    """Return what the service declared; None where that is not known yet."""
    return service._definition  # noqa: SLF001


def resolve(service: ServiceHandle, definition: Service | None) -> None:
    """Give a handle that was made by name alone its service; one that has it keeps it."""
    if service._definition is None:  # noqa: SLF001
        service._definition = definition  # noqa: SLF001
