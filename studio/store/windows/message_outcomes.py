"""Say what became of a message, from what is told of its deliveries one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BETWEEN", "OUTCOMES", "with_outcomes"]

BETWEEN: Final = "\x1f"
"""What stands between parts of one text."""

OUTCOMES: Final = (
    "dead-lettered", "timed-out", "lost", "refused", "error", "redelivered", "late", "duplicate", "delivered",
    "acknowledged", "replied",
)  # fmt: skip
"""What may have become of a message, the gravest first; `error` is an answer that says what went wrong."""

_ENDS = {"acknowledged", "replied", "dead-lettered", "timed-out"}
_IN_PASSING = {"late", "duplicate", "duplicated"}
_HANDED = {"delivered", "acknowledged", "refused", "redelivered", "dead-lettered"}
_OTHER_WAYS = {"publish", "confirmation", "reply"}
_TROUBLES = {"dead-lettered", "timed-out", "lost", "refused", "redelivered", "late", "duplicated"}


def with_outcomes(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `consumers`, `outcome`, `reason` and `troubles` to messages, in the place of their deliveries.

    Args:
        frame: With `kind`, and of the deliveries, in order, `takers`, `outcomes` and `reasons`, each one text with
            `BETWEEN` its parts; null where there was no delivery.
    """
    import polars as pl

    stories = [
        (kind, [] if outcomes is None else list(zip(*map(_parts, (takers, outcomes, reasons)), strict=True)))
        for kind, takers, outcomes, reasons in frame.select("kind", "takers", "outcomes", "reasons").iter_rows()
    ]
    told = [_outcome(kind, deliveries) for kind, deliveries in stories]
    return frame.drop("takers", "outcomes", "reasons").with_columns(
        _lists("consumers", (_consumers(deliveries) for _, deliveries in stories)),
        pl.Series("outcome", [outcome for outcome, _, _ in told], dtype=pl.String),
        pl.Series("reason", [reason for _, reason, _ in told], dtype=pl.String),
        _lists("troubles", (troubles for _, _, troubles in told)),
    )


def _parts(text: str) -> list[str]:
    return text.split(BETWEEN)


def _lists(name: str, values: Iterable[list[str]]) -> pl.Series:
    """Make a column of lists by way of one text each: of lists, Polars takes a hundred times as long."""
    import polars as pl

    texts = pl.Series(name, [BETWEEN.join(each) for each in values], dtype=pl.String)
    return texts.str.split(BETWEEN).list.eval(pl.element().filter(pl.element() != ""))


def _consumers(deliveries: list[tuple[str, str, str]]) -> list[str]:
    """Return who was to get a message: an answer, too, is delivered, but to the caller."""
    return sorted(
        {
            consumer
            for consumer, outcome, reason in deliveries
            if outcome in _HANDED or (outcome == "lost" and reason not in _OTHER_WAYS)
        }
    )


def _outcome(kind: str, deliveries: list[tuple[str, str, str]]) -> tuple[str, str, list[str]]:
    """Return what became of a message, why, and what else it went through.

    Args:
        kind: Of the message.
        deliveries: Consumer, outcome and reason of each, in order.
    """
    last: dict[str, tuple[str, str]] = {}
    for consumer, outcome, reason in deliveries:
        of = consumer if kind == "event" else ""  # a call has one story, told by both its ends
        if outcome in _IN_PASSING or (of in last and last[of][0] in _ENDS and outcome == "lost"):
            continue
        last[of] = (_named(outcome, reason), reason)
    outcome, reason = min(last.values(), key=lambda each: OUTCOMES.index(each[0]), default=("sent", ""))
    troubles = [each for _, each, _ in deliveries if each in _TROUBLES and each != outcome]
    return outcome, "" if outcome in ("delivered", "acknowledged") else reason, list(dict.fromkeys(troubles))


def _named(outcome: str, reason: str) -> str:
    if outcome == "replied" and reason and not reason.startswith(("2", "3")):
        return "error"
    return outcome if outcome in OUTCOMES else "delivered"
