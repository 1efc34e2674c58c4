"""Declare the kinds of studio cells and their options once, and read and write magic lines by that table.

The magics (help and completion), the `# studio:` header of exported files and `studio.source.render` all use it. A line
read and written again is canonical: options in the order of the table, defaults left out.
"""

from __future__ import annotations

import keyword
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from studio import address
from studio.address import Address
from studio.errors import (
    BadCellName,
    BadOption,
    StudioError,
    UnknownCellKind,
    UnknownOption,
    UnreadableMagicLine,
    Where,
)

__all__ = [
    "KINDS",
    "CellKind",
    "Kind",
    "Option",
    "Options",
    "Value",
    "cell_kind",
    "help_text",
    "magic_line",
    "parse_line",
    "suggestions",
    "usage",
]

Kind = Literal["contracts", "module", "service", "external", "compose", "saga", "invariant", "scenario"]
Value = str | int | Address
Options = tuple[tuple[str, Value], ...]
Type = Literal["text", "integer", "flag", "address", "duration", "version"]

_DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|ms|s|m|h|d))+")
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class Option:
    """Declare one option of a cell.

    Args:
        name: Without the dashes; also the keyword of the declared object.
        help: What it does, one line without a full stop.
        type: How its value is read; a flag takes none.
        metavar: What stands for the value in help.
        default: Value that is never written; None when the declared object decides.
        choices: The only texts allowed.
        minimum: Least integer allowed.
        opposite: Name of the flag that takes this flag back.
    """

    name: str
    help: str
    type: Type = "text"
    metavar: str = ""
    default: Value | None = None
    choices: tuple[str, ...] = ()
    minimum: int = 0
    opposite: str = ""


@dataclass(frozen=True, slots=True)
class CellKind:
    """Declare one kind of cell.

    Args:
        kind: The magic's name.
        summary: What such a cell is for, one line.
        options: In the order in which they are written.
        bound: Name bound for the body; empty when there is none.
        declares: Class of the bound object.
        is_named: Whether a name must be given; else it is taken from the body.
    """

    kind: Kind
    summary: str
    options: tuple[Option, ...] = ()
    bound: str = ""
    declares: str = ""
    is_named: bool = True


_VERSION_OPTION = Option("version", "semantic version of what is declared", "version", "X.Y.Z")

_KINDS: tuple[CellKind, ...] = (
    CellKind("contracts", "Declare the types of messages, the errors that cross wires, and events."),
    CellKind("module", "Define plain helpers that other cells share; exported with them."),
    CellKind("external", "Declare a third party as the simulation sees it.", (), "external", "External"),
    CellKind(
        "service",
        "Declare a service: data, operations, subscriptions, endpoints, jobs.",
        (
            _VERSION_OPTION,
            Option(
                "kind",
                "what it mainly does; members that disagree are a finding",
                choices=("api", "event", "worker", "agent", "storage", "command", "query"),
                metavar="KIND",
            ),
            Option("replicas", "how many run", "integer", "N", default=1, minimum=1),
            Option("concurrency", "messages one replica handles at once; 0 for no bound", "integer", "N"),
            Option("queue", "messages that wait at one replica before more are refused", "integer", "N"),
        ),
        "service",
        "Service",
    ),
    CellKind("compose", "Compose services: sequence, parallel, route, mesh.", is_named=False),
    CellKind(
        "saga",
        "Declare a saga: steps with compensations, started by an event.",
        (
            Option("on", "event that starts an instance", "address", "ADDRESS"),
            Option("completed", "event published when all steps are done", "address", "ADDRESS"),
            Option("failed", "event published when all was compensated", "address", "ADDRESS"),
            Option("stuck", "event published when a compensation gave up", "address", "ADDRESS"),
            _VERSION_OPTION,
            Option("retired", "an older version, run only where a scenario deploys over it", "flag", default=False),
        ),
        "saga",
        "Saga",
    ),
    CellKind(
        "invariant",
        "State what must never be broken, in SQL over the log (any row is a violation) or in Python.",
        (
            Option("python", "the body is Python, not SQL", "flag", default=False),
            Option(
                "eventually", "checked once the system has healed, not always", "flag", default=False, opposite="always"
            ),
        ),
        "invariant",
        "Invariant",
    ),
    CellKind(
        "scenario",
        "Declare a scenario: what is given, the workload, the faults.",
        (
            Option("duration", "virtual time the workload lasts", "duration", "DURATION"),
            Option("seed", "seed used when none is stated", "integer", "N"),
            Option("bus", "delivery model", choices=("jetstream", "rabbitmq", "kafka"), metavar="BUS"),
            Option("settle", "longest time to come to rest after the last arrival", "duration", "DURATION"),
            Option("quiet", "until then no fault strikes", "duration", "DURATION"),
            Option("heal", "from then on every fault is over", "duration", "DURATION"),
            Option("converge", "instead of settle", "duration", "DURATION"),
            Option("queue_age", "longest time an event may wait for a consumer", "duration", "DURATION"),
            Option("check", "when invariants are checked", choices=("marks", "commits"), metavar="WHEN"),
            Option("without", "Studio's own promises it is not held to, with commas between", metavar="NAMES"),
        ),
        "scenario",
        "Scenario",
    ),
)

