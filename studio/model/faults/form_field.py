"""One field of a form: its label and control, and how what stands in it is read, or refused in words.

What a field holds is plain JSON: text, numbers, lists of them. Durations are text, `"30s"`, as authors write them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from studio.errors import InvalidDuration, StudioError
from studio.model.duration import duration_ns, exact_ns
from studio.model.fault import KINDS, Fault, fault_from, plan_to

__all__ = ["Control", "FormField", "Unfit", "read_field", "shown_value"]

Control = Literal[
    "targets", "parties", "slider", "integer", "duration", "moment", "occasions", "choice", "switch", "text", "names",
    "pairs", "kinds", "faults",
]  # fmt: skip
"""What a front end draws.

`targets` are whom the fault strikes, `parties` who sends or receives: names of the system. A `moment` is a duration
since the run began, or since now with a plus, and may be empty; `occasions` are numbers with commas between them;
`names` are words with commas, `pairs` are `name=value` with commas; `kinds` are names of kinds of faults, and `faults`
whole faults.
"""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field.

    Attributes:
        name: Of its value, as authors name the option.
        attribute: Of the fault.
        label: For people.
        control: What it is drawn as.
        default: What stands in it at first.
        about: One line on what it means; empty where the label says it.
        low: Least number that is taken; None for no bound. `high` the greatest.
        span: From where to where a slider goes; wider numbers can be typed.
        step: Of the slider.
        unit: Of the number, last in what is shown.
        choices: What can be chosen; of `text` what is suggested.
        is_rare: Whether most people leave it alone, so that it may stand behind `More`.
        may_be_empty: Whether nothing may stand in it.
        needs: Another field, and the values of it with which this one counts.
    """

    name: str
    attribute: str
    label: str
    control: Control
    default: Any
    about: str = ""
    low: float | None = None
    high: float | None = None
    span: tuple[float, float] = (0.0, 1.0)
    step: float = 1.0
    unit: str = ""
    choices: tuple[str, ...] = ()
    is_rare: bool = False
    may_be_empty: bool = False
    needs: tuple[str, tuple[str, ...]] | None = None

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Say whether the field counts, given what stands in the others."""
        return self.needs is None or values.get(self.needs[0]) in self.needs[1]


class Unfit(Exception):
    """What stands in a field is none; says why, in words."""


def read_field(field: FormField, value: Any, now_ns: int) -> Any:
    """Return what a field stands for.

    Args:
        field: Which.
        value: What stands in it.
        now_ns: From where a moment with a plus is counted.

    Raises:
        Unfit: It is none.
    """
    if value in (None, "") and field.may_be_empty:
        return None if field.control in ("moment", "duration") else _EMPTY.get(field.control, "")
    if field.control == "moment":
        return _moment(value, now_ns)
    return _READERS[field.control](field, value)


def shown_value(field: FormField, value: Any) -> Any:
    """Return what stands in a field for the value that a fault has."""
    if field.control in ("duration", "moment"):
        return "" if value is None or (field.attribute == "from_ns" and not value) else exact_ns(value)
    if field.control == "integer":
        return value or "" if field.may_be_empty else value
    writer = _WRITERS.get(field.control)
    return value if writer is None else writer(field, value)


# -- reading --------------------------------------------------------------------------------------------------------


def _number(field: FormField, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not isfinite(number):
        raise Unfit(f"{value!r} is no number")
    return _bounded(field, number)


def _integer(field: FormField, value: Any) -> int:
    number = _whole(value)
    _bounded(field, number)
    return number


def _whole(value: Any) -> int:
    try:
        number = float(value)
        is_whole = not isinstance(value, bool) and isfinite(number) and number == int(number)
    except (TypeError, ValueError):
        is_whole = False
    if not is_whole:
        raise Unfit(f"{value!r} is no whole number")
    return int(value) if isinstance(value, int | float) else int(float(value))


def _bounded(field: FormField, number: float) -> float:
    low, high = field.low, field.high
    if (low is None or number >= low) and (high is None or number <= high):
        return number
    if low is not None and high is not None:
        raise Unfit(f"{number:g} is not between {low:g} and {high:g}")
    raise Unfit(f"{number:g} is below {low:g}" if low is not None else f"{number:g} is above {high:g}")


def _duration(_: FormField, value: Any) -> int:
    try:
        return duration_ns(value)
    except InvalidDuration:
        text = str(value).strip()
        reason = "is negative" if text.startswith("-") else "is no duration"
        raise Unfit(f"{text or 'nothing'} {reason}; write one such as 200ms, 30s or 1m30s") from None


def _moment(value: Any, now_ns: int) -> int:
    text = str(value).strip() if isinstance(value, str) else value
    if text == "now":
        return now_ns
    if isinstance(text, str) and text.startswith("+"):
        return now_ns + _duration(_ANY, text[1:].strip())
    return _duration(_ANY, text)


def _occasions(_: FormField, value: Any) -> int | tuple[int, ...]:
    parts = value if isinstance(value, list | tuple) else str(value).replace(" ", "").split(",")
    numbers = tuple(_whole(part) for part in parts if part != "")
    if any(number < 1 for number in numbers):
        raise Unfit("occasions are counted from 1")
    return numbers[0] if len(numbers) == 1 else numbers or 0


def _choice(field: FormField, value: Any) -> str:
    if value not in field.choices:
        raise Unfit(f"{value!r} is none of {', '.join(each or '(usual)' for each in field.choices)}")
    return str(value)


def _switch(_: FormField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit(f"{value!r} is neither yes nor no")
    return value


def _text(_: FormField, value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit(f"{value!r} is no text")
    return value.strip()


def _names(_: FormField, value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise Unfit(f"{value!r} is no list of names")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _pairs(field: FormField, value: Any) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, str):
        raise Unfit(f"{value!r} is no text")
    pairs, at = [], 0
    while at < len(value) and value[at:].strip():
        found = _PAIR.match(value, at)
        if found is None:
            raise Unfit(f"{value[at:].strip()} is not of the form name=value, with commas between several")
        name, text = found.groups()
        pairs.append((name, _scalar(text) if field.attribute == "add" else text))
        at = found.end()
    return tuple(pairs)


def _scalar(text: str) -> Any:
    """Return what a text is in JSON; text as it is where it is no JSON, so that most need no quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_scalar = value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))
    return value if is_scalar else text


