"""A lint: what runs under the simulator asks its ports for time, chance and settings, never the machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceFile

DETERMINISTIC = {"runtime", "simulation"}

CLOCK = "ask the port Clock (studio.ports)"
RANDOMNESS = "draw from the port Randomness (studio.ports), from a named stream"
SETTINGS = "take it from the settings the engine was given, never from the environment"
ONE_THREAD = "one driver, one thread: leave threads and processes to the entrance that starts them"
NETWORK = "use the ports Transport or Outbound (studio.ports)"
ORDER = "iterate over sorted(...): a set's order is not the same in another process"
HASHES = "hash with hashlib: the builtin's value is not the same in another process"

# Dotted names, as the imports in a file resolve them; the first pattern that fits gives the remedy.
REFUSED: Mapping[str, str] = {
    "time.*": CLOCK,
    "datetime.datetime.now": CLOCK,
    "datetime.datetime.utcnow": CLOCK,
    "datetime.datetime.today": CLOCK,
    "datetime.date.today": CLOCK,
    "random.[a-z]*": RANDOMNESS,
    "random.SystemRandom": RANDOMNESS,
    "secrets.*": RANDOMNESS,
    "uuid.uuid[14]": RANDOMNESS,
    "os.urandom": RANDOMNESS,
    "os.environ*": SETTINGS,
    "os.getenv": SETTINGS,
    "threading*": ONE_THREAD,
    "_thread*": ONE_THREAD,
    "multiprocessing*": ONE_THREAD,
    "concurrent.futures*": ONE_THREAD,
    "asyncio.to_thread": ONE_THREAD,
    "subprocess*": ONE_THREAD,
    "socket*": NETWORK,
    "ssl*": NETWORK,
}

# (file, name) → why the machine may be asked there. Keep it short; an entry that is no longer needed fails below.
ALLOWED: Mapping[tuple[str, str], str] = {
    (
        "simulation/virtual/anyio_order.py",
        "threading.Lock",
    ): "guards the patch of anyio, which every world in the process shares",
    ("simulation/campaign/crew.py", "time.monotonic"): "how many seeds a worker gets at once; results are the same",
    ("simulation/campaign/labour.py", "threading.Lock"): "clusters give a process several threads; runs take turns",
    ("simulation/campaign/labour.py", "threading.current_thread"): "only the main thread may take the interrupt signal",
    ("simulation/campaign/labour.py", "threading.main_thread"): "only the main thread may take the interrupt signal",
    ("simulation/campaign/labour.py", "os.environ.setdefault"): "how many threads Polars starts; no run reads it",
    ("simulation/live/hurry.py", "threading.RLock"): "what a thread waits for when another one plays a world",
    ("simulation/live/hurry.py", "threading.local"): "how long a thread waits for a world that another one plays",
    ("simulation/live/porter.py", "threading.Thread"): "hands over what is recorded; a run reads nothing of it",
    ("simulation/live/porter.py", "threading.Event"): "hands over what is recorded; a run reads nothing of it",
    (
        "simulation/live/driver.py",
        "threading.Condition",
    ): "a world in the background; its acts are kept",
    ("simulation/live/driver.py", "threading.RLock"): "one thread at a time touches a played world",
    (
        "simulation/live/driver.py",
        "threading.Thread",
    ): "a world in the background; its acts are kept",
    ("simulation/live/driver.py", "threading.current_thread"): "tells the driver from those who ask it for something",
    ("simulation/live/metronome.py", "time.monotonic"): "how far a world is driven next, never what happens there",
    ("simulation/campaign/pace.py", "time.monotonic"): "the rate and the time left, which people are told",
    ("simulation/determinism/twin.py", "os.environ"): "takes it away, to see whether a run leaned on it",
    ("simulation/determinism/twin.py", "os.environ.get"): "the twin's hash seed must be another than this process's",
    ("simulation/virtual/driving.py", "threading.current_thread"): "only the main thread may take the interrupt signal",
    ("simulation/virtual/driving.py", "threading.main_thread"): "only the main thread may take the interrupt signal",
    ("simulation/hunting/trials.py", "time.monotonic"): "bounds how long a hunt searches; each of its runs is a value",
    (
        "simulation/logbook.py",
        "datetime.datetime.now",
    ): "when a run was started stands in the list of runs, in no record",
    ("simulation/virtual/loop.py", "threading.current_thread"): "names the driver in the error that a second one gets",
    (
        "simulation/virtual/loop.py",
        "threading.get_ident",
    ): "tells the driver's thread from others, whose calls are refused",
    ("simulation/virtual/shield.py", "threading.current_thread"): "only the main thread may take the interrupt signal",
    ("simulation/virtual/shield.py", "threading.main_thread"): "only the main thread may take the interrupt signal",
    (
        "simulation/virtual/watchdog.py",
        "threading.Condition",
    ): "the watchdog ends runs, which are then aborted and never compared",
    (
        "simulation/virtual/watchdog.py",
        "threading.Lock",
    ): "the watchdog ends runs, which are then aborted and never compared",
    (
        "simulation/virtual/watchdog.py",
        "threading.Thread",
    ): "the watchdog ends runs, which are then aborted and never compared",
    (
        "simulation/virtual/watchdog.py",
        "threading.get_ident",
    ): "the watchdog ends runs, which are then aborted and never compared",
    (
        "simulation/virtual/watchdog.py",
        "time.monotonic",
    ): "the watchdog ends runs, which are then aborted and never compared",
}


def refused(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and remedy for whatever makes a run depend on the machine."""
    names = imported_names(tree)
    outer = {id(child.value) for child in ast.walk(tree) if isinstance(child, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in outer:
            name = dotted(node, names)
            yield from ((node.lineno, name, remedy) for remedy in first_remedy(name))
        if isinstance(node, ast.For | ast.comprehension) and is_set(node.iter):
            yield node.iter.lineno, "for over a set", ORDER
    yield from uses_of_hash(tree)


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Map each name a file imports to the dotted name it stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(n.asname or n.name.partition(".")[0]): (n.name if n.asname else n.name.partition(".")[0])
                      for n in node.names}  # fmt: skip
        elif isinstance(node, ast.ImportFrom):
            names |= {(n.asname or n.name): f"{node.module}.{n.name}" for n in node.names}
    return names


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Spell `a.b.c` with `a` resolved through the file's imports; "" for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def first_remedy(name: str) -> list[str]:
    """Find what to use instead of a refused name; nothing where it is fine."""
    return [remedy for pattern, remedy in REFUSED.items() if fnmatchcase(name, pattern)][:1]


def is_set(node: ast.expr) -> bool:
    """Tell whether an expression is plainly a set."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"set", "frozenset"}
    return named or isinstance(node, ast.Set | ast.SetComp)


def uses_of_hash(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield calls of the builtin hash outside `__hash__`, where it never leaves the process."""
    methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "__hash__"]
    fine = {id(node) for method in methods for node in ast.walk(method)}
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) and id(node) not in fine else None
        if isinstance(called, ast.Name) and called.id == "hash":
            yield called.lineno, "hash", HASHES


