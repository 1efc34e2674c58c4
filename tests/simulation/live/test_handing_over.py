"""A world that is played by hand is seen in the log as soon as somebody looks there."""

from __future__ import annotations

from studio import S
from tests.simulation.live.conftest import Shop


def test_a_world_played_by_hand_hands_its_records_to_who_looks_in_the_log(shop: Shop) -> None:
    world = shop.world()
    world.publish(S.Thing.seen, shop.thing("x"))
    before = world.recorded_in.run(world.number).row.records
    world.hand_over()
    assert world.recorded_in.run(world.number).row.records > before
    world.close()


def test_a_closed_world_has_nothing_to_hand_over(shop: Shop) -> None:
    world = shop.world()
    world.close()
    records = world.recorded_in.run(world.number).row.records
    world.hand_over()
    assert world.recorded_in.run(world.number).row.records == records
