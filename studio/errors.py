"""Hold every exception of ours: a stable code, typed attributes, the place in the author's code, and a remedy.

Declared business errors (`ServiceError`) are the author's and live in `studio.contract`; here is only what Studio
itself raises. Codes by hundred: 1 addresses and contracts, 2 cells and files, 3 declarations and the graph, 4 handling
a message, 5 simulation, 6 the log, 7 export, 8 the real engine, 9 notebook and command line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["StudioError", "Where", "in_words", "nearest"]


@dataclass(frozen=True, slots=True)
class Where:
    """Name a place in an author's code: the cell (or file) and the line in its body, counted from 1.

    Args:
        cell: Such as `service Inventory` or `shop/services/inventory.py`.
        line: Line in the cell's body; None when the whole cell is meant.
    """

    cell: str
    line: int | None = None

    def __str__(self) -> str:
        return self.cell if self.line is None else f"{self.cell}, line {self.line}"


class StudioError(Exception):
    """Base of all our errors.

    A subclass states `code`, `problem` (a format string over its attributes) and `remedy` (likewise, an imperative),
    and annotates its attributes. All are given by keyword, so an error survives pickling between worker processes.

    Args:
        where: The author's cell and line, where known.
        attributes: What the subclass's `problem` and `remedy` name.
    """

    code: ClassVar[str] = "STU000"
    problem: ClassVar[str] = "{detail}"
    remedy: ClassVar[str] = ""

    where: Where | None

    def __init__(self, *, where: Where | None = None, **attributes: Any) -> None:
        self.where = where
        self.attributes = attributes
        self.__dict__.update(attributes)
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """Say what was wrong, where, and what to do, in that order, on up to three lines."""
        lines = [f"{self.code}: {self.problem.format(**self.attributes)}"]
        if self.where is not None:
            lines.append(f"  in {self.where}")
        if self.remedy:
            lines.append(f"  {self.remedy.format(**self.attributes)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.where, self.attributes)


def _rebuild(kind: type[StudioError], where: Where | None, attributes: dict[str, Any]) -> StudioError:
    return kind(where=where, **attributes)


def in_words(code: str) -> str:
    """Return what an error is, for people: `call timeout` for `STU410`; anything but a code of ours as it is."""
    for kind in _kinds(StudioError):
        if kind.code == code:
            return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
    return code


def _kinds(kind: type[StudioError]) -> Iterator[type[StudioError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def nearest(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """Return the known names closest to `name`, ready for a remedy, or all of a short list when none is close.

    Args:
        name: What the author wrote.
        known: What exists.
        limit: How many to name at most.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=limit, cutoff=0.5) or names[:limit]
    return ", ".join(close) if close else "none are declared yet"


# --- 1xx addresses and contracts ---


class EmptyAddress(StudioError):
    """An address has no part, or nothing between two dots."""

    code = "STU101"
    problem = "address={address!r} has an empty part"
    remedy = "Name a subject and what is said of it, such as $.Order.created."

    address: str


class BadAddressPart(StudioError):
    """A part of an address is no plain name."""

    code = "STU102"
    problem = "address={address!r}: part={part!r} {reason}"
    remedy = "Use a Python name of letters, digits and underscores that starts with a letter, such as $.Order.created."

    address: str
    part: str
    reason: str


class UnexpectedWildcard(StudioError):
    """A wildcard stands where one address is meant."""

    code = "STU103"
    problem = "address={address!r}: wildcard {part!r} where one address is meant"
    remedy = "Name one address; wildcards select events in `@service.on(...)` and in queries."

    address: str
    part: str


class MisplacedWildcard(StudioError):
    """A `>` is not the last part of a pattern."""

    code = "STU104"
    problem = "pattern={address!r}: '>' stands for the rest and must be the last part"
    remedy = "Use '*' for one part in the middle, such as $.*.created, or end with '>', such as $.Order.>"

    address: str


class NotAnAddress(StudioError):
    """A value of another type was given for an address."""

    code = "STU105"
    problem = "an address was expected, not a value of type {type}"
    remedy = "Write $.Order.created in a cell, S.Order.created in a file, or the text 'Order.created'."

    type: str


