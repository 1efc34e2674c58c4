"""What holds for every saga instance, whatever its callees do and wherever the orchestrator crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.ports import Envelope, Reply
from studio.runtime.saga.history import Entry, History
from studio.runtime.saga.journal import INSTANCES, SagaInstance

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

STEPS = {
    "reserve": "Stock.reserve",
    "check": "Bank.check",
    "pay": "Bank.pay",
    "ship": "Parcel.ship",
    "release": "Stock.release",
    "uncheck": "Bank.uncheck",
}
FORWARD = ("reserve", "check", "pay", "ship")
UNDO = {"reserve": "release", "check": "uncheck"}
WAYS = ("ok", "declined", "timeout", "unavailable", "broken", "hang", "late")
PHASES = ("intent", "done", "failed", "unknown", "compensating", "compensated", "compensation-failed")
callee = st.lists(st.sampled_from(WAYS), max_size=4)
callees = st.fixed_dictionaries(dict.fromkeys(STEPS.values(), callee))
crashes = st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(callees=callees, crashes=crashes, cancelled=st.booleans())
def test_a_saga_ends_done_undone_or_stuck_and_never_in_between(
    *,
    shop: Bench,
    ill: dict[str, Any],
    delivered: Callable[..., Any],
    callees: dict[str, list[str]],
    crashes: list[tuple[int, bool]],
    cancelled: bool,
) -> None:
    life = Life(shop, ill, callees)
    for commits, after in crashes:
        life.live(delivered, commits, after=after, cancelled=cancelled)
    life.live(delivered, 0, after=False, cancelled=False)
    life.check()


class Life:
    """One instance in a fresh world on an old bench, through several orchestrators."""

    def __init__(self, shop: Bench, ill: dict[str, Any], callees: dict[str, list[str]]) -> None:
        from studio.simulation.cluster.memory import MemoryStorage

        self.shop, self.ill = shop, ill
        self.remaining = {address: list(ways) for address, ways in callees.items()}
        shop.storage, shop.crash_at = MemoryStorage(), None
        shop.log.clear()
        shop.bus.calls.clear()
        shop.bus.events.clear()
        shop.timeline.clear()
        self.happened: list[str] = []
        for address in STEPS.values():
            shop.bus.script[address] = self.answer

    async def answer(self, envelope: Envelope) -> Reply:
        """Answer in the next way of the list; a fault that lets the callee run counts as having happened."""
        ways = self.remaining[envelope.address]
        way = ways.pop(0) if ways else "ok"
        if way in ("ok", "late", "timeout", "hang"):
            self.happened.append(envelope.address)
        if way in ("ok", "late"):
            await asyncio.sleep(2 if way == "late" else 0)
            return Reply("ok", b"null" if envelope.address in _SILENT else b'{"by": "x"}')
        reply = self.ill[way](envelope)
        return await reply if asyncio.iscoroutine(reply) else reply  # type: ignore[no-any-return]

    def live(self, delivered: Callable[..., Any], commits: int, *, after: bool, cancelled: bool) -> None:
        """Run an orchestrator until it is settled or crashes."""
        saga = self.shop.saga("Buying", commits, after=after)

        async def main() -> None:
            await delivered(saga)
            if cancelled:
                await saga.cancel("Buying/o1")
                await saga.settled()

        try:
            self.shop.run(main())
        except BaseException as error:
            if type(error).__name__ != "Crash":
                raise

    def check(self) -> None:
        # Storage says what is true: a crash can fall between a commit and its record.
        (document,) = self.shop.run(self.shop.storage.find("Buying", INSTANCES))
        state = SagaInstance.decode(document.body).state
        marks = [(entry.step, entry.phase) for entry in self.shop.timeline if isinstance(entry, Entry)]
        assert state in ("completed", "compensated", "stuck")
        self.check_coverage(state, marks)
        self.check_no_finished_step_runs_again()
        self.check_epochs()
        self.check_published(state)

    def check_coverage(self, state: str, marks: list[tuple[str, str]]) -> None:
        """Every step that was begun is done when completed, undone when compensated."""
        begun = [step for step, phase in marks if phase == "intent"]
        assert begun == list(FORWARD[: len(begun)])
        undone = {STEPS[undo] for undo in UNDO.values()} & set(self.happened)
        if state == "completed":
            assert [step for step, phase in marks if phase == "done"] == list(FORWARD)
            assert undone == set()
        if state == "compensated":
            assert ("pay", "done") not in marks
            assert undone == {STEPS[UNDO[step]] for step in begun if step in UNDO}
            assert {step for step, phase in marks if phase == "compensated"} == set(begun) & set(UNDO)

    def check_no_finished_step_runs_again(self) -> None:
        """After its outcome stands in the journal, a step's function calls nothing more; nor does a compensation's."""
        final: set[str] = set()
        for each in self.shop.timeline:
            if isinstance(each, Envelope):
                assert each.address not in final
            elif each.phase == "done":
                final.add(STEPS[each.step])
            elif each.phase == "compensated":
                final.add(STEPS[UNDO[each.step]])

    def check_epochs(self) -> None:
        epochs = [each.epoch for each in self.shop.timeline]
        assert epochs == sorted(epochs)
        keys = {(call.address, call.idempotency) for call in self.shop.bus.calls}
        assert len(keys) == len({call.address for call in self.shop.bus.calls})

    def check_published(self, state: str) -> None:
        """How it ended is published at least once; and if it was stuck before an operator's word, that."""
        wanted = {"completed": "Order.completed", "compensated": "Order.failed", "stuck": "Order.stuck"}[state]
        assert {event.address for event in self.shop.bus.events} - {"Order.stuck"} == {wanted} - {"Order.stuck"}
        assert wanted in [event.address for event in self.shop.bus.events]


_SILENT = ("Stock.release", "Bank.uncheck", "Parcel.ship")

entries = st.builds(
    Entry,
    step=st.sampled_from(sorted(STEPS)),
    phase=st.sampled_from(
        ["intent", "done", "failed", "unknown", "compensating", "compensated", "compensation-failed"]
    ),
    attempt=st.integers(1, 9),
    error=st.text(max_size=5),
    body=st.text(),
)


@given(entries)
def test_an_entry_comes_back_from_the_journal_as_it_was(entry: Entry) -> None:
    assert Entry.decode(entry.encode()) == entry


@given(st.lists(entries))
def test_a_history_read_at_once_equals_one_that_grew(journal: list[Entry]) -> None:
    grown = History()
    for entry in journal:
        grown.add(entry)
    assert grown == History.of(journal)
