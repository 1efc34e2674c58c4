"""Short tables as HTML."""

from __future__ import annotations

from studio.dashboard.pieces.plain_table import Field, number, plain_table


def test_long_names_may_break_at_their_joints_and_numbers_nowhere() -> None:
    table = plain_table((Field("Fault"), number("Share")), [("fail Shop.send_parcel, 0.25", 0.25)], caption="Faults")
    assert "fail Shop.<wbr>send_<wbr>parcel, 0.25<" in table
    assert ">0.25<" in table