class InvalidMessage(StudioError):
    """A message does not fit the contract of the operation that received it."""

    code = "STU150"
    problem = "service={service} operation={operation}: {contract}.{field}={value} is not valid ({reason})"
    remedy = "Send what fits `{field}`, or change the contract in the cell that declares {contract}."

    service: str
    operation: str
    contract: str
    field: str
    value: str
    reason: str
    problems: tuple[Any, ...]


# --- 4xx handling a message ---


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
    """The storage did not commit."""

    code = "STU422"
    problem = "storage of {space}: {reason}"
    remedy = "Nothing was written; retry."

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


# --- 3xx declarations and the graph ---


class InvalidDuration(StudioError):
    """Not a duration."""

    code = "STU301"
    problem = "duration={text} cannot be read"
    remedy = 'Write a number and a unit: "40ms", "5s", "1m30s", "24h".'

    text: str


class InvalidDeclaration(StudioError):
    """A declaration contradicts itself."""

    code = "STU302"
    problem = "{what}: {reason}"
    remedy = "{remedy_text}"

    what: str
    reason: str
    remedy_text: str


class DuplicateMember(StudioError):
    """A service declares the same thing twice."""

    code = "STU303"
    problem = "service={service} declares {what} twice"
    remedy = "Give one of them another address or name."

    service: str
    what: str


class UnknownMember(StudioError, AttributeError):
    """A handle was asked for an operation that its service does not have; to Python a missing attribute."""

    code = "STU304"
    problem = "service={service} has no operation {member}"
    remedy = "Its operations: {known}."

    service: str
    member: str
    known: str


class AmbiguousOperation(StudioError):
    """A service stands for its only operation, and has several or none."""

    code = "STU305"
    problem = "service={service} has {count} operations and stands for none of them"
    remedy = "Name one: {known}."

    service: str
    count: int
    known: str


class WireMismatch(StudioError):
    """The output of a wire cannot be the input of the next stage."""

    code = "STU306"
    problem = "composition={composition}: {source} gives {gives}, {target} takes {takes} ({reason})"
    remedy = "Put a stage between them that turns {gives} into {takes}, or change one of the contracts."

    composition: str
    source: str
    gives: str
    target: str
    takes: str
    reason: str


class StepAfterPivot(StudioError):
    """A compensatable step comes after the pivot."""

    code = "STU307"
    problem = "saga={saga} step={step} can be compensated but comes after the pivot {pivot}"
    remedy = 'Move it before {pivot}, or declare it `kind="retriable"` and drop its compensation.'

    saga: str
    step: str
    pivot: str


class InvalidCron(StudioError):
    """A job's schedule cannot be read, or never comes."""

    code = "STU308"
    problem = "service={service} job={job}: schedule {schedule!r} {reason}"
    remedy = 'Write five fields, minute hour day month weekday, such as "0 3 * * *".'

    service: str
    job: str
    schedule: str
    reason: str


# --- 240 deterministic Python in studio modules


class RefusedImport(StudioError):
    """A studio module imports what would reach around the ports: a socket, a process, a thread."""

    code = "STU240"
    problem = "import={module} reaches outside the world that a service runs in"
    remedy = "Instead, {instead}."

    module: str
    instead: str


class RefusedCall(StudioError):
    """Code in a world called what would act on the machine, or on a state that no world has."""

    code = "STU241"
    problem = "call={function} is refused in a studio module"
    remedy = "Instead, {instead}."

    function: str
    instead: str


class SharedMutable(StudioError):
    """A contracts or module cell holds something that can change, which all services would share."""

    code = "STU242"
    problem = "name={name} is {kind}, and every replica of every service would share it"
    remedy = "{instead}"

    name: str
    kind: str
    instead: str


class BlockingSleep(StudioError):
    """Async code called `time.sleep`, which would block every other handler."""

    code = "STU243"
    problem = "time.sleep({seconds}) was called in async code"
    remedy = "Write `await asyncio.sleep({seconds})`, or make the function a plain `def`."

    seconds: float


class InvalidFault(StudioError):
    """A fault that cannot be."""

    code = "STU309"
    problem = "fault={fault}: {reason}"
    remedy = "See the fault's help, such as `lose?`."

    fault: str
    reason: str


# --- 2xx cells and files ---