def _kinds(field: FormField, value: Any) -> tuple[str, ...]:
    names = _names(field, value)
    for name in names:
        if name not in KINDS:
            raise Unfit(f"{name} is no kind of fault")
    return names


def _faults(_: FormField, value: Any) -> tuple[Fault, ...]:
    try:
        return tuple(each if isinstance(each, Fault) else fault_from(each) for each in value or ())
    except (StudioError, TypeError) as error:
        raise Unfit(f"they cannot be read: {str(error).splitlines()[0]}") from error


def _numbered(_: FormField, value: Any) -> str:
    return ", ".join(map(str, value if isinstance(value, tuple) else (value,) if value else ()))


def _paired(field: FormField, value: Any) -> str:
    say = _said if field.attribute == "add" else str
    return ", ".join(f"{name}={say(each)}" for name, each in value)


def _said(value: Any) -> str:
    """Return a value as `_scalar` reads it."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) and _scalar(value) == value else json.dumps(value, ensure_ascii=False)


_PAIR = re.compile(r"""\s*([^=,\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,"]*?)\s*(?:,|$)""")
_PLAIN = re.compile(r"[^\s,\"=][^,\"=\n]*[^\s,\"=]|[^\s,\"=]?")
_ANY = FormField("", "", "", "duration", "")
_EMPTY: dict[Control, Any] = {"integer": 0, "occasions": 0, "names": (), "pairs": (), "parties": (), "kinds": ()}
_READERS: dict[Control, Callable[[FormField, Any], Any]] = {
    "targets": _names,
    "parties": _names,
    "slider": _number,
    "integer": _integer,
    "duration": _duration,
    "occasions": _occasions,
    "choice": _choice,
    "switch": _switch,
    "text": _text,
    "names": _names,
    "pairs": _pairs,
    "kinds": _kinds,
    "faults": _faults,
}
_WRITERS: dict[Control, Callable[[FormField, Any], Any]] = {
    "occasions": _numbered,
    "pairs": _paired,
    "names": lambda _, value: ", ".join(value),
    "parties": lambda _, value: list(value),
    "kinds": lambda _, value: list(value),
    "faults": lambda _, value: plan_to(value),
}
