"""Write a counterexample to files: its JSON, and a test beside it; what somebody changed by hand is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import FileUnwritable
from studio.simulation.current import home
from studio.simulation.files import write_file

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample

__all__ = ["write"]

NUMBERS_MAX = 1_000


def write(counterexample: Counterexample, folder: Path, path: Path | None) -> Path:
    """Write `NAME.json` and `test_NAME.py`, and return the former's path.

    Files that hold the same are left as they are; where others stand under that name, a number is put behind it.

    Args:
        counterexample: To keep.
        folder: Where to; made when it is not there.
        path: Notebook or folder with the system; None for what is known, or looks like it.

    Raises:
        FileUnwritable: The folder takes no files.
    """
    system = _relative(path or home() or _likely(folder), folder)
    values = json.loads(counterexample.as_json()) | {"system": system}
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    for number in range(1, NUMBERS_MAX):
        name = counterexample.name if number == 1 else f"{counterexample.name}_{number}"
        file = folder / f"{name}.json"
        if file.exists() and not _holds(file, text):
            continue
        test = folder / f"test_{name}.py"
        for each, content in ((file, text), (test, counterexample.test(system))):
            if not each.exists():
                write_file(each, content, make_folder=True)
        return file
    raise FileUnwritable(file=str(folder / counterexample.name), reason=f"there are {NUMBERS_MAX} of that name")


def _likely(folder: Path) -> Path:
    """Return the only notebook beside a folder, else the folder that it is in."""
    beside = sorted(folder.resolve().parent.glob("*.ipynb"))
    return beside[0] if len(beside) == 1 else folder.resolve().parent


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
