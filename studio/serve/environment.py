"""Read settings and secrets from the process's environment, and from nowhere else: no `.env` file is looked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from studio.errors import UnreadableSecret
from studio.source.variables import variable

__all__ = ["EnvironmentSettings"]


class EnvironmentSettings:
    """Implement `studio.ports.Settings` on environment variables.

    Args:
        environment: Read at each use, so that a test, or a reload, can change it; the process's by default.
    """

    __slots__ = ("_environment",)

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def setting(self, name: str) -> str | None:
        """Return the value of the setting's variable, or None where it is not set."""
        return self._environment.get(variable(name))

    def secret(self, name: str) -> str | None:
        """Return the secret's variable, else the content of the file that `NAME_FILE` names, else None.

        Container platforms mount secrets as files; the end of line that editors leave is cut off.

        Raises:
            UnreadableSecret: The file cannot be read.
        """
        value = self._environment.get(variable(name))
        at = f"{variable(name)}_FILE"
        file = self._environment.get(at)
        if value is not None or not file:
            return value
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise UnreadableSecret(variable=at, name=variable(name), reason=reason) from error
