"""Say runs, worlds and filters in the words of the bar; nothing here knows a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from studio.dashboard.desk import Desk
from studio.observe.axis import instant
from studio.store.holder import is_abandoned

if TYPE_CHECKING:
    from studio.simulation.world import World
    from studio.store.shelf import RunRow

__all__ = ["chips", "corner", "found_runs", "row_of", "run_words", "world_words"]

_FOUND_MAX = 200


def run_words(row: RunRow, *, is_live: bool) -> dict[str, Any]:
    """Return what the selector shows of a run."""
    return {
        "run": row.run,
        "name": row.info.name,
        "seed": row.info.seed,
        "status": "live" if is_live else "cut off" if is_abandoned(row) else row.status,
        "records": f"{row.records:,}",
    }


def found_runs(desk: Desk, text: str) -> list[dict[str, Any]]:
    """Return the runs that have all words of a text in what is shown of them, newest first; `seed 7` is one word."""
    words = re.sub(r"seed\s+(?=\d)", "seed=", text.lower()).split()
    found = []
    for row in reversed(desk.rows):
        shown = run_words(row, is_live=desk.feed.is_live_run(row.run))
        said = f"#{shown['run']} {shown['name']} seed={shown['seed']} {shown['status']} ".lower()
        if all(f"{word} " in said if word.startswith("seed=") else word in said for word in words):
            found.append(shown)
        if len(found) == _FOUND_MAX:
            break
    return found


def world_words(world: World) -> dict[str, Any]:
    """Return what the bar shows of a world that can be acted on."""
    return {"state": world.state, "speed": world.speed, "now": instant(world.now_ns)}


def corner(row: RunRow | None, world: World | None) -> list[str]:
    """Return the words at the foot: scenario, seed, virtual time, records, digest of the sources."""
    if row is None:
        return ["no run yet"]
    end_ns = world.now_ns if world is not None else row.end_ns
    time = [f"t = {instant(end_ns)}"] if end_ns else []
    digest = [f"sources {row.info.sources[:8]}"] if row.info.sources else []
    return [f"run {row.run}", row.info.name, f"seed {row.info.seed}", *time, f"{row.records:,} records", *digest]


def chips(desk: Desk) -> list[dict[str, Any]]:
    """Return the filters that all tabs obey, each with the names of the parameters that it takes back."""
    titles = {"service": "service", "address": "address", "source": "from", "saga": "saga"}
    found: list[dict[str, Any]] = [
        {"names": [name], "title": title, "value": getattr(desk, name)}
        for name, title in titles.items()
        if getattr(desk, name)
    ]
    if desk.from_ns is not None or desk.until_ns is not None:
        found.append(
            {"names": ["from_ns", "until_ns"], "title": "time", "value": _stretch(desk.from_ns, desk.until_ns)}
        )
    return found


def _stretch(from_ns: int | None, until_ns: int | None) -> str:
    start = "start" if from_ns is None else instant(from_ns)
    return f"{start} – {'end' if until_ns is None else instant(until_ns)}"


def row_of(rows: Sequence[RunRow], run: int | None) -> RunRow | None:
    """Return the row of a run; None where it is not there."""
    return next((row for row in reversed(rows) if row.run == run), None)
