"""Write the files that a user asks for: reports, kept seeds, counterexamples; a refusal is told with a code of ours."""

from __future__ import annotations

from pathlib import Path

from studio.errors import FileUnwritable

__all__ = ["write_file"]


def write_file(file: Path, text: str, *, make_folder: bool = False) -> Path:
    """Write a text, as UTF-8, and return where it is.

    Args:
        file: Its path.
        text: The whole of it.
        make_folder: Whether folders that are missing are made.

    Raises:
        FileUnwritable: The machine refuses the file.
    """
    try:
        if make_folder:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=str(file), reason=str(error.strerror).lower()) from error
    return file
