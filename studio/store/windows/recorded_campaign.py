"""Ask one campaign for what a window shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.store.windows.sources import answer_of
from studio.store.windows.statements import Value, complete

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.sources import Source

__all__ = ["RecordedCampaign"]


class RecordedCampaign:
    """A campaign in the tables of `studio.store.campaigns`, which hold all campaigns of a log.

    Args:
        source: The log.
        number: Its number.
    """

    def __init__(self, source: Source, number: int) -> None:
        self._source, self.number = source, number

    def __repr__(self) -> str:
        return f"RecordedCampaign({self.number})"

    def ask(self, sql: str, /, **values: Value) -> pl.DataFrame:
        """Ask anything, in SQL of ours.

        Args:
            sql: With `{campaign}` and `{name}` for values, which are written as literals; see `complete`.
            values: For the template.

        Raises:
            UnknownCampaign: It is not in the log.
        """
        text = complete(sql, **{"campaign": self.number, **values})
        with self._source.campaign(self.number) as connection:
            return answer_of(connection, text)
