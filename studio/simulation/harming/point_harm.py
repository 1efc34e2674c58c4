"""Apply what befalls a process at the points that its handlers pass: it dies there, or they fail, hang, are slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from studio.contract import ServiceError
from studio.errors import InjectedFailure
from studio.model.faults.delivery_faults import Poison
from studio.model.faults.handler_faults import Fail, Hang, Slow
from studio.model.faults.process_faults import CrashPoint
from studio.simulation.harming.applier import Applier, Kind, Standing, Way
from studio.simulation.randomness import mix, share, stable_key
from studio.simulation.workload.sampling import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studio.runtime.acting import Handling

__all__ = ["Place", "PointHarm"]

TRIGGER = "before-trigger"
"""Where a saga's orchestrator takes an event: before the handler to a fault, but no handler takes its time there."""
_BEGINNINGS = {"before-handler": "handler", TRIGGER: "handler", "during-compensation": "compensation"}


class Place(NamedTuple):
    """A point that is passed, and by whom.

    Attributes:
        point: One of `studio.model.faults.process_faults.POINTS`, or `TRIGGER`.
        subject: Address, collection, job or `Saga.step` there.
        owner: Whose process it is; a fault may name it, or its replica, instead of the subject.
        number: Of its replica.
        handling: What is handled; None where it is not known.
    """

    point: str
    subject: str
    owner: str
    number: int
    handling: Handling | None = None

    @property
    def causal(self) -> int:
        """Return the key of the message being handled, here."""
        return mix(0 if self.handling is None else self.handling.causal, stable_key(self.subject))

    @property
    def message(self) -> int:
        """Return the id of the message being handled; 0 for none."""
        return 0 if self.handling is None else self.handling.cause

    @property
    def way(self) -> Way:
        """Return from whom what is handled came."""
        if self.handling is None:
            return Way(to=self.owner, number=self.number)
        envelope = self.handling.envelope
        return Way(envelope.sender, envelope.replica, self.owner, self.number)


class PointHarm(Applier):
    """Faults at points."""

    kinds = (CrashPoint, Fail, Hang, Slow, Poison)

    def crash(self, place: Place) -> CrashPoint | Poison | None:
        """Return the fault that kills the process here."""
        point = "before-handler" if place.point == TRIGGER else place.point
        for standing, fault in self._here(CrashPoint, place):
            if fault.point == point and self.harm.strikes(standing, place.causal):
                self._note(standing, place, place.point)
                return fault
        for standing, poison in self._poisons(place):
            if poison.kills:
                self._note(standing, place, "killed by")
                return poison
        return None

    def check(self, place: Place) -> None:
        """Fail where a handler is to fail here.

        Raises:
            ServiceError: The declared one that a fault names.
            InjectedFailure: As by a bug.
        """
        during = _BEGINNINGS.get(place.point)
        for standing, fault in self._here(Fail, place):
            if fault.during == during and self.harm.strikes(standing, place.causal):
                self._note(standing, place, f"{fault.error or 'failure'} at")
                raise _error_of(fault, place)
        for standing, poison in self._poisons(place):
            if not poison.kills:
                self._note(standing, place, "poisoned")
                raise InjectedFailure(fault=Poison.kind, target=place.subject)

    def hangs(self, place: Place) -> bool:
        """Say whether a handler never returns here."""
        during = _BEGINNINGS.get(place.point)
        for standing, fault in self._here(Hang, place):
            if fault.during == during and self.harm.strikes(standing, place.causal):
                self._note(standing, place, "hangs")
                return True
        return False

    def healed_in_ns(self) -> int | None:
        """Return how long it takes until all faults heal; None where they never do."""
        heal_ns = self.harm.phases.heal_ns
        return None if heal_ns is None else max(heal_ns - self.harm.now_ns, 0)

    def extra_ns(self, place: Place) -> int:
        """Return how much longer a handler takes here."""
        extra_ns = 0
        if place.point in _BEGINNINGS:
            for standing, fault in self._here(Slow, place):
                if self.harm.strikes(standing, place.causal):
                    added_ns = fault.extra.quantile_ns(self.harm.draw(standing, place.causal, 9))
                    self._note(standing, place, f"+{added_ns} ns")
                    extra_ns += added_ns
        return extra_ns

    def _here(self, kind: type[Kind], place: Place) -> Iterator[tuple[Standing, Kind]]:
        """Iterate over the faults of a kind that name this place, or the process."""
        return self.of(kind, place.subject, place.owner, f"{place.owner}/{place.number}", way=place.way)

    def _poisons(self, place: Place) -> Iterator[tuple[Standing, Poison]]:
        """Iterate over the poisons of the message being handled: the same at every delivery, and every attempt."""
        handling = place.handling
        if handling is None or place.point not in ("before-handler", TRIGGER):
            return
        envelope = handling.envelope
        thing = stable_key(envelope.idempotency or str(envelope.message))
        for standing, fault in self._here(Poison, place):
            if (not fault.key or fault.key == envelope.key) and self.harm.strikes_for_good(standing, thing, thing):
                yield standing, fault

    def _note(self, standing: Standing, place: Place, what: str) -> None:
        self.harm.note(standing, place.message, f"{place.owner} {what} {place.subject}")


def _error_of(fault: Fail, place: Place) -> Exception:
    """Return the error that a handler is to raise: a declared one by its name."""
    known: dict[str, type[ServiceError]] = {}
    if place.handling is not None:
        for plan in place.handling.program.operations.values():
            known |= {kind.code(): kind for kind in plan.operation.raises}
    kind = known.get(fault.error)
    if kind is None:
        return InjectedFailure(fault=Fail.kind, target=place.subject)
    made = sample(kind.fields_model(), lambda stream: share(place.causal, stable_key(stream)))
    return kind("injected", **{name: getattr(made, name) for name in type(made).model_fields})
