"""Small parts of the corridor: keys, plans."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import UnknownAddress
from studio.runtime.identifiers import causal_key, key_of_text, short_key

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

keys = st.integers(0, (1 << 63) - 1)


@given(parent=keys, address=keys, first=st.integers(1, 1000), second=st.integers(1, 1000))
def test_sends_of_one_handling_have_causal_keys_of_their_own(
    parent: int, address: int, first: int, second: int
) -> None:
    same = causal_key(parent, address, first) == causal_key(parent, address, second)
    assert same == (first == second)
    assert 0 <= causal_key(parent, address, first) < 1 << 63


@given(st.text(max_size=400))
def test_keys_stay_short_and_tell_texts_apart(text: str) -> None:
    assert len(short_key(text)) <= 120
    assert short_key(text) == text or len(text) > 120
    assert short_key(text + "x") != short_key(text)


def test_the_key_of_a_name_is_the_same_in_every_process() -> None:
    assert key_of_text("Payment.process") == 7_218_707_501_967_542_717


def test_an_address_that_is_nothing_is_told_with_the_nearest(bench: Callable[..., Bench]) -> None:
    cells = bench("%%contracts n\nclass Note(Contract):\n    id: str\n\nevent($.Note.sent, Note)")
    with pytest.raises(UnknownAddress, match=r"Note\.sent"):
        cells.program.operation("Note.send")
    with pytest.raises(UnknownAddress):
        cells.program.event("Note.send")


def test_an_event_that_is_only_subscribed_to_has_its_subscribers_contract(bench: Callable[..., Bench]) -> None:
    cells = bench(
        "%%contracts n\nclass Note(Contract):\n    id: str",
        "%%service Reader\n@service.on('Note.>')\nasync def read(note: Note) -> None: ...",
    )
    plan = cells.program.event("Note.sent")
    assert plan.event.contract.__name__ == "Note"


def test_addresses_that_publishers_choose_do_not_pile_up(bench: Callable[..., Bench]) -> None:
    cells = bench(
        "%%contracts n\nclass Note(Contract):\n    id: str",
        "%%service Reader\n@service.on('Note.>')\nasync def read(note: Note) -> None: ...",
    )
    plans = [cells.program.event(f"Note.sent.N{number}") for number in range(1500)]
    assert cells.program.events == {}
    assert len(cells.program.passing) == 1000
    assert cells.program.event("Note.sent.N1499") is plans[-1]
