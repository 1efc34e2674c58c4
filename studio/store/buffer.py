"""Take records as they happen, at the price of a list's append, and hand them to the log in batches."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from studio.errors import LogFull, LogLocked, LogUnwritable, StudioError
from studio.records import TABLES, Record, canonical
from studio.store.columns import Batch, Names, encode, merged
from studio.store.opening import OWN_PROCESS
from studio.store.parcel import Parcel, pack
from studio.store.shelf import Acts, RunInfo, Shelf, Status

__all__ = ["Buffer"]

_TABLE_OF = {record: table for table, record in TABLES.items()}
_STRETCH_ROWS = 65_536
"""Records after which they are put into columns, which take a fifth of the room, though no batch is full yet."""


class _Sealed(NamedTuple):
    """What waits for the log: a batch and what was done by its end, or either alone.

    It reaches the log together: who finds a record there finds what it came of.
    """

    batch: Batch | None
    acts: Acts | None


class Buffer:
    """The `Recorder` port: keeps the last records as they are and hands over a batch whenever enough have come.

    A batch that the log refuses (disk full, file locked) stays in memory, in columns, and is offered again with the
    next one and at every `flush`; `failure` says why. Only when `batches_max` of them wait does `write` raise.

    One thread writes and seals. What is sealed may be handed over by any, one at a time.

    Args:
        shelf: Where batches go.
        info: Of the run, which begins there now.
        batch_rows: Records in a batch; few large ones suit DuckDB, which writes a table's last rows anew each time.
        batches_max: How many refused batches are kept in memory.
        hashing: Whether to hash the canonical encoding on the way; costs more than all the rest of recording, so by
            default the hash is computed from the log when somebody asks for it.
    """

    __slots__ = (
        "_acts",
        "_acts_from",
        "_batch_rows",
        "_batches_max",
        "_counted",
        "_first",
        "_handing",
        "_hash",
        "_info",
        "_names",
        "_pending",
        "_sealed",
        "_shelf",
        "_stretch_rows",
        "_stretches",
        "failure",
        "run",
    )

    def __init__(
        self, shelf: Shelf, info: RunInfo, *, batch_rows: int = 262_144, batches_max: int = 16, hashing: bool = False
    ) -> None:
        assert batch_rows > 0
        self._shelf, self._info = shelf, info
        self.run = shelf.begin(info)
        self._batch_rows, self._batches_max = batch_rows, batches_max
        self._stretch_rows = min(batch_rows, _STRETCH_ROWS)
        self._pending: list[Record] = []
        self._first = 0
        self._counted: Counter[str] = Counter()  # of the records that are in columns
        self._stretches: list[Batch] = []  # of the batch to come
        self._sealed: list[_Sealed] = []
        self._handing = threading.Lock()
        self._names = Names()
        self._hash = hashlib.sha256() if hashing else None
        self._acts: list[str] = []  # of the script: those that are not in the log yet
        self._acts_from = 0
        self.failure: StudioError | None = None

    def write(self, record: Record) -> None:
        """Keep one record.

        Raises:
            LogFull: The log has refused batches for so long that no more are kept. This record is kept, too.
        """
        pending = self._pending
        pending.append(record)
        if len(pending) >= self._stretch_rows:
            self._put_in_columns()
            if self._first - self._stretches[0].first >= self._batch_rows:
                self._hand_over()

    @property
    def count(self) -> int:
        """How many records were written so far."""
        return self._first + len(self._pending)

    def counts(self) -> dict[str, int]:
        """Return how many records of each table were written so far; nothing is handed over for it."""
        pending = Counter(map(type, self._pending))
        return dict(self._counted + Counter({_TABLE_OF[kind]: count for kind, count in pending.items()}))

    def since(self, seq: int) -> list[Record] | None:
        """Return the records from one on, where none of them has left for the log yet; else None.

        Args:
            seq: Its place in the run.
        """
        return self._pending[seq - self._first :] if seq >= self._first else None

    @property
    def waiting(self) -> int:
        """How many records are not in the log yet."""
        sealed = sum(each.batch.count for each in self._sealed if each.batch is not None)
        return sealed + sum(batch.count for batch in self._stretches) + len(self._pending)

    def note_act(self, at: int, act: str) -> None:
        """Take down what is done to the world; it reaches the log before the records that come of it.

        Args:
            at: Its place in the script, from 0; what stood there and after it is forgotten.
            act: As JSON.
        """
        self._acts_from = min(self._acts_from, at)
        self._acts[at - self._acts_from :] = [act]

    def flush(self) -> None:
        """Hand over everything; also after an error, which lost nothing.

        Raises:
            LogLocked: Another process holds the file.
            LogUnwritable: No room, or the file cannot be reached.
        """
        self._seal()
        with self._handing:
            while self._sealed:
                self._append(self._shelf)
        self.failure = None

    def offer(self) -> bool:
        """Hand over what the log takes at once; what it refuses stays, and `failure` says why. Nobody waits for it.

        Returns:
            Whether the log has everything.
        """
        while self.seal():
            if not self.carry():
                return False
        return True

    def seal(self) -> bool:
        """Close the batch, unless one waits already, and say whether any does.

        While one waits, records are gathered as if nobody had asked, so that many short looks make no many batches.
        """
        if not self._sealed:
            self._seal()
        return bool(self._sealed)

    def carry(self) -> bool:
        """Hand over what is sealed, as far as the log takes it at once; any thread may, also while records are written.

        Returns:
            Whether the log has all of that; where not, `failure` says why, unless somebody here just has a look.
        """
        shelf = self._shelf.impatient()
        with self._handing:
            try:
                while self._sealed:
                    self._append(shelf)
            except StudioError as error:
                if not (isinstance(error, LogLocked) and error.holder == OWN_PROCESS):
                    self.failure = error
                return False
        self.failure = None
        return True

    @property
    def handed_over(self) -> int:
        """How many records are in the log."""
        return self.count - self.waiting

    def spill(self, file: Path | str) -> Path:
        """Save the records that are not in the log to a file beside it; `Log.adopt` brings them in later.

        Raises:
            LogUnwritable: It cannot be written either.
        """
        self._seal()
        batches = [each.batch for each in self._sealed if each.batch is not None]
        path = Path(file)
        try:
            path.write_bytes(pack(Parcel(self.run, self._info, "running", 0, batches)))
        except OSError as error:
            reason = error.strerror or "cannot be written"
            raise LogUnwritable(file=str(path), reason=reason, records=self.waiting) from error
        return path

    def finish(self, status: Status, *, end_ns: int, case: str = "") -> None:
        """Hand over everything and close the run; raises what `flush` raises, and can be called again then.

        Args:
            status: How it ended.
            end_ns: Engine time at its end.
            case: What repeats it, as JSON, where that is known only now; empty keeps what was known at its beginning.
        """
        self.flush()
        if case:
            self._shelf.keep_case(self.run, case)
        self._shelf.finish(self.run, status, end_ns, self.sha256())

    def sha256(self) -> str:
        """Return the hash of the canonical encoding of all records so far; empty when hashing is off."""
        if self._hash is None:
            return ""
        self._seal()
        return self._hash.hexdigest()

    def _append(self, shelf: Shelf) -> None:
        """Hand over what was sealed first."""
        batch, acts = self._sealed[0]
        if batch is None:
            assert acts is not None
            shelf.keep_acts(self.run, acts)
        elif acts is None:
            shelf.append(self.run, batch)
        else:
            shelf.append(self.run, batch, acts)
        del self._sealed[0]

    def _hand_over(self) -> None:
        try:
            self.flush()
        except StudioError as error:
            self.failure = error
            if len(self._sealed) >= self._batches_max:
                raise LogFull(records=self.waiting, reason=str(error).splitlines()[0]) from error

    def _seal(self) -> None:
        """Close the batch. It stays as it is from now on: the log knows by its end whether it has it."""
        self._put_in_columns()
        batch = merged(self._stretches) if self._stretches else None
        acts = (self._acts_from, self._acts) if self._acts else None
        if batch is None and acts is None:
            return
        self._sealed.append(_Sealed(batch, acts))
        self._stretches = []
        self._acts_from, self._acts = self._acts_from + len(self._acts), []

    def _put_in_columns(self) -> None:
        pending = self._pending
        if not pending:
            return
        if self._hash is not None:
            self._hash.update((b"\n" if self._first else b"") + canonical(pending))
        batch = encode(pending, self._first, self._names)
        self._stretches.append(batch)
        self._counted.update({table: len(frame) for table, frame in batch.frames.items()})
        self._pending = []
        self._first += len(pending)
