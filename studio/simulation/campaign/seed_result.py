"""State what a campaign keeps of one seed: numbers for all, full records where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Breach", "Latency", "SeedResult", "Strikes", "Verdict"]

Verdict = Literal["held", "failed", "error"]


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that was violated: how often, and the first row that violates it."""

    invariant: str
    mode: str
    violations: int
    first: str


@dataclass(frozen=True, slots=True)
class Strikes:
    """One fault of the plan and how often it took effect, which may be never.

    Attributes:
        fault: Its place in the plan, from 1.
        name: Kind, target and options, without times and rates; numbered where the plan has several such. What seeds
            are compared by.
        kind: Of the fault.
        target: What it strikes.
        words: The fault as a sentence.
        strikes: How often.
    """

    fault: int
    name: str
    kind: str
    target: str
    words: str
    strikes: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long calls of an address, or sagas of a name, took in virtual time."""

    kind: str  # call, saga
    name: str
    count: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    max_ns: int


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What came of one seed.

    Attributes:
        seed: Which.
        case: What decided the run besides the sources, as JSON; empty where no run was begun.
        status: How the run ended: `finished`, `stopped`, `aborted`; `none` where it was not begun.
        end_ns: Virtual time at its end.
        records: How many were written.
        sha256: Of all records in the canonical encoding.
        breaches: Invariants that were violated, by name.
        strikes: The plan's faults, in its order.
        sagas: Instances by saga and state.
        latencies: Of calls and sagas.
        unfed: Invariants that never saw data.
        promised: Promises of Studio's own that had something to look at.
        idle: Operations, event handlers and compensations that never ran.
        warnings: What the engine has to say, such as that the run did not come to rest.
        error: Code of what kept the run from its end or an invariant from being evaluated; empty for nothing.
        error_text: The same in words, on one line.
        parcel: All records, where they were asked for; not compared.
    """

    seed: int
    case: str = ""
    status: str = "none"
    end_ns: int = 0
    records: int = 0
    sha256: str = ""
    breaches: tuple[Breach, ...] = ()
    strikes: tuple[Strikes, ...] = ()
    sagas: tuple[tuple[str, str, int], ...] = ()
    latencies: tuple[Latency, ...] = ()
    unfed: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    error_text: str = ""
    parcel: bytes = field(default=b"", repr=False, compare=False)

    @property
    def verdict(self) -> Verdict:
        """Return `held`, `failed` where a promise was broken, or `error` where the run does not tell."""
        return "failed" if self.breaches else "error" if self.error else "held"
