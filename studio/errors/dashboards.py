"""Errors STU92x: dashboards in a browser."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["DashboardPort", "NoLogFile", "UnknownTab"]


class DashboardPort(StudioError):
    """A dashboard cannot listen where it was told to."""

    code = "STU920"
    problem = "host={host}, port={port}: {reason}"
    remedy = "Take another port, or 0 for one that is free."

    host: str
    port: int
    reason: str


class UnknownTab(StudioError):
    """A dashboard is to open on a tab that it does not have."""

    code = "STU921"
    problem = "tab={tab} is none of the dashboard's"
    remedy = "Take one of: {known}."

    tab: str
    known: str


class NoLogFile(StudioError):
    """A dashboard is to show a log that is not there."""

    code = "STU922"
    problem = "file={file} does not exist"
    remedy = "Name a log, or make one first: `studio simulate PATH --log {file}`."

    file: str
