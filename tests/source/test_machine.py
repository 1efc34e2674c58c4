"""Test `os` in studio modules."""

from __future__ import annotations

import os as machine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import RefusedCall
from studio.source.shims.machine import MODULE

os: Any = MODULE


@pytest.mark.parametrize("name", ["urandom", "getrandom"])
@given(seed=st.integers(0, 2**64), size=st.integers(0, 500))
def test_random_bytes_are_the_worlds(in_world: Any, name: str, seed: int, size: int) -> None:
    def draw() -> bytes:
        with in_world(seed):
            made: bytes = getattr(os, name)(size)
            return made

    assert len(draw()) == size
    assert draw() == draw()


def test_random_bytes_are_one_draw_of_their_caller(world: Any) -> None:
    os.urandom(16)
    assert world.asked == [("os.urandom", 128, "test_random_bytes_are_one_draw_of_their_caller")]


@pytest.mark.usefixtures("world")
def test_process_numbers_are_constant_in_a_world() -> None:
    assert (os.getpid(), os.getppid()) == (1, 0)
    assert (os.times().user, os.times().elapsed) == (0.0, 5.0)


def test_the_machine_answers_outside_a_world() -> None:
    assert os.getpid() == machine.getpid()
    assert os.getppid() == machine.getppid()
    assert os.times().elapsed <= machine.times().elapsed
    assert os.urandom(16) != os.urandom(16)
    assert len(os.getrandom(4)) == 4


@pytest.mark.parametrize("name", ["system", "popen", "fork", "execv", "posix_spawn", "_exit", "kill"])
def test_other_processes_are_refused_everywhere(name: str) -> None:
    with pytest.raises(RefusedCall, match=rf"STU241: call=os\.{name} "):
        getattr(os, name)("true")


def test_files_paths_and_environment_are_the_real_ones() -> None:
    assert os.path is machine.path
    assert os.environ is machine.environ
    assert os.listdir is machine.listdir
