"""Errors STU5xx: simulation: the loop, runs, scenarios, faults, third parties."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "CannotSample",
    "EmptySystem",
    "HandlerStalledError",
    "InvalidCase",
    "InvariantFailed",
    "LoopBusyError",
    "MissingStub",
    "NeverConverged",
    "NeverFed",
    "NoScenario",
    "NothingLeftError",
    "PortRequiredError",
    "RunStoppedError",
    "StubFailed",
    "TimeStandsStillError",
    "UnfitTarget",
    "UnknownField",
    "UnknownPromise",
    "UnknownScenario",
    "UnknownTarget",
    "UnknownTrace",
    "WorldClosed",
]


class HandlerStalledError(StudioError):
    """A handler ran without yielding until the watchdog ended it; the run is aborted and is never compared."""

    code = "STU501"
    problem = "{handler} did not yield within stall_s={stall_s:g} of the machine's time, at virtual time {now}"
    remedy = "Await something inside the loop, or move long computing into a declared service time. It was ended here."

    handler: str
    stall_s: float
    now_ns: int
    now: str


class PortRequiredError(StudioError):
    """Simulated code asked the event loop for a thread, a socket or a process."""

    code = "STU502"
    problem = "{call} does not exist in a simulation, which has no threads, sockets or processes"
    remedy = "Use {port} instead."

    call: str
    port: str


class TimeStandsStillError(StudioError):
    """Work went on and on without virtual time passing, or the run used up its steps."""

    code = "STU503"
    problem = "{steps} steps reached {limit} at virtual time {now_ns} ns{stack}"
    remedy = "Await a time in the loop that polls (`await asyncio.sleep(0.01)`), give it an end, or raise {limit}."

    steps: int
    limit: str
    now_ns: int
    stack: str


class RunStoppedError(StudioError):
    """The loop was stopped before the awaited result was there."""

    code = "STU504"
    problem = "the run was stopped at virtual time {now_ns} ns, before {awaited} was done"
    remedy = "Run on to continue from this instant; what was recorded is kept."

    now_ns: int
    awaited: str


class LoopBusyError(StudioError):
    """A second driver tried to run a virtual loop that is running."""

    code = "STU505"
    problem = "this simulated world is already being run, by {driver}"
    remedy = (
        "Wait for it, or stop it first: a world has one driver at a time. Simulated code must not drive its own world."
    )

    driver: str


class NothingLeftError(StudioError):
    """Nothing is left to run, so the awaited result can never come."""

    code = "STU506"
    problem = "{awaited} can never be done: nothing is left to run after virtual time {now_ns} ns"
    remedy = "Look for an await that nobody answers: an event never set, a queue never filled, a party that crashed."

    awaited: str
    now_ns: int


class CannotSample(StudioError):
    """No valid data could be made from a contract."""

    code = "STU550"
    problem = "contract={contract}: made data is refused at {field} ({reason})"
    remedy = "Give the workload an example, `like={contract}(...)`, or fix the field: `workload(..., {field}=...)`."

    contract: str
    field: str
    reason: str


class MissingStub(StudioError):
    """A service reached for a third party that the simulation does not know."""

    code = "STU520"
    problem = "client={name} has no stub"
    remedy = (
        'Declare one: an `%%external {name}` cell (or `external = External("{name}")`) with the routes that are used.'
    )

    name: str


class StubFailed(StudioError):
    """A third party's stub raised."""

    code = "STU521"
    problem = "external={name} raised {error}: {text}"
    remedy = "Mend the stub; to let it answer with an error return Response(500)."

    name: str
    error: str
    text: str


class UnknownTarget(StudioError):
    """Something is asked of what does not exist."""

    code = "STU522"
    problem = "{what}: target={target} does not exist"
    remedy = "Nearest: {known}."

    what: str
    target: str
    known: str


class UnknownField(StudioError):
    """A workload sets or skews a field that its messages do not have."""

    code = "STU529"
    problem = "workload({address}): {contract} has no field {field}"
    remedy = "Nearest: {known}. Options of `workload` itself, such as rate_per_s, are in `workload?`."

    address: str
    contract: str
    field: str
    known: str


class UnfitTarget(StudioError):
    """A fault names what exists, but what it can never strike."""

    code = "STU528"
    problem = "{what}: target={target} {reason}"
    remedy = "Name one that it can: {known}."

    what: str
    target: str
    reason: str
    known: str


class UnknownScenario(StudioError):
    """No scenario of that name is declared."""

    code = "STU523"
    problem = "scenario={name} is not declared"
    remedy = "Declare it in a %%scenario cell. Nearest: {known}."

    name: str
    known: str


class EmptySystem(StudioError):
    """There is nothing to run."""

    code = "STU524"
    problem = "no service is declared"
    remedy = "Declare one in a `%%service` cell, or give the path of a notebook or folder that does."


class NoScenario(StudioError):
    """A system is to be simulated that declares no scenario; silence would pass for success."""

    code = "STU530"
    problem = "path={path} declares no scenario, so nothing was run"
    remedy = "Declare one in a %%scenario cell, or in a module with `scenario = Scenario(...)`."

    path: str


class InvariantFailed(StudioError):
    """An invariant could not be evaluated."""

    code = "STU525"
    problem = "invariant={name} cannot be evaluated: {reason}"
    remedy = "Mend the query or function in its cell; `run.sql(...)` runs the query by hand."

    name: str
    reason: str


class UnknownTrace(StudioError):
    """No trace of that number, saga or key."""

    code = "STU526"
    problem = "trace={trace} is not in this run"
    remedy = "List them with `run.log.traces()`."

    trace: str


class WorldClosed(StudioError):
    """A world was used after its end."""

    code = "STU527"
    problem = "this world is closed"
    remedy = "Start another: `studio.world(seed=7)`; its records are in `world.run`."


class InvalidCase(StudioError):
    """A kept case that cannot be run."""

    code = "STU531"
    problem = "case={case}: {reason}"
    remedy = "Give what `Case.as_json` wrote, and a system whose contracts still take its messages."

    case: str
    reason: str


class NeverConverged(StudioError):
    """A run was still busy at its deadline; it was stopped there."""

    code = "STU532"
    problem = "the run did not come to rest within {limit}: {busy}"
    remedy = "Find what retries or waits for ever, or give the scenario longer, such as --converge 1h."

    limit: str
    busy: str


class NeverFed(StudioError):
    """Invariants held because there was nothing that they could have looked at; said with a verdict, not raised."""

    code = "STU534"
    problem = "invariant={names} never saw data, so nothing is known of it"
    remedy = "Let what it reads happen, by a workload or `given`, or mend its query; `run.sql(...)` tries it."

    names: str


class UnknownPromise(StudioError):
    """A scenario is declared without a promise that Studio does not make."""

    code = "STU533"
    problem = "scenario={scenario} without={promise} is no promise of Studio's own"
    remedy = "Nearest: {known}. `studio.promises()` lists them."

    scenario: str
    promise: str
    known: str
