from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.graph.findings import as_text
from studio.graph.lint import RULES, Finding, Rule, lint
from studio.graph.system import System
from studio.source.cell import Source

Cell = Callable[[str], Source]

SNAPSHOTS = Path(__file__).parent / "snapshots"
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.slug}")


def findings_of(example: str, cell: Cell) -> list[Finding]:
    """Run an example's cells one after the other, as an author would, and look over what stands then."""
    system = System()
    for number, text in enumerate(re.split(r"\n(?=%%)", example)):
        with contextlib.suppress(Exception):
            system.define(cell(text), f"cell{number}")
    return list(lint(system.graph))


@every_rule
def test_bad_example_is_found_and_told_as_in_its_snapshot(rule: Rule, cell: Cell) -> None:
    found = [each for each in findings_of(rule.bad, cell) if each.code == rule.code]
    expected = SNAPSHOTS / f"{rule.code}-{rule.slug}.txt"
    assert as_text(found) + "\n" == expected.read_text(encoding="utf-8")


@every_rule
def test_good_example_is_not_found(rule: Rule, cell: Cell) -> None:
    assert rule.code not in [each.code for each in findings_of(rule.good, cell)]


@every_rule
def test_rule_explains_itself(rule: Rule) -> None:
    assert re.fullmatch(r"ARC1\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.slug)
    assert rule.reason.count(". ") >= 1
    assert rule.hint.endswith((".", "`"))


def test_codes_slugs_and_snapshots_are_one_for_one() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.slug for rule in RULES}) == len(RULES)
    assert {file.stem for file in SNAPSHOTS.glob("*.txt")} == {f"{rule.code}-{rule.slug}" for rule in RULES}


def test_sound_system_has_no_findings(system: System) -> None:
    assert as_text(lint(system.graph)) == "no findings"


def test_errors_come_first_and_the_order_is_the_same_each_time(system: System, cell: Cell) -> None:
    system.define(cell("%%service A"))
    system.define(
        cell("%%service B --version 1.0.0\n@service.on($.Nobody.knows)\nasync def hear(o: Order) -> None: ...")
    )
    found = lint(system.graph)
    assert [each.severity for each in found] == ["error", "warning", "note", "note", "note"]
    assert found == lint(system.graph)
    assert as_text(found).endswith("1 error, 1 warning, 3 notes")


@pytest.mark.parametrize("mend", [("%%service New", None), ("%%service Other", "one"), ("%%service New", "one")])
def test_broken_cell_is_found_until_it_is_mended(system: System, cell: Cell, mend: tuple[str, str | None]) -> None:
    with pytest.raises(ZeroDivisionError):
        system.define(cell("%%service New\n\n1 / 0"), "one")
    (found,) = [each for each in lint(system.graph) if each.slug == "broken-cell"]
    assert str(found.where) == "service New, line 2"
    assert "ZeroDivisionError: division by zero" in found.text
    system.define(cell(mend[0]), mend[1])
    assert system.graph.broken == {}


def test_operation_that_a_handle_lacks_is_found_with_the_nearest(system: System, cell: Cell) -> None:
    body = "@service.on($.Order.created)\nasync def sell(o: Order) -> None:\n    await Inventory.resrve(o)"
    system.define(cell(f"%%service Shop --version 1.0.0\n{body}"))
    (found,) = [each for each in lint(system.graph) if each.severity == "error"]
    assert (str(found.where), found.slug) == ("service Shop, line 3", "command-unowned")
    assert "Nearest: Inventory.reserve" in found.hint
