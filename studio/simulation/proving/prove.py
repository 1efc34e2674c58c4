"""Try findings: run what they warn of, and say whether it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from studio.errors import StudioError
from studio.graph.lint import Finding
from studio.graph.rules.rule import Facts, facts_of
from studio.graph.system import Build, System
from studio.simulation.current import build_of
from studio.simulation.harming.fault_words import plan_in_words
from studio.simulation.proving.ground import Grounds
from studio.simulation.proving.proof import Proof
from studio.simulation.proving.suspicions import SUSPICIONS, Suspicion

__all__ = ["prove"]

RUNS_MAX = 40
"""Runs that are spent on one finding."""


def prove(
    findings: Sequence[Finding],
    *,
    system: System | Build | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[Finding, Proof]:
    """Simulate the behaviour that findings warn of, and say of each whether it was seen.

    A finding is tried in the first declared scenario that reaches its place, without that scenario's faults and with
    few of its messages; where none does, with messages made of the contract. Dismissed is no proof of absence: it says
    what was tried. Equal sources give equal proofs.

    Args:
        findings: Of the architecture lint.
        system: Whose they are; by default the notebook's.
        progress: Told how many of how many findings are done.

    Example:
        proofs = prove(lint(system.graph), system=system)
    """
    build = build_of(system)
    facts, grounds = facts_of(build.graph), Grounds(build)
    proofs: dict[Finding, Proof] = {}
    for done, finding in enumerate(findings):
        if progress is not None:
            progress(done, len(findings))
        proofs[finding] = _prove(facts, grounds, finding)
    return proofs


def _prove(facts: Facts, grounds: Grounds, finding: Finding) -> Proof:
    suspect = SUSPICIONS.get(finding.code)
    if suspect is None:
        return Proof("untried", "the rule is about what is written, not about how it behaves")
    before = grounds.runs
    tried: list[str] = []
    for suspicion in suspect(facts, finding):
        for proof in _tries(grounds, suspicion, before):
            if proof.outcome == "confirmed":
                return proof
            tried += proof.tried
    runs = grounds.runs - before
    if not tried:
        return Proof("untried", "no scenario reaches it, nor do messages made of the contract", runs=runs)
    return Proof("dismissed", "it did not show", tried=tuple(dict.fromkeys(tried)), runs=runs)


def _tries(grounds: Grounds, suspicion: Suspicion, before: int) -> Iterable[Proof]:
    """Yield what came of each plan of a suspicion."""
    ground = grounds.reaching(suspicion.subjects, suspicion.entries)
    if ground is None:
        return
    for plan in suspicion.plans:
        if grounds.runs - before >= RUNS_MAX:
            return
        words = "; ".join(plan_in_words(plan))
        try:
            run = grounds.run(ground.what, plan)
            seen = suspicion.judge(ground.quiet, run)
        except StudioError as error:  # a fault that cannot strike there says nothing about the finding
            yield Proof("dismissed", "", tried=(f"{words} (not possible: {error.code})",))
            continue
        runs = grounds.runs - before
        yield Proof("confirmed" if seen else "dismissed", seen, ground.name, plan, (words,), runs)