class BadDollar(StudioError):
    """A `$` in code begins no address."""

    code = "STU201"
    problem = "{written} is no address"
    remedy = "Write `$.` and a subject, such as $.Order.created; inside an f-string write S.Order.created."

    written: str


class UnknownCellKind(StudioError):
    """A cell or a file's header is of no kind that exists."""

    code = "STU202"
    problem = "kind={kind!r} does not exist"
    remedy = "Use one of: {known}."

    kind: str
    known: str


class BadCellName(StudioError):
    """A cell has no name, a name that is none, or more than one."""

    code = "STU203"
    problem = "{kind}: {reason}"
    remedy = "Write `{usage}`."

    kind: str
    reason: str
    usage: str


class UnknownOption(StudioError):
    """A cell has an option that its kind does not know."""

    code = "STU204"
    problem = "option={option} is not known to {kind}"
    remedy = "It has: {known}."

    option: str
    kind: str
    known: str


class BadOption(StudioError):
    """An option has no value, a value that does not fit, or is given twice."""

    code = "STU205"
    problem = "{kind}: {option} {reason}"
    remedy = "Write `{usage}`."

    kind: str
    option: str
    reason: str
    usage: str


class UnreadableMagicLine(StudioError):
    """A magic line cannot be split into words."""

    code = "STU206"
    problem = "line={line!r} cannot be read ({reason})"
    remedy = "Close the quotation mark, or leave quotation marks out."

    line: str
    reason: str


class UnreadableFile(StudioError):
    """A file of declarations cannot be read."""

    code = "STU207"
    problem = "file={file} cannot be read ({reason})"
    remedy = "Give a Python file in UTF-8, a folder of such files, or a notebook."

    file: str
    reason: str


class MixedFile(StudioError):
    """One file declares what needs files of its own."""

    code = "STU208"
    problem = "file={file} declares {first} and {second}"
    remedy = "Give each of them a file of its own: each replica executes its service's file afresh."

    file: str
    first: str
    second: str


class UnreadableNotebook(StudioError):
    """A file is no notebook of a form we know."""

    code = "STU209"
    problem = "notebook={file} cannot be read ({reason})"
    remedy = "Open it in JupyterLab and save it again; notebooks of format 4 are read."

    file: str
    reason: str


class InvalidSyntax(StudioError):
    """A cell's body is not Python."""

    code = "STU210"
    problem = "{message}{excerpt}"
    remedy = "Correct the marked line and run the cell again."

    message: str
    excerpt: str


class TopLevelAwait(StudioError):
    """A cell awaits outside a function."""

    code = "STU211"
    problem = "`await` outside a function{excerpt}"
    remedy = (
        "Move it into an `async def` handler; to play with a system use `studio.world(seed=7)` in an ordinary cell."
    )

    excerpt: str


class UndefinedName(StudioError):
    """A cell uses a name that nothing it sees defines."""

    code = "STU212"
    problem = "name={name} is not defined"
    remedy = "Import it, or declare it in a %%contracts or %%module cell. Nearest: {nearest}."

    name: str
    nearest: str


class NameOfOrdinaryCell(StudioError):
    """A studio cell uses a name that only an ordinary cell defines, which export would leave behind."""

    code = "STU213"
    problem = "name={name} is defined only in an ordinary cell ({cell})"
    remedy = "Import it in this cell, or define it in a `%%module` cell, so that it is exported too."

    name: str
    cell: str


class FutureImport(StudioError):
    """A cell imports from `__future__`, which must be first in a file, where the export's own imports are."""

    code = "STU214"
    problem = "`from __future__ import` in the body of a cell"
    remedy = "Delete the line; put annotations that name later classes in quotation marks."


# --- 50x the virtual loop


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
    problem = "{steps} steps reached {limit} at virtual time {now_ns} ns"
    remedy = "Await a time in the loop that polls (`await asyncio.sleep(0.01)`), or raise {limit}."

    steps: int
    limit: str
    now_ns: int


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


# --- 31x the graph ---


class TwoOwners(StudioError):
    """Two services own an address."""

    code = "STU310"
    problem = "address={address} is an operation of {first} and of {second}"
    remedy = "Give one of them another address; a command has one owner."

    address: str
    first: str
    second: str