@pytest.fixture(scope="module")
def findings(source_files: tuple[SourceFile, ...]) -> list[tuple[str, int, str, str]]:
    """Everything refused in the parts that must be deterministic: file, line, name, remedy."""
    return [(str(file), *found) for file in source_files if file.part in DETERMINISTIC for found in refused(file.tree)]


def test_runs_ask_their_ports_and_not_the_machine(findings: list[tuple[str, int, str, str]]) -> None:
    wrong = [f"{file}:{line}: {name}: {remedy}" for file, line, name, remedy in findings if (file, name) not in ALLOWED]
    assert wrong == []


def test_every_allowance_is_still_needed(findings: list[tuple[str, int, str, str]]) -> None:
    assert ALLOWED.keys() - {(file, name) for file, _, name, _ in findings} == set()


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("import time as t; t.monotonic()", CLOCK),
        ("from time import time_ns as now; now()", CLOCK),
        ("from datetime import datetime; datetime.now(UTC)", CLOCK),
        ("import random; random.choice([1])", RANDOMNESS),
        ("from uuid import uuid4; uuid4()", RANDOMNESS),
        ("import os; os.environ['HOME']", SETTINGS),
        ("import threading; threading.Lock()", ONE_THREAD),
        ("import socket; socket.create_connection(('', 1))", NETWORK),
        ("for x in {1, 2}: pass", ORDER),
        ("[x for x in set('ab')]", ORDER),
        ("hash('a')", HASHES),
    ],
)
def test_lint_names_the_port_to_use_instead(line: str, remedy: str) -> None:
    assert remedy in {found for _, _, found in refused(ast.parse(line))}


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime; datetime(2026, 1, 1)",
        "from random import Random; Random(1).choice([1])",
        "clock.time()",
        "for x in sorted({1, 2}): pass",
        "def __hash__(self): return hash(self.ordinal)",
    ],
)
def test_lint_leaves_what_is_the_same_everywhere(line: str) -> None:
    assert list(refused(ast.parse(line))) == []
