"""Errors STU92x: dashboards in a browser."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["UnknownTab"]


class UnknownTab(StudioError):
    """A dashboard is to open on a tab that it does not have."""

    code = "STU920"
    problem = "tab={tab} is none of the dashboard's"
    remedy = "Take one of: {known}."

    tab: str
    known: str
