"""Say in SQL which rows are wanted: conditions over the raw tables, whose names are ids, with their values beside them.

A name is looked up in the run's dictionary, which is short, so that the tables themselves are read for numbers only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Narrowing", "regex_of"]

_OF_RUN = "select id from raw.names where run = {run}"


@dataclass(slots=True)
class Narrowing:
    """Conditions that are all to hold.

    Attributes:
        conditions: In SQL, with `{name}` for each value.
        values: By name.
    """

    conditions: list[str] = field(default_factory=list)
    values: dict[str, int | str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """All conditions, to stand after a `where … and`."""
        return " and ".join(self.conditions) or "true"

    def add(self, condition: str, **values: int | str) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values |= values

    def named(self, column: str, word: str, text: str) -> str:
        """Return the condition that a column of names holds exactly this one.

        Args:
            column: Such as `service`.
            word: For the value, unique among the conditions.
            text: The name.
        """
        self.values[word] = text
        return f"{column} in ({_OF_RUN} and text = {{{word}}})"

    def like(self, column: str, word: str, text: str) -> str:
        """Return the condition that a column of names fits an address, a pattern, or what stands before a dot.

        Args:
            column: Such as `address`.
            word: For the value, unique among the conditions.
            text: `Order.created`, `Order.*`, `*.created`, `Order.>`; `Order` fits all that begins with `Order.`.
        """
        self.values[word] = regex_of(text)
        return f"{column} in ({_OF_RUN} and regexp_full_match(text, {{{word}}}))"

    def of_saga(self, column: str, word: str, text: str) -> str:
        """Return the condition that a column holds an instance of a saga.

        Args:
            column: Such as `saga`.
            word: For the value, unique among the conditions.
            text: The saga's name, or with a slash one instance.
        """
        self.values[word] = text
        fits = "text = {word}" if "/" in text else "(text = {word} or starts_with(text, {word} || '/'))"
        return f"{column} in ({_OF_RUN} and {fits.replace('{word}', f'{{{word}}}')})"

    def containing(self, *columns: str, names: tuple[str, ...] = ()) -> str:
        """Return the condition that some column contains the value `needle`, whether in capitals or not.

        Args:
            columns: That hold texts.
            names: That hold names.
        """
        texts = [f"contains(lower({column}), {{needle}})" for column in columns]
        ids = [f"{column} in ({_OF_RUN} and contains(lower(text), {{needle}}))" for column in names]
        return f"({' or '.join((*ids, *texts))})"


def regex_of(pattern: str) -> str:
    """Return the regular expression for an address, a pattern of addresses, or the first parts of one.

    Args:
        pattern: `*` stands for a part or a piece of one, a final `>` for the rest. A `$.` in front is passed over.
    """
    text = pattern.strip().removeprefix("$.").removeprefix("S.")
    if text.endswith(">"):
        return f"(?i){_pieces(text[:-1])}.+"
    if "*" in text:
        return f"(?i){_pieces(text)}"
    return rf"(?i){re.escape(text)}(\..+)?"


def _pieces(text: str) -> str:
    return "[^.]*".join(re.escape(piece) for piece in text.split("*"))
