"""The same seed gives the same order of everything, in this process and in one with another hash seed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from studio.simulation.randomness import Stream, stable_key
from studio.simulation.virtual.awaiting import sleep_ns
from studio.simulation.virtual.incarnation import Incarnation
from studio.simulation.virtual.loop import VirtualLoop

ROOT = Path(__file__).resolve().parents[2]


def story(seed: int) -> list[str]:
    """Run sets of tasks, task groups, scopes, cancellations and ties; return what happened in which order."""
    loop, seen = VirtualLoop(seed), []

    async def worker(name: str) -> None:
        try:
            await sleep_ns(Stream(seed, stable_key(name)).integer(3))
            await anyio.sleep(1)
            seen.append(f"{name} slept at {loop.now_ns}")
            with anyio.CancelScope():
                await asyncio.sleep(60)
        except BaseException as error:
            seen.append(f"{name} {type(error).__name__} at {loop.now_ns}")
            raise

    async def group(name: str) -> None:
        with anyio.move_on_after(5):
            async with anyio.create_task_group() as tasks:
                for n in range(9):
                    tasks.start_soon(worker, f"{name}{n}")

    async def native(name: str) -> None:
        tasks = [asyncio.create_task(worker(f"{name}{n}")) for n in range(9)]
        _, pending = await asyncio.wait(tasks, timeout=7)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    for name in ("a", "b", "c"):
        incarnation = Incarnation(name, stable_key(name), loop)
        context = incarnation.context()
        for main in (group, native):
            loop.call_soon(loop.create_task, main(f"{name} {main.__name__} "), context=context)
    loop.run_until_idle()
    loop.close()
    return seen


def elsewhere(seed: int, hash_seed: str) -> list[str]:
    code = f"import runpy; print(*runpy.run_path({__file__!r})['story']({seed}), sep='\\n')"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "PYTHONASYNCIODEBUG": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


def test_same_seed_gives_the_same_story_again() -> None:
    assert len(story(1)) == 108
    assert story(1) == story(1)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_same_seed_gives_the_same_story_in_another_process(hash_seed: str) -> None:
    assert elsewhere(5, hash_seed) == story(5)


def test_another_seed_gives_another_story() -> None:
    assert story(1) != story(2)
