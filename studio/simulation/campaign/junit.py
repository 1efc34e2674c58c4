"""Write campaigns as a JUnit report, which CI servers read: a test case for each seed, grouped by scenario."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from studio.simulation.files import write_file

if TYPE_CHECKING:
    from studio.simulation.campaign.campaign import Campaign

__all__ = ["junit_text", "write_junit"]

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold (W3C, Extensible Markup Language 1.0, section 2.2)."""


def write_junit(campaigns: Sequence[Campaign], file: Path) -> Path:
    """Write a report.

    Args:
        campaigns: A test suite each.
        file: Its path.

    Raises:
        FileUnwritable: The machine refuses the file.
    """
    return write_file(file, junit_text(campaigns))


def junit_text(campaigns: Sequence[Campaign]) -> str:
    """Return a report as XML; a test case's time is its run's virtual time."""
    root = ET.Element("testsuites", name="studio")
    for campaign in campaigns:
        root.append(_suite(campaign))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(campaign: Campaign) -> ET.Element:
    started = campaign.frames["campaigns"]["started"][0]
    suite = ET.Element("testsuite", name=campaign.scenario, timestamp=started.isoformat(timespec="seconds"))
    properties = ET.SubElement(suite, "properties")
    for name in ("sources", "studio", "python", "status"):
        ET.SubElement(properties, "property", name=name, value=str(campaign.frames["campaigns"][name][0]))
    broken: dict[int, list[tuple[str, int, str]]] = {}
    for seed, invariant, violations, first in campaign.violations.select(
        "seed", "invariant", "violations", "first"
    ).iter_rows():
        broken.setdefault(seed, []).append((invariant, violations, first))
    rows = campaign.seeds.select("seed", "verdict", "end_ns", "error", "error_text", "checked")
    for seed, verdict, end_ns, error, text, checked in rows.iter_rows():
        case = _case(suite, campaign.scenario, f"seed {seed}", end_ns / 1e9)
        if verdict == "failed":
            _fail(case, campaign.replay(seed), broken.get(seed, []))
        elif verdict == "error":
            _add(case, "error", error, text, campaign.replay(seed))
        if checked:
            again = _case(suite, f"{campaign.scenario}.determinism", f"seed {seed} twice", 0.0)
            if checked != "equal":
                _add(again, "failure", "STU545", checked.splitlines()[0], checked)
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", "0")
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in suite.findall('testcase')):.3f}")
    return suite


def _case(suite: ET.Element, classname: str, name: str, time_s: float) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=classname, name=name, time=f"{time_s:.3f}")


def _fail(case: ET.Element, replay: str, broken: list[tuple[str, int, str]]) -> None:
    """Write one failure for a seed, since a test case fails once: the first invariant names it, all are told."""
    told = [f"{invariant}: {violations} violation{'s' if violations > 1 else ''}, the first {first}"
            for invariant, violations, first in broken]  # fmt: skip
    names = [invariant for invariant, _, _ in broken]
    _add(case, "failure", "invariant", ", ".join(names), "\n".join([*told, replay]))


def _add(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    found = ET.SubElement(case, tag, type=_legal(kind), message=_legal(message))
    found.text = _legal(text)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("�", text)
