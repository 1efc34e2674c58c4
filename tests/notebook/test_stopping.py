"""The stop button while many runs go on: heeded between two of them, at once when pressed again."""

from __future__ import annotations

import signal
import threading

import pytest

from studio.notebook.stopping import stopped_between_runs
from studio.simulation.virtual.loop import VirtualLoop


def test_an_interrupt_is_heeded_where_it_is_asked_for() -> None:
    with stopped_between_runs() as heed:
        heed()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            heed()
        heed()


def test_a_second_interrupt_is_raised_at_once() -> None:
    with stopped_between_runs():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handler_before_is_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopped_between_runs():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_are_left_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with stopped_between_runs() as heed:
            heed()
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_run_that_is_under_way_takes_the_signal_itself() -> None:
    loop = VirtualLoop()
    loop.at(1, 0, lambda _: signal.raise_signal(signal.SIGINT), None)
    loop.at(2, 0, lambda _: pytest.fail("it went on"), None)
    with stopped_between_runs() as heed:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_ns(10)
        heed()
    assert loop.now_ns == 1
    loop.close()
