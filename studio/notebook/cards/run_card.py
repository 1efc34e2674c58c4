"""Make the cards of what has been done: a run, an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.notebook.cards.card import Card, Cell, Lines, Section, Span, Table, code, muted, words
from studio.notebook.cards.wording import count

if TYPE_CHECKING:
    from studio.export.report import Report
    from studio.simulation.run import Run

__all__ = ["export_card", "run_card"]


def run_card(run: Run) -> Card:
    """Return the card of a run: its verdict, what happened how often, which faults struck, how to replay it."""
    summary = run.summary()
    shown = [count(number, name.rstrip("s"), name) for name, number in summary.counts if number]
    faults = tuple((words(text), words(count(number, "time"))) for text, number in summary.faults)
    sagas = tuple((words(state), words(f"{number:,}")) for state, number in summary.sagas)
    failures = tuple((code(error), words(count(number, "span"))) for error, number in summary.failures)
    sections: tuple[Section, ...] = (
        Table("Invariants", ("Name", "Verdict"), tuple((code(name), _verdict(n)) for name, n in summary.violations)),
        Table("Sagas", ("Ended", "Instances"), sagas),
        Table("Faults", ("What went wrong", "Struck"), faults),
        Table("Errors", ("Error", "Seen in"), failures),
        Lines("Recorded", (words(", ".join(shown)),) if shown else ()),
    )
    broken = sum(1 for _, number in summary.violations if number)
    verdict = words(f"✗ broke {count(broken, 'promise')}", "error") if broken else ()
    facts = (Span(f"seed {run.seed}"), Span(f"{summary.ended} of virtual time"), *_status(run), *verdict)
    return Card("run", run.scenario or "world", facts, sections=sections, notes=_notes(run, is_fine=summary.is_fine))


def export_card(report: Report) -> Card:
    """Return the card of an export: the folder, what became of its files, what to look at, what to do next."""
    written = report.written
    rows: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("written", written.written),
        ("as they were", written.unchanged),
        ("removed: not part of the system any more", written.removed),
        ("kept: edited by hand (--force overwrites them)", written.kept),
        ("kept: edited by hand, though not part of the system any more", written.left),
    )
    table = tuple((words(f"{len(paths):,}"), words(what), _paths(paths)) for what, paths in rows if paths)
    sections: tuple[Section, ...] = (
        Table("", ("Files", "What became of them", "Which"), table),
        Lines("Replayed by its tests", (words(", ".join(report.scenarios)),) if report.scenarios else ()),
        Lines("Look at", tuple((*words("▲ ", "warning"), *words(each)) for each in report.warnings)),
        Lines("Next", (code(f"cd {report.folder} && make test && make serve"),)),
    )
    return Card("export", report.name, (Span(str(report.folder), "code"),), sections=sections)


def _verdict(number: int) -> Cell:
    return words(f"✗ {count(number, 'violation')}", "error") if number else words("✓ held", "good")


def _status(run: Run) -> Cell:
    return () if run.status == "finished" else words(run.status, "warning")


def _notes(run: Run, *, is_fine: bool) -> tuple[str, ...]:
    replay: tuple[str, ...] = ()
    declared = run.build.graph.scenarios.get(run.scenario)
    if declared is not None and run.plan == tuple(declared.faults):
        replay = (f"Replay: %simulate {run.scenario} --seed {run.seed}",)
    elif run.scenario:
        replay = (f'Replay: studio.simulate("{run.scenario}", seed={run.seed}, faults=run.plan)',)
    trace = () if is_fine else ("Look closer: %trace, or run.violations",)
    return (*replay, *trace)


def _paths(paths: tuple[str, ...], most: int = 6) -> Cell:
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return (*code(", ".join(paths[:most])), *muted(more))
