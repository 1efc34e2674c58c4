"""Make one value for each kind of schema that pydantic knows; constraints are kept, and final validation decides."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, ClassVar

from studio.simulation.workload.pattern import matching
from studio.simulation.workload.scalars import INDEXES, SCALARS, Draw, Schema, bounds, field_name
from studio.simulation.workload.vocabulary import text_for

__all__ = ["Making"]

_DEEP = 4  # levels of a model within itself
_INNER = ("schema", "python_schema", "strict_schema", "steps")  # of wrappers: validators, json-or-python, chains
_ABSENT: Any = object()  # leave the field out, so that its default stands


class Making:
    """Make the values of one message.

    Args:
        draw: Uniform draws by name of stream.
        picks: Which of its distinct values a path has, from 0.
        epoch: About which dates lie.
    """

    def __init__(self, draw: Draw, picks: Mapping[str, int], epoch: dt.datetime) -> None:
        self.draw, self.picks, self.epoch = draw, picks, epoch
        self.definitions: dict[str, Any] = {}
        self.owners = ["value"]
        self.indexes: list[int] = []
        self.depth: dict[str, int] = {}

    def value(self, schema: Schema, path: str = "") -> Any:
        """Return a value, not yet validated: models are dicts.

        Args:
            schema: Of pydantic's core.
            path: Where the value stands: `items[0].sku`.
        """
        pick = self.picks.get(path) if path else None
        if pick is not None and schema["type"] not in ("model", "nullable", "default"):
            return self._picked(schema, path, pick)
        scalar, maker = SCALARS.get(schema["type"]), self._MAKERS.get(schema["type"])
        if scalar is not None:
            return scalar(schema, path, self.draw, self.epoch)
        if maker is not None:
            return maker(self, schema, path)
        inner = next((schema[name] for name in _INNER if name in schema), None)
        if inner is None:
            return None
        return self.value(inner[0] if isinstance(inner, list) else inner, path)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _picked(self, schema: Schema, path: str, pick: int) -> Any:
        """Return the k-th distinct value of a path: it follows from path and k alone."""
        fixed = Making(lambda stream: _hashed(f"{path} {pick} {stream}"), {}, self.epoch)
        fixed.definitions, fixed.owners, fixed.indexes = self.definitions, self.owners, [pick]
        at = path.rpartition(".")[2]
        if schema["type"] == "int":
            low, high = bounds(schema, 1)
            return low + pick * schema.get("multiple_of", 1) if high is None or low + pick <= high else high
        if schema["type"] == "uuid":
            return uuid.UUID(int=int.from_bytes(blake2b(f"{path} {pick}".encode(), digest_size=16).digest()), version=4)
        if schema["type"] in ("literal", "enum"):
            values = schema.get("expected") or schema["members"]
            return values[pick % len(values)]
        return fixed.value(schema, f"={at}")

    def _model(self, schema: Schema, path: str) -> Any:
        kind = schema.get("cls")
        name = getattr(kind, "__name__", "value").lower()
        inner = schema["schema"]
        fields = inner.get("fields") if isinstance(inner, dict) else None
        if fields is None or isinstance(fields, list):
            return self.value(inner, path)
        at = f"{path}." if path else ""
        index = next((self.picks[at + key] for key in ("id", "sku", f"{name}_id") if at + key in self.picks), None)
        self.owners.append(name)
        self.indexes.append(int(self.draw(f"{at}index") * INDEXES) if index is None else index)
        self.depth[name] = self.depth.get(name, 0) + 1
        made = {field: self.value(each["schema"], at + field) for field, each in fields.items()}
        self.depth[name] -= 1
        self.owners.pop()
        self.indexes.pop()
        return {field: value for field, value in made.items() if value is not _ABSENT}

    def _default(self, schema: Schema, path: str) -> Any:
        if path in self.picks or "default_factory" in schema:
            return _ABSENT if self._too_deep else self.value(schema["schema"], path)
        return _ABSENT

    def _nullable(self, schema: Schema, path: str) -> Any:
        if path not in self.picks and (self._too_deep or self.draw(f"{path} none") < 0.2):
            return None
        return self.value(schema["schema"], path)

    def _union(self, schema: Schema, path: str) -> Any:
        choices = schema["choices"]
        ways = list(choices.values()) if isinstance(choices, dict) else list(choices)
        way = ways[-1 if self._too_deep else int(self.draw(f"{path} way") * len(ways))]
        return self.value(way[0] if isinstance(way, tuple) else way, path)

    def _definitions(self, schema: Schema, path: str) -> Any:
        self.definitions |= {each["ref"]: each for each in schema["definitions"]}
        return self.value(schema["schema"], path)

    def _reference(self, schema: Schema, path: str) -> Any:
        return self.value(self.definitions[schema["schema_ref"]], path)

    def _list(self, schema: Schema, path: str) -> Any:
        items = schema.get("items_schema", {"type": "str"})
        return [self.value(items, f"{path}[{at}]") for at in range(self._length(schema, path, least=1, more=2))]

    def _set(self, schema: Schema, path: str) -> Any:
        items, made = schema.get("items_schema", {"type": "str"}), list[Any]()
        wanted = self._length(schema, path, least=1, more=2)
        for at in range(wanted * 10):
            value = self.value(items, f"{path}[{at}]")
            if value not in made and len(made) < wanted:
                made.append(value)
        return made

    def _tuple(self, schema: Schema, path: str) -> Any:
        items, repeats = list(schema["items_schema"]), schema.get("variadic_item_index")
        if repeats is not None:
            fixed = len(items) - 1
            count = self._length(schema, path, least=max(1, schema.get("min_length", 0) - fixed), more=1)
            items[repeats : repeats + 1] = [items[repeats]] * count
        return tuple(self.value(item, f"{path}[{at}]") for at, item in enumerate(items))

    def _dict(self, schema: Schema, path: str) -> Any:
        keys, values = schema.get("keys_schema", {"type": "str"}), schema.get("values_schema", {"type": "str"})
        made: dict[Any, Any] = {}
        wanted = self._length(schema, path, least=1, more=2)
        for at in range(wanted * 10):
            if len(made) < wanted:
                made[self.value(keys, f"{path}[{at}].key")] = self.value(values, f"{path}[{at}]")
        return made

    def _fields(self, schema: Schema, path: str) -> Any:
        at = f"{path}." if path else ""
        fields = schema["fields"]
        named = fields.items() if isinstance(fields, dict) else ((field["name"], field) for field in fields)
        made = {name: self.value(field["schema"], at + name) for name, field in named if field.get("required", True)}
        return {name: value for name, value in made.items() if value is not _ABSENT}

    def _length(self, schema: Schema, path: str, *, least: int, more: int) -> int:
        low = schema.get("min_length", 0 if self._too_deep else least)
        high = min(schema.get("max_length", low + more), low + (0 if self._too_deep else more))
        low = min(low, high)
        return int(low + int(self.draw(f"{path} length") * (high - low + 1)))

    @property
    def _too_deep(self) -> bool:
        return any(levels >= _DEEP for levels in self.depth.values())

    def _index(self, path: str) -> int:
        return self.indexes[-1] if self.indexes else int(self.draw(f"{path} index") * INDEXES)

    def _text(self, schema: Schema, path: str) -> str:
        pattern = schema.get("pattern")
        if pattern is not None:
            occurrence = iter(range(10_000))
            found = matching(str(getattr(pattern, "pattern", pattern)), lambda: self.draw(f"{path} {next(occurrence)}"))
            if found is not None:
                return found
        inside = "[" in path.rpartition(".")[2]  # the n-th text of a list is not the n-th of its owner
        index = int(self.draw(f"{path} index") * INDEXES) if inside else self._index(path)
        text = text_for(field_name(path), self.owners[-1], index)
        most = schema.get("max_length")
        if most is not None and len(text) > most:
            text = text[len(text) - most :]  # the end tells things apart
        return text.ljust(schema.get("min_length", 0), "x")

    _MAKERS: ClassVar[dict[str, Callable[[Making, Schema, str], Any]]] = {
        "model": _model,
        "dataclass": _model,
        "dataclass-args": _fields,
        "typed-dict": _fields,
        "model-fields": _fields,
        "default": _default,
        "nullable": _nullable,
        "union": _union,
        "tagged-union": _union,
        "definitions": _definitions,
        "definition-ref": _reference,
        "list": _list,
        "set": _set,
        "frozenset": _set,
        "tuple": _tuple,
        "dict": _dict,
        "str": _text,
        "any": _text,
    }


def _hashed(text: str) -> float:
    return (int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 11) * 2.0**-53
