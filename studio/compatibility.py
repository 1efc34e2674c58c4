"""Say whether two versions of a contract can read each other, field by field, before a deploy finds out.

Both versions are compared as schemas, so an old version need only be kept as one: what a version *writes* must lie
within what the other *reads*. Extra fields are no obstacle, since contracts drop what they do not know. What a
validator refuses is not seen; where a schema says something that cannot be compared, only an equal saying passes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from studio.contract import adapter_of

__all__ = ["Direction", "Incompatibility", "compatible", "schema_of"]

Direction = Literal["backward", "forward"]
Schema = Mapping[str, Any]


class Incompatibility(NamedTuple):
    """One reason why one version cannot read what the other writes.

    Attributes:
        direction: `backward`: the new version cannot read what the old one wrote. `forward`: the old version cannot
            read what the new one writes, as happens in a rolling deploy.
        path: Field, `customer.email`, `items[]` for the items of a list, `prices{}` for the values of a mapping; empty
            for the whole message.
        reason: In words.
    """

    direction: Direction
    path: str
    reason: str


def compatible(old: Any, new: Any) -> list[Incompatibility]:
    """Return what breaks between two versions of a contract; nothing when either can read the other.

    Args:
        old: Contract (or any type that can cross a wire), or its schema as `schema_of` returned it.
        new: Likewise.

    Example:
        >>> from studio.contract import Contract
        >>> class Old(Contract):
        ...     sku: str
        >>> class New(Contract):
        ...     sku: str
        ...     colour: str
        >>> compatible(Old, New)
        [Incompatibility(direction='backward', path='colour', reason='is required, and was not written')]
    """
    before, after = schema_of(old), schema_of(new)
    backward = _Comparison(after["reads"], before["writes"], "is required, and was not written")
    forward = _Comparison(before["reads"], after["writes"], "was required, and is no longer written")
    found = [Incompatibility("backward", path, reason) for path, reason in backward.problems()]
    found += [Incompatibility("forward", path, reason) for path, reason in forward.problems()]
    return list(dict.fromkeys(found))


def schema_of(kind: Any) -> Schema:
    """Return the JSON Schemas of what a version `reads` and `writes`, with the limits that JSON Schema cannot state.

    Args:
        kind: A type; or such a schema, or any JSON Schema, which then stands for both.
    """
    if isinstance(kind, Mapping):
        return kind if "reads" in kind else {"reads": kind, "writes": kind}
    adapter = adapter_of(kind)
    return {
        "reads": adapter.json_schema(mode="validation", schema_generator=_Schemas),
        "writes": adapter.json_schema(mode="serialization", schema_generator=_Schemas),
    }


class _Schemas(GenerateJsonSchema):
    """Write down the limits of numbers in text, of instants and of keys, which pydantic leaves out."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        limits = {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt"}
        stated = {name: float(schema[key]) for name, key in limits.items() if schema.get(key) is not None}  # type: ignore[literal-required]
        if schema.get("max_digits") is not None:  # pydantic counts those before the point on their own
            stated["x-whole_digits"] = schema["max_digits"] - (schema.get("decimal_places") or 0)
        if schema.get("multiple_of") is not None:
            stated["multipleOf"] = float(schema["multiple_of"])
        return {"type": "string", "format": "decimal", **stated, **_limits(schema, "max_digits", "decimal_places")}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        finite = {} if schema.get("allow_inf_nan", True) else {"x-finite": True}
        return {**super().float_schema(schema), **finite}

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return {**super().str_schema(schema), **_limits(schema, "strip_whitespace")}

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        return {**super().date_schema(schema), **_limits(schema, *_INSTANT)}

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return {**super().datetime_schema(schema), **_limits(schema, *_INSTANT, "tz_constraint")}

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        return {**super().time_schema(schema), **_limits(schema, *_INSTANT, "tz_constraint")}

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        return {**super().timedelta_schema(schema), **_limits(schema, *_INSTANT)}

    def uuid_schema(self, schema: core_schema.UuidSchema) -> JsonSchemaValue:
        return {**super().uuid_schema(schema), **_limits(schema, "version")}

    def url_schema(self, schema: core_schema.UrlSchema) -> JsonSchemaValue:
        return {**super().url_schema(schema), **_limits(schema, "allowed_schemes", "host_required", "max_length")}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        keys = self.generate_inner(schema.get("keys_schema", core_schema.any_schema()))
        return {**super().dict_schema(schema), "x-keys": keys}


