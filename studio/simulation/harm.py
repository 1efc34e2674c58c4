"""A fault plan in force: number its faults, say which strike an occasion, and record that they did.

The plan is data (`studio.model.fault`). Families of faults are applied in `studio.simulation.harming`; the engine asks
those at the places where something can go wrong. Whether a fault with a probability strikes is hashed from seed, fault
and the occasion's causal key, so that one more message elsewhere, or one fault less, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from studio.model.fault import Fault, plan_to
from studio.ports import Recorder
from studio.records import FaultStrike
from studio.simulation.harming.applier import Applier, Standing
from studio.simulation.harming.message_harm import MessageHarm
from studio.simulation.harming.point_harm import PointHarm
from studio.simulation.loop import VirtualLoop
from studio.simulation.randomness import mix, share, stable_key

__all__ = ["Harm"]


class Harm:
    """A plan in force.

    Args:
        plan: Faults; their place in it, from 1, is how records name them.
        loop: Whose time decides which windows are open.
        seed: Of the run.
        recorder: Where strikes are written; None when recording is off.

    Attributes:
        messages: Applies what befalls messages; `points` what befalls processes at the points they pass. Appliers that
            need the whole world are the cluster's.
    """

    def __init__(self, plan: Sequence[Fault], loop: VirtualLoop, seed: int, recorder: Recorder | None) -> None:
        self.plan: tuple[Fault, ...] = ()
        self._loop, self._seed, self._recorder = loop, seed, recorder
        self._occasions: dict[int, int] = {}
        self._struck: dict[tuple[int, int], int] = {}
        self._once: dict[tuple[int, int], bool] = {}
        self._standing: list[Standing] = []
        self._appliers: list[Applier] = []
        self.messages = MessageHarm(self)
        self.points = PointHarm(self)
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
        # Draws hang on what the fault is, not on its number: taking another out of the plan must not redraw it.
        alike = self.plan.count(fault)
        self.plan = (*self.plan, fault)
        number = len(self.plan)
        key = mix(stable_key(json.dumps(plan_to((fault,)), sort_keys=True)), alike)
        standing = Standing(number, fault, key)
        self._standing.append(standing)
        for applier in self._appliers:
            _offer(applier, standing)
        return number

    def strikes(self, standing: Standing, causal: int) -> bool:
        """Count an occasion, and say whether a fault takes it.

        Args:
            standing: The fault; whom it names has been looked at before.
            causal: Key of the occasion: of what is carried or handled.
        """
        fault, number = standing.fault, standing.number
        if not fault.is_due(self._loop.now_ns):
            return False
        occasion = self._occasions[number] = self._occasions.get(number, 0) + 1
        if fault.occurrence:
            return occasion in fault.occurrence if isinstance(fault.occurrence, tuple) else occasion == fault.occurrence
        if fault.every:
            return occasion % fault.every == 0
        if fault.probability >= 1:
            return True
        # What comes again under the same key (an outbox that sends again) would else meet the same fate for ever.
        struck = self._struck.get((number, causal), 0)
        if share(self._seed, standing.key, causal, struck) >= fault.probability:
            return False
        self._struck[number, causal] = struck + 1
        return True

    def strikes_for_good(self, standing: Standing, thing: int, causal: int) -> bool:
        """Decide once whether a fault takes a thing, such as a message; it is then taken, or not, at every occasion."""
        at = (standing.number, thing)
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


def _offer(applier: Applier, standing: Standing) -> None:
    if isinstance(standing.fault, applier.kinds):
        applier.take(standing)