class AddressIsBoth(StudioError):
    """An address is a command and an event."""

    code = "STU311"
    problem = "address={address} is a command of {owner} and an event of {other}"
    remedy = (
        "Use two addresses: a command has one owner and answers, an event is published to any number of subscribers."
    )

    address: str
    owner: str
    other: str


class CompositionCycle(StudioError):
    """A composition contains itself."""

    code = "STU312"
    problem = "composition={composition} contains itself: {path}"
    remedy = "Take one of the stages out of the circle."

    composition: str
    path: str


class UnknownDefinition(StudioError):
    """Nothing of that name is declared."""

    code = "STU313"
    problem = "name={name} is not declared"
    remedy = "Nearest: {known}."

    name: str
    known: str


class StaleDefinition(StudioError):
    """A cell could not be executed again after something that it uses changed."""

    code = "STU314"
    problem = "{name} does not fit what it uses any more: {reason}"
    remedy = "Change the cell of {name} and run it again, or `%studio forget {name}`."

    name: str
    reason: str


class DeclaredTwice(StudioError):
    """Two cells or files declare a thing of the same name."""

    code = "STU315"
    problem = "{what} is declared in {first} already"
    remedy = "Give one of them another name, or `%studio forget` the other cell's declaration."

    what: str
    first: str


class DefinitionCycle(StudioError):
    """Cells or files use each other's names in a circle."""

    code = "STU316"
    problem = "{name} uses what uses {name} itself: {path}"
    remedy = 'Move what both need into a %%contracts or %%module cell; name a service by `handle("Name")`.'

    name: str
    path: str


class ServiceModuleRefused(StudioError):
    """A module imports from another service more than its handle."""

    code = "STU317"
    problem = "name={name} is inside {declared}, whose module nobody else can see"
    remedy = "Call its operations through its handle, or move what is shared into a %%module cell or a plain module."

    name: str
    declared: str


# --- 425 searching the storage ---


class UnsearchableValue(StudioError):
    """A query compares a field with something that is no scalar."""

    code = "STU425"
    problem = "field={field}: documents cannot be searched by a value of type {type}"
    remedy = "Compare with text, a number, True, False or None; keep what you search by in a field of its own."

    field: str
    type: str


# --- 8xx the real engine ---


class DatabaseLocked(StorageUnavailable):
    """Another process holds the database's write lock for longer than we wait."""

    code = "STU801"
    problem = "database={file} is locked by another process; space={space} waited {waited}"
    remedy = "End what writes to it (a shell, a backup, a copy of this service) and retry; nothing was written."

    file: str
    waited: str


class DatabaseInUse(StudioError):
    """Another process serves from this database."""

    code = "STU802"
    problem = "database={file} is served by another process (pid={pid})"
    remedy = "Stop that one, or give this one a database of its own."

    file: str
    pid: str


class DiskFull(StorageUnavailable):
    """The disk, or the database's own limit, is full."""

    code = "STU803"
    problem = "database={file}: no room left to write for space={space}"
    remedy = "Make room on the disk; nothing was written, and what was committed before is kept."

    file: str


class DatabaseDamaged(StorageUnavailable):
    """What is in a database's file cannot be read as one."""

    code = "STU808"
    problem = "database={file} is damaged ({reason}); space={space}"
    remedy = "Stop, keep a copy of the file, and restore a backup; `sqlite3 {file} .recover` saves what can be saved."

    file: str


class ForeignDatabase(StudioError):
    """A file is no database, or not one of ours."""

    code = "STU804"
    problem = "database={file} was not made by Studio ({reason})"
    remedy = "Name another file; this one is left as it is."

    file: str
    reason: str


class DatabaseVersion(StudioError):
    """A database was written by a later version of Studio."""

    code = "STU805"
    problem = "database={file} has version {found}, this Studio knows up to {known}"
    remedy = "Run it with the version of Studio that wrote it, or a later one."

    file: str
    found: int
    known: int


class UnusableDatabase(StudioError):
    """A database cannot be opened."""

    code = "STU806"
    problem = "database={file} cannot be opened ({reason})"
    remedy = "Check that the folder exists and may be written to."

    file: str
    reason: str


