"""Define what crosses a wire: contracts, declared errors, and the one codec that both engines encode with.

A contract is a frozen pydantic model. Values always cross encoded, also in simulation, so that no two services ever
share an object. Compatibility between versions lives in `studio.compatibility`; addresses in `studio.address`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar, NamedTuple

import pydantic
from pydantic_core import core_schema

from studio.errors import InvalidDeclaration, InvalidMessage, Where, WrongAnswer

__all__ = [
    "Codec",
    "Contract",
    "Empty",
    "FieldProblem",
    "ServiceError",
    "adapter_of",
    "codec",
    "decode_message",
    "invalid_fields",
    "invalid_message",
    "type_name",
    "wrong_answer",
]


# Above the contracts, since pydantic asks for these while the class is made.
_WIRE = pydantic.ConfigDict(
    ser_json_timedelta="iso8601",
    ser_json_bytes="base64",
    val_json_bytes="base64",
    ser_json_inf_nan="strings",
    serialize_by_alias=True,
    validate_by_alias=True,
    validate_by_name=True,
)
_OPAQUE = frozenset({"metadata", "config", "default", "expected", "ref", "schema_ref"})


class _OrderedSets:
    """Annotation that makes sets inside a type encode in order."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        ordered: core_schema.CoreSchema = _with_ordered_sets(handler(source))
        return ordered


