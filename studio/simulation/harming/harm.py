"""A fault plan in force: number its faults, say which strike an occasion, and record that they did.

The plan is data (`studio.model.fault`). Families of faults are applied in `studio.simulation.harming`; the engine asks
those at the places where something can go wrong. Whether a fault with a probability strikes is hashed from seed, fault
and the occasion's causal key, so that one more message elsewhere, or one fault less, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from studio.model.fault import Fault, plan_to
from studio.model.faults.composed_faults import Together
from studio.model.phases import ALWAYS, Phases
from studio.ports import Recorder
from studio.records import FaultStrike
from studio.simulation.harming.applier import Applier, Standing
from studio.simulation.harming.message_harm import MessageHarm
from studio.simulation.harming.point_harm import PointHarm
from studio.simulation.harming.stub_harm import StubHarm
from studio.simulation.randomness import mix, share, stable_key
from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["Harm", "within_phases"]


class Harm:
    """A plan in force.

    Args:
        plan: Faults; their place in it, from 1, is how records name them.
        loop: Whose time decides which windows are open.
        seed: Of the run.
        recorder: Where strikes are written; None when recording is off.
        phases: Of the run: no window is open before they are quiet no more, nor after they heal.

    Attributes:
        messages: Applies what befalls messages; `points` what befalls processes at the points they pass;
            `stubs` what befalls third parties. Appliers that need the whole world are the cluster's.
    """

    def __init__(
        self, plan: Sequence[Fault], loop: VirtualLoop, seed: int, recorder: Recorder | None, phases: Phases = ALWAYS
    ) -> None:
        self.plan: tuple[Fault, ...] = ()
        self.phases = phases
        self._loop, self._seed, self._recorder = loop, seed, recorder
        self._occasions: dict[tuple[int, int], int] = {}
        self._struck: dict[tuple[int, int], int] = {}
        self._once: dict[tuple[int, int], bool] = {}
        self._standing: list[Standing] = []
        self._appliers: list[Applier] = []
        self.messages = MessageHarm(self)
        self.points = PointHarm(self)
        self.stubs = StubHarm(self)
        for fault in plan:
            self.add(fault)

    @property
    def now_ns(self) -> int:
        """Return virtual time."""
        return self._loop.now_ns

    def join(self, applier: Applier) -> None:
        """Give a family its faults, those that stand and those to come."""
        self._appliers.append(applier)
        for standing in self._standing:
            _offer(applier, standing)

    def add(self, fault: Fault) -> int:
        """Put one more fault in force and return its number."""
        # Draws hang on what the fault is, not on its number: taking another out of the plan must not redraw it. Nor on
        # when it ends, which is not known yet of one that will be taken back.
        kind = _endless(fault)
        alike = sum(_endless(each) == kind for each in self.plan)
        self.plan = (*self.plan, fault)
        number = len(self.plan)
        key = mix(stable_key(json.dumps(plan_to((kind,)), sort_keys=True)), alike)
        for standing in self._standing_of(number, fault, key):
            clipped = within_phases(standing.fault, self.phases)
            if clipped is None:
                continue
            standing.fault = clipped
            self._standing.append(standing)
            for applier in self._appliers:
                _offer(applier, standing)
        return number

    def end(self) -> None:
        """Let no fault that stands strike from now on; what they did stays done."""
        for number in range(1, len(self.plan) + 1):
            self.lift(number, self.now_ns)

    def lift(self, number: int, at_ns: int) -> None:
        """Let a fault strike no more from an instant on; what it did stays done.

        Args:
            number: Its place in the plan, from 1.
            at_ns: The instant.
        """
        for standing in self._standing:
            if standing.number == number:
                fault = standing.fault
                end_ns = max(fault.from_ns, at_ns)
                until_ns = end_ns if fault.until_ns is None else min(fault.until_ns, end_ns)
                standing.fault = replace(fault, until_ns=until_ns)

    def is_in_force(self, number: int) -> bool:
        """Say whether a fault strikes now, or may later."""
        mine = [standing.fault for standing in self._standing if standing.number == number]
        return any(self._may_strike(each) for each in mine)

    def _may_strike(self, fault: Fault) -> bool:
        if fault.tempo == "instant" and fault.from_ns < self.now_ns:
            return False
        return fault.until_ns is None or max(fault.from_ns, self.now_ns) < fault.until_ns

    def _standing_of(self, number: int, fault: Fault, key: int) -> Iterator[Standing]:
        """Iterate over what a fault of the plan puts in force: itself, or its parts."""
        if not isinstance(fault, Together):
            yield Standing(number, fault, key)
        elif fault.probability >= 1 or share(self._seed, key) < fault.probability:
            for place, part in enumerate(fault.parts, start=1):
                counter = 0 if fault.occurrence or fault.every else place
                yield Standing(number, _as_part(part, fault), mix(key, place), counter)

    def mended_ns(self, when_ns: int) -> int:
        """Return the instant at which what a fault broke is whole again: when it says, or when all faults heal."""
        heal_ns = self.phases.heal_ns
        return when_ns if heal_ns is None or self.now_ns >= heal_ns else min(when_ns, heal_ns)

    def strikes(self, standing: Standing, causal: int) -> bool:
        """Count an occasion, and say whether a fault takes it.

        Args:
            standing: The fault; whom it names has been looked at before.
            causal: Key of the occasion: of what is carried or handled.
        """
        fault, counter = standing.fault, standing.counter
        if not fault.is_due(self._loop.now_ns):
            return False
        occasion = self._occasions[counter] = self._occasions.get(counter, 0) + 1
        if fault.occurrence:
            return occasion in fault.occurrence if isinstance(fault.occurrence, tuple) else occasion == fault.occurrence
        if fault.every:
            return occasion % fault.every == 0
        if fault.probability >= 1:
            return True
        # What comes again under the same key (an outbox that sends again) would else meet the same fate for ever.
        struck = self._struck.get((standing.key, causal), 0)
        if share(self._seed, standing.key, causal, struck) >= fault.probability:
            return False
        self._struck[standing.key, causal] = struck + 1
        return True

    def strikes_for_good(self, standing: Standing, thing: int, causal: int) -> bool:
        """Decide once whether a fault takes a thing, such as a message; it is then taken, or not, at every occasion."""
        if self.phases.heal_ns is not None and self.now_ns >= self.phases.heal_ns:
            return False
        at = (standing.key, thing)
        taken = self._once.get(at)
        if taken is None:
            taken = self.strikes(standing, causal)
            if taken or standing.fault.is_due(self._loop.now_ns):
                self._once[at] = taken
        return taken

    def draw(self, standing: Standing, *keys: int) -> float:
        """Return a float in [0, 1) that hangs on the seed, the fault and some keys."""
        return share(self._seed, standing.key, *keys)

    def note(self, standing: Standing, message: int, detail: str) -> None:
        """Record that a fault struck.

        Args:
            standing: Which.
            message: Id of what it struck; 0 where it is no message.
            detail: What it did, in a few words.
        """
        if self._recorder is not None:
            fault = standing.fault
            self._recorder.write(
                FaultStrike(self._loop.now_ns, standing.number, fault.kind, fault.target, message, detail)
            )


def within_phases(fault: Fault, phases: Phases) -> Fault | None:
    """Return a fault with the part of its window in which faults may strike; None where nothing is left of it."""
    quiet_ns, heal_ns = phases.quiet_ns, phases.heal_ns
    from_ns = max(fault.from_ns, quiet_ns)
    until_ns = fault.until_ns
    if heal_ns is not None:
        until_ns = heal_ns if until_ns is None else min(until_ns, heal_ns)
    if (from_ns, until_ns) == (fault.from_ns, fault.until_ns):
        return fault
    if until_ns is not None and from_ns >= until_ns:
        return None
    return replace(fault, from_ns=from_ns, until_ns=until_ns)


def _endless(fault: Fault) -> Fault:
    """Return a fault as if it never ended."""
    return fault if fault.until_ns is None else replace(fault, until_ns=None)


def _as_part(part: Fault, whole: Together) -> Fault:
    """Return a part of faults that strike together, with the window and the occasions of the whole where it has any."""
    changes: dict[str, Any] = {}
    if whole.from_ns or whole.until_ns is not None:
        changes |= {"from_ns": whole.from_ns, "until_ns": whole.until_ns}
    if whole.occurrence or whole.every:
        changes |= {"occurrence": whole.occurrence, "every": whole.every, "probability": 1.0}
    return replace(part, **changes)


def _offer(applier: Applier, standing: Standing) -> None:
    if isinstance(standing.fault, applier.kinds):
        applier.take(standing)
