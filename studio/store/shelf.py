"""Say what keeps runs: in a file or in memory, a shelf takes batches and gives rows back."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from studio.store.columns import Batch

__all__ = ["Acts", "RunInfo", "RunRow", "Shape", "Shelf", "Status", "Stretch", "shape_json", "shape_of"]

Status = Literal["running", "finished", "stopped", "interrupted", "aborted"]


Acts = tuple[int, list[str]]
"""Acts of a world's script, as JSON each, and the place of the first of them in it, from 0."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the authors' JSON holds: which columns SQL shows for ledgers and collections, though no row be there.

    Args:
        ledger_fields: Field of any ledger's contract to DuckDB type, as `field_types` gives them.
        collections: `Service.collection` to the fields of its contract.
    """

    ledger_fields: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What is known of a run when it begins.

    Args:
        scenario: Name; empty for a world that is played by hand.
        seed: Of the run.
        sources: Digest of everything that determines the run but scenario and seed.
        studio: Version of Studio.
        python: Version of Python.
        started: On the caller's wall clock, UTC.
        shape: Of the authors' JSON.
        case: What decided the run besides the sources, as JSON; of a world it is whole once it has ended.
        topology: The system's nodes and edges, as JSON; empty where a log was written before they were kept.
    """

    scenario: str
    seed: int
    sources: str
    studio: str
    python: str
    started: datetime
    shape: Shape = field(default_factory=Shape)
    case: str = ""
    topology: str = ""

    @property
    def name(self) -> str:
        """What to call the run: its scenario, `evening (world)` where a world began from one, else `world`."""
        if self.scenario or not self.case:
            return self.scenario or "world"
        began = _scenario_in(self.case)
        return f"{began} (world)" if began else "world"


@functools.lru_cache(maxsize=256)
def _scenario_in(case: str) -> str:
    """Return the scenario that a case names; kept, since a world's case holds all that was done to it."""
    try:
        return str(json.loads(case)["scenario"])
    except (ValueError, KeyError, TypeError):  # of another version of Studio
        return ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the log lists it.

    Attributes:
        run: Its number in the log.
        info: What was known when it began.
        status: `running` until it ended; a run whose process died stays so.
        end_ns: Engine time at its end; 0 while it runs.
        records: How many are in the log.
        counts: Records by table.
        sha256: Of the canonical encoding; empty until somebody asked for it.
        holder: The process that began it, as `studio.store.holder` words it; empty in memory.
    """

    run: int
    info: RunInfo
    status: Status
    end_ns: int
    records: int
    counts: Mapping[str, int]
    sha256: str
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows as they lie on the shelf: raw frames by table, the run's names, and how far the run was written."""

    frames: Mapping[str, pl.DataFrame]
    names: pl.Series
    records: int


class Shelf(Protocol):
    """Keep runs. Every method is atomic: an error leaves what was there."""

    def begin(self, info: RunInfo) -> int:
        """Open a run and return its number."""
        ...

    def append(self, run: int, batch: Batch, acts: Acts | None = None) -> None:
        """Add a batch; one that is in already is passed over, so appending again after an error is safe.

        Args:
            run: Number.
            batch: Of its records.
            acts: What is kept along with it, as `keep_acts` would: one transaction costs half of two.
        """
        ...

    def finish(self, run: int, status: Status, end_ns: int, sha256: str) -> None:
        """Close a run."""
        ...

    def keep_case(self, run: int, case: str) -> None:
        """Keep what repeats a run, as JSON, instead of what was known when it began and of all single acts."""
        ...

    def keep_acts(self, run: int, acts: Acts) -> None:
        """Keep what is done to a world that goes on, instead of what was kept from the first of these acts on."""
        ...

    def acts(self, run: int) -> list[str]:
        """Return what was done to a world, in order; nothing where it has ended: its case holds all of it."""
        ...

    def impatient(self) -> Shelf:
        """Return the same shelf for somebody who does not wait while another process holds it."""
        ...

    def rows(self) -> list[RunRow]:
        """List the runs, oldest first."""
        ...

    def row(self, run: int) -> RunRow:
        """Return one run.

        Raises:
            UnknownRun: It is not here.
        """
        ...

    def delete(self, runs: list[int]) -> None:
        """Forget runs with all their records."""
        ...

    def add_campaign(self, frames: Mapping[str, pl.DataFrame]) -> int:
        """Keep a campaign's tables, all of them or none, and return its number."""
        ...

    def campaign(self, number: int) -> Mapping[str, pl.DataFrame]:
        """Return the tables of a campaign.

        Raises:
            UnknownCampaign: It is not here.
        """
        ...

    def read(self, run: int, wanted: Mapping[str, int], until: int | None = None) -> Stretch:
        """Return raw rows.

        Args:
            run: Number.
            wanted: Table to the first sequence number that is wanted.
            until: Sequence number to stop before; None for all.
        """
        ...


def shape_json(shape: Shape) -> str:
    """Write a shape down."""
    return json.dumps([dict(shape.ledger_fields), {name: dict(fields) for name, fields in shape.collections.items()}])


def shape_of(text: str) -> Shape:
    """Read a shape that `shape_json` wrote."""
    ledger_fields, collections = json.loads(text)
    return Shape(ledger_fields, collections)
