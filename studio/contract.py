"""Define what crosses a wire: contracts, declared errors, and the one codec that both engines encode with.

A contract is a frozen pydantic model. Values always cross encoded, also in simulation, so that no two services ever share
an object. Compatibility between versions lives in `studio.compatibility`; addresses in `studio.address`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import pydantic

from studio.errors import InvalidMessage

__all__ = ["Codec", "Contract", "Empty", "FieldProblem", "ServiceError", "codec", "decode_message", "type_name"]


class Contract(pydantic.BaseModel):
    """Base of every message and document: immutable, validated, and tolerant of fields it does not know.

    Unknown fields are dropped when decoding, so that a newer sender does not break an older receiver.

    Example:
        >>> class Item(Contract):
        ...     sku: str
        ...     quantity: int = 1
        >>> Item(sku="tea").quantity
        1
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="iso8601")


class Empty(Contract):
    """Stand for no content: what an operation without an answer returns over the wire."""


class ServiceError(Exception):
    """Base of declared business errors: they cross the wire typed, are not retried, and no breaker counts them.

    Annotated attributes of a subclass are its fields; give them by keyword. A positional argument is the message.

    Attributes:
        status: HTTP status, 400 unless the subclass says otherwise.

    Example:
        >>> class CardDeclined(ServiceError):
        ...     status = 402
        ...     reason: str = ""
        >>> CardDeclined("no funds", reason="limit").reason
        'limit'
    """

    status: ClassVar[int] = 400

    def __init__(self, text: str = "", **fields: Any) -> None:
        super().__init__(text)
        model = _fields_model(type(self))
        self.text = text
        self.fields: dict[str, Any] = {}
        values = model.model_validate(fields)
        for name in model.model_fields:
            self.fields[name] = getattr(values, name)
            setattr(self, name, self.fields[name])

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_error, (type(self), self.text, self.fields)

    @classmethod
    def code(cls) -> str:
        """Return the name that stands for this error on the wire."""
        return cls.__name__

    def encode(self) -> bytes:
        """Return text and fields as JSON."""
        fields = _fields_model(type(self)).model_validate(self.fields).model_dump(mode="json")
        return json.dumps({"text": self.text, "fields": fields}).encode()

    @classmethod
    def decode(cls, body: bytes) -> ServiceError:
        """Return the error that `encode` wrote."""
        values = json.loads(body)
        return cls(values["text"], **values["fields"])


def _rebuild_error(kind: type[ServiceError], text: str, fields: dict[str, Any]) -> ServiceError:
    return kind(text, **fields)


@functools.cache
def _fields_model(kind: type[ServiceError]) -> type[pydantic.BaseModel]:
    """Return the pydantic model of the annotated fields that a declared error and its bases have."""
    import typing

    hints = typing.get_type_hints(kind)
    own = {name: hint for name, hint in hints.items() if typing.get_origin(hint) is not ClassVar and name != "status"}
    for base_name in ("fields", "text"):
        own.pop(base_name, None)
    definitions: Any = {name: (hint, getattr(kind, name, ...)) for name, hint in own.items()}
    return pydantic.create_model(kind.__name__, __config__=pydantic.ConfigDict(extra="forbid"), **definitions)


class Codec(NamedTuple):
    """Encode and decode values of one type; built once for each type."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    check: Callable[[Any], Any]
    schema: Callable[[], dict[str, Any]]


@functools.lru_cache(maxsize=4096)
def codec(kind: Any) -> Codec:
    """Return the codec of a type, also of one that is no contract, such as `list[Item]` or None.

    `encode` is strict about its input: a value of another type raises `pydantic.ValidationError`, where pydantic would
    only warn.
    """
    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(type(None) if kind is None else kind)
    dump, validate = adapter.serializer.to_json, adapter.validator.validate_python
    if isinstance(kind, type) and issubclass(kind, Contract):

        def encode(value: Any) -> bytes:
            return dump(value) if type(value) is kind else dump(validate(value))
    else:

        def encode(value: Any) -> bytes:
            return dump(validate(value))

    return Codec(encode, adapter.validator.validate_json, validate, adapter.json_schema)


class FieldProblem(NamedTuple):
    """One field that did not validate: its path, the value given, and pydantic's reason."""

    path: str
    value: str
    reason: str


def decode_message(kind: Any, body: bytes, *, service: str, operation: str) -> Any:
    """Decode a message for an operation.

    Args:
        kind: The type that the operation declares.
        body: JSON.
        service: Who receives.
        operation: What receives, by name.

    Raises:
        InvalidMessage: Names service, operation, field, value and remedy.
    """
    try:
        return codec(kind).decode(body)
    except pydantic.ValidationError as error:
        raise invalid_message(kind, error, service=service, operation=operation) from error


def invalid_message(kind: Any, error: pydantic.ValidationError, *, service: str, operation: str) -> InvalidMessage:
    """Turn pydantic's error into ours, which names who refused what."""
    problems = tuple(_problem(detail) for detail in error.errors(include_url=False))
    first = problems[0]
    return InvalidMessage(
        service=service,
        operation=operation,
        contract=type_name(kind),
        field=first.path,
        value=first.value,
        reason=first.reason,
        problems=problems,
    )


def _problem(detail: Any) -> FieldProblem:
    path = ".".join(str(part) for part in detail["loc"]) or "(whole message)"
    missing = detail["type"] == "missing"
    return FieldProblem(path, "(missing)" if missing else _shorten(repr(detail["input"])), detail["msg"])


def _shorten(text: str, *, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def type_name(kind: Any) -> str:
    """Return how a type reads in a table: `Order`, `list[Item]`, `None`."""
    if kind is None or kind is type(None):
        return "None"
    if isinstance(kind, type) and not getattr(kind, "__args__", None):
        return kind.__name__
    return str(kind).replace("typing.", "")
