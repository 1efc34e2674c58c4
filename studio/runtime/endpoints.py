"""Build the FastAPI application of a service: its endpoints as FastAPI routes, declared errors with their statuses.

It is built once for each definition of a service and serves all its incarnations; see `studio.runtime.injecting`.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import FastAPIError, RequestValidationError
from fastapi.sse import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from studio.contract import ServiceError, invalid_fields
from studio.errors import EndpointFailed, InvalidDeclaration, InvalidMessage, StudioError, UnknownAddress
from studio.model.service import Endpoint, Service
from studio.model.third_party import Request as StubRequest
from studio.model.third_party import Response as StubResponse
from studio.ports import ACTING
from studio.runtime.injecting import StandIns
from studio.runtime.sse import EventResponse
from studio.runtime.statuses import Problem, problem_of

__all__ = ["ERROR", "application_of", "problem_response", "router_of"]

ERROR: Final = "studio.error"
"""Key of the ASGI scope under which the error is left that a response tells."""
APPLICATIONS_MAX: Final = 256

_built: OrderedDict[int, tuple[Service, FastAPI]] = OrderedDict()


def application_of(service: Service) -> FastAPI:
    """Return the application of a service as its definition declared it; the latest are kept."""
    found = _built.get(id(service))
    if found is not None and found[0] is service:
        return found[1]
    application = FastAPI(title=service.name, openapi_url=None, docs_url=None, redoc_url=None)
    application.include_router(router_of(service))
    for kind in (ServiceError, StudioError, Exception):
        application.add_exception_handler(kind, _tell)
    application.add_exception_handler(RequestValidationError, _tell_invalid)
    application.add_exception_handler(HTTPException, _tell_status)
    _built[id(service)] = (service, application)
    if len(_built) > APPLICATIONS_MAX:
        _built.popitem(last=False)
    return application


def router_of(service: Service) -> APIRouter:
    """Return the routes of a service's endpoints, with stand-ins for its functions.

    Raises:
        InvalidDeclaration: FastAPI cannot read an endpoint's parameters, its answer or its options.
    """
    stand_ins = StandIns(service)
    router = APIRouter(redirect_slashes=False)
    for endpoint in service.endpoints:
        _add(router, service, endpoint, stand_ins)
    return router


def problem_response(problem: Problem) -> Response:
    """Return the response that tells a problem."""
    return Response(problem.body, problem.status, dict(problem.headers), "application/json")


def _add(router: APIRouter, service: Service, endpoint: Endpoint, stand_ins: StandIns) -> None:
    options: dict[str, Any] = {"tags": [service.name], "name": endpoint.name, **dict(endpoint.options)}
    if options.get("dependencies"):
        options["dependencies"] = [stand_ins.depends(each) for each in options["dependencies"]]
    if _yields(endpoint.function):
        # What a system streams are its events; FastAPI's own default is JSON lines.
        wanted = options.get("response_class", EventSourceResponse)
        options["response_class"] = EventResponse if wanted is EventSourceResponse else wanted
        options.setdefault("response_model", None)
    for parameter in endpoint.signature.parameters:
        if parameter.type in (StubRequest, StubResponse):
            raise _unreadable(service, endpoint, f"{parameter.name} is what a stub of a third party takes")
    try:
        router.add_api_route(endpoint.path, stand_ins.of(endpoint.function), methods=[endpoint.method], **options)
    except (FastAPIError, AssertionError, RuntimeError, TypeError) as error:
        raise _unreadable(service, endpoint, str(error).strip().partition("\n")[0]) from error


def _unreadable(service: Service, endpoint: Endpoint, reason: str) -> InvalidDeclaration:
    return InvalidDeclaration(
        where=endpoint.where,
        what=f"service={service.name} endpoint={endpoint.method} {endpoint.path}",
        reason=reason,
        remedy_text=(
            "Annotate its parameters and its answer with contracts or what FastAPI knows; the request itself is "
            "`from fastapi import Request`."
        ),
    )


def _yields(function: Any) -> bool:
    return inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function)


_OF_ITS_MAKING = (InvalidMessage, UnknownAddress)
"""Errors about what the endpoint itself sent: what came in was checked by FastAPI, and is not the client's fault."""


async def _tell(request: Request, error: Exception) -> Response:
    """Answer with what went wrong, and leave the error for the span."""
    request.scope[ERROR] = error
    if isinstance(error, _OF_ITS_MAKING) or not isinstance(error, (ServiceError, StudioError)):
        handling: Any = ACTING.get()
        failed = EndpointFailed(
            service=handling.service, endpoint=handling.envelope.address, error=type(error).__name__
        )
        return problem_response(problem_of(failed))
    return problem_response(problem_of(error))


async def _tell_invalid(request: Request, error: Exception) -> Response:
    """Answer in our own form that a request does not fit, without giving back what was sent."""
    assert isinstance(error, RequestValidationError)
    return _refuse(request, [_read(detail, error.body) for detail in error.errors()])


async def _tell_status(request: Request, error: Exception) -> Response:
    """Answer with the status that the author chose; FastAPI's own, for a body that cannot be read, becomes ours."""
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, StudioError):
        return await _tell(request, cause)
    if error.status_code == 400 and error.detail == _UNREADABLE_BODY:
        return _refuse(request, [{"loc": ("body",), "type": "", "msg": "it cannot be read", "input": "…"}])
    return await http_exception_handler(request, error)


_UNREADABLE_BODY = "There was an error parsing the body"


def _refuse(request: Request, details: list[Any]) -> Response:
    handling: Any = ACTING.get()
    error = invalid_fields("request", details, service=handling.service, operation=handling.envelope.address)
    request.scope[ERROR] = error
    return problem_response(problem_of(error))


def _read(detail: Any, body: Any) -> Any:
    """Return FastAPI's finding as pydantic would have it; that of JSON names the character, not a field."""
    if detail["type"] != "json_invalid":
        return detail
    reason = f"{detail['ctx']['error']}: character {detail['loc'][-1]}"
    return {"loc": ("body",), "type": "json_invalid", "msg": f"it is no JSON ({reason})", "input": body}
