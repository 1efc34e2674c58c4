"""Turn what people write into a filter into patterns of names, where `*` stands for any characters."""

from __future__ import annotations

__all__ = ["address_patterns", "saga_patterns"]


def address_patterns(text: str) -> tuple[str, ...]:
    """Return the patterns of an address or of several.

    Args:
        text: `Order.created` or `$.Order.created`, with `*` and `>` for what may be anything; `Order` stands for all
            that begins with `Order.`, too. Empty asks for nothing.
    """
    found = text.strip().removeprefix("$.").removeprefix("S.")
    if found.endswith(">"):
        found = f"{found[:-1]}*"
    return (found, f"{found}.*") if found and "*" not in found else (found,)


def saga_patterns(text: str) -> tuple[str, ...]:
    """Return the patterns of a saga's instances.

    Args:
        text: The saga's name, or with a slash one instance. Empty asks for nothing.
    """
    return (text, f"{text}/*") if text and "/" not in text else (text,)
