"""Say what to do where there is nothing to show, and what went wrong where something did."""

from __future__ import annotations

from html import escape

import panel as pn

__all__ = ["blank", "complaint"]


def blank(title: str, advice: str = "", *, code: str = "") -> pn.pane.HTML:
    """Return an empty state.

    Args:
        title: What is not there.
        advice: What to do, in a sentence or two.
        code: What to write in a cell or a terminal.
    """
    parts = [f"<h2>{escape(title)}</h2>", f"<p>{escape(advice)}</p>" if advice else ""]
    parts.append(f"<pre><code>{escape(code)}</code></pre>" if code else "")
    return _note("studio-blank", "status", "".join(parts))


def complaint(text: str) -> pn.pane.HTML:
    """Return an error in its own words: code and problem first, then the remedy.

    Args:
        text: Of a `StudioError`.
    """
    problem, *rest = text.splitlines()
    parts = [f"<h2>✕ {escape(problem)}</h2>", *(f"<p>{escape(line.strip())}</p>" for line in rest)]
    return _note("studio-blank studio-complaint", "alert", "".join(parts))


def _note(classes: str, role: str, inner: str) -> pn.pane.HTML:
    text = f'<div class="{classes}" role="{role}">{inner}</div>'
    return pn.pane.HTML(text, sizing_mode="stretch_width", margin=0)  # type: ignore[no-untyped-call]  # Panel says nothing of it
