"""Say what a package's tests are to find again: what the scenarios gave, and with which sources, Studio and Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from studio import __version__

__all__ = ["EXPECTED", "SIMULATIONS", "circumstances", "expectation_text", "python_minor"]

SIMULATIONS = "simulations"
EXPECTED = f"{SIMULATIONS}/expected.json"
"""Where it is kept, relative to the import package."""


def circumstances(sources: str, files: Mapping[str, str]) -> dict[str, Any]:
    """Return what records depend on beside scenario and seed; where it is equal, records must be.

    Args:
        sources: Digest of the system.
        files: Hashes of the files that were copied from beside the notebook, by path.
    """
    return {"studio": __version__, "python": python_minor(), "sources": sources, "files": dict(sorted(files.items()))}


def expectation_text(given: Mapping[str, Any], scenarios: Mapping[str, Any], kept: Mapping[str, str]) -> str:
    """Return the file's text.

    Args:
        given: As `circumstances` returns it.
        scenarios: What each gave, plain JSON, by name.
        kept: What became of each kept counterexample's promise, by name.
    """
    scenarios, kept = dict(sorted(scenarios.items())), dict(sorted(kept.items()))
    content = {**given, "scenarios": scenarios, "counterexamples": kept}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def python_minor() -> str:
    """Return the version of Python without its last number, `3.12`."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
