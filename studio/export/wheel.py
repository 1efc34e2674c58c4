"""Pack the runtime that is running here as a wheel, so that a package installs where Studio is not published.

It is made of the very files that ran, those of a checkout or of an installation, and of the installed metadata. Entries
are sorted, stored and undated: the same Studio gives the same bytes with every Python and zlib.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from studio import __version__
from studio.errors import RuntimeUnknown

__all__ = ["DISTRIBUTION", "runtime_wheel"]

DISTRIBUTION = "service-studio"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can say
_MODE = 0o644 << 16
_KEPT = re.compile(r"[^/]+\.dist-info/(METADATA|entry_points\.txt|licenses/.+)")
_WHEEL = "Wheel-Version: 1.0\nGenerator: studio export\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def runtime_wheel() -> tuple[str, bytes]:
    """Return the file name and the content of a wheel of the Studio that is running.

    Raises:
        RuntimeUnknown: Its metadata is not installed.
    """
    stem = f"{DISTRIBUTION.replace('-', '_')}-{__version__}"
    files = dict(_package_files(Path(__file__).parents[1]))
    files |= dict(_metadata_files(f"{stem}.dist-info"))
    files[f"{stem}.dist-info/WHEEL"] = _WHEEL.encode()
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in sorted(files.items())]
    files[record] = "\n".join((*lines, f"{record},,", "")).encode()
    return f"{stem}-py3-none-any.whl", _zipped(files)


def _package_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder.parent).parts
        if path.is_file() and "__pycache__" not in parts and not any(part.startswith(".") for part in parts):
            yield "/".join(parts), path.read_bytes()


def _metadata_files(folder: str) -> Iterator[tuple[str, bytes]]:
    try:
        installed = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise RuntimeUnknown(distribution=DISTRIBUTION, reason="no metadata") from error
    for file in installed.files or ():
        if not _KEPT.fullmatch(file.as_posix()):
            continue
        content = Path(str(file.locate())).read_bytes()
        name = file.as_posix().partition("/")[2]
        if name == "METADATA":  # of a checkout it may be older than the code
            content = re.sub(rb"(?m)^Version: .*$", f"Version: {__version__}".encode(), content, count=1)
        yield f"{folder}/{name}", content


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        # Metadata last, as the format's definition recommends.
        for name in sorted(files, key=lambda name: (".dist-info/" in name, name)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr, entry.create_system = _MODE, 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()
