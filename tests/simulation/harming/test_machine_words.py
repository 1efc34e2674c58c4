"""Faults of machines, data and third parties in words."""

from __future__ import annotations

import pytest

from studio import (
    S,
    broker_loses,
    call_back,
    clock_drift,
    clock_jump,
    clock_offset,
    deploy,
    exhaust,
    hot_key,
    lose_unsynced,
    mismatch,
    stale_read,
    storage_conflict,
    storage_error,
    storage_stall,
    throttle,
)
from studio.model.fault import Fault
from studio.simulation.harming.fault_words import in_words


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (storage_error("Shelf", occurrence=2), "the 2nd commit of Shelf fails"),
        (storage_error("*", committed=True), "each commit of the storage stands, but its answer is lost"),
        (storage_stall("Shelf.things", "2s", at="1s"), "each operation of Shelf.things takes longer by 2 s from 1 s"),
        (storage_conflict("Shelf"), "another writer comes before each commit of Shelf"),
        (stale_read("Shelf.things"), "each read of Shelf.things shows what stood 1 s ago"),
        (lose_unsynced("Shelf", at="3s"), "the storage of Shelf crashes and loses its last 200 ms at 3 s"),
        (clock_offset("A", "2s", until="1m"), "the clock of A is 2 s ahead until 1m 0s"),
        (clock_jump("A/2", "5s", at="1s", back=True), "the clock of A/2 is set 5 s back at 1 s"),
        (clock_drift("A", ppm=-50), "the clock of A runs slow by 50 ppm"),
        (exhaust("cards"), "each process has 1 connection for requests of cards, and waits 1 s for one"),
        (throttle("cards", rate_per_s=5), "cards answers each request beyond 5 a second with 429"),
        (call_back("cards", occurrence=1), "cards calls back before it replies to the 1st request"),
        (hot_key(S.A.b), "messages of A.b share one id, with a probability of 0.5"),
        (mismatch(S.A.b, drop=["x"], add={"y": 1}), "each message of A.b arrives without x, with y=1"),
        (broker_loses(at="3s"), "the broker loses what it stored in the last 1 s at 3 s"),
        (
            deploy("A", at="2s", before="1.0.0"),
            "A is deployed, one replica after another, with 5 s to drain, in version 1.0.0 until then at 2 s",
        ),
    ],
)
def test_faults_are_said_in_words(fault: Fault, words: str) -> None:
    assert in_words(fault) == words
