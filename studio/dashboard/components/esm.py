"""Put pieces of JavaScript together into one module, since a widget's module can import none of its neighbours."""

from __future__ import annotations

from importlib import resources

__all__ = ["module_of"]


def module_of(*pieces: tuple[str, str]) -> str:
    """Return one module of several; the last says what is exported.

    Args:
        pieces: Package and name of each file; those before the last are taken up to their `export default`.
    """
    texts = [resources.files(package).joinpath(name).read_text(encoding="utf-8") for package, name in pieces]
    return "\n".join([*(text.partition("\nexport default")[0] for text in texts[:-1]), texts[-1]])
