"""Say what to do where there is nothing to show."""

from __future__ import annotations

from html import escape

import panel as pn

__all__ = ["blank"]


def blank(title: str, advice: str = "", *, code: str = "") -> pn.pane.HTML:
    """Return an empty state.

    Args:
        title: What is not there.
        advice: What to do, in a sentence or two.
        code: What to write in a cell or a terminal.
    """
    parts = [f"<h2>{escape(title)}</h2>", f"<p>{escape(advice)}</p>" if advice else ""]
    parts.append(f"<pre><code>{escape(code)}</code></pre>" if code else "")
    return pn.pane.HTML(
        f'<div class="studio-blank" role="status">{"".join(parts)}</div>', sizing_mode="stretch_width", margin=0
    )
