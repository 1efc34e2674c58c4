"""Declare the line magics and their arguments once; help, parsing and completion all read this table."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from studio.errors import BadMagic, BadOption, InvalidDuration, UnknownOption, UnreadableMagicLine
from studio.model.delivery import BUSES
from studio.model.duration import duration_ns

__all__ = ["MAGICS", "Argument", "Flag", "LineMagic", "Of", "help_text", "parse_arguments", "usage"]

Of = Literal["text", "integer", "flag", "duration"]
Names = Literal["", "scenario", "definition", "verb", "folder"]


@dataclass(frozen=True, slots=True)
class Argument:
    """Declare a word of a magic's line.

    Args:
        name: Key in what parsing returns; in capitals in the usage.
        help: What it is.
        names: What completes it.
        is_required: Whether it must be given.
        choices: The only words allowed; empty for any.
    """

    name: str
    help: str
    names: Names = ""
    is_required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """Declare an option of a magic's line.

    Args:
        name: Without the dashes.
        help: What it does.
        of: How its value is read; a flag takes none.
        metavar: What stands for the value in help.
        minimum: Least integer allowed.
    """

    name: str
    help: str
    of: Of = "flag"
    metavar: str = ""
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class LineMagic:
    """Declare a line magic."""

    name: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    flags: tuple[Flag, ...] = ()
    example: str = ""


_MAGICS = (
    LineMagic(
        "simulate",
        "Run a scenario in virtual time and show what happened; the value is the run.",
        (Argument("name", "scenario to run", "scenario"),),
        (
            Flag("seed", "seed that decides all chance; by default the scenario's", "integer", "N"),
            Flag("seeds", "run so many seeds, from --seed on, and say which break a promise", "integer", "N", 1),
            Flag("workers", "processes that run the seeds; 1 by default, 0 for one on each core", "integer", "N"),
            Flag("duration", "virtual time the workload lasts, instead of the scenario's", "duration", "D"),
            Flag("bus", f"delivery model, instead of the scenario's: {', '.join(BUSES)}", "text", "BUS"),
        ),
        "run = %simulate payment_outage --seed 7",
    ),
    LineMagic(
        "hunt",
        "Search for the fewest faults that break a promise of a scenario; the value is what was found.",
        (Argument("name", "scenario to hunt in; its own faults are set aside", "scenario"),),
        (
            Flag("duration", "time of the machine to spend", "duration", "D"),
            Flag("runs", "runs to spend; 200 where no duration is given", "integer", "N", 1),
            Flag("seed", "seed of the runs and of the search; by default the scenario's", "integer", "N"),
            Flag("bus", f"delivery model, instead of the scenario's: {', '.join(BUSES)}", "text", "BUS"),
            Flag("kinds", "only faults of these kinds, such as lose,crash", "text", "KINDS"),
            Flag("invariants", "only these promises, such as one_charge,every_order_ends", "text", "NAMES"),
            Flag("every", "go on until each promise is broken, or the budget is used up"),
        ),
        "found = %hunt checkout --duration 60s",
    ),
    LineMagic(
        "graph", "Draw the system: services, what they say to each other, sagas, third parties.", example="%graph"
    ),
    LineMagic(
        "trace",
        "Show one trace of the latest run or world as a waterfall.",
        (
            Argument(
                "id",
                "number of a trace, id of a saga instance, or key of an event; by default the first that went wrong",
                is_required=False,
            ),
        ),
        example="%trace order-1",
    ),
    LineMagic(
        "lint",
        "Look for flaws of the architecture; each finding has a code, a place and a hint.",
        (),
        (Flag("prove", "simulate what findings about behaviour warn of, and say whether it comes"),),
        "%lint --prove",
    ),
    LineMagic(
        "export",
        "Write the system as a package that runs without a notebook.",
        (Argument("dir", "folder to write to; hand edits in it are kept", "folder"),),
        (
            Flag("name", "under which it is installed; the folder's by default", "text", "NAME"),
            Flag("force", "overwrite hand edits too"),
        ),
        "%export dist/orders",
    ),
    LineMagic(
        "dashboard",
        "Look at all runs, and at the world that runs, in a frame below the cell or in a browser's tab.",
        (),
        (
            Flag("tab", "system, traces, sagas, metrics, messages, campaign, faults or compare", "text", "TAB"),
            Flag("run", "number of the run to show; by default the newest, always", "integer", "N"),
            Flag("height", "of the frame, in pixels; 720 by default", "integer", "PX", 200),
            Flag("proxy", "go through jupyter-server-proxy, for a Lab on another machine; a hub's is found by itself"),
            Flag("stop", "close the dashboards that this kernel has opened"),
        ),
        "%dashboard --tab traces",
    ),
    LineMagic(
        "studio",
        "Show what is declared (status), forget one declaration or all of them (reset), list Studio's own promises.",
        (
            Argument(
                "verb",
                "what to do; status by default",
                "verb",
                is_required=False,
                choices=("status", "forget", "reset", "promises"),
            ),
            Argument("name", "declaration to forget", "definition", is_required=False),
        ),
        example="%studio forget Inventory",
    ),
)

MAGICS: Final[Mapping[str, LineMagic]] = MappingProxyType({magic.name: magic for magic in _MAGICS})
"""Every line magic by its name."""

Values = dict[str, str | int | bool | None]


def usage(magic: LineMagic) -> str:
    """Return the form of a magic's line on one line."""
    words = [each.name.upper() if each.is_required else f"[{_word(each)}]" for each in magic.arguments]
    return " ".join((f"%{magic.name}", *words, *(f"[{_form(flag)}]" for flag in magic.flags)))


