"""`studio hunt`: what it prints, what it keeps, and exit codes that CI can rely on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Command

SYSTEM = {
    "things.py": """
from studio import Contract, S, event

class Thing(Contract):
    id: str

event(S.Thing.made, Thing, key="id")
""",
    "counter.py": """
from studio import Contract, S, Service
from .things import Thing

class Tally(Contract):
    id: str
    number: int = 0

service = Service("Counter", version="1.0.0")
tallies = service.collection("tallies", Tally, key="id")

@service.on(S.Thing.made)
async def count(thing: Thing) -> None:
    kept = await tallies.get(thing.id) or Tally(id=thing.id)
    await tallies.put(Tally(id=thing.id, number=kept.number + 1))
""",
    "calm.py": """
from studio import S, Scenario, workload
from .things import Thing

scenario = Scenario("calm", duration="2s")
workload(S.Thing.made, [Thing(id="a"), Thing(id="b")], every="1s")
""",
    "promises.py": """
from studio import Invariant

Invariant("counted_once", sql='select id from "Counter.tallies" where number > 1')
""",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name, text in SYSTEM.items():
        (folder / name).write_text(text)
    return folder


def test_broken_promise_gives_code_one_and_says_by_what(command: Command, shop: Path) -> None:
    code, out, _ = command("hunt", shop, "--scenario", "calm", "--runs", "20", "--kind", "duplicate")
    assert code == 1
    told = out.splitlines()
    assert told[0] == "calm: Broken: counted_once, by 1 fault and 1 message"
    assert told[1] == "    ⚡ the 1st event of Thing.made is delivered twice"
    assert f"  Replay: studio simulate {shop} --case simulations/" in out


def test_verdict_is_short_unless_details_are_asked(command: Command, shop: Path) -> None:
    _, gist, _ = command("hunt", shop, "--runs", "20", "--kind", "latency", "--kind", "pause")
    _, full, _ = command("hunt", shop, "--runs", "20", "--kind", "latency", "--kind", "pause", "--details")
    assert "Faults struck at " in full
    assert "Faults struck at " not in gist
    assert len(gist.splitlines()) <= 9
    assert max(map(len, gist.splitlines())) <= 100


def test_what_broke_before_is_told_once(command: Command, shop: Path) -> None:
    (shop / "again.py").write_text((shop / "calm.py").read_text().replace('"calm"', '"once_more"'))
    _, out, _ = command("hunt", shop, "--runs", "20", "--kind", "duplicate")
    assert "once_more: Broken: counted_once, as in calm" in out or "calm: Broken: counted_once, as in once_more" in out


def test_what_holds_gives_code_zero_and_says_what_that_rests_on(command: Command, shop: Path) -> None:
    code, out, _ = command("hunt", shop, "--runs", "5", "--kind", "latency")
    assert code == 0
    assert "calm: Held: no promise of calm was broken." in out
    assert "single faults" in out


def test_counterexamples_are_kept_when_asked(command: Command, shop: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    code, out, _ = command("hunt", shop, "--runs", "20", "--kind", "duplicate", "--save", "--folder", kept)
    assert code == 1
    assert f"Kept: {kept}" in out
    assert len(list(kept.glob("*.json"))) == 1


def test_wrong_kind_is_refused_with_the_nearest(command: Command, shop: Path) -> None:
    code, _, err = command("hunt", shop, "--kind", "duplicat")
    assert code == 2
    assert "STU590" in err
    assert "duplicate" in err
