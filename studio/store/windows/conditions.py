"""Collect what the rows of a window must satisfy; what is not asked for costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from studio.store.windows.statements import Sql, Value, complete

if TYPE_CHECKING:
    from studio.store.windows.run_view import RunView

__all__ = ["Conditions", "like"]

_IDS_MAX = 500  # of names; more are joined


class Conditions:
    """Conditions on rows of a raw table, all of which must hold; `sql` is what stands after `where`.

    An empty text, None or no names at all ask nothing, so that a filter that is not set needs no branch.

    Args:
        view: The run that is asked; names are looked up there.
        alias: The table's alias in the query, if it has one.
    """

    def __init__(self, view: RunView, alias: str = "") -> None:
        self._view, self._dot = view, f"{alias}." if alias else ""
        self._parts = [complete("{dot}run = {run}", dot=Sql(self._dot), run=view.run)]

    @property
    def sql(self) -> Sql:
        """The conditions, with `run` among them."""
        return Sql(" and ".join(self._parts))

    def named(self, column: str, *names: str) -> Self:
        """Ask for one of several names, where `*` stands for any characters; empty ones are passed over."""
        wanted = [name for name in names if name]
        if wanted:
            self._parts.append(self._among(column, self._view.ids_query(*wanted)))
        return self

    def equal(self, column: str, value: int | str | None) -> Self:
        """Ask for a value in a column that holds no names."""
        return self if value is None else self.also("{column} = {value}", column=self._column(column), value=value)

    def at_least(self, column: str, value: float | None) -> Self:
        """Ask for this much or more; `column` may be an expression."""
        return self if value is None else self.also("{column} >= {value}", column=self._column(column), value=value)

    def at_most(self, column: str, value: float | None) -> Self:
        """Ask for this much or less."""
        return self if value is None else self.also("{column} <= {value}", column=self._column(column), value=value)

    def within(self, column: str, from_ns: int | None, until_ns: int | None) -> Self:
        """Ask for a time from `from_ns` on and before `until_ns`."""
        self.at_least(column, from_ns)
        if until_ns is None:
            return self
        return self.also("{column} < {until_ns}", column=self._column(column), until_ns=until_ns)

    def overlapping(self, start: str, end: str, from_ns: int | None, until_ns: int | None) -> Self:
        """Ask for stretches of time of which some part lies in a window."""
        self.at_least(end, from_ns)
        return self.within(start, None, until_ns)

    def containing(self, text: str, *, names: tuple[str, ...] = (), texts: tuple[str, ...] = ()) -> Self:
        """Ask for a text, in either case, somewhere in one of several columns.

        Args:
            text: Plain.
            names: Columns that hold names.
            texts: Columns that hold texts.
        """
        if not text:
            return self
        # Lower case twice is five times as fast as `ilike`.
        holds = "contains(lower({column}), lower({text}))"
        in_names = complete(holds, column=Sql("text"), text=text)
        named = complete("select id from raw.names where run = {run} and {holds}", run=self._view.run, holds=in_names)
        found = [self._among(column, named) for column in names]
        found += [complete(holds, column=self._column(column), text=text) for column in texts]
        self._parts.append(Sql(f"({' or '.join(found)})"))
        return self

    def also(self, template: str, **values: Value) -> Self:
        """Ask for anything else."""
        self._parts.append(Sql(f"({complete(template, **values)})"))
        return self

    def _column(self, column: str) -> Sql:
        return Sql(f"{self._dot}{column}" if column.isidentifier() else column)

    def _among(self, column: str, named: Sql) -> Sql:
        """Ask for ids, which prune what is read; by the query that gives them where they are too many to be listed."""
        ids = self._view.ask("{named} limit {limit}", named=named, limit=_IDS_MAX + 1)["id"].to_list()
        if len(ids) <= _IDS_MAX:
            return complete("{column} in {ids}", column=self._column(column), ids=ids)
        return complete("{column} in ({named})", column=self._column(column), named=named)


def like(pattern: str) -> str:
    """Turn a pattern, in which `*` stands for any characters, into one for `like … escape` with a backslash."""
    escaped = "".join(f"\\{each}" if each in "\\%_" else each for each in pattern)
    return escaped.replace("*", "%")
