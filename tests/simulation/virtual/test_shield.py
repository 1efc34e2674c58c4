"""Interrupts are held back while something must be whole, and told afterwards."""

from __future__ import annotations

import os
import signal

import pytest

from studio.simulation.virtual.shield import Shield


def test_an_interrupt_is_held_back_and_told() -> None:
    with Shield() as shield:
        os.kill(os.getpid(), signal.SIGINT)
        assert shield.interrupted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_interrupt_there_is_none_to_tell() -> None:
    with Shield() as shield:
        pass
    assert not shield.interrupted


def test_after_the_shield_interrupts_come_through() -> None:
    with Shield():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_within_another_shield_the_outer_one_is_told() -> None:
    with Shield() as outer:
        with Shield():
            signal.raise_signal(signal.SIGINT)
        assert outer.interrupted