_INSTANT = ("ge", "gt", "le", "lt", "now_op")


def _limits(schema: Any, *names: str) -> dict[str, Any]:
    stated = {f"x-{name}": schema[name] for name in names if schema.get(name) is not None}
    return {name: limit if isinstance(limit, (int, list)) else str(limit) for name, limit in stated.items()}


_NOTES = frozenset({"$defs", "$ref", "title", "description", "default", "examples", "deprecated", "readOnly",
                    "writeOnly", "discriminator", "contentEncoding", "contentMediaType"})  # fmt: skip
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "x-max_digits", "x-decimal_places",
         "x-whole_digits")  # fmt: skip
_COMPARED = _NOTES | {
    "type", "enum", "const", "anyOf", "oneOf", "properties", "required", "additionalProperties", "items", "prefixItems",
    "uniqueItems", "x-keys", "x-finite", "propertyNames", *_LEAST, *_MOST,
}  # fmt: skip


class _Comparison:
    """Find where values of one schema lie outside another.

    Args:
        reads: What must be accepted.
        writes: What is given.
        missing: What to say of a required field that is not written.
    """

    def __init__(self, reads: Schema, writes: Schema, missing: str) -> None:
        self.reads, self.writes, self.missing = reads, writes, missing
        self.asked: set[tuple[int, int]] = set()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield path and reason of each."""
        return self.compare(self.reads, self.writes, "")

    def compare(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        """Yield path and reason wherever what is written may not be readable."""
        reads, writes = _resolved(reads, self.reads), _resolved(writes, self.writes)
        if (id(reads), id(writes)) in self.asked:  # a contract within itself: the outer question answers it
            return
        ways = writes.get("anyOf") or writes.get("oneOf")
        if ways:
            for way in ways:
                yield from self.compare(reads, way, path)
            return
        choices = reads.get("anyOf") or reads.get("oneOf")
        if choices:
            yield from self._any_of(choices, writes, path)
            return
        self.asked.add((id(reads), id(writes)))
        yield from self._plain(reads, writes, path)
        self.asked.discard((id(reads), id(writes)))

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _any_of(self, choices: list[Schema], writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        answers = [list(self.compare(choice, writes, path)) for choice in choices]
        if all(answers):
            deeper = [answer for answer in answers if answer[0][0] != path]
            yield from deeper[0] if len(deeper) == 1 else [(path, f"{_word(writes)} is no longer one of what is read")]

    def _plain(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        if "enum" in reads or "const" in reads:
            yield from self._values(reads, writes, path)
            return
        given = [_word(writes)] if not _values(writes) else sorted({_type_of(value) for value in _values(writes)})
        wrong = [kind for kind in given if not _reads_type(reads, kind, writes)]
        if wrong:
            yield path, f"was {_word(writes)}, {_word(reads)} is read"
            return
        yield from self._limits(reads, writes, path)
        if writes.get("type") == "array":
            yield from self._items(reads, writes, path)
        if writes.get("type") == "object":
            yield from self._fields(reads, writes, path)

    def _values(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        known = [json.dumps(value) for value in _values(reads)]
        given = _values(writes)
        strange = [value for value in given if json.dumps(value) not in known]
        if not given:
            yield path, f"was {_word(writes)}, only {', '.join(known)} is read"
        elif strange:
            yield path, f"value {strange[0]!r} is written and not known"

    def _limits(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        values = _values(writes)
        for name in reads:
            limit, other = reads[name], writes.get(name)
            if name in _LEAST or name in _MOST:
                fits = _within(name, limit, writes) if not values else False
            elif name == "uniqueItems":
                fits = bool(other) or reads.get("minItems", 0) <= 1  # repeated items vanish
            else:
                fits = name in _COMPARED or limit == other
            if name == "x-finite":
                fits = bool(other) or writes.get("type") == "integer"
            if not fits:
                yield path, f"{name} is {limit}, was {'unlimited' if other is None else other}"

    def _items(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        fixed = max(len(reads.get("prefixItems", ())), len(writes.get("prefixItems", ())))
        length = writes.get("maxItems")
        for at in range(fixed if length is None else min(fixed, length)):
            yield from self.compare(_item(reads, at), _item(writes, at), f"{path}[{at}]")
        if length is None or length > fixed:
            yield from self.compare(_item(reads, fixed), _item(writes, fixed), f"{path}[]")

    def _fields(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        at = f"{path}." if path else ""
        read, written = reads.get("properties", {}), writes.get("properties", {})
        for name in reads.get("required", ()):
            if name not in writes.get("required", ()):
                yield at + name, self.missing
        for name in read:
            if name in written:
                yield from self.compare(read[name], written[name], at + name)
        yield from self._others(reads, writes, path)

    def _others(self, reads: Schema, writes: Schema, path: str) -> Iterator[tuple[str, str]]:
        """Compare what has no name of its own: the values of mappings, and fields that are unknown to one side."""
        others, given = reads.get("additionalProperties", True), writes.get("additionalProperties", False)
        unnamed = [name for name in writes.get("properties", {}) if name not in reads.get("properties", {})]
        if "x-keys" in reads and "x-keys" in writes:
            keys = _resolved(reads["x-keys"], self.reads)
            if keys.get("type") != "string" or set(keys) - {"type", "title"}:
                yield from self.compare(keys, writes["x-keys"], f"{path}{{key}}")
        if others is False and (unnamed or given is not False):
            yield path, f"fields that are not known are refused: {', '.join(unnamed) or 'any'}"
        if "x-keys" not in reads:
            if "x-keys" in writes and reads.get("properties"):
                yield path, "was a mapping, fields are read"
            return
        keys = _resolved(reads["x-keys"], self.reads)
        if unnamed and set(keys) - {"type", "title"}:
            yield path, "had fields, a mapping with limited keys is read"
        values = others if isinstance(others, Mapping) else {}
        for name in unnamed:
            yield from self.compare(values, writes["properties"][name], f"{path}.{name}" if path else name)
        if "x-keys" in writes:
            yield from self.compare(values, given if isinstance(given, Mapping) else {}, f"{path}{{}}")


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object" or not isinstance(schema.get("type"), list):
        return schema
    return _split(json.dumps(schema))


@functools.lru_cache(maxsize=256)
def _split(text: str) -> Schema:
    """Return a schema of several types as a choice; kept, so that it stays the same object."""
    schema = json.loads(text)
    return {"anyOf": [{**schema, "type": kind} for kind in schema["type"]]}


def _values(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _type_of(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return kinds.get(type(value), "object")


def _word(schema: Schema) -> str:
    """Return how a schema's type reads: `date`, `integer`, `Customer`, `anything`."""
    kind = schema.get("type", "anything" if not _values(schema) else "one of a few values")
    return str(schema.get("format", kind) if kind == "string" else kind)


