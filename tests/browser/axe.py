"""Audit pages with axe-core, which a package brings along: no page asks another machine for it."""

from __future__ import annotations

from importlib import resources
from typing import Any

from playwright.sync_api import Page

__all__ = ["CONTRAST", "WCAG", "violations"]

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""Tags of the rules that pages are held to: all of WCAG 2 up to AA, and what axe calls good practice besides."""
CONTRAST = ("color-contrast", "link-in-text-block")
"""The rules that depend on the theme: whoever has seen a page in light need ask no more of it in dark."""

_RUN = """async ([within, rules, isTags]) => {
  const runOnly = { type: isTags ? "tag" : "rule", values: rules };
  const found = await axe.run(within || document, { runOnly, resultTypes: ["violations"] });
  return found.violations;
}"""


def violations(page: Page, *, within: str = "", rules: tuple[str, ...] = WCAG) -> list[str]:
    """Return what breaks the rules in a page, a line for each element; axe looks into shadow trees, too.

    Args:
        page: That stands still.
        within: Selector of the element that is ours; empty for the whole page.
        rules: Tags, or names of rules as in `CONTRAST`.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN, [within, list(rules), rules is WCAG])
    return [f"{rule['id']}: {node['html'][:160]} ({_reason(node)})" for rule in found for node in rule["nodes"]]


def _reason(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return str(checks[0]["message"]) if checks else ""
