"""Stand in for `datetime`: `now`, `today` and their like answer from the world where one is running.

The two classes here only stand for the real ones. Calling them gives real values, real values are their instances, and
pydantic treats a field annotated with them as the real type; so nothing outside a studio module can tell. The one thing
that differs inside: `type(value) is datetime` is false, `isinstance` is the way to ask.

The local zone of a world is UTC: a naive `now()` is UTC. Methods of values (`astimezone()` without a zone,
`timestamp()` of a naive value) cannot be reached from here and ask the process for its zone; see `studio.source.zone`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Self, TypeVar, cast

from studio.source.ambient import AMBIENT
from studio.source.shims.mirror import mirror

__all__ = ["MODULE", "Standing", "date", "datetime"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_D = TypeVar("_D", bound=dt.date)


def _original(cls: type) -> type | None:
    """Return the real class that `cls` stands for; None for an author's subclass."""
    if cls is datetime:
        return dt.datetime
    return dt.date if cls is date else None


class Standing(type):
    """Let a class stand for a real one: its values are real, and real values are its instances."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a value of the real class, or of an author's subclass."""
        original = _original(cls)
        return super().__call__(*args, **kwargs) if original is None else original(*args, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        original = _original(cls)
        return super().__instancecheck__(instance) if original is None else isinstance(instance, original)

    def __subclasscheck__(cls, subclass: type) -> bool:
        original = _original(cls)
        return super().__subclasscheck__(subclass) if original is None else issubclass(subclass, original)

    def __repr__(cls) -> str:
        return super().__repr__() if (original := _original(cls)) is None else repr(original)


class date(dt.date, metaclass=Standing):  # noqa: N801 - it stands for datetime.date
    """Stand for `datetime.date`."""

    @classmethod
    def today(cls) -> Self:
        """Return the current date, in UTC in a world."""
        return super().today() if AMBIENT.get() is None else _date(cls, _now())

    @classmethod
    def fromtimestamp(cls, timestamp: float, /) -> Self:
        """Return the local date of a moment in seconds since 1970."""
        if AMBIENT.get() is None:
            return super().fromtimestamp(timestamp)
        return _date(cls, dt.datetime.fromtimestamp(timestamp, dt.UTC))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Describe a field of this type as one of the real type."""
        return handler(_original(cls) or source)


class datetime(dt.datetime, metaclass=Standing):  # noqa: N801 - it stands for datetime.datetime
    """Stand for `datetime.datetime`."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        """Return the current time: in `tz`, or naive in the local zone, which is UTC in a world."""
        return super().now(tz) if AMBIENT.get() is None else _datetime(cls, _in_zone(_now(), tz))

    @classmethod
    def today(cls) -> Self:
        """Return the current time, naive, in the local zone."""
        return cls.now()

    @classmethod
    def utcnow(cls) -> Self:
        """Return the current time in UTC, naive."""
        return super().utcnow() if AMBIENT.get() is None else _datetime(cls, _in_zone(_now(), None))

    @classmethod
    def fromtimestamp(cls, timestamp: float, tz: dt.tzinfo | None = None) -> Self:
        """Return the time of a moment in seconds since 1970, in `tz` or naive in the local zone."""
        if AMBIENT.get() is None or tz is not None:
            return super().fromtimestamp(timestamp, tz)
        return _datetime(cls, _in_zone(dt.datetime.fromtimestamp(timestamp, dt.UTC), None))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Describe a field of this type as one of the real type."""
        return handler(_original(cls) or source)


def _now() -> dt.datetime:
    ambient = AMBIENT.get()
    assert ambient is not None
    return _EPOCH + dt.timedelta(microseconds=ambient.now_ns() // 1000)


def _in_zone(moment: dt.datetime, zone: dt.tzinfo | None) -> dt.datetime:
    return moment.replace(tzinfo=None) if zone is None else moment.astimezone(zone)


def _date(cls: type[_D], value: dt.date) -> _D:
    return cls(value.year, value.month, value.day)


def _datetime(cls: type[_D], value: dt.datetime) -> _D:
    """Return the value itself, or a copy in the author's subclass."""
    if cls is cast("type", datetime):
        return cast("_D", value)
    build = cast("Callable[..., _D]", cls)
    clock = (value.hour, value.minute, value.second, value.microsecond)
    return build(value.year, value.month, value.day, *clock, value.tzinfo, fold=value.fold)


MODULE = mirror(dt, {"date": date, "datetime": datetime})
"""What a studio module gets for `import datetime`."""
