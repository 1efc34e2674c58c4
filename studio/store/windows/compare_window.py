"""Ask two runs for what differs between them in numbers: records, sagas, promises, faults, errors, times taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from studio.store.windows.run_view import RunView

__all__ = ["SECTIONS", "Contrast", "Section", "contrasts"]

Section = Literal["records", "sagas", "violations", "faults", "errors", "calls", "handlings"]

SECTIONS: dict[Section, str] = {
    "records": "Records",
    "sagas": "Sagas by state",
    "violations": "Violations",
    "faults": "Faults that struck",
    "errors": "Errors of handlings and calls",
    "calls": "Calls, 99th percentile",
    "handlings": "Handlings, 99th percentile",
}
"""What is compared, with its title."""

ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Contrast:
    """One number in two runs.

    Attributes:
        section: What it belongs to.
        name: Of what.
        first: In the one run; None where there is no such thing.
        second: In the other.
    """

    section: Section
    name: str
    first: float | None
    second: float | None

    @property
    def is_time(self) -> bool:
        """Whether the numbers are nanoseconds, instead of counts."""
        return self.section in ("calls", "handlings")

    @property
    def differs(self) -> bool:
        """Whether they are not equal."""
        return self.first != self.second

    @property
    def change(self) -> float:
        """How much more the first is; what is missing counts as nothing."""
        return (self.first or 0) - (self.second or 0)


def contrasts(first: RunView, second: RunView) -> list[Contrast]:
    """Return all numbers of two runs side by side, equal ones too: by section, those that differ most first.

    Args:
        first: The one run.
        second: The other; of the same log or not.
    """
    left, right = _numbers(first), _numbers(second)
    found = [
        Contrast(section, name, left[section].get(name), right[section].get(name))
        for section in SECTIONS
        for name in dict.fromkeys((*left[section], *right[section]))
    ]
    order = list(SECTIONS)
    return sorted(found, key=lambda each: (order.index(each.section), not each.differs, -abs(each.change), each.name))


def _numbers(view: RunView) -> dict[Section, dict[str, float]]:
    with view.burst():
        counted = {table: float(count) for table, count in view.row.counts.items()}
        asked = {section: _asked(view, query) for section, query in _QUERIES.items()}
    return {"records": counted, **asked}


def _asked(view: RunView, query: str) -> dict[str, float]:
    return {str(name): float(value) for name, value in view.ask(query, most=ROWS_MAX).iter_rows()}


_TOOK = """
select name.text as name, s.took from (
  select name, quantile_disc(end_ns - start_ns, 0.99) as took from raw.spans where run = {{run}}
    and kind in (select id from raw.names where run = {{run}} and text in ({kinds}))
    and status not in (select id from raw.names where run = {{run}} and text = 'unfinished')
  group by name order by count(*) desc limit {{most}}
) s join raw.names name on name.run = {{run}} and name.id = s.name order by 1
"""
_QUERIES: dict[Section, str] = {
    "sagas": """
select name.text || ' ' || state.text as name, s.n from (
  select name, state, count(*) as n from (
    select arg_max(name, seq) as name, arg_max(state, seq) as state from raw.sagas where run = {run} group by saga
  ) group by all
) s
join raw.names name on name.run = {run} and name.id = s.name
join raw.names state on state.run = {run} and state.id = s.state order by 1 limit {most}
""",
    "violations": """
select name.text as name, v.n
from (select invariant, count(*) as n from raw.violations where run = {run} group by invariant) v
join raw.names name on name.run = {run} and name.id = v.invariant order by 1 limit {most}
""",
    "faults": """
select kind.text || ' ' || target.text as name, f.n
from (select kind, target, count(*) as n from raw.faults where run = {run} group by all) f
join raw.names kind on kind.run = {run} and kind.id = f.kind
join raw.names target on target.run = {run} and target.id = f.target order by n desc, 1 limit {most}
""",
    "errors": """
select kind.text || ' ' || name.text || ': ' || if(error.text = '', status.text, error.text) as name, s.n from (
  select kind, name, status, error, count(*) as n from raw.spans where run = {run}
    and kind in (select id from raw.names where run = {run} and text in ('handle', 'http', 'job', 'call', 'external'))
    and status not in (select id from raw.names where run = {run} and text in ('ok', 'unfinished'))
  group by all
) s
join raw.names kind on kind.run = {run} and kind.id = s.kind
join raw.names name on name.run = {run} and name.id = s.name
join raw.names status on status.run = {run} and status.id = s.status
join raw.names error on error.run = {run} and error.id = s.error order by n desc, 1 limit {most}
""",
    "calls": _TOOK.format(kinds="'call', 'external'"),
    "handlings": _TOOK.format(kinds="'handle', 'http', 'job'"),
}
