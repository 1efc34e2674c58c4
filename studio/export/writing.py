"""Write files into a folder without losing a hand edit: a manifest keeps the hash of what export wrote.

The manifest is written last. An export that is cut short leaves files that are either old, and in the old manifest, or
exactly what the next export writes; neither is taken for an edit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from studio.errors import ExportUnwritable, NotOurFolder

__all__ = ["MANIFEST", "Written", "demand_ours", "write_files"]

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a folder's files; paths, sorted.

    Attributes:
        written: New, or changed.
        unchanged: As they were.
        removed: Not produced any more, and not edited.
        kept: Edited by hand, and therefore left as they are.
        left: Not produced any more, but edited by hand.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]


def demand_ours(folder: Path) -> dict[str, str]:
    """Return the hashes that a folder's manifest holds; none for a new or empty folder.

    Raises:
        NotOurFolder: It holds something, and no manifest of ours.
    """
    with _told(folder):
        if not folder.exists():
            return {}
        if not folder.is_dir():
            raise NotOurFolder(folder=folder, reason="is a file")
        manifest = folder / MANIFEST
        if not manifest.exists():
            if any(folder.iterdir()):
                raise NotOurFolder(folder=folder, reason=f"is not empty and has no {MANIFEST} of ours")
            return {}
        try:
            content = json.loads(manifest.read_text(encoding="utf-8"))
            files = {str(path): str(digest) for path, digest in content["files"].items()}
            is_ours = "studio" in content
        except (ValueError, TypeError, KeyError, AttributeError):
            raise NotOurFolder(folder=folder, reason=f"has a {MANIFEST} that is not ours") from None
    if not is_ours or any(not _is_inside(path) for path in files):
        raise NotOurFolder(folder=folder, reason=f"has a {MANIFEST} that is not ours")
    return files


def write_files(folder: Path, files: Mapping[str, bytes], about: Mapping[str, str], *, force: bool) -> Written:
    """Bring a folder to what export produces, hand edits apart.

    Args:
        folder: Made when it does not exist.
        files: Content by path, relative, with `/`.
        about: What the manifest says beside the hashes.
        force: Whether hand edits are overwritten, and edited files that are not produced any more removed.

    Raises:
        NotOurFolder: As `demand_ours`.
        ExportUnwritable: The disk is full, or a file may not be written.
    """
    before = demand_ours(folder)
    if not before and not (folder / MANIFEST).exists():
        _replace(folder / MANIFEST, _manifest(about, {}))  # so that the folder is ours from its first file on
    groups: dict[str, list[str]] = {"written": [], "unchanged": [], "removed": [], "kept": [], "left": []}
    digests = {path: _digest(content) for path, content in files.items()}
    for path in sorted(files):
        group = _group(_digest_of(folder / path), before.get(path), digests[path], force=force)
        groups[group].append(path)
        if group == "written":
            _replace(folder / path, files[path])
    for path in sorted(before.keys() - files.keys()):
        found = _digest_of(folder / path)
        if found not in (None, before[path]) and not force:
            groups["left"].append(path)
            digests[path] = before[path]
        elif found is not None:
            groups["removed"].append(path)
            _remove(folder, path)
    _replace(folder / MANIFEST, _manifest(about, digests))
    return Written(**{group: tuple(paths) for group, paths in groups.items()})


def _group(found: str | None, before: str | None, made: str, *, force: bool) -> str:
    if found == made:
        return "unchanged"
    return "written" if force or found is None or found == before else "kept"


def _manifest(about: Mapping[str, str], digests: Mapping[str, str]) -> bytes:
    content = {**about, "files": dict(sorted(digests.items()))}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not PurePosixPath(path).is_absolute() and ":" not in parts[0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(path: Path) -> str | None:
    with _told(path):
        return _digest(path.read_bytes()) if path.exists() else None


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a link is replaced, not followed."""
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.part")
        try:
            beside.write_bytes(content)
            os.replace(beside, path)  # noqa: PTH105 - Path.replace says the same, but not that it is atomic
        finally:
            beside.unlink(missing_ok=True)


def _remove(folder: Path, path: str) -> None:
    """Delete a file, and the folders that are empty then."""
    file = folder / path
    with _told(file):
        file.unlink()
        above = file.parent
        while above != folder and not any(above.iterdir()):
            above.rmdir()
            above = above.parent


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExportUnwritable(file=path, reason=error.strerror or type(error).__name__) from error