class UnreadableSecret(StudioError):
    """A secret's file cannot be read."""

    code = "STU807"
    problem = "{variable} names a file that cannot be read ({reason})"
    remedy = "Mount the secret there, or set {name} itself."

    variable: str
    name: str
    reason: str


# --- 43x answers ---


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


# --- 6xx the log ---


class LogLocked(StudioError):
    """Another process kept the log's file open for longer than we wait."""

    code = "STU601"
    problem = "file={file} is in use by {holder}"
    remedy = "Close it there (or end that process), then try again; what was recorded here is kept."

    file: str
    holder: str


class LogVersion(StudioError):
    """The log's file has a form that this version of Studio does not know."""

    code = "STU602"
    problem = "file={file} has form {found}, and this version of Studio knows forms up to {known}"
    remedy = "Update Studio, or keep runs in another file; the file was not changed."

    file: str
    found: str
    known: int


class NotALog(StudioError):
    """The file holds something else than Studio's log."""

    code = "STU603"
    problem = "file={file} is not a log of Studio ({reason})"
    remedy = "Name another file, or move this one away; it was not changed."

    file: str
    reason: str


class LogUnwritable(StudioError):
    """The disk is full, or the file cannot be read or written."""

    code = "STU604"
    problem = "file={file} cannot be read or written ({reason}); records={records} are kept in memory"
    remedy = (
        "Make room, then flush again; or save them elsewhere with `spill(path)`. What was written before is intact."
    )

    file: str
    reason: str
    records: int


class InvalidQuery(StudioError):
    """An author's query is wrong."""

    code = "STU605"
    problem = "{message}{excerpt}"
    remedy = "{advice}"

    message: str
    excerpt: str
    advice: str
    line: int


class QueryWrites(StudioError):
    """An author's query would change something."""

    code = "STU606"
    problem = "statement={statement} is refused: a run's log is only read"
    remedy = "Write one `select` over the views: {views}."

    statement: str
    views: str


class UnknownRun(StudioError):
    """A run is not in the log."""

    code = "STU607"
    problem = "run={run} is not in the log"
    remedy = "Use one of: {known}."

    run: int
    known: str


class LogFull(StudioError):
    """The log could not be written for so long that more must not be kept in memory."""

    code = "STU608"
    problem = "records={records} wait in memory, the most that is kept: {reason}"
    remedy = "Save them with `spill(path)`, mend the cause, and run again."

    records: int
    reason: str


class UnknownView(StudioError):
    """A table or collection of the log is asked for that does not exist."""

    code = "STU609"
    problem = "view={view} does not exist"
    remedy = "Nearest: {candidates}."

    view: str
    candidates: str


class BadParcel(StudioError):
    """A file does not hold records that were saved beside a log."""

    code = "STU610"
    problem = "file={file} holds no saved records ({reason})"
    remedy = "Name a file that `spill(path)` or `pack()` wrote."

    file: str
    reason: str


# --- 55x made data


class CannotSample(StudioError):
    """No valid data could be made from a contract."""

    code = "STU550"
    problem = "contract={contract}: made data is refused at {field} ({reason})"
    remedy = "Give the workload an example, `like={contract}(...)`, or fix the field: `workload(..., {field}=...)`."

    contract: str
    field: str
    reason: str


# --- 52x scenarios, faults and third parties in a run ---


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


class FileUnwritable(StudioError):
    """The machine refuses a file that a command reads or writes."""

    code = "STU911"
    problem = "file={file}: {reason}"
    remedy = "Name another file, or make its folder."

    file: str
    reason: str


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


# --- 9xx notebook and command line ---


class BadMagic(StudioError):
    """A magic's line lacks a word, or has one too many."""

    code = "STU901"
    problem = "%{magic}: {reason}"
    remedy = "Write `{usage}`."

    magic: str
    reason: str
    usage: str


class UnknownMagic(StudioError):
    """A magic does not exist, at least not in this form."""

    code = "STU902"
    problem = "magic={magic} does not exist"
    remedy = "{advice}"

    magic: str
    advice: str


class EmptyCell(StudioError):
    """A cell has nothing below its magic line."""

    code = "STU903"
    problem = "{magic} has nothing below it"
    remedy = "Write the body below the magic line; `{magic}?` shows how."

    magic: str


