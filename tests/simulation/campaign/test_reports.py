"""Reports of campaigns: JUnit that a CI server reads, and a page that needs no network."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from studio.errors import FileUnwritable
from studio.graph.system import Build
from studio.simulation.campaign.campaign import Campaign
from studio.simulation.campaign.campaigning import campaign
from studio.simulation.campaign.junit import junit_text
from studio.simulation.campaign.web_report import report_html
from studio.store import Log


@pytest.fixture(scope="module")
def mixed(build: Build) -> Campaign:
    """Six seeds of a scenario that fails under some of them."""
    return campaign("mixed", seeds=6, system=build, log=Log.memory(), check_determinism=0)


def test_junit_has_a_case_for_each_seed(mixed: Campaign) -> None:
    suite = ET.fromstring(junit_text([mixed])).find("testsuite")  # noqa: S314 - our own text
    assert suite is not None
    cases = {each.get("name"): each for each in suite.findall("testcase")}
    assert list(cases) == [f"seed {seed}" for seed in range(6)]
    failing = [name for name, each in cases.items() if each.find("failure") is not None]
    assert failing == [f"seed {seed}" for seed in mixed.failing]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", str(len(failing)), "0")


def test_junit_names_the_promise_and_the_replay_line(mixed: Campaign) -> None:
    failure = ET.fromstring(junit_text([mixed])).find(".//failure")  # noqa: S314 - our own text
    assert failure is not None
    assert failure.get("message") == "small"
    assert f"%simulate mixed --seed {mixed.failing[0]}" in (failure.text or "")


def test_junit_adds_campaigns_up(mixed: Campaign) -> None:
    root = ET.fromstring(junit_text([mixed, mixed]))  # noqa: S314 - our own text
    assert (root.tag, root.get("tests")) == ("testsuites", "12")


def test_page_needs_no_network_and_no_script(mixed: Campaign) -> None:
    page = report_html(mixed)
    assert re.findall(r"(?:src|href)=|<script|@import|url\(", page) == []
    assert "prefers-color-scheme: dark" in page


def test_page_tells_what_the_text_tells(mixed: Campaign) -> None:
    page, outline = report_html(mixed), mixed.outline()
    assert outline.verdict in page
    assert all(each.replay in page for each in outline.failing)
    assert page.count('<i class="') == 6


def test_page_escapes_what_authors_write(mixed: Campaign) -> None:
    assert "&lt;" in report_html(campaign_named(mixed, "<b>mixed"))
    assert "<b>mixed" not in report_html(campaign_named(mixed, "<b>mixed"))


def test_a_file_that_cannot_be_written_is_told(mixed: Campaign, tmp_path: Path) -> None:
    for write in (mixed.report, mixed.junit, mixed.save):
        with pytest.raises(FileUnwritable):
            write(tmp_path / "missing" / "file")


def campaign_named(found: Campaign, name: str) -> Campaign:
    from dataclasses import replace

    return replace(found, scenario=name)
