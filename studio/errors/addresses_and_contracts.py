"""Errors STU1xx: addresses and contracts."""

from __future__ import annotations

from typing import Any

from studio.errors.studio_error import StudioError

__all__ = [
    "BadAddressPart",
    "EmptyAddress",
    "InvalidMessage",
    "MisplacedWildcard",
    "NotAnAddress",
    "UnexpectedWildcard",
]


class EmptyAddress(StudioError):
    """An address has no part, or nothing between two dots."""

    code = "STU101"
    problem = "address={address!r} has an empty part"
    remedy = "Name a subject and what is said of it, such as $.Order.created."

    address: str


class BadAddressPart(StudioError):
    """A part of an address is no plain name."""

    code = "STU102"
    problem = "address={address!r}: part={part!r} {reason}"
    remedy = "Use a Python name of letters, digits and underscores that starts with a letter, such as $.Order.created."

    address: str
    part: str
    reason: str


class UnexpectedWildcard(StudioError):
    """A wildcard stands where one address is meant."""

    code = "STU103"
    problem = "address={address!r}: wildcard {part!r} where one address is meant"
    remedy = "Name one address; wildcards select events in `@service.on(...)` and in queries."

    address: str
    part: str


class MisplacedWildcard(StudioError):
    """A `>` is not the last part of a pattern."""

    code = "STU104"
    problem = "pattern={address!r}: '>' stands for the rest and must be the last part"
    remedy = "Use '*' for one part in the middle, such as $.*.created, or end with '>', such as $.Order.>"

    address: str


class NotAnAddress(StudioError):
    """A value of another type was given for an address."""

    code = "STU105"
    problem = "an address was expected, not a value of type {type}"
    remedy = "Write $.Order.created in a cell, S.Order.created in a file, or the text 'Order.created'."

    type: str


class InvalidMessage(StudioError):
    """A message does not fit the contract of the operation that received it."""

    code = "STU150"
    problem = "service={service} operation={operation}: {contract}.{field}={value} is not valid ({reason})"
    remedy = "Send what fits `{field}`, or change the contract in the cell that declares {contract}."

    service: str
    operation: str
    contract: str
    field: str
    value: str
    reason: str
    problems: tuple[Any, ...]
