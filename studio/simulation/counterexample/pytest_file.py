"""Write a counterexample as a test: a pytest file that needs no luck, fails now, and passes once the code is mended."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from studio.model.fault import KINDS
from studio.simulation.counterexample.value_code import quoted
from studio.simulation.harming.fault_words import plan_in_words

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample

__all__ = ["pytest_text"]

_WIDTH = 116
_NAME_MAX = 90

_TEMPLATE = '''"""{promise} must hold, though {words}.

Found by Studio {studio}. It fails as long as the promise can be broken like this; keep it once it passes.
"""

from __future__ import annotations

from pathlib import Path

import studio

SYSTEM = Path(__file__).parent / {path}
COUNTEREXAMPLE = {values}


def test_{name}() -> None:
    run = studio.replay(COUNTEREXAMPLE, system=SYSTEM)
    violations = run.violations.filter(run.violations["invariant"] == {invariant})
    assert violations["row"].to_list() == []
'''


def pytest_text(counterexample: Counterexample, path: str) -> str:
    """Return the text of a pytest file.

    Args:
        counterexample: What must not be possible any more.
        path: Of the notebook or folder with the system, from the folder of the test.
    """
    words = "; ".join(plan_in_words(counterexample.plan)) or "nothing goes wrong"
    return _TEMPLATE.format(
        promise=counterexample.invariant,
        words=_wrapped(words.replace("\\", "").replace('"""', "'''")),
        studio=counterexample.studio,
        path=json.dumps(path.replace("\\", "/"), ensure_ascii=False),
        values=_literal(_values(counterexample)),
        name=_name(counterexample, words),
        invariant=json.dumps(counterexample.invariant),
    )


def _values(counterexample: Counterexample) -> dict[str, Any]:
    """Return what decides the run, without what goes without saying, messages as data."""
    case = json.loads(counterexample.case.as_json())
    case["plan"] = [_short(each) for each in case["plan"]]
    case["sends"] = case["sends"] and [[at_ns, to, json.loads(body)] for at_ns, to, body in case["sends"]]
    kept = {name: case[name] for name in ("form", "scenario", "plan", "sends")}
    kept |= {name: value for name, value in case.items() if name not in kept and value}
    return {"form": 1, "invariant": counterexample.invariant, "mode": counterexample.mode, "case": kept}


def _literal(value: Any, indent: int = 0) -> str:
    """Return plain values as our formatter writes them: in double quotes, and below each other where they are long."""
    if isinstance(value, dict | list) and value:
        named = isinstance(value, dict)
        items = (
            [f"{_literal(name)}: {_literal(each, indent + 4)}" for name, each in value.items()]
            if isinstance(value, dict)
            else [_literal(each, indent + 4) for each in value]
        )
        start, end = "{}" if named else "[]"
        whole = f"{start}{', '.join(items)}{end}"
        if len(whole) + indent < _WIDTH - 20 and "\n" not in whole:
            return whole
        margin = " " * (indent + 4)
        return "\n".join([start, *(f"{margin}{item}," for item in items), f"{' ' * indent}{end}"])
    return quoted(value) if isinstance(value, str) else repr(value)


def _short(fault: dict[str, Any]) -> dict[str, Any]:
    """Return a fault's values without those that are its class's defaults."""
    plain = {field.name: field.default for field in fields(KINDS[fault["kind"]]) if field.default is not MISSING}
    return {name: value for name, value in fault.items() if name not in plain or plain[name] != value}


def _name(counterexample: Counterexample, words: str) -> str:
    told = f"{counterexample.invariant} holds though {words}" if counterexample.plan else counterexample.invariant
    name = re.sub(r"\W+", "_", told.lower(), flags=re.ASCII).strip("_")
    return name[:_NAME_MAX].rstrip("_")


def _wrapped(words: str) -> str:
    return words if len(words) < _WIDTH - 50 else words[: _WIDTH - 54].rsplit(" ", 1)[0] + " …"
