"""Describe a system's HTTP routes as OpenAPI: endpoints as FastAPI has them, and those of operations and events."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from fastapi import Body, FastAPI

from studio.contract import ServiceError
from studio.model.service import Operation
from studio.runtime.endpoints import router_of
from studio.runtime.program import EventPlan, OperationPlan, Program
from studio.runtime.routes import EVENTS, OPERATIONS

__all__ = ["describe_routes"]

_PROBLEM = {
    "type": "object",
    "required": ["code", "text", "fields"],
    "properties": {"code": {"type": "string"}, "text": {"type": "string"}, "fields": {"type": "object"}},
}


def describe_routes(program: Program, *, title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of a system; equal programs give equal documents.

    Args:
        program: Of the system.
        title: Its name.
        version: Its version.
    """
    described = FastAPI(title=title, version=version)
    for service in program.graph.services.values():
        described.include_router(router_of(service))
    for _, operation in sorted(program.operations.items()):
        _add_operation(described, operation)
    for _, event in sorted(program.events.items()):
        _add_event(described, event)
    return _with_our_refusals(described.openapi())


def _with_our_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """Describe what an invalid request is answered with: our form, where FastAPI has put its own."""
    schemas = document.get("components", {}).get("schemas", {})
    if "HTTPValidationError" in schemas:
        schemas["HTTPValidationError"] = {**_PROBLEM, "title": "HTTPValidationError"}
        schemas.pop("ValidationError", None)
    return document


def _add_operation(described: FastAPI, plan: OperationPlan) -> None:
    operation = plan.operation
    described.add_api_route(
        OPERATIONS + plan.address,
        _takes(operation.takes),
        methods=["POST"],
        name=plan.address,
        tags=[plan.owner],
        summary=plan.address,
        description=inspect.getdoc(operation.function) or "",
        response_model=operation.returns,
        responses=_responses(operation),
    )


def _add_event(described: FastAPI, plan: EventPlan) -> None:
    described.add_api_route(
        EVENTS + plan.address,
        _takes(plan.event.contract),
        methods=["POST"],
        name=f"publish {plan.address}",
        tags=["events"],
        summary=f"Publish {plan.address}",
        status_code=202,
        response_model=dict[str, str],
    )


def _takes(contract: Any) -> Any:
    """Return a function that takes a contract as its body; it is described and never called."""

    def described(message: Any = None) -> None: ...

    parameter = inspect.Parameter(
        "message", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Annotated[contract, Body()]
    )
    parameters = [] if contract is None else [parameter]
    described.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return described


def _responses(operation: Operation) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[type[ServiceError]]] = {}
    for error in operation.raises:
        by_status.setdefault(error.status, []).append(error)
    return {
        status: {
            "description": ", ".join(error.code() for error in errors),
            "content": {"application/json": {"schema": _PROBLEM}},
        }
        for status, errors in sorted(by_status.items())
    }
