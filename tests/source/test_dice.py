"""Test `random` in studio modules."""

from __future__ import annotations

import pickle
import random as machine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import RefusedCall
from studio.source.shims.dice import MODULE

random: Any = MODULE
SEEDS = st.integers(min_value=0, max_value=2**64)
WHOLE = st.integers(min_value=-(10**20), max_value=10**20)
FLOATS = st.floats(min_value=-1e6, max_value=1e6)
DISTRIBUTIONS = {
    "betavariate": (2, 3),
    "choice": ([1, 2, 3],),
    "expovariate": (1.5,),
    "gammavariate": (2, 1),
    "gauss": (0, 1),
    "lognormvariate": (0, 1),
    "normalvariate": (0, 1),
    "paretovariate": (2,),
    "randbytes": (9,),
    "randrange": (10,),
    "triangular": (0, 1, 0.5),
    "vonmisesvariate": (0, 1),
    "weibullvariate": (1, 2),
}


@given(SEEDS, WHOLE, st.integers(min_value=0, max_value=10**20))
def test_randint_stays_in_its_range(in_world: Any, seed: int, low: int, span: int) -> None:
    with in_world(seed):
        assert low <= random.randint(low, low + span) <= low + span


@given(SEEDS, FLOATS, FLOATS)
def test_uniform_stays_between_its_bounds(in_world: Any, seed: int, one: float, other: float) -> None:
    with in_world(seed):
        assert min(one, other) <= random.uniform(one, other) <= max(one, other)
        assert 0 <= random.random() < 1


@given(SEEDS, st.lists(st.integers()))
def test_shuffle_is_a_permutation(in_world: Any, seed: int, items: list[int]) -> None:
    shuffled = list(items)
    with in_world(seed):
        random.shuffle(shuffled)
    assert sorted(shuffled) == sorted(items)


@given(SEEDS, st.lists(st.integers(), min_size=1, unique=True), st.data())
def test_samples_and_choices_come_from_the_population(in_world: Any, seed: int, items: list[int], data: Any) -> None:
    size = data.draw(st.integers(0, len(items)))
    with in_world(seed):
        sample = random.sample(items, size)
        assert len(set(sample)) == size
        assert set(sample) <= set(items)
        assert {random.choice(items), *random.choices(items, k=3)} <= set(items)


@given(SEEDS, st.integers(min_value=1, max_value=2000))
def test_getrandbits_keeps_to_its_width(in_world: Any, seed: int, width: int) -> None:
    with in_world(seed):
        assert 0 <= random.getrandbits(width) < 1 << width


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_a_call_is_one_draw_named_by_function_and_caller(world: Any, name: str) -> None:
    def draw_it() -> None:
        getattr(random, name)(*DISTRIBUTIONS[name])

    draw_it()
    [(function, _count, caller)] = world.asked
    assert function == f"random.{name}"
    assert caller.endswith("draw_it")


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_the_same_world_draws_the_same(in_world: Any, name: str) -> None:
    def three() -> list[Any]:
        with in_world(7):
            return [getattr(random, name)(*DISTRIBUTIONS[name]) for _ in range(3)]

    assert three() == three()


def test_another_function_does_not_shift_a_draw(in_world: Any) -> None:
    def second(*, gauss_between: bool) -> float:
        with in_world(7):
            random.random()
            if gauss_between:
                random.gauss(0, 1)
            return float(random.random())

    assert second(gauss_between=True) == second(gauss_between=False)


@given(st.one_of(st.integers(), st.text(), st.binary(), st.floats(allow_nan=False)))
def test_a_seeded_generator_is_the_ordinary_one(in_world: Any, seed: Any) -> None:
    def numbers(generator: Any) -> list[Any]:
        return [generator.random(), generator.gauss(0, 1), generator.sample(range(100), 5), generator.getstate()]

    with in_world():
        assert numbers(random.Random(seed)) == numbers(machine.Random(seed))  # noqa: S311 - both are compared


def test_an_unseeded_generator_takes_its_seed_from_the_world(in_world: Any) -> None:
    def first(seed: int) -> float:
        with in_world(seed) as world:
            number = float(random.Random().random())
        assert world.asked == [("random.Random", 128, f"{first.__qualname__}")]
        return number

    assert first(1) == first(1) != first(2)


def test_reseeding_with_nothing_asks_the_world_again(world: Any) -> None:
    generator = random.Random(5)
    generator.seed()
    assert len(world.asked) == 1


@given(SEEDS, st.integers(min_value=0, max_value=50), st.integers(min_value=0, max_value=10**9))
def test_the_system_generator_draws_from_the_world(in_world: Any, seed: int, size: int, top: int) -> None:
    with in_world(seed) as world:
        generator = random.SystemRandom()
        assert len(generator.randbytes(size)) == size
        assert 0 <= generator.randint(0, top) <= top
        assert 0 <= generator.random() < 1
        assert {function for function, _, _ in world.asked} == {"random.SystemRandom"}
        assert all("test_the_system_generator" in caller for _, _, caller in world.asked)


def test_the_system_generator_keeps_no_spare_number(in_world: Any) -> None:
    generator = random.SystemRandom()
    numbers = []
    for _ in range(2):
        with in_world(3):
            numbers.append(generator.gauss())
    assert numbers[0] == numbers[1]


def test_real_generators_are_instances() -> None:
    assert isinstance(machine.Random(1), random.Random)  # noqa: S311 - only its type matters
    assert isinstance(random.Random(1), machine.Random)
    assert isinstance(machine.SystemRandom(), random.SystemRandom)
    assert issubclass(machine.SystemRandom, random.Random)
    assert not isinstance(machine.Random(1), random.SystemRandom)  # noqa: S311 - only its type matters


def test_an_authors_generator_is_only_its_own_instance() -> None:
    class Loaded(random.Random):  # type: ignore[misc]  # what the shim gives is Any here
        pass

    assert not isinstance(machine.Random(1), Loaded)  # noqa: S311 - only its type matters
    assert Loaded(1).random() == machine.Random(1).random()  # noqa: S311 - both are compared


def test_generators_survive_pickling() -> None:
    generator = random.Random(3)
    copy = pickle.loads(pickle.dumps(generator))  # noqa: S301 - our own bytes
    assert copy.random() == generator.random()


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("call", [lambda: random.seed(1), random.getstate, lambda: random.setstate(())])
def test_a_world_has_no_global_state_to_set(call: Any) -> None:
    with pytest.raises(RefusedCall, match="STU241"):
        call()


def test_seeding_a_world_with_nothing_is_allowed(world: Any) -> None:
    random.seed()
    assert world.asked == []


def test_the_machines_generator_answers_outside_a_world() -> None:
    state = machine.getstate()
    try:
        random.seed(11)
        drawn = [random.random(), random.randint(1, 6), random.getrandbits(8)]
        random.setstate(random.getstate())
        machine.seed(11)
        assert drawn == [machine.random(), machine.randint(1, 6), machine.getrandbits(8)]  # noqa: S311 - compared
    finally:
        machine.setstate(state)