class NothingRun(StudioError):
    """A trace is asked for before anything was run."""

    code = "STU904"
    problem = "nothing has been run yet, so there is no trace"
    remedy = "Run a scenario, `%simulate NAME`, or play with `world = studio.world(seed=7)`, then ask again."


class NothingDeclared(StudioError):
    """Something is wanted of a system in which nothing is declared."""

    code = "STU905"
    problem = "{wanted}: nothing is declared yet"
    remedy = "Declare a service first: a cell that begins with `%%service NAME`."

    wanted: str


# --- 44x sagas at run time ---


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


# --- 90x the command line and the notebook ---


class MissingExtra(StudioError):
    """A part of Studio that was not installed is needed."""

    code = "STU910"
    problem = "{what} is not installed"
    remedy = "pip install 'service-studio[{extra}]'"

    what: str
    extra: str


# --- 45x HTTP ---


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


# --- 7xx export ---


class NotOurFolder(StudioError):
    """The target of an export holds something that export did not write."""

    code = "STU701"
    problem = "folder={folder} {reason}"
    remedy = "Name a new or an empty folder, or one that `studio export` wrote before; nothing was changed."

    folder: str
    reason: str


class NothingToExport(StudioError):
    """A system without services is to become a package."""

    code = "STU702"
    problem = "{what} declares no service, so there is nothing to ship"
    remedy = "Declare one in a cell that begins with `%%service NAME`, run it, then export."

    what: str


class BadPackageName(StudioError):
    """A package cannot have the name that was given, or that follows from its folder's."""

    code = "STU703"
    problem = "package={name} {reason}"
    remedy = "Name it otherwise: `--name shop`."

    name: str
    reason: str


class UnsettledCell(StudioError):
    """A cell failed when it was run last, and an older declaration stands."""

    code = "STU704"
    problem = "cell={cell} failed when it was run last; what stands is older than what the notebook shows"
    remedy = "Mend and run the cell (or run it again as it was), then export."

    cell: str


class NotPackaged(StudioError):
    """A file imports another by a path that it does not have in the package."""

    code = "STU705"
    problem = "file={file} imports {module}, which has no such path in a package"
    remedy = "Write `from .{module} import …`, or make the folder a package: put an `__init__.py` beside the files."

    file: str
    module: str


class RuntimeUnknown(StudioError):
    """Studio was not installed, so that the runtime cannot be packed."""

    code = "STU706"
    problem = "distribution={distribution} is not installed here ({reason}), so the runtime cannot travel along"
    remedy = "Install it, `pip install {distribution}` or `pip install -e .` in a checkout, then export."

    distribution: str
    reason: str


class ExportUnwritable(StudioError):
    """A file of a package or project cannot be written."""

    code = "STU707"
    problem = "file={file} cannot be written or read ({reason})"
    remedy = "Make it writable or make room, then export again; what was written so far is recognised."

    file: str
    reason: str


class FolderNotEmpty(StudioError):
    """A new project is to be made where something is already."""

    code = "STU708"
    problem = "folder={folder} {reason}"
    remedy = "Name a new or an empty folder: `studio new shop`; nothing was changed."

    folder: str
    reason: str


class UnknownTemplate(StudioError):
    """There is no template of that name."""

    code = "STU709"
    problem = "template={template} does not exist"
    remedy = "Use one of: {known}."

    template: str
    known: str


class NoPackage(StudioError):
    """A folder is used as an exported package, and is not one."""

    code = "STU710"
    problem = "folder={folder} is no exported package ({reason})"
    remedy = "Export again: `studio export NOTEBOOK -o FOLDER`."

    folder: str
    reason: str


class DemoFailed(StudioError):
    """The demonstration did not go as it tells."""

    code = "STU711"
    problem = "demo: {step} did not go as told: {reason}"
    remedy = "Run `studio demo` again; if it stays so, report it with this text."

    step: str
    reason: str


# --- 81x serving over HTTP ---


class AddressInUse(StudioError):
    """The server cannot listen at the host and port."""

    code = "STU810"
    problem = "host={host} port={port} cannot be listened at ({reason})"
    remedy = "Stop what listens there, or give another `--port`; 0 takes a free one."

    host: str
    port: int
    reason: str
