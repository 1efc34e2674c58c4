"""The hold on an instance: one orchestrator at a time, whatever the other had in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from studio.errors import Fenced, StorageConflict, StorageUnavailable
from studio.ports import Ports
from studio.runtime.saga.history import Entry
from studio.runtime.saga.journal import Journal, SagaInstance, read_entries

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench


def instance(id_: str = "Buying/o1") -> SagaInstance:
    return SagaInstance(id_, "Buying", "1.0.0", "running", 1, 1, "{}", "o1", 1, 2, 3, 4, "", 5)


async def begun(ports: Ports, id_: str = "Buying/o1") -> Journal:
    journal = await Journal.begin(ports, instance(id_), ["pay"])
    assert journal is not None
    return journal


async def taken(ports: Ports) -> Journal:
    journal = await Journal.take_over(ports, "Buying", "Buying/o1", 2)
    assert journal is not None
    return journal


def test_an_instance_comes_back_as_it_was_without_what_a_later_version_added() -> None:
    assert SagaInstance.decode(instance().encode()[:-1] + b', "colour": "red"}') == instance()


def test_an_instance_begins_once(shop: Bench) -> None:
    ports = shop.ports()

    async def main() -> None:
        await begun(ports)
        assert await Journal.begin(ports, instance(), []) is None

    shop.run(main())


def test_who_was_replaced_can_neither_append_nor_change_even_at_once(shop: Bench) -> None:
    ports = shop.ports()

    async def main() -> None:
        old = await begun(ports)
        await taken(ports)
        with pytest.raises(Fenced):
            await old.append(Entry("reserve", "intent"))
        with pytest.raises(Fenced):
            await old.change(state="completed")
        with pytest.raises(Fenced):
            await old.cancel()
        assert await read_entries(ports, "Buying", "Buying/o1") == []

    shop.run(main())


def test_taking_over_raises_the_epoch_and_reads_the_journal(shop: Bench) -> None:
    ports = shop.ports()

    async def main() -> None:
        old = await begun(ports)
        await old.append(Entry("reserve", "intent"))
        new = await taken(ports)
        assert (new.instance.epoch, new.instance.owner, new.history.has_intent("reserve")) == (2, 2, True)
        await new.append(Entry("reserve", "done"))
        assert [entry.epoch for entry in await read_entries(ports, "Buying", "Buying/o1")] == [1, 2]

    shop.run(main())


def test_taking_over_tries_again_when_another_was_first(shop: Bench) -> None:
    ports = shop.ports()

    async def main() -> None:
        await begun(ports)
        shop.storage_fails = [StorageConflict(space="", collection="", key="", expected=1, found=2)]
        assert (await taken(ports)).instance.epoch == 2

    shop.run(main())


def test_a_storage_that_stays_away_is_given_up_at_last(shop: Bench) -> None:
    ports = shop.ports()

    async def main() -> None:
        journal = await begun(ports)
        shop.storage_fails = [StorageUnavailable(space="Buying", reason="gone")] * 1000
        with pytest.raises(StorageUnavailable):
            await journal.append(Entry("reserve", "intent"))
        assert await journal.append(Entry("reserve", "intent"))

    shop.run(main())


def test_keys_with_slashes_keep_journals_apart(shop: Bench) -> None:
    ports = shop.ports()

    async def main() -> None:
        for id_ in ("Buying/a", "Buying/a/b"):
            await (await begun(ports, id_)).append(Entry(id_, "intent"))
        assert [entry.step for entry in await read_entries(ports, "Buying", "Buying/a")] == ["Buying/a"]

    shop.run(main())


@pytest.mark.parametrize(("step", "undone"), [("reserve", True), ("pay", False)])
def test_a_cancellation_holds_until_a_decisive_step_has_begun(*, shop: Bench, step: str, undone: bool) -> None:
    ports = shop.ports()

    async def main() -> None:
        journal = await begun(ports)
        await journal.append(Entry(step, "intent"), forward=True)
        assert await journal.cancel() is undone
        assert await journal.append(Entry("next", "intent"), forward=True) is not undone

    shop.run(main())
