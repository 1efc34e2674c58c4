"""Put pieces of JavaScript together into one module, since a widget's module can import none of its neighbours."""

from __future__ import annotations

from importlib import resources

__all__ = ["component_module", "module_of"]

_HERE = "studio.dashboard.components"


def component_module(name: str, package: str = _HERE) -> str:
    """Return the module of a component: its own script, after what all of them share.

    Args:
        name: Of its file.
        package: That holds it.
    """
    return module_of((_HERE, "shared.js"), (package, name))


def module_of(*pieces: tuple[str, str]) -> str:
    """Return one module of several; the last says what is exported.

    Args:
        pieces: Package and name of each file; those before the last are taken up to their `export default`.
    """
    texts = [resources.files(package).joinpath(name).read_text(encoding="utf-8") for package, name in pieces]
    return "\n".join([*(text.partition("\nexport default")[0] for text in texts[:-1]), texts[-1]])
