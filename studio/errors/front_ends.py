"""Errors STU9xx: notebook and command line."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "BadMagic",
    "EmptyCell",
    "FileUnwritable",
    "MissingExtra",
    "NothingDeclared",
    "NothingRun",
    "UnknownChoice",
    "UnknownMagic",
]


class FileUnwritable(StudioError):
    """The machine refuses a file that a command reads or writes."""

    code = "STU911"
    problem = "file={file}: {reason}"
    remedy = "Name another file, or make its folder."

    file: str
    reason: str


class BadMagic(StudioError):
    """A magic's line lacks a word, or has one too many."""

    code = "STU901"
    problem = "%{magic}: {reason}"
    remedy = "Write `{usage}`."

    magic: str
    reason: str
    usage: str


class UnknownMagic(StudioError):
    """A magic does not exist, at least not in this form."""

    code = "STU902"
    problem = "magic={magic} does not exist"
    remedy = "{advice}"

    magic: str
    advice: str


class EmptyCell(StudioError):
    """A cell has nothing below its magic line."""

    code = "STU903"
    problem = "{magic} has nothing below it"
    remedy = "Write the body below the magic line; `{magic}?` shows how."

    magic: str


class NothingRun(StudioError):
    """A trace is asked for before anything was run."""

    code = "STU904"
    problem = "nothing has been run yet, so there is no trace"
    remedy = "Run a scenario, `%simulate NAME`, or play with `world = studio.world(seed=7)`, then ask again."


class NothingDeclared(StudioError):
    """Something is wanted of a system in which nothing is declared."""

    code = "STU905"
    problem = "{wanted}: nothing is declared yet"
    remedy = "Declare a service first: a cell that begins with `%%service NAME`."

    wanted: str


class MissingExtra(StudioError):
    """A part of Studio that was not installed is needed."""

    code = "STU910"
    problem = "{what} is not installed"
    remedy = "pip install 'service-studio[{extra}]'"

    what: str
    extra: str


class UnknownChoice(StudioError):
    """An option of the command line has a value that it does not know."""

    code = "STU912"
    problem = "{option}={value} is none of {known}"
    remedy = "Give {option} one of: {known}."

    option: str
    value: str
    known: str
