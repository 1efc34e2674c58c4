"""The contract of the port Storage, held by every adapter."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StorageConflict, UniqueViolation, UnsearchableValue
from studio.ports import Document, Storage, Write
from studio.serve.sqlite import SqliteStorage
from studio.simulation.cluster.memory import MemoryStorage

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def memory() -> AsyncIterator[Storage]:
    yield MemoryStorage()


@asynccontextmanager
async def sqlite() -> AsyncIterator[Storage]:
    with TemporaryDirectory() as folder:
        async with SqliteStorage(Path(folder) / "studio.sqlite") as storage:
            yield storage


ADAPTERS = [memory, sqlite]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=ADAPTERS)
async def storage(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    adapter: AbstractAsyncContextManager[Storage] = request.param()
    async with adapter as opened:
        yield opened


def put(key: str, value: Any = None, **options: Any) -> Write:
    return Write("Shop", "orders", key, json.dumps({"value": value}).encode(), **options)


def remove(key: str, **options: Any) -> Write:
    return Write("Shop", "orders", key, None, **options)


async def keys(storage: Storage, where: dict[str, Any] | None = None, **options: Any) -> list[str]:
    return [document.key for document in await storage.find("Shop", "orders", where, **options)]


async def test_a_document_comes_back_byte_for_byte(storage: Storage) -> None:
    body = '{"naïve": 1.10, "empty": ""}'.encode()
    await storage.commit([Write("Shop", "orders", "é\n", body)])
    assert await storage.get("Shop", "orders", "é\n") == Document("é\n", 1, body)


async def test_what_is_not_there_is_none(storage: Storage) -> None:
    await storage.commit([put("a")])
    assert await storage.get("Shop", "orders", "b") is None
    assert await storage.get("Shop", "carts", "a") is None
    assert await storage.get("Bar", "orders", "a") is None


async def test_versions_count_the_writes_from_one(storage: Storage) -> None:
    assert await storage.commit([put("a"), put("b"), put("a")]) == (1, 1, 2)
    assert await storage.commit([put("a", expected=2)]) == (3,)


async def test_nothing_to_commit_is_no_error(storage: Storage) -> None:
    assert await storage.commit([]) == ()


async def test_a_deleted_document_starts_again_at_one(storage: Storage) -> None:
    await storage.commit([put("a"), put("a")])
    assert await storage.commit([remove("a")]) == (0,)
    assert await storage.get("Shop", "orders", "a") is None
    assert await storage.commit([put("a", expected=0)]) == (1,)


async def test_deleting_nothing_is_no_error(storage: Storage) -> None:
    assert await storage.commit([remove("a"), remove("a", expected=0)]) == (0, 0)


async def test_an_insert_refuses_a_key_that_stands(storage: Storage) -> None:
    await storage.commit([put("a", 1)])
    with pytest.raises(StorageConflict) as caught:
        await storage.commit([put("a", 2, expected=0)])
    assert (caught.value.key, caught.value.expected, caught.value.found) == ("a", 0, 1)


@pytest.mark.parametrize("write", [put("b", expected=1), remove("b", expected=1), put("a", expected=2)])
async def test_a_wrong_version_refuses_the_whole_commit(storage: Storage, write: Write) -> None:
    await storage.commit([put("a", 1, unique=(("number", "1"),))])
    with pytest.raises(StorageConflict):
        await storage.commit([put("c", unique=(("number", "2"),)), write])
    assert await keys(storage) == ["a"]
    assert await storage.commit([put("e", unique=(("number", "2"),))]) == (1,)


async def test_a_check_writes_nothing(storage: Storage) -> None:
    await storage.commit([put("a")])
    checks = [remove("a", expected=1, only_check=True), remove("b", expected=0, only_check=True)]
    assert await storage.commit([*checks, put("c")]) == (0, 0, 1)
    assert await keys(storage) == ["a", "c"]
    with pytest.raises(StorageConflict):
        await storage.commit([put("c"), remove("a", expected=3, only_check=True)])


async def test_a_unique_value_has_one_holder_in_a_collection(storage: Storage) -> None:
    await storage.commit([put("a", unique=(("mail", "ada"),))])
    with pytest.raises(UniqueViolation) as caught:
        await storage.commit([put("c"), put("b", unique=(("mail", "bob"), ("mail", "ada")))])
    assert (caught.value.key, caught.value.index, caught.value.value) == ("b", "mail", "ada")
    other = Write("Shop", "carts", "b", b"{}", unique=(("mail", "ada"),))
    assert await storage.commit([put("b", unique=(("name", "ada"),)), other]) == (1, 1)


async def test_a_document_may_keep_its_own_unique_value(storage: Storage) -> None:
    write = put("a", unique=(("mail", "ada"), ("mail", "ada")))
    assert await storage.commit([write, write]) == (1, 2)


@pytest.mark.parametrize("leaving", [remove("a"), put("a"), put("a", unique=(("mail", "bob"),))])
async def test_a_unique_value_is_free_once_its_holder_left_it(storage: Storage, leaving: Write) -> None:
    await storage.commit([put("a", unique=(("mail", "ada"),))])
    await storage.commit([leaving, put("b", unique=(("mail", "ada"),))])
    with pytest.raises(UniqueViolation):
        await storage.commit([put("a", unique=(("mail", "ada"),))])


async def test_keys_come_in_code_point_order(storage: Storage) -> None:
    wanted = ["", "A", "a", "a.1", "b", "é", "\ue000", "\U0001f600"]
    await storage.commit([put(key) for key in reversed(wanted)])
    assert await keys(storage) == wanted


async def test_find_pages_by_prefix_after_and_limit(storage: Storage) -> None:
    await storage.commit([put(key) for key in ("a", "a\U0010ffff", "a%", "ab", "b", "B")])
    assert await keys(storage, prefix="a") == ["a", "a%", "ab", "a\U0010ffff"]
    assert await keys(storage, prefix="a", after="a", limit=2) == ["a%", "ab"]
    assert await keys(storage, prefix="a\U0010ffff", after="A") == ["a\U0010ffff"]
    assert await keys(storage, after="b") == []
    assert await keys(storage, limit=0) == []


SCALARS = [
    None,
    True,
    False,
    0,
    1,
    1.0,
    -1,
    0.1,
    2**53 + 1,
    2.0**60,
    2**60,
    2**70,
    "",
    "1",
    "true",
    "a'b",
    "\x00z",
    "é",
]


@pytest.mark.parametrize("wanted", SCALARS, ids=repr)
async def test_fields_are_compared_as_json_has_it(storage: Storage, wanted: Any) -> None:
    await storage.commit([put(str(at), value) for at, value in enumerate([*SCALARS, [1], {"a": 1}])])
    equal = [
        str(at)
        for at, value in enumerate(SCALARS)
        if value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
    ]
    assert await keys(storage, {"value": wanted}) == sorted(equal)


async def test_a_field_that_is_missing_equals_nothing(storage: Storage) -> None:
    await storage.commit([put("a")])
    assert await keys(storage, {"value": None}) == ["a"]
    assert await keys(storage, {"other": None}) == []
    assert await keys(storage, {"value": None, "other": 1}) == []


@pytest.mark.parametrize("field", ["with space", 'quo"te', "é", "a.b", "$"])
async def test_any_field_can_be_searched(storage: Storage, field: str) -> None:
    await storage.commit([Write("Shop", "orders", key, json.dumps({field: key}).encode()) for key in "ab"])
    assert await keys(storage, {field: "b"}) == ["b"]


async def test_a_limit_counts_what_fits(storage: Storage) -> None:
    await storage.commit([put(f"{at:03}", 0.1 if at % 50 == 49 else 0.1 + 1e-12) for at in range(200)])
    assert await keys(storage, {"value": 0.1}, limit=3) == ["049", "099", "149"]


async def test_a_list_cannot_be_searched_for(storage: Storage) -> None:
    with pytest.raises(UnsearchableValue) as caught:
        await storage.find("Shop", "orders", {"items": [1]})
    assert caught.value.field == "items"


async def test_a_refused_commit_gives_back_what_it_had_taken(storage: Storage) -> None:
    await storage.commit([put("a", 1, unique=(("number", "1"),)), put("b", unique=(("number", "2"),))])
    swap = [remove("a"), put("b", unique=(("number", "1"),)), put("c", unique=(("number", "2"),))]
    with pytest.raises(StorageConflict):
        await storage.commit([*swap, put("a", expected=1)])
    for key, number in (("a", "2"), ("b", "1"), ("c", "1"), ("c", "2")):
        with pytest.raises(UniqueViolation):
            await storage.commit([put(key, unique=(("number", number),))])
    assert await storage.commit([*swap, put("a", expected=0)]) == (0, 2, 1, 1)


async def test_of_concurrent_inserts_one_wins(storage: Storage) -> None:
    attempts = [storage.commit([put("a", at, expected=0), put(f"b{at}")]) for at in range(20)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(outcome == (1, 1) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, StorageConflict) for outcome in outcomes) == 19
    assert len(await keys(storage)) == 2


async def test_what_is_committed_can_be_read_at_once(storage: Storage) -> None:
    for at in range(1, 20):
        await storage.commit([put("a", at)])
        found = await storage.get("Shop", "orders", "a")
        assert found is not None
        assert found.version == at


# -- against a model that is too simple to be wrong -------------------------------------------------------------------

State = dict[tuple[str, str], tuple[int, bytes, frozenset[tuple[str, str]]]]


def model(state: State, writes: Sequence[Write]) -> tuple[State, object]:
    """Commit by copying everything; returns the state to go on with, and what `commit` returns or raises."""
    new, versions = dict(state), []
    for write in writes:
        at = (write.collection, write.key)
        version = new[at][0] if at in new else 0
        others = {(c, *pair) for (c, k), (_, _, pairs) in new.items() if (c, k) != at for pair in pairs}
        if write.expected not in (None, version):
            return state, StorageConflict
        if not write.only_check and write.body is not None and others & {(at[0], *pair) for pair in write.unique}:
            return state, UniqueViolation
        if not write.only_check and write.body is None:
            new.pop(at, None)
        elif not write.only_check and write.body is not None:
            new[at] = (version + 1, write.body, frozenset(write.unique))
        versions.append(0 if write.only_check or write.body is None else version + 1)
    return new, tuple(versions)


WRITES = st.builds(
    Write,
    st.just("space"),
    st.sampled_from(["c", "d"]),
    st.sampled_from(["k", "l", "m"]),
    st.none() | st.integers(0, 9).map(lambda value: json.dumps({"value": value}).encode()),
    st.none() | st.none() | st.integers(0, 2),
    st.lists(st.tuples(st.sampled_from("ij"), st.sampled_from("xy")), max_size=2).map(tuple),
    st.sampled_from([False, False, False, True]),
)
COMMITS = st.lists(st.lists(WRITES, min_size=1, max_size=5), min_size=1, max_size=12)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_random_commits_do_what_the_model_does(adapter: Any) -> None:
    with asyncio.Runner() as runner:
        opened = adapter()
        storage = runner.run(opened.__aenter__())
        spaces = itertools.count()

        @given(COMMITS)
        @settings(deadline=None, max_examples=60)
        def agree(commits: list[list[Write]]) -> None:
            runner.run(follow(storage, f"space{next(spaces)}", commits))

        try:
            agree()
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def follow(storage: Storage, space: str, commits: list[list[Write]]) -> None:
    state: State = {}
    for writes in commits:
        state, expected = model(state, writes)
        try:
            outcome: object = await storage.commit([write._replace(space=space) for write in writes])
        except (StorageConflict, UniqueViolation) as error:
            outcome = type(error)
        assert outcome == expected
        for collection in ("c", "d"):
            kept = [Document(key, *state[c, key][:2]) for c, key in sorted(state) if c == collection]
            assert await storage.find(space, collection) == kept
