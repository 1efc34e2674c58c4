"""Say which policies govern a call: of whom, to what, under which mesh; and refuse those that cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from studio.contract import codec, type_name
from studio.errors import FallbackChangesState, InTwoMeshes, InvalidDeclaration, WireMismatch
from studio.model.handle import OperationHandle
from studio.model.mesh import Mesh
from studio.model.policy_set import Policies, Resolved, resolve_policies
from studio.model.protection import NO_VALUE, Fallback
from studio.model.service import Operation, Service
from studio.model.wire import why_not

if TYPE_CHECKING:
    from studio.graph.build import Graph

__all__ = ["alternative_of", "check_policies", "mesh_of", "policies_of"]


def policies_of(graph: Graph, caller: str, address: str, own: Policies | None = None) -> Resolved:
    """Return the policies of a call.

    Args:
        graph: Of the system.
        caller: Service or saga; any other name stands outside every mesh.
        address: Of an operation.
        own: What the call itself declares.

    Raises:
        KeyError: The address is no operation's.
        FallbackChangesState: The call has a fallback, and the operation does not only read.
    """
    owner, operation = graph.operations[address]
    if own is not None and own.fallback and not operation.reads_only:
        raise FallbackChangesState(operation=address)
    levels = [("call", own)] if own is not None else []
    levels += [("operation", operation.policies), ("service", graph.services[owner].policies)]
    mesh = mesh_of(graph, owner)
    if mesh is not None and (caller in mesh.names or caller in graph.sagas):
        levels.append((f"mesh {mesh.name}".strip(), mesh.policies))
    repeatable = operation.idempotent or operation.reads_only
    return resolve_policies(levels, repeatable=repeatable, reads_only=operation.reads_only)


def mesh_of(graph: Graph, service: str) -> Mesh | None:
    """Return the mesh that a service is a member of."""
    return next((mesh for mesh in graph.meshes.values() if service in mesh.names), None)


def alternative_of(graph: Graph, fallback: Fallback, address: str) -> str:
    """Return the operation that a fallback asks in the place of another; empty where it asks none.

    Raises:
        UnknownMember: The fallback's service has no operation of that name, nor a single one.
    """
    if fallback.address is not None:
        return fallback.address.address if isinstance(fallback.address, OperationHandle) else str(fallback.address)
    service = graph.services.get(fallback.service or "")
    if service is None:
        return ""
    return _counterpart(service, graph.operations[address][1].name).address


def _counterpart(service: Service, name: str) -> Operation:
    if len(service.operations) == 1:
        return next(iter(service.operations.values()))
    return service.operation_named(name)


def check_policies(graph: Graph) -> None:
    """Refuse meshes that overlap, and fallbacks that cannot answer for what they stand in for.

    What names a service that is not declared yet is let pass.

    Raises:
        InTwoMeshes: A service is a member of two.
        FallbackChangesState: A fallback asks an operation that changes state.
        InvalidDeclaration: A fallback's value is not what the operation returns.
        WireMismatch: A fallback's operation takes or returns something else.
    """
    taken: dict[str, str] = {}
    for name, mesh in graph.meshes.items():
        for member in mesh.names:
            if taken.setdefault(member, name) != name:
                raise InTwoMeshes(service=member, first=taken[member], second=name)
    for address, (owner, operation) in graph.operations.items():
        common = mesh_of(graph, owner)
        declared = [operation.policies, graph.services[owner].policies]
        declared += [] if common is None else [common.policies]
        for each in declared if operation.reads_only else ():
            if each.fallback:
                _check_fallback(graph, each.fallback, address, operation)


def _check_fallback(graph: Graph, fallback: Fallback, address: str, operation: Operation) -> None:
    where = graph.shown(operation.where)
    if fallback.value is not NO_VALUE:
        try:
            codec(operation.returns).encode(fallback.value)
        except (ValidationError, TypeError, ValueError) as error:
            raise InvalidDeclaration(
                where=where,
                what=f"operation={address} Fallback(value={fallback.value!r})",
                reason=f"is no {type_name(operation.returns)}",
                remedy_text="Give what the operation returns.",
            ) from error
    other = graph.operations.get(alternative_of(graph, fallback, address))
    if other is None:
        return
    if not other[1].reads_only:
        raise FallbackChangesState(where=where, operation=other[1].address)
    _check_wire(address, operation.takes, other[1].address, other[1].takes)
    _check_wire(other[1].address, other[1].returns, address, operation.returns)


def _check_wire(source: str, gives: Any, target: str, takes: Any) -> None:
    reason = why_not(gives, takes)
    if reason:
        raise WireMismatch(
            composition="fallback", source=source, gives=type_name(gives), target=target, takes=type_name(takes),
            reason=reason,
        )  # fmt: skip
