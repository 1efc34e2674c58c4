"""Apply what befalls third parties themselves: they answer with a status of their infrastructure, slowly, or never."""

from __future__ import annotations

from studio.model.faults.handler_faults import Hang, Respond, Slow
from studio.ports import HttpResponse
from studio.simulation.harming.applier import Applier, Way

__all__ = ["StubHarm"]


class StubHarm(Applier):
    """Faults of third parties; each question names one, the causal key of a request, its id, and who sent it."""

    kinds = (Respond, Hang, Slow)

    def hangs(self, party: str, causal: int, message: int, way: Way) -> bool:
        """Say whether it never answers a request."""
        for standing, _ in self.of(Hang, party, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "never answers")
                return True
        return False

    def extra_ns(self, party: str, causal: int, message: int, way: Way) -> int:
        """Return how much longer it works on a request."""
        extra_ns = 0
        for standing, fault in self.of(Slow, party, way=way):
            if self.harm.strikes(standing, causal):
                added_ns = fault.extra.quantile_ns(self.harm.draw(standing, causal, 9))
                self.harm.note(standing, message, f"+{added_ns} ns")
                extra_ns += added_ns
        return extra_ns

    def responds(self, party: str, causal: int, message: int, way: Way) -> Respond | None:
        """Return the fault that answers a request in its place."""
        for standing, fault in self.of(Respond, party, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, f"{fault.status}{', having run' if fault.ran else ''}")
                return fault
        return None

    @staticmethod
    def response(fault: Respond) -> HttpResponse:
        """Return what a fault answers."""
        return HttpResponse(fault.status, (("content-type", "text/plain"),), fault.body.encode())
