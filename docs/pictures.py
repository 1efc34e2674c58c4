"""Draw the README's pictures from real runs: `python docs/pictures.py`."""

from __future__ import annotations

from pathlib import Path

from studio.graph.drawing import Drawing
from studio.graph.system import System
from studio.simulation.hunting.hunt import hunt
from studio.simulation.simulate import simulate
from studio.source.directory import read

HERE = Path(__file__).parent


def draw() -> None:
    """Write the order system's graph, the trace of the order that was charged twice, and how a hunt finds that bug."""
    system = System()
    system.define_all(read(HERE.parent / "simulations" / "orders"))
    (HERE / "order-system.svg").write_text(Drawing.of(system.graph, title="The order system").svg, encoding="utf-8")
    run = simulate("lost_reply", system=system, seed=7)
    (HERE / "ada-charged-twice.svg").write_text(run.trace("order-1").svg(), encoding="utf-8")
    broken = System()
    broken.define_all(read(HERE.parent / "simulations" / "charged_twice" / "broken"))
    found = hunt("calm", system=broken).counterexample
    assert found is not None
    (HERE / "charged-twice.svg").write_text(found.story().sequence.svg(), encoding="utf-8")


if __name__ == "__main__":
    draw()
