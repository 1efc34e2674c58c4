"""Errors STU3xx: declarations and the graph."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "AddressIsBoth",
    "AmbiguousOperation",
    "CompositionCycle",
    "DeclaredTwice",
    "DefinitionCycle",
    "DuplicateMember",
    "InvalidCron",
    "InvalidDeclaration",
    "InvalidDuration",
    "InvalidFault",
    "ServiceModuleRefused",
    "StaleDefinition",
    "StepAfterPivot",
    "TwoOwners",
    "UnknownDefinition",
    "UnknownMember",
    "WireMismatch",
]


class InvalidDuration(StudioError):
    """Not a duration."""

    code = "STU301"
    problem = "duration={text} cannot be read"
    remedy = 'Write a number and a unit: "40ms", "5s", "1m30s", "24h".'

    text: str


class InvalidDeclaration(StudioError):
    """A declaration contradicts itself."""

    code = "STU302"
    problem = "{what}: {reason}"
    remedy = "{remedy_text}"

    what: str
    reason: str
    remedy_text: str


class DuplicateMember(StudioError):
    """A service declares the same thing twice."""

    code = "STU303"
    problem = "service={service} declares {what} twice"
    remedy = "Give one of them another address or name."

    service: str
    what: str


class UnknownMember(StudioError, AttributeError):
    """A handle was asked for an operation that its service does not have; to Python a missing attribute."""

    code = "STU304"
    problem = "service={service} has no operation {member}"
    remedy = "Its operations: {known}."

    service: str
    member: str
    known: str


class AmbiguousOperation(StudioError):
    """A service stands for its only operation, and has several or none."""

    code = "STU305"
    problem = "service={service} has {count} operations and stands for none of them"
    remedy = "Name one: {known}."

    service: str
    count: int
    known: str


class WireMismatch(StudioError):
    """The output of a wire cannot be the input of the next stage."""

    code = "STU306"
    problem = "composition={composition}: {source} gives {gives}, {target} takes {takes} ({reason})"
    remedy = "Put a stage between them that turns {gives} into {takes}, or change one of the contracts."

    composition: str
    source: str
    gives: str
    target: str
    takes: str
    reason: str


class StepAfterPivot(StudioError):
    """A compensatable step comes after the pivot."""

    code = "STU307"
    problem = "saga={saga} step={step} can be compensated but comes after the pivot {pivot}"
    remedy = 'Move it before {pivot}, or declare it `kind="retriable"` and drop its compensation.'

    saga: str
    step: str
    pivot: str


class InvalidCron(StudioError):
    """A job's schedule cannot be read, or never comes."""

    code = "STU308"
    problem = "service={service} job={job}: schedule {schedule!r} {reason}"
    remedy = 'Write five fields, minute hour day month weekday, such as "0 3 * * *".'

    service: str
    job: str
    schedule: str
    reason: str


class InvalidFault(StudioError):
    """A fault that cannot be."""

    code = "STU309"
    problem = "fault={fault}: {reason}"
    remedy = "See the fault's help, such as `lose?`."

    fault: str
    reason: str


class TwoOwners(StudioError):
    """Two services own an address."""

    code = "STU310"
    problem = "address={address} is an operation of {first} and of {second}"
    remedy = "Give one of them another address; a command has one owner."

    address: str
    first: str
    second: str


class AddressIsBoth(StudioError):
    """An address is a command and an event."""

    code = "STU311"
    problem = "address={address} is a command of {owner} and an event of {other}"
    remedy = (
        "Use two addresses: a command has one owner and answers, an event is published to any number of subscribers."
    )

    address: str
    owner: str
    other: str


class CompositionCycle(StudioError):
    """A composition contains itself."""

    code = "STU312"
    problem = "composition={composition} contains itself: {path}"
    remedy = "Take one of the stages out of the circle."

    composition: str
    path: str


class UnknownDefinition(StudioError):
    """Nothing of that name is declared."""

    code = "STU313"
    problem = "name={name} is not declared"
    remedy = "Nearest: {known}."

    name: str
    known: str


class StaleDefinition(StudioError):
    """A cell could not be executed again after something that it uses changed."""

    code = "STU314"
    problem = "{name} does not fit what it uses any more: {reason}"
    remedy = "Change the cell of {name} and run it again, or `%studio forget {name}`."

    name: str
    reason: str


class DeclaredTwice(StudioError):
    """Two cells or files declare a thing of the same name."""

    code = "STU315"
    problem = "{what} is declared in {first} already"
    remedy = "Give one of them another name, or `%studio forget` the other cell's declaration."

    what: str
    first: str


class DefinitionCycle(StudioError):
    """Cells or files use each other's names in a circle."""

    code = "STU316"
    problem = "{name} uses what uses {name} itself: {path}"
    remedy = 'Move what both need into a %%contracts or %%module cell; name a service by `handle("Name")`.'

    name: str
    path: str


class ServiceModuleRefused(StudioError):
    """A module imports from another service more than its handle."""

    code = "STU317"
    problem = "name={name} is inside {declared}, whose module nobody else can see"
    remedy = "Call its operations through its handle, or move what is shared into a %%module cell or a plain module."

    name: str
    declared: str
