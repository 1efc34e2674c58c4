"""Build, parse, format and match addresses: `$.Subject.predicate`, which Python files write `S.Subject.predicate`.

An `Address` has no public attribute or method, so that any name may follow a dot (`S.Order.count`, `S.Order.title`);
what one does with an address are the functions of this module. `$` itself is translated in `studio.source.dollar`.
"""

from __future__ import annotations

import functools
import hashlib
import keyword
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from studio.errors import (
    BadAddressPart,
    EmptyAddress,
    MisplacedWildcard,
    NotAnAddress,
    StudioError,
    UnexpectedWildcard,
)

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "Address",
    "Pattern",
    "S",
    "display",
    "is_pattern",
    "key",
    "last",
    "matches",
    "parse",
    "parts",
    "pattern",
    "subject",
]

ONE: Final = "*"
REST: Final = ">"
_SHARED_MAX: Final = 16_384
_PART = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@functools.total_ordering
class Address:
    """Name a subject and what is said of it; attribute access builds a longer address.

    Immutable, hashable alike in every process, ordered by its parts, and a string field in a contract. Build one from
    `S`, or from text with `parse`.

    Example:
        >>> S.Order.created
        S.Order.created
        >>> str(S.Order.created)
        'Order.created'
    """

    __slots__ = ("_key", "_parts")

    _parts: tuple[str, ...]
    _key: int

    def __new__(cls, names: tuple[str, ...] = ()) -> Self:
        """Build the address of these parts unchecked; authors use `S` and `parse`."""
        address = object.__new__(cls)
        digest = hashlib.blake2b(".".join(names).encode(), digest_size=8).digest()
        object.__setattr__(address, "_parts", names)
        object.__setattr__(address, "_key", int.from_bytes(digest, "big"))
        return address

    def __getattr__(self, name: str) -> Address:
        # Underscores stay out: copy, pickle, IPython and pydantic probe objects for names of that form.
        if name.startswith("_"):
            raise AttributeError(name)
        return _extended((*self._parts, name))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an address cannot be changed: {self!r}.{name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"an address cannot be changed: {self!r}.{name}")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self._parts == other._parts if isinstance(other, Address) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._parts < other._parts if isinstance(other, Address) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return ".".join(self._parts)

    def __repr__(self) -> str:
        return ".".join(("S", *self._parts))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __copy__(self) -> Address:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Address:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _shared, (self._parts,)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _validate,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(),
        )


@functools.lru_cache(maxsize=_SHARED_MAX)
def _shared(names: tuple[str, ...]) -> Address:
    # Shared, since handlers write `S.Order.created` on their hot path: the digest is then taken once, not per use.
    return Address(names)


# Getters, since an address may have no public accessor.
_parts: Callable[[Address], tuple[str, ...]] = operator.attrgetter("_parts")
_key: Callable[[Address], int] = operator.attrgetter("_key")


@functools.lru_cache(maxsize=_SHARED_MAX)
def _extended(names: tuple[str, ...]) -> Address:
    _check_part(names[-1], ".".join(("S", *names)))
    return _shared(names)


S: Final = _shared(())


@dataclass(frozen=True, slots=True)
class Pattern:
    """Select addresses: `*` stands for one part, a final `>` for one or more.

    Args:
        parts: At least one part, each a name or a wildcard.
    """

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


def parse(value: str | Address) -> Address:
    """Return the address that `value` names.

    Args:
        value: `$.Order.created`, `Order.created`, or an address, which is returned as it is.

    Returns:
        An address of one part or more.

    Raises:
        EmptyAddress: Nothing is named, or nothing stands between two dots.
        BadAddressPart: A part is no plain name.
        UnexpectedWildcard: A part is `*` or `>`.
        NotAnAddress: `value` is neither text nor an address.
    """
    text, names = _split(value)
    for name in names:
        if name in (ONE, REST):
            raise UnexpectedWildcard(address=text, part=name)
        _check_part(name, text)
    return _shared(names)


def pattern(value: str | Address | Pattern) -> Pattern:
    """Return the pattern that `value` names; without a wildcard it matches that one address.

    Args:
        value: Such as `$.Order.*`, `Order.>`, or an address.

    Raises:
        EmptyAddress: Nothing is named, or nothing stands between two dots.
        BadAddressPart: A part is neither a plain name nor a wildcard.
        MisplacedWildcard: `>` is not the last part.
        NotAnAddress: `value` is of no fitting type.
    """
    if isinstance(value, Pattern):
        return value
    text, names = _split(value)
    for position, name in enumerate(names, start=1):
        if name == REST and position < len(names):
            raise MisplacedWildcard(address=text)
        if name not in (ONE, REST):
            _check_part(name, text)
    return Pattern(names)


def is_pattern(value: str | Address | Pattern) -> bool:
    """Tell whether `value` has a wildcard, and so stands for more than one address.

    Raises:
        StudioError: As `pattern` does.
    """
    return any(name in (ONE, REST) for name in pattern(value).parts)


def matches(selector: Pattern, address: Address) -> bool:
    """Tell whether `address` is one that `selector` selects."""
    wanted, names = selector.parts, _parts(address)
    if wanted[-1] == REST:
        if len(names) < len(wanted):
            return False
        wanted = wanted[:-1]
    elif len(names) != len(wanted):
        return False
    return all(part in (ONE, name) for part, name in zip(wanted, names, strict=False))


def parts(address: Address) -> tuple[str, ...]:
    """Return the names an address consists of, the subject first; the root has none."""
    return _parts(address)


def subject(address: Address) -> str:
    """Return the first part: the thing spoken of.

    Raises:
        EmptyAddress: `address` is the root.
    """
    return _named(address)[0]


def last(address: Address) -> str:
    """Return the last part: the operation's or event's own name.

    Raises:
        EmptyAddress: `address` is the root.
    """
    return _named(address)[-1]


def display(value: Address | Pattern) -> str:
    """Return the notation authors write in cells: `$.Order.created`."""
    return ".".join(("$", *(_parts(value) if isinstance(value, Address) else value.parts)))


def key(address: Address) -> int:
    """Return an unsigned 64-bit number that is the same for equal addresses in every process and version.

    It is the big-endian BLAKE2b digest, 8 bytes long, of the wire form.
    """
    return _key(address)


def _named(address: Address) -> tuple[str, ...]:
    if not _parts(address):
        raise EmptyAddress(address=display(address))
    return _parts(address)


def _split(value: str | Address) -> tuple[str, tuple[str, ...]]:
    if isinstance(value, Address):
        return display(value), _named(value)
    if not isinstance(value, str):
        raise NotAnAddress(type=type(value).__qualname__)
    text = value.strip()
    names = tuple(text.split("."))
    if names[0] == "$":
        names = names[1:]
    if not names or not all(names):
        raise EmptyAddress(address=text)
    return text, names


def _check_part(name: str, text: str) -> None:
    if not _PART.fullmatch(name):
        raise BadAddressPart(address=text, part=name, reason=_complaint(name))
    if keyword.iskeyword(name):
        raise BadAddressPart(address=text, part=name, reason="is a Python keyword")


def _complaint(name: str) -> str:
    if name[0].isdigit():
        return "starts with a digit"
    if name[0] == "_":
        return "starts with an underscore"
    return "has a character other than A-Z, a-z, 0-9 and _"


def _validate(value: Any) -> Address:
    # pydantic reports ValueErrors with their field; ours would fly past it and lose the field's name.
    try:
        return parse(value)
    except StudioError as error:
        raise ValueError(error.text) from error