def _with_ordered_sets(schema: Any) -> Any:
    """Return a core schema whose sets encode sorted: their own order is another in every process."""
    if isinstance(schema, list):
        return [_with_ordered_sets(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    ordered = {name: value if name in _OPAQUE else _with_ordered_sets(value) for name, value in schema.items()}
    if ordered.get("type") in ("set", "frozenset") and "serialization" not in ordered:
        items = ordered.get("items_schema", core_schema.any_schema())
        ordered["serialization"] = core_schema.plain_serializer_function_ser_schema(
            _in_order,
            return_schema=core_schema.list_schema(
                items, min_length=ordered.get("min_length"), max_length=ordered.get("max_length")
            ),
            when_used="json",
        )
    return ordered


def _in_order(values: Iterable[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


class Contract(pydantic.BaseModel):
    """Base of every message and document: immutable, validated, and tolerant of fields it does not know.

    Unknown fields are dropped when decoding, so that a newer sender does not break an older receiver. What a contract
    encodes it decodes to an equal value: bytes as base64, infinities as text, aliases as they are read, sets in order.

    Example:
        >>> class Item(Contract):
        ...     sku: str
        ...     quantity: int = 1
        >>> Item(sku="tea").quantity
        1
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", **_WIRE)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[pydantic.BaseModel], handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        ordered: core_schema.CoreSchema = _with_ordered_sets(handler(source))
        return ordered


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
        try:
            values = model.model_validate(fields)
        except pydantic.ValidationError as error:
            raise _invalid_fields(type(self), model, error) from error
        for name in model.model_fields:
            self.fields[name] = getattr(values, name)
            setattr(self, name, self.fields[name])

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_error, (type(self), self.text, self.fields)

    @classmethod
    def code(cls) -> str:
        """Return the name that stands for this error on the wire."""
        return cls.__name__

    @classmethod
    def fields_model(cls) -> type[pydantic.BaseModel]:
        """Return the model of the fields that this error has."""
        return _fields_model(cls)

    def encode(self) -> bytes:
        """Return text and fields as JSON."""
        fields = _fields_model(type(self)).model_validate(self.fields).model_dump(mode="json")
        return json.dumps({"text": self.text, "fields": fields}).encode()

    @classmethod
    def decode(cls, body: bytes) -> ServiceError:
        """Return the error that `encode` wrote, without fields that only a newer version knows."""
        values = json.loads(body)
        known = _fields_model(cls).model_fields
        return cls(values["text"], **{name: value for name, value in values["fields"].items() if name in known})


def _rebuild_error(kind: type[ServiceError], text: str, fields: dict[str, Any]) -> ServiceError:
    return kind(text, **fields)


def _invalid_fields(
    kind: type[ServiceError], model: type[pydantic.BaseModel], error: pydantic.ValidationError
) -> InvalidDeclaration:
    problem = _problem(error.errors(include_url=False)[0])
    return InvalidDeclaration(
        what=f"{kind.__name__}({problem.path}={problem.value})",
        reason=problem.reason,
        remedy_text=f"Its fields, by keyword: {', '.join(model.model_fields) or 'it has none, only a text'}.",
    )


def _fields_model(kind: Any) -> type[pydantic.BaseModel]:
    return _cached_fields_model(kind)


@functools.cache
def _cached_fields_model(kind: Any) -> type[pydantic.BaseModel]:
    """Return the pydantic model of the annotated fields that a declared error and its bases have."""
    hints = typing.get_type_hints(kind, include_extras=True)
    own = {name: hint for name, hint in hints.items() if typing.get_origin(hint) is not ClassVar and name != "status"}
    for base_name in ("fields", "text"):
        own.pop(base_name, None)
    definitions: Any = {name: (hint, getattr(kind, name, ...)) for name, hint in own.items()}
    return pydantic.create_model(kind.__name__, __config__=pydantic.ConfigDict(extra="forbid"), **definitions)


class Codec(NamedTuple):
    """Encode and decode values of one type; built once for each type.

    Attributes:
        encode: Value to JSON; raises `pydantic.ValidationError` for a value of another type.
        decode: JSON to value; raises `pydantic.ValidationError`.
        check: Value to value, validated.
        schema: Makes the JSON Schema.
    """

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    check: Callable[[Any], Any]
    schema: Callable[[], dict[str, Any]]


def codec(kind: Any) -> Codec:
    """Return the codec of a type, also of one that is no contract, such as `list[Item]` or None.

    `encode` is strict about its input: a value of another type raises `pydantic.ValidationError`, where pydantic would
    only warn.

    Raises:
        InvalidDeclaration: No value of that type can cross a wire.
    """
    try:
        return _cached_codec(kind)
    except TypeError:  # annotations may hold what cannot be hashed
        return _build_codec(kind)


def adapter_of(kind: Any) -> pydantic.TypeAdapter[Any]:
    """Return pydantic's adapter of a type, with the settings that values on a wire have; a new one at each call.

    Raises:
        InvalidDeclaration: No value of that type can cross a wire.
    """
    ordered = Annotated[kind, _OrderedSets()]
    try:
        return pydantic.TypeAdapter(ordered, config=None if _has_config(kind) else _WIRE)
    except pydantic.errors.PydanticUserError as error:
        raise InvalidDeclaration(
            what=f"type={type_name(kind)}",
            reason="its values cannot cross a wire",
            remedy_text="Use a Contract, or what JSON knows: text, numbers, lists, dates.",
        ) from error


def _has_config(kind: Any) -> bool:
    """Tell models, dataclasses and typed dicts, which have settings of their own."""
    while typing.get_origin(kind) is Annotated:
        kind = typing.get_args(kind)[0]
    if not isinstance(kind, type):
        return False
    return issubclass(kind, pydantic.BaseModel) or dataclasses.is_dataclass(kind) or typing.is_typeddict(kind)


def _build_codec(kind: Any) -> Codec:
    adapter = adapter_of(kind)
    dump, validate = adapter.serializer.to_json, adapter.validator.validate_python
    if isinstance(kind, type) and issubclass(kind, Contract):

        def encode(value: Any) -> bytes:
            return dump(value) if type(value) is kind else dump(validate(_same_declaration(kind, value)))
    else:

        def encode(value: Any) -> bytes:
            return dump(validate(value))

    return Codec(encode, adapter.validator.validate_json, validate, adapter.json_schema)


def _same_declaration(kind: type[Contract], value: Any) -> Any:
    """Return a value's fields where its class is the one meant, from another execution of the module.

    A contract that a service declares in its own module is a new class in every incarnation.
    """
    given = type(value)
    if isinstance(value, Contract) and (given.__module__, given.__qualname__) == (kind.__module__, kind.__qualname__):
        return value.model_dump(by_alias=False)
    return value


_cached_codec = functools.lru_cache(maxsize=4096)(_build_codec)


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
    return invalid_fields(type_name(kind), error.errors(include_url=False), service=service, operation=operation)


def wrong_answer(
    kind: Any, value: Any, error: pydantic.ValidationError, *, service: str, operation: str, where: Where | None
) -> WrongAnswer:
    """Turn pydantic's error about what a handler returned into ours, which names the handler and both types."""
    return WrongAnswer(
        where=where,
        service=service,
        operation=operation,
        value=type_name(type(value)),
        declared=type_name(kind),
        reason=str(error.errors(include_url=False)[0]["msg"]),
    )


def invalid_fields(what: str, details: Iterable[Any], *, service: str, operation: str) -> InvalidMessage:
    """Return the error that tells which fields of something are wrong.

    Args:
        what: Name of the contract, or of whatever was to be read.
        details: As pydantic gives them: `loc`, `type`, `msg`, `input`.
        service: Who refused it.
        operation: And in what.
    """
    problems = tuple(_problem(detail) for detail in details)
    first = problems[0]
    return InvalidMessage(
        service=service,
        operation=operation,
        contract=what,
        field=first.path,
        value=first.value,
        reason=first.reason,
        problems=problems,
    )


def _problem(detail: Any) -> FieldProblem:
    path = ".".join(str(part) for part in detail["loc"]) or "(whole message)"
    given = detail["input"]
    text = given.decode(errors="replace") if isinstance(given, bytes) else given
    return FieldProblem(path, "(missing)" if detail["type"] == "missing" else _shorten(repr(text)), detail["msg"])


def _shorten(text: str, *, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def type_name(kind: Any) -> str:
    """Return how a type reads in a table: `Order`, `list[Item]`, `Order | None`, without the modules they are from."""
    if kind is None or kind is type(None):
        return "None"
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return type_name(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(type_name(part) for part in arguments)
    if origin is typing.Literal:
        return f"Literal[{', '.join(repr(value) for value in arguments)}]"
    name = str(getattr(origin or kind, "__name__", kind))
    if not arguments:
        return name
    return f"{name}[{', '.join('…' if part is ... else _argument_name(part) for part in arguments)}]"


def _argument_name(part: Any) -> str:
    return f"[{', '.join(type_name(each) for each in part)}]" if isinstance(part, list) else type_name(part)
