"""Errors STU4xx: handling a message."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "BodyTooLarge",
    "CallInTransaction",
    "CallRefused",
    "CallTimeout",
    "DeadlineExceeded",
    "EndpointFailed",
    "Fenced",
    "HandlerFailed",
    "IdempotencyMismatch",
    "MissingSetting",
    "NoRoute",
    "NotActing",
    "Overloaded",
    "PublishFailed",
    "RouteTwice",
    "SagaStepMissing",
    "SagaVersionMissing",
    "ServiceUnavailable",
    "StorageConflict",
    "StorageUnavailable",
    "UndeclaredError",
    "UniqueViolation",
    "UnknownAddress",
    "UnknownRoute",
    "UnknownSagaInstance",
    "UnsearchableValue",
    "WrongAnswer",
    "WrongMethod",
    "WrongVerb",
]


class NotActing(StudioError):
    """A verb was used where no world and no engine runs."""

    code = "STU401"
    problem = "{verb} was used outside a running service"
    remedy = (
        "Use it inside a handler or a saga step; to send from a cell use `world.send(...)` of `studio.world(seed=7)`."
    )

    verb: str


class CallTimeout(StudioError):
    """No answer came in time. The callee may or may not have run."""

    code = "STU410"
    problem = "address={address}: no answer within {timeout}"
    remedy = "Treat the outcome as unknown: retry only an idempotent operation, or ask for its state."

    address: str
    timeout: str


class DeadlineExceeded(StudioError):
    """The caller's deadline passed before the callee began."""

    code = "STU411"
    problem = "address={address}: the caller's deadline had passed when {service} took it"
    remedy = "Give the caller a longer timeout, or the callee more capacity."

    address: str
    service: str


class ServiceUnavailable(StudioError):
    """No replica took the call; it has not run."""

    code = "STU412"
    problem = "address={address}: no replica of {service} answered"
    remedy = "Retry later; it has not run."

    address: str
    service: str


class PublishFailed(StudioError):
    """An event is not known to be stored."""

    code = "STU413"
    problem = "address={address}: the bus did not confirm the event"
    remedy = "Publish it again; the bus drops a duplicate of the same message id within its window."

    address: str


class Overloaded(StudioError):
    """Admission refused a message: concurrency and queue are full."""

    code = "STU414"
    problem = "service={service}: {running} running and {waiting} waiting; refused"
    remedy = "Retry later, or raise `--concurrency`, `--queue` or `--replicas` of the service."

    service: str
    running: int
    waiting: int


class HandlerFailed(StudioError):
    """A handler raised something that its operation does not declare."""

    code = "STU415"
    problem = "service={service} operation={operation} raised {error}"
    remedy = "Declare it as a ServiceError in `raises=[...]`, or mend the handler."

    service: str
    operation: str
    error: str


class WrongAnswer(StudioError):
    """A handler returned a value of another type than it declares."""

    code = "STU416"
    problem = "service={service} operation={operation} returned {value}, declared is {declared} ({reason})"
    remedy = "Return a {declared}, or change the handler's return annotation."

    service: str
    operation: str
    value: str
    declared: str
    reason: str


class IdempotencyMismatch(StudioError):
    """Another payload came under a key that was answered already."""

    code = "STU417"
    problem = "service={service} operation={operation}: idempotency key {key} was used with another message"
    remedy = "Use a key of its own for each distinct message."

    service: str
    operation: str
    key: str


class StorageConflict(StudioError):
    """A document was not at the version that the write expected."""

    code = "STU420"
    problem = "collection={space}.{collection} key={key}: version is {found}, expected {expected}"
    remedy = "Read the document again and decide again, or declare the handler `transactional=True`."

    space: str
    collection: str
    key: str
    expected: int
    found: int


class UniqueViolation(StudioError):
    """A unique value is taken by another document."""

    code = "STU421"
    problem = "collection={space}.{collection} key={key}: {index}={value} is taken"
    remedy = "Read the document that holds it; a repeated message often means that the work is done."

    space: str
    collection: str
    key: str
    index: str
    value: str


class StorageUnavailable(StudioError):
    """The storage is away, or did not confirm a commit."""

    code = "STU422"
    problem = "storage of {space}: {reason}"
    remedy = "Try again; a commit may stand although its answer was lost, so read before you repeat what adds up."

    space: str
    reason: str


class Fenced(StudioError):
    """An orchestrator (or replica) that was replaced tried to act."""

    code = "STU423"
    problem = "saga={saga}: epoch {epoch} was replaced"
    remedy = "Nothing to do: a newer orchestrator carries the saga on."

    saga: str
    epoch: int


