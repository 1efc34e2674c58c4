"""The colours and letters of our pictures, alike in all: legible on white and on black, and at home in a notebook."""

from __future__ import annotations

__all__ = ["surface"]

# Surroundings (JupyterLab, VS Code) give text and background where they have any.
_SURFACE = """
KIND { --s-text: var(--jp-ui-font-color1, var(--vscode-foreground, var(--studio-text)));
  --s-soft: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, var(--studio-soft)));
  --s-line: var(--jp-border-color2, var(--vscode-panel-border, var(--studio-line)));
  --s-back: var(--jp-layout-color1, var(--vscode-editor-background, var(--studio-back)));
  --s-error: var(--jp-error-color1, var(--studio-error));
  --studio-text: #24292f; --studio-soft: #5f6a75; --studio-line: #d8dee4; --studio-back: #ffffff;
  --studio-error: #d32f2f;
  font: 12px var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif); }
@media (prefers-color-scheme: dark) { KIND { --studio-text: #e6edf3; --studio-soft: #9aa6b2;
  --studio-line: #39424c; --studio-back: #14181d; --studio-error: #ff7b72; } }
KIND .back { fill: var(--s-back); }
KIND text { fill: var(--s-text); dominant-baseline: central; }
"""


def surface(kind: str) -> str:
    """Return the style rules for text, lines, background and errors.

    Args:
        kind: Class of the picture, such as `studio-waterfall`.
    """
    return _SURFACE.replace("KIND", f".{kind}").rstrip("\n")
