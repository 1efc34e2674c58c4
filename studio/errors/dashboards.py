"""Errors STU92x: dashboards in a browser."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["NothingToUndo", "UnknownTab"]


class UnknownTab(StudioError):
    """A dashboard is to open on a tab that it does not have."""

    code = "STU920"
    problem = "tab={tab} is none of the dashboard's"
    remedy = "Take one of: {known}."

    tab: str
    known: str


class NothingToUndo(StudioError):
    """Faults are to be undone, or done again, where nothing was."""

    code = "STU928"
    problem = "there is nothing to {what}"
    remedy = "What is put in force, or lifted, in a dashboard or in a notebook's controls can be undone there."

    what: str
