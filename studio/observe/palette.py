"""The colours and letters of our pictures, alike in all: legible on white and on black, and at home in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["CATEGORICAL", "CODE_FONT", "COLOURS", "FONT", "Theme", "colour", "surface"]

Theme = Literal["light", "dark"]

FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
CODE_FONT: Final = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'

COLOURS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "text": ("#24292f", "#e6edf3"),
        "soft": ("#5f6a75", "#9aa6b2"),
        "line": ("#d8dee4", "#39424c"),
        "line-soft": ("#eef1f4", "#232a31"),
        "back": ("#ffffff", "#14181d"),
        "raised": ("#f6f8fa", "#1b2128"),
        "hover": ("#f3f6f9", "#1f262e"),
        "chosen": ("#e4eefb", "#1d2f45"),
        "accent": ("#0862cc", "#4c9aff"),
        "on-accent": ("#ffffff", "#0b1520"),
        "ok": ("#187733", "#4fb477"),
        "warning": ("#8a5c00", "#d9a13b"),
        "error": ("#cf222e", "#ff7b72"),
    }
)
"""What a colour is for, on white and on black."""

CATEGORICAL: Final = (
    "#2f81c9", "#c56a0a", "#2f8f57", "#9467c9", "#d1495b", "#15908f", "#8a8320", "#c4549f", "#a0714a", "#75818e",
)  # fmt: skip
"""Colours that tell things apart; each has a contrast of 3.8 or more to white and to black, so they serve both."""


def colour(name: str, theme: Theme = "light") -> str:
    """Return the colour for a purpose.

    Args:
        name: Of `COLOURS`.
        theme: What it stands on.
    """
    return COLOURS[name][theme == "dark"]


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
