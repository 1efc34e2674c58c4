"""Apply a fault plan: at each occasion say which fault strikes, if any, and record that it did.

The plan is data (`studio.model.fault`); the engine asks here at the places where something can go wrong. Whether a
fault with a probability strikes is hashed from seed, fault and the message's causal key, so that one more message
elsewhere, or one fault less, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from studio.address import matches, parse, pattern
from studio.errors import StudioError
from studio.model.fault import Crash, CrashPoint, Down, Duplicate, Fault, Latency, Lose, Timeout, plan_to
from studio.ports import Recorder
from studio.records import FaultStrike
from studio.simulation.loop import VirtualLoop
from studio.simulation.randomness import mix, share, stable_key

__all__ = ["Harm"]

Kind = TypeVar("Kind", bound=Fault)

# Which legs a fault means by what its author calls a leg. To an author the way of an event to its consumer is the
# request; that of an event to the broker is `publish`.
_LEGS = {
    "request": ("request", "delivery"),
    "reply": ("reply",),
    "acknowledgement": ("acknowledgement",),
    "publish": ("publish",),
    "both": ("request", "delivery", "reply"),
}
_NOT_RUN = ("request", "publish")


class Harm:
    """A plan in force.

    Args:
        plan: Faults; their place in it, from 1, is how records name them.
        loop: Whose time decides which windows are open.
        seed: Of the run.
        recorder: Where strikes are written; None when recording is off.
    """

    def __init__(self, plan: Sequence[Fault], loop: VirtualLoop, seed: int, recorder: Recorder | None) -> None:
        self.plan: tuple[Fault, ...] = ()
        self.has_points = self.on_messages = False
        self._loop, self._seed, self._recorder = loop, seed, recorder
        self._occasions: dict[int, int] = {}
        self._struck: dict[tuple[int, int], int] = {}
        self._numbered: list[tuple[int, Fault]] = []
        self._keys: dict[int, int] = {}
        self._memo: dict[tuple[int, str], bool] = {}
        for fault in plan:
            self.add(fault)

    @property
    def crashes(self) -> list[tuple[int, Crash]]:
        """Return the crashes at fixed instants, with their numbers."""
        return [(number, fault) for number, fault in self._numbered if isinstance(fault, Crash)]

    def add(self, fault: Fault) -> int:
        """Put one more fault in force and return its number."""
        # Draws hang on what the fault is, not on its number: taking another out of the plan must not redraw it.
        alike = self.plan.count(fault)
        self.plan = (*self.plan, fault)
        number = len(self.plan)
        self._keys[number] = mix(stable_key(json.dumps(plan_to((fault,)), sort_keys=True)), alike)
        self._numbered.append((number, fault))
        self.has_points = self.has_points or isinstance(fault, CrashPoint)
        self.on_messages = self.on_messages or isinstance(fault, (Latency, Lose, Duplicate, Down, Timeout))
        return number

    def point(self, point: str, subject: str, owner: str, *, causal: int = 0, message: int = 0) -> CrashPoint | None:
        """Return the crash that strikes at a point.

        Args:
            point: One of `studio.model.fault.POINTS`.
            subject: Address, collection or `Saga.step` there.
            owner: Whose process it is; a fault may name it instead of the subject.
            causal: Key of the message being handled.
            message: Its id, for the record.
        """
        for number, fault in self._numbered:
            if not isinstance(fault, CrashPoint) or fault.point != point:
                continue
            is_here = fault.target == owner or self._hits(number, fault, subject)
            if is_here and self._strikes(number, fault, mix(causal, stable_key(subject))):
                self.note(number, fault, message, f"{owner} {point} {subject}")
                return fault
        return None

    def extra_ns(self, target: str, leg: str, causal: int, message: int) -> int:
        """Return how much longer a leg takes."""
        extra_ns = 0
        for number, fault in self._of(Latency, target):
            key = mix(causal, stable_key(leg))
            if leg in _LEGS[fault.leg] and self._strikes(number, fault, key):
                added_ns = fault.extra.quantile_ns(share(self._seed, self._keys[number], key, 7))
                if added_ns:
                    self.note(number, fault, message, f"{leg} +{added_ns} ns")
                extra_ns += added_ns
        return extra_ns

    def loses(self, target: str, leg: str, causal: int, message: int) -> bool:
        """Say whether a leg loses what it carries.

        Args:
            target: Address or third party.
            leg: request, reply, publish, delivery (of an event) or acknowledgement.
            causal: Key of what is carried; another attempt has another.
            message: Its id, for the record.
        """
        for number, fault in self._of(Lose, target):
            if leg in _LEGS[fault.leg] and self._strikes(number, fault, causal):
                self.note(number, fault, message, f"{leg} lost")
                return True
        for number, late in self._of(Timeout, target):
            if leg in (("reply",) if late.ran else _NOT_RUN) and self._strikes(number, late, causal):
                self.note(number, late, message, "timed out, having run" if late.ran else "timed out, not run")
                return True
        return False

    def duplicates_ns(self, target: str, causal: int, message: int) -> int | None:
        """Return after how long an event is delivered once more; None when it is not."""
        for number, fault in self._of(Duplicate, target):
            if self._strikes(number, fault, causal):
                self.note(number, fault, message, "delivered twice")
                return fault.after_ns
        return None

    def is_down(self, target: str, causal: int, message: int) -> bool:
        """Say whether a service or third party refuses connections."""
        for number, fault in self._of(Down, target):
            if self._strikes(number, fault, causal):
                self.note(number, fault, message, "refused the connection")
                return True
        return False

    def note(self, number: int, fault: Fault, message: int, detail: str) -> None:
        """Record that a fault struck."""
        if self._recorder is not None:
            self._recorder.write(FaultStrike(self._loop.now_ns, number, fault.kind, fault.target, message, detail))

    def _of(self, kind: type[Kind], target: str) -> list[tuple[int, Kind]]:
        return [
            (number, fault)
            for number, fault in self._numbered
            if isinstance(fault, kind) and self._hits(number, fault, target)
        ]

    def _hits(self, number: int, fault: Fault, target: str) -> bool:
        at = (number, target)
        known = self._memo.get(at)
        if known is None:
            known = self._memo[at] = _matches(fault.target, target)
        return known

    def _strikes(self, number: int, fault: Fault, causal: int) -> bool:
        """Count an occasion, and say whether the fault takes it."""
        if not fault.is_due(self._loop.now_ns):
            return False
        occasion = self._occasions[number] = self._occasions.get(number, 0) + 1
        if fault.occurrence:
            return occasion == fault.occurrence
        if fault.probability >= 1:
            return True
        # What comes again under the same key (an outbox that sends again) would else meet the same fate for ever.
        struck = self._struck.get((number, causal), 0)
        if share(self._seed, self._keys[number], causal, struck) >= fault.probability:
            return False
        self._struck[number, causal] = struck + 1
        return True


def _matches(wanted: str, target: str) -> bool:
    if wanted == target:
        return True
    if "*" not in wanted and ">" not in wanted:
        return False
    try:
        return matches(pattern(wanted), parse(target))
    except StudioError:
        return False
