"""Tell the current version of a saga from those that are kept for the instances that started with them."""

from __future__ import annotations

from collections.abc import Iterable

from studio.source.cell import Source
from studio.source.file import stated_version

__all__ = ["is_newer", "newest_first", "older_versions"]

_DEFAULT = "1.0.0"  # of a saga that states none


def older_versions(sources: Iterable[Source]) -> dict[str, tuple[Source, ...]]:
    """Return the older versions of each saga of which there are several, the oldest first, by the saga's name.

    Sources of the highest version are never among them, so that a version that stands twice is refused as such.
    """
    found: dict[str, list[Source]] = {}
    for source in sources:
        if source.kind == "saga":
            found.setdefault(source.name, []).append(source)
    older: dict[str, tuple[Source, ...]] = {}
    for name, versions in ((name, versions) for name, versions in found.items() if len(versions) > 1):
        newest = max(_order(each) for each in versions)
        kept = sorted((each for each in versions if _order(each) != newest), key=_order)
        if kept:
            older[name] = tuple(kept)
    return older


def is_newer(version: str, other: str) -> bool:
    """Tell whether a version comes after another."""
    return _place(version) > _place(other)


def newest_first(versions: Iterable[str]) -> list[str]:
    """Sort versions."""
    return sorted(versions, key=_place, reverse=True)


def _order(source: Source) -> tuple[tuple[int, int, int], bool, str]:
    return _place(stated_version(source) or _DEFAULT)


def _place(version: str) -> tuple[tuple[int, int, int], bool, str]:
    """Return what versions are ordered by: the numbers, then a release before none of its own pre-releases."""
    text = version.partition("+")[0]
    numbers, _, early = text.partition("-")
    major, minor, patch = (int(part) for part in numbers.split("."))
    return (major, minor, patch), not early, early
