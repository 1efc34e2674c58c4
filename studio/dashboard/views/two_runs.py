"""Two runs side by side: which ones, what differs in numbers, and the first event in which they part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from studio.dashboard.pieces.markup import act
from studio.dashboard.pieces.plain_table import Field, number, plain_table, section
from studio.observe.axis import duration, instant
from studio.records import Delivery, Message, Record
from studio.simulation.travel.alignment import NOTHING, happenings
from studio.store.windows.compare_window import SECTIONS, Contrast
from studio.store.windows.parting_window import Fork, Place, first_differing_record, first_fork, record_at

if TYPE_CHECKING:
    import polars as pl

    from studio.store.shelf import RunRow
    from studio.store.windows.run_view import RunView

__all__ = [
    "Parting", "Side", "differences", "found_parting", "parting_frame", "parting_words", "partner", "run_title",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """What one run has at the difference.

    Attributes:
        run: Number of the run.
        record: Its record; None where nothing of the kind happened.
        words: The same in words.
        trace: To which it belongs; 0 for none.
        at_ns: When; None where nothing of the kind happened.
    """

    run: int
    record: Record | None
    words: str
    trace: int
    at_ns: int | None


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two runs part.

    Attributes:
        at_ns: When.
        first: The one run's side.
        second: The other's.
        is_event: Whether events were told apart by their causal keys; else it is the first record that differs.
    """

    at_ns: int
    first: Side
    second: Side
    is_event: bool


def partner(rows: Sequence[RunRow], run: int) -> int | None:
    """Return the run to compare one with: the one before of the same scenario, else any before, else any after."""
    own = next((row for row in rows if row.run == run), None)
    others = [row for row in rows if row.run != run]
    if own is None or not others:
        return None
    before = [row.run for row in others if row.run < run]
    alike = [row.run for row in others if row.info.name == own.info.name and row.run < run]
    return max(alike or before or [others[0].run])


def run_title(row: RunRow) -> str:
    """Return a run as the chooser lists it."""
    return f"run {row.run}: {row.info.name}, seed {row.info.seed}, {row.status}, {row.records:,} records"


def differences(found: Sequence[Contrast], titles: tuple[str, str], *, is_all: bool) -> str:
    """Return what differs in numbers, as HTML.

    Args:
        found: All numbers.
        titles: Of the two runs.
        is_all: Whether equal ones are shown, too.
    """
    parts = []
    for key, title in SECTIONS.items():
        of_section = [each for each in found if each.section == key]
        rows = [each for each in of_section if is_all or each.differs]
        if not of_section:
            continue
        note = f"{sum(each.differs for each in of_section)} of {len(of_section)} differ"
        fields = (Field("What"), number(titles[0]), number(titles[1]), number(" − ".join(titles)))
        table = plain_table(fields, map(_row, rows), caption=title) if rows else "<p class='soft'>All equal.</p>"
        parts.append(section(title, table, note=note))
    return f'<div class="columns">{"".join(parts)}</div>'


def _row(each: Contrast) -> tuple[str, str, str, str]:
    say: Callable[[float], str] = (
        (lambda value: duration(int(value))) if each.is_time else (lambda value: f"{value:,.0f}")
    )
    sides = ["–" if value is None else say(value) for value in (each.first, each.second)]
    change = f"{'+' if each.change > 0 else '−'}{say(abs(each.change))}" if each.differs else "="
    return each.name, sides[0], sides[1], change


def found_parting(first: RunView, second: RunView, told: Callable[[float], bool]) -> Parting | None:
    """Return where two runs part; None where they are equal, or when it was given up.

    Args:
        first: The one run.
        second: The other.
        told: Of progress, from 0 to 1; returns whether to go on.
    """
    if first.row.sha256 and first.row.sha256 == second.row.sha256:
        return None
    is_timed = first.row.info.sources == second.row.info.sources
    goes_on = [True]

    def step(done: float) -> bool:
        goes_on[0] = goes_on[0] and told(done)
        return goes_on[0]

    fork, is_event = first_fork(first, second, is_timed=is_timed, progress=step), True
    if fork is None and goes_on[0]:
        fork, is_event = first_differing_record(first, second, progress=step), False
    return None if fork is None else _parting(first, second, fork, is_event=is_event)