def help_text(magic: LineMagic) -> str:
    """Return what `%name?` shows: the summary, the usage, a line for every argument, an example."""
    rows = [(_word(each), each.help) for each in magic.arguments] + [(_form(flag), flag.help) for flag in magic.flags]
    width = max((len(form) for form, _ in rows), default=0)
    lines = [magic.summary, "", f"    {usage(magic)}", *([""] if rows else [])]
    lines += [f"    {form:<{width}}  {text}" for form, text in rows]
    return "\n".join([*lines, "", "Example:", f"    {magic.example}"])


def parse_arguments(magic: LineMagic, line: str) -> Values:
    """Read a magic's line.

    Args:
        magic: Whose line it is.
        line: What follows the name; a `#` begins a comment.

    Returns:
        A value for each argument and option by name: None for those not given, False for flags.

    Raises:
        UnreadableMagicLine: A quotation mark is not closed.
        BadMagic: A word is missing, too many, or none of those allowed.
        UnknownOption: There is no such option.
        BadOption: An option's value is missing or does not fit.
    """
    values: Values = {each.name: None for each in magic.arguments}
    values |= {flag.name: False if flag.of == "flag" else None for flag in magic.flags}
    words: list[str] = []
    rest = iter(_split(line))
    for word in rest:
        if word.startswith("--"):
            _read_flag(magic, word, rest, values)
        else:
            words.append(word)
    _read_words(magic, words, values)
    return values


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UnreadableMagicLine(line=line, reason=str(error).lower()) from None


def _read_flag(magic: LineMagic, word: str, rest: Iterator[str], values: Values) -> None:
    name, is_joined, text = word[2:].partition("=")
    flag = next((each for each in magic.flags if each.name == name), None)
    if flag is None:
        known = ", ".join(f"--{each.name}" for each in magic.flags) or "no options"
        raise UnknownOption(option=f"--{name}", kind=f"%{magic.name}", known=known)
    if flag.of == "flag":
        if is_joined:
            raise _bad(magic, f"--{name}", "takes no value")
        values[name] = True
        return
    value = text if is_joined else next(rest, "")
    if not value or value.startswith("--"):
        raise _bad(magic, f"--{name}", "has no value")
    values[name] = _value(magic, flag, value)


def _value(magic: LineMagic, flag: Flag, text: str) -> str | int:
    if flag.of == "integer":
        if not (text.isascii() and text.isdigit() and len(text) <= 18) or int(text) < flag.minimum:
            raise _bad(magic, f"--{flag.name}={text}", f"is no whole number of {flag.minimum} or more")
        return int(text)
    if flag.of == "duration":
        try:
            duration_ns(text)
        except InvalidDuration:
            raise _bad(magic, f"--{flag.name}={text}", "is no duration such as 40ms, 5s, 10m") from None
    return text


def _read_words(magic: LineMagic, words: list[str], values: Values) -> None:
    for argument in magic.arguments:
        word = words.pop(0) if words else None
        if word is None and argument.is_required:
            raise _bad_line(magic, f"{argument.name.upper()} is missing")
        if word is not None and argument.choices and word not in argument.choices:
            raise _bad_line(magic, f"{argument.name}={word} is none of {', '.join(argument.choices)}")
        values[argument.name] = word
    if words:
        raise _bad_line(magic, f"word={words[0]!r} is one too many")


def _bad(magic: LineMagic, option: str, reason: str) -> BadOption:
    return BadOption(kind=f"%{magic.name}", option=option, reason=reason, usage=usage(magic))


def _bad_line(magic: LineMagic, reason: str) -> BadMagic:
    return BadMagic(magic=magic.name, reason=reason, usage=usage(magic))


def _word(argument: Argument) -> str:
    return "|".join(argument.choices) or argument.name.upper()


def _form(flag: Flag) -> str:
    return f"--{flag.name}" if flag.of == "flag" else f"--{flag.name} {flag.metavar}"
