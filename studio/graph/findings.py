"""Tell findings in words, as JSON, and as SARIF 2.1.0 for whoever shows them beside the code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from studio.graph.lint import RULES, Finding, Review, Severity
from studio.graph.rules.suppression import Suppression

__all__ = ["as_json", "as_sarif", "as_text"]

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(findings: Sequence[Finding], proofs: Mapping[Finding, str] | None = None, *, ignored: int = 0) -> str:
    """Return findings as text: code, severity, slug and place, what was found, what to do; then the count.

    Args:
        findings: In their order.
        proofs: What a simulation said of them, in words.
        ignored: How many more are ignored by comments in the sources.
    """
    told = [_told(each, (proofs or {}).get(each, "")) for each in findings]
    return "\n".join([*told, _count(findings) + (f", {ignored} ignored" if ignored else "")])


def as_json(review: Review, proofs: Mapping[Finding, Mapping[str, Any]] | None = None) -> str:
    """Return a review as JSON: `findings`, each with its proof where there is one, and `ignored`."""
    known = proofs or {}
    findings = [_values(each) | ({"proof": dict(known[each])} if each in known else {}) for each in review.findings]
    ignored = [_values(each) | {"reason": by.reason} for each, by in review.ignored]
    return json.dumps({"findings": findings, "ignored": ignored}, indent=2)


def as_sarif(review: Review, version: str, proofs: Mapping[Finding, Mapping[str, Any]] | None = None) -> str:
    """Return a review in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS).

    A finding in a cell has the cell's name for a location; ignored ones are results with a suppression.

    Args:
        review: What was found.
        version: Of Studio.
        proofs: What a simulation said of findings; goes to their properties.
    """
    known = proofs or {}
    results = [_result(each, known.get(each)) for each in review.findings]
    results += [_result(each, None, by) for each, by in review.ignored]
    rules = [
        {"id": rule.code, "name": rule.slug, "shortDescription": {"text": rule.slug.replace("-", " ")},
         "fullDescription": {"text": rule.reason}, "help": {"text": rule.hint},
         "defaultConfiguration": {"level": rule.severity}}
        for rule in RULES
    ]  # fmt: skip
    driver = {"name": "studio lint", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _told(finding: Finding, proof: str) -> str:
    place = f" in {finding.where}" if finding.where else ""
    lines = [f"{finding.code} {finding.severity} {finding.slug}{place}", f"  {finding.text}", f"  {finding.hint}"]
    return "\n".join([*lines, *(f"  {line}" for line in proof.splitlines())])


def _count(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    words = [f"{counts[each]} {each}{'' if counts[each] == 1 else 's'}" for each in _SEVERITIES if counts[each]]
    return ", ".join(words) or "no findings"


def _values(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {"code": finding.code, "slug": finding.slug, "severity": finding.severity,
            "cell": where.cell if where else "", "line": where.line if where else None,
            "text": finding.text, "hint": finding.hint}  # fmt: skip


def _result(finding: Finding, proof: Mapping[str, Any] | None, by: Suppression | None = None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": [rule.code for rule in RULES].index(finding.code),
        "level": finding.severity,
        "message": {"text": f"{finding.text}. {finding.hint}"},
        "locations": [_location(finding)] if finding.where else [],
    }
    if proof is not None:
        result["properties"] = {"proof": dict(proof)}
    if by is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": by.reason}]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    where = finding.where
    assert where is not None
    if not where.cell.endswith(".py"):
        return {"logicalLocations": [{"name": where.cell, "fullyQualifiedName": str(where), "kind": "module"}]}
    region = {} if where.line is None else {"region": {"startLine": where.line}}
    return {"physicalLocation": {"artifactLocation": {"uri": where.cell}} | region}
