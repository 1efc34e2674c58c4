"""Keep the failing seeds of a campaign in a file, with the sources they belong to, and take them up again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studio import __version__
from studio.errors import ForeignSeeds, InvalidCase, UnreadableSeeds
from studio.simulation.case import Case
from studio.simulation.files import write_file

__all__ = ["KeptSeeds", "read_seeds", "write_seeds"]

_FORM = 1


@dataclass(frozen=True, slots=True)
class KeptSeeds:
    """Seeds of one scenario that are worth running again.

    Attributes:
        scenario: Its name.
        sources: Digest of what they were run on.
        cases: What each run was given.
    """

    scenario: str
    sources: str
    cases: tuple[Case, ...]


def write_seeds(file: Path, kept: KeptSeeds) -> Path:
    """Write seeds down as JSON.

    Raises:
        FileUnwritable: The machine refuses the file.
    """
    content = {
        "form": _FORM,
        "scenario": kept.scenario,
        "sources": kept.sources,
        "studio": __version__,
        "cases": [json.loads(case.as_json()) for case in kept.cases],
    }
    return write_file(file, json.dumps(content, indent=2) + "\n")


def read_seeds(file: Path, *, sources: str, edited: bool = False) -> KeptSeeds:
    """Read seeds that `write_seeds` wrote.

    Args:
        file: Its path.
        sources: Digest of what they are to be run on.
        edited: Whether it is meant that these sources are others.

    Raises:
        UnreadableSeeds: It is none such, or damaged.
        ForeignSeeds: They belong to other sources, so that a seed may stand for another run.
    """
    kept = _read(file)
    if kept.sources != sources and not edited:
        raise ForeignSeeds(file=str(file), found=kept.sources[:12], here=sources[:12])
    return kept


def _read(file: Path) -> KeptSeeds:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["form"] != _FORM:
            raise UnreadableSeeds(file=str(file), reason=f"form={content['form']!r} is not known here")
        cases = tuple(_cases(content["cases"]))
        return KeptSeeds(str(content["scenario"]), str(content["sources"]), cases)
    except OSError as error:
        raise UnreadableSeeds(file=str(file), reason=str(error.strerror).lower()) from error
    except InvalidCase as error:
        raise UnreadableSeeds(
            file=str(file), reason=f"one of its cases is none ({error.attributes['reason']})"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableSeeds(file=str(file), reason="it holds no seeds of a campaign") from error


def _cases(values: Iterable[object]) -> Iterable[Case]:
    return (Case.from_json(json.dumps(each)) for each in values)