def _parting(first: RunView, second: RunView, fork: Fork, *, is_event: bool) -> Parting:
    return Parting(fork.at_ns, _side(first, fork.first), _side(second, fork.second), is_event)


def _side(view: RunView, place: Place | None) -> Side:
    record = None if place is None else record_at(view, place.table, place.seq)
    if record is None or place is None:
        return Side(view.run, None, NOTHING, 0, None)
    message = _message_of(view, record)
    before = [] if message is None or isinstance(record, Message) else [message]
    told = [each.words for each in happenings([*before, record])]
    trace = int(getattr(record, "trace", 0) or (message.trace if message else 0))
    return Side(view.run, record, told[-1] if told else f"{place.table}, record {place.seq}", trace, place.at_ns)


def _message_of(view: RunView, record: Record) -> Message | None:
    """Return the message that a record is about."""
    number_ = getattr(record, "message", 0)
    if not number_ or (isinstance(record, Message) and not isinstance(record, Delivery)):
        return record if isinstance(record, Message) else None
    seqs = view.ask("select seq from raw.messages where run = {run} and message = {message} limit 1", message=number_)
    found = record_at(view, "messages", seqs["seq"][0]) if len(seqs) else None
    return found if isinstance(found, Message) else None


def parting_words(parting: Parting) -> str:
    """Return the first difference as HTML: both sides in words, and field by field."""
    first, second = parting.first, parting.second
    what = (
        "The first event that differs"
        if parting.is_event
        else "The same events happened; the first record that differs"
    )
    parts = [f"<h2>{what}, at {instant(parting.at_ns, is_fine=True)}</h2>"]
    parts += [
        f"<p><b>run {side.run}</b> {_at(side)}: {escape(side.words)} {_trace_link(side)}</p>"
        for side in (first, second)
    ]
    parts.append(_fields_table(first, second))
    return "".join(parts)


def parting_frame(parting: Parting) -> pl.DataFrame:
    """Return the first difference field by field: `field`, one column for each run, `differs`."""
    import polars as pl

    sides = (parting.first, parting.second)
    left, right = (_fields(side.record) for side in sides)
    rows = [
        (name, *(None if name not in side else str(side[name]) for side in (left, right)))
        for name in dict.fromkeys((*left, *right))
    ]
    columns = ["field", *(f"run_{side.run}" for side in sides)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return frame.with_columns(differs=pl.col(columns[1]).ne_missing(pl.col(columns[2])))


def _fields_table(first: Side, second: Side) -> str:
    """Return the fields that differ side by side, and those that do not in a line."""
    left, right = _fields(first.record), _fields(second.record)
    names = list(dict.fromkeys((*left, *right)))
    differing = [name for name in names if left.get(name) != right.get(name)]
    fields = (Field("Field"), Field(f"run {first.run}"), Field(f"run {second.run}"))
    rows = [(name, *(_value(name, side[name]) if side else "–" for side in (left, right))) for name in differing]
    table = plain_table(fields, rows, caption="Fields in which the records differ")
    alike = ", ".join(
        f"{name} {_value(name, left[name])}" for name in names if name not in differing and left[name] != ""
    )
    return table + (f'<p class="soft">Equal: {escape(alike)}.</p>' if alike else "")


def _at(side: Side) -> str:
    return "" if side.at_ns is None else f'<span class="soft">at {instant(side.at_ns, is_fine=True)}</span>'


def _trace_link(side: Side) -> str:
    return act("trace", f"Trace {side.trace}", f"{side.run}/{side.trace}", kind="plain") if side.trace else ""


def _fields(record: Record | None) -> dict[str, Any]:
    return {} if record is None else {"record": type(record).__name__, **record._asdict()}


def _value(name: str, value: Any) -> str:
    is_time = name.endswith("_ns") and isinstance(value, int)
    return f"{value:,} ns ({instant(value, is_fine=True)})" if is_time else str(value)
