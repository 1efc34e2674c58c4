"""Errors STU92x: dashboards in a browser."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["NotInRun", "NothingToActOn", "NothingToUndo", "SeedNotRun", "UnknownTab"]


class UnknownTab(StudioError):
    """A dashboard is to open on a tab that it does not have."""

    code = "STU920"
    problem = "tab={tab} is none of the dashboard's"
    remedy = "Take one of: {known}."

    tab: str
    known: str


class NothingToActOn(StudioError):
    """Somebody acts on a run that is over, or that is another world's."""

    code = "STU923"
    problem = "cannot {what} {value}: run {run} is not a world that goes on in this kernel"
    remedy = "Choose the run of the latest world, or start one: `world = studio.world(seed=7).start(speed=10)`."

    what: str
    value: str
    run: int


class NotInRun(StudioError):
    """A link names a trace, a saga instance or a message that the shown run does not have."""

    code = "STU924"
    problem = "{what}={value} is not in run {run}"
    remedy = "Close it and choose another from the list, or choose the run in which it happened."

    what: str
    value: str
    run: int


class SeedNotRun(StudioError):
    """A campaign's seed is to be run again, and came to nothing."""

    code = "STU925"
    problem = "seed={seed} left no run: {reason}"
    remedy = "Run it in a cell with its `%simulate` line, where the whole error is told."

    seed: int
    reason: str


class NothingToUndo(StudioError):
    """Faults are to be undone, or done again, where nothing was."""

    code = "STU928"
    problem = "there is nothing to {what}"
    remedy = "What is put in force, or lifted, in a dashboard or in a notebook's controls can be undone there."

    what: str
