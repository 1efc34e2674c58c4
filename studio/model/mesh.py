"""Declare a mesh: services that call each other under the same policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Unpack

from studio.errors import InvalidDeclaration
from studio.model.declaring import declare
from studio.model.handle import ServiceHandle, service_name
from studio.model.policy_set import NONE_DECLARED, Policies, PolicyOptions, policies
from studio.model.service import Service

__all__ = ["Mesh", "mesh"]


@dataclass(slots=True, eq=False)
class Mesh:
    """Services and the policies of the calls between them.

    Attributes:
        name: The name it is bound to in its cell; empty until then.
        members: Handles of its services, in the order in which they were given.
        policies: Of calls of a member by a member or by a saga; what an operation, its service or a call says wins.
    """

    name: str = ""
    members: tuple[ServiceHandle, ...] = ()
    policies: Policies = NONE_DECLARED

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its services."""
        return tuple(service_name(member) for member in self.members)


def mesh(*members: Any, **options: Unpack[PolicyOptions]) -> Mesh:
    """Put services under common policies, for calls of a member by another member or by a saga.

    Each policy lies with the caller: every replica has breakers, lists and counts of its own, and loses them in a
    crash. `Retry` applies to operations that may run twice, `Fallback` to those that only read.

    Args:
        members: Services: `User, Order, Payment`; each belongs to one mesh at most.
        options: See `PolicyOptions`: retry, timeout, deadline, breaker, bulkhead, balance, discovery, fallback.

    Raises:
        InvalidDeclaration: A member is no service, stands twice, or a policy is none.

    Example:
        Shop = mesh(User, Order, Payment, retry=Retry(attempts=3), deadline="5s", breaker=Breaker(failures=5))
    """
    handles = tuple(_member(each) for each in members)
    names = [service_name(each) for each in handles]
    if not names or len(set(names)) != len(names):
        raise _invalid("mesh()", f"its members are {names or 'none'}", "Name each of its services once.")
    declared = policies("mesh()", options)
    if declared.fallback and declared.fallback.is_fixed:
        raise _invalid(
            "mesh(fallback=…)",
            "one answer does not suit every operation",
            "Give Fallback(last_good=True) or Fallback(service=…), or declare the fallback of an operation.",
        )
    return declare(Mesh(members=handles, policies=declared))


def _member(member: Any) -> ServiceHandle:
    if isinstance(member, Service):
        return ServiceHandle(member.name, member)
    if isinstance(member, ServiceHandle):
        return member
    raise _invalid(f"mesh({member!r})", "is no service", "Give services, such as Order and Payment.")


def _invalid(what: str, reason: str, remedy: str) -> InvalidDeclaration:
    return InvalidDeclaration(what=what, reason=reason, remedy_text=remedy)