class CallInTransaction(StudioError):
    """A call that awaits an answer was made inside a transactional handler."""

    code = "STU424"
    problem = "address={address} was called inside the transactional handler {operation}"
    remedy = "Publish an event instead, or move the call into a handler that is not transactional."

    address: str
    operation: str


class UnknownAddress(StudioError):
    """An address is neither a command with an owner nor an event."""

    code = "STU430"
    problem = "address={address} is neither an operation nor an event"
    remedy = "Declare it with `event($.{address}, …)` or as an operation of a service. Nearest: {known}."

    address: str
    known: str


class WrongVerb(StudioError):
    """A verb was used on an address that is something else."""

    code = "STU435"
    problem = "address={address} is {found}, not {wanted}"
    remedy = "Use `{verb}(...)` on it, or `send(...)`, which does what the address is."

    address: str
    found: str
    wanted: str
    verb: str


class UndeclaredError(StudioError):
    """A callee answered with a failure that is not a declared error."""

    code = "STU431"
    problem = "address={address} failed in the callee: {reason}"
    remedy = "Look at the callee's span in the trace; declare the error in `raises=[...]` if it is a business outcome."

    address: str
    reason: str


class MissingSetting(StudioError):
    """A setting or a secret is not configured."""

    code = "STU432"
    problem = "{what}={name} is not set"
    remedy = 'Give `setting("{name}", default=…)`, `given(...)` it in the scenario, or set it in the environment.'

    what: str
    name: str


class UnsearchableValue(StudioError):
    """A query compares a field with something that is no scalar."""

    code = "STU425"
    problem = "field={field}: documents cannot be searched by a value of type {type}"
    remedy = "Compare with text, a number, True, False or None; keep what you search by in a field of its own."

    field: str
    type: str


class CallRefused(StudioError):
    """A callee's policies or its validation refused a message; the handler has not run."""

    code = "STU433"
    problem = "address={address} refused: {reason}"
    remedy = "Mend the message or the caller; it has not run."

    address: str
    reason: str
    refusal: str


class NoRoute(StudioError):
    """No branch of a route holds."""

    code = "STU434"
    problem = "composition={composition}: no branch takes this {message}"
    remedy = "Add an `otherwise=…`, or a when(...) that holds for it."

    composition: str
    message: str


class UnknownSagaInstance(StudioError):
    """A saga has no instance of that id."""

    code = "STU440"
    problem = "saga={saga} has no instance {instance}"
    remedy = "An instance's id is the saga's name and the key of the event that started it: {saga}/order-1."

    saga: str
    instance: str


class SagaVersionMissing(StudioError):
    """The version of a saga that an instance was started with is not here any more."""

    code = "STU441"
    problem = "instance={instance} was started by version {version}, which is not here"
    remedy = "Bring that version back (deploy it, or run its cell again), then resume the instance."

    instance: str
    version: str


class SagaStepMissing(StudioError):
    """A journal names a step that the saga does not have, though its version is the same."""

    code = "STU442"
    problem = "instance={instance} has begun step {step}, which version {version} does not have"
    remedy = "Give a changed saga another --version, bring the step back, then resume the instance."

    instance: str
    step: str
    version: str


class RouteTwice(StudioError):
    """Two services answer at the same method and path."""

    code = "STU450"
    problem = "route={route} is answered by {first} and by {second}"
    remedy = "Give one of them another path: both are reached at one host."

    route: str
    first: str
    second: str


class UnknownRoute(StudioError):
    """Nobody answers at a path."""

    code = "STU451"
    problem = "nobody answers {method} {path}"
    remedy = "See /openapi.json for the routes; operations are at /operations/ADDRESS, events at /events/ADDRESS."

    method: str
    path: str


class WrongMethod(StudioError):
    """A path is answered for other methods only."""

    code = "STU452"
    problem = "{path} does not answer {method}"
    remedy = "Use {allowed}."

    method: str
    path: str
    allowed: str


class BodyTooLarge(StudioError):
    """A request's body is longer than it may be."""

    code = "STU453"
    problem = "the body is longer than {size_bytes_max} bytes"
    remedy = "Send less at once."

    size_bytes_max: int


class EndpointFailed(StudioError):
    """An endpoint raised something that is neither a declared error nor an HTTPException."""

    code = "STU454"
    problem = "service={service} endpoint={endpoint} raised {error}"
    remedy = "Look at the endpoint's span in the trace."

    service: str
    endpoint: str
    error: str