KINDS: Final[Mapping[Kind, CellKind]] = MappingProxyType({declared.kind: declared for declared in _KINDS})
"""Every kind of cell, in the order in which their modules are executed."""

assert set(KINDS) == set(get_args(Kind))


def cell_kind(name: str, *, where: Where | None = None) -> CellKind:
    """Return the declaration of a kind.

    Args:
        name: The magic's name.
        where: Place to name in the error; none by default.

    Raises:
        UnknownCellKind: There is none of that name.
    """
    if name not in KINDS:
        raise UnknownCellKind(kind=name, known=", ".join(KINDS), where=where)
    return KINDS[cast("Kind", name)]


def parse_line(kind: Kind, line: str, *, where: Where | None = None) -> tuple[str, Options]:
    """Read what follows the kind in a magic line or header.

    Args:
        kind: Kind of the cell.
        line: Such as `Inventory --version 1.2.0 --replicas 2`; a `#` begins a comment.
        where: Place to name in errors; by default the line itself.

    Returns:
        The name, empty where none was given and none must be, and the options in canonical form.

    Raises:
        UnreadableMagicLine: A quotation mark is not closed.
        BadCellName: The name is missing, not a Python name, or one of several.
        UnknownOption: The kind has no such option.
        BadOption: An option's value is missing or does not fit, or it was given twice.
    """
    declared = KINDS[kind]
    where = where or Where(f"%%{kind} {line.strip()}".rstrip())
    names: list[str] = []
    given: dict[str, Value] = {}
    for option, name, text in _words(declared, _split(line, where), where):
        if option is None:
            names.append(name)
        elif option.name in given:
            raise _bad(declared, f"--{name}", "is given twice", where)
        else:
            given[option.name] = _value(declared, option, name, text, where)
    kept = ((option.name, given[option.name]) for option in declared.options if option.name in given)
    defaults = {option.name: option.default for option in declared.options}
    return _name(declared, names, where), tuple((name, value) for name, value in kept if value != defaults[name])


def magic_line(kind: Kind, name: str, options: Options) -> str:
    """Write the canonical line, without the leading `%%`: `service Inventory --version 1.2.0 --replicas 2`."""
    words: list[str] = [kind, name] if name else [kind]
    for option, value in options:
        words.append(f"--{option.replace('_', '-')}")
        if value is not True:
            words.append(address.display(value) if isinstance(value, Address) else shlex.quote(str(value)))
    return " ".join(words)


def usage(kind: Kind) -> str:
    """Return the form of a kind's magic line on one line."""
    declared = KINDS[kind]
    name = "NAME" if declared.is_named else "[NAME]"
    return " ".join((f"%%{kind}", name, *(f"[{_form(option)}]" for option in declared.options)))


def help_text(kind: Kind) -> str:
    """Return what `%%kind?` shows: the summary, the usage, and a line for every option."""
    declared = KINDS[kind]
    lines = [declared.summary, "", f"    {usage(kind)}"]
    if declared.options:
        width = max(len(_form(option)) for option in declared.options)
        lines += ["", *(f"    {_form(option):<{width}}  {_explained(option)}" for option in declared.options)]
    return "\n".join(lines)


def suggestions(kind: Kind, line: str) -> tuple[str, ...]:
    """Return what may stand at the end of an unfinished magic line, in the order of the table.

    Args:
        kind: Kind of the cell.
        line: What follows the kind, up to the cursor.

    Returns:
        Options not yet given, or the choices of the last one. Addresses and names are the caller's to add.
    """
    declared = KINDS[kind]
    words = line.split(" ")
    begun, before = words[-1], words[:-1]
    waiting = _find(declared, before[-1]) if before else None
    if waiting is not None and waiting.type != "flag":
        return tuple(choice for choice in waiting.choices if choice.startswith(begun))
    if begun and not "--".startswith(begun[:2]):
        return ()
    flags = (f"--{name}" for option in declared.options for name in _spellings(option))
    return tuple(flag for flag in flags if flag.startswith(begun) and flag not in before)


