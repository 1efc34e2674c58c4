"""Findings as JSON and SARIF say the same as the text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from studio.graph.findings import as_json, as_sarif, as_text
from studio.graph.lint import RULES, Review, review
from studio.graph.system import System
from studio.source.cell import Source
from studio.source.directory import read

Cell = Callable[[str], Source]
STOCK = "%%service Stock\nKEY = 'sk_live_a1b2c3d4e5f6a7b8'  # studio: ignore ARC129: of a sandbox\n"


def look(*sources: Source) -> Review:
    system = System()
    for source in sources:
        system.define(source)
    return review(system.graph)


def test_json_holds_every_finding_and_what_is_ignored(cell: Cell) -> None:
    found = look(cell(STOCK))
    told = json.loads(as_json(found))
    assert [each["code"] for each in told["findings"]] == [each.code for each in found.findings]
    assert [(each["code"], each["reason"]) for each in told["ignored"]] == [("ARC129", "of a sandbox")]


def test_sarif_names_rule_level_and_cell(cell: Cell) -> None:
    (run,) = json.loads(as_sarif(look(cell(STOCK)), "1.2.3"))["runs"]
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)
    (result,) = [each for each in run["results"] if each["ruleId"] == "ARC102"]
    assert (result["level"], RULES[result["ruleIndex"]].code) == ("warning", "ARC102")
    assert result["locations"][0]["logicalLocations"][0]["name"] == "service Stock"


def test_sarif_keeps_what_is_ignored_with_its_reason(cell: Cell) -> None:
    (run,) = json.loads(as_sarif(look(cell(STOCK)), "1.2.3"))["runs"]
    (result,) = [each for each in run["results"] if "suppressions" in each]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "of a sandbox"}]


def test_sarif_places_findings_of_files_in_the_file(tmp_path: Path) -> None:
    text = 'from studio import Service\nservice = Service("Stock")\nKEY = "sk_live_a1b2c3d4e5f6a7b8"\n'
    (tmp_path / "stock.py").write_text(text)
    (run,) = json.loads(as_sarif(look(*read(tmp_path / "stock.py")), "1.2.3"))["runs"]
    (result,) = [each for each in run["results"] if each["ruleId"] == "ARC129"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("stock.py", 3)


def test_text_counts_what_is_ignored(cell: Cell) -> None:
    found = look(cell(STOCK))
    assert as_text(found.findings, ignored=len(found.ignored)).splitlines()[-1].endswith(", 1 ignored")
