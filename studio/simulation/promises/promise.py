"""A promise as a value, what it is checked against, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.graph.build import Graph
from studio.model.duration import duration_ns, format_ns
from studio.model.scenario import Scenario
from studio.store.reader import RunLog

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Evidence", "Finding", "Promise", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of checking a promise.

    Attributes:
        subjects: How many things it was checked on; none means that this run does not test it.
        rows: One for each that breaks it: `what` in words, `id`, and `at`.
    """

    subjects: int
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that holds in every run, whatever goes wrong.

    Attributes:
        name: Such as `no_message_lost`.
        summary: What holds, in one line.
        condition: When the delivery model, or the engine, gives it.
        check: Looks for what breaks it.
        needs_rest: Whether it is asked of runs that came to rest only; of a busy one `run_converges` tells.
        needs_end: Whether it is asked of scenarios only, and not of a world in the middle of its life.
    """

    name: str
    summary: str
    condition: str
    check: Callable[[Evidence], Finding]
    needs_rest: bool = False
    needs_end: bool = True


@dataclass(slots=True)
class Evidence:
    """What a promise is checked against: the log, and what was declared.

    Attributes:
        log: Of the run.
        graph: Of what ran.
        scenario: What was asked of it; None for a world that is played by hand.
        end_ns: When work stopped arriving.
        now_ns: Virtual time.
    """

    log: RunLog
    graph: Graph
    scenario: Scenario | None
    end_ns: int
    now_ns: int
    _tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pl.DataFrame:
        """Return a table of the log, with `seq`; loaded once for all promises.

        Args:
            name: One of `studio.records.TABLES`.
        """
        if name not in self._tables:
            self._tables |= self.log.tables(name)
        return self._tables[name]

    def rows(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Return columns of a table, row by row: folded in Python, a short run is judged ten times sooner.

        Args:
            name: One of `studio.records.TABLES`.
            columns: Of it.
        """
        table = self.table(name)
        return zip(*(table[column].to_list() for column in columns), strict=True)

    @property
    def bound_ns(self) -> int | None:
        """Return how long an event may wait, where the scenario bounds it."""
        stated = "" if self.scenario is None else self.scenario.queue_age
        return duration_ns(stated) if stated else None


def broken(what: str, id_: object, at_ns: int, **more: Any) -> dict[str, Any]:
    """Return a row that says what breaks a promise.

    Args:
        what: In words.
        id_: Of the message or instance.
        at_ns: Virtual time at which it broke, or began to.
        more: Whatever else helps.
    """
    return {"what": what, "id": id_, "at": format_ns(at_ns), **more}
