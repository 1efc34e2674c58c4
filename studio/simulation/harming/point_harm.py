"""Apply what befalls a process at the points that its handlers pass."""

from __future__ import annotations

from studio.model.faults.process_faults import CrashPoint
from studio.simulation.harming.applier import Applier, Way
from studio.simulation.randomness import mix, stable_key

__all__ = ["PointHarm"]


class PointHarm(Applier):
    """Faults at points."""

    kinds = (CrashPoint,)

    def crash(  # noqa: PLR0917 - a place, and what is handled there
        self, point: str, subject: str, owner: str, number: int, causal: int = 0, message: int = 0
    ) -> CrashPoint | None:
        """Return the crash that strikes at a point.

        Args:
            point: One of `studio.model.faults.process_faults.POINTS`.
            subject: Address, collection or `Saga.step` there.
            owner: Whose process it is; a fault may name it instead of the subject.
            number: Of its replica.
            causal: Key of the message being handled.
            message: Its id, for the record.
        """
        way = Way(to=owner)
        for standing, fault in self.of(CrashPoint, subject, owner, f"{owner}/{number}", way=way):
            if fault.point == point and self.harm.strikes(standing, mix(causal, stable_key(subject))):
                self.harm.note(standing, message, f"{owner} {point} {subject}")
                return fault
        return None
