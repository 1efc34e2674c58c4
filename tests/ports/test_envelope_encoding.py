"""Envelopes as they are stored and carried between processes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from studio.ports import Envelope, decode_envelope, encode_envelope

TEXT, NUMBER = st.text(max_size=8), st.integers(0, 2**63 - 1)
ENVELOPES = st.builds(
    Envelope, NUMBER, st.sampled_from(["call", "event"]), TEXT, st.binary(), TEXT, NUMBER, TEXT, NUMBER, NUMBER, NUMBER,
    NUMBER, NUMBER, TEXT, TEXT, NUMBER, TEXT, NUMBER,
)  # fmt: skip


@given(ENVELOPES)
def test_an_envelope_comes_back_whatever_its_body_holds(envelope: Envelope) -> None:
    assert decode_envelope(encode_envelope(envelope)) == envelope


def test_equal_envelopes_are_equal_bytes_without_what_is_not_said() -> None:
    encoded = encode_envelope(Envelope(1, "event", "Order.created", b'{"id":1}', "Orders"))
    assert encoded == (
        b'{"address":"Order.created","body":"{\\"id\\":1}","kind":"event","message":1,"sender":"Orders"}'
    )


def test_what_a_later_version_adds_is_left_out() -> None:
    envelope = Envelope(1, "event", "Order.created", b"", "Orders", key="7")
    told = json.loads(encode_envelope(envelope))
    assert decode_envelope(json.dumps({**told, "priority": 9})) == envelope
