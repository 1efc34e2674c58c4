"""Many threads at one world: whoever pauses, steps, stops or closes it gets an orderly answer, and the run repeats."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from studio import S
from studio.errors import LoopBusyError, StudioError, WorldClosed, WorldNotRunning
from studio.simulation.live.hurry import hurry
from studio.simulation.world import World
from tests.simulation.live.conftest import Shop, until

THREADS = 6
ROUNDS = 25
LIMIT_S = 60


def at_once(acts: list[Callable[[], object]]) -> list[BaseException]:
    """Do acts in threads of their own, all from the same moment on; return what they raised."""
    raised: list[BaseException] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait(LIMIT_S)
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test is to see it
            raised.append(error)

    threads = [threading.Thread(target=run, args=(act,), daemon=True) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join(LIMIT_S)
    assert not any(each.is_alive() for each in threads), "somebody waits for ever"
    return raised


def many(act: Callable[[random.Random], object]) -> list[Callable[[], object]]:
    """Return as many threads' work as there are, each with a choice of its own."""

    def repeatedly(chance: random.Random) -> Callable[[], object]:
        return lambda: [act(chance) for _ in range(ROUNDS)]

    return [repeatedly(random.Random(number)) for number in range(THREADS)]  # noqa: S311 - which act comes next


def test_pause_resume_step_and_start_at_once_are_never_refused(shop: Shop) -> None:
    world = shop.world().start(speed=100)
    world.workload(S.Thing.made, rate_per_s=2)
    acts: list[Callable[[], object]] = [
        world.pause, world.resume, world.step, lambda: world.start(speed=50), lambda: setattr(world, "speed", 80.0)
    ]  # fmt: skip
    assert at_once(many(lambda chance: chance.choice(acts)())) == []
    assert world.state in ("running", "paused")
    assert shop.repeated(world.close().case) == world.run.sha256


def test_stop_and_acts_at_once_leave_a_run_that_repeats(shop: Shop) -> None:
    world = shop.world().start(speed=None)
    acts: list[Callable[[], object]] = [
        world.pause, world.resume, world.stop, lambda: world.start(speed=None), lambda: world.step("5ms"),
        lambda: world.settle("1s"), lambda: world.workload(S.Thing.made, [shop.thing("a")]),
        lambda: world.crash("Shop", down_for="1s"), lambda: world.given("Shop.stock", [shop.thing("tea")]),
    ]  # fmt: skip

    def act(chance: random.Random) -> None:
        with suppress(WorldNotRunning):  # somebody has stopped it
            chance.choice(acts)()

    assert at_once(many(act)) == []
    assert shop.repeated(world.close().case) == world.run.sha256


@pytest.mark.parametrize("speed", [None, 100.0])
def test_world_is_closed_by_many_at_once_while_others_act(shop: Shop, speed: float | None) -> None:
    world = shop.world().start(speed=speed)

    def act() -> None:
        for _ in range(ROUNDS):
            world.send(S.Thing.made, shop.thing("a"))
            world.pause()
            world.resume()

    raised = at_once([act, act, act, world.close, world.close, world.close])
    assert {type(each) for each in raised} <= {WorldClosed}, raised
    assert world.close() is world.run
    assert shop.repeated(world.run.case) == world.run.sha256


def test_nobody_sees_a_world_as_stopped_that_is_only_paused_again_and_again(shop: Shop) -> None:
    world, seen, is_over = shop.world().start(speed=100), set[str](), threading.Event()

    def look() -> None:
        while not is_over.is_set():
            seen.add(world.state)

    def pause() -> None:
        for _ in range(ROUNDS):
            world.pause()
            world.resume()
        is_over.set()

    assert at_once([look, pause]) == []
    assert seen <= {"running", "paused"}


def test_send_that_waits_for_its_answer_outlives_pauses(shop: Shop) -> None:
    world = shop.world().start(speed=1000)
    world.given("Shop.stock", [shop.thing("tea")])

    def send() -> None:
        for _ in range(ROUNDS):
            world.call(S.Shop.take, shop.thing("tea"))

    def pause() -> None:
        for _ in range(ROUNDS):
            world.pause()
            world.resume()

    assert at_once([send, pause, send]) == []


def test_settling_world_that_is_paused_meanwhile_stays_so(shop: Shop) -> None:
    world = shop.world().start(speed=10)
    world.workload(S.Thing.made, rate_per_s=5)
    settling = threading.Thread(target=world.settle, args=("3m",), daemon=True)
    settling.start()
    until(lambda: world.state == "paused")
    world.pause()
    settling.join(LIMIT_S)
    assert world.state == "paused"


def test_start_goes_on_where_the_waiting_for_a_halt_was_interrupted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = shop.world().start(speed=10)
    driver = world._playing.driver  # noqa: SLF001 - where its threads wait
    with monkeypatch.context() as patched:
        patched.setattr(driver._call, "wait_for", _interrupted)  # noqa: SLF001
        with pytest.raises(KeyboardInterrupt):
            world.pause()
    world.start(speed=20)
    before_ns = world.now_ns
    until(lambda: world.now_ns > before_ns + 10**9)
    assert world.state == "running"


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_handler_that_pauses_its_own_world_waits_for_nobody(shop: Shop) -> None:
    world: World = shop.world().start(speed=100)
    with suppress(StudioError):
        world._playing.driver.do(world.pause)  # noqa: SLF001 - as simulated code would
    until(lambda: world.state == "paused")


def test_thread_in_a_hurry_is_refused_while_a_cell_plays_the_world(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.simulation.live.hurry.HURRY_S", 0.01)
    world, refused = shop.world(), list[StudioError]()

    def page() -> None:
        hurry()
        for act in (world.pause, lambda: world.crash("Shop", down_for="1s")):
            try:
                act()
            except StudioError as error:
                refused.append(error)

    def cell() -> None:
        thread = threading.Thread(target=page)
        thread.start()
        thread.join()

    world._playing.driver.do(cell)  # noqa: SLF001 - as a cell does that plays for long
    assert [type(each) for each in refused] == [WorldNotRunning, LoopBusyError]
    world.crash("Shop", down_for="1s")