def _reads_type(reads: Schema, given: str, writes: Schema) -> bool:
    wanted = _word(reads)
    if wanted in ("anything", given):
        return "format" not in reads or reads.get("format") == writes.get("format")
    if wanted == "decimal":
        return given == "integer" or (given == "number" and bool(writes.get("x-finite")))
    if wanted == "number":
        return given == "integer"
    return wanted == "string" and writes.get("type") == "string"


def _within(name: str, limit: Any, writes: Schema) -> bool:
    """Tell whether what is written keeps a limit: its own is as narrow, exclusive or not."""
    names = {"minimum": ("minimum", "exclusiveMinimum"), "maximum": ("maximum", "exclusiveMaximum")}
    stated = [writes[each] for each in names.get(name, (name,)) if each in writes]
    if name == "x-decimal_places" and writes.get("type") == "integer":
        return True
    if not stated and name in ("exclusiveMinimum", "exclusiveMaximum"):
        plain = name.replace("exclusiveM", "m")
        return plain in writes and (writes[plain] > limit if name in _LEAST else writes[plain] < limit)
    return any(other >= limit if name in _LEAST else other <= limit for other in stated)


def _item(schema: Schema, at: int) -> Schema:
    fixed = schema.get("prefixItems", ())
    found = fixed[at] if at < len(fixed) else schema.get("items", {})
    return found if isinstance(found, Mapping) else {}
