"""Errors STU6xx: the log."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "BadParcel",
    "InvalidQuery",
    "LogFull",
    "LogLocked",
    "LogMissing",
    "LogUnwritable",
    "LogVersion",
    "NotALog",
    "QueryWrites",
    "UnknownRun",
    "UnknownView",
    "WindowTooLarge",
]


class LogLocked(StudioError):
    """Another process kept the log's file open for longer than we wait."""

    code = "STU601"
    problem = "file={file} is in use by {holder}"
    remedy = "Close it there (or end that process), then try again; what was recorded here is kept."

    file: str
    holder: str


class LogVersion(StudioError):
    """The log's file has a form that this version of Studio does not know."""

    code = "STU602"
    problem = "file={file} has form {found}, and this version of Studio knows forms up to {known}"
    remedy = "Update Studio, or keep runs in another file; the file was not changed."

    file: str
    found: str
    known: int


class NotALog(StudioError):
    """The file holds something else than Studio's log."""

    code = "STU603"
    problem = "file={file} is not a log of Studio ({reason})"
    remedy = "Name another file, or move this one away; it was not changed."

    file: str
    reason: str


class LogUnwritable(StudioError):
    """The disk is full, or the file cannot be read or written."""

    code = "STU604"
    problem = "file={file} cannot be read or written ({reason}); records={records} are kept in memory"
    remedy = (
        "Make room, then flush again; or save them elsewhere with `spill(path)`. What was written before is intact."
    )

    file: str
    reason: str
    records: int


class InvalidQuery(StudioError):
    """An author's query is wrong."""

    code = "STU605"
    problem = "{message}{excerpt}"
    remedy = "{advice}"

    message: str
    excerpt: str
    advice: str
    line: int


class QueryWrites(StudioError):
    """An author's query would change something."""

    code = "STU606"
    problem = "statement={statement} is refused: a run's log is only read"
    remedy = "Write one `select` over the views: {views}."

    statement: str
    views: str


class UnknownRun(StudioError):
    """A run is not in the log."""

    code = "STU607"
    problem = "run={run} is not in the log"
    remedy = "Use one of: {known}."

    run: int
    known: str


class LogFull(StudioError):
    """The log could not be written for so long that more must not be kept in memory."""

    code = "STU608"
    problem = "records={records} wait in memory, the most that is kept: {reason}"
    remedy = "Save them with `spill(path)`, mend the cause, and run again."

    records: int
    reason: str


class UnknownView(StudioError):
    """A table or collection of the log is asked for that does not exist."""

    code = "STU609"
    problem = "view={view} does not exist"
    remedy = "Nearest: {candidates}."

    view: str
    candidates: str


class BadParcel(StudioError):
    """A file does not hold records that were saved beside a log."""

    code = "STU610"
    problem = "file={file} holds no saved records ({reason})"
    remedy = "Name a file that `spill(path)` or `pack()` wrote."

    file: str
    reason: str


class LogMissing(StudioError):
    """A log is to be looked at that nobody has written yet."""

    code = "STU611"
    problem = "file={file} does not exist"
    remedy = "Name a log that holds runs: `studio simulate … --log FILE` or `[tool.studio] log` in pyproject.toml."

    file: str


class WindowTooLarge(StudioError):
    """What a page asks of the log does not fit into memory."""

    code = "STU612"
    problem = "the window is too large for this machine's memory ({reason})"
    remedy = "Choose a shorter stretch of time, or a filter; the log is as it was."

    reason: str
