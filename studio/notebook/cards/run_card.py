"""Make the cards of what has been done: a run, an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.errors import in_words
from studio.notebook.cards.card import Card, Cell, Lines, Section, Span, Style, Table, code, muted, words
from studio.notebook.cards.wording import count
from studio.simulation.summary import Summary, some

if TYPE_CHECKING:
    from studio.export.report import Report
    from studio.simulation.run import Run

__all__ = ["export_card", "run_card", "summary_card"]


def run_card(run: Run) -> Card:
    """Return the card of a run: its summary's."""
    return summary_card(run.summary())


def summary_card(summary: Summary) -> Card:
    """Return the card of a run in a few numbers: its verdict, what struck, what never ran, how to replay it."""
    shown = [count(number, name.rstrip("s"), name) for name, number in summary.counts if number]
    faults = tuple((words(text), words(count(number, "time"))) for text, number in summary.faults)
    sagas = tuple((words(state), words(f"{number:,}")) for state, number in summary.sagas)
    failures = tuple((code(in_words(error)), words(count(number, "span"))) for error, number in summary.failures)
    under_way = [f"{number} × {name}" for name, number in summary.unfinished]
    sections: tuple[Section, ...] = (
        Lines("", tuple((*words("▲ ", "warning"), *words(each)) for each in (*summary.warnings, *summary.notes))),
        Table(
            "Invariants",
            ("Name", "Verdict"),
            tuple((code(name), _verdict(summary, name)) for name, _ in summary.violations),
        ),
        Table("Sagas", ("Ended", "Instances"), sagas),
        Table("Faults", ("What went wrong", "Struck"), faults),
        Table("Errors", ("Error", "Seen in"), failures),
        Lines("Under way at the end", (words(some(under_way)),) if under_way else ()),
        Lines("Never ran", (code(some(summary.idle)),) if summary.idle else ()),
        Lines("Recorded", (words(", ".join(shown)),) if shown else ()),
    )
    broken = sum(1 for _, number in summary.violations if number)
    verdict = words(f"✗ broke {count(broken, 'promise')}", "error") if broken else ()
    facts = (Span(f"seed {summary.seed}"), Span(f"{summary.ended} of virtual time"), *_status(summary), *verdict)
    return Card("run", summary.scenario or "world", facts, sections=sections, notes=_notes(summary))


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


def _verdict(summary: Summary, invariant: str) -> Cell:
    text = summary.verdict(invariant)
    return words(text, _STYLES.get(text[0], "plain"))


_STYLES: dict[str, Style] = {"✗": "error", "✓": "good", "?": "warning"}


def _status(summary: Summary) -> Cell:
    return () if summary.status == "finished" else words(summary.status, "warning")


def _notes(summary: Summary) -> tuple[str, ...]:
    replay = (f"Replay: {summary.replay}",) if summary.replay else ()
    return replay if summary.is_fine else (*replay, "Look closer: %trace, or run.violations")


def _paths(paths: tuple[str, ...], most: int = 6) -> Cell:
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return (*code(", ".join(paths[:most])), *muted(more))
