"""The small ports of a simulated incarnation: clock, randomness, identities, settings, points a crash can fall at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Generator, Mapping
from itertools import count
from typing import TYPE_CHECKING

from studio.model.distribution import Distribution
from studio.ports import ACTING, Standing
from studio.simulation.harming.applier import is_side
from studio.simulation.harming.point_harm import Place
from studio.simulation.randomness import share, stable_key
from studio.simulation.virtual.awaiting import park, sleep_ns
from studio.simulation.virtual.loop import VirtualLoop

if TYPE_CHECKING:
    from studio.model.faults.delivery_faults import Poison
    from studio.model.faults.process_faults import CrashPoint
    from studio.simulation.cluster.node import Fleet
    from studio.simulation.harming.applier import Standing as Harmful
    from studio.simulation.harming.point_harm import PointHarm

__all__ = ["GivenSettings", "HashedRandomness", "Ordinals", "SimulatedDirectory", "SimulatedPoints", "VirtualClock"]


class _Passed:
    """A wait that is over."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


_PASSED = _Passed()


class VirtualClock:
    """Tell virtual time since the run began."""

    __slots__ = ("_loop",)

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        """Return virtual nanoseconds since the run began."""
        return self._loop.now_ns

    async def sleep_ns(self, delay_ns: int) -> None:
        """Return when that much virtual time has passed."""
        await sleep_ns(delay_ns)


class HashedRandomness:
    """Draw by hashing: the seed, who draws, the stream and its keys decide, not how much was drawn before."""

    __slots__ = ("_entity_key", "_seed")

    def __init__(self, seed: int, entity_key: int) -> None:
        self._seed, self._entity_key = seed, entity_key

    def uniform(self, stream: str, *keys: int) -> float:
        """Return a float in [0, 1); keys must tell the occasions of a stream apart."""
        return share(self._seed, self._entity_key, stable_key(stream), *keys)


class Ordinals:
    """Hand out identifiers in order, one counter for the whole world."""

    __slots__ = ("message", "span", "trace")

    message: Callable[[], int]
    span: Callable[[], int]
    trace: Callable[[], int]

    def __init__(self) -> None:
        self.message = count(1).__next__
        self.span = count(1).__next__
        self.trace = count(1).__next__


class GivenSettings:
    """Answer what the scenario gives; a secret that it does not give has a made-up value, since a run needs none."""

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def setting(self, name: str) -> str | None:
        """Return the given value, or None."""
        return self._given.get(name)

    def secret(self, name: str) -> str | None:
        """Return the given value, or one that says that it is simulated."""
        return self._given.get(name, f"simulated-{name}")


class SimulatedDirectory:
    """Implement `studio.ports.Directory`: a registry that knows at once who is up, and what health checks found.

    Args:
        fleets: By owner, as they grow.
    """

    __slots__ = ("_fleets",)

    def __init__(self, fleets: Mapping[str, Fleet]) -> None:
        self._fleets = fleets

    def replicas(self, service: str) -> tuple[Standing, ...]:
        """Return the replicas that run."""
        fleet = self._fleets.get(service)
        nodes = () if fleet is None else fleet.nodes
        return tuple(Standing(node.number, node.is_healthy) for node in nodes if node.incarnation is not None)


class SimulatedPoints:
    """Let handlers take their service time, and crash the process at the points that the plan names.

    Args:
        owner: Service or saga.
        seed: Of the run.
        times: Service times, by address or owner.
        harm: What befalls processes at points.
        die: Crashes this incarnation as a fault says; None where nothing of ours can crash, as
            outside the system and at third parties.
        number: Of the replica.
        owners: All that have processes, by name: a fault that names another than this one's does not concern it.
    """

    __slots__ = (
        "_calm_ns",
        "_die",
        "_harm",
        "_number",
        "_owner",
        "_owners",
        "_seed",
        "_times",
        "_waits",
        "armed",
        "takes_time",
    )

    def __init__(
        self,
        owner: str,
        seed: int,
        times: Mapping[str, Distribution],
        harm: PointHarm,
        die: Callable[[CrashPoint | Poison, str], None] | None,
        *,
        number: int = 0,
        owners: Container[str] = (),
    ) -> None:
        self._owner, self._seed, self._times, self._harm, self._die = owner, seed, times, harm, die
        self._number, self._owners = number, owners
        self._calm_ns: dict[str, int] = {}  # subject to an instant before which no fault strikes there
        self._waits: dict[str, int] = {}
        self.takes_time = bool(times)
        self.armed = False
        self.arm()

    def arm(self) -> None:
        """See whether anything can happen at a point; called again when the plan has grown."""
        self._calm_ns.clear()
        self.armed = self._die is not None and any(map(self._concerns, self._harm.standing))

    def _concerns(self, standing: Harmful) -> bool:
        """Say whether a fault can ever strike this process."""
        fault = standing.fault
        if fault.to and not is_side(fault.to, self._owner, self._number):
            return False
        named = {each.partition("/")[0] for each in fault.targets}
        return self._owner in named or any(each not in self._owners for each in named)

    def _is_calm(self, subject: str) -> bool:
        """Say whether no fault can strike this process at a subject now; what it looks at is known until then."""
        until_ns = self._calm_ns[subject] = self._harm.calm_until_ns(
            lambda each: self._concerns(each) and (each.names(subject) or each.names_part_of(self._owner))
        )
        return self._harm.harm.now_ns < until_ns

    def reach(self, point: str, subject: str) -> Awaitable[None]:
        """Pass a point; never returns where the plan has the process die, or the handler hang.

        Raises:
            ServiceError: The plan has the handler fail with it.
            InjectedFailure: The plan has the handler fail.
        """
        extra_ns = 0
        if self.armed and self._harm.harm.now_ns >= self._calm_ns.get(subject, 0) and not self._is_calm(subject):
            place = Place(point, subject, self._owner, self._number, ACTING.get())  # type: ignore[arg-type]
            fault = self._harm.crash(place)
            if fault is not None:
                assert self._die is not None
                self._die(fault, f"{point} {subject}")
                return park()
            self._harm.check(place)
            if self._harm.hangs(place):
                healed_ns = self._harm.healed_in_ns()
                return park() if healed_ns is None else sleep_ns(healed_ns)
            extra_ns = self._harm.extra_ns(place)
        wait_ns = self._service_ns(subject) if point == "before-handler" and self._times else None
        if wait_ns is None and not extra_ns:
            return _PASSED
        return sleep_ns((wait_ns or 0) + extra_ns)

    def _service_ns(self, subject: str) -> int | None:
        """Return the declared service time of this occasion; None where none is declared."""
        wait_ns = self._waits.get(subject)
        if wait_ns is None:
            time = self._times.get(subject) or self._times.get(self._owner)
            if time is None:
                return None
            wait_ns = time.quantile_ns(0.0 if time.is_constant else self._draw(subject))
            if time.is_constant:
                self._waits[subject] = wait_ns
        return wait_ns

    def _draw(self, subject: str) -> float:
        acting = ACTING.get()
        causal = getattr(acting, "causal", 0)
        return share(self._seed, stable_key(self._owner), stable_key(subject), causal)
