"""Keep filters that only some tabs have in the searched text, so that the URL holds them: `kind:event declined`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, Self

__all__ = ["WORDS", "Terms"]

WORDS: Final = ("kind", "consumer", "key", "longer", "shorter", "trace", "dead", "against")
"""What may stand before a colon; anything else is text."""

_TERM = re.compile(rf'(?:^|(?<=\s))({"|".join(WORDS)}):("(?:[^"]*)"|\S+)')


@dataclass(frozen=True, slots=True)
class Terms:
    """A searched text, taken apart.

    Attributes:
        text: That is looked for.
        values: By word.
    """

    text: str = ""
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: str) -> Self:
        """Take a text apart; the last of several equal words counts."""
        values = {word: value.strip('"') for word, value in _TERM.findall(query)}
        return cls(" ".join(_TERM.sub(" ", query).split()), values)

    def get(self, word: str) -> str:
        """Return what stands after a word; empty where it is not there."""
        return self.values.get(word, "")

    def having(self, **values: str) -> Terms:
        """Return the same with other values; an empty one takes a word out."""
        found = {**self.values, **values}
        return replace(self, values={word: value for word, value in found.items() if value})

    def about(self, text: str) -> Terms:
        """Return the same with another text, in which words may stand, too."""
        other = Terms.of(text)
        return Terms(other.text, {**self.values, **other.values})

    def __str__(self) -> str:
        parts = [f"{word}:{_quoted(value)}" for word, value in sorted(self.values.items())]
        return " ".join((*parts, self.text)).strip()


def _quoted(value: str) -> str:
    value = value.replace('"', "")
    return f'"{value}"' if re.search(r"\s", value) else value
