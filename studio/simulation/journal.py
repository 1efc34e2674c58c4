"""Open the log for a run: which file, which shape, what is known of the run before it begins."""

from __future__ import annotations

import datetime as dt
import platform
import tomllib
from pathlib import Path
from typing import Any

from studio import __version__
from studio.graph.system import Build
from studio.store import Log, RunInfo, Shape, common_fields, field_types

__all__ = ["default_log", "info_of", "set_default_log"]

_DEFAULT: list[Log] = []


def default_log() -> Log:
    """Return the log that runs go to unless told otherwise.

    It is what `set_default_log` gave; else the file that the project names, in the nearest `pyproject.toml` at or above
    the working folder under `[tool.studio] log = "studio.duckdb"`; else memory.
    """
    if not _DEFAULT:
        file = _project_file(Path.cwd())
        _DEFAULT.append(Log.memory() if file is None else Log.open(file))
    return _DEFAULT[0]


def _project_file(folder: Path) -> Path | None:
    """Return the log that the project around a folder names; None where it names none."""
    for each in (folder, *folder.parents):
        project = each / "pyproject.toml"
        if project.is_file():
            try:
                named = tomllib.loads(project.read_text(encoding="utf-8")).get("tool", {}).get("studio", {}).get("log")
            except (tomllib.TOMLDecodeError, UnicodeDecodeError):
                return None  # whoever reads the project for its own sake says what is wrong with it
            return each / str(named) if named else None
    return None


def set_default_log(log: Log | Path | str | None) -> None:
    """Choose the log for this process: a file's path, a log, or None for memory."""
    _DEFAULT.clear()
    if log is not None:
        _DEFAULT.append(log if isinstance(log, Log) else Log.open(log))


def info_of(build: Build, scenario: str, seed: int) -> RunInfo:
    """Return what is known of a run before it begins."""
    return RunInfo(
        scenario=scenario,
        seed=seed,
        sources=build.digest,
        studio=__version__,
        python=platform.python_version(),
        started=dt.datetime.now(tz=dt.UTC),
        shape=_shape(build),
    )


def _shape(build: Build) -> Shape:
    graph = build.graph
    ledgers = [ledger.contract for external in graph.externals.values() for ledger in external.ledgers.values()]
    owners: list[Any] = [*graph.services.values(), *graph.externals.values()]
    collections = {
        f"{owner.name}.{name}": field_types(collection.contract)
        for owner in owners
        for name, collection in owner.collections.items()
    }
    return Shape(common_fields(ledgers), collections)
