"""Faults in words: a sentence for each, which people can read without knowing the kinds."""

from __future__ import annotations

from typing import Any

import pytest

from studio import (
    clog,
    crash,
    crash_at,
    duplicate,
    fail,
    garbage,
    hang,
    late,
    latency,
    lose,
    partition,
    pause,
    poison,
    refuse,
    reorder,
    respond,
    slow,
    storage_error,
    swarm,
    together,
)
from studio.model.fault import KINDS
from studio.simulation.harming.fault_words import at_large, in_words

PAY = "Payment.pay"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lose(PAY, leg="reply", occurrence=(1, 3)), "the 1st and 3rd reply of Payment.pay is lost"),
        (lose(PAY, every=2, source="Order/1"), "every 2nd request of Payment.pay is lost from Order/1"),
        (latency(["cards", PAY], "5ms", at="1s"),
         "each message to cards and Payment.pay takes longer by 5 ms from 1 s"),
        (partition("Payment", until="5s", mode="hold"),
         "Payment and everybody else do not reach each other, what is sent meanwhile is held until 5 s"),
        (partition("A", "B", ways="to"), "nothing of B reaches A"),
        (clog("Payment", per_s=5), "what goes to Payment passes at 5 a second, and queues"),
        (refuse(PAY, occurrence=2), "the 2nd call of Payment.pay is refused"),
        (late(PAY), "each reply of Payment.pay comes 1 ms after the caller gave up"),
        (reorder("Order.created", probability=0.5),
         "each event of Order.created is held back up to 1 s, so that others overtake it, with a probability of 0.5"),
        (poison("Order.created", key="7", kills=True),
         "each message of Order.created with key 7 kills whoever handles it, at every delivery"),
        (fail(PAY, error="Declined", occurrence=1), "the 1st handling of Payment.pay fails with Declined"),
        (hang("Buying.pay", during="compensation"), "the 1st compensation of Buying.pay hangs"),
        (slow("Payment", "2s"), "each handling of Payment takes longer by 2 s"),
        (respond("cards", 503, occurrence=1), "cards answers the 1st request with 503"),
        (garbage(PAY, leg="reply"), "each reply of Payment.pay is garbage"),
        (crash(["A/1", "B"], at="2s", times=3),
         "A/1 and replica 1 of B crash at 2 s, 3 times in a row, down for 1 s"),
        (pause("Buying", at="1s", replaced_after="3s"),
         "replica 1 of Buying stands still at 1 s for 10 s, replaced after 3 s, and wakes as if nothing had been"),
        (together(refuse(PAY), crash("A"), until="3s"),
         "together: each call of Payment.pay is refused; replica 1 of A crashes at 0 s, down for 1 s until 3 s"),
        (swarm("crash", "lose"), "of these, each seed draws some: crash; lose"),
    ],
)  # fmt: skip
def test_a_fault_is_said_in_words(fault: Any, words: str) -> None:
    assert in_words(fault) == words


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lose("cards", leg="reply", probability=0.3, at="2s"), "a reply of cards is lost"),
        (storage_error("Payment", occurrence=2), "a commit of Payment fails"),
        (duplicate("Order.created", every=3), "an event of Order.created is delivered twice"),
        (crash("Payment", at="2m"), "replica 1 of Payment crashes"),
        (crash_at("before-journal", "A.b", occurrence=3), "a process crashes at before-journal A.b"),
        (together(refuse("A"), crash("B"), until="3s"), "together: a call of A is refused; replica 1 of B crashes"),
    ],
)
def test_a_fault_is_said_without_how_often_and_when(fault: Any, words: str) -> None:
    assert at_large(fault) == words


def test_every_kind_has_words() -> None:
    parts = {"parts": (refuse(PAY),)}
    for name, kind in KINDS.items():
        made = kind(**(parts if name in ("together", "swarm") else {"target": "Payment"}))
        assert not in_words(made).startswith(f"{name} on "), name
