"""Let workloads arrive: messages from outside, at instants and with data that hang on the seed alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.contract import ServiceError
from studio.errors import CallRefused, CallTimeout, Fenced, PublishFailed, ServiceUnavailable, UndeclaredError
from studio.model.scenario import Workload
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.cluster.outside import Outside
from studio.simulation.randomness import Stream, mix, share, stable_key
from studio.simulation.workload.sampling import sample
from studio.simulation.workload.tempo import Tempo, tempo_of

__all__ = ["Arrivals"]

_ANSWERS = (ServiceError, CallRefused, CallTimeout, Fenced, PublishFailed, ServiceUnavailable, UndeclaredError)
"""Errors that a sender may well get from a system under test."""


class Arrivals:
    """One workload of a run; the next arrival is scheduled when the one before has come.

    Args:
        cluster: Where messages go.
        outside: Who sends them.
        workload: What.
        number: Of the workload in its scenario; tells the draws of several apart.
        until_ns: Last instant.
        answered: Given each message's task when its answer is there; by default only what no answer explains is raised.
    """

    def __init__(
        self,
        cluster: Cluster,
        outside: Outside,
        workload: Workload,
        number: int,
        until_ns: int,
        *,
        answered: Callable[[Any], object] | None = None,
    ) -> None:
        self._cluster, self._outside, self._workload = cluster, outside, workload
        self._answered = _take_answer if answered is None else answered
        self._due_ns: int | None = None
        self._source = f"workload{number}/"
        self._gaps = Stream(cluster.seed, stable_key("arrivals"), number)
        switches = Stream(cluster.seed, stable_key("bursts"), number)
        self._tempo = tempo_of(workload, switches) if workload.is_paced else None
        self._number, self._until_ns = number, until_ns
        self._count = 0
        self._data, self._first = cluster.harm.messages.data, None
        graph = cluster.build.graph
        graph.demand(workload.address)
        operation = graph.operations.get(workload.address)
        plan = None if operation else cluster.program.event(workload.address)
        self._contract = operation[1].takes if operation else plan.event.contract if plan else None
        like = workload.like
        meant = self._contract if like is None else like if isinstance(like, type) else type(like)
        self._key = plan.event.key if plan else "id" if "id" in getattr(meant, "model_fields", {}) else ""

    def start(self) -> int | None:
        """Schedule the first arrival, and return its instant; None where there is none."""
        self._schedule(self.first_ns())
        return self._due_ns

    def first_ns(self) -> int | None:
        """Draw when the first message comes."""
        first_ns = self._workload.from_ns
        return first_ns if self._tempo is None else self._next_ns(self._tempo, first_ns)

    def end(self, at_ns: int) -> None:
        """Let nothing arrive from an instant on, as if the workload had been declared to last until just before."""
        self._until_ns = min(self._until_ns, at_ns - 1)
        if self._due_ns is not None and self._due_ns > self._until_ns:
            self._cluster.loop.disarm(self._due_ns, self)
            self._due_ns = None

    @property
    def count(self) -> int:
        """Return how many messages have come."""
        return self._count

    @property
    def is_over(self) -> bool:
        """Whether nothing arrives any more."""
        return self._due_ns is None

    def _schedule(self, when_ns: int | None) -> None:
        work = self._workload
        is_over = self._count >= len(work.messages) if work.messages else bool(work.count and self._count >= work.count)
        self._due_ns = None
        if not is_over and when_ns is not None and when_ns <= self._until_ns:
            self._due_ns = max(when_ns, self._cluster.loop.now_ns)
            self._cluster.loop.at(when_ns, 0, self._arrive, self)

    def _arrive(self, _: Any) -> None:
        self._count += 1
        message = self._heated(self._message()) if self._data.is_on else self._message()
        self._cluster.spawn(None, self._outside.send(self._source, self._workload.address, message), self._answered)
        now_ns = self._cluster.loop.now_ns
        self._schedule(now_ns + self._workload.every_ns if self._tempo is None else self._next_ns(self._tempo, now_ns))

    def _next_ns(self, tempo: Tempo, now_ns: int) -> int | None:
        """Return when the next message comes: the n-th gap is always drawn alike, whatever else goes on."""
        return tempo.next_ns(now_ns, 1.0 if self._workload.arrivals == "fixed" else self._gaps.exponential(1.0))

    def _message(self) -> Any:
        work = self._workload
        if work.messages:
            return work.messages[self._count - 1]
        # In the world's context: a contract's default factories and validators may ask for the time, or draw.
        return self._cluster.outer.copy().run(
            lambda: sample(
                self._contract, self._draw(), like=work.like, changes=work.changes, skew=work.skew, key=self._key,
                ordinal=self._count,
            )
        )  # fmt: skip

    def _heated(self, message: Any) -> Any:
        """Return a message with the first one's key, where the plan has it so."""
        if self._count == 1:
            self._first = message
            return message
        key = mix(stable_key(self._source), self._count)
        return self._data.heated(self._workload.address, message, self._first, key)

    def _draw(self) -> Callable[[str], float]:
        seed, number, count = self._cluster.seed, self._number, self._count
        return lambda stream: share(seed, number, count, stable_key(stream))


def _take_answer(task: Any) -> None:
    """Take a sender's answer; its span says what became of the message.

    What no answer explains (a message that is none of the contract, a bug of ours) is raised, since a run in which
    nothing could be sent would look fine.
    """
    if not task.cancelled() and task.exception() is not None and not isinstance(task.exception(), _ANSWERS):
        raise task.exception()
