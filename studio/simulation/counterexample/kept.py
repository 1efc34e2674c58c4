"""Find kept counterexamples, and run them again: by file, by data, or all that are kept beside a system."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from studio.errors import InvalidCounterexample, StudioError, UnknownCounterexample, nearest
from studio.graph.loading import load as load_system
from studio.graph.system import Build, System
from studio.simulation.case import Case
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.counterexample.rerun import quiet_run, rows_of
from studio.simulation.current import build_of, current_system
from studio.simulation.harming.fault_words import plan_in_words
from studio.simulation.promises.promised import PROMISES
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = [
    "Kept",
    "Retried",
    "forget_remembered",
    "kept_beside",
    "load",
    "remember",
    "remembered",
    "replay",
    "retry",
]

FOLDER = "simulations"
SHARED_FOLDER = "counterexamples"
REMEMBERED_MAX = 20
_REMEMBERED: WeakKeyDictionary[System, dict[str, Counterexample]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Kept:
    """A counterexample that is kept.

    Attributes:
        name: Of its file, or of itself where it is only remembered.
        counterexample: What is kept.
        system: Path of the system that it was found in; None where that is not said.
    """

    name: str
    counterexample: Counterexample
    system: Path | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of running a kept counterexample again.

    Attributes:
        kept: Which.
        rows: What violates the promise now; empty where it is mended.
        obstacle: Why it could not be run; empty where it was.
        run: The run; None where it could not be run.
    """

    kept: Kept
    rows: tuple[str, ...] = ()
    obstacle: str = ""
    run: Run | None = None

    @property
    def is_mended(self) -> bool:
        """Whether the promise holds now."""
        return not self.rows and not self.obstacle

    def __str__(self) -> str:
        found = self.kept.counterexample
        if self.obstacle:
            return f"? {self.kept.name} cannot be run: {self.obstacle}"
        if self.is_mended:
            return f"✓ mended: {found.invariant} holds although {'; '.join(plan_in_words(found.plan)) or 'it did not'}"
        return f"✗ still fails: {found}"


def replay(
    counterexample: Counterexample | Case | Mapping[str, Any] | Path | str,
    *,
    system: System | Build | Path | str | None = None,
) -> Run:
    """Run a counterexample again and return the run.

    Args:
        counterexample: One, or the path of its file, its name among those kept in `simulations`, or its data.
        system: With which code: a system, or the path of a notebook or folder; by default the notebook's, else the one
            that the file names.

    Raises:
        UnknownCounterexample: No such file is there.
        InvalidCounterexample: It cannot be read.
        StudioError: As `simulate`: what it names is not declared any more.

    Example:
        run = studio.replay("simulations/one_charge_per_order_lose_reply_cards.json")
    """
    if isinstance(counterexample, Case):
        return simulate(counterexample, system=_system(system, None), log=Log.memory())
    if isinstance(counterexample, Counterexample):
        chosen = counterexample.build if system is None and counterexample.build else _system(system, None)
        return simulate(counterexample.case, system=chosen, log=Log.memory())
    if isinstance(counterexample, Mapping):
        found = Counterexample.from_json(json.dumps(_spelt(counterexample)))
        return simulate(found.case, system=_system(system, None), log=Log.memory())
    kept = load(_found(counterexample))
    return simulate(kept.counterexample.case, system=_system(system, kept.system), log=Log.memory())


def load(file: Path) -> Kept:
    """Read a kept counterexample.

    Raises:
        InvalidCounterexample: It is none.
    """
    try:
        text = file.read_text(encoding="utf-8")
        values = json.loads(text)
        system = values.get("system") if isinstance(values, dict) else None
    except (OSError, ValueError) as error:
        raise InvalidCounterexample(text=str(file), reason=str(error).splitlines()[0]) from error
    return Kept(file.stem, Counterexample.from_json(text), file.parent / str(system) if system else None)


def kept_beside(path: Path) -> tuple[Kept, ...]:
    """Return what is kept in the folder `simulations` beside a notebook or module, or inside a folder of modules.

    Files that are no counterexamples, and those of another system, are left out. What stands in a folder
    `counterexamples` beside a folder of modules is kept for all systems that stand there, such as a bug and its cure.
    """
    place = path if path.is_dir() else path.parent
    own = (path.resolve(), place.resolve())
    found = [each for each in _kept_in(place / FOLDER) if each.system is None or each.system.resolve() in own]
    shared = _kept_in(place.parent / SHARED_FOLDER) if path.is_dir() else ()
    beside = place.resolve().parent
    return (*found, *(each for each in shared if each.system is None or each.system.resolve().parent == beside))


def _kept_in(folder: Path) -> Iterator[Kept]:
    """Yield what can be read there; a system that is gone counts as one that is not said."""
    for file in sorted(folder.glob("*.json")):
        try:
            kept = load(file)
        except InvalidCounterexample:
            continue
        yield kept if kept.system is None or kept.system.exists() else replace(kept, system=None)


def remember(counterexample: Counterexample, system: System) -> None:
    """Keep a counterexample for as long as the system lives that it was found in, so that edits are held against it."""
    found = _REMEMBERED.setdefault(system, {})
    found.pop(counterexample.name, None)
    found[counterexample.name] = counterexample
    while len(found) > REMEMBERED_MAX:
        del found[next(iter(found))]


def forget_remembered(system: System) -> None:
    """Remember nothing any more that was found in a system."""
    _REMEMBERED.pop(system, None)


def remembered(system: System) -> tuple[Kept, ...]:
    """Return what was found in a system and not forgotten."""
    return tuple(Kept(name, each) for name, each in _REMEMBERED.get(system, {}).items())


def retry(kept: Kept, build: Build) -> Retried:
    """Run a kept counterexample with other code, and say whether the promise holds now."""
    found = kept.counterexample
    try:
        run = quiet_run(found.case, build)
    except StudioError as error:
        return Retried(kept, obstacle=str(error).splitlines()[0])
    if found.invariant not in run.checked and found.invariant not in PROMISES:
        return Retried(kept, obstacle=f"the promise {found.invariant} is not declared any more")
    return Retried(kept, rows_of(run, found.invariant), run=run)


def _system(given: System | Build | Path | str | None, named: Path | None) -> Build:
    if isinstance(given, Path | str):
        return build_of(load_system(given))
    if given is None and current_system() is None and named is not None:
        return build_of(load_system(named))
    return build_of(given)


def _found(name: Path | str) -> Path:
    """Return the file that is meant by a path, or by a name.

    Raises:
        UnknownCounterexample: There is none.
    """
    for file in (Path(name), Path(FOLDER) / f"{name}.json"):
        if file.is_file():
            return file
    raise UnknownCounterexample(name=str(name), known=nearest(str(name), _names()))


def _names() -> Iterator[str]:
    yield from (file.stem for file in sorted(Path(FOLDER).glob("*.json")))


def _spelt(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return data in the form in which it is kept: messages as text, and what may be left out."""
    case = dict(values.get("case", {}))
    sends = case.get("sends")
    if sends is not None:
        case["sends"] = [[at, to, body if isinstance(body, str) else json.dumps(body)] for at, to, body in sends]
    plain = {"seed": 0, "plan": [], "sends": None, "duration_ns": 0, "bus": ""}
    told = {"promise": "", "mode": "always", "violations": [], "sources": "", "studio": ""}
    return {**told, **values, "case": {**plain, **case}}
