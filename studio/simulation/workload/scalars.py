"""Make single values, numbers, instants, identifiers, within the constraints that a schema of pydantic states."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import ceil, floor
from typing import Any

__all__ = ["INDEXES", "SCALARS", "Draw", "Schema", "bounds", "field_name"]

Draw = Callable[[str], float]
Schema = Mapping[str, Any]

INDEXES = 100
"""How many distinct people and things there are where nothing states it."""

_COUNTS = frozenset({"quantity", "count", "pieces", "seats", "guests"})
_MONEY = frozenset({"price", "total", "amount", "cost", "fee", "balance", "sum", "tax"})


def field_name(path: str) -> str:
    """Return the field's own name: `sku` for `items[0].sku`, `tags` for `tags[0]`."""
    return path.rpartition(".")[2].partition("[")[0].lstrip("=") or "value"


def bounds(schema: Mapping[str, Any], usual: int) -> tuple[int, int | None]:
    """Return the least and the greatest integer allowed; None for no upper bound."""
    low = schema.get("ge", schema["gt"] + 1 if "gt" in schema else None)
    high = schema.get("le", schema["lt"] - 1 if "lt" in schema else None)
    return (usual if low is None else low), high


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _seconds(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second


def _bool(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> bool:
    return draw(path) < 0.5


def _bytes(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> bytes:
    low = schema.get("min_length", 0)
    high = min(schema.get("max_length", low + 8), low + 8)
    size = low + int(draw(f"{path} length") * (high - low + 1))
    return bytes(int(draw(f"{path} {at}") * 256) for at in range(size))


def _int(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> int:
    step = schema.get("multiple_of", 1)
    usual = (1, 5) if field_name(path) in _COUNTS else (0, 1000)
    low, high = bounds(schema, usual[0])
    if high is None:
        high = max(usual[1], low + (usual[1] - usual[0]) * step)
    if "ge" not in schema and "gt" not in schema and high < low:
        low = high - 1000 * step
    first, last = ceil(low / step), floor(high / step)
    return int((first + int(draw(path) * (last - first + 1))) * step)


def _float(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> float:
    low, high = schema.get("ge", schema.get("gt")), schema.get("le", schema.get("lt"))
    if low is None:
        low = 0.0 if high is None or high > 0 else high - 100.0
    if high is None:
        high = low + 100.0
    step = schema.get("multiple_of")
    value = float(low + (high - low) * (0.05 + 0.9 * draw(path)))
    if step is not None:
        return float(round(value / step) * step)
    rounded = round(value, 2)
    return rounded if low < rounded < high else value


def _decimal(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> Decimal:
    places = schema.get("decimal_places", 2)
    digits = schema.get("max_digits")
    places = places if digits is None else min(places, digits)
    unit = max(Decimal(1).scaleb(-places), Decimal(str(schema.get("multiple_of", 0))))
    low, high = schema.get("ge", schema.get("gt")), schema.get("le", schema.get("lt"))
    most = Decimal(10) ** (digits - places) - Decimal(1).scaleb(-places) if digits is not None else None
    if low is None:
        low = Decimal(1) if high is None or high > 1 else Decimal(high) - 100
    if high is None:
        high = Decimal(low) + (99 if field_name(path) in _MONEY else 999)
    low, high = Decimal(str(low)), Decimal(str(high))
    if most is not None:
        low, high = max(low, -most), min(high, most)
        low = min(low, high)
    first, last = ceil(low / unit), floor(high / unit)
    first += 1 if "gt" in schema and first * unit <= Decimal(str(schema["gt"])) else 0
    last -= 1 if "lt" in schema and last * unit >= Decimal(str(schema["lt"])) else 0
    return Decimal(first + int(draw(path) * (last - first + 1))) * unit


def _datetime(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> dt.datetime:
    moment = _moment(schema, draw(path), epoch, dt.timedelta(days=30))
    return moment.replace(tzinfo=None) if schema.get("tz_constraint") == "naive" else moment


def _date(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> dt.date:
    days = 20_000 if "birth" in field_name(path) else 30
    limits = {
        name: dt.datetime(limit.year, limit.month, limit.day, tzinfo=dt.UTC)
        for name, limit in schema.items()
        if name in ("gt", "ge", "lt", "le")
    }
    least = dt.timedelta(days=1)
    return _moment({**schema, **limits}, draw(path), epoch, dt.timedelta(days=days), least).date()


def _moment(
    schema: Schema, share: float, epoch: dt.datetime, span: dt.timedelta, step: dt.timedelta = dt.timedelta(seconds=1)
) -> dt.datetime:
    """Return an instant before the epoch (after it for what must be in the future), within the limits."""
    low, high = epoch - span, epoch
    if schema.get("now_op") == "future":
        low, high = epoch + dt.timedelta(days=36_500), epoch + dt.timedelta(days=36_530)
    least, most = schema.get("ge", schema.get("gt")), schema.get("le", schema.get("lt"))
    if least is not None:
        low = _aware(least) + (step if "gt" in schema else dt.timedelta())
        high = max(high, low + span)
    if most is not None:
        high = _aware(most) - (step if "lt" in schema else dt.timedelta())
        low = low if least is not None else min(low, high - span)
    return low + step * floor((high - low) / step * share)


def _time(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> dt.time:
    low, high = schema.get("ge", schema.get("gt")), schema.get("le", schema.get("lt"))
    first = 0 if low is None else _seconds(low) + ("gt" in schema)
    last = 86_399 if high is None else _seconds(high) - ("lt" in schema)
    second = first + int(draw(path) * max(1, last - first + 1))
    return dt.time(second // 3600 % 24, second // 60 % 60, second % 60)


def _timedelta(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> dt.timedelta:
    low, high = schema.get("ge", schema.get("gt")), schema.get("le", schema.get("lt"))
    low = dt.timedelta() if low is None else low
    high = low + dt.timedelta(hours=1) if high is None else high
    low = min(low, high - dt.timedelta(hours=1)) if "ge" not in schema and "gt" not in schema else low
    return low + (high - low) * (0.05 + 0.9 * draw(path))


def _uuid(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> uuid.UUID:
    high, low = int(draw(f"{path} high") * 2**53), int(draw(f"{path} low") * 2**53)
    version = schema.get("version") or 4
    return uuid.UUID(int=(high << 75 | low << 22) & (2**128 - 1), version=version)


def _choice(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> Any:
    values = schema.get("expected") or schema["members"]
    return values[int(draw(path) * len(values))]


def _url(schema: Schema, path: str, draw: Draw, epoch: dt.datetime) -> str:
    scheme = (schema.get("allowed_schemes") or ["https"])[-1]
    return f"{scheme}://example.com/{int(draw(path) * INDEXES)}"


SCALARS: dict[str, Callable[[Schema, str, Draw, dt.datetime], Any]] = {
    "bool": _bool,
    "bytes": _bytes,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
    "enum": _choice,
    "float": _float,
    "int": _int,
    "literal": _choice,
    "time": _time,
    "timedelta": _timedelta,
    "url": _url,
    "uuid": _uuid,
}
"""Kind of schema to what makes its value from schema, path, draws and the world's epoch."""
