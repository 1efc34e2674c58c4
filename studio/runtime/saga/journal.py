"""Keep a saga instance durable: its document, its journal, and the fence that lets only one orchestrator write them.

Every append commits together with a check of the instance's document at the version that this orchestrator wrote.
Taking an instance over writes the document under a higher epoch, so from then on nothing that the former orchestrator
appends can be committed: it gets `Fenced`, and stops. Nothing here must be cancelled in mid-commit and then used again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, TypeVar

from studio.errors import Fenced, StorageConflict, StorageUnavailable
from studio.model.policy import Retry
from studio.ports import Document, Ports, Write
from studio.records import SagaChange, SagaStep
from studio.runtime.saga.history import Entry, History

__all__ = ["DEAD_LETTERS", "INSTANCES", "JOURNAL", "UNFINISHED", "Journal", "SagaInstance", "patiently",
           "read_entries"]  # fmt: skip

T = TypeVar("T")

INSTANCES = "$instances"
JOURNAL = "$journal"
DEAD_LETTERS = "$dead-letters"
UNFINISHED = ("running", "compensating")
"""States in which an orchestrator has something to do."""

JOURNAL_RETRY = Retry(attempts=1000, backoff="exponential", first="50ms", most="10s", jitter=0.0)
"""How long an orchestrator waits for a storage that does not commit: nearly three hours; then it lets go."""
TAKE_OVER_ATTEMPTS = 20
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class SagaInstance:
    """One run of a saga, as its document says.

    Attributes:
        id: The saga's name and the trigger's key.
        state: running, compensating, completed, compensated, stuck, abandoned.
        epoch: Raised whenever an orchestrator takes it over, and when it turns to undoing; never lowered.
        owner: Replica of the orchestrator that carries it.
        body: The trigger's message, JSON; its key, id, trace, span, causal key and principal with it.
        was: Of a stuck instance: the state to go back to.
        reason: Why it is stuck, or is being undone: an error's code, or `cancelled`.
        step: That is to blame.
        is_cancelled: An operator asked to undo it.
    """

    id: str
    saga: str
    version: str
    state: str
    epoch: int
    owner: int
    body: str
    key: str
    message: int
    trace: int
    span: int
    causal: int
    principal: str
    started_ns: int
    was: str = ""
    reason: str = ""
    step: str = ""
    is_cancelled: bool = False

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> SagaInstance:
        """Return what `encode` wrote; what a later version added to it is left out."""
        return cls(**{name: value for name, value in json.loads(body).items() if name in cls.__slots__})


class Journal:
    """One orchestrator's hold on one instance; get it by `begin` or `take_over`.

    Attributes:
        instance: As last committed.
        history: Of its steps.
    """

    __slots__ = ("_count", "_decisive", "_lock", "_ports", "_version", "history", "instance")

    def __init__(self, ports: Ports, instance: SagaInstance, version: int, decisive: Iterable[str] = ()) -> None:
        self._ports, self.instance, self._version = ports, instance, version
        self._decisive = tuple(decisive)
        self._count = 0
        self._lock = asyncio.Lock()
        self.history = History()

    @classmethod
    async def begin(cls, ports: Ports, instance: SagaInstance, decisive: Iterable[str]) -> Journal | None:
        """Write down that an instance starts; None where it has been started before.

        Args:
            ports: Clock, storage and recorder.
            instance: To be.
            decisive: Names of the steps that, once begun, cannot be undone.

        Raises:
            StorageUnavailable: Not started.
        """
        write = Write(instance.saga, INSTANCES, instance.id, instance.encode(), 0)
        try:
            (version,) = await ports.storage.commit((write,))
        except StorageConflict:
            return None
        journal = cls(ports, instance, version, decisive)
        journal._record_state()
        return journal

    @classmethod
    async def take_over(
        cls, ports: Ports, saga: str, id_: str, owner: int, states: Sequence[str] = UNFINISHED, *, given_up: str = ""
    ) -> Journal | None:
        """Make this orchestrator the only one that carries an instance, and read its journal.

        A stuck instance goes back to the state in which it got stuck, unless it is given up.

        Args:
            ports: Clock, storage and recorder.
            saga: Its name.
            id_: Of the instance.
            owner: Replica of this orchestrator.
            states: In which it is taken; in any other this returns None.
            given_up: Why it is abandoned with that; empty where it is to be carried on.
        """
        for _ in range(TAKE_OVER_ATTEMPTS):
            document = await patiently(ports, lambda: ports.storage.get(saga, INSTANCES, id_))
            found = None if document is None else SagaInstance.decode(document.body)
            if document is None or found is None or found.state not in states:
                return None
            journal = cls(ports, _taken(found, owner, given_up), document.version)
            try:
                await journal._write_instance(journal.instance, _without_dead_letter(found))
            except Fenced:  # another one wrote first: look again
                continue
            await journal._read()
            journal._record_state()
            return journal
        return None

    def decide_by(self, decisive: Iterable[str]) -> None:
        """Say which steps, once begun, cannot be undone."""
        self._decisive = tuple(decisive)

    @property
    def is_past_return(self) -> bool:
        """Tell whether a step has been begun that cannot be undone."""
        return any(self.history.has_intent(step) for step in self._decisive)

    async def append(self, entry: Entry, *, forward: bool = False) -> bool:
        """Commit an entry; it is recorded once it stands.

        Args:
            entry: Next in the journal.
            forward: Only if the instance goes forward; when it was cancelled in time, this returns False instead.

        Raises:
            Fenced: Another orchestrator has taken the instance over.
            StorageUnavailable: The storage did not commit for as long as we wait.
        """
        async with self._lock:
            if forward and self._turns_back:
                return False
            now_ns = self._ports.clock.now_ns()
            entry = replace(entry, epoch=self.instance.epoch, at_ns=now_ns)
            saga, id_ = self.instance.saga, self.instance.id
            key = f"{id_}/{self._count + 1:06d}"
            await self._commit(
                Write(saga, INSTANCES, id_, None, self._version, only_check=True),
                Write(saga, JOURNAL, key, entry.encode(), 0),
            )
            self._count += 1
            self.history.add(entry)
            self._record_step(entry)
            return True

    async def change(self, *writes: Write, forward: bool = False, **changes: Any) -> bool:
        """Commit another state of the instance, together with other writes.

        Args:
            writes: Such as an event for the outbox.
            forward: As for `append`.
            changes: Fields of `SagaInstance`.

        Raises:
            Fenced: Another orchestrator has taken the instance over.
            StorageUnavailable: The storage did not commit for as long as we wait.
        """
        async with self._lock:
            if forward and self._turns_back:
                return False
            changed = replace(self.instance, **changes)
            await self._write_instance(changed, writes)
            if "state" in changes:
                self._record_state()
            return True

    async def cancel(self) -> bool:
        """Ask for the instance to be undone; False where it is past that, or has ended.

        It is then undone as soon as the steps under way have ended.
        """
        async with self._lock:
            if self.instance.state in ("compensating", "compensated"):
                return True
            if self.instance.state != "running" or self.is_past_return:
                return False
            if not self.instance.is_cancelled:
                await self._write_instance(replace(self.instance, is_cancelled=True), ())
            return True

    # -- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _turns_back(self) -> bool:
        return self.instance.is_cancelled and not self.is_past_return

    async def _read(self) -> None:
        """Read all entries. Nobody else can append: the instance is ours by now."""
        entries = await read_entries(self._ports, self.instance.saga, self.instance.id)
        self._count = len(entries)
        self.history = History.of(entries)

    async def _write_instance(self, instance: SagaInstance, writes: Sequence[Write]) -> None:
        own = Write(instance.saga, INSTANCES, instance.id, instance.encode(), self._version)
        versions = await self._commit(own, *writes)
        self.instance, self._version = instance, versions[0]

    async def _commit(self, *writes: Write) -> tuple[int, ...]:
        """Commit, waiting for a storage that is away; one that only did not answer may have committed before."""
        is_unknown = False

        async def commit() -> tuple[int, ...]:
            nonlocal is_unknown
            try:
                return await self._ports.storage.commit(writes)
            except StorageConflict as conflict:
                own = next(write for write in writes if write.body is not None)
                if is_unknown and await self._stands(own):
                    return tuple(0 if each.body is None else (each.expected or 0) + 1 for each in writes)
                raise Fenced(saga=self.instance.id, epoch=self.instance.epoch) from conflict
            except StorageUnavailable:
                is_unknown = True
                raise

        return await patiently(self._ports, commit)

    async def _stands(self, write: Write) -> bool:
        """Tell whether a write has been committed: its body holds our epoch, so nobody else wrote the same."""
        found = await self._ports.storage.get(write.space, write.collection, write.key)
        return found is not None and found.body == write.body and found.version == (write.expected or 0) + 1

    def _record_state(self) -> None:
        if self._ports.recorder is not None:
            now_ns, of = self._ports.clock.now_ns(), self.instance
            self._ports.recorder.write(
                SagaChange(now_ns, of.id, of.saga, of.version, of.state, of.epoch, of.trace, of.reason)
            )

    def _record_step(self, entry: Entry) -> None:
        if self._ports.recorder is not None and entry.phase != "route":
            self._ports.recorder.write(
                SagaStep(entry.at_ns, self.instance.id, entry.step, entry.phase, entry.attempt, entry.error, entry.body)
            )


async def patiently(ports: Ports, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask a storage, waiting where it is away.

    Raises:
        StorageUnavailable: It stayed away for as long as we wait.
    """
    for attempt in range(1, JOURNAL_RETRY.attempts + 1):
        try:
            return await ask()
        except StorageUnavailable:
            if attempt == JOURNAL_RETRY.attempts:
                raise
        await ports.clock.sleep_ns(JOURNAL_RETRY.wait_ns(attempt + 1, 0.0))
    raise AssertionError("the last attempt returns or raises")


async def read_entries(ports: Ports, saga: str, id_: str) -> list[Entry]:
    """Return an instance's journal."""
    entries: list[Entry] = []
    prefix, after = f"{id_}/", ""
    while page := await patiently(
        ports, partial(ports.storage.find, saga, JOURNAL, prefix=prefix, limit=_PAGE, after=after)
    ):
        entries += [Entry.decode(document.body) for document in page if _is_of(document, prefix)]
        after = page[-1].key
    return entries


def _is_of(document: Document, prefix: str) -> bool:
    # Keys of events may hold a slash, so another instance's entries can share the prefix.
    return document.key.removeprefix(prefix).isdigit()


def _taken(found: SagaInstance, owner: int, given_up: str) -> SagaInstance:
    taken = replace(found, epoch=found.epoch + 1, owner=owner)
    if given_up:
        return replace(taken, state="abandoned", reason=given_up)
    return replace(taken, state=found.was, was="", reason="", step="") if found.state == "stuck" else taken


def _without_dead_letter(found: SagaInstance) -> tuple[Write, ...]:
    return (Write(found.saga, DEAD_LETTERS, found.id, None),) if found.state == "stuck" else ()
