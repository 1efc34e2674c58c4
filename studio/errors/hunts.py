"""Errors STU590 to STU595: hunting for counterexamples."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "InvalidBudget",
    "NothingToHunt",
    "UnknownFaultKind",
    "UnknownInvariant",
]


class UnknownFaultKind(StudioError):
    """A hunt was asked for a kind of fault that it cannot make."""

    code = "STU590"
    problem = "kind={kind} is no kind of fault that a hunt can make"
    remedy = "Name one that it can. Nearest: {known}."

    kind: str
    known: str


class UnknownInvariant(StudioError):
    """A hunt was asked to break an invariant that is not there."""

    code = "STU591"
    problem = "invariant={name} is not declared"
    remedy = "Declare it in an %%invariant cell, or name one that is. Nearest: {known}."

    name: str
    known: str


class NothingToHunt(StudioError):
    """A hunt has nothing to break: no work arrives, or nothing is promised."""

    code = "STU592"
    problem = "scenario={scenario} cannot be hunted: {reason}"
    remedy = "{remedy_text}"

    scenario: str
    reason: str
    remedy_text: str


class InvalidBudget(StudioError):
    """A hunt's budget is none."""

    code = "STU593"
    problem = "{budget} is no budget for a hunt"
    remedy = 'Give at least one run (`runs=200`), or a time of the machine (`duration="60s"`).'

    budget: str
