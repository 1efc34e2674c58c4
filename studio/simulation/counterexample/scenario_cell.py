"""Write a counterexample as a scenario cell: what stands, each message, each fault, on lines that can be edited."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from studio.graph.candidate import visible_names
from studio.graph.system import Build
from studio.model.by_hand import CLOSE, VERBS
from studio.model.distribution import Distribution
from studio.model.duration import duration_ns, shortest_ns
from studio.model.scenario import NETWORK, Given, Scenario, Workload
from studio.simulation.counterexample.fault_code import distribution_code, plan_code, target_code
from studio.simulation.counterexample.value_code import Coder, importable, quoted
from studio.simulation.harming.fault_words import plan_in_words
from studio.source.options import KINDS, Value, magic_line

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample

__all__ = ["cell_text", "scenario_text"]


def cell_text(counterexample: Counterexample, build: Build) -> str:
    """Return a cell `%%scenario NAME` that breaks the promise when it is run."""
    case = counterexample.case
    is_momentary = counterexample.mode == "always"  # else nothing is asked before the end
    scenario = (case if is_momentary else replace(case, check="")).scenario_in(build)
    scenario.name, scenario.doc, scenario.faults = _name(counterexample), _doc(counterexample), list(case.plan)
    if case.duration_ns:
        return scenario_text(scenario, build, duration=shortest_ns(case.duration_ns))
    return scenario_text(scenario, build)


def scenario_text(scenario: Scenario, build: Build, *, duration: str = "") -> str:
    """Return a scenario as a cell.

    Args:
        scenario: Its name, its docstring, all that it says.
        build: Whose contracts it names.
        duration: Instead of its own, which workloads that last as long as it are measured by.
    """
    coder = Coder(visible_names(build.graph.definitions.values()), importable(build))
    lines = [*_given(scenario, coder), *_conditions(scenario), "", *_workloads(scenario, coder)]
    plan, acts = plan_code(scenario.faults, "$"), list(_acts(scenario, coder))
    body = [f'"""{scenario.doc}"""', *coder.imports, "", *lines, *([""] if plan else []), *plan]
    body += [*([""] if acts else []), *acts]
    options = _options(scenario, duration or scenario.duration)
    text = "\n".join([f"%%{magic_line('scenario', scenario.name, options)}", *body])
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def _doc(counterexample: Counterexample) -> str:
    words = "; ".join(plan_in_words(counterexample.plan)) or "nothing goes wrong"
    return f"{counterexample.invariant} is broken: {words}.".replace("\\", "").replace('"""', "'''")


def _name(counterexample: Counterexample) -> str:
    name = counterexample.name
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"case_{name}"


def _options(scenario: Scenario, duration: str) -> tuple[tuple[str, Value], ...]:
    """Return the options of the cell's line: whatever the scenario says otherwise than a new one would."""
    plain = {field.name: field.default for field in fields(Scenario)}
    found: list[tuple[str, Value]] = []
    for option in KINDS["scenario"].options:
        value = duration if option.name == "duration" else getattr(scenario, option.name)
        value = ",".join(value) if isinstance(value, list | tuple) else value
        if value != (plain[option.name] or ("" if isinstance(value, str) else plain[option.name])):
            found.append((option.name, value))
    return tuple(found)


def _given(scenario: Scenario, coder: Coder) -> Iterator[str]:
    for given in scenario.givens:
        yield f"given({quoted(given.target)}, {_values(given, coder)})"


def _values(given: Given, coder: Coder) -> str:
    is_setting = "." not in given.target and len(given.values) == 1
    return coder.code(given.values[0] if is_setting else list(given.values))


def _conditions(scenario: Scenario) -> Iterator[str]:
    if scenario.network != NETWORK:
        yield f"network({distribution_code(scenario.network)})"
    for each in scenario.service_times:
        yield f"service_time({target_code(each.target, '$')}, {distribution_code(each.time)})"


def _workloads(scenario: Scenario, coder: Coder) -> Iterator[str]:
    for each in scenario.workloads:
        given = [target_code(each.address, "$"), *_messages(each, coder), *_rule(each, coder, scenario)]
        yield f"workload({', '.join(given)})"


def _messages(workload: Workload, coder: Coder) -> Iterator[str]:
    if workload.messages:
        yield coder.code(list(workload.messages))


def _rule(workload: Workload, coder: Coder, scenario: Scenario) -> Iterator[str]:
    """Yield the options of a workload that are not their defaults."""
    plain = Workload(workload.address)
    spoken = {"from_ns": "at", "until_ns": "until", "every_ns": "every", "steps": "rate_per_s", "burst_ns": "burst",
              "calm_ns": "calm"}  # fmt: skip
    for field in fields(Workload):
        name, value = field.name, getattr(workload, field.name)
        if name in ("address", "messages", "changes") or value == getattr(plain, name):
            continue
        if name == "until_ns" and value in (duration_ns(scenario.duration), workload.from_ns):
            continue
        yield f"{spoken.get(name, name)}={_option(name, value, coder)}"
    yield from (f"{name}={coder.code(value)}" for name, value in workload.changes)


def _acts(scenario: Scenario, coder: Coder) -> Iterator[str]:
    for act in scenario.acts:
        stated = json.loads(act.given)
        given = [f"{name}={coder.code(stated[name])}" for name in VERBS[act.verb] if name in stated]
        waits = ["waits=True"] if act.waits and act.verb != CLOSE else []
        yield f"by_hand({', '.join([quoted(shortest_ns(act.at_ns)), quoted(act.verb), *given, *waits])})"


def _option(name: str, value: Any, coder: Coder) -> str:
    if name.endswith("_ns"):
        return quoted(shortest_ns(value))
    if name == "steps":
        return coder.code([(shortest_ns(at), rate) for at, rate in value])
    if name == "skew":
        return "{" + ", ".join(f"{quoted(path)}: {each!r}" for path, each in value) + "}"
    if isinstance(value, type):
        return coder.name(value) or value.__name__
    return distribution_code(value) if isinstance(value, Distribution) else coder.code(value)
