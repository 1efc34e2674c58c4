"""The system as JSON in the log: what is written is read back the same."""

from __future__ import annotations

from studio.graph.system import System
from studio.graph.topology import Topology, topology_of
from studio.graph.topology_text import topology_from_json, topology_json


def test_a_topology_is_read_back_as_it_was_written(system: System) -> None:
    assert topology_from_json(topology_json(system.graph)) == topology_of(system.graph)


def test_logs_of_older_forms_have_no_topology() -> None:
    assert topology_from_json("") == Topology((), ())
