"""Errors STU510 to STU519, time travel, and STU596 to STU599, counterexamples: what cannot be gone back to, or kept."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "ForkDiffers",
    "InvalidCounterexample",
    "NoSuchMoment",
    "NotForkable",
    "NothingBroken",
    "UnknownCounterexample",
]


class NoSuchMoment(StudioError):
    """A run was asked for a moment that it does not have."""

    code = "STU510"
    problem = "at={at} is no moment of this run: {reason}"
    remedy = 'Give a time ("12.5s"), a place among its records (0 to {last}), or an id of `run.messages` ("message 7").'

    at: str
    reason: str
    last: int


class ForkDiffers(StudioError):
    """The way to the moment of a fork was another this time, so that what comes after it proves nothing."""

    code = "STU511"
    problem = "the run differs before at={at}, at record {seq}: {before} before, {after} now"
    remedy = "Fork with the sources that the run had, or later faults: what strikes before the moment changes the way."

    at: str
    seq: int
    before: str
    after: str


class NotForkable(StudioError):
    """A run that cannot be run again, since not all that decided it is known."""

    code = "STU512"
    problem = "{what} cannot be run again: {reason}"
    remedy = "Take a run of `studio.simulate(...)` that was finished."

    what: str
    reason: str


class NothingBroken(StudioError):
    """A counterexample was asked of a run that kept the promise."""

    code = "STU596"
    problem = "invariant={invariant} was not broken in this run of scenario={scenario}"
    remedy = "Name one that it broke: `run.violations` lists them."

    invariant: str
    scenario: str


class InvalidCounterexample(StudioError):
    """A kept counterexample that cannot be read."""

    code = "STU597"
    problem = "counterexample={text} cannot be read: {reason}"
    remedy = "Give what `Counterexample.save` wrote, unchanged, or delete the file and hunt again."

    text: str
    reason: str


class UnknownCounterexample(StudioError):
    """A counterexample was named that is not kept."""

    code = "STU598"
    problem = "counterexample={name} is not kept here"
    remedy = "Use one of {known}, or the path of a JSON file that `Counterexample.save` wrote."

    name: str
    known: str
