"""What scripts say of time is what Python says of it."""

from __future__ import annotations

from importlib import resources

from playwright.sync_api import Page

from studio.observe.axis import instant

MS = 1_000_000
TIMES = [0, 999, 40 * MS, 999_700_000, 37_000 * MS, 59_996 * MS, 117_180 * MS, 3_599_960 * MS, 7_507_000 * MS,
         273_607_000 * MS]  # fmt: skip


def test_scripts_say_instants_as_python_does(page: Page) -> None:
    shared = resources.files("studio.dashboard.components").joinpath("shared.js").read_text(encoding="utf-8")
    said = page.evaluate(f"(times) => {{ {shared}\nreturn times.map(instant); }}", TIMES)
    assert said == [instant(each) for each in TIMES]
