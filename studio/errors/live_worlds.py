"""Errors of worlds that run in the background, and of what is done to them by hand: STU551 to STU559."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["InvalidAct", "InvalidPace", "NotInForce", "NotStuck", "NothingToRedeliver", "WorldDied", "WorldNotRunning"]


class WorldDied(StudioError):
    """A world that ran in the background has ended by itself."""

    code = "STU551"
    problem = "this world died at {now}: {reason}"
    remedy = "Its records until then are in `world.run`; `world.failure` is the cause. Mend that, and start another."

    now: str
    reason: str


class WorldNotRunning(StudioError):
    """A world was asked to go on that has not been started."""

    code = "STU552"
    problem = "this world does not run in the background: it is {state}"
    remedy = "Start it: `world.start(speed=10)`; `speed=None` lets it run as fast as it can."

    state: str


class InvalidPace(StudioError):
    """A speed that is none."""

    code = "STU553"
    problem = "speed={speed} is no pace"
    remedy = "Give virtual seconds per second, above 0 and finite, such as 10; None is as fast as it can."

    speed: float


class InvalidAct(StudioError):
    """Something cannot be done to a world."""

    code = "STU554"
    problem = "by_hand {verb}: {reason}"
    remedy = "Write it as `world.as_cell()` does, or take the world's own method of that name."

    verb: str
    reason: str


class NotInForce(StudioError):
    """A fault or workload was to be taken back that is not there."""

    code = "STU555"
    problem = "{what}={number} is not in force; nearest: {known}"
    remedy = "Look at `world.faults` and `world.workloads`: each has its number."

    what: str
    number: str
    known: str


class NotStuck(StudioError):
    """An instance was to be given up that is not stuck."""

    code = "STU557"
    problem = "saga={saga} is not stuck"
    remedy = "Cancel it instead: `world.cancel(...)`; `world.sagas()` shows the state of each."

    saga: str


class NothingToRedeliver(StudioError):
    """A message was to be delivered once more that nobody has given up."""

    code = "STU556"
    problem = "message={message} is no dead letter of any consumer; nearest: {known}"
    remedy = "Dead letters are the deliveries with outcome `dead-lettered`; each can be put back once."

    message: int
    known: str