def _split(line: str, where: Where) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UnreadableMagicLine(line=line.strip(), reason=str(error).lower(), where=where) from None


def _words(
    declared: CellKind, words: Sequence[str], where: Where
) -> Iterator[tuple[Option, str, str | None] | tuple[None, str, None]]:
    """Yield each option with its spelling and text, and each plain word."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            yield None, word, None
            continue
        spelling, has_text, text = word.partition("=")
        option = _find(declared, spelling)
        if option is None:
            known = [f"--{name}" for known in declared.options for name in _spellings(known)]
            remedy = ", ".join(known) if known else "a name alone, and no options"
            raise UnknownOption(option=spelling, kind=f"%%{declared.kind}", known=remedy, where=where)
        if option.type == "flag" or has_text:
            yield option, spelling[2:], text if has_text else None
        else:
            yield option, spelling[2:], next(rest, None)


def _find(declared: CellKind, spelling: str) -> Option | None:
    return next(
        (option for option in declared.options if spelling[:2] == "--" and spelling[2:] in _spellings(option)), None
    )


def _spellings(option: Option) -> tuple[str, ...]:
    name = option.name.replace("_", "-")
    return (option.opposite, name) if option.opposite else (name,)


def _name(declared: CellKind, names: Sequence[str], where: Where) -> str:
    if len(names) > 1:
        raise _bad_name(declared, f"names={' '.join(names)!r} are more than one", where)
    if not names:
        if declared.is_named:
            raise _bad_name(declared, "no name is given", where)
        return ""
    if not names[0].isidentifier() or keyword.iskeyword(names[0]) or names[0].startswith("_"):
        raise _bad_name(declared, f"name={names[0]!r} is no Python name", where)
    return names[0]


def _value(declared: CellKind, option: Option, spelling: str, text: str | None, where: Where) -> Value:
    if option.type == "flag":
        if text is not None:
            raise _bad(declared, f"--{spelling}", "takes no value", where)
        return spelling == option.name
    if text is None or text.startswith("--"):
        raise _bad(declared, f"--{spelling}", "has no value", where)
    try:
        return _READERS[option.type](option, text)
    except StudioError as error:
        raise _bad(declared, f"--{spelling}={text}", f"is no address ({error.code})", where) from error
    except ValueError as error:
        raise _bad(declared, f"--{spelling}={text}", str(error), where) from None


def _text(option: Option, text: str) -> Value:
    if option.choices and text not in option.choices:
        raise ValueError(f"is none of {', '.join(option.choices)}")
    return text


def _integer(option: Option, text: str) -> Value:
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) < option.minimum:
        raise ValueError(f"is no whole number of {option.minimum} or more")
    return int(text)


def _address(_: Option, text: str) -> Value:
    return address.parse(text)


def _duration(_: Option, text: str) -> Value:
    if not _DURATION.fullmatch(text):
        raise ValueError("is no duration such as 40ms, 5s, 10m")
    return text


def _version(_: Option, text: str) -> Value:
    if not _VERSION.fullmatch(text):
        raise ValueError("is no version such as 1.2.0")
    return text


_READERS: Mapping[Type, Callable[[Option, str], Value]] = {
    "text": _text,
    "integer": _integer,
    "address": _address,
    "duration": _duration,
    "version": _version,
}


def _bad(declared: CellKind, option: str, reason: str, where: Where) -> BadOption:
    return BadOption(kind=declared.kind, option=option, reason=reason, usage=usage(declared.kind), where=where)


def _bad_name(declared: CellKind, reason: str, where: Where) -> BadCellName:
    return BadCellName(kind=declared.kind, reason=reason, usage=usage(declared.kind), where=where)


def _form(option: Option) -> str:
    written = "|".join(f"--{name}" for name in _spellings(option))
    return written if option.type == "flag" else f"{written} {option.metavar}"


def _explained(option: Option) -> str:
    choices = f": {', '.join(option.choices)}" if option.choices else ""
    default = f" (default {option.default})" if option.default is not None and option.type != "flag" else ""
    return f"{option.help}{choices}{default}"
