"""Make data from a contract and a source of draws: valid, readable, and the same whenever the draws are the same.

Every value hangs on draws that are named by its path (`customer.id`, `items[0].sku`), so that one field more shifts no
other. Fields that have a default keep it; a default factory's fields are made. What makes each kind of value is in
`studio.simulation.workload.making`.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pydantic

from studio.contract import Contract, adapter_of, type_name
from studio.errors import CannotSample
from studio.model.distribution import Zipf
from studio.simulation.workload.making import Making

__all__ = ["EPOCH", "sample"]

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_ATTEMPTS = 20


def sample(
    contract: Any,
    draw: Callable[[str], float],
    *,
    like: Any = None,
    changes: Iterable[tuple[str, Any]] = (),
    skew: Iterable[tuple[str, Zipf]] = (),
    key: str = "",
    ordinal: int = 0,
    epoch: dt.datetime = EPOCH,
) -> Any:
    """Return a value that is valid for a contract.

    Args:
        contract: Contract, or any type that can cross a wire.
        draw: Returns a uniform draw in [0, 1) for the name of a stream; the values depend on nothing else.
        like: Contract to take instead, or an example whose fields are kept but for `key`, `skew` and `changes`.
        changes: Paths and the values that they have.
        skew: Paths and the choice among so many distinct values: the same pick gives the same value.
        key: Path of the field that tells messages apart; its value follows from `ordinal`.
        ordinal: From 1; 0 draws the key like any other field.
        epoch: Instant at which the world began; dates lie about it, and times are aware of their zone.

    Raises:
        CannotSample: No valid value was found, since a validator or a constraint refuses what is made.
    """
    kind, kept = _kind_and_example(contract, like)
    picks = {path: zipf.pick(draw(f"skew {path}")) for path, zipf in skew}
    if key and ordinal:
        picks.setdefault(key, ordinal - 1)
    refusal: pydantic.ValidationError | None = None
    for attempt in range(_ATTEMPTS):
        making = Making(_fresh(draw, attempt), picks, epoch)
        made = _made(kind, making, kept, picks)
        for path, value in changes:
            _put(made, path, value)
        try:
            return _adapter(kind).validate_python(made)
        except pydantic.ValidationError as error:
            refusal = error
    assert refusal is not None
    detail = refusal.errors(include_url=False)[0]
    field = ".".join(str(part) for part in detail["loc"]) or "(whole value)"
    raise CannotSample(contract=type_name(kind), field=field, reason=detail["msg"]) from refusal


def _kind_and_example(contract: Any, like: Any) -> tuple[Any, dict[str, Any] | None]:
    if isinstance(like, Contract):
        return type(like), like.model_dump()
    return (contract if like is None else like), None


def _fresh(draw: Callable[[str], float], attempt: int) -> Callable[[str], float]:
    return draw if not attempt else lambda stream: draw(f"{stream} again {attempt}")


def _made(kind: Any, making: Making, kept: dict[str, Any] | None, picks: Mapping[str, int]) -> Any:
    made = making.value(_adapter(kind).core_schema)
    if kept is None:
        return made
    for path in picks:
        _put(kept, path, _at(made, path))
    return kept


def _put(made: Any, path: str, value: Any) -> None:
    *inner, name = path.split(".")
    for part in inner:
        made = made.get(part) if isinstance(made, dict) else None
    if isinstance(made, dict):
        made[name] = value


def _at(made: Any, path: str) -> Any:
    for part in path.split("."):
        made = made.get(part) if isinstance(made, dict) else None
    return made


@functools.lru_cache(maxsize=1024)
def _adapter(kind: Any) -> pydantic.TypeAdapter[Any]:
    return adapter_of(kind)
