"""Open the log for a run: which file, which shape, what is known of the run before it begins."""

from __future__ import annotations

import datetime as dt
import platform
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import __version__
from studio.graph.build import Graph
from studio.graph.system import Build
from studio.graph.topology_text import topology_json
from studio.store import Difference, Log, RunInfo, Shape, common_fields, field_types
from studio.store import compare as compare_logs

if TYPE_CHECKING:
    import polars as pl

    from studio.simulation.case import Case
    from studio.simulation.run import Run

__all__ = [
    "case_in",
    "case_of",
    "compare",
    "default_log",
    "delete_runs",
    "info_of",
    "project_log",
    "runs",
    "set_default_log",
    "shape_of",
    "use_project_log",
]

_DEFAULT: list[Log] = []


def default_log() -> Log:
    """Return the log that runs go to unless told otherwise.

    It is what `set_default_log` gave; else the file that the project names, in the nearest `pyproject.toml` at or above
    the working folder under `[tool.studio] log = "studio.duckdb"`; else memory.
    """
    if not _DEFAULT:
        file = project_log(Path.cwd())
        _DEFAULT.append(Log.memory() if file is None else Log.open(file))
    return _DEFAULT[0]


def use_project_log(path: Path) -> None:
    """Choose the log that the project around a notebook or folder names; nothing changes where it names none."""
    place = path.resolve()
    file = project_log(place if place.is_dir() else place.parent)
    if file is not None:
        set_default_log(file)


def runs() -> pl.DataFrame:
    """List the recorded runs, oldest first: number, scenario, seed, status, virtual seconds, records, when it started.

    Example:
        studio.runs()
    """
    import polars as pl

    rows = default_log().runs()
    return pl.DataFrame(
        {
            "run": [row.run for row in rows],
            "scenario": [row.info.scenario or "world" for row in rows],
            "seed": [row.info.seed for row in rows],
            "status": [row.status for row in rows],
            "end_s": [row.end_ns / 1e9 for row in rows],
            "records": [row.records for row in rows],
            "started": [row.info.started for row in rows],
        },
        schema_overrides={"run": pl.Int64, "seed": pl.Int64, "end_s": pl.Float64, "records": pl.Int64},
    )


def compare(first: Run | int, second: Run | int) -> Difference | None:
    """Return the first record in which two runs differ; None when they are equal.

    Args:
        first: A run, or its number in `runs()`.
        second: Another.

    Example:
        studio.compare(broken, mended)
    """
    log = default_log()
    one = log.run(first) if isinstance(first, int) else first.log
    other = log.run(second) if isinstance(second, int) else second.log
    return compare_logs(one, other)


def case_of(run: int) -> Case | None:
    """Return what a recorded run was given, to run it again, worlds with all that was done to them.

    Of a world that is still played, or whose process was killed, it goes as far as the log does: run again, it gives
    the records that are there, and what was left unfinished. None where nothing is known of it.

    Args:
        run: Its number in `runs()`.

    Raises:
        UnknownRun: It is not there.

    Example:
        studio.simulate(studio.case_of(7))
    """
    return case_in(default_log(), run)


def case_in(log: Log, run: int) -> Case | None:
    """Return what a run in some log was given; see `case_of`.

    Raises:
        UnknownRun: It is not there.
    """
    from studio.simulation.case import Case
    from studio.simulation.live.script import acts_kept

    row = log.shelf.row(run)
    case = Case.from_json(row.info.case) if row.info.case else None
    if case is None or case.script or row.status != "running" or row.info.scenario:
        return case
    last_ns = log.run(run).window().span_ns[1]  # first: what is done meanwhile then comes after it
    script = acts_kept(log.shelf.acts(run), last_ns)
    return replace(case, script=script, duration_ns=script[-1].at_ns)


def delete_runs(*numbers: int) -> None:
    """Forget recorded runs, all of those named or none.

    Raises:
        UnknownRun: One of them is not there.
    """
    default_log().delete(*numbers)


def project_log(folder: Path) -> Path | None:
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


def info_of(build: Build, scenario: str, seed: int, case: Case | None = None) -> RunInfo:
    """Return what is known of a run before it begins; with case and system, so that the file alone can tell of it."""
    return RunInfo(
        scenario=scenario,
        seed=seed,
        sources=build.digest,
        studio=__version__,
        python=platform.python_version(),
        started=dt.datetime.now(tz=dt.UTC),
        shape=shape_of(build),
        case=case.as_json() if case is not None else "",
        topology=topology_json(build.graph),
    )


def shape_of(*builds: Build) -> Shape:
    """Return the columns of what builds write one after the other in the same run; the later one says what they are."""
    shapes = [_shape(each.graph) for each in dict.fromkeys(builds)]
    ledger_fields = {name: kind for shape in shapes for name, kind in shape.ledger_fields.items()}
    return Shape(ledger_fields, {name: kinds for shape in shapes for name, kinds in shape.collections.items()})


def _shape(graph: Graph) -> Shape:
    ledgers = [ledger.contract for external in graph.externals.values() for ledger in external.ledgers.values()]
    owners: list[Any] = [*graph.services.values(), *graph.externals.values()]
    collections = {
        f"{owner.name}.{name}": field_types(collection.contract)
        for owner in owners
        for name, collection in owner.collections.items()
    }
    return Shape(common_fields(ledgers), collections)
