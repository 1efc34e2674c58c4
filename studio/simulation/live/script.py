"""Keep what is done to a world, in order, and have the log keep it: ahead of the records that come of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from studio.model.by_hand import CLOSE, Act, act_from, script_from, script_to
from studio.model.duration import shortest_ns
from studio.store import Buffer

__all__ = ["Script", "acts_kept"]


class Script:
    """The script of a played run.

    Args:
        buffer: Of the run; it hands over what is new with its next flush.
    """

    def __init__(self, buffer: Buffer) -> None:
        self._acts: list[Act] = []
        self._buffer = buffer

    def __iter__(self) -> Iterator[Act]:
        return iter(tuple(self._acts))

    @property
    def acts(self) -> tuple[Act, ...]:
        """Return the acts so far."""
        return tuple(self._acts)

    def append(self, act: Act) -> None:
        """Add an act that is about to be done."""
        self._buffer.note_act(len(self._acts), json.dumps(script_to((act,))[0]))
        self._acts.append(act)

    def rest_at(self, now_ns: int) -> None:
        """Write down that the run came to an instant, unless the next act will say so: it lies later than the last."""
        if self._acts and self._acts[-1].at_ns == now_ns:
            self.append(_until(now_ns, "advance"))

    def break_off(self, now_ns: int) -> None:
        """Write down how far the last act came, which was to wait and was interrupted."""
        act = self._acts.pop()
        if act.verb not in ("advance", "settle", "rest"):
            self.append(replace(act, waits=False))
        self.append(_until(now_ns, "advance" if act.verb == "advance" else "rest"))

    def close(self, now_ns: int) -> None:
        """Write down that the run ends as it stands."""
        self.append(Act(now_ns, CLOSE, waits=True))


def acts_kept(acts: list[str], last_ns: int) -> tuple[Act, ...]:
    """Return the script of a run that has not ended, as if it had been closed where its records end.

    Args:
        acts: As the log keeps them.
        last_ns: The last instant of its records.
    """
    script = script_from([json.loads(each) for each in acts])
    if script and script[-1].verb == CLOSE:
        return script
    return (*script, Act(max([last_ns, *(act.at_ns for act in script)]), CLOSE, waits=True))


def _until(now_ns: int, verb: str) -> Act:
    return act_from(now_ns, verb, {"until": shortest_ns(now_ns)}, waits=True)
