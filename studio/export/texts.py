"""Fill in the templates that travel in the wheel: what stands around the code of a package or project."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PACKAGE_TEMPLATES", "TEMPLATES", "filled"]

TEMPLATES = Path(__file__).parent / "templates"

PACKAGE_TEMPLATES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "Dockerfile": "Dockerfile",
    "Makefile": "Makefile",
    "dockerignore": ".dockerignore",
    "gitignore": ".gitignore",
    "env.example": ".env.example",
    "main.py": "{package}/__main__.py",
    "test_package.py": "tests/test_package.py",
    "test_simulations.py": "tests/test_simulations.py",
}
"""Template to the path it is written to; dots are left off in the wheel, where some tools skip hidden files."""


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Return a template's text with the values in place.

    Args:
        template: Path below the templates' folder, without `.j2`.
        values: Every name that it uses.
    """
    return _environment().get_template(f"{template}.j2").render(values)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - what is filled in is Python, TOML and Markdown, never HTML
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quoted"] = functools.partial(json.dumps, ensure_ascii=False)
    return environment
