"""Errors STU8xx: the real engine."""

from __future__ import annotations

from studio.errors.message_handling import StorageUnavailable
from studio.errors.studio_error import StudioError

__all__ = [
    "AddressInUse",
    "DatabaseDamaged",
    "DatabaseInUse",
    "DatabaseLocked",
    "DatabaseVersion",
    "DiskFull",
    "ForeignDatabase",
    "UnreadableSecret",
    "UnusableDatabase",
]


class DatabaseLocked(StorageUnavailable):
    """Another process holds the database's write lock for longer than we wait."""

    code = "STU801"
    problem = "database={file} is locked by another process; space={space} waited {waited}"
    remedy = "End what writes to it (a shell, a backup, a copy of this service) and retry; nothing was written."

    file: str
    waited: str


class DatabaseInUse(StudioError):
    """Another process serves from this database."""

    code = "STU802"
    problem = "database={file} is served by another process (pid={pid})"
    remedy = "Stop that one, or give this one a database of its own."

    file: str
    pid: str


class DiskFull(StorageUnavailable):
    """The disk, or the database's own limit, is full."""

    code = "STU803"
    problem = "database={file}: no room left to write for space={space}"
    remedy = "Make room on the disk; nothing was written, and what was committed before is kept."

    file: str


class DatabaseDamaged(StorageUnavailable):
    """What is in a database's file cannot be read as one."""

    code = "STU808"
    problem = "database={file} is damaged ({reason}); space={space}"
    remedy = "Stop, keep a copy of the file, and restore a backup; `sqlite3 {file} .recover` saves what can be saved."

    file: str


class ForeignDatabase(StudioError):
    """A file is no database, or not one of ours."""

    code = "STU804"
    problem = "database={file} was not made by Studio ({reason})"
    remedy = "Name another file; this one is left as it is."

    file: str
    reason: str


class DatabaseVersion(StudioError):
    """A database was written by a later version of Studio."""

    code = "STU805"
    problem = "database={file} has version {found}, this Studio knows up to {known}"
    remedy = "Run it with the version of Studio that wrote it, or a later one."

    file: str
    found: int
    known: int


class UnusableDatabase(StudioError):
    """A database cannot be opened."""

    code = "STU806"
    problem = "database={file} cannot be opened ({reason})"
    remedy = "Check that the folder exists and may be written to."

    file: str
    reason: str


class UnreadableSecret(StudioError):
    """A secret's file cannot be read."""

    code = "STU807"
    problem = "{variable} names a file that cannot be read ({reason})"
    remedy = "Mount the secret there, or set {name} itself."

    variable: str
    name: str
    reason: str


class AddressInUse(StudioError):
    """The server cannot listen at the host and port."""

    code = "STU810"
    problem = "host={host} port={port} cannot be listened at ({reason})"
    remedy = "Stop what listens there, or give another `--port`; 0 takes a free one."

    host: str
    port: int
    reason: str
